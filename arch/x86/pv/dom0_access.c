/*
 * What of the machine domain 0 may touch directly: all of it, except what Serai drives itself or must keep in order for
 * everybody. Ports: interrupt controllers, PIT and its gate, Serai's serial port, the PM timer it keeps time with, PCI
 * configuration (emulated, because address and data are two steps). Memory: the local APICs. RAM is not device memory:
 * frames of RAM obey their owner.
 *
 * I/O APICs and the HPET may be mapped, because kernels look at them while they start and take a refused mapping badly;
 * but only for reading: a writable mapping becomes a read-only one, and what a kernel stores there vanishes (ptwr.c).
 */
#include "arch/arch.h"
#include "arch/x86/acpi.h"
#include "arch/x86/apic.h"
#include "arch/x86/cpu.h"
#include "arch/x86/ioapic.h"
#include "arch/x86/uart.h"
#include "core/domain.h"
#include "lib/print.h"
#include "lib/rangeset.h"

#define HT_RANGE 0xfd00000000UL
#define HT_RANGE_END 0x10000000000UL
#define PCI_CONFIG_PORTS 0xcf8

static void keep_ports(struct domain *d, u32 first, u32 count)
{
    if (count && rangeset_remove(d->ioports, first, first + count - 1))
        log_warn("Ports %#x-%#x could not be kept from domain 0", first, first + count - 1);
}

static void ports(struct domain *d)
{
    static const struct { u16 first, count; } kept[] = {
        { 0x20, 2 }, { 0xa0, 2 },       /* 8259 */
        { 0x40, 4 }, { 0x61, 1 },       /* PIT, its gate */
        { PCI_CONFIG_PORTS, 8 },
    };
    u16 serial;
    u32 irq;
    rangeset_add(d->ioports, 0, 0xffff);
    for (unsigned i = 0; i < ARRAY_SIZE(kept); i++)
        keep_ports(d, kept[i].first, kept[i].count);
    if (serial_resources(&serial, &irq))
        keep_ports(d, serial, 8);
    keep_ports(d, acpi.pm_timer_port, acpi.pm_timer_port ? 4 : 0);
}

bool machine_frame_readonly(mfn_t mfn)
{
    if (acpi.hpet_base && acpi.hpet_base >> PAGE_SHIFT == mfn)
        return true;
    for (unsigned i = 0; i < acpi.ioapics; i++)
        if (acpi.ioapic[i].base >> PAGE_SHIFT == mfn)
            return true;
    return false;
}

static void memory(struct domain *d)
{
    mfn_t lapic = acpi.lapic_base >> PAGE_SHIFT;
    rangeset_add(d->iomem, 0, (1UL << (cpu_has.phys_bits - PAGE_SHIFT)) - 1);
    /* AMD's HyperTransport range is no memory: what is sent there are messages to the chip set. */
    if (cpu_has.amd)
        rangeset_remove(d->iomem, HT_RANGE >> PAGE_SHIFT, (HT_RANGE_END >> PAGE_SHIFT) - 1);
    if (lapic)
        rangeset_remove(d->iomem, lapic, lapic + (LAPIC_WINDOW >> PAGE_SHIFT) - 1);
}

/* All lines but 0. One that Serai uses (its serial port's) may be mapped as any other, but not bound. */
static void interrupts(struct domain *d)
{
    if (ioapic_gsis() > 1)
        rangeset_add(d->irqs, 1, ioapic_gsis() - 1);
}

void machine_dom0_resources(struct domain *d)
{
    ports(d);
    memory(d);
    interrupts(d);
}
