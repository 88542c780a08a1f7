/*
 * sysctl: what tools ask of the whole machine. Rights, version and exclusion as for domctl (core/ctl/domctl.c).
 */
#include "arch/arch.h"
#include "core/console.h"
#include "core/ctl/ctl.h"
#include "core/domain.h"
#include "core/hypercall.h"
#include "core/keys.h"
#include "core/perfc.h"
#include "core/reject.h"
#include "core/sched.h"
#include "core/trace.h"
#include "lib/clamp.h"

#define MAX_KEYS 32             /* per call; each may print a page */

static long domain_list_get(struct xen_sysctl *op, bool *copyback)
{
    struct xen_sysctl_getdomaininfolist *list = &op->u.getdomaininfolist;
    u32 from = list->first_domain, n;

    for (n = 0; n < list->max_domains; n++) {
        struct xen_domctl_getdomaininfo info;
        struct domain *d = domain_next(from);

        if (!d)
            break;
        domain_info(d, &info);
        from = d->id + 1u;
        domain_put(d);
        if (copy_elem_to_guest(HVA(list->buffer), n, &info))
            return reject(-EFAULT, "domain list entry %u cannot be written", n);
        (void)preempt_check(); /* only the interrupt window: the list cannot be put off */
    }
    list->num_domains = n;
    *copyback = true;
    return 0;
}

static long console_read(struct xen_sysctl *op, bool *copyback)
{
    long rc = console_sysctl_read(&op->u.readconsole);

    *copyback = !rc;
    return rc;
}

static long debug_keys(struct xen_sysctl *op, bool *copyback __unused)
{
    const struct xen_sysctl_debug_keys *k = &op->u.debug_keys;
    char keys[MAX_KEYS];

    if (k->nr_keys > MAX_KEYS)
        return reject(-E2BIG, "%u debug keys at once, at most %u", k->nr_keys, MAX_KEYS);
    if (copy_from_guest(keys, HVA(k->keys), k->nr_keys))
        return reject(-EFAULT, "debug keys cannot be read");
    /* Unknown letters are no error: the handler says on the console that they mean nothing. */
    for (u32 i = 0; i < k->nr_keys; i++)
        (void)key_press(keys[i]);
    return 0;
}

static long sched_id(struct xen_sysctl *op, bool *copyback)
{
    op->u.sched_id.sched_id = XEN_SCHEDULER_CREDIT2;
    *copyback = true;
    return 0;
}

static long sched_op(struct xen_sysctl *op, bool *copyback)
{
    *copyback = true;
    return sched_sysctl(&op->u.scheduler_op);
}

static long perfc(struct xen_sysctl *op, bool *copyback)
{
    *copyback = true;
    return perfc_sysctl(&op->u.perfc_op);
}

static long trace_buffers(struct xen_sysctl *op, bool *copyback)
{
    return trace_sysctl(&op->u.tbuf_op, copyback);
}

/* Tools know a word for a machine that cannot do it, and none for a hypervisor that does not. */
static long psr(struct xen_sysctl *op, bool *copyback __unused)
{
    return reject(-ENODEV, "sysctl %u: caches are not partitioned", op->cmd);
}

static sysctl_fn *const handlers[] = {
    [XEN_SYSCTL_readconsole] = console_read,
    [XEN_SYSCTL_tbuf_op] = trace_buffers,
    [XEN_SYSCTL_physinfo] = sysctl_physinfo,
    [XEN_SYSCTL_sched_id] = sched_id,
    [XEN_SYSCTL_perfc_op] = perfc,
    [XEN_SYSCTL_getdomaininfolist] = domain_list_get,
    [XEN_SYSCTL_debug_keys] = debug_keys,
    [XEN_SYSCTL_getcpuinfo] = sysctl_cpuinfo,
    [XEN_SYSCTL_availheap] = sysctl_availheap,
    [XEN_SYSCTL_cputopoinfo] = sysctl_cputopo,
    [XEN_SYSCTL_numainfo] = sysctl_numa,
    [XEN_SYSCTL_pcitopoinfo] = sysctl_pcitopo,
    [XEN_SYSCTL_cpupool_op] = sysctl_cpupool,
    [XEN_SYSCTL_scheduler_op] = sched_op,
    [XEN_SYSCTL_psr_cmt_op] = psr,
    [XEN_SYSCTL_psr_alloc] = psr,
};

static const struct absent absent[] = {
    { XEN_SYSCTL_cpu_hotplug, "CPUs cannot be taken off or on" },
    { XEN_SYSCTL_page_offline_op, "pages cannot be taken off" },
    { XEN_SYSCTL_lockprof_op, "locks are not profiled" },
    { XEN_SYSCTL_coverage_op, "this is not a coverage build" },
    { XEN_SYSCTL_livepatch_op, "there is no live patching" },
};

static long dispatch(struct xen_sysctl *op, bool *copyback)
{
    sysctl_fn *fn = op->cmd < ARRAY_SIZE(handlers) ? handlers[index_clamp(op->cmd, ARRAY_SIZE(handlers))] : NULL;
    long rc;

    if (fn)
        return fn(op, copyback);
    rc = arch_sysctl(op, copyback);
    return rc == -ENOSYS ? ctl_absent(absent, ARRAY_SIZE(absent), "sysctl", op->cmd) : rc;
}

long do_sysctl(u64 arg)
{
    struct xen_sysctl op;
    bool copyback = false;
    long rc;

    if (copy_from_guest(&op, GVA(arg), sizeof(op)))
        return reject(-EFAULT, "sysctl cannot be read");
    rc = ctl_check("sysctl", op.interface_version, XEN_SYSCTL_INTERFACE_VERSION);
    if (rc)
        return rc;
    if (!ctl_trylock())
        return hypercall_continue(__HYPERVISOR_sysctl, 1, arg);
    perfc_incr(sysctls);
    rc = dispatch(&op, &copyback);
    ctl_unlock();
    if (copyback && copy_to_guest(GVA(arg), &op, sizeof(op)))
        return reject(-EFAULT, "sysctl %u cannot be answered", op.cmd);
    return rc == -ERESTART ? hypercall_continue(__HYPERVISOR_sysctl, 1, arg) : rc;
}
