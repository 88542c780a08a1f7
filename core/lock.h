/*
 * Spin locks. Serai runs with interrupts off except at explicit windows, so there is no irqsave variant.
 * A CPU that spins (here, or waiting for an acknowledgement) answers cross-CPU requests meanwhile
 * (machine_poll()), which is why waiting for a TLB shootdown while holding a lock cannot deadlock.
 *
 * A free lock is taken by whoever comes first. Who has waited for long reserves it, and then only he can take it: a
 * guest that asks for one lock again and again cannot keep another CPU out for ever.
 */
#pragma once
#include "core/perfc.h"
#include "lib/types.h"

enum lock_class {
#define LOCK(c) LOCKCLASS_##c,
#include "core/lockorder.def"
#undef LOCK
    NR_LOCKCLASSES
};

struct spinlock {
    union {
        u16 word;       /* 0: free for everybody */
        struct {
            u8 locked;      /* 1 while held */
            u8 reserved;    /* 1 while somebody who has waited for long is to have it next */
        };
    };
    u16 class;      /* enum lock_class */
    u16 holder;     /* CPU number + 1 of the holder (debug) */
};

#define SPINLOCK(c) { .class = LOCKCLASS_##c }
#define spin_lock_init(l, c) (*(l) = (struct spinlock)SPINLOCK(c))

/* spin_lock() that has to wait: answers other CPUs' requests meanwhile. */
void spin_lock_slow(struct spinlock *l);
/* For debug keys, which must answer when a lock is stuck: false if it cannot be had for a while. */
bool spin_lock_patiently(struct spinlock *l);
void lock_check_take(struct spinlock *l);   /* debug only: order and recursion */
void lock_check_tried(struct spinlock *l);  /* the same for a lock that was not waited for: no order */
void lock_check_drop(struct spinlock *l);
#ifdef SERAI_DEBUG
void lock_check_serving(bool yes);          /* this CPU does what another one asked for: no locks meanwhile */
#else
#define lock_check_serving(yes) ((void)0)
#endif
bool spin_is_held(const struct spinlock *l); /* by this CPU; always true in release builds */

/* The one way to take a lock that is not reserved. */
static inline bool spin_take(struct spinlock *l)
{
    u16 free = 0;

    return likely(__atomic_compare_exchange_n(&l->word, &free, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
}

static inline bool spin_trylock(struct spinlock *l)
{
    if (!spin_take(l))
        return false;
    perfc_lock(l->class, false);
#ifdef SERAI_DEBUG
    lock_check_tried(l);
#endif
    return true;
}
static inline void spin_lock(struct spinlock *l)
{
    if (!spin_take(l))
        spin_lock_slow(l);
    perfc_lock(l->class, false);
#ifdef SERAI_DEBUG
    lock_check_take(l);
#endif
}
static inline void spin_unlock(struct spinlock *l)
{
#ifdef SERAI_DEBUG
    lock_check_drop(l);
#endif
    __atomic_store_n(&l->locked, 0, __ATOMIC_RELEASE);
}
/* Take two locks of one class in address order (a == b takes it once). */
void spin_lock_two(struct spinlock *a, struct spinlock *b);
void spin_unlock_two(struct spinlock *a, struct spinlock *b);
