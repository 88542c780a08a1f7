/*
 * Processor power management (public headers platform.h, XENPF_set_processor_pminfo; sysctl.h, get_pmstat and pm_op).
 *
 * Problem: which idle states (C1, C2, ...) and frequencies (P-states) a processor has is written in ACPI's bytecode,
 * which only domain 0 can execute. Its driver hands the tables up, one processor at a time, and tools ask for them
 * and for what became of them.
 * Invariant: a table is kept whole and checked or not at all; what is counted was seen, what was not seen is not
 * reported.
 * What is done with them: nothing. An idle CPU executes HLT, which is C1 on every processor, whatever the table says;
 * deeper states are listed with usage 0. The frequency is the firmware's and the hardware's business: there is no
 * driver and no governor, and no counting of P-states, so these are listed without a current one, and whoever wants to
 * change anything is refused.
 * Imprecise on purpose: the time in C1 is the time during which nobody ran, which includes interrupts that woke
 * nobody; the times are read one after the other.
 */
#include "arch/arch.h"
#include "arch/x86/cpu.h"
#include "arch/x86/pv/pm.h"
#include "core/guest.h"
#include "core/heap.h"
#include "core/lock.h"
#include "core/reject.h"
#include "core/sched.h"
#include "lib/clamp.h"
#include "lib/print.h"
#include "lib/string.h"

#define MAX_CX 8            /* a kernel keeps as many, C0 included */
#define MAX_PX 255          /* elements of an ACPI package; the report counts in a byte */
#define MAX_MHZ 4000000     /* the report has kHz in 32 bits */
#define PX_PARTS (XEN_PX_PCT | XEN_PX_PSS | XEN_PX_PPC | XEN_PX_PSD)

/* ACPI's address spaces for these registers, and the ways in which processors of one group depend on each other. */
#define SPACE_IO 1
#define SPACE_FIXED_HARDWARE 0x7f
#define PSD_ENTRIES 5
#define PSD_COORD_FIRST 0xfc
#define PSD_COORD_LAST 0xfe

struct cx_state {
    u8 type, space;
    u32 latency, power;     /* us, mW */
    u64 address;
};

struct px_table {
    unsigned count;
    struct xen_processor_px state[];
};

static struct {
    unsigned cx_count;
    struct cx_state cx[MAX_CX];
    u32 px_parts;           /* XEN_PX_*: which of the following came */
    u32 px_limit;           /* the fastest state that the firmware allows now, as it said: may be beyond the table */
    struct px_table *px;
    u64 halts0;             /* counters are reported from here on (reset) */
    ns_t idle0, time0;
} pm[MAX_CPUS];
static struct spinlock lock = SPINLOCK(leaf);

/* ---- tables from domain 0 ---- */

static int cpu_of_acpi_id(u32 id)
{
    for (unsigned cpu = 0; cpu < nr_cpus; cpu++)
        if (cpus[cpu].acpi_id == id)
            return (int)cpu;
    return -1;
}

static long cx_check(unsigned i, const struct xen_processor_cx *c)
{
    if (c->type < 1 || c->type > 3)
        return reject(-EINVAL, "idle state %u: C%u is no type", i, c->type);
    if (c->reg.space_id != SPACE_IO && c->reg.space_id != SPACE_FIXED_HARDWARE)
        return reject(-EINVAL, "idle state %u: entered by a register in address space %u", i, c->reg.space_id);
    if (c->reg.space_id == SPACE_IO && (!c->reg.address || c->reg.address > 0xffff))
        return reject(-EINVAL, "idle state %u: entered by port %#lx", i, c->reg.address);
    return 0;
}

/* Dependencies (_CSD) are not fetched: they say who else must enter a state, and nobody enters any that has some. */
static long upload_cx(unsigned cpu, const struct xen_processor_power *p)
{
    struct cx_state cx[MAX_CX];
    long err;

    if (!p->count || p->count > MAX_CX)
        return reject(p->count ? -E2BIG : -EINVAL, "CPU %u: %u idle states, 1 to %u can be", cpu, p->count, MAX_CX);
    for (unsigned i = 0; i < p->count; i++) {
        struct xen_processor_cx c;

        if (copy_elem_from_guest(&c, HVA(p->states), i))
            return reject(-EFAULT, "CPU %u: idle state %u cannot be read", cpu, i);
        err = cx_check(i, &c);
        if (err)
            return err;
        cx[i] = (struct cx_state){ c.type, (u8)c.reg.space_id, c.latency, c.power, c.reg.address };
    }
    spin_lock(&lock);
    pm[cpu].cx_count = p->count;
    memcpy(pm[cpu].cx, cx, p->count * sizeof(cx[0]));
    spin_unlock(&lock);
    return 0;
}

static bool pct_ok(const struct xen_pct_register *r)
{
    return r->space_id == SPACE_IO ? r->address && r->address <= 0xffff : r->space_id == SPACE_FIXED_HARDWARE;
}

static long px_check(unsigned cpu, const struct xen_processor_performance *p)
{
    const struct xen_psd_package *g = &p->domain_info;

    if (!p->flags || (p->flags & ~PX_PARTS))
        return reject(-EINVAL, "CPU %u: parts %#x of a P-state table", cpu, p->flags);
    if ((p->flags & XEN_PX_PCT) && (!pct_ok(&p->control_register) || !pct_ok(&p->status_register)))
        return reject(-EINVAL, "CPU %u: P-state registers in address spaces %u and %u", cpu,
                      p->control_register.space_id, p->status_register.space_id);
    if ((p->flags & XEN_PX_PSS) && (!p->state_count || p->state_count > MAX_PX))
        return reject(p->state_count ? -E2BIG : -EINVAL, "CPU %u: %u P-states, 1 to %u can be", cpu, p->state_count,
                      MAX_PX);
    if ((p->flags & XEN_PX_PSD) &&
        (g->num_entries != PSD_ENTRIES || g->revision || !g->num_processors || g->coord_type < PSD_COORD_FIRST ||
         g->coord_type > PSD_COORD_LAST || p->shared_type < XEN_CPUPERF_SHARED_TYPE_HW ||
         p->shared_type > XEN_CPUPERF_SHARED_TYPE_ANY))
        return reject(-EINVAL, "CPU %u: P-state dependency with %lu entries, revision %lu, %lu processors, "
                      "coordination %#lx, shared %u", cpu, g->num_entries, g->revision, g->num_processors,
                      g->coord_type, p->shared_type);
    return 0;
}

/* The states, fetched and checked; NULL with *err. */
static struct px_table *px_fetch(unsigned cpu, const struct xen_processor_performance *p, long *err)
{
    struct px_table *t = zalloc(NULL, sizeof(*t) + p->state_count * sizeof(t->state[0]));

    if (!t) {
        *err = reject(-ENOMEM, "CPU %u: no memory for %u P-states", cpu, p->state_count);
        return NULL;
    }
    t->count = p->state_count;
    *err = 0;
    if (copy_from_guest(t->state, HVA(p->states), t->count * sizeof(t->state[0])))
        *err = reject(-EFAULT, "CPU %u: %u P-states cannot be read", cpu, t->count);
    for (unsigned i = 0; !*err && i < t->count; i++)
        if (!t->state[i].core_frequency || t->state[i].core_frequency > MAX_MHZ)
            *err = reject(-EINVAL, "CPU %u: P-state %u has %lu MHz", cpu, i, t->state[i].core_frequency);
    if (!*err)
        return t;
    zfree(t);
    return NULL;
}

static long upload_px(unsigned cpu, const struct xen_processor_performance *p)
{
    struct px_table *table = NULL, *old = NULL;
    long err = px_check(cpu, p);

    if (err)
        return err;
    if (p->flags & XEN_PX_PSS) {
        table = px_fetch(cpu, p, &err);
        if (!table)
            return err;
    }
    spin_lock(&lock);
    if (table) {
        old = pm[cpu].px;
        pm[cpu].px = table;
    }
    if (p->flags & XEN_PX_PPC)
        pm[cpu].px_limit = p->platform_limit;
    pm[cpu].px_parts |= p->flags;
    spin_unlock(&lock);
    zfree(old);
    return 0;
}

long pm_upload(const struct xenpf_set_processor_pminfo *info)
{
    int cpu = cpu_of_acpi_id(info->id);

    if (info->type != XEN_PM_CX && info->type != XEN_PM_PX)
        return reject(-ENOSYS, "processor power data of type %u: idle states and P-states are kept", info->type);
    if (cpu < 0)
        return reject(-EINVAL, "ACPI processor %u is none of the %u CPUs in use", info->id, nr_cpus);
    return info->type == XEN_PM_CX ? upload_cx((unsigned)cpu, &info->u.power) : upload_px((unsigned)cpu, &info->u.perf);
}

/* ---- idle states as reported: C0, the halt, and what the table has besides ---- */

struct cx_report {
    unsigned count;         /* with C0 */
    unsigned halt;          /* which of them is entered by HLT */
    u64 halts;
    ns_t idle, awake;
};

static struct cx_report cx_report(unsigned cpu)
{
    struct cx_report r = { .halt = 1 };
    ns_t idle = cpu_idle_time(cpu), now = now_ns();
    u64 halts = READ_ONCE(cpus[cpu].stat_halts);
    bool has_c1;

    spin_lock(&lock);
    /* Tables are in order of depth. One that begins with C2 leaves out what every processor has. */
    has_c1 = pm[cpu].cx_count && pm[cpu].cx[0].type == 1;
    r.count = 1 + max(pm[cpu].cx_count + !has_c1, 1u);
    r.halts = halts - pm[cpu].halts0;
    r.idle = idle - pm[cpu].idle0;
    r.awake = max(now - pm[cpu].time0, r.idle) - r.idle;
    spin_unlock(&lock);
    return r;
}

static long get_cxstat(unsigned cpu, struct pm_cx_stat *s)
{
    struct cx_report r = cx_report(cpu);
    gva_t triggers = HVA(s->triggers), residencies = HVA(s->residencies);

    for (unsigned i = 0; i < min(r.count, s->nr); i++) {
        u64 n = i <= r.halt ? r.halts : 0, time = i == 0 ? r.awake : i == r.halt ? r.idle : 0;

        if ((!gva_null(triggers) && copy_elem_to_guest(triggers, i, &n)) ||
            (!gva_null(residencies) && copy_elem_to_guest(residencies, i, &time)))
            return reject(-EFAULT, "counters of idle state %u cannot be written", i);
    }
    s->nr = r.count;
    s->last = r.halts ? r.halt : 0;
    s->idle_time = cpu_idle_time(cpu);
    s->nr_pc = s->nr_cc = 0;        /* the processor's own counters are not read */
    return 0;
}

static void reset_cxstat(unsigned cpu)
{
    ns_t idle = cpu_idle_time(cpu), now = now_ns();
    u64 halts = READ_ONCE(cpus[cpu].stat_halts);

    spin_lock(&lock);
    pm[cpu].halts0 = halts;
    pm[cpu].idle0 = idle;
    pm[cpu].time0 = now;
    spin_unlock(&lock);
}

long pm_sysctl_stat(struct xen_sysctl_get_pmstat *op)
{
    unsigned cpu = (unsigned)index_clamp(op->cpuid, nr_cpus);

    if (op->cpuid >= nr_cpus)
        return reject(-EINVAL, "CPU %u does not exist; there are %u", op->cpuid, nr_cpus);
    switch (op->type) {
    case PMSTAT_get_max_cx:
        op->u.getcx.nr = cx_report(cpu).count;
        return 0;
    case PMSTAT_get_cxstat:
        return get_cxstat(cpu, &op->u.getcx);
    case PMSTAT_reset_cxstat:
        reset_cxstat(cpu);
        return 0;
    case PMSTAT_get_max_px:
    case PMSTAT_get_pxstat:
    case PMSTAT_reset_pxstat:
        return reject(-ENODEV, "statistics of P-states: no driver switches frequencies, so nobody counts");
    default:
        return reject(-EOPNOTSUPP, "power statistics of type %#x do not exist", op->type);
    }
}

/* ---- frequencies as reported ---- */

static u32 px_khz(const struct px_table *t, unsigned i) { return (u32)t->state[i].core_frequency * 1000; }

/*
 * What is said of the whole, and the frequencies if khz has room for `room` of them. The number of states; 0: none
 * known.
 */
static unsigned px_report(unsigned cpu, struct xen_get_cpufreq_para *p, u32 *khz, unsigned room)
{
    const struct px_table *t;
    unsigned n = 0;

    spin_lock(&lock);
    t = pm[cpu].px;
    if (t) {
        n = t->count;
        p->cpuinfo_max_freq = px_khz(t, 0);
        p->cpuinfo_min_freq = px_khz(t, n - 1);
        p->scaling_max_freq = px_khz(t, min(pm[cpu].px_limit, n - 1));
        p->scaling_min_freq = px_khz(t, n - 1);
        for (unsigned i = 0; i < min(n, room); i++)
            khz[i] = px_khz(t, i);
    }
    spin_unlock(&lock);
    return n;
}

/*
 * The interface has no way to say that there is no driver: names of "none", as Linux has for its own, and a current
 * frequency of 0.
 */
static long get_para(unsigned cpu, struct xen_get_cpufreq_para *p)
{
    static const char nobody[CPUFREQ_NAME_LEN] = "none";
    u32 khz[MAX_PX], self = cpu, cpu_room = p->cpu_num, freq_room = p->freq_num, gov_room = p->gov_num;
    unsigned n;

    p->cpuinfo_cur_freq = p->scaling_cur_freq = 0;
    p->turbo_enabled = 0;
    memset(&p->u, 0, sizeof(p->u));
    memcpy(p->scaling_driver, nobody, sizeof(nobody));
    memcpy(p->scaling_governor, nobody, sizeof(nobody));
    n = px_report(cpu, p, khz, MAX_PX);
    if (!n)
        return reject(-ENODEV, "CPU %u: no P-states are known", cpu);
    p->cpu_num = p->gov_num = 1;
    p->freq_num = n;
    if (cpu_room != p->cpu_num || freq_room != p->freq_num || gov_room != p->gov_num)
        return refuse_quietly(-EAGAIN);     /* how the tool learns the sizes */
    if (copy_to_guest(HVA(p->affected_cpus), &self, sizeof(self)) ||
        copy_to_guest(HVA(p->scaling_available_frequencies), khz, n * sizeof(khz[0])) ||
        copy_to_guest(HVA(p->scaling_available_governors), nobody, sizeof(nobody)))
        return reject(-EFAULT, "CPU %u: its frequencies cannot be written", cpu);
    return 0;
}

/* cpuid is no CPU here but says which limit: 0 of states, 1 of sub-states. */
static long max_cstate(struct xen_sysctl_pm_op *op)
{
    if (op->cpuid > 1)
        return reject(-EINVAL, "limit %u of idle states does not exist", op->cpuid);
    if (op->cmd == XEN_SYSCTL_pm_op_get_max_cstate) {
        op->u.get_max_cstate = op->cpuid ? XEN_SYSCTL_CX_UNLIMITED : 1;
        return 0;
    }
    if (op->u.set_max_cstate == (op->cpuid ? XEN_SYSCTL_CX_UNLIMITED : 1))
        return 0;           /* so it is: C1, which has no sub-states to limit */
    return reject(-EOPNOTSUPP, "idle CPUs execute HLT (C1): no other limit than C1 can be kept");
}

long pm_sysctl_op(struct xen_sysctl_pm_op *op)
{
    unsigned cpu = (unsigned)index_clamp(op->cpuid, nr_cpus);

    if (op->cmd == XEN_SYSCTL_pm_op_get_max_cstate || op->cmd == XEN_SYSCTL_pm_op_set_max_cstate)
        return max_cstate(op);
    if (op->cpuid >= nr_cpus)
        return reject(-EINVAL, "CPU %u does not exist; there are %u", op->cpuid, nr_cpus);
    switch (op->cmd) {
    case GET_CPUFREQ_PARA:
        return get_para(cpu, &op->u.get_para);
    case GET_CPUFREQ_AVGFREQ:
        return reject(-ENODEV, "average frequency of CPU %u: nobody measures it", op->cpuid);
    case SET_CPUFREQ_GOV:
    case SET_CPUFREQ_PARA:
    case XEN_SYSCTL_pm_op_enable_turbo:
    case XEN_SYSCTL_pm_op_disable_turbo:
        return reject(-EOPNOTSUPP, "no driver switches frequencies; they are the firmware's");
    case XEN_SYSCTL_pm_op_set_sched_opt_smt:
        return reject(-EOPNOTSUPP, "the scheduler does not gather vcpus on one core to save power");
    default:
        return reject(-EOPNOTSUPP, "power operation %#x does not exist", op->cmd);
    }
}

/* ---- debug key ---- */

static void dump_cx(unsigned cpu)
{
    struct cx_report r = cx_report(cpu);

    log_always("CPU %u: halted (C1) %lu times, %lu ms of %lu ms", cpu, r.halts, r.idle / 1000000,
               (r.idle + r.awake) / 1000000);
    for (unsigned i = 0; i < MAX_CX; i++) {
        struct cx_state c;
        unsigned count;

        spin_lock(&lock);
        count = pm[cpu].cx_count;
        c = pm[cpu].cx[i];
        spin_unlock(&lock);
        if (i >= count)
            break;
        log_always("  C%u: %s %#lx, %u us, %u mW%s", c.type, c.space == SPACE_IO ? "port" : "fixed hardware", c.address,
                   c.latency, c.power, c.type > 1 ? ", not entered" : "");
    }
}

static void dump_px(unsigned cpu)
{
    struct xen_processor_px x = { 0 };
    unsigned count;
    u32 parts, limit;

    for (unsigned i = 0;; i++) {
        spin_lock(&lock);
        count = pm[cpu].px ? pm[cpu].px->count : 0;
        parts = pm[cpu].px_parts;
        limit = pm[cpu].px_limit;
        if (i < count)
            x = pm[cpu].px->state[i];
        spin_unlock(&lock);
        if (!i && parts)
            log_always("  %u P-states (parts %#x), the firmware allows P%u and slower; not switched", count, parts,
                       limit);
        if (i >= count)
            return;
        log_always("  P%u: %lu MHz, %lu mW, %lu us, control %#lx", i, x.core_frequency, x.power, x.transition_latency,
                   x.control);
    }
}

void pm_dump(void)
{
    for (unsigned cpu = 0; cpu < nr_cpus; cpu++) {
        dump_cx(cpu);
        dump_px(cpu);
    }
}
