/*
 * The world of tests/unit/test_pagetype.c and its judges: frames, domains and TLBs of a made-up machine, the
 * specification (what an operation would do to a copy of the frames' states), the recount, and what hardware may still
 * know. Included once; the operations that move it all are in the test.
 */
#pragma once
#include <string.h>
#include "arch/host/fake.h"
#include "core/event.h"
#include "core/grant.h"
#include "core/heap.h"
#include "core/hypercall.h"
#include "core/frame_inline.h"
#include "core/mmu_internal.h"
#include "core/pte_inline.h"
#include "core/shadow.h"
#include "lib/print.h"
#include "lib/rangeset.h"
#include <machine/descriptors.h>

#define FRAMES 96               /* 1..FRAMES-1 are RAM */
#define DEVICE 96               /* one page of device memory, domain 0's */
#define NR_DOMAINS 3
#define FRAMES_EACH 26
#define NR_GRANTS 16
#define XEN_SLOT_MARK (PTE_PRESENT | 0x5e4a1000)

/* ---- the world around ---- */

#define SHADOWS (FRAMES + 2)    /* pages of Serai's for shadows, from here on */
static struct frame table[FAKE_FRAMES];
struct frame *frame_table = table;
mfn_t frame_table_max = FRAMES + 1;
static struct domain domain[NR_DOMAINS];
static struct vcpu vcpu[NR_DOMAINS];
static struct vcpu *vcpu_ptr[NR_DOMAINS];
s32 fake_mmu_work = 1024;
static bool is_free[FRAMES];
static u32 clock_now, flushed_at[NR_DOMAINS];   /* domain n runs on CPU n only */
static bool by_va;              /* update_va_mapping is under way */
static bool changes_hands;      /* a frame does: then all CPUs are flushed */

u32 tlb_clock(void) { return clock_now; }
u32 tlb_now(void) { return clock_now; }
cpumask_t tlb_stale(cpumask_t mask, u32 stamp)
{
    cpumask_t stale = 0;

    for (unsigned c = 0; c < NR_DOMAINS; c++)
        if ((mask >> c & 1) && flushed_at[c] <= stamp)
            stale |= 1UL << c;
    return stale;
}
void tlb_flush_here(u64 va) { (void)va; }
void cache_flush(bool all) { (void)all; }
void arch_base_changed(struct vcpu *v, bool user) { (void)v, (void)user; }
long arch_set_ldt(struct vcpu *v, u64 base, u64 n) { (void)v, (void)base, (void)n; return -EINVAL; }
void arch_l4_fill(u64 *l4)
{
    for (unsigned i = 256; i < 272; i++)
        l4[i] = XEN_SLOT_MARK;
}
bool descriptor_page_valid(mfn_t mfn) { return !(*(u64 *)mfn_to_virt(mfn) & PTE_RW); }
bool machine_frame_readonly(mfn_t mfn) { (void)mfn; return false; }
bool rangeset_contains(const struct rangeset *r, u64 a, u64 b) { return r && (a == DEVICE || a >> 35) && a == b; }
bool rangeset_empty(const struct rangeset *r) { return !r; }
unsigned event_audit(struct domain *d) { (void)d; return 0; }
unsigned grant_audit(struct domain *d) { (void)d; return 0; }
void domain_pause_nosync(struct domain *d) { (void)d; }
void domain_unpause(struct domain *d) { (void)d; }
bool domain_charge(struct domain *d, u64 b) { (void)d, (void)b; return true; }
void domain_uncharge(struct domain *d, u64 b) { (void)d, (void)b; }

void domain_pause(struct domain *d) { (void)d; }
void address_space_leave(struct domain *d) { (void)d; }
bool arch_tables_changed(struct vcpu *v) { (void)v; return false; }
void event_note_frames(struct domain *d) { (void)d; }
u32 grant_note_writers(struct domain *d, u32 from) { (void)d, (void)from; return GRANTS_NOTED; }

/* Pages for shadows, and for bitmaps. */
static bool shadow_used[FAKE_FRAMES];
static unsigned shadows_left = ~0u;
void *zalloc_pages(struct domain *d, unsigned order)
{
    (void)d;
    if (order)
        return calloc(1, PAGE_SIZE << order);
    for (mfn_t mfn = SHADOWS; mfn < FAKE_FRAMES && shadows_left; mfn++)
        if (!shadow_used[mfn]) {
            shadow_used[mfn] = true;
            shadows_left--;
            return memset(mfn_to_virt(mfn), 0, PAGE_SIZE);
        }
    return NULL;
}
void zfree_pages(void *p, unsigned order)
{
    if (order) {
        free(p);
        return;
    }
    if (p && !shadow_used[virt_to_mfn(p)])
        panic("a page of Serai's is freed twice");
    if (p)
        shadow_used[virt_to_mfn(p)] = false;
}

struct domain *domain_get(domid_t id)
{
    if (id >= NR_DOMAINS || !domain[id].refs)
        return NULL;
    domain[id].refs++;
    return &domain[id];
}
void domain_put(struct domain *d)
{
    if (!d->refs--)
        panic("domain %u: a reference too few", d->id);
}
struct domain *domain_get_target(domid_t id, long *err)
{
    *err = -EPERM;
    return id == current->domain->id || current->domain->privileged ? domain_get(id) : NULL;
}

/* The heap: single frames. */
mfn_t heap_alloc_credit(unsigned order, unsigned bits, u64 credit)
{
    (void)bits, (void)credit;
    for (mfn_t mfn = 1; !order && mfn < FRAMES; mfn++)
        if (is_free[mfn]) {
            is_free[mfn] = false;
            table[mfn].owner = OWNER_SERAI;
            return mfn;
        }
    return MFN_NONE;
}
mfn_t heap_alloc_zeroed(unsigned order, unsigned bits) { return heap_alloc_credit(order, bits, 0); }
void heap_make_zero(mfn_t mfn, unsigned order) { memset(mfn_to_virt(mfn), 0, PAGE_SIZE << order); }
void heap_free(mfn_t mfn, unsigned order)
{
    (void)order;
    if (is_free[mfn] || (table[mfn].count & FRAME_REFS))
        panic("frame %lu freed with count %lx", mfn, table[mfn].count);
    is_free[mfn] = true;
    table[mfn].owner = OWNER_NONE;
}
void heap_free_dirty(mfn_t mfn)
{
    if ((table[mfn].type & (TYPE_USES | TYPE_PINNED | TYPE_PARTIAL)))
        panic("frame %lu freed in use: type %lx", mfn, table[mfn].type);
    bool was = by_va;
    by_va = false;              /* the real one waits until many are to be flushed */
    changes_hands = true;
    tlb_flush_mask(cpus_online, FLUSH_ALL);
    changes_hands = false;
    by_va = was;
    heap_free(mfn, 0);
}
u64 heap_free_pages(void) { return 0; }
u64 heap_claimed_pages(void) { return 0; }
bool heap_claim(u64 pages) { (void)pages; return false; }
void heap_unclaim(u64 pages) { (void)pages; }

/* ---- what hardware may know: by CPU, which is by domain ---- */

static bool knows_writable[NR_DOMAINS][FRAMES], knows_table[NR_DOMAINS][FRAMES];

/* Which mappings exist now? Added to what is known. */
static void hardware_looks(cpumask_t cpus)
{
    for (mfn_t mfn = 1; mfn < FRAMES; mfn++) {
        u64 x = table[mfn].type;
        u16 o = table[mfn].owner;
        if (o >= NR_DOMAINS || !(cpus >> o & 1) || !type_live_table(x))
            continue;
        knows_table[o][mfn] = true;
        const u64 *e = mfn_to_virt(mfn);
        for (unsigned i = 0; type_level(x) == 1 && i < PTES_PER_PAGE; i++)
            if ((e[i] & PTE_PRESENT) && (e[i] & PTE_RW) && pte_mfn(e[i]) < FRAMES)
                knows_writable[o][pte_mfn(e[i])] = true;
    }
}

static void flushed(u64 cpus)
{
    /* A process that ends does this for each of its page tables: other CPUs must not wait for the lock meanwhile. */
    for (unsigned d = 0; d < NR_DOMAINS; d++)
        if (by_va && domain[d].mmu_lock.locked)
            panic("update_va_mapping flushes with domain %u's tables locked", d);
    /* What was one domain's table is nothing to the CPUs of others. */
    if (!changes_hands && (cpus & (cpus - 1)))
        panic("CPUs %lx are interrupted, of more than one domain", (unsigned long)cpus);
    clock_now++;
    for (unsigned c = 0; c < NR_DOMAINS; c++)
        if (cpus >> c & 1) {
            flushed_at[c] = clock_now;
            memset(knows_writable[c], 0, sizeof(knows_writable[c]));
            memset(knows_table[c], 0, sizeof(knows_table[c]));
        }
    hardware_looks(cpus);
}

/* ---- the specification ---- */

struct spec_frame {
    u64 type;                   /* TYPE_MASK bits */
    u64 uses;
    bool live, partial;
    unsigned progress;
};
static struct spec_frame spec[FRAMES];

static unsigned partial_before;

static void spec_load(void)
{
    partial_before = 0;
    for (mfn_t mfn = 1; mfn < FRAMES; mfn++) {
        u64 x = table[mfn].type;
        spec[mfn] = (struct spec_frame){ x & TYPE_MASK, x & TYPE_USES, x & TYPE_VALIDATED, x & TYPE_PARTIAL,
                                         x & TYPE_PARTIAL ? table[mfn].progress : 0 };
        partial_before += spec[mfn].partial;
    }
}

static bool ram_of(mfn_t mfn, u16 owner)
{
    return mfn && mfn < FRAMES && (table[mfn].count & FRAME_REFS) && table[mfn].owner == owner;
}

static struct spec_frame *spec_of(mfn_t mfn) { return &spec[mfn < FRAMES ? mfn : 0]; }

static bool spec_writable(mfn_t mfn)
{
    struct spec_frame *s = spec_of(mfn);

    if (s->partial || (s->uses && s->type != TYPE_WRITABLE))
        return false;
    s->type = TYPE_WRITABLE;
    s->uses++;
    return true;
}

static void spec_put(u16 owner, mfn_t mfn);
static bool spec_take(u16 owner, mfn_t mfn, u64 type);

static void spec_drop(u16 owner, unsigned level, u64 pte)
{
    if (level > 1)
        spec_put(owner, pte_mfn(pte));
    else if (!(pte & PTE_GNTTAB) && pte_mfn(pte) < FRAMES && (pte & PTE_RW))
        spec[pte_mfn(pte)].uses--;
}

static bool spec_entry(u16 owner, u16 pg, unsigned level, u64 pte)
{
    mfn_t mfn = pte_mfn(pte);

    if (pte & PTE_RESERVED)
        return false;
    if (level > 1)
        return !(pte & PTE_PSE) && spec_take(owner, mfn, type_of_level(level - 1));
    if (mfn == DEVICE)
        return (pg == owner || pg == DOMID_IO) && owner == 0;
    if ((pte & PTE_PAT) && owner != 0)          /* not cached */
        return false;
    return ram_of(mfn, pg) && (!(pte & PTE_RW) || spec_writable(mfn));
}

static bool guests_entry(unsigned level, unsigned i, u64 pte)
{
    return (pte & PTE_PRESENT) && (level < 4 || i < 256 || i > 271);
}

static void spec_undo(u16 owner, mfn_t mfn, unsigned n)
{
    unsigned level = type_level(spec[mfn].type);
    const u64 *e = mfn_to_virt(mfn);

    if (level > 1 && n < PTES_PER_PAGE && guests_entry(level, n, e[n])) {
        mfn_t child = pte_mfn(e[n]);
        if (ram_of(child, owner) && spec[child].partial && type_level(spec[child].type) == level - 1)
            spec_put(owner, child);
    }
    spec[mfn].partial = false;
    spec[mfn].uses = 0;
    while (n-- > 0)
        if (guests_entry(level, n, e[n]))
            spec_drop(owner, level, e[n]);
}

static void spec_put(u16 owner, mfn_t mfn)
{
    struct spec_frame *s = &spec[mfn];

    if (s->uses > 1) {
        s->uses--;
        return;
    }
    s->live = false;
    if (type_level(s->type))
        spec_undo(owner, mfn, s->partial ? s->progress : PTES_PER_PAGE);
    s->uses = 0;
}

static bool spec_take(u16 owner, mfn_t mfn, u64 type)
{
    struct spec_frame *s = spec_of(mfn);
    unsigned level = type_level(type), i = 0;

    if (!ram_of(mfn, owner) || domain[owner].dying)
        return false;
    if (s->uses && s->type == type && s->live) {
        s->uses++;
        return true;
    }
    if (s->partial && s->type != type)
        spec_put(owner, mfn);
    if (s->uses)
        return false;
    if (s->partial)
        i = s->progress;
    *s = (struct spec_frame){ .type = type, .uses = 1 };
    if (type == TYPE_DESC) {
        s->live = descriptor_page_valid(mfn);
        s->uses = s->live;
        return s->live;
    }
    const u64 *e = mfn_to_virt(mfn);
    for (; i < PTES_PER_PAGE; i++)
        if (guests_entry(level, i, e[i]) && !spec_entry(owner, owner, level, e[i])) {
            spec_undo(owner, mfn, i);
            return false;
        }
    s->live = true;
    return true;
}

/* What is half done in `spec`, undone: both sides agree only on what comes after. */
static void spec_settle(void)
{
    for (mfn_t mfn = 1; mfn < FRAMES; mfn++)
        if (spec[mfn].partial)
            spec_put(table[mfn].owner, mfn);
}

static void compare_spec(void)
{
    struct spec_frame want[FRAMES];

    spec_settle();
    memcpy(want, spec, sizeof(spec));
    spec_load();
    spec_settle();
    for (mfn_t mfn = 1; mfn < FRAMES; mfn++)
        if (!is_free[mfn] && (spec[mfn].uses != want[mfn].uses || (spec[mfn].uses && spec[mfn].type != want[mfn].type)))
            panic("frame %lu (domain %u): type %lu with %lu uses, specified: type %lu with %lu uses", mfn,
                  table[mfn].owner,
                   spec[mfn].type >> TYPE_SHIFT, spec[mfn].uses, want[mfn].type >> TYPE_SHIFT, want[mfn].uses);
}

/* ---- recount ---- */

static struct grant {
    mfn_t mfn;                  /* 0: unused */
    u8 mapper;
    bool writable;
    u64 host_addr;
} grants[NR_GRANTS];
static mfn_t descriptors[NR_DOMAINS];

static void recount(void)
{
    u64 refs[FRAMES] = { 0 }, uses[FRAMES] = { 0 };

    for (mfn_t mfn = 1; mfn < FRAMES; mfn++) {
        u64 x = table[mfn].type;
        unsigned level = type_level(x), n = x & TYPE_PARTIAL ? table[mfn].progress : PTES_PER_PAGE;
        refs[mfn] += !!(table[mfn].count & FRAME_ALLOCATED) + !!(x & TYPE_PARTIAL);
        if (x & TYPE_PINNED)
            refs[mfn]++, uses[mfn]++;
        const u64 *e = mfn_to_virt(mfn);
        for (unsigned i = 0; (type_live_table(x) || (x & TYPE_PARTIAL)) && i < n; i++) {
            mfn_t to = pte_mfn(e[i]);
            if (guests_entry(level, i, e[i]) && (!(e[i] & PTE_USER) || (e[i] & (PTE_GLOBAL | PTE_RESERVED))))
                panic("entry %u of table %lu is %lx", i, mfn, e[i]);
            if (!guests_entry(level, i, e[i]) || (level == 1 && (to == DEVICE || (e[i] & PTE_GNTTAB))))
                continue;
            if (!to || to >= FRAMES)
                panic("entry %u of table %lu names frame %#lx", i, mfn, to);
            refs[to]++;
            uses[to] += level > 1 || (e[i] & PTE_RW);
        }
        if (type_live_table(x) && level == 4 && (e[256] != XEN_SLOT_MARK || e[271] != XEN_SLOT_MARK))
            panic("table %lu: Serai's slots are the guest's", mfn);
    }
    for (unsigned i = 0; i < NR_DOMAINS; i++)
        for (mfn_t *m = (mfn_t[]){ vcpu[i].arch.kernel_l4, vcpu[i].arch.user_l4, descriptors[i], MFN_NONE };
             *m != MFN_NONE; m++) if (*m)
                refs[*m]++, uses[*m]++;
    for (unsigned i = 0; i < NR_GRANTS; i++)
        if (grants[i].mfn) {
            refs[grants[i].mfn]++;
            uses[grants[i].mfn] += grants[i].writable;
        }
    for (mfn_t mfn = 1; mfn < FRAMES; mfn++)
        if ((table[mfn].count & FRAME_REFS) != refs[mfn] || (table[mfn].type & TYPE_USES) != uses[mfn])
            panic("frame %lu (domain %u): count %lx type %lx; recounted %lu references, %lu uses", mfn,
                  table[mfn].owner, table[mfn].count, table[mfn].type, refs[mfn], uses[mfn]);
}

static void judge_tlb(void)
{
    hardware_looks(cpus_online);
    for (mfn_t mfn = 1; mfn < FRAMES; mfn++) {
        u64 x = table[mfn].type;
        u16 o = table[mfn].owner;
        if (type_live_table(x) && knows_writable[o][mfn])
            panic("frame %lu is a table of domain %u, which may still write to it", mfn, o);
        for (unsigned d = 0; d < NR_DOMAINS; d++) {
            if ((x & TYPE_MASK) == TYPE_WRITABLE && (x & TYPE_USES) && knows_table[d][mfn])
                panic("frame %lu is writable and CPU %u may still walk it", mfn, d);
            if (is_free[mfn] && (knows_table[d][mfn] || knows_writable[d][mfn]))
                panic("frame %lu is free and known to CPU %u", mfn, d);
        }
    }
}
