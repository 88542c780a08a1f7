/*
 * Shadows: the page tables that the CPUs use while a domain's writes are logged.
 *
 * Problem. To see the first write to a page, its writable mappings must be taken away for a while. In the guest's own
 * tables that cannot be done: they are its data. A kernel that reads "not writable" in an entry draws conclusions (fork
 * does not protect what it shares with the child, a protection that is there already is not written again), and no
 * spare bit can tell it otherwise. So for that time the hardware is shown copies.
 *
 * Idea. Every live table (mmu.c) has a shadow, a page of Serai's that says the same, except that
 *   L1         an entry that is writable, but whose page was not written yet, lacks RW and has MAY_WRITE instead;
 *   L2 to L4   an entry names the shadow of the table that the guest's entry names.
 * Guests' tables change in few places, all of them here to see: store(), and the moments in which a frame becomes a
 * table or ceases to be one. So a shadow is never out of date, nothing is guessed, and no fault but the first write to
 * a page is ever due to it. Uses and references are the guest's tables' business as always; shadows hold none.
 *
 * Invariant: a shadow entry gives no right that the guest's entry does not give. Both change under l->lock, the
 * shadow's before the use that the entry held is dropped.
 *
 * Accessed and dirty bits. The CPU sets them in shadows. Dirty: RW is only given together with the bit in the guest's
 * entry. Accessed: carried over when the guest changes the entry, and at the end; until then a guest may think that
 * a page was not touched, which decides about nothing but what it pages out first.
 *
 * TLBs. An entry that gets RW needs no flush: the fault dropped it. Who takes RW away flushes (log_dirty.c). A shadow
 * whose table is gone is stamped and used again only after every CPU has flushed, as a frame that changes its type.
 *
 * No memory for a shadow: the guest must not suffer for it. The log is `broken`: vcpus go back to their own tables with
 * their next fault, the shadows that exist are still kept right for the others, and the tool gets an error.
 */
#include "core/shadow.h"
#include "arch/arch.h"
#include "core/heap.h"
#include "core/hypercall.h"
#include "core/pte_inline.h"
#include "core/reject.h"
#include "core/vcpu.h"
#include "lib/print.h"

#define MAY_WRITE 0x200UL       /* one of the available bits; in shadows they are ours */
_Static_assert((MAY_WRITE & ~PTE_AVAIL) == 0, "the hardware does not look at it");

#define COPIED (PTE_ADDR | PTE_PRESENT | PTE_USER | PTE_NX | CACHE_BITS | PTE_ACCESSED | PTE_DIRTY)
/* Between two chances of pre-emption; a table made may take 40 000 instructions (tests/guest/bounded). */
#define FRAMES_PER_LOOK 128
#define MADE_PER_LOOK 2
#define BUCKETS_PER_LOOK 512
#define LINKED_PER_LOOK 4
#define PROTECTED_PER_LOOK 16
#define FREED_PER_LOOK 8

/*
 * ---- finding: frame.prev of a shadow is its table, frame.progress its level ----
 *
 * The guest chooses which of its frames are tables, and would like all of them in one bucket. So there are as many
 * buckets as the allowance pays shadows, and a secret number says which is whose. One product is not enough: evenly
 * spaced tables, as every kernel has, give evenly spaced products, and with some secrets these meet again soon.
 */
static u32 *bucket_at(struct log_dirty *l, u32 b) { return &l->bucket[b / BUCKETS_PER_PAGE][b % BUCKETS_PER_PAGE]; }
u32 shadow_bucket(const struct log_dirty *l, mfn_t table)
{
    u64 h = (table ^ l->salt) * 0x9e3779b97f4a7c15UL;

    h = (h ^ h >> 32) * l->salt;
    return (u32)((h >> 32) * l->nr_buckets >> 32);
}
static u32 *bucket_of(struct log_dirty *l, mfn_t table) { return bucket_at(l, shadow_bucket(l, table)); }

static mfn_t find(struct log_dirty *l, mfn_t table)
{
    u32 s = l->bucket ? *bucket_of(l, table) : 0;

    while (s && mfn_frame(s)->prev != table)
        s = mfn_frame(s)->next;
    return s;
}

/* ---- what a shadow's entry says ---- */

static u64 derive_l1(struct domain *d, u64 g)
{
    u64 s = g & COPIED;

    if (!(g & PTE_PRESENT))
        return 0;
    if (g & PTE_RW)
        s |= (g & PTE_DIRTY) && log_noted(d, pte_mfn(g)) ? PTE_RW : MAY_WRITE;
    return s;
}

static u64 derive_upper(struct log_dirty *l, u64 g, unsigned level, unsigned index)
{
    mfn_t child;

    if (level == 4 && !l4_slot_is_guests(index))
        return g;
    child = g & PTE_PRESENT ? find(l, pte_mfn(g)) : 0;
    return child ? pte_make(child, (g & COPIED & ~PTE_ADDR) | (g & PTE_RW) | PTE_ACCESSED) : 0;
}

static u64 derive(struct domain *d, u64 g, unsigned level, unsigned index)
{
    return level == 1 ? derive_l1(d, g) : derive_upper(d->log_dirty, g, level, index);
}

static void fill(struct domain *d, mfn_t shadow, mfn_t table, unsigned level)
{
    const u64 *g = mfn_to_virt(table);
    u64 *s = mfn_to_virt(shadow);

    for (unsigned i = 0; i < PTES_PER_PAGE; i++)
        WRITE_ONCE(s[i], derive(d, READ_ONCE(g[i]), level, i));
}

/* The CPU used the entry: the guest is to know, if its own one still says the same. */
static void carry_accessed(u64 *g, u64 s)
{
    u64 have = READ_ONCE(*g);

    if ((s & have & PTE_PRESENT) && (s & ~have & PTE_ACCESSED))
        __atomic_fetch_or(g, PTE_ACCESSED, __ATOMIC_ACQ_REL);
}

/* ---- tables come, change and go ---- */

u64 shadow_store(struct domain *d, u64 *p, u64 new, enum ad ad, u64 seen)
{
    struct log_dirty *l = d->log_dirty;
    mfn_t table = direct_mfn(p), shadow;
    unsigned index = (unsigned)((u64)p >> 3) & 511;
    u64 *s, old;

    spin_lock(&l->lock);
    shadow = find(l, table);
    s = shadow ? (u64 *)mfn_to_virt(shadow) + index : NULL;
    if (s && mfn_frame(shadow)->progress == 1)
        carry_accessed(p, READ_ONCE(*s));
    old = store_plain(p, new, ad, seen);
    if (s)
        WRITE_ONCE(*s, derive(d, READ_ONCE(*p), mfn_frame(shadow)->progress, index));
    log_note_locked(d, table);
    spin_unlock(&l->lock);
    mmu_charge(SHADOW_ENTRY_WORK);
    return old;
}

/* A page for a shadow: one that had a table before, when all have forgotten it, or a new one. 0: no memory. */
static mfn_t page_get(struct domain *d)
{
    struct log_dirty *l = d->log_dirty;
    cpumask_t stale;
    mfn_t mfn;
    void *page;

    spin_lock(&l->lock);
    mfn = l->spare;
    if (mfn)
        l->spare = mfn_frame(mfn)->next;
    spin_unlock(&l->lock);
    if (!mfn) {
        page = zalloc_pages(d, 0);
        return page ? direct_mfn(page) : 0;
    }
    stale = tlb_stale(READ_ONCE(d->arch.cpumask), mfn_frame(mfn)->stamp);
    if (stale) {
        tlb_flush_mask(stale, FLUSH_ALL);
        mmu_charge(FLUSH_WORK);
    }
    return mfn;
}

static void page_free(u32 s)
{
    struct frame *f = mfn_frame(s);

    f->next = f->prev = f->stamp = f->progress = 0;
    zfree_pages(mfn_to_virt(s), 0);
}

static void break_log(struct domain *d)
{
    struct log_dirty *l = d->log_dirty;

    reject(-ENOMEM, "domain %u: no memory for the copy of a page table, its writes are not logged any more", d->id);
    spin_lock(&l->lock);
    WRITE_ONCE(l->broken, true);
    spin_unlock(&l->lock);
}

void shadow_table_new(struct domain *d, mfn_t mfn)
{
    struct log_dirty *l = d->log_dirty;
    unsigned level = type_level(READ_ONCE(mfn_frame(mfn)->type));
    mfn_t shadow = 0;

    if (READ_ONCE(l->broken))
        return;
    shadow = page_get(d);
    if (!shadow) {
        break_log(d);
        return;
    }
    spin_lock(&l->lock);
    if (l->broken) {                /* or being switched off: nobody looks for more shadows */
        spin_unlock(&l->lock);
        page_free((u32)shadow);
        return;
    }
    fill(d, shadow, mfn, level);
    mfn_frame(shadow)->prev = (u32)mfn;
    mfn_frame(shadow)->progress = (u16)level;
    mfn_frame(shadow)->stamp = 0;
    mfn_frame(shadow)->next = *bucket_of(l, mfn);
    *bucket_of(l, mfn) = (u32)shadow;
    log_note_locked(d, mfn);
    spin_unlock(&l->lock);
}

/* Take the shadow of a table out of its chain; what the CPU knows goes over to the table. 0: it has none. */
static mfn_t unchain(struct log_dirty *l, mfn_t table)
{
    u32 *at = l->bucket ? bucket_of(l, table) : NULL, s = 0;

    while (at && (s = *at) && mfn_frame(s)->prev != table)
        at = &mfn_frame(s)->next;
    if (!s)
        return 0;
    *at = mfn_frame(s)->next;
    if (mfn_frame(s)->progress == 1) {
        u64 *g = mfn_to_virt(table);
        const u64 *e = mfn_to_virt(s);
        for (unsigned i = 0; i < PTES_PER_PAGE; i++)
            carry_accessed(&g[i], e[i]);
    }
    return s;
}

void shadow_table_gone(struct domain *d, mfn_t mfn)
{
    struct log_dirty *l = d->log_dirty;
    u32 s;

    spin_lock(&l->lock);
    s = (u32)unchain(l, mfn);
    if (s) {
        mfn_frame(s)->stamp = tlb_clock();
        mfn_frame(s)->next = l->spare;
        l->spare = s;
    }
    log_note_locked(d, mfn);
    spin_unlock(&l->lock);
}

/* ---- all of them ---- */

/* Shadows for the tables that are live now; those that become so meanwhile get theirs by themselves. */
static long copy_all(struct domain *d)
{
    struct log_dirty *l = d->log_dirty;
    mfn_t mfn = l->walk ? l->walk : domain_next_frame(d, 0), next;

    for (unsigned left = FRAMES_PER_LOOK; mfn; mfn = next) {
        spin_lock(&d->mmu_lock);
        if (type_live_table(READ_ONCE(mfn_frame(mfn)->type)) && !find(l, mfn)) {
            shadow_table_new(d, mfn);
            left = left > FRAMES_PER_LOOK / MADE_PER_LOOK ? left - FRAMES_PER_LOOK / MADE_PER_LOOK : 0;
        }
        spin_unlock(&d->mmu_lock);
        next = domain_next_frame(d, mfn);
        frame_put(mfn);
        if (left)
            left--;
        l->walk = next;
        if (l->broken)
            return refuse_quietly(-ENOMEM);
        if (!left && next)
            return -ERESTART;
    }
    l->walk = 0;
    return 0;
}

/* Higher tables again, now that all lower ones have shadows: once each, which their shadows' stamps say. */
static long link_all(struct domain *d)
{
    struct log_dirty *l = d->log_dirty;
    u32 end = min(l->cursor + BUCKETS_PER_LOOK, l->nr_buckets);

    unsigned n = 0;

    while (l->cursor < l->nr_buckets) {
        if (n >= LINKED_PER_LOOK || l->cursor >= end)
            return -ERESTART;
        spin_lock(&l->lock);
        u32 s = *bucket_at(l, l->cursor);
        for (; s && n < LINKED_PER_LOOK; s = mfn_frame(s)->next)
            if (mfn_frame(s)->progress > 1 && !mfn_frame(s)->stamp) {
                fill(d, s, mfn_frame(s)->prev, mfn_frame(s)->progress);
                mfn_frame(s)->stamp = 1;
                n++;
            }
        l->cursor += !s;
        spin_unlock(&l->lock);
    }
    return l->broken ? refuse_quietly(-ENOMEM) : 0;
}

long shadow_build(struct domain *d)
{
    struct log_dirty *l = d->log_dirty;
    long rc;

    while (l->phase == LOG_COPYING) {
        rc = copy_all(d);
        if (rc && (rc != -ERESTART || preempt_check()))
            return rc;
        if (!rc) {
            l->cursor = 0;
            l->phase = LOG_LINKING;
        }
    }
    do
        rc = link_all(d);
    while (rc == -ERESTART && !preempt_check());
    return rc;
}

static void protect_one(u64 *s)
{
    for (unsigned i = 0; i < PTES_PER_PAGE; i++)
        if (READ_ONCE(s[i]) & PTE_RW)
            __atomic_fetch_xor(&s[i], PTE_RW | MAY_WRITE, __ATOMIC_ACQ_REL);
}

u32 shadow_protect(struct domain *d, u32 from)
{
    struct log_dirty *l = d->log_dirty;
    u32 end = min(from + BUCKETS_PER_LOOK, l->nr_buckets), b;
    unsigned done = 0;

    for (b = from; b < end && done < PROTECTED_PER_LOOK; b++) {
        spin_lock(&l->lock);
        for (u32 s = *bucket_at(l, b); s; s = mfn_frame(s)->next)
            if (mfn_frame(s)->progress == 1) {
                protect_one(mfn_to_virt(s));
                done++;
            }
        spin_unlock(&l->lock);
    }
    return b;
}

long shadow_free_all(struct domain *d)
{
    struct log_dirty *l = d->log_dirty;
    unsigned n = 0;
    u32 s, end;

    for (;;) {
        bool more = false;
        spin_lock(&l->lock);
        end = l->bucket ? min(l->cursor + BUCKETS_PER_LOOK, l->nr_buckets) : l->cursor;
        while (l->cursor < end && !*bucket_at(l, l->cursor))
            l->cursor++;
        if (l->cursor < end)
            s = (u32)unchain(l, mfn_frame(*bucket_at(l, l->cursor))->prev);
        else if (!(more = l->bucket && end < l->nr_buckets) && (s = l->spare))
            l->spare = mfn_frame(s)->next;
        else
            s = 0;
        spin_unlock(&l->lock);
        if (s)
            page_free(s);
        else if (!more)
            return 0;
        if (++n % FREED_PER_LOOK == 0 && preempt_check())
            return -ERESTART;
    }
}

/* ---- the hardware's side ---- */

mfn_t log_shadow_base(struct domain *d, mfn_t l4)
{
    struct log_dirty *l = d->log_dirty;
    mfn_t s = 0;

    spin_lock(&l->lock);
    if (l->shown && !l->broken) {
        s = find(l, l4);
        ASSERT(s);
        l->broken = !s;
    }
    spin_unlock(&l->lock);
    return s ? s : l4;
}

bool log_shadows_shown(const struct domain *d) { return READ_ONCE(d->log_dirty->shown); }

/* The shadow entry that a write to va meets, if all above it let it through; *table: its shadow. Lock held. */
static u64 *writable_path(struct log_dirty *l, mfn_t l4, u64 va, mfn_t *table)
{
    mfn_t s = find(l, l4);

    if (!s || !l4_slot_is_guests(pt_index(va, 4)))
        return NULL;
    for (unsigned level = 4; level > 1; level--) {
        u64 e = READ_ONCE(((u64 *)mfn_to_virt(s))[pt_index(va, level)]);
        if ((e & (PTE_PRESENT | PTE_RW)) != (PTE_PRESENT | PTE_RW))
            return NULL;
        s = pte_mfn(e);
    }
    *table = mfn_frame(s)->prev;
    return (u64 *)mfn_to_virt(s) + pt_index(va, 1);
}

/* Lock held. A write that the guest's tables permit: note the page, and let it through. */
static bool let_write(struct domain *d, mfn_t l4, u64 va)
{
    struct log_dirty *l = d->log_dirty;
    mfn_t table;
    u64 *s = writable_path(l, l4, va, &table), *g;

    if (!s || !(READ_ONCE(*s) & PTE_PRESENT))
        return false;
    if (READ_ONCE(*s) & PTE_RW)
        return true;                /* another CPU was faster */
    if (!(READ_ONCE(*s) & MAY_WRITE))
        return false;
    g = (u64 *)mfn_to_virt(table) + pt_index(va, 1);
    if ((READ_ONCE(*g) & (PTE_ACCESSED | PTE_DIRTY)) != (PTE_ACCESSED | PTE_DIRTY)) {
        __atomic_fetch_or(g, PTE_ACCESSED | PTE_DIRTY, __ATOMIC_ACQ_REL);
        log_note_locked(d, table);
    }
    log_note_locked(d, pte_mfn(READ_ONCE(*s)));
    l->faults++;
    WRITE_ONCE(*s, (READ_ONCE(*s) & ~MAY_WRITE) | PTE_RW | PTE_ACCESSED | PTE_DIRTY);
    return true;
}

bool log_dirty_fault(struct vcpu *v, u64 va, u32 error)
{
    struct domain *d = v->domain;
    struct log_dirty *l = d->log_dirty;
    bool ours = false;

    if (likely(!d->logging))
        return false;
    if (unlikely(READ_ONCE(l->broken)) && arch_tables_changed(v))
        return true;
    if ((error & ~FAULT_USER) != (FAULT_PRESENT | FAULT_WRITE))
        return false;
    spin_lock(&l->lock);
    if (l->shown && !l->broken)
        ours = let_write(d, v->arch.kernel_mode ? v->arch.kernel_l4 : v->arch.user_l4, va);
    spin_unlock(&l->lock);
    return ours;
}

/* ---- auditor ---- */

/*
 * RW and accessed are where a shadow may differ from what would be derived now. Of Serai's slots one comes and goes
 * with what a table is loaded for (arch_base_changed()), which two vcpus may do at once.
 */
static bool agrees(struct domain *d, u64 g, u64 s, unsigned level, unsigned index)
{
    if (level == 4 && !l4_slot_is_guests(index) && (!g || !s))
        return true;

    u64 may_differ = PTE_ACCESSED | (level == 1 && (g & PTE_RW) && (g & PTE_DIRTY) ? PTE_RW | MAY_WRITE : 0);

    if (level == 1 && (g & PTE_PRESENT) && (g & PTE_RW) && !(s & PTE_RW) == !(s & MAY_WRITE))
        return false;
    return !((derive(d, g, level, index) ^ s) & ~may_differ);
}

#define TOLD_AT_MOST 8

unsigned log_dirty_audit(struct domain *d)
{
    struct log_dirty *l = d->log_dirty;
    mfn_t told[TOLD_AT_MOST];
    unsigned wrong = 0;

    if (!d->logging || l->phase != LOG_ON || l->broken)
        return 0;
    spin_lock(&l->lock);
    for (u32 b = 0; b < l->nr_buckets; b++)
        for (u32 s = *bucket_at(l, b); s; s = mfn_frame(s)->next) {
            mfn_t table = mfn_frame(s)->prev;
            unsigned level = mfn_frame(s)->progress;
            const u64 *g = mfn_to_virt(table), *e = mfn_to_virt(s);
            bool bad = mfn_frame(table)->owner != d->id || !type_live_table(mfn_frame(table)->type) ||
                       type_level(mfn_frame(table)->type) != level;
            for (unsigned i = 0; !bad && i < PTES_PER_PAGE; i++)
                bad = !agrees(d, g[i], e[i], level, i);
            if (bad && wrong++ < TOLD_AT_MOST)
                told[wrong - 1] = table;
        }
    spin_unlock(&l->lock);
    for (unsigned i = 0; i < min(wrong, (unsigned)TOLD_AT_MOST); i++)       /* under a leaf lock nobody prints */
        log_always("audit: d%u: the shadow of table %lx disagrees", d->id, (unsigned long)told[i]);
    return wrong;
}
