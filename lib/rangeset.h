/*
 * A set of u64 as sorted, disjoint, non-adjacent ranges [first, last], both ends included. Made for the few ranges of
 * frames, ports and interrupts a domain may touch: linear search, a handful of elements. Not locked: the caller's lock.
 */
#pragma once
#include "lib/types.h"

struct domain;
struct rangeset;

/* A new empty set, charged to d (NULL: Serai's own); NULL when memory is exhausted. */
struct rangeset *rangeset_create(struct domain *d);
void rangeset_destroy(struct rangeset *r);      /* NULL is fine */

/* Add or remove first..last. 0, -EINVAL when first > last, -ENOMEM (then nothing has changed). */
long rangeset_add(struct rangeset *r, u64 first, u64 last);
long rangeset_remove(struct rangeset *r, u64 first, u64 last);

/* Is all of first..last in the set? Is nothing? A NULL set is empty. */
bool rangeset_contains(const struct rangeset *r, u64 first, u64 last);
bool rangeset_empty(const struct rangeset *r);

/* Call fn for each range in ascending order; the first non-zero answer ends it and is returned. */
long rangeset_foreach(const struct rangeset *r, long (*fn)(u64 first, u64 last, void *data), void *data);
