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
 * Invariant: every RAM frame handed to heap_add() is either in exactly one free block, or on the scrub list, or has
 * an owner; `free` counts the first two. The head of a free block has owner OWNER_NONE and progress = order + 1,
 * its other frames have progress 0.
 *
 * Scrubbing. A frame that a guest could reach returns through heap_free_dirty() and waits on the scrub list, a queue.
 * When SCRUB_WAITING frames wait, the SCRUB_BATCH oldest are made clean: TLBs that were not flushed since they were
 * freed are (a stale entry could still read or even write the frame after it was cleared), then each page is zeroed and
 * enters the lists marked clean. A flush covers everything that waits at that moment, so the next batches need none: to
 * interrupt every CPU, also those asleep, is what costs, not the clearing. No call does more than one batch of unasked
 * work.
 *
 * Claims are promises: `claimed` frames may be taken only by domains that hold them (core/frame.c).
 *
 * Imprecise on purpose: memory that only Serai used is not cleared when it is freed but when somebody asks for zeroed
 * memory (heap_alloc_zeroed), so Serai's own page churn costs nothing.
 */
#include "core/heap.h"
#include "arch/arch.h"
#include "core/frame.h"
#include "core/lock.h"
#include "lib/bitops.h"
#include "lib/print.h"

#include "abi/xen.h"

#define ZONES 32            /* mfns have at most 32 bits: struct frame links by u32 */
#define SCRUB_BATCH 64
#define SCRUB_WAITING (HEAP_WAITING_BATCHES * SCRUB_BATCH)  /* 4 MiB: 256 MiB are freed with 69 flushes */

/* Uses of struct frame.type while a frame is free or Serai's: its contents are zero. */
#define FREE_CLEAN 1UL

static struct {
    struct spinlock lock;
    u32 head[ZONES][MAX_ORDER + 1];
    u32 nonempty[ZONES];        /* bit per order whose list has blocks */
    u64 zone_free[ZONES];       /* frames in the zone's lists */
    u64 free;                   /* frames in all lists and on the scrub list */
    u64 total;
    u64 claimed;
    u32 scrub_head, scrub_tail; /* the oldest, and the newest if there is any */
    u32 scrub_count;
} heap = { .lock = SPINLOCK(heap) };

static unsigned zone_of(mfn_t mfn) { return highest_bit(mfn); }

/* Number of zones that lie below 2^addr_bits bytes. */
static unsigned zone_limit(unsigned addr_bits)
{
    if (addr_bits == 0 || addr_bits >= ZONES + PAGE_SHIFT)
        return ZONES;
    return addr_bits <= PAGE_SHIFT ? 0 : addr_bits - PAGE_SHIFT;
}

/* ---- free lists (heap lock held) ---- */

static void block_insert(mfn_t mfn, unsigned order)
{
    unsigned zone = zone_of(mfn);
    struct frame *f = mfn_frame(mfn);
    u32 next = heap.head[zone][order];

    f->progress = (u16)(order + 1);
    f->prev = 0;
    f->next = next;
    if (next)
        mfn_frame(next)->prev = (u32)mfn;
    heap.head[zone][order] = (u32)mfn;
    heap.nonempty[zone] |= 1u << order;
    heap.zone_free[zone] += 1UL << order;
}

static void block_remove(mfn_t mfn, unsigned order)
{
    unsigned zone = zone_of(mfn);
    struct frame *f = mfn_frame(mfn);

    if (f->prev)
        mfn_frame(f->prev)->next = f->next;
    else
        heap.head[zone][order] = f->next;
    if (f->next)
        mfn_frame(f->next)->prev = f->prev;
    if (!heap.head[zone][order])
        heap.nonempty[zone] &= ~(1u << order);
    heap.zone_free[zone] -= 1UL << order;
    f->progress = 0;
    f->next = f->prev = 0;
}

static bool block_is_free(mfn_t mfn, unsigned order)
{
    const struct frame *f;

    if (mfn == 0 || !mfn_valid(mfn))
        return false;
    f = mfn_frame(mfn);
    return f->owner == OWNER_NONE && f->progress == order + 1;
}

/* Put a block on its list, merged with its buddies as far as they are free. */
static void block_free(mfn_t mfn, unsigned order)
{
    for (; order < MAX_ORDER; order++) {
        mfn_t buddy = mfn ^ (1UL << order);

        if (!block_is_free(buddy, order))
            break;
        block_remove(buddy, order);
        mfn &= ~(1UL << order);
    }
    block_insert(mfn, order);
}

/* Take 2^order frames from the highest zone below the limit that has them; the rest of a larger block goes back. */
static mfn_t block_take(unsigned order, unsigned zones)
{
    while (zones-- > 0) {
        u32 fit = heap.nonempty[zones] >> order;
        unsigned have;
        mfn_t mfn;

        if (!fit)
            continue;
        have = order + lowest_bit(fit);
        mfn = heap.head[zones][have];
        block_remove(mfn, have);
        /* Give back the lower halves: the high end of memory is used first within a block, too. */
        while (have > order) {
            have--;
            block_insert(mfn, have);
            mfn += 1UL << have;
        }
        return mfn;
    }
    return MFN_NONE;
}

static void frames_set_free(mfn_t mfn, unsigned order, u64 contents)
{
    for (u64 i = 0; i < 1UL << order; i++) {
        struct frame *f = mfn_frame(mfn + i);

        f->type = contents;
        f->progress = 0;
        f->next = f->prev = 0;
        f->owner = OWNER_NONE;
        __atomic_store_n(&f->count, 0, __ATOMIC_RELEASE);
    }
}

/* ---- scrubbing ---- */

bool heap_scrub_batch(void)
{
    u32 mfns[SCRUB_BATCH];
    unsigned n = 0;
    cpumask_t stale = 0;

    spin_lock(&heap.lock);
    while (n < SCRUB_BATCH && heap.scrub_head) {
        struct frame *f = mfn_frame(heap.scrub_head);

        mfns[n++] = heap.scrub_head;
        heap.scrub_head = f->next;
        heap.scrub_count--;
    }
    spin_unlock(&heap.lock);

    for (unsigned i = 0; i < n; i++)
        stale |= tlb_stale(cpus_online, mfn_frame(mfns[i])->stamp);
    if (stale)
        tlb_flush_mask(stale, FLUSH_ALL);
    for (unsigned i = 0; i < n; i++)
        page_clear(mfn_to_virt(mfns[i]));

    spin_lock(&heap.lock);
    for (unsigned i = 0; i < n; i++) {
        frames_set_free(mfns[i], 0, FREE_CLEAN);
        block_free(mfns[i], 0);
    }
    spin_unlock(&heap.lock);
    return n > 0;
}

void heap_free_dirty(mfn_t mfn)
{
    struct frame *f = mfn_frame(mfn);
    bool full;

    ASSERT(!(f->count & FRAME_REFS));
    f->stamp = tlb_clock();
    f->owner = OWNER_SERAI;
    f->type = TYPE_NONE;
    f->count = 0;
    spin_lock(&heap.lock);
    f->next = 0;
    if (heap.scrub_head)
        mfn_frame(heap.scrub_tail)->next = (u32)mfn;
    else
        heap.scrub_head = (u32)mfn;
    heap.scrub_tail = (u32)mfn;
    heap.scrub_count++;
    heap.free++;
    full = heap.scrub_count >= SCRUB_WAITING;
    spin_unlock(&heap.lock);
    if (full)
        heap_scrub_batch();
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
        for (u64 i = 0; i < want; i++) {
            mfn_frame(mfn + i)->progress = 0;
            mfn_frame(mfn + i)->owner = OWNER_SERAI;
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
    do
        mfn = try_alloc(order, zones, credit, &broke_claims);
    while (mfn == MFN_NONE && !broke_claims && heap_scrub_batch());
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
        f->type = TYPE_NONE;
    }
}

mfn_t heap_alloc_zeroed(unsigned order, unsigned addr_bits)
{
    mfn_t mfn = heap_alloc(order, addr_bits);

    if (mfn != MFN_NONE)
        heap_make_zero(mfn, order);
    return mfn;
}

static void free_block_as(mfn_t mfn, unsigned order, u64 contents)
{
    ASSERT(mfn && mfn_valid(mfn) && !(mfn & ((1UL << order) - 1)));
    ASSERT(mfn_frame(mfn)->owner == OWNER_SERAI && !(mfn_frame(mfn)->count & FRAME_REFS));
    spin_lock(&heap.lock);
    frames_set_free(mfn, order, contents);
    block_free(mfn, order);
    heap.free += 1UL << order;
    spin_unlock(&heap.lock);
}

void heap_free(mfn_t mfn, unsigned order)
{
    free_block_as(mfn, order, TYPE_NONE);
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
        block_free(start, order);
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
    unsigned batches = 0;

    while (heap_scrub_batch())
        batches++;
    return batches;
}
