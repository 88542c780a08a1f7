/*
 * Stopping and going on: pause, shutdown, crash, watchdogs' and tools' views of them.
 *
 * Pausing counts: a domain runs only while nobody (tool, builder, teardown) pauses it. Shutting down is a state: every
 * vcpu gets VPF_SHUTDOWN, so it keeps its registers where it stopped, which is what makes suspend work: the
 * toolstack saves them and the call returns in the restored domain (SCHEDOP_shutdown in the public sched.h).
 *
 * Invariant: shut_down means that every vcpu has VPF_SHUTDOWN; a vcpu created or brought up later does not escape,
 * because VPF_SHUTDOWN is looked at wherever a vcpu is chosen to run.
 *
 * The first reason given wins, except that SCHEDOP_shutdown_code may have latched one before; nothing that happens to a
 * domain which is already stopped changes why it stopped.
 *
 * Domain 0 cannot be shut down without its machine: it powers off, reboots or halts.
 */
#include "core/domain.h"
#include "arch/arch.h"
#include "core/event.h"
#include "core/options.h"
#include "core/sched.h"
#include "core/vcpu.h"
#include "lib/print.h"

/* ---- pause ---- */

void domain_pause_nosync(struct domain *d)
{
    struct vcpu *v;

    __atomic_fetch_add(&d->pause_count, 1, __ATOMIC_SEQ_CST);
    for_each_vcpu(d, v)
        vcpu_sleep_nosync(v);
}

void domain_pause(struct domain *d)
{
    struct vcpu *v;

    domain_pause_nosync(d);
    for_each_vcpu(d, v)
        if (v != current)
            vcpu_sleep_sync(v);
}

void domain_unpause(struct domain *d)
{
    unsigned n = 0;
    struct vcpu *v;

    if (__atomic_sub_fetch(&d->pause_count, 1, __ATOMIC_SEQ_CST))
        return;
    for_each_vcpu(d, v) {
        vcpu_wake(v);
        sched_breathe(++n);
    }
}

/* ---- shutdown ---- */

static const char *reason_name(u8 reason)
{
    static const char *const names[] = { "power off", "reboot", "suspend", "crash", "watchdog", "soft reset" };
    return reason < ARRAY_SIZE(names) ? names[reason] : "unknown reason";
}

static void machine_follows_domain0(u8 reason)
{
    log_always("Domain 0 has shut down: %s", reason_name(reason));
    if (reason == SHUTDOWN_poweroff)
        machine_end(MACHINE_POWEROFF);
    if ((reason == SHUTDOWN_crash || reason == SHUTDOWN_watchdog) && opt.noreboot)
        machine_end(MACHINE_HALT);
    machine_end(MACHINE_REBOOT);
}

void domain_shutdown(struct domain *d, u8 reason)
{
    struct vcpu *v;
    u32 port;

    spin_lock(&d->lock);
    if (d->shutting_down) {
        spin_unlock(&d->lock);
        return;
    }
    if (d->shutdown_code == SHUTDOWN_CODE_NONE)
        d->shutdown_code = reason;
    reason = d->shutdown_code;
    d->shutting_down = true;
    if (d == domain0) {
        spin_unlock(&d->lock);
        machine_follows_domain0(reason);
    }
    for_each_vcpu(d, v) {
        __atomic_fetch_or(&v->pause_flags, VPF_SHUTDOWN, __ATOMIC_SEQ_CST);
        vcpu_sleep_nosync(v);
    }
    WRITE_ONCE(d->shut_down, true);
    spin_unlock(&d->lock);
    log_info("d%u shut down: %s", d->id, reason_name(reason));
    port = READ_ONCE(d->suspend_port);
    if (reason != SHUTDOWN_suspend || !port || event_send(d, port))
        virq_send_host(VIRQ_DOM_EXC);
}

void domain_resume(struct domain *d)
{
    struct vcpu *v;

    domain_pause(d); /* a vcpu may still be on its way off */
    spin_lock(&d->lock);
    d->shutting_down = d->shut_down = false;
    d->shutdown_code = SHUTDOWN_CODE_NONE;
    for_each_vcpu(d, v)
        __atomic_fetch_and(&v->pause_flags, ~VPF_SHUTDOWN, __ATOMIC_SEQ_CST);
    spin_unlock(&d->lock);
    domain_unpause(d); /* wakes them */
}

#define DUMPS_AT_ONCE 5
#define DUMP_EVERY (10 * 1000000000UL)

/*
 * Registers go over a slow line while others wait: of guests that crash in a loop they are shown now and then only. Two
 * CPUs at once may show one too many.
 */
static bool dump_wanted(void)
{
    static ns_t due;
    ns_t now = now_ns(), from = max(READ_ONCE(due), now);

    if (from > now + (DUMPS_AT_ONCE - 1) * DUMP_EVERY)
        return false;
    WRITE_ONCE(due, from + DUMP_EVERY);
    return true;
}

void domain_crash(struct domain *d, const char *fmt, ...)
{
    struct vcpu *v = current;
    char why[160];
    va_list ap;

    if (READ_ONCE(d->shutting_down)) /* one report per life: a second rule broken on the way out is no news */
        return;
    va_start(ap, fmt);
    vsnprintf(why, sizeof(why), fmt, ap);
    va_end(ap);
    if (v->domain == d) {
        log_always("Domain %u crashed (vcpu %u on CPU%u): %s", d->id, v->id, smp_cpu(), why);
        if (dump_wanted())
            machine_dump_vcpu(v);
    } else {
        log_always("Domain %u crashed by Serai (on behalf of d%uv%u): %s", d->id, v->domain->id, v->id, why);
    }
    domain_shutdown(d, SHUTDOWN_crash);
}
