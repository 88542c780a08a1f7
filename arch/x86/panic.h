/* The end: a record of what Serai knows when it meets a defect of its own. */
#pragma once
#include "lib/types.h"
#include "abi/xen.h"
/* panic(), with the registers of where it happened. */
void panic_regs(struct cpu_user_regs *regs, const char *fmt, ...) __printf(2, 3) __noreturn;
/* Registers, and every word on the stack that is an address in Serai's text, with its symbol. */
void dump_regs(const struct cpu_user_regs *regs);
void dump_stack(u64 sp);
void nmi_handle(struct cpu_user_regs *regs);
void machine_check(struct cpu_user_regs *regs) __noreturn;
