/*
 * A guest that sends by the network, and bad neighbours, on two CPUs. The victim fills pages that it has granted and
 * sends an event when domain 0 sleeps; domain 0 copies each packet out of its grant, works on it as a bridge and a TCP
 * stack would, and sends an event when the victim sleeps and half of the ring is free: netfront and netback in small.
 * Both share two CPUs with a neighbour, nothing is pinned, domain 0 has its usual weight.
 *
 * The fair share: the largest part x of the packets alone for which the victim and domain 0 need no more than two CPUs,
 * shared by weight, give them. Alone they need u and d CPUs, the neighbour has n vcpus that always want to run and get
 * as much as the victim each: x (u + d + n u) = 2; or, when domain 0, with its double weight, is the one cut short,
 * x (d + u + n d / 2) = 2; and x is not above 1.
 *
 * Time is counted in instructions, so a slow host changes nothing. QEMU's CPUs take turns then: whoever runs here ends
 * his turn after 20 us of time by a PAUSE. When one CPU sleeps the other is faster, therefore what a packet costs is
 * measured with both on one CPU and a burner on the other; alone, on two CPUs, they would do as many as the slower of
 * the two allows. Beside a neighbour no CPU sleeps. Prints a table.
 *
 * QEMU: -smp 2 -icount shift=1,sleep=off
 * Options: loglvl=error guest_loglvl=none
 * Seconds: 180
 */
#include "neighbour.h"

#define SETTLE (S * 3 / 10) /* who is new, and who was pinned, is ahead or behind for 200 ms */
#define MEASURE (S * 6 / 10)
#define PAGES 8             /* granted, used in turn */
#define FIRST_REF 8
#define CPUS 2
#define TURN 20000          /* ns */
static struct dom victim, neighbour;
static unsigned victim_work, dom0_work;     /* instructions for a packet, beside copying and sending */
static unsigned slots;                      /* packets on the way at most */

enum { MADE, TAKEN, HUNGRY, FULL };     /* words of the victim's mailbox: two counts, two sleepers */

/* Whoever runs calls this often. After a long time in which he did not run himself, his turn only begins. */
static void turn(u64 *began)
{
    u64 ran = now() - *began;
    if (ran < TURN)
        return;
    if (ran < 2 * TURN)
        __asm__ volatile("pause");
    *began = now();
}

static void spend(u64 instructions, u64 *began)
{
    for (; instructions > 250; instructions -= 250) {
        for (unsigned i = 0; i < 200 / 3; i++)
            barrier();
        turn(began);
    }
}

static void wait_on(evtchn_port_t port)
{
    struct sched_poll p = { .nr_ports = 1, .timeout = now() + S / 50 };
    set_xen_guest_handle(p.ports, &port);
    hc(__HYPERVISOR_sched_op, SCHEDOP_poll, &p);
    __atomic_fetch_and((u64 *)&shared->evtchn_pending[port / 64], ~(1UL << port % 64), __ATOMIC_SEQ_CST);
}

static void send_to(evtchn_port_t port)
{
    struct evtchn_send send = { .port = port };
    evtchn(EVTCHNOP_send, &send);
}

#define load(p) __atomic_load_n(p, __ATOMIC_SEQ_CST)
#define store(p, v) __atomic_store_n(p, v, __ATOMIC_SEQ_CST)

/* ---- the victim ---- */

static u64 make_packets(u64 remote_port, u64 work, u64 ring)
{
    u64 began = now(), *word = (u64 *)child_mb->word;
    grant_entry_v1_t *table = grant_table();
    struct evtchn_bind_interdomain x = { .remote_dom = 0, .remote_port = (u32)remote_port };
    REQUIRE_OK(evtchn(EVTCHNOP_bind_interdomain, &x));
    for (unsigned i = 0; i < PAGES; i++) {
        table[FIRST_REF + i] = (grant_entry_v1_t){ .domid = 0, .frame = (u32)va_mfn(page_alloc()) };
        barrier();
        table[FIRST_REF + i].flags = GTF_permit_access;
    }
    for (;;) {
        while (load(&word[MADE]) - load(&word[TAKEN]) >= ring) {
            store(&word[FULL], 1);
            if (load(&word[MADE]) - load(&word[TAKEN]) >= ring)
                wait_on(x.local_port);
        }
        store(&word[FULL], 0);
        spend(work, &began);
        store(&word[MADE], word[MADE] + 1);
        if (load(&word[HUNGRY]))
            send_to(x.local_port);
    }
}

/* ---- domain 0 ---- */

static void *copied;
static evtchn_port_t port;

static void take_packet(u64 n)
{
    struct gnttab_copy cp = { .flags = GNTCOPY_source_gref, .len = 4096,
        .source = { .domid = victim.id, .u.ref = FIRST_REF + (u32)(n % PAGES) },
        .dest = { .domid = DOMID_SELF, .u.gmfn = va_mfn(copied) } };
    REQUIRE_OK(hc(__HYPERVISOR_grant_table_op, GNTTABOP_copy, &cp, 1));
    REQUIRE_OK(cp.status);
    static u64 began;
    spend(dom0_work, &began);
}

/* Be the back end for so long; room is announced when half of the slots are free, as back ends do. */
static void serve(u64 ns)
{
    u64 *word = (u64 *)victim.mb->word;
    for (u64 end = now() + ns; now() < end; ) {
        if (load(&word[MADE]) == word[TAKEN]) {
            store(&word[HUNGRY], 1);
            if (load(&word[MADE]) == word[TAKEN])
                wait_on(port);
            store(&word[HUNGRY], 0);
            continue;
        }
        take_packet(word[TAKEN]);
        store(&word[TAKEN], word[TAKEN] + 1);
        if (load(&word[MADE]) - word[TAKEN] <= slots / 2 && load(&word[FULL])) {
            store(&word[FULL], 0);
            send_to(port);
        }
    }
}

/* ---- the neighbours ---- */

static u64 burn(u64 a, u64 b, u64 c)
{
    (void)a, (void)b, (void)c;
    for (u64 began = now(); ; )
        spend(1000, &began);
}

static void each_round(void)
{
    static u64 began;
    turn(&began);
}

/* ---- the comparison ---- */

struct seen {
    u64 packets, own, dom0;     /* a second; thousandths of a CPU */
};

static struct seen measure(void)
{
    serve(SETTLE);
    u64 since = now(), packets = victim.mb->word[TAKEN], own = domain_ran(victim.id), dom0 = domain_ran(0);
    serve(MEASURE);
    u64 t = (now() - since) / 1000;
    return (struct seen){ .packets = (victim.mb->word[TAKEN] - packets) * 1000000 / t,
                          .own = (domain_ran(victim.id) - own) / t, .dom0 = (domain_ran(0) - dom0) / t };
}

static struct seen alone;

static void pin_all(u64 cpus)
{
    domain_pin(0, 0, cpus);
    domain_pin(victim.id, 0, cpus);
}

/* What a packet costs each, hence what they would do alone on two CPUs. */
static void measure_alone(void)
{
    pin_all(1);
    neighbour_start(&neighbour, 1, burn, 0, 0);
    domain_pin(neighbour.id, 0, 2);
    struct seen s = measure();
    u64 slower = s.own > s.dom0 ? s.own : s.dom0;
    alone = (struct seen){ s.packets * 1000 / slower, s.own * 1000 / slower, s.dom0 * 1000 / slower };
    drain_and_destroy(&neighbour);
    pin_all(3);
}

/* What of its throughput alone the victim may expect beside so many vcpus, in thousandths. */
static u64 fair_part(unsigned vcpus)
{
    u64 need = alone.own + alone.dom0 + vcpus * alone.own, need0 = alone.own + alone.dom0 + vcpus * alone.dom0 / 2;
    if (need0 > need)
        need = need0;
    return need > CPUS * 1000 ? CPUS * 1000 * 1000 / need : 1000;
}

static void meet(const char *name, unsigned vcpus, u64 (*fn)(u64, u64, u64), u64 a, u64 b)
{
    neighbour_start(&neighbour, vcpus, fn, a, b);
    struct seen beside = measure();
    u64 part = beside.packets * 1000 / alone.packets * 1000 / fair_part(vcpus);
    say("@interference network, %s: %lu.%lu per cent of the fair share, which is %lu.%lu of %lu packets a second; "
        "victim %lu of 1000 CPU, domain 0 %lu", name, part / 10, part % 10, fair_part(vcpus) / 10,
        fair_part(vcpus) % 10, alone.packets, beside.own, beside.dom0);
    EXPECT_EQ(name, part >= 950 ? 0 : part, 0);
    drain_and_destroy(&neighbour);
}

static void network(unsigned front, unsigned back, unsigned ring)
{
    slots = ring;
    victim_work = front;
    dom0_work = back;
    dom_create(&victim);
    struct evtchn_alloc_unbound x = { .dom = DOMID_SELF, .remote_dom = victim.id };
    OK("port", evtchn(EVTCHNOP_alloc_unbound, &x));
    port = x.port;
    dom_start_call(&victim, make_packets, port, victim_work, slots);
    measure_alone();
    say("@interference network of %u and %u instructions, ring of %u, alone: %lu packets a second, victim %lu "
        "of 1000 CPU, domain 0 %lu", front, back, ring, alone.packets, alone.own, alone.dom0);
    meet("burns a CPU", 1, burn, 0, 0);
    meet("burns two", 2, burn_on_two, 0, 0);
    meet("floods the victim with events", 1, flood, victim.id, 0);
    meet("floods domain 0 with events", 1, flood, 0, 0);
    meet("balloons a page", 1, balloon, 1, 0);
    drain_and_destroy(&victim);
}

void test(void)
{
    copied = page_alloc();
    network(4000, 3000, 64);
    network(3000, 5000, 256);
}
