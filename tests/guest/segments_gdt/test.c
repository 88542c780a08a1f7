/* The guest's GDT: frames typed and read-only, descriptors checked, the hypervisor's own entries behind them. */
#include "pv.h"

#define CODE64 0x00affb000000ffffUL
#define DATA 0x00cff3000000ffffUL

void test(void)
{
    u64 *gdt = page_alloc();
    gdt[1] = CODE64;
    gdt[2] = DATA;
    gdt[3] = 0x00cf93000000ffffUL;      /* data, DPL 0 */
    gdt[4] = 0x00af9b000000ffffUL;      /* code, DPL 0 */
    u64 mfn = va_mfn(gdt);
    REFUSED("a GDT frame that is mapped writable", hc(__HYPERVISOR_set_gdt, &mfn, 512));
    REQUIRE_OK(set_flags(gdt, READ_PAGE));
    OK("set_gdt", hc(__HYPERVISOR_set_gdt, &mfn, 512));
    REFUSED("now it cannot be mapped writable", set_flags(gdt, KERNEL_PAGE));
    struct fault f;
    TRY(f, __asm__ volatile("mov %0, %%ds; mov %0, %%es" : : "r"(0x13)));
    EXPECT_EQ("own data segment", f.vector, NO_FAULT);
    TRY(f, __asm__ volatile("mov %0, %%ds" : : "r"(0x1b)));
    EXPECT_EQ("a DPL 0 descriptor was forced to 3", f.vector == NO_FAULT || f.vector == 13, 1);
    TRY(f, __asm__ volatile("push $0x0b; lea 1f(%%rip), %%rax; push %%rax; lretq; 1: ud2" ::: "rax", "memory"));
    EXPECT_EQ("own code segment: the ud2", f.vector, 6);
    EXPECT_EQ("cs", f.regs.cs & 0xfffc, 0x8);
    __asm__ volatile("mov %0, %%ds; mov %0, %%es" : : "r"(0));

    /* update_descriptor */
    u64 ma = mfn << 12;
    OK("update", hc(__HYPERVISOR_update_descriptor, ma | 5 * 8, DATA));
    EXPECT_EQ("stored", gdt[5] & ~(1UL << 40), DATA & ~(1UL << 40));
    static const struct { const char *what; u64 d; } bad[] = {
        { "call gate to the hypervisor", 0xffff8c00e0080000UL | 0x1000 }, { "interrupt gate", 0x00008e0000080000UL },
            { "trap gate", 0x00008f0000080000UL }, { "task gate", 0x0000850000080000UL },
        { "available TSS", 0x0000890000000067UL }, { "busy TSS", 0x00008b0000000067UL },
        { "LDT", 0x0000820000000067UL },
    };
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        long rc = hc(__HYPERVISOR_update_descriptor, ma | 6 * 8, bad[i].d);
        check(__FILE__, __LINE__, bad[i].what, rc < 0 || !(gdt[6] & 1UL << 47), 1);
    }
    OK("not present: anything", hc(__HYPERVISOR_update_descriptor, ma | 6 * 8, 0x00000c00e0080000UL));
    REFUSED("unaligned", hc(__HYPERVISOR_update_descriptor, ma | 3, DATA));
    REFUSED("a frame that is not ours", hc(__HYPERVISOR_update_descriptor, 0x9f000, DATA));
    REFUSED("the hypervisor's image", hc(__HYPERVISOR_update_descriptor, 0x200000, DATA));
    REFUSED("one of our page tables", hc(__HYPERVISOR_update_descriptor, our_l4() << 12, DATA));
    REFUSED("beyond memory", hc(__HYPERVISOR_update_descriptor, 1UL << 50, DATA));

    /* A frame with bad contents as GDT. */
    u64 *evil = page_alloc();
    evil[1] = 0xffff8c00e0081000UL;
    u64 me = va_mfn(evil);
    REQUIRE_OK(set_flags(evil, READ_PAGE));
    REFUSED("a GDT that holds a gate", hc(__HYPERVISOR_set_gdt, &me, 512));
    u64 mm[2] = { mfn, 0x200 };
    REFUSED("two frames, one not ours", hc(__HYPERVISOR_set_gdt, mm, 1024));
    REFUSED("too many entries", hc(__HYPERVISOR_set_gdt, mm, 7169));
    REFUSED("2^32 entries", hc(__HYPERVISOR_set_gdt, mm, 1UL << 20));
    u64 table = our_l4();
    REFUSED("a page table as GDT", hc(__HYPERVISOR_set_gdt, &table, 512));
    OK("none", hc(__HYPERVISOR_set_gdt, mm, 0));
    OK("the frame is free again", set_flags(gdt, KERNEL_PAGE));
}
