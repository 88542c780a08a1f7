/*
 * References and writable uses, inline for the page-table paths: the same operations as frame_get(), frame_put(),
 * type_get_writable() and type_put_writable(), whose comments say what they mean. What is rare is left to those.
 */
#pragma once
#include "core/frame.h"
#include "core/stir.h"

/*
 * A reference if the frame is in use and owned by `owner` (what is no RAM never has references). Why look at the owner
 * twice? Only under a reference it stays what it is; but who names frames of others must not even for a moment hold
 * one, or its owner would find it in use (domain_steal_page()).
 */
static inline bool ref_get_owned(struct frame *f, u16 owner)
{
    if (unlikely(READ_ONCE(f->owner) != owner))
        return false;
    u64 have = READ_ONCE(f->count);

    stir();
    do {
        if (unlikely(!(u32)have))       /* 2^32 of them: refused, like none */
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

    stir();
    /* The last one, and a lost race, go the long way. */
    if (unlikely((u32)have <= 1) ||
        unlikely(!__atomic_compare_exchange_n(&f->count, &have, have - 1, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)))
        frame_put(frame_mfn(f));
}

static inline bool writable_get(struct frame *f)
{
    u64 x = READ_ONCE(f->type);

    stir();
    if (likely((x & (TYPE_MASK | TYPE_VALIDATED)) == (TYPE_WRITABLE | TYPE_VALIDATED) &&
               (x & TYPE_USES) != TYPE_USES) &&
        likely(__atomic_compare_exchange_n(&f->type, &x, x + 1, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)))
        return true;
    return type_get_writable(frame_mfn(f));
}

static inline void writable_put(struct frame *f)
{
    u64 x = READ_ONCE(f->type);

    stir();
    if (unlikely((x & TYPE_USES) <= 1) ||
        unlikely(!__atomic_compare_exchange_n(&f->type, &x, x - 1, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)))
        type_put_writable(frame_mfn(f));
}
