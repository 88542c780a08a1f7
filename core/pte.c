/*
 * What one page-table entry may say. Theory in mmu.c.
 *
 * An L1 entry names RAM of the page owner (a reference; a writable use too if it is writable), device memory the
 * domain was given, or nothing (not present: any content). An entry of a higher level names a table of the level below,
 * owned by the same domain. All entries get PTE_USER, since both halves of a 64-bit guest run in ring 3; the
 * guest's kernel and user are kept apart by having two top-level tables.
 */
#include "arch/arch.h"
#include "core/pte_inline.h"
#include "core/mmu_internal.h"
#include "core/reject.h"
#include "lib/rangeset.h"

static long device_permitted(struct domain *d, pg_owner_t pg, u64 pte)
{
    mfn_t mfn = pte_mfn(pte);

    if (pg == DOMID_XEN) {
        /* Frames of Serai's that are published: the machine-to-physical table, read-only. */
        if (d->privileged && !(pte & PTE_RW) && mfn_valid(mfn) && mfn_frame(mfn)->owner == DOMID_XEN)
            return 0;
        return reject(-EPERM, "frame %#lx of Serai may only be read, by the control domain", (unsigned long)mfn);
    }
    if (mfn_valid(mfn) && mfn_frame(mfn)->owner == DOMID_XEN)
        return reject(-EPERM, "frame %#lx belongs to Serai", (unsigned long)mfn);
    /* Who follows a domain's lists of frames and meets nonsense, such as 0, is told, and does not get what is there. */
    if (pg != d->id && pg < DOMID_FIRST_RESERVED)
        return reject(-EPERM, "frame %#lx is not RAM, so not one of domain %u's", (unsigned long)mfn, pg);
    if (!d->iomem || !rangeset_contains(d->iomem, mfn, mfn))
        return reject(-EPERM, "frame %#lx is not RAM, and domain %u has no permission for it", (unsigned long)mfn,
                      d->id);
    return 0;
}

/* Device memory: no references, only permission. */
struct pte_taken pte_take_device(struct domain *d, pg_owner_t pg, u64 pte)
{
    long rc = device_permitted(d, pg, pte);

    /* Kernels map IOAPIC and HPET as if they could program them: they get what they can use. */
    if (!rc && pg != DOMID_XEN && machine_frame_readonly(pte_mfn(pte)))
        pte &= ~PTE_RW;
    return (struct pte_taken){ rc, pte };
}

/*
 * An L1 entry with bits that few have. RAM is cached, but for domain 0's drivers; a guest's with devices of its own may
 * ask, and what they get is cached.
 */
struct pte_taken pte_check_unusual(struct domain *d, u64 pte)
{
    if (pte & pte_reserved)
        return (struct pte_taken){ reject(-EINVAL, "L1 entry %#lx has address bits this CPU does not have",
                                          (unsigned long)pte), pte };
    if (!mfn_is_ram(pte_mfn(pte)))
        return (struct pte_taken){ 0, pte };
    if (!d->privileged && (!d->iomem || rangeset_empty(d->iomem)))
        return (struct pte_taken){ reject(-EINVAL, "L1 entry %#lx: memory that is not cached is for drivers of devices",
                                          (unsigned long)pte), pte };
    return (struct pte_taken){ 0, d->privileged ? pte : pte & ~CACHE_BITS };
}

long pte_refuse_owner(mfn_t mfn, pg_owner_t pg)
{
    const struct frame *f = mfn_frame(mfn);
    u16 owner = READ_ONCE(f->owner);

    if (!(READ_ONCE(f->count) & FRAME_REFS))
        return reject(-EBUSY, "frame %#lx is nobody's", (unsigned long)mfn);
    return reject(-EBUSY, "frame %#lx belongs to domain %u, not to domain %u", (unsigned long)mfn, owner, pg);
}

long pte_refuse_writable(mfn_t mfn)
{
    u64 type = READ_ONCE(mfn_frame(mfn)->type);

    if ((type & TYPE_MASK) == TYPE_NONE)
        return reject(-EBUSY, "frame %#lx is Serai's, and may only be read", (unsigned long)mfn);
    return reject(-EBUSY, "frame %#lx is a page or descriptor table (type %lu): not mappable writable",
                  (unsigned long)mfn, (unsigned long)(type >> TYPE_SHIFT));
}

/*
 * What an entry above L1 may not have. Not the cache bits: the CPU would read the next table past its cache, where what
 * Serai has just stored in it need not have arrived.
 */
#define NOT_ABOVE (PTE_PSE | PTE_PWT | PTE_PCD)

static long take_table(struct domain *d, unsigned level, u64 *pte, struct mmu_work *w)
{
    if (*pte & NOT_ABOVE)
        return reject(-EINVAL, "L%u entry %#lx: superpages and tables that are not cached are not allowed", level,
                      (unsigned long)*pte);
    *pte = (*pte & ~PTE_GLOBAL) | PTE_USER;
    return table_get(d, pte_mfn(*pte), type_of_level(level - 1), w);
}

long pte_take(struct domain *d, pg_owner_t pg, unsigned level, u64 *pte, struct mmu_work *w)
{
    w->left--;
    if (unlikely(*pte & pte_reserved))
        return reject(-EINVAL, "L%u entry %#lx has address bits this CPU does not have", level, (unsigned long)*pte);
    return level == 1 ? take_l1(d, pg, pte) : take_table(d, level, pte, w);
}

long pte_drop(struct domain *d, unsigned level, u64 pte, struct mmu_work *w)
{
    w->left--;
    if (level > 1)
        return table_put(d, pte_mfn(pte), w);
    drop_l1(pte);
    return 0;
}

/* The same child goes on under other flags. */
static long check_same_table(unsigned level, u64 *new)
{
    if (unlikely((*new & pte_reserved) || (*new & NOT_ABOVE)))
        return reject(-EINVAL, "L%u entry %#lx has bits no guest may set", level, (unsigned long)*new);
    *new = (*new & ~(PTE_GNTTAB | PTE_GLOBAL)) | PTE_USER;
    return 0;
}

static long replace_table(struct domain *d, unsigned level, u64 *p, u64 new, enum ad ad, u64 *seen, struct mmu_work *w)
{
    unsigned index = (unsigned)((u64)p >> 3) & 511;
    u64 old = READ_ONCE(*p);
    bool same = false;

    if (level == 4 && unlikely(!l4_slot_is_guests(index)))
        return reject(-EINVAL, "top-level slot %u belongs to Serai", index);
    if (new & PTE_PRESENT) {
        table_mark(mfn_frame(direct_mfn(p)), index);
        same = (old & PTE_PRESENT) && !((old ^ new) & PTE_ADDR);
        long rc = same ? check_same_table(level, &new) : pte_take(d, d->id, level, &new, w);
        if (unlikely(rc))
            return rc;
    }
    *seen = old = store(d, p, new, ad, *seen);
    if ((old & PTE_PRESENT) && !same && pte_drop(d, level, old, w))
        w->orphan = pte_mfn(old);
    return 0;
}

static inline long replace(struct domain *d, pg_owner_t pg, unsigned level, u64 *p, u64 new, enum ad ad, u64 *seen,
                           struct mmu_work *w)
{
    w->left--;
    if (likely(level == 1))
        return replace_l1(d, pg, p, new, ad, seen);
    return replace_table(d, level, p, new, ad, seen, w);
}

long pte_write(struct domain *d, pg_owner_t pg, unsigned level, u64 *p, u64 new, bool preserve_ad, struct mmu_work *w)
{
    u64 seen = 0;
    return replace(d, pg, level, p, new, preserve_ad ? AD_KEEP : AD_REPLACE, &seen, w);
}

long pte_swap(struct domain *d, unsigned level, u64 *p, u64 *expect, u64 new, struct mmu_work *w)
{
    return replace(d, d->id, level, p, new, AD_NEW_ONES, expect, w);
}
