/*
 * Timers: something is to happen at a time, on a CPU.
 *
 * Each CPU has a queue ordered by deadline and a machine timer that is armed for the first of them. Setting a timer of
 * another CPU inserts it there and, if it became the first, raises PENDING_TIMER on that CPU, which then arms its own
 * machine timer: nobody but a CPU touches its machine timer.
 *
 * Invariant: the machine timer of a CPU is armed no later than the first deadline in its queue, or PENDING_TIMER is
 * raised there.
 *
 * Imprecise on purpose: stopping or postponing the first timer leaves the machine timer armed for the old time. A guest
 * that goes idle and wakes postpones its timer thousands of times per second; the price of not programming hardware
 * each time is one interrupt for nothing, after which the right time is armed.
 *
 * A guest may have some hundred timers due at the same time, on whatever CPU it set them: interrupts are answered after
 * a few of them.
 *
 * Costs are O(log n) without allocation (lib/pqueue.c). A function that sets its timer to a time already past fires
 * again in the next round and not in this one, so timers_run() ends.
 */
#include "core/timer.h"
#include "arch/arch.h"
#include "core/hypercall.h"
#include "lib/print.h"

struct timer_queue {
    struct spinlock lock;       /* class timer */
    struct pqnode *root;
    struct timer *running;      /* whose fn runs now */
    ns_t armed;                 /* what the machine timer is set to; 0: nothing */
    u64 fired;
} __cacheline;

#define TIMERS_PER_LOOK 16      /* each may wake a vcpu: a thousand instructions */

static struct timer_queue queues[MAX_CPUS] = { [0 ... MAX_CPUS - 1] = { .lock = SPINLOCK(timer) } };

static struct timer *node_timer(struct pqnode *n) { return container_of(n, struct timer, node); }

/* The queue of t, locked. t may be moved to another one while we wait for the lock. */
static struct timer_queue *lock_queue(struct timer *t)
{
    for (;;) {
        unsigned cpu = READ_ONCE(t->cpu);

        spin_lock(&queues[cpu].lock);
        if (__atomic_load_n(&t->cpu, __ATOMIC_ACQUIRE) == cpu)
            return &queues[cpu];
        spin_unlock(&queues[cpu].lock);
    }
}

/* The first deadline may have come nearer. Queue locked; the CPU may be another one. */
static void rearm(struct timer_queue *q)
{
    unsigned cpu = (unsigned)(q - queues);
    ns_t first = q->root ? q->root->key : 0;

    if (!first || (q->armed && q->armed <= first))
        return;
    if (cpu != smp_cpu()) {
        cpu_raise(cpu, PENDING_TIMER);
        return;
    }
    q->armed = first;
    machine_timer_arm(first);
}

void timer_init(struct timer *t, void (*fn)(void *), void *data, unsigned cpu)
{
    *t = (struct timer){ .fn = fn, .data = data, .cpu = (u16)cpu };
}

void timer_set(struct timer *t, ns_t expires)
{
    struct timer_queue *q = lock_queue(t);

    if (pq_queued(&t->node))
        pq_remove(&q->root, &t->node);
    if (!t->dead) {
        t->node.key = min(max(expires, (ns_t)1), (ns_t)INT64_MAX); /* 0 would mean "none" to the machine */
        WRITE_ONCE(t->expires, t->node.key);
        pq_insert(&q->root, &t->node);
        rearm(q);
    }
    spin_unlock(&q->lock);
}

void timer_stop(struct timer *t)
{
    struct timer_queue *q;

    if (!timer_queued(t)) /* a set that races with us is the caller's problem */
        return;
    q = lock_queue(t);
    if (pq_queued(&t->node))
        pq_remove(&q->root, &t->node);
    spin_unlock(&q->lock);
}

void timer_kill(struct timer *t)
{
    struct timer_queue *q;

    if (!t->fn)
        return;
    q = lock_queue(t);
    t->dead = true;
    if (pq_queued(&t->node))
        pq_remove(&q->root, &t->node);
    spin_unlock(&q->lock);
    /* It may run on a CPU it was migrated away from. */
    for (unsigned cpu = 0; cpu < nr_cpus; cpu++)
        while (cpu != smp_cpu() && __atomic_load_n(&queues[cpu].running, __ATOMIC_ACQUIRE) == t)
            machine_poll();
}

void timer_migrate(struct timer *t, unsigned cpu)
{
    struct timer_queue *from, *to = &queues[cpu];

    for (;;) {
        from = &queues[READ_ONCE(t->cpu)];
        if (from == to)
            return;
        spin_lock_two(&from->lock, &to->lock);
        if (&queues[READ_ONCE(t->cpu)] == from)
            break;
        spin_unlock_two(&from->lock, &to->lock);
    }
    __atomic_store_n(&t->cpu, (u16)cpu, __ATOMIC_RELEASE);
    if (pq_queued(&t->node)) {
        pq_remove(&from->root, &t->node);
        pq_insert(&to->root, &t->node);
        rearm(to);
    }
    spin_unlock_two(&from->lock, &to->lock);
}

/*
 * The machine timer after those due have fired: armed for the next, even if it was armed for that one before. It may
 * have fired too early (LONGEST_WAIT, the rounding of its clock), and then nothing else would wake this CPU. With
 * nothing to wait for it is left alone: it has fired, or its last interrupt finds nothing.
 */
static void arm_next(struct timer_queue *q)
{
    q->armed = q->root ? q->root->key : 0;
    if (q->armed)
        machine_timer_arm(q->armed);
}

void timers_run(void)
{
    struct timer_queue *q = &queues[smp_cpu()];
    ns_t now = now_ns();
    unsigned n = 0;

    spin_lock(&q->lock);
    while (q->root && q->root->key <= now) {
        struct timer *t = node_timer(q->root);
        void (*fn)(void *) = t->fn;
        void *data = t->data;

        pq_remove(&q->root, &t->node);
        q->running = t;
        q->fired++;
        spin_unlock(&q->lock);
        fn(data); /* may free t */
        if (++n % TIMERS_PER_LOOK == 0)
            (void)preempt_check();
        spin_lock(&q->lock);
        __atomic_store_n(&q->running, NULL, __ATOMIC_RELEASE);
    }
    arm_next(q);
    spin_unlock(&q->lock);
}

void timers_dump(void)
{
    ns_t now = now_ns();

    for (unsigned cpu = 0; cpu < nr_cpus; cpu++) {
        struct timer_queue *q = &queues[cpu];
        unsigned n = 0;

        spin_lock(&q->lock);
        log_always("CPU%u: timers fired %lu, armed for %+ld us", cpu, (unsigned long)q->fired,
                   q->armed ? (long)(q->armed - now) / 1000 : 0);
        for (struct pqnode *p = q->root; p && n < 16; p = pq_next(p), n++)
            log_always("  in %+ld us: %p(%p)", (long)(p->key - now) / 1000, (void *)(uintptr_t)node_timer(p)->fn,
                       node_timer(p)->data);
        spin_unlock(&q->lock);
    }
}
