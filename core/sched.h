/* The scheduler: who runs on which CPU, for how long, and what their runstate clocks say. */
#pragma once
#include "lib/types.h"
#include "core/hypercall.h"
#include "core/vcpu.h"

void sched_init(void);                          /* boot CPU, before any vcpu */
void sched_cpu_up(unsigned cpu);                /* creates the CPU's idle vcpu */
long sched_domain_init(struct domain *d);
/* No timer of the scheduler's looks at d's vcpus any more, which are paused for ever. */
void sched_domain_quiesce(struct domain *d);
void sched_domain_destroy(struct domain *d);
long sched_vcpu_init(struct vcpu *v);
void sched_vcpu_destroy(struct vcpu *v);

/* A condition of v (pause_flags, pause_count, events) changed: let it run if runnable. Takes: sched, timer. */
void vcpu_wake(struct vcpu *v);
/*
 * Let v stop running if it is not runnable; _sync waits until it is off its CPU (v != current), and answers interrupts
 * meanwhile: no locks held, ctl excepted.
 */
void vcpu_sleep_nosync(struct vcpu *v);
void vcpu_sleep_sync(struct vcpu *v);
/*
 * cpu_raise() where v runs. If it does not run, nothing: whoever has its CPU is not interrupted for it, and what it is
 * to notice it has to look for when it is switched to. Takes: sched.
 */
void vcpu_raise(struct vcpu *v, u32 pending);
#define WOKEN_PER_LOOK 16       /* a thousand instructions each; more where there are many CPUs */
/* n vcpus of a domain were woken in a row: interrupts are answered now and then. No locks held. */
static inline void sched_breathe(unsigned n)
{
    if (n % WOKEN_PER_LOOK == 0)
        (void)preempt_check();
}
/* current waits for an event (unless one is pending and unmasked already). */
void vcpu_block(void);

/* Exit path, PENDING_SCHED: choose the next vcpu and machine_switch() to it. May not return. */
void schedule(void);
/* After machine_switch, on the new vcpu: the previous one is off this CPU. */
void sched_switched(struct vcpu *prev);

/* Times per RUNSTATE_* up to now. */
void vcpu_runstate_get(struct vcpu *v, vcpu_runstate_info_t *out);

/*
 * CPUs that v may run on, and those it had better; it moves at once if it has to. -EINVAL: hard names no CPU that is
 * online. Takes: sched.
 */
long sched_set_affinity(struct vcpu *v, u64 hard, u64 soft);
struct xen_domctl_scheduler_op;
struct xen_sysctl_scheduler_op;
/* Weight and cap (percent of a CPU, 0: none) of d; rate limit (us). -EINVAL, -ESRCH. Take: sched. */
long sched_domctl(struct domain *d, struct xen_domctl_scheduler_op *op);
long sched_sysctl(struct xen_sysctl_scheduler_op *op);
/* ns since the CPU came up; 0: no such CPU. */
ns_t cpu_idle_time(unsigned cpu);
/* Debug key: run queues and who is on them. Takes: sched. */
void sched_dump(void);
