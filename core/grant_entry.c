/*
 * One grant entry: does it permit what is asked, and marking it used while it is.
 *
 * The entry lies in memory the guest writes at any time. Version 1 has permission and mark in one 32-bit word, changed
 * together by compare-and-swap: what we checked is what we marked. Version 2 keeps the mark in another page: we mark,
 * then look at the permission again, and withdraw if it changed; the guest does it the other way round (withdraws, then
 * looks at the mark), so one of the two sees the other.
 *
 * Everything else in the entry (frame, range, onward grant) is read once, after marking, and checked as if hostile:
 * the frame must be RAM that the granting domain owns, which the reference proves.
 *
 * A guest that keeps changing an entry is given CLAIM_TRIES attempts, then the answer is no.
 */
#include "core/grant_internal.h"
#include "core/frame_inline.h"
#include "core/log_dirty.h"
#include "core/reject.h"

#define CLAIM_TRIES 4
#define NOTED_AT_ONCE 512       /* of some hundred instructions, if all are in use */
#define MARKS (GTF_reading | GTF_writing)

/* Both versions start with flags and domid; as one little-endian word. */
static inline u16 word_flags(u32 word) { return (u16)word; }
static inline domid_t word_domid(u32 word) { return word >> 16; }

static __attribute__((noinline)) s16 look_closer(u32 word, domid_t who, bool write, bool whole, bool v2)
{
    u16 flags = word_flags(word), type = flags & GTF_type_mask;
    bool sub_page = v2 && (flags & GTF_sub_page);

    if (type != GTF_permit_access && !(v2 && !whole && type == GTF_transitive))
        return refuse_grant(GNTST_general_error, "grant entry with flags %x permits no such access", flags);
    if (whole && sub_page)
        return refuse_grant(GNTST_general_error, "a grant of a part of a page cannot be mapped");
    if (word_domid(word) != who)
        return refuse_grant(GNTST_general_error, "grant is for domain %u, not %u", word_domid(word), who);
    if (write && (flags & GTF_readonly))
        return refuse_grant(GNTST_general_error, "grant is read-only");
    return GNTST_okay;
}

static inline s16 permitted(u32 word, domid_t who, bool write, bool whole, bool v2)
{
    u32 matters = 0xffff0000 | GTF_type_mask | GTF_sub_page | (write ? GTF_readonly : 0);

    /* A whole page, granted to who asks, as nearly always: one comparison. */
    if (likely((word & matters) == ((u32)who << 16 | GTF_permit_access)))
        return GNTST_okay;
    return look_closer(word, who, write, whole, v2);
}

static s16 claim_v1(grant_entry_v1_t *entry, domid_t who, bool write, bool whole)
{
    u32 *word = (u32 *)(void *)entry;
    u32 seen = READ_ONCE(*word);

    for (unsigned i = 0; i < CLAIM_TRIES; i++) {
        s16 status = permitted(seen, who, write, whole, false);
        if (status)
            return status;
        if (__atomic_compare_exchange_n(word, &seen, seen | GTF_reading | (write ? GTF_writing : 0), false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
            return GNTST_okay;
    }
    return refuse_grant(GNTST_general_error, "grant entry does not stop changing");
}

static s16 claim_v2(grant_entry_v2_t *entry, u16 *mark, domid_t who, bool write, bool whole)
{
    const u32 *word = (const u32 *)(const void *)&entry->hdr;
    u32 seen = READ_ONCE(*word);

    for (unsigned i = 0; i < CLAIM_TRIES; i++) {
        s16 status = permitted(seen, who, write, whole, true);
        if (status)
            return status;
        __atomic_fetch_or(mark, (u16)(GTF_reading | (write ? GTF_writing : 0)), __ATOMIC_SEQ_CST);
        /* Acquire: what the guest wrote into the entry and the page before it permitted. */
        u32 again = __atomic_load_n(word, __ATOMIC_ACQUIRE);
        if (again == seen)
            return GNTST_okay;
        seen = again;
    }
    return refuse_grant(GNTST_general_error, "grant entry does not stop changing");
}

/* Take back the marks that nobody's use justifies any more. */
static void settle_marks(struct grant_table *t, u32 ref, const struct active *a)
{
    u16 keep = (a->readers + a->writers ? GTF_reading : 0) | (a->writers ? GTF_writing : 0);

    if (keep != MARKS)
        __atomic_fetch_and(entry_status(t, ref), (u16)~(MARKS & ~keep), __ATOMIC_SEQ_CST);
}

/* Read what a claimed entry names. */
static void read_entry(const struct grant_table *t, u32 ref, struct grant_use *use)
{
    const grant_entry_v2_t *e;
    u16 flags;

    *use = (struct grant_use){ .mfn = MFN_NONE, .length = PAGE_SIZE };
    if (t->version == 1) {
        use->mfn = READ_ONCE(entry_v1(t, ref)->frame);
        return;
    }
    e = entry_v2(t, ref);
    flags = READ_ONCE(e->hdr.flags);
    if ((flags & GTF_type_mask) == GTF_transitive) {
        use->transitive = true;
        use->trans_dom = READ_ONCE(e->transitive.trans_domid);
        use->trans_ref = READ_ONCE(e->transitive.gref);
        return;
    }
    use->mfn = READ_ONCE(e->full_page.frame);
    if (flags & GTF_sub_page) {
        use->start = READ_ONCE(e->sub_page.page_off);
        use->length = READ_ONCE(e->sub_page.length);
    }
}

static s16 hold_frame(struct domain *rd, u32 ref, bool write, const struct grant_use *use)
{
    if ((u32)use->start + use->length > PAGE_SIZE)
        return refuse_grant(GNTST_general_error, "grant %u covers %u bytes from %u, beyond its page", ref, use->length,
                            use->start);
    /* Why the 32 bits? Mapping records keep frame numbers so; 16 TiB of RAM is more than we run on. */
    if (likely(!(use->mfn >> 32) && mfn_valid(use->mfn))) {
        struct frame *f = mfn_frame(use->mfn);

        if (likely(ref_get_owned(f, rd->id))) {
            if (!write || likely(writable_get(f)))
                return GNTST_okay;
            ref_put(f);
        }
    }
    return refuse_grant(GNTST_bad_page, "grant %u of domain %u names frame %lx, which it does not own%s", ref,
                        rd->id, (unsigned long)use->mfn, write ? " as writable memory" : "");
}

/* Count a use of an entry; a second domain, or one too many, has to wait. */
static s16 count_use(struct grant_table *t, struct active *a, u32 ref, domid_t who, bool write)
{
    if (a->readers + a->writers == 0) {
        a->domid = who;
        t->nr_pinned++;
    } else if (a->domid != who) {
        return refuse_grant(GNTST_general_error, "grant %u is in use by domain %u", ref, a->domid);
    }
    if ((write ? a->writers : a->readers) == MAX_PINS)
        return refuse_grant(GNTST_no_space, "grant %u is in use %u times, the maximum", ref, MAX_PINS);
    if (write)
        a->writers++;
    else
        a->readers++;
    return GNTST_okay;
}

static void uncount_use(struct grant_table *t, u32 ref, bool write)
{
    struct active *a = entry_active(t, ref);

    ASSERT(write ? a->writers : a->readers);
    if (write)
        a->writers--;
    else
        a->readers--;
    if (a->readers + a->writers == 0)
        t->nr_pinned--;
    settle_marks(t, ref, a);
}

s16 grant_pin(struct domain *rd, u32 ref, domid_t who, bool write, bool whole, struct grant_use *use)
{
    struct grant_table *t = rd->grant;
    s16 status;

    ASSERT(spin_is_held(&t->lock));
    if (READ_ONCE(rd->dying))
        return refuse_grant(GNTST_general_error, "domain %u is dying, its grants are void", rd->id);
    if (ref >= t->nr_grefs)
        return refuse_grant(GNTST_bad_gntref, "grant %u of domain %u: it has %u", ref, rd->id, t->nr_grefs);
    ref = (u32)index_clamp(ref, t->nr_grefs);
    status = t->version == 1 ? claim_v1(entry_v1(t, ref), who, write, whole)
                             : claim_v2(entry_v2(t, ref), entry_status(t, ref), who, write, whole);
    /* A refused claim leaves a version 1 entry untouched; in version 2 it may have been marked for a moment. */
    bool marked = !status || t->version == 2;
    if (!status)
        status = count_use(t, entry_active(t, ref), ref, who, write);
    if (status) {
        if (marked)
            settle_marks(t, ref, entry_active(t, ref));
        return status;
    }
    read_entry(t, ref, use);
    if (!use->transitive)
        status = hold_frame(rd, ref, write, use);
    else if (whole) /* it became one behind our back */
        status = refuse_grant(GNTST_general_error, "a transitive grant cannot be mapped");
    if (status)
        uncount_use(t, ref, write);
    return status;
}

void grant_unpin(struct domain *rd, u32 ref, bool write, mfn_t mfn)
{
    /* The frame first: when the guest sees the mark gone, nobody of us holds its page any more. */
    if (mfn != MFN_NONE) {
        if (write)
            frame_put_writable(mfn);
        else
            frame_put(mfn);
    }
    uncount_use(rd->grant, ref, write);
}

/* The entry names the frame, as it did when it was pinned: a guest that changes it meanwhile has broken its grant. */
u32 grant_note_writers(struct domain *d, u32 from)
{
    struct grant_table *t = d->grant;
    struct grant_use use;

    spin_lock(&t->lock);
    u32 end = t->nr_pinned ? t->nr_grefs : 0, ref = from;
    for (; ref < end && ref - from < NOTED_AT_ONCE; ref++) {
        if (!entry_active(t, ref)->writers)
            continue;
        read_entry(t, ref, &use);
        if (!use.transitive)
            log_dirty_note(use.mfn);
    }
    spin_unlock(&t->lock);
    return ref < end ? ref : GRANTS_NOTED;
}
