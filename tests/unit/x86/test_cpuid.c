/*
 * CPUID policies on the CPU the test runs on: what guests see is a subset of it, what must be hidden is hidden, tools
 * get and set whole arrays, and a hostile or mistaken array is refused with the culprit's name.
 * Could go wrong: a leaf that shows more than the host has after a migration, a hidden feature that comes back by a
 * sub-leaf.
 */
#include "tests/unit/x86/guest.h"
#include "arch/x86/asm.h"
static bool no_msr(u32 msr, u64 *v) { (void)msr; *v = 0; return false; }
#define rdmsr_safe no_msr
#include "arch/x86/pv/cpuid.c"
#include "arch/x86/pv/cpu_policy.c"

#define XCR0 7UL
u64 fpu_guest_xcr0(void) { return XCR0; }
u32 fpu_area_size(u64 xcr0) { return xcr0 & 4 ? 832 : 576; }
void *zalloc(struct domain *d, size_t n) { (void)d; return calloc(1, n); }
void zfree(void *p) { free(p); }
mfn_t frame_table_max = 0x100000; /* 4 GiB */
u64 clock_tsc_hz(void) { return 2000000000; }
void clock_parameters(unsigned cpu, u64 *tsc_at_0, struct clock_scale *scale)
{
    (void)cpu;
    *tsc_at_0 = 0;
    *scale = (struct clock_scale){ 0x80000000, 0 }; /* 1 tick = 0.5 ns */
}

static xen_cpuid_leaf_t leaves[POLICY_MAX_LEAVES + 1];
static xen_msr_entry_t msrs[POLICY_NR_MSRS + 1];

static int setup(void **state)
{
    struct cpuid l0 = cpuid(0, 0);

    (void)state;
    cpu_has.intel = l0.b == 0x756e6547;
    cpu_has.amd = l0.b == 0x68747541;
    cpu_has.xsave = cpuid(1, 0).c >> 26 & 1;
    cpuid_init();
    test_vcpu.domain = &test_domain;
    test_vcpu.info = &test_info;
    return cpu_policy_domain_init(&test_domain);
}

static void ask(u32 leaf, u32 sub, u32 out[4]) { cpuid_guest(&test_vcpu, leaf, sub, out); }

static void subset_of_the_cpu(void **state)
{
    (void)state;
    for (unsigned w = 0; w < FEATURE_WORDS; w++) {
        u32 host = cpu_policy_word(&raw, w) | (w == 1 ? 1u << 31 : 0);
        assert_int_equal(cpu_policy_word(&pv_max, w) & ~host, 0);
        assert_int_equal(cpu_policy_word(&pv_default, w) & ~cpu_policy_word(&pv_max, w), 0);
    }
}

static void hidden(void **state)
{
    static const u16 never[] = {
        F(VMX), F(SVM), F(SMEP), F(SMAP), F(UMIP), F(PKU), F(OSPKE), F(PCID), F(INVPCID), F(MONITOR), F(X2APIC),
        F(TSC_DEADLINE), F(XSAVES), F(PAGE1GB), F(PSE), F(PSE36), F(PGE), F(MTRR), F(VME), F(CET_SS), F(CET_IBT),
        F(IBRSB), F(STIBP), F(SSBD), F(ARCH_CAPS), F(TSC_ADJUST), F(SGX), F(MPX), F(LWP), F(DS), F(PDCM),
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(never); i++)
        assert_false(cpu_policy_has(&pv_max, never[i]));
    assert_true(cpu_policy_has(&pv_default, F(HYPERVISOR)));
    assert_true(cpu_policy_has(&pv_default, F(SYSCALL)));
    assert_true(cpu_policy_has(&pv_default, F(NX)) == cpu_policy_has(&raw, F(NX)));
}

/* What Serai leaves off although the CPU has it, nobody is told of. */
static void no_xsave_where_it_is_off(void **state)
{
    static const u16 gone[] = { F(XSAVE), F(XSAVEOPT), F(AVX), F(AVX2), F(FMA), F(AVX512F) };
    bool was = cpu_has.xsave;

    (void)state;
    cpu_has.xsave = false;
    raw.nr = 0;
    cpuid_init();
    for (unsigned i = 0; i < ARRAY_SIZE(gone); i++)
        assert_false(cpu_policy_has(&pv_max, gone[i]));
    cpu_has.xsave = was;
    raw.nr = 0;
    cpuid_init();
}

/* Whatever the guest's CR4 says: kernels find it on at their start, or use no XSAVE. */
static void osxsave_comes_with_xsave(void **state)
{
    u32 out[4];

    (void)state;
    for (unsigned on = 0; on < 2; on++) {
        test_vcpu.arch.cr4 = on ? CR4_OSXSAVE : 0;
        ask(1, 0, out);
        assert_int_equal(!!(out[2] & (1u << 27)), cpu_policy_has(&pv_default, F(XSAVE)));
    }
    assert_int_equal(out[1] >> 24, 0);
}

static void xsave_sizes(void **state)
{
    u32 out[4];

    (void)state;
    if (!cpu_policy_has(&pv_default, F(AVX)))
        skip();
    test_vcpu.arch.xcr0 = 1;
    ask(0xd, 0, out);
    assert_int_equal(out[0], XCR0);
    assert_int_equal(out[1], 576);
    assert_int_equal(out[2], 832);
    test_vcpu.arch.xcr0 = 7;
    ask(0xd, 0, out);
    assert_int_equal(out[1], 832);
    ask(0xd, 9, out); /* protection keys: hidden */
    assert_int_equal(out[0] | out[1] | out[2] | out[3], 0);
}

static void xen_leaves(void **state)
{
    u32 out[4];

    (void)state;
    ask(0x40000000, 0, out);
    assert_int_equal(out[0], 0x40000005);
    assert_memory_equal(&out[1], "XenVMMXenVMM", 12);
    ask(0x40000001, 0, out);
    assert_int_equal(out[0], 0x40011);
    ask(0x40000002, 0, out);
    assert_int_equal(out[2], XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD);
    test_info.time.tsc_to_system_mul = 7; /* what the guest makes of its copy is its own business */
    test_info.time.tsc_shift = 3;
    ask(0x40000003, 0, out);
    assert_int_equal(out[2], 2000000);
    ask(0x40000003, 1, out);
    assert_int_equal(out[2], 0x80000000);
    assert_int_equal(out[3], 0);
    ask(0x40000005, 0, out);
    assert_int_equal(out[1], 32);
    ask(0x40000006, 0, out);
    assert_int_equal(out[0] | out[1] | out[2] | out[3], 0);
    ask(0x90000000, 0, out);
    assert_int_equal(out[0] | out[1] | out[2] | out[3], 0);
}

static long get(const struct cpu_policy *p, u32 *nl, u32 *nm)
{
    *nl = POLICY_MAX_LEAVES;
    *nm = POLICY_NR_MSRS;
    return cpu_policy_get(p, GVA(leaves), nl, GVA(msrs), nm);
}

static long set(u32 nl, u32 nm, u32 *leaf, u32 *sub, u32 *msr)
{
    *leaf = *sub = *msr = ~0u;
    return cpu_policy_set(&test_domain, GVA(leaves), nl, GVA(msrs), nm, leaf, sub, msr);
}

static void tools_round_trip(void **state)
{
    struct cpu_policy before = *test_domain.arch.policy;
    u32 nl, nm, a, b, c;

    (void)state;
    assert_int_equal(cpu_policy_get(&pv_default, GVA(0), &nl, GVA(0), &nm), 0);
    assert_int_equal(nl, 0x78);
    assert_int_equal(nm, 2);
    assert_int_equal(get(&pv_default, &nl, &nm), 0);
    assert_int_equal(set(nl, nm, &a, &b, &c), 0);
    assert_memory_equal(&before, test_domain.arch.policy, sizeof(before));
    /* Raw is more than a guest may have: the surplus is dropped. */
    assert_int_equal(get(&raw, &nl, &nm), 0);
    leaves[0].a = min(leaves[0].a, 0xdu);
    assert_int_equal(set(nl, nm, &a, &b, &c), 0);
    for (unsigned w = 0; w < FEATURE_WORDS; w++)
        assert_int_equal(cpu_policy_word(test_domain.arch.policy, w) & ~cpu_policy_word(&pv_max, w), 0);
    nl = 3;
    assert_int_equal(cpu_policy_get(&pv_default, GVA(leaves), &nl, GVA(msrs), &nm), -ENOBUFS);
}

static void refusals_name_the_culprit(void **state)
{
    struct cpu_policy before = *test_domain.arch.policy;
    u32 nl, nm, a, b, c;

    (void)state;
    assert_int_equal(get(&pv_default, &nl, &nm), 0);
    assert_int_equal(set(POLICY_MAX_LEAVES + 1, 2, &a, &b, &c), -E2BIG);
    leaves[3].leaf = 0x12345;
    assert_int_equal(set(nl, nm, &a, &b, &c), -ERANGE);
    assert_int_equal(a, 0x12345);
    get(&pv_default, &nl, &nm);
    leaves[1].subleaf = 7; /* leaf 1 has none */
    assert_int_equal(set(nl, nm, &a, &b, &c), -ERANGE);
    assert_int_equal(b, 7);
    get(&pv_default, &nl, &nm);
    leaves[0].a = 0x20;
    assert_int_equal(set(nl, nm, &a, &b, &c), -EINVAL);
    assert_int_equal(a, 0);
    get(&pv_default, &nl, &nm);
    msrs[1].idx = 0x10;
    assert_int_equal(set(nl, nm, &a, &b, &c), -ERANGE);
    assert_int_equal(c, 0x10);
    get(&pv_default, &nl, &nm);
    msrs[0].flags = 1;
    assert_int_equal(set(nl, nm, &a, &b, &c), -EINVAL);
    get(&pv_default, &nl, &nm);
    hole = (u64)&leaves[nl - 1];
    hole_end = hole + 1;
    assert_int_equal(set(nl, nm, &a, &b, &c), -EFAULT);
    hole = hole_end = 0;
    assert_memory_equal(&before, test_domain.arch.policy, sizeof(before)); /* all or nothing */
}

static void feature_sets(void **state)
{
    u32 words[FEATURE_WORDS + 1] = { [FEATURE_WORDS] = 0xdead }, nr = 0;

    (void)state;
    assert_int_equal(cpu_featureset_get(2, GVA(0), &nr), 0);
    assert_int_equal(nr, FEATURE_WORDS);
    assert_int_equal(cpu_featureset_get(2, GVA(words), &nr), 0);
    assert_int_equal(words[1], cpu_policy_word(&pv_default, 1));
    assert_int_equal(words[FEATURE_WORDS], 0xdead);
    nr = 2;
    assert_int_equal(cpu_featureset_get(0, GVA(words), &nr), -ENOBUFS);
    assert_int_equal(cpu_featureset_get(3, GVA(words), &nr), -EOPNOTSUPP);
    assert_int_equal(cpu_featureset_get(6, GVA(words), &nr), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(subset_of_the_cpu), cmocka_unit_test(hidden), cmocka_unit_test(no_xsave_where_it_is_off),
        cmocka_unit_test(osxsave_comes_with_xsave),
        cmocka_unit_test(xsave_sizes), cmocka_unit_test(xen_leaves), cmocka_unit_test(tools_round_trip),
        cmocka_unit_test(refusals_name_the_culprit), cmocka_unit_test(feature_sets),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
