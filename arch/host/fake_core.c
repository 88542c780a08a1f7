/* Stand-ins for the parts of core/ that event and grant tests are not about. */
#include "arch/host/fake.h"
#include "arch/arch.h"
#include "core/frame.h"
#include "core/heap.h"
#include "core/mmu.h"
#include "core/reject.h"
#include "core/sched.h"
#include "lib/string.h"
#include <machine/pte.h>

bool fake_tlb_is_stale(mfn_t mfn);

/* ---- frames ---- */

static struct frame table[FAKE_FRAMES];
struct frame *frame_table = table;
mfn_t frame_table_max = FAKE_FRAMES;

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

bool frame_get(mfn_t mfn, const struct domain *d)
{
    if (!mfn_valid(mfn) || table[mfn].owner != d->id || !fake_refs(mfn))
        return false;
    table[mfn].count++;
    return true;
}

void frame_put(mfn_t mfn)
{
    assert_true(fake_refs(mfn));
    if (fake_tlb_is_stale(mfn))
        fail_msg("frame %lu is given up before the TLB was flushed", mfn);
    if (!(--table[mfn].count & FRAME_REFS))
        table[mfn].owner = OWNER_NONE;
}

bool frame_get_writable(mfn_t mfn, const struct domain *d)
{
    u64 type = mfn_valid(mfn) ? table[mfn].type & TYPE_MASK : 0;

    if ((type && type != TYPE_WRITABLE) || !frame_get(mfn, d))
        return false;
    table[mfn].type = TYPE_WRITABLE | (fake_uses(mfn) + 1);
    return true;
}

void frame_put_writable(mfn_t mfn)
{
    assert_true(fake_uses(mfn));
    if (!(--table[mfn].type & TYPE_USES))
        table[mfn].type = TYPE_NONE;
    frame_put(mfn);
}

/* ---- memory ---- */

long fake_heap_fails_in = -1, fake_heap_objects;

static bool heap_fails(void) { return fake_heap_fails_in >= 0 && fake_heap_fails_in-- == 0; }

void *zalloc(struct domain *d, size_t bytes)
{
    (void)d;
    if (heap_fails())
        return NULL;
    fake_heap_objects++;
    return calloc(1, bytes ? bytes : 1);
}
void zfree(void *p)
{
    fake_heap_objects -= !!p;
    free(p);
}
void *zalloc_pages(struct domain *d, unsigned order) { return zalloc(d, PAGE_SIZE << order); }
void zfree_pages(void *p, unsigned order)
{
    (void)order;
    zfree(p);
}
void *shared_page_alloc(struct domain *d)
{
    mfn_t mfn;

    if (heap_fails())
        return NULL;
    mfn = take(d->id);
    table[mfn].count |= FRAME_SERAI;
    fake_heap_objects++;
    return mfn_to_virt(mfn);
}
void shared_page_free(void *p)
{
    if (!p)
        return;
    fake_heap_objects--;
    frame_put(virt_to_mfn(p));
}

/* ---- domains ---- */

struct domain *domain0, *domain_list;

struct domain *domain_get(domid_t id)
{
    struct domain *d;

    for_each_domain(d)
        if (d->id == id) {
            d->refs++;
            return d;
        }
    return NULL;
}
void domain_put(struct domain *d) { assert_true(d->refs-- > 1); } /* the test holds one */
struct domain *domain_get_target(domid_t id, long *err)
{
    struct domain *me = current->domain;
    struct domain *d = domain_get(id == DOMID_SELF ? me->id : id);

    if (d && d != me && !me->privileged) {
        domain_put(d);
        d = NULL;
        *err = -EPERM;
    } else if (!d) {
        *err = me->privileged ? -ESRCH : -EPERM;
    }
    return d;
}

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

/* ---- scheduler, refusals ---- */

void vcpu_wake(struct vcpu *v) { v->arch.kicks++; }

long reject_at(const char *where, long code, const char *fmt, ...)
{
    (void)where, (void)fmt;
    return code;
}

/* ---- page tables: a row of slots ---- */

u64 fake_pte[FAKE_SLOTS];

long mmu_grant_map(struct domain *d, u64 host_addr, bool contains_pte, mfn_t mfn, u64 flags)
{
    u64 slot = host_addr >> PAGE_SHIFT;

    (void)d, (void)contains_pte;
    if (!slot || slot >= FAKE_SLOTS || fake_pte[slot])
        return -EINVAL;
    fake_pte[slot] = pte_make(mfn, flags);
    return 0;
}

long mmu_ungrant_map(struct domain *d, u64 host_addr, bool contains_pte, mfn_t mfn, bool writable,
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
