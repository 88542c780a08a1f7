/*
 * The heart of it: no frame is a page table and mapped writable. Tried by every road: mmu_update, update_va_mapping,
 * a pin of an L1 that maps a table writable (itself, even), an entry that turns writable later, mappings above.
 */
#include "pv.h"

void test(void)
{
    u64 l4 = our_l4();
    u64 *page = page_alloc();
    u64 ma = entry_ma(walk((u64)page, 1));
    u64 l1_of_page = PTE_MFN(*walk((u64)page, 2));

    for (unsigned level = 4; level >= 2; level--) {
        u64 table = level == 4 ? l4 : PTE_MFN(*walk((u64)page, level + 1));
        REFUSED("mmu_update maps a table writable", mmu1(ma, table << 12 | KERNEL_PAGE));
        REFUSED("update_va_mapping maps a table writable", set_va(page, table << 12 | KERNEL_PAGE));
    }
    REFUSED("its own L1", mmu1(ma, l1_of_page << 12 | KERNEL_PAGE));
    OK("read-only is fine", mmu1(ma, l1_of_page << 12 | READ_PAGE));
    REFUSED("turned writable afterwards", mmu1(ma, l1_of_page << 12 | KERNEL_PAGE));
    REFUSED("by PRESERVE_AD", mmu1(ma | MMU_PT_UPDATE_PRESERVE_AD, l1_of_page << 12 | KERNEL_PAGE));
    EXPECT_EQ("page still shows the table", page[0], *(u64 *)mfn_va(l1_of_page));
    EXPECT_FAULT("writing a forbidden entry through it", 14, 3, page[511] = 0x200000 | KERNEL_PAGE);
    OK("back", set_flags(page, KERNEL_PAGE));

    /* An L1 that maps itself writable. */
    u64 *t = page_alloc();
    u64 mt = va_mfn(t);
    t[7] = mt << 12 | KERNEL_PAGE;
    OK("read-only", set_flags(t, READ_PAGE));
    REFUSED("an L1 that maps itself writable", mmuext1(MMUEXT_PIN_L1_TABLE, mt));
    OK("writable again", set_flags(t, KERNEL_PAGE));
    t[7] = mt << 12 | READ_PAGE;
    OK("read-only", set_flags(t, READ_PAGE));
    OK("an L1 that maps itself read-only", mmuext1(MMUEXT_PIN_L1_TABLE, mt));
    REFUSED("turning that entry writable", mmu1(mt << 12 | 56, mt << 12 | KERNEL_PAGE));
    OK("unpin", mmuext1(MMUEXT_UNPIN_TABLE, mt));

    /* Two L1s that map each other writable. */
    u64 *a = page_alloc(), *b = page_alloc();
    a[0] = va_mfn(b) << 12 | KERNEL_PAGE;
    b[0] = va_mfn(a) << 12 | KERNEL_PAGE;
    OK("a read-only", set_flags(a, READ_PAGE));
    OK("b read-only", set_flags(b, READ_PAGE));
    OK("a is a table", mmuext1(MMUEXT_PIN_L1_TABLE, va_mfn(a)));
    REFUSED("then b cannot be, because a maps it writable", mmuext1(MMUEXT_PIN_L1_TABLE, va_mfn(b)));
    OK("a goes", mmuext1(MMUEXT_UNPIN_TABLE, va_mfn(a)));
    OK("b is a table", mmuext1(MMUEXT_PIN_L1_TABLE, va_mfn(b)));
    REFUSED("then a cannot be", mmuext1(MMUEXT_PIN_L1_TABLE, va_mfn(a)));

    /* Clear and copy write to memory, too. */
    REFUSED("clear of a table", mmuext1(MMUEXT_CLEAR_PAGE, l1_of_page));
    REFUSED("copy onto a table", mmuext1_dom(MMUEXT_COPY_PAGE, l1_of_page, va_mfn(page), DOMID_SELF));
    OK("copy from a table", mmuext1_dom(MMUEXT_COPY_PAGE, va_mfn(page), l1_of_page, DOMID_SELF));
    EXPECT_EQ("copied", memcmp(page, mfn_va(l1_of_page), 4096), 0);
}
