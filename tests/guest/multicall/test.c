/* multicall: results per entry, state and flags between entries, nesting, entries that rewrite later ones. */
#include "pv.h"

static struct multicall_entry e[40];

void test(void)
{
    e[0] = (struct multicall_entry){ .op = __HYPERVISOR_xen_version, .args = { XENVER_version } };
    e[1] = (struct multicall_entry){ .op = 47 };
    e[2] = (struct multicall_entry){ .op = __HYPERVISOR_event_channel_op, .args = { 99 } };
    e[3] = (struct multicall_entry){ .op = __HYPERVISOR_xen_version,
                                     .args = { XENVER_extraversion, 0xffff830000000000 } };
    e[4] = (struct multicall_entry){ .op = __HYPERVISOR_xen_version, .args = { XENVER_pagesize } };
    OK("multicall", hc(__HYPERVISOR_multicall, e, 5));
    EXPECT_EQ("0", e[0].result, 4 << 16 | 17);
    EXPECT_EQ("1", (long)e[1].result, -ENOSYS);
    EXPECT_EQ("2", (long)e[2].result, -ENOSYS);
    EXPECT_EQ("3", (long)e[3].result, -EFAULT);
    EXPECT_EQ("4 is done after failures", e[4].result, 4096);
    EXPECT_EQ("op is kept", e[4].op, __HYPERVISOR_xen_version);
    /* nesting */
    e[0] = (struct multicall_entry){ .op = __HYPERVISOR_multicall, .args = { (u64)&e[1], 2 } };
    e[1] = (struct multicall_entry){ .op = __HYPERVISOR_xen_version, .args = { XENVER_version } };
    hc(__HYPERVISOR_multicall, e, 1);
    EXPECT_EQ("a multicall in a multicall is refused", (long)e[0].result, -EINVAL);
    OK("none", hc(__HYPERVISOR_multicall, e, 0));
    /* unknown numbers with upper bits */
    e[0] = (struct multicall_entry){ .op = 1UL << 32 | __HYPERVISOR_xen_version, .args = { XENVER_version } };
    OK("op beyond 32 bits", hc(__HYPERVISOR_multicall, e, 1));
    EXPECT_EQ("no such", (long)e[0].result, -ENOSYS);
    /* an iret inside: not allowed to leave the multicall half way with a stale state */
    for (unsigned i = 0; i < 40; i++)
        e[i] = (struct multicall_entry){ .op = __HYPERVISOR_sched_op, .args = { SCHEDOP_yield } };
    OK("40 yields", hc(__HYPERVISOR_multicall, e, 40));
    EXPECT_EQ("last", e[39].result, 0);
    /* results into memory that vanishes: an entry unmaps the page of the list */
    struct multicall_entry *page = page_alloc();
    page[0] = (struct multicall_entry){ .op = __HYPERVISOR_update_va_mapping, .args = { (u64)page, 0, UVMF_INVLPG } };
    page[1] = (struct multicall_entry){ .op = __HYPERVISOR_xen_version };
    EXPECT_EQ("the list goes away under it", hc(__HYPERVISOR_multicall, page, 2), -EFAULT);
    OK("back", set_flags(page, KERNEL_PAGE));
    /* the list read-only: its results cannot be stored */
    page[0] = (struct multicall_entry){ .op = __HYPERVISOR_xen_version };
    OK("read-only", set_flags(page, READ_PAGE));
    EXPECT_EQ("a list that cannot be written", hc(__HYPERVISOR_multicall, page, 1), -EFAULT);
}
