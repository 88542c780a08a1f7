/*
 * Numbers in shared memory that look like indices. Queues of events link ports by numbers the guest can write; trace
 * buffers have a position the tool writes; whoever follows such a number, or believes it twice, reads and writes
 * beyond its arrays. A second vcpu scribbles over all of it without pause: links to ports that do not exist, to
 * themselves, heads, ready bits, flags; the first one sends, unmasks, closes, resets, and grows the array. Events may
 * be lost; nothing else may.
 *
 * QEMU: -smp 2
 */
#include "dom.h"
#include <xen/trace.h>

static volatile bool runs, stop, done;
static volatile u32 *words, *control;
static volatile u32 *trace_page;
static u64 scribbles;

static u64 random_state = 88172645463325252UL;
static u64 rnd(void)
{
    random_state ^= random_state << 13, random_state ^= random_state >> 7, random_state ^= random_state << 17;
    return random_state;
}

static void scribbler(void)
{
    static const u32 bits[] = { 0x80000000, 0x40000000, 0x20000000, 0x10000000, 0x0001ffff, 0xffffffff, 0, 1 };
    runs = true;
    while (!stop) {
        u64 r = rnd();
        words[r % 256] = bits[r >> 8 & 7] | ((r >> 16 & 1) ? (u32)(r >> 32) & 0x1ffff : 0);
        control[(r >> 20) % 18] = (u32)(r >> 24);
        if (trace_page)
            trace_page[(r >> 11) % 4] = (u32)(r >> 7);
        scribbles++;
    }
    done = true;
}

static long init(void)
{
    struct evtchn_init_control c = { .control_gfn = va_mfn((void *)control), .vcpu = 0 };
    struct evtchn_expand_array e = { .array_gfn = va_mfn((void *)words) };
    long rc = evtchn(EVTCHNOP_init_control, &c);
    return rc ? rc : evtchn(EVTCHNOP_expand_array, &e);
}

/* Trace buffers, with all events on: the ring's header is mapped writable, as tools do. */
static void trace_on(bool on)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_tbuf_op, .interface_version = XEN_SYSCTL_INTERFACE_VERSION };
    op.u.tbuf_op = (struct xen_sysctl_tbuf_op){ .cmd = XEN_SYSCTL_TBUFOP_set_size, .size = 1 };
    hc(__HYPERVISOR_sysctl, &op);
    op.u.tbuf_op.cmd = on ? XEN_SYSCTL_TBUFOP_enable : XEN_SYSCTL_TBUFOP_disable;
    OK("trace", hc(__HYPERVISOR_sysctl, &op));
    if (!on || trace_page)
        return;
    op.u.tbuf_op.cmd = XEN_SYSCTL_TBUFOP_get_info;
    OK("where", hc(__HYPERVISOR_sysctl, &op));
    long err;
    struct t_info *info = map_frame(op.u.tbuf_op.buffer_mfn, DOMID_XEN, READ_PAGE, &err);
    OK("the list", err);
    (void)map_frame(op.u.tbuf_op.buffer_mfn, DOMID_XEN, KERNEL_PAGE, &err);
    EXPECT_EQ("which may only be read", err, -EBUSY);
    trace_page = map_frame(((u32 *)info)[info->mfn_offset[0]], DOMID_XEN, KERNEL_PAGE, &err);
    OK("a ring", err);
}

static u32 port[64];
static void operate(unsigned i)
{
    unsigned k = (unsigned)(i * 7 % 64);
    struct evtchn_bind_ipi ipi = { .vcpu = 0 };
    struct evtchn_send s = { .port = port[k] };
    struct evtchn_unmask u = { .port = port[k] };
    struct evtchn_set_priority p = { .port = port[k], .priority = i % 16 };
    struct evtchn_bind_vcpu v = { .port = port[k], .vcpu = i & 1 };
    struct evtchn_status st = { .dom = DOMID_SELF, .port = port[k] };
    struct evtchn_close c = { .port = port[k] };
    struct sched_poll poll = { .nr_ports = 1, .timeout = 1 };
    set_xen_guest_handle(poll.ports, &port[k]);
    if (!port[k] && !evtchn(EVTCHNOP_bind_ipi, &ipi))
        port[k] = ipi.port;
    evtchn(EVTCHNOP_send, &s);
    evtchn(EVTCHNOP_unmask, &u);
    evtchn(EVTCHNOP_set_priority, &p);
    evtchn(EVTCHNOP_bind_vcpu, &v);
    evtchn(EVTCHNOP_status, &st);
    hc(__HYPERVISOR_sched_op, SCHEDOP_poll, &poll);
    if (i % 5 == 0) {
        evtchn(EVTCHNOP_close, &c);
        port[k] = 0;
    }
    /* Numbers that nobody has, at the ends of what there is. */
    static const u32 odd[] = { 0, 127, 128, 1023, 1024, 4095, 4096, 131071, 131072, 0x7fffffff, 0x80000000,
        0xffffffff };
    u32 n = odd[i % 12];
    s.port = u.port = st.port = p.port = n;
    poll.nr_ports = 1;
    set_xen_guest_handle(poll.ports, &n);
    if (evtchn(EVTCHNOP_send, &s) == 0 && n >= 131072)
        EXPECT_EQ("a port that cannot be", n, 0);
    evtchn(EVTCHNOP_unmask, &u);
    evtchn(EVTCHNOP_set_priority, &p);
    hc(__HYPERVISOR_sched_op, SCHEDOP_poll, &poll);
}

void test(void)
{
    words = page_alloc();
    control = page_alloc();
    vi->evtchn_upcall_mask = 1;
    trace_on(true);
    OK("FIFO", init());
    OK("start", vcpu_start(1, scribbler));
    EXPECT_EQ("runs", wait_until(&runs, 3000000000UL), 1);
    u64 end = now() + 1200000000UL;
    unsigned i;
    for (i = 0; now() < end; i++) {
        operate(i);
        if (i % 512 == 511) {
            struct evtchn_reset r = { .dom = DOMID_SELF };
            long rc;
            while ((rc = evtchn(EVTCHNOP_reset, &r)) == -ERESTART)
                ;
            OK("reset", rc);
            memset(port, 0, sizeof(port));
            OK("FIFO again", init());
        }
        vi->evtchn_upcall_pending = 0;
    }
    trace_on(false);
    stop = true;
    EXPECT_EQ("done", wait_until(&done, 3000000000UL), 1);
    say("  %u rounds, %lu scribbles", i, scribbles);
    struct evtchn_reset r = { .dom = DOMID_SELF };
    OK("reset", evtchn(EVTCHNOP_reset, &r));
    OK("its page is free", set_flags((void *)words, READ_PAGE));
    /* Events work as before. */
    struct evtchn_bind_ipi ipi = { .vcpu = 0 };
    OK("bind", evtchn(EVTCHNOP_bind_ipi, &ipi));
    shared->evtchn_mask[0] = 0;
    shared->evtchn_pending[0] = 0;
    struct evtchn_send s = { .port = ipi.port };
    OK("send", evtchn(EVTCHNOP_send, &s));
    EXPECT_EQ("arrives", shared->evtchn_pending[0] >> ipi.port & 1, 1);
    audit_key();
}
