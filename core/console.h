/* The console: log lines, the ring that `xl dmesg` reads, the serial line, and who its input belongs to. */
#pragma once
#include "lib/types.h"
#include "lib/print.h"

struct xen_sysctl_readconsole;

/* ---- what the machine provides (arch/x86/uart.c, screen.c) ---- */
void serial_write(const char *text, size_t bytes);  /* in order, "\n" as CR LF; nothing if there is no port */
int serial_read(void);                              /* next character received, -1: none */
void screen_write(const char *text, size_t bytes);  /* to the text screen, if there is one that is still Serai's */
void screen_release(void);                          /* it is domain 0's from now on */

/* ---- boot, in this order ---- */
/* Serial port and screen work: send what was logged so far, and all from here on. Right after options_parse(). */
void console_attach(void);
/* The heap works: give the ring the size that conring_size= asks for. */
void console_ring_grow(void);
/* Domain 0 will run: tell of output (VIRQ_CON_RING), give it screen and serial input (not with conswitch=..x). */
void console_start_dom0(void);

/* ---- output ---- */
/* Text of domain 0 as it stands: to the serial line only. Takes the console lock. */
void console_write_raw(const char *text, size_t bytes);
/* From now on this CPU writes without the lock, whoever may hold it. For panic, once everybody else is stopped. */
void console_force(void);

/*
 * Characters of the ring from position *index on, at most `bytes`, into buf; how many. *index (a free-running count
 * of characters) is moved to the oldest there is if those asked for are gone, and beyond those read. Console lock.
 */
size_t console_ring_read(u32 *index, char *buf, size_t bytes);
/* Position of the oldest character not cleared; of the next one to be written; forget all before `index`. */
u32 console_ring_start(void);
u32 console_ring_end(void);
void console_ring_clear(u32 index);

/* ---- core/console_io.c ---- */
/* The CPU that the serial interrupt goes to, and the only one that fetches input. */
#define CONSOLE_CPU 0u
/* PENDING_CONSOLE: on CONSOLE_CPU fetch and deliver serial input; tell domain 0 about new output. No locks held. */
void console_work(void);
/* The port has no interrupt: look for input every 20 ms. Takes: timer. */
void console_poll_start(void);
void console_input_to_dom0(bool dom0);

/* XEN_SYSCTL_readconsole (public header sysctl.h): 0 or -EFAULT; op is updated for the caller to copy back. */
long console_sysctl_read(struct xen_sysctl_readconsole *op);
