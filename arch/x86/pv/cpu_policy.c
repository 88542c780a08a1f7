/*
 * CPU policies as tools see them: arrays of CPUID leaves and MSRs, read and set for a domain before it runs.
 *
 * What a tool sends is taken as a wish: each leaf must be one we know, in a shape we serve, and maxima must not exceed
 * the CPU's; features beyond the PV maximum are silently dropped, as the interface's users expect (the tool computes
 * for many hosts). Invariant: d->arch.policy is always limited by the PV maximum. Nothing here kills a guest.
 */
#include "arch/x86/pv/cpuid.h"
#include "core/heap.h"
#include "core/reject.h"
#include "core/vcpu.h"
#include "lib/clamp.h"
#include "lib/string.h"
#include <xen/arch-x86/cpuid.h>

#define MSR_PLATFORM_INFO 0xceu
#define MSR_ARCH_CAPS 0x10au
#define NO_SUB XEN_CPUID_NO_SUBLEAF

long cpu_policy_domain_init(struct domain *d)
{
    d->arch.policy = zalloc(d, sizeof(*d->arch.policy));
    if (!d->arch.policy)
        return reject(-ENOMEM, "no memory for the CPU policy");
    *d->arch.policy = *cpu_policy_system(d->privileged ? POLICY_PV_MAX : POLICY_PV_DEFAULT);
    return 0;
}

void cpu_policy_domain_destroy(struct domain *d)
{
    zfree(d->arch.policy);
    d->arch.policy = NULL;
}

long cpu_policy_get(const struct cpu_policy *p, gva_t leaves, u32 *nr_leaves, gva_t msrs, u32 *nr_msrs)
{
    const xen_msr_entry_t entries[POLICY_NR_MSRS] = {
        { .idx = MSR_PLATFORM_INFO, .val = p->platform_info }, { .idx = MSR_ARCH_CAPS, .val = p->arch_caps },
    };

    if (gva_null(leaves)) {
        *nr_leaves = POLICY_MAX_LEAVES;
    } else {
        if (*nr_leaves < p->nr)
            return reject(-ENOBUFS, "room for %u CPUID leaves, %u needed", *nr_leaves, p->nr);
        if (copy_to_guest(leaves, p->leaf, p->nr * sizeof(p->leaf[0])))
            return reject(-EFAULT, "array of leaves at %#lx is not writable", leaves.va);
        *nr_leaves = p->nr;
    }
    if (gva_null(msrs)) {
        *nr_msrs = POLICY_NR_MSRS;
    } else {
        if (*nr_msrs < POLICY_NR_MSRS)
            return reject(-ENOBUFS, "room for %u MSRs, %u needed", *nr_msrs, POLICY_NR_MSRS);
        if (copy_to_guest(msrs, entries, sizeof(entries)))
            return reject(-EFAULT, "array of MSRs at %#lx is not writable", msrs.va);
        *nr_msrs = POLICY_NR_MSRS;
    }
    return 0;
}

/* Is this a leaf the interface has, with a subleaf number exactly where it has subleaves? */
static bool leaf_known(const xen_cpuid_leaf_t *l)
{
    switch (l->leaf) {
    case 4:
        return l->subleaf < 6;
    case 7:
        return l->subleaf < 3;
    case 0xb:
        return l->subleaf < 2;
    case 0xd:
        return l->subleaf < 63;
    case 0 ... 3: case 5: case 6: case 8 ... 0xa: case 0xc:
    case XEN_CPUID_FIRST_LEAF: case XEN_CPUID_FIRST_LEAF + 0x100:
    case 0x80000000 ... 0x80000021:
        return l->subleaf == NO_SUB;
    default:
        return false;
    }
}

/* Put one leaf into the policy: replace, or append while there is room. */
static bool policy_put(struct cpu_policy *p, const xen_cpuid_leaf_t *l)
{
    xen_cpuid_leaf_t *have = cpu_policy_find(p, l->leaf, l->subleaf);

    if (!have) {
        if (p->nr == POLICY_MAX_LEAVES)
            return false;
        have = &p->leaf[p->nr++];
    }
    *have = *l;
    return true;
}

static long read_leaves(struct cpu_policy *p, gva_t leaves, u32 nr, u32 *err_leaf, u32 *err_subleaf)
{
    xen_cpuid_leaf_t l;

    for (u32 i = 0; i < nr; i++) {
        if (copy_elem_from_guest(&l, leaves, i))
            return reject(-EFAULT, "CPUID leaf %u of %u is not readable", i, nr);
        if (leaf_known(&l) && policy_put(p, &l))
            continue;
        *err_leaf = l.leaf;
        *err_subleaf = l.subleaf;
        return reject(-ERANGE, "CPUID leaf %#x subleaf %#x is unknown", l.leaf, l.subleaf);
    }
    return 0;
}

static long read_msrs(struct cpu_policy *p, gva_t msrs, u32 nr, u32 *err_msr)
{
    xen_msr_entry_t m;

    for (u32 i = 0; i < nr; i++) {
        if (copy_elem_from_guest(&m, msrs, i))
            return reject(-EFAULT, "MSR entry %u of %u is not readable", i, nr);
        if (m.flags) {
            *err_msr = m.idx;
            return reject(-EINVAL, "MSR %#x has flags %#x", m.idx, m.flags);
        }
        if (m.idx == MSR_PLATFORM_INFO) {
            p->platform_info = m.val;
        } else if (m.idx == MSR_ARCH_CAPS) {
            p->arch_caps = m.val;
        } else {
            *err_msr = m.idx;
            return reject(-ERANGE, "MSR %#x is not part of a policy", m.idx);
        }
    }
    return 0;
}

/* A maximum-leaf number larger than this machine's cannot be served. */
static long check_maxima(struct cpu_policy *p, u32 *err_leaf, u32 *err_subleaf)
{
    static const struct { u32 leaf, subleaf; } maxima[] = { { 0, NO_SUB }, { 7, 0 }, { 0x80000000, NO_SUB } };

    for (unsigned i = 0; i < ARRAY_SIZE(maxima); i++) {
        const xen_cpuid_leaf_t *want = cpu_policy_find(p, maxima[i].leaf, maxima[i].subleaf);
        const xen_cpuid_leaf_t *have = cpu_policy_find((struct cpu_policy *)cpu_policy_system(POLICY_PV_MAX),
                                                       maxima[i].leaf, maxima[i].subleaf);
        if (!want || want->a <= (have ? have->a : 0))
            continue;
        *err_leaf = maxima[i].leaf;
        *err_subleaf = maxima[i].subleaf;
        return reject(-EINVAL, "CPUID leaf %#x: maximum %#x, this machine has %#x", want->leaf, want->a,
                      have ? have->a : 0);
    }
    return 0;
}

long cpu_policy_set(struct domain *d, gva_t leaves, u32 nr_leaves, gva_t msrs, u32 nr_msrs, u32 *err_leaf,
                    u32 *err_subleaf, u32 *err_msr)
{
    long rc;

    if (nr_leaves > POLICY_MAX_LEAVES || nr_msrs > POLICY_NR_MSRS)
        return reject(-E2BIG, "%u leaves and %u MSRs, at most %u and %u", nr_leaves, nr_msrs, POLICY_MAX_LEAVES,
                      POLICY_NR_MSRS);
    struct cpu_policy *p = zalloc(NULL, sizeof(*p));
    if (!p)
        return reject(-ENOMEM, "no memory for a CPU policy");
    *p = *d->arch.policy;
    rc = read_leaves(p, leaves, nr_leaves, err_leaf, err_subleaf);
    if (!rc)
        rc = read_msrs(p, msrs, nr_msrs, err_msr);
    if (!rc)
        rc = check_maxima(p, err_leaf, err_subleaf);
    if (!rc) {
        cpu_policy_limit(p, cpu_policy_system(POLICY_PV_MAX));
        *d->arch.policy = *p;
    }
    zfree(p);
    return rc;
}

long cpu_featureset_get(u32 index, gva_t features, u32 *nr)
{
    /* The featureset call numbers differ from the policy call's beyond 1. */
    static const u8 policy_of[] = { POLICY_RAW, POLICY_HOST, POLICY_PV_DEFAULT, POLICY_HVM_DEFAULT, POLICY_PV_MAX,
                                    POLICY_HVM_MAX };
    const struct cpu_policy *p;
    u32 words[FEATURE_WORDS];
    long rc = 0;

    if (index >= ARRAY_SIZE(policy_of))
        return reject(-EINVAL, "feature set %u is unknown", index);
    p = cpu_policy_system(policy_of[index_clamp(index, ARRAY_SIZE(policy_of))]);
    if (!p)
        return refuse_quietly(-EOPNOTSUPP); /* HVM: tools ask and go on */
    if (gva_null(features)) {
        *nr = FEATURE_WORDS;
        return 0;
    }
    for (unsigned w = 0; w < FEATURE_WORDS; w++)
        words[w] = cpu_policy_word(p, w);
    if (*nr < FEATURE_WORDS)
        rc = reject(-ENOBUFS, "room for %u feature words, %u exist", *nr, FEATURE_WORDS);
    *nr = min(*nr, FEATURE_WORDS);
    if (copy_to_guest(features, words, *nr * sizeof(words[0])))
        return reject(-EFAULT, "array of feature words at %#lx is not writable", features.va);
    return rc;
}
