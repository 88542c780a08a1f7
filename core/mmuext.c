/*
 * mmuext_op: pins, base tables, TLB and cache flushes, LDT, clearing and copying of pages (public header xen.h). Each
 * operation of a list is fetched once and done by itself; the list is pre-empted between operations and within a pin.
 */
#include "abi/xen.h"
#include "arch/arch.h"
#include "core/guest.h"
#include "core/hypercall.h"
#include "core/log_dirty.h"
#include "core/mmu_internal.h"
#include "core/reject.h"
#include "core/vcpu.h"
#include <machine/uaccess.h>

/* On which CPUs may vcpus of the guest's bitmap have translations? Those they run on, or ran on last. */
long vcpu_mask_cpus(struct domain *d, gva_t bitmap, cpumask_t *out)
{
    cpumask_t cpus = 0;
    u8 bytes[32];
    unsigned n = DIV_ROUND_UP(d->max_vcpus, 8u);

    if (n > sizeof(bytes))
        n = sizeof(bytes);
    if (copy_from_guest(bytes, bitmap, n))
        return reject_fault(bitmap.va);
    for (unsigned i = 0; i < d->max_vcpus && i < n * 8; i++)
        if ((bytes[i / 8] >> (i % 8) & 1) && d->vcpu[i])
            cpus |= 1UL << READ_ONCE(d->vcpu[i]->processor);
    *out = cpus & READ_ONCE(d->arch.cpumask);
    return 0;
}

static long how_long(const struct mmu_work *w) { return w->left < MMU_WORK - 64 ? DONE_LONG : 0; }

static long pin(struct domain *d, mfn_t mfn, u64 type)
{
    struct mmu_work w = { MMU_WORK, 0 };
    long rc;

    retype_flush_early(d, mfn, type);
    spin_lock(&d->mmu_lock);
    rc = table_get(d, mfn, type, &w);
    if (!rc) {
        u64 x = READ_ONCE(mfn_frame(mfn)->type);
        if (x & TYPE_PINNED) {
            table_put(d, mfn, &w);
            rc = reject(-EINVAL, "frame %#lx is pinned already", (unsigned long)mfn);
        } else {
            WRITE_ONCE(mfn_frame(mfn)->type, x | TYPE_PINNED);
            log_dirty_wrote(mfn);       /* a saved page's type says whether it is pinned */
        }
    }
    spin_unlock(&d->mmu_lock);
    return rc ? rc : how_long(&w);
}

/* A partial table that is not pinned is what an earlier, pre-empted unpin (or pin) left: go on undoing it. */
static long unpin(struct domain *d, mfn_t mfn)
{
    struct mmu_work w = { MMU_WORK, 0 };
    long rc;

    if (!mfn_is_ram(mfn) || !frame_get(mfn, d))
        return reject(-EINVAL, "unpin of frame %#lx, which is not domain %u's", (unsigned long)mfn, d->id);
    spin_lock(&d->mmu_lock);
    u64 x = READ_ONCE(mfn_frame(mfn)->type);
    if (x & TYPE_PINNED) {
        WRITE_ONCE(mfn_frame(mfn)->type, x & ~TYPE_PINNED);
        log_dirty_wrote(mfn);
        rc = table_put(d, mfn, &w);
    } else if (x & TYPE_PARTIAL) {
        rc = table_put(d, mfn, &w);
    } else {
        rc = reject(-EINVAL, "frame %#lx is not pinned", (unsigned long)mfn);
    }
    spin_unlock(&d->mmu_lock);
    frame_put(mfn);
    return rc ? rc : how_long(&w);
}

static long multi_flush(struct vcpu *v, const struct mmuext_op *op, u64 what)
{
    cpumask_t mask;
    long rc = vcpu_mask_cpus(v->domain, HVA(op->arg2.vcpumask), &mask);
    if (!rc)
        flush_for_guest(mask, what);
    return rc;
}

static long clear_or_copy(struct domain *d, const struct mmuext_op *op)
{
    mfn_t dst = op->arg1.mfn, src = op->arg2.src_mfn;
    bool copy = op->cmd == MMUEXT_COPY_PAGE;

    if (copy && (!mfn_is_ram(src) || !frame_get(src, d)))
        return reject(-EINVAL, "copy from frame %#lx, which is not domain %u's", (unsigned long)src, d->id);
    if (!mfn_is_ram(dst) || !frame_get_writable(dst, d)) {
        if (copy)
            frame_put(src);
        return reject(-EINVAL, "clear or copy to frame %#lx, which is not writable memory of domain %u",
                      (unsigned long)dst, d->id);
    }
    if (copy) {
        page_copy(mfn_to_virt(dst), mfn_to_virt(src));
        frame_put(src);
    } else {
        page_clear(mfn_to_virt(dst));
    }
    frame_put_writable(dst);
    return 0;
}

static long one_op(struct vcpu *v, struct domain *d, const struct mmuext_op *op)
{
    bool self = d == v->domain;

    switch (op->cmd) {
    case MMUEXT_PIN_L1_TABLE: case MMUEXT_PIN_L2_TABLE: case MMUEXT_PIN_L3_TABLE: case MMUEXT_PIN_L4_TABLE:
        return pin(d, op->arg1.mfn, type_of_level(op->cmd - MMUEXT_PIN_L1_TABLE + 1));
    case MMUEXT_UNPIN_TABLE:
        return unpin(d, op->arg1.mfn);
    case MMUEXT_CLEAR_PAGE: case MMUEXT_COPY_PAGE:
        return clear_or_copy(d, op);
    case MMUEXT_MARK_SUPER: case MMUEXT_UNMARK_SUPER:
        return reject(-EOPNOTSUPP, "superpages are not offered to guests");
    default:
        break;
    }
    if (!self)
        return reject(-EPERM, "mmuext operation %u acts on the calling domain only", op->cmd);
    switch (op->cmd) {
    case MMUEXT_NEW_BASEPTR:
        return mmu_new_base(v, op->arg1.mfn, false);
    case MMUEXT_NEW_USER_BASEPTR:
        return mmu_new_base(v, op->arg1.mfn, true);
    case MMUEXT_TLB_FLUSH_LOCAL:
        tlb_flush_here(FLUSH_ALL);
        return 0;
    case MMUEXT_INVLPG_LOCAL:
        tlb_flush_here(op->arg1.linear_addr);
        return 0;
    case MMUEXT_TLB_FLUSH_MULTI:
        return multi_flush(v, op, FLUSH_ALL);
    case MMUEXT_INVLPG_MULTI:
        return multi_flush(v, op, op->arg1.linear_addr);
    case MMUEXT_TLB_FLUSH_ALL:
        flush_for_guest(d->arch.cpumask, FLUSH_ALL);
        return 0;
    case MMUEXT_INVLPG_ALL:
        flush_for_guest(d->arch.cpumask, op->arg1.linear_addr);
        return 0;
    case MMUEXT_FLUSH_CACHE: case MMUEXT_FLUSH_CACHE_GLOBAL:
        if (!d->privileged)
            return reject(-EACCES, "caches are flushed only for a domain with devices");
        cache_flush(op->cmd == MMUEXT_FLUSH_CACHE_GLOBAL);
        return 0;
    case MMUEXT_SET_LDT:
        return arch_set_ldt(v, op->arg1.linear_addr, op->arg2.nr_ents);
    default:
        return reject(-ENOSYS, "mmuext operation %u is unknown", op->cmd);
    }
}

_Static_assert(sizeof(struct mmuext_op) == 3 * 8, "xen.h: an operation is three words");

long do_mmuext_op(u64 ops, u64 count, u64 pdone, u64 foreigndom)
{
    struct vcpu *v = current;
    struct domain *d = v->domain, *held = NULL;
    bool resumed = count & MMU_UPDATE_PREEMPTED;
    long rc = 0;
    u64 i = 0;

    count = (u32)count & ~MMU_UPDATE_PREEMPTED;
    if (unlikely(foreigndom != DOMID_SELF && (u16)foreigndom != d->id)) {
        d = held = domain_get_target((domid_t)foreigndom, &rc);
        if (!d)
            return reject(rc, "domain %lu: no such domain, or not yours", (unsigned long)foreigndom);
    }
    if ((unlikely(v->mmu_orphan) || unlikely(resumed)) && !orphans_finish(v, resumed)) {
        if (held)
            domain_put(held);
        return hypercall_continue(__HYPERVISOR_mmuext_op, 4, ops, count | (resumed ? MMU_UPDATE_PREEMPTED : 0), pdone,
                                  foreigndom);
    }
    while (i < count) {
        struct mmuext_op op;
        if (unlikely(get_guest_three((u64 *)&op, ops + i * sizeof(op)))) {
            rc = reject_fault(ops + i * sizeof(op));
            break;
        }
        rc = one_op(v, d, &op);
        if (likely(!rc) && likely((++i & 15) != 15) && likely(!v->mmu_orphan))
            continue;
        if (rc == DONE_LONG) {
            rc = 0;
            i++;
        }
        if (rc && rc != -ERESTART)
            break;
        if ((preempt_check() && i < count) || (!rc && v->mmu_orphan)) {
            if (held)
                domain_put(held);
            if (mmu_report_done(pdone, i, resumed))
                return -EFAULT;   /* said */
            return hypercall_continue(__HYPERVISOR_mmuext_op, 4, i < count ? ops + i * sizeof(op) : ops,
                                      (count - i) | MMU_UPDATE_PREEMPTED, pdone, foreigndom);
        }
        rc = 0;
    }
    if (held)
        domain_put(held);
    if (mmu_report_done(pdone, i, resumed) && !rc)
        rc = -EFAULT;                   /* said */
    return rc;
}
