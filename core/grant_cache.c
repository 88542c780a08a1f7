/*
 * Cache flush: a driver has written into a page what a device is to read that does not look into caches, or the other
 * way round. The page is the caller's own or one it has mapped by a grant, named by machine address.
 *
 * Serai maps all RAM cached, and caches are coherent, so that nobody else's view changes: this is for what lies behind
 * a bus. The right to do it is the right to the page. Its own is told by a reference. One that is granted has a mapping
 * record of the caller's, which holds a reference as long as it is there, so the flush happens under the caller's lock.
 *
 * A record is found by frame only by looking at all of them: a few pages of records between two chances of pre-emption.
 * How far the search came goes into the upper bits of the command (as in Xen). These come back from the guest and mean
 * only "start there": a guest that changes them does not find its own mapping.
 */
#include "core/grant_internal.h"
#include "core/frame.h"
#include "core/hypercall.h"
#include "core/reject.h"
#include "arch/arch.h"

#define PAGES_PER_LOOK 2        /* of records: some 4000 instructions */

static long check(const gnttab_cache_flush_t *op)
{
    if (op->offset >= PAGE_SIZE || op->length > PAGE_SIZE || (u32)op->offset + op->length > PAGE_SIZE)
        return reject(-EINVAL, "cache flush of %u bytes at %u crosses the page", op->length, op->offset);
    if (op->op & ~(GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_INVAL))    /* SOURCE_GREF is one: Xen does not know it either */
        return reject(-EINVAL, "cache flush with flags %#x: pages are named by address, and cleaned", op->op);
    if (op->op == GNTTAB_CACHE_INVAL)
        return reject(-EOPNOTSUPP, "no cache is invalidated without writing back: others' data may be in the line");
    return 0;
}

static void write_back(mfn_t mfn, const gnttab_cache_flush_t *op)
{
    cache_write_back((char *)mfn_to_virt(mfn) + op->offset, op->length);
}

/* Does the caller have a mapping of that frame in page `at` of its records? */
static bool page_names(const struct grant_table *t, u32 at, mfn_t mfn)
{
    const struct mapping *m = t->maptrack[index_clamp(at, t->nr_maptrack)];

    for (u32 i = 0; i < MAPPINGS_PER_PAGE; i++)
        if (m[i].mfn == mfn && (m[i].flags & MAPPING_KINDS))
            return true;
    return false;
}

/* -ERESTART: not found up to *at. */
static long flush_granted(struct domain *d, const gnttab_cache_flush_t *op, mfn_t mfn, u32 *at)
{
    struct grant_table *t = d->grant;
    bool found = false;

    spin_lock(&t->lock);
    for (u32 n = 0; n < PAGES_PER_LOOK && !found && *at < t->nr_maptrack; n++)
        found = page_names(t, (*at)++, mfn);
    if (found)
        write_back(mfn, op);
    bool more = !found && *at < t->nr_maptrack;
    spin_unlock(&t->lock);
    if (more)
        return -ERESTART;
    return found ? 0 : reject(-EINVAL, "cache flush of frame %#lx, of which domain %u has no mapping",
                              (unsigned long)mfn, d->id);
}

static long flush_one(struct domain *d, const gnttab_cache_flush_t *op, u32 *at)
{
    mfn_t mfn = op->a.dev_bus_addr >> PAGE_SHIFT;
    long err = check(op);

    if (err || !op->length || !(op->op & GNTTAB_CACHE_CLEAN))
        return err;
    if (!mfn_valid(mfn))
        return reject(-EINVAL, "cache flush of frame %#lx, which does not exist", (unsigned long)mfn);
    if (frame_get(mfn, d)) {
        write_back(mfn, op);
        frame_put(mfn);
        return 0;
    }
    if (READ_ONCE(mfn_frame(mfn)->owner) >= DOMID_FIRST_RESERVED)
        return reject(-EPERM, "cache flush of frame %#lx, which is no guest's", (unsigned long)mfn);
    return flush_granted(d, op, mfn, at);
}

/* 0 and *at = 0; -ERESTART: *at says where to go on. */
static long fetch_and_flush(gva_t ops, u64 i, u32 *at)
{
    gnttab_cache_flush_t op;
    long err;

    if (copy_elem_from_guest(&op, ops, i))
        return reject_fault(ops.va);
    do
        err = flush_one(current->domain, &op, at);
    while (err == -ERESTART && !preempt_check());
    if (!err)
        *at = 0;
    return err;
}

long grant_cache_batch(gva_t ops, u64 count, u32 *at)
{
    long err = 0;
    u64 i;

    for (i = 0; i < count; i++) {
        if (i && preempt_check())
            break;
        err = fetch_and_flush(ops, i, at);
        if (err)
            break;
    }
    return err && err != -ERESTART ? err : (long)i;
}
