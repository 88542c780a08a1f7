/*
 * Descriptor tables of one domain are not another's: who has a smaller GDT, or no LDT, does not see what the CPU showed
 * the last one, and who comes back finds its own.
 */
#include "dom.h"

#define DATA 0x00cff3000000ffffUL

static u64 load(u64 sel)
{
    struct fault f;
    TRY(f, __asm__ volatile("mov %0, %%es" : : "r"((u32)sel)));
    __asm__ volatile("mov %0, %%es" : : "r"(0));
    return f.vector;
}

/* Two pages of GDT, with a segment at the start of each, and an LDT. */
static u64 set_up(u64 a, u64 b, u64 c)
{
    u64 frames[2];
    (void)a, (void)b, (void)c;
    for (unsigned i = 0; i < 2; i++) {
        u64 *table = page_alloc();
        table[1] = DATA;
        OK("read-only", set_flags(table, READ_PAGE));
        frames[i] = va_mfn(table);
    }
    OK("GDT", hc(__HYPERVISOR_set_gdt, frames, 1024));
    u64 *ldt = page_alloc();
    ldt[0] = DATA;
    OK("read-only", set_flags(ldt, READ_PAGE));
    struct mmuext_op op = { .cmd = MMUEXT_SET_LDT, .arg1.linear_addr = (u64)ldt, .arg2.nr_ents = 512 };
    OK("LDT", hc(__HYPERVISOR_mmuext_op, &op, 1, 0, DOMID_SELF));
    return 0;
}

static u64 loads(u64 a, u64 b, u64 c)
{
    (void)a, (void)b, (void)c;
    return load(8 | 3) == NO_FAULT && load(4096 + 8 + 3) == NO_FAULT && load(7) == NO_FAULT;
}

void test(void)
{
    static struct dom a;
    dom_create(&a);
    dom_call(&a, set_up, 0, 0, 0);
    for (unsigned i = 0; i < 10; i++) {
        EXPECT_EQ("it has its own", dom_call(&a, loads, 0, 0, 0), 1);
        EXPECT_EQ("first page of its GDT", load(8 | 3), 13);
        EXPECT_EQ("second page", load(4096 + 8 + 3), 13);
        EXPECT_EQ("its LDT", load(7), 13);
    }
    dom_drain(&a);
    dom_destroy(&a);
}
