/*
 * Caches flushed by grant operation: of pages of the caller's own, and of pages it has mapped, nothing else; inside the
 * page. Found in review: a flush of any frame tells by its time whether somebody else has it in a cache.
 */
#include "dom.h"

static u64 setup(u64 a, u64 b, u64 c)
{
    (void)a, (void)b, (void)c;
    char *page = page_alloc();
    page[0] = 'a';
    grant_table()[8] = (grant_entry_v1_t){ .flags = GTF_permit_access, .domid = 0, .frame = (u32)va_mfn(page) };
    return va_mfn(page);
}

#define BOTH (GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_INVAL)
static long flush(u64 mfn, u16 offset, u16 length, u32 what)
{
    struct gnttab_cache_flush c = { .a.dev_bus_addr = mfn << 12, .offset = offset, .length = length, .op = what };
    return hc(__HYPERVISOR_grant_table_op, GNTTABOP_cache_flush, &c, 1);
}

void test(void)
{
    static struct dom d;
    dom_create(&d);
    u64 granted = dom_call(&d, setup, 0, 0, 0);
    char *own = page_alloc(), *va = page_alloc();

    own[100] = 'x';
    OK("a page of its own", flush(va_mfn(own), 0, 4096, BOTH));
    OK("a part of it", flush(va_mfn(own), 100, 1, GNTTAB_CACHE_CLEAN));
    OK("its end", flush(va_mfn(own), 4095, 1, BOTH));
    EXPECT_EQ("contents", own[100], 'x');
    OK("a page table", flush(our_l4(), 0, 4096, BOTH));
    EXPECT_EQ("beyond the page", flush(va_mfn(own), 4095, 2, BOTH), -EINVAL);
    EXPECT_EQ("from beyond the page", flush(va_mfn(own), 4096, 0, BOTH), -EINVAL);
    EXPECT_EQ("sums that wrap", flush(va_mfn(own), 0xffff, 0xffff, BOTH), -EINVAL);
    EXPECT_EQ("invalidated only", flush(va_mfn(own), 0, 64, GNTTAB_CACHE_INVAL), -EOPNOTSUPP);
    EXPECT_EQ("by reference", flush(8, 0, 64, BOTH | GNTTAB_CACHE_SOURCE_GREF), -EINVAL);
    EXPECT_EQ("a frame that is not there", flush(1UL << 40, 0, 64, BOTH), -EINVAL);
    OK("nothing", flush(1UL << 40, 0, 0, BOTH));
    OK("nothing done", flush(1UL << 40, 0, 64, 0));

    EXPECT_EQ("granted, not mapped", flush(granted, 0, 64, BOTH), -EINVAL);
    struct gnttab_map_grant_ref m = { .host_addr = (u64)va, .flags = GNTMAP_host_map | GNTMAP_readonly, .ref = 8,
                                      .dom = d.id };
    OK("map", hc(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, &m, 1));
    OK("mapped", m.status);
    OK("a page mapped by a grant", flush(granted, 0, 4096, BOTH));
    OK("written back", flush(granted, 0, 64, GNTTAB_CACHE_CLEAN));
    EXPECT_EQ("contents", va[0], 'a');
    EXPECT_EQ("another page of the same domain", flush(d.mfn[30], 0, 64, BOTH), -EINVAL);
    struct gnttab_cache_flush list[3] = { { .a.dev_bus_addr = granted << 12, .length = 64, .op = BOTH } };
    list[1] = list[2] = list[0];
    OK("a list", hc(__HYPERVISOR_grant_table_op, GNTTABOP_cache_flush, list, 3));
    list[2].length = 4097;
    EXPECT_EQ("a list with a bad end", hc(__HYPERVISOR_grant_table_op, GNTTABOP_cache_flush, list, 3), -EINVAL);
    OK("no list", hc(__HYPERVISOR_grant_table_op, GNTTABOP_cache_flush, list, 0));
    EXPECT_EQ("a list nowhere", hc(__HYPERVISOR_grant_table_op, GNTTABOP_cache_flush, 0x7000000000, 1), -EFAULT);
    struct gnttab_unmap_grant_ref u = { .host_addr = (u64)va, .handle = m.handle };
    OK("unmap", hc(__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, &u, 1));
    OK("unmapped", u.status);
    EXPECT_EQ("no longer mapped", flush(granted, 0, 64, BOTH), -EINVAL);
    u64 m2p;
    struct xen_machphys_mfn_list where = { .max_extents = 1 };
    set_xen_guest_handle(where.extent_start, &m2p);
    OK("machphys", hc(__HYPERVISOR_memory_op, XENMEM_machphys_mfn_list, &where));
    EXPECT_EQ("a frame of the hypervisor's", flush(m2p, 0, 64, BOTH), -EPERM);
    dom_destroy(&d);
}
