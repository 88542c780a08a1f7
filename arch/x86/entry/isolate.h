/*
 * How a guest's user, its kernel and Serai are kept apart: this file, and nothing else, knows. Today: guest kernel and
 * guest user both run in ring 3 on two top-level tables; Serai is mapped in both, out of their reach.
 */
#pragma once
#include "core/vcpu.h"
#include "arch/x86/asm.h"
#include "arch/x86/cpu.h"
#include "arch/x86/smp.h"



/*
 * Load an address space. Guest entries are never global, so this flushes them all: the TLB clock is noted. entry.S does
 * the same in place on its two straight paths.
 */
static inline void address_space_load(u64 cr3)
{
    struct cpu_info *c = cpu_info();
    u32 t = READ_ONCE(tlb_clock_value);
    c->cr3 = cr3;
    write_cr3(cr3);
    c->tlb_time = t;
}

/* v (current) was in user mode, goes to its kernel; GS bases change places. */
static inline void isolate_to_kernel(struct vcpu *v)
{
    v->arch.kernel_mode = true;
    swapgs();
    v->arch.cr3 = v->arch.kernel_cr3;
    address_space_load(v->arch.cr3);
}

/* And back. The caller has checked user_l4. */
static inline void isolate_to_user(struct vcpu *v)
{
    v->arch.kernel_mode = false;
    swapgs();
    v->arch.cr3 = v->arch.user_cr3;
    address_space_load(v->arch.cr3);
}

/* Something changed that entry.S's straight paths take for granted: recompute whether v may use them. */
void isolate_refresh(struct vcpu *v);
