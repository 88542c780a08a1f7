/*
 * Affinity: hard is where a vcpu may run, soft is where it should, both within its domain's CPU pool. Masks over CPUs
 * that do not exist are kept, so that tools read back what they wrote. Invariant: allowed_cpus() is never empty,
 * because a pool with a domain has a CPU, and a hard mask that has none of them does not count until it has. Masks
 * change under the lock of the vcpu's run queue, where a waiting vcpu's place is checked again; for pools see
 * core/cpupool.c.
 */
#include "core/sched_internal.h"
#include "core/cpupool.h"
#include "core/reject.h"

u64 allowed_cpus(const struct vcpu *v)
{
    s32 pinned = READ_ONCE(v->sched->pinned);

    u64 pool = READ_ONCE(READ_ONCE(v->domain->pool)->cpus), hard = READ_ONCE(v->hard_affinity) & pool;

    return pinned >= 0 ? BIT(pinned) : hard ? hard : pool;
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

void sched_recheck(struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu(d, v)
        apply(v, runq_lock(v));
}

long sched_set_affinity(struct vcpu *v, u64 hard, u64 soft)
{
    u64 pool = READ_ONCE(READ_ONCE(v->domain->pool)->cpus);
    struct runq *rq;

    if (!(hard & pool))
        return reject(-EINVAL, "hard affinity %#lx has no CPU of the domain's pool (%#lx)", (unsigned long)hard,
                      (unsigned long)pool);
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
    if (cpu >= 0 && (cpu >= MAX_CPUS || !(v->domain->pool->cpus & BIT(cpu))))
        return reject(-EINVAL, "CPU %d is not online, or not in domain 0's CPU pool", cpu);
    if (cpu >= 0 && have)
        return reject(-EBUSY, "vcpu %u is pinned to CPU %d already", v->id, v->sched->pinned);
    struct runq *rq = runq_lock(v);
    WRITE_ONCE(v->sched->pinned, cpu < 0 ? -1 : cpu);
    apply(v, rq);
    return 0;
}
