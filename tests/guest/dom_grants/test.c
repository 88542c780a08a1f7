/*
 * Grants: a child offers pages, domain 0 maps them; read-only stays read-only, unmap, flags in the entry, by PTE
 * address.
 */
#include "dom.h"

static grant_entry_v1_t *table;
static char *pages[4];

static u64 setup(u64 a, u64 b, u64 c)
{
    (void)a, (void)b, (void)c;
    table = grant_table();
    for (unsigned i = 0; i < 4; i++) {
        pages[i] = page_alloc();
        pages[i][0] = (char)('a' + i);
        table[8 + i] = (grant_entry_v1_t){ .domid = 0, .frame = (u32)va_mfn(pages[i]) };
        barrier();
        table[8 + i].flags = GTF_permit_access | (i == 1 ? GTF_readonly : 0);
    }
    table[10].domid = 5;        /* for somebody else */
    return 0;
}
static u64 flags(u64 i, u64 b, u64 c) { (void)b, (void)c; return table[i].flags; }
static u64 peek(u64 i, u64 b, u64 c) { (void)b, (void)c; return (u64)pages[i][0]; }
static u64 make_table(u64 i, u64 b, u64 c)
{
    (void)b, (void)c;
    if (set_flags(pages[i], READ_PAGE))
        return 1;
    long rc = mmuext1(MMUEXT_PIN_L1_TABLE, va_mfn(pages[i]));
    if (!rc)
        mmuext1(MMUEXT_UNPIN_TABLE, va_mfn(pages[i]));
    set_flags(pages[i], KERNEL_PAGE);
    return (u64)rc;
}

static struct gnttab_map_grant_ref m;
static long map(u64 va, u32 ref, domid_t dom, u32 fl)
{
    m = (struct gnttab_map_grant_ref){ .host_addr = va, .flags = fl, .ref = ref, .dom = dom };
    long rc = hc(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, &m, 1);
    return rc ? rc : m.status;
}
static long unmap(u64 va, grant_handle_t h)
{
    struct gnttab_unmap_grant_ref u = { .host_addr = va, .handle = h };
    long rc = hc(__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, &u, 1);
    return rc ? rc : u.status;
}

void test(void)
{
    static struct dom d;
    dom_create(&d);
    dom_call(&d, setup, 0, 0, 0);
    char *va = page_alloc(), *va2 = page_alloc();
    REQUIRE_OK(set_va(va, 0) | set_va(va2, 0));
    EXPECT_EQ("map", map((u64)va, 8, d.id, GNTMAP_host_map), 0);
    grant_handle_t h = m.handle;
    EXPECT_EQ("contents", va[0], 'a');
    va[0] = 'z';
    EXPECT_EQ("the child sees it", dom_call(&d, peek, 0, 0, 0), 'z');
    EXPECT_EQ("reading and writing are marked", dom_call(&d, flags, 8, 0, 0) & (GTF_reading | GTF_writing),
              GTF_reading | GTF_writing);
    EXPECT((long)dom_call(&d, make_table, 0, 0, 0) < 0);        /* mapped writable elsewhere: no page table */
    EXPECT_EQ("map twice", map((u64)va2, 8, d.id, GNTMAP_host_map), 0);
    grant_handle_t h2 = m.handle;
    EXPECT_EQ("unmap", unmap((u64)va, h), 0);
    EXPECT_EQ("still marked", dom_call(&d, flags, 8, 0, 0) & GTF_writing, GTF_writing);
    EXPECT_FAULT("gone here", 14, 0, (void)*(volatile char *)va);
    EXPECT(unmap((u64)va, h) != 0);                             /* twice */
    EXPECT(unmap((u64)va, h2) != 0);                            /* at the wrong address */
    EXPECT_EQ("unmap the other", unmap((u64)va2, h2), 0);
    EXPECT_EQ("marks are gone", dom_call(&d, flags, 8, 0, 0) & (GTF_reading | GTF_writing), 0);
    EXPECT_EQ("page table now", dom_call(&d, make_table, 0, 0, 0), 0);

    EXPECT_EQ("read-only grant, mapped writable", map((u64)va, 9, d.id, GNTMAP_host_map) < 0, 1);
    EXPECT_EQ("read-only grant", map((u64)va, 9, d.id, GNTMAP_host_map | GNTMAP_readonly), 0);
    h = m.handle;
    EXPECT_EQ("contents", va[0], 'b');
    EXPECT_FAULT("a write to it", 14, 3, *(volatile char *)va = 'x');
    REFUSED("turning the entry writable", mmu1(entry_ma(walk((u64)va, 1)), *walk((u64)va, 1) | RW));
    EXPECT_FAULT("still read-only", 14, 3, *(volatile char *)va = 'x');
    EXPECT_EQ("unmap", unmap((u64)va, h), 0);
    EXPECT_EQ("a grant for somebody else", map((u64)va, 10, d.id, GNTMAP_host_map) < 0, 1);
    EXPECT_EQ("an empty entry", map((u64)va, 20, d.id, GNTMAP_host_map) < 0, 1);
    EXPECT_EQ("beyond the table", map((u64)va, 100000, d.id, GNTMAP_host_map), GNTST_bad_gntref);
    EXPECT_EQ("ref 2^32-1", map((u64)va, ~0u, d.id, GNTMAP_host_map), GNTST_bad_gntref);
    EXPECT_EQ("a domain that is not there", map((u64)va, 8, 999, GNTMAP_host_map), GNTST_bad_domain);
    EXPECT_EQ("no kind of mapping", map((u64)va, 8, d.id, 0) < 0, 1);
    EXPECT_EQ("in the hypervisor", map(0xffff830000000000, 8, d.id, GNTMAP_host_map) < 0, 1);
    EXPECT_EQ("over the M2P", map((u64)M2P, 8, d.id, GNTMAP_host_map) < 0, 1);
    EXPECT_EQ("where no tables are", map(0x7000000000, 8, d.id, GNTMAP_host_map) < 0, 1);
    EXPECT_EQ("no marks are left", dom_call(&d, flags, 8, 0, 0) & (GTF_reading | GTF_writing), 0);
    EXPECT(unmap((u64)va, 0xffffffff) != 0);
    EXPECT(unmap((u64)va, 77777) != 0);

    /* by the address of the entry */
    u64 pte = entry_ma(walk((u64)va, 1));
    EXPECT_EQ("map by PTE", map(pte, 11, d.id, GNTMAP_host_map | GNTMAP_contains_pte), 0);
    h = m.handle;
    mmuext1(MMUEXT_INVLPG_LOCAL, (u64)va);
    EXPECT_EQ("contents", *(volatile char *)va, 'd');
    EXPECT_EQ("unmap by PTE", unmap(pte, h), 0);
    EXPECT_EQ("an L2 entry is no place", map(entry_ma(walk((u64)va, 2)), 11, d.id,
                                             GNTMAP_host_map | GNTMAP_contains_pte) < 0, 1);
    EXPECT_EQ("an ordinary page is no place", map(va_mfn(page_alloc()) << 12, 11, d.id,
                                                  GNTMAP_host_map | GNTMAP_contains_pte) < 0, 1);
    EXPECT_EQ("a foreign frame is no place", map(d.mfn[30] << 12, 11, d.id, GNTMAP_host_map | GNTMAP_contains_pte) < 0,
              1);
    EXPECT_EQ("no page table was harmed", *walk((u64)va, 2) & P, 1);
    dom_destroy(&d);
}
