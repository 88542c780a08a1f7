/*
 * How much memory a domain has: populate_physmap, increase_reservation, decrease_reservation.
 *
 * An extent is 2^order contiguous, aligned frames. The answer is the number of extents done, counted from the start of
 * the list also when the call was put off in between; a number below what was asked means that the next extent could
 * not be done, or that nothing of the request is allowed (the reason is recorded), and is no error by the interface's
 * rules: not even a request that cannot be read.
 *
 * The guest's pseudo-physical map is its own business: populate only tells the machine-to-physical table where the
 * guest says it will put the frame. Frames are named by their machine number when they are given back.
 *
 * Invariant: an extent of populate or increase is done entirely or not at all. Of an extent being given back, frames
 * before one that is not the domain's are gone; only a guest that lies loses by that.
 */
#include "core/call/memory.h"
#include "core/domain.h"
#include "core/heap.h"
#include "core/hypercall.h"
#include "core/log_dirty.h"
#include "core/mmu.h"
#include "core/perfc.h"
#include "core/reject.h"
#include "core/vcpu.h"

#define NO_NODE 0xff            /* what XENMEMF_get_node() makes of flags that name none */

/* A reservation request, checked. */
struct request {
    struct domain *d;
    gva_t list;
    u64 extents;
    unsigned order, addr_bits;
};

/* Are they still its own? Another vcpu may have given them back, and somebody else have got them. */
static void give_back(const struct request *r, mfn_t mfn)
{
    for (u64 i = 0; i < 1UL << r->order; i++) {
        if (frame_get(mfn + i, r->d)) {
            frame_release(mfn + i);
            frame_put(mfn + i);
        }
        breathe(i);
    }
}

static long populate_extent(const struct request *r, u64 i)
{
    u64 gfn, mfn;

    if (copy_elem_from_guest(&gfn, r->list, i))
        return reject(-EFAULT, "frame list entry %lu cannot be read", (unsigned long)i);
    if (gfn + (1UL << r->order) - 1 < gfn)
        return reject(-EINVAL, "guest frame %#lx wraps around", (unsigned long)gfn);
    mfn = domain_alloc_pages(r->d, r->order, r->addr_bits, gfn);
    if (mfn == MFN_NONE)
        return refuse_quietly(-ENOMEM); /* domain_alloc_pages() said why */
    for (u64 j = 0; j < 1UL << r->order; j++) {
        log_dirty_wrote(mfn + j);
        breathe(j);
    }
    if (copy_elem_to_guest(r->list, i, &mfn)) {
        give_back(r, mfn);
        return reject(-EFAULT, "frame list entry %lu cannot be written", (unsigned long)i);
    }
    perfc_add(PERFC_populate_pages, 1UL << r->order);
    return 0;
}

static long increase_extent(const struct request *r, u64 i)
{
    u64 mfn = domain_alloc_pages(r->d, r->order, r->addr_bits, INVALID_M2P);

    if (mfn == MFN_NONE)
        return refuse_quietly(-ENOMEM); /* domain_alloc_pages() said why */
    if (!gva_null(r->list) && copy_elem_to_guest(r->list, i, &mfn)) {
        give_back(r, mfn);
        return reject(-EFAULT, "frame list entry %lu cannot be written", (unsigned long)i);
    }
    perfc_add(PERFC_populate_pages, 1UL << r->order);
    return 0;
}

static long decrease_extent(const struct request *r, u64 i)
{
    u64 mfn;

    if (copy_elem_from_guest(&mfn, r->list, i))
        return reject(-EFAULT, "frame list entry %lu cannot be read", (unsigned long)i);
    for (u64 j = 0; j < 1UL << r->order; j++) {
        bool released;

        if (!frame_get(mfn + j, r->d))
            return reject(-EINVAL, "frame %#lx does not belong to domain %u", (unsigned long)(mfn + j), r->d->id);
        released = frame_release(mfn + j);
        frame_put(mfn + j);
        if (!released)
            return reject(-EINVAL, "frame %#lx was given back before, or is not to be", (unsigned long)(mfn + j));
        breathe(j);
    }
    perfc_add(PERFC_decrease_pages, 1UL << r->order);
    return 0;
}

static long do_extent(unsigned op, const struct request *r, u64 i)
{
    switch (op) {
    case XENMEM_populate_physmap: return populate_extent(r, i);
    case XENMEM_increase_reservation: return increase_extent(r, i);
    default: return decrease_extent(r, i);
    }
}

/* 0 and *r with a reference to the domain, or an error. */
static long check(unsigned op, const xen_memory_reservation_t *in, struct request *r)
{
    unsigned node = XENMEMF_get_node(in->mem_flags);
    long err = 0;

    r->list = HVA(in->extent_start);
    r->extents = in->nr_extents;
    r->order = in->extent_order;
    /* Low memory is for devices: a guest without any cannot use it up (address limits of others have no effect). */
    r->addr_bits = op == XENMEM_decrease_reservation || !current->domain->privileged ?
        0 : XENMEMF_get_address_bits(in->mem_flags);
    if (r->extents > (~0UL >> MEMOP_EXTENT_SHIFT))
        return reject(-EINVAL, "%lu extents are too many", (unsigned long)r->extents);
    if (r->order > memory_max_order(current->domain))
        return reject(-EPERM, "extent order %u, allowed are %u", r->order, memory_max_order(current->domain));
    if (op == XENMEM_populate_physmap && (in->mem_flags & XENMEMF_populate_on_demand))
        return reject(-EOPNOTSUPP, "paravirtual guests cannot populate on demand");
    if ((in->mem_flags & XENMEMF_exact_node_request) && !(in->mem_flags & XENMEMF_vnode) && node && node != NO_NODE)
        return reject(-EINVAL, "memory asked from node %u only, there is only node 0", node);
    r->d = domain_get_target(in->domid, &err);
    return r->d ? 0 : err;
}

long memory_reservation(unsigned op, u64 start, gva_t arg)
{
    xen_memory_reservation_t in;
    struct request r;
    u64 i, pages = 0;

    if (copy_from_guest(&in, arg, sizeof(in))) {
        (void)reject(-EFAULT, "reservation cannot be read");
        return (long)start;
    }
    if (check(op, &in, &r))
        return (long)start;
    for (i = start; i < r.extents; i++) {
        if (pages >= PAGES_PER_LOOK) {
            pages = 0;
            if (preempt_check()) {
                domain_put(r.d);
                return memory_continue(op, i, arg);
            }
        }
        if (do_extent(op, &r, i))
            break;
        pages += 1UL << r.order;
    }
    domain_put(r.d);
    return (long)i;
}
