/* MSRs: what a kernel may read and write, and that nothing it writes reaches the machine. */
#include "pv.h"

static u64 rd(u32 msr)
{
    u32 lo, hi;
    __asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
    return lo | (u64)hi << 32;
}

static void wr(u32 msr, u64 v) { __asm__ volatile("wrmsr" : : "c"(msr), "a"((u32)v), "d"((u32)(v >> 32))); }

/* Readable registers have the values Debian's Xen shows; what is no guest's business faults. */
static void as_on_xen(void)
{
    static const u32 hidden[] = { 0x79, 0xfe, 0x10a, 0x174, 0x175, 0x176, 0x198, 0x19c, 0x1a2, 0x1d9, 0x200, 0x250,
        0x2ff, 0x606, 0x611, 0x800, 0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084, 0xc0010058, 0xc001011f,
        0xc001102a };
    static const struct { u32 msr; u64 value; } shown[] = { { 0x1b, 0xfee00900 }, { 0xce, 0 }, { 0x140, 0 },
        { 0x179, 2 }, { 0x1a0, 0x801801 }, { 0x277, 0x50100070406 }, { 0x345, 0 }, { 0x400, -1UL }, { 0x401, 0 },
        { 0xc0010010, 0 }, { 0xc0010015, 0 }, { 0xc0011029, 2 }, { 0x40000000, 0 } };
    for (unsigned i = 0; i < sizeof(hidden) / sizeof(*hidden); i++)
        EXPECT_FAULT("hidden register", 13, 0, (void)rd(hidden[i]));
    for (unsigned i = 0; i < sizeof(shown) / sizeof(*shown); i++) {
        struct fault f;
        u64 v = 0;
        TRY(f, v = rd(shown[i].msr));
        EXPECT_EQ("register can be read", f.vector == NO_FAULT ? 0 : shown[i].msr, 0);
        EXPECT_EQ("its value", v, shown[i].value);
    }
    /* A hypercall page by MSR, for kernels without the note. */
    char *page = page_alloc();
    wr(0x40000000, va_mfn(page) << 12);
    EXPECT_EQ("entry 17 loads its number", page[17 * 32 + 0] != 0, 1);
    EXPECT_FAULT("a page table as hypercall page", 13, 0, wr(0x40000000, our_l4() << 12));
}

void test(void)
{
    as_on_xen();
    static const u32 odd[] = { 0x1234, 0xdeadbeef, 0x40000000, 0x40000001, 0xc0000104, 0xc0000100 - 0x70, 0x48, 0x49,
                               0x10b };
    for (unsigned i = 0; i < sizeof(odd) / 4; i++) {
        struct fault f;
        TRY(f, (void)rd(odd[i]));
        EXPECT(f.vector == 13 || f.vector == NO_FAULT);
        TRY(f, wr(odd[i], ~0UL));
        EXPECT(f.vector == 13 || f.vector == NO_FAULT);
    }
    wr(0xc0000100, 0x1234000);
    EXPECT_EQ("fs base", rd(0xc0000100), 0x1234000);
    wr(0xc0000101, 0x5678000);
    EXPECT_EQ("gs base", rd(0xc0000101), 0x5678000);
    wr(0xc0000102, 0x9abc000);
    EXPECT_EQ("user gs base", rd(0xc0000102), 0x9abc000);
    EXPECT_EQ("gs base is as it was", rd(0xc0000101), 0x5678000);
    yield_cpu();
    EXPECT_EQ("over a hypercall", rd(0xc0000100), 0x1234000);
    EXPECT_FAULT("TSC_AUX has 32 bits", 13, 0, wr(0xc0000103, 1UL << 32));
    EXPECT_FAULT("fs base not canonical", 13, 0, wr(0xc0000100, 0x8000000000000000));
    EXPECT_FAULT("gs base not canonical", 13, 0, wr(0xc0000101, 0x800000000000));
    EXPECT_FAULT("user gs base not canonical", 13, 0, wr(0xc0000102, 0x800000000000));
    REFUSED("by hypercall", hc(__HYPERVISOR_set_segment_base, SEGBASE_FS, 0x800000000000));
    OK("by hypercall", hc(__HYPERVISOR_set_segment_base, SEGBASE_GS_KERNEL, 0x1000000));
    EXPECT_EQ("gs base", rd(0xc0000101), 0x1000000);
    OK("a selector", hc(__HYPERVISOR_set_segment_base, SEGBASE_GS_USER_SEL, 0));
    hc(__HYPERVISOR_set_segment_base, SEGBASE_GS_USER_SEL, 0xe040);
    hc(__HYPERVISOR_set_segment_base, SEGBASE_GS_USER_SEL, 0x1007);
    REFUSED("unknown base", hc(__HYPERVISOR_set_segment_base, 99, 0));
    u64 efer = rd(0xc0000080);
    EXPECT_EQ("EFER: LME, LMA, SCE", efer & 0x501, 0x501);
    struct fault f;
    TRY(f, wr(0xc0000080, efer & ~0x800UL));
    EXPECT_EQ("NXE is still on", rd(0xc0000080) & 0x800, efer & 0x800);
    TRY(f, wr(0xc0000082, VIRT_BASE));          /* LSTAR */
    EXPECT_EQ("hypercalls still go where they went", hc(__HYPERVISOR_xen_version, XENVER_version), 4 << 16 | 17);
    TRY(f, wr(0x1b, 0));                        /* the APIC off */
    TRY(f, wr(0x277, 0));                       /* PAT */
    TRY(f, wr(0x174, 0xe008));                  /* SYSENTER */
    TRY(f, wr(0x176, VIRT_BASE));
    TRY(f, wr(0x1d9, ~0UL));                    /* DEBUGCTL */
    TRY(f, wr(0x10, 0));                        /* TSC */
    u64 t = now();
    EXPECT(now() >= t);
    EXPECT(rd(0x277) == 0x0000050100070406 || rd(0x277) == 0x050100070406);
}
