/*
 * Sets of numbers as ranges. Invariant: along the list, every range's last + 1 is below the next one's first, so that
 * a range that is wholly in the set lies within one element. add and remove allocate before they change anything, so
 * a failure leaves the set as it was.
 */
#include "lib/rangeset.h"
#include "lib/errno.h"
#include "core/heap.h"

struct range {
    struct range *next;
    u64 first, last;
};

struct rangeset {
    struct range *head;
    struct domain *charged;
};

struct rangeset *rangeset_create(struct domain *d)
{
    struct rangeset *r = zalloc(d, sizeof(*r));
    if (r)
        r->charged = d;
    return r;
}

void rangeset_destroy(struct rangeset *r)
{
    if (!r)
        return;
    for (struct range *e = r->head, *next; e; e = next) {
        next = e->next;
        zfree(e);
    }
    zfree(r);
}

/* Unlink and free what follows `*link` as long as it begins at or before `last`; the highest end seen. */
static u64 swallow(struct range **link, u64 last, u64 limit)
{
    while (*link && (*link)->first <= limit) {
        struct range *e = *link;
        if (e->last > last)
            last = e->last;
        if (last != ~0UL && last + 1 > limit)
            limit = last + 1;
        *link = e->next;
        zfree(e);
    }
    return last;
}

long rangeset_add(struct rangeset *r, u64 first, u64 last)
{
    if (first > last)
        return -EINVAL;
    struct range **link = &r->head;
    /* Skip what ends before first - 1: neither overlaps nor touches. */
    while (*link && first && (*link)->last < first - 1)
        link = &(*link)->next;

    u64 touch = last == ~0UL ? last : last + 1;
    struct range *e = *link;
    if (e && e->first <= touch) {
        /* Grow the one found and swallow those that it now reaches. */
        if (first < e->first)
            e->first = first;
        if (last > e->last)
            e->last = last;
        e->last = swallow(&e->next, e->last, e->last == ~0UL ? e->last : e->last + 1);
        return 0;
    }
    struct range *fresh = zalloc(r->charged, sizeof(*fresh));
    if (!fresh)
        return -ENOMEM;
    *fresh = (struct range){ e, first, last };
    *link = fresh;
    return 0;
}

long rangeset_remove(struct rangeset *r, u64 first, u64 last)
{
    if (first > last)
        return -EINVAL;
    struct range **link = &r->head;
    while (*link && (*link)->last < first)
        link = &(*link)->next;

    while (*link && (*link)->first <= last) {
        struct range *e = *link;
        if (e->first < first && e->last > last) {
            /* A hole in the middle: the only case that needs memory, and then the only element concerned. */
            struct range *tail = zalloc(r->charged, sizeof(*tail));
            if (!tail)
                return -ENOMEM;
            *tail = (struct range){ e->next, last + 1, e->last };
            e->next = tail;
            e->last = first - 1;
            return 0;
        }
        if (e->first < first) {
            e->last = first - 1;
            link = &e->next;
        } else if (e->last > last) {
            e->first = last + 1;
            return 0;
        } else {
            *link = e->next;
            zfree(e);
        }
    }
    return 0;
}

bool rangeset_contains(const struct rangeset *r, u64 first, u64 last)
{
    for (const struct range *e = r ? r->head : NULL; e && e->first <= first; e = e->next)
        if (e->last >= last)
            return first <= last;
    return false;
}

bool rangeset_empty(const struct rangeset *r)
{
    return !r || !r->head;
}

long rangeset_foreach(const struct rangeset *r, long (*fn)(u64 first, u64 last, void *data), void *data)
{
    long err = 0;
    for (const struct range *e = r ? r->head : NULL; e && !err; e = e->next)
        err = fn(e->first, e->last, data);
    return err;
}
