/* Event channels for eyes (debug key) and for the auditor: every binding is checked from both of its ends. */
#include "core/event_internal.h"
#include "core/frame.h"
#include "arch/arch.h"

static const char *const state_name[] = {
    [EVTCHNSTAT_closed] = "closed", [EVTCHNSTAT_unbound] = "unbound", [EVTCHNSTAT_interdomain] = "interdomain",
    [EVTCHNSTAT_pirq] = "pirq", [EVTCHNSTAT_virq] = "virq", [EVTCHNSTAT_ipi] = "ipi",
};

/*
 * One port, as it is at a moment. Not the whole table under its lock: its guest would wait for the serial line. False:
 * there is none of that number, or the lock cannot be had.
 */
static bool look(struct domain *d, u32 port, struct evtchn *chn, bool *pending)
{
    struct event_table *t = d->event;

    if (!spin_lock_patiently(&t->lock)) {
        log_always("  the table's lock is stuck");
        return false;
    }
    bool there = port < t->nr_ports;
    if (there) {
        *chn = *port_known(t, port);
        *pending = chn->state < ARRAY_SIZE(state_name) && port_is_pending(d, port);
    }
    spin_unlock(&t->lock);
    return there;
}

void event_dump(struct domain *d)
{
    const struct event_table *t = d->event;
    struct evtchn chn;
    bool pending;

    if (!t)
        return;
    log_always("Event channels of domain %u: %s ABI, ports 1..%u of at most %u have records", d->id,
               READ_ONCE(t->fifo) ? "FIFO" : "two-level", READ_ONCE(t->nr_ports) - 1, t->max_ports - 1);
    for (u32 port = 1; look(d, port, &chn, &pending); port++) {
        if (chn.state == EVTCHNSTAT_closed || chn.state >= ARRAY_SIZE(state_name))
            continue;
        log_always("  %4u %-11s vcpu %u prio %u%s: %s %u:%u", port, state_name[chn.state], chn.vcpu, chn.priority,
                   pending ? " pending" : "", chn.state <= EVTCHNSTAT_interdomain ? "domain" : "source",
                   chn.remote_id, chn.peer);
    }
}

static unsigned defect(const struct domain *d, u32 port, const char *what)
{
    log_error("audit: event channel %u of domain %u: %s", port, d->id, what);
    return 1;
}

static unsigned audit_interdomain(struct domain *d, const struct evtchn *chn, u32 port)
{
    const struct evtchn *peer = chn->remote ? port_record(chn->remote->event, chn->peer) : NULL;

    if (!peer)
        return defect(d, port, "interdomain without another end");
    if (peer->state != EVTCHNSTAT_interdomain || peer->remote != d || peer->peer != port)
        return defect(d, port, "the other end does not point back");
    return 0;
}

static unsigned audit_port(struct domain *d, const struct evtchn *chn, u32 port)
{
    unsigned bad = 0;
    struct vcpu *home;

    if (chn->state == PORT_RESERVED)
        return port ? defect(d, port, "reserved though not port 0") : 0;
    if (chn->state == EVTCHNSTAT_closed)
        return port < d->event->free_hint ? defect(d, port, "free below the lowest free port") : 0;
    if (!vcpu_by_id(d, chn->vcpu) && chn->vcpu)
        bad += defect(d, port, "notifies a vcpu that does not exist");
    switch (chn->state) {
    case EVTCHNSTAT_interdomain:
        bad += audit_interdomain(d, chn, port);
        break;
    case EVTCHNSTAT_virq:
        home = chn->peer < NR_VIRQS ? d->vcpu[virq_is_global(chn->peer) ? 0 : chn->vcpu] : NULL;
        if (!home || home->virq_port[chn->peer] != port)
            bad += defect(d, port, "VIRQ table does not point back");
        break;
    case EVTCHNSTAT_pirq:
        if (chn->peer >= MAX_PIRQS || !d->event->pirq_port || d->event->pirq_port[chn->peer] != port)
            bad += defect(d, port, "PIRQ table does not point back");
        break;
    case EVTCHNSTAT_unbound:
    case EVTCHNSTAT_ipi:
        break;
    default:
        bad += defect(d, port, "impossible state");
    }
    return bad;
}

static unsigned audit_tables(struct domain *d)
{
    unsigned bad = 0;
    struct vcpu *v;

    for_each_vcpu(d, v)
        for (u32 virq = 0; virq < NR_VIRQS; virq++) {
            u32 port = v->virq_port[virq];
            const struct evtchn *chn = port ? port_record(d->event, port) : NULL;
            if (port && (!chn || chn->state != EVTCHNSTAT_virq || chn->peer != virq))
                bad += defect(d, port, "in a VIRQ table without being bound to it");
        }
    for (u32 pirq = 0; d->event->pirq_port && pirq < MAX_PIRQS; pirq++) {
        u32 port = d->event->pirq_port[pirq];
        const struct evtchn *chn = port ? port_record(d->event, port) : NULL;
        if (port && (!chn || chn->state != EVTCHNSTAT_pirq || chn->peer != pirq))
            bad += defect(d, port, "in the PIRQ table without being bound to it");
    }
    return bad;
}

/* Do all pages of the FIFO ABI still have the use that keeps them ours to write? */
static unsigned audit_fifo(struct domain *d)
{
    const struct event_fifo *f = d->event->fifo;
    unsigned bad = 0;

    for (u32 i = 0; f && i < f->nr_pages; i++) {
        const struct frame *fr = mfn_frame(virt_to_mfn(f->page[i]));
        if (fr->owner != d->id || (fr->type & TYPE_MASK) != TYPE_WRITABLE || !(fr->type & TYPE_USES))
            bad += defect(d, i * EVENT_WORDS_PER_PAGE, "its event words are in a frame that is not held");
    }
    return bad;
}

unsigned event_audit(struct domain *d)
{
    struct event_table *t = d->event;
    unsigned bad = 0;

    if (!t)
        return 0;
    for (u32 port = 0; port < t->nr_ports; port++)
        bad += audit_port(d, port_record(t, port), port);
    return bad + audit_tables(d) + audit_fifo(d);
}
