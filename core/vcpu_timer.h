/* A vcpu's own timers: single-shot, periodic, poll timeout. Theory in core/vcpu_timer.c. */
#pragma once
#include "core/vcpu.h"

#define PERIODIC_MIN_NS 1000000UL       /* shorter periods "may not be supported": public vcpu.h */

/* v is new; its timers start on this CPU, unset. */
void vcpu_timers_init(struct vcpu *v);
/* VCPUOP_* of the same names; 0, -EFAULT, -EINVAL. */
long vcpu_op_set_periodic(struct vcpu *v, gva_t arg);
long vcpu_op_stop_periodic(struct vcpu *v);
long vcpu_op_set_singleshot(struct vcpu *v, gva_t arg);
long vcpu_op_stop_singleshot(struct vcpu *v);
/* Wake v, which is about to poll, at `when`. */
void vcpu_poll_timeout(struct vcpu *v, ns_t when);
/* v, which has a periodic timer, is about to run here: a tick if one was missed, and so on. No lock of a queue held. */
void vcpu_tick_on(struct vcpu *v);
