/*
 * Bounded time, of segments: a selector that Serai loads for a guest may lie on a page of its LDT that is not looked at
 * yet, and then the page is checked there and then, with interrupts off. A page that was a page table and is still
 * being taken apart is not used: taking it apart for that purpose is as much work as may be done at once, and there are
 * eight such loads in a multicall, four in a switch of vcpus and two on the way to the guest. Measured as in
 * tests/guest/bounded.
 *
 * QEMU: -icount shift=0,sleep=off
 * Options: dom0_mem=64M loglvl=error guest_loglvl=none
 * Differs: longer stretches there
 * Seconds: 60
 */
#include "bounded.h"

#define PAGES 16                /* of an LDT */
#define TABLES 512
#define DATA 0x00cff3000000ffffUL
#define GATE 0xffff8c00e0081000UL    /* call gate */
#define SELECTOR(page) ((page) * 4096 | 7)

static struct multicall_entry m[PAGES];
static char *ldt;               /* PAGES pages in a row */
static u64 tree[PAGES];         /* frames */
static volatile bool walking;

static long ldt_set(u64 va, u32 entries)
{
    struct mmuext_op op = { .cmd = MMUEXT_SET_LDT, .arg1.linear_addr = va, .arg2.nr_ents = entries };
    return hc(__HYPERVISOR_mmuext_op, &op, 1, 0, DOMID_SELF);
}

static void load_all(const char *name)
{
    for (unsigned i = 0; i < PAGES; i++)
        m[i] = (struct multicall_entry){ .op = __HYPERVISOR_set_segment_base,
                                         .args = { SEGBASE_GS_USER_SEL, SELECTOR(i) } };
    BOUNDED(name, OK("multicall", hc(__HYPERVISOR_multicall, m, PAGES)));
    for (unsigned i = 0; i < PAGES; i++)
        OK("each", m[i].result);
}

/* The call that is put off is not gone on with. */
static void on_walk(struct regs *r)
{
    vi->evtchn_upcall_pending = 0;
    vi->evtchn_pending_sel = 0;
    shared->evtchn_pending[0] = 0;
    if (walking && *(u16 *)r->rip == 0x050f) {
        walking = false;
        r->rip += 2;
        r->rax = 1;
    }
}

/* A table of 512 empty ones, taken as one until nearly its end. */
static u64 half_made(unsigned n)
{
    static struct mmuext_op clear[TABLES + 1];
    static mmu_update_t name[TABLES];
    for (unsigned i = 0; i <= TABLES; i++)
        clear[i] = (struct mmuext_op){ .cmd = MMUEXT_CLEAR_PAGE,
                                       .arg1.mfn = p2m[si->nr_pages - 1 - n * (TABLES + 1) - i] };
    REQUIRE_OK(hc(__HYPERVISOR_mmuext_op, clear, TABLES + 1, 0, DOMID_SELF));
    u64 top = clear[TABLES].arg1.mfn;
    for (unsigned i = 0; i < TABLES; i++)
        name[i] = (mmu_update_t){ .ptr = top << 12 | i * 8, .val = clear[i].arg1.mfn << 12 | TABLE };
    REQUIRE_OK(hc(__HYPERVISOR_mmu_update, name, TABLES, 0, DOMID_SELF));
    /* How long it takes, to be interrupted before the end. */
    OK("pin", mmuext1(MMUEXT_PIN_L2_TABLE, top));
    OK("unpin", mmuext1(MMUEXT_UNPIN_TABLE, top));
    u64 t = now();
    OK("pin", mmuext1(MMUEXT_PIN_L2_TABLE, top));
    t = now() - t;
    OK("unpin", mmuext1(MMUEXT_UNPIN_TABLE, top));
    struct vcpu_set_singleshot_timer s = { .timeout_abs_ns = now() + t * 3 / 4 };
    hc(__HYPERVISOR_vcpu_op, VCPUOP_set_singleshot_timer, 0, &s);
    walking = true;
    vi->evtchn_upcall_pending = 0;
    vi->evtchn_pending_sel = 0;
    shared->evtchn_pending[0] = 0;
    vi->evtchn_upcall_mask = 0;
    long rc = mmuext1(MMUEXT_PIN_L2_TABLE, top);
    vi->evtchn_upcall_mask = 1;
    EXPECT_EQ("walked off", rc, 1);
    return top;
}

void test(void)
{
    bounded_init();
    for (unsigned i = 0; i < PAGES; i++) {
        char *p = page_alloc();
        ldt = i ? ldt : p;
        REQUIRE(p == ldt + i * 4096);
        *(u64 *)p = DATA;
        REQUIRE_OK(set_flags(p, READ_PAGE));
    }
    OK("LDT", ldt_set((u64)ldt, PAGES * 512));
    load_all("16 selectors on pages of their own");
    OK("no LDT", ldt_set(0, 0));
    for (unsigned i = 0; i < PAGES; i++) {
        REQUIRE_OK(set_flags(ldt + i * 4096, KERNEL_PAGE));
        ((u64 *)ldt)[i * 512 + 511] = GATE;
        REQUIRE_OK(set_flags(ldt + i * 4096, READ_PAGE));
    }
    OK("LDT", ldt_set((u64)ldt, PAGES * 512));
    load_all("16 selectors on pages with a gate in the end");
    OK("no LDT", ldt_set(0, 0));
    for (unsigned i = 0; i < PAGES; i++) {
        REQUIRE_OK(set_flags(ldt + i * 4096, KERNEL_PAGE));
        ((u64 *)ldt)[i * 512 + 511] = 0;
        REQUIRE_OK(set_flags(ldt + i * 4096, READ_PAGE));
    }
    OK("LDT", ldt_set((u64)ldt, PAGES * 512));
    load_all("16 selectors on pages of their own");
    OK("no LDT", ldt_set(0, 0));

    for (unsigned i = 0; i < PAGES; i++)
        m[i] = (struct multicall_entry){ .op = __HYPERVISOR_update_descriptor,
                                         .args = { va_mfn(ldt + i * 4096) << 12 | 8, DATA } };
    BOUNDED("multicall of 16 descriptors in tables nobody uses", OK("multicall", hc(__HYPERVISOR_multicall, m, PAGES)));
    for (unsigned i = 0; i < PAGES; i++)
        OK("each", m[i].result);

    handler[VECTOR_EVENT] = on_walk;
    for (unsigned i = 0; i < PAGES; i++) {
        tree[i] = half_made(i);
        REQUIRE_OK(set_va(ldt + i * 4096, tree[i] << 12 | READ_PAGE));
    }
    handler[VECTOR_EVENT] = on_event;
    OK("LDT", ldt_set((u64)ldt, PAGES * 512));
    load_all("16 selectors on half-made page tables");
    bounded_worst();
}
