/*
 * Debug registers: breakpoints of the guest's own work; breakpoints on the hypervisor's memory, I/O breakpoints and
 * general detect are refused.
 *
 * Faults: both ways
 */
#include "pv.h"

static volatile u64 watched;
#define SET(n, v) hc(__HYPERVISOR_set_debugreg, n, v)
#define GET(n) hc(__HYPERVISOR_get_debugreg, n)

void test(void)
{
    struct fault f;
    OK("dr0 = a variable", SET(0, &watched));
    EXPECT_EQ("reads back", GET(0), &watched);
    OK("dr7: write, 8 bytes", SET(7, 0x2 | 0x9 << 16 | 0x400));
    TRY(f, watched = 1);
    EXPECT_EQ("#DB", f.vector, 1);
    EXPECT_EQ("dr6 says which", GET(6) & 0xf, 1);
    OK("off", SET(7, 0x400));
    TRY(f, watched = 2);
    EXPECT_EQ("no #DB", f.vector, NO_FAULT);
    OK("dr6 cleared", SET(6, 0));
    EXPECT_EQ("dr6 reads its fixed ones", GET(6) & 0xf, 0);

    static const u64 bad[] = { 0xffff830000000000, 0xffff82d080000000, 0xffff800000000000, 0xffff87ffffffffff,
                               0x8000000000000000, 0x800000000000 };
    for (unsigned i = 0; i < 6; i++)
        for (unsigned n = 0; n < 4; n++)
            REFUSED("breakpoint at a forbidden address", SET(n, bad[i]));
    EXPECT_EQ("dr0 is as it was", GET(0), &watched);
    EXPECT_EQ("dr8", SET(8, 0), -ENODEV);
    EXPECT_EQ("dr 1000", SET(1000, 0), -ENODEV);
    EXPECT_EQ("get of dr 1000", GET(1000), -ENODEV);
    EXPECT_EQ("dr6 has 32 bits", SET(6, 1UL << 32), -EINVAL);
    REFUSED("I/O breakpoint without CR4.DE", SET(7, 0x2 | 0x2 << 16));
    SET(7, 0x2000 | 0x400);
    EXPECT_EQ("general detect is dropped or refused", GET(7) & 0x2000, 0);
    EXPECT_EQ("dr7 has 32 bits", SET(7, 1UL << 32), -EINVAL);
    /* by instruction */
    u64 v = (u64)&watched;
    __asm__ volatile("mov %0, %%dr1" : : "r"(v));
    EXPECT_EQ("mov to dr1", GET(1), v);
    __asm__ volatile("mov %%dr1, %0" : "=r"(v));
    EXPECT_EQ("mov from dr1", v, &watched);
    EXPECT_FAULT("mov of a forbidden address", 13, 0, __asm__ volatile("mov %0, %%dr1" : : "r"(0xffff830000000000UL)));
}
