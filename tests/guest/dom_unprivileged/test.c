/* What a domain without privileges must not do: control operations, others' memory, devices, machine registers. */
#include "dom.h"

static u32 inl(u16 port) { u32 v; __asm__ volatile("inl %w1, %0" : "=a"(v) : "d"(port)); return v; }

static u64 child(u64 dom0_frame, u64 b, u64 c)
{
    (void)b, (void)c;
    struct xen_domctl op = { .cmd = XEN_DOMCTL_getdomaininfo, .domain = 0 };
    REFUSED("getdomaininfo", domctl(&op));
    REFUSED("destroydomain of domain 0", domctl_simple(XEN_DOMCTL_destroydomain, 0));
    REFUSED("pause of itself", domctl_simple(XEN_DOMCTL_pausedomain, DOMID_SELF));
    op = (struct xen_domctl){ .cmd = XEN_DOMCTL_createdomain, .domain = 0xffff };
    REFUSED("createdomain", domctl(&op));
    struct xen_sysctl s = { .cmd = XEN_SYSCTL_physinfo, .interface_version = XEN_SYSCTL_INTERFACE_VERSION };
    REFUSED("sysctl", hc(__HYPERVISOR_sysctl, &s));
    struct xen_platform_op p = { .cmd = XENPF_settime64, .interface_version = XENPF_INTERFACE_VERSION };
    REFUSED("platform_op", hc(__HYPERVISOR_platform_op, &p));
    REFUSED("console", hc(__HYPERVISOR_console_io, CONSOLEIO_write, 5, "evil\n"));
    long err;
    REFUSED("domain 0's frame by its name", ({ map_frame(dom0_frame, 0, READ_PAGE, &err); err; }));
    REFUSED("domain 0's frame as its own", ({ map_frame(dom0_frame, DOMID_SELF, READ_PAGE, &err); err; }));
    REFUSED("domain 0's frame as DOMID_IO", ({ map_frame(dom0_frame, DOMID_IO, READ_PAGE, &err); err; }));
    REFUSED("DOMID_XEN", ({ map_frame(M2P[0] != 0 ? 0x200 : 0x200, DOMID_XEN, READ_PAGE, &err); err; }));
    REFUSED("VGA memory", ({ map_frame(0xb8, DOMID_SELF, KERNEL_PAGE, &err); err; }));
    REFUSED("VGA memory as IO", ({ map_frame(0xb8, DOMID_IO, KERNEL_PAGE, &err); err; }));
    REFUSED("the IOAPIC", ({ map_frame(0xfec00, DOMID_SELF, READ_PAGE, &err); err; }));
    REFUSED("frame 0", ({ map_frame(0, DOMID_SELF, READ_PAGE, &err); err; }));
    u64 ours = va_mfn(page_alloc());
    char *page = page_alloc();
    REFUSED("an entry with a frame of domain 0 by update_va_mapping", set_va(page, dom0_frame << 12 | READ_PAGE));
    REFUSED("pin of a foreign frame", mmuext1(MMUEXT_PIN_L1_TABLE, dom0_frame));
    REFUSED("m2p of a foreign frame", mmu1(dom0_frame << 12 | MMU_MACHPHYS_UPDATE, 1));
    REFUSED("clear of a foreign frame", mmuext1(MMUEXT_CLEAR_PAGE, dom0_frame));
    REFUSED("copy from a foreign frame", mmuext1_dom(MMUEXT_COPY_PAGE, ours, dom0_frame, DOMID_SELF));
    REFUSED("operations on domain 0's tables", mmuext1_dom(MMUEXT_UNPIN_TABLE, dom0_frame, 0, 0));
    xen_pfn_t list = 5;
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = 0 };
    set_xen_guest_handle(r.extent_start, &list);
    EXPECT(hc(__HYPERVISOR_memory_op, XENMEM_populate_physmap, &r) <= 0);
    EXPECT(hc(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, &r) <= 0);
    u64 gdt = dom0_frame;
    REFUSED("GDT in a foreign frame", hc(__HYPERVISOR_set_gdt, &gdt, 512));
    REFUSED("descriptor in a foreign frame", hc(__HYPERVISOR_update_descriptor, dom0_frame << 12, 0));
    struct vcpu_register_vcpu_info vinfo = { .mfn = dom0_frame };
    REFUSED("vcpu_info in a foreign frame", hc(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0, &vinfo));
    struct evtchn_bind_pirq bp = { .pirq = 1 };
    REFUSED("an interrupt", evtchn(EVTCHNOP_bind_pirq, &bp));
    struct evtchn_alloc_unbound a = { .dom = 0, .remote_dom = DOMID_SELF };
    REFUSED("a port in domain 0", evtchn(EVTCHNOP_alloc_unbound, &a));
    struct evtchn_reset rs = { .dom = 0 };
    REFUSED("reset of domain 0", evtchn(EVTCHNOP_reset, &rs));
    OK("set_iopl is tolerated", ({ struct physdev_set_iopl iopl = { .iopl = 1 };
                                   hc(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, &iopl); }));
    EXPECT_EQ("ports read as ones", inl(0x60), 0xffffffff);
    EXPECT_EQ("PCI, too", ({ __asm__ volatile("outl %0, %w1" : : "a"(0x80000000), "d"(0xcf8)); inl(0xcfc); }),
              0xffffffff);
    EXPECT_EQ("cf8 is a latch", inl(0xcf8), 0x80000000);
    REFUSED("pci_device_add", ({ struct physdev_pci_device_add pd = { 0 };
                                 hc(__HYPERVISOR_physdev_op, PHYSDEVOP_pci_device_add, &pd); }));
    REFUSED("map_pirq", ({ struct physdev_map_pirq mp = { .domid = DOMID_SELF, .type = MAP_PIRQ_TYPE_GSI, .index = 1,
                                                          .pirq = 1 };
                           hc(__HYPERVISOR_physdev_op, PHYSDEVOP_map_pirq, &mp); }));
    struct sched_remote_shutdown rsd = { .domain_id = 0, .reason = SHUTDOWN_crash };
    REFUSED("shutdown of domain 0", hc(__HYPERVISOR_sched_op, SCHEDOP_remote_shutdown, &rsd));
    REFUSED("cache flush", mmuext1(MMUEXT_FLUSH_CACHE, 0));
    xen_commandline_t cmd;
    memset(cmd, 0, sizeof(cmd));
    hc(__HYPERVISOR_xen_version, XENVER_commandline, cmd);
    EXPECT(memcmp(cmd, "console=", 8) != 0);
    return 0;
}

void test(void)
{
    static struct dom d;
    dom_create(&d);
    char *secret = page_alloc();
    memcpy(secret, "secret", 7);
    dom_call(&d, child, va_mfn(secret), 0, 0);
    EXPECT_EQ("untouched", memcmp(secret, "secret", 7), 0);
    dom_destroy(&d);
}
