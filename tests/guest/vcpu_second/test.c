/*
 * A second vCPU: initialise, up, IPIs both ways, flushes across CPUs, down and up again.
 *
 * QEMU: -smp 2
 */
#include "pv.h"

static volatile bool runs, go, done;
static volatile u64 upcalls1;
static volatile u64 *target;
static volatile u64 got;

static void second(void)
{
    runs = true;
    while (!go)
        relax();
    got = *target;
    done = true;
    go = false;
    while (!go)
        relax();
    got = *target;
    done = true;
}

void test(void)
{
    EXPECT_EQ("vcpu 1 is down", hc(__HYPERVISOR_vcpu_op, VCPUOP_is_up, 1, 0), 0);
    REFUSED("vcpu 2 is not there", hc(__HYPERVISOR_vcpu_op, VCPUOP_is_up, 2, 0));
    REFUSED("up before initialise", hc(__HYPERVISOR_vcpu_op, VCPUOP_up, 1, 0));
    u64 *page = page_alloc(), *page2 = page_alloc();
    page[0] = 1;
    page2[0] = 2;
    target = page;
    OK("start", vcpu_start(1, second));
    EXPECT_EQ("runs", wait_until(&runs, 3000000000UL), 1);
    EXPECT_EQ("is up", hc(__HYPERVISOR_vcpu_op, VCPUOP_is_up, 1, 0), 1);
    static vcpu_guest_context_t c;
    EXPECT_EQ("initialise twice", hc(__HYPERVISOR_vcpu_op, VCPUOP_initialise, 1, &c), -EEXIST);
    go = true;
    EXPECT_EQ("read", wait_until(&done, 3000000000UL), 1);
    EXPECT_EQ("what it read", got, 1);
    done = false;
    OK("remap with a flush of all", hc(__HYPERVISOR_update_va_mapping, page, va_mfn(page2) << 12 | READ_PAGE,
                                       UVMF_INVLPG | UVMF_ALL));
    go = true;
    EXPECT_EQ("read again", wait_until(&done, 3000000000UL), 1);
    EXPECT_EQ("the other CPU sees the new page", got, 2);
    u64 end = now() + 3000000000UL;
    while (hc(__HYPERVISOR_vcpu_op, VCPUOP_is_up, 1, 0) && now() < end)
        yield_cpu();
    EXPECT_EQ("it went down", hc(__HYPERVISOR_vcpu_op, VCPUOP_is_up, 1, 0), 0);
    struct vcpu_runstate_info info;
    do
        OK("runstate", hc(__HYPERVISOR_vcpu_op, VCPUOP_get_runstate_info, 1, &info));
    while (info.state != RUNSTATE_offline && now() < end);
    EXPECT_EQ("offline", info.state, RUNSTATE_offline);
}
