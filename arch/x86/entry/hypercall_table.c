/* The table that entry.S calls through: hypercall number -> do_<name>(rdi, rsi, rdx, r10, r8). */
#include "abi/xen.h"
#include <xen/arch-x86/xen-mca.h>
#include "arch/x86/entry/entry.h"
#include "core/hypercall.h"
#include "core/trace.h"
#include "core/vcpu.h"

/* A power of two: entry.S masks the number it has checked (lib/clamp.h says why). */
extern const void *const hypercall_table[64];
#pragma GCC diagnostic ignored "-Woverride-init"  /* the default first, then those that exist */
const void *const hypercall_table[64] = {
    [0 ... 63] = (const void *)hypercall_absent,
#undef HYPERCALL
#define HYPERCALL(name, nargs) [__HYPERVISOR_##name] = (const void *)do_##name,
#include "abi/hypercalls.def"
#undef HYPERCALL
};

/*
 * Numbers from here on take the slow way: unknown ones, and all of them while hypercalls are traced, so that the test
 * that entry.S makes anyway is the only cost of tracing while nobody traces.
 */
u64 hypercall_limit = ARRAY_SIZE(hypercall_table);

/* Page faults that go to their guest in a straight line are made to go round by trap.c, which records them. */
static void faults_go_round(void)
{
    struct domain *d;
    struct vcpu *v;

    domain_list_lock();
    for_each_domain(d)
        for_each_vcpu(d, v)
            WRITE_ONCE(v->arch.fast_fault, false);  /* until isolate_refresh(), which looks whether we still trace */
    domain_list_unlock();
}

void machine_trace_entries(bool on)
{
    WRITE_ONCE(hypercall_limit, on ? 0 : ARRAY_SIZE(hypercall_table));
    if (on)
        faults_go_round();
}

long hypercall_slow(u64 nr)
{
    const struct cpu_user_regs *regs = &cpu_info()->regs;
    const u64 args[6] = { regs->rdi, regs->rsi, regs->rdx, regs->r10, regs->r8, regs->r9 };

    return hypercall_traced(nr < ARRAY_SIZE(hypercall_table) ? (u32)nr : ~0u, args);
}

long hypercall_absent(u64 arg)
{
    static const u64 none[6];
    (void)arg;
    return hypercall_dispatch(~0u, none);   /* counts it */
}
