/*
 * Switching a table between the two layouts.
 *
 * Only a table of which nothing is in use can change its layout, except that the first GNTTAB_NR_RESERVED_ENTRIES are
 * carried over: the toolstack wrote them (console, xenstore) and its daemons keep them mapped. Everything else is
 * cleared. The reserved entries are converted into a local array first; nothing changes before all of them can be.
 * Their marks are made from our own records: a guest that withdrew an entry in use still waits for its mark to go.
 */
#include "core/grant_internal.h"
#include "core/reject.h"

#define RESERVED GNTTAB_NR_RESERVED_ENTRIES
#define MARKS (GTF_reading | GTF_writing)

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

static long switch_locked(struct domain *d, u32 version)
{
    struct grant_table *t = d->grant;
    struct carried carried;
    long err;

    if (t->nr_pinned > reserved_in_use(t))
        return reject(-EBUSY, "grant version %u: %u grants are in use", version, t->nr_pinned);
    if (version == 2 && (err = grant_grow_status(d, t->nr_frames)))
        return err;
    if ((err = carry(t, &carried)))
        return err;
    for (u32 i = 0; i < t->nr_frames; i++)
        memset(t->shared[i], 0, PAGE_SIZE);
    for (u32 i = 0; i < t->nr_status; i++)
        memset(t->status[i], 0, PAGE_SIZE);
    WRITE_ONCE(t->version, version);
    write_carried(t, &carried);
    return 0;
}

long grant_set_version(struct domain *d, u32 *version)
{
    struct grant_table *t = d->grant;
    long err = 0;

    if (*version != 1 && *version != 2)
        return reject(-EINVAL, "grant table version %u; 1 and 2 exist", *version);
    spin_lock(&t->lock);
    if (*version > t->max_version)
        err = reject(-ENOSYS, "grant table version %u; the domain may have at most %u", *version, t->max_version);
    else if (*version != t->version)
        err = switch_locked(d, *version);
    *version = t->version;
    spin_unlock(&t->lock);
    return err;
}
