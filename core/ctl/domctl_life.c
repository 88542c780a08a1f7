/*
 * Birth, pauses and end of a domain, as tools ask for them.
 *
 * A domain is born paused by its builder (ctl_paused = 1) and the tool that built it unpauses it. Tools' pauses are
 * counted apart from Serai's own, so that no tool can unpause what it did not pause.
 */
#include "core/cpupool.h"
#include "core/ctl/ctl.h"
#include "core/domain.h"
#include "core/options.h"
#include "core/reject.h"
#include "core/vcpu.h"
#include "lib/string.h"

#define MAX_CTL_PAUSES 255
#define FLAGS_TAKEN (XEN_DOMCTL_CDF_oos_off | XEN_DOMCTL_CDF_xs_domain)
#define GRANT_VERSION_MAX 2

static long not_self(const struct domain *d, const char *what)
{
    return d == current->domain ? reject(-EINVAL, "a domain cannot %s itself", what) : 0;
}

/* ---- birth ---- */

static long check_config(const struct xen_domctl_createdomain *c)
{
    if (c->flags & (XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap))
        return reject(-EOPNOTSUPP,
                      "HVM and PVH guests need hardware virtualization; Serai runs PV guests (type=\"pv\")");
    if (c->flags & XEN_DOMCTL_CDF_iommu)
        return reject(-EOPNOTSUPP, "there is no IOMMU support, so no device pass-through");
    if (c->flags & ~FLAGS_TAKEN)
        return reject(-EINVAL, "createdomain flags %#x, of which %#x are not supported", c->flags,
                      c->flags & ~FLAGS_TAKEN);
    if (c->iommu_opts || c->vmtrace_size || c->arch.emulation_flags)
        return reject(-EINVAL, "createdomain with IOMMU options %#x, trace buffer of %u, emulated devices %#x",
                      c->iommu_opts, c->vmtrace_size, c->arch.emulation_flags);
    if (!cpupool_get(c->cpupool_id) || !cpupool_get(c->cpupool_id)->cpus)
        return reject(-ENOENT, "CPU pool %u does not exist, or has no CPU", c->cpupool_id);
    if (!c->grant_opts || c->grant_opts > GRANT_VERSION_MAX)    /* no options but the version */
        return reject(-EINVAL, "grant options %#x: versions 1 to %u", c->grant_opts, GRANT_VERSION_MAX);
    s64 frames = READ_ONCE(opt.gnttab_max_frames), tracks = READ_ONCE(opt.gnttab_max_maptrack_frames);
    if (c->max_grant_frames > frames || c->max_maptrack_frames > tracks)
        return reject(-EINVAL, "%d grant frames, %d maptrack frames: the limits are gnttab_max_frames=%ld, "
                      "gnttab_max_maptrack_frames=%ld", c->max_grant_frames, c->max_maptrack_frames, (long)frames,
                      (long)tracks);
    return 0;
}

long domctl_create(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    struct xen_domctl_createdomain *c = &op->u.createdomain;
    domid_t id = op->domain > 0 && op->domain < DOMID_FIRST_RESERVED ? op->domain : DOMID_INVALID;
    struct domain_config cfg = {
        .max_vcpus = c->max_vcpus,
        .flags = c->flags | XEN_DOMCTL_CDF_oos_off,
        .max_evtchn_port = c->max_evtchn_port,
        /* Negative: the tools leave it to us. */
        .max_grant_frames = c->max_grant_frames < 0 ? READ_ONCE(opt.gnttab_max_frames) : (u32)c->max_grant_frames,
        .max_maptrack_frames = c->max_maptrack_frames < 0 ? READ_ONCE(opt.gnttab_max_maptrack_frames) :
                                                            (u32)c->max_maptrack_frames,
        .grant_max_version = c->grant_opts,
        .ssidref = c->ssidref,
    };
    long rc = check_config(c);

    if (rc)
        return rc;
    memcpy(cfg.handle, c->handle, sizeof(cfg.handle));
    d = domain_create(id, &cfg, &rc);
    if (!d)
        return rc;
    (void)cpupool_move(d, c->cpupool_id); /* which check_config() has seen */
    op->domain = d->id;
    c->flags = cfg.flags;
    *copyback = true;
    return 0;
}

long domctl_max_vcpus(struct domain *d, struct xen_domctl *op, bool *copyback __unused)
{
    u32 n = op->u.max_vcpus.max;
    long rc = not_self(d, "create vcpus for");

    if (rc)
        return rc;
    if (READ_ONCE(d->dying) != DOMDYING_alive)
        return reject(-EINVAL, "domain %u is being destroyed", d->id);
    if (n != d->max_vcpus)
        return reject(-EINVAL, "%u vcpus for domain %u, which was created for %u", n, d->id, d->max_vcpus);
    for (u32 i = 0; i < n && !rc; i++)
        if (!d->vcpu[i] && !vcpu_create(d, i, &rc))
            return rc;
    return 0;
}

/* ---- pauses ---- */

long domctl_pause(struct domain *d, struct xen_domctl *op __unused, bool *copyback __unused)
{
    bool ok;

    if (d == current->domain)
        return not_self(d, "pause");
    spin_lock(&d->lock);
    ok = d->ctl_paused < MAX_CTL_PAUSES;
    d->ctl_paused += ok;
    spin_unlock(&d->lock);
    if (!ok)
        return reject(-EOVERFLOW, "domain %u is paused %u times already", d->id, MAX_CTL_PAUSES);
    domain_pause(d);
    return 0;
}

long domctl_unpause(struct domain *d, struct xen_domctl *op __unused, bool *copyback __unused)
{
    bool ok;

    spin_lock(&d->lock);
    ok = d->ctl_paused > 0;
    d->ctl_paused -= ok;
    spin_unlock(&d->lock);
    if (!ok)
        return reject(-EINVAL, "domain %u is not paused", d->id);
    domain_unpause(d);
    return 0;
}

long domctl_resume(struct domain *d, struct xen_domctl *op __unused, bool *copyback __unused)
{
    long rc = not_self(d, "resume");

    if (!rc)
        domain_resume(d);
    return rc;
}

/* A saver that waits for one domain's suspend need not look at all domains whenever one stops. */
long domctl_subscribe(struct domain *d, struct xen_domctl *op, bool *copyback __unused)
{
    WRITE_ONCE(d->suspend_port, op->u.subscribe.port);
    return 0;
}

/* ---- end ---- */

long domctl_destroy(struct domain *d, struct xen_domctl *op __unused, bool *copyback __unused)
{
    return domain_kill(d);
}
