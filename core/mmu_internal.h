/* Shared by the files of the paravirtual MMU: mmu.c (theory), pagetype.c, pte.c, mmu_update.c, mmuext.c, audit.c. */
#pragma once
#include "arch/arch.h"
#include "core/domain.h"
#include "core/mmu.h"
#include "core/vcpu.h"
#include <machine/pte.h>

/*
 * How much may still be done before the operation has to look whether something better waits. Counted in entries taken
 * or dropped; at 0 page-table work returns -ERESTART with its progress in the frame.
 */
struct mmu_work {
    s32 left;
    mfn_t orphan;       /* a table dropped by pte_write() whose undoing stopped: the caller owes an orphan_adopt() */
};
#ifdef SERAI_HOST
extern s32 fake_mmu_work;   /* model tests run out of it all the time */
#define MMU_WORK fake_mmu_work
#else
#define MMU_WORK 512    /* of at most 200 instructions each: a tenth of a millisecond */
#endif

/*
 * ... and what else costs time, in entries: one that was the last name of its frame; a table that is looked through, be
 * it empty; its shadow, made or dropped; an entry of that; a look which of 64 CPUs need a flush; a flush, which may
 * wait for a CPU that has interrupts off for as long as we.
 */
#define FREED_WORK 8
#define TABLE_WORK 6
#define SHADOW_WORK 96
#define SHADOW_ENTRY_WORK 2
#define STALE_WORK 4
#define FLUSH_WORK 512

/* Charge the page-table work under way on this CPU, if any. */
static inline void mmu_charge(s32 entries)
{
    if (current && current->mmu_work)       /* tests have no vcpus */
        current->mmu_work->left -= entries;
}

/* In the count of a list that goes on after a pre-emption: *pdone already has a number to add to. Private to Serai. */
#define MMU_UPDATE_PREEMPTED (1u << 31)

/* What an operation of a list answers that is done, and took long: the list is to look at once. */
#define DONE_LONG 1

static inline u64 type_of_level(unsigned level) { return (u64)level << TYPE_SHIFT; }
/* 1..4 for a page table, 0 for anything else. */
static inline unsigned type_level(u64 type)
{
    unsigned t = (unsigned)(type >> TYPE_SHIFT);
    return t <= 4 ? t : 0;
}

static inline bool type_live_table(u64 type)
{
    return (type & TYPE_VALIDATED) && (type & TYPE_USES) && type_level(type);
}

/* In the type of d's live tables. */
static inline u64 type_owner(const struct domain *d) { return (u64)d->id << TYPE_OWNER_SHIFT; }

static inline bool l4_slot_is_guests(unsigned i) { return i < 256 || i > 271; }

/*
 * A live table keeps, in the word that is a time stamp while nobody uses the frame, which of its 32 groups of 16
 * entries may have present ones: what a table contains then decides what it costs to take it apart, not its 512 slots.
 */
#define GROUP 16u
#define SERAI_GROUP 16u    /* of a top-level table: see l4_slot_is_guests() */
static inline void table_mark(struct frame *f, unsigned index)
{
    WRITE_ONCE(f->stamp, READ_ONCE(f->stamp) | 1u << (index / GROUP));
}

/* ---- pagetype.c; d->mmu_lock held ---- */
/* A use of d's frame as a page table of that type (validates it if it is the first). 0, -EINVAL, -ERESTART. */
long table_get(struct domain *d, mfn_t mfn, u64 type, struct mmu_work *w);
/* Drop a use; the last one undoes the validation. 0 or -ERESTART (call again). */
long table_put(struct domain *d, mfn_t mfn, struct mmu_work *w);

/* ---- pagetype.c; no lock held ---- */
/*
 * The flush that taking d's frame as another type will need, done before d->mmu_lock is taken: others then do not wait
 * for that lock while its holder waits for their answers. Only a guess what the frame is: who takes it looks again.
 */
void retype_flush_early(const struct domain *d, mfn_t mfn, u64 type);
/*
 * Drop a use of a table, all of it unless this CPU has something better to do (w: until it looks): then the rest is
 * current's orphan.
 */
void table_drop(struct domain *d, mfn_t mfn, struct mmu_work *w);
/* Go on undoing a table that a table_put() left partial; to the end, or it is current's orphan. */
void orphan_adopt(struct domain *d, mfn_t mfn);
/*
 * Finish what current owes and, for a call that is resumed (on any vcpu), what others of its domain owe. False:
 * something better is to be done first, call again.
 */
bool orphans_finish(struct vcpu *v, bool resumed);

/* ---- pte.c; d->mmu_lock held (d owns the table) ---- */
/* Whose frames an L1 entry may name: a domain id, DOMID_IO or DOMID_XEN. */
typedef u16 pg_owner_t;
/*
 * Take what a present entry of a table of d at `level` refers to; adjusts *pte. 0, -EINVAL, -EPERM, -EBUSY (not pg's,
 * or a table to be written to), -ERESTART.
 */
long pte_take(struct domain *d, pg_owner_t pg, unsigned level, u64 *pte, struct mmu_work *w);
/* Drop what a present entry refers to. 0 or -ERESTART (the child is left partial; see table_put). */
long pte_drop(struct domain *d, unsigned level, u64 pte, struct mmu_work *w);
/*
 * Replace the entry at *p in a live table of d.
 * preserve_ad: keep the accessed and dirty bits it has. May leave w->orphan.
 */
long pte_write(struct domain *d, pg_owner_t pg, unsigned level, u64 *p, u64 new, bool preserve_ad, struct mmu_work *w);
/*
 * The same by compare-and-swap against *expect, where only accessed and dirty bits can have changed: *expect becomes
 * the value replaced, and bits the CPU set meanwhile go over to a present `new`.
 */
long pte_swap(struct domain *d, unsigned level, u64 *p, u64 *expect, u64 new, struct mmu_work *w);

/*
 * The number of requests of a list that are done goes to *pdone, if there is one; a resumed call adds to what is there.
 */
long mmu_report_done(u64 pdone, u64 done, bool resumed);

/* mmu.c: as mmu_set_base() and mmu_set_user_base(), or DONE_LONG. No lock held. */
long mmu_new_base(struct vcpu *v, mfn_t mfn, bool user);

/*
 * Flush CPUs as a guest asks for. Other ones may take as long to answer as each may have interrupts off: so these are
 * let in here before and after, and what comes before or next is not added to it. No lock held. mmu_update.c
 */
void flush_for_guest(cpumask_t cpus, u64 va);

/* Walk d's live tables from `l4` to the L1 entry that maps va; NULL if a level is missing. */
u64 *pte_find(mfn_t l4, u64 va);
