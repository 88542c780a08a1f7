/*
 * Log-dirty: which of a domain's pages were written since somebody last asked.
 *
 * Problem. Live migration sends a guest's memory while the guest goes on writing it, then what was written meanwhile,
 * and again, until little enough is left to stop for. A page that is missed is a guest with a corrupt memory.
 *
 * Idea. One bit for each of the guest's own frame numbers (pfn: what its entry of the machine-to-physical table says).
 * The guest's writes are seen because the hardware uses shadows of its tables (shadow.c), in which a page not written
 * yet is not writable. Everybody else's pass a place of their own: Serai and grants hold a writable use while they
 * write (noted when it is dropped: frame.c), Serai's writes by guest addresses fault like the guest's, page tables are
 * noted where entries are stored, frames where they are given a pfn. Those that are written at any time without notice
 * (vcpu_info, event words) are always reported; those granted away for writing in the last round.
 *
 * Invariant: a page that can be written without a fault has its bit set, or is about to lose RW within the CLEAN that
 * took the bit. So CLEAN takes all bits first, then RW in all shadows, then flushes. A fault in between sets the bit
 * and RW under one lock: the bit stays for next time, and RW goes or stays with it. The caller reads the pages after
 * CLEAN, so what was written before the flush is in what it reads. The guest does not stop for this.
 *
 * Imprecise on purpose: too much may be reported (a page that another domain could have written), never too little,
 * but for a foreign mapping by domain 0 that stays: its page is noted when it is made. Pages whose pfn is beyond what
 * the guest had when logging began are not in the bitmap; the tools do not ask for them either.
 *
 * Memory is the domain's account, whose limit is raised for that time; if there is none, the call is refused, or,
 * later, CLEAN and PEEK are (shadow.c). A guest never notices and never dies of it.
 */
#include "abi/xen.h"
#include <xen/domctl.h>
#include "arch/arch.h"
#include "core/event.h"
#include "core/grant.h"
#include "core/guest.h"
#include "core/heap.h"
#include "core/hypercall.h"
#include "core/mmu.h"
#include "core/reject.h"
#include "core/shadow.h"
#include "core/vcpu.h"
#include "lib/bitops.h"

#define PFNS_PER_FRAME 16       /* a guest's numbers may reach so much further than its memory */
#define PFNS_AT_LEAST (1UL << 20)
#define FRAMES_PER_SHADOW 16    /* the allowance: one page table for so many frames */
#define SHADOWS_AT_LEAST 256
#define MAX_PAGES (1UL << 36)   /* in one report: more than any domain's frames and PFNS_PER_FRAME allow */
#define CHUNK_WORDS 64          /* of the bitmap, on the stack on its way out */

u32 log_dirty_domains;

/* ---- noting ---- */

/* The word and bit of a frame of d; NULL: it has none. Lock held. */
static unsigned long *bit_of(struct log_dirty *l, mfn_t mfn, unsigned long *mask)
{
    u64 pfn = m2p_get(mfn);

    if (pfn >= l->nr_pfns || !l->leaf)
        return NULL;
    *mask = 1UL << pfn % 64;
    return &l->leaf[pfn / PFNS_PER_LEAF][pfn % PFNS_PER_LEAF / 64];
}

static bool is_own(const struct domain *d, mfn_t mfn)
{
    return mfn_is_ram(mfn) && READ_ONCE(mfn_frame(mfn)->owner) == d->id;
}

void log_note_locked(struct domain *d, mfn_t mfn)
{
    struct log_dirty *l = d->log_dirty;
    unsigned long mask, *word = is_own(d, mfn) ? bit_of(l, mfn, &mask) : NULL;

    if (!word || (*word & mask))
        return;
    *word |= mask;
    l->dirty++;
}

bool log_noted(struct domain *d, mfn_t mfn)
{
    unsigned long mask, *word;

    if (!is_own(d, mfn))
        return true;                /* whoever owns it is not told by us */
    word = bit_of(d->log_dirty, mfn, &mask);
    return word && (*word & mask);
}

void log_dirty_note(mfn_t mfn)
{
    u16 owner = mfn_valid(mfn) ? READ_ONCE(mfn_frame(mfn)->owner) : OWNER_NONE;
    struct domain *d = owner < DOMID_FIRST_RESERVED ? domain_get(owner) : NULL;

    if (!d)
        return;
    if (d->logging) {
        spin_lock(&d->log_dirty->lock);
        log_note_locked(d, mfn);
        spin_unlock(&d->log_dirty->lock);
    }
    domain_put(d);
}

/* Frames that are written without a fault and without a word, as long as they are what they are. */
static void note_standing(struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu(d, v)
        if (v->info_mfn != MFN_NONE)
            log_dirty_note(v->info_mfn);
    event_note_frames(d);
}

/* ---- on ---- */

static u32 bucket_pages(const struct log_dirty *l) { return l->nr_buckets / (u32)BUCKETS_PER_PAGE; }

static void free_pages(void **page, u32 n)
{
    for (u32 i = 0; page && i < n; i++) {
        zfree_pages(page[i], 0);
        (void)preempt_check();
    }
    zfree(page);
}

static void free_bitmap(struct domain *d)
{
    struct log_dirty *l = d->log_dirty;
    unsigned long **leaf;
    u32 **bucket;

    spin_lock(&l->lock);
    leaf = l->leaf;
    bucket = l->bucket;
    l->leaf = NULL;
    l->bucket = NULL;
    spin_unlock(&l->lock);
    free_pages((void **)leaf, l->nr_leaves);
    free_pages((void **)bucket, bucket_pages(l));
    d->serai_limit -= l->allowance;
    l->allowance = 0;
}

static void **alloc_pages(struct domain *d, u32 n)
{
    void **page = zalloc(d, n * sizeof(*page));

    for (u32 i = 0; page && i < n; i++) {
        page[i] = zalloc_pages(d, 0);
        if (!page[i]) {
            free_pages(page, i);
            return NULL;
        }
        (void)preempt_check();
    }
    return page;
}

static bool alloc_bitmap(struct domain *d)
{
    struct log_dirty *l = d->log_dirty;

    l->bucket = (u32 **)alloc_pages(d, bucket_pages(l));
    l->leaf = (unsigned long **)alloc_pages(d, l->nr_leaves);
    return l->bucket && l->leaf;
}

static long begin(struct domain *d)
{
    struct log_dirty *l = d->log_dirty;
    /* A maximum may be any number: tools say "no limit" so. */
    u64 frames = min(max(READ_ONCE(d->tot_pages), READ_ONCE(d->max_pages)), (u64)frame_table_max);
    u64 pfns = READ_ONCE(d->shared->arch.max_pfn), shadows;

    if (pfns > PFNS_AT_LEAST && pfns > frames * PFNS_PER_FRAME)
        return reject(-EINVAL, "domain %u says that its frame numbers go to %#lx, and has %#lx frames", d->id,
                      (unsigned long)pfns, (unsigned long)frames);
    if (!l) {
        l = d->log_dirty = zalloc(d, sizeof(*l));
        if (!l)
            return refuse_quietly(-ENOMEM);     /* zalloc() said why */
        spin_lock_init(&l->lock, leaf);
    }
    l->shown = false;
    l->faults = l->dirty = l->token = 0;
    l->cursor = 0;
    l->nr_leaves = (u32)DIV_ROUND_UP(max(pfns, frames) + 1, PFNS_PER_LEAF);
    l->nr_pfns = l->nr_leaves * PFNS_PER_LEAF;
    shadows = frames / FRAMES_PER_SHADOW + SHADOWS_AT_LEAST;
    l->nr_buckets = (u32)max(1UL << order_of(shadows), BUCKETS_PER_PAGE);
    l->salt = (machine_tsc() ^ frames) * 0x9e3779b97f4a7c15UL | 1;
    l->allowance = d->serai_limit ? ((u64)l->nr_leaves + bucket_pages(l)) * (PAGE_SIZE + 64) +
                                    (shadows + 4) * PAGE_SIZE : 0;
    d->serai_limit += l->allowance;
    if (!alloc_bitmap(d)) {
        free_bitmap(d);
        return refuse_quietly(-ENOMEM);
    }
    l->phase = LOG_COPYING;
    WRITE_ONCE(l->broken, false);       /* not before there are buckets: who saw the last log may still be looking */
    __atomic_fetch_add(&log_dirty_domains, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&d->logging, true, __ATOMIC_SEQ_CST);
    return 0;
}

/* From now on, or no longer, the vcpus run on shadows. */
static void show(struct domain *d, bool on)
{
    struct log_dirty *l = d->log_dirty;
    struct vcpu *v;

    domain_pause(d);
    spin_lock(&l->lock);
    l->shown = on;
    if (!on)
        l->broken = true;           /* no more shadows are made */
    spin_unlock(&l->lock);
    for_each_vcpu(d, v)
        arch_tables_changed(v);
    address_space_leave(d);         /* CPUs that idle keep the last guest's tables loaded */
    domain_unpause(d);
}

/* ---- off ---- */

static long stop(struct domain *d)
{
    struct log_dirty *l = d->log_dirty;
    long rc;

    if (l->phase != LOG_STOPPING) {
        show(d, false);
        if (l->walk)
            frame_put(l->walk);
        l->walk = 0;
        l->cursor = 0;
        l->phase = LOG_STOPPING;
    }
    rc = shadow_free_all(d);
    if (rc)
        return rc;
    __atomic_store_n(&d->logging, false, __ATOMIC_SEQ_CST);
    __atomic_fetch_sub(&log_dirty_domains, 1, __ATOMIC_SEQ_CST);
    free_bitmap(d);
    l->phase = LOG_OFF;
    return 0;
}

long log_dirty_enable(struct domain *d)
{
    struct log_dirty *l = d->log_dirty;
    long rc = 0;

    if (d == current->domain || d->privileged || READ_ONCE(d->dying))
        return reject(-EINVAL, "writes of domain %u, which is %s, are not logged", d->id,
                      READ_ONCE(d->dying) ? "dying" : "the caller or the control domain");
    if (!d->logging)
        rc = begin(d);
    else if (l->phase == LOG_ON)
        return refuse_quietly(-EINVAL);         /* the tool's way of finding out what a predecessor left on */
    l = d->log_dirty;
    if (!rc && l->phase != LOG_STOPPING)
        rc = shadow_build(d);
    if (rc == -ERESTART || (rc && !d->logging))
        return rc;
    if (rc || l->phase == LOG_STOPPING)
        return stop(d) ?: refuse_quietly(-ENOMEM);      /* said */
    show(d, true);
    l->phase = LOG_ON;
    return 0;
}

long log_dirty_disable(struct domain *d)
{
    if (!d->logging)
        return refuse_quietly(-EINVAL);         /* every save ends with it whether or not it was on */
    return stop(d);
}

long log_dirty_relinquish(struct domain *d) { return d->logging ? stop(d) : 0; }

void log_dirty_destroy(struct domain *d) { zfree(d->log_dirty); }

/* ---- reports ---- */

/* Somebody could not be told what was taken from the bitmap: everything counts as written. */
static void note_all(struct log_dirty *l)
{
    for (u32 i = 0; i < l->nr_leaves; i++) {
        spin_lock(&l->lock);
        for (unsigned w = 0; w < PAGE_SIZE / 8; w++)
            l->leaf[i][w] = ~0UL;
        spin_unlock(&l->lock);
        (void)preempt_check();      /* let others in; there may be two thousand pages of it */
    }
}

/* Bits [first, first + 64 * CHUNK_WORDS) below `pages` to the caller, and out of the bitmap if `clean`. */
static int hand_out(struct log_dirty *l, const struct xen_domctl_shadow_op *op, u64 first, bool clean)
{
    u64 bytes = min(DIV_ROUND_UP(op->pages - first, 8UL), (u64)CHUNK_WORDS * 8), out[CHUNK_WORDS];

    spin_lock(&l->lock);
    for (unsigned i = 0; i < CHUNK_WORDS; i++) {
        u64 pfn = first + i * 64UL, left = op->pages > pfn ? op->pages - pfn : 0;

        out[i] = 0;
        if (!left || pfn >= l->nr_pfns)
            continue;
        unsigned long *word = &l->leaf[pfn / PFNS_PER_LEAF][pfn % PFNS_PER_LEAF / 64];
        out[i] = *word & (left < 64 ? (1UL << left) - 1 : ~0UL);
        if (clean)
            *word &= ~out[i];
    }
    spin_unlock(&l->lock);
    return gva_null(HVA(op->dirty_bitmap)) ? 0 : copy_to_guest(gva_add(HVA(op->dirty_bitmap), first / 8), out, bytes);
}

static long report_bits(struct domain *d, const struct xen_domctl_shadow_op *op, bool clean)
{
    struct log_dirty *l = d->log_dirty;

    for (unsigned n = 1; l->next < op->pages; n++) {
        if (hand_out(l, op, l->next, clean)) {
            if (clean)
                note_all(l);
            return reject(-EFAULT, "the bitmap's byte %lu cannot be written: all pages count as written",
                          (unsigned long)l->next / 8);
        }
        l->next += CHUNK_WORDS * 64;
        if (n % 16 == 0 && preempt_check() && l->next < op->pages)
            return -ERESTART;
    }
    return 0;
}

static long take_rights(struct domain *d)
{
    struct log_dirty *l = d->log_dirty;

    while (l->cursor < l->nr_buckets) {
        l->cursor = shadow_protect(d, l->cursor);
        if (preempt_check() && l->cursor < l->nr_buckets)
            return -ERESTART;
    }
    tlb_flush_mask(d->arch.cpumask, FLUSH_ALL);
    l->faults = l->dirty = 0;
    return 0;
}

static void report_begin(struct domain *d, const struct xen_domctl_shadow_op *op)
{
    struct log_dirty *l = d->log_dirty;

    l->next = 0;
    l->cursor = 0;
    l->grant = op->mode & XEN_DOMCTL_SHADOW_LOGDIRTY_FINAL ? 0 : GRANTS_NOTED;
    note_standing(d);
}

/* Before the first bit is handed out. */
static long report_grants(struct domain *d, struct xen_domctl_shadow_op *op)
{
    struct log_dirty *l = d->log_dirty;

    while (l->grant != GRANTS_NOTED) {
        l->grant = grant_note_writers(d, l->grant);
        if (preempt_check() && l->grant != GRANTS_NOTED)
            return -ERESTART;
    }
    if (!l->next) {
        op->stats.fault_count = l->faults;
        op->stats.dirty_count = l->dirty;
    }
    return 0;
}

/*
 * Pre-empted, the call is told from another one by a number in the argument's field `mb`, which has no meaning here.
 */
long log_dirty_report(struct domain *d, struct xen_domctl_shadow_op *op, bool clean)
{
    struct log_dirty *l = d->log_dirty;
    long rc;

    if (!d->logging || l->phase != LOG_ON)
        return reject(-EINVAL, "domain %u: its writes are not logged", d->id);
    if (l->broken)
        return reject(-ENOMEM, "domain %u: its writes are not logged any more, there was no memory for it", d->id);
    if (op->pages > MAX_PAGES)
        return reject(-EINVAL, "a bitmap of %#lx pages, at most %#lx", (unsigned long)op->pages, MAX_PAGES);
    if (l->token && op->mb != l->token)
        return reject(-EBUSY, "domain %u: somebody else is being told which pages were written", d->id);
    if (!l->token)
        report_begin(d, op);
    rc = report_grants(d, op);
    if (!rc)
        rc = report_bits(d, op, clean);
    if (!rc && clean)
        rc = take_rights(d);
    if (rc == -ERESTART) {
        if (!l->token)
            l->token = ++l->last_token ? l->last_token : ++l->last_token;
        op->mb = l->token;
        return rc;
    }
    if (rc && clean)
        l->cursor = 0;
    l->token = 0;
    op->mb = 0;
    if (!rc && l->broken)
        return reject(-ENOMEM, "domain %u: its writes are not logged any more, there was no memory for it", d->id);
    return rc;
}
