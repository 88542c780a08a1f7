/*
 * What the scheduler's files share. Nobody else includes this.
 *   sched.c           choosing, switching, waking, stopping, runstates; theory of the whole
 *   sched_runq.c      run queues: virtual time, order, placing, stealing
 *   sched_cap.c       caps: budgets, parking, refills
 *   sched_affinity.c  which CPUs a vcpu may and should use
 *   cpupool.c         CPUs set apart for some domains
 *   sched_ctl.c       weights, caps and parameters for tools; dump
 *   sched_op.c        the hypercall
 */
#pragma once
#include "arch/arch.h"
#include "core/domain.h"
#include "core/lock.h"
#include "core/sched.h"
#include "core/timer.h"
#include "core/vcpu.h"
#include "lib/pqueue.h"

#define MS 1000000UL
#define SLICE_MAX (5 * MS)      /* time a vcpu runs before another of the same claim gets its turn */
#define SLICE_MIN (2 * MS)      /* ... however many wait */
#define ROUND (20 * MS)         /* slice = ROUND / competitors, within these */
#define WAKE_BONUS (9 * MS)     /* virtual time a sleeper may be behind the queue when it wakes; less than LAG_MAX */
#define WAKE_FAR (5 * MS / 2)   /* ... and so far behind it pre-empts within the rate limit, too */
#define WAKE_GRAIN (MS / 2)     /* virtual time a waking vcpu must be behind to pre-empt at all */
#define WAKE_COST (MS / 25)     /* charged to who pre-empts by waking: an interrupt, two switches, a cold cache */
#define SLICE_OVER 1            /* slice_end of a vcpu that was pre-empted: some time in the past */
#define LAG_MAX (10 * MS)       /* virtual time a waiting vcpu may be behind another CPU before that one takes it */
#define LAG_KEPT (200 * MS)     /* ... and how much of its being behind it may keep then */
#define FAR_AHEAD (1UL << 44)   /* virtual time no vcpu is ahead of its queue: a minute of running at weight 1 */
#define CAP_PERIOD (20 * MS)    /* budgets of capped domains are refilled so often */
#define CAP_CHUNK_MIN (MS / 5)
#define PARKED_AT_ONCE 32       /* vcpus of domains that used up their caps: some hundred instructions each */
#define STEAL_LOOK 64           /* waiting vcpus looked at per queue for one that may move, by an idle CPU */
#define STEAL_AT_ONCE 128       /* ... and in all queues together, before it answers interrupts */
#define LAG_LOOK 8              /* ... by a busy one */

#define WEIGHT_DEFAULT 256
#define WEIGHT_DOMAIN0 512
#define SPEED_SHIFT 20          /* fixed point of sched_domain.speed */

struct sched_domain {
    u32 weight;
    u32 cap;                    /* per cent of one CPU; 0: none */
    u64 speed;                  /* virtual ns per ns of running, << SPEED_SHIFT: WEIGHT_DEFAULT / weight */
    s64 budget;                 /* ns it may run until the refill; atomic */
    u32 running;                /* vcpus running now; atomic */
    bool refilling;             /* refill timer set; atomic */
    ns_t refilled;
    struct timer refill;
};

struct sched_vcpu {
    struct pqnode node;         /* in the run queue of v->processor; key: vruntime */
    struct vcpu *v;
    struct sched_domain *sd;    /* NULL: idle */
    u64 vruntime;               /* virtual ns it has run, in the clock of its run queue */
    ns_t charged;               /* running: time up to which vruntime is right */
    ns_t dispatched;            /* running: since */
    bool yielded, joined;       /* joined: it was in a queue, vruntime says something */
    s32 pinned;                 /* SCHEDOP_pin_override: CPU, or -1 */
};

struct runq {
    struct spinlock lock;       /* class sched; this queue, curr, and v->processor == us of all vcpus */
    struct pqnode *root;        /* runnable vcpus that wait, by vruntime */
    u32 waiting;                /* their number; read by others without the lock, like the next two */
    u64 head;                   /* vruntime of the first */
    u64 clock;                  /* smallest vruntime of those that compete here, but never goes back */
    u64 curr_at;                /* vruntime of curr at `charged`; for other CPUs, racy on purpose */
    u64 curr_speed;             /* its domain's, when it began; the same */
    ns_t charged;               /* time `clock` was last looked after */
    struct vcpu *curr, *idle;
    u32 steal_from;             /* idle: the next queue to look at, counted from our own; 0: the first */
    bool pull;                  /* another CPU has a vcpu that lags behind ours: take it */
    ns_t slice_end;             /* 0: curr has no competitor */
    struct timer slice;
    u64 switches, steals, preempts;
} __cacheline;

extern struct runq runqs[MAX_CPUS];
extern u64 idle_cpus;           /* CPUs that have nothing to run; atomic, a hint */

/*
 * Virtual times wrap around: after 2 years where a domain of weight 1 has a CPU for itself. Those that are compared are
 * close together, but for a sleeper's, see runq_join().
 */
static inline bool v_before(u64 a, u64 b) { return (s64)(a - b) < 0; }
static inline u64 v_first(u64 a, u64 b) { return v_before(b, a) ? b : a; }
extern u64 newest_clock;        /* of all queues: where a CPU that was idle joins; racy on purpose */

static inline unsigned runq_cpu(const struct runq *rq) { return (unsigned)(rq - runqs); }
static inline struct sched_vcpu *node_sv(struct pqnode *n) { return container_of(n, struct sched_vcpu, node); }
static inline struct sched_vcpu *runq_head(struct runq *rq) { return rq->root ? node_sv(rq->root) : NULL; }
static inline u64 at_speed(u64 speed, ns_t ran) { return (u64)(((unsigned __int128)ran * speed) >> SPEED_SHIFT); }
static inline u64 virtual_time(const struct sched_domain *sd, ns_t ran) { return at_speed(READ_ONCE(sd->speed), ran); }

/* v goes to another queue. Release: who finds it there sees what was done to it here. */
static inline void set_processor(struct vcpu *v, unsigned cpu)
{
    v->moved = true;
    __atomic_store_n(&v->processor, cpu, __ATOMIC_RELEASE);
}

/* sched_runq.c; all with the queue's lock held unless said otherwise */
struct runq *runq_lock(struct vcpu *v);         /* v's queue, locked: v->processor stays */
void runq_insert(struct runq *rq, struct sched_vcpu *sv);
void runq_remove(struct runq *rq, struct sched_vcpu *sv);
void runq_charge(struct runq *rq, ns_t now);    /* account curr up to now */
/* Fit sv's vruntime into the queue's clock: at most `behind` it; if from another queue, not far ahead either. */
void runq_join(struct runq *rq, struct sched_vcpu *sv, u64 behind, bool moved);
struct vcpu *runq_steal(struct runq *rq, struct sched_vcpu *best, bool *retry); /* best: what we would run, or NULL */
/* sv waits: tell a CPU that should take it. True: one that is busy. */
bool runq_offer(struct runq *rq, struct sched_vcpu *sv, ns_t now);
unsigned place_vcpu(struct vcpu *v);            /* CPU where v should wait; no lock */
void slice_start(struct runq *rq, ns_t now);
void slice_limit(struct runq *rq, ns_t end);    /* curr's slice ends at `end` at the latest */
void slice_fired(void *data);

/* sched_affinity.c */
u64 allowed_cpus(const struct vcpu *v);         /* never empty */
u64 preferred_cpus(const struct vcpu *v);       /* subset of those, never empty */
void sched_recheck(struct domain *d);           /* its pool changed: those of its vcpus move that have to; no lock */
long sched_pin_override(struct vcpu *v, s32 cpu);

/* sched.c */
void vcpu_relocate(struct vcpu *v, struct runq *rq); /* v waits in rq (locked) but may not stay: move it; unlocks */
void runstate_change(struct vcpu *v, int state, ns_t now);

/* sched_cap.c */
void cap_init(struct sched_domain *sd, struct domain *d);
void cap_charge(struct sched_domain *sd, ns_t ran);
bool cap_exhausted(const struct sched_domain *sd);
bool cap_park(struct sched_vcpu *sv);           /* false: refilled meanwhile */
void cap_dispatch(struct sched_domain *sd, ns_t now);
ns_t cap_chunk(const struct sched_domain *sd);
void cap_set(struct domain *d, struct sched_domain *sd, u32 cap);
