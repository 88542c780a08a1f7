/*
 * One vcpu's life, led by two others: initialise it, bring it up and down, register its shared areas (once only), its
 * timers, its NMI; both at once. A check and a store with a window between them gave hypervisors two contexts half
 * loaded, two frames for one vcpu_info (and a reference nobody drops), or a vcpu that ran while its registers were
 * written.
 *
 * Image: debug
 * QEMU: -smp 4
 * Options: dom0_max_vcpus=4
 */
#include "dom.h"

static volatile bool runs, stop, done, go[2];
static char *areas[8];
static volatile unsigned lives[4];
static u64 ups, registered[4];

static void short_life(void)
{
    hc(__HYPERVISOR_vcpu_op, VCPUOP_down, 3, 0);
    for (;;) {
        lives[3]++;
        hc(__HYPERVISOR_vcpu_op, VCPUOP_down, 3, 0);
    }
}

static long place(u32 vcpu, char *area, u32 offset)
{
    struct vcpu_register_vcpu_info r = { .mfn = va_mfn(area), .offset = offset };
    return hc(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, vcpu, &r);
}

static void hammer(unsigned i, unsigned me)
{
    struct vcpu_runstate_info info;
    static struct vcpu_runstate_info copy[2];
    struct vcpu_register_runstate_memory_area a = { .addr.v = &copy[me] };
    struct vcpu_set_periodic_timer p = { .period_ns = 2000000 };
    struct vcpu_set_singleshot_timer t = { .timeout_abs_ns = now() + 10000 };
    ups += !hc(__HYPERVISOR_vcpu_op, VCPUOP_up, 3, 0);
    hc(__HYPERVISOR_vcpu_op, VCPUOP_is_up, 3, 0);
    hc(__HYPERVISOR_vcpu_op, VCPUOP_get_runstate_info, 3, &info);
    hc(__HYPERVISOR_vcpu_op, VCPUOP_register_runstate_memory_area, i & 1 ? 3 : me, &a);
    hc(__HYPERVISOR_vcpu_op, VCPUOP_set_periodic_timer, 3, &p);
    hc(__HYPERVISOR_vcpu_op, VCPUOP_set_singleshot_timer, 3, &t);
    hc(__HYPERVISOR_vcpu_op, VCPUOP_stop_periodic_timer, 3, 0);
    hc(__HYPERVISOR_vcpu_op, VCPUOP_stop_singleshot_timer, 3, 0);
    if (i % 8 == me)
        yield_cpu();
}

static void second(void)
{
    runs = true;
    while (!go[0])
        relax();
    for (unsigned i = 0; i < 4; i++)
        registered[i] += !place(2, areas[i], 64);       /* a vcpu that is down */
    go[1] = true;
    for (unsigned i = 0; !stop; i++)
        hammer(i, 1);
    done = true;
}

void test(void)
{
    for (unsigned i = 0; i < 8; i++)
        areas[i] = page_alloc();
    OK("start", vcpu_start(1, second));
    EXPECT_EQ("runs", wait_until(&runs, 3000000000UL), 1);
    go[0] = true;
    u64 mine = 0;
    for (unsigned i = 4; i < 8; i++)
        mine += !place(2, areas[i], 128);
    EXPECT_EQ("the other has tried", wait_until(&go[1], 3000000000UL), 1);
    EXPECT_EQ("one place for one vcpu_info", mine + registered[0] + registered[1] + registered[2] + registered[3], 1);
    unsigned kept = 0;
    for (unsigned i = 0; i < 8; i++) {                  /* only that one's page is in use */
        bool in_use = false;
        REQUIRE_OK(set_flags(areas[i], READ_PAGE));
        in_use = mmuext1(MMUEXT_PIN_L1_TABLE, va_mfn(areas[i])) != 0;
        mmuext1(MMUEXT_UNPIN_TABLE, va_mfn(areas[i]));
        REQUIRE_OK(set_flags(areas[i], KERNEL_PAGE));
        kept += in_use;
    }
    EXPECT_EQ("pages kept", kept, 1);
    OK("a vcpu that goes down at once", vcpu_start(3, short_life));
    u64 end = now() + 1200000000;
    for (unsigned i = 0; now() < end; i++)
        hammer(i, 0);
    stop = true;
    EXPECT_EQ("done", wait_until(&done, 3000000000UL), 1);
    say("  %lu ups, %u lives", ups, lives[3]);
    EXPECT(lives[3] > 0);
    audit_key();
}
