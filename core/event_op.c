/*
 * The event channel hypercall: fetch the argument block once, find the domain it speaks of, act, write the block back.
 *
 * The act cannot be taken back when the reply cannot be written, so a guest whose argument block is read-only gets
 * -EFAULT and keeps the port it did not learn of; it is charged to its own limit and goes with it.
 */
#include "core/event_internal.h"
#include "core/hypercall.h"
#include "core/reject.h"

#define EVTCHNOP_reset_cont 14  /* a pre-empted reset; the public header names it for hypervisors only */

static long op_alloc_unbound(evtchn_alloc_unbound_t *op)
{
    long err = 0;
    struct domain *d = domain_get_target(op->dom, &err);

    if (!d)
        return err;
    domid_t remote = op->remote_dom == DOMID_SELF ? current->domain->id : op->remote_dom;
    long port = event_alloc_unbound(d, remote);
    domain_put(d);
    op->port = port;
    return port < 0 ? port : 0;
}

static long op_bind_interdomain(evtchn_bind_interdomain_t *op)
{
    struct domain *ld = current->domain;
    struct domain *rd = domain_get(op->remote_dom == DOMID_SELF ? ld->id : op->remote_dom);

    if (!rd)
        return reject(-ESRCH, "no domain %u to bind to", op->remote_dom);
    long port = port_bind_interdomain(ld, rd, op->remote_port);
    domain_put(rd);
    op->local_port = port;
    return port < 0 ? port : 0;
}

static void status_of(const struct evtchn *chn, evtchn_status_t *op)
{
    op->status = chn->state == PORT_RESERVED ? EVTCHNSTAT_closed : chn->state;
    op->vcpu = chn->vcpu;
    switch (chn->state) {
    case EVTCHNSTAT_unbound:
        op->u.unbound.dom = chn->remote_id;
        break;
    case EVTCHNSTAT_interdomain:
        op->u.interdomain.dom = chn->remote->id;
        op->u.interdomain.port = chn->peer;
        break;
    case EVTCHNSTAT_pirq:
        op->u.pirq = chn->peer;
        break;
    case EVTCHNSTAT_virq:
        op->u.virq = chn->peer;
        break;
    }
}

static long op_status(evtchn_status_t *op)
{
    long err = 0;
    struct domain *d = domain_get_target(op->dom, &err);

    if (!d)
        return err;
    spin_lock(&d->event->lock);
    struct evtchn *chn = port_record(d->event, op->port);
    if (chn)
        status_of(chn, op);
    spin_unlock(&d->event->lock);
    domain_put(d);
    return chn ? 0 : refuse_quietly(-EINVAL); /* tools walk the ports until this */
}

static long op_set_priority(struct domain *d, const evtchn_set_priority_t *op)
{
    struct event_table *t = d->event;
    long err = 0;

    spin_lock(&t->lock);
    struct evtchn *chn = port_record(t, op->port);
    bool fifo = t->fifo;
    if (!chn || op->priority > EVTCHN_FIFO_PRIORITY_MIN)
        err = -EINVAL;
    else if (!fifo)
        err = -ENOSYS; /* two-level ports have no priority */
    else
        WRITE_ONCE(chn->priority, op->priority);
    spin_unlock(&t->lock);
    return err ? reject(err, "priority %u for port %u under the %s ABI", op->priority, op->port,
                        fifo ? "FIFO" : "two-level") : 0;
}

static long op_reset(domid_t dom, u64 arg)
{
    long err = 0;
    struct domain *d = domain_get_target(dom, &err);

    if (!d)
        return err;
    if (d != current->domain && !READ_ONCE(d->pause_count)) {
        domain_put(d);
        return reject(-EINVAL, "event channels of domain %u, which is not paused, cannot be reset from outside", dom);
    }
    while ((err = event_reset(d)) == -ERESTART)
        if (preempt_check()) {
            err = hypercall_continue(__HYPERVISOR_event_channel_op, 2, (u64)EVTCHNOP_reset_cont, arg);
            break;
        }
    domain_put(d);
    return err;
}

union event_arg {
    evtchn_alloc_unbound_t alloc_unbound;
    evtchn_bind_interdomain_t bind_interdomain;
    evtchn_bind_virq_t bind_virq;
    evtchn_bind_pirq_t bind_pirq;
    evtchn_bind_ipi_t bind_ipi;
    evtchn_close_t close;
    evtchn_status_t status;
    evtchn_bind_vcpu_t bind_vcpu;
    evtchn_unmask_t unmask;
    evtchn_reset_t reset;
    evtchn_init_control_t init_control;
    evtchn_expand_array_t expand_array;
    evtchn_set_priority_t set_priority;
};

static const struct { u8 bytes; bool reply; } op_shape[] = {
#define SHAPE(op, reply) [EVTCHNOP_##op] = { sizeof(evtchn_##op##_t), reply }
    SHAPE(bind_interdomain, true), SHAPE(bind_virq, true), SHAPE(bind_pirq, true), SHAPE(close, false),
    SHAPE(send, false), SHAPE(status, true), SHAPE(alloc_unbound, true), SHAPE(bind_ipi, true),
    SHAPE(bind_vcpu, false), SHAPE(unmask, false), SHAPE(reset, false), SHAPE(init_control, true),
    SHAPE(expand_array, false), SHAPE(set_priority, false),
    [EVTCHNOP_reset_cont] = { sizeof(evtchn_reset_t), false },
#undef SHAPE
};

/* A port as the reply of a binding, or the error. */
static long port_reply(long port, evtchn_port_t *out)
{
    if (port < 0)
        return port;
    *out = port;
    return 0;
}

static long act(u64 cmd, union event_arg *a, u64 arg)
{
    struct domain *d = current->domain;

    switch (cmd) {
    case EVTCHNOP_bind_interdomain: return op_bind_interdomain(&a->bind_interdomain);
    case EVTCHNOP_bind_virq:
        return port_reply(port_bind_virq(d, a->bind_virq.virq, a->bind_virq.vcpu), &a->bind_virq.port);
    case EVTCHNOP_bind_pirq:
        return port_reply(port_bind_pirq(d, a->bind_pirq.pirq, a->bind_pirq.flags & BIND_PIRQ__WILL_SHARE),
                          &a->bind_pirq.port);
    case EVTCHNOP_bind_ipi: return port_reply(port_bind_ipi(d, a->bind_ipi.vcpu), &a->bind_ipi.port);
    case EVTCHNOP_close: return port_close(d, a->close.port, true);
    case EVTCHNOP_status: return op_status(&a->status);
    case EVTCHNOP_alloc_unbound: return op_alloc_unbound(&a->alloc_unbound);
    case EVTCHNOP_bind_vcpu: return port_bind_vcpu(d, a->bind_vcpu.port, a->bind_vcpu.vcpu);
    case EVTCHNOP_unmask: return event_unmask(d, a->unmask.port);
    case EVTCHNOP_reset:
    case EVTCHNOP_reset_cont: return op_reset(a->reset.dom, arg);
    case EVTCHNOP_init_control: return fifo_init_control(d, &a->init_control);
    case EVTCHNOP_expand_array: return fifo_expand_array(d, &a->expand_array);
    case EVTCHNOP_set_priority: return op_set_priority(d, &a->set_priority);
    }
    return reject(-ENOSYS, "event channel operation %u", (unsigned)cmd);
}

long do_event_channel_op(u64 cmd, u64 arg)
{
    union event_arg a;
    evtchn_send_t send;

    cmd = (u32)cmd;
    if (likely(cmd == EVTCHNOP_send)) {
        if (unlikely(copy_from_guest(&send, GVA(arg), sizeof(send))))
            return reject_fault(arg);
        return event_send(current->domain, send.port);
    }
    if (cmd >= ARRAY_SIZE(op_shape))
        return reject(-ENOSYS, "event channel operation %lu is unknown", cmd);
    cmd = index_clamp(cmd, ARRAY_SIZE(op_shape));
    if (!op_shape[cmd].bytes)
        return reject(-ENOSYS, "event channel operation %lu is unknown", cmd);
    if (copy_from_guest(&a, GVA(arg), op_shape[cmd].bytes))
        return reject(-EFAULT, "argument block of event channel operation %lu at %lx is not readable", cmd, arg);
    long err = act(cmd, &a, arg);
    if (!err && op_shape[cmd].reply && copy_to_guest(GVA(arg), &a, op_shape[cmd].bytes))
        return reject(-EFAULT, "reply of event channel operation %lu at %lx is not writable", cmd, arg);
    return err;
}
