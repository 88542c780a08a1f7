/*
 * Counts that run over. More than one hypervisor counted the users of a page in 16 or 32 bits and believed that
 * nobody could have so many: after 65536 mappings the count was 0, the page was free, and 65536 mappings of somebody
 * else's page were left. Here a grant is mapped until the count of its users is full: the next mapping must be
 * refused, the page stays typed as long as one mapping is left, and all can be taken back. Pauses of a domain are
 * counted too, in fewer bits.
 *
 * (A frame's references have 48 bits and its uses 32, each user costing memory of its own: more than a machine has.)
 *
 * Options: gnttab_max_maptrack_frames=1024
 * Differs: limits are elsewhere there
 */
#include "dom.h"

#define BATCH 128
#define MOST 66000
static grant_handle_t handle[MOST];
static struct gnttab_map_grant_ref m[BATCH];
static struct gnttab_unmap_grant_ref u[BATCH];
static grant_entry_v1_t *table;
static char *page;

/* As a device would use it, which costs no page-table entry. How many of them were taken. */
static unsigned map_until_refused(u32 flags, s16 *status)
{
    unsigned n = 0;
    *status = 0;
    while (!*status && n + BATCH <= MOST) {
        for (unsigned i = 0; i < BATCH; i++)
            m[i] = (struct gnttab_map_grant_ref){ .flags = GNTMAP_device_map | flags, .ref = 9, .dom = 0 };
        OK("map", hc(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, m, BATCH));
        for (unsigned i = 0; i < BATCH; i++)
            if (!m[i].status)
                handle[n++] = m[i].handle;
            else if (!*status)
                *status = m[i].status;
    }
    return n;
}

static unsigned unmap(unsigned from, unsigned to)
{
    unsigned wrong = 0;
    while (from < to) {
        unsigned n = to - from < BATCH ? to - from : BATCH;
        for (unsigned i = 0; i < n; i++)
            u[i] = (struct gnttab_unmap_grant_ref){ .dev_bus_addr = va_mfn(page) << 12, .handle = handle[from + i] };
        OK("unmap", hc(__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, u, n));
        for (unsigned i = 0; i < n; i++)
            wrong += u[i].status != 0;
        from += n;
    }
    return wrong;
}

static long pin(void) { return mmuext1(MMUEXT_PIN_L1_TABLE, va_mfn(page)); }

static void grants(u32 flags)
{
    s16 status;
    unsigned n = map_until_refused(flags, &status), last = n - 1;
    EXPECT_EQ("as many as 16 bits count", n, 0xffff);
    EXPECT_EQ("and then no more", status, GNTST_no_space);
    EXPECT_EQ("all but one are taken back", unmap(0, last), 0);
    EXPECT_EQ("the mark is still there", table[9].flags & GTF_reading, GTF_reading);
    if (!(flags & GNTMAP_readonly)) {
        OK("read-only here", set_flags(page, READ_PAGE));
        REFUSED("still writable somewhere: no page table", pin());
        OK("writable here", set_flags(page, KERNEL_PAGE));
    }
    EXPECT_EQ("the last one", unmap(last, n), 0);
    EXPECT_EQ("no mark is left", table[9].flags & (GTF_reading | GTF_writing), 0);
    EXPECT_EQ("twice", unmap(last, n), 1);
    OK("read-only here", set_flags(page, READ_PAGE));
    OK("a page table now", pin());
    OK("unpin", mmuext1(MMUEXT_UNPIN_TABLE, va_mfn(page)));
    OK("writable here", set_flags(page, KERNEL_PAGE));
}

static void pauses(void)
{
    static struct dom d;
    int n = 0;
    EXPECT_EQ("empty", dom_create_empty(&d, 1, 16), 0);
    while (n < 70000 && !domctl_simple(XEN_DOMCTL_pausedomain, d.id))
        n++;
    EXPECT(n > 100 && n < 70000);
    REFUSED("not one more", domctl_simple(XEN_DOMCTL_pausedomain, d.id));
    while (n--)
        if (domctl_simple(XEN_DOMCTL_unpausedomain, d.id))
            break;
    EXPECT_EQ("each is undone", n, -1);
    OK("and the builder's own", domctl_simple(XEN_DOMCTL_unpausedomain, d.id));
    REFUSED("not paused any more", domctl_simple(XEN_DOMCTL_unpausedomain, d.id));
    dom_destroy(&d);
}

void test(void)
{
    table = grant_table();
    page = page_alloc();
    table[9] = (grant_entry_v1_t){ .domid = 0, .frame = (u32)va_mfn(page) };
    barrier();
    table[9].flags = GTF_permit_access;
    grants(GNTMAP_readonly);
    grants(0);
    pauses();
    audit_key();
}
