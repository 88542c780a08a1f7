/*
 * How a guest's user, its kernel and Serai are kept apart: this file, and nothing else, knows. Today: guest kernel and
 * guest user both run in ring 3 on two top-level tables; Serai is mapped in both, out of their reach.
 */
#pragma once
#include "core/vcpu.h"
#include "arch/x86/asm.h"
#include "arch/x86/cpu.h"
#include "arch/x86/smp.h"



/* Load an address space. Guest entries are never global, so this flushes them all: the TLB clock is noted. */
static inline void address_space_load(u64 cr3)
{
    struct cpu *c = this_cpu();
    u32 t = READ_ONCE(tlb_clock_value);
    c->loaded_cr3 = cr3;
    write_cr3(cr3);
    c->tlb_time = t;
}

/* v (current) was in user mode, goes to its kernel; GS bases change places. */
static inline void isolate_to_kernel(struct vcpu *v)
{
    v->arch.kernel_mode = true;
    swapgs();
    v->arch.cr3 = v->arch.kernel_l4 << PAGE_SHIFT;
    address_space_load(v->arch.cr3);
}

/* And back. The caller has checked user_l4. */
static inline void isolate_to_user(struct vcpu *v)
{
    v->arch.kernel_mode = false;
    swapgs();
    v->arch.cr3 = v->arch.user_l4 << PAGE_SHIFT;
    address_space_load(v->arch.cr3);
}
