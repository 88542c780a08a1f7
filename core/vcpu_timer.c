/*
 * A vcpu's own timers. All three end in VIRQ_TIMER or in a wake-up of that vcpu.
 *
 * A timer fires on the CPU where it was set; it follows its vcpu lazily, that is when the vcpu sets it the next time.
 * Moving it with every migration would cost two queues each time, while Linux sets its timer several hundred times a
 * second anyway.
 *
 * The periodic timer is bounded: no period below a millisecond, and ticks missed while the machine was late are
 * dropped, not made up for. It goes only while its vcpu runs (as in Xen): one that finds it not running is the last,
 * until vcpu_tick_on(). Otherwise 128 vcpus that sleep would interrupt whoever has the CPU 128000 times a second, on
 * that one's account. Both sides write (`running`; not queued) before they read the other's.
 */
#include "core/vcpu_timer.h"
#include "arch/arch.h"
#include "core/event.h"
#include "core/hypercall.h"
#include "core/reject.h"
#include "core/sched.h"
#include <machine/uaccess.h>

static void singleshot_fired(void *data) { virq_send(data, VIRQ_TIMER); }

static void periodic_fired(void *data)
{
    struct vcpu *v = data;
    ns_t period = READ_ONCE(v->periodic_period), now = now_ns(), next = v->periodic_timer.expires + period;

    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (!period || !READ_ONCE(v->running))
        return;
    virq_send(v, VIRQ_TIMER);
    timer_set_on(&v->periodic_timer, READ_ONCE(v->processor), next > now ? next : now + period);
}

void vcpu_tick_on(struct vcpu *v)
{
    ns_t period = READ_ONCE(v->periodic_period);

    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (!period || timer_queued(&v->periodic_timer))
        return;
    virq_send(v, VIRQ_TIMER);
    timer_set_on(&v->periodic_timer, smp_cpu(), now_ns() + period);
}

static void poll_fired(void *data)
{
    struct vcpu *v = data;

    if (!__atomic_exchange_n(&v->polling, false, __ATOMIC_SEQ_CST))
        return; /* that poll is over; it may sleep for another reason now */
    if (__atomic_fetch_and(&v->pause_flags, ~VPF_BLOCKED, __ATOMIC_SEQ_CST) & VPF_BLOCKED)
        vcpu_wake(v);
}

void vcpu_timers_init(struct vcpu *v)
{
    timer_init(&v->singleshot_timer, singleshot_fired, v, smp_cpu());
    timer_init(&v->periodic_timer, periodic_fired, v, smp_cpu());
    timer_init(&v->poll_timer, poll_fired, v, smp_cpu());
}

static void set_here(struct timer *t, ns_t when) { timer_set_on(t, smp_cpu(), when); }

long vcpu_op_set_periodic(struct vcpu *v, gva_t arg)
{
    struct vcpu_set_periodic_timer p;

    if (copy_from_guest(&p, arg, sizeof(p)))
        return reject(-EFAULT, "cannot read the arguments at %#lx", (unsigned long)arg.va);
    if (p.period_ns < PERIODIC_MIN_NS || p.period_ns > (u64)INT64_MAX / 2)
        return reject(-EINVAL, "period of %lu ns, the shortest is %lu", (unsigned long)p.period_ns, PERIODIC_MIN_NS);
    WRITE_ONCE(v->periodic_period, p.period_ns);
    WRITE_ONCE(v->ticking, true);
    set_here(&v->periodic_timer, now_ns() + p.period_ns);
    return 0;
}

long vcpu_op_stop_periodic(struct vcpu *v)
{
    WRITE_ONCE(v->periodic_period, 0);
    WRITE_ONCE(v->ticking, false);
    timer_stop(&v->periodic_timer);
    return 0;
}

long vcpu_op_set_singleshot(struct vcpu *v, gva_t arg)
{
    u64 when, flags;

    if (v != current)
        return reject(-EINVAL, "vcpu %u is not the caller: a single-shot timer is set by its own vcpu", v->id);
    if (get_guest_pair(&when, &flags, arg.va))
        return reject(-EFAULT, "cannot read the arguments at %#lx", (unsigned long)arg.va);
    /*
     * VCPU_SSHOTTMR_future, "refuse what is past", is not honoured: a kernel that is refused (Linux before 4.7) tries
     * ever later times instead of taking its tick, and a timer that is past fires at once. Xen ignores the flag, too.
     */
    set_here(&v->singleshot_timer, when);
    return 0;
}

long vcpu_op_stop_singleshot(struct vcpu *v)
{
    if (v != current)
        return reject(-EINVAL, "vcpu %u is not the caller: a single-shot timer is stopped by its own vcpu", v->id);
    timer_stop(&v->singleshot_timer);
    return 0;
}

void vcpu_poll_timeout(struct vcpu *v, ns_t when) { set_here(&v->poll_timer, when); }

long do_set_timer_op(u64 deadline)
{
    struct vcpu *v = current;

    if (!deadline)
        timer_stop(&v->singleshot_timer);
    else
        set_here(&v->singleshot_timer, deadline);
    return 0;
}
