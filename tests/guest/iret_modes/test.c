/*
 * The iret hypercall: kernel to kernel, kernel to user with and without the syscall flag, rcx and r11, the event mask.
 */
#include "pv.h"

USER_CODE(u_ud, "ud2")

/* Ring 0 in a stack selector means nothing, and the event mask is the inverse of IF, whoever is gone back to. */
static void stack_and_mask(u16 cs)
{
    struct regs r = { .rip = (u64)u_ud, .cs = cs, .ss = FLAT_USER_SS & ~3, .rsp = (u64)user_stack_top };
    struct fault f;
    for (u64 interrupts = 0; interrupts <= 0x200; interrupts += 0x200) {
        r.rflags = 2 | interrupts;
        vi->evtchn_upcall_mask = 1;
        user_run_regs(&f, &r, 0);
        EXPECT_EQ("a stack selector of ring 0 is one of ring 3", f.vector, 6);
        EXPECT_EQ("ss", f.regs.ss, FLAT_USER_SS);
        EXPECT_EQ("event mask", f.masked, !interrupts);
    }
}

/* An event that waits for being unmasked comes before anything else is executed. */
static void waiting_event(u16 cs)
{
    struct regs r = { .rip = (u64)u_ud, .cs = cs, .ss = FLAT_USER_SS, .rsp = (u64)user_stack_top, .rflags = 0x202 };
    static struct evtchn_bind_ipi ipi;
    struct fault f;
    if (!ipi.port)
        OK("port", evtchn(EVTCHNOP_bind_ipi, &ipi));
    struct evtchn_send send = { .port = ipi.port };
    vi->evtchn_upcall_mask = 1;
    OK("send", evtchn(EVTCHNOP_send, &send));
    user_run_regs(&f, &r, 0);
    EXPECT_EQ("the event comes", f.vector, VECTOR_EVENT);
    EXPECT_EQ("first", f.regs.rip, (u64)u_ud);
    vi->evtchn_upcall_pending = 0;
    vi->evtchn_pending_sel = 0;
    shared->evtchn_pending[0] = 0;
}

void test(void)
{
    struct fault f;
    user_init();
    stack_and_mask(FLAT_USER_CS);
    stack_and_mask(FLAT_KERNEL_CS & ~3);
    waiting_event(FLAT_USER_CS);
    waiting_event(FLAT_KERNEL_CS & ~3);
    struct regs r = { .rip = (u64)u_ud, .cs = FLAT_USER_CS, .ss = FLAT_USER_SS, .rsp = (u64)user_stack_top,
                      .rflags = 0x202, .rcx = 0xccc, .r11 = 0xbbb, .rax = 0xaaa, .rbx = 1, .rdi = 2, .r15 = 3 };
    user_run_regs(&f, &r, 0);
    EXPECT_EQ("user by iret", f.vector, 6);
    EXPECT_EQ("rax", f.regs.rax, 0xaaa);
    EXPECT_EQ("rcx", f.regs.rcx, 0xccc);
    EXPECT_EQ("r11", f.regs.r11, 0xbbb);
    EXPECT_EQ("r15", f.regs.r15, 3);
    EXPECT_EQ("cs", f.regs.cs & 0xffff, 0xe033);
    user_run_regs(&f, &r, VGCF_in_syscall);
    EXPECT_EQ("user by sysret", f.vector, 6);
    EXPECT_EQ("rax", f.regs.rax, 0xaaa);
    EXPECT_EQ("rip", f.regs.rip, (u64)u_ud);
    EXPECT_EQ("rsp", f.regs.rsp, (u64)user_stack_top);
    EXPECT_EQ("r15", f.regs.r15, 3);

    /* kernel to kernel: cs with ring 0 or 1 */
    r.cs = FLAT_KERNEL_CS & ~3;
    r.ss = FLAT_KERNEL_SS;
    user_run_regs(&f, &r, 0);
    EXPECT_EQ("kernel", f.vector, 6);
    EXPECT_EQ("kernel: cs", f.regs.cs & 0xffff, 0xe030);
    EXPECT_EQ("kernel: rcx", f.regs.rcx, 0xccc);
    EXPECT_EQ("events are on: IF was set", f.masked, 0);
    r.rflags = 0x2;
    user_run_regs(&f, &r, 0);
    EXPECT_EQ("events are masked: IF was clear", f.masked, 1);
    EXPECT_EQ("kernel, the long way", f.vector, 6);
    /* VGCF_in_kernel is not asked of iret: the selector decides */
    r.rflags = 0x202;
    user_run_regs(&f, &r, VGCF_in_kernel);
    EXPECT_EQ("kernel again", f.vector, 6);
    vi->evtchn_upcall_mask = 1;
    r.rflags |= 1 << 18 | 0x8d5;
    user_run_regs(&f, &r, 0);
    EXPECT_EQ("arithmetic flags", f.regs.rflags & 0x8d5, 0x8d5);
}
