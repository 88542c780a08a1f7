/*
 * Domain 0 hands up what ACPI says of idle states and frequencies, and asks how CPUs idled: kept whole or refused, told
 * back as it came, and nothing made up. Could go wrong: counts and pointers that are believed, a processor that does
 * not exist, a table half replaced, a time in C1 that does not grow while the machine sleeps.
 *
 * QEMU: -smp 2
 */
#include "dom.h"

static struct xen_platform_op op;
static struct xen_sysctl sys;
static struct xen_processor_cx cx[9];
static struct xen_processor_px px[256];

static long upload(u32 type, u32 id)
{
    op.cmd = XENPF_set_processor_pminfo;
    op.interface_version = XENPF_INTERFACE_VERSION;
    op.u.set_pminfo.type = type;
    op.u.set_pminfo.id = id;
    return hc(__HYPERVISOR_platform_op, &op);
}

static long upload_cx(u32 id, u32 count, struct xen_processor_cx *states)
{
    op = (struct xen_platform_op){ .u.set_pminfo.u.power.count = count };
    set_xen_guest_handle(op.u.set_pminfo.u.power.states, states);
    return upload(XEN_PM_CX, id);
}

static struct xen_processor_performance *fresh_px(u32 flags, u32 count)
{
    struct xen_processor_performance *p = &op.u.set_pminfo.u.perf;

    op = (struct xen_platform_op){ 0 };
    p->flags = flags;
    p->state_count = count;
    p->control_register.space_id = p->status_register.space_id = 0x7f;
    p->domain_info = (struct xen_psd_package){ .num_entries = 5, .coord_type = 0xfd, .num_processors = 2 };
    p->shared_type = XEN_CPUPERF_SHARED_TYPE_ANY;
    set_xen_guest_handle(p->states, px);
    return p;
}

static long stat(u32 type, u32 cpu)
{
    sys.cmd = XEN_SYSCTL_get_pmstat;
    sys.u.get_pmstat.type = type;
    sys.u.get_pmstat.cpuid = cpu;
    return sysctl(&sys);
}

static u64 halts[4], times[4];
static long cx_stat(u32 cpu)
{
    sys = (struct xen_sysctl){ .u.get_pmstat.u.getcx.nr = 4 };
    set_xen_guest_handle(sys.u.get_pmstat.u.getcx.triggers, halts);
    set_xen_guest_handle(sys.u.get_pmstat.u.getcx.residencies, times);
    return stat(PMSTAT_get_cxstat, cpu);
}

static void idle_states(void)
{
    u64 before;

    OK("without a table", stat(PMSTAT_get_max_cx, 0));
    EXPECT_EQ("C0 and the halt", sys.u.get_pmstat.u.getcx.nr, 2);
    cx[0] = (struct xen_processor_cx){ .reg.space_id = 0x7f, .type = 1, .latency = 1 };
    cx[1] = (struct xen_processor_cx){ .reg = { .space_id = 1, .address = 0x414 }, .type = 2, .latency = 100 };
    OK("two states", upload_cx(1, 2, cx));
    OK("of them", stat(PMSTAT_get_max_cx, 1));
    EXPECT_EQ("C0, C1, C2", sys.u.get_pmstat.u.getcx.nr, 3);
    OK("counters", cx_stat(1));
    before = times[1];
    nap();
    OK("counters", cx_stat(1));
    EXPECT(times[1] > before && halts[1] > 0);
    EXPECT_EQ("C2 is not entered", halts[2] | times[2], 0);
    OK("reset", stat(PMSTAT_reset_cxstat, 1));
    OK("counters", cx_stat(1));
    EXPECT(times[1] < before + 1000000000);
    sys.cmd = XEN_SYSCTL_pm_op;
    sys.u.pm_op.cmd = XEN_SYSCTL_pm_op_set_max_cstate;
    sys.u.pm_op.cpuid = 0;
    sys.u.pm_op.u.set_max_cstate = 1;
    OK("C1 at most", sysctl(&sys));
    sys.u.pm_op.u.set_max_cstate = 2;
    EXPECT_EQ("C2 at most", sysctl(&sys), -EOPNOTSUPP);
    EXPECT_EQ("CPU 7", stat(PMSTAT_get_max_cx, 7), -EINVAL);
    EXPECT_EQ("CPU 2^32 - 1", stat(PMSTAT_get_cxstat, ~0u), -EINVAL);
    EXPECT_EQ("no such statistics", stat(0x77, 0), -EOPNOTSUPP);
    sys = (struct xen_sysctl){ .u.get_pmstat.u.getcx.nr = ~0u };
    set_xen_guest_handle(sys.u.get_pmstat.u.getcx.triggers, (u64 *)0xffff830000000000);
    EXPECT_EQ("counters into the hypervisor", stat(PMSTAT_get_cxstat, 1), -EFAULT);
}

static void bad_idle_states(void)
{
    EXPECT_EQ("no state", upload_cx(0, 0, cx), -EINVAL);
    EXPECT_EQ("nine states", upload_cx(0, 9, cx), -E2BIG);
    EXPECT_EQ("2^32 - 1 states", upload_cx(0, ~0u, cx), -E2BIG);
    EXPECT_EQ("nowhere", upload_cx(0, 1, (void *)8), -EFAULT);
    EXPECT_EQ("in the hypervisor", upload_cx(0, 1, (void *)0xffff830000000000), -EFAULT);
    EXPECT_EQ("processor 99", upload_cx(99, 1, cx), -EINVAL);
    EXPECT_EQ("processor 2^32 - 1", upload_cx(~0u, 1, cx), -EINVAL);
    cx[1].reg.address = 0x10000;
    EXPECT_EQ("a port beyond the last", upload_cx(1, 2, cx), -EINVAL);
    cx[1].reg.address = 0x414;
    cx[1].type = 9;
    EXPECT_EQ("C9", upload_cx(1, 2, cx), -EINVAL);
    cx[1].type = 0;
    EXPECT_EQ("C0", upload_cx(1, 2, cx), -EINVAL);
    cx[1].type = 2;
    cx[1].reg.space_id = 3;
    EXPECT_EQ("a state entered by an I2C bus", upload_cx(1, 2, cx), -EINVAL);
    OK("the old table", stat(PMSTAT_get_max_cx, 1));
    EXPECT_EQ("is still there", sys.u.get_pmstat.u.getcx.nr, 3);
    EXPECT_EQ("throttling states", upload(XEN_PM_TX, 0), -ENOSYS);
}

static void frequencies(void)
{
    static u32 khz[3], affected[1];
    static char names[CPUFREQ_NAME_LEN];
    struct xen_get_cpufreq_para *p = &sys.u.pm_op.u.get_para;

    sys = (struct xen_sysctl){ .cmd = XEN_SYSCTL_pm_op };
    sys.u.pm_op.cmd = GET_CPUFREQ_PARA;
    EXPECT_EQ("none are known", sysctl(&sys), -ENODEV);
    for (unsigned i = 0; i < 3; i++)
        px[i] = (struct xen_processor_px){ .core_frequency = 3000 - 500 * i, .control = i };
    fresh_px(XEN_PX_PCT | XEN_PX_PSS | XEN_PX_PPC | XEN_PX_PSD, 3)->platform_limit = 1;
    OK("three", upload(XEN_PM_PX, 0));
    EXPECT_EQ("sizes first", sysctl(&sys), -EAGAIN);
    EXPECT_EQ("three frequencies", p->freq_num, 3);
    set_xen_guest_handle(p->affected_cpus, affected);
    set_xen_guest_handle(p->scaling_available_frequencies, khz);
    set_xen_guest_handle(p->scaling_available_governors, names);
    OK("then all", sysctl(&sys));
    EXPECT_EQ("the fastest", khz[0], 3000000);
    EXPECT_EQ("the slowest", p->cpuinfo_min_freq, 2000000);
    EXPECT_EQ("what the firmware allows", p->scaling_max_freq, 2500000);
    sys.u.pm_op.cmd = SET_CPUFREQ_GOV;
    EXPECT_EQ("a governor", sysctl(&sys), -EOPNOTSUPP);
    fresh_px(XEN_PX_PPC, 0)->platform_limit = ~0u;
    OK("only the limit", upload(XEN_PM_PX, 0));
    sys.u.pm_op.cmd = GET_CPUFREQ_PARA;
    OK("a limit beyond the table", sysctl(&sys));
    EXPECT_EQ("is the slowest", p->scaling_max_freq, 2000000);
    EXPECT_EQ("statistics, which nobody makes", stat(PMSTAT_get_pxstat, 0), -ENODEV);
}

static void bad_frequencies(void)
{
    fresh_px(0, 3);
    EXPECT_EQ("nothing", upload(XEN_PM_PX, 0), -EINVAL);
    fresh_px(0x80, 3);
    EXPECT_EQ("an unknown part", upload(XEN_PM_PX, 0), -EINVAL);
    fresh_px(XEN_PX_PSS, 0);
    EXPECT_EQ("no state", upload(XEN_PM_PX, 0), -EINVAL);
    fresh_px(XEN_PX_PSS, 256);
    EXPECT_EQ("256 states", upload(XEN_PM_PX, 0), -E2BIG);
    fresh_px(XEN_PX_PSS, 4);
    EXPECT_EQ("a state of 0 MHz", upload(XEN_PM_PX, 0), -EINVAL);
    px[2].core_frequency = 4294968;
    fresh_px(XEN_PX_PSS, 3);
    EXPECT_EQ("more kHz than 32 bits hold", upload(XEN_PM_PX, 0), -EINVAL);
    set_xen_guest_handle(fresh_px(XEN_PX_PSS, 3)->states, (void *)0xffff830000000000);
    EXPECT_EQ("in the hypervisor", upload(XEN_PM_PX, 0), -EFAULT);
    fresh_px(XEN_PX_PSD, 0)->domain_info.coord_type = 1;
    EXPECT_EQ("no such coordination", upload(XEN_PM_PX, 0), -EINVAL);
    fresh_px(XEN_PX_PCT, 0)->control_register.space_id = 3;
    EXPECT_EQ("no such address space", upload(XEN_PM_PX, 0), -EINVAL);
}

void test(void)
{
    u64 before;

    idle_states();
    bad_idle_states();
    frequencies();
    before = free_pages();
    for (unsigned i = 0; i < 200; i++) { /* a new table replaces the old one, and a refused one leaves nothing */
        fresh_px(XEN_PX_PSS, 3);
        OK("again", upload(XEN_PM_PX, 0));
        fresh_px(XEN_PX_PSS, 255);
        EXPECT_EQ("states of 0 MHz", upload(XEN_PM_PX, 0), -EINVAL);
    }
    EXPECT_EQ("memory", free_pages(), before);
    bad_frequencies();
}
