/*
 * Which pages a domain wrote (XEN_DOMCTL_SHADOW_OP_*): every way of writing is seen, the guest sees nothing of it, and
 * a copy kept up to date by CLEAN alone while two vcpus write and change their page tables is exact at the end.
 * QEMU: -smp 2
 * Image: debug
 */
#include "dom.h"

#define NR_PAGES 40
#define BITMAP_WORDS 64

static u64 bitmap[BITMAP_WORDS];
static struct dom d;

static long shadow(u32 op, u32 mode, void *bits, u64 pages)
{
    struct xen_domctl c = { .cmd = XEN_DOMCTL_shadow_op, .domain = d.id };
    c.u.shadow_op.op = op;
    c.u.shadow_op.mode = mode;
    set_xen_guest_handle(c.u.shadow_op.dirty_bitmap, (u8 *)bits);
    c.u.shadow_op.pages = pages;
    long rc = domctl(&c);
    if (!rc && op >= XEN_DOMCTL_SHADOW_OP_CLEAN && op <= XEN_DOMCTL_SHADOW_OP_PEEK)
        EXPECT_EQ("pages", c.u.shadow_op.pages, pages);
    return rc;
}
static long report(u32 op) { return shadow(op, 0, bitmap, d.pages); }
static bool dirty(u64 pfn) { return bitmap[pfn / 64] >> pfn % 64 & 1; }
static bool peek(u64 pfn)
{
    OK("peek", report(XEN_DOMCTL_SHADOW_OP_PEEK));
    return dirty(pfn);
}
static void clean(void) { OK("clean", report(XEN_DOMCTL_SHADOW_OP_CLEAN)); }

/* ---- in the child ---- */

static char *page[NR_PAGES];
static volatile bool stop, second_runs;
static u64 scribbles;

static u64 prepare(u64 a, u64 b, u64 c)
{
    (void)a, (void)b, (void)c;
    for (unsigned i = 0; i < NR_PAGES; i++)
        page[i] = page_alloc();
    grant_entry_v1_t *table = grant_table();
    table[8] = (grant_entry_v1_t){ .domid = 0, .frame = (u32)va_mfn(page[20]) };
    table[9] = (grant_entry_v1_t){ .domid = 0, .frame = (u32)va_mfn(page[21]) };
    barrier();
    table[8].flags = table[9].flags = GTF_permit_access;
    return 0;
}
static u64 pfn_of(u64 i, u64 b, u64 c) { (void)b, (void)c; return va_pfn(page[i]); }
static u64 poke(u64 i, u64 at, u64 value) { page[i][at] = (char)value; return 0; }
static u64 entry_of(u64 i, u64 b, u64 c) { (void)b, (void)c; return *walk((u64)page[i], 1); }
static u64 table_pfn(u64 i, u64 level, u64 c)
{
    (void)c;
    return M2P[PTE_MFN(*walk((u64)page[i], (unsigned)level + 1))];
}
static u64 set_entry(u64 i, u64 flags, u64 how)
{
    u64 *e = walk((u64)page[i], 1), value = va_mfn(page[i]) << 12 | flags;
    if (how == 0)
        return (u64)set_va(page[i], value);
    if (how == 1)
        return (u64)(mmu1(entry_ma(e), value) ?: mmuext1(MMUEXT_TLB_FLUSH_LOCAL, 0));
    *(volatile u64 *)e = value;         /* faults, and is done for us */
    return (u64)mmuext1(MMUEXT_TLB_FLUSH_LOCAL, 0);
}
static u64 write_faults(u64 i, u64 b, u64 c)
{
    (void)b, (void)c;
    EXPECT_FAULT("write to a read-only page", 14, 3, *(volatile char *)page[i] = 1);
    return 0;
}
static u64 clear_page(u64 i, u64 b, u64 c)
{
    (void)b, (void)c;
    return (u64)mmuext1(MMUEXT_CLEAR_PAGE, va_mfn(page[i]));
}
static u64 hypervisor_writes(u64 i, u64 b, u64 c)
{
    (void)b, (void)c;
    return (u64)hc(__HYPERVISOR_xen_version, XENVER_extraversion, page[i]);
}
static u64 new_table(u64 i, u64 b, u64 c)
{
    u64 *t = table_alloc();
    (void)i, (void)b, (void)c;
    OK("pin", mmuext1(MMUEXT_PIN_L1_TABLE, va_mfn(t)));
    OK("entry", mmu1(va_mfn(t) << 12 | 8, va_mfn(page[30]) << 12 | KERNEL_PAGE));
    return va_pfn(t);
}
static u64 drop_table(u64 pfn, u64 b, u64 c)
{
    (void)b, (void)c;
    return (u64)mmuext1(MMUEXT_UNPIN_TABLE, p2m[pfn]);
}
static u64 grow(u64 a, u64 b, u64 c)
{
    xen_pfn_t where = 5;
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };
    (void)a, (void)b, (void)c;
    set_xen_guest_handle(r.extent_start, &where);
    return (u64)hc(__HYPERVISOR_memory_op, XENMEM_populate_physmap, &r);
}
static u64 remap(u64 i, u64 j, u64 c)          /* page j becomes what page i's number means */
{
    (void)c;
    u64 m = va_mfn(page[i]), pi = va_pfn(page[i]), n = va_mfn(page[j]), pj = va_pfn(page[j]);
    OK("m2p", mmu1(m << 12 | MMU_MACHPHYS_UPDATE, pj));
    OK("m2p", mmu1(n << 12 | MMU_MACHPHYS_UPDATE, pi));
    OK("back", mmu1(m << 12 | MMU_MACHPHYS_UPDATE, pi));
    return (u64)mmu1(n << 12 | MMU_MACHPHYS_UPDATE, pj);
}

static u64 descriptors_begin(u64 i, u64 b, u64 c)
{
    u64 frame = va_mfn(page[i]);
    (void)b, (void)c;
    memset(page[i], 0, 4096);
    OK("read-only", set_flags(page[i], READ_PAGE));
    return (u64)hc(__HYPERVISOR_set_gdt, &frame, 512);
}
static u64 descriptor(u64 i, u64 n, u64 value)
{
    return (u64)hc(__HYPERVISOR_update_descriptor, va_mfn(page[i]) << 12 | n * 8, value);
}
static u64 descriptors_end(u64 i, u64 b, u64 c)
{
    u64 frame = va_mfn(page[i]);
    (void)b, (void)c;
    OK("no table", hc(__HYPERVISOR_set_gdt, &frame, 0));
    return (u64)set_flags(page[i], KERNEL_PAGE);
}

static u64 mfn_of(u64 i, u64 b, u64 c) { (void)b, (void)c; return va_mfn(page[i]); }
static u64 fifo_begins(u64 i, u64 b, u64 c)
{
    struct evtchn_init_control control = { .control_gfn = va_mfn(page[i]) };
    (void)b, (void)c;
    return (u64)evtchn(EVTCHNOP_init_control, &control);
}
static u64 fifo_ends(u64 a, u64 b, u64 c)
{
    struct evtchn_reset r = { .dom = DOMID_SELF };
    (void)a, (void)b, (void)c;
    return (u64)evtchn(EVTCHNOP_reset, &r);
}

/* Write anywhere in every way that is not a fault, change entries, read nothing that is not there. */
static void scribble(u64 seed, unsigned first, unsigned n)
{
    static const u64 flags[] = { KERNEL_PAGE, KERNEL_PAGE & ~DIRTY, READ_PAGE, P | RW | US };
    u64 r = seed;

    while (!stop) {
        r = r * 6364136223846793005UL + 1442695040888963407UL;
        unsigned i = first + (unsigned)(r >> 40) % n, what = (unsigned)(r >> 33) % 16;
        u64 at = (r >> 20) % 500;
        if (what < 4)
            set_entry(i, flags[(r >> 50) % 4], (r >> 52) % 3);
        else if (what == 4)
            hc(__HYPERVISOR_xen_version, XENVER_extraversion, page[i]);
        else if (what == 5)
            mmuext1(MMUEXT_CLEAR_PAGE, va_mfn(page[i]));
        else if (*walk((u64)page[i], 1) & RW)
            ((volatile u64 *)page[i])[at] = r;
        scribbles++;
    }
}
static u64 scribble_first(u64 a, u64 b, u64 c)
{
    (void)a, (void)b, (void)c;
    scribble(now(), 0, NR_PAGES / 2);
    return scribbles;
}
static void second(void)
{
    second_runs = true;
    scribble(now() ^ 0x5a5a, NR_PAGES / 2, NR_PAGES / 2);
    second_runs = false;
    for (;;)
        hc(__HYPERVISOR_vcpu_op, VCPUOP_down, 1, 0);
}
static u64 start_second(u64 a, u64 b, u64 c)
{
    (void)a, (void)b, (void)c;
    stop = false;
    return (u64)vcpu_start(1, second);
}
static u64 address_of_stop(u64 a, u64 b, u64 c) { (void)a, (void)b, (void)c; return va_pfn((void *)&stop); }
static u64 second_state(u64 a, u64 b, u64 c) { (void)a, (void)b, (void)c; return second_runs; }

/* ---- domain 0 ---- */

static u64 pfn(unsigned i) { return dom_call(&d, pfn_of, i, 0, 0); }

static void refused_states(void)
{
    EXPECT_EQ("clean while off", report(XEN_DOMCTL_SHADOW_OP_CLEAN), -EINVAL);
    EXPECT_EQ("peek while off", report(XEN_DOMCTL_SHADOW_OP_PEEK), -EINVAL);
    EXPECT_EQ("off while off", shadow(XEN_DOMCTL_SHADOW_OP_OFF, 0, NULL, 0), -EINVAL);
    EXPECT_EQ("translate", shadow(XEN_DOMCTL_SHADOW_OP_ENABLE, XEN_DOMCTL_SHADOW_ENABLE_TRANSLATE, NULL, 0),
              -EOPNOTSUPP);
    EXPECT_EQ("test mode", shadow(XEN_DOMCTL_SHADOW_OP_ENABLE_TEST, 0, NULL, 0), -EOPNOTSUPP);
    u16 id = d.id;
    d.id = 0;
    REFUSED("domain 0", shadow(XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, 0, NULL, 0));
    d.id = id;
}

static void stores(void)
{
    u64 p3 = pfn(3), p5 = pfn(5);
    clean();
    EXPECT_EQ("nobody wrote", peek(p3), 0);
    dom_call(&d, poke, 3, 100, 'a');
    EXPECT_EQ("written", peek(p3), 1);
    EXPECT_EQ("not written", peek(p5), 0);
    EXPECT_EQ("the entry is as it was", dom_call(&d, entry_of, 3, 0, 0) & (P | RW | DIRTY), P | RW | DIRTY);
    clean();
    EXPECT_EQ("clean says so", dirty(p3), 1);
    EXPECT_EQ("the entry is as it was", dom_call(&d, entry_of, 3, 0, 0) & (P | RW | DIRTY), P | RW | DIRTY);
    EXPECT_EQ("and forgets it", peek(p3), 0);
    dom_call(&d, poke, 3, 101, 'b');
    EXPECT_EQ("written again", peek(p3), 1);
    clean();
    OK("page cleared by hypercall", dom_call(&d, clear_page, 3, 0, 0));
    EXPECT_EQ("seen", peek(p3), 1);
    EXPECT_EQ("hypercall's answer", dom_call(&d, hypervisor_writes, 5, 0, 0), 0);
    EXPECT_EQ("seen", peek(p5), 1);
}

static void entries(void)
{
    u64 p6 = pfn(6), table = dom_call(&d, table_pfn, 6, 1, 0);
    for (unsigned how = 0; how < 3; how++) {
        clean();
        OK("read-only", dom_call(&d, set_entry, 6, READ_PAGE, how));
        EXPECT_EQ("the table was written", peek(table), 1);
        dom_call(&d, write_faults, 6, 0, 0);
        EXPECT_EQ("the page was not", dirty(p6), 0);
        clean();
        OK("writable, clean", dom_call(&d, set_entry, 6, KERNEL_PAGE & ~(DIRTY | ACC), how));
        clean();
        dom_call(&d, poke, 6, 7, how);
        EXPECT_EQ("the page is written", peek(p6), 1);
        EXPECT_EQ("and its table, by the dirty bit", dirty(table), 1);
        EXPECT_EQ("dirty and accessed", dom_call(&d, entry_of, 6, 0, 0) & (P | RW | DIRTY | ACC), P | RW | DIRTY | ACC);
    }
    u64 fresh = dom_call(&d, new_table, 0, 0, 0);
    clean();
    EXPECT_EQ("a page that became a table", dirty(fresh), 1);
    OK("unpin", dom_call(&d, drop_table, fresh, 0, 0));
    EXPECT_EQ("and is none any more", peek(fresh), 1);
    clean();
    OK("other numbers", dom_call(&d, remap, 10, 11, 0));
    peek(0);
    EXPECT_EQ("are other pages", dirty(pfn(10)) && dirty(pfn(11)), 1);
    clean();
    EXPECT_EQ("a new frame", dom_call(&d, grow, 0, 0, 0), 1);
    EXPECT_EQ("at its place", peek(5), 1);
}

static void standing(void)
{
    char *at = page_alloc();
    u64 p25 = pfn(25), p26 = pfn(26);
    clean();
    EXPECT_EQ("not written", peek(p25) || dirty(p26), 0);
    OK("mapped here", mmu1_dom(entry_ma(walk((u64)at, 1)), dom_call(&d, mfn_of, 25, 0, 0) << 12 | KERNEL_PAGE, d.id));
    EXPECT_EQ("may be written from here", peek(p25), 1);
    OK("unmap", set_flags(at, KERNEL_PAGE));
    OK("events in queues", dom_call(&d, fifo_begins, 26, 0, 0));
    clean();
    clean();
    EXPECT_EQ("their page is always written", dirty(p26), 1);
    OK("no longer", dom_call(&d, fifo_ends, 0, 0, 0));
    u64 p27 = pfn(27);
    OK("descriptors", dom_call(&d, descriptors_begin, 27, 0, 0));
    clean();
    EXPECT_EQ("not written", peek(p27), 0);
    OK("one by hypercall", dom_call(&d, descriptor, 27, 5, 0x00cff3000000ffffUL));
    EXPECT_EQ("is written", peek(p27), 1);
    OK("no longer", dom_call(&d, descriptors_end, 27, 0, 0));
}

static void grants(void)
{
    struct gnttab_copy cp = { .flags = GNTCOPY_dest_gref, .len = 16 };
    u64 p20 = pfn(20), p21 = pfn(21);
    char *buf = page_alloc();
    cp.dest.u.ref = 8;
    cp.dest.domid = d.id;
    cp.source.u.gmfn = va_mfn(buf);
    cp.source.domid = DOMID_SELF;
    clean();
    OK("copy", hc(__HYPERVISOR_grant_table_op, GNTTABOP_copy, &cp, 1) ?: cp.status);
    EXPECT_EQ("copied to", peek(p20), 1);
    char *at = page_alloc();
    struct gnttab_map_grant_ref m = { .host_addr = (u64)at, .flags = GNTMAP_host_map, .ref = 9, .dom = d.id };
    OK("map", hc(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, &m, 1) ?: m.status);
    clean();
    OK("last round", shadow(XEN_DOMCTL_SHADOW_OP_CLEAN, XEN_DOMCTL_SHADOW_LOGDIRTY_FINAL, bitmap, d.pages));
    EXPECT_EQ("may be written by others", dirty(p21), 1);
    clean();
    at[0] = 1;
    struct gnttab_unmap_grant_ref u = { .host_addr = (u64)at, .handle = m.handle };
    OK("unmap", hc(__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, &u, 1) ?: u.status);
    EXPECT_EQ("was", peek(p21), 1);
}

static void hostile(void)
{
    u64 p3 = pfn(3);
    EXPECT_EQ("on twice", shadow(XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, 0, NULL, 0), -EINVAL);
    clean();
    EXPECT_EQ("bitmap in the hypervisor", shadow(XEN_DOMCTL_SHADOW_OP_CLEAN, 0, (void *)0xffff830000000000UL, d.pages),
              -EFAULT);
    EXPECT_EQ("nothing is lost by it", peek(p3), 1);
    EXPECT_EQ("too many pages", shadow(XEN_DOMCTL_SHADOW_OP_PEEK, 0, (void *)4096, 1UL << 36), -EFAULT);
    EXPECT_EQ("pages that do not exist", shadow(XEN_DOMCTL_SHADOW_OP_PEEK, 0, (void *)4096, 1UL << 62), -EINVAL);
    OK("no bitmap", shadow(XEN_DOMCTL_SHADOW_OP_CLEAN, 0, NULL, d.pages));
    EXPECT_EQ("is a clean", peek(p3), 0);
    OK("no pages", shadow(XEN_DOMCTL_SHADOW_OP_PEEK, 0, NULL, 0));
    memset(bitmap, 0xff, sizeof(bitmap));
    OK("five pages", shadow(XEN_DOMCTL_SHADOW_OP_PEEK, 0, bitmap, 5));
    EXPECT_EQ("one byte", bitmap[0] >> 8, ~0UL >> 8);
    EXPECT_EQ("of it five bits", bitmap[0] & 0xe0, 0);
}

static char *theirs[NR_PAGES], copy[NR_PAGES][4096];
static u64 number[NR_PAGES];

static unsigned fetch(void)
{
    unsigned n = 0;
    for (unsigned i = 0; i < NR_PAGES; i++)
        if (dirty(number[i])) {
            memcpy(copy[i], theirs[i], 4096);
            n++;
        }
    return n;
}

static void follow(void)
{
    long err;
    for (unsigned i = 0; i < NR_PAGES; i++) {
        number[i] = pfn(i);
        theirs[i] = map_frame(d.mfn[number[i]], d.id, READ_PAGE, &err);
        REQUIRE_OK(err);
    }
    u64 where = dom_call(&d, address_of_stop, 0, 0, 0);
    char *flag = map_frame(d.mfn[where], d.id, KERNEL_PAGE, &err);
    REQUIRE_OK(err);
    memset(bitmap, 0xff, sizeof(bitmap));
    OK("second vcpu", dom_call(&d, start_second, 0, 0, 0));
    dom_start_call(&d, scribble_first, 0, 0, 0);
    fetch();
    unsigned rounds = 0, pages = 0;
    for (u64 end = now() + 2500000000; now() < end; rounds++) {
        nap();
        clean();
        pages += fetch();
        if (rounds % 64 == 0)
            audit_key();
    }
    OK("pause", domctl_simple(XEN_DOMCTL_pausedomain, d.id));
    OK("last round", shadow(XEN_DOMCTL_SHADOW_OP_CLEAN, XEN_DOMCTL_SHADOW_LOGDIRTY_FINAL, bitmap, d.pages));
    fetch();
    unsigned wrong = 0;
    for (unsigned i = 0; i < NR_PAGES; i++)
        wrong += memcmp(copy[i], theirs[i], 4096) != 0;
    EXPECT_EQ("pages missed", wrong, 0);
    audit_key();
    OK("unpause", domctl_simple(XEN_DOMCTL_unpausedomain, d.id));
    *(volatile bool *)(flag + ((u64)&stop & 4095)) = true;
    EXPECT(dom_wait(&d, 5000000000UL));
    say("%u rounds, %u pages, %lu scribbles", rounds, pages, (u64)d.mb->ret);
    EXPECT(rounds > 10 && pages > 10 && d.mb->ret > 1000);
    for (unsigned i = 0; i < 100 && dom_call(&d, second_state, 0, 0, 0); i++)
        nap();
    for (unsigned i = 0; i < NR_PAGES; i++) {
        OK("unmap", unmap_frame(theirs[i]));
        dom_call(&d, set_entry, i, KERNEL_PAGE, 0);
    }
    OK("unmap", unmap_frame(flag));
}

/* A maximum of memory that means none was the size of a table, cut to 32 bits: none, and its entries were elsewhere. */
static void without_limit(void)
{
    static const u64 limits[] = { ~0UL, 1UL << 40, 0 };
    for (unsigned i = 0; i < 3; i++) {
        struct xen_domctl op = { .cmd = XEN_DOMCTL_max_mem, .domain = d.id, .u.max_mem.max_memkb = limits[i] };
        OK("a maximum", domctl(&op));
        OK("on", shadow(XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, 0, NULL, 0));
        clean();
        dom_call(&d, poke, 3, 5, 'u');
        EXPECT(peek(pfn(3)) && !dirty(pfn(4)));
        EXPECT_EQ("a bitmap without end", shadow(XEN_DOMCTL_SHADOW_OP_PEEK, 0, NULL, ~0UL), -EINVAL);
        OK("off", shadow(XEN_DOMCTL_SHADOW_OP_OFF, 0, NULL, 0));
    }
    struct xen_domctl op = { .cmd = XEN_DOMCTL_max_mem, .domain = d.id, .u.max_mem.max_memkb = (d.pages + 64) * 4 };
    OK("as it was", domctl(&op));
}

void test(void)
{
    dom_create_vcpus(&d, 2);
    dom_call(&d, prepare, 0, 0, 0);
    refused_states();
    without_limit();
    for (unsigned round = 0; round < 2; round++) {
        OK("on", shadow(XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, 0, NULL, 0));
        stores();
        entries();
        audit_key();
        grants();
        standing();
        hostile();
        if (!round)
            follow();
        audit_key();
        OK("off", shadow(XEN_DOMCTL_SHADOW_OP_OFF, 0, NULL, 0));
        dom_call(&d, poke, 3, 5, 'z');
        dom_call(&d, set_entry, 3, KERNEL_PAGE, round);
        EXPECT_EQ("off twice", shadow(XEN_DOMCTL_SHADOW_OP_OFF, 0, NULL, 0), -EINVAL);
    }
    dom_destroy(&d);
    u64 before = free_pages_after_first_domain();
    for (unsigned round = 0; round < 2; round++) {
        dom_create(&d);
        OK("on", shadow(XEN_DOMCTL_SHADOW_OP_ENABLE, XEN_DOMCTL_SHADOW_ENABLE_LOG_DIRTY, NULL, 0));
        dom_call(&d, grow, 3, 5, 'q');
        dom_destroy(&d);            /* without an OFF */
        EXPECT_EQ("memory", free_pages_settled(before), before);
    }
}
