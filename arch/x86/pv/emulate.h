/* Instructions a PV guest cannot execute itself. Theory in emulate.c. */
#pragma once
#include "abi/xen.h"
#include "lib/types.h"

#define RFLAGS_TF (1UL << 8)
#define RFLAGS_RF (1UL << 16)

/*
 * After #GP of current's guest (kernel or user) with error code 0, which names no selector and no vector: true when the
 * instruction was done and rip advanced, or another exception was injected instead; false: the #GP is the guest's own.
 */
bool emulate_privileged(struct cpu_user_regs *regs);
/* After #UD: the forced-emulation prefix with CPUID. */
bool emulate_invalid_op(struct cpu_user_regs *regs);

/* Instruction bytes at current's rip into buf[15]: their number up to the first that is not readable; 0: none. */
unsigned emulate_fetch(const struct cpu_user_regs *regs, u8 *buf, unsigned want);
/* An instruction of `length` bytes is done: rip, RF, and the single-step trap if the guest wants it. */
void emulate_retire(struct cpu_user_regs *regs, unsigned length);
