/* Time: the clock runs and does not go back; singleshot, periodic and legacy timers fire at about their time. */
#include "pv.h"

static volatile unsigned ticks;
static volatile u64 last_tick;
static void on_event(struct regs *r)
{
    (void)r;
    ticks++;
    last_tick = now();
    vi->evtchn_upcall_pending = 0;
    vi->evtchn_pending_sel = 0;
    for (unsigned i = 0; i < 64; i++)
        shared->evtchn_pending[i] = 0;
}

static u64 wait_ticks(unsigned n, u64 ns)
{
    u64 end = now() + ns;
    vi->evtchn_upcall_mask = 0;
    hc(__HYPERVISOR_xen_version, 0, 0);         /* what came while events were masked */
    while (ticks < n && now() < end)
        relax();
    vi->evtchn_upcall_mask = 1;
    return ticks;
}

void test(void)
{
    u64 a = now(), b = 0;
    unsigned back = 0;
    for (unsigned i = 0; i < 20000; i++, a = b)
        back += (b = now()) < a;
    EXPECT_EQ("time never goes back", back, 0);
    EXPECT(now() > 1000000 && now() < 600000000000UL);

    struct evtchn_bind_virq v = { .virq = VIRQ_TIMER, .vcpu = 0 };
    OK("virq", evtchn(EVTCHNOP_bind_virq, &v));
    handler[VECTOR_EVENT] = on_event;
    hc(__HYPERVISOR_vcpu_op, VCPUOP_stop_periodic_timer, 0, 0);
    hc(__HYPERVISOR_xen_version, 0, 0);
    ticks = 0;
    u64 at = now() + 10000000;
    struct vcpu_set_singleshot_timer s = { .timeout_abs_ns = at };
    OK("singleshot", hc(__HYPERVISOR_vcpu_op, VCPUOP_set_singleshot_timer, 0, &s));
    EXPECT_EQ("comes once", wait_ticks(1, 1000000000), 1);
    EXPECT(last_tick >= at);
    EXPECT_EQ("only once", wait_ticks(2, 30000000), 1);
    s.timeout_abs_ns = now() - 1000000;
    s.flags = VCPU_SSHOTTMR_future;             /* Linux before 4.7 does not take no for an answer: Xen ignores it */
    ticks = 0;
    OK("in the past, to be refused", hc(__HYPERVISOR_vcpu_op, VCPUOP_set_singleshot_timer, 0, &s));
    EXPECT_EQ("comes at once, too", wait_ticks(1, 1000000000), 1);
    s.flags = 0;
    ticks = 0;
    OK("in the past, without", hc(__HYPERVISOR_vcpu_op, VCPUOP_set_singleshot_timer, 0, &s));
    EXPECT_EQ("comes at once", wait_ticks(1, 1000000000), 1);
    ticks = 0;
    s.timeout_abs_ns = now() + 20000000;
    OK("set", hc(__HYPERVISOR_vcpu_op, VCPUOP_set_singleshot_timer, 0, &s));
    OK("stop", hc(__HYPERVISOR_vcpu_op, VCPUOP_stop_singleshot_timer, 0, 0));
    EXPECT_EQ("stopped", wait_ticks(1, 50000000), 0);
    s.timeout_abs_ns = ~0UL;
    hc(__HYPERVISOR_vcpu_op, VCPUOP_set_singleshot_timer, 0, &s);
    s.timeout_abs_ns = 1UL << 63;
    hc(__HYPERVISOR_vcpu_op, VCPUOP_set_singleshot_timer, 0, &s);
    hc(__HYPERVISOR_vcpu_op, VCPUOP_stop_singleshot_timer, 0, 0);

    ticks = 0;
    struct vcpu_set_periodic_timer p = { .period_ns = 5000000 };
    OK("periodic", hc(__HYPERVISOR_vcpu_op, VCPUOP_set_periodic_timer, 0, &p));
    EXPECT(wait_ticks(5, 2000000000) >= 5);
    OK("stop", hc(__HYPERVISOR_vcpu_op, VCPUOP_stop_periodic_timer, 0, 0));
    p.period_ns = 1;
    REFUSED("a period of 1 ns", hc(__HYPERVISOR_vcpu_op, VCPUOP_set_periodic_timer, 0, &p));
    p.period_ns = ~0UL;
    REFUSED("a period of 2^64-1 ns", hc(__HYPERVISOR_vcpu_op, VCPUOP_set_periodic_timer, 0, &p));
    ticks = 0;
    OK("set_timer_op", hc(__HYPERVISOR_set_timer_op, now() + 5000000));
    EXPECT_EQ("comes", wait_ticks(1, 1000000000), 1);
    ticks = 0;
    OK("set_timer_op 0: none", hc(__HYPERVISOR_set_timer_op, 0));
    EXPECT_EQ("nothing", wait_ticks(1, 20000000), 0);

    /* poll with a timeout */
    u64 t0 = now();
    evtchn_port_t port = v.port;
    shared->evtchn_pending[0] = 0;
    struct sched_poll poll = { .nr_ports = 1, .timeout = t0 + 20000000 };
    set_xen_guest_handle(poll.ports, &port);
    OK("poll", hc(__HYPERVISOR_sched_op, SCHEDOP_poll, &poll));
    EXPECT(now() >= t0 + 19000000 && now() < t0 + 2000000000);
    poll.nr_ports = 129;
    REFUSED("poll of 129 ports", hc(__HYPERVISOR_sched_op, SCHEDOP_poll, &poll));
    poll.nr_ports = 1;
    port = 4097;
    REFUSED("poll of a port that cannot be", hc(__HYPERVISOR_sched_op, SCHEDOP_poll, &poll));
    set_xen_guest_handle(poll.ports, (evtchn_port_t *)0xffff830000000000);
    REFUSED("poll of ports in the hypervisor", hc(__HYPERVISOR_sched_op, SCHEDOP_poll, &poll));
    handler[VECTOR_EVENT] = NULL;
}
