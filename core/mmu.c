/*
 * Paravirtual MMU: the theory, and a vcpu's base tables.
 *
 * Problem. A guest's page tables are used by the hardware as they are. So nothing may ever get into one that maps a
 * frame the guest has no right to, and the guest must not be able to write to one behind Serai's back.
 *
 * Idea. Every frame has a type and the number of uses as that type. While it has uses as a page table (TYPE_L1..L4) it
 * has none as TYPE_WRITABLE, and the other way round: a page table is never mapped writable. The types of the tables
 * below it are uses that the entries of the table above hold. So an address space is safe by induction: the top-level
 * table a vcpu loads has a use as TYPE_L4, all that its entries name was checked when the use began (validation:
 * pagetype.c) or when the entry was written (pte.c), and stays checked for as long as the use lasts. Loading it again
 * costs nothing.
 *
 * Invariant, which core/audit.c recounts: for every frame of a domain,
 *     uses as a type  =  entries of live tables that name it that way  +  pin  +  vcpus' base tables  +  grants,
 *     Serai's references      =  owner's allocation + every use above + read-only mappings.
 *
 * Entries of RAM always carry a reference; entries of device memory never do. Entries made by a grant carry none
 * either: the grant holds it (PTE_GNTTAB).
 *
 * Locks. A domain's mmu_lock serialises all changes of its tables and of page-table types of its frames. Uses as
 * TYPE_WRITABLE are taken and dropped without it, by compare-and-swap, because other domains take them (grants, foreign
 * maps).
 *
 * TLBs. A frame whose use ended may still be reachable through stale translations. It is stamped with the TLB clock;
 * before it becomes something else every CPU of the domain that has not flushed since is flushed (pagetype.c).
 * The guest's own flushes are its own business: forgetting one can hurt only itself.
 *
 * Long work. A big tree is validated, and taken apart, in pieces: see PARTIAL and ORPHANS in pagetype.c.
 *
 * Imprecise on purpose: entries that are not present may hold anything; superpages are refused, so one frame is one
 * entry; recursive ("linear") top-level entries are refused.
 *
 * A guest never dies here: every wrong update is an error with a reason.
 */
#include "core/mmu.h"
#include "arch/arch.h"
#include "core/mmu_internal.h"
#include "core/pte_inline.h"
#include "core/reject.h"
#include "core/vcpu.h"
#include "lib/print.h"

/*
 * Take a use of `mfn` as a base table. What the last piece leaves of its budget is in *w. -ERESTART: validated in part,
 * and something better is to be done.
 */
static long base_get(struct domain *d, mfn_t mfn, struct mmu_work *w)
{
    long rc;

    do {
        *w = (struct mmu_work){ MMU_WORK, 0 };
        spin_lock(&d->mmu_lock);
        rc = table_get(d, mfn, TYPE_L4, w);
        spin_unlock(&d->mmu_lock);
    } while (rc == -ERESTART && !preempt_check());
    return rc;
}

/*
 * What a context switch of the guest does: from one table in use to another, both with uses of their own (pins). The
 * use moves in one step; false if either is not like that.
 */
static bool base_move(struct domain *d, mfn_t from, mfn_t to)
{
    struct frame *f = mfn_frame(from), *t = mfn_frame(to);
    bool done = false;

    if (unlikely(!from || !mfn_valid(to) || from == to))
        return false;
    spin_lock(&d->mmu_lock);
    if (likely(ref_get_owned(t, d->id))) {      /* first: the type that is read now is that of d's frame */
        u64 x = READ_ONCE(t->type), y = READ_ONCE(f->type);
        if (likely((x & (TYPE_MASK | TYPE_VALIDATED)) == (TYPE_L4 | TYPE_VALIDATED) && (x & TYPE_USES) != TYPE_USES &&
                   (y & TYPE_USES) > 1)) {
            WRITE_ONCE(t->type, x + 1);
            WRITE_ONCE(f->type, y - 1);
            ref_put(f);
            done = true;
        } else {
            frame_put(to);
        }
    }
    spin_unlock(&d->mmu_lock);
    return done;
}

/* The same where one of them has to be validated, or undone. Not inline: what has variables in memory is guarded. */
static __attribute__((noinline)) long base_replace(struct vcpu *v, mfn_t *slot, mfn_t mfn, bool user)
{
    struct domain *d = v->domain;
    struct mmu_work w = { MMU_WORK, 0 };
    mfn_t old = *slot;

    /* Of what the old base leaves we can owe the rest if we owe nothing else. */
    if (unlikely(current->mmu_orphan) && !orphans_finish(current, false))
        return -ERESTART;
    if (mfn) {
        long rc = base_get(d, mfn, &w);
        if (rc)
            return rc;
    }
    *slot = mfn;
    arch_base_changed(v, user);
    if (old)
        table_drop(d, old, &w);         /* the two together are no more than may be done at once */
    return DONE_LONG;
}

/* Make `mfn` the base table in *slot of v. DONE_LONG: more was done than moving a use. */
static long base_set(struct vcpu *v, mfn_t *slot, mfn_t mfn, bool user)
{
    if (unlikely(!mfn) || unlikely(!base_move(v->domain, *slot, mfn)))
        return base_replace(v, slot, mfn, user);
    *slot = mfn;
    arch_base_changed(v, user);
    return 0;
}

long mmu_new_base(struct vcpu *v, mfn_t mfn, bool user)
{
    if (user)
        return base_set(v, &v->arch.user_l4, mfn, true);
    if (unlikely(!mfn))
        return reject(-EINVAL, "frame 0 is nobody's page table");
    return base_set(v, &v->arch.kernel_l4, mfn, false);
}

long mmu_set_base(struct vcpu *v, mfn_t mfn) { return min(mmu_new_base(v, mfn, false), 0L); }

long mmu_set_user_base(struct vcpu *v, mfn_t mfn) { return min(mmu_new_base(v, mfn, true), 0L); }

void mmu_drop_bases(struct vcpu *v)
{
    mfn_t kernel = v->arch.kernel_l4, user = v->arch.user_l4;
    struct mmu_work w = { MMU_WORK, 0 };

    v->arch.kernel_l4 = v->arch.user_l4 = 0;
    arch_base_changed(v, false);
    arch_base_changed(v, true);
    if (kernel)
        table_drop(v->domain, kernel, &w);
    if (user)
        table_drop(v->domain, user, &w);
}

u64 *pte_find(mfn_t l4, u64 va) { return pte_walk(l4, va); }
