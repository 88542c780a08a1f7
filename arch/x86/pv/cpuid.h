/* What CPUID shows to guests, and the policies tools read and set. Theory in cpuid.c. */
#pragma once
#include "abi/xen.h"
#include "core/guest.h"
#include "lib/types.h"

struct domain;
struct vcpu;

/* Largest serialised policy: 14 basic leaves, their subleaves, 2 hypervisor leaves, 34 extended ones. */
#define POLICY_MAX_LEAVES 0x78u
#define POLICY_NR_MSRS 2u
#define FEATURE_WORDS 19u       /* public header arch-x86/cpufeatureset.h: words 0..18 */

struct cpu_policy {
    u32 nr;
    xen_cpuid_leaf_t leaf[POLICY_MAX_LEAVES];
    u64 platform_info, arch_caps; /* MSRs 0xce, 0x10a */
};

/* Numbers of XEN_SYSCTL_get_cpu_policy. */
enum policy_index { POLICY_RAW, POLICY_HOST, POLICY_PV_MAX, POLICY_HVM_MAX, POLICY_PV_DEFAULT, POLICY_HVM_DEFAULT };

/* Once at boot, after features_detect(). */
void cpuid_init(void);

/* out: a, b, c, d as guest v sees them. v is current, or not running. */
void cpuid_guest(struct vcpu *v, u32 leaf, u32 subleaf, u32 out[4]);

/* d->arch.policy: a copy of the default (dom0: the maximum). -ENOMEM. */
long cpu_policy_domain_init(struct domain *d);
void cpu_policy_domain_destroy(struct domain *d);

/* One of the system's policies; NULL for HVM ones and unknown numbers. */
const struct cpu_policy *cpu_policy_system(u32 index);
/* Entry of leaf and subleaf (XEN_CPUID_NO_SUBLEAF where it has none), NULL: not in the policy. */
xen_cpuid_leaf_t *cpu_policy_find(struct cpu_policy *p, u32 leaf, u32 subleaf);
/* Feature word `w` of a policy. */
u32 cpu_policy_word(const struct cpu_policy *p, unsigned w);
/* Test a XEN_X86_FEATURE_* of d's policy. */
bool cpu_policy_has(const struct cpu_policy *p, unsigned feature);
/* Make p what a PV guest can have: features of `limit` at most, everything else made consistent. */
void cpu_policy_limit(struct cpu_policy *p, const struct cpu_policy *limit);

/*
 * Serialise p. Null handles: *nr_leaves and *nr_msrs become the largest sizes possible; else they are capacities and
 * become the numbers written. -ENOBUFS, -EFAULT.
 */
long cpu_policy_get(const struct cpu_policy *p, gva_t leaves, u32 *nr_leaves, gva_t msrs, u32 *nr_msrs);
/*
 * Give d (which has not run) a policy from arrays in current's memory; features beyond the PV maximum are dropped.
 * -E2BIG, -EFAULT, -ERANGE (leaf or MSR we do not know), -EINVAL (incompatible), with the culprit in *err_*, which
 * stay untouched otherwise.
 */
long cpu_policy_set(struct domain *d, gva_t leaves, u32 nr_leaves, gva_t msrs, u32 nr_msrs, u32 *err_leaf,
                    u32 *err_subleaf, u32 *err_msr);
/* XEN_SYSCTL_get_cpu_featureset by its own numbers (hvm ones: -EOPNOTSUPP, unknown: -EINVAL); *nr as above. */
long cpu_featureset_get(u32 index, gva_t features, u32 *nr);
