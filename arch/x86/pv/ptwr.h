/* Direct writes of a guest to its page tables. Theory in ptwr.c. */
#pragma once
#include "abi/xen.h"
#include "lib/types.h"

/*
 * current's kernel took a write fault at `va` on a present, read-only mapping: if the page is one of its page tables,
 * do the write with validation and advance rip (or inject another exception): true. False: the fault is the guest's
 * own and must be injected. Takes: mmu.
 */
bool ptwr_fault(struct cpu_user_regs *regs, u64 va);

/*
 * The same for the commonest instructions and tables, called by entry.S before anything else is looked at, when it is
 * the guest's kernel that wrote to a present page. False: nothing has happened, it may be anything.
 */
bool ptwr_straight(struct cpu_user_regs *regs, u64 va);

/* A new vcpu has met no instruction. */
struct vcpu;
void ptwr_init(struct vcpu *v);
