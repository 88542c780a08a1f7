/*
 * The longest stretch of instructions in which a due timer event of the same vcpu is not delivered: how it is measured
 * is said in tests/guest/bounded.
 */
#pragma once
#include "dom.h"

#define AHEAD 3000UL
#define LIMIT 100000UL

static volatile u64 last, worst, deliveries;
static u64 limit, worst_of_all;
static u32 timer_port;
static const char *worst_name;

static u64 tsc(void)
{
    u32 lo, hi;
    __asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
    return lo | (u64)hi << 32;
}

static void arm(void)
{
    struct vcpu_set_singleshot_timer t = { .timeout_abs_ns = now() + AHEAD };
    hc(__HYPERVISOR_vcpu_op, VCPUOP_set_singleshot_timer, 0, &t);
}

static void note(void)
{
    u64 t = tsc();
    if (t - last > worst)
        worst = t - last;
}

static void on_event(struct regs *r)
{
    (void)r;
    note();
    deliveries++;
    vi->evtchn_upcall_pending = 0;
    vi->evtchn_pending_sel = 0;
    shared->evtchn_pending[0] = 0;
    arm();
    last = tsc();
}

static u64 began;
static void begin(void)
{
    worst = deliveries = 0;
    arm();
    vi->evtchn_upcall_mask = 0;
    last = began = tsc();
}

/* times: how often the limit it may be. */
static void end(const char *name, unsigned times)
{
    bool asserted = times;
    u64 all = tsc() - began;
    note();
    vi->evtchn_upcall_mask = 1;
    u64 stretch = worst > AHEAD ? worst - AHEAD : 0;
    say("@bounded %s: %lu of %lu instructions, %lu events meanwhile%s", name, stretch, all, deliveries,
        asserted ? "" : " (skipped: not asserted)");
    if (!asserted)
        return;
    if (stretch >= limit * times)
        EXPECT_EQ(name, stretch, limit);
    if (stretch > worst_of_all && times == 1)
        worst_of_all = stretch, worst_name = name;
    nr_checks++;
}
#define BOUNDED(name, ...) do { begin(); __VA_ARGS__; end(name, 1); } while (0)
/* Interrupts are taken in between, but the event waits for the end: only the other bound, which is ten times as far. */
#define BOUNDED_WITH_INTERRUPTS(name, ...) do { begin(); __VA_ARGS__; end(name, 10); } while (0)

static void bounded_init(void)
{
    struct evtchn_bind_virq v = { .virq = VIRQ_TIMER, .vcpu = 0 };
    limit = is_debug_build() ? 2 * LIMIT : LIMIT;
    OK("virq", evtchn(EVTCHNOP_bind_virq, &v));
    timer_port = v.port;
    handler[VECTOR_EVENT] = on_event;
    hc(__HYPERVISOR_vcpu_op, VCPUOP_stop_periodic_timer, 0, 0);
}

static void bounded_worst(void)
{
    say("@bounded worst case: %lu instructions of %lu, in: %s", worst_of_all, limit, worst_name);
}
