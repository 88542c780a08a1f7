/*
 * User mode: its faults come to the kernel with the user's registers, on the kernel's stack, in the kernel's tables.
 *
 * Faults: both ways
 */
#include "pv.h"

USER_CODE(u_read, "movabs 0x8000000000, %rax; ud2")
USER_CODE(u_write_kernel, "mov $0x123, %ebx; movabs $0x8000000008, %rcx; mov %rbx, (%rcx); ud2")
USER_CODE(u_hv, "movabs $0xffff830000000000, %rcx; mov (%rcx), %rbx; ud2")
USER_CODE(u_m2p, "movabs $0xffff800000000000, %rcx; mov (%rcx), %rbx; ud2")
USER_CODE(u_cli, "cli; ud2")
USER_CODE(u_in, "mov $0x71, %edx; in (%dx), %al; ud2")
USER_CODE(u_rdmsr, "mov $0x1b, %ecx; rdmsr; ud2")
USER_CODE(u_cr, "mov %cr3, %rax; ud2")
USER_CODE(u_clts, "clts; ud2")
USER_CODE(u_gs, "rdgsbase %rbx; ud2")
USER_CODE(u_sgdt, "sub $16, %rsp; sgdt 6(%rsp); mov 8(%rsp), %rbx; movzwl 6(%rsp), %ecx; ud2")
USER_CODE(u_sidt, "sub $16, %rsp; sidt 6(%rsp); mov 8(%rsp), %rbx; movzwl 6(%rsp), %ecx; ud2")
USER_CODE(u_selectors, "mov $-1, %rbx; mov %rbx, %rcx; mov %rbx, %rdx; sldt %bx; str %ecx; sub $8, %rsp; smsw (%rsp); "
          "movzwl (%rsp), %edx; ud2")
USER_CODE(u_sgdt_nowhere, "mov $0x1ffe, %ecx; sgdt (%rcx); ud2")
USER_CODE(u_sidt_nc, "movabs $0x8000000000000000, %rcx; sidt (%rcx); ud2")
USER_CODE(u_div, "xor %edx, %edx; mov %edx, %ecx; div %ecx; ud2")
USER_CODE(u_nc, "movabs $0x8000000000000000, %rcx; jmp *%rcx")
USER_CODE(u_wbinvd, "wbinvd; ud2")
USER_CODE(u_cpuid, "mov $0x40000000, %eax; cpuid; ud2")
USER_CODE(u_xen, "mov $0x40000000, %eax; ud2; .ascii \"xen\"; cpuid; ud2")

static void expect(const char *what, const char *code, u64 vector, u64 error)
{
    struct fault f;
    user_run(&f, code);
    check(__FILE__, __LINE__, what, (long)f.vector, (long)vector);
    if (f.vector == vector)
        check(__FILE__, __LINE__, what, (long)f.error, (long)error);
}

static bool is_serai(void)
{
    char extra[XEN_EXTRAVERSION_LEN];
    hc(__HYPERVISOR_xen_version, XENVER_extraversion, extra);
    for (unsigned i = 0; i < sizeof(extra) - 5; i++)
        if (!memcmp(extra + i, "serai", 5))
            return true;
    return false;
}

/* Allowed, as on a CPU without UMIP; on one with it, Serai answers, and not where its tables are. */
static void descriptor_table_registers(void)
{
    struct fault f;
    user_run(&f, u_sgdt);
    EXPECT_EQ("sgdt", f.vector, 6);
    EXPECT_EQ("limit of the GDT", f.regs.rcx, 0xefff);
    u64 gdt = f.regs.rbx;
    EXPECT(gdt >= 0xffff800000000000 && gdt < 0xffff880000000000);
    user_run(&f, u_sidt);
    EXPECT_EQ("sidt", f.vector, 6);
    EXPECT_EQ("limit of the IDT", f.regs.rcx, 0xfff);
    if (is_serai())
        EXPECT_EQ("both are said to be at the same place", f.regs.rbx, gdt);
    user_run(&f, u_selectors);
    EXPECT_EQ("sldt, str and smsw", f.vector, 6);
    EXPECT_EQ("no LDT; the upper part stays", f.regs.rbx, ~0xffffUL);
    EXPECT_EQ("the task register", f.regs.rcx, 0xe040);
    EXPECT_EQ("the machine status word", f.regs.rdx, 0x33);
    user_run(&f, u_sgdt_nowhere);
    EXPECT_EQ("sgdt into no page", f.vector, 14);
    EXPECT_EQ("error code", f.error, 6);
    EXPECT_EQ("address", f.cr2, 0x1ffe);
    expect("sidt to no address", u_sidt_nc, 13, 0);
}

static void allow_base_instructions(void)
{
    u64 cr4;
    __asm__ volatile("mov %%cr4, %0; or $0x10000, %0; mov %0, %%cr4" : "=r"(cr4) : : "cc");
}

void test(void)
{
    struct fault f;
    user_init();
    /* slot 1 is in the kernel's table only */
    u64 *l3 = table_alloc(), *l2 = table_alloc(), *l1 = table_alloc(), *data = page_alloc();
    REQUIRE_OK(mmuext1(MMUEXT_PIN_L1_TABLE, va_mfn(l1)) | mmuext1(MMUEXT_PIN_L2_TABLE, va_mfn(l2)) |
               mmuext1(MMUEXT_PIN_L3_TABLE, va_mfn(l3)));
    REQUIRE_OK(mmu1(va_mfn(l1) << 12, va_mfn(data) << 12 | KERNEL_PAGE) |
               mmu1(va_mfn(l2) << 12, va_mfn(l1) << 12 | TABLE) |
               mmu1(va_mfn(l3) << 12, va_mfn(l2) << 12 | TABLE) | mmu1(our_l4() << 12 | 8, va_mfn(l3) << 12 | TABLE));
    *data = 77;
    EXPECT_EQ("the kernel sees it", *(volatile u64 *)0x8000000000, 77);
    expect("user does not", u_read, 14, 4);
    user_run(&f, u_write_kernel);
    EXPECT_EQ("user write", f.vector, 14);
    EXPECT_EQ("error code", f.error, 6);
    EXPECT_EQ("cr2", f.cr2, 0x8000000008);
    EXPECT_EQ("rbx", f.regs.rbx, 0x123);
    EXPECT_EQ("cs", f.regs.cs & 0xffff, FLAT_USER_CS);
    EXPECT_EQ("ss", f.regs.ss, FLAT_USER_SS);
    EXPECT_EQ("rsp", f.regs.rsp, (u64)user_stack_top);
    EXPECT_EQ("IF: user runs with events on", f.regs.rflags & 0x200, 0x200);
    EXPECT_EQ("kernel memory is as it was", data[1], 0);
    user_run(&f, u_hv);
    EXPECT_EQ("the hypervisor's memory", f.vector, 14);
    EXPECT_EQ("error code without a hint", f.error & ~1UL, 4);
    expect("cli", u_cli, 13, 0);
    expect("in", u_in, 13, 0);
    expect("rdmsr", u_rdmsr, 13, 0);
    expect("mov from cr3", u_cr, 13, 0);
    expect("clts", u_clts, 13, 0);
    descriptor_table_registers();
    expect("wbinvd", u_wbinvd, 13, 0);
    expect("divide error", u_div, 0, 0);
    expect("jump to a non-canonical address", u_nc, 13, 0);
    OK("kernel's GS base", hc(__HYPERVISOR_set_segment_base, SEGBASE_GS_KERNEL, 0x1234000));
    OK("user's GS base", hc(__HYPERVISOR_set_segment_base, SEGBASE_GS_USER, 0x5678000));
    user_run(&f, u_gs);
    EXPECT_EQ("rdgsbase, which the kernel has not allowed", f.vector, 6);
    EXPECT_EQ("is no instruction", f.regs.rip, (u64)u_gs);
    allow_base_instructions();
    user_run(&f, u_gs);
    u32 base;
    __asm__ volatile("rdmsr" : "=a"(base) : "c"(0xc0000101) : "rdx");
    EXPECT_EQ("the user has its own GS base", f.regs.rbx, 0x5678000);
    EXPECT_EQ("and the kernel its own again", base, 0x1234000);
    user_run(&f, u_cpuid);
    EXPECT_EQ("cpuid runs to the ud2", f.vector, 6);
    user_run(&f, u_xen);
    EXPECT_EQ("forced cpuid in user mode", f.vector, 6);
    EXPECT_EQ("XenVMMXenVMM", f.regs.rbx == 0x566e6558 && f.regs.rip == (u64)u_xen + 12, 1);
}
