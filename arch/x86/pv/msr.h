/* Model-specific registers as a PV guest's kernel sees them. Theory in msr.c. */
#pragma once
#include "lib/types.h"

struct vcpu;

/*
 * RDMSR / WRMSR by current's kernel: 0, or inject #GP. -EPERM: a value that may not be. -ENXIO: no such register;
 * kernels ask to find out, so it is no warning in the log.
 */
long guest_rdmsr(struct vcpu *v, u32 msr, u64 *val);
long guest_wrmsr(struct vcpu *v, u32 msr, u64 val);
