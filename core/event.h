/* Event channels: two-level and FIFO ABIs, VIRQs, IPIs, PIRQs, interdomain. Theory in core/event.c. */
#pragma once
#include "lib/types.h"
#include "core/vcpu.h"

long event_domain_init(struct domain *d);       /* d->event; two-level ABI */
long event_vcpu_init(struct vcpu *v);
void event_vcpu_destroy(struct vcpu *v);
/* The end of a domain: close a piece of its ports, none is born any more. 0 or -ERESTART. Takes: event, pages. */
long event_domain_close(struct domain *d);
/* Free the table, of which no port is open. Only without references: tools ask for the status of ports until then. */
void event_domain_destroy(struct domain *d);
/* EVTCHNOP_reset: close all ports, back to two-level. -ERESTART: a bounded piece was done, call again. Takes: event. */
long event_reset(struct domain *d);

/*
 * Raise a virtual interrupt: per-vcpu ones on v; global ones on whichever vcpu of d bound them. Take: vcpu, and what
 * vcpu_wake() takes.
 */
void virq_send(struct vcpu *v, u32 virq);
void virq_send_global(struct domain *d, u32 virq);
/* To the domain that bound a host-wide VIRQ (CONSOLE, DOM_EXC, CON_RING...): domain 0 here. */
void virq_send_host(u32 virq);
/* XEN_DOMCTL_set_virq_handler: d gets host-wide VIRQ `virq` from now on. -EINVAL for a per-vcpu one. */
long virq_set_handler(struct domain *d, u32 virq);
/* A machine interrupt bound as pirq by d arrived. */
void pirq_send(struct domain *d, u32 pirq);

/* Is port raised and not yet seen by the guest? 1, 0; -EINVAL: it is closed, so it never will be. Takes: event. */
long event_port_pending(struct domain *d, u32 port);
/* Clear port's mask bit and notify if it is pending (EVTCHNOP_unmask; PIRQ end of interrupt). -EINVAL: no such port. */
long event_unmask(struct domain *d, u32 port);
/* Port that d bound to pirq, 0: none. */
u32 event_pirq_port(struct domain *d, u32 pirq);
/* EVTCHNOP_send on d's port. -EINVAL: not an end that sends. Takes: event, and what vcpu_wake() takes. */
long event_send(struct domain *d, u32 port);
u32 event_ports_max(const struct domain *d);

/* For toolstack and builder: an unbound port of d that `remote` may bind. Port or negative error. */
long event_alloc_unbound(struct domain *d, domid_t remote);
/* v has an unmasked pending upcall? (vcpu_info) */
static inline bool vcpu_event_pending(const struct vcpu *v)
{
    return READ_ONCE(v->info->evtchn_upcall_pending) && !READ_ONCE(v->info->evtchn_upcall_mask);
}
/* Set evtchn_upcall_pending (and selector bits were set by the caller) and wake or interrupt the vcpu. */
void vcpu_mark_pending(struct vcpu *v);

/* v->info moved (register_vcpu_info): re-mark everything pending, as the interface requires. */
void event_vcpu_info_moved(struct vcpu *v);

/* Debug key: d's ports; what changes meanwhile is shown as it comes. Takes: event. */
void event_dump(struct domain *d);
/* Auditor: recount ports; number of defects found. */
unsigned event_audit(struct domain *d);
/* Note for core/log_dirty.c the frames in which Serai raises events without further notice. Takes: event, leaf. */
void event_note_frames(struct domain *d);
