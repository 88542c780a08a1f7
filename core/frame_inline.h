/*
 * References and writable uses, inline for the page-table paths: the same operations as frame_get_any(), frame_put(),
 * type_get_writable() and type_put_writable(), whose comments say what they mean. What is rare is left to those.
 */
#pragma once
#include "core/frame.h"

/* A reference if the frame is RAM in use and owned by `owner`. */
static inline bool ref_get_owned(struct frame *f, u16 owner)
{
    u64 have = READ_ONCE(f->count);

    do {
        if (unlikely(!(have & FRAME_REFS) || (have & FRAME_IO)))
            return false;
    } while (unlikely(!__atomic_compare_exchange_n(&f->count, &have, have + 1, false, __ATOMIC_ACQUIRE,
                                                   __ATOMIC_RELAXED)));
    if (likely(READ_ONCE(f->owner) == owner))
        return true;
    frame_put(frame_mfn(f));
    return false;
}

static inline void ref_put(struct frame *f)
{
    u64 have = READ_ONCE(f->count);

    /* The last one, and a lost race, go the long way. */
    if (unlikely((have & FRAME_REFS) <= 1) ||
        unlikely(!__atomic_compare_exchange_n(&f->count, &have, have - 1, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)))
        frame_put(frame_mfn(f));
}

static inline bool writable_get(struct frame *f)
{
    u64 x = READ_ONCE(f->type);

    if (likely((x & (TYPE_MASK | TYPE_VALIDATED)) == (TYPE_WRITABLE | TYPE_VALIDATED) &&
               (x & TYPE_USES) != TYPE_USES) &&
        likely(__atomic_compare_exchange_n(&f->type, &x, x + 1, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)))
        return true;
    return type_get_writable(frame_mfn(f));
}

static inline void writable_put(struct frame *f)
{
    u64 x = READ_ONCE(f->type);

    if (unlikely((x & TYPE_USES) <= 1) ||
        unlikely(!__atomic_compare_exchange_n(&f->type, &x, x - 1, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)))
        type_put_writable(frame_mfn(f));
}
