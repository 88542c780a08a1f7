/*
 * Calls that would take very long: huge lists, repeated work, pins of big trees. They are pre-empted: timer ticks go on
 * meanwhile, and the result is as if they had run in one go.
 */
#include "pv.h"

/* Marks of resumed calls: the hypervisors' private matter, which a guest can make up. */
#define MMU_UPDATE_PREEMPTED (1UL << 31)
#define MEMOP_EXTENT_SHIFT 6

static volatile unsigned ticks;
static void on_event(struct regs *r)
{
    (void)r;
    ticks++;
    vi->evtchn_upcall_pending = 0;
    vi->evtchn_pending_sel = 0;
    for (unsigned i = 0; i < 64; i++)
        shared->evtchn_pending[i] = 0;
}

void test(void)
{
    struct evtchn_bind_virq v = { .virq = VIRQ_TIMER, .vcpu = 0 };
    OK("virq", evtchn(EVTCHNOP_bind_virq, &v));
    handler[VECTOR_EVENT] = on_event;
    struct vcpu_set_periodic_timer p = { .period_ns = 5000000 };
    OK("timer", hc(__HYPERVISOR_vcpu_op, VCPUOP_set_periodic_timer, 0, &p));
    /* The same 128 flushes and page copies, a list of 20 pages of requests each. */
    char *a = page_alloc(), *b = page_alloc();
    struct mmuext_op *ops = (void *)page_alloc();
    for (unsigned i = 1; i < 20; i++)
        page_alloc();
    unsigned n = 20 * 4096 / sizeof(*ops);
    for (unsigned i = 0; i < n; i++)
        ops[i] = (struct mmuext_op){ .cmd = MMUEXT_COPY_PAGE, .arg1.mfn = va_mfn(a), .arg2.src_mfn = va_mfn(b) };
    vi->evtchn_upcall_mask = 0;
    ticks = 0;
    u32 done = 0;
    u64 t0 = now();
    for (unsigned i = 0; i < 20; i++) {
        OK("long list", hc(__HYPERVISOR_mmuext_op, ops, n, &done, DOMID_SELF));
        EXPECT_EQ("all done", done, n);
    }
    u64 t1 = now();
    EXPECT(ticks + 3 >= (t1 - t0) / 5000000 / 4);
    mmu_update_t *u = (void *)ops;
    u64 ma = entry_ma(walk((u64)a, 1));
    n = 20 * 4096 / sizeof(*u);
    for (unsigned i = 0; i < n; i++)
        u[i] = (mmu_update_t){ .ptr = ma, .val = va_mfn(i & 1 ? a : b) << 12 | KERNEL_PAGE };
    for (unsigned i = 0; i < 20; i++) {
        OK("long list", hc(__HYPERVISOR_mmu_update, u, n, &done, DOMID_SELF));
        EXPECT_EQ("all done", done, n);
    }
    EXPECT_EQ("the last one stands", PTE_MFN(*walk((u64)a, 1)), va_mfn(a));
    vi->evtchn_upcall_mask = 1;
    /* counts with the mark of a resumed call, made up by the guest */
    done = 1000;
    long rc = hc(__HYPERVISOR_mmu_update, u, 2 | MMU_UPDATE_PREEMPTED, &done, DOMID_SELF);
    EXPECT_EQ("a made-up continuation works on what it is given", rc, 0);
    hc(__HYPERVISOR_mmu_update, 0, MMU_UPDATE_PREEMPTED, 0, DOMID_SELF);
    REFUSED("made-up, in the hypervisor", hc(__HYPERVISOR_mmuext_op, 0xffff830000000000, 5 | MMU_UPDATE_PREEMPTED, 0,
                                             DOMID_SELF));
    /* Xen hands back the start it was given */
    rc = hc(__HYPERVISOR_memory_op, XENMEM_populate_physmap | ~0UL << MEMOP_EXTENT_SHIFT, u);
    (void)rc;
    struct xen_memory_reservation r = { .nr_extents = 4, .domid = DOMID_SELF };
    static xen_pfn_t list[4] = { ~0UL, ~0UL, ~0UL, ~0UL };
    set_xen_guest_handle(r.extent_start, list);
    rc = hc(__HYPERVISOR_memory_op, XENMEM_decrease_reservation | 1000UL << MEMOP_EXTENT_SHIFT, &r);
    EXPECT(rc == 1000 || rc <= 4);      /* a start beyond the end does nothing */
    handler[VECTOR_EVENT] = NULL;
}
