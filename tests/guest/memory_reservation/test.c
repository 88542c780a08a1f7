/* populate, increase, decrease: results as counts, limits, orders, malformed lists, and the accounting. */
#include "dom.h"

static xen_pfn_t list[64];
static long op(unsigned cmd, u64 nr, unsigned order, unsigned flags, domid_t dom, void *at)
{
    struct xen_memory_reservation r = { .nr_extents = nr, .extent_order = order, .mem_flags = flags, .domid = dom };
    set_xen_guest_handle(r.extent_start, (xen_pfn_t *)at);
    return hc(__HYPERVISOR_memory_op, cmd, &r);
}
static domid_t self = DOMID_SELF;

void test(void)
{
    long cur = hc(__HYPERVISOR_memory_op, XENMEM_current_reservation, &self);
    EXPECT_EQ("current reservation", cur, si->nr_pages);
    u64 before = free_pages();
    char *page = page_alloc();
    u64 pfn = va_pfn(page), mfn = va_mfn(page);
    REQUIRE_OK(set_va(page, 0));
    list[0] = mfn;
    EXPECT_EQ("decrease by one", op(XENMEM_decrease_reservation, 1, 0, 0, DOMID_SELF, list), 1);
    EXPECT_EQ("free pages", free_pages(), before + 1);
    EXPECT_EQ("reservation", hc(__HYPERVISOR_memory_op, XENMEM_current_reservation, &self), cur - 1);
    EXPECT_EQ("its m2p entry is invalid", M2P[mfn] != pfn, 1);
    list[0] = pfn;
    EXPECT_EQ("populate", op(XENMEM_populate_physmap, 1, 0, 0, DOMID_SELF, list), 1);
    EXPECT_EQ("m2p of the new frame", M2P[list[0]], pfn);
    p2m[pfn] = list[0];
    OK("map it", set_flags(page, KERNEL_PAGE));
    unsigned dirty = 0;
    for (unsigned i = 0; i < 4096; i++)
        dirty |= (u8)page[i];
    page[0] = 1;
    EXPECT_EQ("reservation", hc(__HYPERVISOR_memory_op, XENMEM_current_reservation, &self), cur);

    EXPECT_EQ("no extents", op(XENMEM_populate_physmap, 0, 0, 0, DOMID_SELF, list), 0);
    EXPECT_EQ("order 64", op(XENMEM_populate_physmap, 1, 64, 0, DOMID_SELF, list) <= 0, 1);
    EXPECT_EQ("order 2^32-1", op(XENMEM_populate_physmap, 1, 0xffffffff, 0, DOMID_SELF, list) <= 0, 1);
    EXPECT_EQ("order 20 is more than there is", op(XENMEM_populate_physmap, 1, 20, 0, DOMID_SELF, list) <= 0, 1);
    EXPECT_EQ("decrease of order 40", op(XENMEM_decrease_reservation, 1, 40, 0, DOMID_SELF, list) <= 0, 1);
    EXPECT_EQ("2^60 extents", op(XENMEM_decrease_reservation, 1UL << 60, 0, 0, DOMID_SELF, list) <= 0, 1);
    EXPECT_EQ("2^64-1 extents", op(XENMEM_populate_physmap, ~0UL, 0, 0, DOMID_SELF, list) <= 0, 1);
    EXPECT_EQ("list in the hypervisor", op(XENMEM_decrease_reservation, 4, 0, 0, DOMID_SELF,
                                           (void *)0xffff830000000000) <= 0, 1);
    EXPECT_EQ("list that wraps", op(XENMEM_decrease_reservation, 4, 0, 0, DOMID_SELF, (void *)0xfffffffffffffff8) <= 0,
              1);
    EXPECT_EQ("list that is not mapped", op(XENMEM_populate_physmap, 4, 0, 0, DOMID_SELF, (void *)0x1000) <= 0, 1);
    EXPECT_EQ("domain that is not there", op(XENMEM_populate_physmap, 1, 0, 0, 1234, list) <= 0, 1);
    EXPECT_EQ("DOMID_XEN", op(XENMEM_decrease_reservation, 1, 0, 0, DOMID_XEN, list) <= 0, 1);
    EXPECT_EQ("DOMID_IO", op(XENMEM_populate_physmap, 1, 0, 0, DOMID_IO, list) <= 0, 1);
    EXPECT_EQ("reservation is as before", hc(__HYPERVISOR_memory_op, XENMEM_current_reservation, &self), cur);
    EXPECT_EQ("memory is as before", free_pages(), before);
    EXPECT_EQ("an unknown operation", hc(__HYPERVISOR_memory_op, 60, &self), -ENOSYS);
    struct xen_add_to_physmap a = { .domid = DOMID_SELF, .space = XENMAPSPACE_shared_info, .gpfn = 1 };
    REFUSED("add_to_physmap", hc(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, &a));
}
