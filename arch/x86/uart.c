/*
 * The serial console.
 *
 * Problem: the console must work from the first line to the panic, on machines without the port too; and whoever reads
 * it may stop reading for a while, a terminal or a program, which a port with flow control (an emulated one above all)
 * shows as a transmitter that does not become empty. So a port is used only if its scratch register holds what we
 * wrote, and what it does not take at once stays in a ring, which its interrupt empties. Nobody waits but who finds the
 * ring full, and at boot, at the end and in a panic, where nothing would empty it later.
 *
 * Invariant: bytes leave in the order they came. A wait ends when the transmitter took nothing for TX_PATIENCE by the
 * TSC (which needs no calibration to be a bound); from then on what does not fit is dropped and nobody waits, until the
 * reader has come back and half of the ring is free.
 *
 * Input: with interrupts on, the handler moves bytes into a ring (one producer: the handler; one consumer:
 * whoever holds the console) and raises PENDING_CONSOLE. Bytes beyond the ring are dropped: a typist is slower.
 */
#include "arch/x86/uart.h"
#include "arch/arch.h"
#include "arch/x86/acpi.h"
#include "arch/x86/asm.h"
#include "arch/x86/irq.h"
#include "core/lock.h"
#include "core/options.h"
#include "lib/string.h"

#define UART_DATA 0     /* DLAB: divisor low */
#define UART_IER 1      /* DLAB: divisor high */
#define UART_FCR 2
#define UART_LCR 3
#define UART_MCR 4
#define UART_LSR 5
#define UART_SCR 7
#define IER_RX 0x01
#define IER_TX 0x02
#define FCR_ENABLE_CLEAR 0x07
#define LCR_DLAB 0x80
#define MCR_DTR_RTS_OUT2 0x0b   /* OUT2 gates the interrupt line on PCs */
#define LSR_DATA 0x01
#define LSR_TX_EMPTY 0x20
#define LSR_TX_IDLE 0x40    /* the shift register, too */
#define FIFO_BYTES 16
#define TX_PATIENCE (1UL << 31) /* TSC ticks: 0.5 s at 4 GHz; 16 bytes at 1200 baud need 0.14 s */

static struct {
    u16 io;
    u32 irq;            /* ISA interrupt, 0: none */
    bool present, interrupts;
    bool stalled;       /* waited for in vain; not waited for again until it is well */
    bool forced;        /* this CPU is the last one: no lock, nothing left for later */
    unsigned room;      /* bytes the FIFO surely takes */
    unsigned cpu;
} port;

/* What the port has not taken yet. As long as a boot of domain 0 with all its messages. */
#define TX_RING KiB(128)
#define TX_PER_INTERRUPT 256
static struct {
    struct spinlock lock;
    char ring[TX_RING];
    u32 head, tail;     /* written at head, sent from tail; free running */
} tx = { .lock = SPINLOCK(leaf) };

#define RX_RING 2048
static u8 rx_ring[RX_RING];
static u32 rx_head, rx_tail;    /* head: producer's, tail: consumer's; free running */

static u8 reg_read(unsigned r) { return inb((u16)(port.io + r)); }
static void reg_write(unsigned r, u8 v) { outb((u16)(port.io + r), v); }

static bool probe(void)
{
    reg_write(UART_SCR, 0x5a);
    if (reg_read(UART_SCR) != 0x5a)
        return false;
    reg_write(UART_SCR, 0xa5);
    return reg_read(UART_SCR) == 0xa5 && reg_read(UART_LSR) != 0xff;
}

static u8 line_control(const struct serial_option *o)
{
    static const char parities[] = "noems";
    static const u8 bits[] = { 0x00, 0x08, 0x18, 0x28, 0x38 };
    const char *p = strchr(parities, o->parity);

    return (u8)((o->data_bits - 5) | (p ? bits[p - parities] : 0) | (o->stop_bits == 2 ? 4 : 0));
}

void serial_init(const struct options *options)
{
    bool second = options->console & CONSOLE_COM2;
    const struct serial_option *o = second ? &options->com2 : &options->com1;
    u8 lcr = line_control(o);

    port.io = o->io_base ?: second ? 0x2f8 : 0x3f8;
    port.irq = o->irq || o->polled ? o->irq : second ? 3 : 4;
    port.present = options->console & (CONSOLE_COM1 | CONSOLE_COM2) && probe();
    if (!port.present)
        return;
    reg_write(UART_IER, 0);
    reg_write(UART_LCR, lcr);
    if (o->baud && o->clock >= o->baud) {
        u32 divisor = min(o->clock / o->baud, 0xffffu);
        reg_write(UART_LCR, lcr | LCR_DLAB);
        reg_write(UART_DATA, (u8)divisor);
        reg_write(UART_IER, (u8)(divisor >> 8));
        reg_write(UART_LCR, lcr);
    }
    reg_write(UART_FCR, FCR_ENABLE_CLEAR);
    reg_write(UART_MCR, MCR_DTR_RTS_OUT2);
}

bool serial_present(void) { return port.present; }

bool serial_resources(u16 *first, u32 *isa_irq)
{
    *first = port.io;
    *isa_irq = port.irq;
    return port.present;
}

static u32 tx_waiting(void) { return tx.head - tx.tail; }
/* Whoever writes waits until it is out. */
static bool tx_sync(void) { return port.forced || !port.interrupts || opt.sync_console; }

static void tx_lock(void)
{
    if (!port.forced)
        spin_lock(&tx.lock);
}

static void tx_unlock(void)
{
    if (!port.forced)
        spin_unlock(&tx.lock);
}

/* Send what the transmitter takes now, at most `limit` bytes; did it take any? */
static bool tx_send(u32 limit)
{
    u32 before = tx.tail;

    for (; limit && tx_waiting(); limit--, port.room--) {
        if (port.room == 0) {
            if (!(reg_read(UART_LSR) & LSR_TX_EMPTY))
                break;
            port.room = FIFO_BYTES;
        }
        reg_write(UART_DATA, (u8)tx.ring[tx.tail++ % TX_RING]);
    }
    if (tx_waiting() <= TX_RING / 2)
        port.stalled = false;
    return tx.tail != before;
}

/* Wait until at most `left` bytes are in the ring; false: the port takes nothing. */
static bool tx_wait(u32 left)
{
    u64 since = rdtsc();

    while (tx_waiting() > left) {
        if (tx_send(FIFO_BYTES))
            since = rdtsc();
        else if (port.stalled || rdtsc() - since > TX_PATIENCE)
            return port.stalled = true, false;
        else
            cpu_pause();
    }
    return true;
}

static void tx_byte(u8 c)
{
    if (tx_waiting() < TX_RING || tx_wait(TX_RING - FIFO_BYTES))
        tx.ring[tx.head++ % TX_RING] = (char)c;
}

/* The interrupts wanted. Off and on: a cause that is still there makes a new edge. */
static void interrupts_wanted(void)
{
    reg_write(UART_IER, 0);
    reg_write(UART_IER, IER_RX | (tx_waiting() ? IER_TX : 0));
}

void serial_write(const char *s, size_t bytes)
{
    if (!port.present)
        return;
    tx_lock();
    bool armed = tx_waiting();
    for (size_t i = 0; i < bytes; i++) {
        if (s[i] == '\n')
            tx_byte('\r');
        tx_byte((u8)s[i]);
    }
    if (tx_sync())
        tx_wait(0);
    else
        tx_send((u32)bytes + TX_PER_INTERRUPT);
    if (port.interrupts && tx_waiting() && !armed)
        interrupts_wanted();
    tx_unlock();
}

void serial_force(void)
{
    if (!port.present || port.forced)
        return;
    port.forced = true;
    u64 start = rdtsc();
    if (tx_wait(0))
        while (!(reg_read(UART_LSR) & LSR_TX_IDLE) && rdtsc() - start < TX_PATIENCE)
            cpu_pause();
}

static void receive(void)
{
    bool got = false;

    /* Bounded: against a broken port. */
    for (unsigned i = 0; i < 2 * RX_RING && (reg_read(UART_LSR) & LSR_DATA); i++) {
        u8 c = reg_read(UART_DATA);
        if (rx_head - __atomic_load_n(&rx_tail, __ATOMIC_ACQUIRE) < RX_RING) {
            rx_ring[rx_head % RX_RING] = c;
            __atomic_store_n(&rx_head, rx_head + 1, __ATOMIC_RELEASE);
        }
        got = true;
    }
    if (got)
        cpu_raise(port.cpu, PENDING_CONSOLE);
}

static void port_interrupt(void *unused)
{
    (void)unused;
    receive();
    tx_lock();
    tx_send(TX_PER_INTERRUPT);
    interrupts_wanted();
    tx_unlock();
}

int serial_read(void)
{
    if (!port.present)
        return -1;
    if (rx_tail != __atomic_load_n(&rx_head, __ATOMIC_ACQUIRE)) {
        u8 c = rx_ring[rx_tail % RX_RING];
        __atomic_store_n(&rx_tail, rx_tail + 1, __ATOMIC_RELEASE);
        return c;
    }
    if (!port.interrupts && (reg_read(UART_LSR) & LSR_DATA))
        return reg_read(UART_DATA);
    return -1;
}

bool serial_interrupts_on(unsigned cpu)
{
    bool level, active_low;
    u32 gsi;

    if (!port.present || port.irq == 0)
        return false;
    port.cpu = cpu;
    gsi = acpi_isa_gsi(port.irq, &level, &active_low);
    if (irq_request(gsi, level, active_low, cpu, port_interrupt, NULL) < 0)
        return false;
    port.interrupts = true;
    port_interrupt(NULL);   /* what came before: its edge is gone */
    return true;
}
