/*
 * Domains that die while they are worked on. One vcpu builds and destroys a domain, again and again; the other does
 * to the same number whatever tools do: information, pauses, contexts, limits, foreign mappings, pins, events,
 * grants, memory for it, and destroying it, too. What is mapped when it dies keeps its frames, nothing keeps its
 * structures; a number that is given again is another domain. (Use after domain death has been a hole in every one of
 * these.)
 *
 * Image: debug
 * QEMU: -smp 2
 */
#include "dom.h"

static volatile bool runs, stop, done;
static volatile u16 target;
static volatile u64 target_mfn, target_l4;
static u64 mapped, calls, good;

static long control(u32 cmd)
{
    static vcpu_guest_context_t c;
    struct xen_domctl op = { .cmd = cmd, .domain = target };
    switch (cmd) {
    case XEN_DOMCTL_getvcpucontext: set_xen_guest_handle(op.u.vcpucontext.ctxt, &c); break;
    case XEN_DOMCTL_max_mem: op.u.max_mem.max_memkb = 2048; break;
    case XEN_DOMCTL_max_vcpus: op.u.max_vcpus.max = 1; break;
    case XEN_DOMCTL_ioport_permission: op.u.ioport_permission = (struct xen_domctl_ioport_permission){ 0x300, 4, 1 };
        break;
    }
    return domctl(&op);
}

static void meddle(unsigned i, void *window, u64 *entry)
{
    static const u32 cmds[] = { XEN_DOMCTL_getdomaininfo, XEN_DOMCTL_pausedomain, XEN_DOMCTL_getvcpucontext,
        XEN_DOMCTL_unpausedomain,
                                XEN_DOMCTL_max_mem, XEN_DOMCTL_max_vcpus, XEN_DOMCTL_getvcpuinfo,
                                    XEN_DOMCTL_ioport_permission,
                                XEN_DOMCTL_resumedomain, XEN_DOMCTL_settimeoffset };
    static xen_pfn_t list[4];
    u16 id = target;
    good += !control(cmds[i % 10]);
    if (!mmu1_dom(entry_ma(entry), target_mfn << 12 | KERNEL_PAGE, id)) {
        mmuext1(MMUEXT_INVLPG_LOCAL, (u64)window);
        *(volatile u64 *)window = i;                    /* a page of a child that does not look at it */
        mapped++;
    }
    mmuext1_dom(MMUEXT_PIN_L1_TABLE, target_mfn, 0, id);
    mmuext1_dom(MMUEXT_UNPIN_TABLE, target_mfn, 0, id);
    struct evtchn_alloc_unbound a = { .dom = id, .remote_dom = DOMID_SELF }, o = { .dom = DOMID_SELF, .remote_dom =
        id };
    if (!evtchn(EVTCHNOP_alloc_unbound, &a)) {
        struct evtchn_bind_interdomain b = { .remote_dom = id, .remote_port = a.port };
        if (!evtchn(EVTCHNOP_bind_interdomain, &b)) {
            struct evtchn_send s = { .port = b.local_port };
            struct evtchn_close c = { .port = b.local_port };
            evtchn(EVTCHNOP_send, &s);
            evtchn(EVTCHNOP_close, &c);
        }
    }
    if (!evtchn(EVTCHNOP_alloc_unbound, &o)) {
        struct evtchn_close c = { .port = o.port };
        evtchn(EVTCHNOP_close, &c);
    }
    struct xen_memory_reservation r = { .nr_extents = 4, .domid = id };
    set_xen_guest_handle(r.extent_start, list);
    long n = hc(__HYPERVISOR_memory_op, XENMEM_populate_physmap, &r);
    if (n > 0 && i & 1) {
        r.nr_extents = (u64)n;
        hc(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, &r);
    }
    struct xen_mem_acquire_resource q = { .domid = id, .type = XENMEM_resource_grant_table, .id = 0, .frame = i % 4,
        .nr_frames = 1 };
    set_xen_guest_handle(q.frame_list, list);
    if (!hc(__HYPERVISOR_memory_op, XENMEM_acquire_resource, &q) && !mmu1_dom(entry_ma(entry), list[0] << 12 |
        KERNEL_PAGE, id)) {
        mmuext1(MMUEXT_INVLPG_LOCAL, (u64)window);
        ((volatile grant_entry_v1_t *)window)[9] = (grant_entry_v1_t){ .flags = GTF_permit_access, .domid = 0,
            .frame = (u32)target_mfn };
        struct gnttab_map_grant_ref m = { .flags = GNTMAP_device_map, .ref = 9, .dom = id };
        if (!hc(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, &m, 1) && !m.status) {
            struct gnttab_unmap_grant_ref u = { .dev_bus_addr = m.dev_bus_addr, .handle = m.handle };
            EXPECT_EQ("unmap", hc(__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, &u, 1) | u.status, 0);
        }
    }
    struct gnttab_setup_table s = { .dom = id, .nr_frames = 2 };
    set_xen_guest_handle(s.frame_list, list);
    hc(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, &s, 1);
    set_flags(window, KERNEL_PAGE);
    if (i % 40 == 39)
        domctl_simple(XEN_DOMCTL_destroydomain, id);
    calls += 15;
}

static void second(void)
{
    void *window = page_alloc();
    u64 *entry = walk((u64)window, 1);
    runs = true;
    for (unsigned i = 0; !stop; i++)
        meddle(i, window, entry);
    set_flags(window, KERNEL_PAGE);
    done = true;
}

static long create(void)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_createdomain, .domain = 7 };
    op.u.createdomain = (struct xen_domctl_createdomain){
        .max_vcpus = 1, .max_evtchn_port = 1023, .max_grant_frames = 4, .max_maptrack_frames = 4, .grant_opts = 2 };
    return domctl(&op);
}

void test(void)
{
    static xen_pfn_t list[32];
    u64 before = free_pages_after_first_domain(), lives = 0;
    target = 7;
    target_mfn = 0x100;
    OK("start", vcpu_start(1, second));
    EXPECT_EQ("runs", wait_until(&runs, 3000000000UL), 1);
    for (u64 end = now() + 1500000000; now() < end;) {
        if (create())
            continue;
        lives++;
        struct xen_domctl op = { .cmd = XEN_DOMCTL_max_vcpus, .domain = 7, .u.max_vcpus.max = 1 };
        domctl(&op);
        op = (struct xen_domctl){ .cmd = XEN_DOMCTL_max_mem, .domain = 7, .u.max_mem.max_memkb = 1024 };
        domctl(&op);
        struct xen_memory_reservation r = { .nr_extents = 32, .domid = 7 };
        set_xen_guest_handle(r.extent_start, list);
        for (unsigned i = 0; i < 32; i++)
            list[i] = i;
        if (hc(__HYPERVISOR_memory_op, XENMEM_populate_physmap, &r) > 0)
            target_mfn = list[lives % 8];
        for (unsigned i = 0; i < lives % 16; i++)
            yield_cpu();
        long rc;
        do
            rc = domctl_simple(XEN_DOMCTL_destroydomain, 7);
        while (rc == -ERESTART);
    }
    stop = true;
    EXPECT_EQ("done", wait_until(&done, 3000000000UL), 1);
    for (unsigned i = 0; i < 3 && domctl_simple(XEN_DOMCTL_destroydomain, 7) == -ERESTART; i++)
        ;
    struct evtchn_reset r = { .dom = DOMID_SELF };
    OK("reset", evtchn(EVTCHNOP_reset, &r));
    say("  %lu lives, %lu calls by the other, %lu foreign mappings, %lu controls that worked", lives, calls, mapped,
        good);
    struct xen_domctl_getdomaininfo info;
    u64 end = now() + 2000000000;
    while (!domain_info(7, &info) && now() < end)
        nap();
    EXPECT(domain_info(7, &info) != 0);
    u64 after = free_pages_settled(before);
    if (after != before)
        say("  %ld pages fewer are free (spare structures and slabs)", (long)(before - after));
    EXPECT(after + 8 >= before);
    audit_key();
}
