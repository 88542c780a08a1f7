/* Foreign mappings: counted, survive the domain's death, never for page tables writable. */
#include "dom.h"

void test(void)
{
    static struct dom d;
    u64 before = free_pages_after_first_domain();
    dom_create(&d);
    long err;
    REFUSED("the child's L4 writable", ({ map_frame(d.l4, d.id, KERNEL_PAGE, &err); err; }));
    u64 *l4 = map_frame(d.l4, d.id, READ_PAGE, &err);
    OK("read-only", err);
    EXPECT(l4 && (l4[511] & P));
    REFUSED("a frame of the child as ours", ({ map_frame(d.mfn[20], DOMID_SELF, READ_PAGE, &err); err; }));
    REFUSED("our frame as the child's", ({ map_frame(va_mfn(page_alloc()), d.id, READ_PAGE, &err); err; }));
    REFUSED("a domain that is not there", ({ map_frame(d.mfn[20], 999, READ_PAGE, &err); err; }));
    u64 *screen = map_frame(0xb8, DOMID_IO, READ_PAGE, &err);
    OK("the screen's memory", err);
    OK("unmap", unmap_frame(screen));
    REFUSED("which is not the child's", ({ map_frame(0xb8, d.id, READ_PAGE, &err); err; }));
    u64 *t = table_alloc();
    REQUIRE_OK(mmuext1(MMUEXT_PIN_L2_TABLE, va_mfn(t)));
    REFUSED("a child's table in our tables", mmu1(va_mfn(t) << 12, PTE_MFN(l4[511]) << 12 | TABLE));
    REFUSED("with the child as foreign domain, too", mmu1_dom(va_mfn(t) << 12, PTE_MFN(l4[511]) << 12 | TABLE, d.id));
    REFUSED("a child's L4 as our base", mmuext1(MMUEXT_NEW_BASEPTR, d.l4));
    OK("unmap", unmap_frame(l4));
    /* death while mapped */
    char *page = map_frame(d.mfn[20], d.id, READ_PAGE, &err);
    OK("map", err);
    char first = page[0];
    dom_destroy(&d);
    EXPECT_EQ("still there", *(volatile char *)page, first);
    EXPECT(free_pages() < before);
    OK("unmap", unmap_frame(page));
    EXPECT_EQ("all memory is back", free_pages_settled(before), before);
}
