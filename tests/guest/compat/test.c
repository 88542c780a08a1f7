/*
 * 32-bit programs under a 64-bit kernel: the ways into the kernel that only they have (SYSENTER, SYSCALL in
 * compatibility mode), those they share, and the ways back, of which one is an instruction of its own (SYSRET to 32-bit
 * code). Registers are cut where the CPU cuts them; instructions done for them are decoded as 32-bit code.
 *
 * QEMU: -cpu max,-smap,vendor=GenuineIntel
 * Faults: both ways
 */
#include "pv.h"

#define CS32 0xe023
#define LOW 0x8000UL           /* a page of code, and one of stack and data behind it */
#define DATA (LOW + 4096)
#define STACK (LOW + 8192)

#define CODE32(name, text) extern char name[], name##_end[]; \
    __asm__(".pushsection .text; .code32\n" #name ":\n" text "\n" #name "_end: .code64; .popsection");
CODE32(c_ud, "ud2")
CODE32(c_fault, "mov 0x5000, %eax")
CODE32(c_int80, "mov $0x1234, %eax; int $0x80")
CODE32(c_syscall, "mov $0x1234, %eax; mov $7, %edi; std; syscall; ud2")
CODE32(c_sysenter, "mov $0x1234, %eax; mov %esp, %ebp; sysenter; ud2")
CODE32(c_far, "mov $5, %ebx; ljmp $0xe033, $0x8000 + 12; .code64; mov $0x123456789, %rbx; ud2")
CODE32(c_cpuid, "mov $0x40000000, %eax; ud2; .ascii \"xen\"; cpuid; ud2")
CODE32(c_in, "inc %eax; mov $0x20, %edx; in (%dx), %al; inc %ebx; ud2")
CODE32(c_ins, "mov $0x20, %edx; mov $0x59000, %edi; mov $0x70003, %ecx; cld; .byte 0x67; rep insb; ud2")
CODE32(c_step, "nop; nop; ud2")

extern char kernel_stack_top[];
static char *page;              /* the code page, as the kernel sees it */
static u8 *data;

static void run(struct fault *f, const char *from, const char *to, u64 rflags, u64 iret_flags)
{
    struct regs r = { .rip = LOW, .cs = CS32, .ss = FLAT_USER_SS, .rflags = rflags, .rsp = STACK, .rcx = 0xccc,
                      .rax = 0xaaa };
    memset(page, 0xcc, 4096);
    memcpy(page, from, (unsigned long)(to - from));
    user_run_regs(f, &r, iret_flags);
}
#define RUN(f, name, flags) run(f, name, name##_end, flags, 0)

/* Slot 0 of user mode's table. */
static void map_low(void)
{
    u64 *l3 = table_alloc(), *l2 = table_alloc(), *l1 = table_alloc();
    page = page_alloc();
    data = page_alloc();
    REQUIRE_OK(mmuext1(MMUEXT_PIN_L1_TABLE, va_mfn(l1)) | mmuext1(MMUEXT_PIN_L2_TABLE, va_mfn(l2)) |
               mmuext1(MMUEXT_PIN_L3_TABLE, va_mfn(l3)));
    REQUIRE_OK(mmu1(va_mfn(l1) << 12 | (LOW >> 12) * 8, va_mfn(page) << 12 | KERNEL_PAGE) |
               mmu1(va_mfn(l1) << 12 | (DATA >> 12) * 8, va_mfn(data) << 12 | KERNEL_PAGE) |
               mmu1(va_mfn(l2) << 12, va_mfn(l1) << 12 | TABLE) | mmu1(va_mfn(l3) << 12, va_mfn(l2) << 12 | TABLE) |
               mmu1(user_l4 << 12, va_mfn(l3) << 12 | TABLE));
}

static void from32(const struct fault *f, u64 vector, u64 rip)
{
    EXPECT_EQ("vector", f->vector, vector);
    EXPECT_EQ("rip", f->regs.rip, LOW + rip);
    EXPECT_EQ("cs", f->regs.cs & 0xffff, CS32);
    EXPECT_EQ("ss", f->regs.ss, FLAT_USER_SS);
    EXPECT_EQ("rsp", f->regs.rsp, STACK);
    EXPECT_EQ("interrupts are on", f->regs.rflags & 0x200, 0x200);
}

/* The flags with which the kernel is entered. */
static volatile u64 entry_flags;
extern char entry_32_noting_flags[];
__asm__(".pushsection .text; entry_32_noting_flags: pushfq; popq entry_flags(%rip); jmp entry_syscall32; .popsection");

static long set_callback(unsigned type, const void *at)
{
    struct callback_register reg = { .type = (u16)type, .address = (u64)at };
    return hc(__HYPERVISOR_callback_op, CALLBACKOP_register, &reg);
}

static void system_calls(void)
{
    struct fault f;
    RUN(&f, c_int80, 0x202);
    from32(&f, 0x80, 7);
    EXPECT_EQ("rax", f.regs.rax, 0x1234);

    RUN(&f, c_syscall, 0x202);
    from32(&f, 6, 11);      /* nobody takes it: as on a CPU that has no such instruction */
    OK("register", set_callback(CALLBACKTYPE_syscall32, entry_32_noting_flags));
    RUN(&f, c_syscall, 0x202);
    from32(&f, VECTOR_SYSCALL32, 13);
    EXPECT_EQ("rax", f.regs.rax, 0x1234);
    EXPECT_EQ("rdi", f.regs.rdi, 7);
    EXPECT_EQ("rcx is rip", f.regs.rcx, f.regs.rip);
    EXPECT_EQ("the program's DF is in the frame", f.regs.rflags & 0x400, 0x400);
    EXPECT_EQ("and not in the kernel", entry_flags & 0x400, 0);
    EXPECT_EQ("not masked", f.masked, 0);

    RUN(&f, c_sysenter, 0x202);
    EXPECT_EQ("sysenter that nobody takes", f.vector, 13);
    EXPECT_EQ("error code", f.error, 0);
    OK("register", set_callback(CALLBACKTYPE_sysenter, entry_32_noting_flags));
    RUN(&f, c_sysenter, 0x202);
    EXPECT_EQ("sysenter", f.vector, VECTOR_SYSCALL32);
    EXPECT_EQ("rax", f.regs.rax, 0x1234);
    EXPECT_EQ("rbp", f.regs.rbp, STACK);
    EXPECT_EQ("cs", f.regs.cs & 0xffff, CS32);
    EXPECT_EQ("ss", f.regs.ss, FLAT_USER_SS);
    EXPECT_EQ("interrupts were on", f.regs.rflags & 0x200, 0x200);
    RUN(&f, c_sysenter, 0x302 | 1 << 14);
    EXPECT_EQ("with TF and NT", f.vector == VECTOR_SYSCALL32 || f.vector == 1, 1);
    OK("the hypervisor lives", hc(__HYPERVISOR_stack_switch, FLAT_KERNEL_SS, kernel_stack_top));
}

void test(void)
{
    struct fault f;
    user_init();
    map_low();
    RUN(&f, c_ud, 0x202);
    from32(&f, 6, 0);
    EXPECT_EQ("rax", f.regs.rax, 0xaaa);
    EXPECT_EQ("rcx", f.regs.rcx, 0xccc);
    run(&f, c_ud, c_ud_end, 0x202, VGCF_in_syscall);
    from32(&f, 6, 0);
    EXPECT_EQ("rax", f.regs.rax, 0xaaa);
    RUN(&f, c_fault, 0x202);
    from32(&f, 14, 0);
    EXPECT_EQ("cr2", f.cr2, 0x5000);
    EXPECT_EQ("error code", f.error, 4);
    RUN(&f, c_step, 0x302);
    from32(&f, 1, 1);
    system_calls();

    RUN(&f, c_far, 0x202);
    EXPECT_EQ("64-bit code", f.vector, 6);
    EXPECT_EQ("its cs", f.regs.cs & 0xffff, FLAT_USER_CS);
    EXPECT_EQ("its register", f.regs.rbx, 0x123456789);

    RUN(&f, c_cpuid, 0x202);
    from32(&f, 6, 12);
    EXPECT_EQ("XenVMMXenVMM", f.regs.rbx, 0x566e6558);
    RUN(&f, c_in, 0x202);
    from32(&f, 13, 6);
    struct physdev_set_iopl iopl = { .iopl = 3 };
    OK("iopl 3", hc(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, &iopl));
    RUN(&f, c_in, 0x202);
    from32(&f, 6, 8);
    EXPECT_EQ("inc is no prefix", f.regs.rax & 0xff, 0xff);
    RUN(&f, c_ins, 0x202);
    from32(&f, 6, 19);                  /* the prefix means 16 bits here, 32 in 64-bit code */
    EXPECT_EQ("rdi", f.regs.rdi, 0x59003);
    EXPECT_EQ("rcx", f.regs.rcx, 0x70000);
    EXPECT_EQ("memory", data[0] == 0xff && data[2] == 0xff && data[3] == 0, 1);
}
