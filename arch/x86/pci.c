/*
 * PCI configuration space and the functions domain 0 told us of. Messages are in pci_msi.c.
 *
 * Problem: two mechanisms reach configuration space, ports CF8/CFC (an address latch shared by everyone) and memory
 * (MMCFG), and domain 0's accesses are interleaved with ours.
 * Invariant: the latch is written and used under one lock; a guest's own latch is a variable of its domain and never
 * stays in the port. MMCFG is used for a bus only after domain 0 confirmed that the firmware reserved the area, as a
 * firmware table alone has been wrong often enough.
 *
 * Buses are mapped one by one (1 MiB each) when a function on them is announced: all 256 would cost 512 KiB of tables.
 */
#include "arch/x86/pci.h"
#include "arch/arch.h"
#include "arch/x86/acpi.h"
#include "arch/x86/asm.h"
#include "arch/x86/irq.h"
#include "core/heap.h"
#include "core/lock.h"
#include "core/reject.h"
#include "lib/print.h"

/* Beside acpi.mcfg[i]. */
static struct mmcfg {
    bool confirmed;
    volatile u8 *bus[256];      /* set once, under irq_lock */
} mmcfg[ACPI_MAX_MCFG];

struct pci_device {
    struct pci_device *next;
    u16 segment;
    u8 bus, devfn;
    u32 flags;
};
static struct pci_device *devices;      /* under irq_lock */
static struct spinlock port_lock = SPINLOCK(leaf);

/* ---- access ---- */

u32 pci_port_read(u32 cf8, unsigned offset, unsigned bytes)
{
    u16 port = (u16)(0xcfc + (offset & 3));
    u32 v;

    spin_lock(&port_lock);
    outl(0xcf8, cf8);
    v = bytes == 1 ? inb(port) : bytes == 2 ? inw(port) : inl(port);
    spin_unlock(&port_lock);
    return v;
}

void pci_port_write(u32 cf8, unsigned offset, unsigned bytes, u32 value)
{
    u16 port = (u16)(0xcfc + (offset & 3));

    spin_lock(&port_lock);
    outl(0xcf8, cf8);
    if (bytes == 1)
        outb(port, (u8)value);
    else if (bytes == 2)
        outw(port, (u16)value);
    else
        outl(port, value);
    spin_unlock(&port_lock);
}

static volatile u8 *mapped(u16 segment, u8 bus, u8 devfn, unsigned reg)
{
    for (unsigned i = 0; i < acpi.mcfgs; i++) {
        const struct mmcfg *m = &mmcfg[i];
        if (acpi.mcfg[i].segment == segment && READ_ONCE(m->confirmed) && m->bus[bus])
            return m->bus[bus] + ((u32)devfn << 12) + reg;
    }
    return NULL;
}

static u32 latch(u8 bus, u8 devfn, unsigned reg)
{
    return 0x80000000u | (u32)bus << 16 | (u32)devfn << 8 | (reg & 0xfcu);
}

u32 pci_read(u16 segment, u8 bus, u8 devfn, unsigned reg, unsigned bytes)
{
    volatile u8 *p;

    if (reg >= 4096)
        return ~0u;
    p = mapped(segment, bus, devfn, reg);
    if (p)
        return bytes == 1 ? *p : bytes == 2 ? *(volatile u16 *)p : *(volatile u32 *)p;
    if (segment || reg >= 256)
        return bytes == 1 ? 0xffu : bytes == 2 ? 0xffffu : ~0u;
    return pci_port_read(latch(bus, devfn, reg), reg & 3, bytes);
}

void pci_write(u16 segment, u8 bus, u8 devfn, unsigned reg, unsigned bytes, u32 value)
{
    volatile u8 *p;

    if (reg >= 4096)
        return;
    p = mapped(segment, bus, devfn, reg);
    if (!p) {
        if (!segment && reg < 256)
            pci_port_write(latch(bus, devfn, reg), reg & 3, bytes, value);
    } else if (bytes == 1) {
        *p = (u8)value;
    } else if (bytes == 2) {
        *(volatile u16 *)p = (u16)value;
    } else {
        *(volatile u32 *)p = value;
    }
}

bool pci_exists(u16 segment, u8 bus, u8 devfn)
{
    u32 vendor = pci_read(segment, bus, devfn, 0, 2);
    return vendor != 0xffff && vendor != 0;
}

unsigned pci_find_capability(u16 segment, u8 bus, u8 devfn, u8 id)
{
    unsigned at;

    if (!(pci_read(segment, bus, devfn, 6, 2) & 0x10))      /* status: there is a list */
        return 0;
    at = pci_read(segment, bus, devfn, 0x34, 1) & 0xfc;
    for (unsigned n = 0; n < 48 && at >= 0x40; n++) {       /* no more than 48 fit into 192 bytes */
        u32 head = pci_read(segment, bus, devfn, at, 2);
        if ((head & 0xff) == id)
            return at;
        if (head == 0xffff)
            break;
        at = head >> 8 & 0xfc;
    }
    return 0;
}

/* ---- devices ---- */

static struct pci_device **find(u16 segment, u8 bus, u8 devfn)
{
    struct pci_device **p = &devices;

    while (*p && ((*p)->segment != segment || (*p)->bus != bus || (*p)->devfn != devfn))
        p = &(*p)->next;
    return p;
}

/* Under irq_lock. Failure is no error: the ports reach the first 256 bytes. */
static void map_bus(u16 segment, u8 bus)
{
    for (unsigned i = 0; i < acpi.mcfgs; i++) {
        const struct acpi_mcfg *where = &acpi.mcfg[i];
        struct mmcfg *m = &mmcfg[i];
        if (where->segment == segment && m->confirmed && bus >= where->first_bus && bus <= where->last_bus &&
            !m->bus[bus])
            m->bus[bus] = machine_map_device(where->base + ((u64)bus << 20), MiB(1));
    }
}

long pci_mmcfg_reserved(u64 address, u16 segment, u8 first_bus, u8 last_bus, bool reserved)
{
    for (unsigned i = 0; i < acpi.mcfgs; i++) {
        const struct acpi_mcfg *where = &acpi.mcfg[i];
        struct mmcfg *m = &mmcfg[i];
        if (where->segment == segment && where->base == address && where->first_bus == first_bus &&
            where->last_bus >= last_bus) {
            spin_lock(&irq_lock);
            WRITE_ONCE(m->confirmed, reserved);
            for (const struct pci_device *d = devices; d; d = d->next)
                map_bus(d->segment, d->bus);
            spin_unlock(&irq_lock);
            return 0;
        }
    }
    return reject(-ENODEV, "no MMCFG area at %#lx for segment %u buses %u-%u in the firmware's table", address, segment,
                  first_bus, last_bus);
}

long pci_device_add(u16 segment, u8 bus, u8 devfn, u32 flags)
{
    struct pci_device **p, *dev;
    long err = 0;

    spin_lock(&irq_lock);
    map_bus(segment, bus);
    p = find(segment, bus, devfn);
    if (*p) {
        (*p)->flags = flags;
    } else if ((dev = zalloc(NULL, sizeof(*dev))) == NULL) {
        err = reject(-ENOMEM, "no memory for the record of PCI device %04x:%02x:%02x.%u", segment, bus, devfn >> 3,
                     devfn & 7u);
    } else {
        *dev = (struct pci_device){ NULL, segment, bus, devfn, flags };
        *p = dev;
    }
    spin_unlock(&irq_lock);
    return err;
}

long pci_device_remove(u16 segment, u8 bus, u8 devfn)
{
    struct pci_device **p, *dev;

    spin_lock(&irq_lock);
    p = find(segment, bus, devfn);
    dev = *p;
    if (dev)
        *p = dev->next;
    spin_unlock(&irq_lock);
    if (!dev)
        return reject(-ENODEV, "PCI device %04x:%02x:%02x.%u was never announced", segment, bus, devfn >> 3,
                      devfn & 7u);
    zfree(dev);
    return 0;
}

void pci_dump(void)
{
    spin_lock(&irq_lock);
    for (struct pci_device *d = devices; d; d = d->next)
        log_always("PCI %04x:%02x:%02x.%u flags %#x", d->segment, d->bus, d->devfn >> 3, d->devfn & 7u, d->flags);
    spin_unlock(&irq_lock);
}
