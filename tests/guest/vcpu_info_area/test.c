/* register_vcpu_info: places that are refused, the move, once only. */
#include "pv.h"

static long place(u64 mfn, u32 offset)
{
    struct vcpu_register_vcpu_info r = { .mfn = mfn, .offset = offset };
    return hc(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0, &r);
}

void test(void)
{
    void *page = page_alloc();
    u64 mfn = va_mfn(page);
    REFUSED("offset that crosses the page", place(mfn, 4096 - 32));
    REFUSED("offset 4096", place(mfn, 4096));
    REFUSED("offset 2^32-64", place(mfn, 0xffffffc0));
    REFUSED("offset not aligned", place(mfn, 1));
    REFUSED("a page table", place(our_l4(), 0));
    REFUSED("a foreign frame", place(0x200, 0));
    REFUSED("device memory", place(0xb8, 0));
    REFUSED("beyond memory", place(1UL << 45, 0));
    REFUSED("a frame past 2^52", place(~0UL, 0));
    EXPECT_EQ("still in the shared info page", ((struct vcpu_info *)page)->evtchn_upcall_mask, 0);
    OK("a good place", place(mfn, 128));
    volatile struct vcpu_info *new = (void *)((char *)page + 128);
    EXPECT_EQ("the mask moved along", new->evtchn_upcall_mask, 1);
    REFUSED("twice", place(mfn, 256));
    EXPECT(new->time.system_time != 0 || new->time.version != 0);
    vi = new;
    REFUSED("the page is in use: no page table", ({
        REQUIRE_OK(set_flags(page, READ_PAGE));
        long rc = mmuext1(MMUEXT_PIN_L1_TABLE, mfn);
        REQUIRE_OK(set_flags(page, KERNEL_PAGE));
        rc;
    }));
    struct fault f;
    TRY(f, (void)*(volatile u64 *)0x5000);
    EXPECT_EQ("cr2 is written there", new->arch.cr2, 0x5000);
    struct evtchn_bind_ipi ipi = { .vcpu = 0 };
    OK("bind", evtchn(EVTCHNOP_bind_ipi, &ipi));
    struct evtchn_send s = { .port = ipi.port };
    OK("send", evtchn(EVTCHNOP_send, &s));
    EXPECT_EQ("pending is written there", new->evtchn_upcall_pending, 1);
    u64 t = now();
    EXPECT(now() >= t);
}
