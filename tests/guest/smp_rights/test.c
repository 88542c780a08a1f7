/*
 * Rights to a device's memory come and go while another CPU uses one that stays: it is never refused. Those who look
 * do not lock, so they must not run meanwhile, domain 0's other vcpus, which map for others, included; who looked at a
 * list that was just then shortened missed its end, and could have followed it into memory that is somebody else's.
 *
 * QEMU: -smp 2
 */
#include "dom.h"

#define FIRST 0xfc000UL
#define RANGES 16UL
#define STAYS (FIRST + 2 * RANGES)
#define ROUNDS 3000

static struct dom d;
static volatile bool runs, stop, done;
static volatile u64 tries, refused;

static long right(u64 frame, bool yes)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_iomem_permission, .domain = d.id };
    op.u.iomem_permission = (struct xen_domctl_iomem_permission){ .first_mfn = frame, .nr_mfns = 1,
                                                                  .allow_access = yes };
    return domctl(&op);
}

static u64 table;               /* an L1 of the child's, pinned */

static void mapper(void)
{
    mmu_update_t on = { .ptr = table << 12, .val = STAYS << 12 | READ_PAGE }, off = { .ptr = table << 12 };
    u64 whose = (u64)(d.id + 1) << 16 | DOMID_IO;
    runs = true;
    for (; !stop; tries++) {
        refused += hc(__HYPERVISOR_mmu_update, &on, 1, 0, whose) != 0;
        hc(__HYPERVISOR_mmu_update, &off, 1, 0, whose);
    }
    done = true;
}

static u64 make_table(u64 a, u64 b, u64 c)
{
    u64 *t = table_alloc();
    (void)a, (void)b, (void)c;
    OK("pin", mmuext1(MMUEXT_PIN_L1_TABLE, va_mfn(t)));
    return va_mfn(t);
}

void test(void)
{
    dom_create(&d);
    table = dom_call(&d, make_table, 0, 0, 0);
    for (u64 i = 0; i < 2 * RANGES; i += 2)
        REQUIRE_OK(right(FIRST + i, true));
    OK("one that stays", right(STAYS, true));
    OK("start", vcpu_start(1, mapper));
    EXPECT_EQ("runs", wait_until(&runs, 3000000000UL), 1);
    for (unsigned i = 0; i < ROUNDS || tries <= 100; i++) {      /* on a busy host the other CPU may hardly run */
        u64 frame = FIRST + i * 14 % (2 * RANGES);
        REQUIRE_OK(right(frame, false));
        REQUIRE_OK(right(frame, true));
    }
    stop = true;
    EXPECT_EQ("done", wait_until(&done, 3000000000UL), 1);
    EXPECT_EQ("a right that stays is refused", refused, 0);
    say("%lu tries", (u64)tries);
    EXPECT(tries > 100);
    dom_destroy(&d);
}
