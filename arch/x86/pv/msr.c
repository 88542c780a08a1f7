/*
 * MSRs of PV guests.
 *
 * A PV kernel has few registers of its own: segment bases, TSC_AUX. The rest exists because kernels written for real
 * CPUs probe it: such a read gets a harmless constant, such a write is accepted when it changes nothing that matters.
 * Invariant: no value a guest writes reaches a CPU register except the segment bases (canonical) and TSC_AUX, and no
 * machine register is shown except those listed in machine_readable(). Everything else raises #GP, which kernels
 * expect of unknown registers. Reads of the machine's own are for domain 0, which manages it.
 */
#include "arch/x86/pv/msr.h"
#include "arch/arch.h"
#include "arch/x86/asm.h"
#include "arch/x86/cpu.h"
#include "arch/x86/pv/cpuid.h"
#include "arch/x86/pv/segment.h"
#include "core/frame.h"
#include "core/reject.h"
#include "core/vcpu.h"

#define MSR_TSC 0x10
#define MSR_UCODE_REV 0x8b
#define MSR_PLATFORM_INFO 0xce
#define MSR_MISC_FEATURES 0x140
#define MSR_MCG_STATUS 0x17a
#define MSR_MCG_CTL 0x17b
#define MSR_FEATURE_CONTROL 0x3a
#define MSR_PERF_STATUS 0x198
#define MSR_PERF_CTL 0x199
#define MSR_THERM_STATUS 0x19c
#define MSR_PERF_CAPABILITIES 0x345
#define MSR_FIXED_CTR_CTRL 0x38d
#define MSR_PERF_GLOBAL_CTRL 0x38f
#define MSR_MC0_CTL 0x400
#define MSR_MC_LAST 0x47f
#define MSR_K7_EVNTSEL0 0xc0010000
#define MSR_K7_PERFCTR3 0xc0010007
#define MSR_SYSCFG 0xc0010010
#define MSR_HWCR 0xc0010015
#define MSR_NB_CFG 0xc001001f
#define MSR_FAM15_EVNTSEL0 0xc0010200
#define MSR_FAM15_PERFCTR5 0xc001020b
#define MSR_DE_CFG 0xc0011029
#define MSR_HYPERCALL 0x40000000        /* what is written asks for a hypercall page (public header arch-x86/cpuid.h) */

#define PV_PAT 0x0000050100070406UL /* the memory types PTE bits select in the PV interface: WB WT UC- UC WC WP UC UC */
#define APIC_BASE_DEFAULT 0xfee00000UL
#define APIC_BASE_ENABLE (1UL << 11)
#define APIC_BASE_BSP (1UL << 8)
#define MISC_ENABLE_REFUSED (1UL << 7 | 1UL << 18) /* performance monitoring, MONITOR */
#define MISC_ENABLE_UNAVAILABLE (1UL << 11 | 1UL << 12 | 1UL << 23) /* BTS, PEBS, xTPR */
#define FEATURE_CONTROL_LOCKED (1UL << 0)
#define MCE_BANKS 2
#define DE_CFG_LFENCE_SERIALISES (1UL << 1)

/*
 * Machine registers domain 0 may read: reading them has no effect and tells of the machine it manages. Memory types are
 * not among them (platform_op reads those), nor energy and clock counters, which tell of everybody's doings.
 */
static bool machine_readable(u32 msr)
{
    switch (msr) {
    case 0x17:                                      /* platform id: names the microcode */
        return cpu_has.intel;
    case MSR_NB_CFG: case 0xc0010061 ... 0xc001006b: /* P-states */
        return cpu_has.amd;
    default:
        return false;
    }
}

/* Registers that read as zero and swallow writes: performance counters (no PMU), error banks (none). */
static bool reads_zero(u32 msr)
{
    switch (msr) {
    case MSR_MCG_STATUS: case MSR_MCG_CTL: case MSR_MC0_CTL ... MSR_MC_LAST:
    case MSR_MISC_FEATURES: case MSR_PERF_CAPABILITIES: case MSR_HYPERCALL:
        return true;
    case MSR_K7_EVNTSEL0 ... MSR_K7_PERFCTR3: case MSR_FAM15_EVNTSEL0 ... MSR_FAM15_PERFCTR5: case MSR_HWCR:
    case MSR_SYSCFG:
        return cpu_has.amd;
    case MSR_PERF_STATUS: case MSR_PERF_CTL: case MSR_THERM_STATUS: case MSR_FIXED_CTR_CTRL: case MSR_PERF_GLOBAL_CTRL:
        return cpu_has.intel;
    default:
        return false;
    }
}

static long read_machine(struct vcpu *v, u32 msr, u64 *val)
{
    if (v->domain->privileged && machine_readable(msr) && rdmsr_safe(msr, val))
        return 0;
    return reject(-ENXIO, "rdmsr %#x: not for guests", msr);
}

static long read_misc_enable(u64 *val)
{
    if (!rdmsr_safe(MSR_MISC_ENABLE, val))
        return reject(-ENXIO, "rdmsr %#x: not on this CPU", MSR_MISC_ENABLE);
    *val = (*val & ~MISC_ENABLE_REFUSED) | MISC_ENABLE_UNAVAILABLE;
    return 0;
}

long guest_rdmsr(struct vcpu *v, u32 msr, u64 *val)
{
    *val = 0;
    switch (msr) {
    case MSR_FS_BASE:
        *val = fs_base_read();
        return 0;
    case MSR_GS_BASE:
        *val = gs_base_read();
        return 0;
    case MSR_KERNEL_GS_BASE:
        *val = gs_shadow_read();
        return 0;
    case MSR_TSC:
        *val = rdtsc();
        return 0;
    case MSR_TSC_AUX:
        *val = v->arch.tsc_aux;
        return cpu_has.rdtscp ? 0 : reject(-ENXIO, "rdmsr %#x: not on this CPU", msr);
    case MSR_EFER:
        *val = rdmsr(MSR_EFER) & (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE);
        return 0;
    case MSR_APIC_BASE:
        *val = APIC_BASE_DEFAULT | APIC_BASE_ENABLE | (v->id == 0 ? APIC_BASE_BSP : 0);
        return 0;
    case MSR_PAT:
        *val = PV_PAT;
        return 0;
    case MSR_MC0_CTL:
    case MSR_MC0_CTL + 4:       /* both banks: every error reported */
        *val = ~0UL;
        return 0;
    case MSR_MCG_CAP:
        *val = MCE_BANKS;
        return 0;
    case MSR_UCODE_REV:
        rdmsr_safe(msr, val);
        return 0;
    case MSR_DE_CFG:
        *val = DE_CFG_LFENCE_SERIALISES; /* we made it so or it cannot be otherwise; kernels only want to see the bit */
        return cpu_has.amd ? 0 : reject(-ENXIO, "rdmsr %#x: not on this CPU", msr);
    case MSR_FEATURE_CONTROL:
        *val = FEATURE_CONTROL_LOCKED;  /* and nothing allowed: no VMX */
        return cpu_has.intel ? 0 : reject(-ENXIO, "rdmsr %#x: not on this CPU", msr);
    case MSR_PLATFORM_INFO:
        *val = v->domain->arch.policy->platform_info;
        return 0;
    case MSR_MISC_ENABLE:
        return read_misc_enable(val);
    default:
        return reads_zero(msr) ? 0 : read_machine(v, msr, val);
    }
}

static long write_base(u32 msr, u64 val)
{
    if (!va_canonical(val))
        return reject(-EPERM, "wrmsr %#x: %#lx is not canonical", msr, val);
    if (msr == MSR_FS_BASE)
        fs_base_write(val);
    else if (msr == MSR_GS_BASE)
        gs_base_write(val);
    else
        gs_shadow_write(val);
    return 0;
}

/* A kernel without the ELF note asks for its hypercall page here: page number 0 at a frame of its own. */
static long write_hypercall_page(struct vcpu *v, u64 val)
{
    mfn_t mfn = val >> PAGE_SHIFT;

    if ((val & ~PAGE_MASK) || !frame_get_writable(mfn, v->domain))
        return reject(-EPERM, "wrmsr %#x: %#lx is no frame of the caller's for hypercall page 0", MSR_HYPERCALL, val);
    arch_hypercall_page(mfn_to_virt(mfn));
    frame_put_writable(mfn);
    return 0;
}

long guest_wrmsr(struct vcpu *v, u32 msr, u64 val)
{
    u64 now;

    switch (msr) {
    case MSR_FS_BASE:
    case MSR_GS_BASE:
    case MSR_KERNEL_GS_BASE:
        return write_base(msr, val);
    case MSR_TSC_AUX:
        if (!cpu_has.rdtscp || val >> 32)
            return reject(-EPERM, "wrmsr %#x: value %#lx", msr, val);
        v->arch.tsc_aux = val;
        wrmsr(MSR_TSC_AUX, val);
        return 0;
    case MSR_HYPERCALL:
        return write_hypercall_page(v, val);
    case MSR_UCODE_REV: /* written with 0 before it is read, as manuals ask */
        return val ? reject(-EPERM, "wrmsr %#x: value %#lx", msr, val) : 0;
    case MSR_DE_CFG:
    case MSR_MISC_ENABLE:
        return guest_rdmsr(v, msr, &now); /* writable where readable, without effect */
    case MSR_EFER:
    case MSR_APIC_BASE:
    case MSR_PAT:
        if (guest_rdmsr(v, msr, &now) == 0 && now == val)
            return 0;
        return reject(-EPERM, "wrmsr %#x: %#lx would change %#lx", msr, val, now);
    default:
        return reads_zero(msr) ? 0 : reject(-ENXIO, "wrmsr %#x value %#lx: not for guests", msr, val);
    }
}
