/*
 * LDT: typed while loaded, looked up lazily, checked. Its lifetime was a hole more than once: pages of a loaded LDT
 * that become writable, loading from pages that are not there, sizes that wrap.
 * Faults: both ways
 */
#include "pv.h"

#define DATA 0x00cff3000000ffffUL

static long set_ldt(u64 va, u64 n)
{
    struct mmuext_op op = { .cmd = MMUEXT_SET_LDT, .arg1.linear_addr = va, .arg2.nr_ents = (u32)n };
    return hc(__HYPERVISOR_mmuext_op, &op, 1, 0, DOMID_SELF);
}

void test(void)
{
    struct fault f;
    u64 *ldt = page_alloc();
    ldt[0] = DATA;
    ldt[1] = DATA;
    ldt[3] = 0xffff8c00e0081000UL;      /* call gate */
    TRY(f, __asm__ volatile("mov %0, %%es" : : "r"(7)));
    EXPECT_EQ("no LDT", f.vector, 13);
    REQUIRE_OK(set_flags(ldt, READ_PAGE));
    OK("set LDT", set_ldt((u64)ldt, 512));
    TRY(f, __asm__ volatile("mov %0, %%es" : : "r"(7)));
    EXPECT_EQ("a page with a gate in it is not used", f.vector != NO_FAULT, 1);
    OK("none", set_ldt(0, 0));
    REQUIRE_OK(set_flags(ldt, KERNEL_PAGE));
    ldt[3] = 0;
    REQUIRE_OK(set_flags(ldt, READ_PAGE));
    OK("set LDT", set_ldt((u64)ldt, 512));
    TRY(f, __asm__ volatile("mov %0, %%es" : : "r"(7)));
    EXPECT_EQ("own data segment", f.vector, NO_FAULT);
    __asm__ volatile("mov %0, %%es" : : "r"(0));
    REFUSED("its page cannot be mapped writable while used", set_flags(ldt, KERNEL_PAGE));
    OK("update in place", hc(__HYPERVISOR_update_descriptor, va_mfn(ldt) << 12 | 2 * 8, DATA));
    TRY(f, __asm__ volatile("mov %0, %%es" : : "r"(0x17)));
    EXPECT_EQ("the new one", f.vector, NO_FAULT);
    __asm__ volatile("mov %0, %%es" : : "r"(0));
    TRY(f, __asm__ volatile("mov %0, %%es" : : "r"(0x1007)));
    EXPECT_EQ("beyond the limit", f.vector, 13);
    OK("none", set_ldt(0, 0));
    OK("its page is free", set_flags(ldt, KERNEL_PAGE));
    TRY(f, __asm__ volatile("mov %0, %%es" : : "r"(7)));
    EXPECT_EQ("gone", f.vector, 13);

    REFUSED("unaligned", set_ldt((u64)ldt + 8, 10));
    REFUSED("too many", set_ldt((u64)ldt, 8193));
    REFUSED("2^32-1 entries", set_ldt((u64)ldt, 0xffffffff));
    REFUSED("in the hypervisor", set_ldt(0xffff830000000000, 512));
    /* its pages would be looked up in the hypervisor's slots, whose entries are no guest's */
    REFUSED("not canonical", set_ldt(0x0000830000000000, 512));
    REFUSED("not canonical", set_ldt(0x7fff830000000000, 512));
    /* memory that is not there: told at use */
    long rc = set_ldt(0x7000, 512);
    if (!rc) {
        TRY(f, __asm__ volatile("mov %0, %%es" : : "r"(7)));
        EXPECT(f.vector == 13 || f.vector == 14);
    }
    /* writable memory as LDT: cannot be typed */
    rc = set_ldt((u64)page_alloc(), 512);
    if (!rc) {
        TRY(f, __asm__ volatile("mov %0, %%es" : : "r"(7)));
        EXPECT(f.vector == 13 || f.vector == 14);
    }
    set_ldt(0, 0);
}
