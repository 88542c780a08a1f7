/*
 * Message-signalled interrupts (PCI local bus specification 3.0, section 6.8; message format: SDM vol. 3, 11.11).
 *
 * Problem: the device itself holds address and data of its messages, written in two or three pieces, and may send one
 * in between; and domain 0 names the place of an MSI-X table by the machine address that its BAR begins at.
 * Invariant: a message is changed while it is masked where a mask exists; a table address is believed only if domain 0
 * could write there itself and no byte of it is RAM, so that Serai never writes into anybody's memory, nor into the
 * interrupt controllers, on domain 0's word.
 * Imprecise on purpose: a new vector for an MSI function without mask bits is written with the capability briefly off;
 * that happens only before a guest binds it. Later only the destination changes, which is one write.
 */
#include "arch/x86/pci.h"
#include "arch/arch.h"
#include "core/frame.h"
#include "core/heap.h"
#include "core/reject.h"
#include "core/vcpu.h"
#include "lib/rangeset.h"

#define MSI_CONTROL 2
#define MSI_ENABLE 0x0001u
#define MSI_CAPABLE(c) ((c) >> 1 & 7)
#define MSI_ORDER 0x0070u
#define MSI_64 0x0080u
#define MSI_MASKABLE 0x0100u
#define MSIX_SIZE 0x07ffu
#define MSIX_TABLE 4
#define MSIX_BAR 7u
#define MSIX_MASK_ALL 0x4000u
#define MSIX_ENABLE 0x8000u
#define SLOT_ADDRESS 0
#define SLOT_ADDRESS_HIGH 1
#define SLOT_DATA 2
#define SLOT_CONTROL 3
#define SLOT_MASKED 1u
#define ADDRESS_BASE 0xfee00000u    /* physical destination in bits 12..19; data: fixed, edge, vector */

static u32 cap_read(const struct pci_msi *m, unsigned offset, unsigned bytes)
{
    return pci_read(m->segment, m->bus, m->devfn, m->capability + offset, bytes);
}

static void cap_write(const struct pci_msi *m, unsigned offset, unsigned bytes, u32 v)
{
    pci_write(m->segment, m->bus, m->devfn, m->capability + offset, bytes, v);
}

static unsigned data_offset(const struct pci_msi *m) { return m->wide ? 12 : 8; }

/* ---- MSI-X tables, one mapping per page, kept ---- */

struct table_page { struct table_page *next; mfn_t mfn; volatile void *va; };
static struct table_page *table_pages;  /* under irq_lock */

static volatile void *map_table(paddr_t pa)
{
    struct table_page *p;

    for (p = table_pages; p; p = p->next)
        if (p->mfn == pa >> PAGE_SHIFT)
            return (volatile char *)p->va + (pa & (PAGE_SIZE - 1));
    p = zalloc(NULL, sizeof(*p));
    if (!p)
        return NULL;
    p->mfn = pa >> PAGE_SHIFT;
    p->va = machine_map_device(p->mfn << PAGE_SHIFT, PAGE_SIZE);
    if (!p->va) {
        zfree(p);
        return NULL;
    }
    p->next = table_pages;
    table_pages = p;
    return (volatile char *)p->va + (pa & (PAGE_SIZE - 1));
}

/* Are the four words of an entry in one page, which is a device's? */
static bool table_place_ok(paddr_t slot)
{
    mfn_t mfn = slot >> PAGE_SHIFT;
    const struct domain *d = current->domain;

    return (slot & (PAGE_SIZE - 1)) <= PAGE_SIZE - 16 && !mfn_is_ram(mfn) && !machine_frame_readonly(mfn) && d->iomem &&
           rangeset_contains(d->iomem, mfn, mfn);
}

static long prepare_msix(struct pci_msi *m, paddr_t bar, unsigned entry)
{
    u32 control = cap_read(m, MSI_CONTROL, 2);
    paddr_t table = bar + (cap_read(m, MSIX_TABLE, 4) & ~MSIX_BAR), slot = table + entry * 16UL;

    if (entry > (control & MSIX_SIZE) || (bar & 7))
        return reject(-EINVAL, "MSI-X entry %u of a table at %#lx: the device has %u entries", entry, table,
                      (control & MSIX_SIZE) + 1);
    if (slot < bar || !table_place_ok(slot))
        return reject(-EINVAL, "MSI-X table at %#lx: that is no device memory", table);
    m->entry = (u16)entry;
    m->maskable = true;
    m->slot = map_table(slot);
    if (!m->slot)
        return reject(-ENOMEM, "no room to map the MSI-X table at %#lx", table);
    /* Not by the command register: a virtual function's says off for ever. */
    if (m->slot[SLOT_CONTROL] == ~0u)
        return reject(-ENXIO, "nothing answers at the MSI-X table at %#lx: is the device's memory switched off?",
                      table);
    return 0;
}

long pci_msi_prepare(struct pci_msi *m, u16 segment, u8 bus, u8 devfn, paddr_t bar, unsigned entry)
{
    u32 control;

    *m = (struct pci_msi){ .segment = segment, .bus = bus, .devfn = devfn, .msix = bar != 0 };
    if (!pci_exists(segment, bus, devfn))
        return reject(-ENODEV, "no PCI device %04x:%02x:%02x.%u", segment, bus, devfn >> 3, devfn & 7u);
    m->capability = (u16)pci_find_capability(segment, bus, devfn, m->msix ? PCI_CAP_MSIX : PCI_CAP_MSI);
    if (!m->capability)
        return reject(-ENXIO, "PCI device %04x:%02x:%02x.%u cannot do MSI%s", segment, bus, devfn >> 3, devfn & 7u,
                      m->msix ? "-X" : "");
    if (m->msix)
        return prepare_msix(m, bar, entry);
    control = cap_read(m, MSI_CONTROL, 2);
    m->wide = control & MSI_64;
    m->maskable = control & MSI_MASKABLE;
    return 0;
}

unsigned pci_msi_capacity(const struct pci_msi *m)
{
    return m->msix ? 1 : 1u << min(MSI_CAPABLE(cap_read(m, MSI_CONTROL, 2)), 5u);
}

static void write_slot(const struct pci_msi *m, u32 address, u32 data)
{
    u32 control = m->slot[SLOT_CONTROL];

    m->slot[SLOT_CONTROL] = control | SLOT_MASKED;
    m->slot[SLOT_ADDRESS] = address;
    m->slot[SLOT_ADDRESS_HIGH] = 0;
    m->slot[SLOT_DATA] = data;
    m->slot[SLOT_CONTROL] = control;
    (void)m->slot[SLOT_CONTROL];        /* posted writes have arrived */
}

void pci_msi_write(const struct pci_msi *m, u32 apic_id, u8 vector)
{
    u32 address = ADDRESS_BASE | (apic_id & 0xff) << 12, control;

    if (m->msix) {
        write_slot(m, address, vector);
        return;
    }
    control = cap_read(m, MSI_CONTROL, 2);
    /* A move to another CPU changes the address only, in one write: nothing can be lost. */
    if (cap_read(m, data_offset(m), 2) == vector && (!m->wide || cap_read(m, 8, 4) == 0)) {
        cap_write(m, 4, 4, address);
        return;
    }
    if (control & MSI_ENABLE)
        cap_write(m, MSI_CONTROL, 2, control & ~MSI_ENABLE);
    cap_write(m, 4, 4, address);
    if (m->wide)
        cap_write(m, 8, 4, 0);
    cap_write(m, data_offset(m), 2, vector);
    if (control & MSI_ENABLE)
        cap_write(m, MSI_CONTROL, 2, control);
}

void pci_msi_mask(const struct pci_msi *m, bool masked)
{
    unsigned offset;
    u32 bits;

    if (!m->maskable)
        return;
    if (m->msix) {
        m->slot[SLOT_CONTROL] = masked ? m->slot[SLOT_CONTROL] | SLOT_MASKED : m->slot[SLOT_CONTROL] & ~SLOT_MASKED;
        (void)m->slot[SLOT_CONTROL];
        return;
    }
    offset = data_offset(m) + 4;
    bits = cap_read(m, offset, 4);
    cap_write(m, offset, 4, masked ? bits | 1u << m->entry : bits & ~(1u << m->entry));
}

void pci_msi_set_order(const struct pci_msi *m, unsigned order)
{
    u32 control = cap_read(m, MSI_CONTROL, 2);
    cap_write(m, MSI_CONTROL, 2, (control & ~MSI_ORDER) | order << 4);
}

void pci_msi_enable(const struct pci_msi *m, bool on)
{
    u32 control = cap_read(m, MSI_CONTROL, 2);

    if (m->msix)
        control = on ? (control | MSIX_ENABLE) & ~MSIX_MASK_ALL : control & ~MSIX_ENABLE;
    else
        control = on ? control | MSI_ENABLE : control & ~MSI_ENABLE;
    cap_write(m, MSI_CONTROL, 2, control);
}
