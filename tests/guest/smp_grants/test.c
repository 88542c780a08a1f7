/*
 * Grants from two vcpus: one maps, copies and unmaps a few entries (by address and by entry, in place of another)
 * while the other ends access, changes the entries under way, swaps them, switches the table's version back and
 * forth, grows it, and gives the granted page another use. Races that hypervisors lost here: a version switch under a
 * mapping's feet, a status page freed while marked, an unmapping that believed the table twice. Answers may be
 * errors; afterwards nothing is in use, and all counts agree.
 *
 * Image: debug
 * QEMU: -smp 2
 */
#include "dom.h"

#define NR_REFS 6
#define FIRST 8                 /* entries below are kept by a version switch */
static volatile bool runs, stop, done;
static volatile u64 *v1;        /* version 1: flags, domain, frame in one word */
static char *pages[4], *window[4];
static u64 *table;
static u64 maps_done, switches, copies;

static void entries(unsigned i)
{
    static const u16 flags[] = { GTF_permit_access, GTF_permit_access | GTF_readonly, 0, GTF_permit_access, 3,
        GTF_permit_access };
    for (unsigned r = 1; r < FIRST + NR_REFS; r++)
        v1[r] = (u64)va_mfn(pages[(r + i) % 4]) << 32 | flags[(r + i) % 6];
}

static long version(u32 v)
{
    struct gnttab_set_version s = { .version = v };
    return hc(__HYPERVISOR_grant_table_op, GNTTABOP_set_version, &s, 1);
}

static void granter(void)
{
    static xen_pfn_t frames[32];
    runs = true;
    for (unsigned i = 0; !stop; i++) {
        entries(i);
        struct gnttab_swap_grant_ref w = { .ref_a = FIRST + i % NR_REFS, .ref_b = FIRST + i / 2 % NR_REFS };
        hc(__HYPERVISOR_grant_table_op, GNTTABOP_swap_grant_ref, &w, 1);
        switches += !version(i % 2 + 1);
        struct gnttab_setup_table s = { .dom = DOMID_SELF, .nr_frames = 1 + i / 4096 % 8 };
        set_xen_guest_handle(s.frame_list, frames);
        hc(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, &s, 1);
        struct gnttab_get_status_frames g = { .dom = DOMID_SELF, .nr_frames = 1 };
        set_xen_guest_handle(g.frame_list, (u64 *)frames);
        hc(__HYPERVISOR_grant_table_op, GNTTABOP_get_status_frames, &g, 1);
        v1[1 + i % (FIRST + NR_REFS - 1)] = 0;
        set_flags(pages[i % 4], i & 1 ? READ_PAGE : KERNEL_PAGE);
        if (!mmuext1(MMUEXT_PIN_L1_TABLE, va_mfn(pages[i % 4])))
            mmuext1(MMUEXT_UNPIN_TABLE, va_mfn(pages[i % 4]));
    }
    done = true;
}

static grant_handle_t handle[4];
static void unmap(unsigned k)
{
    u64 at = k & 1 ? va_mfn(table) << 12 | k * 8 : (u64)window[k];
    struct gnttab_unmap_grant_ref u = { .host_addr = at, .handle = handle[k] };
    EXPECT_EQ("what was mapped is unmapped", hc(__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, &u, 1) |
        u.status, 0);
}

static void mapper(unsigned i)
{
    static char buffer[64];
    bool mapped[4];
    for (unsigned k = 0; k < 4; k++) {
        u64 at = k & 1 ? va_mfn(table) << 12 | k * 8 : (u64)window[k];
        struct gnttab_map_grant_ref m = { .host_addr = at, .flags = GNTMAP_host_map | (k & 1 ? GNTMAP_contains_pte :
            0) |
                                          (i + k) % 3 / 2 * GNTMAP_readonly, .ref =
                                              1 + (i * 5 + k) % (FIRST + NR_REFS - 1), .dom = 0 };
        mapped[k] = !hc(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, &m, 1) && !m.status;
        handle[k] = m.handle;
        maps_done += mapped[k];
    }
    struct gnttab_copy c = { .source.u.ref = 1 + i % (FIRST + NR_REFS - 1), .source.domid = 0, .len = 16, .flags =
        GNTCOPY_source_gref };
    c.dest.u.gmfn = va_mfn(buffer);
    c.dest.domid = DOMID_SELF;
    c.dest.offset = (u64)buffer & 4095 & ~63;
    copies += !hc(__HYPERVISOR_grant_table_op, GNTTABOP_copy, &c, 1) && !c.status;
    for (unsigned k = 4; k-- > 0;)
        if (mapped[k])
            unmap(k);
}

void test(void)
{
    v1 = (volatile u64 *)grant_table();
    for (unsigned i = 0; i < 4; i++) {
        pages[i] = page_alloc();
        window[i] = page_alloc();
        REQUIRE_OK(set_va(window[i], 0));
    }
    table = table_alloc();
    REQUIRE_OK(mmuext1(MMUEXT_PIN_L1_TABLE, va_mfn(table)));
    OK("start", vcpu_start(1, granter));
    EXPECT_EQ("runs", wait_until(&runs, 3000000000UL), 1);
    u64 end = now() + 1500000000;
    for (unsigned i = 0; now() < end; i++)
        mapper(i);
    stop = true;
    EXPECT_EQ("done", wait_until(&done, 3000000000UL), 1);
    say("  %lu mappings, %lu copies, %lu switches of version", maps_done, copies, switches);
    for (unsigned r = 1; r < 4 * (FIRST + NR_REFS); r++)
        v1[r] = 0;
    OK("nothing is in use: version 2", version(2));
    OK("version 1", version(1));
    for (unsigned r = 0; r < FIRST + NR_REFS; r++)
        EXPECT_EQ("no mark is left", v1[r] & (GTF_reading | GTF_writing), 0);
    OK("unpin", mmuext1(MMUEXT_UNPIN_TABLE, va_mfn(table)));
    for (unsigned i = 0; i < 4; i++) {
        OK("free for any use", set_flags(pages[i], READ_PAGE));
    }
    audit_key();
}
