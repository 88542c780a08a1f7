/*
 * The failsafe callback: segment registers that cannot be restored when the guest is resumed.
 *
 * Faults: both ways
 */
#include "pv.h"

void test(void)
{
    /* An LDT segment in %es; then the LDT goes away; then the hypervisor has to give %es back after a switch. */
    u64 *ldt = page_alloc();
    ldt[0] = 0x00cff3000000ffffUL;
    REQUIRE_OK(set_flags(ldt, READ_PAGE));
    struct mmuext_op op = { .cmd = MMUEXT_SET_LDT, .arg1.linear_addr = (u64)ldt, .arg2.nr_ents = 512 };
    REQUIRE_OK(hc(__HYPERVISOR_mmuext_op, &op, 1, 0, DOMID_SELF));
    struct fault f;
    TRY(f, __asm__ volatile("mov %0, %%es" : : "r"(7)));
    EXPECT_EQ("loaded", f.vector, NO_FAULT);
    TRY(f, ({
        op.arg2.nr_ents = 0;
        op.arg1.linear_addr = 0;
        hc(__HYPERVISOR_mmuext_op, &op, 1, 0, DOMID_SELF);
        for (unsigned i = 0; i < 10; i++)
            yield_cpu();
        struct sched_poll poll = { .nr_ports = 0, .timeout = now() + 20000000 };
        hc(__HYPERVISOR_sched_op, SCHEDOP_poll, &poll);
    }));
    EXPECT(f.vector == NO_FAULT || f.vector == VECTOR_FAILSAFE || f.vector == 13);
    __asm__ volatile("mov %0, %%es" : : "r"(0));
}
