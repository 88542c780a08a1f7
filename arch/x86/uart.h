/* The serial console: one 16550 port; output through a ring, input by interrupt or polled. Theory in uart.c. */
#pragma once
#include "lib/types.h"

struct options;

/*
 * Choose and program the port that console=, com1= and com2= say; none if console= names none, then both are domain
 * 0's. A missing port makes output silent and never hangs.
 * Callable before memory, interrupts and clock exist.
 */
void serial_init(const struct options *options);
bool serial_present(void);
/*
 * Output; "\n" is sent as "\r\n". What the port does not take at once is sent later, by its interrupt; before
 * serial_interrupts_on() and with sync_console it is waited for. Bounded time, see uart.c. Takes: leaf.
 */
void serial_write(const char *s, size_t bytes);
/* The end is near, all other CPUs have stopped: send what still waits; from now on no lock is taken. */
void serial_force(void);
/* Next received byte, or -1. One reader at a time. */
int serial_read(void);
/* From now on input raises PENDING_CONSOLE on `cpu`. Needs irq_init(). False: the port stays polled. */
bool serial_interrupts_on(unsigned cpu);
/* Port range [first, first + 8) and ISA interrupt in use, so that domain 0 can be kept off them; false: none. */
bool serial_resources(u16 *first, u32 *isa_irq);
