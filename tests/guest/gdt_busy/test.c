/*
 * A page table that is still being taken apart, named as a descriptor table. Taking a big tree apart is done in pieces
 * between which the guest runs (its timer event here), and what is half done is neither table nor free. set_gdt does
 * one piece and says "busy", it never goes on and on; the frame is a descriptor table only when nothing of the page
 * table is left, and the unpin that was under way finds its work done by others.
 *
 * QEMU: -icount shift=0,sleep=off
 * Options: dom0_mem=64M loglvl=error guest_loglvl=none
 * Differs: pieces are of other sizes
 */
#include "pv.h"

#define TREE 512
static u64 *proto, *l2;
static volatile unsigned busy, taken, other, events, writable;
static xen_pfn_t frame;

static void arm(void)
{
    struct vcpu_set_singleshot_timer t = { .timeout_abs_ns = now() + 50000 };
    hc(__HYPERVISOR_vcpu_op, VCPUOP_set_singleshot_timer, 0, &t);
}

static void on_event(struct regs *r)
{
    (void)r;
    vi->evtchn_upcall_pending = 0;
    vi->evtchn_pending_sel = 0;
    shared->evtchn_pending[0] = 0;
    if (taken)
        return;
    events++;
    long rc = hc(__HYPERVISOR_set_gdt, &frame, 512);
    if (rc == -EBUSY) {
        busy++;
        writable += !set_flags(l2, KERNEL_PAGE);
    } else if (!rc)
        taken++;
    else
        other++;
    if (!taken)
        arm();
}

static u64 spare(unsigned i) { return p2m[si->nr_pages - 1 - i]; }

static void make_tree(void)
{
    static struct mmuext_op ops[TREE];
    for (unsigned i = 0; i < TREE; i++) {
        ops[i] = (struct mmuext_op){ .cmd = MMUEXT_COPY_PAGE, .arg1.mfn = spare(i), .arg2.src_mfn = va_mfn(proto) };
        l2[i] = spare(i) << 12 | TABLE;
    }
    REQUIRE_OK(hc(__HYPERVISOR_mmuext_op, ops, TREE, 0, DOMID_SELF));
    REQUIRE_OK(set_flags(l2, READ_PAGE));
}

void test(void)
{
    struct evtchn_bind_virq v = { .virq = VIRQ_TIMER, .vcpu = 0 };
    OK("virq", evtchn(EVTCHNOP_bind_virq, &v));
    handler[VECTOR_EVENT] = on_event;
    hc(__HYPERVISOR_vcpu_op, VCPUOP_stop_periodic_timer, 0, 0);
    proto = (u64 *)page_alloc(), l2 = (u64 *)page_alloc();
    u64 ro = va_mfn(page_alloc());
    for (unsigned i = 0; i < 512; i++)
        proto[i] = ro << 12 | READ_PAGE;
    frame = va_mfn(l2);
    for (unsigned round = 0; round < 3; round++) {
        busy = taken = other = events = writable = 0;
        make_tree();
        OK("pin", mmuext1(MMUEXT_PIN_L2_TABLE, frame));
        arm();
        vi->evtchn_upcall_mask = 0;
        long rc = mmuext1(MMUEXT_UNPIN_TABLE, frame);
        for (u64 until = now() + 20000000; !taken && now() < until;)
            relax();
        vi->evtchn_upcall_mask = 1;
        say("  round %u: unpin %ld; %u events, busy %u times, then taken %u, refused %u", round, rc, events, busy,
            taken, other);
        EXPECT(busy > 0);
        EXPECT_EQ("never mapped writable before", writable, 0);
        EXPECT_EQ("a descriptor table in the end", taken, 1);
        EXPECT_EQ("no other refusal", other, 0);
        EXPECT(rc == 0 || rc == -EINVAL);
        REFUSED("not writable meanwhile", set_flags(l2, KERNEL_PAGE));
        REFUSED("nor a page table", mmuext1(MMUEXT_PIN_L2_TABLE, frame));
        OK("no GDT", hc(__HYPERVISOR_set_gdt, NULL, 0));
        OK("writable", set_flags(l2, KERNEL_PAGE));
        OK("what it named is free", mmuext1(MMUEXT_PIN_L1_TABLE, spare(0)));
        OK("unpin", mmuext1(MMUEXT_UNPIN_TABLE, spare(0)));
    }
}
