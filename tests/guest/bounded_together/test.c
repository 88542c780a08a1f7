/*
 * Bounded time, of short things done together: a list of operations or a multicall is looked at for pre-emption only
 * now and then, so what no single call does for long must not be long in a row either. Measured as in
 * tests/guest/bounded.
 *
 * QEMU: -icount shift=0,sleep=off
 * Options: dom0_mem=64M dom0_max_vcpus=24 loglvl=error guest_loglvl=none
 * Differs: longer stretches there
 * Seconds: 60
 */
#include "bounded.h"

#define NR_MC 16
static struct multicall_entry m[NR_MC];

static void together(const char *name, unsigned times)
{
    begin();
    OK("multicall", hc(__HYPERVISOR_multicall, m, NR_MC));
    end(name, times);
    for (unsigned i = 0; i < NR_MC; i++)
        OK("each", m[i].result);
}

/* A page that is mapped read-only. */
static u64 *read_only(u64 *t)
{
    REQUIRE_OK(set_flags(t, READ_PAGE));
    return t;
}

static void descriptors(void)
{
    static xen_pfn_t frames[2][14];
    for (unsigned i = 0; i < 28; i++)
        frames[i / 14][i % 14] = va_mfn(read_only(page_alloc()));
    for (unsigned i = 0; i < 2; i++)
        BOUNDED_WITH_INTERRUPTS("a descriptor table of 14 new frames",
                                OK("gdt", hc(__HYPERVISOR_set_gdt, frames[i], 14 * 512)));
    for (unsigned i = 0; i < NR_MC; i++)
        m[i] = (struct multicall_entry){ .op = __HYPERVISOR_set_gdt, .args = { (u64)frames[i & 1], 14 * 512 } };
    together("multicall of 16 descriptor tables", 2);
    OK("none", hc(__HYPERVISOR_set_gdt, frames[0], 0));
}

#define ENTRIES 480
static u64 *l1[2], *l2[2], *l3[2], *l4[2];

/* A tree of four tables, small enough to be validated, and dropped, in one go. */
static void make_tree(unsigned i)
{
    u64 page = va_mfn(page_alloc());
    l1[i] = page_alloc(), l2[i] = page_alloc(), l3[i] = page_alloc(), l4[i] = page_alloc();
    for (unsigned k = 0; k < ENTRIES; k++)
        l1[i][k] = page << 12 | READ_PAGE;
    l2[i][0] = va_mfn(l1[i]) << 12 | TABLE;
    l3[i][0] = va_mfn(l2[i]) << 12 | TABLE;
    l4[i][0] = va_mfn(l3[i]) << 12 | TABLE;
    read_only(l1[i]), read_only(l2[i]), read_only(l3[i]), read_only(l4[i]);
}

static void trees(void)
{
    static struct mmuext_op ops[30];
    for (unsigned i = 0; i < 2; i++)
        make_tree(i);
    for (unsigned i = 0; i < 30; i++)
        ops[i] = (struct mmuext_op){ .cmd = MMUEXT_NEW_USER_BASEPTR, .arg1.mfn = va_mfn(l4[i & 1]) };
    BOUNDED("30 user bases", OK("bases", hc(__HYPERVISOR_mmuext_op, ops, 30, 0, DOMID_SELF)));
    OK("none", mmuext1(MMUEXT_NEW_USER_BASEPTR, 0));
    static mmu_update_t u[2];
    u[0] = (mmu_update_t){ .ptr = va_mfn(l2[1]) << 12 | 8, .val = va_mfn(l1[0]) << 12 | TABLE };
    u[1] = (mmu_update_t){ .ptr = va_mfn(l2[1]) << 12 | 8, .val = 0 };
    OK("pin", mmuext1(MMUEXT_PIN_L2_TABLE, va_mfn(l2[1])));
    for (unsigned i = 0; i < NR_MC; i++)
        m[i] = (struct multicall_entry){ .op = __HYPERVISOR_mmu_update, .args = { (u64)&u[i & 1], 1, 0, DOMID_SELF } };
    together("multicall of 16 entries that name a table, or drop it", 1);
    for (unsigned i = 0; i < NR_MC; i++)
        m[i] = (struct multicall_entry){ .op = __HYPERVISOR_mmuext_op, .args = { (u64)ops, 2, 0, DOMID_SELF } };
    together("multicall of 16 pairs of user bases", 1);
    OK("none", mmuext1(MMUEXT_NEW_USER_BASEPTR, 0));
}

/* Tables without entries are validated in next to no work, yet each is looked through; and flushes cost time. */
#define EMPTY 300
static void empty_tables(void)
{
    static mmu_update_t u[4 * EMPTY];
    static struct mmuext_op clear[EMPTY];
    u64 *top = page_alloc(), *t = page_alloc(), *pte = walk((u64)t, 1);
    for (unsigned i = 0; i < EMPTY; i++)     /* frames at the end of memory, which nothing maps */
        clear[i] = (struct mmuext_op){ .cmd = MMUEXT_CLEAR_PAGE, .arg1.mfn = p2m[si->nr_pages - 1 - i] };
    REQUIRE_OK(hc(__HYPERVISOR_mmuext_op, clear, EMPTY, 0, DOMID_SELF));
    read_only(top);
    OK("pin", mmuext1(MMUEXT_PIN_L2_TABLE, va_mfn(top)));
    for (unsigned i = 0; i < EMPTY; i++)
        u[i] = (mmu_update_t){ .ptr = va_mfn(top) << 12 | i * 8, .val = clear[i].arg1.mfn << 12 | TABLE };
    BOUNDED("300 entries that name empty tables", OK("link", hc(__HYPERVISOR_mmu_update, u, EMPTY, 0, DOMID_SELF)));
    OK("unpin", mmuext1(MMUEXT_UNPIN_TABLE, va_mfn(top)));
    BOUNDED("a table of 300 empty tables", OK("pin", mmuext1(MMUEXT_PIN_L2_TABLE, va_mfn(top))));
    for (unsigned i = 0; i < EMPTY; i++)
        u[i].val = 0;
    BOUNDED("300 entries that drop them", OK("drop", hc(__HYPERVISOR_mmu_update, u, EMPTY, 0, DOMID_SELF)));
    /* One page, a table and writable in turn: each change needs a flush. */
    read_only(t);
    for (unsigned i = 0; i < 4 * EMPTY; i += 4) {
        u[i] = (mmu_update_t){ .ptr = va_mfn(top) << 12, .val = va_mfn(t) << 12 | TABLE };
        u[i + 1] = (mmu_update_t){ .ptr = va_mfn(top) << 12, .val = 0 };
        u[i + 2] = (mmu_update_t){ .ptr = entry_ma(pte), .val = va_mfn(t) << 12 | KERNEL_PAGE };
        u[i + 3] = (mmu_update_t){ .ptr = entry_ma(pte), .val = va_mfn(t) << 12 | READ_PAGE };
    }
    BOUNDED("a page, table and writable in turn",
            OK("list", hc(__HYPERVISOR_mmu_update, u, 4 * EMPTY, 0, DOMID_SELF)));
    OK("unpin", mmuext1(MMUEXT_UNPIN_TABLE, va_mfn(top)));
}

/*
 * Base tables. To take one is as much as may be done at once, if it names just so many empty tables, and so is letting
 * go of one that names more of them; a new vcpu's context has two, and where it is refused they can come again.
 */
#define TAKEN 70                /* tables looked through when their base is taken */
#define DROPPED 500
#define WALKERS 23
static u64 base_make(unsigned tables)
{
    static unsigned used = EMPTY + 4 * WALKERS;
    static struct mmuext_op clear[DROPPED];
    u64 *t1 = page_alloc(), *t2 = page_alloc(), *t3 = page_alloc();
    for (unsigned i = 0; i < tables; i++) {
        clear[i] = (struct mmuext_op){ .cmd = MMUEXT_CLEAR_PAGE, .arg1.mfn = p2m[si->nr_pages - 1 - used++] };
        t1[i] = clear[i].arg1.mfn << 12 | TABLE;
    }
    REQUIRE_OK(hc(__HYPERVISOR_mmuext_op, clear, tables, 0, DOMID_SELF));
    t2[0] = va_mfn(t1) << 12 | TABLE;
    t3[0] = va_mfn(t2) << 12 | TABLE;
    read_only(t1), read_only(t2), read_only(t3);
    OK("once, and its pages have been tables", mmuext1(MMUEXT_PIN_L4_TABLE, va_mfn(t3)));
    OK("and are not", mmuext1(MMUEXT_UNPIN_TABLE, va_mfn(t3)));
    return va_mfn(t3);
}

static void bases(void)
{
    static vcpu_guest_context_t c;
    u64 kernel = base_make(TAKEN), user = base_make(TAKEN), old_kernel = base_make(DROPPED), old = base_make(DROPPED);
    OK("base", mmuext1(MMUEXT_NEW_USER_BASEPTR, old));
    BOUNDED("a base that is taken, one that is dropped", OK("base", mmuext1(MMUEXT_NEW_USER_BASEPTR, user)));
    OK("none", mmuext1(MMUEXT_NEW_USER_BASEPTR, 0));
    c.flags = VGCF_in_kernel;
    c.ctrlreg[3] = old_kernel << 12;
    c.ctrlreg[1] = 1UL << 44;
    REFUSED("a context without user tables", hc(__HYPERVISOR_vcpu_op, VCPUOP_initialise, WALKERS, &c));
    c.ctrlreg[3] = kernel << 12;
    c.ctrlreg[1] = user << 12;
    BOUNDED("a context with other bases", OK("context", hc(__HYPERVISOR_vcpu_op, VCPUOP_initialise, WALKERS, &c)));
}

/*
 * Vcpus that are interrupted in the middle of taking a tree apart, and then never go on: they owe the rest. Another one
 * says that its list is one that was pre-empted, and so does it for all of them.
 */
static volatile unsigned walker;
static u64 forest;              /* frame of an L3 table, one tree for each */

static void on_walk(struct regs *r)
{
    (void)r;
    hc(__HYPERVISOR_vcpu_op, VCPUOP_down, walker, 0);
}

static void walk_off(void)
{
    struct evtchn_bind_virq v = { .virq = VIRQ_TIMER, .vcpu = walker };
    evtchn(EVTCHNOP_bind_virq, &v);
    shared->vcpu_info[walker].evtchn_upcall_mask = 0;
    struct vcpu_set_singleshot_timer t = { .timeout_abs_ns = now() + 12000 };
    hc(__HYPERVISOR_vcpu_op, VCPUOP_set_singleshot_timer, walker, &t);
    mmu1(forest << 12 | walker * 8, 0);
    for (;;)
        hc(__HYPERVISOR_vcpu_op, VCPUOP_down, walker, 0);
}

static void debts(void)
{
    u64 *proto = page_alloc(), *top = page_alloc(), page = va_mfn(page_alloc()), at = si->nr_pages - 1 - EMPTY;
    for (unsigned k = 0; k < 490; k++)
        proto[k] = page << 12 | READ_PAGE;
    forest = va_mfn(top);
    read_only(top);
    OK("pin", mmuext1(MMUEXT_PIN_L3_TABLE, forest));
    handler[VECTOR_EVENT] = on_walk;
    for (walker = 1; walker < WALKERS; walker++) {
        u64 tree = p2m[at--];
        OK("clear", mmuext1(MMUEXT_CLEAR_PAGE, tree));
        for (unsigned i = 0; i < 2; i++) {
            struct mmuext_op copy = { .cmd = MMUEXT_COPY_PAGE, .arg1.mfn = p2m[at], .arg2.src_mfn = va_mfn(proto) };
            OK("copy", hc(__HYPERVISOR_mmuext_op, &copy, 1, 0, DOMID_SELF));
            OK("name", mmu1(tree << 12 | i * 8, p2m[at--] << 12 | TABLE));
        }
        OK("link", mmu1(forest << 12 | walker * 8, tree << 12 | TABLE));
        OK("start", vcpu_start(walker, walk_off));
        for (unsigned i = 0; i < 100 && hc(__HYPERVISOR_vcpu_op, VCPUOP_is_up, walker, 0); i++)
            nap();
        EXPECT_EQ("walked off", hc(__HYPERVISOR_vcpu_op, VCPUOP_is_up, walker, 0), 0);
    }
    handler[VECTOR_EVENT] = on_event;
    mmu_update_t u = { .ptr = forest << 12, .val = 0 };
    BOUNDED("what 22 vcpus owe", OK("list", hc(__HYPERVISOR_mmu_update, &u, 1u << 31 | 1, 0, DOMID_SELF)));
}

static void pages(void)
{
    static struct mmuext_op ops[30];
    u64 page = va_mfn(page_alloc());
    for (unsigned i = 0; i < 30; i++)
        ops[i] = (struct mmuext_op){ .cmd = MMUEXT_CLEAR_PAGE, .arg1.mfn = page };
    for (unsigned i = 0; i < NR_MC; i++)
        m[i] = (struct multicall_entry){ .op = __HYPERVISOR_mmuext_op, .args = { (u64)ops, 30, 0, DOMID_SELF } };
    together("multicall of 16 lists of 30 pages to clear", 1);
}

static void grants(void)
{
    static xen_pfn_t frames[64];
    static struct gnttab_set_version v[2] = { { 2 }, { 1 } };
    static struct gnttab_unmap_grant_ref un[NR_MC][32];
    struct gnttab_setup_table t = { .dom = DOMID_SELF, .nr_frames = 64 };
    grant_entry_v1_t *table = grant_table();
    u64 page = va_mfn(page_alloc());
    char *at[NR_MC];
    table[8] = (grant_entry_v1_t){ .flags = GTF_permit_access, .frame = (u32)page };
    for (unsigned i = 0; i < NR_MC; i++) {
        at[i] = page_alloc();
        for (unsigned k = 0; k < 32; k++) {
            struct gnttab_map_grant_ref g = { .host_addr = (u64)at[i], .ref = 8,
                                              .flags = (k ? 0 : GNTMAP_host_map) | GNTMAP_device_map };
            REQUIRE_OK(hc(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, &g, 1));
            REQUIRE_OK(g.status);
            un[i][k] = (struct gnttab_unmap_grant_ref){ .host_addr = k ? 0 : (u64)at[i], .dev_bus_addr = page << 12,
                                                        .handle = g.handle };
        }
        m[i] = (struct multicall_entry){ .op = __HYPERVISOR_grant_table_op,
                                         .args = { GNTTABOP_unmap_grant_ref, (u64)un[i], 32 } };
    }
    together("multicall of 16 lists of 32 grants to unmap", 1);
    for (unsigned i = 0; i < NR_MC; i++)
        OK("unmapped", un[i][0].status | un[i][31].status);
    set_xen_guest_handle(t.frame_list, frames);
    OK("set up", hc(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, &t, 1));
    for (unsigned i = 0; i < NR_MC; i++)
        m[i] = (struct multicall_entry){ .op = __HYPERVISOR_grant_table_op,
                                         .args = { GNTTABOP_set_version, (u64)&v[i & 1], 1 } };
    together("multicall of 16 versions of grants", 1);
}

/* The last one: this domain's ports are FIFO ones afterwards. */
static u32 *words;
static struct evtchn_fifo_control_block *control;
static void on_fifo_event(struct regs *r)
{
    words[timer_port] = 0;
    control->ready = 0;
    on_event(r);
}

static void ports(void)
{
    control = (void *)page_alloc();
    words = (void *)page_alloc();
    unsigned n = 0;
    for (struct evtchn_bind_ipi ipi = { 0 }; n < 4093 && !evtchn(EVTCHNOP_bind_ipi, &ipi); n++)
        ;
    memset((void *)shared->evtchn_mask, 0xff, sizeof(shared->evtchn_mask));
    memset((void *)shared->evtchn_pending, 0xff, sizeof(shared->evtchn_pending));
    struct evtchn_init_control c = { .control_gfn = va_mfn(control) };
    say("%u ports", n);
    BOUNDED("to the other kind of 4095 ports", OK("control", evtchn(EVTCHNOP_init_control, &c)));
    struct evtchn_set_priority first = { .port = timer_port };
    OK("priority", evtchn(EVTCHNOP_set_priority, &first));
    handler[VECTOR_EVENT] = on_fifo_event;
    struct evtchn_expand_array e = { .array_gfn = va_mfn(words) };
    BOUNDED_WITH_INTERRUPTS("1024 event words, all raised", OK("array", evtchn(EVTCHNOP_expand_array, &e)));
}

void test(void)
{
    bounded_init();
    descriptors();
    trees();
    empty_tables();
    bases();
    debts();
    pages();
    grants();
    ports();
    bounded_worst();
}
