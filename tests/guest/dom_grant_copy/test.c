/* Grant copy: between domains in both directions, bounds, read-only, own frames that are not own. */
#include "dom.h"

static grant_entry_v1_t *table;
static char *page[2];

static u64 setup(u64 a, u64 b, u64 c)
{
    (void)a, (void)b, (void)c;
    table = grant_table();
    for (unsigned i = 0; i < 2; i++) {
        page[i] = page_alloc();
        for (unsigned n = 0; n < 4096; n++)
            page[i][n] = (char)(n * 7 + i);
        table[8 + i] = (grant_entry_v1_t){ .domid = 0, .frame = (u32)va_mfn(page[i]) };
        barrier();
        table[8 + i].flags = GTF_permit_access | (i ? GTF_readonly : 0);
    }
    table[12] = (grant_entry_v1_t){ .domid = 0, .frame = (u32)a };      /* a frame that is not ours */
    table[12].flags = GTF_permit_access;
    /* a page table of ours */
    table[13] = (grant_entry_v1_t){ .domid = 0, .frame = (u32)PTE_MFN(*walk(VIRT_BASE, 2)) };
    table[13].flags = GTF_permit_access;
    return 0;
}
static u64 byte(u64 i, u64 n, u64 c) { (void)c; return (u8)page[i][n]; }

static domid_t dom;
static struct gnttab_copy cp;
static long from(u32 ref, u64 mfn, u16 so, u16 to, u16 len)
{
    memset(&cp, 0, sizeof(cp));
    cp.flags = GNTCOPY_source_gref;
    cp.source.u.ref = ref;
    cp.source.domid = dom;
    cp.source.offset = so;
    cp.dest.u.gmfn = mfn;
    cp.dest.domid = DOMID_SELF;
    cp.dest.offset = to;
    cp.len = len;
    long rc = hc(__HYPERVISOR_grant_table_op, GNTTABOP_copy, &cp, 1);
    return rc ? rc : cp.status;
}
static long into(u32 ref, u64 mfn, u16 so, u16 to, u16 len)
{
    memset(&cp, 0, sizeof(cp));
    cp.flags = GNTCOPY_dest_gref;
    cp.dest.u.ref = ref;
    cp.dest.domid = dom;
    cp.dest.offset = to;
    cp.source.u.gmfn = mfn;
    cp.source.domid = DOMID_SELF;
    cp.source.offset = so;
    cp.len = len;
    long rc = hc(__HYPERVISOR_grant_table_op, GNTTABOP_copy, &cp, 1);
    return rc ? rc : cp.status;
}

void test(void)
{
    static struct dom d;
    dom_create(&d);
    dom = d.id;
    char *buf = page_alloc();
    u64 mfn = va_mfn(buf);
    dom_call(&d, setup, mfn, 0, 0);
    EXPECT_EQ("from a grant", from(8, mfn, 100, 200, 1000), 0);
    unsigned wrong = 0;
    for (unsigned n = 0; n < 1000; n++)
        wrong += buf[200 + n] != (char)((n + 100) * 7);
    EXPECT_EQ("contents", wrong, 0);
    EXPECT_EQ("no more than that", buf[199] | buf[1200], 0);
    buf[5] = 'X';
    EXPECT_EQ("into a grant", into(8, mfn, 5, 9, 1), 0);
    EXPECT_EQ("arrived", dom_call(&d, byte, 0, 9, 0), 'X');
    EXPECT_EQ("from a read-only grant", from(9, mfn, 0, 0, 4096), 0);
    EXPECT(into(9, mfn, 0, 0, 8) < 0);
    EXPECT(from(8, mfn, 4095, 0, 2) < 0);
    EXPECT(from(8, mfn, 0, 4095, 2) < 0);
    EXPECT(from(8, mfn, 65535, 0, 65535) < 0);
    EXPECT(from(8, mfn, 0, 0, 4097) < 0);
    EXPECT(from(11, mfn, 0, 0, 1) < 0);
    EXPECT(from(70000, mfn, 0, 0, 1) < 0);
    EXPECT(from(8, 0x200, 0, 0, 1) < 0);
    EXPECT(from(8, our_l4(), 0, 0, 8) < 0);
    EXPECT(from(8, si->shared_info >> 12, 0, 0, 0) <= 0);
    EXPECT(into(8, 0x200, 0, 0, 64) < 0);
    EXPECT(from(12, mfn, 0, 0, 16) < 0);
    EXPECT(into(12, mfn, 0, 0, 16) < 0);
    EXPECT(into(13, mfn, 0, 0, 16) < 0);
    EXPECT_EQ("status of a bad domain", ({ dom = 999; from(8, mfn, 0, 0, 1) < 0; }), 1);
    dom_destroy(&d);
}
