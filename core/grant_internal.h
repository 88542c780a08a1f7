/*
 * What the grant files share. Nobody else includes this.
 *   grant.c          tables and limits; theory of the whole
 *   grant_entry.c    one entry: what it permits, marking it used
 *   grant_map.c      map, unmap; the mapper's records
 *   grant_copy.c     copy
 *   grant_cache.c    cache flush
 *   grant_version.c  switching between the two layouts
 *   grant_op.c       the hypercall
 *   grant_audit.c    dump and auditor
 */
#pragma once
#include "core/grant.h"
#include "core/domain.h"
#include "core/lock.h"
#include "core/vcpu.h"
#include "lib/clamp.h"
#include "lib/print.h"
#include "lib/string.h"

/* Who uses an entry now. Indexed by gref; one page per shared frame of version 1, half of it used in version 2. */
struct active {
    domid_t domid;              /* the user, while readers + writers > 0 */
    u16 readers, writers;       /* mappings and copies under way; limit MAX_PINS */
    u16 pad;
};
#define ACTIVE_PER_PAGE (PAGE_SIZE / sizeof(struct active))
#define MAX_PINS 0xffff

/* One mapping that this domain made of somebody's grant; its handle is its index. */
struct mapping {
    u32 ref;
    u32 mfn;                    /* held by a reference, a writable one unless GNTMAP_readonly */
    domid_t dom;                /* the granting domain, held by a reference */
    u16 flags;                  /* MAPPING_USED, _HOST, GNTMAP_*; host_map, device_map: still mapped so */
    u32 next_free;              /* handle + 1 */
};
#define MAPPINGS_PER_PAGE (PAGE_SIZE / sizeof(struct mapping))
#define MAPPING_USED 0x8000
#define MAPPING_HOST 0x4000         /* was in a page table once: ends with a flush */
#define MAPPING_KINDS (GNTMAP_host_map | GNTMAP_device_map)

#define V1_PER_PAGE (PAGE_SIZE / sizeof(grant_entry_v1_t))
#define V2_PER_PAGE (PAGE_SIZE / sizeof(grant_entry_v2_t))
#define STATUS_PER_PAGE (PAGE_SIZE / sizeof(grant_status_t))

struct grant_table {
    struct spinlock lock;       /* class grant; everything here */
    u8 version, max_version;
    u32 nr_grefs;               /* that may be used: those of nr_frames, or the reserved ones while `switching` */
    u32 nr_frames, max_frames;
    void **shared;              /* [max_frames] pages the guest writes */
    struct active **active;     /* [max_frames] */
    u32 nr_status;
    grant_status_t **status;    /* [status_frames(max_frames)], version 2 */
    u32 nr_pinned;              /* entries with readers or writers */
    u32 nr_maptrack, maptrack_room, max_maptrack; /* pages: there, pointers for, allowed */
    struct mapping **maptrack;
    u32 free_mapping;           /* handle + 1 of the first free record, 0: none */
    u32 nr_mappings;
    u32 release_next;           /* teardown: next handle to look at */
    u32 switching;              /* a change of version is under way: frames cleared so far, and one; 0: none */
};

static inline u32 status_frames(u32 frames) { return DIV_ROUND_UP(frames * (u32)V2_PER_PAGE, (u32)STATUS_PER_PAGE); }
/* nr_frames, version or switching has changed. */
static inline void count_grefs(struct grant_table *t)
{
    t->nr_grefs = t->switching ? GNTTAB_NR_RESERVED_ENTRIES
                               : t->nr_frames * (u32)(t->version == 1 ? V1_PER_PAGE : V2_PER_PAGE);
}
static inline grant_entry_v1_t *entry_v1(const struct grant_table *t, u32 ref)
{
    return &((grant_entry_v1_t *)t->shared[ref / V1_PER_PAGE])[ref % V1_PER_PAGE];
}
static inline grant_entry_v2_t *entry_v2(const struct grant_table *t, u32 ref)
{
    return &((grant_entry_v2_t *)t->shared[ref / V2_PER_PAGE])[ref % V2_PER_PAGE];
}
static inline u16 *entry_status(const struct grant_table *t, u32 ref)
{
    return t->version == 1 ? &entry_v1(t, ref)->flags : &t->status[ref / STATUS_PER_PAGE][ref % STATUS_PER_PAGE];
}
static inline struct active *entry_active(const struct grant_table *t, u32 ref)
{
    return &t->active[ref / ACTIVE_PER_PAGE][ref % ACTIVE_PER_PAGE];
}

/* grant.c: have at least n shared frames. -ENOMEM, -ENOSPC with reason. Lock held. */
long grant_grow(struct domain *d, u32 n);
long grant_grow_in_pieces(struct domain *d, u32 n); /* the same or -ERESTART; lets go of the lock in between */
long grant_grow_status(struct domain *d, u32 frames); /* status frames for that many shared ones */

/* grant_entry.c: what a pinned entry gives. */
struct grant_use {
    mfn_t mfn;                  /* held by a reference (a writable one if pinned for writing) */
    u16 start, length;          /* bytes of the page; a whole page is 0, PAGE_SIZE */
    bool transitive;            /* nothing held: it stands for grant trans_ref of domain trans_dom */
    domid_t trans_dom;
    u32 trans_ref;
};
/*
 * Pin grant `ref` of rd for domain `who`: check that it permits this, mark it used, take the frame's reference.
 * whole: sub-page and transitive grants are not good enough (mappings). Lock of rd held. GNTST_*.
 */
s16 grant_pin(struct domain *rd, u32 ref, domid_t who, bool write, bool whole, struct grant_use *use);
/* Undo: the frame first (mfn unless MFN_NONE), then the mark in the entry. Lock of rd held. */
void grant_unpin(struct domain *rd, u32 ref, bool write, mfn_t mfn);

/* Elements [i, i + *n) of a guest's array; one where so many cannot be read: what lies before a bad page counts. */
static inline int fetch_some(void *to, gva_t array, u64 i, unsigned *n, size_t size)
{
    gva_t from = gva_add(array, i * size);

    if (likely(!copy_from_guest(to, from, *n * size)))
        return 0;
    if (*n == 1)
        return -EFAULT;
    *n = 1;
    return copy_from_guest(to, from, size);
}

/* A domain looked up by id, kept from one element of a batch to the next; with a reference. */
struct peer { struct domain *d; };
static inline struct domain *peer_get(struct peer *p, domid_t id)
{
    if (p->d && p->d->id == id)
        return p->d;
    if (p->d)
        domain_put(p->d);
    return p->d = domain_get(id);
}
static inline void peer_drop(struct peer *p)
{
    if (p->d)
        domain_put(p->d);
    p->d = NULL;
}

/* Batches: each does elements [0, count) until done or something better is to be done; elements done, or error. */
long grant_map_batch(gva_t ops, u64 count);
long grant_unmap_batch(gva_t ops, u64 count, bool replace);
long grant_copy_batch(gva_t ops, u64 count);
/* *at: pages of mapping records to pass over for the first element; those to pass over for the first that is left. */
long grant_cache_batch(gva_t ops, u64 count, u32 *at);

/* grant_version.c: 0 or -E*, *version gets what is now in force; -ERESTART: call again. */
long grant_set_version(struct domain *d, u32 *version);
/* Refusals with a grant status: recorded like all others. */
#define refuse_grant(status, ...) ((s16)reject((status), __VA_ARGS__))
