/*
 * CPU pools as tools ask for them: `xl cpupool-*`, and xl create's `pool=`. What they are is in core/cpupool.c. Every
 * pool is scheduled alike, as credit2.
 */
#include "core/cpupool.h"
#include "core/ctl/ctl.h"
#include "core/domain.h"
#include "core/reject.h"
#include "core/vcpu.h"

static long create(struct xen_sysctl_cpupool_op *q)
{
    if (q->sched_id != XEN_SCHEDULER_CREDIT2)
        return reject(-EINVAL, "scheduler %u for a CPU pool; all of them answer as credit2 (%u)", q->sched_id,
                      XEN_SCHEDULER_CREDIT2);
    return cpupool_create(&q->cpupool_id);
}

/* Of the first pool at or after the one asked for: tools walk them so, until there is none. */
static long info(struct xen_sysctl_cpupool_op *q)
{
    struct cpupool *p = cpupool_next(&q->cpupool_id);

    if (!p)
        return refuse_quietly(-ENOENT);
    q->sched_id = XEN_SCHEDULER_CREDIT2;
    q->n_dom = cpupool_domains(q->cpupool_id);
    return bitmap_put(&q->cpumap, p->cpus);
}

static long move(const struct xen_sysctl_cpupool_op *q)
{
    struct domain *d = q->domid < DOMID_FIRST_RESERVED ? domain_get((domid_t)q->domid) : NULL;
    long rc;

    if (!d)
        return reject(-ESRCH, "domain %u does not exist", q->domid);
    rc = d == current->domain ? reject(-EPERM, "domain 0 stays in CPU pool 0") : cpupool_move(d, q->cpupool_id);
    domain_put(d);
    return rc;
}

long sysctl_cpupool(struct xen_sysctl *op, bool *copyback)
{
    struct xen_sysctl_cpupool_op *q = &op->u.cpupool_op;

    *copyback = true;
    switch (q->op) {
    case XEN_SYSCTL_CPUPOOL_OP_CREATE:
        return create(q);
    case XEN_SYSCTL_CPUPOOL_OP_DESTROY:
        return cpupool_destroy(q->cpupool_id);
    case XEN_SYSCTL_CPUPOOL_OP_INFO:
        return info(q);
    case XEN_SYSCTL_CPUPOOL_OP_ADDCPU:
        return cpupool_add_cpu(q->cpupool_id, q->cpu);
    case XEN_SYSCTL_CPUPOOL_OP_RMCPU:
        return cpupool_remove_cpu(q->cpupool_id, q->cpu);
    case XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN:
        return move(q);
    case XEN_SYSCTL_CPUPOOL_OP_FREEINFO:
        return bitmap_put(&q->cpumap, cpupool_free_cpus());
    default:
        return reject(-ENOSYS, "CPU pool operation %u is unknown", q->op);
    }
}
