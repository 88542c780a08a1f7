/*
 * Memory. Frames come from a buddy allocator (orders 0..18) with address limits; objects from size-class
 * slabs on top. Everything a guest can cause is charged to a domain and refused at its limit.
 */
#pragma once
#include "lib/types.h"

struct domain;

#define MAX_ORDER 18

/* Boot: hand RAM [start, end) (mfns) to the allocator. */
void heap_add(mfn_t start, mfn_t end);

/*
 * 2^order frames, naturally aligned, all below 2^addr_bits bytes (0: anywhere); first mfn or MFN_NONE.
 * The frames are Serai's (OWNER_SERAI, no references) until assigned. Their contents are undefined, and may be what a
 * guest left in them; no TLB has an entry for them. Takes: scrub, heap. May flush TLBs.
 */
mfn_t heap_alloc(unsigned order, unsigned addr_bits);
void heap_free(mfn_t mfn, unsigned order);
/* The same with contents guaranteed zero. */
mfn_t heap_alloc_zeroed(unsigned order, unsigned addr_bits);
/* heap_alloc() that may use up to `credit` frames of the claims, which are then claimed no more; for core/frame.c. */
mfn_t heap_alloc_credit(unsigned order, unsigned addr_bits, u64 credit);
/* Make frames just allocated zero, those that are not known to be. */
void heap_make_zero(mfn_t mfn, unsigned order);
/* Give back one frame that a guest could reach: nobody gets it before TLBs are flushed. Free at once. Takes: heap. */
void heap_free_dirty(mfn_t mfn);
/* For idle CPUs: clear up to 32 frames that guests left; false if there is nothing to do. Takes: scrub, heap. */
bool heap_scrub_idle(void);
/* Do all scrubbing now, for tests; the number of pieces. Takes: scrub, heap. */
unsigned heap_scrub_all(void);

#ifdef SERAI_DEBUG
/*
 * Injected failures, for tests (hypfs: /debug/alloc_fails_in): the n-th allocation from now, of frames or of an object,
 * fails as if memory were exhausted, and then none does. 0: none fails.
 */
extern u32 heap_fails_in;
bool heap_fails_now(void);
#else
static inline bool heap_fails_now(void) { return false; }
#endif

/* In frames; free ones include those not scrubbed yet. */
u64 heap_free_pages(void);
u64 heap_total_pages(void);
/* Frames free below 2^addr_bits bytes (0: anywhere), claimed ones included. */
u64 heap_free_below(unsigned addr_bits);
/* Promise frames to a domain (core/frame.c keeps whose they are): false if that many are not free. Takes: heap. */
bool heap_claim(u64 pages);
void heap_unclaim(u64 pages);
u64 heap_claimed_pages(void);

/*
 * heap_make_zero(), and interrupts are answered in between: a large block is half a million instructions. No locks
 * held.
 */
void zero_for_guest(mfn_t mfn, unsigned order);
/*
 * Frames as a guest's memory: allocate, scrub, assign to d (owner, FRAME_ALLOCATED, one reference, type
 * TYPE_NONE, on d's list, d->tot_pages). MFN_NONE with a recorded reason if the heap or d->max_pages is
 * exhausted. Their entries of the machine-to-physical table say gfn and on (INVALID_M2P: nothing). When it returns, d
 * may have given some back already: who wants to do so, too, needs frame_get(). Takes: pages, heap.
 */
mfn_t domain_alloc_pages(struct domain *d, unsigned order, unsigned addr_bits, gfn_t gfn);
/* Assign already allocated frames; false if it would exceed d->max_pages. */
bool domain_assign_pages(struct domain *d, mfn_t mfn, unsigned order);
/*
 * Take a frame away from d without freeing it (exchange, transfer). Its only reference must be d's allocation: the
 * caller holds none. True: the frame is now Serai's like one from heap_alloc() (no references, contents kept), to be
 * given to domain_assign_pages() or heap_free_dirty(); its m2p entry is as it was. False: not d's, or in use.
 * Takes: pages.
 */
bool domain_steal_page(struct domain *d, mfn_t mfn);
/*
 * Assign in place of as many pages just stolen: without looking at d->max_pages, which they were counted against all
 * the time. False: d is being destroyed.
 */
bool domain_replace_pages(struct domain *d, mfn_t mfn, unsigned order);
/*
 * Give a page just stolen back to d, its contents as they were. Nobody else had it, so only d's own CPUs are flushed:
 * what it was, which they may still know it as, is forgotten. False: d is being destroyed.
 */
bool domain_return_page(struct domain *d, mfn_t mfn);
/*
 * Claims (XENMEM_claim_pages): promise d that it can grow to `pages` frames in all; 0 drops what is left of the claim.
 * -EINVAL: fewer than it has, or more than its maximum; -ENOMEM: not free. Takes: pages, heap.
 */
long domain_claim(struct domain *d, u64 pages);

/*
 * Zeroed Serai memory in whole pages shared with a guest (shared info, grant frames): FRAME_SERAI, owned by d,
 * charged to d. Freed by shared_page_free() once the guest's references are gone (deferred otherwise).
 */
void *shared_page_alloc(struct domain *d);
void shared_page_free(void *page);

/*
 * Zeroed objects, 16-byte aligned, charged to d (NULL: Serai's own). NULL when exhausted, with the reason recorded
 * for d. They must be freed before d is. zfree(NULL) does nothing. Takes: heap.
 */
void *zalloc(struct domain *d, size_t bytes);
void zfree(void *p);
/* Zeroed, page aligned. */
void *zalloc_pages(struct domain *d, unsigned order);
void zfree_pages(void *p, unsigned order);
/*
 * Account objects that are not from zalloc(); false (reason recorded) at the limit. The bytes charged to d are in
 * d->serai_bytes, the limit in d->serai_limit (0: none). d may be NULL: Serai's own. No locks.
 */
bool __must_check domain_charge(struct domain *d, u64 bytes);
void domain_uncharge(struct domain *d, u64 bytes);
