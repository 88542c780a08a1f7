/*
 * Spin locks: waiting, and checking the lock order.
 *
 * A waiting CPU answers cross-CPU requests (machine_poll), so the holder may flush TLBs everywhere and wait for it.
 * Builds with PERFC=1 count per class how often a lock was taken and how often it had to be waited for (`xenperf`).
 *
 * Debug builds keep, per CPU, the stack of locks held and check every acquisition that could wait against the order in
 * core/lockorder.def. Invariant: classes on the stack ascend from bottom to top, except for a pair that was taken
 * by address through spin_lock_two() and locks got by spin_trylock(), which never waits and so cannot deadlock.
 * A violation is a defect of Serai even if nothing hangs today: panic, naming both locks.
 */
#include "core/lock.h"
#include "arch/arch.h"
#include "core/stir.h"
#include "lib/print.h"

/*
 * Looks at a held lock before it is reserved: longer than anybody holds a lock in ordinary work, so that the usual
 * waiter leaves it to chance, which is faster (the lock's cache line is already where it was).
 */
#define LOOKS_BEFORE_RESERVING 10000

static bool reserve(struct spinlock *l)
{
    u8 nobody = 0;

    return __atomic_compare_exchange_n(&l->reserved, &nobody, 1, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

static void wait_once(struct spinlock *l)
{
#ifdef SERAI_DEBUG
    if (READ_ONCE(l->holder) == smp_cpu() + 1)
        panic("CPU %u waits for lock %p which it holds itself", smp_cpu(), (void *)l);
#endif
    (void)l;
    machine_poll();
}

void spin_lock_slow(struct spinlock *l)
{
    unsigned looks = 0;

    perfc_lock(l->class, true);
    while (!spin_take(l)) {
        while (READ_ONCE(l->word)) {
            wait_once(l);
            if (unlikely(++looks >= LOOKS_BEFORE_RESERVING) && reserve(l)) {
                while (READ_ONCE(l->locked))
                    wait_once(l);
                /* The word is 0x100: nobody else's spin_take() succeeds. The reservation ends with the store. */
                __atomic_exchange_n(&l->word, 1, __ATOMIC_ACQUIRE);
                return;
            }
        }
    }
}

bool spin_lock_patiently(struct spinlock *l)
{
    for (unsigned i = 0; i < 1000000; i++) {
        if (spin_trylock(l))
            return true;
        machine_poll();
    }
    return false;
}

#ifdef SERAI_DEBUG

#define MAX_HELD 16

static struct held {
    struct spinlock *lock[MAX_HELD];
    bool ordered[MAX_HELD];     /* it was waited for, so the order applies */
    unsigned n;
} __cacheline held[MAX_CPUS];

static const char *const class_names[] = {
#define LOCK(c) #c,
#include "core/lockorder.def"
#undef LOCK
};

static bool serving[MAX_CPUS];

void lock_check_serving(bool yes) { serving[smp_cpu()] = yes; }

static void push(struct spinlock *l, bool ordered)
{
    struct held *h = &held[smp_cpu()];

    if (serving[smp_cpu()])
        panic("lock %p (class %s) taken for another CPU, while this one may wait for it", (void *)l,
              class_names[l->class]);
    if (h->n == MAX_HELD)
        panic("CPU %u holds %u locks", smp_cpu(), MAX_HELD);
    h->lock[h->n] = l;
    h->ordered[h->n++] = ordered;
    WRITE_ONCE(l->holder, (u16)(smp_cpu() + 1));
    stir();
}

/* Is l allowed after everything held? `pair`: one of the same class may be held if its address is lower. */
static void check_order(struct spinlock *l, bool pair)
{
    struct held *h = &held[smp_cpu()];

    for (unsigned i = 0; i < h->n; i++) {
        struct spinlock *o = h->lock[i];

        if (!h->ordered[i] || o->class < l->class || (pair && o->class == l->class && o < l))
            continue;
        panic("lock order: class %s (%p) taken while holding class %s (%p)", class_names[l->class], (void *)l,
              class_names[o->class], (void *)o);
    }
}

void lock_check_take(struct spinlock *l)
{
    check_order(l, false);
    push(l, true);
}

void lock_check_tried(struct spinlock *l) { push(l, false); }

void lock_check_drop(struct spinlock *l)
{
    struct held *h = &held[smp_cpu()];
    unsigned i = h->n;

    while (i && h->lock[i - 1] != l)
        i--;
    if (!i)
        panic("CPU %u drops lock %p (class %s) which it does not hold", smp_cpu(), (void *)l, class_names[l->class]);
    for (h->n--; i <= h->n; i++) {
        h->lock[i - 1] = h->lock[i];
        h->ordered[i - 1] = h->ordered[i];
    }
    stir();
    WRITE_ONCE(l->holder, 0);
}

bool spin_is_held(const struct spinlock *l)
{
    return READ_ONCE(l->locked) && READ_ONCE(l->holder) == smp_cpu() + 1;
}

static void lock_second(struct spinlock *l)
{
    if (!spin_take(l))
        spin_lock_slow(l);
    check_order(l, true);
    push(l, true);
}

#else

void lock_check_take(struct spinlock *l) { (void)l; }
void lock_check_tried(struct spinlock *l) { (void)l; }
void lock_check_drop(struct spinlock *l) { (void)l; }
bool spin_is_held(const struct spinlock *l) { (void)l; return true; }
static void lock_second(struct spinlock *l) { spin_lock(l); }

#endif

void spin_lock_two(struct spinlock *a, struct spinlock *b)
{
    spin_lock(a < b ? a : b);
    if (a != b)
        lock_second(a < b ? b : a);
}

void spin_unlock_two(struct spinlock *a, struct spinlock *b)
{
    spin_unlock(a);
    if (a != b)
        spin_unlock(b);
}
