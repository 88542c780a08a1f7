/*
 * Segment bases of the running vcpu. While the guest's kernel runs the CPU's GS base is the kernel's and
 * MSR_KERNEL_GS_BASE ("shadow") holds the user's; while its user runs it is the other way round. Serai itself never
 * uses GS, so both are live all the time and are only in struct arch_vcpu while the vcpu does not run.
 */
#pragma once
#include "lib/types.h"
#include "arch/x86/asm.h"
#include "arch/x86/cpu.h"

/* Canonical in 48 bits: what the CPU accepts as a base or as an address to jump to. */
static inline bool va_canonical(u64 va) { return (u64)((s64)(va << 16) >> 16) == va; }

/* Are the instructions there just now? CR4 says so as the guest on this CPU wants it (control.c). */
static inline bool fsgsbase_on(void) { return read_cr4() & CR4_FSGSBASE; }

static inline u64 fs_base_read(void) { return fsgsbase_on() ? rdfsbase() : rdmsr(MSR_FS_BASE); }
static inline u64 gs_base_read(void) { return fsgsbase_on() ? rdgsbase() : rdmsr(MSR_GS_BASE); }
static inline void fs_base_write(u64 base)
{
    if (fsgsbase_on())
        wrfsbase(base);
    else
        wrmsr(MSR_FS_BASE, base);
}
static inline void gs_base_write(u64 base)
{
    if (fsgsbase_on())
        wrgsbase(base);
    else
        wrmsr(MSR_GS_BASE, base);
}
static inline u64 gs_shadow_read(void) { return rdmsr(MSR_KERNEL_GS_BASE); }
static inline void gs_shadow_write(u64 base) { wrmsr(MSR_KERNEL_GS_BASE, base); }
