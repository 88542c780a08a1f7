/* Base tables: what can be loaded, what cannot, what keeps a loaded table alive. */
#include "pv.h"

void test(void)
{
    u64 l4 = our_l4();
    u64 *ours = mfn_va(l4), *page = page_alloc();
    REFUSED("a writable page as base", mmuext1(MMUEXT_NEW_BASEPTR, va_mfn(page)));
    REFUSED("frame 0 as base", mmuext1(MMUEXT_NEW_BASEPTR, 0));
    REFUSED("an L3 as base", mmuext1(MMUEXT_NEW_BASEPTR, PTE_MFN(ours[511])));
    REFUSED("an L3 as user base", mmuext1(MMUEXT_NEW_USER_BASEPTR, PTE_MFN(ours[511])));
    REFUSED("a frame beyond memory", mmuext1(MMUEXT_NEW_BASEPTR, 1UL << 40));
    OK("no user base", mmuext1(MMUEXT_NEW_USER_BASEPTR, 0));
    OK("our own again", mmuext1(MMUEXT_NEW_BASEPTR, l4));

    u64 *copy = page_alloc();
    copy[511] = ours[511];
    OK("read-only", set_flags(copy, READ_PAGE));
    OK("load without a pin", mmuext1(MMUEXT_NEW_BASEPTR, va_mfn(copy)));
    REFUSED("in use: not writable", hc(__HYPERVISOR_update_va_mapping, copy, va_mfn(copy) << 12 | KERNEL_PAGE,
                                       UVMF_INVLPG));
    u64 cr3;
    __asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
    EXPECT_EQ("cr3 reads as what was loaded", cr3 >> 12, va_mfn(copy));
    OK("back", mmuext1(MMUEXT_NEW_BASEPTR, l4));
    OK("free", set_flags(copy, KERNEL_PAGE));
    __asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
    EXPECT_EQ("cr3", cr3 >> 12, l4);

    /* unpinning the running table: it stays while loaded */
    OK("unpin what runs", mmuext1(MMUEXT_UNPIN_TABLE, l4));
    REFUSED("still a table", set_flags(ours, KERNEL_PAGE));
    OK("pin it again", mmuext1(MMUEXT_PIN_L4_TABLE, l4));
    EXPECT_EQ("unknown operation", mmuext1(99, 0), -ENOSYS);
    OK("flushes", mmuext1(MMUEXT_TLB_FLUSH_LOCAL, 0) | mmuext1(MMUEXT_TLB_FLUSH_ALL, 0) |
       mmuext1(MMUEXT_INVLPG_ALL, (u64)page) | mmuext1(MMUEXT_FLUSH_CACHE, 0));
    mmuext1(MMUEXT_INVLPG_LOCAL, 0xffff830000000000);
    mmuext1(MMUEXT_INVLPG_ALL, 0x0000900000000000);
    u64 mask = ~0UL;
    OK("flush of vcpus that are not there", mmuext1_dom(MMUEXT_TLB_FLUSH_MULTI, 0, (u64)&mask, DOMID_SELF));
    REFUSED("mask pointer in the hypervisor", mmuext1_dom(MMUEXT_TLB_FLUSH_MULTI, 0, 0xffff830000000000, DOMID_SELF));
}
