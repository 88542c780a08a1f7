/* I/O APICs: one redirection entry per interrupt line (GSI). Callers hold the irq lock. 82093AA data sheet. */
#pragma once
#include "lib/types.h"

/* Map all, mask all lines, switch the 8259 pair off. After acpi_init(). */
void ioapic_init(void);
u32 ioapic_gsis(void);          /* GSIs are 0..n-1; there may be holes */
bool ioapic_has(u32 gsi);
/* Program a line, masked. */
void ioapic_route(u32 gsi, u8 vector, u32 apic_id, bool level, bool active_low);
/* Another CPU, without masking: an edge on a masked line would be lost. */
void ioapic_set_destination(u32 gsi, u32 apic_id);
void ioapic_mask(u32 gsi, bool masked);
/* Raw register of the I/O APIC at machine address `base` (PHYSDEVOP_apic_read/write). False: no such one. */
bool ioapic_read_register(paddr_t base, u32 reg, u32 *value);
