/* One-shot timers, a queue per CPU; the earliest deadline is in the machine's timer. Theory in core/timer.c. */
#pragma once
#include "lib/types.h"
#include "lib/pqueue.h"
#include "core/lock.h"

struct timer {
    struct pqnode node; /* key: expires */
    ns_t expires;
    void (*fn)(void *data);
    void *data;
    u16 cpu;            /* whose queue; under that queue's lock */
    bool dead;
};

/* fn(data) will run on `cpu`, with interrupts off and no locks held. The timer is not set. */
void timer_init(struct timer *t, void (*fn)(void *), void *data, unsigned cpu);
/* Fire once at `expires` (ns since boot), replacing an earlier setting; a past time fires soon. Takes: timer. */
void timer_set(struct timer *t, ns_t expires);
/* Do not fire any more; fn may be running elsewhere. Takes: timer. */
void timer_stop(struct timer *t);
/* Stop for good and wait for a running fn elsewhere. The caller holds no lock that fn takes. */
void timer_kill(struct timer *t);
/* Fire on another CPU from now on; a setting is kept. Takes: timer (both queues). */
void timer_migrate(struct timer *t, unsigned cpu);
/* timer_set() to fire on that CPU, or where who sets it at the same time wants it. */
static inline void timer_set_on(struct timer *t, unsigned cpu, ns_t expires)
{
    if (t->cpu != cpu)
        timer_migrate(t, cpu);
    timer_set(t, expires);
}
static inline bool timer_queued(const struct timer *t) { return READ_ONCE(t->node.rank) != 0; }
/* Run what is due on this CPU (PENDING_TIMER). No locks held while a fn runs. */
void timers_run(void);
void timers_dump(void);
