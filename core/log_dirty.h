/*
 * Which pages of a domain were written since somebody last asked: what live migration sends again. Theory in
 * core/log_dirty.c; the tables the domain runs on meanwhile in core/shadow.c.
 */
#pragma once
#include "lib/types.h"
#include "core/domain.h"

struct vcpu;
struct xen_domctl_shadow_op;

/* How many domains are logged; while none is, this word is all that writers look at. */
extern u32 log_dirty_domains;

/* Serai, or another domain through it, wrote to this frame or may have: note it if its owner is logged. No locks. */
void log_dirty_note(mfn_t mfn);
static inline void log_dirty_wrote(mfn_t mfn)
{
    if (unlikely(READ_ONCE(log_dirty_domains)))
        log_dirty_note(mfn);
}

/*
 * XEN_DOMCTL_shadow_op, the parts that exist (public header domctl.h). Caller holds the ctl lock and a reference.
 * -ERESTART: call again, with *op as it is now. -EINVAL: wrong state; -ENOMEM; -EFAULT.
 */
long log_dirty_enable(struct domain *d);
long log_dirty_disable(struct domain *d);
long log_dirty_report(struct domain *d, struct xen_domctl_shadow_op *op, bool clean);

/* The end of a domain: 0 or -ERESTART. Its vcpus are paused for ever. */
long log_dirty_relinquish(struct domain *d);
/* Nobody knows d any more: free what log_dirty_relinquish() leaves. */
void log_dirty_destroy(struct domain *d);

/* The table that the hardware is to use where d's vcpu loads `l4`: its shadow, or itself. Takes: leaf. */
mfn_t log_shadow_base(struct domain *d, mfn_t l4);
static inline mfn_t log_dirty_base(struct domain *d, mfn_t l4)
{
    return likely(!d->logging) || !l4 ? l4 : log_shadow_base(d, l4);
}

/* Do d's vcpus run on shadows? Then each of their page faults is to be looked at by log_dirty_fault(). */
bool log_shadows_shown(const struct domain *d);
static inline bool log_dirty_shown(const struct domain *d)
{
    return unlikely(READ_ONCE(d->logging)) && log_shadows_shown(d);
}

/*
 * A page fault at `va`, not in Serai's part, by v's guest or by Serai on its behalf; v is current. True: it came from
 * logging, and what faulted is to be done again. Takes: leaf.
 */
#define FAULT_PRESENT 1u        /* error code, as on the hardware */
#define FAULT_WRITE 2u
#define FAULT_USER 4u
bool log_dirty_fault(struct vcpu *v, u64 va, u32 error);

/* Auditor: every shadow says what its table says. Defects; d does not run. */
unsigned log_dirty_audit(struct domain *d);
