/*
 * 28 GiB of RAM, more than the host need have: the frame table is hundreds of pieces, which once were more than Serai
 * could keep a list of at boot; and it does not lie in the low memory that devices need.
 * QEMU: -object memory-backend-ram,id=large,size=28G,reserve=off -machine memory-backend=large -m 28G
 * Options: dom0_mem=64M
 * Seconds: 240
 */
#include "pv.h"
#include <xen/sysctl.h>

#define MIB_PAGES 256

static u64 free_mib(u32 below_bits)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_availheap, .interface_version = XEN_SYSCTL_INTERFACE_VERSION };
    op.u.availheap.max_bitwidth = below_bits;
    op.u.availheap.node = -1;
    OK("availheap", hc(__HYPERVISOR_sysctl, &op));
    return op.u.availheap.avail_bytes >> 20;
}

void test(void)
{
    static xen_pfn_t frames[1];
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };
    long err;

    EXPECT(hc(__HYPERVISOR_memory_op, XENMEM_maximum_ram_page, 0) >= 28 * 1024 * MIB_PAGES);
    EXPECT(free_mib(0) >= 27 * 1024);
    EXPECT(free_mib(32) >= 2900);       /* of 3 GiB */
    set_xen_guest_handle(r.extent_start, frames);
    EXPECT_EQ("one page more", hc(__HYPERVISOR_memory_op, XENMEM_increase_reservation, &r), 1);
    EXPECT(frames[0] > 27 * 1024 * MIB_PAGES);
    volatile u64 *page = map_frame(frames[0], DOMID_SELF, KERNEL_PAGE, &err);
    EXPECT_EQ("mapped", err, 0);
    if (page) {
        EXPECT_EQ("empty", page[511], 0);
        page[511] = 42;
        EXPECT_EQ("and it holds what is written", page[511], 42);
    }
    EXPECT_EQ("its M2P entry can be read", M2P[frames[0]] != 0, 1);
}
