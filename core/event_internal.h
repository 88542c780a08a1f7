/*
 * What the event files share. Nobody else includes this.
 *   event.c        the port table, setting a port pending, waking its vcpu, VIRQs; theory of the whole
 *   event_bind.c   a port's life: allocate, bind, close, reset
 *   event_op.c     the hypercall: fetch, decide, act, reply
 *   event_2l.c, event_fifo.c   the two ways of telling a guest which ports are pending
 *   event_audit.c  dump and auditor
 */
#pragma once
#include "core/event.h"
#include "core/domain.h"
#include "core/lock.h"
#include "lib/bitops.h"
#include "lib/clamp.h"
#include "lib/print.h"
#include "lib/string.h"

/* States of a port, by the names of the public header (EVTCHNSTAT_*), plus: */
#define PORT_RESERVED 0xff              /* port 0: never used */

struct evtchn {
    u8 state;                   /* EVTCHNSTAT_* */
    u8 priority;                /* FIFO: queue it goes to next */
    u8 last_priority;           /* FIFO: queue it was last linked on, under last_vcpu's queue lock */
    bool pending_early;         /* FIFO: raised while the guest had no event word for it yet */
    u16 vcpu;                   /* notified vcpu */
    u16 last_vcpu;
    u32 peer;                   /* interdomain: the other port; else the pirq or virq number */
    domid_t remote_id;          /* interdomain, unbound: whose is, or may be, the other end */
    struct domain *remote;      /* interdomain: stays valid as long as the state (its death closes our peer) */
};

#define PORTS_PER_BUCKET 128    /* of 24 bytes: one allocation below a page */
#define EVENT_WORDS_PER_PAGE (PAGE_SIZE / sizeof(event_word_t))
#define FIFO_MAX_PAGES (EVTCHN_FIFO_NR_CHANNELS / EVENT_WORDS_PER_PAGE)

struct event_fifo {
    u32 nr_pages;               /* published after page[] */
    event_word_t *page[FIFO_MAX_PAGES]; /* the guest's own frames, each held by a writable use */
};

struct event_table {
    struct spinlock lock;       /* class event: states of this domain's ports */
    u32 nr_ports;               /* ports that have a record */
    u32 max_ports;              /* ports a guest may ever use: limit + 1 */
    u32 free_hint;              /* no free port below this one */
    u32 reset_next;             /* reset in progress: next port to close */
    u32 resets;                 /* begun so far: a vcpu that comes late from one says nothing about the next */
    bool resetting;             /* no port is born meanwhile */
    struct event_fifo *fifo;    /* NULL: two-level ABI */
    struct spinlock pirq_lock;  /* class vcpu: pirq_port[] */
    u32 *pirq_port;             /* [MAX_PIRQS], 0: not bound; NULL until the first */
    u32 linked_next;            /* where port_alloc() gave up among closed ports still on queues */
    u8 used[EVTCHN_FIFO_NR_CHANNELS / PORTS_PER_BUCKET]; /* ports of a bucket that are not closed */
    struct evtchn *bucket[];    /* [max_ports / PORTS_PER_BUCKET] */
};

/* Per vcpu: the control block and, private to Serai, the tail of each queue. */
struct event_vcpu {
    struct spinlock lock;       /* class leaf: tails, and last_* of ports linked here */
    u32 tail[EVTCHN_FIFO_MAX_QUEUES];
    struct evtchn_fifo_control_block *control; /* in a guest frame; NULL: none */
};

/* The record of a port whose number is Serai's own (a peer's, a VIRQ's, a pirq's): it exists. */
static inline struct evtchn *port_known(const struct event_table *t, u32 port)
{
    return &t->bucket[port / PORTS_PER_BUCKET][port % PORTS_PER_BUCKET];
}

/* The record of a port, NULL if the number has none. Lock: event, or any lock that keeps the port alive. */
static inline struct evtchn *port_record(const struct event_table *t, u32 port)
{
    u32 ports = READ_ONCE(t->nr_ports);

    if (unlikely(port >= ports))
        return NULL;
    return port_known(t, (u32)index_clamp(port, ports));
}

static inline bool virq_is_global(u32 virq)
{
    return virq != VIRQ_TIMER && virq != VIRQ_DEBUG && virq != VIRQ_XENOPROF && virq != VIRQ_XENPMU;
}

static inline struct vcpu *vcpu_by_id(const struct domain *d, u32 id)
{
    return id < d->max_vcpus ? d->vcpu[index_clamp(id, d->max_vcpus)] : NULL;
}

/* event.c: set pending and notify. The caller holds a lock that whoever closes this port must take, too. */
void port_raise(struct domain *d, struct evtchn *chn, u32 port);

/* event_2l.c: each returns true if this made the port pending. */
bool twolevel_raise(struct domain *d, struct vcpu *v, u32 port);
void twolevel_unmask(struct domain *d, struct vcpu *v, u32 port);

/* event_fifo.c */
bool fifo_raise(struct domain *d, struct event_fifo *f, struct evtchn *chn, struct vcpu *v, u32 port);
void fifo_unmask(struct domain *d, struct event_fifo *f, struct evtchn *chn, struct vcpu *v, u32 port);
long fifo_init_control(struct domain *d, evtchn_init_control_t *op);
long fifo_expand_array(struct domain *d, const evtchn_expand_array_t *op);
/* What a guest gave for its FIFO events, taken away: pages that may have been freed but for that. */
struct fifo_left {
    struct event_fifo *fifo;    /* NULL: there was none */
    unsigned nr_controls;
    void *control[DOMAIN_MAX_VCPUS];
};
void fifo_take_away(struct domain *d, struct fifo_left *left); /* back to two-level; event lock held, no open port */
void fifo_give_back(struct fifo_left *left);    /* no lock held */
event_word_t *fifo_word(const struct event_fifo *f, u32 port);

/* event_bind.c: decided arguments in, port or negative error out. Take the event lock themselves. */
long port_bind_interdomain(struct domain *ld, struct domain *rd, u32 rport);
long port_bind_virq(struct domain *d, u32 virq, u32 vcpu);
long port_bind_ipi(struct domain *d, u32 vcpu);
long port_bind_pirq(struct domain *d, u32 pirq, bool share);
long port_bind_vcpu(struct domain *d, u32 port, u32 vcpu);
long port_close(struct domain *d, u32 port, bool by_guest);

/* Is the port's pending bit set? Under a lock as for port_raise(). */
static inline bool port_is_pending(const struct domain *d, u32 port)
{
    const struct event_fifo *f = d->event->fifo;

    if (!f)
        return port < EVTCHN_2L_NR_CHANNELS &&
               test_bit(index_clamp(port, EVTCHN_2L_NR_CHANNELS), (unsigned long *)d->shared->evtchn_pending);
    event_word_t *w = fifo_word(f, port);
    return w ? READ_ONCE(*w) & (1u << EVTCHN_FIFO_PENDING) : READ_ONCE(port_record(d->event, port)->pending_early);
}
static inline u32 ports_of_abi(const struct event_table *t)
{
    return READ_ONCE(t->fifo) ? EVTCHN_FIFO_NR_CHANNELS : (u32)EVTCHN_2L_NR_CHANNELS;
}
