/*
 * The frame list at an address of the kernel's choice (note INIT_P2M), outside the initial region, as Linux asks for
 * it.
 *
 * Build: -DINIT_P2M=0x8000000000
 */
#include "pv.h"

void test(void)
{
    EXPECT_EQ("mfn_list", si->mfn_list, 0x8000000000);
    EXPECT(si->first_p2m_pfn != 0 && si->nr_p2m_frames >= si->nr_pages * 8 / 4096 + 3);
    EXPECT(si->first_p2m_pfn + si->nr_p2m_frames <= si->nr_pages);
    unsigned wrong = 0, foreign = 0;
    for (u64 i = 0; i < si->nr_pages; i++)
        wrong += M2P[p2m[i]] != i;
    EXPECT_EQ("m2p[p2m[i]] == i", wrong, 0);
    for (u64 i = 0; i < si->nr_pages / 512; i++) {
        u64 *e = walk(si->mfn_list + (i << 12), 4);
        (void)e;
        u64 mfn = PTE_MFN(*e), pfn = M2P[mfn];
        foreign += pfn < si->first_p2m_pfn || pfn >= si->first_p2m_pfn + si->nr_p2m_frames;
    }
    EXPECT_EQ("its page tables are in the p2m frames", foreign, 0);
    p2m[3] = p2m[3];        /* writable */
    EXPECT(1);
}
