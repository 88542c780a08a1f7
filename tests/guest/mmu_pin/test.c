/* Pinning: which frame as which table, once, and what unpinning gives back. */
#include "pv.h"

void test(void)
{
    u64 *l1 = table_alloc(), *l2 = table_alloc(), *l3 = table_alloc(), *data = page_alloc();
    u64 m1 = va_mfn(l1), m2 = va_mfn(l2), m3 = va_mfn(l3), md = va_mfn(data);

    REFUSED("pin of a page that is mapped writable", mmuext1(MMUEXT_PIN_L1_TABLE, md));
    REFUSED("unpin of what is not pinned", mmuext1(MMUEXT_UNPIN_TABLE, md));
    REFUSED("unpin of a read-only page", mmuext1(MMUEXT_UNPIN_TABLE, m1));
    OK("pin L1", mmuext1(MMUEXT_PIN_L1_TABLE, m1));
    REFUSED("pin twice", mmuext1(MMUEXT_PIN_L1_TABLE, m1));
    REFUSED("pin as another type", mmuext1(MMUEXT_PIN_L2_TABLE, m1));
    OK("the page can be mapped read-only again", set_flags(l1, READ_PAGE));
    REFUSED("but not writable", set_flags(l1, KERNEL_PAGE));
    OK("unpin", mmuext1(MMUEXT_UNPIN_TABLE, m1));
    REFUSED("unpin twice", mmuext1(MMUEXT_UNPIN_TABLE, m1));
    OK("writable now", set_flags(l1, KERNEL_PAGE));
    l1[5] = md << 12 | KERNEL_PAGE;
    l1[6] = 0xdeadbeef00 & ~P;          /* not present: anything */
    OK("read-only", set_flags(l1, READ_PAGE));
    OK("pin L1 with contents", mmuext1(MMUEXT_PIN_L1_TABLE, m1));
    REFUSED("what it maps writable cannot become a table", mmuext1(MMUEXT_PIN_L1_TABLE, md));

    /* a chain */
    OK("l2 in", mmuext1(MMUEXT_PIN_L2_TABLE, m2));
    OK("an entry for l1", mmu1(m2 << 12, m1 << 12 | TABLE));
    OK("l3", mmuext1(MMUEXT_PIN_L3_TABLE, m3));
    OK("an entry for l2", mmu1(m3 << 12 | 8, m2 << 12 | TABLE));
    OK("unpin l1: still used", mmuext1(MMUEXT_UNPIN_TABLE, m1));
    REFUSED("l1 is not writable while l2 names it", set_flags(l1, KERNEL_PAGE));
    OK("unpin l2", mmuext1(MMUEXT_UNPIN_TABLE, m2));
    REFUSED("l2 is not writable while l3 names it", set_flags(l2, KERNEL_PAGE));
    OK("unpin l3: all goes", mmuext1(MMUEXT_UNPIN_TABLE, m3));
    OK("l1 is free", set_flags(l1, KERNEL_PAGE));
    OK("l2 is free", set_flags(l2, KERNEL_PAGE));
    OK("l3 is free", set_flags(l3, KERNEL_PAGE));
    OK("data is free", set_flags(data, READ_PAGE));
    OK("data as a table", mmuext1(MMUEXT_PIN_L1_TABLE, md));
    OK("and back", mmuext1(MMUEXT_UNPIN_TABLE, md));

    REFUSED("pin of frame 0", mmuext1(MMUEXT_PIN_L1_TABLE, 0));
    REFUSED("pin of the local APIC", mmuext1(MMUEXT_PIN_L1_TABLE, 0xfee00));
    REFUSED("pin of a frame beyond all", mmuext1(MMUEXT_PIN_L1_TABLE, 1UL << 40));
    REFUSED("pin of frame -1", mmuext1(MMUEXT_PIN_L4_TABLE, -1UL));
    REFUSED("pin of the shared info page", mmuext1(MMUEXT_PIN_L1_TABLE, si->shared_info >> 12));
    REFUSED("pin with bad contents", ({
        u64 *t = page_alloc();
        t[3] = 0x100UL << 12 | TABLE;
        t[0] = md << 12 | READ_PAGE;
        REQUIRE_OK(set_flags(t, READ_PAGE));
        mmuext1(MMUEXT_PIN_L2_TABLE, va_mfn(t));
    }));
    OK("nothing is left of the failed pin", mmuext1(MMUEXT_PIN_L1_TABLE, md));
}
