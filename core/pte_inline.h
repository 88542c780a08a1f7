/*
 * L1 entries, inline: what nearly all page-table updates are, in one piece for each of the ways they come (mmu_update,
 * update_va_mapping, a direct write). The rules are pte.c's.
 */
#pragma once
#include "core/frame_inline.h"
#include "core/mmu_internal.h"
#include "core/reject.h"

#define CACHE_BITS (PTE_PWT | PTE_PCD | PTE_PAT)

/* pte.c, the rare cases: a device's frame; refusals that find out why. */
struct pte_taken {      /* in two registers, so that no variable of the paths below has an address, or needs a guard */
    long rc;
    u64 pte;
};
struct pte_taken pte_take_device(struct domain *d, pg_owner_t pg, u64 pte);
long pte_refuse_owner(mfn_t mfn, pg_owner_t pg);
long pte_refuse_writable(mfn_t mfn);
struct pte_taken pte_check_unusual(struct domain *d, u64 pte);

static inline __attribute__((always_inline)) long take_l1(struct domain *d, pg_owner_t pg, u64 *pte)
{
    mfn_t mfn = pte_mfn(*pte);
    struct frame *f = mfn_frame(mfn);

    if (unlikely(*pte & (pte_reserved | CACHE_BITS))) {
        struct pte_taken t = pte_check_unusual(d, *pte);
        if (t.rc)
            return t.rc;
        *pte = t.pte;
    }
    *pte = (*pte & ~(PTE_GNTTAB | PTE_GLOBAL)) | PTE_USER;
    if (unlikely(!mfn_is_ram(mfn))) {
        struct pte_taken t = pte_take_device(d, pg, *pte);
        *pte = t.pte;
        return t.rc;
    }
    if (unlikely(!ref_get_owned(f, pg)))
        return pte_refuse_owner(mfn, pg);
    if ((*pte & PTE_RW) && unlikely(!writable_get(f))) {
        ref_put(f);
        return pte_refuse_writable(mfn);
    }
    return 0;
}

static inline void drop_l1(u64 pte)
{
    mfn_t mfn = pte_mfn(pte);
    struct frame *f = mfn_frame(mfn);

    if (unlikely((pte & PTE_GNTTAB) || !mfn_is_ram(mfn)))
        return;
    if (pte & PTE_RW)
        writable_put(f);
    ref_put(f);
}

/* How the store treats accessed and dirty bits that the entry has, or gets from the hardware meanwhile. */
enum ad { AD_REPLACE, AD_KEEP, AD_NEW_ONES };

/* shadow.c: store into a table of a domain whose writes are logged, and in what the hardware uses in its place. */
u64 shadow_store(struct domain *d, u64 *p, u64 new, enum ad ad, u64 seen);

/* Store; the value replaced. `seen` is what the guest's decision was based on (AD_NEW_ONES). */
static inline u64 store_plain(u64 *p, u64 new, enum ad ad, u64 seen)
{
    if (ad == AD_REPLACE)
        return __atomic_exchange_n(p, new, __ATOMIC_ACQ_REL);
    u64 old = READ_ONCE(*p), keep;
    do {
        keep = (ad == AD_KEEP ? old : old & ~seen) & (PTE_ACCESSED | PTE_DIRTY);
        if (!(new & PTE_PRESENT))
            keep = 0;
    } while (!__atomic_compare_exchange_n(p, &old, new | keep, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
    return old;
}

static inline u64 store(struct domain *d, u64 *p, u64 new, enum ad ad, u64 seen)
{
    return unlikely(d->logging) ? shadow_store(d, p, new, ad, seen) : store_plain(p, new, ad, seen);
}

/*
 * L1. An entry that goes on naming the same frame keeps its reference; only its writable use may come or go. *seen: in,
 * what the entry was when the guest decided; out, what was replaced.
 */
static inline __attribute__((always_inline)) long replace_l1(struct domain *d, pg_owner_t pg, u64 *p, u64 new,
                                                             enum ad ad, u64 *seen)
{
    u64 old = READ_ONCE(*p);
    bool same = (old & new & PTE_PRESENT) && !((old ^ new) & PTE_ADDR) && !(old & PTE_GNTTAB) &&
                mfn_is_ram(pte_mfn(new));
    struct frame *f = mfn_frame(pte_mfn(new));

    if (same) {
        new = (new & ~(PTE_GNTTAB | PTE_GLOBAL)) | PTE_USER;
        if (unlikely(new & CACHE_BITS)) {
            struct pte_taken t = pte_check_unusual(d, new);
            if (t.rc)
                return t.rc;
            new = t.pte;
        }
        if ((new & ~old & PTE_RW) && unlikely(!writable_get(f)))
            return pte_refuse_writable(pte_mfn(new));
        *seen = old = store(d, p, new, ad, *seen);
        if (old & ~new & PTE_RW)
            writable_put(f);
        return 0;
    }
    if (new & PTE_PRESENT) {
        if (!(old & PTE_PRESENT))
            table_mark(mfn_frame(direct_mfn(p)), (unsigned)((u64)p >> 3) & 511);
        long rc = take_l1(d, pg, &new);
        if (unlikely(rc))
            return rc;
    }
    *seen = old = store(d, p, new, ad, *seen);
    if (old & PTE_PRESENT)
        drop_l1(old);
    return 0;
}

/* Where `entry`, of the level above, says that va's entry of `level` is. */
static inline u64 *pte_below(u64 entry, u64 va, unsigned level)
{
    return (u64 *)mfn_to_virt(pte_mfn(entry)) + pt_index(va, level);
}

/* pte_find() in a straight line. */
static inline u64 *pte_walk(mfn_t l4, u64 va)
{
    u64 *p = (u64 *)mfn_to_virt(l4) + pt_index(va, 4);

    if (unlikely(!l4_slot_is_guests(pt_index(va, 4)) || !(*p & PTE_PRESENT)))
        return NULL;
    p = pte_below(*p, va, 3);
    if (unlikely(!(*p & PTE_PRESENT)))
        return NULL;
    p = pte_below(*p, va, 2);
    return likely(*p & PTE_PRESENT) ? pte_below(*p, va, 1) : NULL;
}

/*
 * Is that frame a live L1 table of d? d->mmu_lock held, so that it stays one; no reference is: the guest may name any
 * frame. Why is the owner in the type's word? Read one after the other, the owner could be from before the frame went
 * to another domain and the type from after that, where the CPU was taken from us in between (a host, an SMI).
 */
static inline bool l1_live(struct domain *d, mfn_t mfn)
{
    return likely(mfn_valid(mfn)) &&
           likely((READ_ONCE(mfn_frame(mfn)->type) & (TYPE_MASK | TYPE_VALIDATED | TYPE_PARTIAL | TYPE_OWNER)) ==
                  (TYPE_L1 | TYPE_VALIDATED | type_owner(d)));
}

/* The entry at machine address `maddr` if it lies in a live L1 table of d, else NULL. d->mmu_lock held. */
static inline u64 *l1_entry(struct domain *d, u64 maddr)
{
    if (unlikely(!l1_live(d, maddr >> PAGE_SHIFT)))
        return NULL;
    return (u64 *)((char *)mfn_to_virt(maddr >> PAGE_SHIFT) + (maddr & (PAGE_SIZE - 8)));
}

