/*
 * Bounded time, of short things done together: a list of operations or a multicall is looked at for pre-emption only
 * now and then, so what no single call does for long must not be long in a row either. Measured as in
 * tests/guest/bounded.
 *
 * QEMU: -icount shift=0,sleep=off
 * Options: dom0_mem=64M loglvl=error guest_loglvl=none
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
    pages();
    grants();
    ports();
    bounded_worst();
}
