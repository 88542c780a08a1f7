/*
 * The serial console.
 *
 * Problem: the console must work from the first line to the panic, on machines without the port too. So output is
 * polled, and nothing is believed: a port is used only if its scratch register holds what we wrote, and a transmitter
 * that does not become empty within a time measured by the TSC (which needs no calibration to be a bound) is declared
 * dead and never waited for again.
 *
 * Invariant: serial_write() returns after at most one TX_PATIENCE per FIFO load, and one in the life of a dead port.
 *
 * Input: with interrupts on, the handler moves bytes into a ring (one producer: the handler; one consumer:
 * whoever holds the console) and raises PENDING_CONSOLE. Bytes beyond the ring are dropped: a typist is slower.
 */
#include "arch/x86/uart.h"
#include "arch/arch.h"
#include "arch/x86/acpi.h"
#include "arch/x86/asm.h"
#include "arch/x86/irq.h"
#include "lib/string.h"

#define UART_DATA 0     /* DLAB: divisor low */
#define UART_IER 1      /* DLAB: divisor high */
#define UART_FCR 2
#define UART_LCR 3
#define UART_MCR 4
#define UART_LSR 5
#define UART_SCR 7
#define IER_RX 0x01
#define FCR_ENABLE_CLEAR 0x07
#define LCR_DLAB 0x80
#define MCR_DTR_RTS_OUT2 0x0b   /* OUT2 gates the interrupt line on PCs */
#define LSR_DATA 0x01
#define LSR_TX_EMPTY 0x20
#define UART_CLOCK 115200       /* divisor 1 */
#define FIFO_BYTES 16
#define TX_PATIENCE (1UL << 31) /* TSC ticks: 0.5 s at 4 GHz; 16 bytes at 1200 baud need 0.14 s */

static struct {
    u16 io;
    u32 irq;
    u32 baud, clock;    /* baud 0: leave as is */
    u8 lcr;
    bool present, dead, interrupts;
    unsigned room;      /* bytes the FIFO surely takes */
    unsigned cpu;
} port;

#define RX_RING 256
static u8 rx_ring[RX_RING];
static u32 rx_head, rx_tail;    /* head: producer's, tail: consumer's; free running */

static bool at_separator(const char *s) { return *s == ',' || *s == ' ' || *s == 0; }

/* "8n1" -> line control bits; leaves lcr alone if it reads differently. */
static const char *parse_frame(const char *s)
{
    static const char parities[] = "noems";
    static const u8 bits[] = { 0x00, 0x08, 0x18, 0x28, 0x38 };
    const char *p;

    if (s[0] < '5' || s[0] > '8' || s[1] == 0 || (p = strchr(parities, s[1])) == NULL || (s[2] != '1' && s[2] != '2'))
        return s;
    port.lcr = (u8)((s[0] - '5') | bits[p - parities] | (s[2] == '2' ? 4 : 0));
    return s + 3;
}

/* An unreadable part keeps its default: the console is needed to complain, so it must not depend on the complaint. */
static void parse_option(const char *s)
{
    if (strncmp(s, "auto", 4) == 0) {
        port.baud = 0;
        s += 4;
    } else if (!at_separator(s)) {
        port.baud = (u32)parse_number(s, &s);
        if (*s == '/')
            port.clock = (u32)(parse_number(s + 1, &s) / 16);
    }
    if (*s == ',')
        s = parse_frame(s + 1);
    if (*s == ',' && !at_separator(s + 1)) {
        u64 io = parse_number(s + 1, &s);
        if (io >= 0x100 && io <= 0xfff8)
            port.io = (u16)io;
    }
    if (*s == ',' && !at_separator(s + 1)) {
        u64 irq = parse_number(s + 1, &s);
        port.irq = irq < 16 ? (u32)irq : 0;
    }
}

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

/* Which port does a list like "com2,vga" name? */
static bool wants_com2(const char *console)
{
    const char *c1 = console ? strstr(console, "com1") : NULL;
    const char *c2 = console ? strstr(console, "com2") : NULL;

    return c2 && (!c1 || c2 < c1);
}

void serial_init(const char *com1, const char *com2, const char *console)
{
    bool second = wants_com2(console);
    const char *option = second ? com2 : com1;

    port.io = second ? 0x2f8 : 0x3f8;
    port.irq = second ? 3 : 4;
    port.baud = option ? 115200 : 0;
    port.clock = UART_CLOCK;
    port.lcr = 0x03;
    if (option)
        parse_option(option);
    port.present = probe();
    if (!port.present)
        return;
    reg_write(UART_IER, 0);
    reg_write(UART_LCR, port.lcr);
    if (port.baud && port.clock >= port.baud) {
        u32 divisor = min(port.clock / port.baud, 0xffffu);
        reg_write(UART_LCR, port.lcr | LCR_DLAB);
        reg_write(UART_DATA, (u8)divisor);
        reg_write(UART_IER, (u8)(divisor >> 8));
        reg_write(UART_LCR, port.lcr);
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

/* Wait until the FIFO is empty; false once the port is found dead. */
static bool tx_wait(void)
{
    u64 start = rdtsc();

    while (!(reg_read(UART_LSR) & LSR_TX_EMPTY)) {
        if (rdtsc() - start > TX_PATIENCE) {
            port.dead = true;
            return false;
        }
        cpu_pause();
    }
    port.room = FIFO_BYTES;
    return true;
}

static bool tx_byte(u8 c)
{
    if (port.room == 0 && !tx_wait())
        return false;
    reg_write(UART_DATA, c);
    port.room--;
    return true;
}

void serial_write(const char *s, size_t bytes)
{
    if (!port.present || port.dead)
        return;
    for (; bytes--; s++)
        if ((*s == '\n' && !tx_byte('\r')) || !tx_byte((u8)*s))
            return;
}

static void rx_interrupt(void *unused)
{
    bool got = false;

    (void)unused;
    /* Until the FIFO is empty, else an edge-triggered line never rises again; bounded against a broken port. */
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
    if (irq_request(gsi, level, active_low, cpu, rx_interrupt, NULL) < 0)
        return false;
    port.interrupts = true;
    reg_write(UART_IER, IER_RX);
    rx_interrupt(NULL);     /* what came before: its edge is gone */
    return true;
}
