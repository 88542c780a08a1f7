/*
 * The frame allocator.
 *
 * Problem: guests come and go and balloon, device drivers in domain 0 want contiguous frames below an address
 * limit, and nobody may ever see another guest's data.
 *
 * Free memory is kept as naturally aligned blocks of 2^order frames, on one list per zone and order. The zone of a
 * block is the highest set bit of its mfn. A block of order k that does not start at 0 lies entirely in one zone (its
 * mfn is at least 2^k, so adding less than 2^k to an aligned number does not change the highest bit), so an address
 * limit of n bits is simply "zones below n - 12", and no block ever has to be cut at a limit. Frame 0 is never given
 * out, which makes the rule exact and lets 0 end every list. Highest zones are used first: low memory is for those
 * who need it.
 *
 * Invariant: every RAM frame handed to heap_add() is either in exactly one free block, or in the queue, or in the
 * scrubber's hands, or has an owner; `free` counts all but the last. The head of a free block has owner OWNER_NONE and
 * progress = order + 1, its other frames have progress 0.
 *
 * Scrubbing. A frame that a guest could reach returns through heap_free_dirty() and is free at once, marked dirty.
 * Who allocates it flushes the TLBs that were not flushed since (a stale entry could still read or even write it), and
 * who wants it zeroed clears it. Mostly neither is needed, because idle CPUs look for dirty blocks and make them clean
 * piece by piece: so a domain's death costs no clearing, nor does the next one's birth if there was time between them.
 * Blocks are of two kinds, ready and dirty; within a zone ready ones are used first. The head of a dirty block knows
 * how many frames at its beginning hold no guest's data: behind these each frame's own mark says, and the scrubber goes
 * on.
 * One flush covers everything that is dirty at that moment. So that a guest that gives and takes the same page makes no
 * flushes of every CPU, a frame passes through a queue of QUEUE frames before it enters a block: then there is at most
 * one flush for as many frames that were given up.
 *
 * Claims are promises: `claimed` frames may be taken only by domains that hold them (core/frame.c).
 *
 * Imprecise on purpose: memory that only Serai used is not cleared when it is freed but when somebody asks for zeroed
 * memory, so Serai's own page churn costs nothing. A sleeping CPU is not woken to scrub. A dirty block may hold no
 * dirty frame any more; the scrubber finds out. When nothing but the queue is left, each allocation may flush.
 */
#include "core/heap.h"
#include "arch/arch.h"
#include "core/frame.h"
#include "core/lock.h"
#include "lib/bitops.h"
#include "lib/print.h"

#include "abi/xen.h"

#define ZONES 32            /* mfns have at most 32 bits: struct frame links by u32 */
#define QUEUE 512           /* emptying it at once is some 100000 instructions */
#define IDLE_FLUSH 1000000  /* ns: no sooner after the last time an idle CPU takes what is in the queue */
#define SCRUB_ORDER 5       /* 32 frames, some 35000 instructions: an idle CPU that is woken is not late */

/* Uses of struct frame.type while a frame is free or Serai's: what it contains (TYPE_NONE: nobody knows) ... */
#define FREE_CLEAN 1UL      /* zeroes */
#define FREE_DIRTY 2UL      /* what a guest left; its stamp says who must be flushed */
#define CONTENTS 3UL
/* ... and in the head of a free block, how many frames from here on are not dirty. */
#define PREFIX_SHIFT 32

enum kind { READY, DIRTY, KINDS };

static struct {
    struct spinlock lock;
    struct spinlock scrubber;   /* who has it may hold a piece that is in no list */
    u32 head[ZONES][KINDS][MAX_ORDER + 1];
    u32 nonempty[ZONES][KINDS]; /* bit per order whose list has blocks */
    u32 zones[KINDS];           /* bit per zone that has blocks of that kind */
    u64 zone_free[ZONES];       /* frames in the zone's lists */
    u64 free;                   /* frames in all lists, in the queue and in the scrubber's hands */
    u64 total;
    u64 claimed;
    u32 oldest, newest;         /* of the queue, linked by `next`; 0: it is empty */
    u32 queued;
    ns_t next_look;             /* when an idle CPU may empty the queue again */
} heap = { .lock = SPINLOCK(heap), .scrubber = SPINLOCK(scrub) };

static unsigned zone_of(mfn_t mfn) { return highest_bit(mfn); }

/* Number of zones that lie below 2^addr_bits bytes. */
static unsigned zone_limit(unsigned addr_bits)
{
    if (addr_bits == 0 || addr_bits >= ZONES + PAGE_SHIFT)
        return ZONES;
    return addr_bits <= PAGE_SHIFT ? 0 : addr_bits - PAGE_SHIFT;
}

/* ---- free lists (heap lock held) ---- */

static void block_insert(mfn_t mfn, unsigned order, u64 prefix)
{
    unsigned zone = zone_of(mfn);
    enum kind kind = prefix < 1UL << order ? DIRTY : READY;
    struct frame *f = mfn_frame(mfn);
    u32 next = heap.head[zone][kind][order];

    WRITE_ONCE(f->type, (f->type & CONTENTS) | prefix << PREFIX_SHIFT);
    f->progress = (u16)(order + 1);
    f->prev = 0;
    f->next = next;
    if (next)
        mfn_frame(next)->prev = (u32)mfn;
    heap.head[zone][kind][order] = (u32)mfn;
    heap.nonempty[zone][kind] |= 1u << order;
    heap.zones[kind] |= 1u << zone;
    heap.zone_free[zone] += 1UL << order;
}

/* How many frames at its beginning are not dirty. */
static u64 block_remove(mfn_t mfn, unsigned order)
{
    unsigned zone = zone_of(mfn);
    struct frame *f = mfn_frame(mfn);
    u64 prefix = f->type >> PREFIX_SHIFT;
    enum kind kind = prefix < 1UL << order ? DIRTY : READY;

    if (f->prev)
        mfn_frame(f->prev)->next = f->next;
    else
        heap.head[zone][kind][order] = f->next;
    if (f->next)
        mfn_frame(f->next)->prev = f->prev;
    if (!heap.head[zone][kind][order] && !(heap.nonempty[zone][kind] &= ~(1u << order)))
        heap.zones[kind] &= ~(1u << zone);
    heap.zone_free[zone] -= 1UL << order;
    f->progress = 0;
    f->next = f->prev = 0;
    return prefix;
}

static bool block_is_free(mfn_t mfn, unsigned order)
{
    const struct frame *f;

    if (mfn == 0 || !mfn_valid(mfn))
        return false;
    f = mfn_frame(mfn);
    /* An allocated buddy gets its owner without the heap's lock; it has had another than OWNER_NONE since it left. */
    return READ_ONCE(f->owner) == OWNER_NONE && f->progress == order + 1;
}

/* Put a block on its list, merged with its buddies as far as they are free. */
static void block_free(mfn_t mfn, unsigned order, u64 prefix)
{
    for (; order < MAX_ORDER; order++) {
        u64 half = 1UL << order, other;
        mfn_t buddy = mfn ^ half;

        if (!block_is_free(buddy, order))
            break;
        other = block_remove(buddy, order);
        if (buddy < mfn)
            prefix = other < half ? other : half + prefix;
        else if (prefix == half)
            prefix += other;
        mfn &= ~half;
    }
    block_insert(mfn, order, prefix);
}

/* Cut the block in halves until `order` is left: the lower halves go back if `high`, else as the scrubber needs it. */
static mfn_t block_cut(mfn_t mfn, unsigned have, unsigned order, u64 prefix, bool high)
{
    while (have > order) {
        u64 half = 1UL << --have;

        if (high || prefix >= half) {
            block_insert(mfn, have, min(prefix, half));
            mfn += half;
            prefix -= min(prefix, half);
        } else {
            block_insert(mfn + half, have, 0);
        }
    }
    return mfn;
}

/* Take 2^order frames from the highest zone below the limit that has them; the rest of a larger block goes back. */
static mfn_t block_take(unsigned order, unsigned zones)
{
    u32 left = (heap.zones[READY] | heap.zones[DIRTY]) & (u32)((1UL << zones) - 1);

    while (left) {
        unsigned zone = highest_bit(left);

        for (enum kind kind = READY; kind < KINDS; kind++) {
            u32 fit = heap.nonempty[zone][kind] >> order;
            unsigned have;
            mfn_t mfn;

            if (!fit)
                continue;
            have = order + lowest_bit(fit);
            mfn = heap.head[zone][kind][have];
            /* The high end of memory is used first within a block, too. */
            return block_cut(mfn, have, order, block_remove(mfn, have), true);
        }
        left &= ~(1u << zone);
    }
    return MFN_NONE;
}

static void frames_set_free(mfn_t mfn, unsigned order, u64 contents)
{
    for (u64 i = 0; i < 1UL << order; i++) {
        struct frame *f = mfn_frame(mfn + i);

        WRITE_ONCE(f->type, contents);
        f->progress = 0;
        f->next = f->prev = 0;
        WRITE_ONCE(f->owner, OWNER_NONE);
        __atomic_store_n(&f->count, 0, __ATOMIC_RELEASE);
    }
}

/* ---- scrubbing ---- */

/* Nobody reaches them by a stale translation any more. */
static void flush_dirty(mfn_t mfn, unsigned order)
{
    u32 now = tlb_now(), newest = 0;
    bool any = false;
    cpumask_t stale;

    for (u64 i = 0; i < 1UL << order; i++) {
        const struct frame *f = mfn_frame(mfn + i);

        if ((f->type & CONTENTS) != FREE_DIRTY)
            continue;
        newest = any ? tlb_newer(now, f->stamp, newest) : f->stamp;
        any = true;
    }
    stale = any ? tlb_stale(cpus_online, newest) : 0;
    if (stale)
        tlb_flush_mask(stale, FLUSH_ALL);
}

/* The first piece of a dirty block that is not known to be without guests' data; it and its order, or MFN_NONE. */
static mfn_t dirty_piece(unsigned *order)
{
    mfn_t mfn = MFN_NONE;

    spin_lock(&heap.lock);
    if (heap.zones[DIRTY]) {
        unsigned zone = highest_bit(heap.zones[DIRTY]), have = lowest_bit(heap.nonempty[zone][DIRTY]);

        *order = min(have, (unsigned)SCRUB_ORDER);
        mfn = heap.head[zone][DIRTY][have];
        mfn = block_cut(mfn, have, *order, block_remove(mfn, have), false);
    }
    spin_unlock(&heap.lock);
    return mfn;
}

/* The scrubber's lock is held. */
static bool scrub_piece(void)
{
    unsigned order;
    mfn_t mfn = dirty_piece(&order);

    if (mfn == MFN_NONE)
        return false;
    flush_dirty(mfn, order);
    for (u64 i = 0; i < 1UL << order; i++) {
        struct frame *f = mfn_frame(mfn + i);

        f->type &= CONTENTS;
        if (f->type == FREE_DIRTY) {
            page_clear(mfn_to_virt(mfn + i));
            WRITE_ONCE(f->type, FREE_CLEAN);
        }
    }
    spin_lock(&heap.lock);
    block_free(mfn, order, 1UL << order);
    spin_unlock(&heap.lock);
    return true;
}

/* Heap lock held. */
static void queue_leave(u32 frames)
{
    while (frames-- && heap.oldest) {
        mfn_t mfn = heap.oldest;

        heap.oldest = mfn_frame(mfn)->next;
        heap.queued--;
        block_free(mfn, 0, 0);
    }
}

static void queue_empty(void)
{
    spin_lock(&heap.lock);
    queue_leave(QUEUE);
    spin_unlock(&heap.lock);
}

bool heap_scrub_idle(void)
{
    bool more;

    if (likely(!READ_ONCE(heap.zones[DIRTY]) && !READ_ONCE(heap.oldest)) || !spin_trylock(&heap.scrubber))
        return false;
    if (!READ_ONCE(heap.zones[DIRTY]) && now_ns() >= heap.next_look) {
        heap.next_look = now_ns() + IDLE_FLUSH;
        queue_empty();
    }
    more = scrub_piece();
    spin_unlock(&heap.scrubber);
    return more;
}

void heap_free_dirty(mfn_t mfn)
{
    struct frame *f = mfn_frame(mfn);

    ASSERT(!(READ_ONCE(f->count) & FRAME_REFS));
    WRITE_ONCE(f->stamp, tlb_clock());
    spin_lock(&heap.lock);
    frames_set_free(mfn, 0, FREE_DIRTY);
    *(heap.oldest ? &mfn_frame(heap.newest)->next : &heap.oldest) = (u32)mfn;
    heap.newest = (u32)mfn;
    if (++heap.queued > QUEUE)
        queue_leave(1);
    heap.free++;
    spin_unlock(&heap.lock);
}

/* ---- allocation ---- */

#ifdef SERAI_DEBUG
u32 heap_fails_in;

bool heap_fails_now(void)
{
    u32 n = READ_ONCE(heap_fails_in);

    do {
        if (likely(!n))
            return false;
    } while (!__atomic_compare_exchange_n(&heap_fails_in, &n, n - 1, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return n == 1;
}
#endif

static mfn_t try_alloc(unsigned order, unsigned zones, u64 credit, bool *broke_claims)
{
    u64 want = 1UL << order, promised;
    mfn_t mfn = MFN_NONE;

    spin_lock(&heap.lock);
    promised = heap.claimed - min(credit, heap.claimed);
    *broke_claims = heap.free < promised || heap.free - promised < want;
    if (!*broke_claims)
        mfn = block_take(order, zones);
    if (mfn != MFN_NONE) {
        heap.free -= want;
        heap.claimed = promised;
        for (u64 i = 0; i < want; i++) {
            struct frame *f = mfn_frame(mfn + i);

            WRITE_ONCE(f->type, f->type & CONTENTS);
            f->progress = 0;
            WRITE_ONCE(f->owner, OWNER_SERAI);
        }
    }
    spin_unlock(&heap.lock);
    return mfn;
}

mfn_t heap_alloc_credit(unsigned order, unsigned addr_bits, u64 credit)
{
    unsigned zones = zone_limit(addr_bits);
    bool broke_claims;
    mfn_t mfn;

    if (order > MAX_ORDER || unlikely(heap_fails_now()))
        return MFN_NONE;
    mfn = try_alloc(order, zones, credit, &broke_claims);
    if (mfn == MFN_NONE && !broke_claims) { /* part of it may be in the queue, or a piece with the scrubber: wait */
        spin_lock(&heap.scrubber);
        queue_empty();
        mfn = try_alloc(order, zones, credit, &broke_claims);
        spin_unlock(&heap.scrubber);
    }
    if (mfn != MFN_NONE)
        flush_dirty(mfn, order);
    return mfn;
}

mfn_t heap_alloc(unsigned order, unsigned addr_bits)
{
    return heap_alloc_credit(order, addr_bits, 0);
}

void heap_make_zero(mfn_t mfn, unsigned order)
{
    for (u64 i = 0; i < 1UL << order; i++) {
        struct frame *f = mfn_frame(mfn + i);

        if (f->type != FREE_CLEAN)
            page_clear(mfn_to_virt(mfn + i));
        WRITE_ONCE(f->type, TYPE_NONE);
    }
}

mfn_t heap_alloc_zeroed(unsigned order, unsigned addr_bits)
{
    mfn_t mfn = heap_alloc(order, addr_bits);

    if (mfn != MFN_NONE)
        heap_make_zero(mfn, order);
    return mfn;
}

void heap_free(mfn_t mfn, unsigned order)
{
    ASSERT(mfn && mfn_valid(mfn) && !(mfn & ((1UL << order) - 1)));
    ASSERT(mfn_frame(mfn)->owner == OWNER_SERAI && !(mfn_frame(mfn)->count & FRAME_REFS));
    spin_lock(&heap.lock);
    frames_set_free(mfn, order, TYPE_NONE);
    block_free(mfn, order, 1UL << order);
    heap.free += 1UL << order;
    spin_unlock(&heap.lock);
}

void heap_add(mfn_t start, mfn_t end)
{
    if (start == 0)
        start = 1;
    end = min(end, frame_table_max);
    spin_lock(&heap.lock);
    while (start < end) {
        unsigned order = min(lowest_bit(start), (unsigned)MAX_ORDER);

        while (1UL << order > end - start)
            order--;
        frames_set_free(start, order, TYPE_NONE);
        block_free(start, order, 1UL << order);
        heap.free += 1UL << order;
        heap.total += 1UL << order;
        start += 1UL << order;
    }
    spin_unlock(&heap.lock);
}

/* ---- accounting ---- */

u64 heap_free_pages(void) { return READ_ONCE(heap.free); }
u64 heap_total_pages(void) { return READ_ONCE(heap.total); }
u64 heap_claimed_pages(void) { return READ_ONCE(heap.claimed); }

u64 heap_free_below(unsigned addr_bits)
{
    u64 n = 0;

    if (zone_limit(addr_bits) == ZONES)
        return heap_free_pages();
    spin_lock(&heap.lock);
    for (unsigned zone = 0; zone < zone_limit(addr_bits); zone++)
        n += heap.zone_free[zone];
    spin_unlock(&heap.lock);
    return n;
}

bool heap_claim(u64 pages)
{
    bool ok;

    spin_lock(&heap.lock);
    ok = pages <= heap.free && heap.claimed <= heap.free - pages;
    if (ok)
        heap.claimed += pages;
    spin_unlock(&heap.lock);
    return ok;
}

void heap_unclaim(u64 pages)
{
    spin_lock(&heap.lock);
    ASSERT(pages <= heap.claimed);
    heap.claimed -= min(pages, heap.claimed);
    spin_unlock(&heap.lock);
}

unsigned heap_scrub_all(void)
{
    unsigned pieces = 0;

    spin_lock(&heap.scrubber);
    queue_empty();
    while (scrub_piece())
        pieces++;
    spin_unlock(&heap.scrubber);
    return pieces;
}
