/*
 * Single-stepping: a #DB after each instruction, over system calls and hypercalls, over emulated instructions.
 *
 * Faults: both ways
 */
#include "pv.h"

USER_CODE(u_step, "nop; nop; ud2")
USER_CODE(u_step_syscall, "syscall; nop; ud2")
static volatile unsigned steps;
static volatile u64 where[64];

static void on_db(struct regs *r)
{
    if (steps < 64)
        where[steps] = r->rip;
    steps++;
}

void test(void)
{
    struct fault f;
    user_init();
    struct regs r = { .rip = (u64)u_step, .cs = FLAT_USER_CS, .ss = FLAT_USER_SS, .rsp = (u64)user_stack_top,
                      .rflags = 0x302 };
    user_run_regs(&f, &r, 0);
    EXPECT_EQ("#DB", f.vector, 1);
    EXPECT_EQ("behind the first instruction", f.regs.rip, (u64)u_step + 1);
    EXPECT_EQ("TF is in the frame", f.regs.rflags & 0x100, 0x100);
    EXPECT_EQ("dr6.BS", hc(__HYPERVISOR_get_debugreg, 6) & 0x4000, 0x4000);
    r.rip = (u64)u_step_syscall;
    user_run_regs(&f, &r, 0);
    EXPECT_EQ("stepping into a syscall", f.vector == VECTOR_SYSCALL || f.vector == 1, 1);

    /* over hypercalls and emulation in the kernel */
    handler[1] = on_db;
    extern char after_emulated[];
    bool behind = false;
    u64 after_flags;
    __asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq; nop; mov $17, %%eax; xor %%edi, %%edi; syscall; nop;"
                     "mov %%cr4, %%rax; after_emulated: nop;"
                     "pushfq; andq $~0x100, (%%rsp); popfq; pushfq; pop %0"
                     : "=r"(after_flags) : : "rax", "rcx", "r11", "rdi", "rsi", "rdx", "memory");
    handler[1] = NULL;
    EXPECT(steps >= 8);
    for (unsigned i = 0; i < steps && i < 64; i++)
        behind |= where[i] == (u64)after_emulated;
    EXPECT_EQ("a step ends right behind the emulated instruction", behind, 1);
    EXPECT_EQ("stepping is off again", after_flags & 0x100, 0);
}
