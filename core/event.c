/*
 * Event channels: how anything tells a guest that something happened.
 *
 * A port is a number in one domain's port table. What raises it depends on what it is bound to: the port at the
 * other end (interdomain), a virtual interrupt (VIRQ), another vcpu of the same domain (IPI) or a machine interrupt
 * (PIRQ). Raising it sets a bit in memory shared with the guest (event_2l.c or event_fifo.c) and, if the guest has not
 * masked the port, marks one vcpu as having an upcall pending. Pending is a level, never a count: a second raise before
 * the guest looked costs two instructions and is not lost, because there was nothing to add.
 *
 * The invariant: whoever raises a port holds a lock that whoever closes the port must take as well.
 *   interdomain, IPI   the sender's event lock (closing an interdomain port takes both ends' event locks)
 *   VIRQ               virq_lock of the vcpu that has it in virq_port[] (global ones: vcpu 0)
 *   PIRQ               pirq_lock of the table
 * Therefore the receiver's event lock is not needed to raise, senders of different domains do not meet on it, and once
 * all ports of a domain are closed nobody is inside its FIFO pages or its port table.
 *
 * Going over to FIFO: the receiver can be seen to have, then looks for bits; the sender sets its bit, then looks
 * whether it has. So what is sent meanwhile is not lost.
 *
 * Imprecise on purpose: the notified vcpu and the priority of a remote port are read without the receiver's lock, so
 * that an event racing with a rebind goes to the old or the new vcpu. Both are vcpus of the receiver; the guest asked
 * for the race. A stale "polling" flag wakes a vcpu for nothing, which looks at its ports and sleeps again.
 *
 * Blocking and raising do not lose each other: the blocker sets VPF_BLOCKED, then looks at the pending flag; we set the
 * pending flag, then look at VPF_BLOCKED; both with full barriers between.
 *
 * No guest dies here. A guest that scribbles over its own bits loses its own events.
 */
#include "core/event_internal.h"
#include "core/heap.h"
#include "core/hypercall.h"
#include "core/reject.h"
#include "core/sched.h"
#include "core/stir.h"
#include "arch/arch.h"

static domid_t virq_handler[NR_VIRQS]; /* who gets a host-wide VIRQ; 0 is domain 0, the default */

/* ---- waking ---- */

static void vcpu_unblock(struct vcpu *v)
{
    if (!(__atomic_fetch_and(&v->pause_flags, ~VPF_BLOCKED, __ATOMIC_SEQ_CST) & VPF_BLOCKED))
        return;
    WRITE_ONCE(v->polling, false);
    vcpu_wake(v);
}

void vcpu_mark_pending(struct vcpu *v)
{
    /* Somebody marked it before and woke it after marking; nothing is left to do. */
    if (__atomic_exchange_n(&v->info->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST))
        return;
    if (READ_ONCE(v->pause_flags) & VPF_BLOCKED)
        vcpu_unblock(v);
    else if (v != current) /* current looks at its flag on the way out */
        vcpu_kick(v);
}

/* A port became pending, masked or not: who sleeps in SCHEDOP_poll for it? */
static void wake_pollers(struct domain *d, u32 port)
{
    struct vcpu *v;

    for_each_vcpu(d, v) {
        if (likely(!READ_ONCE(v->polling)))
            continue;
        u32 waits_for = READ_ONCE(v->poll_port);
        if ((waits_for == port || waits_for == POLL_MANY) &&
            __atomic_exchange_n(&v->polling, false, __ATOMIC_SEQ_CST))
            vcpu_unblock(v);
    }
}

/* Has it gone over to FIFO since we looked? It may have looked at our bit before it was set. */
static bool __attribute__((noinline)) raise_without_fifo(struct domain *d, struct evtchn *chn, struct vcpu *v, u32 port)
{
    bool fresh = twolevel_raise(d, v, port);
    struct event_fifo *f = __atomic_load_n(&d->event->fifo, __ATOMIC_SEQ_CST);

    return unlikely(f) ? fifo_raise(d, f, chn, v, port) : fresh;
}

void port_raise(struct domain *d, struct evtchn *chn, u32 port)
{
    struct event_fifo *f = __atomic_load_n(&d->event->fifo, __ATOMIC_ACQUIRE);
    struct vcpu *v = d->vcpu[READ_ONCE(chn->vcpu)];

    if (unlikely(!v)) /* bound by the toolstack before the domain has vcpus: nobody to tell */
        return;
    stir();
    if (f ? fifo_raise(d, f, chn, v, port) : raise_without_fifo(d, chn, v, port)) {
        if (unlikely(READ_ONCE(d->polled)))
            wake_pollers(d, port);
    }
}

/* ---- raising by number ---- */

long event_port_pending(struct domain *d, u32 port)
{
    struct event_table *t = d->event;

    spin_lock(&t->lock);
    struct evtchn *chn = port_record(t, port);
    bool open = chn && chn->state != EVTCHNSTAT_closed && chn->state != PORT_RESERVED;
    long rc = open ? port_is_pending(d, port) : -EINVAL;
    spin_unlock(&t->lock);
    return rc;
}

u32 event_ports_max(const struct domain *d)
{
    return min(d->event->max_ports, ports_of_abi(d->event));
}

/* EVTCHNOP_send: the hot one. Straight through for the two states that matter. */
long event_send(struct domain *d, u32 port)
{
    struct event_table *t = d->event;
    long err = 0;

    spin_lock(&t->lock);
    struct evtchn *chn = port_record(t, port);
    if (unlikely(!chn)) {
        err = -EINVAL;
    } else if (likely(chn->state == EVTCHNSTAT_interdomain)) {
        current->sending = true;
        port_raise(chn->remote, port_known(chn->remote->event, chn->peer), chn->peer);
        current->sending = false;
    } else if (chn->state == EVTCHNSTAT_ipi) {
        port_raise(d, chn, port);
    } else if (chn->state != EVTCHNSTAT_unbound) { /* unbound: nobody listens yet, and that is fine */
        err = -EINVAL;
    }
    spin_unlock(&t->lock);
    return err ? reject(err, "send on port %u, which is not a sending end", port) : 0;
}

static void virq_raise(struct vcpu *v, u32 virq)
{
    spin_lock(&v->virq_lock);
    u32 port = v->virq_port[virq];
    if (port)
        port_raise(v->domain, port_known(v->domain->event, port), port);
    spin_unlock(&v->virq_lock);
}

void virq_send(struct vcpu *v, u32 virq)
{
    ASSERT(!virq_is_global(virq));
    if (READ_ONCE(v->virq_port[virq])) /* an unbound timer tick needs no lock */
        virq_raise(v, virq);
}

void virq_send_global(struct domain *d, u32 virq)
{
    ASSERT(virq_is_global(virq));
    if (d && d->vcpu && d->vcpu[0])
        virq_raise(d->vcpu[0], virq);
}

void virq_send_host(u32 virq)
{
    domid_t id = READ_ONCE(virq_handler[virq]);
    struct domain *d = id ? domain_get(id) : NULL; /* an id, looked up each time, cannot dangle */

    virq_send_global(d ? d : domain0, virq);
    if (d)
        domain_put(d);
}

long virq_set_handler(struct domain *d, u32 virq)
{
    if (virq >= NR_VIRQS || !virq_is_global(virq))
        return reject(-EINVAL, "VIRQ %u is not a host-wide one", virq);
    if (READ_ONCE(d->dying) != DOMDYING_alive)  /* its id may be another's some day */
        return reject(-EINVAL, "domain %u is being destroyed", d->id);
    WRITE_ONCE(virq_handler[index_clamp(virq, NR_VIRQS)], d->id);
    return 0;
}

void pirq_send(struct domain *d, u32 pirq)
{
    struct event_table *t = d->event;

    if (pirq >= MAX_PIRQS)
        return;
    spin_lock(&t->pirq_lock);
    u32 port = t->pirq_port ? t->pirq_port[pirq] : 0;
    if (port)
        port_raise(d, port_known(t, port), port);
    spin_unlock(&t->pirq_lock);
}

/* ---- unmasking ---- */

/* Under the event lock. */
static void port_unmask(struct domain *d, struct evtchn *chn, u32 port)
{
    struct vcpu *v = d->vcpu[chn->vcpu];

    if (!v)
        return;
    if (d->event->fifo)
        fifo_unmask(d, d->event->fifo, chn, v, port);
    else
        twolevel_unmask(d, v, port);
}

long event_unmask(struct domain *d, u32 port)
{
    struct event_table *t = d->event;

    spin_lock(&t->lock);
    struct evtchn *chn = port_record(t, port);
    if (chn)
        port_unmask(d, chn, port);
    spin_unlock(&t->lock);
    return chn ? 0 : reject(-EINVAL, "unmask of port %u: no such port", port);
}

u32 event_pirq_port(struct domain *d, u32 pirq)
{
    struct event_table *t = d->event;

    if (pirq >= MAX_PIRQS)
        return 0;
    pirq = (u32)index_clamp(pirq, MAX_PIRQS);
    spin_lock(&t->pirq_lock);
    u32 port = t->pirq_port ? t->pirq_port[pirq] : 0;
    spin_unlock(&t->pirq_lock);
    return port;
}

void event_vcpu_info_moved(struct vcpu *v)
{
    /* Bits may have been set in the old place while it was copied: have the guest look at everything once. */
    __atomic_store_n(&v->info->evtchn_pending_sel, ~0UL, __ATOMIC_SEQ_CST);
    vcpu_mark_pending(v);
}

/* ---- lifecycle ---- */

long event_domain_init(struct domain *d)
{
    /* One more than the highest port, which is what the limit names. */
    u32 max = min((u64)d->max_evtchn_port + 1, (u64)EVTCHN_FIFO_NR_CHANNELS);
    size_t buckets = DIV_ROUND_UP(max, (u32)PORTS_PER_BUCKET);
    struct event_table *t = zalloc(d, sizeof(*t) + buckets * sizeof(t->bucket[0]));

    if (!t)
        return -ENOMEM;
    t->bucket[0] = zalloc(d, PORTS_PER_BUCKET * sizeof(struct evtchn));
    if (!t->bucket[0]) {
        zfree(t);
        return -ENOMEM;
    }
    t->bucket[0][0].state = PORT_RESERVED;
    t->used[0] = 1;
    t->nr_ports = min(max, (u32)PORTS_PER_BUCKET);
    t->max_ports = max;
    t->free_hint = 1;
    spin_lock_init(&t->lock, event);
    spin_lock_init(&t->pirq_lock, vcpu);
    d->event = t;
    return 0;
}

long event_vcpu_init(struct vcpu *v)
{
    v->event = zalloc(v->domain, sizeof(*v->event));
    if (!v->event)
        return -ENOMEM;
    spin_lock_init(&v->event->lock, leaf);
    return 0;
}

void event_vcpu_destroy(struct vcpu *v)
{
    zfree(v->event); /* its control block went with the domain's ports, event_domain_destroy() */
    v->event = NULL;
}

long event_domain_close(struct domain *d)
{
    for (u32 virq = 0; virq < NR_VIRQS; virq++)
        if (virq_handler[virq] == d->id)
            WRITE_ONCE(virq_handler[virq], 0);
    return event_reset(d); /* for good, as the domain is dying: no port is born any more */
}

void event_domain_destroy(struct domain *d)
{
    struct event_table *t = d->event;

    if (!t)
        return;
    for (u32 b = 0; b * PORTS_PER_BUCKET < t->nr_ports; b++)
        zfree(t->bucket[b]);
    zfree(t->pirq_port);
    zfree(t);
    d->event = NULL;
}
