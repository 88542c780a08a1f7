/*
 * No memory, at every place where memory is asked for: the first allocation of an operation fails, then the second,
 * and so on until the operation needs no more than succeed. An operation that fails half way is where hypervisors
 * leaked frames, left locks held, or freed twice: the path is old, and nobody had ever walked it. Expected: an error
 * (or the promised part of the work done), nothing kept, nothing lost, and the same operation succeeds afterwards.
 * What a second try needs may stay (tables that grew).
 *
 * A debug build fails the n-th allocation on request (hypfs /debug/alloc_fails_in, docs/testing.md); it also audits
 * each domain that dies.
 *
 * Image: debug
 * QEMU: -smp 2
 * Options: gnttab_max_frames=32
 * Differs: only debug builds of Serai fail on request
 */
#include "dom.h"
#include <xen/hypfs.h>
#include <xen/physdev.h>

#define MANY 64                 /* more allocations than any operation makes */
static char path[] = "/debug/alloc_fails_in";
static unsigned nr_failures;

static void arm(u32 n)
{
    OK("arm", hc(__HYPERVISOR_hypfs_op, XEN_HYPFS_OP_write_contents, path, sizeof(path), &n, sizeof(n)));
}

/* Allocations that were still to come; none fails any more. */
static u32 disarm(void)
{
    static struct { xen_hypfs_direntry_t e; u32 n; } r;
    OK("disarm", hc(__HYPERVISOR_hypfs_op, XEN_HYPFS_OP_read, path, sizeof(path), &r, sizeof(r)));
    arm(0);
    return r.n;
}

/*
 * `try` with each of its allocations failing in turn; it must say that it failed (below 0) then, and not else. `undo`
 * follows a try that succeeded. `least`: allocations that it is known to make, so that the test notices when it tests
 * nothing.
 */
static void each(const char *name, unsigned least, long (*try)(void), void (*undo)(void))
{
    for (u32 n = 1; n < MANY; n++) {
        arm(n);
        long rc = try();
        bool failed = disarm() == 0;
        if (failed != (rc < 0))
            say("  %s: allocation %u %s and the answer is %ld", name, n, failed ? "failed" : "was not asked for", rc);
        EXPECT_EQ("the answer fits", rc < 0, failed);
        if (rc >= 0 && undo)
            undo();
        if (!failed) {
            say("  %s: %u allocations", name, n - 1);
            EXPECT(n - 1 >= least);
            return;
        }
        nr_failures++;
    }
    EXPECT_EQ("an end", 1, 0);
}

/* ---- domains ---- */

static struct dom dom;          /* lives while tests work on it */
static u16 new_id;

static long create(void)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_createdomain, .domain = 0xffff };
    op.u.createdomain = (struct xen_domctl_createdomain){
        .max_vcpus = 3, .max_evtchn_port = 1023, .max_grant_frames = 8, .max_maptrack_frames = 8, .grant_opts = 2,
    };
    long rc = domctl(&op);
    new_id = op.domain;
    return rc;
}
static void destroy_new(void)
{
    long rc;
    do
        rc = domctl_simple(XEN_DOMCTL_destroydomain, new_id);
    while (rc == -ERESTART);
    OK("destroy", rc);
}
static long max_vcpus(void)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_max_vcpus, .domain = new_id, .u.max_vcpus.max = 3 };
    return domctl(&op);
}

static xen_pfn_t list[8];
static long populate(void)
{
    struct xen_memory_reservation r = { .nr_extents = 8, .domid = new_id };
    set_xen_guest_handle(r.extent_start, list);
    for (unsigned i = 0; i < 8; i++)
        list[i] = 1000 + i;
    long rc = hc(__HYPERVISOR_memory_op, XENMEM_populate_physmap, &r);
    for (unsigned i = 0; i < 8 && rc >= 0; i++)
        EXPECT_EQ("those done have frames", list[i] == 1000 + i, i >= rc);
    if (rc >= 0 && rc < 8) {    /* the interface's way of failing: what was done is told, and given back here */
        struct xen_memory_reservation back = { .nr_extents = (u64)rc, .domid = new_id };
        set_xen_guest_handle(back.extent_start, list);
        EXPECT_EQ("given back", hc(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, &back), rc);
        return -1;
    }
    return rc;
}
static void depopulate(void)
{
    struct xen_memory_reservation r = { .nr_extents = 8, .domid = new_id };
    set_xen_guest_handle(r.extent_start, list);
    EXPECT_EQ("given back", hc(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, &r), 8);
}

static long iomem(u32 cmd, u64 first, u64 n, bool allow)
{
    struct xen_domctl op = { .cmd = cmd, .domain = new_id };
    if (cmd == XEN_DOMCTL_ioport_permission)
        op.u.ioport_permission = (struct xen_domctl_ioport_permission){ .first_port = (u32)first, .nr_ports = (u32)n,
            .allow_access = allow };
    else
        op.u.iomem_permission = (struct xen_domctl_iomem_permission){ .first_mfn = first, .nr_mfns = n,
            .allow_access = allow };
    return domctl(&op);
}
static long give_ports(void) { return iomem(XEN_DOMCTL_ioport_permission, 0x300, 16, true); }
static long split_ports(void) { return iomem(XEN_DOMCTL_ioport_permission, 0x304, 4, false); }
static long give_memory(void) { return iomem(XEN_DOMCTL_iomem_permission, 0xb8, 4, true); }

static long memory_map(void)
{
    static struct { u64 addr, size; u32 type; } __attribute__((packed)) e[2] = { { 0, 0x10000, 1 }, { 0x10000,
        0x10000, 2 } };
    struct xen_foreign_memory_map m = { .domid = new_id, .map = { .nr_entries = 2 } };
    set_xen_guest_handle(m.map.buffer, (void *)e);
    return hc(__HYPERVISOR_memory_op, XENMEM_set_memory_map, &m);
}

static xen_pfn_t frames[40];
static u32 acquired;
static long acquire(void)       /* one more grant frame of the new domain */
{
    struct xen_mem_acquire_resource r = { .domid = new_id, .type = XENMEM_resource_grant_table, .id = 0, .frame =
        acquired, .nr_frames = 1 };
    set_xen_guest_handle(r.frame_list, frames);
    return hc(__HYPERVISOR_memory_op, XENMEM_acquire_resource, &r);
}
static void acquire_next(void) { acquired++; }

/* ---- vcpus of a domain that runs ---- */

static vcpu_guest_context_t context;
static long get_context(void)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_getvcpucontext, .domain = dom.id };
    set_xen_guest_handle(op.u.vcpucontext.ctxt, &context);
    return domctl(&op);
}
static long set_context(void)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_setvcpucontext, .domain = dom.id };
    set_xen_guest_handle(op.u.vcpucontext.ctxt, &context);
    return domctl(&op);
}
static u8 ext[4096] __attribute__((aligned(64)));
static struct xen_domctl_vcpuextstate ext_state;
static long ext_op(u32 cmd, void *buffer)
{
    struct xen_domctl op = { .cmd = cmd, .domain = dom.id };
    op.u.vcpuextstate = ext_state;
    set_xen_guest_handle(op.u.vcpuextstate.buffer, buffer);
    long rc = domctl(&op);
    ext_state = op.u.vcpuextstate;
    return rc;
}
static long get_ext(void) { return ext_op(XEN_DOMCTL_getvcpuextstate, ext); }
static long set_ext(void) { return ext_op(XEN_DOMCTL_setvcpuextstate, ext); }
static long set_policy(void)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_set_cpu_policy, .domain = new_id };
    return domctl(&op);
}

static volatile bool second_ran;
static void second(void)
{
    second_ran = true;
}
static long start_second(void) { return vcpu_start(1, second); }

/* ---- events ---- */

static u32 ports[600], nr_ports;
static long more_ports(void)    /* until all records are used and more are made */
{
    for (unsigned i = 0; i < 140; i++) {
        struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
        long rc = evtchn(EVTCHNOP_alloc_unbound, &a);
        if (rc)
            return rc;
        ports[nr_ports++] = a.port;
    }
    return 0;
}
static long bind_ports(void)    /* the same by the other ways of making a port */
{
    for (unsigned i = 0; i < 70; i++) {
        struct evtchn_bind_interdomain b = { .remote_dom = DOMID_SELF, .remote_port = ports[i] };
        struct evtchn_bind_ipi ipi = { .vcpu = 0 };
        long rc = ports[i] ? evtchn(EVTCHNOP_bind_interdomain, &b) : 0;
        if (!rc && ports[i])
            ports[i] = 0, ports[nr_ports++] = b.local_port;
        if (!rc)
            rc = evtchn(EVTCHNOP_bind_ipi, &ipi);
        if (rc)
            return rc;
        ports[nr_ports++] = ipi.port;
    }
    return 0;
}
static void *control, *words;
static long init_control(void)
{
    struct evtchn_init_control c = { .control_gfn = va_mfn(control), .vcpu = 0 };
    return evtchn(EVTCHNOP_init_control, &c);
}
static long expand(void)
{
    struct evtchn_expand_array e = { .array_gfn = va_mfn(words) };
    return evtchn(EVTCHNOP_expand_array, &e);
}

static u64 pirq;
static long map_pirq(void)
{
    struct physdev_map_pirq m = { .domid = DOMID_SELF, .type = MAP_PIRQ_TYPE_GSI, .index = 9, .pirq = -1 };
    long rc = hc(__HYPERVISOR_physdev_op, PHYSDEVOP_map_pirq, &m);
    pirq = (u64)m.pirq;
    return rc;
}
static long bind_pirq(void)
{
    struct evtchn_bind_pirq b = { .pirq = (u32)pirq, .flags = 1 };
    return evtchn(EVTCHNOP_bind_pirq, &b);
}
static long add_device(void)
{
    struct physdev_pci_device_add a = { .bus = 0, .devfn = 0x80 };     /* nobody found it at boot */
    return hc(__HYPERVISOR_physdev_op, PHYSDEVOP_pci_device_add, &a);
}

/* ---- grants ---- */

static u32 grant_frames = 1;
static long grow_grants(void)
{
    struct gnttab_setup_table s = { .dom = DOMID_SELF, .nr_frames = grant_frames + 1 };
    set_xen_guest_handle(s.frame_list, frames);
    long rc = hc(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, &s, 1);
    return rc ? rc : s.status;
}
static void grew(void) { grant_frames++; }
static long version(u32 v)
{
    struct gnttab_set_version s = { .version = v };
    return hc(__HYPERVISOR_grant_table_op, GNTTABOP_set_version, &s, 1);
}
static long version_2(void) { return version(2); }
static void version_1(void) { OK("version 1", version(1)); }

#define NR_MAPS 500
static grant_handle_t maps[NR_MAPS];
static unsigned nr_maps;
static u64 *table;
static long map_many(void)
{
    for (nr_maps = 0; nr_maps < NR_MAPS; nr_maps++) {
        struct gnttab_map_grant_ref m = { .host_addr = va_mfn(table) << 12 | nr_maps * 8, .flags = GNTMAP_host_map |
            GNTMAP_contains_pte,
                                          .ref = 9, .dom = 0 };
        long rc = hc(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, &m, 1);
        if (rc || m.status)
            return rc ? rc : m.status;
        maps[nr_maps] = m.handle;
    }
    return 0;
}
static void unmap_many(void)
{
    unsigned wrong = 0;
    for (unsigned i = 0; i < nr_maps; i++) {
        struct gnttab_unmap_grant_ref u = { .host_addr = va_mfn(table) << 12 | i * 8, .handle = maps[i] };
        wrong += hc(__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, &u, 1) || u.status;
    }
    EXPECT_EQ("unmapped", wrong, 0);
    nr_maps = 0;
}
static long map_some(void)
{
    long rc = map_many();
    if (rc)
        unmap_many();
    return rc;
}

/* ---- memory ---- */

static char *traded[4];
static long exchange(void)
{
    static xen_pfn_t in[4], out[1];
    for (unsigned i = 0; i < 4; i++) {
        in[i] = va_mfn(traded[i]);
        REQUIRE_OK(set_va(traded[i], 0));
    }
    out[0] = va_pfn(traded[0]);
    struct xen_memory_exchange x = { .in = { .nr_extents = 4, .domid = DOMID_SELF },
                                     .out = { .nr_extents = 1, .extent_order = 2, .domid = DOMID_SELF } };
    set_xen_guest_handle(x.in.extent_start, in);
    set_xen_guest_handle(x.out.extent_start, out);
    long rc = hc(__HYPERVISOR_memory_op, XENMEM_exchange, &x);
    EXPECT_EQ("all or nothing", x.nr_exchanged, rc ? 0 : 4);
    for (unsigned i = 0; i < 4; i++) {
        if (!rc)
            p2m[va_pfn(traded[i])] = out[0] + i;
        REQUIRE_OK(set_flags(traded[i], KERNEL_PAGE));
    }
    return rc;
}
static u64 increased;
static long increase(void)
{
    struct xen_memory_reservation r = { .nr_extents = 1, .extent_order = 3, .domid = DOMID_SELF };
    set_xen_guest_handle(r.extent_start, (xen_pfn_t *)&increased);
    return hc(__HYPERVISOR_memory_op, XENMEM_increase_reservation, &r) == 1 ? 0 : -1;
}
static void decrease(void)
{
    struct xen_memory_reservation r = { .nr_extents = 1, .extent_order = 3, .domid = DOMID_SELF };
    set_xen_guest_handle(r.extent_start, (xen_pfn_t *)&increased);
    EXPECT_EQ("decrease", hc(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, &r), 1);
}

/* What needs no memory does not ask for any, so it cannot fail for lack of it. */
static u64 *l1, *l2;
static long tables(void)
{
    long rc = mmuext1(MMUEXT_PIN_L1_TABLE, va_mfn(l1));
    rc |= mmuext1(MMUEXT_PIN_L2_TABLE, va_mfn(l2));
    rc |= mmu1(va_mfn(l2) << 12, va_mfn(l1) << 12 | TABLE);
    rc |= mmu1(va_mfn(l1) << 12, va_mfn(traded[0]) << 12 | KERNEL_PAGE);
    rc |= mmu1(va_mfn(l2) << 12, 0);
    rc |= mmuext1(MMUEXT_UNPIN_TABLE, va_mfn(l1));
    return rc | mmuext1(MMUEXT_UNPIN_TABLE, va_mfn(l2));
}

static long trace_size(void)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_tbuf_op };
    op.u.tbuf_op = (struct xen_sysctl_tbuf_op){ .cmd = XEN_SYSCTL_TBUFOP_set_size, .size = 2 };
    return sysctl(&op);
}

/* ---- in a child: the same code, its own domain ---- */

static u64 child_call(u64 what, u64 b, u64 c)
{
    static long (*const calls[])(void) = { more_ports, init_control, expand, version_2, increase };
    (void)b, (void)c;
    if (!control)
        control = page_alloc(), words = page_alloc();
    long rc = calls[what]();
    if (what == 3 && !rc)
        version_1();
    if (what == 4 && !rc)
        decrease();
    return (u64)rc;
}
static u64 child_what;
static long in_child(void) { return (long)dom_call(&dom, child_call, child_what, 0, 0); }

static void a_domain(void)
{
    each("createdomain", 8, create, destroy_new);
    REQUIRE_OK(create());
    struct xen_domctl op = { .cmd = XEN_DOMCTL_max_mem, .domain = new_id, .u.max_mem.max_memkb = 1024 };
    OK("max_mem", domctl(&op));
    each("max_vcpus", 5, max_vcpus, NULL);          /* what one try has made the next does not */
    each("set_cpu_policy", 1, set_policy, NULL);
    each("populate_physmap", 8, populate, depopulate);
    each("ioport_permission", 1, give_ports, NULL);
    each("ioport_permission, splitting", 1, split_ports, NULL);
    each("iomem_permission", 1, give_memory, NULL);
    each("set_memory_map", 1, memory_map, NULL);
    acquired = 1;
    each("acquire_resource", 2, acquire, acquire_next);
    destroy_new();
}

static void a_running_domain(void)
{
    static const char *const names[] = { "a child's ports", "a child's init_control", "a child's expand_array",
                                         "a child's grant version", "a child's increase_reservation" };
    dom_create(&dom);
    dom_call(&dom, child_call, 0, 0, 0);
    for (child_what = 0; child_what < 5; child_what++)
        each(names[child_what], child_what != 2, in_child, NULL);
    OK("pause", domctl_simple(XEN_DOMCTL_pausedomain, dom.id));
    each("getvcpucontext", 1, get_context, NULL);
    each("setvcpucontext", 1, set_context, NULL);
    ext_state = (struct xen_domctl_vcpuextstate){ .vcpu = 0 };
    OK("how much", ext_op(XEN_DOMCTL_getvcpuextstate, NULL));
    each("getvcpuextstate", 1, get_ext, NULL);
    each("setvcpuextstate", 1, set_ext, NULL);
    OK("unpause", domctl_simple(XEN_DOMCTL_unpausedomain, dom.id));
    arm(MANY);
    dom_destroy(&dom);
    EXPECT_EQ("the end of a domain needs no memory but for its audits", disarm(), MANY - 2);
}

void test(void)
{
    for (unsigned i = 0; i < 4; i++)
        traded[i] = page_alloc();
    table = table_alloc(), l1 = table_alloc(), l2 = table_alloc();
    OK("pin", mmuext1(MMUEXT_PIN_L1_TABLE, va_mfn(table)));

    each("trace buffers", 3, trace_size, NULL);
    each("initialise a vcpu", 1, start_second, NULL);
    EXPECT_EQ("it ran", wait_until(&second_ran, 3000000000UL), 1);
    each("ports", 1, more_ports, NULL);
    each("bound ports", 1, bind_ports, NULL);
    each("grant frames", 2, grow_grants, grew);
    each("grant version 2", 1, version_2, version_1);
    long err;
    grant_entry_v1_t *v1 = map_frame(frames[0], DOMID_SELF, KERNEL_PAGE, &err);
    OK("grant table", err);
    v1[9] = (grant_entry_v1_t){ .domid = 0, .frame = (u32)va_mfn(traded[1]) };
    barrier();
    v1[9].flags = GTF_permit_access;
    each("maptrack", 2, map_some, unmap_many);
    EXPECT_EQ("no mark is left", v1[9].flags & (GTF_reading | GTF_writing), 0);
    each("exchange", 1, exchange, NULL);
    each("increase_reservation", 1, increase, decrease);
    each("page tables", 0, tables, NULL);
    each("map_pirq", 0, map_pirq, NULL);
    each("bind_pirq", 1, bind_pirq, NULL);
    each("pci_device_add", 0, add_device, NULL);

    u64 base = 0;
    for (unsigned round = 0; round < 3; round++) {
        a_domain();
        a_running_domain();
        u64 have = free_pages_settled(round ? base : ANY_AMOUNT);
        if (round > 1)          /* what Serai keeps for the next domain is taken by then */
            EXPECT_EQ("no page is lost", have, base);
        base = free_pages();
    }
    audit_key();
    say("  %u failures", nr_failures);
}
