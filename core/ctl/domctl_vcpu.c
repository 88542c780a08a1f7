/*
 * A domain's vcpus from outside: their first or saved context, what they do, where they may run.
 *
 * A context is read or written while the domain is paused, so it is whole. A context that takes long to load (its
 * page tables have to be validated) is put off with the domain unpaused in between, which is safe because
 * the vcpu is not initialised until the last piece; the tool's own pause keeps a restored one from running.
 */
#include "arch/arch.h"
#include "core/cpupool.h"
#include "core/ctl/ctl.h"
#include "core/domain.h"
#include "core/heap.h"
#include "core/reject.h"
#include "core/sched.h"
#include "core/vcpu.h"

/* ---- contexts ---- */

static void set_online(struct vcpu *v, bool online)
{
    if (online)
        __atomic_fetch_and(&v->pause_flags, ~VPF_DOWN, __ATOMIC_SEQ_CST);
    else
        __atomic_fetch_or(&v->pause_flags, VPF_DOWN, __ATOMIC_SEQ_CST);
}

long domctl_set_context(struct domain *d, struct xen_domctl *op, bool *copyback __unused)
{
    gva_t from = HVA(op->u.vcpucontext.ctxt);
    vcpu_guest_context_t *c;
    long rc = 0;
    struct vcpu *v = ctl_vcpu(d, op->u.vcpucontext.vcpu, &rc);

    if (!v)
        return rc;
    if (d == current->domain)
        return reject(-EINVAL, "a domain cannot replace its own context");
    if (READ_ONCE(d->dying) != DOMDYING_alive) /* it would take references that nobody drops */
        return reject(-EINVAL, "domain %u is being destroyed", d->id);
    if (gva_null(from))
        return reject(-EOPNOTSUPP, "vcpu reset by a null context");
    c = zalloc(NULL, sizeof(*c));
    if (!c)
        return refuse_quietly(-ENOMEM);
    if (copy_from_guest(c, from, sizeof(*c)))
        rc = reject(-EFAULT, "vcpu context cannot be read");
    else {
        domain_pause(d);
        rc = arch_vcpu_set_context(v, c);
        if (!rc)
            set_online(v, c->flags & VGCF_online);
        domain_unpause(d);
    }
    zfree(c);
    return rc;
}

long domctl_get_context(struct domain *d, struct xen_domctl *op, bool *copyback __unused)
{
    vcpu_guest_context_t *c;
    long rc = 0;
    struct vcpu *v = ctl_vcpu(d, op->u.vcpucontext.vcpu, &rc);

    if (!v)
        return rc;
    if (d == current->domain)
        return reject(-EINVAL, "a domain's own context is not at rest");
    if (!v->initialised)
        return reject(-ENODATA, "vcpu %u of domain %u has no context", v->id, d->id);
    c = zalloc(NULL, sizeof(*c));
    if (!c)
        return refuse_quietly(-ENOMEM);
    domain_pause(d);
    arch_vcpu_get_context(v, c);
    domain_unpause(d);
    c->flags &= ~(unsigned long)VGCF_online;
    if (!(READ_ONCE(v->pause_flags) & VPF_DOWN))
        c->flags |= VGCF_online;
    if (copy_to_guest(HVA(op->u.vcpucontext.ctxt), c, sizeof(*c)))
        rc = reject(-EFAULT, "vcpu context cannot be written");
    zfree(c);
    return rc;
}

/* ---- what they do ---- */

long domctl_vcpu_info(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    struct xen_domctl_getvcpuinfo *info = &op->u.getvcpuinfo;
    vcpu_runstate_info_t rs;
    long rc = 0;
    struct vcpu *v = ctl_vcpu(d, info->vcpu, &rc);

    if (!v)
        return rc;
    vcpu_runstate_get(v, &rs);
    info->online = !(READ_ONCE(v->pause_flags) & VPF_DOWN);
    info->blocked = !!(READ_ONCE(v->pause_flags) & VPF_BLOCKED);
    info->running = READ_ONCE(v->running);
    info->cpu_time = rs.time[RUNSTATE_running];
    info->cpu = READ_ONCE(v->processor);
    *copyback = true;
    return 0;
}

long domctl_trigger(struct domain *d, struct xen_domctl *op, bool *copyback __unused)
{
    long rc = 0;
    struct vcpu *v = ctl_vcpu(d, op->u.sendtrigger.vcpu, &rc);

    if (!v)
        return rc;
    if (op->u.sendtrigger.trigger != XEN_DOMCTL_SENDTRIGGER_NMI)
        return reject(-EOPNOTSUPP, "trigger %u: only NMIs (0) can be sent to a PV guest", op->u.sendtrigger.trigger);
    vcpu_nmi(v);
    return 0;
}

/* ---- where they may run ---- */

long domctl_set_affinity(struct domain *d, struct xen_domctl *op, bool *copyback __unused)
{
    struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
    u64 hard, soft;
    long rc = 0;
    struct vcpu *v = ctl_vcpu(d, a->vcpu, &rc);

    if (!v)
        return rc;
    if (!(a->flags & (XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT)))
        return reject(-EINVAL, "affinity flags %#x: neither hard nor soft", a->flags);
    hard = v->hard_affinity;
    soft = v->soft_affinity;
    if (a->flags & XEN_VCPUAFFINITY_HARD && (rc = bitmap_get(&a->cpumap_hard, &hard)))
        return rc;
    if (a->flags & XEN_VCPUAFFINITY_SOFT && (rc = bitmap_get(&a->cpumap_soft, &soft)))
        return rc;
    rc = sched_set_affinity(v, hard, soft);
    if (rc)
        return rc;
    /* Tell what is effective now. */
    if (a->flags & XEN_VCPUAFFINITY_HARD)
        rc = bitmap_put(&a->cpumap_hard, hard & d->pool->cpus);
    if (!rc && a->flags & XEN_VCPUAFFINITY_SOFT)
        rc = bitmap_put(&a->cpumap_soft, soft & hard & d->pool->cpus);
    return rc;
}

long domctl_get_affinity(struct domain *d, struct xen_domctl *op, bool *copyback __unused)
{
    const struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
    long rc = 0;
    struct vcpu *v = ctl_vcpu(d, a->vcpu, &rc);

    if (!v)
        return rc;
    if (!(a->flags & (XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT)))
        return reject(-EINVAL, "affinity flags %#x: neither hard nor soft", a->flags);
    if (a->flags & XEN_VCPUAFFINITY_HARD)
        rc = bitmap_put(&a->cpumap_hard, v->hard_affinity);
    if (!rc && a->flags & XEN_VCPUAFFINITY_SOFT)
        rc = bitmap_put(&a->cpumap_soft, v->soft_affinity);
    return rc;
}
