/*
 * Memory given back without any flush of the guest's: a page that goes to another domain is not to be seen through a
 * stale translation of the giver (XSA-style holes around ballooning), and comes to its new owner without its old
 * contents.
 *
 * Faults: both ways
 */
#include "dom.h"

static u64 dirty_pages(u64 a, u64 b, u64 c)
{
    (void)a, (void)b, (void)c;
    u64 bad = 0;
    /* below the image: cleared by nobody but the hypervisor and the builder */
    for (u64 pfn = 0; pfn < 16; pfn++) {
        u64 *p = (u64 *)(VIRT_BASE + (pfn << 12));
        for (unsigned i = 0; i < 512; i++)
            bad += p[i] == 0x5ec4e75ec4e75ec4;
    }
    return bad;
}

void test(void)
{
    for (unsigned round = 0; round < 8; round++) {
        u64 *page = page_alloc();
        for (unsigned i = 0; i < 512; i++)
            page[i] = 0x5ec4e75ec4e75ec4;
        xen_pfn_t mfn = va_mfn(page);
        OK("unmap without a flush", hc(__HYPERVISOR_update_va_mapping, page, 0, 0));
        struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };
        set_xen_guest_handle(r.extent_start, &mfn);
        EXPECT_EQ("give it back", hc(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, &r), 1);
        struct fault f;
        /* Its translation may linger until the frame is given out again; by then it must not. */
        static struct dom d;
        EXPECT_EQ("empty", dom_create_empty(&d, 1, 256), 0);
        static xen_pfn_t list[128];
        for (unsigned i = 0; i < 128; i++)
            list[i] = i;
        r = (struct xen_memory_reservation){ .nr_extents = 128, .domid = d.id };
        set_xen_guest_handle(r.extent_start, list);
        EXPECT_EQ("populate", hc(__HYPERVISOR_memory_op, XENMEM_populate_physmap, &r), 128);
        u64 old = 0, found = 0;
        TRY(f, old = *(volatile u64 *)page);
        for (unsigned i = 0; i < 128; i++)
            if (list[i] == mfn)
                found = 1;
        if (found)
            check(__FILE__, __LINE__, "read through a stale translation", (long)f.vector, 14);
        u64 leaks = 0;
        for (unsigned i = 0; i < 128; i += 1) {
            long err;
            static u64 *w;
            if (!w)
                w = page_alloc();
            err = mmu1_dom(entry_ma(walk((u64)w, 1)), list[i] << 12 | READ_PAGE, d.id);
            mmuext1(MMUEXT_INVLPG_LOCAL, (u64)w);
            if (!err)
                leaks += *(volatile u64 *)w == 0x5ec4e75ec4e75ec4;
            set_flags(w, KERNEL_PAGE);
        }
        EXPECT_EQ("pages that still say what we wrote", leaks, 0);
        (void)old;
        dom_destroy(&d);
    }
    (void)dirty_pages;
}
