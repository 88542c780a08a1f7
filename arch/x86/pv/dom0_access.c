/*
 * What of the machine domain 0 may touch directly: all of it, except what Serai drives itself or must keep in order for
 * everybody. Ports: interrupt controllers, PIT and its gate, Serai's serial port, the PM timer it keeps time with, PCI
 * configuration (emulated, because address and data are two steps). Memory: the local APICs. The serial port's
 * interrupt stays with Serai, too. RAM is not device memory: frames of RAM obey their owner.
 *
 * Imprecise on purpose: I/O APICs and HPET may be mapped, as on Xen, because kernels look at them while they start and
 * take a refused mapping badly; that domain 0 leaves them alone is part of what it is trusted with.
 */
#include "arch/arch.h"
#include "arch/x86/cpu.h"
#include "arch/x86/acpi.h"
#include "arch/x86/cpu.h"
#include "arch/x86/ioapic.h"
#include "arch/x86/uart.h"
#include "core/domain.h"
#include "lib/print.h"
#include "lib/rangeset.h"

#define LAPIC_WINDOW MiB(1)     /* the range that the architecture sets aside for it and for messages (SDM 10.11) */
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

static void memory(struct domain *d)
{
    mfn_t lapic = acpi.lapic_base >> PAGE_SHIFT;
    rangeset_add(d->iomem, 0, (1UL << (cpu_has.phys_bits - PAGE_SHIFT)) - 1);
    if (lapic)
        rangeset_remove(d->iomem, lapic, lapic + (LAPIC_WINDOW >> PAGE_SHIFT) - 1);
}

static void interrupts(struct domain *d)
{
    u16 serial;
    u32 irq;
    bool level, active_low;
    if (ioapic_gsis() > 1)
        rangeset_add(d->irqs, 1, ioapic_gsis() - 1);
    if (serial_resources(&serial, &irq) && irq) {
        u32 gsi = acpi_isa_gsi(irq, &level, &active_low);
        rangeset_remove(d->irqs, gsi, gsi);
    }
}

void machine_dom0_resources(struct domain *d)
{
    ports(d);
    memory(d);
    interrupts(d);
}
