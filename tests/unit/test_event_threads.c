/*
 * Event channels with every vcpu a thread (tests/unit/threads_world.h), under both ABIs at once: domains send, mask,
 * unmask, move ports between vcpus, change priorities, block and poll, bind and close, reset, turn to the FIFO ABI and
 * give it its pages while others send, and die in the middle of it; interrupts and tools come from outside.
 *
 * Some ports ("kept") are never closed but by the end of a domain or a reset. Who sends on one counts it before; who
 * gets the event notes the count. Between the rounds every guest looks at what is pending for it, and nobody else: then
 * whatever was sent must have been seen, and no vcpu may sleep with an event that is for it. And core/audit.c.
 * Could go wrong: an event lost between a guest's look and its sleep, while a port moves, or while its word arrives; a
 * port raised in pages that a reset gives back.
 * Links: core/domain.c core/domain_kill.c core/shutdown.c core/vcpu.c core/vcpu_timer.c core/timer.c core/reject.c
 *        core/frame.c core/heap.c core/slab.c core/lock.c core/pagetype.c core/pte.c core/mmu.c core/mmu_update.c
 *        core/mmuext.c core/audit.c core/log_dirty.c core/shadow.c core/sched_op.c
 *        core/grant.c core/grant_entry.c core/grant_map.c core/grant_copy.c core/grant_cache.c
 *        core/grant_version.c core/grant_op.c
 *        core/grant_audit.c core/event.c core/event_2l.c core/event_fifo.c core/event_bind.c core/event_op.c
 *        core/event_audit.c lib/pqueue.c lib/rangeset.c
 *        arch/host/fake_machine.c arch/host/fake_guest.c arch/host/fake_log.c
 * Libraries: -lpthread
 */
#include "tests/unit/threads_world.h"

#define PORTS 1000              /* all that the test looks at */
#define SOME 250                /* more than one bucket */
#define PAIRS 3                 /* kept channels between two slots */
#define FIFO_PAGES 2            /* the first one has all words that matter */

struct channel {                /* one direction of a kept one */
    u32 posted, seen;
    u32 to_port, from_port;
    u8 from, to;
    bool used;
    bool valid;                 /* both ends as they were bound */
};
static struct channel channels[SLOTS * SLOTS * PAIRS * 2 + SLOTS * VCPUS];
static struct guest {
    struct channel *in[PORTS];  /* kept ports: what comes in there */
    struct channel *out[PORTS]; /* and what goes out, the same for an IPI */
    u32 kept[PORTS], nr_kept;
    bool fifo, rough;           /* rough: resets itself, which ends its kept ports */
    struct evtchn_fifo_control_block *control[VCPUS];
    u32 head[VCPUS][EVTCHN_FIFO_MAX_QUEUES];
    event_word_t *words;
    mfn_t frames[VCPUS + FIFO_PAGES];
    u32 pages;
} guests[SLOTS];
static _Thread_local struct guest *g;

static long op(u64 cmd, void *arg) { return call2(do_event_channel_op, cmd, (u64)(uintptr_t)arg); }
static long sched(u64 cmd, void *arg) { return call2(do_sched_op, cmd, (u64)(uintptr_t)arg); }
static domid_t somebody(void) { return dice(30) ? id_in[dice(SLOTS)] : (domid_t)dice(20); }
static u32 some_port(void) { return 1 + (u32)dice(SOME); }
static u32 kept_port(void) { return g->nr_kept ? g->kept[dice(g->nr_kept)] : 0; }

/* As core/sched.c has it. */
void vcpu_block(void)
{
    __atomic_fetch_or(&current->pause_flags, VPF_BLOCKED, __ATOMIC_SEQ_CST);
    if (vcpu_event_pending(current))
        __atomic_fetch_and(&current->pause_flags, ~VPF_BLOCKED, __ATOMIC_SEQ_CST);
}
long sched_pin_override(struct vcpu *v, s32 cpu) { (void)v, (void)cpu; return -EINVAL; }

long pirq_guest_bind(struct vcpu *v, u32 pirq, bool share) { (void)v, (void)share; return pirq % 8 == 7 ? -EPERM : 0; }
void pirq_guest_unbind(struct domain *d, u32 pirq) { (void)d, (void)pirq; }

/* ---- the guest's handlers ---- */

static unsigned long *bits(xen_ulong_t *p) { return (unsigned long *)p; }
static unsigned long load(const xen_ulong_t *p) { return __atomic_load_n(p, __ATOMIC_SEQ_CST); }

static void got(u32 port)
{
    struct channel *c = port < PORTS ? g->in[port] : NULL;

    if (c)
        __atomic_store_n(&c->seen, __atomic_load_n(&c->posted, __ATOMIC_SEQ_CST), __ATOMIC_SEQ_CST);
}

static void look_2l(struct vcpu *v)
{
    shared_info_t *s = v->domain->shared;
    unsigned long sel = __atomic_exchange_n(bits(&v->info->evtchn_pending_sel), 0, __ATOMIC_SEQ_CST), w;

    for (; sel; sel &= sel - 1) {
        unsigned i = lowest_bit(sel);
        for (w = load(&s->evtchn_pending[i]) & ~load(&s->evtchn_mask[i]); w; w &= w - 1)
            if (test_and_clear_bit(i * 64 + lowest_bit(w), bits(s->evtchn_pending)))
                got(i * 64 + lowest_bit(w));
    }
}

/* The word of a port that is taken off its queue: what it was. */
static u32 unlink(event_word_t *word)
{
    u32 w = __atomic_load_n(word, __ATOMIC_SEQ_CST);

    for (;;) {
        if (w & (1u << EVTCHN_FIFO_BUSY)) {
            sched_yield();
            w = __atomic_load_n(word, __ATOMIC_SEQ_CST);
            continue;
        }
        if (__atomic_compare_exchange_n(word, &w, w & ~(1u << EVTCHN_FIFO_LINKED | EVTCHN_FIFO_LINK_MASK), false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
            return w;
    }
}

static void consume(struct vcpu *v, unsigned prio)
{
    struct evtchn_fifo_control_block *c = g->control[v->id];
    u32 *head = &g->head[v->id][prio];

    if (!*head)
        *head = __atomic_load_n(&c->head[prio], __ATOMIC_SEQ_CST);
    while (*head) {
        u32 port = *head, w;
        if (port / EVENT_WORDS_PER_PAGE)
            panic("port %u is queued", port);
        w = unlink(&g->words[port]);
        *head = w & EVTCHN_FIFO_LINK_MASK;
        if ((w & (1u << EVTCHN_FIFO_PENDING)) && !(w & (1u << EVTCHN_FIFO_MASKED))) {
            __atomic_fetch_and(&g->words[port], ~(1u << EVTCHN_FIFO_PENDING), __ATOMIC_SEQ_CST);
            got(port);
        }
    }
}

static void look_fifo(struct vcpu *v)
{
    struct evtchn_fifo_control_block *c = g->control[v->id];
    u32 ready;

    while (c && (ready = __atomic_load_n(&c->ready, __ATOMIC_SEQ_CST)) != 0) {
        unsigned prio = lowest_bit(ready);
        __atomic_fetch_and(&c->ready, ~(1u << prio), __ATOMIC_SEQ_CST);
        consume(v, prio);
    }
}

static void look(struct vcpu *v)
{
    if (!__atomic_exchange_n(&v->info->evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST))
        return;
    if (__atomic_load_n(&g->fifo, __ATOMIC_SEQ_CST))
        look_fifo(v);
    else
        look_2l(v);
}

static void mask(u32 port)
{
    event_word_t *words = READ_ONCE(g->words);

    if (!READ_ONCE(g->fifo))
        set_bit(port, bits(current->domain->shared->evtchn_mask));
    else if (words)
        __atomic_fetch_or(&words[port], 1u << EVTCHN_FIFO_MASKED, __ATOMIC_SEQ_CST);
}

/* ---- birth ---- */

static mfn_t new_frame(void)
{
    mfn_t mfn = domain_alloc_pages(current->domain, 0, 0, INVALID_M2P);

    if (mfn == MFN_NONE)
        panic("no frame");
    return mfn;
}

static void turn_to_fifo(void)
{
    for (unsigned v = 0; v < VCPUS; v++) {
        evtchn_init_control_t c = { .control_gfn = g->frames[v], .vcpu = v };
        if (!op(EVTCHNOP_init_control, &c))
            g->control[v] = mfn_to_virt(g->frames[v]);
    }
    __atomic_store_n(&g->fifo, true, __ATOMIC_SEQ_CST);
}

/* Masks that were set before are forgotten, as a kernel that has just begun has none. */
static void expand(void)
{
    evtchn_expand_array_t e = { .array_gfn = g->frames[VCPUS + g->pages % FIFO_PAGES] };

    if (!g->fifo || g->pages == FIFO_PAGES)
        return;
    if (!g->pages)
        WRITE_ONCE(g->words, mfn_to_virt(e.array_gfn));
    if (!op(EVTCHNOP_expand_array, &e))
        g->pages++;
}

static struct channel *new_channel(unsigned from, u32 from_port, unsigned to, u32 to_port)
{
    struct channel *c = channels;

    while (c->used)
        if (++c == channels + ARRAY_SIZE(channels))
            panic("too many channels");
    *c = (struct channel){ .from = (u8)from, .from_port = from_port, .to = (u8)to, .to_port = to_port, .used = true,
                             .valid = true };
    guests[from].out[from_port] = guests[to].in[to_port] = c;
    return c;
}

static void keep(unsigned slot, u32 port)
{
    if (port >= PORTS)
        panic("port %u", port);
    guests[slot].kept[guests[slot].nr_kept++] = port;
}

static void connect(unsigned slot, unsigned other)
{
    evtchn_bind_interdomain_t b = { .remote_dom = id_in[slot] };
    long port = event_alloc_unbound(in_slot[slot], id_in[other]);
    struct vcpu *me = fake_current;

    fake_current = in_slot[other]->vcpu[0];
    b.remote_port = (evtchn_port_t)port;
    if (port < 0 || op(EVTCHNOP_bind_interdomain, &b))
        panic("slots %u and %u cannot be connected: port %ld", slot, other, port);
    fake_current = me;
    keep(slot, b.remote_port);
    if (other != slot || b.local_port != b.remote_port)
        keep(other, b.local_port);
    new_channel(slot, b.remote_port, other, b.local_port);
    new_channel(other, b.local_port, slot, b.remote_port);
}

static void forget(unsigned slot)
{
    for (struct channel *c = channels; c < channels + ARRAY_SIZE(channels); c++)
        if (c->from == slot || c->to == slot) {
            if (guests[c->to].in[c->to_port] == c)
                guests[c->to].in[c->to_port] = NULL;
            if (guests[c->from].out[c->from_port] == c)
                guests[c->from].out[c->from_port] = NULL;
            c->valid = c->used = false;
        }
    for (unsigned s = 0; s < SLOTS; s++) {
        struct guest *x = &guests[s];
        u32 n = 0;
        for (u32 i = 0; i < x->nr_kept; i++)
            if (s != slot && x->in[x->kept[i]])
                x->kept[n++] = x->kept[i];
        x->nr_kept = n;
    }
}

static void guest_born(unsigned slot)
{
    static unsigned births;
    struct domain *d = in_slot[slot];

    forget(slot);
    g = &guests[slot];
    *g = (struct guest){ .rough = slot && dice(3) == 0 };
    for (unsigned i = 0; i < ARRAY_SIZE(g->frames); i++)
        g->frames[i] = new_frame();
    for (unsigned v = 0; v < VCPUS; v++)
        d->vcpu[v]->info->evtchn_upcall_mask = 0;
    if (births++ % 2)
        turn_to_fifo();
    for (unsigned other = 0; other < SLOTS; other++)
        for (unsigned n = 0; in_slot[other] && !killed[other] && n < PAIRS; n++)
            connect(slot, other);
    for (u32 v = 0; v < VCPUS; v++) {
        evtchn_bind_ipi_t b = { .vcpu = v };
        if (op(EVTCHNOP_bind_ipi, &b))
            panic("no IPI");
        keep(slot, b.port);
        new_channel(slot, b.port, slot, b.port);
    }
}

/* ---- steps ---- */

static void step_send(void)
{
    evtchn_send_t s = { .port = dice(4) ? kept_port() : some_port() };
    struct channel *c = g->out[s.port];

    if (c)
        __atomic_fetch_add(&c->posted, 1, __ATOMIC_SEQ_CST);
    op(EVTCHNOP_send, &s);
}
static void step_look(void) { look(current); }
static void step_mask(void) { mask(dice(4) ? kept_port() : some_port()); }
static void step_unmask(void)
{
    evtchn_unmask_t u = { .port = dice(4) ? kept_port() : some_port() };
    op(EVTCHNOP_unmask, &u);
}
static void step_move(void)
{
    evtchn_bind_vcpu_t b = { .port = dice(4) ? kept_port() : some_port(), .vcpu = (u32)dice(VCPUS) };
    op(EVTCHNOP_bind_vcpu, &b);
}
static void step_priority(void)
{
    evtchn_set_priority_t p = { .port = dice(4) ? kept_port() : some_port(), .priority = (u32)dice(16) };
    op(EVTCHNOP_set_priority, &p);
}
static void step_expand(void)
{
    if (!my_vcpu && dice(20) == 0)
        expand();
}

static void step_bind(void)
{
    evtchn_alloc_unbound_t a = { .dom = DOMID_SELF, .remote_dom = somebody() };
    evtchn_bind_interdomain_t b = { .remote_dom = somebody(), .remote_port = some_port() };
    evtchn_bind_virq_t v = { .virq = (u32)dice(NR_VIRQS), .vcpu = (u32)dice(VCPUS) };
    evtchn_bind_ipi_t i = { .vcpu = (u32)dice(VCPUS) };
    evtchn_bind_pirq_t p = { .pirq = (u32)dice(16) };

    switch (dice(5)) {
    case 0: op(EVTCHNOP_alloc_unbound, &a); break;
    case 1: op(EVTCHNOP_bind_interdomain, &b); break;
    case 2: op(EVTCHNOP_bind_virq, &v); break;
    case 3: op(EVTCHNOP_bind_ipi, &i); break;
    default: op(EVTCHNOP_bind_pirq, &p);
    }
}

static void close_unless_kept(u32 port)
{
    evtchn_close_t c = { .port = port };

    for (u32 i = 0; i < g->nr_kept; i++)
        if (g->kept[i] == port)
            return;
    op(EVTCHNOP_close, &c);
}
static void step_close(void) { close_unless_kept(some_port()); }

/* Its kept ports are gone, on both sides; the senders do not know. */
static void step_reset(void)
{
    evtchn_reset_t r = { .dom = DOMID_SELF };

    if (!g->rough || dice(40))
        return;
    for (struct channel *c = channels; c < channels + ARRAY_SIZE(channels); c++)
        if (c->from == my_slot || c->to == my_slot)
            __atomic_store_n(&c->valid, false, __ATOMIC_SEQ_CST);
    op(EVTCHNOP_reset, &r);
    if (dice(2)) {              /* and begins anew with the same pages, but as it hears nothing of it, sees nothing */
        evtchn_init_control_t c = { .control_gfn = g->frames[my_vcpu], .vcpu = my_vcpu };
        evtchn_expand_array_t e = { .array_gfn = g->frames[VCPUS] };
        op(EVTCHNOP_init_control, &c);
        op(EVTCHNOP_expand_array, &e);
    }
}

static void step_block(void) { sched(SCHEDOP_block, NULL); }
static void step_poll(void)
{
    evtchn_port_t ports[2] = { kept_port(), some_port() };
    struct sched_poll p = { .nr_ports = 1 + (u32)dice(2) };

    set_xen_guest_handle(p.ports, ports);
    sched(SCHEDOP_poll, &p);
}

static void guest_rests(void) { step_block(); }

static void guest_step(void)
{
    static void (*const steps[])(void) = {
        step_send, step_send, step_send, step_send, step_send, step_look, step_look, step_look, step_mask, step_unmask,
        step_unmask, step_move, step_priority, step_expand, step_bind, step_bind, step_close, step_close, step_close,
        step_reset, step_block, step_poll,
    };
    g = &guests[my_slot];
    steps[dice(ARRAY_SIZE(steps))]();
}

static void tool_step(void)
{
    struct domain *d = domain_get(id_in[dice(SLOTS)]);
    evtchn_status_t s = { .dom = d ? d->id : 0, .port = some_port() };

    if (!d)
        return;
    switch (dice(9)) {
    case 0: virq_send_global(d, VIRQ_CONSOLE + (u32)dice(2)); break;
    case 1: virq_send_host(VIRQ_DOM_EXC); break;
    case 2: pirq_send(d, (u32)dice(16)); break;
    case 3: op(EVTCHNOP_status, &s); break;
    case 4: event_port_pending(d, some_port()); break;
    case 5: event_dump(d); break;
    case 6: event_note_frames(d); break;
    case 7: event_alloc_unbound(d, somebody()); break;
    default:
        domain_pause(d);
        domain_unpause(d);
    }
    domain_put(d);
}

/* ---- between rounds ---- */

static bool still_bound(const struct channel *c)
{
    const struct evtchn *from = port_record(in_slot[c->from]->event, c->from_port);
    const struct evtchn *to = port_record(in_slot[c->to]->event, c->to_port);

    if (!from || !to || killed[c->from] || killed[c->to])
        return false;
    if (from == to)
        return from->state == EVTCHNSTAT_ipi;
    return from->state == EVTCHNSTAT_interdomain && from->remote == in_slot[c->to] && from->peer == c->to_port;
}

/* The guest's vcpus look, as if each was just told. */
static void all_look(unsigned slot)
{
    struct vcpu *v;

    g = &guests[slot];
    for_each_vcpu(in_slot[slot], v) {
        if (v->id == VCPUS)
            continue;
        if (vcpu_event_pending(v) && (v->pause_flags & VPF_BLOCKED))
            panic("vcpu %u of slot %u sleeps with an event pending", v->id, slot);
        fake_current = v;
        look(v);
    }
}

static void stands_still(void)
{
    struct vcpu *me = fake_current;

    for (unsigned s = 0; s < SLOTS; s++) {
        if (killed[s])
            continue;
        g = &guests[s];
        fake_current = in_slot[s]->vcpu[0];
        for (unsigned n = 0; n < FIFO_PAGES; n++)
            expand();
        all_look(s);
        for (u32 i = 0; i < g->nr_kept; i++) {
            evtchn_unmask_t u = { .port = g->kept[i] };
            op(EVTCHNOP_unmask, &u);
        }
        all_look(s);
        for (u32 port = 1; port < PORTS; port++) /* room for more */
            if (dice(2))
                close_unless_kept(port);
        for (unsigned v = 0; v < VCPUS; v++) /* so that the next round begins awake */
            in_slot[s]->vcpu[v]->pause_flags &= ~VPF_BLOCKED;
    }
    fake_current = me;
    for (struct channel *c = channels; c < channels + ARRAY_SIZE(channels); c++)
        if (c->valid && still_bound(c) && c->posted != c->seen)
            panic("port %u of slot %u (%s): %u events were sent, the last one seen was %u", c->to_port, c->to,
                  guests[c->to].fifo ? "FIFO" : "two-level", c->posted, c->seen);
}

static void everything_at_once(void **state)
{
    (void)state;
    world_begin();
    run_rounds(24, 3000);
    world_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(everything_at_once) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
