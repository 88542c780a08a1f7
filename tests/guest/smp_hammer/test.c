/*
 * Two vCPUs at the same operations on the same things: pins, ports, grants, mappings. Answers may be errors; the
 * hypervisor must live and nothing may be lost.
 *
 * QEMU: -smp 2
 */
#include "dom.h"

static volatile bool runs, stop, done;
static u64 *l1, *l2;
static char *page;

static void round(unsigned i)
{
    struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
    struct evtchn_send s = { .port = i % 60 + 1 };
    struct evtchn_close c = { .port = (i * 7) % 60 + 1 };
    mmuext1(MMUEXT_PIN_L1_TABLE, va_mfn(l1));
    mmuext1(MMUEXT_PIN_L2_TABLE, va_mfn(l2));
    mmu1(va_mfn(l2) << 12, va_mfn(l1) << 12 | TABLE);
    mmu1(va_mfn(l1) << 12 | 8, va_mfn(page) << 12 | (i & 1 ? KERNEL_PAGE : READ_PAGE));
    mmuext1(MMUEXT_UNPIN_TABLE, va_mfn(l1));
    mmu1(va_mfn(l2) << 12, 0);
    mmuext1(MMUEXT_UNPIN_TABLE, va_mfn(l2));
    mmuext1(MMUEXT_PIN_L1_TABLE, va_mfn(l2));
    mmuext1(MMUEXT_UNPIN_TABLE, va_mfn(l2));
    evtchn(EVTCHNOP_alloc_unbound, &a);
    struct evtchn_bind_interdomain b = { .remote_dom = DOMID_SELF, .remote_port = a.port };
    evtchn(EVTCHNOP_bind_interdomain, &b);
    evtchn(EVTCHNOP_send, &s);
    evtchn(EVTCHNOP_close, &c);
    struct evtchn_bind_vcpu v = { .port = i % 60 + 1, .vcpu = i & 1 };
    evtchn(EVTCHNOP_bind_vcpu, &v);
    mmuext1(MMUEXT_TLB_FLUSH_ALL, 0);
}

static void second(void)
{
    runs = true;
    for (unsigned i = 0; !stop; i++)
        round(i);
    done = true;
}

void test(void)
{
    l1 = table_alloc();
    l2 = table_alloc();
    page = page_alloc();
    OK("start", vcpu_start(1, second));
    EXPECT_EQ("runs", wait_until(&runs, 3000000000UL), 1);
    u64 end = now() + 2000000000;
    for (unsigned i = 0; now() < end; i++)
        round(i);
    stop = true;
    EXPECT_EQ("done", wait_until(&done, 3000000000UL), 1);
    mmu1(va_mfn(l2) << 12, 0);
    for (unsigned i = 0; i < 3; i++) {
        mmuext1(MMUEXT_UNPIN_TABLE, va_mfn(l2));
        mmuext1(MMUEXT_UNPIN_TABLE, va_mfn(l1));
    }
    OK("l1 is free", set_flags(l1, KERNEL_PAGE));
    OK("l2 is free", set_flags(l2, KERNEL_PAGE));
    OK("page is free", set_flags(page, READ_PAGE));
    OK("for any use: as a page table", mmuext1(MMUEXT_PIN_L1_TABLE, va_mfn(page)));
    OK("and back", mmuext1(MMUEXT_UNPIN_TABLE, va_mfn(page)));
    struct evtchn_reset r = { .dom = DOMID_SELF };
    OK("reset", evtchn(EVTCHNOP_reset, &r));
}
