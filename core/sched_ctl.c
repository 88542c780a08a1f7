/*
 * The scheduler as tools see it: credit2's interface (public domctl.h, sysctl.h), because weights and caps mean the
 * same here: a share relative to others', a ceiling in per cent of one CPU. Per-vcpu parameters do not exist in credit2
 * and are refused as there.
 */
#include "core/sched_internal.h"
#include "core/cpupool.h"
#include <xen/domctl.h>
#include <xen/sysctl.h>
#include "core/reject.h"
#include "lib/print.h"

/* putinfo: what says that weight or cap stays; xl sets one of them at a time. */
#define WEIGHT_LEFT 0
#define CAP_LEFT 0xffff

static void set_weight(struct sched_domain *sd, u32 weight)
{
    WRITE_ONCE(sd->weight, weight);
    WRITE_ONCE(sd->speed, ((u64)WEIGHT_DEFAULT << SPEED_SHIFT) / weight);
}

long sched_domctl(struct domain *d, struct xen_domctl_scheduler_op *op)
{
    struct sched_domain *sd = d->sched;
    struct xen_domctl_sched_credit2 *p = &op->u.credit2;
    struct vcpu *v;
    unsigned vcpus = 0;

    if (op->sched_id != XEN_SCHEDULER_CREDIT2)
        return reject(-EINVAL, "scheduler %u; this one answers as credit2 (%u)", op->sched_id, XEN_SCHEDULER_CREDIT2);
    switch (op->cmd) {
    case XEN_DOMCTL_SCHEDOP_getinfo:
        p->weight = (u16)sd->weight;
        p->cap = (u16)sd->cap;
        return 0;
    case XEN_DOMCTL_SCHEDOP_putinfo:
        for_each_vcpu(d, v)
            vcpus++;
        if (p->cap != CAP_LEFT && vcpus && p->cap > 100 * vcpus)
            return reject(-EINVAL, "cap %u: domain %u has %u vcpus, at most %u", p->cap, d->id, vcpus, 100 * vcpus);
        if (p->weight != WEIGHT_LEFT)
            set_weight(sd, p->weight);
        if (p->cap != CAP_LEFT)
            cap_set(d, sd, p->cap);
        return 0;
    case XEN_DOMCTL_SCHEDOP_getvcpuinfo:
    case XEN_DOMCTL_SCHEDOP_putvcpuinfo:
        return reject(-EINVAL, "credit2 has no parameters per vcpu");
    }
    return reject(-EINVAL, "scheduler operation %u", op->cmd);
}

long sched_sysctl(struct xen_sysctl_scheduler_op *op)
{
    struct cpupool *pool = cpupool_get(op->cpupool_id);
    u32 us;

    if (!pool)
        return reject(-ESRCH, "CPU pool %u does not exist", op->cpupool_id);
    if (op->sched_id != XEN_SCHEDULER_CREDIT2)
        return reject(-EINVAL, "scheduler %u; this one answers as credit2 (%u)", op->sched_id, XEN_SCHEDULER_CREDIT2);
    switch (op->cmd) {
    case XEN_SYSCTL_SCHEDOP_putinfo:
        us = op->u.sched_credit2.ratelimit_us;
        if (us && (us < XEN_SYSCTL_SCHED_RATELIMIT_MIN || us > XEN_SYSCTL_SCHED_RATELIMIT_MAX))
            return reject(-EINVAL, "rate limit %u us: 0, or %u to %u", us, XEN_SYSCTL_SCHED_RATELIMIT_MIN,
                          XEN_SYSCTL_SCHED_RATELIMIT_MAX);
        WRITE_ONCE(pool->ratelimit, us * 1000UL);
        return 0;
    case XEN_SYSCTL_SCHEDOP_getinfo:
        op->u.sched_credit2.ratelimit_us = (u32)(pool->ratelimit / 1000);
        return 0;
    }
    return reject(-EINVAL, "scheduler operation %u", op->cmd);
}

void sched_dump(void)
{
    ns_t now = now_ns();
    struct cpupool *pool;

    log_always("Scheduler: time %lu ms, idle CPUs %lx", (unsigned long)(now / MS), (unsigned long)idle_cpus);
    for (u32 id = 0; (pool = cpupool_next(&id)) != NULL; id++)
        log_always("CPU pool %u: CPUs %lx, %u domains, rate limit %lu us", id, (unsigned long)pool->cpus,
                   cpupool_domains(id), (unsigned long)pool->ratelimit / 1000);
    for (unsigned cpu = 0; cpu < nr_cpus; cpu++) {
        struct runq *rq = &runqs[cpu];
        unsigned n = 0;

        if (!rq->curr)
            continue;
        spin_lock(&rq->lock);
        log_always("CPU%u: clock %lu us, waiting %u, switches %lu, steals %lu, pre-emptions %lu", cpu,
                   (unsigned long)rq->clock / 1000, rq->waiting, (unsigned long)rq->switches, (unsigned long)rq->steals,
                   (unsigned long)rq->preempts);
        if (!vcpu_is_idle(rq->curr))
            log_always("  runs d%uv%u, vruntime %lu us, for %lu us", rq->curr->domain->id, rq->curr->id,
                       (unsigned long)rq->curr->sched->vruntime / 1000,
                       (unsigned long)(now - rq->curr->sched->dispatched) / 1000);
        for (struct pqnode *p = rq->root; p && n < 16; p = pq_next(p), n++)
            log_always("  waits d%uv%u, vruntime %lu us", node_sv(p)->v->domain->id, node_sv(p)->v->id,
                       (unsigned long)p->key / 1000);
        spin_unlock(&rq->lock);
    }
}
