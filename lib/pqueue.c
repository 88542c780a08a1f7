/*
 * Leftist heap. Invariant: key(parent) is not after key(child), and rank(left) >= rank(right), where rank is 1 +
 * rank(right). The right spine therefore has at most log2(n + 1) nodes, and merging two heaps walks only right spines.
 *
 * Removing an inner node changes ranks only on the way up until one stays the same; every step up over which a rank
 * changes came from a subtree that is on the short side afterwards, which bounds these steps by log2(n), too.
 */
#include "lib/pqueue.h"

static u32 rank(const struct pqnode *n) { return n ? n->rank : 0; }

/* Restore the invariant at n whose children are right; true if n's rank changed. */
static bool settle(struct pqnode *n)
{
    u32 before = n->rank;

    if (rank(n->left) < rank(n->right)) {
        struct pqnode *t = n->left;
        n->left = n->right;
        n->right = t;
    }
    WRITE_ONCE(n->rank, rank(n->right) + 1); /* pq_queued() may be asked without the lock */
    return n->rank != before;
}

static void link_right(struct pqnode *parent, struct pqnode *child)
{
    parent->right = child;
    if (child)
        child->parent = parent;
}

/* Merge two heaps (roots without parents). Down along the right spines, then up again to settle ranks. */
static struct pqnode *merge(struct pqnode *a, struct pqnode *b)
{
    struct pqnode *root = NULL, *spine = NULL;

    while (a && b) {
        if ((s64)(b->key - a->key) < 0) {
            struct pqnode *t = a;
            a = b;
            b = t;
        }
        if (spine)
            link_right(spine, a);
        else
            root = a;
        spine = a;
        a = a->right;
    }
    if (!spine)
        return a ? a : b;
    link_right(spine, a ? a : b);
    root->parent = NULL;
    for (; spine; spine = spine->parent)
        settle(spine);
    return root;
}

void pq_insert(struct pqnode **root, struct pqnode *n)
{
    n->left = n->right = n->parent = NULL;
    WRITE_ONCE(n->rank, 1);
    *root = merge(*root, n);
}

void pq_remove(struct pqnode **root, struct pqnode *n)
{
    struct pqnode *up = n->parent, *rest;

    if (n->left)
        n->left->parent = NULL;
    if (n->right)
        n->right->parent = NULL;
    rest = merge(n->left, n->right);
    if (rest)
        rest->parent = up;
    if (!up)
        *root = rest;
    else if (up->left == n)
        up->left = rest;
    else
        up->right = rest;
    while (up && settle(up))
        up = up->parent;
    n->left = n->right = n->parent = NULL;
    WRITE_ONCE(n->rank, 0);
}

struct pqnode *pq_next(const struct pqnode *n)
{
    if (n->left) /* a node with a right child has a left one */
        return n->left;
    for (; n->parent; n = n->parent)
        if (n->parent->left == n && n->parent->right)
            return n->parent->right;
    return NULL;
}
