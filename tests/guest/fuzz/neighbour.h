/*
 * The neighbour: lives beside the fuzzing domain and checks that its memory, time and events stay its own. It is also
 * an accomplice: it grants some of its pages, maps what is granted to it, and ties event channels.
 */
#pragma once
#include "fuzzer.h"

/* Mailbox words of the neighbour. */
enum { N_STOP, N_ROUNDS, N_PARTNER, N_PORT, N_MAPPED, N_TIED };
#define NR_MINE 24
#define NR_SECRETS 8
#define REF_PATTERN(i, k) (0x1122334455667788UL * ((i) + 1) + (k))

static volatile unsigned nb_ticks, nb_strange;
static volatile bool nb_ipi;
static u32 nb_timer_port, nb_ipi_port;
static volatile u64 nb_known;                   /* ports an event may come from */

static void on_neighbour_event(struct regs *r)
{
    (void)r;
    vi->evtchn_upcall_pending = 0;
    vi->evtchn_pending_sel = 0;
    u64 bits = __atomic_exchange_n(&shared->evtchn_pending[0], 0, __ATOMIC_SEQ_CST);
    nb_ticks += bits >> nb_timer_port & 1;
    if (bits >> nb_ipi_port & 1)
        nb_ipi = true;
    nb_strange += !!(bits & ~nb_known);
}

static u64 *mine[NR_MINE], *secret[NR_SECRETS], *shown[NR_GRANTED];
static char *windows[4];
static struct gnttab_map_grant_ref window_map[4];

static unsigned check_mine(u64 round)
{
    unsigned spoilt = 0;
    for (unsigned i = 0; i < NR_MINE; i++)
        for (unsigned k = 0; k < 512; k += 8) {
            spoilt += round && mine[i][k] != (round - 1) * 0x9e3779b97f4a7c15UL + i * 512 + k;
            mine[i][k] = round * 0x9e3779b97f4a7c15UL + i * 512 + k;
        }
    for (unsigned i = NR_GRANTED / 2; i < NR_GRANTED; i++)      /* granted read-only */
        for (unsigned k = 0; k < 512; k += 8)
            spoilt += shown[i][k] != REF_PATTERN(i, k);
    return spoilt;
}

/* A page with a secret goes back to the machine as it is, and a new one takes its place. */
static void change_secret(unsigned i)
{
    xen_pfn_t frame = va_mfn(secret[i]);
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };
    set_xen_guest_handle(r.extent_start, &frame);
    OK("unmap a secret", set_va(secret[i], 0));
    EXPECT_EQ("give it away", hc(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, &r), 1);
    frame = va_pfn(secret[i]);
    EXPECT_EQ("take another", hc(__HYPERVISOR_memory_op, XENMEM_populate_physmap, &r), 1);
    p2m[va_pfn(secret[i])] = frame;
    OK("map it", set_flags(secret[i], KERNEL_PAGE));
    for (unsigned k = 0; k < 512; k++)
        secret[i][k] = SECRET;
}

/* Grants are made over to the domain that now lives. One still in use by a dead one stays as it is. */
static void grant_all(volatile grant_entry_v1_t *t, u16 partner)
{
    for (unsigned i = 0; i < NR_GRANTED; i++) {
        u32 old = *(volatile u32 *)&t[FIRST_GRANTED + i];
        if (old & (GTF_reading | GTF_writing))
            continue;
        t[FIRST_GRANTED + i].frame = va_mfn(shown[i]);
        u32 flags = GTF_permit_access | (i >= NR_GRANTED / 2 ? GTF_readonly : 0);
        __atomic_compare_exchange_n((volatile u32 *)&t[FIRST_GRANTED + i], &old, flags | (u32)partner << 16, false,
                                    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    }
}

static void unmap_window(unsigned w)
{
    struct gnttab_map_grant_ref *m = &window_map[w];
    struct gnttab_unmap_grant_ref u = { .host_addr = m->host_addr, .handle = m->handle };
    if (m->flags && !m->status)
        OK("unmap a grant", hc(__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, &u, 1) | u.status);
    m->flags = 0;
}

/* One of the partner's grants is mapped for a while, and written to with something like an entry. */
static void map_a_grant(u64 round, u16 partner)
{
    unsigned w = round % 4;
    struct gnttab_map_grant_ref *m = &window_map[w];
    unmap_window(w);
    *m = (struct gnttab_map_grant_ref){ .host_addr = (u64)windows[w], .dom = partner, .ref = round * 7 % 32,
                                        .flags = GNTMAP_host_map | (round & 4 ? GNTMAP_readonly : 0) };
    OK("map a grant", hc(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, m, 1));
    if (m->status)
        return;
    child_mb->word[N_MAPPED]++;
    if (!(m->flags & GNTMAP_readonly))
        *(volatile u64 *)(windows[w] + round % 4 * 8) = child_mb->word[N_MAPPED] % 3 ? round << 12 | TABLE : 0;
}

/* A port of the partner's is bound if it has one for us, used, and given up. */
static void tie_a_port(u64 round, u16 partner)
{
    struct evtchn_bind_interdomain b = { .remote_dom = partner, .remote_port = 1 + round % 32 };
    __atomic_fetch_or(&nb_known, 0xf8, __ATOMIC_SEQ_CST);       /* the lowest free port, which may be used at once */
    if (evtchn(EVTCHNOP_bind_interdomain, &b))
        return;
    child_mb->word[N_TIED]++;
    struct evtchn_send s = { .port = b.local_port };
    evtchn(EVTCHNOP_send, &s);
    struct evtchn_close c = { .port = b.local_port };
    OK("close", evtchn(EVTCHNOP_close, &c));
}

static void neighbour_init(grant_entry_v1_t **table)
{
    struct evtchn_bind_virq v = { .virq = VIRQ_TIMER, .vcpu = 0 };
    struct evtchn_bind_ipi ipi = { .vcpu = 0 };
    struct vcpu_set_periodic_timer p = { .period_ns = 4000000 };

    OK("virq", evtchn(EVTCHNOP_bind_virq, &v));
    OK("ipi", evtchn(EVTCHNOP_bind_ipi, &ipi));
    nb_timer_port = v.port, nb_ipi_port = ipi.port;
    nb_known = 1UL << nb_timer_port | 1UL << nb_ipi_port;
    handler[VECTOR_EVENT] = on_neighbour_event;
    OK("timer", hc(__HYPERVISOR_vcpu_op, VCPUOP_set_periodic_timer, 0, &p));
    *table = grant_table();
    for (unsigned i = 0; i < NR_MINE; i++)
        mine[i] = page_alloc();
    for (unsigned i = 0; i < NR_GRANTED; i++) {
        shown[i] = page_alloc();
        for (unsigned k = 0; k < 512; k++)
            shown[i][k] = REF_PATTERN(i, k);
    }
    for (unsigned i = 0; i < NR_SECRETS; i++) {
        secret[i] = page_alloc();
        change_secret(i);
    }
    for (unsigned i = 0; i < 4; i++)
        windows[i] = page_alloc();
}

/* 0: the last one dies, and everything of it is let go. */
static void take_partner(grant_entry_v1_t *table, u16 partner)
{
    struct evtchn_close c = { .port = (u32)child_mb->word[N_PORT] };
    struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = partner };
    for (unsigned w = 0; w < 4; w++)
        unmap_window(w);
    child_mb->word[N_PORT] = 0;
    if (c.port)
        OK("close", evtchn(EVTCHNOP_close, &c));
    if (!partner)
        return;
    OK("a port for the partner", evtchn(EVTCHNOP_alloc_unbound, &a));
    __atomic_fetch_or(&nb_known, 1UL << a.port, __ATOMIC_SEQ_CST);
    child_mb->word[N_PORT] = a.port;
    grant_all(table, partner);
}

/* Until its mailbox says stop. It sleeps in between: the machine is for the fuzzing domain. */
static u64 neighbour(u64 a, u64 b, u64 c)
{
    (void)a, (void)b, (void)c;
    grant_entry_v1_t *table;
    u64 round = 0, last = 0, partner = 0;
    unsigned spoilt = 0, backwards = 0, silent = 0, lost = 0;

    neighbour_init(&table);
    vi->evtchn_upcall_mask = 0;
    while (!child_mb->word[N_STOP] || round < 3) {
        spoilt += check_mine(round);
        if (child_mb->word[N_PARTNER] != partner) {
            partner = child_mb->word[N_PARTNER];
            take_partner(table, (u16)partner);
        }
        if (partner) {
            grant_all(table, (u16)partner);
            map_a_grant(round, (u16)partner);
            tie_a_port(round, (u16)partner);
        }
        change_secret(round % NR_SECRETS);
        unsigned ticks = nb_ticks;
        struct evtchn_send s = { .port = nb_ipi_port };
        nb_ipi = false;
        evtchn(EVTCHNOP_send, &s);
        u64 t = now(), end = t + 3000000000;
        backwards += t < last;
        for (unsigned naps = 0; (nb_ticks == ticks || !nb_ipi) && (now() < end || naps < 500); naps++)
            nap();              /* both: a host without time for this machine lets its clock jump */
        silent += nb_ticks == ticks;
        lost += !nb_ipi;
        last = t;
        child_mb->word[N_ROUNDS] = ++round;
    }
    vi->evtchn_upcall_mask = 1;
    EXPECT_EQ("the neighbour's memory: words spoilt", spoilt, 0);
    EXPECT_EQ("time ran backwards", backwards, 0);
    EXPECT_EQ("no timer tick for three seconds", silent, 0);
    EXPECT_EQ("an event lost", lost, 0);
    EXPECT_EQ("events from nobody", nb_strange, 0);
    return round;
}
