/*
 * Every hypercall that takes a pointer, given bad ones: unmapped, not canonical, in the hypervisor's range, wrapping
 * around the end, pages that end in the middle of the argument, read-only for results. Expected: -EFAULT, no crash, and
 * never a byte of the hypervisor's memory read or written on a guest's behalf.
 */
#include "pv.h"
#include <xen/sysctl.h>
#include <xen/domctl.h>
#include <xen/arch-x86/xen-mca.h>

static const u64 bad[] = {
    0x1000, 0x0000700000000000, 0x0000800000000000, 0x8000000000000000, 0xffff7fffffffffff, 0xffff820000000000,
    0xffff82d080000000, 0xffff83000000f000, 0xffff830000000000, 0xffff840000000000, 0xffff87ffffffffff,
    0xffff880000000000, 0xfffffffffffffff0,
};
#define NR (sizeof(bad) / sizeof(bad[0]))
#define ALL(name, ...) do { for (unsigned i = 0; i < NR; i++) { u64 p = bad[i];                                  \
        long rc = (__VA_ARGS__); if (rc != -EFAULT) say("   (pointer %#lx)", p);                                \
        check(__FILE__, __LINE__, name, rc, -EFAULT); } } while (0)

void test(void)
{
    ALL("xen_version extraversion", hc(__HYPERVISOR_xen_version, XENVER_extraversion, p));
    ALL("xen_version features", hc(__HYPERVISOR_xen_version, XENVER_get_features, p));
    ALL("xen_version commandline", hc(__HYPERVISOR_xen_version, XENVER_commandline, p));
    ALL("event_channel_op of old", hc(__HYPERVISOR_event_channel_op_compat, p));
    ALL("physdev_op of old", hc(__HYPERVISOR_physdev_op_compat, p));
    ALL("set_trap_table", hc(__HYPERVISOR_set_trap_table, p));
    ALL("mmu_update", hc(__HYPERVISOR_mmu_update, p, 1, 0, DOMID_SELF));
    ALL("mmuext_op", hc(__HYPERVISOR_mmuext_op, p, 1, 0, DOMID_SELF));
    ALL("multicall", hc(__HYPERVISOR_multicall, p, 1));
    /* Its result is a count of extents: none, or an error. */
    ALL("memory_op populate", hc(__HYPERVISOR_memory_op, XENMEM_populate_physmap, p) ?: -EFAULT);
    ALL("memory_op exchange", hc(__HYPERVISOR_memory_op, XENMEM_exchange, p));
    ALL("memory_op current", hc(__HYPERVISOR_memory_op, XENMEM_current_reservation, p));
    ALL("memory_op machphys", hc(__HYPERVISOR_memory_op, XENMEM_machphys_mapping, p));
    ALL("memory_op memory_map", hc(__HYPERVISOR_memory_op, XENMEM_machine_memory_map, p));
    ALL("console write", hc(__HYPERVISOR_console_io, CONSOLEIO_write, 8, p));
    ALL("sched_op shutdown", hc(__HYPERVISOR_sched_op, SCHEDOP_shutdown, p));
    ALL("sched_op poll", hc(__HYPERVISOR_sched_op, SCHEDOP_poll, p));
    ALL("event_channel alloc", hc(__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, p));
    ALL("event_channel send", hc(__HYPERVISOR_event_channel_op, EVTCHNOP_send, p));
    ALL("event_channel status", hc(__HYPERVISOR_event_channel_op, EVTCHNOP_status, p));
    ALL("physdev set_iopl", hc(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, p));
    ALL("physdev set_iobitmap", hc(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iobitmap, p));
    ALL("grant setup_table", hc(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, p, 1));
    ALL("grant map", hc(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, p, 1));
    ALL("grant copy", hc(__HYPERVISOR_grant_table_op, GNTTABOP_copy, p, 1));
    ALL("grant query_size", hc(__HYPERVISOR_grant_table_op, GNTTABOP_query_size, p, 1));
    ALL("vcpu_op initialise", hc(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0, p));
    ALL("vcpu_op singleshot", hc(__HYPERVISOR_vcpu_op, VCPUOP_set_singleshot_timer, 0, p));
    ALL("vcpu_op runstate", hc(__HYPERVISOR_vcpu_op, VCPUOP_get_runstate_info, 0, p));
    ALL("callback_op", hc(__HYPERVISOR_callback_op, CALLBACKOP_register, p));
    ALL("platform_op", hc(__HYPERVISOR_platform_op, p));
    ALL("sysctl", hc(__HYPERVISOR_sysctl, p));
    ALL("domctl", hc(__HYPERVISOR_domctl, p));
    ALL("set_gdt", hc(__HYPERVISOR_set_gdt, p, 16));
    ALL("mca", hc(__HYPERVISOR_mca, p));

    /* An argument that begins on a good page and ends on none. */
    char *page = page_alloc(), *next = page_alloc();
    REQUIRE_OK(set_va(next, 0));
    EXPECT_EQ("torn features", hc(__HYPERVISOR_xen_version, XENVER_get_features, page + 4096 - 4), -EFAULT);
    EXPECT_EQ("torn mmu_update", hc(__HYPERVISOR_mmu_update, page + 4096 - 8, 1, 0, DOMID_SELF), -EFAULT);
    EXPECT_EQ("torn multicall", hc(__HYPERVISOR_multicall, page + 4096 - 8, 1), -EFAULT);
    EXPECT_EQ("torn sysctl", hc(__HYPERVISOR_sysctl, page + 4096 - 8), -EFAULT);
    /* Results into a read-only page. */
    REQUIRE_OK(set_flags(page, READ_PAGE));
    EXPECT_EQ("extraversion into read-only", hc(__HYPERVISOR_xen_version, XENVER_extraversion, page), -EFAULT);
    EXPECT_EQ("status into read-only", hc(__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, page), -EFAULT);
    EXPECT_EQ("into the M2P", hc(__HYPERVISOR_xen_version, XENVER_extraversion, M2P), -EFAULT);
    EXPECT_EQ("into our page table", hc(__HYPERVISOR_xen_version, XENVER_extraversion, si->pt_base), -EFAULT);
    /* done counters */
    mmu_update_t u = { .ptr = 0, .val = 0 };
    long rc = hc(__HYPERVISOR_mmu_update, &u, 0, 0xffff830000000000, DOMID_SELF);
    EXPECT(rc == -EFAULT || rc == 0);
}
