/*
 * More memory than its maximum. A guest that exchanges frames has given up the old ones before it gets the new ones,
 * and the new ones must come whatever the maximum is, or the exchange could not be undone. In between it seems to have
 * less than it may: another of its vcpus that grows just then must not find room. (A guest got two megabytes more by
 * such a race; hypervisors have had this hole in populate-on-demand and in ballooning, too.) One vcpu exchanges 512
 * pages for others without pause, the other one asks for a page, at its maximum.
 *
 * QEMU: -smp 2
 */
#include "dom.h"

#define PAGES 512
#define ROUNDS 150
static xen_pfn_t in[PAGES], out[PAGES];
static volatile bool runs, stop, done;
static volatile u64 tries, got;

static void grower(void)
{
    runs = true;
    while (!stop) {
        xen_pfn_t pfn = 5000;
        struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };
        set_xen_guest_handle(r.extent_start, &pfn);
        got += hc(__HYPERVISOR_memory_op, XENMEM_populate_physmap, &r) == 1;
        tries++;
    }
    done = true;
}

static u64 fill(u64 a, u64 b, u64 c)
{
    (void)a, (void)b, (void)c;
    struct xen_memory_reservation r = { .nr_extents = PAGES, .domid = DOMID_SELF };
    for (unsigned i = 0; i < PAGES; i++)
        in[i] = 2000 + i;
    set_xen_guest_handle(r.extent_start, in);
    return (u64)hc(__HYPERVISOR_memory_op, XENMEM_populate_physmap, &r);
}

static u64 race(u64 a, u64 b, u64 c)
{
    (void)a, (void)b, (void)c;
    u64 failed = 0, here = 0;
    if (vcpu_start(1, grower) || !wait_until(&runs, 3000000000UL))
        return 1000;
    for (unsigned i = 0; i < ROUNDS; i++) {
        /* A large extent against single pages: 512 frames are away at once. */
        struct xen_memory_exchange x = { .in = { .nr_extents = PAGES, .domid = DOMID_SELF },
                                         .out = { .nr_extents = 1, .extent_order = 9, .domid = DOMID_SELF } };
        out[0] = 2000;
        set_xen_guest_handle(x.in.extent_start, in);
        set_xen_guest_handle(x.out.extent_start, out);
        if (hc(__HYPERVISOR_memory_op, XENMEM_exchange, &x)) {
            failed++;
            continue;
        }
        for (unsigned j = 0; j < PAGES; j++)
            in[j] = out[0] + j;
    }
    stop = true;
    here = wait_until(&done, 3000000000UL);
    child_mb->word[0] = got;
    child_mb->word[1] = tries;
    child_mb->word[2] = failed;
    return here ? 0 : 2000;
}

void test(void)
{
    static struct dom d;
    struct xen_domctl_getdomaininfo info;
    dom_create_vcpus(&d, 2);
    struct xen_domctl op = { .cmd = XEN_DOMCTL_max_mem, .domain = d.id };
    REQUIRE_OK(domain_info(d.id, &info));
    op.u.max_mem.max_memkb = (info.tot_pages + PAGES) * 4;
    OK("its maximum", domctl(&op));
    EXPECT_EQ("it fills up", dom_call(&d, fill, 0, 0, 0), PAGES);
    REQUIRE_OK(domain_info(d.id, &info));
    EXPECT_EQ("is at its maximum", info.tot_pages, info.max_pages);
    dom_start_call(&d, race, 0, 0, 0);
    REQUIRE(dom_wait(&d, 20000000000UL));
    say("  %lu tries to grow, %lu with success; %lu of %u exchanges failed", d.mb->word[1], d.mb->word[0],
        d.mb->word[2], ROUNDS);
    EXPECT_EQ("ran", d.mb->ret, 0);
    EXPECT(d.mb->word[1] > 100 && d.mb->word[2] < ROUNDS);
    EXPECT_EQ("pages beyond the maximum", d.mb->word[0], 0);
    REQUIRE_OK(domain_info(d.id, &info));
    EXPECT(info.tot_pages <= info.max_pages);
    dom_destroy(&d);
}
