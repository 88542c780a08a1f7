/*
 * Caps: a domain may use at most `cap` per cent of one CPU, all its vcpus together.
 *
 * The domain has a budget of CAP_PERIOD * cap / 100. Running spends it, a timer gives back what the time elapsed is
 * worth, up to one full budget. A vcpu that is to run or runs on without budget is parked (VPF_PARKED); the refill
 * that makes the budget positive wakes all of them. Overdrafts are carried over, so the long-term share is exact; the
 * window in which it may be exceeded is one chunk per vcpu.
 *
 * Invariant: while the budget is not full, the refill timer is set (or its function is about to set it). Both sides
 * write their half (budget; refilling) before they read the other's, so one of them sees the other.
 *
 * Imprecise on purpose: vcpus running at once each get an equal part of what is left, at least CAP_CHUNK_MIN.
 */
#include "core/sched_internal.h"

static s64 full_budget(const struct sched_domain *sd) { return (s64)(CAP_PERIOD * READ_ONCE(sd->cap) / 100); }
static s64 budget(const struct sched_domain *sd) { return __atomic_load_n(&sd->budget, __ATOMIC_SEQ_CST); }

static void ensure_refill(struct sched_domain *sd, ns_t now)
{
    if (__atomic_exchange_n(&sd->refilling, true, __ATOMIC_SEQ_CST))
        return;
    WRITE_ONCE(sd->refilled, now);
    timer_set(&sd->refill, now + CAP_PERIOD);
}

/*
 * There is budget again: parked vcpus wake; idle CPUs did not take those that waited without being parked yet.
 * Interrupts are answered in between: there may be 128, and other domains whose timers are due now.
 */
static void unpark_all(struct domain *d)
{
    unsigned n = 0;
    struct vcpu *v;

    for_each_vcpu(d, v) {
        sched_breathe(++n);
        if (__atomic_fetch_and(&v->pause_flags, ~VPF_PARKED, __ATOMIC_SEQ_CST) & VPF_PARKED) {
            vcpu_wake(v);
            continue;
        }
        struct runq *rq = runq_lock(v);
        if (pq_queued(&v->sched->node))
            runq_offer(rq, v->sched, now_ns());
        spin_unlock(&rq->lock);
    }
}

static void refill_fired(void *data)
{
    struct domain *d = data;
    struct sched_domain *sd = d->sched;
    ns_t now = now_ns(), elapsed = min(now - READ_ONCE(sd->refilled), 100 * CAP_PERIOD);
    s64 have = budget(sd), full = full_budget(sd), then;

    WRITE_ONCE(sd->refilled, now);
    do {
        then = min(full, have + (s64)(elapsed * READ_ONCE(sd->cap) / 100));
    } while (!__atomic_compare_exchange_n(&sd->budget, &have, then, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    __atomic_store_n(&sd->refilling, false, __ATOMIC_SEQ_CST);
    if (READ_ONCE(sd->cap) && budget(sd) < full)
        ensure_refill(sd, now);
    if (then > 0 || !READ_ONCE(sd->cap))
        unpark_all(d);
}

void cap_init(struct sched_domain *sd, struct domain *d) { timer_init(&sd->refill, refill_fired, d, smp_cpu()); }

void cap_charge(struct sched_domain *sd, ns_t ran)
{
    if (unlikely(READ_ONCE(sd->cap)))
        __atomic_fetch_sub(&sd->budget, (s64)ran, __ATOMIC_SEQ_CST);
}

bool cap_exhausted(const struct sched_domain *sd) { return unlikely(READ_ONCE(sd->cap)) && budget(sd) <= 0; }

bool cap_park(struct sched_vcpu *sv)
{
    ensure_refill(sv->sd, now_ns());
    __atomic_fetch_or(&sv->v->pause_flags, VPF_PARKED, __ATOMIC_SEQ_CST);
    if (cap_exhausted(sv->sd))
        return true;
    __atomic_fetch_and(&sv->v->pause_flags, ~VPF_PARKED, __ATOMIC_SEQ_CST);
    return false;
}

/* A vcpu of the domain begins to run. */
void cap_dispatch(struct sched_domain *sd, ns_t now)
{
    if (unlikely(READ_ONCE(sd->cap)))
        ensure_refill(sd, now);
}

ns_t cap_chunk(const struct sched_domain *sd)
{
    s64 part = budget(sd) / (s64)max(READ_ONCE(sd->running), 1U);

    return part < (s64)CAP_CHUNK_MIN ? CAP_CHUNK_MIN : (ns_t)part;
}

void cap_set(struct domain *d, struct sched_domain *sd, u32 cap)
{
    WRITE_ONCE(sd->cap, cap);
    __atomic_store_n(&sd->budget, full_budget(sd), __ATOMIC_SEQ_CST);
    unpark_all(d);
    /* Those running now have slices without regard to the cap. */
    if (cap) {
        struct vcpu *v;
        for_each_vcpu(d, v)
            if (READ_ONCE(v->running))
                cpu_raise(READ_ONCE(v->processor), PENDING_SCHED);
    }
}
