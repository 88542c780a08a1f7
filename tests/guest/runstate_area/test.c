/* Runstate areas: contents, bad addresses (a place that cannot be written must not matter), the time area. */
#include "pv.h"

static long reg(u64 va)
{
    struct vcpu_register_runstate_memory_area a = { .addr.p = va };
    return hc(__HYPERVISOR_vcpu_op, VCPUOP_register_runstate_memory_area, 0, &a);
}

void test(void)
{
    struct vcpu_runstate_info info = { 0 };
    OK("get", hc(__HYPERVISOR_vcpu_op, VCPUOP_get_runstate_info, 0, &info));
    EXPECT_EQ("running", info.state, RUNSTATE_running);
    EXPECT(info.time[RUNSTATE_running] > 0);
    static volatile struct vcpu_runstate_info area;
    OK("register", reg((u64)&area));
    EXPECT_EQ("filled at once", area.state, RUNSTATE_running);
    EXPECT(area.state_entry_time > 0);
    u64 blocked = area.time[RUNSTATE_blocked];
    struct sched_poll poll = { .nr_ports = 0 };
    /* More than once: the emulator may stand still between the reading of the clock and the sleep. */
    for (unsigned i = 0; i < 50 && area.time[RUNSTATE_blocked] < blocked + 5000000; i++) {
        poll.timeout = now() + 10000000;
        hc(__HYPERVISOR_sched_op, SCHEDOP_poll, &poll);
    }
    EXPECT(area.time[RUNSTATE_blocked] >= blocked + 5000000);
    static const u64 bad[] = { 0x1000, 0xffff830000000000, 0x8000000000000000, 0xffff82d080000000, 0 };
    for (unsigned i = 0; i < 5; i++) {
        reg(bad[i]);            /* refused or without effect */
        yield_cpu();
        poll.timeout = now() + 1000000;
        hc(__HYPERVISOR_sched_op, SCHEDOP_poll, &poll);
    }
    char *page = page_alloc();
    reg((u64)page + 4096 - 16);
    REQUIRE_OK(set_flags(page, READ_PAGE));
    poll.timeout = now() + 1000000;
    hc(__HYPERVISOR_sched_op, SCHEDOP_poll, &poll);
    EXPECT_EQ("read-only memory is not written", memcmp(page, (char [16]){ 0 }, 16), 0);
    /* a page table as place: the writes must not get through */
    u64 *l1 = (u64 *)((u64)walk((u64)page, 1) & ~4095UL), before = l1[100];
    reg((u64)&l1[100]);
    poll.timeout = now() + 1000000;
    hc(__HYPERVISOR_sched_op, SCHEDOP_poll, &poll);
    EXPECT_EQ("a page table is not written", l1[100], before);
    reg(0);
    static volatile struct vcpu_time_info time;
    struct vcpu_register_time_memory_area t = { .addr.p = (u64)&time };
    long rc = hc(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_time_memory_area, 0, &t);
    EXPECT(rc == 0 || rc == -ENOSYS);
    REFUSED("runstate of vcpu 9", hc(__HYPERVISOR_vcpu_op, VCPUOP_get_runstate_info, 9, &info));
}
