/*
 * Bad neighbours. A victim and a neighbour share one CPU; the victim counts its own work: computing, a hypercall, a
 * page-table entry. Alone it does so much in a second; beside a neighbour, which does one bad thing after another, it
 * must do at least 95 % of its fair share of that: the CPU divided by the vcpus that want it. Also shown is what the
 * victim got done per second of its own running, where interrupts and work for others that it pays for would be seen.
 *
 * Time is counted in instructions, 8 ns each, so a slow host changes nothing. Prints a table.
 *
 * QEMU: -icount shift=3,sleep=off
 * Options: loglvl=error guest_loglvl=none
 * Seconds: 90
 */
#include "neighbour.h"

#define MEASURE (S * 6 / 10)
static struct dom victim, neighbour;

/* ---- the victim ---- */

static void on_event(struct regs *r)
{
    (void)r;
    child_mb->word[1]++;
    vi->evtchn_upcall_pending = 0;
    vi->evtchn_pending_sel = 0;
    for (unsigned i = 0; i < 4; i++)
        __atomic_store_n((u64 *)&shared->evtchn_pending[i], 0, __ATOMIC_SEQ_CST);
}

static u64 work(u64 a, u64 b, u64 c)
{
    (void)a, (void)b, (void)c;
    void *page = page_alloc();
    handler[VECTOR_EVENT] = on_event;
    vi->evtchn_upcall_mask = 0;
    for (;;) {
        for (unsigned i = 0; i < 1000; i++)
            barrier();
        hc(__HYPERVISOR_xen_version, XENVER_version, 0);
        set_flags(page, READ_PAGE);
        set_flags(page, KERNEL_PAGE);
        child_mb->word[0]++;
    }
}

/* ---- what the neighbour does ---- */

static u64 burn(u64 a, u64 b, u64 c) { return hog_burn(a, b, c); }

static void each_round(void) {}

static u64 yield(u64 a, u64 b, u64 c)
{
    (void)a, (void)b, (void)c;
    for (;;)
        yield_cpu();
}

/* Sleeps and wakes as often as it can: each time somebody is interrupted. */
static u64 alarms(u64 ahead, u64 run, u64 c)
{
    (void)c;
    for (;;) {
        struct sched_poll p = { .nr_ports = 0, .timeout = now() + ahead };
        hc(__HYPERVISOR_sched_op, SCHEDOP_poll, &p);
        for (u64 end = now() + run; now() < end; )
            ;
    }
}

static u64 pins(u64 a, u64 b, u64 c)
{
    (void)a, (void)b, (void)c;
    u64 *l1 = page_alloc(), *l2 = page_alloc(), page = va_mfn(page_alloc());
    for (unsigned i = 0; i < 512; i++)
        l1[i] = page << 12 | READ_PAGE;
    REQUIRE_OK(set_flags(l1, READ_PAGE));
    for (unsigned i = 0; i < 512; i++)
        l2[i] = va_mfn(l1) << 12 | TABLE;
    REQUIRE_OK(set_flags(l2, READ_PAGE));
    for (;;) {
        mmuext1(MMUEXT_PIN_L2_TABLE, va_mfn(l2));
        mmuext1(MMUEXT_UNPIN_TABLE, va_mfn(l2));
    }
}

/* Periodic timers of vcpus that do not run, one tick after the other. */
static u64 metronomes(u64 vcpus, u64 b, u64 c)
{
    for (u64 i = 1; i < vcpus; i++) {
        struct vcpu_set_periodic_timer p = { .period_ns = 1000000 };
        REQUIRE_OK(hc(__HYPERVISOR_vcpu_op, VCPUOP_set_periodic_timer, i, &p));
        for (u64 end = now() + 1000000 / vcpus; now() < end; )
            ;
    }
    return hog_burn(0, b, c);
}

/* Two vcpus that wake each other and sleep. */
static volatile u32 ball[2];

static void not_now(struct regs *r)
{
    (void)r;
    for (unsigned i = 0; i < 2; i++)
        shared->vcpu_info[i].evtchn_upcall_pending = 0;
}

static void play(unsigned me)
{
    shared->vcpu_info[me].evtchn_upcall_mask = 1;
    for (;;) {
        struct sched_poll p = { .nr_ports = 1 };
        evtchn_port_t mine = ball[me];
        struct evtchn_send send = { .port = ball[!me] };
        set_xen_guest_handle(p.ports, &mine);
        evtchn(EVTCHNOP_send, &send);
        hc(__HYPERVISOR_sched_op, SCHEDOP_poll, &p);
        __atomic_fetch_and((u64 *)&shared->evtchn_pending[0], ~(1UL << mine), __ATOMIC_SEQ_CST);
    }
}

static void play_1(void) { play(1); }

static u64 ping_pong(u64 a, u64 b, u64 c)
{
    (void)a, (void)b, (void)c;
    handler[VECTOR_EVENT] = not_now;    /* the second vcpu may start with events on */
    for (unsigned i = 0; i < 2; i++) {
        struct evtchn_bind_ipi ipi = { .vcpu = i };
        REQUIRE_OK(evtchn(EVTCHNOP_bind_ipi, &ipi));
        ball[i] = ipi.port;
    }
    REQUIRE_OK(vcpu_start(1, play_1));
    play(0);
    return 0;
}

/* ---- the comparison ---- */

static u64 alone, alone_running;        /* work per second of time, of running */

static void begin(u64 *at)
{
    at[0] = now();
    at[1] = domain_ran(victim.id);
    at[2] = victim.mb->word[0];
}

static void row(const char *name, const u64 *at, unsigned share)
{
    u64 t = now() - at[0], r = domain_ran(victim.id) - at[1], n = victim.mb->word[0] - at[2];
    u64 speed = n * S / t, running = n * S / (r ? r : 1);
    if (!alone)
        alone = speed, alone_running = running;
    u64 part = speed * share * 1000 / alone, own = running * 1000 / alone_running;
    say("@interference %s: %lu.%lu per cent of its fair share (1/%u), %lu.%lu per time of its own", name, part / 10,
        part % 10, share, own / 10, own % 10);
    EXPECT_EQ(name, part >= 950 ? 0 : part, 0);
}

/* Domain 0 waits; served: it wakes for each event of the neighbour's, as a daemon does. */
static void wait_for(u64 ns, evtchn_port_t served)
{
    struct sched_poll p = { .nr_ports = served != 0 };
    set_xen_guest_handle(p.ports, &served);
    for (p.timeout = now() + ns; now() < p.timeout; ) {
        hc(__HYPERVISOR_sched_op, SCHEDOP_poll, &p);
        __atomic_fetch_and((u64 *)&shared->evtchn_pending[served / 64], ~(1UL << served % 64), __ATOMIC_SEQ_CST);
    }
}

static void meet(const char *name, unsigned share, unsigned vcpus, u64 (*fn)(u64, u64, u64), u64 a, u64 b)
{
    u64 at[3];
    b = neighbour_start(&neighbour, vcpus, fn, a, b);
    evtchn_port_t served = fn == flood && !a ? (evtchn_port_t)b : 0;
    wait_for(S / 10, served);
    begin(at);
    wait_for(MEASURE, served);
    row(name, at, share);
    drain_and_destroy(&neighbour);
}

/* A guest that dies as soon as it lives, and whose owner, with the weight of a guest, builds it again and again. */
static u64 die(u64 a, u64 b, u64 c)
{
    (void)a, (void)b, (void)c;
    __asm__ volatile("mov $0, %rsp; ud2");
    return 0;
}

static void crash_loop(void)
{
    u64 at[3], lives = 0;
    begin(at);
    for (u64 end = now() + MEASURE; now() < end; lives++) {
        struct xen_domctl_getdomaininfo info;
        dom_create(&neighbour);
        dom_start_call(&neighbour, die, 0, 0, 0);
        do
            doze(S / 1000);
        while (!domain_info(neighbour.id, &info) && !(info.flags & XEN_DOMINF_shutdown));
        dom_destroy(&neighbour);
    }
    row("crashes in a loop", at, 2);
    say("@interference (%lu lives)", lives);
}

void test(void)
{
    u64 at[3];
    dom_create(&victim);
    dom_start_call(&victim, work, 0, 0, 0);
    doze(S / 10);
    begin(at);
    doze(MEASURE);
    row("alone", at, 1);
    meet("burns its CPU", 2, 1, burn, 0, 0);
    meet("burns two vcpus", 3, 2, burn_on_two, 0, 0);
    meet("floods it with events", 2, 1, flood, victim.id, 0);
    meet("balloons a page", 2, 1, balloon, 1, 0);
    meet("balloons 64 pages", 2, 1, balloon, 64, 0);
    meet("yields for ever", 2, 1, yield, 0, 0);
    meet("wakes every 20 us", 2, 1, alarms, 20000, 0);
    meet("wakes every 300 us, runs 300 us", 2, 1, alarms, 300000, 300000);
    meet("sleeps 10 ms, runs 10 ms", 2, 1, alarms, 10000000, 10000000);
    meet("has ticks of 1 ms for 31 vcpus that sleep", 2, 32, metronomes, 32, 0);
    meet("pins and unpins a big tree", 2, 1, pins, 0, 0);
    meet("two vcpus wake each other", 3, 2, ping_pong, 0, 0);
    domain_share(0, 256, 0);            /* from here on it works, on behalf of the neighbour */
    meet("floods domain 0, which serves it", 3, 1, flood, 0, 0);
    crash_loop();
    dom_destroy(&victim);
}
