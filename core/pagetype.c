/*
 * The page-type machine. Theory in mmu.c.
 *
 *   have: type uses state     want           result
 *   T      0    -             writable       flush stale TLBs if T was a table; writable, 1 use
 *   W      n    -             writable       n+1
 *   T      n>0  -             writable       refused
 *   T      0    -             table R        flush stale TLBs if T != R; R, 1 use, validate; on failure: R, 0 uses
 *   R      n>0  validated     table R        n+1
 *   R      0    partial       table R        go on validating where it stopped
 *   T      0    partial       table R != T   undo what was validated, then as T 0
 *   T      0    partial       writable       refused
 *   T      n>0  -             other          refused
 *
 * PARTIAL. Validation and its undoing stop when the work budget is used up. Then the frame is `PARTIAL`, has no uses,
 * keeps one general reference so that it stays with its owner, and `progress` says how many of its entries hold
 * their references: the same state in both directions, so anyone may resume either way, and a guest that walks off
 * leaves nothing that the domain's death does not find (mmu_relinquish). While a child stops, its parent's progress is
 * the child's index: the entry there holds nothing, but the child may be partial and is looked at first.
 *
 * ORPHANS. What an entry or a base no longer names is undone at once, unless it is big and the CPU is wanted: then the
 * vcpu remembers the table in mmu_orphan and its hypercall is put off, to finish it first when it is resumed. Between
 * two pieces others may take the orphan as a table again, finish it, or give it away: each piece looks whether it is
 * still its domain's and partial, and so never drops a use that somebody else took.
 */
#include "arch/arch.h"
#include "core/hypercall.h"
#include "core/mmu_internal.h"
#include "core/pte_inline.h"
#include "core/reject.h"
#include "core/shadow.h"
#include "core/stir.h"
#include "core/vcpu.h"
#include "lib/print.h"
#include <machine/descriptors.h>

/* After all that was done under the type it had: who finds the new one finds that, too. */
static void type_set(struct frame *f, u64 type) { __atomic_store_n(&f->type, type, __ATOMIC_RELEASE); }

/* The use that ends now may linger in TLBs. Before the count says 0. */
static void stamp(struct frame *f) { WRITE_ONCE(f->stamp, tlb_clock()); }

/* The frame's type need not be ours yet (retype_flush_early()): then a wrong stamp flushes in vain, or not yet. */
static void flush_stale(cpumask_t mask, const struct frame *f)
{
    cpumask_t stale = tlb_stale(mask, READ_ONCE(f->stamp));
    mmu_charge(STALE_WORK);
    if (stale) {
        tlb_flush_mask(stale, FLUSH_ALL);
        mmu_charge(FLUSH_WORK);
    }
}

/* ---- writable ---- */

/* Was this unused frame's last use one that page walks or selector loads may still follow? */
static inline bool was_table(u64 type)
{
    return (type & TYPE_MASK) != TYPE_WRITABLE && (type & TYPE_MASK) != TYPE_NONE;
}

/*
 * Who may still walk, or load selectors from, what was a table of the frame's owner: CPUs that have that domain's
 * address spaces. Not all CPUs: a guest that makes a page a table and writable again would interrupt them for ever.
 */
static cpumask_t owner_cpus(const struct frame *f)
{
    struct domain *d = domain_get(READ_ONCE(f->owner));
    cpumask_t cpus = d ? READ_ONCE(d->arch.cpumask) : cpus_online;

    if (d)
        domain_put(d);
    return cpus;
}

bool type_get_writable(mfn_t mfn)
{
    struct frame *f = mfn_frame(mfn);
    u64 x = READ_ONCE(f->type), n;

    for (;;) {
        if (x & TYPE_PARTIAL)
            return false;
        if (unlikely((x & (TYPE_MASK | TYPE_VALIDATED)) == TYPE_WRITABLE)) {
            machine_poll();         /* another CPU still flushes what walks it as a table: not writable before that */
            x = READ_ONCE(f->type);
            continue;
        }
        if ((x & TYPE_MASK) == TYPE_WRITABLE)
            n = x + 1;
        else if (!(x & TYPE_USES))
            n = TYPE_WRITABLE | (was_table(x) ? 0 : TYPE_VALIDATED) | 1;
        else
            return false;
        stir();
        if ((n & TYPE_USES) == 0)
            return false;                                   /* 2^32 uses: refused, not wrapped */
        if (__atomic_compare_exchange_n(&f->type, &x, n, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            break;
    }
    if (unlikely(was_table(x))) {
        flush_stale(owner_cpus(f), f);
        __atomic_fetch_or(&f->type, TYPE_VALIDATED, __ATOMIC_RELEASE);
    }
    return true;
}

void type_put_writable(mfn_t mfn)
{
    struct frame *f = mfn_frame(mfn);
    u64 x = READ_ONCE(f->type);

    ASSERT((x & TYPE_MASK) == TYPE_WRITABLE && (x & TYPE_USES));
    for (;;) {
        bool last = (x & TYPE_USES) == 1;
        u64 n = last ? x & ~TYPE_VALIDATED : x - 1;
        stir();
        if (!__atomic_compare_exchange_n(&f->type, &x, n, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            continue;
        if (!last)
            return;
        /*
         * The last one keeps others out until the stamp is there. Why not stamp first and then exchange 1 for 0?
         * Another CPU could map, use and unmap the page in between, and the stamp would be from before that.
         */
        stamp(f);
        stir();
        __atomic_store_n(&f->type, x - 1, __ATOMIC_RELEASE);
        return;
    }
}

void retype_flush_early(const struct domain *d, mfn_t mfn, u64 type)
{
    struct frame *f = mfn_frame(mfn);
    u64 x;

    if (!mfn_is_ram(mfn) || READ_ONCE(f->owner) != d->id)
        return;
    x = READ_ONCE(f->type);
    if ((x & (TYPE_USES | TYPE_PARTIAL)) || (x & TYPE_MASK) == type || (x & TYPE_MASK) == TYPE_NONE)
        return;
    flush_stale(READ_ONCE(d->arch.cpumask), f);
}

/* ---- tables ---- */

/* Frames that are freed, and flushes, are charged to w from here on. What was, to be put back. */
static inline struct mmu_work *work_begin(struct mmu_work *w)
{
    struct mmu_work *outer = current->mmu_work;

    current->mmu_work = w;
    return outer;
}

/* The groups that hold entries [0, end) of a table, but for Serai's own of a top-level table, which are one group. */
static inline u32 groups_below(unsigned end, unsigned level)
{
    return (u32)((1UL << DIV_ROUND_UP(end, GROUP)) - 1) & ~(level == 4 ? 1u << SERAI_GROUP : 0);
}

/* Undo what the entries [first, i) of one group name, the last one first. -ERESTART: f->progress says where. */
static inline long group_undo(struct domain *d, struct frame *f, const u64 *t, unsigned level, unsigned first,
                              unsigned i, struct mmu_work *w)
{
    while (i-- > first) {
        if (!(t[i] & PTE_PRESENT))
            continue;
        if (level == 1) {
            w->left--;
            drop_l1(t[i]);
        } else if (pte_drop(d, level, t[i], w)) {
            f->progress = (u16)i;
            return -ERESTART;
        }
        if (unlikely(w->left <= 0) && i) {
            f->progress = (u16)i;
            return -ERESTART;
        }
    }
    return 0;
}

/* Undo entries [0, progress); 0 or -ERESTART with progress kept. */
static long table_undo(struct domain *d, mfn_t mfn, unsigned level, struct mmu_work *w)
{
    struct frame *f = mfn_frame(mfn);
    u64 *t = mfn_to_virt(mfn);
    unsigned i = f->progress;
    u32 marks = f->stamp;

    /* The child at `progress` may have stopped half way. */
    if (level > 1 && i < PTES_PER_PAGE && (t[i] & PTE_PRESENT) && (level < 4 || l4_slot_is_guests(i)) &&
        mfn_is_ram(pte_mfn(t[i]))) {
        mfn_t child = pte_mfn(t[i]);
        if (frame_get(child, d)) {      /* d's, or it is not our business; and it stays what it is */
            u64 type = READ_ONCE(mfn_frame(child)->type);
            long rc = (type & TYPE_PARTIAL) && type_level(type) == level - 1 ? table_put(d, child, w) : 0;
            frame_put(child);
            if (rc)
                return -ERESTART;
        }
    }
    for (marks &= groups_below(i, level); marks; ) {
        unsigned group = highest_bit(marks);
        if (group_undo(d, f, t, level, group * GROUP, min(i, group * GROUP + GROUP), w))
            return -ERESTART;
        marks &= ~(1u << group);
    }
    f->progress = 0;
    return 0;
}

/* Is any of these 16 entries present? */
static inline bool group_present(const u64 *e)
{
    u64 any = e[0] | e[1] | e[2] | e[3] | e[4] | e[5] | e[6] | e[7] | e[8] | e[9] | e[10] | e[11] | e[12] | e[13] |
              e[14] | e[15];
    return any & PTE_PRESENT;
}

/*
 * Take what the entries from i to the end of its group name. 0, or an error or -ERESTART: f->progress says which entry
 * was not taken.
 */
static inline __attribute__((always_inline)) long group_take(struct domain *d, struct frame *f, u64 *t, unsigned level,
                                                             unsigned i, struct mmu_work *w)
{
    long rc = 0;

    do {
        u64 pte = t[i];
        if (!(pte & PTE_PRESENT))
            continue;
        if (unlikely(w->left <= 0))
            rc = -ERESTART;
        else if (level == 1) {          /* a constant where it matters: the loop over entries that name pages */
            w->left--;
            rc = take_l1(d, d->id, &pte);
        } else
            rc = pte_take(d, d->id, level, &pte, w);
        if (unlikely(rc)) {
            f->progress = (u16)i;
            break;
        }
        t[i] = pte;
    } while (++i % GROUP);
    return rc;
}

/*
 * Take what entries [progress, 512) name. 0, -ERESTART, or an error: then what was taken is undone as far as the budget
 * goes, and *undone says whether that was all.
 */
static long table_validate(struct domain *d, mfn_t mfn, unsigned level, struct mmu_work *w, bool *undone)
{
    struct frame *f = mfn_frame(mfn);
    u64 *t = mfn_to_virt(mfn);

    for (unsigned i = f->progress; i < PTES_PER_PAGE; i = (i | (GROUP - 1)) + 1) {
        if (i % GROUP == 0 && (!group_present(t + i) || (level == 4 && i / GROUP == SERAI_GROUP)))
            continue;
        table_mark(f, i);
        long rc = level == 1 ? group_take(d, f, t, 1, i, w) : group_take(d, f, t, level, i, w);
        if (rc == -ERESTART)
            return rc;
        if (unlikely(rc)) {
            *undone = !table_undo(d, mfn, level, w);
            return rc;
        }
    }
    f->progress = PTES_PER_PAGE;
    if (level == 4)
        arch_l4_fill(t);
    return 0;
}

/*
 * The frame is ours alone (no uses, or partial): validate it. Holds one general reference, plus PARTIAL's if resuming.
 */
static long table_begin(struct domain *d, mfn_t mfn, u64 type, bool resume, struct mmu_work *w)
{
    struct frame *f = mfn_frame(mfn);
    bool undone = true;
    long rc;

    if (!resume) {
        f->progress = 0;
        if (type != TYPE_DESC)
            WRITE_ONCE(f->stamp, 0);    /* table_mark()'s from here on */
        w->left -= TABLE_WORK;
    }
    type_set(f, type | 1);
    if (type == TYPE_DESC)
        rc = descriptor_page_valid(mfn) ? 0 : reject(-EINVAL, "frame %#lx holds descriptors no guest may have",
                                                     (unsigned long)mfn);
    else {
        struct mmu_work *outer = work_begin(w);
        rc = table_validate(d, mfn, type_level(type), w, &undone);
        current->mmu_work = outer;
    }
    log_dirty_wrote(mfn);               /* entries were made what they mean */
    if (rc == -ERESTART || !undone) {
        type_set(f, type | TYPE_PARTIAL);
        if (resume)
            frame_put(mfn);         /* PARTIAL keeps one */
        return rc;
    }
    if (rc)
        stamp(f);
    else if (unlikely(d->logging) && type != TYPE_DESC) {
        shadow_table_new(d, mfn);
        w->left -= SHADOW_WORK;
    }
    /* A failure keeps the type: it may have been this kind of table before, and page walks may still know it as one. */
    type_set(f, !rc ? type | TYPE_VALIDATED | type_owner(d) | 1 : type == TYPE_DESC ? TYPE_NONE : type);
    if (resume)
        frame_put(mfn);
    if (rc)
        frame_put(mfn);
    return rc;
}

long table_get(struct domain *d, mfn_t mfn, u64 type, struct mmu_work *w)
{
    struct frame *f = mfn_frame(mfn);

    /* Nobody would ever drop it: mmu_relinquish() may be past this frame. */
    if (unlikely(READ_ONCE(d->dying) != DOMDYING_alive))
        return reject(-EINVAL, "domain %u is being destroyed and gets no new page tables", d->id);
    if (unlikely(!mfn_valid(mfn) || !ref_get_owned(f, d->id)))
        return reject(-EINVAL, "frame %#lx is not a frame of domain %u: not usable as a page table", (unsigned long)mfn,
                      d->id);
    for (;;) {
        u64 x = READ_ONCE(f->type);
        if ((x & TYPE_MASK) == type && (x & TYPE_VALIDATED) && (x & TYPE_USES)) {
            if ((x & TYPE_USES) == TYPE_USES)
                break;
            type_set(f, x + 1);
            return 0;
        }
        if (x & TYPE_PARTIAL) {
            if ((x & TYPE_MASK) == type)
                return table_begin(d, mfn, type, true, w);
            if (table_put(d, mfn, w)) {
                frame_put(mfn);
                return -ERESTART;
            }
            continue;
        }
        if (x & TYPE_USES)
            break;
        stir();
        /* Nobody uses it: ours, unless a writable use comes in between. */
        if (!__atomic_compare_exchange_n(&f->type, &x, type | 1, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            continue;
        if ((x & TYPE_MASK) != type && (x & TYPE_MASK) != TYPE_NONE)
            flush_stale(READ_ONCE(d->arch.cpumask), f);
        return table_begin(d, mfn, type, false, w);
    }
    u64 x = READ_ONCE(f->type);
    frame_put(mfn);
    return reject(-EINVAL, "frame %#lx is in use as type %lu (%lu uses), wanted as type %lu", (unsigned long)mfn,
                  (unsigned long)(x >> TYPE_SHIFT), (unsigned long)(x & TYPE_USES),
                  (unsigned long)(type >> TYPE_SHIFT));
}

long table_put(struct domain *d, mfn_t mfn, struct mmu_work *w)
{
    struct frame *f = mfn_frame(mfn);
    u64 x = READ_ONCE(f->type), type = x & TYPE_MASK;

    if ((x & TYPE_USES) > 1) {
        type_set(f, x - 1);
        ref_put(f);
        return 0;
    }
    ASSERT((x & TYPE_USES) == 1 || (x & TYPE_PARTIAL));
    if (type != TYPE_DESC) {
        if (!(x & TYPE_PARTIAL)) {
            f->progress = PTES_PER_PAGE;
            if (unlikely(d->logging)) {
                shadow_table_gone(d, mfn);
                w->left -= SHADOW_WORK;
            }
        }
        type_set(f, type | TYPE_PARTIAL);
        struct mmu_work *outer = work_begin(w);
        long rc = table_undo(d, mfn, type_level(type), w);
        current->mmu_work = outer;
        if (rc)
            return rc;
    }
    stamp(f);
    __atomic_store_n(&f->type, type, __ATOMIC_RELEASE);
    ref_put(f);
    return 0;
}

/* ---- orphans ---- */

#define ORPHAN_OWNER 48         /* vcpu.mmu_orphan: owner's id << 48 | frame */

/* Undo one piece more. 0: it is done, or it is not ours to undo any more. */
static long orphan_piece(struct domain *d, mfn_t mfn)
{
    struct mmu_work w = { MMU_WORK, 0 };
    long rc = 0;

    if (!mfn_is_ram(mfn) || !frame_get(mfn, d))
        return 0;
    spin_lock(&d->mmu_lock);
    if (READ_ONCE(mfn_frame(mfn)->type) & TYPE_PARTIAL)
        rc = table_put(d, mfn, &w);
    spin_unlock(&d->mmu_lock);
    frame_put(mfn);
    return rc;
}

/* Let `current` owe the rest. False: it owes another one already, so this one is to be finished now. */
static bool orphan_leave(struct domain *d, mfn_t mfn)
{
    u64 none = 0;

    if (READ_ONCE(d->dying) != DOMDYING_alive && !READ_ONCE(d->walked))
        return true;            /* mmu_relinquish() comes for it */
    return __atomic_compare_exchange_n(&current->mmu_orphan, &none, (u64)d->id << ORPHAN_OWNER | mfn, false,
                                       __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

void orphan_adopt(struct domain *d, mfn_t mfn)
{
    do {
        if (preempt_check() && orphan_leave(d, mfn))
            return;
    } while (orphan_piece(d, mfn));
}

void table_drop(struct domain *d, mfn_t mfn, struct mmu_work *w)
{
    spin_lock(&d->mmu_lock);
    long rc = table_put(d, mfn, w);
    spin_unlock(&d->mmu_lock);
    if (unlikely(rc))
        orphan_adopt(d, mfn);
}

/* Finish what `holder` owes, or make it ours. False: ours, or that was work and something better is to be done now. */
static bool orphan_finish(struct vcpu *holder)
{
    u64 what = READ_ONCE(holder->mmu_orphan) ? __atomic_exchange_n(&holder->mmu_orphan, 0, __ATOMIC_ACQ_REL) : 0;
    struct domain *d = what ? domain_get((domid_t)(what >> ORPHAN_OWNER)) : NULL;

    if (!d)
        return true;
    mfn_t mfn = what & ((1UL << ORPHAN_OWNER) - 1);
    if (orphan_piece(d, mfn))   /* a piece first: each call gets on, however often others want the CPU */
        orphan_adopt(d, mfn);
    domain_put(d);
    return !READ_ONCE(current->mmu_orphan) && !preempt_check();
}

bool orphans_finish(struct vcpu *v, bool resumed)
{
    struct vcpu *o;

    if (!orphan_finish(v))
        return false;
    /* Each may be nearly as much as one can do at once, and a guest says `resumed` when it likes. */
    if (resumed)
        for_each_vcpu(v->domain, o)
            if (READ_ONCE(o->mmu_orphan) && !orphan_finish(o))
                return false;
    return true;
}

/* ---- for the rest of core ---- */

static long get_typed(struct domain *d, mfn_t mfn, u64 type, bool whole)
{
    struct mmu_work w = { MMU_WORK, 0 };
    long rc;

    spin_lock(&d->mmu_lock);
    if (whole && mfn_is_ram(mfn) && (READ_ONCE(mfn_frame(mfn)->type) & TYPE_PARTIAL))
        rc = reject(-EBUSY, "frame %#lx is a page table that is still being taken apart", (unsigned long)mfn);
    else
        rc = table_get(d, mfn, type, &w);
    spin_unlock(&d->mmu_lock);
    return rc;
}

long frame_get_typed(struct domain *d, mfn_t mfn, u64 type) { return get_typed(d, mfn, type, false); }
long frame_get_typed_whole(struct domain *d, mfn_t mfn, u64 type) { return get_typed(d, mfn, type, true); }

void frame_put_typed(struct domain *d, mfn_t mfn)
{
    struct mmu_work w = { MMU_WORK, 0 };

    table_drop(d, mfn, &w);
}

/* Unpin a frame of a dying domain, and finish what is partial. Lock held. 0 or -ERESTART. */
static long drop_pin(struct domain *d, mfn_t mfn, struct mmu_work *w)
{
    struct frame *f = mfn_frame(mfn);
    u64 x = READ_ONCE(f->type);

    if (x & TYPE_PINNED)
        type_set(f, x & ~TYPE_PINNED);
    else if (!(x & TYPE_PARTIAL))
        return 0;
    return table_put(d, mfn, w);
}

/*
 * Death of a domain: frame by frame along its list. Base tables are gone already. A table that still has uses is used
 * by another of the list and goes when that one goes. Why a cursor with a reference? Dropping a table frees frames that
 * the domain had given up while it mapped them, the next one of the list perhaps, and mappers elsewhere free some
 * meanwhile.
 */
long mmu_relinquish(struct domain *d)
{
    struct mmu_work w = { MMU_WORK, 0 };

    WRITE_ONCE(d->walked, true);        /* seen by who drops a table, under mmu_lock, that we have passed */
    mfn_t mfn = d->kill_cursor ? d->kill_cursor : domain_next_frame(d, 0);
    long rc = 0;

    while (mfn && !rc) {
        spin_lock(&d->mmu_lock);
        rc = drop_pin(d, mfn, &w);
        spin_unlock(&d->mmu_lock);
        if (rc)
            break;
        mfn_t next = domain_next_frame(d, mfn);
        frame_put(mfn);
        mfn = next;
        if (--w.left <= 0 && mfn)
            rc = -ERESTART;
    }
    d->kill_cursor = mfn;
    return rc;
}
