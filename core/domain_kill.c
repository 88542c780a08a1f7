/*
 * Teardown: everything a domain has is given back, in steps of bounded length.
 *
 * The order is the safety argument. Each step takes away the ability to undo an earlier one:
 *   stop       no vcpu runs any more and no timer fires; nothing below can be added by the domain itself
 *   log        the hardware has the guest's own tables again, not their shadows
 *   events     nobody sends to it, it sends to nobody; peers see their ports unbound
 *   grants     its mappings of others' frames are dropped, so their owners can go on
 *   vcpus      Serai's own references to its frames (vcpu_info, descriptor tables, base page tables) are dropped
 *   tables     page types are undone, which drops the references that page tables hold
 *   frames     its own allocations: a frame is free unless somebody else still maps it
 * Invariant: after a step is done it never has to be looked at again.
 *
 * What remains is a zombie: it owns the frames others still map, is visible to tools as dying, and ends with the last
 * of its references. VIRQ_DOM_EXC tells domain 0 when all that can be given back is, and again when it is gone.
 *
 * Pre-emption: a step returns -ERESTART after FRAMES_PER_STEP frames or when its mechanism says so; progress is in the
 * domain (kill_step, kill_vcpu, kill_cursor), so that anybody may continue.
 */
#include "core/domain.h"
#include "arch/arch.h"
#include "core/event.h"
#include "core/grant.h"
#include "core/heap.h"
#include "core/hypercall.h"
#include "core/log_dirty.h"
#include "core/mmu.h"
#include "core/reject.h"
#include "core/sched.h"
#include "core/vcpu.h"
#include "lib/print.h"

#define FRAMES_PER_STEP 64      /* some hundred instructions each */

static long kill_stop(struct domain *d)
{
    struct vcpu *v;

    spin_lock(&d->lock);
    WRITE_ONCE(d->dying, DOMDYING_dying);
    d->watchdogs_used = 0;
    spin_unlock(&d->lock);
    domain_pause(d); /* for ever */
    for (unsigned i = 0; i < NR_WATCHDOGS; i++)
        timer_stop(&d->watchdog[i]);
    for_each_vcpu(d, v) {
        timer_kill(&v->singleshot_timer);
        timer_kill(&v->periodic_timer);
        timer_kill(&v->poll_timer);
        (void)preempt_check();
    }
    sched_domain_quiesce(d);
    domain_claim(d, 0);
    return 0;
}

#ifdef SERAI_DEBUG
u32 audit_deaths = 1;
#endif

/* Debug builds recount everything while it is still there, and again when no page table should be left. */
static long kill_audit(struct domain *d)
{
#ifdef SERAI_DEBUG
    if (READ_ONCE(audit_deaths))
        audit_domain(d);
#endif
    (void)d;
    return 0;
}

/* One by one: each may be the last to use two trees, and 14 frames of descriptors. */
static long kill_vcpus(struct domain *d)
{
    address_space_leave(d);     /* idle CPUs keep the last guest's tables loaded: not while these are taken apart */
    while (d->kill_vcpu < d->max_vcpus) {
        struct vcpu *v = d->vcpu[d->kill_vcpu++];

        if (!v)
            continue;
        vcpu_quiesce(v);
        mmu_drop_bases(v);
        arch_vcpu_relinquish(v);
        if (preempt_check())
            return -ERESTART;
    }
    arch_domain_relinquish(d);
    return 0;
}

/*
 * Walk the list once. Our reference keeps the frame at the cursor on the list while the walk is interrupted, and
 * frames behind it stay only if others hold them.
 */
static long kill_frames(struct domain *d)
{
    mfn_t mfn = d->kill_cursor ? d->kill_cursor : domain_next_frame(d, 0);

    for (unsigned n = 0; mfn && n < FRAMES_PER_STEP; n++) {
        mfn_t next = domain_next_frame(d, mfn);

        frame_release(mfn);
        frame_put(mfn);
        mfn = next;
    }
    d->kill_cursor = mfn;
    return mfn ? -ERESTART : 0;
}

static long kill_done(struct domain *d)
{
    WRITE_ONCE(d->dying, DOMDYING_dead);
    virq_send_host(VIRQ_DOM_EXC);
    domain_put(d); /* its own reference, from its creation */
    return 0;
}

static long (*const steps[])(struct domain *d) = {
    kill_stop, kill_audit, log_dirty_relinquish, event_domain_close, grant_release_mappings, kill_vcpus, mmu_relinquish,
    kill_audit, kill_frames, kill_done,
};

long domain_kill(struct domain *d)
{
    if (d == domain0 || d == current->domain)
        return reject(-EINVAL, "domain %u cannot be destroyed%s", d->id, d == domain0 ? "" : " by itself");
    while (d->kill_step < ARRAY_SIZE(steps)) {
        long rc = steps[d->kill_step](d);

        if (rc)
            return rc;
        d->kill_step++;
        if (d->kill_step < ARRAY_SIZE(steps) && preempt_check())
            return -ERESTART;
    }
    return 0;
}
