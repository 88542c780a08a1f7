/*
 * Segment bases over switches between domains, of which one allows RDFSBASE and its kin and the other does not: each
 * keeps its own, and who does not allow the instructions does not have them, whoever ran before.
 */
#include "dom.h"

#define FSGSBASE 0x10000UL
#define MSR_FS 0xc0000100
#define MSR_GS 0xc0000101
#define MSR_SHADOW 0xc0000102

static u64 msr(u32 n)
{
    u32 lo, hi;
    __asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(n));
    return (u64)hi << 32 | lo;
}

static void allow(bool on)
{
    u64 cr4;
    __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
    cr4 = on ? cr4 | FSGSBASE : cr4 & ~FSGSBASE;
    __asm__ volatile("mov %0, %%cr4" : : "r"(cr4));
}

static void set_bases(u64 base)
{
    OK("FS", hc(__HYPERVISOR_set_segment_base, SEGBASE_FS, base));
    OK("GS", hc(__HYPERVISOR_set_segment_base, SEGBASE_GS_KERNEL, base + 1));
    OK("GS of the user", hc(__HYPERVISOR_set_segment_base, SEGBASE_GS_USER, base + 2));
}

static void look(bool on, u64 base)
{
    struct fault f;
    u64 fs = 0;
    EXPECT_EQ("FS", msr(MSR_FS), base);
    EXPECT_EQ("GS", msr(MSR_GS), base + 1);
    EXPECT_EQ("GS of the user", msr(MSR_SHADOW), base + 2);
    TRY(f, __asm__ volatile("rdfsbase %0" : "=r"(fs)));
    EXPECT_EQ("RDFSBASE", f.vector, on ? NO_FAULT : 6);
    if (on)
        EXPECT_EQ("and what it says", fs, base);
}

static u64 child(u64 on, u64 base, u64 c)
{
    (void)c;
    allow(on);
    set_bases(base);
    for (unsigned i = 0; i < 20; i++) {
        nap();
        look(on, base);
    }
    return 0;
}

void test(void)
{
    static struct dom d;
    dom_create(&d);
    for (unsigned how = 0; how < 4; how++) {
        bool ours = how & 1, its = how >> 1;
        allow(ours);
        set_bases(0x7000000);
        dom_start_call(&d, child, its, 0x123450000000, 0);
        do {
            nap();
            look(ours, 0x7000000);
        } while (d.mb->done != d.mb->request);
        EXPECT(dom_wait(&d, 1000000));
    }
    dom_destroy(&d);
}
