/*
 * Bounded time, of an allocation when memory is nearly all taken and what is free is in pieces: frames that were given
 * back a moment ago are looked through for larger ones. Measured as in tests/guest/bounded.
 *
 * QEMU: -icount shift=0,sleep=off
 * Options: dom0_mem=64M loglvl=error guest_loglvl=none
 * Differs: longer stretches there
 * Seconds: 60
 */
#include "bounded.h"

#define MOST 65536
#define PIECES 2048
static xen_pfn_t list[MOST], given[PIECES];

static long reserve(u32 op, u16 id, xen_pfn_t *frames, u64 extents, unsigned order)
{
    struct xen_memory_reservation r = { .nr_extents = extents, .extent_order = order, .domid = id };
    set_xen_guest_handle(r.extent_start, frames);
    return hc(__HYPERVISOR_memory_op, op, &r);
}

void test(void)
{
    static struct dom d;
    bounded_init();
    REQUIRE_OK(dom_create_empty(&d, 1, MOST));
    for (unsigned i = 0; i < MOST; i++)
        list[i] = i;
    long all = reserve(XENMEM_populate_physmap, d.id, list, MOST, 0);
    say("the machine had %ld frames", all);
    REQUIRE(all > 4 * PIECES && all < MOST);
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < PIECES; i++)
            given[i] = list[2 * i];         /* every other one */
        EXPECT_EQ("given back", reserve(XENMEM_decrease_reservation, d.id, given, PIECES, 0), PIECES);
        xen_pfn_t place = 0;
        BOUNDED("2 MiB that are not there", EXPECT_EQ("none", reserve(XENMEM_populate_physmap, d.id, &place, 1, 9),
                                                      0));
        for (unsigned i = 0; i < PIECES; i++)
            given[i] = 2 * i;
        BOUNDED("2048 pieces", EXPECT_EQ("taken", reserve(XENMEM_populate_physmap, d.id, given, PIECES, 0), PIECES));
        for (unsigned i = 0; i < PIECES; i++)
            list[2 * i] = given[i];
    }
    long rc;
    audit_deaths(false);
    while ((rc = domctl_simple(XEN_DOMCTL_destroydomain, d.id)) == -ERESTART)
        ;
    OK("destroyed", rc);
    bounded_worst();
}
