/*
 * The scheduler and timers with real concurrency: a thread per CPU, vcpus that block, are woken, paused and moved from
 * everywhere, weights, caps and pools that change meanwhile. What it checks: a vcpu is never on two CPUs, nobody is
 * lost, nothing hangs, and what the thread sanitizer sees.
 * Went wrong once: a vcpu moved to another queue before what was done to it was published.
 * Links: core/cpupool.c core/lock.c core/sched.c core/sched_affinity.c core/sched_cap.c core/sched_ctl.c
 *        core/sched_runq.c core/timer.c lib/pqueue.c arch/host/fake_heap.c arch/host/fake_log.c
 * Libraries: -lpthread
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>
#include "core/sched_internal.h"
#include "core/cpupool.h"
#include <xen/domctl.h>
#include "core/heap.h"
#include "core/options.h"
#include "core/reject.h"
#include "lib/print.h"

#define CPUS 4
#define VCPUS 12
#define ROUND_MS 500
#define PATIENCE_MS 60000       /* a turn takes as long as others keep the host busy */

static _Thread_local unsigned cpu_now;
_Thread_local struct vcpu *fake_current;

static struct { u32 pending; ns_t deadline; } __attribute__((aligned(64))) cpu[CPUS];
static struct vcpu vcpus[VCPUS];
static vcpu_info_t info[VCPUS];
static u32 on_cpu[VCPUS];       /* 1 while its "context" is loaded somewhere */
static u64 turns[VCPUS];
static struct domain dom;
static struct vcpu *table[VCPUS];
static bool stop;
struct options opt = { .sched_ratelimit_us = 100 };
unsigned nr_cpus = CPUS;
cpumask_t cpus_online = BIT(CPUS) - 1;
struct domain *domain0, *domain_list = &dom;
static u32 ctl;                 /* stands for the ctl lock */
void domain_list_lock(void) {}
void domain_list_unlock(void) {}

ns_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (ns_t)t.tv_sec * 1000000000UL + (ns_t)t.tv_nsec;
}
unsigned smp_cpu(void) { return cpu_now; }
void cpu_raise(unsigned c, u32 bits) { __atomic_fetch_or(&cpu[c].pending, bits, __ATOMIC_SEQ_CST); }
void machine_timer_arm(ns_t deadline) { cpu[cpu_now].deadline = deadline; }
bool preempt_check(void) { return false; }
void machine_poll(void) { sched_yield(); }
void vcpu_runstate_publish(struct vcpu *v) { (void)v; }
void vcpu_tick_on(struct vcpu *v) { (void)v; }

struct vcpu *vcpu_create(struct domain *d, unsigned id, long *err)
{
    static vcpu_info_t none[CPUS];
    struct vcpu *v = calloc(1, sizeof(*v));

    v->id = id;
    v->domain = d;
    v->info = &none[id];
    d->vcpu[id] = v;
    *err = sched_vcpu_init(v);
    return v;
}

static unsigned index_of(struct vcpu *v) { return (unsigned)(v - vcpus); }

void machine_switch(struct vcpu *next)
{
    struct vcpu *prev = current;

    if (!vcpu_is_idle(prev))
        __atomic_store_n(&on_cpu[index_of(prev)], 0, __ATOMIC_SEQ_CST);
    if (!vcpu_is_idle(next)) {
        if (__atomic_exchange_n(&on_cpu[index_of(next)], 1, __ATOMIC_SEQ_CST))
            panic("vcpu %u is on two CPUs", next->id);
        __atomic_fetch_add(&turns[index_of(next)], 1, __ATOMIC_RELAXED);
    }
    fake_current = next;
    sched_switched(prev);
}

static void unblock(struct vcpu *v)
{
    if (__atomic_fetch_and(&v->pause_flags, ~VPF_BLOCKED, __ATOMIC_SEQ_CST) & VPF_BLOCKED)
        vcpu_wake(v);
}

/* What the vcpu on this CPU, or an interrupt here, does next. */
static void act(unsigned *seed)
{
    struct vcpu *other = &vcpus[(unsigned)rand_r(seed) % VCPUS];

    switch (rand_r(seed) % 9) {
    case 0: case 1: unblock(other); break;
    case 2: if (!vcpu_is_idle(current)) vcpu_block(); break;
    case 3: sched_set_affinity(other, (u64)(rand_r(seed) % 15 + 1), ~0UL); break;
    case 4: /* a short pause, as the control interface does it */
        __atomic_fetch_add(&other->pause_count, 1, __ATOMIC_SEQ_CST);
        vcpu_sleep_nosync(other);
        if (!__atomic_sub_fetch(&other->pause_count, 1, __ATOMIC_SEQ_CST))
            vcpu_wake(other);
        break;
    case 5: current->sched->yielded = true; cpu_raise(cpu_now, PENDING_SCHED); break;
    case 6: /* a CPU leaves the pool, or comes back */
        if (!__atomic_exchange_n(&ctl, 1, __ATOMIC_ACQUIRE)) {
            (void)(rand_r(seed) % 2 ? cpupool_remove_cpu(0, (u32)rand_r(seed) % CPUS) :
                                      cpupool_add_cpu(0, CPUPOOL_ANY));
            __atomic_store_n(&ctl, 0, __ATOMIC_RELEASE);
        }
        break;
    case 7: /* weights and caps, as a tool changes them */
        if (!__atomic_exchange_n(&ctl, 1, __ATOMIC_ACQUIRE)) {
            struct xen_domctl_scheduler_op op = { .sched_id = XEN_SCHEDULER_CREDIT2,
                                                  .cmd = XEN_DOMCTL_SCHEDOP_putinfo };
            op.u.credit2.weight = (u16)(rand_r(seed) % 1000 + 1);
            op.u.credit2.cap = (u16)(rand_r(seed) % 8 ? 0 : 200 + rand_r(seed) % 200);
            if (sched_domctl(&dom, &op))
                panic("weight %u, cap %u are refused", op.u.credit2.weight, op.u.credit2.cap);
            __atomic_store_n(&ctl, 0, __ATOMIC_RELEASE);
        }
        break;
    default: break;
    }
}

static void *run_cpu(void *arg)
{
    unsigned seed;

    cpu_now = (unsigned)(uintptr_t)arg;
    seed = cpu_now + 1;
    fake_current = runqs[cpu_now].idle;
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        u32 bits = __atomic_exchange_n(&cpu[cpu_now].pending, 0, __ATOMIC_SEQ_CST);

        if (cpu[cpu_now].deadline && cpu[cpu_now].deadline <= now_ns())
            bits |= PENDING_TIMER;
        if (bits & PENDING_TIMER)
            timers_run();
        if (bits & PENDING_SCHED)
            schedule();
        act(&seed);
    }
    return NULL;
}

static void nobody_is_lost_and_nobody_is_twice(void **state)
{
    pthread_t thread[CPUS];
    u64 before[VCPUS];
    (void)state;

    sched_init();
    for (unsigned c = 0; c < CPUS; c++)
        sched_cpu_up(c);
    dom.vcpu = table;
    dom.max_vcpus = VCPUS;
    sched_domain_init(&dom);
    for (unsigned i = 0; i < VCPUS; i++) {
        vcpus[i].id = i;
        vcpus[i].domain = &dom;
        vcpus[i].info = &info[i];
        vcpus[i].pause_flags = VPF_BLOCKED;
        sched_vcpu_init(&vcpus[i]);
        table[i] = &vcpus[i];
    }
    for (unsigned c = 0; c < CPUS; c++)
        pthread_create(&thread[c], NULL, run_cpu, (void *)(uintptr_t)c);
    for (unsigned round = 0; round < 4; round++) {
        for (unsigned i = 0; i < VCPUS; i++)
            before[i] = __atomic_load_n(&turns[i], __ATOMIC_RELAXED);
        for (unsigned i = 0, ms = 0; i < VCPUS || ms < ROUND_MS; ms++) {
            while (i < VCPUS && __atomic_load_n(&turns[i], __ATOMIC_RELAXED) > before[i] + 20)
                i++;
            nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
            if (ms == PATIENCE_MS)
                fail_msg("vcpu %u had %lu turns", i, turns[i] - before[i]);
        }
    }
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    for (unsigned c = 0; c < CPUS; c++)
        pthread_join(thread[c], NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(nobody_is_lost_and_nobody_is_twice) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
