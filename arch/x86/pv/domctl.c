/*
 * The control interface's x86 part: what tools set and save of a guest's processor that core/ knows nothing of.
 *
 * State of a vcpu is read and written while its domain is paused. Images come from tools, and those of a save file from
 * anywhere, so everything is checked where it is loaded (fpu.c, cpuid.c, callback.c).
 */
#include "abi/xen.h"
#include <xen/domctl.h>
#include <xen/sysctl.h>
#include "arch/arch.h"
#include "arch/x86/asm.h"
#include "arch/x86/clock.h"
#include "arch/x86/cpu.h"
#include "arch/x86/pv/callback.h"
#include "arch/x86/pv/cpuid.h"
#include "arch/x86/pv/fpu.h"
#include "arch/x86/pv/pm.h"
#include "core/ctl/ctl.h"
#include "core/domain.h"
#include "core/heap.h"
#include "core/reject.h"
#include "core/vcpu.h"
#include "lib/string.h"

#define MAX_EXT_STATE KiB(16)   /* larger than any area of a PV guest */

/* ---- CPU policies ---- */

static long get_policy(struct domain *d, struct xen_domctl_cpu_policy *p)
{
    if (!d->arch.policy)
        return reject(-ENODATA, "domain %u has no CPU policy", d->id);
    return cpu_policy_get(d->arch.policy, HVA(p->leaves), &p->nr_leaves, HVA(p->msrs), &p->nr_msrs);
}

static long set_policy(struct domain *d, struct xen_domctl_cpu_policy *p)
{
    struct vcpu *v;

    if (d == current->domain)
        return reject(-EINVAL, "a domain cannot change its own CPU policy");
    for_each_vcpu(d, v)
        if (v->initialised)
            return reject(-EBUSY, "domain %u has a vcpu with a context: too late for a CPU policy", d->id);
    p->err_leaf = p->err_subleaf = p->err_msr = ~0u;
    return cpu_policy_set(d, HVA(p->leaves), p->nr_leaves, HVA(p->msrs), p->nr_msrs, &p->err_leaf, &p->err_subleaf,
                          &p->err_msr);
}

/* ---- state of a vcpu ---- */

static void get_ext_context(struct vcpu *v, struct xen_domctl_ext_vcpucontext *e)
{
    memset((char *)e + sizeof(e->vcpu), 0, sizeof(*e) - sizeof(e->vcpu));
    e->size = sizeof(*e);
    e->syscall32_callback_eip = v->arch.syscall32_callback;
    e->syscall32_callback_cs = v->arch.syscall32_cs;
    e->syscall32_disables_events = v->arch.syscall32_masks_events;
    e->sysenter_callback_eip = v->arch.sysenter_callback;
    e->sysenter_callback_cs = v->arch.sysenter_cs;
    e->sysenter_disables_events = v->arch.sysenter_masks_events;
}

/* Older tools send less: what follows the callbacks is about machine checks, which guests are not given. */
static long set_ext_context(struct vcpu *v, const struct xen_domctl_ext_vcpucontext *e)
{
    long rc = 0;

    if (e->size < offsetof(struct xen_domctl_ext_vcpucontext, mcg_cap) || e->size > 128)
        return reject(-EINVAL, "extended context of %u bytes", e->size);
    if (e->syscall32_callback_eip)
        rc = callback_register(v, CALLBACKTYPE_syscall32, e->syscall32_disables_events ? CALLBACKF_mask_events : 0,
                               e->syscall32_callback_eip);
    if (!rc && e->sysenter_callback_eip)
        rc = callback_register(v, CALLBACKTYPE_sysenter, e->sysenter_disables_events ? CALLBACKF_mask_events : 0,
                               e->sysenter_callback_eip);
    return rc;
}

static long get_ext_state(struct vcpu *v, struct xen_domctl_vcpuextstate *e)
{
    u32 size = fpu_ext_size(v);
    u64 mask = fpu_guest_xcr0();
    long rc = 0;
    void *buf;

    if (gva_null(HVA(e->buffer)) || (!e->size && !e->xfeature_mask)) {
        e->size = size;
        e->xfeature_mask = mask;
        return 0;
    }
    if (e->size != size || e->xfeature_mask != mask)
        return reject(-EINVAL, "room for %lu bytes of extended state %#lx, it is %u bytes of %#lx",
                      (unsigned long)e->size, (unsigned long)e->xfeature_mask, size, (unsigned long)mask);
    buf = zalloc(NULL, size);
    if (!buf)
        return refuse_quietly(-ENOMEM);
    fpu_ext_get(v, buf);
    if (copy_to_guest(HVA(e->buffer), buf, size))
        rc = reject(-EFAULT, "extended state cannot be written");
    zfree(buf);
    return rc;
}

static long set_ext_state(struct vcpu *v, const struct xen_domctl_vcpuextstate *e)
{
    long rc;
    void *buf;

    if (!e->size || e->size > MAX_EXT_STATE)
        return reject(-EINVAL, "extended state of %lu bytes", (unsigned long)e->size);
    buf = zalloc(NULL, e->size);
    if (!buf)
        return refuse_quietly(-ENOMEM);
    rc = copy_from_guest(buf, HVA(e->buffer), e->size) ? reject(-EFAULT, "extended state cannot be read") :
                                                         fpu_ext_set(v, buf, (u32)e->size);
    arch_vcpu_touched(v);
    zfree(buf);
    return rc;
}

/* Of the MSRs a guest can write, only TSC_AUX is not in its context; a zero need not be saved. */
static long get_msrs(struct vcpu *v, struct xen_domctl_vcpu_msrs *m)
{
    xen_domctl_vcpu_msr_t msr = { .index = MSR_TSC_AUX, .value = v->arch.tsc_aux };
    u32 need = msr.value != 0, room = m->msr_count;

    if (gva_null(HVA(m->msrs))) {
        m->msr_count = 1;
        return 0;
    }
    m->msr_count = need;
    if (room < need)
        return reject(-ENOBUFS, "room for %u MSRs, there is %u", room, need);
    return need && copy_to_guest(HVA(m->msrs), &msr, sizeof(msr)) ? reject(-EFAULT, "MSRs cannot be written") : 0;
}

static long set_msrs(struct vcpu *v, struct xen_domctl_vcpu_msrs *m)
{
    if (m->msr_count > 1)
        return reject(-EINVAL, "%u MSRs, a saved vcpu has at most 1", m->msr_count);
    for (u32 i = 0; i < m->msr_count; i++) {
        xen_domctl_vcpu_msr_t msr;

        if (copy_elem_from_guest(&msr, HVA(m->msrs), i))
            return reject(-EFAULT, "MSR %u cannot be read", i);
        if (msr.index != MSR_TSC_AUX || msr.reserved || msr.value != (u32)msr.value) {
            m->msr_count = i;
            return reject(-EINVAL, "MSR %#x with value %#lx cannot be restored", msr.index, (unsigned long)msr.value);
        }
        v->arch.tsc_aux = msr.value;
        arch_vcpu_touched(v);
    }
    return 0;
}

/* The vcpu is the first word of each of these blocks. */
static long vcpu_state(struct domain *d, struct xen_domctl *op)
{
    long rc = 0;
    struct vcpu *v = ctl_vcpu(d, op->u.vcpu_msrs.vcpu, &rc);

    if (!v)
        return rc;
    if (d == current->domain)
        return reject(-EINVAL, "a domain's own vcpus are not at rest");
    domain_pause(d);
    switch (op->cmd) {
    case XEN_DOMCTL_get_ext_vcpucontext: get_ext_context(v, &op->u.ext_vcpucontext); break;
    case XEN_DOMCTL_set_ext_vcpucontext: rc = set_ext_context(v, &op->u.ext_vcpucontext); break;
    case XEN_DOMCTL_getvcpuextstate: rc = get_ext_state(v, &op->u.vcpuextstate); break;
    case XEN_DOMCTL_setvcpuextstate: rc = set_ext_state(v, &op->u.vcpuextstate); break;
    case XEN_DOMCTL_get_vcpu_msrs: rc = get_msrs(v, &op->u.vcpu_msrs); break;
    case XEN_DOMCTL_set_vcpu_msrs: rc = set_msrs(v, &op->u.vcpu_msrs); break;
    }
    domain_unpause(d);
    return rc;
}
_Static_assert(offsetof(struct xen_domctl_vcpu_msrs, vcpu) == 0 &&
               offsetof(struct xen_domctl_vcpuextstate, vcpu) == 0 &&
               offsetof(struct xen_domctl_ext_vcpucontext, vcpu) == 0, "domctl.h: vcpu comes first");

/*
 * ---- TSC: guests read the real one; what is saved lets a restored guest know that it moved ----
 * Who asks for an emulated one gets the same values, one trap each; scaled to another machine's frequency they are not.
 */

static long get_tsc(struct domain *d, struct xen_domctl_tsc_info *t)
{
    t->tsc_mode = d->arch.tsc_mode;
    t->gtsc_khz = (u32)(clock_tsc_hz() / 1000);
    t->incarnation = d->arch.tsc_incarnation;
    t->pad = 0;
    t->elapsed_nsec = now_ns() - d->arch.tsc_offset_ns;
    return 0;
}

static long set_tsc(struct domain *d, const struct xen_domctl_tsc_info *t)
{
    if (t->tsc_mode >= TSC_MODES)
        return reject(-EINVAL, "TSC mode %u", t->tsc_mode);
    u32 khz = (u32)(clock_tsc_hz() / 1000), off = t->gtsc_khz > khz ? t->gtsc_khz - khz : khz - t->gtsc_khz;
    if (t->tsc_mode == TSC_EMULATED && t->gtsc_khz && off > khz / 1000)
        return reject(-EOPNOTSUPP, "domain %u: an emulated TSC of %u kHz, here it has %u", d->id, t->gtsc_khz, khz);
    d->arch.tsc_mode = t->tsc_mode;
    d->arch.tsc_incarnation = t->incarnation;
    d->arch.tsc_offset_ns = now_ns() - t->elapsed_nsec;
    return 0;
}

/* ---- dispatch ---- */

long arch_domctl(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    *copyback = true;
    switch (op->cmd) {
    case XEN_DOMCTL_get_cpu_policy:
        return get_policy(d, &op->u.cpu_policy);
    case XEN_DOMCTL_set_cpu_policy:
        return set_policy(d, &op->u.cpu_policy);
    case XEN_DOMCTL_gettscinfo:
        return get_tsc(d, &op->u.tsc_info);
    case XEN_DOMCTL_settscinfo:
        return set_tsc(d, &op->u.tsc_info);
    case XEN_DOMCTL_get_ext_vcpucontext:
    case XEN_DOMCTL_set_ext_vcpucontext:
    case XEN_DOMCTL_getvcpuextstate:
    case XEN_DOMCTL_setvcpuextstate:
    case XEN_DOMCTL_get_vcpu_msrs:
    case XEN_DOMCTL_set_vcpu_msrs:
        return vcpu_state(d, op);
    default:
        *copyback = false;
        return -ENOSYS;
    }
}

static long system_policy(struct xen_sysctl_cpu_policy *q)
{
    const struct cpu_policy *p = cpu_policy_system(q->index);

    if (q->_rsvd)
        return reject(-EINVAL, "CPU policy request with a reserved field set");
    if (!p)
        return q->index == XEN_SYSCTL_cpu_policy_hvm_max || q->index == XEN_SYSCTL_cpu_policy_hvm_default ?
            reject(-EOPNOTSUPP, "CPU policy %u: there are no HVM guests", q->index) :
            reject(-EINVAL, "CPU policy %u", q->index);
    return cpu_policy_get(p, HVA(q->leaves), &q->nr_leaves, HVA(q->msrs), &q->nr_msrs);
}

long arch_sysctl(struct xen_sysctl *op, bool *copyback)
{
    *copyback = true;
    switch (op->cmd) {
    case XEN_SYSCTL_get_cpu_levelling_caps:
        op->u.cpu_levelling_caps.caps = cpu_has.cpuid_faulting ? XEN_SYSCTL_CPU_LEVELCAP_faulting : 0;
        return 0;
    case XEN_SYSCTL_get_cpu_featureset:
        return cpu_featureset_get(op->u.cpu_featureset.index, HVA(op->u.cpu_featureset.features),
                                  &op->u.cpu_featureset.nr_features);
    case XEN_SYSCTL_get_pmstat:
        return pm_sysctl_stat(&op->u.get_pmstat);
    case XEN_SYSCTL_pm_op:
        return pm_sysctl_op(&op->u.pm_op);
    case XEN_SYSCTL_get_cpu_policy:
        return system_policy(&op->u.cpu_policy);
    default:
        *copyback = false;
        return -ENOSYS;
    }
}

void arch_physinfo(struct xen_sysctl_physinfo *info)
{
    const struct cpu_policy *host = cpu_policy_system(POLICY_HOST);

    info->cpu_khz = (u32)(clock_tsc_hz() / 1000);
    for (unsigned w = 0; host && w < ARRAY_SIZE(info->hw_cap); w++)
        info->hw_cap[w] = cpu_policy_word(host, w);
}
