/*
 * The scheduler: proportional share by virtual time, a run queue per CPU.
 *
 * Each vcpu has a virtual time that advances while it runs, by WEIGHT_DEFAULT / weight: slower for heavy domains.
 * A CPU runs the vcpu with the smallest virtual time, for a slice. So vcpus that compete get CPU time in proportion
 * to their weights, whoever does not want its share leaves it to the others, and nobody starves: virtual times of the
 * others grow past any that waits. A vcpu that slept comes back at most WAKE_BONUS behind the clock of its queue, hence
 * it pre-empts who used more than its share, but cannot save up idle time. docs/scheduler.md has the bounds.
 *
 * Invariants:
 *   - v->processor, being in a queue, and runq.curr change only under the lock of v->processor's run queue;
 *   - a vcpu is in a queue if and only if it is runnable and not `running`: who makes it runnable or stops it, chooses
 *     it, leaves it or moves it to another queue puts it in or takes it out in the same hold of the lock;
 *   - `running` is true from being chosen until sched_switched() on the CPU that left it: its context is in memory.
 *     So nobody else can choose a vcpu that is still being left.
 *
 * Lost wake-ups: who changes a reason not to run (pause_flags, counts) does so before it takes the queue lock to wake
 * or stop the vcpu; if the vcpu is running, schedule() or sched_switched() look at the reasons afterwards, under the
 * same lock.
 *
 * Work conservation: a CPU that goes idle sets its bit in idle_cpus and then looks for waiting vcpus; who queues a vcpu
 * inserts it and then looks for idle CPUs. One of them sees the other.
 *
 * Tickless: the slice timer is set only while somebody waits in the queue or the current vcpu's domain has a cap.
 *
 * Everything here runs with interrupts off. A guest cannot be killed by the scheduler.
 */
#include "core/sched_internal.h"
#include "core/cpupool.h"
#include "core/event.h"
#include "core/heap.h"
#include "core/hypercall.h"
#include "core/options.h"
#include "core/reject.h"
#include "core/trace.h"
#include "core/vcpu_timer.h"
#include "lib/print.h"

static struct domain idle_domain_record;
static struct vcpu *idle_vcpus[MAX_CPUS];
struct domain *idle_domain = &idle_domain_record;
static struct cpupool everywhere = { .cpus = ~0UL };    /* idle vcpus' */

/* ---- runstates ---- */

static int runstate_of(const struct vcpu *v)
{
    unsigned long flags = READ_ONCE(v->pause_flags);

    if (flags & VPF_BLOCKED)
        return RUNSTATE_blocked;
    if ((flags & ~VPF_PARKED) || READ_ONCE(v->pause_count) || READ_ONCE(v->domain->pause_count))
        return RUNSTATE_offline;
    return RUNSTATE_runnable; /* a parked one would run if it might */
}

/* Queue of v locked. */
void runstate_change(struct vcpu *v, int state, ns_t now)
{
    vcpu_runstate_info_t *r = &v->runstate;

    if (now > r->state_entry_time)
        r->time[r->state] += now - r->state_entry_time;
    if (r->state != state)
        trace(TRC_SCHED_RUNSTATE_CHANGE | (u32)(r->state & 3) << 8 | (u32)(state & 3) << 4, TRACE_VCPU(v));
    r->state_entry_time = max(now, (ns_t)r->state_entry_time);
    r->state = state;
}

void vcpu_runstate_get(struct vcpu *v, vcpu_runstate_info_t *out)
{
    struct runq *rq = runq_lock(v);
    ns_t now = now_ns();

    *out = v->runstate;
    if (now > out->state_entry_time)
        out->time[out->state] += now - out->state_entry_time;
    spin_unlock(&rq->lock);
}

ns_t cpu_idle_time(unsigned cpu)
{
    vcpu_runstate_info_t r;

    if (cpu >= MAX_CPUS || !idle_vcpus[cpu])
        return 0;
    vcpu_runstate_get(idle_vcpus[cpu], &r);
    return r.time[RUNSTATE_running];
}

/* ---- waking ---- */

/*
 * Who wakes and pre-empts pays for it: the interrupt and the way back are on the account of the one it interrupts.
 * Otherwise one that sleeps 20 us at a time, and hardly runs, would leave its neighbour a quarter of its share. It pays
 * when it interrupts, not when it runs: another vcpu of its guest may take it down before, and up again for ever. The
 * same for another CPU, which is interrupted to take it.
 */
static void pay_for_waking(struct runq *rq, struct sched_vcpu *sv)
{
    runq_remove(rq, sv);
    sv->vruntime += virtual_time(sv->sd, WAKE_COST);
    runq_insert(rq, sv);
}

/*
 * sv was just queued on rq, whose curr is charged up to now: does anybody have to know? If sv has not much less than
 * curr, curr ends its slice first: `slice` after it began. True: another CPU, which is busy, was told.
 */
static bool after_insert(struct runq *rq, struct sched_vcpu *sv, ns_t slice, ns_t now)
{
    struct sched_vcpu *curr = rq->curr->sched;
    u64 behind;

    if (!curr->sd) {
        __atomic_fetch_and(&idle_cpus, ~BIT(runq_cpu(rq)), __ATOMIC_SEQ_CST); /* the next one goes elsewhere */
        cpu_raise(runq_cpu(rq), PENDING_SCHED);
        return false;
    }
    /* Who yielded does not take the CPU back before the other ran: two that yield would only switch, and never run. */
    behind = !sv->yielded && v_before(sv->vruntime, curr->vruntime) ? curr->vruntime - sv->vruntime : 0;
    if (behind > WAKE_GRAIN) {
        ns_t ratelimit = READ_ONCE(curr->v->domain->pool->ratelimit);
        bool sender = curr->v == current && current->sending;

        /*
         * The rate limit is for close races; who is far behind (I/O) does not wait for it, but for one case: whom the
         * running vcpu itself sends an event. A front end sends one per request: one for one, each request would cost
         * two switches of address spaces, and none would find a second one to do together.
         */
        if (now - curr->dispatched >= ratelimit || (behind >= WAKE_FAR && !sender)) {
            if (rq->slice_end != SLICE_OVER)
                pay_for_waking(rq, sv);
            rq->preempts++;
            rq->slice_end = SLICE_OVER;
            cpu_raise(runq_cpu(rq), PENDING_SCHED);
        } else {
            slice_limit(rq, curr->dispatched + ratelimit);
        }
    } else {
        slice_limit(rq, max(now + SLICE_MIN, curr->dispatched + slice));
    }
    /*
     * Who waits is offered to other CPUs, busy ones too. Two that wait for each other on one CPU, a front end and its
     * back end, are never both in its queue when schedule() looks, and would leave another CPU to a neighbour alone.
     */
    return (rq->slice_end != SLICE_OVER || (allowed_cpus(sv->v) & __atomic_load_n(&idle_cpus, __ATOMIC_SEQ_CST))) &&
           runq_offer(rq, sv, now);
}

/* v is runnable, not running, in no queue; rq is its queue, locked. Queue it where it should be. Unlocks. */
static void submit(struct vcpu *v, struct runq *rq)
{
    struct sched_vcpu *sv = v->sched;
    unsigned from = runq_cpu(rq), cpu;
    ns_t now;

    while ((cpu = place_vcpu(v)) != runq_cpu(rq)) {
        set_processor(v, cpu);
        spin_unlock(&rq->lock);
        rq = runq_lock(v);
        if (v->running || pq_queued(&sv->node) || !vcpu_runnable(v))
            goto out; /* somebody else was faster */
        if (allowed_cpus(v) & BIT(runq_cpu(rq)))
            break;
    }
    now = now_ns();
    trace(TRC_SCHED_WAKE, v->domain->id, v->id);
    runstate_change(v, RUNSTATE_runnable, now);
    runq_charge(rq, now); /* for the clock to be right */
    runq_join(rq, sv, WAKE_BONUS, runq_cpu(rq) != from);
    runq_insert(rq, sv);
    if (after_insert(rq, sv, SLICE_MIN, now))
        pay_for_waking(rq, sv);
out:
    spin_unlock(&rq->lock);
}

void vcpu_wake(struct vcpu *v)
{
    struct runq *rq;

    if ((READ_ONCE(v->pause_flags) & VPF_BLOCKED) && vcpu_event_pending(v))
        __atomic_fetch_and(&v->pause_flags, ~VPF_BLOCKED, __ATOMIC_SEQ_CST);
    if (!vcpu_runnable(v))
        return;
    rq = runq_lock(v);
    if (v->running || pq_queued(&v->sched->node) || !vcpu_runnable(v))
        spin_unlock(&rq->lock);
    else
        submit(v, rq);
}

void vcpu_relocate(struct vcpu *v, struct runq *rq)
{
    runq_remove(rq, v->sched);
    submit(v, rq);
}

/* ---- stopping ---- */

void vcpu_sleep_nosync(struct vcpu *v)
{
    struct runq *rq = runq_lock(v);

    if (!vcpu_runnable(v)) {
        if (v->running) {
            cpu_raise(runq_cpu(rq), PENDING_SCHED);
        } else {
            if (pq_queued(&v->sched->node))
                runq_remove(rq, v->sched);
            runstate_change(v, runstate_of(v), now_ns());
        }
    }
    spin_unlock(&rq->lock);
}

void vcpu_raise(struct vcpu *v, u32 pending)
{
    struct runq *rq = runq_lock(v);

    if (v->running)
        cpu_raise(runq_cpu(rq), pending);
    spin_unlock(&rq->lock);
}

void vcpu_sleep_sync(struct vcpu *v)
{
    vcpu_sleep_nosync(v);
    /* It may be in a call for as long as that may go on without a look: interrupts are answered meanwhile. */
    while (__atomic_load_n(&v->running, __ATOMIC_ACQUIRE) && !vcpu_runnable(v)) {
        machine_poll();
        (void)preempt_check();
    }
}

void vcpu_block(void)
{
    struct vcpu *v = current;

    __atomic_fetch_or(&v->pause_flags, VPF_BLOCKED, __ATOMIC_SEQ_CST);
    /* Who made an event pending before we set the flag did not wake us. */
    if (vcpu_event_pending(v))
        __atomic_fetch_and(&v->pause_flags, ~VPF_BLOCKED, __ATOMIC_SEQ_CST);
    else {
        trace(TRC_SCHED_BLOCK, v->domain->id, v->id);
        cpu_raise(smp_cpu(), PENDING_SCHED);
    }
}

/* ---- choosing ---- */

/*
 * The first waiting vcpu that may run now. Those whose domain used up its cap are parked on the way; when many are,
 * there seems to be none, and we come back: interrupts are answered in between.
 */
static struct sched_vcpu *first_waiting(struct runq *rq)
{
    struct sched_vcpu *sv;

    for (unsigned n = 0; (sv = runq_head(rq)) && cap_exhausted(sv->sd) && cap_park(sv); n++) {
        runq_remove(rq, sv);
        if (n + 1 == PARKED_AT_ONCE) {
            cpu_raise(runq_cpu(rq), PENDING_SCHED);
            return NULL;
        }
    }
    return sv;
}

/* May curr go on here? */
static bool may_continue(struct runq *rq, struct vcpu *curr)
{
    struct sched_vcpu *sv = curr->sched;

    if (!sv->sd || !vcpu_runnable(curr) || !(allowed_cpus(curr) & BIT(runq_cpu(rq))))
        return false;
    return !cap_exhausted(sv->sd) || !cap_park(sv);
}

/* Does `head` take over from curr, which could go on? */
static bool takes_over(struct runq *rq, struct sched_vcpu *curr, struct sched_vcpu *head, ns_t now)
{
    if (!head)
        return false;
    if (curr->yielded)
        return true;
    if (!v_before(head->vruntime, curr->vruntime))
        return false;
    return (rq->slice_end && now >= rq->slice_end) || curr->vruntime - head->vruntime > SLICE_MAX;
}

static struct vcpu *choose(struct runq *rq, struct vcpu *curr, ns_t now)
{
    struct sched_vcpu *best = may_continue(rq, curr) ? curr->sched : NULL, *head = first_waiting(rq);
    struct vcpu *stolen;
    bool retry = false;

    if (!best || takes_over(rq, best, head, now))
        best = head;
    if (!best || READ_ONCE(rq->pull)) {
        WRITE_ONCE(rq->pull, false);
        if (!best) /* before we look: who queues one after we looked shall see us idle */
            __atomic_fetch_or(&idle_cpus, BIT(runq_cpu(rq)), __ATOMIC_SEQ_CST);
        stolen = runq_steal(rq, best, &retry);
        if (stolen)
            return stolen;
        if (!best && retry)
            cpu_raise(runq_cpu(rq), PENDING_SCHED);
    }
    if (best && best == head)
        runq_remove(rq, head);
    return best ? best->v : rq->idle;
}

static void dispatch(struct runq *rq, struct vcpu *prev, struct vcpu *next, ns_t now)
{
    struct sched_vcpu *p = prev->sched, *n = next->sched;

    trace(TRC_SCHED_SWITCH, prev->domain->id, prev->id, next->domain->id, next->id);
    runstate_change(prev, vcpu_is_idle(prev) ? RUNSTATE_runnable : runstate_of(prev), now);
    runstate_change(next, RUNSTATE_running, now);
    if (p->sd)
        __atomic_fetch_sub(&p->sd->running, 1, __ATOMIC_RELAXED);
    if (n->sd) {
        __atomic_fetch_add(&n->sd->running, 1, __ATOMIC_RELAXED);
        cap_dispatch(n->sd, now);
        rq->steal_from = 0;
    }
    if (n->sd && (READ_ONCE(idle_cpus) & BIT(runq_cpu(rq))))
        __atomic_fetch_and(&idle_cpus, ~BIT(runq_cpu(rq)), __ATOMIC_SEQ_CST);
    n->charged = n->dispatched = now;
    WRITE_ONCE(rq->curr_at, n->vruntime);
    WRITE_ONCE(rq->curr_speed, n->sd ? READ_ONCE(n->sd->speed) : 0);
    WRITE_ONCE(next->running, true);
    rq->curr = next;
    rq->switches++;
}

void schedule(void)
{
    struct runq *rq = &runqs[smp_cpu()];
    struct vcpu *prev = current, *next;
    ns_t now;

    spin_lock(&rq->lock);
    now = now_ns();
    ASSERT(rq->curr == prev);
    runq_charge(rq, now);
    next = choose(rq, prev, now);
    if (next == prev)
        prev->sched->yielded = false;   /* else when it is queued again: sched_switched() */
    if (next != prev)
        dispatch(rq, prev, next, now);
    else
        trace(TRC_SCHED_CONTINUE_RUNNING | RUNSTATE_running << 4, TRACE_VCPU(prev));
    if (next != prev || !rq->slice_end || now >= rq->slice_end)
        slice_start(rq, now);
    if (runq_head(rq))
        runq_offer(rq, runq_head(rq), now);
    spin_unlock(&rq->lock);
    if (next == prev)
        return;
    vcpu_runstate_publish(prev); /* while its address space is loaded */
    if (unlikely(next->ticking))
        vcpu_tick_on(next);
    machine_switch(next);
}

void sched_switched(struct vcpu *prev)
{
    struct runq *rq = &runqs[smp_cpu()];
    ns_t now;

    if (vcpu_is_idle(prev)) {
        WRITE_ONCE(prev->running, false);
    } else {
        spin_lock(&rq->lock);
        now = now_ns();
        while (vcpu_runnable(prev) && !(allowed_cpus(prev) & BIT(runq_cpu(rq)))) {
            /* As long as it counts as running nobody else touches it, so it may change queues without both locks. */
            set_processor(prev, place_vcpu(prev));
            spin_unlock(&rq->lock);
            rq = runq_lock(prev);
        }
        runstate_change(prev, runstate_of(prev), now);
        if (vcpu_runnable(prev)) {
            runq_charge(rq, now);
            if (rq != &runqs[smp_cpu()])
                runq_join(rq, prev->sched, LAG_KEPT, true);
            runq_insert(rq, prev->sched);
            (void)after_insert(rq, prev->sched, SLICE_MAX, now);
            runq_offer(rq, runq_head(rq), now); /* not told by schedule() if it is the only one */
        }
        prev->sched->yielded = false;
        __atomic_store_n(&prev->running, false, __ATOMIC_RELEASE);
        spin_unlock(&rq->lock);
    }
    vcpu_runstate_publish(current);
}

/* ---- init ---- */

void sched_init(void)
{
    struct domain *d = idle_domain;

    d->id = DOMID_IDLE;
    d->refs = 1;
    d->max_vcpus = MAX_CPUS;
    d->vcpu = idle_vcpus;
    spin_lock_init(&d->lock, domain);
    spin_lock_init(&d->mmu_lock, mmu);
    spin_lock_init(&d->page_lock, pages);
    d->pool = &everywhere;
    cpupool_init(opt.sched_ratelimit_us * 1000UL);
}

void sched_cpu_up(unsigned cpu)
{
    struct runq *rq = &runqs[cpu];
    long err;
    struct vcpu *v = vcpu_create(idle_domain, cpu, &err);

    if (!v)
        panic("no memory for the idle vcpu of CPU %u (%ld)", cpu, err);
    v->processor = cpu;
    v->hard_affinity = v->soft_affinity = BIT(cpu);
    v->running = v->initialised = true;
    v->runstate.state = RUNSTATE_running;
    timer_init(&rq->slice, slice_fired, rq, cpu);
    rq->curr = rq->idle = v;
    cpupool_cpu_up(cpu);
    __atomic_fetch_or(&idle_cpus, BIT(cpu), __ATOMIC_SEQ_CST);
}

long sched_domain_init(struct domain *d)
{
    struct sched_domain *sd = zalloc(d, sizeof(*sd));

    if (!sd)
        return -ENOMEM;
    sd->weight = d->privileged ? WEIGHT_DOMAIN0 : WEIGHT_DEFAULT;
    sd->speed = ((u64)WEIGHT_DEFAULT << SPEED_SHIFT) / sd->weight;
    cap_init(sd, d);
    d->sched = sd;
    d->pool = cpupool_get(0);
    return 0;
}

void sched_domain_quiesce(struct domain *d)
{
    timer_kill(&((struct sched_domain *)d->sched)->refill);
}

void sched_domain_destroy(struct domain *d)
{
    zfree(d->sched);
    d->sched = NULL;
}

long sched_vcpu_init(struct vcpu *v)
{
    struct domain *d = v->domain;
    struct sched_vcpu *sv = zalloc(d == idle_domain ? NULL : d, sizeof(*sv));

    if (!sv)
        return -ENOMEM;
    sv->v = v;
    sv->sd = d->sched;
    sv->pinned = -1;
    v->hard_affinity = v->soft_affinity = ~0UL;
    v->processor = d == idle_domain ? v->id : (d->id + v->id) % nr_cpus;
    v->runstate.state = RUNSTATE_offline;
    v->runstate.state_entry_time = now_ns();
    v->sched = sv;
    return 0;
}

void sched_vcpu_destroy(struct vcpu *v)
{
    ASSERT(!v->running);
    struct runq *rq = runq_lock(v);
    if (pq_queued(&v->sched->node))
        runq_remove(rq, v->sched);
    spin_unlock(&rq->lock);
    zfree(v->sched);
    v->sched = NULL;
}
