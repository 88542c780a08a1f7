/*
 * CPUID for guests.
 *
 * A PV kernel asks through a forced-emulation prefix and gets the answer of its domain's policy; its user programs
 * execute the instruction natively unless the CPU can fault it. A policy is the list of leaves in the interface's own
 * form, built at boot: raw (what the CPU says), host (the same, nothing is hidden from ourselves), PV maximum and PV
 * default. Invariant: a guest's features are a subset of the table pv_features[] below and of the CPU's, so kernels
 * never learn of something whose control registers or MSRs they cannot have. Hidden on purpose: what needs ring 0
 * (VMX, SVM, SMEP, SMAP, UMIP, PCID, INVPCID, PKU, CET, MONITOR, TSC deadline, x2APIC, PMU), paging the interface has
 * no notion of (PSE, PSE36, PGE, 1 GiB pages, 57-bit), memory types (MTRR), supervisor XSAVE state, and controls that
 * would have to be switched per vcpu but are not (SPEC_CTRL). Imprecise: topology leaves are the CPU's own or empty;
 * PV guests place vcpus anywhere, so no topology is true for long.
 */
#include "arch/x86/pv/cpuid.h"
#include "arch/x86/asm.h"
#include "arch/x86/clock.h"
#include "arch/x86/cpu.h"
#include "arch/x86/pv/fpu.h"
#include "core/frame.h"
#include "core/vcpu.h"
#include "lib/string.h"
#include <xen/arch-x86/cpufeatureset.h>
#include <xen/arch-x86/cpuid.h>

#define F(name) XEN_X86_FEATURE_##name
#define NO_SUB XEN_CPUID_NO_SUBLEAF
#define BASIC_MAX 0xdu
#define EXTENDED_FIRST 0x80000000u
#define EXTENDED_MAX 0x80000021u
#define XEN_LAST_LEAF XEN_CPUID_LEAF(XEN_CPUID_MAX_NUM_LEAVES)

/* Features a PV guest can use, of the CPU's. */
static const u16 pv_features[] = {
    F(FPU), F(DE), F(TSC), F(MSR), F(PAE), F(MCE), F(CX8), F(APIC), F(SEP), F(MCA), F(CMOV), F(PAT), F(CLFLUSH),
    F(ACPI), F(MMX), F(FXSR), F(SSE), F(SSE2), F(SS), F(HTT),
    F(SSE3), F(PCLMULQDQ), F(SSSE3), F(FMA), F(CX16), F(SSE4_1), F(SSE4_2), F(MOVBE), F(POPCNT), F(AESNI), F(XSAVE),
    F(AVX), F(F16C), F(RDRAND), F(HYPERVISOR),
    F(SYSCALL), F(NX), F(MMXEXT), F(FFXSR), F(RDTSCP), F(LM), F(3DNOWEXT), F(3DNOW),
    F(LAHF_LM), F(CMP_LEGACY), F(ABM), F(SSE4A), F(MISALIGNSSE), F(3DNOWPREFETCH), F(XOP), F(FMA4), F(TBM),
    F(XSAVEOPT), F(XSAVEC), F(XGETBV1),
    F(FSGSBASE), F(BMI1), F(AVX2), F(FDP_EXCP_ONLY), F(BMI2), F(ERMS), F(NO_FPU_SEL), F(AVX512F), F(AVX512DQ),
    F(RDSEED), F(ADX), F(AVX512_IFMA), F(CLFLUSHOPT), F(CLWB), F(AVX512CD), F(SHA), F(AVX512BW), F(AVX512VL),
    F(PREFETCHWT1), F(AVX512_VBMI), F(AVX512_VBMI2), F(GFNI), F(VAES), F(VPCLMULQDQ), F(AVX512_VNNI),
    F(AVX512_BITALG), F(AVX512_VPOPCNTDQ), F(RDPID), F(CLDEMOTE),
    F(CLZERO), F(RSTR_FP_ERR_PTRS), F(SSB_NO), F(BTC_NO),
    F(AVX512_4VNNIW), F(AVX512_4FMAPS), F(FSRM), F(MD_CLEAR), F(SERIALIZE), F(AVX512_FP16),
    F(AVX_VNNI), F(AVX512_BF16), F(FZRM), F(FSRS), F(FSRCS), F(LFENCE_DISPATCH), F(NSCB),
};
/* Possible, but only when asked for: instructions that Xen leaves out of its default, and what breaks migration. */
static const u16 opt_in_features[] = { F(HLE), F(RTM), F(ITSC), F(MOVDIRI), F(MOVDIR64B), F(AVX512_VP2INTERSECT) };

/* Where each word of a feature set comes from. */
enum reg { REG_A, REG_B, REG_C, REG_D };
static const struct { u32 leaf, subleaf; enum reg reg; } word_source[FEATURE_WORDS] = {
    { 1, NO_SUB, REG_D }, { 1, NO_SUB, REG_C }, { 0x80000001, NO_SUB, REG_D }, { 0x80000001, NO_SUB, REG_C },
    { 0xd, 1, REG_A }, { 7, 0, REG_B }, { 7, 0, REG_C }, { 0x80000007, NO_SUB, REG_D }, { 0x80000008, NO_SUB, REG_B },
    { 7, 0, REG_D }, { 7, 1, REG_A }, { 0x80000021, NO_SUB, REG_A }, { 7, 1, REG_B }, { 7, 2, REG_D },
    { 7, 1, REG_C }, { 7, 1, REG_D }, { 0, 0, 0 }, { 0, 0, 0 }, /* 16, 17: MSR 0x10a */ { 0x80000021, NO_SUB, REG_C },
};
/* AMD repeats these bits of 1.edx in 0x80000001.edx (AMD APM vol. 3, E.4.2). */
#define COMMON_1D 0x0183f3ffu

static struct cpu_policy raw, pv_max, pv_default;

static u32 *leaf_reg(xen_cpuid_leaf_t *l, enum reg r)
{
    return r == REG_A ? &l->a : r == REG_B ? &l->b : r == REG_C ? &l->c : &l->d;
}

xen_cpuid_leaf_t *cpu_policy_find(struct cpu_policy *p, u32 leaf, u32 subleaf)
{
    for (u32 i = 0; i < p->nr; i++)
        if (p->leaf[i].leaf == leaf && p->leaf[i].subleaf == subleaf)
            return &p->leaf[i];
    return NULL;
}

u32 cpu_policy_word(const struct cpu_policy *p, unsigned w)
{
    if (w == 16 || w == 17)
        return w == 16 ? (u32)p->arch_caps : (u32)(p->arch_caps >> 32);
    xen_cpuid_leaf_t *l = cpu_policy_find((struct cpu_policy *)p, word_source[w].leaf, word_source[w].subleaf);
    return l ? *leaf_reg(l, word_source[w].reg) : 0;
}

bool cpu_policy_has(const struct cpu_policy *p, unsigned feature)
{
    return (cpu_policy_word(p, feature / 32) >> (feature % 32)) & 1;
}

const struct cpu_policy *cpu_policy_system(u32 index)
{
    switch (index) {
    case POLICY_RAW:
    case POLICY_HOST:
        return &raw;
    case POLICY_PV_MAX:
        return &pv_max;
    case POLICY_PV_DEFAULT:
        return &pv_default;
    default:
        return NULL;
    }
}

/* ---- the CPU's own leaves ---- */

static bool policy_add(struct cpu_policy *p, u32 leaf, u32 subleaf)
{
    if (p->nr == POLICY_MAX_LEAVES)
        return false;
    struct cpuid c = cpuid(leaf, subleaf == NO_SUB ? 0 : subleaf);
    p->leaf[p->nr++] = (xen_cpuid_leaf_t){ leaf, subleaf, c.a, c.b, c.c, c.d };
    return true;
}

static void capture_xstate(struct cpu_policy *p)
{
    policy_add(p, 0xd, 0);
    policy_add(p, 0xd, 1);
    xen_cpuid_leaf_t *user = &p->leaf[p->nr - 2], *sup = &p->leaf[p->nr - 1];
    u64 components = user->a | sup->c | (u64)(user->d | sup->d) << 32;

    for (unsigned i = 2; i < 63; i++)
        if (components & BIT(i))
            policy_add(p, 0xd, i);
}

static void capture_basic(struct cpu_policy *p, u32 leaf)
{
    switch (leaf) {
    case 4:
        for (u32 i = 0; i < 6; i++) {
            policy_add(p, 4, i);
            if (!(p->leaf[p->nr - 1].a & 0x1f)) /* no more caches */
                break;
        }
        break;
    case 7: {
        u32 last = min(cpuid(7, 0).a, 2u);
        for (u32 i = 0; i <= last; i++)
            policy_add(p, 7, i);
        break;
    }
    case 0xb:
        policy_add(p, 0xb, 0);
        policy_add(p, 0xb, 1);
        break;
    case 0xd:
        capture_xstate(p);
        break;
    default:
        policy_add(p, leaf, NO_SUB);
    }
}

static void capture(struct cpu_policy *p)
{
    u32 last_basic = min(cpuid(0, 0).a, BASIC_MAX), last_extended = min(cpuid(EXTENDED_FIRST, 0).a, EXTENDED_MAX);

    for (u32 leaf = 0; leaf <= last_basic; leaf++)
        capture_basic(p, leaf);
    p->leaf[p->nr++] = (xen_cpuid_leaf_t){ XEN_CPUID_FIRST_LEAF, NO_SUB, 0, 0, 0, 0 };
    p->leaf[p->nr++] = (xen_cpuid_leaf_t){ XEN_CPUID_FIRST_LEAF + 0x100, NO_SUB, 0, 0, 0, 0 };
    for (u32 leaf = EXTENDED_FIRST; leaf <= last_extended; leaf++)
        policy_add(p, leaf, NO_SUB);
}

/* ---- what a PV guest may have ---- */

static void words_of(const u16 *list, unsigned n, u32 *words)
{
    for (unsigned i = 0; i < n; i++)
        words[list[i] / 32] |= 1u << (list[i] % 32);
}

static void limit_features(struct cpu_policy *p, const u32 *words)
{
    for (unsigned w = 0; w < FEATURE_WORDS; w++) {
        xen_cpuid_leaf_t *l = w == 16 || w == 17 ? NULL
                                                 : cpu_policy_find(p, word_source[w].leaf, word_source[w].subleaf);
        if (l)
            *leaf_reg(l, word_source[w].reg) &= words[w];
    }
}

/* A guest without a feature must not see its dependants: clear in the order of dependence. */
static void drop_dependants(struct cpu_policy *p)
{
    static const struct { u16 on, feature; } needs[] = {
        { F(XSAVE), F(AVX) }, { F(XSAVE), F(XSAVEOPT) }, { F(XSAVE), F(XSAVEC) }, { F(XSAVE), F(XGETBV1) },
        { F(AVX), F(AVX2) }, { F(AVX), F(FMA) }, { F(AVX), F(FMA4) }, { F(AVX), F(F16C) }, { F(AVX), F(XOP) },
        { F(AVX), F(VAES) }, { F(AVX), F(VPCLMULQDQ) }, { F(AVX2), F(AVX_VNNI) }, { F(AVX2), F(AVX512F) },
        { F(AVX512F), F(AVX512DQ) }, { F(AVX512F), F(AVX512_IFMA) }, { F(AVX512F), F(AVX512CD) },
        { F(AVX512F), F(AVX512BW) }, { F(AVX512F), F(AVX512VL) }, { F(AVX512F), F(AVX512_VBMI) },
        { F(AVX512F), F(AVX512_VBMI2) }, { F(AVX512F), F(AVX512_VNNI) }, { F(AVX512F), F(AVX512_BITALG) },
        { F(AVX512F), F(AVX512_VPOPCNTDQ) }, { F(AVX512F), F(AVX512_4VNNIW) }, { F(AVX512F), F(AVX512_4FMAPS) },
        { F(AVX512F), F(AVX512_FP16) }, { F(AVX512F), F(AVX512_BF16) }, { F(AVX512F), F(AVX512_VP2INTERSECT) },
    };

    for (unsigned i = 0; i < ARRAY_SIZE(needs); i++) {
        unsigned w = needs[i].feature / 32;
        if (cpu_policy_has(p, needs[i].on))
            continue;
        xen_cpuid_leaf_t *l = cpu_policy_find(p, word_source[w].leaf, word_source[w].subleaf);
        if (l)
            *leaf_reg(l, word_source[w].reg) &= ~(1u << (needs[i].feature % 32));
    }
}

/* Components of XCR0 that fit the features. */
static u64 policy_xcr0(const struct cpu_policy *p)
{
    u64 x = fpu_guest_xcr0();

    if (!cpu_policy_has(p, F(XSAVE)))
        return 0;
    if (!cpu_policy_has(p, F(AVX)))
        x &= ~(XSTATE_YMM | XSTATE_AVX512);
    if (!cpu_policy_has(p, F(AVX512F)))
        x &= ~XSTATE_AVX512;
    return x;
}

static void limit_xstate(xen_cpuid_leaf_t *l, u64 xcr0)
{
    if (l->subleaf == 0) {
        l->a = (u32)xcr0;
        l->d = xcr0 >> 32;
        l->b = l->c = xcr0 ? fpu_area_size(xcr0) : 0;
    } else if (l->subleaf == 1) {
        l->b = l->c = l->d = 0; /* no supervisor components */
    } else if (l->subleaf > 62 || !(xcr0 & BIT(l->subleaf))) {
        l->a = l->b = l->c = l->d = 0;
    }
}

/* Leaves that are not feature words. */
static void limit_leaf(xen_cpuid_leaf_t *l, u64 xcr0)
{
    switch (l->leaf) {
    case 1:
        l->b &= 0x00ffffff; /* initial APIC id: the CPU's, meaningless to a vcpu */
        break;
    case 3: case 5: case 6: case 8: case 9: case 0xa: case 0xb: case 0xc:
    case 0x80000009 ... 0x80000018: case 0x8000001b ... 0x80000020:
        l->a = l->b = l->c = l->d = 0;
        break;
    case 7:
        if (l->subleaf == 0)
            l->a = min(l->a, 2u);
        break;
    case 0xd:
        limit_xstate(l, xcr0);
        break;
    case 0x80000007:
        l->a = l->b = l->c = 0;
        break;
    case 0x80000008:
        l->a = (l->a & 0xff) | min(l->a >> 8 & 0xff, 48u) << 8; /* four levels of page tables, whatever the CPU has */
        break;
    case 0x80000021:
        l->b = l->d = 0;
        break;
    }
}

void cpu_policy_limit(struct cpu_policy *p, const struct cpu_policy *limit)
{
    u32 words[FEATURE_WORDS];
    xen_cpuid_leaf_t *first;

    for (unsigned w = 0; w < FEATURE_WORDS; w++)
        words[w] = cpu_policy_word(limit, w);
    if (cpu_has.amd) /* the repeated bits follow 1.edx below */
        words[2] |= COMMON_1D;
    limit_features(p, words);
    drop_dependants(p);
    xen_cpuid_leaf_t *l1 = cpu_policy_find(p, 1, NO_SUB), *e1 = cpu_policy_find(p, 0x80000001, NO_SUB);
    if (e1)
        e1->d = (e1->d & ~COMMON_1D) | (cpu_has.amd && l1 ? l1->d & COMMON_1D : 0);
    u64 xcr0 = policy_xcr0(p);
    for (u32 i = 0; i < p->nr; i++)
        limit_leaf(&p->leaf[i], xcr0);
    if ((first = cpu_policy_find(p, 0, NO_SUB)) != NULL)
        first->a = min(first->a, BASIC_MAX);
    if ((first = cpu_policy_find(p, EXTENDED_FIRST, NO_SUB)) != NULL)
        first->a = min(first->a, EXTENDED_MAX);
    p->platform_info &= limit->platform_info;
    p->arch_caps = 0;
}

/* The CPU's leaves with the features of the lists, made consistent. */
static void policy_build(struct cpu_policy *p, const u32 *words)
{
    *p = raw;
    limit_features(p, words);
    cpu_policy_limit(p, p);
    xen_cpuid_leaf_t *l = cpu_policy_find(p, 1, NO_SUB);
    l->c |= 1u << (F(HYPERVISOR) % 32); /* true whatever the CPU says */
    p->platform_info = 0;
}

void cpuid_init(void)
{
    u32 words[FEATURE_WORDS] = { 0 };

    capture(&raw);
    rdmsr_safe(0xce, &raw.platform_info);
    if (cpu_policy_word(&raw, 9) & (1u << (F(ARCH_CAPS) % 32)))
        rdmsr_safe(0x10a, &raw.arch_caps);
    words_of(pv_features, ARRAY_SIZE(pv_features), words);
    if (cpu_has.amd)        /* there, SYSENTER is for 32-bit kernels; 32-bit programs have SYSCALL */
        words[F(SEP) / 32] &= ~(1u << (F(SEP) % 32));
    if (!cpu_has.xsave)     /* left off (features.c): its dependants go with it */
        words[F(XSAVE) / 32] &= ~(1u << (F(XSAVE) % 32));
    policy_build(&pv_default, words);
    words_of(opt_in_features, ARRAY_SIZE(opt_in_features), words);
    policy_build(&pv_max, words);
}

/* ---- answers ---- */

/* From Serai's own numbers: those in vcpu_info are the guest's to spoil, at any moment. */
static void xen_time_leaf(const struct vcpu *v, u32 sub, u32 out[4])
{
    const struct arch_domain *a = &v->domain->arch;
    struct clock_scale scale;
    u64 since;

    clock_parameters(v->processor, &since, &scale);
    if (sub == 0) {
        out[0] = (cpu_has.invariant_tsc ? 2 : 0) | (cpu_has.rdtscp ? 4 : 0);
        out[1] = a->tsc_mode;
        out[2] = (u32)(clock_tsc_hz() / 1000);
        out[3] = a->tsc_incarnation;
    } else if (sub == 1) {
        out[0] = (u32)a->tsc_offset_ns;
        out[1] = a->tsc_offset_ns >> 32;
        out[2] = scale.mul;
        out[3] = (u32)(s32)scale.shift;
    } else if (sub == 2) {
        out[0] = (u32)(clock_tsc_hz() / 1000);
    }
}

/* Leaves 0x40000000.. (public header arch-x86/cpuid.h). */
static void xen_leaf(const struct vcpu *v, u32 leaf, u32 sub, u32 out[4])
{
    switch (leaf - XEN_CPUID_FIRST_LEAF) {
    case 0:
        out[0] = XEN_LAST_LEAF;
        out[1] = XEN_CPUID_SIGNATURE_EBX;
        out[2] = XEN_CPUID_SIGNATURE_ECX;
        out[3] = XEN_CPUID_SIGNATURE_EDX;
        break;
    case 1:
        out[0] = 4 << 16 | 17; /* the interface's version, as XENVER_version */
        break;
    case 2:
        out[0] = 1;
        out[1] = 0x40000000;
        out[2] = XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD;
        break;
    case 3:
        xen_time_leaf(v, sub, out);
        break;
    case 5:
        if (sub == 0)
            out[1] = highest_bit(frame_table_max - 1) + 1 + PAGE_SHIFT;
        break;
    }
}

static bool has_subleaves(u32 leaf) { return leaf == 4 || leaf == 7 || leaf == 0xb || leaf == 0xd; }

void cpuid_guest(struct vcpu *v, u32 leaf, u32 subleaf, u32 out[4])
{
    memset(out, 0, 4 * sizeof(out[0]));
    if ((leaf & 0xffff0000) == XEN_CPUID_FIRST_LEAF) {
        xen_leaf(v, leaf, subleaf, out);
        return;
    }
    xen_cpuid_leaf_t *l = cpu_policy_find(v->domain->arch.policy, leaf, has_subleaves(leaf) ? subleaf : NO_SUB);
    if (!l)
        return;
    out[0] = l->a;
    out[1] = l->b;
    out[2] = l->c;
    out[3] = l->d;
    /*
     * OSXSAVE is on in the machine, and kernels rely on finding it on: Linux takes its absence for Xen's wish that it
     * uses no XSAVE, while its programs, who ask the CPU itself, would go on to instructions that fault.
     */
    if (leaf == 1 && cpu_policy_has(v->domain->arch.policy, F(XSAVE)))
        out[2] |= 1u << (F(OSXSAVE) % 32);
    /* What depends on the vcpu's state now. */
    if (leaf == 0xd && subleaf <= 1 && v->arch.xcr0 && (l->subleaf == 0 || (l->a & 2)))
        out[1] = fpu_area_size(v->arch.xcr0);
}
