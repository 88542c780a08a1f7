/*
 * Affinity: hard is where a vcpu may run, soft is where it should. Masks over CPUs that do not exist are kept, so that
 * tools read back what they wrote. Invariant: allowed_cpus() is never empty, because set_affinity() refuses a hard
 * mask without an online CPU and CPUs do not go away. Masks change under the lock of the vcpu's run queue, where a
 * waiting vcpu's place is checked again.
 */
#include "core/sched_internal.h"
#include "core/reject.h"

u64 allowed_cpus(const struct vcpu *v)
{
    s32 pinned = READ_ONCE(v->sched->pinned);

    return pinned >= 0 ? BIT(pinned) : READ_ONCE(v->hard_affinity) & cpus_online;
}

u64 preferred_cpus(const struct vcpu *v)
{
    u64 allowed = allowed_cpus(v), soft = allowed & READ_ONCE(v->soft_affinity);

    return soft ? soft : allowed;
}

/* Masks of v changed (queue locked, unlocks it): move it if it must not be where it is. */
static void apply(struct vcpu *v, struct runq *rq)
{
    if (allowed_cpus(v) & BIT(runq_cpu(rq))) {
        if (pq_queued(&v->sched->node)) /* it may go where it might not before */
            runq_offer(rq, v->sched, now_ns());
        spin_unlock(&rq->lock);
        return;
    }
    if (pq_queued(&v->sched->node)) {
        vcpu_relocate(v, rq);
        return;
    }
    if (v->running) /* schedule() sees that it may not stay */
        cpu_raise(runq_cpu(rq), PENDING_SCHED);
    spin_unlock(&rq->lock);
}

long sched_set_affinity(struct vcpu *v, u64 hard, u64 soft)
{
    struct runq *rq;

    if (!(hard & cpus_online))
        return reject(-EINVAL, "hard affinity %#lx has no CPU that is online (%#lx)", (unsigned long)hard,
                      (unsigned long)cpus_online);
    rq = runq_lock(v);
    WRITE_ONCE(v->hard_affinity, hard);
    WRITE_ONCE(v->soft_affinity, soft);
    apply(v, rq);
    return 0;
}

long sched_pin_override(struct vcpu *v, s32 cpu)
{
    bool have = v->sched->pinned >= 0;

    if (!v->domain->privileged)
        return reject(-EPERM, "only domain 0 may override its affinity");
    if (cpu < 0 && !have)
        return reject(-EINVAL, "vcpu %u has no affinity override to undo", v->id);
    if (cpu >= 0 && (cpu >= MAX_CPUS || !(cpus_online & BIT(cpu))))
        return reject(-EINVAL, "CPU %d is not online", cpu);
    if (cpu >= 0 && have)
        return reject(-EBUSY, "vcpu %u is pinned to CPU %d already", v->id, v->sched->pinned);
    struct runq *rq = runq_lock(v);
    WRITE_ONCE(v->sched->pinned, cpu < 0 ? -1 : cpu);
    apply(v, rq);
    return 0;
}
