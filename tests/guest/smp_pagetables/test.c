/*
 * Page tables from two vcpus: trees of four levels are built, pinned, linked, taken apart, loaded and unloaded,
 * written by hypercall and directly, and their frames exchanged and given back, by both at once and to the same
 * tables. Types are counted by one vcpu while the other counts them down; whoever forgets a window between a check
 * and a use has a page table that is writable. The auditor counts again; at the end every frame is good for any use.
 *
 * Image: debug
 * QEMU: -smp 2
 * Faults: both ways
 */
#include "dom.h"

static volatile bool runs, stop, done;
static u64 *l1[2], *l2, *l3, *l4;
static u64 m1[2], m2, m3, m4;
static char *pages[3];
static u64 wrong, bases;

/* A table that somebody may write to is what must never be. */
static void look(void)
{
    u64 *t[] = { l1[0], l1[1], l2, l3, l4 };
    for (unsigned i = 0; i < 5; i++)
        wrong += (*walk((u64)t[i], 1) & RW) != 0;
}

static void round(unsigned i, unsigned me)
{
    u64 page = va_mfn(pages[i % 3]);
    mmuext1(MMUEXT_PIN_L1_TABLE + i % 4, (i & 16 ? m1[0] : i & 32 ? m2 : i & 64 ? m3 : m4));
    mmuext1(MMUEXT_PIN_L4_TABLE, m4);
    mmu1(m1[i & 1] << 12 | i % 8 * 8, page << 12 | (i & 2 ? KERNEL_PAGE : READ_PAGE));
    mmu1(m2 << 12 | i % 4 * 8, m1[i >> 1 & 1] << 12 | TABLE);
    mmu1(m3 << 12, m2 << 12 | TABLE);
    mmu1(m4 << 12, m3 << 12 | TABLE);
    struct mmuext_op base = { .cmd = MMUEXT_NEW_USER_BASEPTR, .arg1.mfn = m4 };
    bases += !hc(__HYPERVISOR_mmuext_op, &base, 1, 0, DOMID_SELF);
    if (i % 8 == me * 4) {
        base.arg1.mfn = 0;
        hc(__HYPERVISOR_mmuext_op, &base, 1, 0, DOMID_SELF);
    }
    struct fault f;
    if (!me)            /* one catcher */
        TRY(f, *(volatile u64 *)&l1[i & 1][i % 8] = page << 12 | READ_PAGE);
    mmu1(m2 << 12 | i % 4 * 8, 0);
    mmuext1(MMUEXT_UNPIN_TABLE, i & 1 ? m1[0] : m1[1]);
    mmuext1(MMUEXT_UNPIN_TABLE, m2);
    if (i % 3 == 0)
        mmu1(m4 << 12, 0);
    if (i % 5 == 0)
        mmu1(m3 << 12, 0);
    mmuext1(MMUEXT_UNPIN_TABLE, m3);
    mmuext1(MMUEXT_UNPIN_TABLE, m4);
    /* The data pages want to be tables, too, and to go away. */
    hc(__HYPERVISOR_update_va_mapping, pages[i % 3], page << 12 | (i & 4 ? READ_PAGE : KERNEL_PAGE), i & 1 ?
        UVMF_INVLPG | UVMF_ALL : 0);
    if (!mmuext1(MMUEXT_PIN_L2_TABLE, page))
        mmuext1(MMUEXT_UNPIN_TABLE, page);
    mmuext1(i & 1 ? MMUEXT_CLEAR_PAGE : MMUEXT_TLB_FLUSH_ALL, i & 2 ? page : m1[0]);
    look();
}

static void second(void)
{
    runs = true;
    for (unsigned i = 0; !stop; i++)
        round(i * 5 + 1, 1);
    struct mmuext_op base = { .cmd = MMUEXT_NEW_USER_BASEPTR, .arg1.mfn = 0 };
    hc(__HYPERVISOR_mmuext_op, &base, 1, 0, DOMID_SELF);
    done = true;
}

static u64 table(u64 **t)
{
    *t = table_alloc();
    return va_mfn(*t);
}

void test(void)
{
    m1[0] = table(&l1[0]), m1[1] = table(&l1[1]), m2 = table(&l2), m3 = table(&l3), m4 = table(&l4);
    for (unsigned i = 0; i < 3; i++)
        pages[i] = page_alloc();
    OK("start", vcpu_start(1, second));
    EXPECT_EQ("runs", wait_until(&runs, 3000000000UL), 1);
    u64 end = now() + 1500000000;
    unsigned i;
    for (i = 0; now() < end; i++)
        round(i, 0);
    stop = true;
    EXPECT_EQ("done", wait_until(&done, 3000000000UL), 1);
    EXPECT_EQ("page tables mapped writable", wrong, 0);
    audit_key();
    struct mmuext_op base = { .cmd = MMUEXT_NEW_USER_BASEPTR, .arg1.mfn = 0 };
    hc(__HYPERVISOR_mmuext_op, &base, 1, 0, DOMID_SELF);
    u64 all[] = { m4, m3, m2, m1[0], m1[1] };
    for (unsigned r = 0; r < 3; r++)
        for (unsigned k = 0; k < 5; k++)
            mmuext1(MMUEXT_UNPIN_TABLE, all[k]);
    u64 *t[] = { l1[0], l1[1], l2, l3, l4 };
    for (unsigned k = 0; k < 5; k++) {
        OK("a table is free for any use", set_flags(t[k], KERNEL_PAGE));
        memset(t[k], 0, 4096);
        OK("read-only", set_flags(t[k], READ_PAGE));
        OK("as another type", mmuext1(MMUEXT_PIN_L3_TABLE, va_mfn(t[k])));
        OK("and free again", mmuext1(MMUEXT_UNPIN_TABLE, va_mfn(t[k])));
    }
    say("  %u rounds, %lu times a user base", i, bases);
    audit_key();
}
