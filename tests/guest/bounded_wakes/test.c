/*
 * Bounded time, of waking: a domain of 128 vcpus that all wait for the same thing. Measured as in tests/guest/bounded.
 *
 * QEMU: -icount shift=0,sleep=off
 * Options: dom0_mem=64M loglvl=error guest_loglvl=none
 * Differs: longer stretches there
 * Seconds: 60
 */
#include "bounded.h"
#include <xen/sched.h>

#define VCPUS 128

static struct dom d;

/* What its vcpus do, without a stack: poll two ports again and again. */
static evtchn_port_t ports[2];
struct sched_poll poll_args = { .nr_ports = 2 };
extern char poll_forever[];
__asm__(".pushsection .text\n"
        "poll_forever: mov $29, %eax\n\tmov $3, %edi\n\tmov $poll_args, %rsi\n\tsyscall\n\tjmp poll_forever\n"
        ".popsection");

static u64 prepare(u64 port, u64 b, u64 c)
{
    (void)b, (void)c;
    struct evtchn_bind_interdomain x = { .remote_dom = 0, .remote_port = (u32)port };
    OK("bind", evtchn(EVTCHNOP_bind_interdomain, &x));
    ports[0] = ports[1] = x.local_port;
    memset((void *)shared->evtchn_mask, 0xff, sizeof(shared->evtchn_mask));
    shared->evtchn_pending[0] = 0;
    set_xen_guest_handle(poll_args.ports, ports);
    return x.local_port;
}
static u64 take(u64 a, u64 b, u64 c) { (void)a, (void)b, (void)c; return shared->evtchn_pending[0] = 0; }

/* ... or run for ever. */
extern char run_forever[];
__asm__(".pushsection .text\n"
        "run_forever: jmp run_forever\n"
        ".popsection");

static void start_all(char *code)
{
    static vcpu_guest_context_t c;
    c.flags = VGCF_in_kernel | VGCF_online;
    c.user_regs.rip = (u64)code;
    c.user_regs.cs = FLAT_KERNEL_CS;
    c.user_regs.ss = c.kernel_ss = FLAT_KERNEL_SS;
    c.user_regs.rflags = 0x202;
    c.ctrlreg[3] = d.l4 << 12;
    c.ctrlreg[0] = 0x80050033;
    for (unsigned i = 1; i < VCPUS; i++) {
        struct xen_domctl op = { .cmd = XEN_DOMCTL_setvcpucontext, .domain = d.id, .u.vcpucontext.vcpu = i };
        set_xen_guest_handle(op.u.vcpucontext.ctxt, &c);
        REQUIRE_OK(domctl(&op));
    }
}

static u64 burn(u64 a, u64 b, u64 c)
{
    (void)a, (void)b, (void)c;
    for (;;)
        ;
}

static unsigned blocked(void)
{
    unsigned n = 0;
    for (unsigned i = 1; i < VCPUS; i++) {
        struct xen_domctl op = { .cmd = XEN_DOMCTL_getvcpuinfo, .domain = d.id, .u.getvcpuinfo.vcpu = i };
        OK("info", domctl(&op));
        n += op.u.getvcpuinfo.blocked;
    }
    return n;
}

/* All of them used up their domain's cap, and get it back at once. Domain 0 runs meanwhile, and goes on. */
static void caps(void)
{
    dom_create_vcpus(&d, VCPUS);
    domain_share(0, 65535, 0);
    domain_share(d.id, 1, 1);
    start_all(run_forever);
    dom_start_call(&d, burn, 0, 0, 0);
    for (unsigned i = 0; i < 10; i++)
        nap();
    u64 ran = domain_ran(d.id);
    EXPECT(ran > 0);
    BOUNDED("a cap for 128 vcpus", for (u64 end = now() + 50000000; now() < end;));
    REQUIRE_OK(unmap_frame((void *)d.mb));
    OK("pause", domctl_simple(XEN_DOMCTL_pausedomain, d.id));
}

void test(void)
{
    bounded_init();
    dom_create_vcpus(&d, VCPUS);
    struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = d.id };
    OK("port", evtchn(EVTCHNOP_alloc_unbound, &a));
    dom_call(&d, prepare, a.port, 0, 0);
    start_all(poll_forever);
    for (unsigned i = 0; i < 200 && blocked() < VCPUS - 1; i++)
        nap();
    EXPECT_EQ("all poll", blocked(), VCPUS - 1);
    struct evtchn_send send = { .port = a.port };
    BOUNDED("an event that 127 vcpus poll", OK("send", evtchn(EVTCHNOP_send, &send)));
    EXPECT_EQ("all woken", blocked(), 0);
    dom_call(&d, take, 0, 0, 0);
    BOUNDED("pause of 128 vcpus", OK("pause", domctl_simple(XEN_DOMCTL_pausedomain, d.id)));
    EXPECT_EQ("and on", domctl_simple(XEN_DOMCTL_unpausedomain, d.id), 0);
    dom_destroy(&d);
    caps();
    bounded_worst();
}
