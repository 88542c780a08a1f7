/*
 * Grant copy: move bytes between two pages, each the caller's own or granted to it.
 *
 * Batches name the same page again and again (netback cuts frames into slots), so each side keeps the page it last
 * resolved until another one is asked for; nothing is kept beyond the batch or a pre-emption.
 *
 * A grant may cover a part of a page, or be transitive: domain A grants to us what B granted to A. Then both
 * entries are pinned for the time of the copy, B's on behalf of A; chains end there. The locks of A and B are taken
 * one after the other, never together, so that a circle of transitive grants is just a refusal.
 *
 * The guests may change the bytes while they are copied. They are data to us, not decisions.
 */
#include "core/grant_internal.h"
#include "core/frame_inline.h"
#include "core/hypercall.h"
#include "core/reject.h"
#include "arch/arch.h"

#define COPY_BATCH 4            /* elements (of up to a page) between two chances of pre-emption */

struct pin {
    struct domain *d;           /* NULL: no pin */
    u32 ref;
};

/* One side of the copy: a page made ready. */
struct side {
    bool ready, is_gref, write;
    domid_t domid;              /* as named by the guest */
    u64 name;                   /* gref or frame number, as named by the guest */
    struct grant_use use;
    struct peer peer;           /* the last granting domain, kept when the page is not */
    struct pin outer, inner;    /* inner: behind a transitive grant, with a reference on its domain */
    char *page;
};

/* The caller has a reference on d until it is unpinned. */
static s16 pin_one(struct domain *d, u32 ref, domid_t who, bool write, struct grant_use *use, struct pin *pin)
{
    spin_lock(&d->grant->lock);
    s16 status = grant_pin(d, ref, who, write, false, use);
    spin_unlock(&d->grant->lock);
    if (likely(!status))
        *pin = (struct pin){ d, ref };
    return status;
}

static void unpin_one(struct pin *pin, bool write, mfn_t mfn)
{
    spin_lock(&pin->d->grant->lock);
    grant_unpin(pin->d, pin->ref, write, mfn);
    spin_unlock(&pin->d->grant->lock);
    pin->d = NULL;
}

static void unpin_inner(struct side *s, mfn_t mfn)
{
    struct domain *d = s->inner.d;

    unpin_one(&s->inner, s->write, mfn);
    domain_put(d);
}

static void side_drop(struct side *s)
{
    if (!s->ready)
        return;
    s->ready = false;
    if (!s->is_gref) {
        if (s->write)
            frame_put_writable(s->use.mfn);
        else
            frame_put(s->use.mfn);
        return;
    }
    /* The frame belongs to the innermost pin. */
    if (unlikely(s->inner.d)) {
        unpin_inner(s, s->use.mfn);
        s->use.mfn = MFN_NONE;
    }
    unpin_one(&s->outer, s->write, s->use.mfn);
}

/* s->outer is pinned and transitive: pin what it stands for, on behalf of the domain between. */
static s16 follow(struct side *s)
{
    struct domain *via = s->outer.d, *td = domain_get(s->use.trans_dom);
    s16 status;

    if (!td || td == via) {
        status = refuse_grant(GNTST_general_error, "transitive grant of domain %u leads to domain %u", via->id,
                              s->use.trans_dom);
    } else {
        status = pin_one(td, s->use.trans_ref, via->id, s->write, &s->use, &s->inner);
        if (!status && !s->use.transitive)
            return GNTST_okay;
        if (!status) {
            unpin_one(&s->inner, s->write, MFN_NONE);
            status = refuse_grant(GNTST_general_error, "a transitive grant leads to another one");
        }
    }
    if (td)
        domain_put(td);
    unpin_one(&s->outer, s->write, MFN_NONE);
    return status;
}

static s16 side_of_gref(struct side *s)
{
    struct domain *d = peer_get(&s->peer, s->domid == DOMID_SELF ? current->domain->id : s->domid);
    s16 status;

    if (!d)
        return refuse_grant(GNTST_bad_domain, "grant of domain %u, which does not exist", s->domid);
    status = pin_one(d, s->name, current->domain->id, s->write, &s->use, &s->outer);
    return status || !s->use.transitive ? status : follow(s);
}

static s16 side_of_own(struct side *s)
{
    struct domain *d = current->domain;

    if (s->domid != DOMID_SELF)
        return refuse_grant(GNTST_permission_denied, "copy by frame number needs DOMID_SELF, not domain %u", s->domid);
    struct frame *f = mfn_frame(s->name);
    bool owned = mfn_valid(s->name) && ref_get_owned(f, d->id);

    if (owned && s->write && unlikely(!writable_get(f))) {
        ref_put(f);
        owned = false;
    }
    if (unlikely(!owned))
        return refuse_grant(GNTST_bad_page, "copy %s frame %lx, which the domain does not own%s",
                            s->write ? "to" : "from", (unsigned long)s->name, s->write ? " as writable memory" : "");
    s->use = (struct grant_use){ .mfn = s->name, .length = PAGE_SIZE };
    return GNTST_okay;
}

/* Make s the page that p names, and check that [offset, offset + len) of it may be used. */
static s16 side_prepare(struct side *s, const struct gnttab_copy_ptr *p, bool is_gref, u16 len)
{
    u64 name = is_gref ? p->u.ref : p->u.gmfn;

    if ((u32)p->offset + len > PAGE_SIZE)
        return refuse_grant(GNTST_bad_copy_arg, "copy of %u bytes at %u crosses the page", len, p->offset);
    if (!s->ready || s->is_gref != is_gref || s->domid != p->domid || s->name != name) {
        side_drop(s);
        s->is_gref = is_gref;
        s->domid = p->domid;
        s->name = name;
        s16 status = is_gref ? side_of_gref(s) : side_of_own(s);
        if (status)
            return status;
        s->ready = true;
        s->page = mfn_to_virt(s->use.mfn);
    }
    if (p->offset < s->use.start || p->offset + len > s->use.start + s->use.length)
        return refuse_grant(GNTST_general_error, "copy of %u bytes at %u: the grant covers %u at %u", len, p->offset,
                            s->use.length, s->use.start);
    return GNTST_okay;
}

static s16 copy_one(const struct gnttab_copy *op, struct side *from, struct side *to)
{
    s16 status = side_prepare(from, &op->source, op->flags & GNTCOPY_source_gref, op->len);

    if (!status)
        status = side_prepare(to, &op->dest, op->flags & GNTCOPY_dest_gref, op->len);
    if (!status)
        memmove(to->page + op->dest.offset, from->page + op->source.offset, op->len);
    return status;
}

/* Elements [i, i + *n), *n <= COPY_BATCH; fewer where they cannot be read at once. */
static int copy_some(gva_t ops, u64 i, unsigned *n, struct side *from, struct side *to)
{
    struct gnttab_copy op[COPY_BATCH];
    int err = fetch_some(op, ops, i, n, sizeof(*op));

    if (err)
        return err;
    for (unsigned k = 0; k < *n; k++)
        op[k].status = copy_one(&op[k], from, to);
    return copy_to_guest(gva_add(ops, i * sizeof(*op)), op, *n * sizeof(*op));
}

long grant_copy_batch(gva_t ops, u64 count)
{
    struct side from = { .write = false }, to = { .write = true };
    u64 i = 0;
    int err = 0;

    while (i < count && !err) {
        unsigned n = min(count - i, (u64)COPY_BATCH);

        if (i && preempt_check())
            break;
        err = copy_some(ops, i, &n, &from, &to);
        i += n;
    }
    side_drop(&to);
    side_drop(&from);
    peer_drop(&to.peer);
    peer_drop(&from.peer);
    return err ? err : (long)i;
}
