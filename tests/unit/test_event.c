/*
 * Event channels against an executable specification: random operations of three domains, each with two vcpus, under
 * both ABIs. The specification keeps, per port, what it is bound to and whether it was raised since the guest last
 * looked. The guest side is played by the algorithm a kernel uses. Checked: every answer and port number; after every
 * few steps all states through EVTCHNOP_status; that exactly the raised, unmasked ports reach the guest; the auditor.
 * Went wrong once: a search for a free number that took as long as the guest had ports; a reset that believed a vcpu
 * late from the one before. Could: an event lost while its port moves to another vcpu, a wake-up between a guest's look
 * and its sleep.
 * Links: core/event.c core/event_2l.c core/event_fifo.c core/event_bind.c core/event_op.c core/event_audit.c
 *        core/lock.c arch/host/fake_machine.c arch/host/fake_guest.c arch/host/fake_core.c
 *        arch/host/fake_domain.c arch/host/fake_heap.c arch/host/fake_log.c
 */
#include "arch/host/fake.h"
#include <pthread.h>
#include <semaphore.h>
#include "arch/arch.h"
#include "core/event.h"
#include "core/frame.h"
#include "core/hypercall.h"
#include "core/sched.h"
#include "core/stir.h"
#include "lib/string.h"

#define DOMAINS 3
#define VCPUS 2
#define LIMIT 140               /* highest port: more than one bucket, few enough to run out of */
#define FREE EVTCHNSTAT_closed

struct spec_port {
    u32 state, peer, vcpu, remote;
    bool raised, masked;
};
static struct spec {
    struct domain *d;
    struct spec_port port[LIMIT + 1];
    bool fifo;
    struct evtchn_fifo_control_block *control[VCPUS];
    event_word_t *words;
    u32 head[VCPUS][EVTCHN_FIFO_MAX_QUEUES]; /* the guest's own notes */
    mfn_t pages[VCPUS + 1];
    u32 nr_pages;
} spec[DOMAINS];

static u64 dice(u64 n) { return fake_random() % n; }
static void become(unsigned d) { fake_current = spec[d].d->vcpu[dice(VCPUS)]; }
static long op(u64 cmd, void *arg) { return do_event_channel_op(cmd, (u64)(uintptr_t)arg); }

static void set_up(u64 seed)
{
    fake_reset(seed);
    memset(spec, 0, sizeof(spec));
    for (unsigned i = 0; i < DOMAINS; i++) {
        struct domain *d = spec[i].d = fake_domain(i, VCPUS);
        d->max_evtchn_port = LIMIT;
        assert_int_equal(event_domain_init(d), 0);
        for (unsigned v = 0; v < VCPUS; v++)
            assert_int_equal(event_vcpu_init(d->vcpu[v]), 0);
    }
    become(0);
}

static void tear_down(void)
{
    for (unsigned i = 0; i < DOMAINS; i++) {
        spec[i].d->dying = DOMDYING_dying;
        while (event_domain_close(spec[i].d)) {}
        assert_int_equal(event_audit(spec[i].d), 0);
    }
    for (unsigned i = 0; i < DOMAINS; i++) {
        struct domain *d = spec[i].d;
        for (unsigned v = 0; v < VCPUS; v++)
            event_vcpu_destroy(d->vcpu[v]);
        d->refs = 0;
        event_domain_destroy(d);
        for (u32 p = 0; p < spec[i].nr_pages; p++) {
            assert_int_equal(fake_uses(spec[i].pages[p]), 0);
            frame_put(spec[i].pages[p]);
        }
        fake_domain_free(d);
    }
    assert_int_equal(fake_heap_objects, 0);
}

/* ---- the guest's side ---- */

static unsigned long *bits(xen_ulong_t *p) { return (unsigned long *)p; }

static void guest_mask(struct spec *s, u32 port)
{
    s->port[port].masked = true;
    if (s->fifo)
        __atomic_fetch_or(&s->words[port], 1u << EVTCHN_FIFO_MASKED, __ATOMIC_SEQ_CST);
    else
        set_bit(port, bits(s->d->shared->evtchn_mask));
}

/* The port reached the guest: it had to be raised and unmasked. */
static void seen(struct spec *s, u32 port)
{
    if (!s->port[port].raised || s->port[port].masked)
        fail_msg("domain %u got port %u: raised %d masked %d", s->d->id, port, s->port[port].raised,
                 s->port[port].masked);
    s->port[port].raised = false;
}

static void guest_looks_2l(struct spec *s, struct vcpu *v)
{
    shared_info_t *sh = s->d->shared;
    u64 sel;

    if (!v->info->evtchn_upcall_pending)
        return;
    v->info->evtchn_upcall_pending = 0;
    for (sel = v->info->evtchn_pending_sel, v->info->evtchn_pending_sel = 0; sel; sel &= sel - 1) {
        u32 word = lowest_bit(sel);
        for (u64 w; (w = sh->evtchn_pending[word] & ~sh->evtchn_mask[word]);) {
            u32 port = word * 64 + lowest_bit(w);
            clear_bit(port, bits(sh->evtchn_pending));
            seen(s, port);
        }
    }
}

static void guest_consumes(struct spec *s, unsigned vcpu, unsigned prio)
{
    struct evtchn_fifo_control_block *c = s->control[vcpu];
    u32 *head = &s->head[vcpu][prio];

    if (!*head)
        *head = c->head[prio];
    while (*head) {
        u32 port = *head, word = s->words[port];

        assert_true(port <= LIMIT);
        assert_true(word & (1u << EVTCHN_FIFO_LINKED));
        assert_false(word & (1u << EVTCHN_FIFO_BUSY));
        *head = word & EVTCHN_FIFO_LINK_MASK;
        s->words[port] = word & ~((1u << EVTCHN_FIFO_LINKED) | EVTCHN_FIFO_LINK_MASK);
        if ((word & (1u << EVTCHN_FIFO_PENDING)) && !(word & (1u << EVTCHN_FIFO_MASKED))) {
            s->words[port] &= ~(1u << EVTCHN_FIFO_PENDING);
            seen(s, port);
        }
    }
}

static void guest_looks_fifo(struct spec *s, struct vcpu *v)
{
    struct evtchn_fifo_control_block *c = s->control[v->id];

    if (!v->info->evtchn_upcall_pending || !c)
        return;
    v->info->evtchn_upcall_pending = 0;
    while (c->ready) {
        unsigned prio = lowest_bit(c->ready);
        c->ready &= ~(1u << prio);
        guest_consumes(s, v->id, prio);
    }
}

/* All vcpus look: afterwards nothing raised and unmasked may be left. */
static void guest_looks(struct spec *s)
{
    for (unsigned v = 0; v < VCPUS; v++) {
        if (s->fifo)
            guest_looks_fifo(s, s->d->vcpu[v]);
        else
            guest_looks_2l(s, s->d->vcpu[v]);
    }
    for (u32 port = 1; port <= LIMIT; port++)
        if (s->port[port].raised && !s->port[port].masked)
            fail_msg("port %u of domain %u was raised and never reached the guest (%s)", port, s->d->id,
                     s->fifo ? "FIFO" : "two-level");
}

/* ---- the specification ---- */

static u32 lowest_free(const struct spec *s)
{
    for (u32 port = 1; port <= LIMIT; port++)
        if (s->port[port].state == FREE && !(s->fifo && (s->words[port] & (1u << EVTCHN_FIFO_LINKED))))
            return port;
    return 0;
}

/* An allocation in s, whose lowest free port was `want`, answered this: the specified port, NULL if it had to fail. */
static struct spec_port *allocated(struct spec *s, long rc, u32 port, u32 want)
{
    if (!want) {
        assert_int_equal(rc, -ENOSPC);
        return NULL;
    }
    assert_int_equal(rc, 0);
    assert_int_equal(port, want);
    bool masked = s->port[port].masked;
    s->port[port] = (struct spec_port){ .masked = masked };
    return &s->port[port];
}

static void spec_raise(struct spec *s, u32 port) { s->port[port].raised = true; }

static void spec_close(unsigned d, u32 port)
{
    struct spec_port *p = &spec[d].port[port];

    if (p->state == EVTCHNSTAT_interdomain) {
        struct spec_port *o = &spec[p->remote].port[p->peer];
        o->state = EVTCHNSTAT_unbound;
        o->remote = d;
    }
    bool masked = p->masked;
    *p = (struct spec_port){ .masked = masked };
}

static bool virq_taken(const struct spec *s, u32 virq, u32 vcpu)
{
    for (u32 port = 1; port <= LIMIT; port++)
        if (s->port[port].state == EVTCHNSTAT_virq && s->port[port].peer == virq &&
            (s->port[port].vcpu == vcpu || virq != VIRQ_TIMER))
            return true;
    return false;
}

static void compare(unsigned d)
{
    become(0);
    for (u32 port = 0; port <= LIMIT + 1; port++) {
        evtchn_status_t st = { .dom = d, .port = port };
        long rc = op(EVTCHNOP_status, &st);
        const struct spec_port *p = &spec[d].port[port];

        if (rc == -EINVAL && (port > LIMIT || p->state == FREE)) /* no record yet */
            continue;
        assert_int_equal(rc, 0);
        assert_true(port <= LIMIT);
        assert_int_equal(st.status, p->state);
        if (p->state != FREE)
            assert_int_equal(st.vcpu, p->vcpu);
        if (p->state == EVTCHNSTAT_interdomain) {
            assert_int_equal(st.u.interdomain.dom, p->remote);
            assert_int_equal(st.u.interdomain.port, p->peer);
        } else if (p->state == EVTCHNSTAT_unbound) {
            assert_int_equal(st.u.unbound.dom, p->remote);
        } else if (p->state == EVTCHNSTAT_virq) {
            assert_int_equal(st.u.virq, p->peer);
        }
    }
}

/* ---- one random step each ---- */

static void step_alloc(unsigned d)
{
    u32 want = lowest_free(&spec[d]);
    evtchn_alloc_unbound_t a = { .dom = DOMID_SELF, .remote_dom = dice(DOMAINS) };
    long rc = op(EVTCHNOP_alloc_unbound, &a);
    struct spec_port *p = allocated(&spec[d], rc, a.port, want);

    if (p) {
        p->state = EVTCHNSTAT_unbound;
        p->remote = a.remote_dom;
    }
}

static void step_bind_interdomain(unsigned d)
{
    u32 want = lowest_free(&spec[d]);
    evtchn_bind_interdomain_t b = { .remote_dom = dice(DOMAINS), .remote_port = dice(LIMIT + 3) };
    bool ok;

    for (u32 i = 0; i < 40 && spec[b.remote_dom].port[b.remote_port % (LIMIT + 1)].state != EVTCHNSTAT_unbound; i++)
        b.remote_port = dice(LIMIT + 3);
    ok = b.remote_port <= LIMIT && spec[b.remote_dom].port[b.remote_port].state == EVTCHNSTAT_unbound &&
         spec[b.remote_dom].port[b.remote_port].remote == d;
    long rc = op(EVTCHNOP_bind_interdomain, &b);
    if (!ok) {
        assert_int_equal(rc, -EINVAL);
        return;
    }
    struct spec_port *l = allocated(&spec[d], rc, b.local_port, want), *r = &spec[b.remote_dom].port[b.remote_port];
    if (!l)
        return;
    l->state = r->state = EVTCHNSTAT_interdomain;
    l->remote = b.remote_dom;
    l->peer = b.remote_port;
    r->remote = d;
    r->peer = b.local_port;
    l->raised = true;
}

static void step_bind_virq(unsigned d)
{
    u32 want = lowest_free(&spec[d]);
    u32 virq = dice(2) ? VIRQ_TIMER : VIRQ_CONSOLE + dice(2);
    evtchn_bind_virq_t b = { .virq = dice(20) ? virq : NR_VIRQS + dice(5), .vcpu = dice(VCPUS + 1) };
    long rc = op(EVTCHNOP_bind_virq, &b);

    if (b.virq >= NR_VIRQS || (b.virq != VIRQ_TIMER && b.vcpu)) {
        assert_int_equal(rc, -EINVAL);
    } else if (b.vcpu >= VCPUS) {
        assert_int_equal(rc, -ENOENT);
    } else if (virq_taken(&spec[d], b.virq, b.vcpu)) {
        assert_int_equal(rc, -EEXIST);
    } else {
        struct spec_port *p = allocated(&spec[d], rc, b.port, want);
        if (p) {
            p->state = EVTCHNSTAT_virq;
            p->peer = b.virq;
            p->vcpu = b.vcpu;
        }
    }
}

static void step_bind_ipi(unsigned d)
{
    u32 want = lowest_free(&spec[d]);
    evtchn_bind_ipi_t b = { .vcpu = dice(VCPUS) };
    long rc = op(EVTCHNOP_bind_ipi, &b);
    struct spec_port *p = allocated(&spec[d], rc, b.port, want);

    if (p) {
        p->state = EVTCHNSTAT_ipi;
        p->vcpu = b.vcpu;
    }
}

static void step_bind_pirq(unsigned d)
{
    u32 want = lowest_free(&spec[d]);
    evtchn_bind_pirq_t b = { .pirq = dice(MAX_PIRQS + 2) };
    bool taken = false;

    for (u32 port = 1; port <= LIMIT; port++)
        taken |= spec[d].port[port].state == EVTCHNSTAT_pirq && spec[d].port[port].peer == b.pirq;
    long rc = op(EVTCHNOP_bind_pirq, &b);
    if (b.pirq >= MAX_PIRQS) {
        assert_int_equal(rc, -EINVAL);
    } else if (taken) {
        assert_int_equal(rc, -EEXIST);
    } else if (want && b.pirq % 8 == 7) {
        assert_int_equal(rc, -EPERM);
    } else {
        struct spec_port *p = allocated(&spec[d], rc, b.port, want);
        if (p) {
            p->state = EVTCHNSTAT_pirq;
            p->peer = b.pirq;
        }
    }
}

static void step_close(unsigned d)
{
    evtchn_close_t c = { .port = dice(LIMIT + 2) };
    long rc = op(EVTCHNOP_close, &c);

    if (c.port > LIMIT || spec[d].port[c.port].state == FREE) {
        assert_int_equal(rc, -EINVAL);
        return;
    }
    assert_int_equal(rc, 0);
    spec_close(d, c.port);
}

static void step_send(unsigned d)
{
    evtchn_send_t s = { .port = dice(LIMIT + 2) };
    const struct spec_port *p = &spec[d].port[s.port % (LIMIT + 1)];
    long rc = op(EVTCHNOP_send, &s);

    if (s.port > LIMIT || p->state == FREE || p->state == EVTCHNSTAT_virq || p->state == EVTCHNSTAT_pirq) {
        assert_int_equal(rc, -EINVAL);
        return;
    }
    assert_int_equal(rc, 0);
    if (p->state == EVTCHNSTAT_interdomain)
        spec_raise(&spec[p->remote], p->peer);
    else if (p->state == EVTCHNSTAT_ipi)
        spec_raise(&spec[d], s.port);
}

/* The hypervisor's own sources. */
static void step_interrupt(unsigned d)
{
    u32 virq = VIRQ_CONSOLE + dice(2), vcpu = dice(VCPUS), pirq = dice(MAX_PIRQS), kind = dice(4);
    unsigned to = kind == 2 ? 0 : d;

    if (kind == 0)
        virq_send(spec[d].d->vcpu[vcpu], VIRQ_TIMER);
    else if (kind == 1)
        virq_send_global(spec[d].d, virq);
    else if (kind == 2)
        virq_send_host(virq);
    else
        pirq_send(spec[d].d, pirq);
    for (u32 port = 1; port <= LIMIT; port++) {
        const struct spec_port *p = &spec[to].port[port];
        if ((kind == 0 && p->state == EVTCHNSTAT_virq && p->peer == VIRQ_TIMER && p->vcpu == vcpu) ||
            ((kind == 1 || kind == 2) && p->state == EVTCHNSTAT_virq && p->peer == virq) ||
            (kind == 3 && p->state == EVTCHNSTAT_pirq && p->peer == pirq))
            spec_raise(&spec[to], port);
    }
}

static void step_bind_vcpu(unsigned d)
{
    evtchn_bind_vcpu_t b = { .port = dice(LIMIT + 2), .vcpu = dice(VCPUS + 1) };
    struct spec_port *p = &spec[d].port[b.port % (LIMIT + 1)];
    long rc = op(EVTCHNOP_bind_vcpu, &b);

    if (b.vcpu >= VCPUS) {
        assert_int_equal(rc, -ENOENT);
    } else if (b.port > LIMIT || p->state == FREE || p->state == EVTCHNSTAT_ipi ||
               (p->state == EVTCHNSTAT_virq && p->peer == VIRQ_TIMER)) {
        assert_int_equal(rc, -EINVAL);
    } else {
        assert_int_equal(rc, 0);
        p->vcpu = b.vcpu;
    }
}

static void step_mask(unsigned d) { guest_mask(&spec[d], 1 + dice(LIMIT)); }

static void step_unmask(unsigned d)
{
    evtchn_unmask_t u = { .port = 1 + dice(LIMIT) };

    if (!op(EVTCHNOP_unmask, &u))
        spec[d].port[u.port].masked = false;
}

static void step_priority(unsigned d)
{
    evtchn_set_priority_t p = { .port = 1 + dice(60), .priority = dice(18) };
    long rc = op(EVTCHNOP_set_priority, &p);

    assert_int_equal(rc, p.priority > 15 ? -EINVAL : spec[d].fifo ? 0 : -ENOSYS);
}

/* ---- changing the ABI ---- */

static void forget_bits(struct spec *s)
{
    shared_info_t *sh = s->d->shared;

    memset(sh->evtchn_pending, 0, sizeof(sh->evtchn_pending));
    memset(sh->evtchn_mask, 0, sizeof(sh->evtchn_mask));
    for (unsigned v = 0; v < VCPUS; v++)
        s->d->vcpu[v]->info->evtchn_upcall_pending = s->d->vcpu[v]->info->evtchn_pending_sel = 0;
    memset(s->head, 0, sizeof(s->head));
}

static void step_reset(unsigned d)
{
    struct spec *s = &spec[d];
    evtchn_reset_t r = { .dom = DOMID_SELF };

    for (u64 cmd = EVTCHNOP_reset, rc = -ERESTART; rc == (u64)-ERESTART; cmd = 14)
        rc = op(cmd, &r);
    for (u32 port = 1; port <= LIMIT; port++) {
        spec_close(d, port);
        s->port[port].masked = false;
    }
    for (u32 p = 0; p < s->nr_pages; p++) {
        assert_int_equal(fake_uses(s->pages[p]), 0);
        frame_put(s->pages[p]);
    }
    s->nr_pages = 0;
    s->fifo = false;
    s->words = NULL;
    memset(s->control, 0, sizeof(s->control));
    forget_bits(s);
}

/* Linux's order: control blocks, array, then ports; here with ports open and events pending, which must survive. */
static void step_fifo(unsigned d)
{
    struct spec *s = &spec[d];

    if (s->fifo)
        return;
    for (unsigned v = 0; v < VCPUS; v++) {
        mfn_t mfn = s->pages[s->nr_pages++] = fake_frame(s->d);
        evtchn_init_control_t c = { .control_gfn = mfn, .offset = 512 * v, .vcpu = v };
        assert_int_equal(op(EVTCHNOP_init_control, &c), 0);
        assert_int_equal(c.link_bits, 17);
        s->control[v] = (void *)((char *)mfn_to_virt(mfn) + c.offset);
        assert_int_equal(op(EVTCHNOP_init_control, &c), -EINVAL);
    }
    mfn_t mfn = s->pages[s->nr_pages++] = fake_frame(s->d);
    s->words = mfn_to_virt(mfn);
    for (u32 port = 0; port <= LIMIT; port++)
        if (s->port[port].masked)
            s->words[port] = 1u << EVTCHN_FIFO_MASKED;
    evtchn_expand_array_t e = { .array_gfn = mfn };
    assert_int_equal(op(EVTCHNOP_expand_array, &e), 0);
    s->fifo = true;
}

static void (*const steps[])(unsigned d) = {
    step_alloc, step_alloc, step_bind_interdomain, step_bind_interdomain, step_bind_interdomain, step_bind_virq,
    step_bind_ipi, step_bind_pirq, step_close, step_close, step_close, step_send, step_send, step_send, step_send,
    step_send, step_send, step_interrupt, step_interrupt, step_bind_vcpu, step_mask, step_unmask, step_unmask,
    step_priority,
};

static void random_run(u64 seed, unsigned length)
{
    set_up(seed);
    fake_preempt_every = seed % 2 ? 0 : 1;
    for (unsigned i = 0; i < length; i++) {
        unsigned d = dice(DOMAINS);

        become(d);
        if (dice(1000) == 0)
            step_fifo(d);
        else if (dice(3000) == 0)
            step_reset(d);
        else
            steps[dice(ARRAY_SIZE(steps))](d);
        if (dice(8) == 0)
            guest_looks(&spec[dice(DOMAINS)]);
        if (i % 256 == 0)
            for (d = 0; d < DOMAINS; d++) {
                compare(d);
                assert_int_equal(event_audit(spec[d].d), 0);
            }
    }
    fake_preempt_every = 0;
    tear_down();
}

static void test_model(void **state)
{
    const char *more = getenv("MODEL_RUNS");

    (void)state;
    for (u64 seed = 1, runs = more ? strtoul(more, NULL, 0) : 40; seed <= runs; seed++)
        random_run(seed, 50000);
}

/* ---- single facts ---- */

static long unbound(domid_t dom, domid_t remote)
{
    evtchn_alloc_unbound_t a = { .dom = dom, .remote_dom = remote };
    long rc = op(EVTCHNOP_alloc_unbound, &a);

    return rc ? rc : a.port;
}

static void test_privilege(void **state)
{
    (void)state;
    set_up(1);
    become(1);
    assert_int_equal(unbound(2, 1), -EPERM);
    become(0);
    assert_int_equal(unbound(2, 0), 1);
    assert_int_equal(unbound(77, 0), -ESRCH);
    evtchn_reset_t r = { .dom = 2 };
    assert_int_equal(op(EVTCHNOP_reset, &r), -EINVAL); /* it runs */
    assert_int_equal(op(99, &r), -ENOSYS);
    fake_fault_in = 0;
    assert_int_equal(op(EVTCHNOP_close, &r), -EFAULT);
    tear_down();
}

/* A sleeping vcpu is woken by its event, one that polls by the port it polls for even if masked, and by no other. */
static void test_wake(void **state)
{
    (void)state;
    set_up(2);
    struct vcpu *v = spec[1].d->vcpu[1];
    become(1);
    evtchn_bind_ipi_t a = { .vcpu = 1 }, b = { .vcpu = 1 };
    assert_int_equal(op(EVTCHNOP_bind_ipi, &a) | op(EVTCHNOP_bind_ipi, &b), 0);
    guest_mask(&spec[1], a.port);
    guest_mask(&spec[1], b.port);
    v->pause_flags = VPF_BLOCKED;
    v->polling = v->domain->polled = true;
    v->poll_port = a.port;
    assert_int_equal(op(EVTCHNOP_send, &(evtchn_send_t){ .port = b.port }), 0);
    assert_true(v->polling && v->pause_flags == VPF_BLOCKED);
    assert_int_equal(op(EVTCHNOP_send, &(evtchn_send_t){ .port = a.port }), 0);
    assert_true(!v->polling && !v->pause_flags);
    assert_true(event_port_pending(v->domain, a.port));
    v->pause_flags = VPF_BLOCKED;
    event_unmask(v->domain, b.port);
    assert_int_equal(v->pause_flags, 0);
    assert_int_equal(v->info->evtchn_upcall_pending, 1);
    tear_down();
}

/* The guest writes nonsense into every word and both control blocks: we neither crash nor loop nor write elsewhere. */
static void test_hostile_fifo(void **state)
{
    (void)state;
    set_up(3);
    become(1);
    step_fifo(1);
    struct spec *s = &spec[1];
    for (unsigned i = 0; i < 60; i++)
        step_bind_ipi(1);
    for (unsigned i = 0; i < 200000; i++) {
        evtchn_send_t send = { .port = 1 + dice(60) };

        s->words[dice(LIMIT)] = fake_random();
        s->control[dice(VCPUS)]->ready = fake_random();
        s->control[dice(VCPUS)]->head[dice(16)] = fake_random();
        assert_int_equal(op(EVTCHNOP_send, &send), 0);
        if (dice(4) == 0)
            step_bind_vcpu(1);
        if (dice(4) == 0)
            step_priority(1);
    }
    assert_int_equal(event_audit(s->d), 0);
    tear_down();
}

/* The control block and the array must be the guest's own writable frames, and not cross a page. */
static void test_fifo_arguments(void **state)
{
    (void)state;
    set_up(4);
    become(1);
    mfn_t own = spec[1].pages[spec[1].nr_pages++] = fake_frame(spec[1].d);
    mfn_t other = spec[2].pages[spec[2].nr_pages++] = fake_frame(spec[2].d);
    evtchn_expand_array_t e = { .array_gfn = own };
    assert_int_equal(op(EVTCHNOP_expand_array, &e), -EOPNOTSUPP);
    evtchn_init_control_t c = { .control_gfn = other };
    assert_int_equal(op(EVTCHNOP_init_control, &c), -EINVAL);
    c = (evtchn_init_control_t){ .control_gfn = own, .offset = 4 };
    assert_int_equal(op(EVTCHNOP_init_control, &c), -EINVAL);
    c.offset = 4096 - 64;
    assert_int_equal(op(EVTCHNOP_init_control, &c), -EINVAL);
    c = (evtchn_init_control_t){ .control_gfn = own, .vcpu = VCPUS };
    assert_int_equal(op(EVTCHNOP_init_control, &c), -ENOENT);
    c.vcpu = 0;
    assert_int_equal(op(EVTCHNOP_init_control, &c), 0);
    e.array_gfn = 1UL << 40;
    assert_int_equal(op(EVTCHNOP_expand_array, &e), -EINVAL);
    assert_int_equal(fake_uses(own), 1);
    e.array_gfn = spec[1].pages[spec[1].nr_pages++] = fake_frame(spec[1].d);
    for (unsigned i = 0; i < EVTCHN_FIFO_NR_CHANNELS / 1024; i++)
        assert_int_equal(op(EVTCHNOP_expand_array, &e), 0);
    assert_int_equal(op(EVTCHNOP_expand_array, &e), -ENOSPC);
    tear_down();
}

/* An event before its word exists arrives with it, unless its port was closed meanwhile; a masked one tells nobody. */
static void test_fifo_early(void **state)
{
    (void)state;
    set_up(6);
    become(1);
    struct spec *s = &spec[1];
    mfn_t block = s->pages[s->nr_pages++] = fake_frame(s->d), array = s->pages[s->nr_pages++] = fake_frame(s->d);
    event_word_t *word = mfn_to_virt(array);
    evtchn_init_control_t c = { .control_gfn = block };
    assert_int_equal(op(EVTCHNOP_init_control, &c), 0);
    evtchn_bind_ipi_t b = { .vcpu = 0 };
    for (u32 port = 1; port <= 3; port++) {
        assert_int_equal(op(EVTCHNOP_bind_ipi, &b), 0);
        assert_int_equal(event_send(s->d, port), 0);
        assert_true(event_port_pending(s->d, port));
    }
    evtchn_close_t close = { .port = 2 };
    assert_int_equal(op(EVTCHNOP_close, &close), 0);
    assert_int_equal(op(EVTCHNOP_bind_ipi, &b), 0);
    assert_int_equal(b.port, 2);
    word[3] = 1u << EVTCHN_FIFO_MASKED;
    evtchn_expand_array_t e = { .array_gfn = array };
    assert_int_equal(op(EVTCHNOP_expand_array, &e), 0);
    assert_int_equal(word[1], 1u << EVTCHN_FIFO_PENDING | 1u << EVTCHN_FIFO_LINKED);
    assert_int_equal(word[2], 0);
    assert_int_equal(word[3], 1u << EVTCHN_FIFO_PENDING | 1u << EVTCHN_FIFO_MASKED);
    assert_int_equal(((struct evtchn_fifo_control_block *)mfn_to_virt(block))->head[7], 1);
    word[1] |= 0x1ff;           /* what the guest left in the link is not part of the next one */
    assert_int_equal(event_send(s->d, 2), 0);
    assert_int_equal(word[1] & EVTCHN_FIFO_LINK_MASK, 2);
    tear_down();
}

/* The receiver goes over to FIFO, on another CPU, when the sender has just seen that it has not. */
static void go_over(void)
{
    struct vcpu *sender = current;
    struct spec *s = &spec[1];

    if (!sender->sending)
        return;
    fake_stir = NULL;
    fake_cpu = 1;
    become(1);
    evtchn_init_control_t c = { .control_gfn = s->pages[0] };
    assert_int_equal(op(EVTCHNOP_init_control, &c), 0);
    fake_cpu = 0;
    fake_current = sender;
}

static void test_sent_while_it_goes_over(void **state)
{
    (void)state;
    set_up(8);
    struct spec *s = &spec[1];
    mfn_t array;
    s->pages[s->nr_pages++] = fake_frame(s->d);
    s->pages[s->nr_pages++] = array = fake_frame(s->d);
    become(1);
    evtchn_alloc_unbound_t a = { .dom = DOMID_SELF, .remote_dom = 2 };
    assert_int_equal(op(EVTCHNOP_alloc_unbound, &a), 0);
    become(2);
    evtchn_bind_interdomain_t b = { .remote_dom = 1, .remote_port = a.port };
    assert_int_equal(op(EVTCHNOP_bind_interdomain, &b), 0);
    become(1);
    clear_bit(a.port, (unsigned long *)s->d->shared->evtchn_pending);   /* that of the binding */
    become(2);
    fake_stir = go_over;
    assert_int_equal(event_send(spec[2].d, b.local_port), 0);
    assert_null(fake_stir);
    assert_true(event_port_pending(s->d, a.port));
    become(1);
    evtchn_expand_array_t e = { .array_gfn = array };
    assert_int_equal(op(EVTCHNOP_expand_array, &e), 0);
    assert_true(((event_word_t *)mfn_to_virt(array))[a.port] & 1u << EVTCHN_FIFO_PENDING);
    tear_down();
}

/* Words for many ports that wait for them: the machine's interrupts need not. */
static void test_many_early(void **state)
{
    (void)state;
    set_up(7);
    become(1);
    struct spec *s = &spec[1];
    mfn_t block = s->pages[s->nr_pages++] = fake_frame(s->d), array = s->pages[s->nr_pages++] = fake_frame(s->d);
    event_word_t *word = mfn_to_virt(array);
    evtchn_bind_ipi_t b = { .vcpu = 0 };
    u32 n = 0;
    while (n < 150 && !op(EVTCHNOP_bind_ipi, &b))
        assert_int_equal(event_send(s->d, ++n), 0);
    assert_true(n > 64);
    evtchn_init_control_t c = { .control_gfn = block };
    assert_int_equal(op(EVTCHNOP_init_control, &c), 0);
    evtchn_expand_array_t e = { .array_gfn = array };
    fake_looks = 0;
    fake_preempt_every = 1;
    assert_int_equal(op(EVTCHNOP_expand_array, &e), 0);
    fake_preempt_every = 0;
    assert_true(fake_looks >= n / 32);
    for (u32 port = 1; port <= n; port++)
        assert_int_equal(word[port], 1u << EVTCHN_FIFO_PENDING | 1u << EVTCHN_FIFO_LINKED | (port < n ? port + 1 : 0));
    tear_down();
}

/* ---- vcpus that reset at once ---- */

/* One that stands still after having closed some interdomain ports, where nothing is locked, until told to go on. */
struct late {
    pthread_t thread;
    sem_t stands, go;
    unsigned ports;
};
static struct late *late;

void domain_put(struct domain *d)
{
    struct late *l = late;

    assert_true(d->refs-- > 1);
    if (!l || --l->ports)
        return;
    late = NULL;
    sem_post(&l->stands);
    sem_wait(&l->go);
}

static void *reset_once(void *d) { return (void *)event_reset(d); }

static void begin_reset(struct late *l, unsigned ports)
{
    l->ports = ports;
    sem_init(&l->stands, 0, 0);
    sem_init(&l->go, 0, 0);
    late = l;
    pthread_create(&l->thread, NULL, reset_once, spec[1].d);
    sem_wait(&l->stands);
}

static void go_on(struct late *l)
{
    sem_post(&l->go);
    pthread_join(l->thread, NULL);
}

/* Ports 1 and 2 of domain 1, FIFO, are the ends of domain 2's. */
static void two_ends(mfn_t block)
{
    evtchn_init_control_t c = { .control_gfn = block };

    become(1);
    assert_int_equal(op(EVTCHNOP_init_control, &c), 0);
    for (long port = 1; port <= 2; port++) {
        become(1);
        assert_int_equal(unbound(DOMID_SELF, 2), port);
        become(2);
        evtchn_bind_interdomain_t b = { .remote_dom = 1, .remote_port = port };
        assert_int_equal(op(EVTCHNOP_bind_interdomain, &b), 0);
    }
    become(1);
}

/*
 * A vcpu that was held up in one reset comes back in the middle of the next one: its piece of the old one is no piece
 * of this. Otherwise the pages of the FIFO ABI went while another domain raised an event in them.
 */
static void test_late_reset(void **state)
{
    static struct late first, second;

    (void)state;
    set_up(7);
    mfn_t block = spec[1].pages[spec[1].nr_pages++] = fake_frame(spec[1].d);
    two_ends(block);
    begin_reset(&first, 2);
    while (event_reset(spec[1].d)) {}
    two_ends(block);
    begin_reset(&second, 1);    /* port 1 is closed, port 2 is not */
    go_on(&first);
    while (event_reset(spec[1].d)) {}
    evtchn_status_t s = { .dom = DOMID_SELF, .port = 2 };
    assert_int_equal(op(EVTCHNOP_status, &s), 0);
    assert_int_equal(s.status, EVTCHNSTAT_closed);
    assert_int_equal(fake_uses(block), 0);
    go_on(&second);
    assert_int_equal(event_audit(spec[1].d), 0);
    tear_down();
}

/* 128 pages of words, which the guest may have given up: interrupts are answered while they go. */
static void test_reset_of_many_pages(void **state)
{
    (void)state;
    set_up(7);
    become(1);
    mfn_t own = spec[1].pages[spec[1].nr_pages++] = fake_frame(spec[1].d);
    evtchn_init_control_t c = { .control_gfn = own };
    evtchn_expand_array_t e = { .array_gfn = own };
    assert_int_equal(op(EVTCHNOP_init_control, &c), 0);
    for (unsigned i = 0; i < 128; i++)
        assert_int_equal(op(EVTCHNOP_expand_array, &e), 0);
    assert_int_equal(fake_uses(own), 129);
    unsigned every = fake_preempt_every;
    fake_preempt_every = 1u << 30;      /* never, but looks are counted */
    fake_looks = 0;
    while (event_reset(spec[1].d)) {}
    assert_int_equal(fake_uses(own), 0);
    assert_true(fake_looks >= 129 / 32);
    fake_preempt_every = every;
    spec[1].fifo = false;
    tear_down();
}

/* ---- no memory ---- */

/* Each allocation fails in turn: nothing leaks, the table stays sound. */
static void test_no_memory(void **state)
{
    (void)state;
    for (long n = 0; n < 12; n++) {
        set_up(5);
        become(1);
        fake_heap_fails_in = n;
        for (unsigned i = 0; i < LIMIT; i++)
            unbound(DOMID_SELF, 0);
        evtchn_bind_pirq_t p = { .pirq = 1 };
        op(EVTCHNOP_bind_pirq, &p);
        mfn_t own = spec[1].pages[spec[1].nr_pages++] = fake_frame(spec[1].d);
        evtchn_init_control_t c = { .control_gfn = own };
        op(EVTCHNOP_init_control, &c);
        assert_int_equal(event_audit(spec[1].d), 0);
        fake_heap_fails_in = -1;
        tear_down();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_privilege), cmocka_unit_test(test_wake), cmocka_unit_test(test_hostile_fifo),
        cmocka_unit_test(test_fifo_arguments), cmocka_unit_test(test_fifo_early),
        cmocka_unit_test(test_sent_while_it_goes_over), cmocka_unit_test(test_many_early),
        cmocka_unit_test(test_late_reset), cmocka_unit_test(test_reset_of_many_pages),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
