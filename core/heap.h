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
 * The frames are Serai's (OWNER_SERAI, no references) until assigned. Not scrubbed: contents are those of
 * pages scrubbed when they were freed, that is zero for frames a guest had, undefined for boot memory.
 */
mfn_t heap_alloc(unsigned order, unsigned addr_bits);
void heap_free(mfn_t mfn, unsigned order);
u64 heap_free_pages(void);
u64 heap_total_pages(void);
/* Are 2^order frames likely available without breaking claims? */
u64 heap_free_below(unsigned addr_bits);

/*
 * Frames as a guest's memory: allocate, scrub, assign to d (owner, FRAME_ALLOCATED, one reference, type
 * TYPE_NONE, on d's list, d->tot_pages). MFN_NONE with a recorded reason if the heap or d->max_pages is
 * exhausted. frame_release()/frame_put() give single frames back. Takes: pages, heap.
 */
mfn_t domain_alloc_pages(struct domain *d, unsigned order, unsigned addr_bits);
/* Assign already allocated frames; false if it would exceed d->max_pages. */
bool domain_assign_pages(struct domain *d, mfn_t mfn, unsigned order);
/* Take a frame away from d's list without freeing it (steal: exchange, transfer). The caller holds the only ref. */
bool domain_steal_page(struct domain *d, mfn_t mfn);

/*
 * Zeroed Serai memory in whole pages shared with a guest (shared info, grant frames): FRAME_SERAI, owned by d,
 * charged to d. Freed by shared_page_free() once the guest's references are gone (deferred otherwise).
 */
void *shared_page_alloc(struct domain *d);
void shared_page_free(void *page);

/* Zeroed objects, charged to d (NULL: Serai's own). NULL when exhausted, with the reason recorded for d. */
void *zalloc(struct domain *d, size_t bytes);
void zfree(void *p);
/* Zeroed, page aligned. */
void *zalloc_pages(struct domain *d, unsigned order);
void zfree_pages(void *p, unsigned order);
/* Bytes of Serai memory charged to d are in d->serai_bytes; the limit in d->serai_limit. */
