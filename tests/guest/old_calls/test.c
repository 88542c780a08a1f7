/* Calls as kernels of before Xen 3.2 make them: arguments in other places, the same done. */
#include "pv.h"

#define OLD_EVENT(op) hc(__HYPERVISOR_event_channel_op_compat, op)
#define OLD_PHYSDEV(op) hc(__HYPERVISOR_physdev_op_compat, op)

static volatile unsigned upcalls;
static void on_event(struct regs *r)
{
    (void)r;
    upcalls++;
    vi->evtchn_upcall_pending = 0;
}

static void events(void)
{
    struct evtchn_op op = { .cmd = EVTCHNOP_alloc_unbound };
    op.u.alloc_unbound = (struct evtchn_alloc_unbound){ .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
    OK("alloc_unbound", OLD_EVENT(&op));
    evtchn_port_t port = op.u.alloc_unbound.port;
    EXPECT(port > 0 && port < 64);
    op = (struct evtchn_op){ .cmd = EVTCHNOP_bind_interdomain };
    op.u.bind_interdomain = (struct evtchn_bind_interdomain){ .remote_dom = DOMID_SELF, .remote_port = port };
    OK("bind_interdomain", OLD_EVENT(&op));
    evtchn_port_t other = op.u.bind_interdomain.local_port;
    op = (struct evtchn_op){ .cmd = EVTCHNOP_status, .u.status = { .dom = DOMID_SELF, .port = other } };
    OK("status", OLD_EVENT(&op));
    EXPECT_EQ("interdomain", op.u.status.status, EVTCHNSTAT_interdomain);
    EXPECT_EQ("with the first", op.u.status.u.interdomain.port, port);
    op = (struct evtchn_op){ .cmd = EVTCHNOP_send, .u.send.port = other };
    OK("send", OLD_EVENT(&op));
    EXPECT_EQ("it arrived", shared->evtchn_pending[0] >> port & 1, 1);
    op = (struct evtchn_op){ .cmd = EVTCHNOP_close, .u.close.port = port };
    OK("close", OLD_EVENT(&op));
    EXPECT_EQ("closed", OLD_EVENT(&op), -EINVAL);
    op.cmd = EVTCHNOP_reset;
    EXPECT_EQ("reset came later", OLD_EVENT(&op), -ENOSYS);
    EXPECT_EQ("no block", OLD_EVENT(0x1000), -EFAULT);
    EXPECT_EQ("a block in the hypervisor", OLD_EVENT(0xffff830000000000), -EFAULT);
    EXPECT_EQ("a block at the end", OLD_EVENT(-8UL), -EFAULT);
}

static void devices(void)
{
    struct physdev_op op = { .cmd = PHYSDEVOP_set_iopl, .u.set_iopl.iopl = 1 };
    OK("set_iopl", OLD_PHYSDEV(&op));
    op.u.set_iopl.iopl = 4;
    EXPECT_EQ("iopl 4", OLD_PHYSDEV(&op), -EINVAL);
    op = (struct physdev_op){ .cmd = PHYSDEVOP_irq_status_query, .u.irq_status_query.irq = 9 };
    OK("status", OLD_PHYSDEV(&op));
    EXPECT_EQ("an end is wanted", op.u.irq_status_query.flags & XENIRQSTAT_needs_eoi, XENIRQSTAT_needs_eoi);
    op.cmd = PHYSDEVOP_IRQ_UNMASK_NOTIFY;
    OK("end of all interrupts", OLD_PHYSDEV(&op));
    OK("which takes no argument", hc(__HYPERVISOR_physdev_op, PHYSDEVOP_IRQ_UNMASK_NOTIFY, 0));
    op.cmd = 999;
    EXPECT_EQ("no such command", OLD_PHYSDEV(&op), -ENOSYS);
    EXPECT_EQ("no block", OLD_PHYSDEV(0x1000), -EFAULT);
}

void test(void)
{
    OK("yield", hc(__HYPERVISOR_sched_op_compat, SCHEDOP_yield, 0));
    EXPECT_EQ("polling came later", hc(__HYPERVISOR_sched_op_compat, SCHEDOP_poll, 0), -ENOSYS);
    handler[VECTOR_EVENT] = on_event;
    vi->evtchn_upcall_pending = 1;
    OK("block, with an event", hc(__HYPERVISOR_sched_op_compat, SCHEDOP_block, 0));
    EXPECT_EQ("which comes", upcalls, 1);
    vi->evtchn_upcall_mask = 1;
    events();
    devices();
    /* The runner sees the verdict first; the reason is a number, not the address of one. */
    say("TEST old_calls: %s (%u checks, %u wrong)", nr_fails ? "FAIL" : "PASS", nr_checks, nr_fails);
    hc(__HYPERVISOR_sched_op_compat, SCHEDOP_shutdown, SHUTDOWN_poweroff);
}
