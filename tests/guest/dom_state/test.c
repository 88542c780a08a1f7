/*
 * The state of a vcpu, read and written while it sleeps. Its CPU may still hold all of it, as nobody else ran there:
 * what was changed outside must nevertheless be what the vcpu goes on with. What a CPU would refuse to load is refused
 * when it is set. And an NMI from outside wakes one that sleeps for ever, which it did not, once: the one use of it is
 * a guest that hangs.
 *
 * QEMU: -smp 2
 * Options: dom0_max_vcpus=1
 */
#include "dom.h"

enum { READY, NMIS, STOP, FS_BASE, AUX, XMM };    /* words of the mailbox */

static void on_nmi(struct regs *r)
{
    (void)r;
    child_mb->word[NMIS]++;
}

/* Sleep for ever, but for NMIs; tell after each. */
static u64 sleep(u64 a, u64 b, u64 c)
{
    struct xennmi_callback cb = { .handler_address = (u64)trap_stubs + 2 * 16 };
    (void)a, (void)b, (void)c;
    handler[2] = on_nmi;
    OK("register", hc(__HYPERVISOR_nmi_op, XENNMI_register_callback, &cb));
    for (;;) {
        u32 lo, hi;
        u64 xmm;
        __asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(0xc0000100));
        child_mb->word[FS_BASE] = lo | (u64)hi << 32;
        __asm__ volatile("rdtscp" : "=c"(child_mb->word[AUX]) : : "rax", "rdx");
        __asm__ volatile("clts; movq %%xmm3, %0" : "=r"(xmm));
        child_mb->word[XMM] = xmm;
        child_mb->word[READY]++;
        if (child_mb->word[STOP])
            return 0;
        hc(__HYPERVISOR_sched_op, SCHEDOP_block);
    }
}

static struct dom d;

/* When it has told so often, it is asleep some milliseconds later. */
static bool asleep(u64 times)
{
    struct xen_domctl_getdomaininfo info;
    for (u64 end = now() + 2000000000; now() < end; nap())
        if (((volatile struct mailbox *)d.mb)->word[READY] == times && domain_info(d.id, &info) == 0 &&
            (info.flags & XEN_DOMINF_blocked))
            return true;
    return false;
}

static long nmi(void)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_sendtrigger, .domain = d.id };
    op.u.sendtrigger.trigger = XEN_DOMCTL_SENDTRIGGER_NMI;
    return domctl(&op);
}

static vcpu_guest_context_t context;
static u8 extended[8192] __attribute__((aligned(8)));
static u64 extended_size, features;

static long context_op(u32 cmd)
{
    struct xen_domctl op = { .cmd = cmd, .domain = d.id };
    set_xen_guest_handle(op.u.vcpucontext.ctxt, &context);
    return domctl(&op);
}

static long extended_op(u32 cmd)
{
    struct xen_domctl op = { .cmd = cmd, .domain = d.id };
    op.u.vcpuextstate.size = extended_size;
    op.u.vcpuextstate.xfeature_mask = features;
    if (extended_size)
        set_xen_guest_handle(op.u.vcpuextstate.buffer, (u64 *)extended);
    long rc = domctl(&op);
    extended_size = op.u.vcpuextstate.size;
    features = op.u.vcpuextstate.xfeature_mask;
    return rc;
}

static long set_aux(u32 index, u64 value)
{
    xen_domctl_vcpu_msr_t msr = { .index = index, .value = value };
    struct xen_domctl op = { .cmd = XEN_DOMCTL_set_vcpu_msrs, .domain = d.id };
    op.u.vcpu_msrs.msr_count = 1;
    set_xen_guest_handle(op.u.vcpu_msrs.msrs, &msr);
    return domctl(&op);
}

#define MXCSR 24                /* in the legacy region */
#define XMM3 (160 + 3 * 16)
#define HEADER 512              /* of the XSAVE area: components, compaction, reserved */
#define AREA 16                 /* where it begins in what the tools see */

static void refused(const char *what, unsigned at, u64 value)
{
    u64 was;
    memcpy(&was, extended + at, 8);
    memcpy(extended + at, &value, 8);
    check(__FILE__, __LINE__, what, extended_op(XEN_DOMCTL_setvcpuextstate), -EINVAL);
    memcpy(extended + at, &was, 8);
}

void test(void)
{
    const u64 value = 0x5ec4e75ec4e7;
    dom_create(&d);
    domain_pin(d.id, 0, 2);
    dom_start_call(&d, sleep, 0, 0, 0);
    EXPECT_EQ("it sleeps", asleep(1), 1);
    OK("NMI", nmi());
    EXPECT_EQ("it woke, and sleeps", asleep(2), 1);
    EXPECT_EQ("of an NMI", d.mb->word[NMIS], 1);

    OK("read", context_op(XEN_DOMCTL_getvcpucontext));
    context.fs_base = value;
    OK("write", context_op(XEN_DOMCTL_setvcpucontext));
    OK("NMI", nmi());
    EXPECT_EQ("awake and asleep", asleep(3), 1);
    EXPECT_EQ("FS base", d.mb->word[FS_BASE], value);

    REFUSED("another MSR", set_aux(0xc0000101, 1));
    REFUSED("more bits than TSC_AUX has", set_aux(0xc0000103, 1UL << 32));
    OK("TSC_AUX", set_aux(0xc0000103, 0x1234567));
    OK("NMI", nmi());
    EXPECT_EQ("awake and asleep", asleep(4), 1);
    EXPECT_EQ("TSC_AUX", d.mb->word[AUX], 0x1234567);

    OK("how large", extended_op(XEN_DOMCTL_getvcpuextstate));
    REQUIRE(extended_size >= AREA + HEADER + 64 && extended_size < sizeof(extended));
    OK("read", extended_op(XEN_DOMCTL_getvcpuextstate));
    refused("MXCSR with reserved bits", AREA + MXCSR, ~0UL);
    refused("a component that was never used", AREA + HEADER, 1UL << 9);
    refused("compacted", AREA + HEADER + 8, 1UL << 63);
    refused("a reserved word", AREA + HEADER + 56, 1);
    refused("XCR0 without x87", 0, 2);
    refused("XCR0 of more than it ever was", 0, 7);
    memcpy(extended + AREA + XMM3, &value, 8);
    OK("write", extended_op(XEN_DOMCTL_setvcpuextstate));
    OK("NMI", nmi());
    EXPECT_EQ("awake and asleep", asleep(5), 1);
    EXPECT_EQ("xmm3", d.mb->word[XMM], value);

    OK("read", context_op(XEN_DOMCTL_getvcpucontext));
    u32 *mxcsr = (u32 *)((u8 *)&context.fpu_ctxt + MXCSR), was = *mxcsr;
    *mxcsr = ~0u;
    EXPECT_EQ("MXCSR with reserved bits", context_op(XEN_DOMCTL_setvcpucontext), -EINVAL);
    *mxcsr = was;
    OK("as it was", context_op(XEN_DOMCTL_setvcpucontext));
    d.mb->word[STOP] = 1;
    OK("NMI", nmi());
    EXPECT_EQ("it comes back", dom_wait(&d, 2000000000), 1);
    EXPECT_EQ("by the fifth NMI", d.mb->word[NMIS], 5);
    dom_drain(&d);
    dom_destroy(&d);
}
