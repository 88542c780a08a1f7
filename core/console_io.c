/*
 * Console input, and the console as guests see it.
 *
 * Serial input belongs either to domain 0 (a ring it reads by CONSOLEIO_read after VIRQ_CONSOLE) or to Serai, where
 * each character is a debug key (core/keys.def). CTRL-a three times in a row switches; fewer are passed on as typed,
 * late.
 *
 * Output by CONSOLEIO_write: domain 0's goes to the serial line as it stands. Other domains are refused: they have
 * consoles of their own (a guest with earlyprintk=xen lives with that).
 *
 * Imprecise on purpose: input that domain 0 does not fetch is dropped when its ring is full.
 */
#include "core/console.h"
#include "core/domain.h"
#include "core/event.h"
#include "core/hypercall.h"
#include "core/keys.h"
#include "core/options.h"
#include "core/reject.h"
#include "core/timer.h"
#include "lib/string.h"
#include "arch/arch.h"
#include <xen/sysctl.h>

#define INPUT_RING 16384u      /* a page of text pasted in one go */
#define POLL_NS 20000000UL      /* without an interrupt: the FIFO of 16 lasts for 7000 baud, and a typist */
#define CHUNK 128u              /* characters moved per step, on the stack */
#define LOOK KiB(4)             /* between looks for interrupts, while the ring is read */
#define READ_WHOLE KiB(64)      /* so much of the ring is read in one go whoever waits */

static struct {
    struct spinlock lock;
    char ring[INPUT_RING];
    u32 head, tail;             /* read at head, written at tail; free-running */
} input = { .lock = SPINLOCK(leaf) };

/*
 * CONSOLE_CPU's alone: every CPU that prints gets to console_work(), and two that fetched from the port's ring at once
 * once lost a character that was typed meanwhile.
 */
static bool to_dom0;
static unsigned switch_count;
static struct timer poll;
static u32 announced;           /* ring position domain 0 was last told of; any CPU's, twice told does no harm */

void console_input_to_dom0(bool dom0)
{
    to_dom0 = dom0;
    if (opt.conswitch)
        log_always("*** Serial input to %s (type 'CTRL-%c' three times to switch input)",
                   dom0 ? "DOM0" : "Serai, press 'h' for help", opt.conswitch);
}

static void deliver(char c)
{
    if (!to_dom0) {
        key_press(c);
        return;
    }
    spin_lock(&input.lock);
    if (input.tail - input.head < INPUT_RING)
        input.ring[input.tail++ % INPUT_RING] = c;
    spin_unlock(&input.lock);
}

static void console_input(char c)
{
    char switch_code = opt.conswitch & 0x1f;
    if (switch_code && c == switch_code && domain0) {
        if (++switch_count == 3) {
            switch_count = 0;
            console_input_to_dom0(!to_dom0);
        }
        return;
    }
    for (; switch_count; switch_count--)
        deliver(switch_code);
    deliver(c);
}

static void fetch_input(void)
{
    u32 before = READ_ONCE(input.tail);
    int c;
    /* Is somebody pasting for ever? Then the rest comes with the next interrupt. */
    for (unsigned n = 0; n < 4096 && (c = serial_read()) >= 0; n++)
        console_input((char)c);
    if (domain0 && READ_ONCE(input.tail) != before)
        virq_send_host(VIRQ_CONSOLE);
}

static void poll_input(void *unused)
{
    (void)unused;
    cpu_raise(CONSOLE_CPU, PENDING_CONSOLE);
    timer_set(&poll, now_ns() + POLL_NS);
}

void console_poll_start(void)
{
    timer_init(&poll, poll_input, NULL, CONSOLE_CPU);
    timer_set(&poll, now_ns() + POLL_NS);
}

void console_work(void)
{
    if (smp_cpu() == CONSOLE_CPU)
        fetch_input();
    if (!domain0)
        return;
    u32 end = console_ring_end();
    if (end != announced) {
        announced = end;
        virq_send_host(VIRQ_CON_RING);
    }
}

static long console_write(u64 count, u64 buffer)
{
    /* Other domains have consoles of their own; Linux tries this one first and must hear that it is not its. */
    if (!current->domain->privileged)
        return refuse_quietly(-EPERM);
    while (count) {
        char chunk[CHUNK];
        u64 n = min(count, (u64)CHUNK);
        if (copy_from_guest(chunk, GVA(buffer), n))
            return reject_fault(buffer);
        console_write_raw(chunk, n);
        count -= n;
        buffer += n;
        if (count && preempt_check())
            return hypercall_continue(__HYPERVISOR_console_io, 3, (u64)CONSOLEIO_write, count, buffer);
    }
    return 0;
}

/* Number of characters read. They are taken off the ring only once they have arrived. */
static long console_read(u64 count, u64 buffer)
{
    char chunk[CHUNK];
    long done = 0;
    for (;;) {
        spin_lock(&input.lock);
        u32 head = input.head;
        u32 n = min((u32)count - (u32)done, CHUNK);
        n = min(n, input.tail - head);
        for (u32 i = 0; i < n; i++)
            chunk[i] = input.ring[(head + i) % INPUT_RING];
        spin_unlock(&input.lock);
        if (!n)
            return done;
        if (copy_to_guest(GVA(buffer + (u64)done), chunk, n))
            return reject_fault(buffer);
        spin_lock(&input.lock);
        /* Two vcpus reading at once may both get the same characters; neither loses any. */
        if (input.head == head)
            input.head = head + n;
        spin_unlock(&input.lock);
        done += n;
    }
}

long do_console_io(u64 cmd, u64 count, u64 buffer)
{
    /* Xen's prototype has 32-bit cmd and count (public header xen.h, CONSOLEIO_*). */
    count = (u32)count;
    switch ((u32)cmd) {
    case CONSOLEIO_write:
        return console_write(count, buffer);
    case CONSOLEIO_read:
        if (!current->domain->privileged)
            return reject(-EPERM, "console input is domain 0's");
        return console_read(min(count, (u64)INPUT_RING), buffer);
    default:
        return reject(-ENOSYS, "console_io has commands 0 (write) and 1 (read), not %u", (u32)cmd);
    }
}

/* ---- XEN_SYSCTL_readconsole (the ctl lock may be held across preempt_check(): nobody waits for it) ---- */

long console_sysctl_read(struct xen_sysctl_readconsole *op)
{
    u32 index = console_ring_start();
    /* Incremental: go on at the caller's position unless what is there is gone. */
    if (op->incremental && (s32)(op->index - index) > 0)
        index = op->index;
    u32 room = op->count, done = 0;
    while (done < room) {
        char chunk[CHUNK];
        size_t n = console_ring_read(&index, chunk, min(room - done, CHUNK));
        if (!n)
            break;
        if (copy_to_guest(gva_add(HVA(op->buffer), done), chunk, n))
            return reject(-EFAULT, "console buffer of %u bytes is not writable", room);
        done += (u32)n;
        /* Of a large ring the reader may get the rest by its next call: all tools read until there is no more. */
        if (done % LOOK == 0 && preempt_check() && done >= READ_WHOLE)
            break;
    }
    op->count = done;
    op->index = index;
    if (op->clear)
        console_ring_clear(index);
    return 0;
}
