/*
 * Bounded time: the longest stretch of instructions in which a due timer event of the same vcpu is not delivered, for
 * calls with the worst arguments we know. Under -icount a tick of the TSC is an instruction; a handler that arms the
 * timer a few microseconds ahead again and again notes the longest gap between two deliveries. What is left of a gap
 * without those is a stretch in which the hypervisor neither took the interrupt nor came back, so it bounds both: a
 * tenth of a millisecond with interrupts off, and a millisecond without a preemption point, which is ten times that.
 *
 * Debug builds hold to twice the bound, as they check more, and do not audit the machine meanwhile. Prints a table, and
 * the worst case as its last line.
 *
 * QEMU: -icount shift=0,sleep=off
 * Options: dom0_mem=64M gnttab_max_frames=4096 loglvl=error guest_loglvl=none
 * Differs: longer stretches there
 * Seconds: 120
 */
#include "dom.h"
#include "bounded.h"

#define NR_BUF 180
#define TREE 512
#define GRANT_FRAMES 4096       /* the largest table there can be */

static char *buf;               /* NR_BUF pages in a row */
static u64 *proto, *l2, *l3, *l4;
static u64 page_ro;

/* Frames at the end of memory, which nothing maps. */
static u64 spare(unsigned i) { return p2m[si->nr_pages - 1 - i]; }

/* An L2 with 512 L1s of 512 entries each, of frames nobody else uses, the n-th of that kind. */
static void make_tree(u64 *table, unsigned n)
{
    static struct mmuext_op ops[TREE];
    for (unsigned i = 0; i < TREE; i++) {
        u64 mfn = spare(n * 6000 + i);
        ops[i] = (struct mmuext_op){ .cmd = MMUEXT_COPY_PAGE, .arg1.mfn = mfn, .arg2.src_mfn = va_mfn(proto) };
        table[i] = mfn << 12 | TABLE;
    }
    REQUIRE_OK(hc(__HYPERVISOR_mmuext_op, ops, TREE, 0, DOMID_SELF));
}

/* A tree that is still being taken apart when the next one is to be: one of them can wait, two cannot. */
static void two_trees(void)
{
    u64 *m2 = (void *)page_alloc(), *m3 = (void *)page_alloc(), *m4 = (void *)page_alloc(), v = 0;
    make_tree(l2, 0);
    make_tree(m2, 1);
    OK("writable", set_flags(l3, KERNEL_PAGE));
    l3[0] = va_mfn(l2) << 12 | TABLE;
    m3[0] = va_mfn(m2) << 12 | TABLE;
    m4[0] = va_mfn(m3) << 12 | TABLE;
    m4[511] = ((u64 *)mfn_va(our_l4()))[511];
    u64 *table[] = { l2, l3, m2, m3, m4 };
    for (unsigned i = 0; i < 5; i++)
        REQUIRE_OK(set_flags(table[i], READ_PAGE));
    OK("pin L3", mmuext1(MMUEXT_PIN_L3_TABLE, va_mfn(l3)));
    BOUNDED("mov to CR3, with the tree", __asm__ volatile("mov %0, %%cr3" : : "r"(va_mfn(m4) << 12) : "memory"));
    BOUNDED("xchg drops a tree, mov to CR3 another",
            __asm__ volatile("xchg %0, %1\n\tmov %2, %%cr3" : "+r"(v), "+m"(*l3) : "r"(our_l4() << 12) : "memory"));
    for (unsigned i = 0; i < 5; i++)
        if (i != 1)
            OK("nothing is left of them", set_flags(table[i], KERNEL_PAGE));
    OK("unpin L3", mmuext1(MMUEXT_UNPIN_TABLE, va_mfn(l3)));
}

/* Lists too short to look up from inside, calls too few to look up between them: a pin may be 512 entries. */
static void many_pins(void)
{
    static struct mmuext_op ops[TREE];
    static struct multicall_entry m[16];
    make_tree(l2, 0);
    for (unsigned i = 0; i < TREE; i++)
        ops[i] = (struct mmuext_op){ .cmd = MMUEXT_PIN_L1_TABLE, .arg1.mfn = spare(i) };
    for (unsigned i = 0; i < 16; i++)
        m[i] = (struct multicall_entry){ .op = __HYPERVISOR_mmuext_op,
                                         .args = { (u64)(ops + 30 * i), 30, 0, DOMID_SELF } };
    BOUNDED("multicall of 16 lists of 30 pins", OK("pins", hc(__HYPERVISOR_multicall, m, 16)));
    for (unsigned i = 0; i < TREE; i++)
        ops[i].cmd = MMUEXT_UNPIN_TABLE;
    for (unsigned i = 0; i < 16; i++) {
        OK("each", m[i].result);
        m[i] = (struct multicall_entry){ .op = __HYPERVISOR_mmuext_op,
                                         .args = { (u64)(ops + 30 * i), 30, 0, DOMID_SELF } };
    }
    BOUNDED("multicall of 16 lists of 30 unpins", OK("unpins", hc(__HYPERVISOR_multicall, m, 16)));
    for (unsigned i = 0; i < 16; i++)
        OK("each", m[i].result);
}

static void trees(void)
{
    mmu_update_t u = { .ptr = va_mfn(l3) << 12, .val = 0 };
    make_tree(l2, 0);
    REQUIRE_OK(set_flags(l2, READ_PAGE));
    REQUIRE_OK(set_flags(l3, READ_PAGE));
    REQUIRE_OK(set_flags(l4, READ_PAGE));
    BOUNDED("pin 512 L1 tables", OK("pin", mmuext1(MMUEXT_PIN_L2_TABLE, va_mfn(l2))));
    BOUNDED("unpin 512 L1 tables", OK("unpin", mmuext1(MMUEXT_UNPIN_TABLE, va_mfn(l2))));
    OK("pin L3", mmuext1(MMUEXT_PIN_L3_TABLE, va_mfn(l3)));
    for (unsigned i = 0; i < 2; i++) {
        BOUNDED("one entry names the tree", OK("link", mmu1(va_mfn(l3) << 12, va_mfn(l2) << 12 | TABLE)));
        BOUNDED("one entry drops the tree", OK("drop", hc(__HYPERVISOR_mmu_update, &u, 1, 0, DOMID_SELF)));
        OK("nothing is left of it", set_flags(l2, KERNEL_PAGE));
        OK("read-only again", set_flags(l2, READ_PAGE));
    }
    BOUNDED("a direct write names the tree", *(volatile u64 *)l3 = va_mfn(l2) << 12 | TABLE);
    BOUNDED("a direct write drops the tree", *(volatile u64 *)l3 = 0);
    OK("nothing is left of it", set_flags(l2, KERNEL_PAGE));
    OK("read-only again", set_flags(l2, READ_PAGE));
    u64 v = va_mfn(l2) << 12 | TABLE;
    BOUNDED("xchg names the tree", __asm__ volatile("xchg %0, %1" : "+r"(v), "+m"(*l3)));
    v = 0;
    BOUNDED("xchg drops the tree", __asm__ volatile("xchg %0, %1" : "+r"(v), "+m"(*l3)));
    OK("nothing is left of it", set_flags(l2, KERNEL_PAGE));
    OK("read-only again", set_flags(l2, READ_PAGE));
    OK("link", mmu1(va_mfn(l3) << 12, va_mfn(l2) << 12 | TABLE));
    OK("unpin L3, now empty but for the tree", mmuext1(MMUEXT_UNPIN_TABLE, va_mfn(l3)));
    OK("writable", set_flags(l4, KERNEL_PAGE));
    l4[0] = va_mfn(l3) << 12 | TABLE;
    l4[511] = ((u64 *)mfn_va(our_l4()))[511];
    REQUIRE_OK(set_flags(l4, READ_PAGE));
    BOUNDED("user base with the tree", OK("base", mmuext1(MMUEXT_NEW_USER_BASEPTR, va_mfn(l4))));
    BOUNDED("user base without", OK("base", mmuext1(MMUEXT_NEW_USER_BASEPTR, 0)));
    OK("nothing is left of it", set_flags(l2, KERNEL_PAGE));
    OK("read-only again", set_flags(l2, READ_PAGE));
    BOUNDED("mov to CR3, with the tree", __asm__ volatile("mov %0, %%cr3" : : "r"(va_mfn(l4) << 12) : "memory"));
    BOUNDED("mov to CR3, without", __asm__ volatile("mov %0, %%cr3" : : "r"(our_l4() << 12) : "memory"));
    u64 *to = l2, *from = (void *)page_alloc(), n = TREE;
    memcpy(from, l2, 4096);
    OK("nothing is left of it", set_flags(l2, KERNEL_PAGE));
    memset(l2, 0, 4096);
    OK("read-only again", set_flags(l2, READ_PAGE));
    OK("pin L2, empty", mmuext1(MMUEXT_PIN_L2_TABLE, va_mfn(l2)));
    BOUNDED("rep movsq names 512 L1 tables",
            __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(n) : : "memory"));
    to = l2, n = TREE;
    BOUNDED("rep stosq drops them", __asm__ volatile("rep stosq" : "+D"(to), "+c"(n) : "a"(0) : "memory"));
    OK("unpin L2", mmuext1(MMUEXT_UNPIN_TABLE, va_mfn(l2)));
    OK("writable", set_flags(l2, KERNEL_PAGE));
}

static void lists(void)
{
    mmu_update_t *u = (void *)buf;
    struct mmuext_op *o = (void *)buf;
    struct multicall_entry *m = (void *)buf;
    char *a = page_alloc(), *b = page_alloc();
    unsigned n = NR_BUF * 4096 / sizeof(*u);
    u64 ma = entry_ma(walk((u64)a, 1));

    for (unsigned i = 0; i < n; i++)
        u[i] = (mmu_update_t){ .ptr = ma, .val = va_mfn(i & 1 ? a : b) << 12 | KERNEL_PAGE };
    BOUNDED("mmu_update of 46080", OK("list", hc(__HYPERVISOR_mmu_update, u, n, 0, DOMID_SELF)));
    n = NR_BUF * 4096 / sizeof(*o);
    for (unsigned i = 0; i < n; i++)
        o[i] = (struct mmuext_op){ .cmd = MMUEXT_COPY_PAGE, .arg1.mfn = va_mfn(a), .arg2.src_mfn = va_mfn(b) };
    BOUNDED("mmuext_op of 10000 page copies", OK("list", hc(__HYPERVISOR_mmuext_op, o, 10000, 0, DOMID_SELF)));
    for (unsigned i = 0; i < n; i++)
        o[i] = (struct mmuext_op){ .cmd = i & 1 ? MMUEXT_TLB_FLUSH_ALL : MMUEXT_PIN_L4_TABLE, .arg1.mfn = our_l4() };
    BOUNDED("mmuext_op, one of a long list refused", hc(__HYPERVISOR_mmuext_op, o, n, 0, DOMID_SELF));
    n = NR_BUF * 4096 / sizeof(*m);
    static mmu_update_t chunk[1000];
    for (unsigned i = 0; i < 1000; i++)
        chunk[i] = (mmu_update_t){ .ptr = ma, .val = va_mfn(i & 1 ? a : b) << 12 | KERNEL_PAGE };
    for (unsigned i = 0; i < n; i++)
        m[i] = (struct multicall_entry){ .op = __HYPERVISOR_xen_version, .args = { 0, 0 } };
    BOUNDED("multicall of 11520 short calls", OK("list", hc(__HYPERVISOR_multicall, m, n)));
    for (unsigned i = 0; i < 500; i++)
        m[i] = (struct multicall_entry){ .op = __HYPERVISOR_mmu_update, .args = { (u64)chunk, 1000, 0, DOMID_SELF } };
    BOUNDED("multicall of 500 lists of 1000 updates", OK("list", hc(__HYPERVISOR_multicall, m, 500)));
    for (unsigned i = 0; i < 500; i++)
        m[i] = (struct multicall_entry){ .op = __HYPERVISOR_update_descriptor, .args = { va_mfn(a) << 12, 0 } };
    BOUNDED("multicall of 500 descriptors", OK("list", hc(__HYPERVISOR_multicall, m, 500)));
}

static void reservations(void)
{
    xen_pfn_t *list = (void *)buf;
    struct xen_memory_reservation r = { .nr_extents = 4000, .domid = DOMID_SELF };
    set_xen_guest_handle(r.extent_start, list);
    for (unsigned i = 0; i < 4000; i++)
        list[i] = spare(1000 + i);
    BOUNDED("decrease_reservation of 4000", EXPECT_EQ("all", hc(__HYPERVISOR_memory_op, XENMEM_decrease_reservation,
                                                                &r), 4000));
    for (unsigned i = 0; i < 4000; i++)
        list[i] = si->nr_pages - 1 - 1000 - i;
    BOUNDED("populate_physmap of 4000", EXPECT_EQ("all", hc(__HYPERVISOR_memory_op, XENMEM_populate_physmap, &r),
                                                  4000));
    for (unsigned i = 0; i < 4000; i++)
        p2m[si->nr_pages - 1 - 1000 - i] = list[i];
    struct xen_memory_exchange x = { .in = { .nr_extents = 4000, .domid = DOMID_SELF },
                                     .out = { .nr_extents = 4000, .domid = DOMID_SELF } };
    xen_pfn_t *out = list + 8000;
    for (unsigned i = 0; i < 4000; i++)
        out[i] = si->nr_pages - 1 - 1000 - i;
    set_xen_guest_handle(x.in.extent_start, list);
    set_xen_guest_handle(x.out.extent_start, out);
    BOUNDED("exchange of 4000", OK("exchange", hc(__HYPERVISOR_memory_op, XENMEM_exchange, &x)));
    for (unsigned i = 0; i < 4000; i++)
        p2m[si->nr_pages - 1 - 1000 - i] = out[i];
    x = (struct xen_memory_exchange){ .in = { .nr_extents = 3584, .domid = DOMID_SELF },
                                      .out = { .nr_extents = 7, .extent_order = 9, .domid = DOMID_SELF } };
    set_xen_guest_handle(x.in.extent_start, out);
    set_xen_guest_handle(x.out.extent_start, list);
    for (unsigned i = 0; i < 7; i++)
        list[i] = si->nr_pages - 1 - 1000 - 512 * i - 511;
    BOUNDED_WITH_INTERRUPTS("exchange of 3584 for 7 large ones",
                            OK("exchange", hc(__HYPERVISOR_memory_op, XENMEM_exchange, &x)));
    x = (struct xen_memory_exchange){ .in = { .nr_extents = 7, .extent_order = 9, .domid = DOMID_SELF },
                                      .out = { .nr_extents = 3584, .domid = DOMID_SELF } };
    set_xen_guest_handle(x.in.extent_start, list);
    set_xen_guest_handle(x.out.extent_start, out);
    for (unsigned i = 0; i < 3584; i++)
        out[i] = si->nr_pages - 1 - 1000 - i;
    BOUNDED_WITH_INTERRUPTS("exchange of 7 large ones for 3584",
                            OK("exchange", hc(__HYPERVISOR_memory_op, XENMEM_exchange, &x)));
    for (unsigned i = 0; i < 3584; i++)
        p2m[si->nr_pages - 1 - 1000 - i] = out[i];
    for (unsigned i = 0; i < 4; i++)
        list[i] = 0;
    r.nr_extents = 1, r.extent_order = 9;
    BOUNDED_WITH_INTERRUPTS("populate_physmap of order 9", hc(__HYPERVISOR_memory_op, XENMEM_populate_physmap, &r));
    static struct multicall_entry m[8];
    for (unsigned i = 0; i < 8; i++)
        m[i] = (struct multicall_entry){ .op = __HYPERVISOR_memory_op, .args = { XENMEM_populate_physmap, (u64)&r } };
    BOUNDED_WITH_INTERRUPTS("multicall of 8 of them", OK("calls", hc(__HYPERVISOR_multicall, m, 8)));
}

static void grants(void)
{
    struct gnttab_copy *c = (void *)buf;
    char *a = page_alloc(), *b = page_alloc();
    unsigned n = NR_BUF * 4096 / sizeof(*c);
    for (unsigned i = 0; i < n; i++) {
        c[i] = (struct gnttab_copy){ .len = 4096 };
        c[i].source.domid = c[i].dest.domid = DOMID_SELF;
        c[i].source.u.gmfn = va_mfn(i & 1 ? a : b), c[i].dest.u.gmfn = va_mfn(i & 1 ? b : a);
    }
    BOUNDED("grant copies, 10000 of a page", EXPECT_EQ("copies",
                                                       hc(__HYPERVISOR_grant_table_op, GNTTABOP_copy, c, 10000), 0));
    struct gnttab_cache_flush *f = (void *)buf;
    for (unsigned i = 0; i < 10000; i++)
        f[i] = (struct gnttab_cache_flush){ .a.dev_bus_addr = va_mfn(a) << 12, .length = 4096,
                                            .op = GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_INVAL };
    BOUNDED("cache flushes, 10000 of a page", OK("flush", hc(__HYPERVISOR_grant_table_op, GNTTABOP_cache_flush, f,
                                                             10000)));
    struct gnttab_map_grant_ref *m = (void *)buf;
    memset(buf, 0, NR_BUF * 4096);
    for (unsigned i = 0; i < 10000; i++)
        m[i] = (struct gnttab_map_grant_ref){ .dom = DOMID_SELF, .ref = i, .flags = GNTMAP_host_map };
    BOUNDED("grant maps, 10000 refused", hc(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, m, 10000));
    struct gnttab_unmap_grant_ref *x = (void *)buf;
    BOUNDED("grant unmaps, 10000 refused", hc(__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, x, 10000));
}

/* The table at its largest, its versions, and the rarer lists. */
static void grant_tables(void)
{
    static xen_pfn_t frames[GRANT_FRAMES];
    static uint64_t status[GRANT_FRAMES / 8];
    struct gnttab_setup_table t = { .dom = DOMID_SELF, .nr_frames = GRANT_FRAMES };
    struct gnttab_set_version v = { .version = 2 };
    struct gnttab_get_status_frames st = { .dom = DOMID_SELF, .nr_frames = GRANT_FRAMES / 8 };
    set_xen_guest_handle(t.frame_list, frames);
    set_xen_guest_handle(st.frame_list, status);
    BOUNDED_WITH_INTERRUPTS("a grant table of 4096 frames",
                            OK("set up", hc(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, &t, 1)));
    BOUNDED("grants of version 2", OK("version", hc(__HYPERVISOR_grant_table_op, GNTTABOP_set_version, &v, 1)));
    BOUNDED("status frames", hc(__HYPERVISOR_grant_table_op, GNTTABOP_get_status_frames, &st, 1));
    v.version = 1;
    BOUNDED("grants of version 1", OK("version", hc(__HYPERVISOR_grant_table_op, GNTTABOP_set_version, &v, 1)));
    memset(buf, 0, NR_BUF * 4096);
    BOUNDED("grant transfers, 10000 refused", hc(__HYPERVISOR_grant_table_op, GNTTABOP_transfer, buf, 10000));
    BOUNDED("unmap and replace, 10000 refused",
            hc(__HYPERVISOR_grant_table_op, GNTTABOP_unmap_and_replace, buf, 10000));
    BOUNDED("grant swaps, 10000 refused", hc(__HYPERVISOR_grant_table_op, GNTTABOP_swap_grant_ref, buf, 10000));
}

/* Freeing a dead domain's table was one piece. */
static void dead_table(void)
{
    static xen_pfn_t frames[GRANT_FRAMES];
    struct gnttab_setup_table t = { .nr_frames = GRANT_FRAMES };
    u64 before = free_pages();
    struct dom d;
    long rc;

    set_xen_guest_handle(t.frame_list, frames);
    dom_max_grant_frames = GRANT_FRAMES;
    REQUIRE_OK(dom_create_empty(&d, 1, 64));
    dom_max_grant_frames = -1;
    t.dom = d.id;
    OK("set up", hc(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, &t, 1));
    EXPECT_EQ("it is there", t.status, GNTST_okay);
    EXPECT(before - free_pages() > 2 * GRANT_FRAMES);
    audit_deaths(false);
    begin();
    while ((rc = domctl_simple(XEN_DOMCTL_destroydomain, d.id)) == -ERESTART)
        ;
    end("end of a grant table of 4096 frames", 1);
    OK("destroyed", rc);
    audit_deaths(true);
    for (unsigned i = 0; i < 100 && free_pages() != before; i++)
        nap();
    EXPECT_EQ("all memory is back", free_pages(), before);
}

static void log_dirty(struct dom *d, const char *name, u32 what)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_shadow_op, .domain = d->id };
    op.u.shadow_op.op = what, op.u.shadow_op.pages = 8192;
    set_xen_guest_handle(op.u.shadow_op.dirty_bitmap, (u8 *)buf);
    BOUNDED(name, domctl(&op));
}

/* 512 pages of another domain become page tables with 512 writable entries each. */
static void make_tables(struct dom *d, const xen_pfn_t *list)
{
    static struct mmuext_op copy[TREE], pin[TREE];
    u64 *t = map_frame(list[0], d->id, KERNEL_PAGE, NULL);
    for (unsigned i = 0; i < 512; i++)
        t[i] = list[1 + i % 8] << 12 | KERNEL_PAGE;
    OK("unmap", unmap_frame(t));
    for (unsigned i = 0; i < TREE; i++) {
        copy[i] = (struct mmuext_op){ .cmd = MMUEXT_COPY_PAGE, .arg1.mfn = list[16 + i], .arg2.src_mfn = list[0] };
        pin[i] = (struct mmuext_op){ .cmd = MMUEXT_PIN_L1_TABLE, .arg1.mfn = list[16 + i] };
    }
    BOUNDED("copies in another domain", OK("copy", hc(__HYPERVISOR_mmuext_op, copy, TREE, 0, d->id)));
    BOUNDED("pins in another domain", OK("pin", hc(__HYPERVISOR_mmuext_op, pin, TREE, 0, d->id)));
}

/* What a toolstack asks about a domain with much of everything. */
static void tools(struct dom *d, xen_pfn_t *list)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_getpageframeinfo3, .domain = d->id };
    op.u.getpageframeinfo3.num = 1024;
    set_xen_guest_handle(op.u.getpageframeinfo3.array, list);
    BOUNDED("types of 1024 frames", OK("types", domctl(&op)));
    log_dirty(d, "log dirty: on", XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY);
    log_dirty(d, "log dirty: peek at 8192 pages", XEN_DOMCTL_SHADOW_OP_PEEK);
    log_dirty(d, "log dirty: clean 8192 pages", XEN_DOMCTL_SHADOW_OP_CLEAN);
    log_dirty(d, "log dirty: off", XEN_DOMCTL_SHADOW_OP_OFF);
    struct xen_machphys_mfn_list m = { .max_extents = 1000 };
    set_xen_guest_handle(m.extent_start, (xen_pfn_t *)buf);
    BOUNDED("machphys list", OK("machphys", hc(__HYPERVISOR_memory_op, XENMEM_machphys_mfn_list, &m)));
    struct xen_sysctl s = { .cmd = XEN_SYSCTL_readconsole };
    s.u.readconsole.count = 65536;
    set_xen_guest_handle(s.u.readconsole.buffer, buf);
    BOUNDED("console ring", OK("read", sysctl(&s)));
    u64 frames[16], n = 65536;
    const char *from = buf;
    for (unsigned i = 0; i < 16; i++)
        frames[i] = page_ro;
    BOUNDED("a descriptor table of 14 frames", hc(__HYPERVISOR_set_gdt, frames, 14 * 512));
    struct physdev_set_iopl iopl = { .iopl = 3 };
    hc(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, &iopl);
    BOUNDED("rep outsb of 64 KiB", __asm__ volatile("rep outsb" : "+S"(from), "+c"(n) : "d"(0x80) : "memory"));
}

static void small_ones(void)
{
    static struct trap_info t[257];
    for (unsigned i = 0; i < 256; i++)
        t[i] = (struct trap_info){ .vector = (u8)i, .cs = FLAT_KERNEL_CS, .address = (u64)trap_stubs };
    BOUNDED("set_trap_table of 256", hc(__HYPERVISOR_set_trap_table, t));
    void traps_init(void);
    traps_init();
    static evtchn_port_t ports[128];
    for (unsigned i = 0; i < 128; i++)
        ports[i] = 1000;
    struct sched_poll p = { .nr_ports = 128, .timeout = 1 };
    set_xen_guest_handle(p.ports, ports);
    BOUNDED("poll of 128 ports", for (unsigned i = 0; i < 20; i++) hc(__HYPERVISOR_sched_op, SCHEDOP_poll, &p));
    BOUNDED("initialise of a vcpu", hc(__HYPERVISOR_vcpu_op, VCPUOP_initialise, 0, buf));
    memset(buf, ' ', 65536);
    BOUNDED("console write of 64 KiB", OK("write", hc(__HYPERVISOR_console_io, CONSOLEIO_write, 65536, buf)));
}

static void domains(void)
{
    static struct dom d;
    OK("create", dom_create_empty(&d, 8, 8192));
    for (unsigned i = 0; i < 1023; i++) {
        struct evtchn_alloc_unbound a = { .dom = d.id, .remote_dom = 0 };
        evtchn(EVTCHNOP_alloc_unbound, &a);
    }
    struct evtchn_reset reset = { .dom = d.id };
    BOUNDED("reset of 1023 ports", OK("reset", evtchn(EVTCHNOP_reset, &reset)));
    xen_pfn_t *list = (void *)buf;
    for (unsigned i = 0; i < 8192; i++)
        list[i] = i;
    struct xen_memory_reservation r = { .nr_extents = 8192, .domid = d.id };
    set_xen_guest_handle(r.extent_start, list);
    BOUNDED("a domain of 8192 pages", EXPECT_EQ("pages", hc(__HYPERVISOR_memory_op, XENMEM_populate_physmap, &r),
                                                8192));
    make_tables(&d, list);
    for (unsigned i = 0; i < 1024; i++)
        list[i] = i < 512 ? spare(i) : page_ro;
    tools(&d, list);
    /* no mailbox to unmap */
    long rc;
    audit_deaths(false);
    begin();
    while ((rc = domctl_simple(XEN_DOMCTL_destroydomain, d.id)) == -ERESTART)
        ;
    end("destroydomain", 1);
    OK("destroyed", rc);
    audit_deaths(true);
    static char keys[] = "o";
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_debug_keys, .interface_version = XEN_SYSCTL_INTERFACE_VERSION };
    set_xen_guest_handle(op.u.debug_keys.keys, keys);
    op.u.debug_keys.nr_keys = 1;
    begin();
    hc(__HYPERVISOR_sysctl, &op);
    end("debug key o, for which the whole machine stops", 0);
}

#define NR_PORTS 32768U

/* In a child: the FIFO ABI, and an IPI on every port there may be. */
static u64 bind_all(u64 a, u64 b, u64 c)
{
    static struct evtchn_bind_ipi ipi[128];
    static struct multicall_entry call[128];
    struct evtchn_init_control control = { .control_gfn = va_mfn(page_alloc()) };
    u64 bound = 0;
    (void)a, (void)b, (void)c;
    OK("control block", evtchn(EVTCHNOP_init_control, &control));
    for (unsigned done = 0; done < NR_PORTS; done += 128) {
        for (unsigned i = 0; i < 128; i++)
            call[i] = (struct multicall_entry){ .op = __HYPERVISOR_event_channel_op,
                                                .args = { EVTCHNOP_bind_ipi, (u64)&ipi[i] } };
        OK("binds", hc(__HYPERVISOR_multicall, call, 128));
        for (unsigned i = 0; i < 128; i++)
            bound += !call[i].result;
    }
    return bound;
}

/* Closing all of a dying domain's ports was once one piece of work, as long as the domain liked. */
static void many_ports(void)
{
    static struct dom d;
    long rc;
    dom_max_port = NR_PORTS - 1;
    dom_create(&d);
    dom_start_call(&d, bind_all, 0, 0, 0);
    REQUIRE(dom_wait(&d, 30000000000UL));
    EXPECT_EQ("every port but 0", d.mb->ret, NR_PORTS - 1);
    REQUIRE_OK(unmap_frame((void *)d.mb));
    audit_deaths(false);
    begin();
    while ((rc = domctl_simple(XEN_DOMCTL_destroydomain, d.id)) == -ERESTART)
        ;
    end("end of 32767 ports", 1);
    OK("destroyed", rc);
    audit_deaths(true);
}

void test(void)
{
    bounded_init();
    buf = page_alloc();
    for (unsigned i = 1; i < NR_BUF; i++)
        page_alloc();
    proto = page_alloc(), l2 = page_alloc(), l3 = page_alloc(), l4 = page_alloc();
    page_ro = va_mfn(page_alloc());
    for (unsigned i = 0; i < 512; i++)
        proto[i] = page_ro << 12 | READ_PAGE;
    BOUNDED("nothing (the timer, 200 us of spinning)", for (u64 t = tsc(); tsc() - t < 200000;) relax());
    trees();
    two_trees();
    many_pins();
    lists();
    reservations();
    grants();
    grant_tables();
    dead_table();
    small_ones();
    domains();
    many_ports();
    bounded_worst();
}
