/*
 * Run queues: one per CPU, each with its own lock and its own virtual clock. See core/sched.c for the theory.
 *
 * A vcpu is in a queue exactly while it is runnable, its context is saved and it waits. Taking a vcpu from another
 * CPU's queue uses spin_trylock() on that queue while holding our own; a thief that fails comes again.
 */
#include "core/sched_internal.h"

struct runq runqs[MAX_CPUS] = { [0 ... MAX_CPUS - 1] = { .lock = SPINLOCK(sched) } };
u64 idle_cpus;

u64 newest_clock;

struct runq *runq_lock(struct vcpu *v)
{
    for (;;) {
        unsigned cpu = READ_ONCE(v->processor);

        spin_lock(&runqs[cpu].lock);
        if (__atomic_load_n(&v->processor, __ATOMIC_ACQUIRE) == cpu)
            return &runqs[cpu];
        spin_unlock(&runqs[cpu].lock);
    }
}

static void publish_head(struct runq *rq)
{
    if (rq->root)
        WRITE_ONCE(rq->head, rq->root->key);
}

void runq_insert(struct runq *rq, struct sched_vcpu *sv)
{
    sv->node.key = sv->vruntime;
    pq_insert(&rq->root, &sv->node);
    publish_head(rq);
    WRITE_ONCE(rq->waiting, rq->waiting + 1);
}

void runq_remove(struct runq *rq, struct sched_vcpu *sv)
{
    pq_remove(&rq->root, &sv->node);
    publish_head(rq);
    WRITE_ONCE(rq->waiting, rq->waiting - 1);
}

/* ---- virtual time ---- */

static void advance_clock(struct runq *rq, ns_t now)
{
    struct sched_vcpu *curr = rq->curr->sched, *head = runq_head(rq);
    u64 clock;

    WRITE_ONCE(rq->charged, now);
    if (!curr->sd && !head)
        return;
    clock = !curr->sd ? head->vruntime : head ? v_first(curr->vruntime, head->vruntime) : curr->vruntime;
    if (v_before(rq->clock, clock))
        WRITE_ONCE(rq->clock, clock);
    if (v_before(READ_ONCE(newest_clock), rq->clock))
        WRITE_ONCE(newest_clock, rq->clock);
}

void runq_charge(struct runq *rq, ns_t now)
{
    struct sched_vcpu *sv = rq->curr->sched;
    ns_t ran = now - sv->charged;

    if (sv->sd && now > sv->charged) {
        sv->vruntime += virtual_time(sv->sd, ran);
        sv->charged = now;
        cap_charge(sv->sd, ran);
    }
    WRITE_ONCE(rq->curr_at, sv->vruntime);
    advance_clock(rq, now);
}

void runq_join(struct runq *rq, struct sched_vcpu *sv, u64 behind, bool moved)
{
    u64 low, high;

    /* A clock that stood still while its CPU was idle must not make newcomers look poor to other CPUs. */
    if (!rq->curr->sched->sd && !rq->root && v_before(rq->clock, READ_ONCE(newest_clock)))
        WRITE_ONCE(rq->clock, READ_ONCE(newest_clock));
    low = rq->clock - behind;
    /* So far ahead of its own clock is nobody: it has slept for so long that the clock is half way round. */
    if (!sv->joined || v_before(sv->vruntime, low) || (!moved && sv->vruntime - low > FAR_AHEAD))
        sv->vruntime = low;
    sv->joined = true;
    /* Clocks of different CPUs differ; what it ran ahead there must not keep it waiting here for ever. */
    high = rq->clock + virtual_time(sv->sd, 2 * SLICE_MAX);
    if (moved && v_before(high, sv->vruntime))
        sv->vruntime = high;
}

/* ---- slices ---- */

void slice_limit(struct runq *rq, ns_t end)
{
    if (rq->slice_end && rq->slice_end <= end)
        return;
    rq->slice_end = end;
    /* An earlier setting stays: it finds the slice not over and sets itself again. */
    if (!timer_queued(&rq->slice) || READ_ONCE(rq->slice.expires) > end)
        timer_set(&rq->slice, end);
}

/* Nobody competes, no timer: a CPU with one busy vcpu is not interrupted by us at all. */
void slice_start(struct runq *rq, ns_t now)
{
    struct sched_domain *sd = rq->curr->sched->sd;

    rq->slice_end = 0;
    if (!sd)
        return;
    if (rq->waiting)
        slice_limit(rq, now + max(SLICE_MIN, min(SLICE_MAX, ROUND / (rq->waiting + 1))));
    if (READ_ONCE(sd->cap))
        slice_limit(rq, now + cap_chunk(sd));
}

void slice_fired(void *data)
{
    struct runq *rq = data;

    spin_lock(&rq->lock);
    if (rq->slice_end && now_ns() < rq->slice_end)
        timer_set(&rq->slice, rq->slice_end);
    else if (rq->slice_end)
        cpu_raise(runq_cpu(rq), PENDING_SCHED);
    spin_unlock(&rq->lock);
}

/* ---- across CPUs ---- */

static unsigned least_loaded(u64 cpus)
{
    unsigned best = lowest_bit(cpus);

    for (cpus &= cpus - 1; cpus; cpus &= cpus - 1)
        if (READ_ONCE(runqs[lowest_bit(cpus)].waiting) < READ_ONCE(runqs[best].waiting))
            best = lowest_bit(cpus);
    return best;
}

/* Where its cache is warm if that CPU is idle, else an idle one, else where its cache is warm. */
unsigned place_vcpu(struct vcpu *v)
{
    u64 allowed = allowed_cpus(v), preferred = preferred_cpus(v);
    u64 idle = __atomic_load_n(&idle_cpus, __ATOMIC_SEQ_CST);
    unsigned last = READ_ONCE(v->processor);

    if (preferred & idle & BIT(last))
        return last;
    if (preferred & idle)
        return lowest_bit(preferred & idle);
    if (allowed & idle)
        return lowest_bit(allowed & idle);
    return preferred & BIT(last) ? last : least_loaded(preferred);
}

/* A waiting vcpu of victim (locked) that may run here; with `best`, only one that lags far behind it. Counts them. */
static struct sched_vcpu *find_stealable(struct runq *victim, unsigned cpu, const struct sched_vcpu *best,
                                         unsigned *looked)
{
    struct sched_vcpu *second = NULL;
    struct pqnode *n = victim->root;

    for (unsigned i = 0; n && i < (best ? LAG_LOOK : STEAL_LOOK); n = pq_next(n), i++, ++*looked) {
        struct sched_vcpu *sv = node_sv(n);

        if (cap_exhausted(sv->sd) || (best && !v_before(sv->vruntime + LAG_MAX, best->vruntime)))
            continue;
        if (preferred_cpus(sv->v) & BIT(cpu))
            return sv;
        if (!best && !second && (allowed_cpus(sv->v) & BIT(cpu)))
            second = sv;
    }
    return second;
}

/*
 * 64 queues of vcpus that may not run here, or whose caps are used up, are a hundred thousand instructions. So an idle
 * CPU looks at some, says that it comes back, and goes on where it stopped, or from the first queue it found locked. It
 * counts as idle since before the first look: who queues one behind its back tells it.
 */
struct vcpu *runq_steal(struct runq *rq, struct sched_vcpu *best, bool *retry)
{
    unsigned cpu = runq_cpu(rq), looked = 0, again = nr_cpus, i = best ? 1 : max(rq->steal_from, 1u);
    struct sched_vcpu *sv;

    rq->steal_from = 0;
    for (; i < nr_cpus; i++) {
        struct runq *victim = &runqs[(cpu + i) % nr_cpus];

        if (!READ_ONCE(victim->waiting) || (best && !v_before(READ_ONCE(victim->head) + LAG_MAX, best->vruntime)))
            continue;
        if (!best && looked >= STEAL_AT_ONCE) {
            rq->steal_from = min(i, again);
            *retry = true;
            break;
        }
        if (!spin_trylock(&victim->lock)) {
            again = min(again, i);
            *retry = true;
            continue;
        }
        sv = find_stealable(victim, cpu, best, &looked);
        if (sv) {
            runq_remove(victim, sv);
            set_processor(sv->v, cpu);
        }
        spin_unlock(&victim->lock);
        if (sv) {
            runq_join(rq, sv, LAG_KEPT, true);
            rq->steals++;
            return sv->v;
        }
    }
    return NULL;
}

/*
 * The vruntime of what another CPU would go on with if it looked now. Not its clock: members may be behind that, and
 * two CPUs that offer each other what neither takes do so for ever. Who runs alone there was not charged for long.
 */
static u64 best_elsewhere(const struct runq *rq, ns_t now)
{
    ns_t charged = READ_ONCE(rq->charged);
    u64 at = READ_ONCE(rq->curr_at);

    if (READ_ONCE(rq->waiting))
        return v_first(at, READ_ONCE(rq->head));
    return charged >= now ? at : at + at_speed(READ_ONCE(rq->curr_speed), now - charged);
}

bool runq_offer(struct runq *rq, struct sched_vcpu *sv, ns_t now)
{
    u64 cpus = allowed_cpus(sv->v) & ~BIT(runq_cpu(rq));
    u64 idle = cpus & __atomic_load_n(&idle_cpus, __ATOMIC_SEQ_CST);

    if (idle) {
        cpu_raise(lowest_bit(idle), PENDING_SCHED);
        return false;
    }
    for (cpus &= preferred_cpus(sv->v); cpus; cpus &= cpus - 1) {
        struct runq *other = &runqs[lowest_bit(cpus)];

        if (v_before(sv->vruntime + LAG_MAX, best_elsewhere(other, now))) {
            WRITE_ONCE(other->pull, true);
            cpu_raise(runq_cpu(other), PENDING_SCHED);
            return true;
        }
    }
    return false;
}
