/*
 * Grant mappings until the mapping records run out: an error, then everything unmaps and works again.
 *
 * Options: gnttab_max_maptrack_frames=4
 */
#include "pv.h"

#define TABLES 8
static grant_handle_t handle[TABLES * 512];
static u64 *table[TABLES];

static s16 map(unsigned i)
{
    struct gnttab_map_grant_ref m = { .host_addr = va_mfn(table[i / 512]) << 12 | (i & 511) * 8,
                                      .flags = GNTMAP_host_map | GNTMAP_contains_pte, .ref = 9, .dom = 0 };
    if (hc(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, &m, 1))
        return -100;
    handle[i] = m.handle;
    return m.status;
}
static s16 unmap(unsigned i)
{
    struct gnttab_unmap_grant_ref u = { .host_addr = va_mfn(table[i / 512]) << 12 | (i & 511) * 8,
                                        .handle = handle[i] };
    return hc(__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, &u, 1) ? -100 : u.status;
}

void test(void)
{
    grant_entry_v1_t *v1 = grant_table();
    char *page = page_alloc();
    v1[9] = (grant_entry_v1_t){ .domid = 0, .frame = (u32)va_mfn(page) };
    barrier();
    v1[9].flags = GTF_permit_access;
    for (unsigned i = 0; i < TABLES; i++) {
        table[i] = table_alloc();
        OK("pin", mmuext1(MMUEXT_PIN_L1_TABLE, va_mfn(table[i])));
    }
    for (unsigned round = 0; round < 3; round++) {
        unsigned n = 0;
        s16 status = 0;
        while (n < TABLES * 512 && !(status = map(n)))
            n++;
        EXPECT(status < 0);
        EXPECT(n >= 100 && n < TABLES * 512);
        EXPECT_EQ("the entry was not made", n < TABLES * 512 ? table[n / 512][n & 511] : 1, 0);
        unsigned wrong = 0;
        for (unsigned i = 0; i < n; i++)
            wrong += unmap(i) != 0;
        EXPECT_EQ("all can be unmapped", wrong, 0);
        EXPECT_EQ("no mark is left", v1[9].flags & (GTF_reading | GTF_writing), 0);
    }
    for (unsigned i = 0; i < TABLES; i++)
        OK("unpin", mmuext1(MMUEXT_UNPIN_TABLE, va_mfn(table[i])));
}
