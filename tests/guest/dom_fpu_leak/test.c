/*
 * Vector registers, FS and GS bases, TSC_AUX, debug registers: nothing of one domain is seen by another after a switch,
 * and what is one's own is not mixed up.
 */
#include "dom.h"

#define USERS_GS 0x1000         /* above the kernel's */

static u64 load(u64 v, u64 b, u64 c)
{
    (void)b, (void)c;
    __asm__ volatile("clts; movq %0, %%xmm0; movq %0, %%xmm15; punpcklqdq %%xmm15, %%xmm15" : : "r"(v));
    hc(__HYPERVISOR_set_segment_base, SEGBASE_FS, v & 0x7fffffff);
    hc(__HYPERVISOR_set_segment_base, SEGBASE_GS_KERNEL, v & 0x7fffffff);
    hc(__HYPERVISOR_set_segment_base, SEGBASE_GS_USER, (v & 0x7fffffff) + USERS_GS);
    __asm__ volatile("wrmsr" : : "c"(0xc0000103), "a"((u32)v), "d"(0));
    hc(__HYPERVISOR_set_debugreg, 3, v & 0x7fffffff);
    return 0;
}
static u64 read(u64 which, u64 b, u64 c)
{
    (void)b, (void)c;
    u64 v = 0;
    u32 lo = 0, hi = 0;
    if (which == 0)
        __asm__ volatile("clts; movq %%xmm0, %0" : "=r"(v));
    else if (which == 1)
        __asm__ volatile("clts; movq %%xmm15, %0" : "=r"(v));
    else if (which < 5)
        __asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(0xc0000100 + which - 2));
    else if (which == 6)
        __asm__ volatile("rdtscp" : "=c"(v) : : "rax", "rdx");
    else
        v = (u64)hc(__HYPERVISOR_get_debugreg, 3);
    return which > 1 && which < 5 ? lo : v;
}

/*
 * A breakpoint that is armed stays in the CPU's address registers when its vcpu leaves, and is only switched off there.
 * A CPU may nevertheless say in DR6 that it was met, when somebody else steps over that address: where another domain
 * has its breakpoints could be found out so.
 */
extern char stepped[];
static volatile u64 met;

static void on_step(struct regs *r)
{
    met |= (u64)hc(__HYPERVISOR_get_debugreg, 6) & 0xf;
    r->rflags |= 1 << 16;               /* past the breakpoint itself */
}

static u64 arm(u64 at, u64 b, u64 c)
{
    (void)b, (void)c;
    hc(__HYPERVISOR_set_debugreg, 0, at);
    return (u64)hc(__HYPERVISOR_set_debugreg, 7, at ? 0x402 : 0x400);
}

static u64 step(u64 a, u64 b, u64 c)
{
    (void)a, (void)b, (void)c;
    met = 0;
    handler[1] = on_step;
    __asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq; nop; nop; nop; stepped: nop; nop; nop;"
                     "pushfq; andq $~0x100, (%%rsp); popfq" : : : "memory");
    handler[1] = NULL;
    return met;
}

void test(void)
{
    static struct dom a, b;
    dom_create(&a);
    dom_create(&b);
    const u64 secret = 0x5ec4e75ec4e7, other = 0x1111222233334444;
    for (unsigned round = 0; round < 20; round++) {
        dom_call(&a, load, secret, 0, 0);
        if (!round)
            for (unsigned i = 0; i < 7; i++)
                check(__FILE__, __LINE__, "a fresh domain sees nothing", dom_call(&b, read, i, 0, 0) == secret, 0);
        dom_call(&b, load, other, 0, 0);
        EXPECT_EQ("xmm0 of a", dom_call(&a, read, 0, 0, 0), secret);
        EXPECT_EQ("xmm15 of a", dom_call(&a, read, 1, 0, 0), secret);
        EXPECT_EQ("xmm0 of b", dom_call(&b, read, 0, 0, 0), other);
        for (unsigned i = 2; i < 5; i++) {
            u64 add = i == 4 ? USERS_GS : 0;
            EXPECT_EQ("bases of a", dom_call(&a, read, i, 0, 0), (secret & 0x7fffffff) + add);
            EXPECT_EQ("bases of b", dom_call(&b, read, i, 0, 0), (other & 0x7fffffff) + add);
        }
        EXPECT_EQ("TSC_AUX of a", dom_call(&a, read, 6, 0, 0), (u32)secret);
        EXPECT_EQ("TSC_AUX of b", dom_call(&b, read, 6, 0, 0), (u32)other);
        EXPECT_EQ("dr3 of a", dom_call(&a, read, 5, 0, 0), secret & 0x7fffffff);
    }
    OK("breakpoint of a", dom_call(&a, arm, (u64)stepped, 0, 0));
    EXPECT_EQ("b does not meet it", dom_call(&b, step, 0, 0, 0), 0);
    EXPECT_EQ("a does", dom_call(&a, step, 0, 0, 0), 1);
    OK("off", dom_call(&a, arm, 0, 0, 0));
    EXPECT_EQ("dr3 of domain 0", hc(__HYPERVISOR_get_debugreg, 3), 0);
    dom_destroy(&a);
    dom_destroy(&b);
}
