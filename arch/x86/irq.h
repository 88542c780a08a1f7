/* Machine interrupts: vectors, lines, messages, and whom they are for. Theory in irq.c. */
#pragma once
#include "lib/types.h"
#include "abi/xen.h"
#include "arch/x86/pci.h"
#include "core/lock.h"

struct domain;

/* After acpi_init() and ioapic_init(). */
void irq_init(void);
/* From the interrupt entry, interrupts off: any vector 0x20..0xff. Takes: irq; then event (through pirq_send). */
void irq_handle(unsigned vector);

/* VECTOR_TIMER while a guest ran: no lock is held, so the timers run at once instead of on the way out. */
void irq_timer_from_guest(void);

/*
 * Serai's own use of a line: fn(data) on `cpu`, interrupts off, before the EOI. 0; -ENODEV no such line; -EBUSY taken;
 * -ENOSPC no vector left.
 */
long irq_request(u32 gsi, bool level, bool active_low, unsigned cpu, void (*fn)(void *), void *data);

/*
 * For physdev.c, which holds the irq lock during all of these. An irq is named by its vector; 0 is none.
 */
extern struct spinlock irq_lock;
/* The vector of a line, allocated at first use; or -ENODEV, -EBUSY (Serai's own), -ENOSPC. */
long irq_of_gsi(u32 gsi);
/*
 * `count` (power of two) neighbouring vectors for the messages of *msi (copied; entries 0..count-1 of an MSI block);
 * first.
 */
long irq_of_msi(const struct pci_msi *msi, unsigned count);
void irq_free(unsigned vector);
void irq_free_gsi(u32 gsi);     /* if it has a vector that is not Serai's own; nobody is bound to it */
/* Does any vector belong to this message (MSI-X entry, or the function's MSI)? */
bool irq_msi_in_use(const struct pci_msi *msi);
/* Set trigger and polarity of a line while nobody is bound to it. -EEXIST: somebody is. */
long irq_setup_gsi(u32 gsi, bool level, bool active_low);
/* Deliver to domain `domid` as `pirq` on `cpu`, unmasked. -EBUSY: bound already. */
long irq_bind_guest(unsigned vector, domid_t domid, u32 pirq, unsigned cpu);
void irq_unbind_guest(unsigned vector);
/* The guest is done with the interrupt it got: unmask a level-triggered line. */
void irq_guest_eoi(unsigned vector);
void irq_set_cpu(unsigned vector, unsigned cpu);
bool irq_is_level(unsigned vector);
/* Write a message again (the device forgot it: PHYSDEVOP_restore_msi) for every interrupt of this function. */
void irq_restore_msi(u16 segment, u8 bus, u8 devfn);
/* Machine lines exist for [0, irq_gsis()). */
#define IRQ_MAX_GSIS 1024
u32 irq_gsis(void);
