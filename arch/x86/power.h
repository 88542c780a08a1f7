/* Ending: power-off, reboot, halt (machine_end() in arch/arch.h). Theory in power.c. */
#pragma once
#include "lib/types.h"

/*
 * Domain 0 says which values switch the machine off (SLP_TYP fields of PM1a/PM1b control); used by every later
 * MACHINE_POWEROFF. -EOPNOTSUPP: this machine has no PM1 control block.
 */
long power_set_s5(u16 pm1a, u16 pm1b);
/*
 * The machine or its boot loader does not give what Serai needs: say so, and what its owner can do, and halt. Not a
 * panic, which would come back after each reboot and could not be read.
 */
void cannot_start(const char *todo, const char *fmt, ...) __printf(2, 3) __noreturn;
