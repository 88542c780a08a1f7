/*
 * A port's life: allocated, bound, rebound to another vcpu, closed; and all of them at once by reset.
 *
 * Everything here holds the event lock of the port's domain; what ties two domains' ports together (binding, closing
 * an interdomain port) holds both, taken by address. A port number is the lowest free one, but a FIFO port still linked
 * on one of the guest's queues is not reused until the guest consumed it: it would be on two queues.
 *
 * The search for a number is short whatever a guest did to its 131072 ports: full buckets are passed over by their
 * count, and a guest with LINKED_MAX closed ports that it did not consume waits until it did, or asks again: each time
 * goes on where the last one gave up.
 */
#include "core/event_internal.h"
#include "core/heap.h"
#include "core/reject.h"
#include "arch/arch.h"

/* ---- allocation ---- */

static bool fifo_linked(const struct event_table *t, u32 port)
{
    const event_word_t *w = t->fifo ? fifo_word(t->fifo, port) : NULL;

    return w && (READ_ONCE(*w) & (1u << EVTCHN_FIFO_LINKED));
}

/* Give numbers nr_ports.. their records. */
static long grow(struct domain *d)
{
    struct event_table *t = d->event;
    struct evtchn *records = zalloc(d, PORTS_PER_BUCKET * sizeof(*records));

    if (!records)
        return -ENOMEM;
    t->bucket[t->nr_ports / PORTS_PER_BUCKET] = records;
    /* Why a release store? Senders and pirq_send() look records up without this lock. */
    __atomic_store_n(&t->nr_ports, min(t->nr_ports + PORTS_PER_BUCKET, t->max_ports), __ATOMIC_RELEASE);
    return 0;
}

#define LINKED_MAX 512          /* closed ports still on the guest's queues that one search looks at */

/*
 * The first port in [port, limit) that can be had, `limit` if there is none, or an error. *linked counts down the
 * closed ports found on queues; at 0 the search ends with linked_next saying where.
 */
static long port_search(struct domain *d, u32 port, u32 limit, unsigned *linked)
{
    struct event_table *t = d->event;
    bool all_used = port == t->free_hint; /* below `port` */

    for (; port < limit; port++) {
        if (port >= t->nr_ports) {
            long err = grow(d);
            if (err)
                return err;
        }
        struct evtchn *chn = port_record(t, port);
        if (t->used[port / PORTS_PER_BUCKET] == PORTS_PER_BUCKET) {
            port |= PORTS_PER_BUCKET - 1;
        } else if (chn->state == EVTCHNSTAT_closed) {
            if (!fifo_linked(t, port))
                return port;
            all_used = false;
            t->linked_next = port + 1;
            if (!--*linked)
                return limit;
        }
        if (all_used)
            t->free_hint = port + 1;
    }
    return limit;
}

/*
 * A free port of d, the lowest nearly always, or an error. Under the event lock; the caller sets its state before
 * unlocking.
 */
static long port_alloc(struct domain *d)
{
    struct event_table *t = d->event;
    u32 limit = event_ports_max(d), again = t->linked_next;
    unsigned linked = LINKED_MAX;

    if (READ_ONCE(d->dying) || t->resetting)
        return reject(-EINVAL, "no new ports: the domain is %s",
                      t->resetting ? "resetting its event channels" : "dying");
    long port = port_search(d, t->free_hint, limit, &linked);
    if (port == limit && !linked) {
        linked = LINKED_MAX;
        port = port_search(d, max(again, t->linked_next), limit, &linked);
        if (port == limit && linked)
            t->linked_next = 0;         /* to the end: from the start next time */
    }
    if (port < 0)
        return port;
    if (port == limit)
        return reject(-ENOSPC, "no free event channel: all %u in use, or closed with events not yet consumed",
                      limit - 1);
    struct evtchn *chn = port_record(t, port);
    chn->vcpu = 0;
    chn->priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
    t->used[port / PORTS_PER_BUCKET]++;
    return port;
}

/* A new port that needs nothing of others. */
static long port_new(struct domain *d, u8 state, domid_t remote, u32 vcpu)
{
    struct event_table *t = d->event;

    spin_lock(&t->lock);
    long port = port_alloc(d);
    if (port > 0) {
        struct evtchn *chn = port_record(t, port);
        chn->remote_id = remote;
        chn->vcpu = vcpu;
        chn->state = state;
    }
    spin_unlock(&t->lock);
    return port;
}

long event_alloc_unbound(struct domain *d, domid_t remote) { return port_new(d, EVTCHNSTAT_unbound, remote, 0); }

/* ---- binding ---- */

long port_bind_interdomain(struct domain *ld, struct domain *rd, u32 rport)
{
    long lport;

    spin_lock_two(&ld->event->lock, &rd->event->lock);
    struct evtchn *rchn = port_record(rd->event, rport);
    if (!rchn || rchn->state != EVTCHNSTAT_unbound || rchn->remote_id != ld->id) {
        lport = reject(-EINVAL, "port %u of domain %u does not wait for domain %u", rport, rd->id, ld->id);
    } else if ((lport = port_alloc(ld)) > 0) {
        struct evtchn *lchn = port_record(ld->event, lport);

        *lchn = (struct evtchn){ .state = EVTCHNSTAT_interdomain, .priority = lchn->priority, .peer = rport,
                                 .last_priority = lchn->last_priority, .last_vcpu = lchn->last_vcpu,
                                 .remote_id = rd->id, .remote = rd };
        rchn->remote = ld;
        rchn->peer = lport;
        rchn->state = EVTCHNSTAT_interdomain;
        /* The other end may have sent before we were there: look once. */
        port_raise(ld, lchn, lport);
    }
    spin_unlock_two(&ld->event->lock, &rd->event->lock);
    return lport;
}

static long virq_bind_locked(struct domain *d, struct vcpu *v, u32 virq)
{
    if (v->virq_port[virq]) /* stable: set and cleared under the event lock, too */
        return reject(-EEXIST, "VIRQ %u of vcpu %u is already bound to port %u", virq, v->id, v->virq_port[virq]);
    long port = port_alloc(d);
    if (port < 0)
        return port;
    struct evtchn *chn = port_record(d->event, port);
    chn->peer = virq;
    chn->vcpu = v->id;
    chn->state = EVTCHNSTAT_virq;
    spin_lock(&v->virq_lock);
    v->virq_port[virq] = port;
    spin_unlock(&v->virq_lock);
    return port;
}

long port_bind_virq(struct domain *d, u32 virq, u32 vcpu)
{
    struct vcpu *v = vcpu_by_id(d, vcpu);

    if (virq >= NR_VIRQS)
        return reject(-EINVAL, "VIRQ %u does not exist (0..%u do)", virq, NR_VIRQS - 1);
    if (virq_is_global(virq) && vcpu != 0)
        return reject(-EINVAL, "global VIRQ %u must be bound on vcpu 0, not %u", virq, vcpu);
    if (!v)
        return reject(-ENOENT, "VIRQ %u on vcpu %u, which does not exist", virq, vcpu);
    virq = (u32)index_clamp(virq, NR_VIRQS);
    spin_lock(&d->event->lock);
    long port = virq_bind_locked(d, v, virq);
    spin_unlock(&d->event->lock);
    return port;
}

long port_bind_ipi(struct domain *d, u32 vcpu)
{
    if (!vcpu_by_id(d, vcpu))
        return reject(-ENOENT, "IPI to vcpu %u, which does not exist", vcpu);
    return port_new(d, EVTCHNSTAT_ipi, 0, vcpu);
}

static long pirq_bind_locked(struct domain *d, u32 pirq, bool share)
{
    struct event_table *t = d->event;

    if (!t->pirq_port) {
        u32 *table = zalloc(d, MAX_PIRQS * sizeof(t->pirq_port[0]));
        if (!table)
            return -ENOMEM;
        spin_lock(&t->pirq_lock);
        t->pirq_port = table;
        spin_unlock(&t->pirq_lock);
    }
    if (t->pirq_port[pirq])
        return reject(-EEXIST, "pirq %u is already bound to port %u", pirq, t->pirq_port[pirq]);
    long port = port_alloc(d);
    if (port < 0)
        return port;
    /* The interrupt may arrive from here on: it finds no port and is dropped until the port is published below. */
    long err = pirq_guest_bind(d->vcpu[0], pirq, share);
    if (err) {
        t->used[port / PORTS_PER_BUCKET]--;
        return err;
    }
    struct evtchn *chn = port_record(t, port);
    chn->peer = pirq;
    chn->state = EVTCHNSTAT_pirq;
    spin_lock(&t->pirq_lock);
    t->pirq_port[pirq] = port;
    spin_unlock(&t->pirq_lock);
    return port;
}

long port_bind_pirq(struct domain *d, u32 pirq, bool share)
{
    if (pirq >= MAX_PIRQS || !vcpu_by_id(d, 0))
        return reject(-EINVAL, "pirq %u does not exist (0..%u do)", pirq, MAX_PIRQS - 1);
    pirq = (u32)index_clamp(pirq, MAX_PIRQS);
    spin_lock(&d->event->lock);
    long port = pirq_bind_locked(d, pirq, share);
    spin_unlock(&d->event->lock);
    return port;
}

long port_bind_vcpu(struct domain *d, u32 port, u32 vcpu)
{
    struct event_table *t = d->event;
    struct vcpu *v = vcpu_by_id(d, vcpu);
    long err = 0;

    if (!v)
        return reject(-ENOENT, "port %u to vcpu %u, which does not exist", port, vcpu);
    spin_lock(&t->lock);
    struct evtchn *chn = port_record(t, port);
    if (!chn || chn->state == EVTCHNSTAT_closed || chn->state == PORT_RESERVED || chn->state == EVTCHNSTAT_ipi ||
        (chn->state == EVTCHNSTAT_virq && !virq_is_global(chn->peer))) {
        err = -EINVAL;
    } else {
        if (chn->state == EVTCHNSTAT_pirq && chn->vcpu != vcpu)
            pirq_guest_set_vcpu(d, chn->peer, v);
        WRITE_ONCE(chn->vcpu, vcpu);
    }
    spin_unlock(&t->lock);
    return err ? reject(err, "port %u cannot be rebound to vcpu %u", port, vcpu) : 0;
}

/* ---- closing ---- */

/* Under the event lock: the number is free from here on; what the guest had not seen is gone. */
static void port_free(struct domain *d, struct evtchn *chn, u32 port)
{
    struct event_table *t = d->event;

    if (t->fifo) {
        event_word_t *w = fifo_word(t->fifo, port);
        if (w)
            __atomic_fetch_and(w, ~(1u << EVTCHN_FIFO_PENDING), __ATOMIC_SEQ_CST);
    } else if (port < EVTCHN_2L_NR_CHANNELS) {
        clear_bit(port, (unsigned long *)d->shared->evtchn_pending);
    }
    chn->pending_early = false;
    chn->remote = NULL;
    chn->peer = 0;
    chn->vcpu = 0;
    chn->state = EVTCHNSTAT_closed;
    t->used[port / PORTS_PER_BUCKET]--;
    t->free_hint = min(t->free_hint, port);
}

static void unbind_virq(struct domain *d, struct evtchn *chn)
{
    struct vcpu *v = d->vcpu[virq_is_global(chn->peer) ? 0 : chn->vcpu];

    spin_lock(&v->virq_lock);
    v->virq_port[chn->peer] = 0;
    spin_unlock(&v->virq_lock);
}

static void unbind_pirq(struct domain *d, struct evtchn *chn)
{
    struct event_table *t = d->event;

    pirq_guest_unbind(d, chn->peer);
    spin_lock(&t->pirq_lock);
    t->pirq_port[chn->peer] = 0;
    spin_unlock(&t->pirq_lock);
}

/* Under both event locks: the other end waits again, for this domain. */
static void unbind_peer(struct domain *d, struct evtchn *chn)
{
    struct evtchn *peer = port_record(chn->remote->event, chn->peer);

    ASSERT(peer->state == EVTCHNSTAT_interdomain && peer->remote == d);
    peer->remote = NULL;
    peer->peer = 0;
    peer->remote_id = d->id;
    peer->state = EVTCHNSTAT_unbound;
}

/*
 * Lock d's table and, if the port is interdomain, the other end's as well: its domain, or d itself. Ours was locked
 * first to learn who that is; when the order demands the other first, we let go, and it may have changed meanwhile.
 * A reference keeps the other domain while we hold no lock that does.
 */
static struct domain *lock_port(struct domain *d, u32 port)
{
    for (;;) {
        spin_lock(&d->event->lock);
        struct evtchn *chn = port_record(d->event, port);
        struct domain *rd = chn && chn->state == EVTCHNSTAT_interdomain ? chn->remote : d;
        if (rd == d)
            return d;
        domain_hold(rd);
        spin_unlock(&d->event->lock);
        spin_lock_two(&d->event->lock, &rd->event->lock);
        bool same = chn->state == EVTCHNSTAT_interdomain && chn->remote == rd;
        if (same)
            return rd;
        spin_unlock_two(&d->event->lock, &rd->event->lock);
        domain_put(rd);
    }
}

long port_close(struct domain *d, u32 port, bool by_guest)
{
    struct domain *rd = lock_port(d, port);
    struct evtchn *chn = port_record(d->event, port);
    bool open = chn && chn->state != EVTCHNSTAT_closed && chn->state != PORT_RESERVED;

    if (open) {
        if (chn->state == EVTCHNSTAT_interdomain)
            unbind_peer(d, chn);
        else if (chn->state == EVTCHNSTAT_virq)
            unbind_virq(d, chn);
        else if (chn->state == EVTCHNSTAT_pirq)
            unbind_pirq(d, chn);
        port_free(d, chn, port);
    }
    spin_unlock_two(&d->event->lock, &rd->event->lock);
    if (rd != d)
        domain_put(rd);
    return open || !by_guest ? 0 : reject(-EINVAL, "close of port %u, which is not open", port);
}

#define RESET_BATCH 64          /* ports closed between two chances of pre-emption */

/*
 * Any number of vcpus may be in here at once. Each says that its piece is closed only for the reset in which it took
 * it: when it comes back late, that one may be over, ports born since, and another one under way that believes it.
 */
long event_reset(struct domain *d)
{
    struct event_table *t = d->event;
    struct fifo_left left;

    spin_lock(&t->lock);
    if (!t->resetting) {
        t->resetting = true;
        t->reset_next = 1;
        t->resets++;
    }
    u32 first = t->reset_next, end = min(first + RESET_BATCH, t->nr_ports), mine = t->resets;
    spin_unlock(&t->lock);

    for (u32 port = first; port < end; port++)
        port_close(d, port, false);

    /* Done? Then no port is open and none could be born: nobody is inside the FIFO pages. */
    spin_lock(&t->lock);
    bool same = t->resetting && t->resets == mine;
    if (same)
        t->reset_next = max(t->reset_next, end);
    bool done = same && t->reset_next >= t->nr_ports;
    if (done) {
        fifo_take_away(d, &left);
        t->free_hint = 1;
        t->resetting = READ_ONCE(d->dying) != DOMDYING_alive;
    }
    spin_unlock(&t->lock);
    if (done)
        fifo_give_back(&left);
    return done || !same ? 0 : -ERESTART; /* over: others closed the rest */
}
