/*
 * The auditor: recounts what mmu.c says about uses and references, from the tables themselves.
 *
 * For every frame of a domain it counts: entries in live tables of any domain that name it as a table, as writable,
 * read-only; pins; base tables of vcpus; vcpu_info pages; and compares with the frame's two words. Uses as a page table
 * are all known here and must agree. Other uses that only their own parts of Serai know (grants, FIFO event pages, EOI
 * maps, descriptor tables) are an excess, so of the rest only a shortage is a defect: it is what ends in a frame freed
 * under a user. Event channels and grants are checked by their own auditors.
 *
 * Invariant: what is recounted stands still. All domains are paused and off their CPUs, hypercalls included, except the
 * caller's own, which is right here. Who waits for others to stop can be waited for by them, so the wait is bounded:
 * after STOP_NS there is no audit and a line says so.
 */
#include "arch/arch.h"
#include "core/event.h"
#include "core/grant.h"
#include "core/heap.h"
#include "core/log_dirty.h"
#include "core/mmu_internal.h"
#include "core/vcpu.h"
#include "lib/print.h"

struct tally {
    u32 refs, table_uses, writable_uses;
};

static struct tally *tally_of(struct tally *t, mfn_t mfn) { return mfn_valid(mfn) ? &t[mfn] : NULL; }

static void count_use(struct tally *t, mfn_t mfn, bool table, bool writable)
{
    struct tally *n = tally_of(t, mfn);
    if (!n)
        return;
    n->refs++;
    n->table_uses += table;
    n->writable_uses += writable;
}

static void count_table(struct tally *t, mfn_t mfn, unsigned level, unsigned entries)
{
    const u64 *e = mfn_to_virt(mfn);
    for (unsigned i = 0; i < entries; i++) {
        if (!(e[i] & PTE_PRESENT) || (level == 4 && !l4_slot_is_guests(i)))
            continue;
        if (level > 1)
            count_use(t, pte_mfn(e[i]), true, false);
        else if (!(e[i] & PTE_GNTTAB) && mfn_is_ram(pte_mfn(e[i])))
            count_use(t, pte_mfn(e[i]), false, e[i] & PTE_RW);
    }
}

static void count_tables(struct tally *t, struct domain *d)
{
    for (u32 mfn = d->page_head; mfn; mfn = mfn_frame(mfn)->next) {
        struct frame *f = mfn_frame(mfn);
        u64 x = f->type;
        if (f->count & FRAME_ALLOCATED)
            t[mfn].refs++;
        if (x & TYPE_PINNED)
            count_use(t, mfn, true, false);
        if (type_live_table(x))
            count_table(t, mfn, type_level(x), PTES_PER_PAGE);
        else if ((x & TYPE_PARTIAL) && type_level(x)) {
            t[mfn].refs++;
            count_table(t, mfn, type_level(x), f->progress);
        }
    }
}

static void count_vcpus(struct tally *t, struct domain *d)
{
    struct vcpu *v;
    for_each_vcpu(d, v) {
        if (v->arch.kernel_l4)
            count_use(t, v->arch.kernel_l4, true, false);
        if (v->arch.user_l4)
            count_use(t, v->arch.user_l4, true, false);
        if (v->info_mfn != MFN_NONE)
            count_use(t, v->info_mfn, false, true);
    }
}

static unsigned compare(struct tally *t, struct domain *d)
{
    unsigned wrong = 0;

    for (u32 mfn = d->page_head; mfn; mfn = mfn_frame(mfn)->next) {
        struct frame *f = mfn_frame(mfn);
        u64 x = f->type, uses = x & TYPE_USES, refs = f->count & FRAME_REFS;
        bool is_table = type_level(x) != 0;
        bool named = (x & TYPE_VALIDATED) && (x & TYPE_MASK) != TYPE_WRITABLE;
        bool bad = (x & TYPE_OWNER) != (named ? type_owner(d) : 0);

        if (is_table && uses != t[mfn].table_uses)
            bad = true;
        if (is_table && t[mfn].writable_uses)
            bad = true;
        if ((x & TYPE_MASK) == TYPE_WRITABLE && uses < t[mfn].writable_uses)
            bad = true;
        if (refs < t[mfn].refs || f->owner != d->id)
            bad = true;
        if (!bad)
            continue;
        if (wrong++ < 20)
            log_always("audit: d%u frame %x: count %lx type %lx; recounted: %u references, %u table uses, "
                       "%u writable uses", d->id, mfn, (unsigned long)f->count, (unsigned long)x,
                       t[mfn].refs, t[mfn].table_uses, t[mfn].writable_uses);
    }
    return wrong;
}

/* ---- everybody stops ---- */

#define STOP_NS 200000000UL

static bool all_stopped(void)
{
    struct domain *d;
    struct vcpu *v;

    for_each_domain(d)
        for_each_vcpu(d, v)
            if (v != current && __atomic_load_n(&v->running, __ATOMIC_ACQUIRE))
                return false;
    return true;
}

/* Pause all domains; false: some did not stop in time, and none is paused. */
static bool stop_all(void)
{
    ns_t late = now_ns() + STOP_NS;
    struct domain *d;

    domain_list_lock();
    for_each_domain(d)
        domain_pause_nosync(d);
    while (!all_stopped() && now_ns() < late)
        machine_poll();
    if (all_stopped())
        return true;                /* the list stays locked: it is the list that was paused */
    for_each_domain(d)
        domain_unpause(d);
    domain_list_unlock();
    log_always("audit: not done, some vcpus do not stop");
    return false;
}

static void go_all(void)
{
    struct domain *d;

    for_each_domain(d)
        domain_unpause(d);
    domain_list_unlock();
}

/* ---- audits ---- */

static unsigned audit_list(struct domain *d)
{
    u64 listed = 0;
    unsigned wrong = 0;

    spin_lock(&d->page_lock);
    for (u32 mfn = d->page_head; mfn; mfn = mfn_frame(mfn)->next)
        listed++;
    if (listed != d->tot_pages) {
        log_always("audit: d%u has %lu pages on its list, its count says %lu", d->id, (unsigned long)listed,
                   (unsigned long)d->tot_pages);
        wrong++;
    }
    spin_unlock(&d->page_lock);
    return wrong;
}

/* One domain, or all (NULL). All have stopped. */
static unsigned audit_stopped(struct tally *t, struct domain *only)
{
    unsigned wrong = 0;
    struct domain *d;

    for_each_domain(d) {
        spin_lock(&d->mmu_lock);
        count_tables(t, d);
        count_vcpus(t, d);
        spin_unlock(&d->mmu_lock);
    }
    for_each_domain(d)
        if (!only || d == only)
            wrong += compare(t, d) + audit_list(d) + event_audit(d) + grant_audit(d) + log_dirty_audit(d);
    return wrong;
}

static unsigned audit(struct domain *only)
{
    u64 bytes = frame_table_max * sizeof(struct tally);
    unsigned order = order_of(DIV_ROUND_UP(bytes, PAGE_SIZE)), wrong = 0;
    struct tally *t = zalloc_pages(NULL, order);

    if (!t) {
        log_always("audit: not done, no %lu KiB of contiguous memory to count in", (unsigned long)bytes >> 10);
        return 0;
    }
    if (stop_all()) {
        wrong = audit_stopped(t, only);
        go_all();
    }
    zfree_pages(t, order);
    return wrong;
}

unsigned audit_domain(struct domain *d)
{
    unsigned wrong = audit(d);

    if (wrong)
        log_error("audit: d%u: %u defects", d->id, wrong);
    else
        log_debug("audit: d%u: everything is accounted for", d->id);
    return wrong;
}

unsigned audit_all(void) { return audit(NULL); }
