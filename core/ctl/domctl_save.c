/*
 * What save, restore and migration ask about a domain's frames.
 *
 * A saved page table must be rewritten with the new machine's frame numbers, so the saver has to know which frames are
 * page tables, of which level, and which are pinned. The types are the ones Serai validated, so they are right by
 * construction, for a domain that does not run.
 */
#include "core/ctl/ctl.h"
#include "core/domain.h"
#include "core/hypercall.h"
#include "core/log_dirty.h"
#include "core/reject.h"

#define MAX_FRAMES 1024         /* per call, what tools use */
#define FRAMES_PER_LOOK 256

static u64 frame_kind(const struct domain *d, mfn_t mfn)
{
    u64 type, kind = XEN_DOMCTL_PFINFO_NOTAB;

    if (!frame_get(mfn, d))
        return XEN_DOMCTL_PFINFO_XTAB;
    type = READ_ONCE(mfn_frame(mfn)->type);
    frame_put(mfn);
    if (!(type & TYPE_USES))
        return kind;
    switch (type & TYPE_MASK) {
    case TYPE_L1: kind = XEN_DOMCTL_PFINFO_L1TAB; break;
    case TYPE_L2: kind = XEN_DOMCTL_PFINFO_L2TAB; break;
    case TYPE_L3: kind = XEN_DOMCTL_PFINFO_L3TAB; break;
    case TYPE_L4: kind = XEN_DOMCTL_PFINFO_L4TAB; break;
    }
    if (type & TYPE_PINNED)
        kind |= XEN_DOMCTL_PFINFO_LPINTAB;
    return kind;
}

/* The list is answered in place. Put off by moving the list's start, as the interface allows. */
long domctl_frame_info(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    struct xen_domctl_getpageframeinfo3 *list = &op->u.getpageframeinfo3;
    gva_t at = HVA(list->array);

    if (list->num > MAX_FRAMES)
        return reject(-E2BIG, "%lu frames at once, at most %u", (unsigned long)list->num, MAX_FRAMES);
    for (u64 i = 0; i < list->num; i++) {
        u64 entry;

        if (i && i % FRAMES_PER_LOOK == 0 && preempt_check()) {
            list->num -= i;
            list->array.p = (void *)(uintptr_t)gva_add(at, i * sizeof(entry)).va;
            *copyback = true;
            return -ERESTART;
        }
        if (copy_elem_from_guest(&entry, at, i))
            return reject(-EFAULT, "frame list entry %lu cannot be read", (unsigned long)i);
        entry = frame_kind(d, entry);
        if (copy_elem_to_guest(at, i, &entry))
            return reject(-EFAULT, "frame list entry %lu cannot be written", (unsigned long)i);
    }
    return 0;
}

long domctl_shadow(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    struct xen_domctl_shadow_op *s = &op->u.shadow_op;

    switch (s->op) {
    case XEN_DOMCTL_SHADOW_OP_OFF:
        return log_dirty_disable(d);
    case XEN_DOMCTL_SHADOW_OP_ENABLE:
        if (s->mode != XEN_DOMCTL_SHADOW_ENABLE_LOG_DIRTY)
            return reject(-EOPNOTSUPP, "shadow mode %#x: only a log of dirty pages (%#x)", s->mode,
                          XEN_DOMCTL_SHADOW_ENABLE_LOG_DIRTY);
        /* fall through */
    case XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY:
        return log_dirty_enable(d);
    case XEN_DOMCTL_SHADOW_OP_CLEAN:
    case XEN_DOMCTL_SHADOW_OP_PEEK:
        *copyback = true;
        return log_dirty_report(d, s, s->op == XEN_DOMCTL_SHADOW_OP_CLEAN);
    default:
        return reject(-EOPNOTSUPP, "shadow operation %u: guests' page tables are validated, not shadowed", s->op);
    }
}
