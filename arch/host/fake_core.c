/* Frames, domains and page tables for tests of what domains share: events, grants (fake.h). */
#include "arch/host/fake.h"
#include "arch/arch.h"
#include "core/frame.h"
#include "core/heap.h"
#include "core/mmu.h"
#include "core/sched.h"
#include "lib/string.h"
#include <machine/pte.h>

/* ---- frames ---- */

static struct frame table[FAKE_FRAMES];
FAKE struct frame *frame_table = table;
FAKE mfn_t frame_table_max = FAKE_FRAMES;

static mfn_t take(u16 owner)
{
    for (mfn_t mfn = 1; mfn < FAKE_FRAMES; mfn++)
        if (table[mfn].owner == OWNER_NONE) {
            table[mfn] = (struct frame){ .owner = owner, .count = FRAME_ALLOCATED | 1 };
            memset(mfn_to_virt(mfn), 0, PAGE_SIZE);
            return mfn;
        }
    fail_msg("the fake machine is out of frames");
    return MFN_NONE;
}

mfn_t fake_frame(struct domain *d) { return take(d->id); }
u64 fake_refs(mfn_t mfn) { return table[mfn].count & FRAME_REFS; }
u64 fake_uses(mfn_t mfn) { return table[mfn].type & TYPE_USES; }

FAKE bool frame_get(mfn_t mfn, const struct domain *d)
{
    if (!mfn_valid(mfn) || table[mfn].owner != d->id || !fake_refs(mfn))
        return false;
    table[mfn].count++;
    return true;
}

FAKE void frame_put(mfn_t mfn)
{
    assert_true(fake_refs(mfn));
    if (fake_tlb_is_stale(mfn))
        fail_msg("frame %lu is given up before the TLB was flushed", mfn);
    if (!(--table[mfn].count & FRAME_REFS))
        table[mfn].owner = OWNER_NONE;
}

FAKE bool type_get_writable(mfn_t mfn)
{
    u64 type = table[mfn].type & TYPE_MASK;

    if (type && type != TYPE_WRITABLE)
        return false;
    table[mfn].type = TYPE_WRITABLE | (fake_uses(mfn) + 1); /* not VALIDATED: all uses come to us, none inline */
    return true;
}

FAKE bool frame_get_writable(mfn_t mfn, const struct domain *d)
{
    if (!frame_get(mfn, d))
        return false;
    if (type_get_writable(mfn))
        return true;
    frame_put(mfn);
    return false;
}

FAKE void frame_put_writable(mfn_t mfn)
{
    assert_true(fake_uses(mfn));
    if (!(--table[mfn].type & TYPE_USES))
        table[mfn].type = TYPE_NONE;
    frame_put(mfn);
}

/* ---- shared pages ---- */

FAKE void *shared_page_alloc(struct domain *d)
{
    mfn_t mfn;

    if (fake_heap_fails())
        return NULL;
    mfn = take(d->id);
    table[mfn].count |= FRAME_SERAI;
    fake_heap_objects++;
    return mfn_to_virt(mfn);
}
FAKE void shared_page_free(void *p)
{
    if (!p)
        return;
    fake_heap_objects--;
    frame_put(virt_to_mfn(p));
}

/* ---- domains ---- */

struct domain *fake_domain(domid_t id, unsigned vcpus)
{
    struct domain *d = calloc(1, sizeof(*d));

    d->id = id;
    d->privileged = id == 0;
    d->refs = 1;
    d->max_vcpus = vcpus;
    d->vcpu = calloc(vcpus, sizeof(*d->vcpu));
    d->shared = shared_page_alloc(d);
    for (unsigned i = 0; i < vcpus; i++) {
        struct vcpu *v = d->vcpu[i] = calloc(1, sizeof(*v));
        v->id = i;
        v->domain = d;
        v->info = &d->shared->vcpu_info[i];
        spin_lock_init(&v->virq_lock, vcpu);
    }
    d->next = domain_list;
    domain_list = d;
    if (!id)
        domain0 = d;
    return d;
}

void fake_domain_free(struct domain *d)
{
    struct domain **at = &domain_list;

    while (*at != d)
        at = &(*at)->next;
    *at = d->next;
    for (unsigned i = 0; i < d->max_vcpus; i++)
        free(d->vcpu[i]);
    shared_page_free(d->shared);
    free(d->vcpu);
    free(d);
}

void fake_core_reset(void)
{
    for (mfn_t mfn = 0; mfn < FAKE_FRAMES; mfn++)
        table[mfn] = (struct frame){ .owner = OWNER_NONE };
    memset(fake_pte, 0, sizeof(fake_pte));
    fake_heap_fails_in = -1;
    fake_heap_objects = 0;
}

/* ---- scheduler ---- */

FAKE void vcpu_wake(struct vcpu *v) { v->arch.kicks++; }

/* ---- page tables: a row of slots ---- */

u64 fake_pte[FAKE_SLOTS];

FAKE long mmu_grant_map(struct domain *d, u64 host_addr, bool contains_pte, mfn_t mfn, u64 flags)
{
    u64 slot = host_addr >> PAGE_SHIFT;

    (void)d, (void)contains_pte;
    if (!slot || slot >= FAKE_SLOTS || fake_pte[slot])
        return -EINVAL;
    fake_pte[slot] = pte_make(mfn, flags);
    return 0;
}

FAKE long mmu_ungrant_map(struct domain *d, u64 host_addr, bool contains_pte, mfn_t mfn, bool writable,
                          u64 new_pte)
{
    u64 slot = host_addr >> PAGE_SHIFT;

    (void)d, (void)contains_pte;
    if (!slot || slot >= FAKE_SLOTS || !fake_pte[slot] || pte_mfn(fake_pte[slot]) != mfn ||
        !!(fake_pte[slot] & PTE_RW) != writable)
        return -EINVAL;
    fake_pte[slot] = new_pte;
    fake_tlb_stale(mfn);
    return 0;
}
