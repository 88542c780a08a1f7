/* sched_op: yield, block, watchdog, bad commands and reasons. */
#include "pv.h"
#include <xen/sched.h>

void test(void)
{
    OK("yield", hc(__HYPERVISOR_sched_op, SCHEDOP_yield));
    EXPECT_EQ("unknown", hc(__HYPERVISOR_sched_op, 99, 0), -ENOSYS);
    struct sched_remote_shutdown r = { .domain_id = 77 };
    REFUSED("remote shutdown of nobody", hc(__HYPERVISOR_sched_op, SCHEDOP_remote_shutdown, &r));
    struct sched_watchdog w = { .id = 99, .timeout = 1 };
    REFUSED("watchdog 99", hc(__HYPERVISOR_sched_op, SCHEDOP_watchdog, &w));
    w.id = 0;
    w.timeout = 100;
    long id = hc(__HYPERVISOR_sched_op, SCHEDOP_watchdog, &w);
    EXPECT(id == 1 || id == 2);
    if (id > 0) {
        w.id = (u32)id;
        w.timeout = 0;
        OK("stopped", hc(__HYPERVISOR_sched_op, SCHEDOP_watchdog, &w));
    }
    struct sched_shutdown_code { int x; } unused;
    (void)unused;
    struct sched_pin_override po = { .pcpu = 999 };
    REFUSED("pin override to a CPU that is not there", hc(__HYPERVISOR_sched_op, SCHEDOP_pin_override, &po));
    /* block with events masked and nothing pending returns only by an event: a timer */
    struct evtchn_bind_virq v = { .virq = VIRQ_TIMER, .vcpu = 0 };
    OK("virq", evtchn(EVTCHNOP_bind_virq, &v));
    void drop(struct regs *r);
    u64 t0 = now();
    struct vcpu_set_singleshot_timer s = { .timeout_abs_ns = t0 + 10000000 };
    OK("timer", hc(__HYPERVISOR_vcpu_op, VCPUOP_set_singleshot_timer, 0, &s));
    struct sched_poll poll = { .nr_ports = 1 };
    evtchn_port_t port = v.port;
    set_xen_guest_handle(poll.ports, &port);
    OK("poll without a timeout", hc(__HYPERVISOR_sched_op, SCHEDOP_poll, &poll));
    EXPECT(now() >= t0 + 10000000);
    /* Nothing ever comes to a port that is not open: who waits there is told so. */
    shared->evtchn_pending[0] = 0;
    port = 0;
    EXPECT_EQ("poll of port 0", hc(__HYPERVISOR_sched_op, SCHEDOP_poll, &poll), -EINVAL);
    port = 900;
    EXPECT_EQ("poll of a closed port", hc(__HYPERVISOR_sched_op, SCHEDOP_poll, &poll), -EINVAL);
    port = ~0U;
    EXPECT_EQ("poll of a port that cannot be", hc(__HYPERVISOR_sched_op, SCHEDOP_poll, &poll), -EINVAL);
    struct evtchn_close c = { .port = v.port };
    OK("closed", evtchn(EVTCHNOP_close, &c));
    port = v.port;
    EXPECT_EQ("poll of a port just closed", hc(__HYPERVISOR_sched_op, SCHEDOP_poll, &poll), -EINVAL);
}
