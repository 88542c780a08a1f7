/*
 * How a guest's user, its kernel and Serai are kept apart: this file knows, and the straight paths of entry.S, which do
 * the same in place. Guest kernel and guest user both run in ring 3 on two top-level tables; Serai is mapped in both,
 * out of their reach.
 */
#pragma once
#include "core/guest.h"
#include "core/vcpu.h"
#include "arch/x86/asm.h"
#include "arch/x86/cpu.h"
#include "arch/x86/smp.h"

/*
 * TLBs. Guest entries are never global, so loading CR3 flushes them all; that is noted by the TLB clock. Where the CPU
 * has PCIDs, a guest's kernel tables are PCID_KERNEL's and its user tables PCID_USER's on whatever CPU they run, and a
 * vcpu that goes from one to the other keeps both sets of entries.
 *
 * Invariant: entries of the PCID that is not loaded are never used once a flush was due: whoever flushes clears
 * keep_tlb, so the next toggle flushes what it goes to. Two flushes at most, then toggles are free again.
 */
#define CR3_KEEP_TLB (1UL << 63)
#define PCID_KERNEL 1UL
#define PCID_USER 2UL
extern u64 cr3_keep_tlb;    /* CR3_KEEP_TLB where PCIDs are used, else 0 */

/* Load an address space and flush all guest entries of this CPU. */
static inline void address_space_load(u64 cr3)
{
    struct cpu_info *c = cpu_info();
    u32 t = READ_ONCE(tlb_clock_value);
    c->cr3 = cr3;
    c->keep_tlb = 0;
    write_cr3(cr3);
    c->tlb_time = t;
}

/* From a vcpu's kernel to its user or back. entry.S does the same in place (TOGGLE_SPACE). */
static inline void address_space_toggle(u64 cr3)
{
    struct cpu_info *c = cpu_info();
    if (!cr3_keep_tlb) {
        address_space_load(cr3);
        return;
    }
    c->cr3 = cr3;
    write_cr3(cr3 | c->keep_tlb);
    c->keep_tlb = cr3_keep_tlb;
}

/* The entries of one address: here at once, in the vcpu's other address space with the next toggle. */
static inline void address_flush(u64 va)
{
    cpu_info()->keep_tlb = 0;
    invlpg(va);
}

/* v (current) was in user mode, goes to its kernel; GS bases change places. */
static inline void isolate_to_kernel(struct vcpu *v)
{
    v->arch.kernel_mode = true;
    swapgs();
    v->arch.cr3 = v->arch.kernel_cr3;
    address_space_toggle(v->arch.cr3);
}

/* And back. The caller has checked user_l4. */
static inline void isolate_to_user(struct vcpu *v)
{
    v->arch.kernel_mode = false;
    swapgs();
    v->arch.cr3 = v->arch.user_cr3;
    address_space_toggle(v->arch.cr3);
}

/*
 * Read what v's kernel (v is current) left at an address of its own, whichever half of it was running: -EFAULT if it is
 * not there. In switch.c.
 */
int kernel_memory_read(struct vcpu *v, void *dst, gva_t src, size_t bytes);

/* Something changed that entry.S's straight paths take for granted: recompute whether v may use them. */
void isolate_refresh(struct vcpu *v);
