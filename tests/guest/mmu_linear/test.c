/*
 * Linear page tables: an entry that names a table of its own level (a hole of 2017: uses of a table by itself escaped
 * the counting, so that a dead table went on being walked). Serai refuses them all; Xen still allows some.
 *
 * Differs: Serai offers no linear page tables; Xen's allows them read-only, by an option
 */
#include "pv.h"

void test(void)
{
    u64 l4 = our_l4();
    REFUSED("L4 names itself", mmu1(l4 << 12 | 8 * 8, l4 << 12 | READ_PAGE));
    REFUSED("L4 names itself, writable", mmu1(l4 << 12 | 8 * 8, l4 << 12 | TABLE));
    u64 *a = page_alloc(), *b = page_alloc();
    a[1] = va_mfn(b) << 12 | TABLE;
    REQUIRE_OK(set_flags(a, READ_PAGE));
    REQUIRE_OK(set_flags(b, READ_PAGE));
    REFUSED("an L2 whose entry is a page that becomes an L2", ({
        REQUIRE_OK(mmuext1(MMUEXT_PIN_L2_TABLE, va_mfn(b)));
        mmuext1(MMUEXT_PIN_L2_TABLE, va_mfn(a));
    }));
    /* a cycle through validation: a names a */
    u64 *c = page_alloc();
    c[0] = va_mfn(c) << 12 | TABLE;
    REQUIRE_OK(set_flags(c, READ_PAGE));
    REFUSED("an L2 that names itself", mmuext1(MMUEXT_PIN_L2_TABLE, va_mfn(c)));
    REFUSED("an L3 that names itself", mmuext1(MMUEXT_PIN_L3_TABLE, va_mfn(c)));
    REFUSED("an L4 that names itself", mmuext1(MMUEXT_PIN_L4_TABLE, va_mfn(c)));
    OK("nothing is left", set_flags(c, KERNEL_PAGE));
}
