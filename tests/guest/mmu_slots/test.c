/*
 * Top-level slots 256 to 271 are the hypervisor's. Not written by mmu_update; what a table holds there when it is
 * validated is replaced; what is written with the pointer's low bits set does not slip through.
 *
 * Faults: both ways
 */
#include "pv.h"

void test(void)
{
    u64 l4 = our_l4();
    u64 *ours = mfn_va(l4);
    u64 *l3 = table_alloc();
    u64 m3 = va_mfn(l3);
    REQUIRE_OK(mmuext1(MMUEXT_PIN_L3_TABLE, m3));
    u64 before[16];
    memcpy(before, &ours[256], sizeof(before));
    for (unsigned slot = 256; slot < 272; slot++) {
        REFUSED("write to a slot of the hypervisor", mmu1(l4 << 12 | slot * 8, m3 << 12 | TABLE));
        REFUSED("clearing one", mmu1(l4 << 12 | slot * 8, 0));
        REFUSED("preserving", mmu1(l4 << 12 | slot * 8 | MMU_PT_UPDATE_PRESERVE_AD, m3 << 12 | TABLE));
    }
    EXPECT_EQ("unchanged", memcmp(before, &ours[256], sizeof(before)), 0);
    OK("slot 255 is ours", mmu1(l4 << 12 | 255 * 8, m3 << 12 | TABLE));
    OK("slot 272 is ours", mmu1(l4 << 12 | 272 * 8, m3 << 12 | TABLE));
    OK("slot 0 is ours", mmu1(l4 << 12, m3 << 12 | TABLE));
    OK("empty again", mmu1(l4 << 12, 0) | mmu1(l4 << 12 | 255 * 8, 0) | mmu1(l4 << 12 | 272 * 8, 0));
    EXPECT_FAULT("direct write to such a slot", 14, 3, ((volatile u64 *)ours)[260] = 0);

    /* A new table with our own idea of the slots. */
    u64 *fake = page_alloc();
    for (unsigned slot = 256; slot < 272; slot++)
        fake[slot] = m3 << 12 | TABLE;
    fake[511] = ours[511];
    OK("read-only", set_flags(fake, READ_PAGE));
    long rc = mmuext1(MMUEXT_PIN_L4_TABLE, va_mfn(fake));
    EXPECT(rc == 0 || rc == -EINVAL);
    if (!rc) {
        unsigned kept = 0;
        for (unsigned slot = 256; slot < 272; slot++)
            kept += PTE_MFN(fake[slot]) == m3;
        EXPECT_EQ("slots that still say what we wrote", kept, 0);
        OK("load it", mmuext1(MMUEXT_NEW_BASEPTR, va_mfn(fake)));
        EXPECT_EQ("M2P works in it", M2P[l4], si->nr_pages > 0 ? va_pfn(ours) : 0);
        OK("go back", mmuext1(MMUEXT_NEW_BASEPTR, l4));
        OK("unpin", mmuext1(MMUEXT_UNPIN_TABLE, va_mfn(fake)));
    }
    OK("l3 was never used", mmuext1(MMUEXT_UNPIN_TABLE, m3));
    OK("and is free", set_flags(l3, KERNEL_PAGE));

    /* the hypervisor's range seen from the guest */
    static const u64 va[] = { 0xffff810000000000, 0xffff820000000000, 0xffff82d000000000, 0xffff82d080000000,
                              0xffff830000000000,
                              0xffff830000100000, 0xffff840000000000, 0xffff868000000000, 0xffff87fffffff000 };
    for (unsigned i = 0; i < sizeof(va) / 8; i++) {
        struct fault f;
        TRY(f, (void)*(volatile u64 *)va[i]);
        check(__FILE__, __LINE__, "read of the hypervisor's range", (long)f.vector, 14);
        check(__FILE__, __LINE__, "its error code has no user bit", (long)(f.error & ~1UL), 0);
        check(__FILE__, __LINE__, "its address", (long)f.cr2, (long)va[i]);
        TRY(f, *(volatile u64 *)va[i] = 0);
        check(__FILE__, __LINE__, "write of the hypervisor's range", (long)f.vector, 14);
        TRY(f, ((void (*)(void))va[i])());
        check(__FILE__, __LINE__, "jump to the hypervisor's range", (long)f.vector, 14);
    }
}
