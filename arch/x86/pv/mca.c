/*
 * do_mca: machine-check telemetry (public header arch-x86/xen-mca.h).
 *
 * Serai keeps no telemetry: a machine check is fatal and printed. So fetching says "no data", injecting is refused, and
 * what is honestly known, the list of CPUs, is given. A kernel's machine-check driver loads and stays quiet.
 */
#include "arch/arch.h"
#include "arch/x86/asm.h"
#include "arch/x86/cpu.h"
#include "core/domain.h"
#include "core/guest.h"
#include "core/hypercall.h"
#include "core/reject.h"
#include "core/vcpu.h"
#include "lib/string.h"
#include <xen/arch-x86/xen-mca.h>

static long fetch(xen_mc_fetch_t *f)
{
    u32 flags = f->flags;

    if (flags != XEN_MC_NONURGENT && flags != XEN_MC_URGENT && flags != (XEN_MC_NONURGENT | XEN_MC_ACK) &&
        flags != (XEN_MC_URGENT | XEN_MC_ACK))
        return reject(-EINVAL, "machine-check fetch with flags %#x", flags);
    f->fetch_id = 0;
    f->flags = flags & XEN_MC_ACK ? XEN_MC_OK : XEN_MC_NODATA;
    return 0;
}

/* Topology is not told: every CPU looks like a package of its own. Vendor, family and caps are the boot CPU's kind. */
static void describe(xen_mc_logical_cpu_t *c, unsigned cpu)
{
    struct cpuid l0 = cpuid(0, 0), l1 = cpuid(1, 0), e1 = cpuid(0x80000001, 0);
    u32 family = l1.a >> 8 & 15;
    u64 mcg_cap = 0;

    memset(c, 0, sizeof(*c));
    c->mc_cpunr = cpu;
    c->mc_chipid = cpu;
    c->mc_apicid = c->mc_clusterid = cpus[cpu].apic_id;
    c->mc_ncores = c->mc_ncores_active = c->mc_nthreads = 1;
    c->mc_cpuid_level = (s32)l0.a;
    memcpy(c->mc_vendorid, (const u32[]){ l0.b, l0.d, l0.c }, 12);
    c->mc_family = family == 15 ? family + (l1.a >> 20 & 0xff) : family;
    c->mc_model = (l1.a >> 4 & 15) | (family == 15 || family == 6 ? l1.a >> 12 & 0xf0 : 0);
    c->mc_step = l1.a & 15;
    if (cpuid(0x80000000, 0).a >= 0x80000004)
        for (u32 i = 0; i < 3; i++) {
            struct cpuid b = cpuid(0x80000002 + i, 0);
            memcpy(c->mc_brandid + 16 * i, &b, 16);
        }
    c->mc_cpu_caps[MC_CAPS_STD_EDX] = l1.d;
    c->mc_cpu_caps[MC_CAPS_STD_ECX] = l1.c;
    c->mc_cpu_caps[MC_CAPS_AMD_EDX] = e1.d;
    c->mc_cpu_caps[MC_CAPS_AMD_ECX] = e1.c;
    c->mc_cache_alignment = l1.b >> 5 & 0x7f8;
    if (rdmsr_safe(MSR_MCG_CAP, &mcg_cap)) {
        c->mc_nmsrvals = 1;
        c->mc_msrvalues[0] = (xen_mcinfo_msr_t){ MSR_MCG_CAP, mcg_cap };
    }
}

static long cpu_list(xen_mc_physcpuinfo_t *p)
{
    u32 room = p->ncpus;
    gva_t at = HVA(p->info);

    p->ncpus = nr_cpus;
    for (u32 cpu = 0; !gva_null(at) && cpu < min(room, nr_cpus); cpu++) {
        xen_mc_logical_cpu_t c;
        describe(&c, cpu);
        if (copy_elem_to_guest(at, cpu, &c))
            return reject(-EFAULT, "machine-check CPU list: the buffer is not writable");
    }
    return 0;
}

long do_mca(u64 arg)
{
    xen_mc_t op;
    long r;

    if (!current->domain->privileged)
        return reject(-EPERM, "machine-check operations are for the domain that owns the machine");
    if (copy_from_guest(&op, GVA(arg), sizeof(op)))
        return reject(-EFAULT, "machine-check operation: argument at %#lx is not readable", arg);
    if (op.interface_version != XEN_MCA_INTERFACE_VERSION)
        return reject(-EACCES, "machine-check interface version %#x, ours is %#x", op.interface_version,
                      XEN_MCA_INTERFACE_VERSION);
    switch (op.cmd) {
    case XEN_MC_fetch:
        r = fetch(&op.u.mc_fetch);
        break;
    case XEN_MC_physcpuinfo:
        r = cpu_list(&op.u.mc_physcpuinfo);
        break;
    case XEN_MC_notifydomain:
    case XEN_MC_msrinject:
    case XEN_MC_mceinject:
    case XEN_MC_inject_v2:
        return reject(-EOPNOTSUPP, "machine checks are neither injected nor passed to guests");
    default:
        return reject(-EINVAL, "machine-check operation %u does not exist", op.cmd);
    }
    if (r == 0 && copy_to_guest(GVA(arg), &op, sizeof(op)))
        return reject(-EFAULT, "machine-check operation: argument at %#lx is not writable", arg);
    return r;
}
