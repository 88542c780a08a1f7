/*
 * The wall clock is set while other CPUs run: they are asked to publish it wherever they are, waiting for a lock too,
 * so what they do then takes none (debug builds check that). It arrives whole, also where two vcpus set it at once.
 *
 * QEMU: -smp 3
 * Image: debug
 */
#include "pv.h"
#include <xen/platform.h>

#define ROUNDS 40
#define NS_PER_S 1000000000UL

static volatile bool runs, stop, done, runs2, done2;
static volatile u64 torn, odd, seen;

static long set_time(u64 sec)
{
    struct xen_platform_op op = { .cmd = XENPF_settime64, .interface_version = XENPF_INTERFACE_VERSION,
                                  .u.settime64 = { .secs = sec, .nsecs = (u32)(sec % NS_PER_S) } };
    return hc(__HYPERVISOR_platform_op, &op);
}

/* What is set has nanoseconds equal to its seconds. */
static void reader(void)
{
    runs = true;
    while (!stop) {
        u32 v = shared->wc_version;
        barrier();
        u64 sec = shared->wc_sec, nsec = shared->wc_nsec;
        barrier();
        if (v & 1 || v != shared->wc_version)
            odd++;
        else if (seen++ && sec != nsec)
            torn++;
        hc(__HYPERVISOR_xen_version, XENVER_version);
    }
    done = true;
}

static void second_setter(void)
{
    runs2 = true;
    for (u64 i = 0; !stop; i++)
        set_time(900000000 + i % 1000);
    done2 = true;
}

void test(void)
{
    OK("set", set_time(100000000));
    OK("start", vcpu_start(1, reader));
    EXPECT_EQ("runs", wait_until(&runs, 3000000000UL), 1);
    for (u64 i = 0; i < ROUNDS; i++) {
        set_time(100000000 + i);
        if (shared->wc_sec != 100000000 + i)
            EXPECT_EQ("seconds", shared->wc_sec, 100000000 + i);
    }
    OK("start", vcpu_start(2, second_setter));
    EXPECT_EQ("runs", wait_until(&runs2, 3000000000UL), 1);
    for (u64 i = 0; i < ROUNDS; i++)
        set_time(100000000 + i);
    stop = true;
    EXPECT_EQ("done", wait_until(&done, 3000000000UL), 1);
    EXPECT_EQ("done", wait_until(&done2, 3000000000UL), 1);
    OK("set", set_time(123456789));
    EXPECT_EQ("seconds", shared->wc_sec, 123456789);
    EXPECT_EQ("nanoseconds", shared->wc_nsec, 123456789);
    EXPECT_EQ("at rest", shared->wc_version & 1, 0);
    EXPECT_EQ("clocks made of two", torn, 0);
    say("%lu looks, %lu in between", (u64)seen, (u64)odd);
}
