/* A second domain: built, runs, does hypercalls, shuts down, is destroyed; the machine gets all memory back. */
#include "dom.h"

static u64 add(u64 a, u64 b, u64 c) { return a + b + c; }
static u64 child_state(u64 a, u64 b, u64 c)
{
    (void)a, (void)b, (void)c;
    EXPECT_EQ("version", hc(__HYPERVISOR_xen_version, XENVER_version), 4 << 16 | 17);
    struct xen_feature_info f = { 0 };
    OK("features", hc(__HYPERVISOR_xen_version, XENVER_get_features, &f));
    EXPECT_EQ("of a domU", f.submap, 0x220e0);
    EXPECT(now() > 0);
    unsigned wrong = 0;
    for (u64 i = 0; i < si->nr_pages; i++)
        wrong += M2P[p2m[i]] != i;
    EXPECT_EQ("m2p of the domain", wrong, 0);
    struct fault flt;
    TRY(flt, (void)*(volatile u64 *)0x1000);
    EXPECT_EQ("faults", flt.vector, 14);
    domid_t self = DOMID_SELF;
    return (u64)hc(__HYPERVISOR_memory_op, XENMEM_current_reservation, &self);
}
static u64 quit(u64 reason, u64 b, u64 c) { (void)b, (void)c; shutdown_self((unsigned)reason); return 0; }

void test(void)
{
    static struct dom d;
    u64 before = free_pages_after_first_domain();
    dom_create(&d);
    EXPECT_EQ("call", dom_call(&d, add, 1, 2, 3), 6);
    EXPECT_EQ("its reservation", dom_call(&d, child_state, 0, 0, 0), d.pages);
    struct xen_domctl_getdomaininfo i;
    OK("info", domain_info(d.id, &i));
    EXPECT_EQ("pages", i.tot_pages, d.pages);
    EXPECT_EQ("not dying", i.flags & (XEN_DOMINF_dying | XEN_DOMINF_shutdown | XEN_DOMINF_paused), 0);
    EXPECT(free_pages() < before);
    dom_start_call(&d, quit, SHUTDOWN_poweroff, 0, 0);
    u64 end = now() + 3000000000UL;
    do
        yield_cpu();
    while (domain_info(d.id, &i) == 0 && !(i.flags & XEN_DOMINF_shutdown) && now() < end);
    EXPECT_EQ("shut down", i.flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask, SHUTDOWN_poweroff);
    EXPECT(i.flags & XEN_DOMINF_shutdown);
    dom_destroy(&d);
    EXPECT(domain_info(d.id, &i) != 0);
    EXPECT_EQ("all memory is back", free_pages_settled(before), before);
    static struct dom e;
    dom_create(&e);
    EXPECT_EQ("and again", dom_call(&e, add, 4, 5, 6), 15);
    dom_destroy(&e);
    EXPECT_EQ("all memory is back", free_pages_settled(before), before);
}
