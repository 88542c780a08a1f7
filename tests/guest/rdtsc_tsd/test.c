/*
 * RDTSC and CR4.TSD. A kernel that forbids its programs to read the time stamp counter must be obeyed, on its own
 * vcpus only: a hypervisor that forgot TSD at a switch gave one domain's programs the clock (or took it from
 * another's), and one that emulated RDTSCP returned the other's TSC_AUX. A domain whose owner wants an emulated counter
 * (tsc_mode="always_emulate") sees the same, in its kernel and its programs, and its time goes on.
 */
#include "dom.h"

#define TSD 4UL
USER_CODE(u_rdtsc, "rdtsc; ud2")
USER_CODE(u_rdtscp, "rdtscp; ud2")
USER_CODE(u_rdpmc, "xor %ecx, %ecx; rdpmc; ud2")

static u64 read_cr4(void) { u64 v; __asm__ volatile("mov %%cr4, %0" : "=r"(v)); return v; }

static u64 set_tsd(u64 on, u64 aux, u64 c)
{
    u64 cr4 = on ? read_cr4() | TSD : read_cr4() & ~TSD;
    (void)c;
    if (!user_l4)
        user_init();
    __asm__ volatile("mov %0, %%cr4" : : "r"(cr4));
    __asm__ volatile("wrmsr" : : "c"(0xc0000103), "a"((u32)aux), "d"(0));
    return read_cr4() & TSD;
}
static u64 user_vector(u64 which, u64 b, u64 c)
{
    struct fault f;
    (void)b, (void)c;
    user_run(&f, which == 0 ? u_rdtsc : which == 1 ? u_rdtscp : u_rdpmc);
    return f.vector;
}
static u64 kernel_rdtsc(u64 a, u64 b, u64 c)
{
    struct fault f;
    u32 lo, hi;
    (void)a, (void)b, (void)c;
    TRY(f, __asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi)));
    return f.vector;
}
static u64 kernel_later(u64 a, u64 b, u64 c)
{
    u32 lo, hi;
    (void)a, (void)b, (void)c;
    u64 before = now();
    __asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
    u64 first = (u64)hi << 32 | lo;
    __asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
    return ((u64)hi << 32 | lo) > first && now() > before;
}
static u64 kernel_aux(u64 a, u64 b, u64 c)
{
    u32 lo, hi, aux;
    (void)a, (void)b, (void)c;
    __asm__ volatile("rdtscp" : "=a"(lo), "=d"(hi), "=c"(aux));
    return aux;
}

void test(void)
{
    static struct dom x, y;
    dom_create(&x);
    dom_create(&y);
    EXPECT_EQ("x forbids it", dom_call(&x, set_tsd, 1, 0x5ec4e7, 0), TSD);
    EXPECT_EQ("y does not", dom_call(&y, set_tsd, 0, 0x2222, 0), 0);
    for (unsigned round = 0; round < 10; round++) {
        EXPECT_EQ("a program of x: RDTSC", dom_call(&x, user_vector, 0, 0, 0), 13);
        EXPECT_EQ("a program of y: RDTSC", dom_call(&y, user_vector, 0, 0, 0), 6);
        EXPECT_EQ("a program of x: RDTSCP", dom_call(&x, user_vector, 1, 0, 0), 13);
        EXPECT_EQ("a program of y: RDTSCP", dom_call(&y, user_vector, 1, 0, 0), 6);
        EXPECT_EQ("the kernel of x", dom_call(&x, kernel_rdtsc, 0, 0, 0), NO_FAULT);
        EXPECT_EQ("the kernel of y", dom_call(&y, kernel_rdtsc, 0, 0, 0), NO_FAULT);
        EXPECT_EQ("TSC_AUX of x", dom_call(&x, kernel_aux, 0, 0, 0), 0x5ec4e7);
        EXPECT_EQ("TSC_AUX of y", dom_call(&y, kernel_aux, 0, 0, 0), 0x2222);
        EXPECT_EQ("our own", kernel_aux(0, 0, 0), 0);
        EXPECT_EQ("domain 0's RDTSC", kernel_rdtsc(0, 0, 0), NO_FAULT);
    }
    struct xen_domctl op = { .cmd = XEN_DOMCTL_settscinfo, .domain = y.id, .u.tsc_info.tsc_mode = 1 };
    OK("emulated for y", domctl(&op));
    for (unsigned round = 0; round < 3; round++) {
        EXPECT_EQ("y, emulated: the kernel", dom_call(&y, kernel_rdtsc, 0, 0, 0), NO_FAULT);
        EXPECT_EQ("y, emulated: time goes on", dom_call(&y, kernel_later, 0, 0, 0), 1);
        EXPECT_EQ("y, emulated: a program's RDTSC", dom_call(&y, user_vector, 0, 0, 0), 6);
        EXPECT_EQ("y, emulated: a program's RDTSCP", dom_call(&y, user_vector, 1, 0, 0), 6);
        EXPECT_EQ("y, emulated: TSC_AUX", dom_call(&y, kernel_aux, 0, 0, 0), 0x2222);
        EXPECT_EQ("y, emulated: x", dom_call(&x, user_vector, 0, 0, 0), 13);
    }
    op.u.tsc_info.gtsc_khz = 1;
    EXPECT_EQ("another machine's counter", domctl(&op), -EOPNOTSUPP);
    EXPECT_EQ("performance counters", dom_call(&y, user_vector, 2, 0, 0), 13);
    EXPECT_EQ("x allows it", dom_call(&x, set_tsd, 0, 0, 0), 0);
    EXPECT_EQ("a program of x", dom_call(&x, user_vector, 0, 0, 0), 6);
    dom_destroy(&x);
    dom_destroy(&y);
}
