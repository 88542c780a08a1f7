/*
 * Domains with a cap that die deep in debt. The cap's timer gives a budget back every 20 ms and wakes the vcpus that
 * wait for it; a domain that ran over its budget on all CPUs has such a timer under way when it is destroyed, and the
 * timer must not find vcpus that are being freed. Weights and caps are changed until the last moment and beyond.
 *
 * Image: debug
 * QEMU: -smp 3
 * Seconds: 60
 */
#include "dom.h"

static u64 burn(u64 a, u64 b, u64 c)
{
    (void)a, (void)b, (void)c;
    for (;;)
        ;
}

/* A vcpu of its own for each CPU. */
static void burn_too(void) { burn(0, 0, 0); }
static u64 burn_all(u64 a, u64 b, u64 c)
{
    OK("start", vcpu_start(1, burn_too) | vcpu_start(2, burn_too));
    return burn(a, b, c);
}

static long cap(u16 id, unsigned percent)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_scheduler_op, .domain = id };
    op.u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;
    op.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_putinfo;
    op.u.scheduler_op.u.credit2.cap = (u16)percent;
    return domctl(&op);
}

void test(void)
{
    u64 before = free_pages_after_first_domain(), ran = 0;
    for (unsigned i = 0; i < 12; i++) {
        static struct dom d;
        dom_create_vcpus(&d, 3);
        OK("cap", cap(d.id, 1 + i % 3 * 20));
        dom_start_call(&d, burn_all, 0, 0, 0);
        for (u64 end = now() + 30000000 + i * 1000000; now() < end;)
            nap();
        ran += domain_ran(d.id);
        REQUIRE_OK(unmap_frame((void *)d.mb));
        long rc;
        do {
            rc = domctl_simple(XEN_DOMCTL_destroydomain, d.id);
            cap(d.id, i);
        } while (rc == -ERESTART);
        OK("destroyed", rc);
        cap(d.id, 50);
    }
    say("  12 domains ran for %lu ms", ran / 1000000);
    EXPECT(ran > 0);
    EXPECT_EQ("memory is back", free_pages_settled(before), before);
    audit_key();
}
