/*
 * A guest that needs 4 MB and starts in no time, for tests of the toolstack: it says "tiny: up" on its console and
 * sends back what it is sent, each time its event channel says so. A word in its command line makes it a bad neighbour:
 *     burn     runs for ever              flood    sends events as fast as it can
 *     balloon  gives a page back and takes it again, for ever       crash    dies at once
 * It keeps the list of lists of its frames, which tools that dump a domain want.
 */
#include "abi/xen.h"
#include <xen/io/console.h>

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

static void notify(void)
{
    struct evtchn_send send = { .port = si->console.domU.evtchn };

    hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_send, (u64)&send, 0);
}

static void put(char c)
{
    if (console->out_prod - console->out_cons >= sizeof(console->out))
        return;
    console->out[console->out_prod % sizeof(console->out)] = c;
    __atomic_store_n(&console->out_prod, console->out_prod + 1, __ATOMIC_RELEASE);
}

static void echo(void)
{
    evtchn_port_t port = si->console.domU.evtchn;
    struct sched_poll poll = { .ports.p = &port, .nr_ports = 1 };

    hypercall(__HYPERVISOR_sched_op, SCHEDOP_poll, (u64)&poll, 0);
    __atomic_fetch_and(&shared->evtchn_pending[port / 64], ~(1UL << port % 64), __ATOMIC_SEQ_CST);
    if (console->in_cons == __atomic_load_n(&console->in_prod, __ATOMIC_ACQUIRE))
        return;
    while (console->in_cons != __atomic_load_n(&console->in_prod, __ATOMIC_ACQUIRE))
        put(console->in[console->in_cons++ % sizeof(console->in)]);
    notify();
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

void start(struct start_info *info)
{
    si = info;
    hypercall(__HYPERVISOR_update_va_mapping, (u64)shared_page, si->shared_info | WRITABLE_PAGE, UVMF_INVLPG);
    console = (struct xencons_interface *)(VIRT_BASE + (M2P[si->console.domU.mfn] << 12));
    tell_tools();
    for (const char *c = "tiny: up\n"; *c; c++)
        put(*c);
    notify();
    if (told("crash"))
        __asm__ volatile("ud2");
    while (told("burn"))
        ;
    while (told("flood"))
        notify();
    while (told("balloon"))
        balloon();
    for (;;)
        echo();
}
