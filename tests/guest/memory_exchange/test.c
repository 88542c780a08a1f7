/*
 * XENMEM_exchange: contiguous memory for drivers; clean when it cannot be had; malformed requests (a hole of 2017, when
 * the output array was not checked again: CVE-2017-7228).
 */
#include "dom.h"

static xen_pfn_t in[8], out[8];
static struct xen_memory_exchange e;

static void base(unsigned nr_in, unsigned order_in, unsigned nr_out, unsigned order_out, unsigned bits)
{
    memset(&e, 0, sizeof(e));
    e.in.nr_extents = nr_in;
    e.in.extent_order = order_in;
    e.out.nr_extents = nr_out;
    e.out.extent_order = order_out;
    e.out.mem_flags = bits;
    e.in.domid = e.out.domid = DOMID_SELF;
    set_xen_guest_handle(e.in.extent_start, in);
    set_xen_guest_handle(e.out.extent_start, out);
}
static long go(void) { return hc(__HYPERVISOR_memory_op, XENMEM_exchange, &e); }

void test(void)
{
    char *page[4];
    for (unsigned i = 0; i < 4; i++)
        page[i] = page_alloc();
    u64 pfn = va_pfn(page[0]), before = free_pages();
    /* four single pages against one of order 2 */
    for (unsigned i = 0; i < 4; i++) {
        in[i] = va_mfn(page[i]);
        REQUIRE_OK(set_va(page[i], 0));
    }
    out[0] = pfn;
    base(4, 0, 1, 2, 0);
    OK("exchange", go());
    EXPECT_EQ("all was exchanged", e.nr_exchanged, 4);
    EXPECT_EQ("aligned", out[0] & 3, 0);
    for (unsigned i = 0; i < 4; i++) {
        EXPECT_EQ("m2p", M2P[out[0] + i], pfn + i);
        p2m[pfn + i] = out[0] + i;
        OK("map", set_flags(page[i], KERNEL_PAGE));
        *(volatile u64 *)page[i] = i;
    }
    EXPECT_EQ("memory", free_pages(), before);

    /* cannot be had: nothing is lost */
    for (unsigned i = 0; i < 4; i++)
        in[i] = va_mfn(page[i]);
    base(4, 0, 1, 2, 13);       /* below 8 KiB */
    REFUSED("no such memory", go());
    EXPECT_EQ("nothing exchanged", e.nr_exchanged, 0);
    EXPECT_EQ("still ours", *(volatile u64 *)page[3], 3);

    base(4, 0, 1, 1, 0);
    REFUSED("sizes differ", go());
    base(1, 2, 4, 1, 0);
    REFUSED("sizes differ", go());
    base(4, 0, 1, 2, 0);
    set_xen_guest_handle(e.out.extent_start, (xen_pfn_t *)0xffff830000000000);
    REFUSED("results into the hypervisor", go());
    base(4, 0, 1, 2, 0);
    set_xen_guest_handle(e.out.extent_start, (xen_pfn_t *)((char *)si->pt_base + 260 * 8));
    long rc = go();
    EXPECT(rc <= 0);            /* into a page table: the write fails */
    EXPECT_EQ("the table is as it was", walk(VIRT_BASE, 1) != NULL, 1);
    if (!rc || e.nr_exchanged)
        say("  (exchange went ahead, %lu)", (u64)e.nr_exchanged);
    base(4, 0, 1, 2, 0);
    e.nr_exchanged = 4;
    rc = go();
    EXPECT(rc <= 0);
    base(4, 0, 1, 2, 0);
    e.nr_exchanged = ~0UL;
    REFUSED("more exchanged than there is", go());
    base(4, 0, 1, 2, 0);
    e.in.nr_extents = 1UL << 60;
    e.out.nr_extents = 1UL << 58;
    rc = go();
    EXPECT(rc <= 0);
    base(1, 60, 1, 60, 0);
    REFUSED("order 60", go());
    base(1, 0xffffffff, 1, 0xffffffff, 0);
    REFUSED("order 2^32-1", go());
    base(4, 0, 1, 2, 0);
    e.in.domid = DOMID_XEN;
    REFUSED("domains differ", go());
    in[0] = 0x200;
    base(1, 0, 1, 0, 0);
    REFUSED("a frame that is not ours", go());
    in[0] = our_l4();
    rc = go();
    EXPECT(rc <= 0);
    EXPECT_EQ("our L4 is still there", walk(VIRT_BASE, 1) != NULL, 1);
}
