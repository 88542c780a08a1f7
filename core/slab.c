/*
 * Small objects on top of the frame allocator.
 *
 * Problem: Serai's own structures are small, come in few sizes, and most of them are caused by some guest, who must pay
 * for them.
 *
 * A slab is one page cut into slots of one size class; every slot starts with a header that says how big the
 * object is and who was charged. Objects too big for a class get whole pages and the same header. The page's own
 * bookkeeping is in its frame record, which Serai's frames do not need for anything else: `progress` is the class,
 * `type` holds the number of slots in use and the first free one, and the links chain pages with free slots.
 *
 * Invariant: a slab page with a free slot is on its class's list exactly once; an empty one goes back to the heap.
 *
 * Imprecise on purpose: a domain is charged for the slot, not for the page around it, so the pages can exceed the sum
 * of the charges by the free slots in them.
 */
#include "arch/arch.h"
#include "core/domain.h"
#include "core/frame.h"
#include "core/heap.h"
#include "core/lock.h"
#include "core/reject.h"
#include "lib/bitops.h"
#include "lib/print.h"
#include "lib/string.h"

struct header {
    struct domain *owner;       /* who was charged, NULL: Serai */
    u32 bytes;                  /* charged: the slot or the pages */
    u16 class;                  /* index into slot_bytes, or NR_CLASSES + order */
    u16 magic;
};
_Static_assert(sizeof(struct header) == 16, "objects stay 16-byte aligned");

#define MAGIC_USED 0x5e7a
#define MAGIC_FREE 0xdead
#define NO_SLOT 0xffffU

static const u16 slot_bytes[] = { 32, 48, 64, 96, 128, 192, 256, 384, 512, 672, 1008, 1360, 2048 };
#define NR_CLASSES ARRAY_SIZE(slot_bytes)

static struct {
    struct spinlock lock;
    u32 partial[NR_CLASSES];    /* pages with free slots */
} slab = { .lock = SPINLOCK(heap) };

/* ---- charging ---- */

bool domain_charge(struct domain *d, u64 bytes)
{
    u64 now;

    if (!d)
        return true;
    now = __atomic_add_fetch(&d->serai_bytes, bytes, __ATOMIC_RELAXED);
    if (likely(!d->serai_limit || now <= d->serai_limit))
        return true;
    __atomic_fetch_sub(&d->serai_bytes, bytes, __ATOMIC_RELAXED);
    reject(-ENOMEM, "domain %u uses %lu bytes of Serai's memory, asks for %lu more, its limit is %lu", d->id,
           (unsigned long)(now - bytes), (unsigned long)bytes, (unsigned long)d->serai_limit);
    return false;
}

void domain_uncharge(struct domain *d, u64 bytes)
{
    if (!d)
        return;
    ASSERT(READ_ONCE(d->serai_bytes) >= bytes);
    __atomic_fetch_sub(&d->serai_bytes, bytes, __ATOMIC_RELAXED);
}

static void out_of_memory(struct domain *d, size_t bytes)
{
    reject(-ENOMEM, "no memory for an object of %lu bytes for %s %u (%lu pages free)", (unsigned long)bytes,
           d ? "domain" : "Serai,", d ? d->id : 0, (unsigned long)heap_free_pages());
}

/* ---- slab pages (slab lock held); frame.type = slots in use | first free slot's offset << 16 ---- */

static unsigned slab_used(const struct frame *f) { return (unsigned)(f->type & 0xffff); }
static unsigned slab_first(const struct frame *f) { return (unsigned)(f->type >> 16) & 0xffff; }
static void slab_set(struct frame *f, unsigned used, unsigned first) { f->type = used | (u64)first << 16; }

static void partial_add(unsigned class, mfn_t mfn)
{
    struct frame *f = mfn_frame(mfn);

    f->prev = 0;
    f->next = slab.partial[class];
    if (f->next)
        mfn_frame(f->next)->prev = (u32)mfn;
    slab.partial[class] = (u32)mfn;
}

static void partial_remove(unsigned class, mfn_t mfn)
{
    struct frame *f = mfn_frame(mfn);

    if (f->prev)
        mfn_frame(f->prev)->next = f->next;
    else
        slab.partial[class] = f->next;
    if (f->next)
        mfn_frame(f->next)->prev = f->prev;
    f->next = f->prev = 0;
}

/* Cut a fresh page (nobody else's yet) into a chain of free slots. */
static void slab_format(mfn_t mfn, unsigned class)
{
    char *page = mfn_to_virt(mfn);
    unsigned size = slot_bytes[class], last = (unsigned)(PAGE_SIZE / size - 1) * size;

    for (unsigned at = 0; at <= last; at += size)
        *(u16 *)(page + at) = (u16)(at == last ? NO_SLOT : at + size);
    mfn_frame(mfn)->progress = (u16)class;
    slab_set(mfn_frame(mfn), 0, 0);
}

static void *slot_take(unsigned class)
{
    mfn_t mfn = slab.partial[class];
    struct frame *f;
    char *slot;

    if (!mfn)
        return NULL;
    f = mfn_frame(mfn);
    slot = (char *)mfn_to_virt(mfn) + slab_first(f);
    slab_set(f, slab_used(f) + 1, *(u16 *)slot);
    if (slab_first(f) == NO_SLOT)
        partial_remove(class, mfn);
    return slot;
}

static void *slot_alloc(unsigned class)
{
    void *slot;
    mfn_t mfn;

    spin_lock(&slab.lock);
    slot = slot_take(class);
    spin_unlock(&slab.lock);
    if (slot)
        return slot;
    mfn = heap_alloc(0, 0);
    if (mfn == MFN_NONE)
        return NULL;
    slab_format(mfn, class);
    spin_lock(&slab.lock);
    partial_add(class, mfn);
    slot = slot_take(class);
    spin_unlock(&slab.lock);
    return slot;
}

static void slot_free(void *slot, unsigned class)
{
    mfn_t mfn = virt_to_mfn(slot);
    struct frame *f = mfn_frame(mfn);
    bool empty;

    spin_lock(&slab.lock);
    if (slab_first(f) == NO_SLOT)
        partial_add(class, mfn);
    *(u16 *)slot = (u16)slab_first(f);
    slab_set(f, slab_used(f) - 1, (unsigned)((uintptr_t)slot & (PAGE_SIZE - 1)));
    empty = slab_used(f) == 0;
    if (empty)
        partial_remove(class, mfn);
    spin_unlock(&slab.lock);
    if (empty)
        heap_free(mfn, 0);
}

/* ---- objects ---- */

static unsigned class_of(size_t bytes)
{
    unsigned class = 0;

    while (class < NR_CLASSES && slot_bytes[class] < bytes)
        class++;
    return class;
}

static void *pages_alloc(unsigned order)
{
    mfn_t mfn = heap_alloc_zeroed(order, 0);

    return mfn == MFN_NONE ? NULL : mfn_to_virt(mfn);
}

void *zalloc(struct domain *d, size_t bytes)
{
    size_t whole = bytes + sizeof(struct header), charged;
    unsigned class = class_of(whole), order = 0;
    struct header *h;

    if (bytes > (PAGE_SIZE << 8)) {
        out_of_memory(d, bytes);
        return NULL;
    }
    if (class == NR_CLASSES)
        order = order_of(DIV_ROUND_UP(whole, PAGE_SIZE));
    charged = class < NR_CLASSES ? slot_bytes[class] : PAGE_SIZE << order;
    if (!domain_charge(d, charged))
        return NULL;
    h = class == NR_CLASSES ? pages_alloc(order) : heap_fails_now() ? NULL : slot_alloc(class);
    if (!h) {
        domain_uncharge(d, charged);
        out_of_memory(d, bytes);
        return NULL;
    }
    if (class < NR_CLASSES)
        memset(h, 0, charged);
    *h = (struct header){ d, (u32)charged, (u16)(class + order), MAGIC_USED };
    return h + 1;
}

void zfree(void *p)
{
    struct header *h;

    if (!p)
        return;
    h = (struct header *)p - 1;
    if (h->magic != MAGIC_USED)
        panic("zfree(%p): not an object%s", p, h->magic == MAGIC_FREE ? ", freed twice" : "");
    h->magic = MAGIC_FREE;
    domain_uncharge(h->owner, h->bytes);
    if (h->class < NR_CLASSES)
        slot_free(h, h->class);
    else
        heap_free(virt_to_mfn(h), h->class - NR_CLASSES);
}

/* Whole pages have no room for a header: who was charged stands in the first frame's record. */
void *zalloc_pages(struct domain *d, unsigned order)
{
    void *p;

    if (!domain_charge(d, PAGE_SIZE << order))
        return NULL;
    p = pages_alloc(order);
    if (p)
        mfn_frame(virt_to_mfn(p))->type = (u64)(uintptr_t)d;
    else {
        domain_uncharge(d, PAGE_SIZE << order);
        out_of_memory(d, PAGE_SIZE << order);
    }
    return p;
}

void zfree_pages(void *p, unsigned order)
{
    struct frame *f;

    if (!p)
        return;
    f = mfn_frame(virt_to_mfn(p));
    domain_uncharge((struct domain *)(uintptr_t)f->type, PAGE_SIZE << order);
    f->type = TYPE_NONE;
    heap_free(virt_to_mfn(p), order);
}
