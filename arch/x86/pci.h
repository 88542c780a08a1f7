/* PCI configuration space, message-signalled interrupts, and the functions domain 0 told us of. Theory in pci.c. */
#pragma once
#include "lib/types.h"

/*
 * By MMCFG where the firmware describes it and domain 0 confirmed it; ports CF8/CFC otherwise.
 * `bytes` is 1, 2, 4 and `reg` a multiple of it. Unreachable space reads as ones, writes vanish. Takes: leaf.
 */
u32 pci_read(u16 segment, u8 bus, u8 devfn, unsigned reg, unsigned bytes);
void pci_write(u16 segment, u8 bus, u8 devfn, unsigned reg, unsigned bytes, u32 value);
/* The same as a guest's access through its own CF8 latch: `offset` 0..3 into port CFC. */
u32 pci_port_read(u32 cf8, unsigned offset, unsigned bytes);
void pci_port_write(u32 cf8, unsigned offset, unsigned bytes, u32 value);
/* Config offset of capability `id`, 0: none. Bounded against looping lists. */
unsigned pci_find_capability(u16 segment, u8 bus, u8 devfn, u8 id);
bool pci_exists(u16 segment, u8 bus, u8 devfn);

/* PHYSDEVOP_pci_mmcfg_reserved. 0, -ENODEV: not in the firmware's MCFG table. Takes: irq. */
long pci_mmcfg_reserved(u64 address, u16 segment, u8 first_bus, u8 last_bus, bool reserved);

/* ---- functions announced by domain 0 ---- */
/* 0, also for one that was announced before; -ENOMEM. Takes: irq. */
long pci_device_add(u16 segment, u8 bus, u8 devfn, u32 flags);
long pci_device_remove(u16 segment, u8 bus, u8 devfn);          /* -ENODEV */

/* ---- messages ---- */
struct pci_msi {
    u16 segment;
    u8 bus, devfn;
    bool msix;
    bool maskable;          /* has a mask bit: MSI-X, or MSI with per-vector masking */
    bool wide;              /* MSI: 64-bit address */
    u16 capability;         /* config offset */
    u16 entry;              /* MSI-X table index; MSI: index within its block */
    volatile u32 *slot;     /* MSI-X: the table entry, mapped */
};
#define PCI_CAP_MSI 0x05
#define PCI_CAP_MSIX 0x11
/*
 * Prepare *m for MSI (bar 0) or for entry `entry` of the MSI-X table in the BAR at machine address `bar`: where in it,
 * the capability says.
 * 0; -ENODEV, -ENXIO (no such capability), -EINVAL (entry or address), -ENOMEM.
 */
long pci_msi_prepare(struct pci_msi *m, u16 segment, u8 bus, u8 devfn, paddr_t bar, unsigned entry);
/* Number of messages an MSI function may be given (power of two, 1..32). */
unsigned pci_msi_capacity(const struct pci_msi *m);
/* Program destination and vector, masked meanwhile; leaves the mask as it was. MSI blocks: entry 0 only. */
void pci_msi_write(const struct pci_msi *m, u32 apic_id, u8 vector);
void pci_msi_mask(const struct pci_msi *m, bool masked);
/* Multiple message enable: 2^order messages. */
void pci_msi_set_order(const struct pci_msi *m, unsigned order);
/* Turn the function's MSI or MSI-X capability on or off. */
void pci_msi_enable(const struct pci_msi *m, bool on);
