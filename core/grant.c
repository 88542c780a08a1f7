/*
 * Grant tables: how a domain lets another one use some of its pages, and knows when it no longer does.
 *
 * The granting domain writes an entry (who, which frame, read-only or not) into a table in its own memory and hands the
 * entry's number, the gref, to the other domain, which asks Serai to map the page or to copy from or to it. While it is
 * used the entry carries a mark that the granting domain must not ignore. The table is a request, never a source of
 * truth: what is in use is counted in our own records (struct active, struct mapping), and each use holds its own
 * reference on the frame, so whatever the guest writes into its table, it can only mislead itself.
 *
 * The invariant: for every gref, active.readers and active.writers equal the number of mapping records of all domains
 * that name it (plus copies under way), and each such record holds one reference on its frame (a writable one for a
 * writer) and one on the granting domain. grant_audit() recounts it.
 *
 * Locks: one per table, class grant. The mapper's lock covers its records, the granter's its entries; an operation that
 * changes both takes both, by address. The mapper's page tables are changed under them (class mmu comes later).
 *
 * Revoking is cooperative: a granting domain cannot take a page back from a mapper. When it dies its frames stay until
 * the last mapper lets go; it is a zombie so long. New uses of its grants are refused.
 *
 * Imprecise on purpose: device mappings count like host mappings (there is no IOMMU to program), and cacheability bits
 * in entries are ignored because grants are RAM.
 *
 * No guest dies here.
 */
#include "core/grant_internal.h"
#include "core/heap.h"
#include "core/reject.h"
#include "arch/arch.h"

#define MAX_GRANT_FRAMES 4096   /* a limit beyond this is cut: 16 MiB of table */
#define MAX_MAPTRACK_FRAMES 16384
#define GROW_AT_ONCE 8
#define SHRINK_AT_ONCE 64

/* ---- growing ---- */

static long add_frame(struct domain *d)
{
    struct grant_table *t = d->grant;
    struct active *active = zalloc_pages(d, 0);
    void *shared = active ? shared_page_alloc(d) : NULL;

    if (!shared) {
        if (active)
            zfree_pages(active, 0);
        return -ENOMEM;
    }
    t->active[t->nr_frames] = active;
    t->shared[t->nr_frames] = shared;
    t->nr_frames++;
    count_grefs(t);
    return 0;
}

long grant_grow_status(struct domain *d, u32 frames)
{
    struct grant_table *t = d->grant;

    while (t->nr_status < status_frames(frames)) {
        void *page = shared_page_alloc(d);
        if (!page)
            return -ENOMEM;
        t->status[t->nr_status++] = page;
    }
    return 0;
}

long grant_grow(struct domain *d, u32 n)
{
    struct grant_table *t = d->grant;

    ASSERT(spin_is_held(&t->lock));
    if (n > t->max_frames)
        return reject(-ENOSPC, "grant table of domain %u: %u frames asked for, has %u, maximum is %u", d->id, n,
                      t->nr_frames, t->max_frames);
    /* Status first: an entry without a place for its mark must not exist. */
    long err = t->version == 2 ? grant_grow_status(d, n) : 0;
    while (!err && t->nr_frames < n)
        err = add_frame(d);
    return err;
}

/* Each frame is two pages to find and to clear. */
long grant_grow_in_pieces(struct domain *d, u32 n)
{
    struct grant_table *t = d->grant;
    long err = 0;

    while (!err && t->nr_frames < n) {
        err = grant_grow(d, n > t->max_frames ? n : min(n, t->nr_frames + GROW_AT_ONCE));
        spin_unlock(&t->lock);
        if (!err && preempt_check())
            err = -ERESTART;
        spin_lock(&t->lock);
    }
    return err == -ERESTART && t->nr_frames >= n ? 0 : err;
}

long grant_get_frame(struct domain *d, unsigned index, bool status, mfn_t *mfn)
{
    struct grant_table *t = d->grant;
    long err = 0;

    spin_lock(&t->lock);
    if (status && t->version != 2)
        err = reject(-EINVAL, "grant table of domain %u is version %u and has no status frames", d->id, t->version);
    else if (status && index >= t->nr_status)
        err = index >= status_frames(t->max_frames)
                  ? reject(-EINVAL, "grant status frame %u of at most %u", index, status_frames(t->max_frames))
                  : grant_grow_in_pieces(d, min((index + 1) * (u32)(STATUS_PER_PAGE / V2_PER_PAGE), t->max_frames));
    else if (!status && index >= t->nr_frames)
        err = index >= t->max_frames
                  ? reject(-EINVAL, "grant frame %u of at most %u", index, t->max_frames)
                  : grant_grow_in_pieces(d, index + 1);
    if (!err && status && index >= t->nr_status)
        err = reject(-EAGAIN, "grant table of domain %u has changed its version meanwhile", d->id);
    if (!err)
        *mfn = virt_to_mfn(status ? (void *)t->status[index_clamp(index, t->nr_status)] :
                           t->shared[index_clamp(index, t->nr_frames)]);
    spin_unlock(&t->lock);
    return err;
}

/* ---- lifecycle ---- */

/* The youngest page of any kind, status after what it is the status of; false: there is none. */
static bool free_page(struct grant_table *t)
{
    if (t->nr_maptrack) {
        zfree_pages(t->maptrack[--t->nr_maptrack], 0);
    } else if (t->nr_frames) {
        shared_page_free(t->shared[--t->nr_frames]);
        zfree_pages(t->active[t->nr_frames], 0);
    } else if (t->nr_status) {
        shared_page_free(t->status[--t->nr_status]);
    } else {
        return false;
    }
    return true;
}

static void free_tables(struct grant_table *t)
{
    while (free_page(t))
        ;
    zfree(t->shared);
    zfree(t->active);
    zfree(t->status);
    zfree(t->maptrack);
    zfree(t);
}

long grant_domain_init(struct domain *d, unsigned max_version)
{
    struct grant_table *t = zalloc(d, sizeof(*t));
    long err;

    if (!t)
        return -ENOMEM;
    spin_lock_init(&t->lock, grant);
    t->version = 1;
    t->max_version = max_version == 1 ? 1 : 2;
    t->max_frames = min(d->max_grant_frames, (u32)MAX_GRANT_FRAMES);
    t->max_maptrack = min(d->max_maptrack_frames, (u32)MAX_MAPTRACK_FRAMES);
    t->shared = zalloc(d, t->max_frames * sizeof(t->shared[0]));
    t->active = zalloc(d, t->max_frames * sizeof(t->active[0]));
    t->status = zalloc(d, status_frames(t->max_frames) * sizeof(t->status[0]));
    d->grant = t;
    if (!t->max_frames) {
        err = reject(-EINVAL, "a domain needs at least one grant frame");
    } else if (!t->shared || !t->active || !t->status) {
        err = -ENOMEM;
    } else {
        spin_lock(&t->lock);
        err = grant_grow(d, 1);
        spin_unlock(&t->lock);
    }
    if (err) {
        free_tables(t);
        d->grant = NULL;
    }
    return err;
}

bool grant_domain_shrink(struct domain *d)
{
    struct grant_table *t = d->grant;
    unsigned n = 0;

    spin_lock(&t->lock); /* the auditor still finds the domain */
    /* Mappers hold references on the domain, and its own mappings were released: nobody uses the table. */
    ASSERT(!t->nr_pinned && !t->nr_mappings);
    t->free_mapping = 0;
    while (n < SHRINK_AT_ONCE && free_page(t))
        n++;
    count_grefs(t);
    spin_unlock(&t->lock);
    return n == SHRINK_AT_ONCE;
}

void grant_domain_destroy(struct domain *d)
{
    if (d->grant)
        free_tables(d->grant);
    d->grant = NULL;
}

/* Replace *array (of `have` pointers) by one with room for `room`. */
