/*
 * Grant table versions: 2 and back, status frames, and a switch while something is mapped (holes of 2016 and 2017:
 * status frames that stayed mapped after the switch, marks lost on the way).
 */
#include "pv.h"

static long version(u32 v)
{
    struct gnttab_set_version s = { .version = v };
    return hc(__HYPERVISOR_grant_table_op, GNTTABOP_set_version, &s, 1);
}

void test(void)
{
    static xen_pfn_t frame[2];
    static uint64_t status[2];
    struct gnttab_setup_table s = { .dom = DOMID_SELF, .nr_frames = 1 };
    set_xen_guest_handle(s.frame_list, frame);
    OK("setup", hc(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, &s, 1) | s.status);
    long err;
    grant_entry_v1_t *v1 = map_frame(frame[0], DOMID_SELF, KERNEL_PAGE, &err);
    OK("mapped", err);
    struct gnttab_get_version g = { .dom = DOMID_SELF };
    OK("get version", hc(__HYPERVISOR_grant_table_op, GNTTABOP_get_version, &g, 1));
    EXPECT_EQ("1", g.version, 1);
    struct gnttab_get_status_frames gs = { .nr_frames = 1, .dom = DOMID_SELF };
    set_xen_guest_handle(gs.frame_list, status);
    hc(__HYPERVISOR_grant_table_op, GNTTABOP_get_status_frames, &gs, 1);
    EXPECT(gs.status != GNTST_okay || status[0] == 0);          /* none in version 1 */
    REFUSED("version 3", version(3));
    REFUSED("version 0", version(0));
    OK("version 2", version(2));
    OK("status frames", hc(__HYPERVISOR_grant_table_op, GNTTABOP_get_status_frames, &gs, 1) | gs.status);
    EXPECT(status[0] != 0);
    grant_status_t *st = map_frame(status[0], DOMID_SELF, KERNEL_PAGE, &err);
    OK("status frame mapped", err);
    union grant_entry_v2 *v2 = (void *)v1;
    char *page = page_alloc();
    page[0] = 's';
    v2[9].full_page.frame = va_mfn(page);
    v2[9].hdr.domid = 0;
    barrier();
    v2[9].hdr.flags = GTF_permit_access;
    char *va = page_alloc();
    REQUIRE_OK(set_va(va, 0));
    struct gnttab_map_grant_ref m = { .host_addr = (u64)va, .flags = GNTMAP_host_map, .ref = 9, .dom = 0 };
    OK("map one's own grant", hc(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, &m, 1) | m.status);
    EXPECT_EQ("contents", *(volatile char *)va, 's');
    EXPECT_EQ("status says so", st[9] & (GTF_reading | GTF_writing), GTF_reading | GTF_writing);
    EXPECT(version(1) != 0);                                    /* busy */
    struct gnttab_unmap_grant_ref u = { .host_addr = (u64)va, .handle = m.handle };
    OK("unmap", hc(__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, &u, 1) | u.status);
    EXPECT_EQ("status is clear", st[9] & (GTF_reading | GTF_writing), 0);
    v2[9].hdr.flags = 0;
    long rc = version(1);
    EXPECT(rc == 0 || rc == -EBUSY);        /* the status frame is mapped still: busy, or gone safely */
    OK("unmap the status frame", unmap_frame(st));
    OK("version 1", version(1));
    REFUSED("the status frame is nobody's now", ({ map_frame(status[0], DOMID_SELF, KERNEL_PAGE, &err);
                                                   err ? err : -(M2P[status[0]] == ~0UL); }));
    struct gnttab_query_size q = { .dom = DOMID_SELF };
    OK("query size", hc(__HYPERVISOR_grant_table_op, GNTTABOP_query_size, &q, 1) | q.status);
    EXPECT(q.nr_frames >= 1 && q.max_nr_frames >= 32);
    s.nr_frames = q.max_nr_frames + 1;
    hc(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, &s, 1);
    EXPECT(s.status != GNTST_okay);
    EXPECT_EQ("unknown operation", hc(__HYPERVISOR_grant_table_op, 77, &s, 1), -ENOSYS);
    struct gnttab_swap_grant_ref sw = { .ref_a = 9, .ref_b = 1000000 };
    hc(__HYPERVISOR_grant_table_op, GNTTABOP_swap_grant_ref, &sw, 1);
    EXPECT(sw.status != GNTST_okay);
    struct gnttab_transfer tr = { .mfn = va_mfn(page), .domid = 999 };
    rc = hc(__HYPERVISOR_grant_table_op, GNTTABOP_transfer, &tr, 1);
    EXPECT(rc != 0 || tr.status != GNTST_okay);
}
