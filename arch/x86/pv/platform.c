/*
 * do_platform_op: the machine's owner speaks about the machine (public header platform.h).
 *
 * Problem: these calls change or reveal the whole machine.
 * Invariant: only a privileged domain gets past the first check, and the argument block is fetched once, acted on as a
 * copy and written back whole where it holds an answer. What Serai does not do (frequencies, microcode, hot-plug) is
 * refused with the reason and not silently accepted: the tools then say so.
 */
#include "arch/arch.h"
#include "arch/x86/asm.h"
#include "arch/x86/cpu.h"
#include "arch/x86/power.h"
#include "arch/x86/pv/firmware.h"
#include "arch/x86/pv/pm.h"
#include "core/ctl/ctl.h"
#include "core/domain.h"
#include "core/guest.h"
#include "core/hypercall.h"
#include "core/reject.h"
#include "core/sched.h"
#include "core/vcpu.h"
#include "lib/clamp.h"
#include "lib/print.h"
#include "lib/string.h"

#define MSR_MTRR_CAP 0xfe
#define MSR_MTRR_BASE0 0x200
#define MTRR_VALID (1UL << 11)
/* Intel processor vendor-specific ACPI interface: states entered natively (P, C1, throttling, C2 and deeper). */
#define PDC_REVISION 1
#define PDC_NATIVE_STATES (1u << 0 | 1u << 1 | 1u << 2 | 1u << 9)

/* ---- time ---- */

static long set_time(u64 sec, u64 nsec, u64 mbz, u64 system_time)
{
    if (nsec >= 1000000000 || mbz)
        return reject(-EINVAL, "settime: %lu nanoseconds", nsec);
    /* wc_sec is 64 bits wide, ours counts nanoseconds: until the year 2554. */
    if (sec > ~0UL / 1000000000 - 1)
        return reject(-EINVAL, "settime: %lu seconds after 1970 are out of range", sec);
    machine_wallclock_set(sec, (u32)nsec, system_time);
    machine_wallclock_publish(current->domain);
    return 0;
}

static long op_settime32(xen_platform_op_t *op)
{
    return set_time(op->u.settime32.secs, op->u.settime32.nsecs, 0, op->u.settime32.system_time);
}

static long op_settime64(xen_platform_op_t *op)
{
    return set_time(op->u.settime64.secs, op->u.settime64.nsecs, op->u.settime64.mbz, op->u.settime64.system_time);
}

/* ---- CPUs ---- */

static long op_cpuinfo(xen_platform_op_t *op)
{
    xenpf_pcpuinfo_t *i = &op->u.pcpu_info;

    i->max_present = nr_cpus - 1;
    if (i->xen_cpuid >= nr_cpus) {
        i->flags = XEN_PCPU_FLAGS_INVALID;
        return 0;
    }
    const struct cpu *cpu = &cpus[index_clamp(i->xen_cpuid, nr_cpus)];
    i->flags = cpu->online ? XEN_PCPU_FLAGS_ONLINE : 0;
    i->apic_id = cpu->apic_id;
    i->acpi_id = cpu->acpi_id;
    return 0;
}

/* All CPUs that Serai runs on are alike enough for this: the one it runs on answers. */
static long op_cpu_version(xen_platform_op_t *op)
{
    xenpf_pcpu_version_t *v = &op->u.pcpu_version;
    struct cpuid l0 = cpuid(0, 0), l1 = cpuid(1, 0);
    u32 family = l1.a >> 8 & 15;

    v->max_present = nr_cpus - 1;
    memset(v->vendor_id, 0, sizeof(v->vendor_id));
    v->family = v->model = v->stepping = 0;
    if (v->xen_cpuid >= nr_cpus)
        return 0;
    memcpy(v->vendor_id, &l0.b, 4);
    memcpy(v->vendor_id + 4, &l0.d, 4);
    memcpy(v->vendor_id + 8, &l0.c, 4);
    v->family = family == 15 ? family + (l1.a >> 20 & 0xff) : family;
    v->model = (l1.a >> 4 & 15) | (family == 15 || family == 6 ? l1.a >> 12 & 0xf0 : 0);
    v->stepping = l1.a & 15;
    return 0;
}

static long op_cpu_online(xen_platform_op_t *op)
{
    u32 cpu = op->u.cpu_ol.cpuid;

    if (cpu >= nr_cpus)
        return reject(-EINVAL, "CPU %u does not exist; there are %u", cpu, nr_cpus);
    return 0;       /* every CPU that exists is online */
}

static long op_cpu_offline(xen_platform_op_t *op)
{
    return reject(-EOPNOTSUPP, "CPU %u: taking CPUs offline is not supported", op->u.cpu_ol.cpuid);
}

static long op_core_parking(xen_platform_op_t *op)
{
    if (op->u.core_parking.type != XEN_CORE_PARKING_GET)
        return reject(-EOPNOTSUPP, "core parking is not supported: idle CPUs halt anyway");
    op->u.core_parking.idle_nums = 0;
    return 0;
}

/* Idle times of the CPUs in the caller's bitmap; absent ones are cleared there and get 0. */
static long op_idletime(xen_platform_op_t *op)
{
    xenpf_getidletime_t *g = &op->u.getidletime;
    gva_t map = HVA(g->cpumap_bitmap), times = HVA(g->idletime);
    u32 limit = min(g->cpumap_nr_cpus, (u32)MAX_CPUS);

    g->now = now_ns();
    for (u32 cpu = 0; cpu < limit; cpu++) {
        u8 bits;
        u64 idle = cpu < nr_cpus ? cpu_idle_time(cpu) : 0;

        if (copy_elem_from_guest(&bits, map, cpu / 8))
            return reject(-EFAULT, "getidletime: the CPU bitmap is not readable");
        if (!(bits >> cpu % 8 & 1))
            continue;
        bits &= (u8)~(1u << cpu % 8);
        if ((cpu >= nr_cpus && copy_elem_to_guest(map, cpu / 8, &bits)) || copy_elem_to_guest(times, cpu, &idle))
            return reject(-EFAULT, "getidletime: bitmap or times are not writable");
    }
    return 0;
}

/* ---- power ---- */

static long op_sleep(xen_platform_op_t *op)
{
    const xenpf_enter_acpi_sleep_t *s = &op->u.enter_acpi_sleep;
    long err;

    if (s->flags)
        return reject(-EOPNOTSUPP, "sleep by the registers of hardware-reduced ACPI is not supported");
    if (s->sleep_state < 1 || s->sleep_state > 5)
        return reject(-EINVAL, "ACPI sleep state S%u does not exist", s->sleep_state);
    if (s->sleep_state != 5)
        return reject(-EOPNOTSUPP, "ACPI sleep state S%u: only S5, power-off, is supported", s->sleep_state);
    err = power_set_s5(s->val_a, s->val_b);
    if (err)
        return err;
    log_info("Domain 0 switches the machine off");
    machine_end(MACHINE_POWEROFF);
}

/*
 * A kernel asks what it may tell the firmware it can do with power states (ACPI _PDC: revision, count, bits). The
 * firmware must not offer states that need MWAIT or MSRs, which nobody here would enter.
 */
static long sanitize_pdc(gva_t buffer)
{
    u32 pdc[3];

    for (unsigned i = 0; i < ARRAY_SIZE(pdc); i++)
        if (copy_elem_from_guest(&pdc[i], buffer, i))
            return reject(-EFAULT, "processor capabilities: the buffer is not readable");
    if (pdc[0] != PDC_REVISION || !pdc[1])
        return reject(-EINVAL, "processor capabilities: revision %u with %u words", pdc[0], pdc[1]);
    pdc[2] &= ~PDC_NATIVE_STATES;
    if (copy_elem_to_guest(buffer, 2, &pdc[2]))
        return reject(-EFAULT, "processor capabilities: the buffer is not writable");
    return 0;
}

static long op_pminfo(xen_platform_op_t *op)
{
    if (op->u.set_pminfo.type == XEN_PM_PDC)
        return sanitize_pdc(HVA(op->u.set_pminfo.u.pdc));
    return pm_upload(&op->u.set_pminfo);
}

static long op_firmware(xen_platform_op_t *op) { return firmware_info(&op->u.firmware_info); }

/* ---- memory types: the firmware's, which nobody changes ---- */

static long op_read_memtype(xen_platform_op_t *op)
{
    struct xenpf_read_memtype *m = &op->u.read_memtype;
    u64 cap, base, mask;

    if (!rdmsr_safe(MSR_MTRR_CAP, &cap) || m->reg >= (cap & 0xff) ||
        !rdmsr_safe(MSR_MTRR_BASE0 + 2 * m->reg, &base) || !rdmsr_safe(MSR_MTRR_BASE0 + 2 * m->reg + 1, &mask))
        return refuse_quietly(-EINVAL);     /* how a kernel finds their end */
    m->mfn = m->nr_mfns = m->type = 0;
    if (!(mask & MTRR_VALID))
        return 0;
    mask &= ~(u64)(PAGE_SIZE - 1);
    m->mfn = base >> PAGE_SHIFT;
    m->nr_mfns = (mask & -mask) >> PAGE_SHIFT;
    m->type = base & 0xff;
    return 0;
}

/* ---- what Serai leaves alone ---- */

static const struct absent absent[] = {
    { XENPF_add_memtype, "MTRRs stay as the firmware set them; guests choose memory types by PAT" },
    { XENPF_del_memtype, "MTRRs stay as the firmware set them; guests choose memory types by PAT" },
    { XENPF_microcode_update, "microcode is loaded by the firmware or the boot loader only" },
    { XENPF_platform_quirk, "no chipset quirks are known" },
    { XENPF_efi_runtime_call, "EFI run-time services are not passed on" },
    { XENPF_change_freq, "CPU frequencies are not managed" },
    { XENPF_cpu_hotadd, "CPU hot-plug is not supported" },
    { XENPF_mem_hotadd, "memory hot-plug is not supported" },
    { XENPF_resource_op, "raw MSR access is not given to any domain" },
    { XENPF_get_symbol, "the hypervisor's symbols are in its ELF file" },
};

static const struct {
    u32 cmd;
    bool answer;
    long (*fn)(xen_platform_op_t *);
} operations[] = {
    { XENPF_read_memtype, true, op_read_memtype },
    { XENPF_settime32, false, op_settime32 },
    { XENPF_settime64, false, op_settime64 },
    { XENPF_firmware_info, true, op_firmware },
    { XENPF_enter_acpi_sleep, false, op_sleep },
    { XENPF_getidletime, true, op_idletime },
    { XENPF_set_processor_pminfo, false, op_pminfo },
    { XENPF_get_cpuinfo, true, op_cpuinfo },
    { XENPF_get_cpu_version, true, op_cpu_version },
    { XENPF_cpu_online, false, op_cpu_online },
    { XENPF_cpu_offline, false, op_cpu_offline },
    { XENPF_core_parking, true, op_core_parking },
};

long do_platform_op(u64 arg)
{
    xen_platform_op_t op;
    long r;

    if (!current->domain->privileged)
        return reject(-EPERM, "platform operations are for the domain that owns the machine");
    if (copy_from_guest(&op, GVA(arg), sizeof(op)))
        return reject(-EFAULT, "platform operation: argument at %#lx is not readable", arg);
    if (op.interface_version != XENPF_INTERFACE_VERSION)
        return reject(-EACCES, "platform interface version %#x, ours is %#x", op.interface_version,
                      XENPF_INTERFACE_VERSION);
    for (unsigned i = 0; i < ARRAY_SIZE(operations); i++) {
        if (operations[i].cmd != op.cmd)
            continue;
        r = operations[i].fn(&op);
        if (r == 0 && operations[i].answer && copy_to_guest(GVA(arg), &op, sizeof(op)))
            return reject(-EFAULT, "platform operation %u: argument at %#lx is not writable", op.cmd, arg);
        return r;
    }
    return ctl_absent(absent, ARRAY_SIZE(absent), "platform operation", op.cmd);
}
