/*
 * What is refused, and for which reason: each check here stands alone before something that would go wrong, and a
 * wrong reason would mean that another one further in stopped it, or none.
 *
 * Differs: reasons
 */
#include "dom.h"
#include <xen/hypfs.h>
#include <xen/sched.h>

static struct dom d;

/* ---- what tools may not ask ---- */

static long ports(u32 first, u32 n)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_ioport_permission, .domain = d.id };
    op.u.ioport_permission = (struct xen_domctl_ioport_permission){ .first_port = first, .nr_ports = n,
                                                                    .allow_access = 1 };
    return domctl(&op);
}

static long frames(u64 first, u64 n)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_iomem_permission, .domain = d.id };
    op.u.iomem_permission = (struct xen_domctl_iomem_permission){ .first_mfn = first, .nr_mfns = n, .allow_access = 1 };
    return domctl(&op);
}

static void rights(void)
{
    OK("ports of nobody", ports(0x2e8, 8));
    EXPECT_EQ("the interrupt controller's", ports(0x20, 2), -EPERM);
    EXPECT_EQ("from beyond the last", ports(0x10000, 1), -EINVAL);
    EXPECT_EQ("beyond the last", ports(0xffff, 2), -EINVAL);
    EXPECT_EQ("around the end of numbers", ports(0xffffffff, 2), -EINVAL);
    EXPECT_EQ("the local APIC", frames(0xfee00, 1), -EPERM);
    EXPECT_EQ("no frames", frames(0xfd000, 0), -EINVAL);
    EXPECT_EQ("frames around the end of numbers", frames(0xfd000, ~0UL - 0xfcffeUL), -EINVAL);
}

static void pauses(void)
{
    struct xen_domctl_getdomaininfo info;
    EXPECT_EQ("nobody paused it", domctl_simple(XEN_DOMCTL_unpausedomain, d.id), -EINVAL);
    for (unsigned i = 0; i < 255; i++)
        REQUIRE_OK(domctl_simple(XEN_DOMCTL_pausedomain, d.id));
    EXPECT_EQ("once more", domctl_simple(XEN_DOMCTL_pausedomain, d.id), -EOVERFLOW);
    for (unsigned i = 0; i < 255; i++)
        REQUIRE_OK(domctl_simple(XEN_DOMCTL_unpausedomain, d.id));
    EXPECT_EQ("nobody pauses it", domctl_simple(XEN_DOMCTL_unpausedomain, d.id), -EINVAL);
    OK("info", domain_info(d.id, &info));
    EXPECT_EQ("paused", info.flags & XEN_DOMINF_paused, 0);
}

static long vcpus(u32 n)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_max_vcpus, .domain = d.id, .u.max_vcpus.max = n };
    return domctl(&op);
}

static long context(u16 id)
{
    static vcpu_guest_context_t c;
    struct xen_domctl op = { .cmd = XEN_DOMCTL_setvcpucontext, .domain = id };
    c.flags = VGCF_in_kernel;
    c.ctrlreg[3] = our_l4() << 12;
    set_xen_guest_handle(op.u.vcpucontext.ctxt, &c);
    return domctl(&op);
}

static void others(void)
{
    static u8 bits[16384];
    static char path[8192];
    static u64 answer[8];
    EXPECT_EQ("one vcpu of two", vcpus(1), -EINVAL);
    EXPECT_EQ("a third", vcpus(3), -EINVAL);
    EXPECT_EQ("its own context", context(0), -EINVAL);
    struct xen_sysctl s = { .cmd = XEN_SYSCTL_cpupool_op };
    s.u.cpupool_op.op = XEN_SYSCTL_CPUPOOL_OP_INFO;
    s.u.cpupool_op.cpumap.nr_bits = 65537;
    set_xen_guest_handle(s.u.cpupool_op.cpumap.bitmap, bits);
    EXPECT_EQ("a bitmap that is too long", sysctl(&s), -EINVAL);
    memset(path, 'a', sizeof(path));
    path[0] = '/', path[sizeof(path) - 1] = 0;
    EXPECT_EQ("a path that is too long",
              hc(__HYPERVISOR_hypfs_op, XEN_HYPFS_OP_read, path, sizeof(path), answer, sizeof(answer)), -EINVAL);
    EXPECT_EQ("a flush in another domain", mmuext1_dom(MMUEXT_TLB_FLUSH_LOCAL, 0, 0, d.id), -EPERM);
    struct sched_pin_override pin = { .pcpu = 63 };
    EXPECT_EQ("pinned to a CPU that is not there", hc(__HYPERVISOR_sched_op, SCHEDOP_pin_override, &pin), -EINVAL);
    pin.pcpu = 64;
    EXPECT_EQ("or cannot be", hc(__HYPERVISOR_sched_op, SCHEDOP_pin_override, &pin), -EINVAL);
}

/* ---- what a guest may not ask ---- */

static u64 as_guest(u64 a, u64 b, u64 c)
{
    static vcpu_guest_context_t context;
    static evtchn_port_t quiet[129];
    struct evtchn_bind_ipi ipi = { .vcpu = 0 };
    struct vcpu_set_singleshot_timer timer = { .timeout_abs_ns = 1 };
    struct sched_watchdog w = { .timeout = 100 };
    struct sched_poll p = { .nr_ports = 129, .timeout = 1 };
    xen_pfn_t frame = a;
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };
    (void)b, (void)c;
    EXPECT_EQ("up without a context", hc(__HYPERVISOR_vcpu_op, VCPUOP_up, 1, 0), -EINVAL);
    EXPECT_EQ("a context for who runs", hc(__HYPERVISOR_vcpu_op, VCPUOP_initialise, 0, &context), -EEXIST);
    EXPECT_EQ("another's timer", hc(__HYPERVISOR_vcpu_op, VCPUOP_set_singleshot_timer, 1, &timer), -EINVAL);
    EXPECT_EQ("a watchdog", hc(__HYPERVISOR_sched_op, SCHEDOP_watchdog, &w), 1);
    w.id = 65;
    EXPECT_EQ("another one, 64 bits further", hc(__HYPERVISOR_sched_op, SCHEDOP_watchdog, &w), -EINVAL);
    w.id = 1, w.timeout = 0;
    OK("no watchdog", hc(__HYPERVISOR_sched_op, SCHEDOP_watchdog, &w));
    OK("a port on which nothing comes", evtchn(EVTCHNOP_bind_ipi, &ipi));
    for (unsigned i = 0; i < 129; i++)
        quiet[i] = ipi.port;
    set_xen_guest_handle(p.ports, quiet);
    EXPECT_EQ("too many ports", hc(__HYPERVISOR_sched_op, SCHEDOP_poll, &p), -EINVAL);
    set_xen_guest_handle(r.extent_start, &frame);
    EXPECT_EQ("shared info given back", hc(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, &r), 0);
    return 0;
}

/* ---- what nobody may ask of a dying domain ---- */

static void dying(void)
{
    u64 frame = d.mfn[d.pages - 1];
    long err, rc;
    void *held = map_frame(frame, d.id, READ_PAGE, &err);
    REQUIRE_OK(err);
    REQUIRE_OK(unmap_frame((void *)d.mb));
    while ((rc = domctl_simple(XEN_DOMCTL_destroydomain, d.id)) == -ERESTART)
        ;
    OK("destroyed", rc);
    EXPECT_EQ("vcpus", vcpus(2), -EINVAL);
    EXPECT_EQ("a context", context(d.id), -EINVAL);
    struct xen_domctl op = { .cmd = XEN_DOMCTL_set_virq_handler, .domain = d.id };
    op.u.set_virq_handler.virq = VIRQ_CON_RING;
    EXPECT_EQ("the machine's interrupts", domctl(&op), -EINVAL);
    op = (struct xen_domctl){ .cmd = XEN_DOMCTL_shadow_op, .domain = d.id };
    op.u.shadow_op.op = XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY;
    EXPECT_EQ("a log of its writes", domctl(&op), -EINVAL);
    REQUIRE_OK(unmap_frame(held));
    EXPECT_EQ("gone", context(d.id), -ESRCH);
}

void test(void)
{
    dom_create_vcpus(&d, 2);
    rights();
    pauses();
    others();
    dom_call(&d, as_guest, d.shared_mfn, 0, 0);
    audit_key();
    dying();
}
