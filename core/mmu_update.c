/*
 * Page-table updates: mmu_update, update_va_mapping, direct writes that faulted, grant mappings. Theory in mmu.c.
 * Each update is: find the live table and the entry, check and store it under the owner's mmu_lock (pte_write).
 */
#include "abi/xen.h"
#include "arch/arch.h"
#include "core/guest.h"
#include "core/hypercall.h"
#include "core/log_dirty.h"
#include "core/pte_inline.h"
#include "core/reject.h"
#include "core/vcpu.h"
#include <machine/uaccess.h>

/* What an update's target table is at the moment; 0: no live table of d. Lock held. See l1_live(). */
static unsigned live_level(struct domain *d, mfn_t mfn)
{
    u64 x = mfn_valid(mfn) ? READ_ONCE(mfn_frame(mfn)->type) : TYPE_NONE;

    return type_live_table(x) && (x & TYPE_OWNER) == type_owner(d) ? type_level(x) : 0;
}

/* An update of a frame that is no page table: an ordinary write to memory of d. */
static long plain_write(struct domain *d, u64 maddr, u64 val)
{
    mfn_t mfn = maddr >> PAGE_SHIFT;

    if (!mfn_is_ram(mfn) || !frame_get_writable(mfn, d))
        return reject(-EINVAL, "update of frame %#lx, which is no page table or memory of domain %u",
                      (unsigned long)mfn, d->id);
    WRITE_ONCE(*(u64 *)((char *)mfn_to_virt(mfn) + (maddr & (PAGE_SIZE - 8))), val);
    frame_put_writable(mfn);
    return 0;
}

/*
 * One entry of a table of d, by machine address; d->mmu_lock is held, and let go of where the update is not an ordinary
 * one. -ERESTART: nothing done yet, call again.
 */
static inline long update_entry(struct domain *d, pg_owner_t pg, u64 maddr, u64 val, bool preserve_ad,
                                struct mmu_work *w)
{
    u64 *p = l1_entry(d, maddr), seen = 0;
    if (likely(p)) {
        w->left--;
        return replace_l1(d, pg, p, val, preserve_ad ? AD_KEEP : AD_REPLACE, &seen);
    }

    mfn_t mfn = maddr >> PAGE_SHIFT;
    unsigned level = live_level(d, mfn);
    long rc;

    if (likely(level)) {
        rc = pte_write(d, pg, level, (u64 *)((char *)mfn_to_virt(mfn) + (maddr & (PAGE_SIZE - 8))), val,
                       preserve_ad, w);
        if (likely(!w->orphan))
            return rc;
    }
    spin_unlock(&d->mmu_lock);
    w->left--;
    if (level) {
        orphan_adopt(d, w->orphan);
        w->orphan = 0;
        w->left = 0;            /* the list looks whether we owe the rest */
    } else {
        rc = plain_write(d, maddr, val);
    }
    spin_lock(&d->mmu_lock);
    return rc;
}

static long update_m2p(struct domain *d, mfn_t mfn, u64 val)
{
    if (!mfn_is_ram(mfn) || !frame_get(mfn, d))
        return reject(-EINVAL, "M2P update of frame %#lx, which is not domain %u's", (unsigned long)mfn, d->id);
    m2p_set(mfn, val);
    log_dirty_wrote(mfn);       /* the page at that place is another one now */
    frame_put(mfn);
    return 0;
}

/* Whose tables (bits 16+, id + 1) and whose frames (bits 0-15) a call is about. References on both if not current. */
struct subject {
    struct domain *pt;          /* owner of the tables; NULL on error */
    struct domain *held[2];
    pg_owner_t pg;
};

static long subject_find(u64 foreign, struct subject *s)
{
    struct domain *cur = current->domain;
    u32 pt = (u32)foreign >> 16;
    u16 pg = (u16)foreign;
    long err = 0;

    *s = (struct subject){ .pt = cur, .pg = cur->id };
    if (likely(foreign == DOMID_SELF))
        return 0;
    if (pt) {
        s->pt = s->held[0] = domain_get_target((domid_t)(pt - 1), &err);
        if (!s->pt)
            return reject(err, "domain %u: no such domain, or not yours to map for", pt - 1);
        s->pg = s->pt->id;
    }
    if (pg == DOMID_SELF)
        return 0;
    /* A domain that names itself is a tool taking its own domain for a guest (`xl save 0`): stop it before harm. */
    if (pg == cur->id)
        return reject(-ESRCH, "domain %u maps its own frames as DOMID_SELF, not as those of a foreign domain", pg);
    if (pg == DOMID_IO || pg == DOMID_XEN) {
        s->pg = pg;
        if (pg == DOMID_XEN && !cur->privileged)
            return reject(-EPERM, "only the control domain maps frames of Serai");
        return 0;
    }
    s->held[1] = domain_get_target(pg, &err);
    if (!s->held[1])
        return reject(err, "domain %u: no such domain, or not yours to map from", pg);
    s->pg = pg;
    return 0;
}

static void subject_put(struct subject *s)
{
    for (unsigned i = 0; i < 2; i++)
        if (s->held[i])
            domain_put(s->held[i]);
}

/* A mapping of another domain's page, if it is one, can be written from now on. */
static void note_foreign(u64 entry)
{
    if ((entry & (PTE_PRESENT | PTE_RW)) == (PTE_PRESENT | PTE_RW))
        log_dirty_wrote(pte_mfn(entry));
}

#define NOT_PLAIN 5u    /* of a request's command, its lowest three bits: NORMAL (0) and PRESERVE_AD (2) have neither */

/* s->pt->mmu_lock is held. */
static inline long one_request(struct subject *s, const mmu_update_t *req, struct mmu_work *w)
{
    unsigned kind = req->ptr & 7;

    if (unlikely(kind & NOT_PLAIN)) {
        struct domain *owner = s->held[1] ? s->held[1] : s->pt;
        w->left--;      /* lists of these must end up looking for pre-emption, too */
        if (kind == MMU_MACHPHYS_UPDATE)
            return update_m2p(owner, req->ptr >> PAGE_SHIFT, req->val);
        if (kind != MMU_PT_UPDATE_NO_TRANSLATE)
            return reject(-ENOSYS, "page table update %u at %#lx", kind, (unsigned long)req->ptr);
    }
    /* NO_TRANSLATE is like NORMAL: a PV guest's frame numbers are machine frames. */
    long rc = update_entry(s->pt, s->pg, req->ptr & ~7UL, req->val, kind == MMU_PT_UPDATE_PRESERVE_AD, w);
    if (unlikely(s->held[1]) && !rc)
        note_foreign(req->val);
    return rc;
}

long mmu_report_done(u64 pdone, u64 done, bool resumed)
{
    u32 before = 0, total;

    if (!pdone)
        return 0;
    if (resumed && copy_from_guest(&before, GVA(pdone), sizeof(before)))
        return reject_fault(pdone);
    total = before + (u32)done;
    return copy_to_guest(GVA(pdone), &total, sizeof(total)) ? reject_fault(pdone) : 0;
}

/* One update of an L1 entry of the caller's own, which nearly all calls are. False: it is something else. */
static inline bool update_straight(u64 req, long *rc)
{
    struct domain *d = current->domain;
    u64 ptr, val, seen = 0;

    if (unlikely(get_guest_pair(&ptr, &val, req)) || (ptr & NOT_PLAIN))
        return false;
    spin_lock(&d->mmu_lock);
    u64 *p = l1_entry(d, ptr);
    if (likely(p))
        *rc = replace_l1(d, d->id, p, val, (ptr & 7) == MMU_PT_UPDATE_PRESERVE_AD ? AD_KEEP : AD_REPLACE, &seen);
    spin_unlock(&d->mmu_lock);
    return p;
}

static long update_list(u64 reqs, u64 count, u64 pdone, u64 foreigndom);

long do_mmu_update(u64 reqs, u64 count, u64 pdone, u64 foreigndom)
{
    long rc;

    if (likely(count == 1 && !pdone && foreigndom == DOMID_SELF) && likely(update_straight(reqs, &rc)))
        return rc;
    return update_list(reqs, count, pdone, foreigndom);
}

static long update_list(u64 reqs, u64 count, u64 pdone, u64 foreigndom)
{
    bool resumed = count & MMU_UPDATE_PREEMPTED;
    struct mmu_work w = { MMU_WORK, 0 };
    struct subject s;
    long rc;
    u64 i;

    count = (u32)count & ~MMU_UPDATE_PREEMPTED;
    if (unlikely(!uaccess_ok(reqs, count * sizeof(mmu_update_t))))
        return reject(-EFAULT, "%lu requests at %#lx reach into Serai", (unsigned long)count, (unsigned long)reqs);
    if ((unlikely(current->mmu_orphan) || unlikely(resumed)) && !orphans_finish(current, resumed))
        return hypercall_continue(__HYPERVISOR_mmu_update, 4, reqs, count | (resumed ? MMU_UPDATE_PREEMPTED : 0), pdone,
                                  foreigndom);
    rc = subject_find(foreigndom, &s);
    if (unlikely(rc)) {
        subject_put(&s);
        return rc;
    }
    current->mmu_work = &w;
    spin_lock(&s.pt->mmu_lock);
    for (i = 0; i < count; i++) {
        mmu_update_t req;
        if (unlikely(get_guest_pair_in(&req.ptr, &req.val, reqs + i * sizeof(req)))) {
            rc = reject_fault(reqs + i * sizeof(req));
            break;
        }
        rc = one_request(&s, &req, &w);
        if (likely(!rc && w.left > 0))
            continue;
        if (rc && rc != -ERESTART)
            break;
        /* A breath: others want the lock, or this CPU. */
        u64 done = i + (rc == 0), rest = count - done;
        w.left = MMU_WORK;
        spin_unlock(&s.pt->mmu_lock);
        if ((preempt_check() && rest) || unlikely(current->mmu_orphan)) {
            current->mmu_work = NULL;
            subject_put(&s);
            if (mmu_report_done(pdone, done, resumed))
                return -EFAULT;         /* said */
            return hypercall_continue(__HYPERVISOR_mmu_update, 4, rest ? reqs + done * sizeof(req) : reqs,
                                      rest | MMU_UPDATE_PREEMPTED, pdone, foreigndom);
        }
        spin_lock(&s.pt->mmu_lock);
        i -= rc == -ERESTART;
        rc = 0;
    }
    spin_unlock(&s.pt->mmu_lock);
    current->mmu_work = NULL;
    subject_put(&s);
    current->mc.worked = MMU_WORK - w.left > MC_SHORT_LIST;
    if (mmu_report_done(pdone, i, resumed) && !rc)
        rc = -EFAULT;                   /* said */
    return rc;
}

/* ---- by virtual address ---- */

void flush_for_guest(cpumask_t cpus, u64 va)
{
    bool others = cpus & ~(1UL << smp_cpu());

    if (others)
        (void)preempt_check();
    tlb_flush_mask(cpus, va);
    if (others)
        (void)preempt_check();
}

/* The flush that update_va_mapping asks for (UVMF_*, public header xen.h). */
static long flush_after(struct vcpu *v, u64 va, u64 flags)
{
    cpumask_t mask;
    u64 what = (flags & UVMF_FLUSHTYPE_MASK) == UVMF_INVLPG ? va : FLUSH_ALL;

    if (!(flags & UVMF_FLUSHTYPE_MASK))
        return 0;
    switch (flags & ~UVMF_FLUSHTYPE_MASK) {
    case UVMF_LOCAL:
        tlb_flush_here(what);
        return 0;
    case UVMF_ALL:
        mask = v->domain->arch.cpumask;
        break;
    default: {
        long rc = vcpu_mask_cpus(v->domain, GVA(flags & ~UVMF_FLUSHTYPE_MASK), &mask);
        if (rc)
            return rc;
    }
    }
    flush_for_guest(mask, what);
    return 0;
}

static long update_va(struct vcpu *v, u64 va, u64 val, u64 flags, pg_owner_t pg)
{
    struct domain *d = v->domain;
    u64 seen = 0;
    long rc;

    if ((val & (PTE_PRESENT | PTE_RW)) == (PTE_PRESENT | PTE_RW))
        retype_flush_early(d, pte_mfn(val), TYPE_WRITABLE);
    spin_lock(&d->mmu_lock);
    u64 *p = pte_find(v->arch.kernel_l4, va);
    rc = likely(p) ? replace_l1(d, pg, p, val, AD_REPLACE, &seen) : -EINVAL;
    spin_unlock(&d->mmu_lock);
    if (unlikely(!p))
        return reject(-EINVAL, "no page table maps %#lx", (unsigned long)va);
    if (likely(!flags) || rc)
        return rc;
    return flush_after(v, va, flags);
}

long do_update_va_mapping(u64 va, u64 val, u64 flags)
{
    struct vcpu *v = current;
    long rc = update_va(v, va, val, flags, v->domain->id);

    /* Refused because of a table that a direct write dropped and we did not finish taking apart? */
    if (likely(!rc) || likely(!v->mmu_orphan))
        return rc;
    if (!orphans_finish(v, false))
        return hypercall_continue(__HYPERVISOR_update_va_mapping, 3, va, val, flags);
    return update_va(v, va, val, flags, v->domain->id);
}

long do_update_va_mapping_otherdomain(u64 va, u64 val, u64 flags, u64 domid)
{
    struct subject s;
    long rc = subject_find((u16)domid, &s);
    if (!rc)
        rc = update_va(current, va, val, flags, s.pg);
    if (!rc)
        note_foreign(val);
    subject_put(&s);
    return rc;
}

/* ---- direct writes to page tables that the guest has mapped read-only ---- */

struct pte_exchange mmu_guest_pte_exchange(struct vcpu *v, u64 va, u64 val)
{
    struct domain *d = v->domain;
    struct pte_exchange x = { 0, false };
    u64 *map, here;

    spin_lock(&d->mmu_lock);
    map = pte_walk(v->arch.kernel_l4, va);
    here = likely(map) ? READ_ONCE(*map) : 0;
    if (likely(here & PTE_PRESENT) && likely(l1_live(d, pte_mfn(here))))
        x.done = !replace_l1(d, d->id, (u64 *)((char *)mfn_to_virt(pte_mfn(here)) + (va & (PAGE_SIZE - 8))), val,
                             AD_REPLACE, &x.old);
    spin_unlock(&d->mmu_lock);
    return x;
}

static long guest_pte_write(struct vcpu *v, u64 va, u64 *old, u64 val, unsigned size, bool cas)
{
    struct domain *d = v->domain;
    struct mmu_work w = { MMU_WORK, 0 };
    unsigned shift = (va & 7) * 8;
    u64 mask = size == 8 ? ~0UL : ((1UL << size * 8) - 1) << shift;
    unsigned level;
    long rc = -ESRCH;

    if ((va & 7) + size > 8)
        return -ESRCH;
    spin_lock(&d->mmu_lock);
    u64 *map = pte_find(v->arch.kernel_l4, va);
    if (likely(map && (*map & PTE_PRESENT) && (level = live_level(d, pte_mfn(*map))) != 0)) {
        u64 *p = (u64 *)((char *)mfn_to_virt(pte_mfn(*map)) + (va & (PAGE_SIZE - 8)));
        u64 have = READ_ONCE(*p);
        if (cas && ((have & mask) >> shift) != *old) {
            *old = (have & mask) >> shift;
            rc = -EAGAIN;
        } else {
            u64 new = (have & ~mask) | ((val << shift) & mask);
            rc = cas ? pte_swap(d, level, p, &have, new, &w) : pte_write(d, d->id, level, p, new, false, &w);
            *old = (have & mask) >> shift;
        }
    }
    spin_unlock(&d->mmu_lock);
    if (unlikely(w.orphan))
        orphan_adopt(d, w.orphan);
    return rc;
}

bool mmu_maps_readonly_device(struct vcpu *v, u64 va)
{
    spin_lock(&v->domain->mmu_lock);
    u64 *map = pte_find(v->arch.kernel_l4, va);
    bool yes = map && (*map & PTE_PRESENT) && machine_frame_readonly(pte_mfn(*map));
    spin_unlock(&v->domain->mmu_lock);
    return yes;
}

long mmu_guest_pte_write(struct vcpu *v, u64 va, u64 *old, u64 val, unsigned size, bool cas)
{
    for (;;) {
        if (unlikely(v->mmu_orphan) && !orphans_finish(v, false))
            return -ERESTART;
        long rc = guest_pte_write(v, va, old, val, size, cas);
        if (rc != -ERESTART)
            return rc;
        /* The entry names a tree still being validated: between its pieces the CPU can go to others. */
        if (preempt_check())
            return -ERESTART;
    }
}

/* ---- grant mappings ---- */

/* The L1 entry that host_addr names. Lock held. */
static u64 *grant_entry(struct domain *d, u64 host_addr, bool contains_pte)
{
    if (!contains_pte)
        return pte_walk(current->arch.kernel_l4, host_addr);
    return host_addr & 7 ? NULL : l1_entry(d, host_addr);
}

/* Grant entries hold no reference; what they replace may have, and what replaces them: hence the mark. */
static void grant_store(struct domain *d, u64 *p, u64 new)
{
    struct mmu_work w = { MMU_WORK, 0 };
    table_mark(mfn_frame(direct_mfn(p)), (unsigned)((u64)p >> 3) & 511);
    u64 old = store(d, p, new, AD_REPLACE, 0);
    if (old & PTE_PRESENT)
        pte_drop(d, 1, old, &w);
}

long mmu_grant_map(struct domain *d, u64 host_addr, bool contains_pte, mfn_t mfn, u64 flags)
{
    spin_lock(&d->mmu_lock);
    u64 *p = grant_entry(d, host_addr, contains_pte);
    if (p)
        grant_store(d, p, pte_make(mfn, (flags & ~PTE_GLOBAL) | PTE_USER | PTE_GNTTAB));
    spin_unlock(&d->mmu_lock);
    return p ? 0 : reject(-EINVAL, "no page-table entry of domain %u at %s %#lx to map a grant by", d->id,
                          contains_pte ? "machine address" : "address", (unsigned long)host_addr);
}

long mmu_ungrant_map(struct domain *d, u64 host_addr, bool contains_pte, mfn_t mfn, bool writable,
                     u64 new_pte)
{
    spin_lock(&d->mmu_lock);
    u64 *p = grant_entry(d, host_addr, contains_pte);
    bool mine = p && (*p & (PTE_PRESENT | PTE_GNTTAB)) == (PTE_PRESENT | PTE_GNTTAB) && pte_mfn(*p) == mfn &&
                !!(*p & PTE_RW) == writable;
    if (mine)
        grant_store(d, p, new_pte);
    spin_unlock(&d->mmu_lock);
    return mine ? 0 : reject(-EINVAL, "%#lx does not map granted frame %#lx (any more)", (unsigned long)host_addr,
                             (unsigned long)mfn);
}
