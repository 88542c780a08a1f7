/*
 * Mapping and unmapping granted pages.
 *
 * A mapping is a record in the mapper's own table; its index is the handle the guest keeps. The record knows the gref,
 * the granting domain and the frame, so that unmapping believes nothing the guest says but the handle and the address,
 * and the address only if the page-table entry there still maps the frame.
 *
 * Unmapping goes in batches of UNMAP_BATCH, in two halves with one TLB flush between: first all page-table entries,
 * then all references. Between the halves a record has neither map flag and cannot be unmapped again, but its handle is
 * not free either. Only after the flush may a frame change hands and the guest be told. A mapping for host and device
 * can be undone in two calls, on two CPUs at once: the second flushes as well, since the first may still be about to.
 */
#include "core/grant_internal.h"
#include "core/frame.h"
#include "core/heap.h"
#include "core/hypercall.h"
#include "core/mmu.h"
#include "core/reject.h"
#include "arch/arch.h"
#include <machine/pte.h>

#define UNMAP_BATCH 32
#define MAP_BATCH 8             /* mappings between two chances of pre-emption */
#define RELEASE_BATCH 128

/* ---- records ---- */

static struct mapping *record(const struct grant_table *t, u32 handle)
{
    if (handle >= t->nr_maptrack * MAPPINGS_PER_PAGE)
        return NULL;
    handle = (u32)index_clamp(handle, t->nr_maptrack * MAPPINGS_PER_PAGE);
    return &t->maptrack[handle / MAPPINGS_PER_PAGE][handle % MAPPINGS_PER_PAGE];
}

/* One more page of records; the array of pages doubles when full. */
static bool grow_records(struct domain *d)
{
    struct grant_table *t = d->grant;

    if (t->nr_maptrack >= t->max_maptrack) {
        reject(-ENOSPC, "maptrack: %u grant mappings, all %u of %u frames in use", t->nr_mappings, t->nr_maptrack,
               t->max_maptrack);
        return false;
    }
    if (t->nr_maptrack == t->maptrack_room) {
        u32 room = min(max(2 * t->maptrack_room, 8u), t->max_maptrack);
        struct mapping **fresh = zalloc(d, room * sizeof(*fresh));
        if (!fresh)
            return false;
        if (t->maptrack)
            memcpy(fresh, t->maptrack, t->nr_maptrack * sizeof(*fresh));
        zfree(t->maptrack);
        t->maptrack = fresh;
        t->maptrack_room = room;
    }
    struct mapping *page = zalloc_pages(d, 0);
    if (!page)
        return false;
    u32 first = t->nr_maptrack * MAPPINGS_PER_PAGE;
    for (u32 i = 0; i < MAPPINGS_PER_PAGE - 1; i++)
        page[i].next_free = first + i + 2;
    page[MAPPINGS_PER_PAGE - 1].next_free = t->free_mapping;
    t->maptrack[t->nr_maptrack++] = page;
    t->free_mapping = first + 1;
    return true;
}

/* Take a free record; NULL with the reason recorded. */
static struct mapping *record_alloc(struct domain *d, u32 *handle)
{
    struct grant_table *t = d->grant;

    if (!t->free_mapping && !grow_records(d))
        return NULL;
    struct mapping *m = record(t, *handle = t->free_mapping - 1);
    t->free_mapping = m->next_free;
    t->nr_mappings++;
    return m;
}

static void record_free(struct grant_table *t, struct mapping *m, u32 handle)
{
    *m = (struct mapping){ .next_free = t->free_mapping };
    t->free_mapping = handle + 1;
    t->nr_mappings--;
}

/* ---- both tables ---- */

/* The mapper, and the granting domain of the element at hand; their locks are kept while that stays the same. */
struct pair {
    struct domain *ld;
    struct peer peer;
    bool locked;
};

static void pair_unlock(struct pair *p)
{
    if (p->locked)
        spin_unlock_two(&p->ld->grant->lock, &p->peer.d->grant->lock);
    p->locked = false;
}

/* False if there is no such domain; nothing is locked then. */
static bool pair_lock(struct pair *p, domid_t id)
{
    if (likely(p->locked && p->peer.d->id == id))
        return true;
    pair_unlock(p);
    if (!peer_get(&p->peer, id))
        return false;
    spin_lock_two(&p->ld->grant->lock, &p->peer.d->grant->lock);
    return p->locked = true;
}

/* ---- map ---- */

static u64 pte_flags(u32 flags)
{
    u64 pte = PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY;

    if (!(flags & GNTMAP_readonly))
        pte |= PTE_RW;
    if (flags & GNTMAP_application_map)
        pte |= PTE_USER;
    return pte | (((u64)(flags >> _GNTMAP_guest_avail0) << 9) & PTE_AVAIL);
}

/* Under both locks, the record taken. */
static s16 map_pinned(struct domain *ld, struct domain *rd, struct gnttab_map_grant_ref *op, struct mapping *m)
{
    bool write = !(op->flags & GNTMAP_readonly);
    struct grant_use use;
    s16 status = grant_pin(rd, op->ref, ld->id, write, true, &use);

    if (status)
        return status;
    if (op->flags & GNTMAP_host_map) {
        long err = mmu_grant_map(ld, op->host_addr, op->flags & GNTMAP_contains_pte, use.mfn, pte_flags(op->flags));
        if (err) {
            grant_unpin(rd, op->ref, write, use.mfn);
            return refuse_grant(GNTST_general_error, "grant %u of domain %u cannot be mapped at %lx (%ld)", op->ref,
                                rd->id, (unsigned long)op->host_addr, err);
        }
    }
    *m = (struct mapping){ .ref = op->ref, .mfn = use.mfn, .dom = rd->id,
                           .flags = MAPPING_USED | (op->flags & GNTMAP_host_map ? MAPPING_HOST : 0) |
                                    (op->flags & (MAPPING_KINDS | GNTMAP_readonly | GNTMAP_contains_pte)) };
    op->dev_bus_addr = (u64)use.mfn << PAGE_SHIFT;
    return GNTST_okay;
}

static s16 map_locked(struct domain *ld, struct domain *rd, struct gnttab_map_grant_ref *op)
{
    s16 status;
    u32 handle;
    struct mapping *m = record_alloc(ld, &handle);

    if (!m)
        return GNTST_no_space;
    status = map_pinned(ld, rd, op, m);
    if (unlikely(status)) {
        record_free(ld->grant, m, handle);
        return status;
    }
    op->handle = handle;
    domain_hold(rd); /* the mapping's own reference */
    return GNTST_okay;
}

static s16 map_one(struct gnttab_map_grant_ref *op, struct pair *pair)
{
    if (unlikely(!(op->flags & MAPPING_KINDS)))
        return refuse_grant(GNTST_bad_gntref, "grant mapping flags %x: neither for host nor for devices", op->flags);
    if (unlikely(!pair_lock(pair, op->dom)))
        return refuse_grant(GNTST_bad_domain, "grant of domain %u, which does not exist", op->dom);
    return map_locked(pair->ld, pair->peer.d, op);
}

/* Elements [i, i + *n), *n <= MAP_BATCH; fewer where they cannot be read at once. */
static int map_some(gva_t ops, u64 i, unsigned *n, struct pair *pair)
{
    struct gnttab_map_grant_ref op[MAP_BATCH];
    int err = fetch_some(op, ops, i, n, sizeof(*op));

    if (err)
        return err;
    for (unsigned k = 0; k < *n; k++)
        op[k].status = map_one(&op[k], pair);
    pair_unlock(pair);
    return copy_to_guest(gva_add(ops, i * sizeof(*op)), op, *n * sizeof(*op));
}

long grant_map_batch(gva_t ops, u64 count)
{
    struct pair pair = { .ld = current->domain };
    u64 i = 0;
    int err = 0;

    while (i < count && !err) {
        unsigned n = min(count - i, (u64)MAP_BATCH);

        if (i && preempt_check())
            break;
        err = map_some(ops, i, &n, &pair);
        i += n;
    }
    peer_drop(&pair.peer);
    return err ? err : (long)i;
}

/* ---- unmap ---- */

struct leaving {
    u32 handle, ref, mfn;
    domid_t dom;
    bool write;
    bool flush;                 /* a page-table entry was removed, perhaps by another CPU that did not flush yet */
    bool done;                  /* no map flag is left: references to drop */
};

/* unmap_and_replace has new_addr where unmap_grant_ref has dev_bus_addr, and is the same otherwise. */
_Static_assert(sizeof(gnttab_unmap_and_replace_t) == sizeof(gnttab_unmap_grant_ref_t) &&
               offsetof(gnttab_unmap_and_replace_t, new_addr) == offsetof(gnttab_unmap_grant_ref_t, dev_bus_addr) &&
               offsetof(gnttab_unmap_and_replace_t, handle) == offsetof(gnttab_unmap_grant_ref_t, handle) &&
               offsetof(gnttab_unmap_and_replace_t, status) == offsetof(gnttab_unmap_grant_ref_t, status), "as said");

/* First half, under the mapper's lock. */
static s16 unmap_begin(struct domain *ld, const gnttab_unmap_grant_ref_t *op, struct leaving *out)
{
    struct mapping *m = record(ld->grant, op->handle);
    bool host, dev;

    if (!m || !(m->flags & MAPPING_USED) || !(m->flags & MAPPING_KINDS))
        return refuse_grant(GNTST_bad_handle, "grant mapping %u does not exist", op->handle);
    host = op->host_addr && (m->flags & GNTMAP_host_map);
    dev = op->dev_bus_addr && (m->flags & GNTMAP_device_map);
    if (dev && op->dev_bus_addr != (u64)m->mfn << PAGE_SHIFT)
        return refuse_grant(GNTST_general_error, "grant mapping %u is of bus address %lx, not %lx", op->handle,
                            (unsigned long)m->mfn << PAGE_SHIFT, (unsigned long)op->dev_bus_addr);
    if (host) {
        long err = mmu_ungrant_map(ld, op->host_addr, m->flags & GNTMAP_contains_pte, m->mfn,
                                   !(m->flags & GNTMAP_readonly), 0);
        if (err)
            return refuse_grant(GNTST_general_error, "grant mapping %u is not at %lx (%ld)", op->handle,
                                (unsigned long)op->host_addr, err);
    }
    m->flags &= ~((host ? GNTMAP_host_map : 0) | (dev ? GNTMAP_device_map : 0));
    bool done = !(m->flags & MAPPING_KINDS);
    *out = (struct leaving){ .handle = op->handle, .ref = m->ref, .mfn = m->mfn, .dom = m->dom, .done = done,
                             .flush = host || (done && (m->flags & MAPPING_HOST)),
                             .write = !(m->flags & GNTMAP_readonly) };
    return GNTST_okay;
}

/* Second half, after the flush: nobody can reach the page through this mapping any more. */
static void unmap_finish(struct pair *pair, const struct leaving *l)
{
    bool found = pair_lock(pair, l->dom);

    ASSERT_ALWAYS(found);       /* the mapping has a reference on it */
    grant_unpin(pair->peer.d, l->ref, l->write, l->mfn);
    record_free(pair->ld->grant, record(pair->ld->grant, l->handle), l->handle);
    domain_put(pair->peer.d);   /* not the last one: the pair has one */
}

static void finish_all(struct pair *pair, const struct leaving *l, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (l[i].flush) {
            tlb_flush_mask(pair->ld->arch.cpumask, FLUSH_ALL);
            break;
        }
    for (unsigned i = 0; i < n; i++)
        if (l[i].done)
            unmap_finish(pair, &l[i]);
    pair_unlock(pair);
}

/* Elements [i, i + *n), *n <= UNMAP_BATCH; fewer where they cannot be read at once. */
static int unmap_some(gva_t ops, u64 i, unsigned *n, bool replace, struct pair *pair)
{
    gnttab_unmap_grant_ref_t op[UNMAP_BATCH];
    struct leaving leaving[UNMAP_BATCH];
    int err = fetch_some(op, ops, i, n, sizeof(*op));

    if (err)
        return err;
    spin_lock(&pair->ld->grant->lock);
    for (unsigned k = 0; k < *n; k++) {
        leaving[k].flush = leaving[k].done = false;
        if (replace && op[k].dev_bus_addr)
            op[k].status = refuse_grant(GNTST_general_error, "replacing a grant mapping by the page at %lx: not "
                                        "supported", (unsigned long)op[k].dev_bus_addr);
        else
            op[k].status = unmap_begin(pair->ld, &op[k], &leaving[k]);
    }
    spin_unlock(&pair->ld->grant->lock);
    finish_all(pair, leaving, *n);
    return copy_to_guest(gva_add(ops, i * sizeof(*op)), op, *n * sizeof(*op));
}

long grant_unmap_batch(gva_t ops, u64 count, bool replace)
{
    struct pair pair = { .ld = current->domain };
    u64 i = 0;
    int err = 0;

    while (i < count && !err) {
        unsigned n = min(count - i, (u64)UNMAP_BATCH);

        if (i && preempt_check())
            break;
        err = unmap_some(ops, i, &n, replace, &pair);
        i += n;
    }
    peer_drop(&pair.peer);
    return err ? err : (long)i;
}

/* ---- the end of a mapper ---- */

long grant_release_mappings(struct domain *d)
{
    struct grant_table *t = d->grant;
    struct pair pair = { .ld = d };

    if (!t)
        return 0;
    /* None of its vcpus runs again; what they left in TLBs goes before the first reference. */
    if (!t->release_next && t->nr_mappings)
        tlb_flush_mask(d->arch.cpumask, FLUSH_ALL);
    for (unsigned n = 0; n < RELEASE_BATCH && t->nr_mappings; n++, t->release_next++) {
        struct mapping *m = record(t, t->release_next);
        if (!m)
            break;
        if (!(m->flags & MAPPING_USED))
            continue;
        struct leaving l = { .handle = t->release_next, .ref = m->ref, .mfn = m->mfn, .dom = m->dom,
                             .write = !(m->flags & GNTMAP_readonly) };
        unmap_finish(&pair, &l);
    }
    pair_unlock(&pair);
    peer_drop(&pair.peer);
    return t->nr_mappings && record(t, t->release_next) ? -ERESTART : 0;
}
