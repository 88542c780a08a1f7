/*
 * Cacheability. A guest that maps its own memory uncached, or write-combining, while another mapping of the same
 * frame is cached reads stale lines: of the scrubber's zeros not yet written back, or of the frame's last owner. And
 * the PAT bit sits at bit 7 in a small page's entry, which is "superpage" one level up, and at bit 12 in a
 * superpage's, which is an address bit one level down. Expected: a guest without devices is refused whatever is not
 * cached, by whatever way it asks; the bits never become a superpage, nor another frame. A table above is never walked
 * past the cache.
 *
 * Faults: both ways
 */
#include "dom.h"

#define PAT PSE                 /* of a small page */
#define CACHE (PWT | PCD | PAT)

static u64 in_child(u64 a, u64 b, u64 c)
{
    static const u64 kinds[] = { PWT, PCD, PWT | PCD, PAT, PAT | PWT, PAT | PCD, CACHE };
    (void)a, (void)b, (void)c;
    struct fault f;
    char *page = page_alloc(), *page2 = page_alloc();
    u64 *e = walk((u64)page, 1), mfn = va_mfn(page), mfn2 = va_mfn(page2);
    for (unsigned i = 0; i < 7; i++) {
        u64 was = *e;
        REFUSED("another frame, by update_va_mapping", set_va(page, mfn2 << 12 | READ_PAGE | kinds[i]));
        REFUSED("the same frame, other rights", set_va(page, mfn << 12 | READ_PAGE | kinds[i]));
        REFUSED("by mmu_update", mmu1(entry_ma(e), mfn << 12 | KERNEL_PAGE | kinds[i]));
        REFUSED("keeping A and D", mmu1(entry_ma(e) | MMU_PT_UPDATE_PRESERVE_AD, mfn2 << 12 | KERNEL_PAGE | kinds[i]));
        /* Directly: the entry is read-only, and what is stored is done for us. */
        TRY(f, *(volatile u64 *)e = mfn << 12 | KERNEL_PAGE | kinds[i]);
        EXPECT_EQ("directly", f.vector, 14);
        TRY(f, __asm__ volatile("lock orq %1, %0" : "+m"(*(volatile u64 *)e) : "r"(kinds[i])));
        EXPECT_EQ("by a locked instruction", f.vector, 14);
        EXPECT_EQ("it is what it was", *e, was);
    }
    /* In a table that is pinned with such entries already in it. */
    u64 *t = page_alloc();
    for (unsigned i = 0; i < 7; i++) {
        t[i] = mfn << 12 | READ_PAGE | kinds[i];
        REQUIRE_OK(set_flags(t, READ_PAGE));
        REFUSED("pin", mmuext1(MMUEXT_PIN_L1_TABLE, va_mfn(t)));
        REQUIRE_OK(set_flags(t, KERNEL_PAGE));
        t[i] = 0;
    }

    /* One level up. */
    u64 *l1 = table_alloc(), *l2 = table_alloc();
    REQUIRE_OK(mmuext1(MMUEXT_PIN_L1_TABLE, va_mfn(l1)) | mmuext1(MMUEXT_PIN_L2_TABLE, va_mfn(l2)));
    REFUSED("PAT in an L2 entry is a superpage", mmu1(va_mfn(l2) << 12, va_mfn(l1) << 12 | TABLE | PAT));
    REFUSED("with the superpage's own PAT bit", mmu1(va_mfn(l2) << 12, (va_mfn(l1) & ~511UL) << 12 | TABLE | PSE |
        1UL << 12));
    REFUSED("a table", mmu1(va_mfn(l2) << 12, va_mfn(l1) << 12 | TABLE | PWT | PCD));
    OK("cached", mmu1(va_mfn(l2) << 12, va_mfn(l1) << 12 | TABLE));
    REFUSED("the same table, other bits", mmu1(va_mfn(l2) << 12, va_mfn(l1) << 12 | TABLE | PCD));
    TRY(f, *(volatile u64 *)l2 |= PWT);
    EXPECT_EQ("is walked cached", l2[0] & (PWT | PCD), 0);
    TRY(f, *(volatile u64 *)l2 |= 0);           /* a direct write that changes nothing */
    TRY(f, *(volatile u64 *)l2 |= PSE);
    EXPECT_EQ("not by a direct write either", l2[0] & PSE, 0);
    mmu1(va_mfn(l2) << 12, 0);
    OK("unpin", mmuext1(MMUEXT_UNPIN_TABLE, va_mfn(l2)) | mmuext1(MMUEXT_UNPIN_TABLE, va_mfn(l1)));
    REQUIRE_OK(set_flags(l2, KERNEL_PAGE));
    l2[7] = va_mfn(l1) << 12 | TABLE | PCD | PWT;
    REQUIRE_OK(set_flags(l2, READ_PAGE));
    REFUSED("pin, with such an entry in it", mmuext1(MMUEXT_PIN_L2_TABLE, va_mfn(l2)));
    return 0;
}

static u64 rdmsr(u32 msr) { u32 lo, hi; __asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr)); return lo |
    (u64)hi << 32; }
static u64 pat_msr(u64 a, u64 b, u64 c)
{
    struct fault f;
    (void)a, (void)b, (void)c;
    u64 was = rdmsr(0x277);
    TRY(f, __asm__ volatile("wrmsr" : : "c"(0x277), "a"(0), "d"(0)));
    EXPECT_EQ("PAT stays what it was", rdmsr(0x277), was);
    TRY(f, __asm__ volatile("wrmsr" : : "c"(0x2ff), "a"(0), "d"(0)));       /* MTRRs */
    TRY(f, __asm__ volatile("wrmsr" : : "c"(0x200), "a"(0), "d"(0)));
    TRY(f, __asm__ volatile("mov %%cr0, %%rax; or $0x60000000, %%eax; mov %%rax, %%cr0" ::: "rax"));
    u64 cr0;
    __asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
    EXPECT_EQ("caches stay on", cr0 & 0x60000000, 0);
    return was;
}

void test(void)
{
    static struct dom d;
    dom_create(&d);
    dom_call(&d, in_child, 0, 0, 0);
    u64 theirs = dom_call(&d, pat_msr, 0, 0, 0);
    EXPECT_EQ("one PAT for all", theirs, rdmsr(0x277));
    pat_msr(0, 0, 0);
    dom_destroy(&d);
    audit_key();
}
