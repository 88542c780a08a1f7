/* The end: a record of what Serai knows when it meets a defect of its own. */
#pragma once
#include "lib/types.h"
#include "abi/xen.h"
/* panic(), with the registers of where it happened. */
void panic_regs(struct cpu_user_regs *regs, const char *fmt, ...) __printf(2, 3) __noreturn;
/* An NMI: ignored, with a line in the log. After another CPU's panic it does not return. */
void nmi_handle(void);
void machine_check(struct cpu_user_regs *regs) __noreturn;
