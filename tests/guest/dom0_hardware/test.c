/*
 * What the domain that drives the hardware is answered when it asks about interrupts, devices, memory types, firmware
 * and power: the calls a stock kernel makes while it starts (and a few next to them), as Debian's Xen answers them on
 * the same machine. Its devices it may use; those the hypervisor needs itself it may only look at.
 *
 * QEMU: -smp 2
 */
#include "pv.h"

#define PHYSDEV(op, arg) hc(__HYPERVISOR_physdev_op, PHYSDEVOP_##op, arg)

static u32 apic_register(u32 reg)
{
    struct physdev_apic a = { .apic_physbase = 0xfec00000, .reg = reg };
    OK("apic_read", PHYSDEV(apic_read, &a));
    return a.value;
}

static void lines(void)
{
    EXPECT_EQ("I/O APIC: version, 24 lines", apic_register(1), 0x170020);
    struct physdev_apic a = { .apic_physbase = 0xfec01000 };
    EXPECT_EQ("I/O APIC elsewhere", PHYSDEV(apic_read, &a), -EINVAL);
    struct physdev_irq_status_query q = { .irq = 9 };
    OK("status before mapping", PHYSDEV(irq_status_query, &q));
    EXPECT_EQ("needs EOI", q.flags, XENIRQSTAT_needs_eoi);
    for (int i = 0; i < 26; i++) {
        struct physdev_map_pirq m = { .domid = DOMID_SELF, .type = MAP_PIRQ_TYPE_GSI, .index = i, .pirq = i };
        EXPECT_EQ("map_pirq: line 0 is the hypervisor's, 24 and on do not exist", PHYSDEV(map_pirq, &m),
                  i == 0 ? -EPERM : i < 24 ? 0 : -EINVAL);
        EXPECT_EQ("line and pirq have the same number", m.pirq, i);
        struct physdev_irq v = { .irq = i };
        if (i < 24) {
            OK("alloc_irq_vector", PHYSDEV(alloc_irq_vector, &v));
            EXPECT_EQ("stands for the line", v.vector, i);
        }
    }
    struct physdev_map_pirq m = { .domid = DOMID_SELF, .type = MAP_PIRQ_TYPE_GSI, .index = 5, .pirq = -1 };
    OK("map_pirq again", PHYSDEV(map_pirq, &m));
    EXPECT_EQ("the same answer", m.pirq, 5);
    m.pirq = 7;
    EXPECT_EQ("but no other", PHYSDEV(map_pirq, &m), -EEXIST);
    for (int i = 1; i < 26; i++) {
        struct physdev_setup_gsi g = { i, i > 15, i > 15 };
        EXPECT_EQ("setup_gsi: 4 is the console's", PHYSDEV(setup_gsi, &g), i == 4 ? -EEXIST : i < 24 ? 0 : -EINVAL);
        EXPECT_EQ("setup_gsi is done once", PHYSDEV(setup_gsi, &g), i < 24 ? -EEXIST : -EINVAL);
    }
    struct physdev_eoi e = { 9999 };
    EXPECT_EQ("eoi of no pirq", PHYSDEV(eoi, &e), -EINVAL);
    e.irq = 5;
    OK("eoi of one that is not bound", PHYSDEV(eoi, &e));
    struct physdev_unmap_pirq u = { .domid = DOMID_SELF, .pirq = 3 };
    OK("unmap_pirq", PHYSDEV(unmap_pirq, &u));
    EXPECT_EQ("unmap_pirq again", PHYSDEV(unmap_pirq, &u), -EINVAL);
    void *page = page_alloc();
    struct physdev_pirq_eoi_gmfn gm = { va_mfn(page) };
    OK("pirq_eoi_gmfn_v2", PHYSDEV(pirq_eoi_gmfn_v2, &gm));
    EXPECT_EQ("only one such page", PHYSDEV(pirq_eoi_gmfn_v2, &gm), -EBUSY);
}

static void devices(void)
{
    struct physdev_pci_device_add add = { 0 };
    OK("pci_device_add", PHYSDEV(pci_device_add, &add));
    OK("pci_device_add again", PHYSDEV(pci_device_add, &add));
    struct physdev_pci_mmcfg_reserved mc = { .address = 0xb0000000, .end_bus = 255, .flags = XEN_PCI_MMCFG_RESERVED };
    EXPECT_EQ("no MMCFG here", PHYSDEV(pci_mmcfg_reserved, &mc), -ENODEV);
    struct physdev_dbgp_op d = { .op = PHYSDEVOP_DBGP_RESET_PREPARE, .bus = PHYSDEVOP_DBGP_BUS_UNKNOWN };
    OK("nobody uses a USB debug port", PHYSDEV(dbgp_op, &d));
    struct physdev_set_iopl io = { 4 };
    EXPECT_EQ("iopl 4", PHYSDEV(set_iopl, &io), -EINVAL);
    struct physdev_set_iobitmap ib = { .nr_ports = 65537 };
    EXPECT_EQ("more ports than there are", PHYSDEV(set_iobitmap, &ib), -EINVAL);
    EXPECT_EQ("unknown operation", hc(__HYPERVISOR_physdev_op, 33, &ib), -ENOSYS);
    EXPECT_EQ("unreadable argument", PHYSDEV(eoi, 0x1000), -EFAULT);
}

/* Device memory at pa: may it be mapped, is a writable mapping writable, and does a store have an effect? */
static void look_at(const char *name, u64 pa, unsigned reg, bool may_map, bool read_only)
{
    long err;
    struct fault f;
    volatile u32 *p = map_frame(pa >> 12, DOMID_SELF, KERNEL_PAGE | PCD | PWT, &err);
    EXPECT_EQ(name, err, may_map ? 0 : -EPERM);
    if (!p)
        return;
    EXPECT_EQ(name, !(*walk((u64)p, 1) & RW), read_only);
    u32 before = 0;
    TRY(f, before = p[reg / 4]);
    EXPECT_EQ(name, f.vector, NO_FAULT);
    TRY(f, p[reg / 4] = read_only ? before ^ 1 : before);
    EXPECT_EQ(name, f.vector, NO_FAULT);
    EXPECT_EQ(name, p[reg / 4], before);
    unmap_frame((void *)p);
}

static void device_memory(void)
{
    look_at("HPET: configuration", 0xfed00000, 0x10, true, true);
    look_at("HPET: a timer", 0xfed00000, 0x108, true, true);
    look_at("I/O APIC", 0xfec00000, 0, true, true);
    look_at("local APIC", 0xfee00000, 0x20, false, true);
    look_at("screen", 0xb8000, 0, true, false);
    look_at("beyond the CPU's addresses, or HyperTransport's", 0xfd00000000, 0, false, false);
    static struct { u64 start, size; u32 type; } __attribute__((packed)) map[64];
    struct xen_memory_map mm = { .nr_entries = 64 };
    set_xen_guest_handle(mm.buffer, (void *)map);
    REQUIRE_OK(hc(__HYPERVISOR_memory_op, XENMEM_machine_memory_map, &mm));
    unsigned found = 0, unsorted = 0;
    for (unsigned i = 0; i < mm.nr_entries; i++) {
        found += map[i].type == 2 && (map[i].start == 0xfec00000 || map[i].start == 0xfee00000);
        unsorted += i && map[i].start < map[i - 1].start + map[i - 1].size;
    }
    EXPECT_EQ("APICs are reserved in the machine's map", found, 2);
    EXPECT_EQ("which is sorted", unsorted, 0);
    EXPECT_EQ("end of RAM", hc(__HYPERVISOR_memory_op, XENMEM_maximum_ram_page, 0), 0xffe0);
}

static struct xen_platform_op op;
static long platform(u32 cmd)
{
    op.cmd = cmd;
    op.interface_version = XENPF_INTERFACE_VERSION;
    return hc(__HYPERVISOR_platform_op, &op);
}
#define FRESH(...) (op = (struct xen_platform_op){ __VA_ARGS__ })

static void firmware(void)
{
    FRESH(.u.firmware_info = { .type = XEN_FW_DISK_INFO });
    EXPECT_EQ("no BIOS disks", platform(XENPF_firmware_info), -ESRCH);
    FRESH(.u.firmware_info = { .type = XEN_FW_DISK_MBR_SIGNATURE });
    EXPECT_EQ("no MBR signatures", platform(XENPF_firmware_info), -ESRCH);
    FRESH(.u.firmware_info = { .type = XEN_FW_EFI_INFO });
    EXPECT_EQ("no EFI", platform(XENPF_firmware_info), -ENOSYS);
    FRESH(.u.firmware_info = { .type = XEN_FW_KBD_SHIFT_FLAGS });
    OK("shift keys", platform(XENPF_firmware_info));
    EXPECT_EQ("none is down", op.u.firmware_info.u.kbd_shift_flags, 0);
    for (unsigned i = 0; i < 3; i++) {
        FRESH(.u.pcpu_info = { .xen_cpuid = i });
        OK("get_cpuinfo", platform(XENPF_get_cpuinfo));
        EXPECT_EQ("last CPU", op.u.pcpu_info.max_present, 1);
        EXPECT_EQ("flags", op.u.pcpu_info.flags, i < 2 ? XEN_PCPU_FLAGS_ONLINE : XEN_PCPU_FLAGS_INVALID);
        if (i < 2)
            EXPECT_EQ("ids", op.u.pcpu_info.apic_id << 8 | op.u.pcpu_info.acpi_id, i << 8 | i);
    }
}

static void power(void)
{
    static u32 pdc[3] = { 1, 1, 0xffffffff };
    FRESH(.u.set_pminfo = { .type = XEN_PM_PDC });
    EXPECT_EQ("processor capabilities from nowhere", platform(XENPF_set_processor_pminfo), -EFAULT);
    set_xen_guest_handle(op.u.set_pminfo.u.pdc, pdc);
    OK("processor capabilities", platform(XENPF_set_processor_pminfo));
    EXPECT_EQ("HLT on every CPU is among them", pdc[2] & 8, 8);
    pdc[0] = 9;
    EXPECT_EQ("of an unknown revision", platform(XENPF_set_processor_pminfo), -EINVAL);
    FRESH(.u.enter_acpi_sleep = { .sleep_state = 9 });
    EXPECT_EQ("S9", platform(XENPF_enter_acpi_sleep), -EINVAL);
}

static void memory_types(void)
{
    unsigned n = 0;
    for (;; n++) {
        FRESH(.u.read_memtype = { .reg = n });
        if (platform(XENPF_read_memtype))
            break;
        if (n == 0) {
            EXPECT_EQ("the hole below 4 GiB: start", op.u.read_memtype.mfn, 0x80000);
            EXPECT_EQ("size", op.u.read_memtype.nr_mfns, 0x80000);
            EXPECT_EQ("uncached", op.u.read_memtype.type, 0);
        }
    }
    EXPECT_EQ("the CPU has this many", n, 8);
}

void test(void)
{
    lines();
    devices();
    device_memory();
    firmware();
    power();
    memory_types();
    FRESH(.u.settime64 = { .secs = 1700000000 });
    OK("settime64", platform(XENPF_settime64));
    EXPECT_EQ("the wall clock says so", shared->wc_sec, 1700000000);
    op.interface_version = 0;
    EXPECT_EQ("another interface version", hc(__HYPERVISOR_platform_op, &op), -EACCES);
}
