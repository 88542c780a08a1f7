/*
 * sched_op (public sched.h): a guest gives its CPU away, stops its domain, or guards itself with a watchdog.
 *
 * Polling is blocking for ports instead of for upcalls: `polling` and `poll_port` are set before the ports are looked
 * at, and who raises a port makes it pending before it looks for pollers (core/event.c); so no event falls between.
 * What remains is that a poller may be woken for nothing, which the interface allows.
 */
#include "core/domain.h"
#include "core/event.h"
#include "core/hypercall.h"
#include "core/reject.h"
#include "core/sched.h"
#include "core/sched_internal.h"
#include "core/vcpu_timer.h"
#include "lib/clamp.h"

#define MAX_POLL_PORTS 128

static long op_yield(void)
{
    current->sched->yielded = true;
    cpu_raise(smp_cpu(), PENDING_SCHED);
    return 0;
}

static long op_block(void)
{
    WRITE_ONCE(current->info->evtchn_upcall_mask, 0);
    vcpu_block();
    return 0;
}

/* Is a port pending? 1, 0, -EINVAL. */
static long one_pending(struct domain *d, evtchn_port_t port)
{
    long rc = port < event_ports_max(d) ? event_port_pending(d, port) : -EINVAL;

    return rc < 0 ? reject(-EINVAL, "port %u is not open: nothing will come there", port) : rc;
}

/* Is one of the ports pending? 1, 0, -EFAULT, -EINVAL. */
static long any_pending(struct domain *d, gva_t ports, u32 n)
{
    long rc = 0;

    for (u32 i = 0; i < n && !rc; i++) {
        evtchn_port_t port;

        if (copy_elem_from_guest(&port, ports, i))
            return reject(-EFAULT, "cannot read port %u of %u", i, n);
        rc = one_pending(d, port);
    }
    return rc;
}

static long op_poll(gva_t arg)
{
    struct vcpu *v = current;
    struct sched_poll p;
    evtchn_port_t only = 0;
    gva_t ports;
    long rc;

    if (copy_from_guest(&p, arg, sizeof(p)))
        return reject(-EFAULT, "cannot read the arguments at %#lx", (unsigned long)arg.va);
    if (p.nr_ports > MAX_POLL_PORTS)
        return reject(-EINVAL, "%u ports to poll, at most %u", p.nr_ports, MAX_POLL_PORTS);
    ports = HVA(p.ports);
    if (p.nr_ports == 1 && copy_from_guest(&only, ports, sizeof(only)))
        return reject(-EFAULT, "cannot read the port at %#lx", (unsigned long)ports.va);

    WRITE_ONCE(v->domain->polled, true);        /* before v->polling, which orders it */
    WRITE_ONCE(v->poll_port, p.nr_ports == 1 ? only : POLL_MANY);
    __atomic_fetch_or(&v->pause_flags, VPF_BLOCKED, __ATOMIC_SEQ_CST);
    __atomic_store_n(&v->polling, true, __ATOMIC_SEQ_CST);
    /* An upcall that is pending and not masked ends a poll like any blocking. */
    if (vcpu_event_pending(v))
        rc = 1;
    else
        rc = p.nr_ports == 1 ? one_pending(v->domain, only) : any_pending(v->domain, ports, p.nr_ports);
    if (!rc && p.timeout && p.timeout <= now_ns())
        rc = 1;
    if (rc) {
        WRITE_ONCE(v->polling, false);
        __atomic_fetch_and(&v->pause_flags, ~VPF_BLOCKED, __ATOMIC_SEQ_CST);
        return rc < 0 ? rc : 0;
    }
    if (p.timeout)
        vcpu_poll_timeout(v, p.timeout);
    else
        timer_stop(&v->poll_timer); /* of an earlier poll */
    cpu_raise(smp_cpu(), PENDING_SCHED);
    return 0;
}

static long op_shutdown(gva_t arg)
{
    struct sched_shutdown s;

    if (copy_from_guest(&s, arg, sizeof(s)))
        return reject(-EFAULT, "cannot read the arguments at %#lx", (unsigned long)arg.va);
    domain_shutdown(current->domain, (u8)s.reason);
    return 0; /* read when it goes on; a cancelled suspend has been told 1 by the toolstack, in its saved registers */
}

static long op_shutdown_code(gva_t arg)
{
    struct domain *d = current->domain;
    struct sched_shutdown s;

    if (copy_from_guest(&s, arg, sizeof(s)))
        return reject(-EFAULT, "cannot read the arguments at %#lx", (unsigned long)arg.va);
    spin_lock(&d->lock);
    d->shutdown_code = (u8)s.reason;
    spin_unlock(&d->lock);
    return 0;
}

static long op_remote_shutdown(gva_t arg)
{
    struct sched_remote_shutdown r;
    struct domain *d;
    long err = 0;

    if (copy_from_guest(&r, arg, sizeof(r)))
        return reject(-EFAULT, "cannot read the arguments at %#lx", (unsigned long)arg.va);
    if (r.domain_id == DOMID_SELF || r.domain_id == current->domain->id)
        return reject(-EINVAL, "remote shutdown of the caller itself");
    d = domain_get_target(r.domain_id, &err);
    if (!d)
        return err;
    domain_shutdown(d, (u8)r.reason);
    domain_put(d);
    return 0;
}

/* Domain locked. */
static long set_watchdog(struct domain *d, u32 id, u32 seconds)
{
    if (id == 0) {
        if (!seconds)
            return reject(-EINVAL, "a new watchdog needs a timeout");
        while (id < NR_WATCHDOGS && (d->watchdogs_used & BIT(id)))
            id++;
        if (id == NR_WATCHDOGS)
            return reject(-ENOSPC, "all %u watchdogs of the domain are in use", NR_WATCHDOGS);
        d->watchdogs_used |= BIT(id);
        id++;
    } else if (id > NR_WATCHDOGS || !(d->watchdogs_used & BIT(id - 1))) {
        return reject(-EINVAL, "watchdog %u is not in use", id);
    }
    id = (u32)index_clamp(id - 1, NR_WATCHDOGS) + 1;
    if (seconds) {
        timer_set_on(&d->watchdog[id - 1], smp_cpu(), now_ns() + seconds * 1000UL * MS);
        return id;
    }
    d->watchdogs_used &= ~(u32)BIT(id - 1);
    timer_stop(&d->watchdog[id - 1]);
    return 0;
}

static long op_watchdog(gva_t arg)
{
    struct domain *d = current->domain;
    struct sched_watchdog w;
    bool fresh;
    long rc;

    if (copy_from_guest(&w, arg, sizeof(w)))
        return reject(-EFAULT, "cannot read the arguments at %#lx", (unsigned long)arg.va);
    fresh = w.id == 0;
    spin_lock(&d->lock);
    rc = set_watchdog(d, w.id, w.timeout);
    spin_unlock(&d->lock);
    return rc > 0 && !fresh ? 0 : rc;
}

static long op_pin_override(gva_t arg)
{
    struct sched_pin_override p;

    if (copy_from_guest(&p, arg, sizeof(p)))
        return reject(-EFAULT, "cannot read the arguments at %#lx", (unsigned long)arg.va);
    return sched_pin_override(current, p.pcpu);
}

long do_sched_op(u64 cmd, u64 arg)
{
    gva_t at = GVA(arg);

    switch ((u32)cmd) {
    case SCHEDOP_yield: return op_yield();
    case SCHEDOP_block: return op_block();
    case SCHEDOP_shutdown: return op_shutdown(at);
    case SCHEDOP_poll: return op_poll(at);
    case SCHEDOP_remote_shutdown: return op_remote_shutdown(at);
    case SCHEDOP_shutdown_code: return op_shutdown_code(at);
    case SCHEDOP_watchdog: return op_watchdog(at);
    case SCHEDOP_pin_override: return op_pin_override(at);
    }
    return reject(-ENOSYS, "sched_op %u", (u32)cmd);
}
