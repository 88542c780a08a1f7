/*
 * smp_m2p_strict: one vcpu has a table for its users, who are not to see the M2P, another one for its kernel, who is,
 * while the domain's writes are logged. The slot comes and goes in the table and in its shadow, in no fixed order; the
 * auditor met the two unlike once, and panicked, as it said so under a lock. Nobody may be harmed, nor be told. (With
 * both CPUs of the emulator in one thread that was met after some dozen audits, otherwise seldom.)
 *
 * QEMU: -smp 2
 * Image: debug
 */
#include "dom.h"

static struct dom d;
static u64 first, both;         /* frames of base tables */
static volatile bool over;

static void as_kernel(void)
{
    while (!over) {
        mmuext1(MMUEXT_NEW_BASEPTR, both);
        mmuext1(MMUEXT_NEW_BASEPTR, first);
    }
    for (;;)
        hc(__HYPERVISOR_vcpu_op, VCPUOP_down, 1, 0);
}

static u64 set_up(u64 a, u64 b, u64 c)
{
    u64 *l4 = page_alloc();
    (void)a, (void)b, (void)c;

    first = our_l4();
    l4[511] = ((u64 *)mfn_va(first))[511];
    REQUIRE_OK(set_flags(l4, READ_PAGE));
    both = va_mfn(l4);
    REQUIRE_OK(mmuext1(MMUEXT_PIN_L4_TABLE, both));
    REQUIRE_OK(hc(__HYPERVISOR_vm_assist, VMASST_CMD_enable, VMASST_TYPE_m2p_strict));
    REQUIRE_OK(vcpu_start(1, as_kernel));
    return 0;
}

static u64 as_user(u64 rounds, u64 b, u64 c)
{
    (void)b, (void)c;
    for (u64 i = 0; i < rounds; i++) {
        mmuext1(MMUEXT_NEW_USER_BASEPTR, both);
        mmuext1(MMUEXT_NEW_USER_BASEPTR, 0);
    }
    return 1;
}

static void log_writes(u32 op)
{
    struct xen_domctl c = { .cmd = XEN_DOMCTL_shadow_op, .domain = d.id };

    c.u.shadow_op.op = op;
    REQUIRE_OK(domctl(&c));
}

void test(void)
{
    dom_create_vcpus(&d, 2);
    dom_call(&d, set_up, 0, 0, 0);
    log_writes(XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY);
    for (unsigned i = 0; i < 30; i++) {
        dom_start_call(&d, as_user, 2000, 0, 0);
        for (unsigned k = 0; k < 10; k++) {
            audit_key();
            nap();
        }
        EXPECT(dom_wait(&d, 5000000000));
    }
    log_writes(XEN_DOMCTL_SHADOW_OP_OFF);
    dom_destroy(&d);
}
