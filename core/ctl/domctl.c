/*
 * domctl: entry, rights, dispatch.
 *
 * Tools are built against one version of these structures and break silently with another, so the version is
 * checked before anything else is believed. One operation runs at a time: another CPU's caller does not wait for it
 * but issues its call again, so that a long operation here stalls nobody.
 *
 * Operations that the interface has and Serai has not are named below with the reason; tools print only the error
 * number, the reason is in the caller's refusal ring.
 */
#include "arch/arch.h"
#include "core/ctl/ctl.h"
#include "core/domain.h"
#include "core/hypercall.h"
#include "core/perfc.h"
#include "core/reject.h"
#include "core/vcpu.h"
#include "lib/clamp.h"

static struct spinlock ctl_lock = SPINLOCK(ctl);

bool ctl_trylock(void) { return spin_trylock(&ctl_lock); }
void ctl_unlock(void) { spin_unlock(&ctl_lock); }

long ctl_check(const char *what, u32 version, u32 ours)
{
    if (!current->domain->privileged)
        return reject(-EPERM, "%s is for domain 0", what);
    if (version != ours)
        return reject(-EACCES, "%s interface version %#x, this is %#x: tools and hypervisor do not match", what,
                      version, ours);
    return 0;
}

long ctl_absent(const struct absent *list, unsigned n, const char *what, u32 cmd)
{
    for (unsigned i = 0; i < n; i++)
        if (list[i].cmd == cmd)
            return reject(-EOPNOTSUPP, "%s %u: %s", what, cmd, list[i].why);
    return reject(-ENOSYS, "%s %u does not exist", what, cmd);
}

struct vcpu *ctl_vcpu(struct domain *d, u32 id, long *err)
{
    struct vcpu *v = id < d->max_vcpus ? d->vcpu[index_clamp(id, d->max_vcpus)] : NULL;

    if (!v)
        *err = id < d->max_vcpus ? reject(-ESRCH, "vcpu %u of domain %u was not created", id, d->id) :
                                   reject(-EINVAL, "vcpu %u of domain %u, which has %u", id, d->id, d->max_vcpus);
    return v;
}

static domctl_fn *const handlers[] = {
#define DOMCTL(name, fn) [XEN_DOMCTL_##name] = fn,
#include "core/ctl/domctl.def"
#undef DOMCTL
};

static const struct absent absent[] = {
    { XEN_DOMCTL_setdebugging, "no debugger can be attached" },
    { XEN_DOMCTL_debug_op, "no debugger can be attached" },
    { XEN_DOMCTL_gdbsx_guestmemio, "no debugger can be attached" },
    { XEN_DOMCTL_gdbsx_pausevcpu, "no debugger can be attached" },
    { XEN_DOMCTL_gdbsx_unpausevcpu, "no debugger can be attached" },
    { XEN_DOMCTL_gdbsx_domstatus, "no debugger can be attached" },
    { XEN_DOMCTL_gethvmcontext, "there are no HVM guests" },
    { XEN_DOMCTL_sethvmcontext, "there are no HVM guests" },
    { XEN_DOMCTL_gethvmcontext_partial, "there are no HVM guests" },
    { XEN_DOMCTL_memory_mapping, "for translated guests; a PV guest maps frames that iomem_permission allows" },
    { XEN_DOMCTL_ioport_mapping, "for HVM guests; a PV guest uses ports that ioport_permission allows" },
    { XEN_DOMCTL_bind_pt_irq, "for HVM guests; a PV guest binds interrupts that irq_permission allows" },
    { XEN_DOMCTL_unbind_pt_irq, "for HVM guests; a PV guest binds interrupts that irq_permission allows" },
    { XEN_DOMCTL_assign_device, "there is no IOMMU support" },
    { XEN_DOMCTL_test_assign_device, "there is no IOMMU support" },
    { XEN_DOMCTL_deassign_device, "there is no IOMMU support" },
    { XEN_DOMCTL_get_device_group, "there is no IOMMU support" },
    { XEN_DOMCTL_set_target, "device models are for HVM guests" },
    { XEN_DOMCTL_vm_event_op, "there is no introspection" },
    { XEN_DOMCTL_monitor_op, "there is no introspection" },
    { XEN_DOMCTL_set_access_required, "there is no introspection" },
    { XEN_DOMCTL_mem_sharing_op, "memory is not shared between guests" },
    { XEN_DOMCTL_audit_p2m, "a PV guest keeps its own map" },
    { XEN_DOMCTL_set_broken_page_p2m, "a PV guest keeps its own map" },
    { XEN_DOMCTL_cacheflush, "caches are coherent on this machine" },
    { XEN_DOMCTL_setvnumainfo, "guests see one node" },
    { XEN_DOMCTL_soft_reset, "there is no soft reset: destroy and create" },
    { XEN_DOMCTL_vuart_op, "there is no virtual UART" },
    { XEN_DOMCTL_vmtrace_op, "there is no VM tracing" },
    { XEN_DOMCTL_get_paging_mempool_size, "guests' page tables are their own memory: there is no pool" },
    { XEN_DOMCTL_set_paging_mempool_size, "guests' page tables are their own memory: there is no pool" },
};

static long dispatch(struct xen_domctl *op, bool *copyback)
{
    domctl_fn *fn = op->cmd < ARRAY_SIZE(handlers) ? handlers[index_clamp(op->cmd, ARRAY_SIZE(handlers))] : NULL;
    struct domain *d = NULL;
    long rc = 0;

    if (op->cmd != XEN_DOMCTL_createdomain && op->cmd != XEN_DOMCTL_getdomaininfo) {
        d = domain_get_target(op->domain, &rc);
        if (!d)
            return rc;
    }
    if (fn)
        rc = fn(d, op, copyback);
    else {
        rc = arch_domctl(d, op, copyback);
        if (rc == -ENOSYS)
            rc = ctl_absent(absent, ARRAY_SIZE(absent), "domctl", op->cmd);
    }
    if (d)
        domain_put(d);
    return rc;
}

long do_domctl(u64 arg)
{
    struct xen_domctl op;
    bool copyback = false;
    long rc;

    if (copy_from_guest(&op, GVA(arg), sizeof(op)))
        return reject(-EFAULT, "domctl cannot be read");
    rc = ctl_check("domctl", op.interface_version, XEN_DOMCTL_INTERFACE_VERSION);
    if (rc)
        return rc;
    if (!ctl_trylock())
        return hypercall_continue(__HYPERVISOR_domctl, 1, arg);
    perfc_incr(domctls);
    rc = dispatch(&op, &copyback);
    ctl_unlock();
    if (copyback && copy_to_guest(GVA(arg), &op, sizeof(op)))
        return reject(-EFAULT, "domctl %u cannot be answered", op.cmd);
    return rc == -ERESTART ? hypercall_continue(__HYPERVISOR_domctl, 1, arg) : rc;
}
