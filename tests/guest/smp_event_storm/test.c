/*
 * Events that never end. One vcpu says all the time that another has an event pending and unmasked, in the shared word
 * looked at on each way back to the guest: a hypervisor that looks again after it has delivered one stays there,
 * with interrupts off, pushing frames on a stack that may be as long as a guest likes. (This stack is short: the guest
 * died of it.) Expected: one frame, then the guest's handler runs.
 * QEMU: -smp 2
 */
#include "pv.h"

static volatile bool stop, runs;
static volatile u64 events, at_once, end;

static void on_event(struct regs *r)
{
    events++;
    if (r->rip == (u64)entry_event)
        at_once++;
    if (now() > end)
        stop = true;        /* whom it interrupts does not get on meanwhile */
    if (stop)
        vi->evtchn_upcall_pending = 0;
}

static void storm(void)
{
    volatile u16 *pending_unmasked = (volatile u16 *)&vi->evtchn_upcall_pending;
    runs = true;
    while (!stop)
        *pending_unmasked = 1;
    runs = false;
    for (;;)
        hc(__HYPERVISOR_vcpu_op, VCPUOP_down, 1, 0);
}

void test(void)
{
    _Static_assert(offsetof(struct vcpu_info, evtchn_upcall_mask) ==
                   offsetof(struct vcpu_info, evtchn_upcall_pending) + 1, "one word");
    handler[VECTOR_EVENT] = on_event;
    hc(__HYPERVISOR_vcpu_op, VCPUOP_stop_periodic_timer, 0, 0);
    end = now() + 1500000000;   /* soon, nothing here gets on any more */
    REQUIRE_OK(vcpu_start(1, storm));
    while (!stop || runs)
        hc(__HYPERVISOR_xen_version, XENVER_version, 0);
    vi->evtchn_upcall_mask = 1;
    say("%lu events, %lu before the handler of another had begun", events, at_once);
    EXPECT(events > 1000);
    EXPECT(at_once <= events / 16);     /* an interrupt may come just there */
}
