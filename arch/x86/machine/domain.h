/* The machine's part of struct domain. */
#pragma once
#include "lib/types.h"

struct cpu_policy; /* arch/x86/pv/cpuid.c */

#define MAX_PIRQS 256

enum { TSC_DEFAULT, TSC_EMULATED, TSC_NATIVE, TSC_MODES };    /* domctl.h, XEN_DOMCTL_settscinfo */

struct arch_domain {
    u64 cpumask;                /* CPUs whose TLB may hold entries of this domain */
    u32 tsc_mode, tsc_incarnation;
    u64 tsc_offset_ns;
    bool m2p_strict;            /* VMASST_TYPE_m2p_strict is on or was: a table may lack the M2P */
    bool wallclock_written;     /* somebody is at it; atomic */
    u32 pci_cf8;                /* last address written to port 0xcf8 */
    u8 cmos_index;
    struct cpu_policy *policy;  /* CPUID and MSRs the guest may see */
    bool pirq_eoi_auto;         /* PHYSDEVOP_pirq_eoi_gmfn_v1 semantics */
    unsigned long *pirq_eoi_map;/* shared page: bit set = pirq needs an explicit EOI */
    mfn_t pirq_eoi_mfn;
    struct pirq *pirq;          /* [MAX_PIRQS], arch/x86/pv/pirq.c */
};
