/* sysctl: version, unknown commands, every command with arguments of ones, with pointers into nowhere. */
#include "dom.h"

void test(void)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_physinfo, .interface_version = 0x14 };
    EXPECT_EQ("version", hc(__HYPERVISOR_sysctl, &op), -EACCES);
    op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    op.cmd = 99;
    REFUSED("unknown", hc(__HYPERVISOR_sysctl, &op));
    op.cmd = XEN_SYSCTL_psr_cmt_op;
    EXPECT_EQ("what tools call not supported in this system", hc(__HYPERVISOR_sysctl, &op), -ENODEV);
    for (u32 cmd = 1; cmd < 40; cmd++) {
        if (cmd == XEN_SYSCTL_debug_keys || cmd == XEN_SYSCTL_cpu_hotplug)
            continue;
        static const int fill[] = { 0xff, 0x80, 0x01 };
        for (unsigned i = 0; i < 3; i++) {
            op = (struct xen_sysctl){ .cmd = cmd, .interface_version = XEN_SYSCTL_INTERFACE_VERSION };
            memset(&op.u, fill[i], sizeof(op.u));
            hc(__HYPERVISOR_sysctl, &op);
        }
        op = (struct xen_sysctl){ .cmd = cmd, .interface_version = XEN_SYSCTL_INTERFACE_VERSION };
        hc(__HYPERVISOR_sysctl, &op);
    }
    op = (struct xen_sysctl){ .cmd = XEN_SYSCTL_getdomaininfolist, .interface_version = XEN_SYSCTL_INTERFACE_VERSION };
    static xen_domctl_getdomaininfo_t list[4];
    op.u.getdomaininfolist.max_domains = 4;
    set_xen_guest_handle(op.u.getdomaininfolist.buffer, list);
    OK("list", hc(__HYPERVISOR_sysctl, &op));
    EXPECT_EQ("one domain", op.u.getdomaininfolist.num_domains, 1);
    EXPECT_EQ("domain 0", list[0].domain, 0);
    EXPECT_EQ("its memory", list[0].tot_pages, si->nr_pages);
    op.u.getdomaininfolist.first_domain = 0;
    op.u.getdomaininfolist.max_domains = 0xffffffff;
    set_xen_guest_handle(op.u.getdomaininfolist.buffer, (xen_domctl_getdomaininfo_t *)0xffff830000000000);
    REFUSED("list into the hypervisor", hc(__HYPERVISOR_sysctl, &op));
}
