/* Debug registers of guests. Theory in debugreg.c. */
#pragma once
#include "abi/xen.h"
#include "lib/types.h"

struct vcpu;

#define DR6_RESET 0xffff0ff0UL
#define DR7_RESET 0x400UL

/*
 * Set DR `reg` of v (current, or not running): 0, -EPERM (address in Serai's range, general detect, I/O breakpoint
 * without CR4.DE), -EINVAL (register), -ENODEV (4, 5 with CR4.DE).
 */
long debugreg_set(struct vcpu *v, u64 reg, u64 value);

/* Context switch. A vcpu without enabled breakpoints costs a test. */
void debugreg_save(struct vcpu *v);
void debugreg_load(struct vcpu *v);

/* #DB while current's guest ran: note the causes in its DR6 and inject it. */
void guest_debug_exception(struct vcpu *v);
