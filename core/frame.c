/*
 * References to frames, and which domain a frame belongs to.
 *
 * Problem: a frame must not be given to somebody else while anybody can still reach it: its owner, a page table of the
 * owner or of domain 0, a grant mapping, Serai itself.
 *
 * Invariant: a frame with references never changes hands. The owner's allocation is one reference, marked by
 * FRAME_ALLOCATED; every other way to reach the frame is another. Whoever drops the last one gives the frame back:
 * off its owner's list, scrubbed, to the allocator. So a frame that its owner gave up lives on, still counted as the
 * owner's, while others map it, and a domain structure lives as long as its list has a frame (one domain reference
 * for the whole list).
 *
 * frame_get() takes a reference and then looks at the owner: the owner cannot change under a reference, and
 * the reference that should not have been taken is dropped like any other. Frames in the allocator, and Serai's own,
 * have no references, so nobody can get at them.
 *
 * Pages of Serai shared with a guest (FRAME_SERAI) work the same, except that the guest cannot release them; they hold
 * a use as TYPE_WRITABLE from the start because Serai writes to them, so they can never become page tables. Pages that
 * belong to no guest and that domain 0 may map (trace buffers) are the same with Serai as their owner, for good.
 *
 * A guest dies here never; a count that goes below zero is a defect of Serai.
 */
#include "core/frame_inline.h"
#include "abi/xen.h"
#include "arch/arch.h"
#include "core/domain.h"
#include "core/heap.h"
#include "core/hypercall.h"
#include "core/log_dirty.h"
#include "core/mmu_internal.h"
#include "core/reject.h"
#include "core/vcpu.h"
#include "lib/print.h"

#define ZERO_ORDER 6            /* 64 frames, some 70000 instructions */

/* ---- references ---- */

bool frame_get(mfn_t mfn, const struct domain *d)
{
    return mfn_valid(mfn) && ref_get_owned(mfn_frame(mfn), d->id);
}

/* Unlink a frame from its owner's list (page lock held); true if it was the last. */
static bool unlink_frame(struct domain *d, mfn_t mfn)
{
    struct frame *f = mfn_frame(mfn);

    if (f->prev)
        mfn_frame(f->prev)->next = f->next;
    else
        d->page_head = f->next;
    if (f->next)
        mfn_frame(f->next)->prev = f->prev;
    f->next = f->prev = 0;
    ASSERT(d->tot_pages > 0);
    return --d->tot_pages == 0;
}

/* The last reference is gone. */
static void frame_free(mfn_t mfn)
{
    struct frame *f = mfn_frame(mfn);
    struct domain *d;
    bool last;

    if (READ_ONCE(f->count) & FRAME_SERAI) { /* whoever would like a reference looks at it, too */
        heap_free_dirty(mfn);
        return;
    }
    ASSERT(!(READ_ONCE(f->count) & FRAME_ALLOCATED));
    d = domain_get(f->owner);
    if (!d)
        panic("frame %#lx was freed after its owner, domain %u", (unsigned long)mfn, f->owner);
    spin_lock(&d->page_lock);
    last = unlink_frame(d, mfn);
    spin_unlock(&d->page_lock);
    m2p_set(mfn, INVALID_M2P);
    heap_free_dirty(mfn);
    if (last)
        domain_put(d);
    domain_put(d);
    mmu_charge(FREED_WORK);
}

void frame_put(mfn_t mfn)
{
    struct frame *f = mfn_frame(mfn);
    u64 left;

    ASSERT(READ_ONCE(f->count) & FRAME_REFS);
    left = __atomic_sub_fetch(&f->count, 1, __ATOMIC_ACQ_REL);
    if (!(left & FRAME_REFS))
        frame_free(mfn);
}

bool frame_release(mfn_t mfn)
{
    struct frame *f = mfn_frame(mfn);
    u64 have = READ_ONCE(f->count);

    do {
        if ((have & FRAME_SERAI) || !(have & FRAME_ALLOCATED))
            return false;
    } while (!__atomic_compare_exchange_n(&f->count, &have, have & ~FRAME_ALLOCATED, false,
                                          __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
    frame_put(mfn);
    return true;
}

bool frame_get_writable(mfn_t mfn, const struct domain *d)
{
    if (!frame_get(mfn, d))
        return false;
    if (type_get_writable(mfn)) {
        log_dirty_wrote(mfn);
        return true;
    }
    frame_put(mfn);
    return false;
}

void frame_put_writable(mfn_t mfn)
{
    log_dirty_wrote(mfn);
    type_put_writable(mfn);
    frame_put(mfn);
}

/* ---- a domain's frames ---- */

static void flush_stale(cpumask_t cpus, mfn_t mfn, unsigned order)
{
    u32 now = tlb_now(), newest = mfn_frame(mfn)->stamp;
    cpumask_t stale;

    for (u64 i = 1; i < 1UL << order; i++)
        newest = tlb_newer(now, mfn_frame(mfn + i)->stamp, newest);
    stale = tlb_stale(cpus, newest);
    if (stale)
        tlb_flush_mask(stale, FLUSH_ALL);
}

/* Page lock held, room checked. */
static void link_frames(struct domain *d, mfn_t mfn, unsigned order)
{
    for (u64 i = 0; i < 1UL << order; i++) {
        struct frame *f = mfn_frame(mfn + i);

        WRITE_ONCE(f->owner, d->id); /* others may be looking, before they take a reference */
        WRITE_ONCE(f->type, TYPE_NONE);
        f->progress = 0;
        f->prev = 0;
        f->next = d->page_head;
        if (d->page_head)
            mfn_frame(d->page_head)->prev = (u32)(mfn + i);
        d->page_head = (u32)(mfn + i);
        /* From here on others can find it. */
        __atomic_store_n(&f->count, FRAME_ALLOCATED | 1, __ATOMIC_RELEASE);
    }
    if (!d->tot_pages)
        __atomic_fetch_add(&d->refs, 1, __ATOMIC_RELAXED);
    d->tot_pages += 1UL << order;
}

/* What of d's claim an allocation may use up. Taken first: another one of d's at the same time counts on the rest. */
static u64 claim_take(struct domain *d, u64 pages)
{
    u64 taken;

    if (likely(!READ_ONCE(d->claim_pages)))
        return 0;
    spin_lock(&d->page_lock);
    taken = min(pages, d->claim_pages);
    d->claim_pages -= taken;
    spin_unlock(&d->page_lock);
    return taken;
}

/* It was not used: it is promised to d again, unless nobody will drop its claim any more. */
static void claim_give_back(struct domain *d, u64 pages)
{
    if (likely(!pages))
        return;
    spin_lock(&d->page_lock);
    if (READ_ONCE(d->dying) == DOMDYING_alive)
        d->claim_pages += pages;
    else
        heap_unclaim(pages);
    spin_unlock(&d->page_lock);
}

bool domain_assign_pages(struct domain *d, mfn_t mfn, unsigned order)
{
    u64 pages = 1UL << order, have, limit;
    bool dying;

    flush_stale(cpus_online, mfn, order);
    spin_lock(&d->page_lock);
    have = d->tot_pages + d->stolen_pages;
    limit = d->max_pages;
    dying = READ_ONCE(d->dying) != DOMDYING_alive;
    if (!dying && have <= limit && pages <= limit - have) {
        link_frames(d, mfn, order);
        spin_unlock(&d->page_lock);
        return true;
    }
    spin_unlock(&d->page_lock);
    if (dying)
        reject(-EINVAL, "domain %u is being destroyed and takes no more memory", d->id);
    else
        reject(-ENOMEM, "domain %u has %lu pages, asks for %lu more, its maximum is %lu", d->id,
               (unsigned long)have, (unsigned long)pages, (unsigned long)limit);
    return false;
}

void zero_for_guest(mfn_t mfn, unsigned order)
{
    unsigned piece = min(order, (unsigned)ZERO_ORDER);

    for (u64 done = 0; done < 1UL << order; done += 1UL << piece) {
        if (done)
            preempt_check();
        heap_make_zero(mfn + done, piece);
    }
}

static void m2p_set_all(mfn_t mfn, unsigned order, gfn_t gfn)
{
    for (u64 i = 0; i < 1UL << order; i++)
        m2p_set(mfn + i, gfn == INVALID_M2P ? gfn : gfn + i);
}

mfn_t domain_alloc_pages(struct domain *d, unsigned order, unsigned addr_bits, gfn_t gfn)
{
    u64 claimed = claim_take(d, 1UL << order);

    stir();
    mfn_t mfn = heap_alloc_credit(order, addr_bits, claimed);
    if (mfn == MFN_NONE) {
        claim_give_back(d, claimed);
        reject(-ENOMEM, "no %lu contiguous free pages below %u address bits for domain %u (%lu free, %lu claimed)",
               1UL << order, addr_bits ? addr_bits : 64, d->id, (unsigned long)heap_free_pages(),
               (unsigned long)heap_claimed_pages());
        return MFN_NONE;
    }
    zero_for_guest(mfn, order);
    m2p_set_all(mfn, order, gfn);   /* as long as they are ours: the domain can give its frames back at any time */
    if (domain_assign_pages(d, mfn, order))
        return mfn;
    m2p_set_all(mfn, order, INVALID_M2P);
    heap_free(mfn, order);
    if (claimed && heap_claim(claimed))
        claim_give_back(d, claimed);
    return MFN_NONE;
}

bool domain_steal_page(struct domain *d, mfn_t mfn)
{
    u64 only = FRAME_ALLOCATED | 2; /* the owner's, and ours of the next line */
    struct frame *f;
    bool last;

    if (!frame_get(mfn, d))
        return false;
    f = mfn_frame(mfn);
    spin_lock(&d->page_lock);
    if (!__atomic_compare_exchange_n(&f->count, &only, 0, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
        spin_unlock(&d->page_lock);
        frame_put(mfn);
        return false;
    }
    last = unlink_frame(d, mfn);
    d->stolen_pages++;
    spin_unlock(&d->page_lock);
    WRITE_ONCE(f->owner, OWNER_SERAI);
    WRITE_ONCE(f->type, TYPE_NONE);
    WRITE_ONCE(f->stamp, tlb_clock());
    if (last)
        domain_put(d);
    return true;
}

/* For pages that were stolen. */
static bool link_instead(struct domain *d, mfn_t mfn, unsigned order)
{
    bool alive;

    spin_lock(&d->page_lock);
    alive = READ_ONCE(d->dying) == DOMDYING_alive;
    ASSERT(d->stolen_pages >= 1UL << order);
    d->stolen_pages -= 1UL << order;
    if (alive)
        link_frames(d, mfn, order);
    spin_unlock(&d->page_lock);
    return alive;
}

bool domain_replace_pages(struct domain *d, mfn_t mfn, unsigned order)
{
    flush_stale(cpus_online, mfn, order);
    return link_instead(d, mfn, order);
}

bool domain_return_page(struct domain *d, mfn_t mfn)
{
    flush_stale(READ_ONCE(d->arch.cpumask), mfn, 0);
    return link_instead(d, mfn, 0);
}

long domain_claim(struct domain *d, u64 pages)
{
    u64 more, have, limit;
    long rc = 0;

    spin_lock(&d->page_lock);
    have = d->tot_pages;
    limit = d->max_pages;
    heap_unclaim(d->claim_pages);
    d->claim_pages = 0;
    more = pages > have ? pages - have : 0;
    /* A dying one has dropped its claim and would never drop another. */
    if (pages > limit || (pages && (!more || READ_ONCE(d->dying) != DOMDYING_alive)))
        rc = -EINVAL;
    else if (more && !heap_claim(more))
        rc = -ENOMEM;
    else
        d->claim_pages = more;
    spin_unlock(&d->page_lock);
    if (rc)
        return reject(rc, "domain %u cannot claim %lu pages: it has %lu, its maximum is %lu, %lu are free, %lu claimed",
                      d->id, (unsigned long)pages, (unsigned long)have, (unsigned long)limit,
                      (unsigned long)heap_free_pages(), (unsigned long)heap_claimed_pages());
    return 0;
}

mfn_t domain_next_frame(struct domain *d, mfn_t mfn)
{
    spin_lock(&d->page_lock);
    mfn = mfn ? mfn_frame(mfn)->next : d->page_head;
    while (mfn && !frame_get(mfn, d)) /* one without is just being freed: waits for our lock */
        mfn = mfn_frame(mfn)->next;
    spin_unlock(&d->page_lock);
    return mfn;
}

/* ---- Serai's pages shared with a guest ---- */

void *shared_page_alloc(struct domain *d)
{
    struct frame *f;
    mfn_t mfn;

    if (!domain_charge(d, PAGE_SIZE))
        return NULL;
    mfn = heap_alloc_zeroed(0, 0);
    if (mfn == MFN_NONE) {
        domain_uncharge(d, PAGE_SIZE);
        reject(-ENOMEM, "no free page for a page shared with domain %u", d->id);
        return NULL;
    }
    f = mfn_frame(mfn);
    f->owner = d->id;
    f->type = TYPE_WRITABLE | TYPE_VALIDATED | 1;
    m2p_set(mfn, INVALID_M2P);
    __atomic_fetch_add(&d->shared_pages, 1, __ATOMIC_RELAXED);
    __atomic_store_n(&f->count, FRAME_SERAI | FRAME_ALLOCATED | 1, __ATOMIC_RELEASE);
    return mfn_to_virt(mfn);
}

void shared_page_free(void *page)
{
    mfn_t mfn;
    struct frame *f;
    struct domain *d;

    if (!page)
        return;
    mfn = virt_to_mfn(page);
    f = mfn_frame(mfn);
    ASSERT(READ_ONCE(f->count) & FRAME_SERAI);
    d = domain_get(f->owner); /* NULL at its very end: nothing left to account */
    if (d) {
        domain_uncharge(d, PAGE_SIZE);
        __atomic_fetch_sub(&d->shared_pages, 1, __ATOMIC_RELAXED);
        domain_put(d);
    }
    /* Mappings may outlive it; nobody can make new ones. */
    WRITE_ONCE(f->owner, OWNER_SERAI);
    __atomic_fetch_and(&f->count, ~FRAME_ALLOCATED, __ATOMIC_ACQ_REL);
    type_put_writable(mfn);
    frame_put(mfn);
}

void frame_publish(mfn_t mfn, bool writable)
{
    struct frame *f = mfn_frame(mfn);

    f->owner = OWNER_SERAI;
    f->type = (writable ? TYPE_WRITABLE | TYPE_VALIDATED : TYPE_NONE) | 1;     /* a use that never ends */
    m2p_set(mfn, INVALID_M2P);
    __atomic_store_n(&f->count, FRAME_SERAI | 1, __ATOMIC_RELEASE);
}
