/*
 * State beyond SSE. Hypervisors saved what a guest had enabled and restored what the next one had: the upper halves
 * of the vector registers, the x87 pointers, and MXCSR of one domain were left to be read by another that enabled the
 * component later (or never saved them lazily at all). Two domains take turns; each must find its own registers, and
 * a domain that enables a component for the first time must find it empty.
 *
 * Faults: both ways
 */
#include "dom.h"

static u64 read_cr4(void) { u64 v; __asm__ volatile("mov %%cr4, %0" : "=r"(v)); return v; }
static void write_cr4(u64 v) { __asm__ volatile("mov %0, %%cr4" : : "r"(v)); }
static void xsetbv(u64 v) { __asm__ volatile("xsetbv" : : "c"(0), "a"((u32)v), "d"((u32)(v >> 32))); }
static u64 xgetbv(void) { u32 lo, hi; __asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0)); return lo |
    (u64)hi << 32; }
#define OSXSAVE (1UL << 18)

static u64 enable(u64 xcr0, u64 b, u64 c)
{
    (void)b, (void)c;
    __asm__ volatile("clts");
    write_cr4(read_cr4() | OSXSAVE);
    xsetbv(xcr0);
    return xgetbv();
}

/* Upper halves of the vector registers, x87 stack and pointers, MXCSR. */
static u64 load(u64 v, u64 b, u64 c)
{
    static u64 data[4];
    u32 mxcsr = 0x1f80 | (u32)(v & 0x3f) | (u32)(v & 3) << 13;
    (void)b, (void)c;
    data[0] = data[1] = data[2] = data[3] = v;
    __asm__ volatile("vmovdqu (%0), %%ymm0; vmovdqu (%0), %%ymm7; vmovdqu (%0), %%ymm15; ldmxcsr %1\n"
                     "fninit; fildq (%0); fstpl 8(%0)" : : "r"(data), "m"(mxcsr) : "memory");
    return 0;
}

/* which: 0..3 words of ymm0, 4..7 of ymm15, 8 MXCSR, 9 last x87 data pointer; as XSAVE and a plain store see it. */
static u64 read(u64 which, u64 b, u64 c)
{
    static u64 data[8];
    static u8 area[512] __attribute__((aligned(64)));
    u32 mxcsr;
    (void)b, (void)c;
    if (which < 8) {
        __asm__ volatile("vmovdqu %%ymm0, (%0); vmovdqu %%ymm15, 32(%0)" : : "r"(data) : "memory");
        return data[which];
    }
    if (which == 8) {
        __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
        return mxcsr;
    }
    __asm__ volatile("fxsave64 (%0)" : : "r"(area) : "memory");
    return *(u64 *)(area + 16);
}

static u64 mxcsr_of(u64 v) { return 0x1f80 | (v & 0x3f) | (v & 3) << 13; }

/* All bits of XCR0 that the CPU has, one after the other: what is not offered must be refused. */
static u64 forbidden_xcr0(u64 offered, u64 b, u64 c)
{
    u64 taken = 0;
    (void)b, (void)c;
    for (unsigned bit = 0; bit < 64; bit++) {
        struct fault f;
        TRY(f, xsetbv(7 | 1UL << bit));
        if (f.vector == NO_FAULT)
            taken |= 1UL << bit;
    }
    xsetbv(7);
    EXPECT_EQ("components that are not the guest's", taken & ~offered, 0);
    EXPECT_FAULT("AVX without SSE", 13, 0, xsetbv(5));
    EXPECT_FAULT("without x87", 13, 0, xsetbv(6));
    EXPECT_FAULT("XCR1", 13, 0, __asm__ volatile("xsetbv" : : "c"(1), "a"(7), "d"(0)));
    return taken;
}

static u64 xcr0(u64 a, u64 b, u64 c) { (void)a, (void)b, (void)c; return xgetbv(); }

void test(void)
{
    u32 a, b, c, d;
    __asm__ volatile(".byte 0x0f, 0x0b, 0x78, 0x65, 0x6e; cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "0"(1), "2"(0));
    if (!(c & 1u << 28)) {
        say("  no AVX here");
        return;
    }
    __asm__ volatile(".byte 0x0f, 0x0b, 0x78, 0x65, 0x6e; cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "0"(0xd),
        "2"(0));
    u64 offered = a | (u64)d << 32;
    static struct dom x, y, z;
    const u64 secret = 0x5ec4e75ec4e75ec7, other = 0x1111222233334448;
    dom_create(&x);
    dom_create(&y);
    dom_create(&z);
    EXPECT_EQ("x enables", dom_call(&x, enable, 7, 0, 0), 7);
    EXPECT_EQ("z enables x87 and SSE", dom_call(&z, enable, 3, 0, 0), 3);
    dom_call(&x, load, secret, 0, 0);
    EXPECT_EQ("y enables, after x had it", dom_call(&y, enable, 7, 0, 0), 7);
    for (unsigned i = 0; i < 8; i++)
        EXPECT_EQ("y finds empty registers", dom_call(&y, read, i, 0, 0), 0);
    EXPECT_EQ("and the MXCSR of a reset", dom_call(&y, read, 8, 0, 0), 0x1f80);
    EXPECT(dom_call(&y, read, 9, 0, 0) != dom_call(&x, read, 9, 0, 0) || dom_call(&y, read, 9, 0, 0) == 0);
    EXPECT_EQ("z has what it enabled", dom_call(&z, xcr0, 0, 0, 0), 3);
    EXPECT_EQ("and x", dom_call(&x, xcr0, 0, 0, 0), 7);
    dom_call(&y, load, other, 0, 0);
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned i = 0; i < 8; i++) {
            EXPECT_EQ("x has its own", dom_call(&x, read, i, 0, 0), secret);
            EXPECT_EQ("y has its own", dom_call(&y, read, i, 0, 0), other);
        }
        EXPECT_EQ("MXCSR of x", dom_call(&x, read, 8, 0, 0), mxcsr_of(secret));
        EXPECT_EQ("MXCSR of y", dom_call(&y, read, 8, 0, 0), mxcsr_of(other));
    }
    /* A component that is off meanwhile keeps its owner's data, and gets nobody else's. */
    EXPECT_EQ("x switches AVX off", dom_call(&x, enable, 3, 0, 0), 3);
    dom_call(&y, load, other + 1, 0, 0);
    EXPECT_EQ("and on again", dom_call(&x, enable, 7, 0, 0), 7);
    for (unsigned i = 0; i < 8; i++)
        EXPECT_EQ("still its own", dom_call(&x, read, i, 0, 0), secret);
    EXPECT_EQ("z enables it now", dom_call(&z, enable, 7, 0, 0), 7);
    for (unsigned i = 0; i < 8; i++)
        EXPECT_EQ("z finds empty registers", dom_call(&z, read, i, 0, 0), 0);
    dom_call(&z, forbidden_xcr0, offered, 0, 0);
    for (unsigned i = 0; i < 8; i++)
        EXPECT_EQ("nobody else was touched", dom_call(&x, read, i, 0, 0), secret);
    dom_destroy(&x);
    dom_destroy(&y);
    dom_destroy(&z);
}
