/*
 * Mapped grants and what may be done to them: overwritten entries, tables destroyed while they map a grant, the
 * granting domain's death while mapped. The frame must live until the last mapping is gone, and then come back.
 */
#include "dom.h"

static grant_entry_v1_t *table;
static char *page;

static u64 setup(u64 a, u64 b, u64 c)
{
    (void)a, (void)b, (void)c;
    table = grant_table();
    page = page_alloc();
    page[0] = 'a';
    table[8] = (grant_entry_v1_t){ .domid = 0, .frame = (u32)va_mfn(page) };
    barrier();
    table[8].flags = GTF_permit_access;
    return va_mfn(page);
}
static u64 give_page_back(u64 a, u64 b, u64 c)
{
    (void)a, (void)b, (void)c;
    xen_pfn_t mfn = va_mfn(page);
    set_va(page, 0);
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };
    set_xen_guest_handle(r.extent_start, &mfn);
    return (u64)hc(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, &r);
}

void test(void)
{
    static struct dom d;
    u64 before = free_pages_after_first_domain();
    dom_create(&d);
    u64 frame = dom_call(&d, setup, 0, 0, 0);
    char *va = page_alloc(), *va2 = page_alloc();
    REQUIRE_OK(set_va(va, 0));
    struct gnttab_map_grant_ref m = { .host_addr = (u64)va, .flags = GNTMAP_host_map, .ref = 8, .dom = d.id };
    OK("map", hc(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, &m, 1) | m.status);
    EXPECT_EQ("contents", *(volatile char *)va, 'a');
    /* the grant's entry copied by the kernel to another place */
    REFUSED("the frame by an ordinary mapping of ours", set_va(va2, frame << 12 | KERNEL_PAGE));
    /* the child gives the frame away while we map it */
    dom_call(&d, give_page_back, 0, 0, 0);
    EXPECT_EQ("still what it was", *(volatile char *)va, 'a');
    *(volatile char *)va = 'q';
    /* the child changes the entry */
    /* and dies */
    EXPECT_EQ("unmapping mailbox", unmap_frame((void *)d.mb), 0);
    d.mb = NULL;
    long rc;
    do
        rc = domctl_simple(XEN_DOMCTL_destroydomain, d.id);
    while (rc == -ERESTART);
    OK("destroy while mapped", rc);
    EXPECT_EQ("the frame is still mapped", *(volatile char *)va, 'q');
    struct xen_domctl_getdomaininfo i;
    OK("the domain is still listed", domain_info(d.id, &i));
    EXPECT(i.flags & XEN_DOMINF_dying);
    u64 held = free_pages();
    EXPECT(held < before);
    struct gnttab_unmap_grant_ref u = { .host_addr = (u64)va, .handle = m.handle };
    OK("unmap", hc(__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, &u, 1) | u.status);
    EXPECT_FAULT("gone", 14, 0, (void)*(volatile char *)va);
    /* but for domain 0's first page of mapping records */
    EXPECT_EQ("all memory is back", free_pages_settled(before - 1), before - 1);
    EXPECT(domain_info(d.id, &i) != 0);
}
