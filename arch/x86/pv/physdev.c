/*
 * do_physdev_op: what a guest kernel asks about physical devices (public header physdev.h).
 *
 * Problem: most of these are for the domain that drives the hardware, some are issued by every PV kernel in passing.
 * Invariant: an unprivileged domain reaches nothing here but its own virtual privilege level, its own port bitmap, its
 * own EOI page and the pirqs it was given. Each operation says in the table below who may call it; the
 * argument block is fetched once into a union, and written back whole when the operation has an answer in it.
 *
 * A guest never dies here.
 */
#include "arch/x86/pv/physdev.h"
#include "arch/arch.h"
#include "arch/x86/ioapic.h"
#include "arch/x86/irq.h"
#include "core/domain.h"
#include "core/guest.h"
#include "core/hypercall.h"
#include "core/reject.h"
#include "core/vcpu.h"
#include "lib/clamp.h"

union physdev_args {
    physdev_eoi_t eoi;
    physdev_pirq_eoi_gmfn_t gmfn;
    physdev_irq_status_query_t status;
    physdev_set_iopl_t iopl;
    physdev_set_iobitmap_t iobitmap;
    physdev_apic_t apic;
    physdev_irq_t irq;
    physdev_map_pirq_t map;
    physdev_unmap_pirq_t unmap;
    physdev_manage_pci_t pci;
    physdev_manage_pci_ext_t pci_ext;
    physdev_restore_msi_t restore;
    physdev_setup_gsi_t gsi;
    physdev_get_free_pirq_t free_pirq;
    physdev_pci_mmcfg_reserved_t mmcfg;
    physdev_pci_device_add_t add;
    physdev_pci_device_t dev;
    physdev_dbgp_op_t dbgp;
};

/* ---- every domain ---- */

static long op_eoi(union physdev_args *a) { return pirq_eoi(current->domain, a->eoi.irq); }

static long op_unmask_notify(union physdev_args *a __unused) { return pirq_eoi_all(current->domain); }

static long op_eoi_page_v1(union physdev_args *a) { return pirq_eoi_page(current->domain, a->gmfn.gmfn, true); }
static long op_eoi_page_v2(union physdev_args *a) { return pirq_eoi_page(current->domain, a->gmfn.gmfn, false); }

static long op_status(union physdev_args *a)
{
    long flags = pirq_status(current->domain, a->status.irq);

    if (flags < 0)
        return flags;
    a->status.flags = (u32)flags;
    return 0;
}

/* Only the number is remembered: port access is decided per instruction and per domain (port emulation). */
static long op_set_iopl(union physdev_args *a)
{
    if (a->iopl.iopl > 3)
        return reject(-EINVAL, "I/O privilege level %u; there are 0..3", a->iopl.iopl);
    current->arch.iopl = (u8)a->iopl.iopl;
    return 0;
}

static long op_set_iobitmap(union physdev_args *a)
{
    u64 va = HVA(a->iobitmap.bitmap).va;

    if (a->iobitmap.nr_ports > 65536)
        return reject(-EINVAL, "port bitmap for %u ports; there are 65536", a->iobitmap.nr_ports);
    if (a->iobitmap.nr_ports && !guest_range_ok(va, DIV_ROUND_UP(a->iobitmap.nr_ports, 8u)))
        return reject(-EINVAL, "port bitmap at %#lx lies in the hypervisor's part of the address space", va);
    current->arch.iobmp_va = va;
    current->arch.iobmp_bits = a->iobitmap.nr_ports;
    return 0;
}

/* ---- interrupts ---- */

static long op_apic_read(union physdev_args *a)
{
    bool ok;

    spin_lock(&irq_lock);
    ok = ioapic_read_register(a->apic.apic_physbase, a->apic.reg, &a->apic.value);
    spin_unlock(&irq_lock);
    return ok ? 0 : reject(-EINVAL, "no register %#x of an I/O APIC at %#lx", a->apic.reg, a->apic.apic_physbase);
}

/* Routing is Serai's. Writing what is there already harms nobody, and some kernels do. */
static long op_apic_write(union physdev_args *a)
{
    u32 want = a->apic.value;
    long err = op_apic_read(a);

    if (err || a->apic.value == want)
        return err;
    return reject(-EPERM, "write of %#x to register %#x of the I/O APIC at %#lx: lines are routed by the hypervisor "
                  "(PHYSDEVOP_setup_gsi, map_pirq)", want, a->apic.reg, a->apic.apic_physbase);
}

/* Vectors are private to Serai; the interface wants a number back that stands for the interrupt. */
static long op_alloc_vector(union physdev_args *a)
{
    if (a->irq.irq >= irq_gsis())
        return reject(-EINVAL, "vector for interrupt line %u; lines are below %u", a->irq.irq, irq_gsis());
    a->irq.vector = a->irq.irq;
    return 0;
}

static long op_free_vector(union physdev_args *a)
{
    (void)a;
    return reject(-ENOSYS, "free_irq_vector: vectors belong to the hypervisor; unmap the pirq instead");
}

/* The three message types differ in where the segment is and in what entry_nr counts. */
static long map_message(struct domain *d, physdev_map_pirq_t *m)
{
    u16 segment = m->type == MAP_PIRQ_TYPE_MSI ? 0 : (u16)((u32)m->bus >> 16);
    bool multi = m->type == MAP_PIRQ_TYPE_MULTI_MSI;

    if ((unsigned)m->devfn > 255 || m->entry_nr < 0 || m->entry_nr > 2048)
        return reject(-EINVAL, "map_pirq: device function %d, entry %d", m->devfn, m->entry_nr);
    if (multi && (m->entry_nr < 1 || m->entry_nr > 32 || m->table_base))
        return reject(-EINVAL, "map_pirq: %d messages of one MSI capability; 1..32 are possible", m->entry_nr);
    return pirq_map_msi(d, m->pirq, segment, (u8)m->bus, (u8)m->devfn, m->table_base,
                        multi ? 0 : (unsigned)m->entry_nr, multi ? (unsigned)m->entry_nr : 1);
}

static long map_for(struct domain *d, physdev_map_pirq_t *m)
{
    switch (m->type) {
    case MAP_PIRQ_TYPE_GSI:
        return m->index < 0 ? reject(-EINVAL, "map_pirq: line %d", m->index)
                            : pirq_map_gsi(d, (u32)m->index, m->pirq);
    case MAP_PIRQ_TYPE_MSI:
        if (m->bus < 0 || m->bus > 255)
            return reject(-EINVAL, "map_pirq: bus %d", m->bus);
        return map_message(d, m);
    case MAP_PIRQ_TYPE_MSI_SEG:
    case MAP_PIRQ_TYPE_MULTI_MSI:
        return map_message(d, m);
    }
    return reject(-EINVAL, "map_pirq: unknown type %d", m->type);
}

static long op_map_pirq(union physdev_args *a)
{
    long err, r;
    struct domain *d = domain_get_target(a->map.domid, &err);

    if (!d)
        return err;
    r = map_for(d, &a->map);
    domain_put(d);
    if (r < 0)
        return r;
    a->map.pirq = (int)r;
    return 0;
}

static long op_unmap_pirq(union physdev_args *a)
{
    long err, r;
    struct domain *d = domain_get_target(a->unmap.domid, &err);

    if (!d)
        return err;
    r = pirq_unmap(d, a->unmap.pirq);
    domain_put(d);
    return r;
}

static long op_setup_gsi(union physdev_args *a)
{
    long r;

    if (a->gsi.gsi < 0 || a->gsi.triggering > 1 || a->gsi.polarity > 1)
        return reject(-EINVAL, "setup_gsi: line %d, trigger %u, polarity %u", a->gsi.gsi, a->gsi.triggering,
                      a->gsi.polarity);
    spin_lock(&irq_lock);
    r = irq_setup_gsi((u32)a->gsi.gsi, a->gsi.triggering, a->gsi.polarity);
    spin_unlock(&irq_lock);
    return r;
}

static long op_free_pirq(union physdev_args *a)
{
    long r;

    if (a->free_pirq.type != MAP_PIRQ_TYPE_GSI && a->free_pirq.type != MAP_PIRQ_TYPE_MSI)
        return reject(-EINVAL, "get_free_pirq: unknown type %d", a->free_pirq.type);
    r = pirq_reserve(current->domain, a->free_pirq.type == MAP_PIRQ_TYPE_GSI);
    if (r < 0)
        return r;
    a->free_pirq.pirq = (u32)r;
    return 0;
}

/* ---- PCI ---- */

static long op_pci_add(union physdev_args *a)
{
    if (a->add.flags & ~(XEN_PCI_DEV_EXTFN | XEN_PCI_DEV_VIRTFN | XEN_PCI_DEV_PXM))
        return reject(-EINVAL, "pci_device_add: unknown flags %#x", a->add.flags);
    return pci_device_add(a->add.seg, a->add.bus, a->add.devfn, a->add.flags);
}

static long op_pci_add_old(union physdev_args *a) { return pci_device_add(0, a->pci.bus, a->pci.devfn, 0); }

static long op_pci_add_ext(union physdev_args *a)
{
    return pci_device_add(0, a->pci_ext.bus, a->pci_ext.devfn, (a->pci_ext.is_extfn ? XEN_PCI_DEV_EXTFN : 0) |
                          (a->pci_ext.is_virtfn ? XEN_PCI_DEV_VIRTFN : 0));
}

static long op_pci_remove(union physdev_args *a) { return pci_device_remove(a->dev.seg, a->dev.bus, a->dev.devfn); }
static long op_pci_remove_old(union physdev_args *a) { return pci_device_remove(0, a->pci.bus, a->pci.devfn); }

/* These announce that a device's MSI-X table will stay where it is, or may move. We map it when it is used. */
static long op_msix_place(union physdev_args *a)
{
    if (!pci_exists(a->dev.seg, a->dev.bus, a->dev.devfn))
        return reject(-ENODEV, "no PCI device %04x:%02x:%02x.%u", a->dev.seg, a->dev.bus, a->dev.devfn >> 3,
                      a->dev.devfn & 7u);
    return 0;
}

static void restore_msi(u16 segment, u8 bus, u8 devfn)
{
    spin_lock(&irq_lock);
    irq_restore_msi(segment, bus, devfn);
    spin_unlock(&irq_lock);
}

static long op_restore_msi(union physdev_args *a)
{
    restore_msi(0, a->restore.bus, a->restore.devfn);
    return 0;
}

static long op_restore_msi_ext(union physdev_args *a)
{
    restore_msi(a->dev.seg, a->dev.bus, a->dev.devfn);
    return 0;
}

static long op_mmcfg(union physdev_args *a)
{
    return pci_mmcfg_reserved(a->mmcfg.address, a->mmcfg.segment, a->mmcfg.start_bus, a->mmcfg.end_bus,
                              a->mmcfg.flags & XEN_PCI_MMCFG_RESERVED);
}

/*
 * Asked before and after a USB controller is reset, so that a hypervisor whose console is on its debug port may step
 * aside. Ours never is: nothing to do. (A kernel takes a refusal for "the port is in use" and keeps off it.)
 */
static long op_dbgp(union physdev_args *a)
{
    if (a->dbgp.op != PHYSDEVOP_DBGP_RESET_PREPARE && a->dbgp.op != PHYSDEVOP_DBGP_RESET_DONE)
        return reject(-ENOSYS, "dbgp_op: unknown operation %u", a->dbgp.op);
    return 0;
}

/* ---- dispatch ---- */

enum { ANYONE = 0, HARDWARE = 1, ANSWER = 2 };  /* HARDWARE: privileged only; ANSWER: copy the block back */

static const struct physdev_operation {
    long (*fn)(union physdev_args *);
    const char *name;
    u8 bytes, flags;
} operations[] = {
#define OP(nr, fn, type, flags) [PHYSDEVOP_##nr] = { fn, #nr, sizeof(type), flags }
    [PHYSDEVOP_IRQ_UNMASK_NOTIFY] = { op_unmask_notify, "IRQ_UNMASK_NOTIFY", 0, ANYONE },
    OP(irq_status_query, op_status, physdev_irq_status_query_t, ANSWER),
    OP(set_iopl, op_set_iopl, physdev_set_iopl_t, ANYONE),
    OP(set_iobitmap, op_set_iobitmap, physdev_set_iobitmap_t, ANYONE),
    OP(apic_read, op_apic_read, physdev_apic_t, HARDWARE | ANSWER),
    OP(apic_write, op_apic_write, physdev_apic_t, HARDWARE),
    OP(alloc_irq_vector, op_alloc_vector, physdev_irq_t, HARDWARE | ANSWER),
    OP(free_irq_vector, op_free_vector, physdev_irq_t, HARDWARE),
    OP(eoi, op_eoi, physdev_eoi_t, ANYONE),
    OP(map_pirq, op_map_pirq, physdev_map_pirq_t, HARDWARE | ANSWER),
    OP(unmap_pirq, op_unmap_pirq, physdev_unmap_pirq_t, HARDWARE),
    OP(manage_pci_add, op_pci_add_old, physdev_manage_pci_t, HARDWARE),
    OP(manage_pci_remove, op_pci_remove_old, physdev_manage_pci_t, HARDWARE),
    OP(pirq_eoi_gmfn_v1, op_eoi_page_v1, physdev_pirq_eoi_gmfn_t, ANYONE),
    OP(restore_msi, op_restore_msi, physdev_restore_msi_t, HARDWARE),
    OP(manage_pci_add_ext, op_pci_add_ext, physdev_manage_pci_ext_t, HARDWARE),
    OP(setup_gsi, op_setup_gsi, physdev_setup_gsi_t, HARDWARE),
    OP(get_free_pirq, op_free_pirq, physdev_get_free_pirq_t, HARDWARE | ANSWER),
    OP(pci_mmcfg_reserved, op_mmcfg, physdev_pci_mmcfg_reserved_t, HARDWARE),
    OP(pci_device_add, op_pci_add, physdev_pci_device_add_t, HARDWARE),
    OP(pci_device_remove, op_pci_remove, physdev_pci_device_t, HARDWARE),
    OP(restore_msi_ext, op_restore_msi_ext, physdev_pci_device_t, HARDWARE),
    OP(pirq_eoi_gmfn_v2, op_eoi_page_v2, physdev_pirq_eoi_gmfn_t, ANYONE),
    OP(dbgp_op, op_dbgp, physdev_dbgp_op_t, HARDWARE),
    OP(prepare_msix, op_msix_place, physdev_pci_device_t, HARDWARE),
    OP(release_msix, op_msix_place, physdev_pci_device_t, HARDWARE),
#undef OP
};

long do_physdev_op(u64 cmd, u64 arg)
{
    cmd = (u32)cmd;
    u64 at = index_clamp(cmd, ARRAY_SIZE(operations));
    const struct physdev_operation *op = cmd < ARRAY_SIZE(operations) ? &operations[at] : NULL;
    union physdev_args a = { 0 };
    long r;

    if (!op || !op->fn)
        return reject(-ENOSYS, "physdev operation %lu does not exist", cmd);
    if ((op->flags & HARDWARE) && !current->domain->privileged)
        return reject(-EPERM, "physdev %s is for the domain that drives the hardware", op->name);
    /* pci_device_add ends in an array that Serai has no use for: only its fixed part is fetched. */
    if (copy_from_guest(&a, GVA(arg), op->bytes))
        return reject(-EFAULT, "physdev %s: argument at %#lx is not readable", op->name, arg);
    r = op->fn(&a);
    if (r == 0 && (op->flags & ANSWER) && copy_to_guest(GVA(arg), &a, op->bytes))
        return reject(-EFAULT, "physdev %s: argument at %#lx is not writable", op->name, arg);
    return r;
}
