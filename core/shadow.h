/* Shared by core/log_dirty.c and core/shadow.c, and with the files of the MMU where tables change. */
#pragma once
#include "core/log_dirty.h"
#include "core/lock.h"

enum log_phase {
    LOG_OFF,
    LOG_COPYING,        /* tables get shadows, one by one; from now on all changes are followed */
    LOG_LINKING,        /* shadows of higher tables are filled again: all lower ones exist */
    LOG_ON,             /* the vcpus run on shadows */
    LOG_STOPPING,       /* nobody runs on shadows any more; they are freed */
};

struct log_dirty {
    struct spinlock lock;       /* class leaf: all below; shadows, and tables that have one */
    enum log_phase phase;
    bool shown;                 /* vcpus run on shadows; they stop one by one after `broken` */
    bool broken;                /* a table got no shadow: the bitmap is worth nothing any more */
    u64 nr_pfns;                /* the bitmap's size */
    unsigned long **leaf;       /* [nr_leaves] pages of it */
    u32 nr_leaves;
    u32 faults, dirty;          /* since the last CLEAN */
    u32 **bucket;               /* pages of nr_buckets: shadows by their table's frame number, chained by frame.next */
    u32 nr_buckets;             /* a power of two, whole pages */
    u64 salt;                   /* odd, not known to the guest: which bucket is a table's */
    u32 spare;                  /* shadows without a table, chained; TLBs may still know them, see frame.stamp */
    u32 cursor;                 /* bucket whose turn it is: linking, taking rights, freeing */
    u64 next;                   /* a report in progress: first pfn not handed out yet */
    u32 grant;                  /* ... first grant not looked at yet; GRANTS_NOTED: no more */
    u32 token, last_token;      /* its number, 0: none */
    mfn_t walk;                 /* LOG_COPYING: the domain's frame whose turn it is, with a reference */
    u64 allowance;              /* bytes added to d->serai_limit */
};

#define BUCKETS_PER_PAGE (PAGE_SIZE / sizeof(u32))
#define PFNS_PER_LEAF (PAGE_SIZE * 8)

/* log_dirty.c; l->lock held. Note that a frame of d was written; was it, since the last CLEAN? */
void log_note_locked(struct domain *d, mfn_t mfn);
bool log_noted(struct domain *d, mfn_t mfn);

/* shadow.c. In which bucket, below nr_buckets, the shadow of a table is; all that it needs are nr_buckets and salt. */
u32 shadow_bucket(const struct log_dirty *l, mfn_t table);
/* -ERESTART; -ENOMEM. */
long shadow_build(struct domain *d);
/* Take RW away again in shadows from bucket `from` on, some of them; where to go on. Takes: leaf. */
u32 shadow_protect(struct domain *d, u32 from);
/* Free all shadows; no CPU uses one. 0 or -ERESTART. */
long shadow_free_all(struct domain *d);

/* For the MMU, d->mmu_lock held and d->logging. A table of d was validated; lost its last use (before it is undone). */
void shadow_table_new(struct domain *d, mfn_t mfn);
void shadow_table_gone(struct domain *d, mfn_t mfn);
