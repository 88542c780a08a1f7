/*
 * What tools see of a domain: one record, for getdomaininfo and for lists. A snapshot taken without stopping anything,
 * so its fields may be from slightly different moments.
 */
#include "arch/arch.h"
#include "core/cpupool.h"
#include "core/ctl/ctl.h"
#include "core/domain.h"
#include "core/reject.h"
#include "core/sched.h"
#include "core/vcpu.h"
#include "lib/string.h"

#define GUEST_ADDRESS_BITS 52   /* what a page table entry can hold: PV guests address machine memory */

static u32 state_flags(const struct domain *d)
{
    u32 flags = (u32)d->shutdown_code << XEN_DOMINF_shutdownshift; /* SHUTDOWN_CODE_NONE, too: tools print it */

    if (READ_ONCE(d->dying) == DOMDYING_dead)
        flags |= XEN_DOMINF_dying;
    if (d->shut_down)
        flags |= XEN_DOMINF_shutdown;
    if (d->ctl_paused)
        flags |= XEN_DOMINF_paused;
    if (d->create_flags & XEN_DOMCTL_CDF_xs_domain)
        flags |= XEN_DOMINF_xs_domain;
    return flags;
}

/* Blocked means that no vcpu that is up wants to run; running, that one does run. */
static void count_vcpus(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
    bool blocked = true;
    struct vcpu *v;

    info->max_vcpu_id = XEN_INVALID_MAX_VCPU_ID;
    for_each_vcpu(d, v) {
        vcpu_runstate_info_t rs;

        vcpu_runstate_get(v, &rs);
        info->cpu_time += rs.time[RUNSTATE_running];
        info->max_vcpu_id = v->id;
        if (READ_ONCE(v->pause_flags) & VPF_DOWN)
            continue;
        info->nr_online_vcpus++;
        if (!(READ_ONCE(v->pause_flags) & VPF_BLOCKED))
            blocked = false;
        if (READ_ONCE(v->running))
            info->flags |= XEN_DOMINF_running;
    }
    if (blocked)
        info->flags |= XEN_DOMINF_blocked;
}

void domain_info(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
    memset(info, 0, sizeof(*info));
    info->domain = d->id;
    info->flags = state_flags(d);
    count_vcpus(d, info);
    info->tot_pages = d->tot_pages;
    info->max_pages = d->max_pages;
    info->outstanding_pages = d->claim_pages;
    info->shared_info_frame = virt_to_mfn(d->shared);
    info->ssidref = d->ssidref;
    info->cpupool = cpupool_id(d);
    memcpy(info->handle, d->handle, sizeof(info->handle));
    info->gpaddr_bits = GUEST_ADDRESS_BITS;
}

struct domain *domain_next(u32 from)
{
    struct domain *d, *found = from < DOMID_FIRST_RESERVED ? domain_get((domid_t)from) : NULL;

    if (found) /* most often, in a walk: so that a walk of n does not look at n * n */
        return found;
    domain_list_lock();
    for_each_domain(d)
        if (d->id >= from && (found = domain_get(d->id)) != NULL)
            break;
    domain_list_unlock();
    return found;
}

/* Tools walk all domains with it: the answer is for the first domain at or after the one asked for. */
long domctl_info(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    if (op->domain == DOMID_SELF)
        op->domain = current->domain->id;
    d = domain_next(op->domain);
    if (!d)
        return refuse_quietly(-ESRCH);
    domain_info(d, &op->u.getdomaininfo);
    op->domain = d->id;
    domain_put(d);
    *copyback = true;
    return 0;
}
