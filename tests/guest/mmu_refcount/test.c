/*
 * Reference counting: a frame that a page table still names does not go back to the machine; memory given up while
 * mapped is not anyone else's before the mapping is gone.
 */
#include "dom.h"

static long give_up(u64 mfn)
{
    xen_pfn_t list = mfn;
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };
    set_xen_guest_handle(r.extent_start, &list);
    return hc(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, &r);
}

void test(void)
{
    char *page = page_alloc(), *page2 = page_alloc();
    u64 mfn = va_mfn(page), before = free_pages();
    page[0] = 99;
    EXPECT_EQ("give up a page that is mapped", give_up(mfn), 1);
    EXPECT_EQ("its contents are still ours to see", *(volatile char *)page, 99);
    EXPECT_EQ("it is not free", free_pages(), before);
    give_up(mfn);       /* twice: whatever the answer, nothing more happens */
    OK("while it is mapped it can be mapped again", set_va(page2, mfn << 12 | READ_PAGE));
    OK("unmapped once", set_va(page2, 0));
    EXPECT_EQ("still not free", free_pages(), before);
    REFUSED("not even as a table", mmuext1(MMUEXT_PIN_L1_TABLE, mfn));
    OK("unmap", set_va(page, 0));
    EXPECT_EQ("now it is free", free_pages(), before + 1);
    REFUSED("and stays away", set_va(page, mfn << 12 | READ_PAGE));

    /* a table, given up while it is used */
    u64 *t = table_alloc();
    u64 mt = va_mfn(t);
    REQUIRE_OK(mmuext1(MMUEXT_PIN_L1_TABLE, mt));
    before = free_pages();
    give_up(mt);
    OK("unmap the table", set_va(t, 0));
    EXPECT_EQ("a pinned frame is not free", free_pages(), before);
    OK("unpin", mmuext1(MMUEXT_UNPIN_TABLE, mt));
    EXPECT_EQ("now", free_pages(), before + 1);

    EXPECT_EQ("a frame of the hypervisor", give_up(0x200), 0);
    EXPECT_EQ("a frame beyond memory", give_up(1UL << 40), 0);
    give_up(si->shared_info >> 12);
    EXPECT_EQ("device memory", give_up(0xb8), 0);
    EXPECT_EQ("shared info still there", shared->wc_version & 1, 0);
}
