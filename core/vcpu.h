/* Virtual CPUs. */
#pragma once
#include "abi/xen.h"
#include "core/timer.h"
#include "core/guest.h"
#include "core/lock.h"
#include "core/hypercall.h"
#include <machine/vcpu.h>

struct domain;
struct event_vcpu;
struct sched_vcpu;

/* Why a vcpu does not run: bits of pause_flags. */
#define VPF_BLOCKED BIT(0)      /* sched_op block/poll: waits for an event */
#define VPF_DOWN BIT(1)         /* not brought up */
#define VPF_PARKED BIT(2)       /* cap used up (scheduler) */
#define VPF_SHUTDOWN BIT(3)     /* its domain has shut down */

#define POLL_MANY (~0u)          /* poll_port of a vcpu that polls more than one port */

struct vcpu {
    u32 id;
    u32 processor;              /* CPU it runs or ran on; changed under the run queue's lock */
    struct domain *domain;
    bool running;               /* on some CPU right now */
    bool initialised;           /* has a context */
    bool initialising;          /* another vcpu gives it one; atomic */
    /* `processor` has changed since it last ran: what its guest flushed, it flushed there */
    bool moved;
    bool ticking;               /* its periodic timer is on, which goes while it runs (core/vcpu_timer.c) */
    bool sending;               /* running: raises another domain's event, perhaps the first of many (core/sched.c) */
    unsigned long pause_flags;  /* VPF_*, atomic */
    u32 pause_count;            /* atomic */

    vcpu_info_t *info;          /* Serai's mapping of where the guest wants it */
    mfn_t info_mfn;             /* MFN_NONE while in shared_info or in hidden_info */

    vcpu_runstate_info_t runstate;
    gva_t runstate_gva;         /* where the guest wants a copy; 0: nowhere */
    bool runstate_stale;        /* the guest's copy could not be written (its user address space was loaded) */
    gva_t time_gva;             /* secondary copy of vcpu_time_info; 0: nowhere */

    struct timer singleshot_timer, periodic_timer, poll_timer;
    ns_t periodic_period;
    u32 poll_port;              /* polling: port, or POLL_MANY */
    bool polling;

    struct spinlock virq_lock;  /* class vcpu */
    u32 virq_port[NR_VIRQS];    /* 0: not bound */
    struct event_vcpu *event;   /* FIFO control blocks, core/event */
    struct sched_vcpu *sched;
    u64 hard_affinity, soft_affinity; /* CPU masks */

    struct mc_state mc;         /* multicall in progress */
    struct mmu_work *mmu_work;  /* page-table work under way, for mmu_charge() */
    u64 mmu_orphan;             /* a table half undone that this vcpu owes the rest of, core/pagetype.c; 0: none */

    struct arch_vcpu arch;
    vcpu_info_t hidden_info;    /* where info is as long as the guest has none for it, and at its end */
};

/* The vcpu whose context this CPU has. Never NULL: an idle CPU runs an idle vcpu (domain = idle_domain). */
#include <machine/current.h>    /* current, this_cpu() */

extern struct domain *idle_domain;
static inline bool vcpu_is_idle(const struct vcpu *v) { return v->domain == idle_domain; }

/*
 * Create vcpu `id` of d: down, without context, info in shared_info or hidden_info. NULL with *err: -EINVAL (id out of
 * range), -EEXIST, -ENOMEM. Caller serialises creation (ctl lock). Idle vcpus get no arch_vcpu_init().
 */
struct vcpu *vcpu_create(struct domain *d, unsigned id, long *err);
/* Free it: its domain is dead or its creation failed. */
void vcpu_destroy(struct vcpu *v);
/* Teardown: its timers never fire again, its info is the hidden one, frames it holds are given back. v does not run. */
void vcpu_quiesce(struct vcpu *v);
/* Let the guest of `current` have its runstate copy, if it asked for one. Its address space is loaded. */
void vcpu_runstate_publish(struct vcpu *v);

/* An NMI for v, who may sleep. */
void vcpu_nmi(struct vcpu *v);

#include "core/domain.h"
static inline bool vcpu_runnable(const struct vcpu *v)
{
    return !(READ_ONCE(v->pause_flags) | READ_ONCE(v->pause_count) | READ_ONCE(v->domain->pause_count));
}
