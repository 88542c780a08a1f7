/*
 * Properties of a domain: memory limit, identity, what of the machine it may touch.
 *
 * Rights (memory, ports, interrupts) are range sets that are read without a lock while the domain runs, or domain 0 on
 * its behalf; they are changed only while both are paused. Domain 0 can pass on only rights it has itself, so Serai's
 * own ports and pages stay Serai's.
 */
#include "arch/arch.h"
#include "core/ctl/ctl.h"
#include "core/domain.h"
#include "core/event.h"
#include "core/reject.h"
#include "core/sched.h"
#include "core/vcpu.h"
#include "lib/rangeset.h"
#include "lib/string.h"

#define IO_PORTS 0x10000u

/* ---- memory, identity ---- */

long domctl_max_mem(struct domain *d, struct xen_domctl *op, bool *copyback __unused)
{
    /* Below what it has is fine: it gets no more until it has given some back. */
    spin_lock(&d->page_lock);
    d->max_pages = op->u.max_mem.max_memkb >> (PAGE_SHIFT - 10);
    spin_unlock(&d->page_lock);
    return 0;
}

long domctl_handle(struct domain *d, struct xen_domctl *op, bool *copyback __unused)
{
    spin_lock(&d->lock);
    memcpy(d->handle, op->u.setdomainhandle.handle, sizeof(d->handle));
    spin_unlock(&d->lock);
    return 0;
}

long domctl_time_offset(struct domain *d, struct xen_domctl *op, bool *copyback __unused)
{
    s64 seconds = op->u.settimeoffset.time_offset_seconds;

    if (seconds != (s32)seconds)
        return reject(-EINVAL, "time offset of %ld s", (long)seconds);
    d->time_offset = (s32)seconds;
    machine_wallclock_publish(d);
    return 0;
}

long domctl_set_width(struct domain *d, struct xen_domctl *op, bool *copyback __unused)
{
    u32 bits = op->u.address_size.size;

    if (bits == 64)
        return 0;
    return bits == 32 ? reject(-EOPNOTSUPP, "domain %u: 32-bit guests are not supported, use a 64-bit kernel", d->id) :
                        reject(-EINVAL, "guest of %u bits", bits);
}

long domctl_get_width(struct domain *d __unused, struct xen_domctl *op, bool *copyback)
{
    op->u.address_size.size = 64;
    *copyback = true;
    return 0;
}

/* ---- rights ---- */

static long change_rights(struct domain *d, struct rangeset *set, const struct rangeset *mine, u64 first, u64 last,
                          bool allow)
{
    long rc;

    if (!rangeset_contains(mine, first, last))
        return reject(-EPERM, "%#lx to %#lx is not domain 0's to give or take", (unsigned long)first,
                      (unsigned long)last);
    domain_pause(current->domain);      /* its other vcpus */
    domain_pause(d);
    spin_lock(&d->lock);
    rc = allow ? rangeset_add(set, first, last) : rangeset_remove(set, first, last);
    spin_unlock(&d->lock);
    domain_unpause(d);
    domain_unpause(current->domain);
    return rc;
}

long domctl_irq(struct domain *d, struct xen_domctl *op, bool *copyback __unused)
{
    const struct xen_domctl_irq_permission *p = &op->u.irq_permission;

    return change_rights(d, d->irqs, current->domain->irqs, p->pirq, p->pirq, p->allow_access);
}

long domctl_iomem(struct domain *d, struct xen_domctl *op, bool *copyback __unused)
{
    const struct xen_domctl_iomem_permission *p = &op->u.iomem_permission;
    u64 last = p->first_mfn + p->nr_mfns - 1;

    if (!p->nr_mfns || last < p->first_mfn)
        return reject(-EINVAL, "%lu frames from %#lx", (unsigned long)p->nr_mfns, (unsigned long)p->first_mfn);
    return change_rights(d, d->iomem, current->domain->iomem, p->first_mfn, last, p->allow_access);
}

long domctl_ioport(struct domain *d, struct xen_domctl *op, bool *copyback __unused)
{
    const struct xen_domctl_ioport_permission *p = &op->u.ioport_permission;

    if (p->first_port >= IO_PORTS || p->nr_ports > IO_PORTS - p->first_port)
        return reject(-EINVAL, "%u ports from %#x", p->nr_ports, p->first_port);
    if (!p->nr_ports)
        return 0;
    return change_rights(d, d->ioports, current->domain->ioports, p->first_port, p->first_port + p->nr_ports - 1,
                         p->allow_access);
}

/* ---- nodes, events, scheduling ---- */

long domctl_set_nodes(struct domain *d, struct xen_domctl *op, bool *copyback __unused)
{
    u64 nodes;
    long rc = bitmap_get(&op->u.nodeaffinity.nodemap, &nodes);

    if (rc)
        return rc;
    if (!(nodes & 1))
        return reject(-EINVAL, "nodes %#lx: there is only node 0", (unsigned long)nodes);
    d->affinity_nodes = 1;
    return 0;
}

long domctl_get_nodes(struct domain *d, struct xen_domctl *op, bool *copyback __unused)
{
    return bitmap_put(&op->u.nodeaffinity.nodemap, d->affinity_nodes);
}

long domctl_virq_handler(struct domain *d, struct xen_domctl *op, bool *copyback __unused)
{
    return virq_set_handler(d, op->u.set_virq_handler.virq);
}

long domctl_sched(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    *copyback = true;
    return sched_domctl(d, &op->u.scheduler_op);
}

/* Old kernels have a page for the hypercall instruction; it is the guest's, we only write it. */
long domctl_hypercall_page(struct domain *d, struct xen_domctl *op, bool *copyback __unused)
{
    mfn_t mfn = op->u.hypercall_init.gmfn;

    if (!frame_get_writable(mfn, d))
        return reject(-EACCES, "frame %#lx is not domain %u's, or a page table", (unsigned long)mfn, d->id);
    arch_hypercall_page(mfn_to_virt(mfn));
    frame_put_writable(mfn);
    return 0;
}

/* As on a machine that cannot do it: tools know a word for that. */
long domctl_psr(struct domain *d __unused, struct xen_domctl *op, bool *copyback __unused)
{
    return reject(-ENODEV, "domctl %u: caches are not partitioned", op->cmd);
}
