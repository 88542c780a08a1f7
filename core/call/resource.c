/*
 * acquire_resource: the frames of a domain's grant table, by number, for a tool in domain 0 to map (that is how the
 * toolstack seeds the console's and the store's grants of a guest that has not started).
 *
 * Only the numbers are given; mapping them is an ordinary foreign mapping and takes its own references. Frames that do
 * not exist yet are created, which is bounded by the domain's grant limit.
 */
#include "core/call/memory.h"
#include "core/domain.h"
#include "core/grant.h"
#include "core/hypercall.h"
#include "core/reject.h"
#include "core/vcpu.h"

#define FRAMES_PER_LOOK 32
#define STATUS_RATIO 8          /* v2 grant frames (256 entries) per status frame (2048 entries) */

static u64 resource_frames(const struct domain *d, bool status)
{
    return status ? DIV_ROUND_UP(d->max_grant_frames, STATUS_RATIO) : d->max_grant_frames;
}

static long check(const xen_mem_acquire_resource_t *in)
{
    if (!current->domain->privileged)
        return reject(-EPERM, "only domain 0 acquires resources of domains");
    if (in->type != XENMEM_resource_grant_table)
        return reject(-EOPNOTSUPP, "resource type %u: only grant tables (1) can be acquired", in->type);
    if (in->id > XENMEM_resource_grant_table_id_status)
        return reject(-EINVAL, "grant table resource %u", in->id);
    if (in->pad)
        return reject(-EINVAL, "acquire_resource padding is not zero");
    return 0;
}

static long acquire(struct domain *d, const xen_mem_acquire_resource_t *in, u64 start, gva_t arg)
{
    bool status = in->id == XENMEM_resource_grant_table_id_status;

    for (u64 i = start; i < in->nr_frames; i++) {
        mfn_t mfn;
        long rc;

        if (i > start && i % FRAMES_PER_LOOK == 0 && preempt_check())
            return memory_continue(XENMEM_acquire_resource, i, arg);
        rc = grant_get_frame(d, (unsigned)(in->frame + i), status, &mfn);
        if (rc == -ERESTART)
            return memory_continue(XENMEM_acquire_resource, i, arg);
        if (rc)
            return rc;
        if (copy_elem_to_guest(HVA(in->frame_list), i, &mfn))
            return reject(-EFAULT, "frame list entry %lu cannot be written", (unsigned long)i);
    }
    return 0;
}

long memory_acquire_resource(u64 start, gva_t arg)
{
    xen_mem_acquire_resource_t in;
    struct domain *d;
    u64 have;
    long rc = 0;

    if (copy_from_guest(&in, arg, sizeof(in)))
        return reject(-EFAULT, "resource request cannot be read");
    rc = check(&in);
    if (rc)
        return rc;
    d = domain_get_target(in.domid, &rc);
    if (!d)
        return rc;
    have = resource_frames(d, in.id == XENMEM_resource_grant_table_id_status);
    if (!in.nr_frames && gva_null(HVA(in.frame_list))) {
        in.nr_frames = (u32)have;
        rc = copy_to_guest(gva_add(arg, offsetof(xen_mem_acquire_resource_t, nr_frames)), &in.nr_frames,
                           sizeof(in.nr_frames));
    } else if (in.frame > have || in.nr_frames > have - in.frame)
        rc = reject(-EINVAL, "grant frames %lu to %lu of domain %u, its limit is %lu", (unsigned long)in.frame,
                    (unsigned long)(in.frame + in.nr_frames), d->id, (unsigned long)have);
    else
        rc = acquire(d, &in, start, arg);
    domain_put(d);
    return rc;
}
