/*
 * What no entry may say: superpages at any level, address bits the CPU does not have, frames of the hypervisor, of
 * nobody, beyond memory, tables of the wrong level, the local APIC; what domain 0 may map of devices.
 */
#include "pv.h"

void test(void)
{
    char *page = page_alloc();
    u64 ma = entry_ma(walk((u64)page, 1));
    u64 *t1 = table_alloc(), *t2 = table_alloc(), *t3 = table_alloc();
    u64 m1 = va_mfn(t1), m2 = va_mfn(t2), m3 = va_mfn(t3);
    REQUIRE_OK(mmuext1(MMUEXT_PIN_L1_TABLE, m1));
    REQUIRE_OK(mmuext1(MMUEXT_PIN_L2_TABLE, m2));
    REQUIRE_OK(mmuext1(MMUEXT_PIN_L3_TABLE, m3));

    REFUSED("L2 superpage", mmu1(m2 << 12, (p2m[0] & ~511UL) << 12 | TABLE | PSE));
    REFUSED("L3 superpage", mmu1(m3 << 12, TABLE | PSE));
    REFUSED("superpage of device memory", mmu1(m2 << 12, 0xfd000000 | TABLE | PSE));
    OK("a good L2 entry", mmu1(m2 << 12, m1 << 12 | TABLE));
    REFUSED("made a superpage under the same frame", mmu1(m2 << 12, m1 << 12 | TABLE | PSE));
    REFUSED("the same, preserving A and D", mmu1(m2 << 12 | MMU_PT_UPDATE_PRESERVE_AD, m1 << 12 | TABLE | PSE));
    EXPECT_EQ("the entry is as before", t2[0] & (PSE | P), P);
    REFUSED("L2 entry naming an L2", mmu1(m2 << 12 | 8, m2 << 12 | TABLE));
    REFUSED("L2 entry naming an L3", mmu1(m2 << 12 | 8, m3 << 12 | TABLE));
    REFUSED("L3 entry naming an L1", mmu1(m3 << 12, m1 << 12 | TABLE));
    REFUSED("L2 entry naming a page mapped writable", mmu1(m2 << 12 | 8, va_mfn(page) << 12 | TABLE));
    REFUSED("L3 entry naming our L4", mmu1(m3 << 12, our_l4() << 12 | TABLE));
    REFUSED("L2 entry naming device memory", mmu1(m2 << 12 | 8, 0xb8000 | TABLE));
    OK("L1 entry with the PAT bit", mmu1(m1 << 12, va_mfn(page) << 12 | READ_PAGE | PSE));

    for (unsigned bit = 46; bit < 52; bit++)
        REFUSED("address bit beyond memory", mmu1(ma, va_mfn(page) << 12 | KERNEL_PAGE | 1UL << bit));
    REFUSED("L2 address bit", mmu1(m2 << 12, m1 << 12 | TABLE | 1UL << 51));
    REFUSED("the hypervisor's image", mmu1(ma, 0x200000 | KERNEL_PAGE));
    REFUSED("the hypervisor's image, to read", mmu1(ma, 0x200000 | READ_PAGE));
    REFUSED("the local APIC", mmu1(ma, 0xfee00000 | KERNEL_PAGE));
    REFUSED("the local APIC, to read", mmu1(ma, 0xfee00000 | READ_PAGE));
    OK("VGA memory is domain 0's", mmu1(ma, 0xb8000 | KERNEL_PAGE | PCD));
    OK("the BIOS to read", mmu1(ma, 0xf0000 | READ_PAGE));
    OK("the IOAPIC to read", mmu1(ma, 0xfec00000 | READ_PAGE | PCD));
    mmu1(ma, 0xfec00000 | KERNEL_PAGE | PCD);
    EXPECT_EQ("the IOAPIC is never mapped writable", *walk((u64)page, 1) & RW, 0);
    OK("the M2P as the hypervisor's frame needs its name",
       mmu1(ma, 0xb8000 | READ_PAGE | PCD));
    /* every frame of the machine that is not ours */
    unsigned mapped = 0;
    for (u64 mfn = 0x100; mfn < 0xffe0; mfn++) {
        u64 pfn = M2P[mfn];
        if (pfn < si->nr_pages && p2m[pfn] == mfn)
            continue;
        if (mfn == si->shared_info >> 12)
            continue;
        if (!mmu1(ma, mfn << 12 | READ_PAGE)) {
            mapped++;
            EXPECT_EQ("a frame without a number", pfn, -1);
        }
    }
    /* One is ours after all, only not in the list: the first frame of the grant table. */
    EXPECT_EQ("RAM that is not ours and could be mapped", mapped, 1);
}
