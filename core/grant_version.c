/*
 * Switching a table between the two layouts.
 *
 * Only a table of which nothing is in use can change its layout, except that the first GNTTAB_NR_RESERVED_ENTRIES are
 * carried over: the toolstack wrote them (console, xenstore) and its daemons keep them mapped. Everything else is
 * cleared. The reserved entries are converted into a local array first; nothing changes before all of them can be.
 * Their marks are made from our own records: a guest that withdrew an entry in use still waits for its mark to go.
 *
 * A large table is cleared in pieces, between which the CPU can go to others. From the first piece on the entries that
 * are not reserved cannot be used (nr_grefs), so none is in use when it is cleared; the reserved ones, in frame 0, are
 * those of the old version until all others are done. A guest that walks off in the middle has a table of the old
 * version with few entries; it can ask for either version again.
 */
#include "core/grant_internal.h"
#include "core/reject.h"

#define RESERVED GNTTAB_NR_RESERVED_ENTRIES
#define MARKS (GTF_reading | GTF_writing)
#define AT_ONCE 16              /* frames cleared between two looks; status frames made */

struct carried {
    u16 flags[RESERVED], marks[RESERVED];
    domid_t domid[RESERVED];
    u64 frame[RESERVED];
};

static u16 marks_of(const struct active *a)
{
    return (a->readers + a->writers ? GTF_reading : 0) | (a->writers ? GTF_writing : 0);
}

static long carry(const struct grant_table *t, struct carried *c)
{
    for (u32 ref = 0; ref < RESERVED; ref++) {
        if (t->version == 1) {
            const grant_entry_v1_t *e = entry_v1(t, ref);
            c->flags[ref] = READ_ONCE(e->flags) & ~MARKS;
            c->domid[ref] = READ_ONCE(e->domid);
            c->frame[ref] = READ_ONCE(e->frame);
        } else {
            const grant_entry_v2_t *e = entry_v2(t, ref);
            c->flags[ref] = READ_ONCE(e->hdr.flags) & ~MARKS;
            c->domid[ref] = READ_ONCE(e->hdr.domid);
            c->frame[ref] = READ_ONCE(e->full_page.frame);
        }
        c->marks[ref] = marks_of(entry_active(t, ref));
        u16 flags = c->flags[ref], type = flags & GTF_type_mask;
        if (type == GTF_invalid) {
            c->flags[ref] = c->domid[ref] = c->frame[ref] = 0;
            continue;
        }
        if (type != GTF_permit_access || (t->version == 2 && (flags & GTF_sub_page)))
            return reject(-EINVAL, "reserved grant %u with flags %x cannot change its version", ref, flags);
        if (t->version == 2 && c->frame[ref] >> 32)
            return reject(-ERANGE, "reserved grant %u names frame %lx, which version 1 cannot", ref,
                          (unsigned long)c->frame[ref]);
    }
    return 0;
}

static void write_carried(struct grant_table *t, const struct carried *c)
{
    for (u32 ref = 0; ref < RESERVED; ref++) {
        if (t->version == 1) {
            *entry_v1(t, ref) = (grant_entry_v1_t){ c->flags[ref] | c->marks[ref], c->domid[ref], (u32)c->frame[ref] };
        } else {
            entry_v2(t, ref)->full_page.frame = c->frame[ref];
            entry_v2(t, ref)->hdr = (grant_entry_header_t){ c->flags[ref], c->domid[ref] };
            *entry_status(t, ref) = c->marks[ref];
        }
    }
}

static u32 reserved_in_use(const struct grant_table *t)
{
    u32 n = 0;

    for (u32 ref = 0; ref < RESERVED; ref++)
        n += entry_active(t, ref)->readers + entry_active(t, ref)->writers != 0;
    return n;
}

static void clear_frame(struct grant_table *t, u32 i)
{
    memset(t->shared[i], 0, PAGE_SIZE);
    if (i < t->nr_status)
        memset(t->status[i], 0, PAGE_SIZE);
}

static void set_switching(struct grant_table *t, u32 n)
{
    t->switching = n;
    count_grefs(t);
}

/* Can it be, as things are? Status frames for version 2 come a few at a time. */
static long prepare(struct domain *d, u32 version, struct carried *c)
{
    struct grant_table *t = d->grant;
    u32 room = (t->nr_status + AT_ONCE) * (u32)(STATUS_PER_PAGE / V2_PER_PAGE);
    long err;

    if (t->nr_pinned > reserved_in_use(t))
        return reject(-EBUSY, "grant version %u: %u grants are in use", version, t->nr_pinned);
    if ((err = carry(t, c)))
        return err;
    if (version == 1 || t->nr_status >= status_frames(t->nr_frames))
        return 0;
    err = grant_grow_status(d, min(t->nr_frames, room));
    return err || t->nr_status >= status_frames(t->nr_frames) ? err : -ERESTART;
}

/* One piece. -ERESTART: there is more. */
static long switch_piece(struct domain *d, u32 version)
{
    struct grant_table *t = d->grant;
    struct carried carried;
    long err = prepare(d, version, &carried);

    if (err) {
        if (err != -ERESTART)
            set_switching(t, 0);
        return err;
    }
    if (!t->switching)
        set_switching(t, 1);    /* frame 0, with the reserved entries, is the last */
    for (u32 n = 0; n < AT_ONCE && t->switching < t->nr_frames; n++)
        clear_frame(t, t->switching++);
    if (t->switching < t->nr_frames)
        return -ERESTART;
    clear_frame(t, 0);
    WRITE_ONCE(t->version, version);
    set_switching(t, 0);
    write_carried(t, &carried);
    return 0;
}

/* The version in force, asked for: whatever change was under way is off. */
static long stay(struct grant_table *t)
{
    set_switching(t, 0);
    return 0;
}

long grant_set_version(struct domain *d, u32 *version)
{
    struct grant_table *t = d->grant;
    u32 want = *version;
    long err;

    *version = READ_ONCE(t->version);
    if (want != 1 && want != 2)
        return reject(-EINVAL, "grant table version %u; 1 and 2 exist", want);
    do {
        spin_lock(&t->lock);
        if (want > t->max_version)
            err = reject(-ENOSYS, "grant table version %u; the domain may have at most %u", want, t->max_version);
        else
            err = want == t->version ? stay(t) : switch_piece(d, want);
        *version = t->version;
        spin_unlock(&t->lock);
    } while (err == -ERESTART && !preempt_check());
    return err;
}
