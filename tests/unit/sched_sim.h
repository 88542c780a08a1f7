/*
 * A simulated machine for tests of the scheduler: up to 8 CPUs, time that jumps from event to event, vcpus that follow
 * a simple pattern (burn; run a while, sleep a while; run a while, do something). Included by each such test once.
 */
#pragma once
#include "arch/host/fake.h"
#include <string.h>
#include "core/sched_internal.h"
#include "core/cpupool.h"
#include "core/event.h"
#include "core/heap.h"
#include "core/options.h"
#include <xen/domctl.h>
#include <xen/sysctl.h>

/* ---- the machine ---- */

#define SIM_CPUS 8
#define SIM_VCPUS 256
#define SECOND (1000 * MS)

static struct sim_cpu {
    struct vcpu *curr;
    unsigned interrupts;
    ns_t held;          /* until then nothing happens here: a host that is busy, an SMI */
} sim[SIM_CPUS];

/* A vcpu and what its guest does: runs `burst` (0: for ever), then sleeps `sleep`. */
static struct sim_vcpu {
    struct vcpu v;
    vcpu_info_t info;
    struct domain *d;
    ns_t burst, sleep;
    ns_t done;          /* of this burst */
    ns_t resumed;       /* on its CPU since */
    ns_t wake_at;       /* 0: not asleep */
    ns_t woken, worst_latency;
    ns_t ran, born;
    void (*act)(struct sim_vcpu *);     /* what it does after each burst, if not sleep; runs on its CPU */
    ns_t owed;          /* of what being switched to costs, not yet paid */
} sv[SIM_VCPUS];
static struct domain dom[SIM_VCPUS];
static struct vcpu *vcpu_table[SIM_VCPUS][4];
static unsigned nr_sv, nr_dom;
static ns_t switch_cost;        /* of running that is lost by each switch */

struct options opt = { .sched_ratelimit_us = 1000 };
unsigned nr_cpus;
cpumask_t cpus_online;
struct domain *domain0, *domain_list;
void domain_list_lock(void) {}
void domain_list_unlock(void) {}

void vcpu_runstate_publish(struct vcpu *v) { (void)v; }
void vcpu_tick_on(struct vcpu *v) { (void)v; }

static struct sim_vcpu *sim_of(struct vcpu *v) { return container_of(v, struct sim_vcpu, v); }

/* The scheduler creates idle vcpus through this. */
struct vcpu *vcpu_create(struct domain *d, unsigned id, long *err)
{
    static vcpu_info_t none;
    struct vcpu *v = calloc(1, sizeof(*v));

    v->id = id;
    v->domain = d;
    v->info = &none;
    d->vcpu[id] = v;
    *err = sched_vcpu_init(v);
    return v;
}

/* The guest on this CPU has run since it was resumed. */
static void account(struct vcpu *v)
{
    if (vcpu_is_idle(v))
        return;
    struct sim_vcpu *s = sim_of(v);
    ns_t paid = min(s->owed, fake_now - s->resumed);
    s->owed -= paid;
    s->done += fake_now - s->resumed - paid;
    s->ran += fake_now - s->resumed;
    s->resumed = fake_now;
}

void machine_switch(struct vcpu *next)
{
    struct vcpu *prev = sim[fake_cpu].curr;

    assert_ptr_not_equal(prev, next);
    for (unsigned c = 0; c < nr_cpus; c++)
        assert_ptr_not_equal(sim[c].curr, next); /* never on two CPUs */
    assert_true(allowed_cpus(next) & BIT(fake_cpu));
    account(prev);
    sim[fake_cpu].curr = next;
    current = next;
    if (!vcpu_is_idle(next)) {
        struct sim_vcpu *s = sim_of(next);
        s->resumed = fake_now;
        s->owed += switch_cost;
        if (s->woken && fake_now - s->woken > s->worst_latency)
            s->worst_latency = fake_now - s->woken;
        s->woken = 0;
    }
    sched_switched(prev);
}

/* ---- running it ---- */

static void enter(unsigned cpu)
{
    fake_cpu = cpu;
    current = sim[cpu].curr;
}

/* Every CPU's exit path until nothing is pending anywhere. */
static void settle(void)
{
    bool more = true;

    for (unsigned rounds = 0; more; rounds++) {
        assert_true(rounds < 1000); /* CPUs that keep kicking each other */
        more = false;
        for (unsigned c = 0; c < nr_cpus; c++) {
            u32 bits = fake_pending[c];

            if (!bits || sim[c].held > fake_now)
                continue;
            more = true;
            enter(c);
            fake_pending[c] = 0;
            if (bits & PENDING_TIMER)
                timers_run();
            if (bits & PENDING_SCHED)
                schedule();
        }
    }
}

static ns_t next_event(void)
{
    ns_t next = ~0UL;

    for (unsigned c = 0; c < nr_cpus; c++) {
        struct vcpu *v = sim[c].curr;

        if (sim[c].held > fake_now)
            next = min(next, sim[c].held);
        else if (fake_alarm[c])
            next = min(next, fake_alarm[c]);
        if (!vcpu_is_idle(v) && sim_of(v)->burst)
            next = min(next, fake_now + sim_of(v)->owed + sim_of(v)->burst - min(sim_of(v)->burst, sim_of(v)->done));
    }
    for (unsigned i = 0; i < nr_sv; i++)
        if (sv[i].wake_at)
            next = min(next, sv[i].wake_at);
    return max(next, fake_now);
}

static void guests_act(void)
{
    for (unsigned c = 0; c < nr_cpus; c++) {
        struct vcpu *v = sim[c].curr;

        account(v);
        if (!vcpu_is_idle(v) && sim_of(v)->burst && sim_of(v)->done >= sim_of(v)->burst) {
            sim_of(v)->done = 0;
            enter(c);
            if (sim_of(v)->act) {
                sim_of(v)->act(sim_of(v));
                continue;
            }
            sim_of(v)->wake_at = fake_now + sim_of(v)->sleep;
            vcpu_block();
        }
    }
    settle();
    for (unsigned i = 0; i < nr_sv; i++) {
        if (!sv[i].wake_at || sv[i].wake_at > fake_now)
            continue;
        sv[i].wake_at = 0;
        sv[i].woken = fake_now;
        enter(i % nr_cpus); /* interrupts arrive anywhere */
        __atomic_fetch_and(&sv[i].v.pause_flags, ~VPF_BLOCKED, __ATOMIC_SEQ_CST);
        vcpu_wake(&sv[i].v);
    }
    settle();
}

/* No CPU idles while somebody who may run there waits. */
static void check_work_conserved(void)
{
    for (unsigned c = 0; c < nr_cpus; c++) {
        if (!vcpu_is_idle(sim[c].curr))
            continue;
        for (unsigned i = 0; i < nr_sv; i++)
            if (pq_queued(&sv[i].v.sched->node) && !cap_exhausted(sv[i].v.sched->sd))
                assert_false(allowed_cpus(&sv[i].v) & BIT(c));
    }
}

static void run_for(ns_t duration)
{
    ns_t end = fake_now + duration;

    settle();
    while (fake_now < end) {
        fake_now = min(next_event(), end);
        for (unsigned c = 0; c < nr_cpus; c++)
            if (fake_alarm[c] && max(fake_alarm[c], sim[c].held) <= fake_now) {
                fake_alarm[c] = 0;
                fake_pending[c] |= PENDING_TIMER;
                sim[c].interrupts++;
            }
        settle();
        guests_act();
        check_work_conserved();
    }
    for (unsigned c = 0; c < nr_cpus; c++)
        account(sim[c].curr);
}

static void machine(unsigned cpus)
{
    nr_cpus = cpus;
    cpus_online = BIT(cpus) - 1;
    nr_sv = nr_dom = 0;
    domain_list = NULL;
    memset(sim, 0, sizeof(sim));
    memset(sv, 0, sizeof(sv));
    memset(dom, 0, sizeof(dom));
    memset(vcpu_table, 0, sizeof(vcpu_table));
    for (fake_cpu = 0; fake_cpu < SIM_CPUS; fake_cpu++)
        timers_run(); /* forget what an earlier test armed */
    fake_cpu = 0;
    idle_cpus = 0;
    for (unsigned c = 0; c < MAX_CPUS; c++)
        runqs[c] = (struct runq){ .lock = SPINLOCK(sched) };
    sched_init();
    for (unsigned c = 0; c < cpus; c++) {
        sched_cpu_up(c);
        sim[c].curr = runqs[c].idle;
    }
}

static struct domain *new_domain(void)
{
    struct domain *d = &dom[nr_dom];

    d->id = (domid_t)(nr_dom + 1);
    d->vcpu = vcpu_table[nr_dom++];
    d->max_vcpus = 4;
    d->next = domain_list;
    domain_list = d;
    sched_domain_init(d);
    return d;
}

static struct sim_vcpu *new_vcpu(struct domain *d, ns_t burst, ns_t sleep)
{
    struct sim_vcpu *s = &sv[nr_sv++];
    unsigned id = 0;

    while (d->vcpu[id])
        id++;
    s->v.id = id;
    s->v.domain = d;
    s->v.info = &s->info;
    s->v.pause_flags = VPF_DOWN;
    s->d = d;
    s->burst = burst;
    s->sleep = sleep;
    s->born = fake_now;
    sched_vcpu_init(&s->v);
    d->vcpu[id] = &s->v;
    return s;
}

static void start(struct sim_vcpu *s)
{
    enter(0);
    s->v.pause_flags &= ~VPF_DOWN;
    vcpu_wake(&s->v);
    settle();
}

static struct sim_vcpu *hog(struct domain *d)
{
    struct sim_vcpu *s = new_vcpu(d, 0, 0);
    start(s);
    return s;
}

static void finish(void)
{
    for (unsigned i = 0; i < nr_sv; i++) {
        enter(0);
        sv[i].v.pause_flags |= VPF_DOWN;
        sv[i].wake_at = 0;
        vcpu_sleep_nosync(&sv[i].v);
        settle();
        assert_false(sv[i].v.running);
        sched_vcpu_destroy(&sv[i].v);
    }
    for (unsigned i = 0; i < nr_dom; i++) {
        sched_domain_quiesce(&dom[i]);
        sched_domain_destroy(&dom[i]);
    }
    for (unsigned c = 0; c < nr_cpus; c++) {
        timer_kill(&runqs[c].slice);
        sim[c].curr = NULL;
        runqs[c].idle->running = false;
        sched_vcpu_destroy(runqs[c].idle);
        free(runqs[c].idle);
        idle_domain->vcpu[c] = NULL;
    }
}

static long set_params(struct domain *d, u16 weight, u16 cap)
{
    struct xen_domctl_scheduler_op op = { .sched_id = XEN_SCHEDULER_CREDIT2, .cmd = XEN_DOMCTL_SCHEDOP_putinfo };
    op.u.credit2.weight = weight;
    op.u.credit2.cap = cap;
    return sched_domctl(d, &op);
}

static double seconds(ns_t t) { return (double)t / SECOND; }
#define assert_near(x, want, tolerance) do { \
    double _x = (x), _w = (want); \
    if (_x < _w * (1 - (tolerance)) || _x > _w * (1 + (tolerance))) \
        fail_msg("%s = %.4f, want %.4f within %.1f %%", #x, _x, _w, 100 * (tolerance)); } while (0)
