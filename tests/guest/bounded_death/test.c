/*
 * Bounded time, of what the dead leave: as much as a domain can have of what is given back in a loop over its vcpus,
 * over its grants, or over the dead themselves. Measured as in tests/guest/bounded.
 *
 * QEMU: -icount shift=0,sleep=off
 * Options: dom0_mem=64M gnttab_max_frames=4096 loglvl=error guest_loglvl=none
 * Differs: longer stretches there
 * Seconds: 120
 */
#include "bounded.h"

#define VCPUS 128
#define ENTRIES 500             /* with the tables above them, just what is undone without a look */
#define ZOMBIES 64
#define GRANT_FRAMES 4096
#define TABLES (VCPUS * 2 * 4)

static xen_pfn_t list[TABLES + 8];

static void populate(struct dom *d, unsigned pages)
{
    struct xen_memory_reservation r = { .nr_extents = pages, .domid = d->id };
    set_xen_guest_handle(r.extent_start, list);
    for (unsigned i = 0; i < pages; i++)
        list[i] = i;
    EXPECT_EQ("pages", hc(__HYPERVISOR_memory_op, XENMEM_populate_physmap, &r), pages);
}

static void destroy(struct dom *d, const char *name, unsigned times)
{
    long rc;
    audit_deaths(false);
    begin();
    while ((rc = domctl_simple(XEN_DOMCTL_destroydomain, d->id)) == -ERESTART)
        ;
    end(name, times);
    OK("destroyed", rc);
    audit_deaths(true);
}

/* ---- every vcpu has two small trees of its own ---- */

/* Four frames of d as a tree: its L4. */
static u64 make_tree(struct dom *d, const xen_pfn_t *t, u64 proto)
{
    mmu_update_t u[3];
    struct mmuext_op clear[4];
    for (unsigned i = 0; i < 3; i++) {
        clear[i] = (struct mmuext_op){ .cmd = MMUEXT_CLEAR_PAGE, .arg1.mfn = t[1 + i] };
        u[i] = (mmu_update_t){ .ptr = t[1 + i] << 12, .val = t[i] << 12 | TABLE };
    }
    clear[3] = (struct mmuext_op){ .cmd = MMUEXT_COPY_PAGE, .arg1.mfn = t[0], .arg2.src_mfn = proto };
    REQUIRE_OK(hc(__HYPERVISOR_mmuext_op, clear, 4, 0, d->id));
    REQUIRE_OK(hc(__HYPERVISOR_mmu_update, u, 3, 0, (u64)(d->id + 1) << 16 | DOMID_SELF));
    return t[3];
}

/* Dropping all of them was one piece of work. */
static void many_vcpus(void)
{
    static vcpu_guest_context_t c;
    struct dom d;
    u64 *proto;
    long err;
    REQUIRE_OK(dom_create_empty(&d, VCPUS, TABLES + 8));
    populate(&d, TABLES + 8);
    proto = map_frame(list[TABLES], d.id, KERNEL_PAGE, &err);
    REQUIRE_OK(err);
    for (unsigned i = 0; i < 512; i++)
        proto[i] = i < ENTRIES ? list[TABLES + 1] << 12 | KERNEL_PAGE : 0;
    OK("unmap", unmap_frame(proto));
    for (unsigned i = 0; i < VCPUS; i++) {
        c.flags = VGCF_in_kernel;
        c.ctrlreg[3] = make_tree(&d, list + 8 * i, list[TABLES]) << 12;
        c.ctrlreg[1] = make_tree(&d, list + 8 * i + 4, list[TABLES]) << 12;
        struct xen_domctl op = { .cmd = XEN_DOMCTL_setvcpucontext, .domain = d.id, .u.vcpucontext.vcpu = i };
        set_xen_guest_handle(op.u.vcpucontext.ctxt, &c);
        REQUIRE_OK(domctl(&op));
    }
    destroy(&d, "end of 128 vcpus with trees", 10);
}

/* ---- zombies that end at once ---- */

static u64 *window;             /* an L1 table of our own, pinned: its entries are pages of theirs */

static void many_zombies(void)
{
    u64 before = free_pages_after_first_domain();
    static struct dom z[ZOMBIES];
    window = table_alloc();
    OK("pin", mmuext1(MMUEXT_PIN_L1_TABLE, va_mfn(window)));
    for (unsigned i = 0; i < ZOMBIES; i++) {
        REQUIRE_OK(dom_create_empty(&z[i], 1, 64));
        populate(&z[i], 1);
        REQUIRE_OK(mmu1_dom(va_mfn(window) << 12 | i * 8, list[0] << 12 | KERNEL_PAGE, z[i].id));
        long rc;
        while ((rc = domctl_simple(XEN_DOMCTL_destroydomain, z[i].id)) == -ERESTART)
            ;
        REQUIRE_OK(rc);
    }
    BOUNDED("end of 64 zombies", OK("unpin", mmuext1(MMUEXT_UNPIN_TABLE, va_mfn(window))));
    /* Structures of domains are kept for the next ones. */
    EXPECT(free_pages_settled(before) + ZOMBIES / 4 >= before);
}

/* ---- a mapper of pages that nobody else keeps ---- */

#define MAPPED 512

static u64 map_all(u64 dom, u64 first, u64 n)
{
    static struct gnttab_map_grant_ref m[64];
    u64 mapped = 0;
    for (u64 done = 0; done < n; done += 64) {
        for (unsigned i = 0; i < 64; i++)
            m[i] = (struct gnttab_map_grant_ref){ .dom = (domid_t)dom, .ref = (u32)(first + done + i),
                                                  .flags = GNTMAP_device_map };
        OK("map", hc(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, m, 64));
        for (unsigned i = 0; i < 64; i++)
            mapped += !m[i].status;
    }
    return mapped;
}

static void last_mapper(void)
{
    static xen_pfn_t frames[2];
    static struct dom a, b;
    struct gnttab_setup_table t = { .nr_frames = 2 };
    long rc, err;
    dom_create(&b);
    REQUIRE_OK(dom_create_empty(&a, 1, 1024));
    populate(&a, MAPPED);
    t.dom = a.id;
    set_xen_guest_handle(t.frame_list, frames);
    OK("set up", hc(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, &t, 1));
    grant_entry_v1_t *table = map_frame(frames[1], a.id, KERNEL_PAGE, &err);
    REQUIRE_OK(err);
    for (unsigned i = 0; i < MAPPED; i++)
        table[i] = (grant_entry_v1_t){ .flags = GTF_permit_access, .domid = b.id, .frame = (u32)list[i] };
    OK("unmap", unmap_frame(table));
    EXPECT_EQ("mapped", dom_call(&b, map_all, a.id, 512, MAPPED), MAPPED);
    while ((rc = domctl_simple(XEN_DOMCTL_destroydomain, a.id)) == -ERESTART)
        ;
    OK("a zombie", rc);
    REQUIRE_OK(unmap_frame((void *)b.mb));
    destroy(&b, "end of who held a zombie's 512 pages", 1);
}

/* ---- the last round of a migration looks for grants that can be written ---- */

static void written_grants(void)
{
    static xen_pfn_t frames[GRANT_FRAMES];
    static u8 bitmap[64];
    struct gnttab_setup_table t = { .nr_frames = GRANT_FRAMES };
    struct dom d;
    long err;
    dom_max_grant_frames = GRANT_FRAMES;
    REQUIRE_OK(dom_create_empty(&d, 1, 64));
    dom_max_grant_frames = -1;
    populate(&d, 4);
    t.dom = d.id;
    set_xen_guest_handle(t.frame_list, frames);
    OK("set up", hc(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, &t, 1));
    grant_entry_v1_t *table = map_frame(frames[GRANT_FRAMES - 1], d.id, KERNEL_PAGE, &err);
    REQUIRE_OK(err);
    table[511] = (grant_entry_v1_t){ .flags = GTF_permit_access, .domid = 0, .frame = (u32)list[2] };
    OK("unmap", unmap_frame(table));
    struct gnttab_map_grant_ref g = { .dom = d.id, .ref = GRANT_FRAMES * 512 - 1, .flags = GNTMAP_device_map };
    OK("map", hc(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, &g, 1));
    REQUIRE_OK(g.status);
    struct xen_domctl op = { .cmd = XEN_DOMCTL_shadow_op, .domain = d.id };
    op.u.shadow_op.op = XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY;
    OK("log dirty", domctl(&op));
    op.u.shadow_op.op = XEN_DOMCTL_SHADOW_OP_CLEAN, op.u.shadow_op.pages = 64;
    set_xen_guest_handle(op.u.shadow_op.dirty_bitmap, bitmap);
    OK("clean", domctl(&op));
    op.u.shadow_op.mode = XEN_DOMCTL_SHADOW_LOGDIRTY_FINAL;
    BOUNDED("the last look at 2097152 grants", OK("clean", domctl(&op)));
    EXPECT_EQ("the granted page counts as written", bitmap[0] >> 2 & 1, 1);
    struct gnttab_unmap_grant_ref un = { .dev_bus_addr = g.dev_bus_addr, .handle = g.handle };
    OK("unmap", hc(__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, &un, 1));
    destroy(&d, "end of a logged domain", 1);
}

/* ---- pages that were given back while a table of ours still named them ---- */

/* A pinned table of n entries with the last of our frames, from the end of memory; the frame of the table. */
static u64 given_back(unsigned n)
{
    static unsigned used;
    struct xen_memory_reservation r = { .nr_extents = n, .domid = DOMID_SELF };
    u64 *t = page_alloc();
    for (unsigned i = 0; i < n; i++) {
        list[i] = p2m[si->nr_pages - 1 - used++];
        t[i] = list[i] << 12 | KERNEL_PAGE;
    }
    REQUIRE_OK(set_flags(t, READ_PAGE));
    OK("pin", mmuext1(MMUEXT_PIN_L1_TABLE, va_mfn(t)));
    set_xen_guest_handle(r.extent_start, list);
    EXPECT_EQ("given back", hc(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, &r), n);
    return va_mfn(t);
}

static void last_names(void)
{
    static mmu_update_t u[512];
    static struct mmuext_op ops[30];
    static struct multicall_entry m[8];
    u64 t = given_back(512);
    BOUNDED("a table that had the last of 512 pages", OK("unpin", mmuext1(MMUEXT_UNPIN_TABLE, t)));
    for (unsigned i = 0; i < 30; i++)
        ops[i] = (struct mmuext_op){ .cmd = MMUEXT_UNPIN_TABLE, .arg1.mfn = given_back(7) };
    BOUNDED("30 tables that had the last of 7", OK("unpin", hc(__HYPERVISOR_mmuext_op, ops, 30, 0, DOMID_SELF)));
    for (unsigned round = 0; round < 2; round++) {
        t = given_back(512);
        for (unsigned i = 0; i < 512; i++)
            u[i] = (mmu_update_t){ .ptr = t << 12 | i * 8 };
        for (unsigned i = 0; i < 8; i++)
            m[i] = (struct multicall_entry){ .op = __HYPERVISOR_mmu_update,
                                             .args = { (u64)(u + 64 * i), 64, 0, DOMID_SELF } };
        if (!round)
            BOUNDED("512 entries that had the last", OK("clear", hc(__HYPERVISOR_mmu_update, u, 512, 0, DOMID_SELF)));
        else
            BOUNDED("multicall of 8 lists of 64 of them", OK("clear", hc(__HYPERVISOR_multicall, m, 8)));
    }
}

/* ---- one large extent is given back ---- */

static void large_extent(void)
{
    struct xen_memory_reservation r = { .nr_extents = 1, .extent_order = 9, .domid = 0 };
    struct dom d;
    REQUIRE_OK(dom_create_empty(&d, 1, 1024));
    r.domid = d.id;
    list[0] = 0;
    set_xen_guest_handle(r.extent_start, list);
    EXPECT_EQ("populate", hc(__HYPERVISOR_memory_op, XENMEM_populate_physmap, &r), 1);
    BOUNDED_WITH_INTERRUPTS("decrease_reservation of order 9",
            EXPECT_EQ("decrease", hc(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, &r), 1));
    destroy(&d, "end of an empty domain", 1);
}

void test(void)
{
    bounded_init();
    many_vcpus();
    many_zombies();
    last_mapper();
    written_grants();
    large_extent();
    last_names();
    bounded_worst();
}
