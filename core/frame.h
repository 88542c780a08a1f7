/*
 * The frame table: one 32-byte record for every machine frame of RAM.
 *
 * Two counts per frame. `count` says how many reasons there are for the frame to stay with its owner (the
 * owner's own allocation is one of them); `type` says what the frame is used as, and how often. A frame
 * is used as one thing at a time, which is all that page-table safety needs. See core/mmu.c.
 *
 * Both words are changed only by compare-and-swap. Transitions into and out of page-table types also hold
 * the owner's mmu lock.
 */
#pragma once
#include "lib/types.h"
#include "core/lock.h"

struct domain;

struct frame {
    u64 count;      /* FRAME_* flags | number of references */
    u64 type;       /* TYPE_* | TYPE_PINNED.. | number of uses as that type */
    u16 owner;      /* domid, or OWNER_NONE (free), OWNER_SERAI */
    u16 progress;   /* page tables: entries validated so far when a validation was pre-empted */
    u32 stamp;      /* TLB clock when a use ended that may linger in TLBs */
    u32 next, prev; /* owner's list, or free list (mfn, 0 ends it: frame 0 is never given out) */
};
_Static_assert(sizeof(struct frame) == 32, "frame table overhead: 0.78 % of RAM");

#define OWNER_NONE 0xffff
#define OWNER_SERAI DOMID_XEN

#define FRAME_ALLOCATED (1UL << 63) /* the owner's own reference; dropped once, by whoever clears it */
#define FRAME_SERAI (1UL << 62)     /* Serai's memory shared with a guest: never freed by references */
#define FRAME_IO (1UL << 61)        /* no RAM */
#define FRAME_REFS 0x00ffffffffffffUL

#define TYPE_SHIFT 60
#define TYPE_NONE 0UL
#define TYPE_L1 (1UL << TYPE_SHIFT)
#define TYPE_L2 (2UL << TYPE_SHIFT)
#define TYPE_L3 (3UL << TYPE_SHIFT)
#define TYPE_L4 (4UL << TYPE_SHIFT)
#define TYPE_DESC (5UL << TYPE_SHIFT)     /* GDT or LDT */
#define TYPE_WRITABLE (7UL << TYPE_SHIFT)
#define TYPE_MASK (15UL << TYPE_SHIFT)
#define TYPE_PINNED (1UL << 59)
#define TYPE_VALIDATED (1UL << 58)
#define TYPE_PARTIAL (1UL << 57)          /* validation or its undoing was pre-empted at `progress` */
#define TYPE_OWNER_SHIFT 32               /* with VALIDATED, of a table: id of the domain whose it is */
#define TYPE_OWNER (0xffffUL << TYPE_OWNER_SHIFT)
#define TYPE_USES 0xffffffffUL

#include <machine/direct.h>                /* frame_table */
extern mfn_t frame_table_max;             /* first mfn that has no record */

static inline bool mfn_valid(mfn_t mfn) { return mfn < frame_table_max; }
/* Why 32 bits? A number from a guest that mispredicted code has not checked yet stays in the table's address space. */
static inline struct frame *mfn_frame(mfn_t mfn) { return &frame_table[(u32)mfn]; }
static inline mfn_t frame_mfn(const struct frame *f) { return (mfn_t)(f - frame_table); }

/* Is this frame RAM that a domain or Serai may own (not MMIO, not a hole)? */
static inline bool mfn_is_ram(mfn_t mfn)
{
    return mfn_valid(mfn) && !(READ_ONCE(mfn_frame(mfn)->count) & FRAME_IO);
}

/*
 * Take a general reference if the frame is in use and owned by `d`; false otherwise. No locks.
 * frame_put() drops one; the last one gives the frame back to the allocator and takes: pages, heap.
 */
bool __must_check frame_get(mfn_t mfn, const struct domain *d);
void frame_put(mfn_t mfn);

/*
 * A frame of Serai's own that domain 0 may map by DOMID_XEN, for reading or also for writing: from now on it has an
 * owner with a reference and can never be freed.
 */
void frame_publish(mfn_t mfn, bool writable);

/*
 * Walk d's frames: the next one after mfn (on which the caller holds a reference; 0: the first) that still has
 * references, with one more, which keeps it on the list. 0 at the end. Takes: pages.
 */
mfn_t domain_next_frame(struct domain *d, mfn_t mfn);

/* Drop the owner's allocation reference if it still exists (balloon out, domain death). */
bool frame_release(mfn_t mfn);

/* frame_get() plus a use as TYPE_WRITABLE: for kernel mappings of a guest's page by Serai, grants. */
bool __must_check frame_get_writable(mfn_t mfn, const struct domain *d);
void frame_put_writable(mfn_t mfn);

/* A use as TYPE_WRITABLE of a frame the caller holds a general reference to; false if it is a page table. core/mmu.c */
bool __must_check type_get_writable(mfn_t mfn);
void type_put_writable(mfn_t mfn);
