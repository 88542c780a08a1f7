/* mmu_update: its commands, counts, done counter, and stops at the first failure. */
#include "pv.h"

void test(void)
{
    char *page = page_alloc();
    u64 *e = walk((u64)page, 1), ma = entry_ma(e), mfn = va_mfn(page);

    /* PRESERVE_AD keeps what the hardware set. */
    *(volatile char *)page = 1;
    EXPECT((*e & (ACC | DIRTY)) == (ACC | DIRTY));
    OK("preserve", mmu1(ma | MMU_PT_UPDATE_PRESERVE_AD, mfn << 12 | P | RW | US));
    EXPECT_EQ("A and D are kept", *e & (ACC | DIRTY), ACC | DIRTY);
    OK("normal", mmu1(ma | MMU_NORMAL_PT_UPDATE, mfn << 12 | P | RW | US));
    EXPECT_EQ("A and D are cleared", *e & (ACC | DIRTY), 0);
    OK("user bit comes by itself", mmu1(ma, mfn << 12 | P | RW));
    EXPECT_EQ("US", *e & US, US);
    OK("available bits are the kernel's", mmu1(ma, mfn << 12 | KERNEL_PAGE | 7 << 9));
    EXPECT_EQ("available bits", *e & (3 << 9), 3 << 9);
    OK("NX", mmu1(ma, mfn << 12 | KERNEL_PAGE | NX));
    mmuext1(MMUEXT_INVLPG_LOCAL, (u64)page);
    EXPECT_FAULT("execution of an NX page", 14, 0x11, ((void (*)(void))page)());
    OK("back", set_flags(page, KERNEL_PAGE));

    /* MACHPHYS */
    u64 pfn = M2P[mfn];
    OK("m2p of our frame", mmu1(mfn << 12 | MMU_MACHPHYS_UPDATE, 0x12345));
    EXPECT_EQ("entry", M2P[mfn], 0x12345);
    OK("back", mmu1(mfn << 12 | MMU_MACHPHYS_UPDATE, pfn));
    REFUSED("m2p of a frame that is not ours", mmu1((0x9fUL << 12) | MMU_MACHPHYS_UPDATE, 1));
    REFUSED("m2p beyond all memory", mmu1((1UL << 51) | MMU_MACHPHYS_UPDATE, 1));

    /* a list: stops at the failure, says how many */
    mmu_update_t u[4] = { { ma, mfn << 12 | KERNEL_PAGE }, { ma, mfn << 12 | READ_PAGE }, { 0x9f008, 1 }, { ma, 0 } };
    u32 done = 77;
    REFUSED("list with a bad third", hc(__HYPERVISOR_mmu_update, u, 4, &done, DOMID_SELF));
    EXPECT_EQ("two were done", done, 2);
    EXPECT_EQ("the second stands", *e & (P | RW), P);
    OK("back", set_flags(page, KERNEL_PAGE));
    OK("empty list", hc(__HYPERVISOR_mmu_update, u, 0, &done, DOMID_SELF));
    EXPECT_EQ("done", done, 0);
    EXPECT_EQ("counts have 32 bits", hc(__HYPERVISOR_mmu_update, u, 1UL << 60, 0, DOMID_SELF), 0);
    EXPECT_EQ("a list of 2^32 + 1", hc(__HYPERVISOR_mmu_update, u, 1UL << 32 | 1, &done, DOMID_SELF), 0);
    EXPECT_EQ("is one of 1", done, 1);
    for (unsigned cmd = 4; cmd < 8; cmd++)
        EXPECT_EQ("commands 4 to 7", mmu1(ma | cmd, mfn << 12 | READ_PAGE), -ENOSYS);
    EXPECT_EQ("do nothing", *e & (P | RW), P | RW);
    REFUSED("foreign domain that is not there", hc(__HYPERVISOR_mmu_update, u, 1, 0, 77));
    REFUSED("page-table owner that is not there", hc(__HYPERVISOR_mmu_update, u, 1, 0, 78 << 16 | DOMID_SELF));

    /* plain writes into a page that is no table go through mmu_update, too (as Xen has it) */
    REFUSED("entry of a frame that is not ours", mmu1(0x9f008, 1));
    REFUSED("entry at the hypervisor's image", mmu1(0x200000, 1));
    REFUSED("entry beyond memory", mmu1(1UL << 46, 1));

    /* update_va_mapping */
    REFUSED("va in the hypervisor's range", set_va((void *)0xffff830000000000, 0));
    REFUSED("va without tables", set_va((void *)0x7000000000, mfn << 12 | KERNEL_PAGE));
    REFUSED("va not canonical", set_va((void *)0x0000900000000000, mfn << 12 | KERNEL_PAGE));
    REFUSED("otherdomain that is not there",
            hc(__HYPERVISOR_update_va_mapping_otherdomain, page, mfn << 12 | KERNEL_PAGE, 0, 99));
    for (unsigned flags = 0; flags < 7; flags++)
        if ((flags & 3) != 3)
            OK("flush variants", hc(__HYPERVISOR_update_va_mapping, page, mfn << 12 | KERNEL_PAGE, flags));
    u64 mask = 1;
    OK("flush of listed vcpus", hc(__HYPERVISOR_update_va_mapping, page, mfn << 12 | KERNEL_PAGE,
                                   (u64)&mask | UVMF_INVLPG));
    OK("not present", set_va(page, 0));
    EXPECT_FAULT("read of what is not present", 14, 0, (void)*(volatile char *)page);
    EXPECT_FAULT("write of what is not present", 14, 2, *(volatile char *)page = 1);
    EXPECT_EQ("cr2", vi->arch.cr2, page);
}
