/* One-shot timers, a heap per CPU; the earliest deadline is in the machine's timer. */
#pragma once
#include "lib/types.h"
#include "core/lock.h"

struct timer {
    ns_t expires;
    void (*fn)(void *data);
    void *data;
    u32 heap_index;     /* 0: not queued */
    u16 cpu;
    bool dead;
};

void timer_init(struct timer *t, void (*fn)(void *), void *data, unsigned cpu);
void timer_set(struct timer *t, ns_t expires);  /* also re-arms; a past time fires soon */
void timer_stop(struct timer *t);
void timer_kill(struct timer *t);               /* and wait for a running fn elsewhere */
void timer_migrate(struct timer *t, unsigned cpu);
/* Run what is due on this CPU (PENDING_TIMER). No locks held while a fn runs. */
void timers_run(void);
void timers_dump(void);
