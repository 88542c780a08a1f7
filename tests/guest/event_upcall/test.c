/* The upcall: when it comes, when not, what it finds; IPIs to oneself; delivery on return from any hypercall. */
#include "pv.h"

USER_CODE(go_on, "ud2")
static volatile unsigned upcalls;
static volatile u64 seen_cs, seen_flags, sel;

static void on_event(struct regs *r)
{
    upcalls++;
    seen_cs = r->cs;
    seen_flags = r->rflags;
    EXPECT_EQ("masked in the handler", vi->evtchn_upcall_mask, 1);
    vi->evtchn_upcall_pending = 0;
    sel = __atomic_exchange_n((u64 *)&vi->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
    for (unsigned i = 0; i < 64; i++)
        if (sel >> i & 1)
            shared->evtchn_pending[i] = 0;
}

void test(void)
{
    struct evtchn_bind_ipi ipi = { .vcpu = 0 };
    OK("bind_ipi", evtchn(EVTCHNOP_bind_ipi, &ipi));
    struct evtchn_send s = { .port = ipi.port };
    handler[VECTOR_EVENT] = on_event;
    OK("send while masked", evtchn(EVTCHNOP_send, &s));
    EXPECT_EQ("nothing comes", upcalls, 0);
    EXPECT_EQ("but it waits", vi->evtchn_upcall_pending, 1);
    vi->evtchn_upcall_mask = 0;
    hc(__HYPERVISOR_xen_version, 0, 0);         /* the null call that lets events in */
    EXPECT_EQ("comes on return from a hypercall", upcalls, 1);
    EXPECT_EQ("interrupted kernel", seen_cs & 3, 0);
    EXPECT_EQ("IF was on", seen_flags & 0x200, 0x200);
    EXPECT_EQ("unmasked again after iret", vi->evtchn_upcall_mask, 0);
    OK("send while unmasked", evtchn(EVTCHNOP_send, &s));
    EXPECT_EQ("comes at once", upcalls, 2);
    /* a send inside of a multicall, and unmasking by iret */
    vi->evtchn_upcall_mask = 1;
    OK("send", evtchn(EVTCHNOP_send, &s));
    struct fault f;
    struct regs r = { 0 };
    r.rip = (u64)go_on;
    r.cs = FLAT_KERNEL_CS & ~3;
    r.ss = FLAT_KERNEL_SS;
    r.rflags = 0x202;
    r.rsp = (u64)user_stack_top;
    user_run_regs(&f, &r, 0);
    EXPECT_EQ("comes when iret unmasks", upcalls, 3);
    EXPECT_EQ("and then the interrupted code", f.vector, 6);
    vi->evtchn_upcall_mask = 1;
    /* sched_op block unmasks and returns when something is pending */
    OK("send", evtchn(EVTCHNOP_send, &s));
    OK("block", hc(__HYPERVISOR_sched_op, SCHEDOP_block));
    EXPECT_EQ("came", upcalls, 4);
    vi->evtchn_upcall_mask = 1;
    handler[VECTOR_EVENT] = NULL;
    struct evtchn_bind_ipi bad = { .vcpu = 7 };
    REFUSED("ipi to a vcpu that is not there", evtchn(EVTCHNOP_bind_ipi, &bad));
    bad.vcpu = 0xffffffff;
    REFUSED("ipi to vcpu 2^32-1", evtchn(EVTCHNOP_bind_ipi, &bad));
    struct evtchn_bind_virq v = { .virq = VIRQ_TIMER, .vcpu = 0 };
    OK("bind virq", evtchn(EVTCHNOP_bind_virq, &v));
    EXPECT_EQ("twice", evtchn(EVTCHNOP_bind_virq, &v), -EEXIST);
    v.virq = 24;
    REFUSED("virq 24", evtchn(EVTCHNOP_bind_virq, &v));
    v.virq = 0xffffffff;
    REFUSED("virq 2^32-1", evtchn(EVTCHNOP_bind_virq, &v));
    v.virq = VIRQ_DEBUG;
    v.vcpu = 99;
    REFUSED("vcpu 99", evtchn(EVTCHNOP_bind_virq, &v));
    struct evtchn_bind_pirq p = { .pirq = 0xffffffff };
    REFUSED("pirq 2^32-1", evtchn(EVTCHNOP_bind_pirq, &p));
    p.pirq = 100000;
    REFUSED("pirq 100000", evtchn(EVTCHNOP_bind_pirq, &p));
}
