/*
 * Who am I: the running CPU's and vcpu's records are found from the stack pointer. A stack is STACK_SIZE aligned and
 * ends in struct cpu_info; the guest's registers at entry are the frame at its start.
 */
#pragma once
#include "abi/xen.h"
#include "machine/layout.h"

struct vcpu;
struct cpu;

struct cpu_info {
    struct cpu_user_regs regs;  /* must be first: entry pushes it; ends at a 16-byte boundary */
    struct vcpu *vcpu;          /* current */
    struct cpu *cpu;
    u32 pending;                /* PENDING_*: the reasons not to return to a guest */
    u32 cpu_id;
    u64 cr3;                    /* as loaded: address_space_load() */
    u32 tlb_time, pad;          /* TLB clock at this CPU's last full flush */
    u64 keep_tlb;               /* what the next toggle adds to CR3: CR3_KEEP_TLB, 0 if it must flush (isolate.h) */
    u64 scratch[4];             /* entry.S, while no stack frame exists */
};
/* The CPU aligns the frame it pushes to 16 bytes: were it not so by itself, the registers would slip. */
_Static_assert((sizeof(struct cpu_info) - offsetof(struct cpu_info, regs.es)) % 16 == 0, "SDM vol. 3, 6.14.2");

static inline struct cpu_info *cpu_info(void)
{
    u64 sp;
    __asm__("mov %%rsp, %0" : "=r"(sp));
    return (struct cpu_info *)((sp | (STACK_SIZE - 1)) + 1) - 1;
}

static inline unsigned smp_cpu(void) { return cpu_info()->cpu_id; }

/* Everything Serai keeps per CPU (arch/x86/cpu.h). */
#define this_cpu() (cpu_info()->cpu)
#define current (cpu_info()->vcpu)
/* Registers of the vcpu at its last entry into Serai: live frame if it is current, else the saved ones. */
struct cpu_user_regs *vcpu_regs(struct vcpu *v);
