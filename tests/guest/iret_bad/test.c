/*
 * iret to where no CPU would go: non-canonical rip (the SYSRET hole of 2012, CVE-2012-0217), bad selectors, ring-0
 * selectors, selectors of the hypervisor. The kernel gets the fault that a kernel's own IRET has on a CPU, with what
 * the CPU said and the frame that was to be resumed; never the hypervisor's own.
 */
#include "pv.h"

static void go(const char *what, u64 rip, u64 cs, u64 ss, u64 rflags, u64 flags)
{
    struct fault f;
    struct regs r = { .rip = rip, .cs = cs, .ss = ss, .rflags = rflags, .rsp = (u64)user_stack_top, .rcx = rip,
                      .r11 = rflags };
    user_run_regs(&f, &r, flags);
    bool told = f.vector == 13 || f.vector == 14 || f.vector == 12 || f.vector == 11;
    if (!told)
        say("  %s: vector %lu error %#lx rip %#lx cs %#lx", what, f.vector, f.error, f.regs.rip, f.regs.cs);
    check(__FILE__, __LINE__, what, told, 1);
}

/* A #GP that names the selector, at the address that was to be resumed. */
USER_CODE(u_ud, "ud2")
static void gp(const char *what, u64 cs, u64 ss, u64 error)
{
    struct fault f;
    struct regs r = { .rip = (u64)u_ud, .cs = cs, .ss = ss, .rflags = 0x202, .rsp = (u64)user_stack_top, .rbx = 77 };
    user_run_regs(&f, &r, 0);
    EXPECT_EQ(what, f.vector, 13);
    EXPECT_EQ("error code", f.error, error);
    EXPECT_EQ("cs", f.regs.cs, cs);
    EXPECT_EQ("ss", f.regs.ss, ss);
    EXPECT(f.regs.rip == (u64)u_ud && f.regs.rsp == (u64)user_stack_top && f.regs.rbx == 77);
}

USER_CODE(u_flags, "pushfq; pop %rbx; ud2")     /* the processor's own */

void test(void)
{
    user_init();
    static const u64 nc[] = { 0x800000000000, 0x8000000000000000, 0xffff7fffffffffff, 0x00007fffffffffff + 1 };
    for (unsigned i = 0; i < 4; i++) {
        go("rip not canonical, by iret", nc[i], FLAT_USER_CS, FLAT_USER_SS, 0x202, 0);
        go("rip not canonical, by sysret", nc[i], FLAT_USER_CS, FLAT_USER_SS, 0x202, VGCF_in_syscall);
        go("kernel rip not canonical", nc[i], FLAT_KERNEL_CS & ~3, FLAT_KERNEL_SS, 0x202, 0);
        go("kernel rip not canonical, flag", nc[i], FLAT_KERNEL_CS & ~3, FLAT_KERNEL_SS, 0x202, VGCF_in_syscall);
    }
    go("rip in the hypervisor", 0xffff830000000000, FLAT_USER_CS, FLAT_USER_SS, 0x202, 0);
    go("rip in the hypervisor, sysret", 0xffff82d080000000, FLAT_USER_CS, FLAT_USER_SS, 0x202, VGCF_in_syscall);
    gp("cs that is none", 0x1003, FLAT_USER_SS, 0x1000);
    gp("cs that is data", FLAT_USER_SS, FLAT_USER_SS, FLAT_USER_SS & ~3);
    gp("cs 0", 3, FLAT_USER_SS, 0);
    gp("ss that is none", FLAT_USER_CS, 0x1003, 0x1000);
    gp("ss that is code", FLAT_USER_CS, FLAT_USER_CS, FLAT_USER_CS & ~3);
    gp("ss of the hypervisor", FLAT_USER_CS, 0xe010 | 3, 0xe010);
    go("cs that is none", (u64)u_ud, 0x1003, FLAT_USER_SS, 0x202, 0);
    go("cs that is data", (u64)u_ud, FLAT_USER_SS, FLAT_USER_SS, 0x202, 0);
    go("ss that is none", (u64)u_ud, FLAT_USER_CS, 0x1003, 0x202, 0);
    go("ss that is code", (u64)u_ud, FLAT_USER_CS, FLAT_USER_CS, 0x202, 0);
    go("cs of the hypervisor", (u64)u_ud, 0xe008 | 3, FLAT_USER_SS, 0x202, 0);
    go("ss of the hypervisor", (u64)u_ud, FLAT_USER_CS, 0xe010 | 3, 0x202, 0);
    go("the task segment", (u64)u_ud, 0xe040 | 3, FLAT_USER_SS, 0x202, 0);
    go("an LDT selector without an LDT", (u64)u_ud, 7, FLAT_USER_SS, 0x202, 0);

    /* Flags no guest may set are dropped. */
    struct fault f;
    struct regs r = { .rip = (u64)u_ud, .cs = FLAT_USER_CS, .ss = FLAT_USER_SS, .rsp = (u64)user_stack_top,
                      .rflags = 0x202 | 3 << 12 | 1 << 14 | 1 << 17 | 1 << 19 | 1 << 20 };
    user_run_regs(&f, &r, 0);
    EXPECT_EQ("flags: it runs", f.vector, 6);
    EXPECT_EQ("VM is never set", f.regs.rflags & 1 << 17, 0);
    EXPECT_EQ("IOPL is never set", f.regs.rflags & 3 << 12, 0);
    EXPECT_EQ("VIF, VIP", f.regs.rflags & 3 << 19, 0);
    r.rflags = 0;       /* IF off: would stop the machine */
    user_run_regs(&f, &r, 0);
    EXPECT_EQ("without IF: runs", f.vector, 6);
    static const u64 more[] = { 0, 0x200, 3 << 12, 0x200 | 3 << 12 };  /* events masked or not: two ways back */
    for (unsigned i = 0; i < 4; i++) {
        r.rip = (u64)u_flags;
        r.rflags = more[i] | 2;
        user_run_regs(&f, &r, 0);
        EXPECT_EQ("runs", f.vector, 6);
        EXPECT_EQ("interrupts are on, IOPL is 0", f.regs.rbx & (0x200 | 3 << 12), 0x200);
    }
    /* the frame itself unreadable: the domain is crashed; not tried here */
}
