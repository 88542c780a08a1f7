/*
 * System calls from user mode: the callback's frame, its mask flag, registers, int 0x80 beside it.
 *
 * Faults: both ways
 */
#include "pv.h"

USER_CODE(u_syscall,
          "mov $0x1234, %eax; mov $1, %edi; mov $2, %esi; mov $3, %r10d; mov $4, %r9d; stc; syscall;"
          "u_syscall_end: ud2")
extern char u_syscall_end[];
USER_CODE(u_syscall32, "syscall; ud2")
USER_CODE(u_backwards, "std; syscall; ud2")

/* The flags with which the kernel is entered. */
static volatile u64 entry_flags;
extern char entry_noting_flags[];
__asm__(".pushsection .text; entry_noting_flags: pushfq; popq entry_flags(%rip); jmp entry_syscall; .popsection");

/*
 * A kernel of this interface has no SYSCALL mask of its own to set, and clears no flag itself at this entry: with the
 * program's direction flag its copies would run backwards.
 */
static void entered_with_clean_flags(u64 rflags)
{
    struct regs r = { .rip = (u64)u_backwards, .cs = FLAT_USER_CS, .ss = FLAT_USER_SS, .rsp = (u64)user_stack_top,
                      .rflags = rflags | 1 << 18 };
    struct fault f;
    entry_flags = ~0UL;
    user_run_regs(&f, &r, 0);
    EXPECT_EQ("syscall", f.vector, VECTOR_SYSCALL);
    EXPECT_EQ("the program's flags are in the frame", f.regs.rflags & 0x40400, 0x40400);
    EXPECT_EQ("AC, NT, DF, TF are off in the kernel", entry_flags & 0x44500, 0);
    EXPECT_EQ("and interrupts on", entry_flags & 0x200, 0x200);
}

void test(void)
{
    struct fault f;
    user_init();
    vi->evtchn_upcall_mask = 1;
    user_run(&f, u_syscall);
    EXPECT_EQ("syscall", f.vector, VECTOR_SYSCALL);
    EXPECT_EQ("rip", f.regs.rip, (u64)u_syscall_end);
    EXPECT_EQ("rcx is rip", f.regs.rcx, (u64)u_syscall_end);
    EXPECT_EQ("r11 is the flags", f.regs.r11 & 0x201, 0x201);
    EXPECT_EQ("flags", f.regs.rflags & 0x201, 0x201);
    EXPECT_EQ("rax", f.regs.rax, 0x1234);
    EXPECT_EQ("rdi", f.regs.rdi, 1);
    EXPECT_EQ("r10", f.regs.r10, 3);
    EXPECT_EQ("r9", f.regs.r9, 4);
    EXPECT_EQ("cs", f.regs.cs & 0xffff, 0xe033);
    EXPECT_EQ("ss", f.regs.ss, 0xe02b);
    EXPECT_EQ("rsp", f.regs.rsp, (u64)user_stack_top);
    EXPECT_EQ("iret with IF unmasked events, the callback does not mask", f.masked, 0);
    struct callback_register reg = { .type = CALLBACKTYPE_syscall, .flags = CALLBACKF_mask_events,
                                     .address = (u64)entry_syscall };
    OK("register with mask", hc(__HYPERVISOR_callback_op, CALLBACKOP_register, &reg));
    user_run(&f, u_syscall);
    EXPECT_EQ("syscall", f.vector, VECTOR_SYSCALL);
    EXPECT_EQ("masked", f.masked, 1);
    reg.address = 0x8000000000000000;
    REFUSED("a callback that is not canonical", hc(__HYPERVISOR_callback_op, CALLBACKOP_register, &reg));
    reg.address = (u64)entry_syscall;
    reg.type = 99;
    EXPECT_EQ("unknown callback", hc(__HYPERVISOR_callback_op, CALLBACKOP_register, &reg), -ENOSYS);
    EXPECT_EQ("unknown operation", hc(__HYPERVISOR_callback_op, 99, &reg), -ENOSYS);
    struct callback_unregister un = { .type = CALLBACKTYPE_syscall };
    EXPECT_EQ("cannot be taken back", hc(__HYPERVISOR_callback_op, CALLBACKOP_unregister, &un), -EINVAL);
    un.type = 99;
    EXPECT_EQ("unknown one", hc(__HYPERVISOR_callback_op, CALLBACKOP_unregister, &un), -ENOSYS);
    reg = (struct callback_register){ .type = CALLBACKTYPE_syscall, .address = (u64)entry_noting_flags };
    OK("register another", hc(__HYPERVISOR_callback_op, CALLBACKOP_register, &reg));
    entered_with_clean_flags(0x202);
    entered_with_clean_flags(0x2);      /* events masked in user mode: the long way */
    reg.address = (u64)entry_syscall;
    OK("back", hc(__HYPERVISOR_callback_op, CALLBACKOP_register, &reg));
    reg.address = 0;
    OK("nobody", hc(__HYPERVISOR_callback_op, CALLBACKOP_register, &reg));
    user_run(&f, u_syscall32);
    EXPECT_EQ("as on a CPU that has no such instruction", f.vector, 6);
    EXPECT_EQ("rip is at it", f.regs.rip, (u64)u_syscall32);
    reg.address = (u64)entry_syscall;
    OK("back", hc(__HYPERVISOR_callback_op, CALLBACKOP_register, &reg));
    /* A hypercall number in rax is no hypercall from user mode. */
    user_run(&f, u_syscall32);
    EXPECT_EQ("any syscall is the kernel's", f.vector, VECTOR_SYSCALL);
}
