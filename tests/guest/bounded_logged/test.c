/*
 * Bounded time while a domain is migrated: each change of its page tables changes a copy, too, and each new table gets
 * one. The domain measures itself, as in tests/guest/bounded, while domain 0 waits.
 *
 * QEMU: -icount shift=0,sleep=off
 * Options: dom0_mem=64M loglvl=error guest_loglvl=none
 * Differs: longer stretches there
 * Seconds: 60
 */
#include "bounded.h"

#define TABLES 60
#define UPDATES 1024
static mmu_update_t u[UPDATES];

static u64 measure(u64 a, u64 b, u64 c)
{
    (void)a, (void)b, (void)c;
    bounded_init();
    char *page = page_alloc(), *other = page_alloc();
    u64 *top = page_alloc(), ma = entry_ma(walk((u64)page, 1)), frame[TABLES];
    for (unsigned i = 0; i < TABLES; i++) {
        u64 *t = page_alloc();
        frame[i] = va_mfn(t);
        OK("read-only", set_flags(t, READ_PAGE));
    }
    OK("read-only", set_flags(top, READ_PAGE));
    OK("pin", mmuext1(MMUEXT_PIN_L2_TABLE, va_mfn(top)));
    for (unsigned i = 0; i < UPDATES; i++)
        u[i] = (mmu_update_t){ .ptr = ma, .val = va_mfn(i & 1 ? page : other) << 12 | KERNEL_PAGE };
    BOUNDED("1024 entries, logged", OK("list", hc(__HYPERVISOR_mmu_update, u, UPDATES, 0, DOMID_SELF)));
    for (unsigned i = 0; i < TABLES; i++)
        u[i] = (mmu_update_t){ .ptr = va_mfn(top) << 12 | i * 8, .val = frame[i] << 12 | TABLE };
    BOUNDED("60 entries that name empty tables, logged", OK("link", hc(__HYPERVISOR_mmu_update, u, TABLES, 0,
                                                                       DOMID_SELF)));
    for (unsigned i = 0; i < TABLES; i++)
        u[i].val = 0;
    BOUNDED("60 entries that drop them, logged", OK("drop", hc(__HYPERVISOR_mmu_update, u, TABLES, 0, DOMID_SELF)));
    for (unsigned i = 0; i < UPDATES; i++)
        u[i] = (mmu_update_t){ .ptr = va_mfn(top) << 12, .val = i & 1 ? 0 : frame[0] << 12 | TABLE };
    BOUNDED("a table named and dropped, logged", OK("list", hc(__HYPERVISOR_mmu_update, u, UPDATES, 0, DOMID_SELF)));
    OK("unpin", mmuext1(MMUEXT_UNPIN_TABLE, va_mfn(top)));
    bounded_worst();
    return 0;
}

void test(void)
{
    static struct dom d;
    dom_create(&d);
    struct xen_domctl op = { .cmd = XEN_DOMCTL_shadow_op, .domain = d.id };
    op.u.shadow_op.op = XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY;
    OK("log", domctl(&op));
    dom_call(&d, measure, 0, 0, 0);
    op.u.shadow_op.op = XEN_DOMCTL_SHADOW_OP_OFF;
    OK("off", domctl(&op));
    dom_destroy(&d);
}
