/*
 * Event channels from two vcpus and a second domain: ports of all kinds are bound, raised, moved, closed and reset
 * while the other end does the same to its own, to the same numbers, and while a vcpu polls for them. The old races:
 * sending to a port that is just closed, closing both ends at once, an event array that goes away under a sender, a
 * VIRQ bound twice, a poller nobody wakes.
 *
 * Image: debug
 * QEMU: -smp 2
 */
#include "dom.h"

static volatile bool runs, stop, done;
static u16 peer;
static char *control[2], *array;
static u64 fifos;

static void hammer(unsigned i, unsigned me)
{
    u32 p = i * 13 % 40 + 1, q = i * 7 % 40 + 1;
    struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = i & 1 ? DOMID_SELF : peer };
    struct evtchn_bind_interdomain b = { .remote_dom = i & 2 ? DOMID_SELF : peer, .remote_port = q };
    struct evtchn_bind_virq v = { .virq = i & 1 ? VIRQ_TIMER : VIRQ_DEBUG, .vcpu = i >> 1 & 1 };
    struct evtchn_bind_virq g = { .virq = VIRQ_CONSOLE, .vcpu = 0 };
    struct evtchn_bind_ipi ipi = { .vcpu = i & 1 };
    struct evtchn_send s = { .port = p };
    struct evtchn_bind_vcpu bv = { .port = q, .vcpu = i & 1 };
    struct evtchn_unmask u = { .port = p };
    struct evtchn_status st = { .dom = DOMID_SELF, .port = q };
    struct evtchn_close c = { .port = q };
    struct sched_poll poll = { .nr_ports = 1, .timeout = now() + 1000 };
    set_xen_guest_handle(poll.ports, &p);
    evtchn(EVTCHNOP_alloc_unbound, &a);
    evtchn(EVTCHNOP_bind_interdomain, &b);
    evtchn(EVTCHNOP_send, &s);
    evtchn(EVTCHNOP_bind_virq, &v);
    evtchn(EVTCHNOP_bind_virq, &g);
    evtchn(EVTCHNOP_bind_ipi, &ipi);
    evtchn(EVTCHNOP_unmask, &u);
    evtchn(EVTCHNOP_bind_vcpu, &bv);
    evtchn(EVTCHNOP_send, &s);
    evtchn(EVTCHNOP_status, &st);
    if (i % 16 == me)
        hc(__HYPERVISOR_sched_op, SCHEDOP_poll, &poll);
    evtchn(EVTCHNOP_close, &c);
    s.port = q;
    evtchn(EVTCHNOP_send, &s);
    c.port = p;
    if (i % 3)
        evtchn(EVTCHNOP_close, &c);
    if (i % 256 == 255) {
        struct evtchn_reset r = { .dom = DOMID_SELF };
        evtchn(EVTCHNOP_reset, &r);
    }
    if (i % 256 == 100) {
        struct evtchn_init_control ic = { .control_gfn = va_mfn(control[me]), .vcpu = me };
        struct evtchn_expand_array e = { .array_gfn = va_mfn(array) };
        fifos += !evtchn(EVTCHNOP_init_control, &ic);
        evtchn(EVTCHNOP_expand_array, &e);
    }
}

static void pages(void)
{
    control[0] = page_alloc(), control[1] = page_alloc(), array = page_alloc();
}

static u64 in_child(u64 remote, u64 ms, u64 c)
{
    (void)c;
    peer = (u16)remote;
    pages();
    u64 end = now() + ms * 1000000;
    unsigned i;
    for (i = 0; now() < end; i++)
        hammer(i, 0);
    struct evtchn_reset r = { .dom = DOMID_SELF };
    OK("the child resets", evtchn(EVTCHNOP_reset, &r));
    return i;
}

static void second(void)
{
    runs = true;
    for (unsigned i = 0; !stop; i++)
        hammer(i, 1);
    done = true;
}

void test(void)
{
    static struct dom d, gone;
    vi->evtchn_upcall_mask = 1;
    pages();
    dom_create(&d);
    peer = d.id;
    OK("start", vcpu_start(1, second));
    EXPECT_EQ("runs", wait_until(&runs, 3000000000UL), 1);
    dom_start_call(&d, in_child, 0, 1200, 0);
    u64 end = now() + 1500000000;
    unsigned i, deaths = 0;
    for (i = 0; now() < end; i++) {
        hammer(i, 0);
        if (i % 300 == 0 && deaths < 4) {               /* one whose ports die with it, bound to ours */
            dom_create(&gone);
            dom_start_call(&gone, in_child, 0, 50, 0);
            for (unsigned k = 0; k < 60; k++) {
                struct evtchn_bind_interdomain b = { .remote_dom = gone.id, .remote_port = k % 20 + 1 };
                evtchn(EVTCHNOP_bind_interdomain, &b);
                hammer(k, 0);
            }
            dom_destroy(&gone);
            deaths++;
        }
    }
    stop = true;
    EXPECT_EQ("done", wait_until(&done, 3000000000UL), 1);
    EXPECT(dom_wait(&d, 5000000000));
    say("  %u rounds here, %lu there, %lu FIFO control blocks, %u domains died", i, d.mb->ret, fifos, deaths);
    struct evtchn_reset r = { .dom = DOMID_SELF };
    OK("reset", evtchn(EVTCHNOP_reset, &r));
    for (unsigned k = 0; k < 3; k++) {
        char *p = k < 2 ? control[k] : array;
        OK("its page is free", set_flags(p, READ_PAGE));
        EXPECT(mmuext1(MMUEXT_PIN_L1_TABLE, va_mfn(p)) != 1);
        mmuext1(MMUEXT_UNPIN_TABLE, va_mfn(p));
    }
    audit_key();
    dom_destroy(&d);
    audit_key();
}
