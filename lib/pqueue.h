/*
 * An intrusive priority queue: a leftist heap. The smallest key is at the root; insert, remove and remove-any cost
 * O(log n) steps in the worst case and never allocate: a queue cannot fail or be full. Not locked: the caller's lock.
 * Keys may wrap around; those in a queue at the same time are less than 2^63 apart.
 */
#pragma once
#include "lib/types.h"

struct pqnode {
    struct pqnode *left, *right, *parent;
    u64 key;
    u32 rank;           /* length of the path down the right side; 0: not in a queue */
};

static inline bool pq_queued(const struct pqnode *n) { return n->rank != 0; }

/* Insert n (not queued, key set). *root is NULL for an empty queue. */
void pq_insert(struct pqnode **root, struct pqnode *n);
/* Remove n, which is in this queue. */
void pq_remove(struct pqnode **root, struct pqnode *n);
/*
 * Walk: the node after n in an order where parents come before children (keys are not sorted otherwise); NULL at the
 * end. Start with the root. The queue must not change meanwhile.
 */
struct pqnode *pq_next(const struct pqnode *n);
