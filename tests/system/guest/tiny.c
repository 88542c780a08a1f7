/*
 * A guest that needs 4 MB and starts in no time, for tests of the toolstack: it says "tiny: up" on its console and
 * sends back what it is sent, each time its event channel says so. A word in its command line makes it a bad neighbour:
 *     burn     runs for ever              flood    sends events as fast as it can
 *     balloon  gives a page back and takes it again, for ever       crash    dies at once
 *     uart     drives the second serial port (ports 2f8 and up, line 3): a '!' there for what it is sent on its
 *              console, and "tiny: interrupt" on this each time that port says it is ready for more
 * It keeps the list of lists of its frames, which tools that dump or save a domain want; it can be saved: the event
 * channel that it names in xenstore asks it to suspend, and where it is restored it says "tiny: again".
 */
#include "abi/xen.h"
#include <xen/io/console.h>
#include <xen/io/xs_wire.h>

#define VIRT_BASE 0xffffffff80000000UL
#define M2P ((const u64 *)0xffff800000000000UL)
#define WRITABLE_PAGE 0x67
#define PER_PAGE 512

static struct start_info *si;
static struct xencons_interface *console;
static char shared_page[4096] __attribute__((aligned(4096)));
static u64 lists[PER_PAGE] __attribute__((aligned(4096))), list[PER_PAGE] __attribute__((aligned(4096)));
#define shared ((shared_info_t *)shared_page)

static long hypercall(u64 nr, u64 a, u64 b, u64 c)
{
    long ret;

    __asm__ volatile("syscall" : "=a"(ret), "+D"(a), "+S"(b), "+d"(c) : "0"(nr) : "rcx", "r11", "r10", "r8", "memory");
    return ret;
}

static u64 frame_of(const void *va) { return ((const u64 *)si->mfn_list)[((u64)va - VIRT_BASE) >> 12]; }

static bool told(const char *word)
{
    for (const char *at = (const char *)si->cmd_line; *at; at++) {
        unsigned n = 0;

        while (word[n] && at[n] == word[n])
            n++;
        if (!word[n])
            return true;
    }
    return false;
}

static void send_to(evtchn_port_t port)
{
    struct evtchn_send send = { .port = port };

    hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_send, (u64)&send, 0);
}

static void notify(void) { send_to(si->console.domU.evtchn); }
static void *page_of(u64 frame) { return (void *)(VIRT_BASE + (M2P[frame] << 12)); }

static void put(char c)
{
    if (console->out_prod - console->out_cons >= sizeof(console->out))
        return;
    console->out[console->out_prod % sizeof(console->out)] = c;
    __atomic_store_n(&console->out_prod, console->out_prod + 1, __ATOMIC_RELEASE);
}

static void say(const char *text)
{
    while (*text)
        put(*text++);
    notify();
}

/* The event also says that what we wrote was taken, so: was anything sent? */
static bool echo(void)
{
    if (console->in_cons == __atomic_load_n(&console->in_prod, __ATOMIC_ACQUIRE))
        return false;
    while (console->in_cons != __atomic_load_n(&console->in_prod, __ATOMIC_ACQUIRE))
        put(console->in[console->in_cons++ % sizeof(console->in)]);
    notify();
    return true;
}

static void balloon(void)
{
    u64 pfn = si->nr_pages - 1, frame = ((const u64 *)si->mfn_list)[pfn];
    struct xen_memory_reservation r = { .extent_start.p = &frame, .nr_extents = 1, .domid = DOMID_SELF };

    hypercall(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, (u64)&r, 0);
    frame = pfn;
    while (hypercall(__HYPERVISOR_memory_op, XENMEM_populate_physmap, (u64)&r, 0) != 1)
        ;
    ((u64 *)si->mfn_list)[pfn] = frame;
}

static void tell_tools(void)
{
    for (unsigned i = 0; i < PER_PAGE && i * PER_PAGE < si->nr_pages; i++)
        list[i] = frame_of((const u64 *)si->mfn_list + i * PER_PAGE);
    lists[0] = frame_of(list);
    shared->arch.max_pfn = si->nr_pages;
    shared->arch.pfn_to_mfn_frame_list_list = frame_of(lists);
}

/* ---- suspend ---- */

static evtchn_port_t suspend_port;

/* The answer is not waited for: there is one request in a life. */
static void store_write(const char *path, const char *value, unsigned value_bytes)
{
    struct xenstore_domain_interface *ring = page_of(si->store_mfn);
    struct xsd_sockmsg head = { .type = XS_WRITE };
    unsigned at = ring->req_prod, path_bytes = 0;

    while (path[path_bytes++])      /* with its end */
        ;
    head.len = path_bytes + value_bytes;
    for (unsigned i = 0; i < sizeof(head); i++)
        ring->req[MASK_XENSTORE_IDX(at++)] = ((const char *)&head)[i];
    for (unsigned i = 0; i < path_bytes; i++)
        ring->req[MASK_XENSTORE_IDX(at++)] = path[i];
    for (unsigned i = 0; i < value_bytes; i++)
        ring->req[MASK_XENSTORE_IDX(at++)] = value[i];
    __atomic_store_n(&ring->req_prod, at, __ATOMIC_RELEASE);
    send_to(si->store_evtchn);
}

static void offer_suspend(void)
{
    struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = 0 };
    char digits[4];

    hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, (u64)&a, 0);
    suspend_port = a.port;
    for (unsigned i = 0, n = a.port; i < sizeof(digits); i++, n /= 10)
        digits[sizeof(digits) - 1 - i] = (char)('0' + n % 10);
    store_write("device/suspend/event-channel", digits, sizeof(digits));
}

/* What names machine addresses, made anew wherever we wake up. */
static void settle(void)
{
    hypercall(__HYPERVISOR_update_va_mapping, (u64)shared_page, si->shared_info | WRITABLE_PAGE, UVMF_INVLPG);
    console = page_of(si->console.domU.mfn);
    tell_tools();
}

/* Who restores us wants these as page numbers, and makes frames of them; if nobody does, we do. */
static void suspend(void)
{
    struct sched_shutdown why = { .reason = SHUTDOWN_suspend };
    u64 store = si->store_mfn, console_frame = si->console.domU.mfn;

    si->store_mfn = M2P[store];
    si->console.domU.mfn = M2P[console_frame];
    hypercall(__HYPERVISOR_update_va_mapping, (u64)shared_page, 0, UVMF_INVLPG);   /* not ours to take along */
    if (hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown, (u64)&why, frame_of(si))) {
        si->store_mfn = store;
        si->console.domU.mfn = console_frame;
        settle();
        say("tiny: stays\n");
    } else {
        settle();
        offer_suspend();
        say("tiny: again\n");
    }
}

/* ---- a device of its own ---- */

#define UART 0x2f8
#define UART_LINE 3

static evtchn_port_t uart_port;

static void out(u16 port, u8 value) { __asm__ volatile("outb %b0, %w1" : : "a"(value), "d"(port)); }
static u8 in(u16 port)
{
    u8 value;

    __asm__ volatile("inb %w1, %b0" : "=a"(value) : "d"(port));
    return value;
}

static void uart_open(void)
{
    struct physdev_set_iopl iopl = { .iopl = 1 };
    struct evtchn_bind_pirq bind = { .pirq = UART_LINE };

    hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, (u64)&iopl, 0);
    if (hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_pirq, (u64)&bind, 0)) {
        say("tiny: no interrupt\n");
        return;
    }
    uart_port = bind.port;
    out(UART + 4, 0x0b);    /* modem control: its interrupt is let through */
    out(UART + 1, 0x02);    /* when there is room to send */
}

static void uart_interrupt(void)
{
    struct physdev_eoi eoi = { .irq = UART_LINE };

    (void)in(UART + 2);     /* reading why takes it back */
    hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_eoi, (u64)&eoi, 0);
    say("tiny: interrupt\n");
}

/* ---- life ---- */

static bool happened(evtchn_port_t port)
{
    u64 bit = 1UL << port % 64;

    return __atomic_fetch_and(&shared->evtchn_pending[port / 64], ~bit, __ATOMIC_SEQ_CST) & bit;
}

static void live(void)
{
    evtchn_port_t ports[3] = { si->console.domU.evtchn, suspend_port, uart_port };
    struct sched_poll poll = { .ports.p = ports, .nr_ports = uart_port ? 3 : 2 };

    hypercall(__HYPERVISOR_sched_op, SCHEDOP_poll, (u64)&poll, 0);
    if (happened(ports[0]) && echo() && uart_port)
        out(UART, '!');
    if (happened(ports[1]))
        suspend();
    if (uart_port && happened(uart_port))
        uart_interrupt();
}

void start(struct start_info *info)
{
    si = info;
    settle();
    offer_suspend();
    say("tiny: up\n");
    if (told("uart"))
        uart_open();
    if (told("crash"))
        __asm__ volatile("ud2");
    while (told("burn"))
        ;
    while (told("flood"))
        notify();
    while (told("balloon"))
        balloon();
    for (;;)
        live();
}
