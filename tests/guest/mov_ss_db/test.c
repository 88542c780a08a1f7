/*
 * MOV SS with a breakpoint on its operand, then an instruction that enters the hypervisor (CVE-2018-8897): the #DB
 * arrives in the hypervisor, before its first instruction. It must survive. The same for int 0x80, int3, iret, syscall
 * from user.
 */
#include "pv.h"

static volatile u16 stack_selector;
USER_CODE(u_ss_syscall, "mov stack_selector(%rip), %ss; syscall; ud2")
USER_CODE(u_ss_int80, "mov stack_selector(%rip), %ss; int $0x80; ud2")
USER_CODE(u_ss_int3, "mov stack_selector(%rip), %ss; int3; ud2")
USER_CODE(u_ss_ud, "mov stack_selector(%rip), %ss; ud2")

void test(void)
{
    static const char *const code[] = { u_ss_syscall, u_ss_int80, u_ss_int3, u_ss_ud };
    user_init();
    stack_selector = FLAT_USER_SS;
    REQUIRE_OK(hc(__HYPERVISOR_set_debugreg, 0, &stack_selector));
    for (unsigned i = 0; i < 4; i++) {
        REQUIRE_OK(hc(__HYPERVISOR_set_debugreg, 7, 0x2 | 0x7 << 16 | 0x400));
        struct fault f;
        user_run(&f, code[i]);
        check(__FILE__, __LINE__, "something was delivered", f.vector != NO_FAULT, 1);
        REQUIRE_OK(hc(__HYPERVISOR_set_debugreg, 7, 0x400));
    }
    /* from the kernel: MOV SS; SYSCALL is a hypercall */
    REQUIRE_OK(hc(__HYPERVISOR_set_debugreg, 7, 0x2 | 0x7 << 16 | 0x400));
    struct fault f;
    long rax = __HYPERVISOR_xen_version;
    TRY(f, __asm__ volatile("mov %1, %%ss; syscall" : "+a"(rax) : "m"(stack_selector), "D"(XENVER_version) : "rcx",
                            "r11", "rsi", "rdx", "memory"));
    REQUIRE_OK(hc(__HYPERVISOR_set_debugreg, 7, 0x400));
    EXPECT_EQ("the hypervisor lives", hc(__HYPERVISOR_xen_version, XENVER_version), 4 << 16 | 17);
}
