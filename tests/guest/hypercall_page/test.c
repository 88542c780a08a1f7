/* The hypercall page: entry n of 32 bytes issues hypercall n and keeps all registers that the interface says. */
#include "pv.h"

static long via_page(unsigned nr, u64 a, u64 b)
{
    long ret;
    u64 rcx = 0x1111, r11 = 0x2222;
    register u64 r11v __asm__("r11") = r11;
    __asm__ volatile("call *%[f]" : "=a"(ret), "+D"(a), "+S"(b), "+c"(rcx), "+r"(r11v)
                     : [f] "b"(hypercall_page + nr * 32) : "memory", "rdx", "r8", "r10");
    EXPECT_EQ("rcx is kept", rcx, 0x1111);
    EXPECT_EQ("r11 is kept", r11v, 0x2222);
    return ret;
}

void test(void)
{
    EXPECT_EQ("xen_version", via_page(__HYPERVISOR_xen_version, XENVER_version, 0), 4 << 16 | 17);
    EXPECT_EQ("sched_op yield", via_page(__HYPERVISOR_sched_op, SCHEDOP_yield, 0), 0);
    EXPECT_EQ("number without a call", via_page(47, 0, 0), -ENOSYS);
    EXPECT_EQ("number 63", via_page(63, 0, 0), -ENOSYS);
    /* The iret entry is jumped to, not called: frame on the stack, rax pushed by the entry. */
    u64 out;
    __asm__ volatile("mov %%rsp, %%rdx\n\t"
                     "mov %%ss, %%ecx; push %%rcx\n\t"
                     "push %%rdx\n\t"
                     "push $0x202\n\t"
                     "mov %%cs, %%ecx; and $~3, %%ecx; push %%rcx\n\t"
                     "lea 1f(%%rip), %%rcx; push %%rcx\n\t"
                     "push $0\n\t"
                     "mov $0x7777, %%eax\n\t"
                     "jmp *%[f]\n\t"
                     "1:" : "=&a"(out) : [f] "b"(hypercall_page + __HYPERVISOR_iret * 32) : "rcx", "rdx", "r11",
                     "memory");
    EXPECT_EQ("rax through iret entry", out, 0x7777);
}
