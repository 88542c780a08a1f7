/*
 * Exchange: a guest trades frames it has for as many others with a property it needs, contiguity and an address limit
 * (its drivers' bounce buffers). Domain 0 does this hundreds of times during its start and takes "no" for an answer by
 * asking for a wider limit, so failure must be as clean as success.
 *
 * The lists are cut into chunks, the smallest piece that is whole extents on both sides. A chunk goes through
 *   prepare: allocate the new blocks, read where the guest will put them, prove that the answer can be written;
 *   steal:   take the old frames from the domain, each must be in use by nobody;
 *   commit:  give it the new ones, write their numbers, send the old ones to be scrubbed.
 * Failure before commit puts everything back.
 *
 * Invariant: a chunk is exchanged entirely or not at all, and nr_exchanged says how many input extents are.
 * Stolen frames and prepared blocks are chained through their frame records, prepared ones hold their future place in
 * the machine-to-physical table: no memory has to be allocated to do this.
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

struct exchange {
    struct domain *d;
    gva_t in_list, out_list;
    u64 in_extents, done;               /* in input extents */
    unsigned in_order, out_order, addr_bits;
    unsigned in_chunk, out_chunk;       /* extents per chunk, as orders */
};

/* ---- chains of blocks through struct frame.next ---- */

static void chain_add(u32 *head, mfn_t mfn)
{
    mfn_frame(mfn)->next = *head;
    *head = (u32)mfn;
}

static mfn_t chain_take(u32 *head)
{
    mfn_t mfn = *head;

    if (mfn) {
        *head = mfn_frame(mfn)->next;
        mfn_frame(mfn)->next = 0;
    }
    return mfn;
}

/* ---- the steps of one chunk ---- */

static void unprepare(const struct exchange *x, u32 *fresh)
{
    mfn_t mfn;

    while ((mfn = chain_take(fresh)) != 0) {
        for (u64 j = 0; j < 1UL << x->out_order; j++)
            m2p_set(mfn + j, INVALID_M2P);
        heap_free(mfn, x->out_order);
    }
}

static long prepare(const struct exchange *x, u64 first, u32 *fresh)
{
    /* Backwards, so that the chain is in list order. */
    for (u64 i = 1UL << x->out_chunk; i-- > 0;) {
        mfn_t mfn;
        u64 gfn;

        if (copy_elem_from_guest(&gfn, x->out_list, first + i) || copy_elem_to_guest(x->out_list, first + i, &gfn))
            return reject(-EFAULT, "output list entry %lu is not accessible", (unsigned long)(first + i));
        if (gfn + (1UL << x->out_order) - 1 < gfn)
            return reject(-EINVAL, "guest frame %#lx wraps around", (unsigned long)gfn);
        mfn = heap_alloc(x->out_order, x->addr_bits);
        if (mfn == MFN_NONE) /* every day at domain 0's start */
            return refuse_quietly(-ENOMEM);
        zero_for_guest(mfn, x->out_order);
        breathe(i);
        for (u64 j = 0; j < 1UL << x->out_order; j++)
            m2p_set(mfn + j, gfn + j);
        chain_add(fresh, mfn);
    }
    return 0;
}

static void unsteal(const struct exchange *x, u32 *stolen)
{
    mfn_t mfn;

    for (u64 n = 0; (mfn = chain_take(stolen)) != 0; n++) {
        if (!domain_return_page(x->d, mfn))
            heap_free_dirty(mfn);
        breathe(n);
    }
}

static long steal(const struct exchange *x, u64 first, u32 *stolen)
{
    for (u64 i = 0; i < 1UL << x->in_chunk; i++) {
        u64 mfn;

        if (copy_elem_from_guest(&mfn, x->in_list, first + i))
            return reject(-EFAULT, "input list entry %lu cannot be read", (unsigned long)(first + i));
        for (u64 j = 0; j < 1UL << x->in_order; j++) {
            if (!domain_steal_page(x->d, mfn + j))
                return reject(-EINVAL, "frame %#lx is not domain %u's, or still in use", (unsigned long)(mfn + j),
                              x->d->id);
            chain_add(stolen, mfn + j);
            breathe((i << x->in_order) + j);
        }
    }
    return 0;
}

static long commit(const struct exchange *x, u64 first, u32 *fresh, u32 *stolen)
{
    long rc = 0;
    mfn_t mfn;

    for (u64 i = first; (mfn = chain_take(fresh)) != 0; i++) {
        if (!domain_replace_pages(x->d, mfn, x->out_order)) {
            chain_add(fresh, mfn);
            unprepare(x, fresh);
            rc = reject(-EINVAL, "domain %u is being destroyed", x->d->id);
            break;
        }
        for (u64 j = 0; j < 1UL << x->out_order; j++) {
            log_dirty_wrote(mfn + j);
            breathe(j);
        }
        if (copy_elem_to_guest(x->out_list, i, &mfn))
            rc = reject(-EFAULT, "output list entry %lu cannot be written any more", (unsigned long)i);
        breathe(i);
    }
    for (u64 n = 0; (mfn = chain_take(stolen)) != 0; n++) {
        m2p_set(mfn, INVALID_M2P);
        heap_free_dirty(mfn);
        breathe(n);
    }
    return rc;
}

static long exchange_chunk(const struct exchange *x)
{
    u64 chunk = x->done >> x->in_chunk;
    u32 fresh = 0, stolen = 0;
    long rc;

    rc = prepare(x, chunk << x->out_chunk, &fresh);
    if (!rc)
        rc = steal(x, chunk << x->in_chunk, &stolen);
    if (rc) {
        unsteal(x, &stolen);
        unprepare(x, &fresh);
        return rc;
    }
    return commit(x, chunk << x->out_chunk, &fresh, &stolen);
}

/* ---- the call ---- */

static bool too_many(u64 extents, unsigned order)
{
    return extents > (~0UL >> MEMOP_EXTENT_SHIFT) >> order;
}

static long check(const xen_memory_exchange_t *in, struct exchange *x)
{
    unsigned limit = memory_max_order(current->domain);
    long err = 0;

    if (in->in.extent_order > limit || in->out.extent_order > limit)
        return reject(-EPERM, "exchange of orders %u and %u, allowed are %u", in->in.extent_order,
                      in->out.extent_order, limit);
    if (in->in.domid != in->out.domid || too_many(in->in.nr_extents, in->in.extent_order) ||
        too_many(in->out.nr_extents, in->out.extent_order) ||
        in->in.nr_extents << in->in.extent_order != in->out.nr_extents << in->out.extent_order)
        return reject(-EINVAL, "exchange of %lu extents of order %u for %lu of order %u is uneven",
                      (unsigned long)in->in.nr_extents, in->in.extent_order, (unsigned long)in->out.nr_extents,
                      in->out.extent_order);
    x->in_list = HVA(in->in.extent_start);
    x->out_list = HVA(in->out.extent_start);
    x->in_extents = in->in.nr_extents;
    x->done = in->nr_exchanged;
    x->in_order = in->in.extent_order;
    x->out_order = in->out.extent_order;
    /* Low memory is for devices: a guest without any cannot use it up. */
    x->addr_bits = current->domain->privileged ? XENMEMF_get_address_bits(in->out.mem_flags) : 0;
    x->in_chunk = x->out_order > x->in_order ? x->out_order - x->in_order : 0;
    x->out_chunk = x->in_order > x->out_order ? x->in_order - x->out_order : 0;
    if (x->done > x->in_extents || x->done & ((1UL << x->in_chunk) - 1))
        return reject(-EINVAL, "%lu of %lu extents exchanged is no place to go on", (unsigned long)x->done,
                      (unsigned long)x->in_extents);
    x->d = domain_get_target(in->in.domid, &err);
    return x->d ? 0 : err;
}

long memory_exchange(gva_t arg)
{
    gva_t done_at = gva_add(arg, offsetof(xen_memory_exchange_t, nr_exchanged));
    xen_memory_exchange_t in;
    struct exchange x;
    bool again = false;
    long rc;

    if (copy_from_guest(&in, arg, sizeof(in)))
        return reject(-EFAULT, "exchange cannot be read");
    rc = check(&in, &x);
    if (rc)
        return rc;
    while (x.done < x.in_extents && !rc && !again) {
        rc = exchange_chunk(&x);
        if (!rc) {
            perfc_add(PERFC_exchange_pages, 1UL << (x.in_chunk + x.in_order));
            x.done += 1UL << x.in_chunk;
            again = x.done < x.in_extents && preempt_check();
        }
    }
    domain_put(x.d);
    if (copy_to_guest(done_at, &x.done, sizeof(x.done)))
        return reject(-EFAULT, "nr_exchanged cannot be written");
    return again ? memory_continue(XENMEM_exchange, 0, arg) : rc;
}
