/* Grant tables for eyes (debug key), and the auditor that recounts who uses what. */
#include "core/grant_internal.h"
#include "core/frame.h"

static const struct mapping *mapping_at(const struct grant_table *t, u32 handle)
{
    return &t->maptrack[handle / MAPPINGS_PER_PAGE][handle % MAPPINGS_PER_PAGE];
}

static bool look_table(struct grant_table *t, struct grant_table *now)
{
    if (!spin_lock_patiently(&t->lock))
        return false;
    *now = *t;
    spin_unlock(&t->lock);
    return true;
}

/* What is at `ref`, or `handle`, at a moment; false: nothing is beyond, or the lock cannot be had. */
static bool look_entry(struct grant_table *t, u32 ref, struct active *a, u32 *word)
{
    if (!spin_lock_patiently(&t->lock))
        return false;
    bool there = ref < t->nr_grefs;
    if (there) {
        *a = *entry_active(t, ref);
        *word = READ_ONCE(*(const u32 *)(t->version == 1 ? (const void *)entry_v1(t, ref)
                                                         : (const void *)entry_v2(t, ref)));
    }
    spin_unlock(&t->lock);
    return there;
}

static bool look_mapping(struct grant_table *t, u32 handle, struct mapping *m)
{
    if (!spin_lock_patiently(&t->lock))
        return false;
    bool there = handle < t->nr_maptrack * MAPPINGS_PER_PAGE;
    if (there)
        *m = *mapping_at(t, handle);
    spin_unlock(&t->lock);
    return there;
}

/* Not all under one lock: the guest would wait for the serial line, and its backend with it. */
void grant_dump(struct domain *d)
{
    struct grant_table *t = d->grant, now;
    struct active a;
    struct mapping m;
    u32 word;

    if (!t || !look_table(t, &now))
        return;
    log_always("Grant table of domain %u: version %u, %u of %u frames, %u grants in use; %u mappings, %u of %u frames",
               d->id, now.version, now.nr_frames, now.max_frames, now.nr_pinned, now.nr_mappings, now.nr_maptrack,
               now.max_maptrack);
    for (u32 ref = 0; look_entry(t, ref, &a, &word); ref++)
        if (a.readers + a.writers)
            log_always("  grant %u: used by domain %u, %u readers, %u writers; entry: flags %x domain %u", ref, a.domid,
                       a.readers, a.writers, word & 0xffff, word >> 16);
    for (u32 h = 0; look_mapping(t, h, &m); h++)
        if (m.flags & MAPPING_USED)
            log_always("  mapping %u: grant %u of domain %u, frame %x, flags %x", h, m.ref, m.dom, m.mfn,
                       m.flags & ~(MAPPING_USED | MAPPING_HOST));
}

static unsigned defect(const struct domain *d, u32 n, const char *what)
{
    log_error("audit: grant table of domain %u, %u: %s", d->id, n, what);
    return 1;
}

/* Count (sign -1: count off) the mappings that `mapper` has of d's grants in d's active entries. */
static unsigned apply_mappings(struct domain *d, const struct domain *mapper, int sign)
{
    const struct grant_table *mt = mapper->grant;
    unsigned bad = 0;

    for (u32 h = 0; mt && h < mt->nr_maptrack * MAPPINGS_PER_PAGE; h++) {
        const struct mapping *m = mapping_at(mt, h);

        if (!(m->flags & MAPPING_USED) || m->dom != d->id)
            continue;
        if (m->ref >= d->grant->nr_frames * ACTIVE_PER_PAGE) {
            bad += sign < 0 ? defect(mapper, h, "mapping of a grant that cannot exist") : 0;
            continue;
        }
        struct active *a = entry_active(d->grant, m->ref);
        if (sign < 0 && a->domid != mapper->id)
            bad += defect(mapper, h, "mapping of a grant that another domain uses");
        if (sign < 0 && !(mfn_frame(m->mfn)->count & FRAME_REFS))
            bad += defect(mapper, h, "mapping of a frame without references");
        if (m->flags & GNTMAP_readonly)
            a->readers += sign;
        else
            a->writers += sign;
    }
    return bad;
}

static unsigned audit_records(const struct domain *d)
{
    const struct grant_table *t = d->grant;
    u32 used = 0, free = 0, all = t->nr_maptrack * MAPPINGS_PER_PAGE;

    for (u32 h = 0; h < all; h++)
        used += !!(mapping_at(t, h)->flags & MAPPING_USED);
    for (u32 h = t->free_mapping; h && free <= all; h = mapping_at(t, h - 1)->next_free)
        free++;
    if (used != t->nr_mappings || used + free != all)
        return defect(d, used, "mapping records used and free do not add up");
    return 0;
}

/*
 * Count every mapping off, see that nothing is left, count them on again. With all vcpus stopped, or nothing of it
 * means anything: copies under way and records of a moving mapper would look like defects.
 */
unsigned grant_audit(struct domain *d)
{
    struct grant_table *t = d->grant;
    struct domain *mapper;
    unsigned bad = 0;
    u32 pinned = 0;

    if (!t)
        return 0;
    spin_lock(&t->lock);
    for (u32 ref = 0; ref < t->nr_frames * ACTIVE_PER_PAGE; ref++)
        pinned += entry_active(t, ref)->readers + entry_active(t, ref)->writers != 0;
    if (pinned != t->nr_pinned)
        bad += defect(d, pinned, "grants in use, counted differently before");
    for_each_domain(mapper)
        bad += apply_mappings(d, mapper, -1);
    for (u32 ref = 0; ref < t->nr_frames * ACTIVE_PER_PAGE; ref++)
        if (entry_active(t, ref)->readers || entry_active(t, ref)->writers)
            bad += defect(d, ref, "users without a mapping, or mappings without a user");
    for_each_domain(mapper)
        apply_mappings(d, mapper, 1);
    bad += audit_records(d);
    spin_unlock(&t->lock);
    return bad;
}
