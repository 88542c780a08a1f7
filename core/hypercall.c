/*
 * From a hypercall's number to its handler, and how a long one is put off.
 *
 * Problem: nobody sleeps in Serai, yet some calls take long, and others want the CPU meanwhile.
 *
 * A long call returns to the guest half done, with its arguments changed to say what is left and the instruction
 * pointer back on the hypercall instruction: the guest issues the rest itself, after any interrupts it had waiting, and
 * never notices. Inside a multicall there is no instruction to go back to; the entry's arguments are changed instead
 * and the multicall puts itself off (core/call/multicall.c).
 *
 * Invariant: what is left of a call is in the guest's registers and argument block only, so a guest that tampers
 * with it fools itself: the rest is checked like any new call.
 */
#include "core/hypercall.h"
#include <stdarg.h>
#include "abi/xen.h"
#include <xen/arch-x86/xen-mca.h>
#include "arch/arch.h"
#include "core/perfc.h"
#include "core/reject.h"
#include "core/trace.h"
#include "core/vcpu.h"
#include "lib/print.h"

#define CALL_0(f) f()
#define CALL_1(f) f(a[0])
#define CALL_2(f) f(a[0], a[1])
#define CALL_3(f) f(a[0], a[1], a[2])
#define CALL_4(f) f(a[0], a[1], a[2], a[3])
#define CALL_5(f) f(a[0], a[1], a[2], a[3], a[4])

/* A switch, so that the compiler sees direct calls with the right number of arguments and no cast is needed. */
static long dispatch(u32 nr, const u64 a[6])
{
    perfc_hypercall(nr);
    switch (nr) {
#undef HYPERCALL
#define HYPERCALL(name, nargs) case __HYPERVISOR_##name: return CALL_##nargs(do_##name);
#include "abi/hypercalls.def"
#undef HYPERCALL
    default:
        return refuse_quietly(-ENOSYS);
    }
}

/* The low halves of two arguments: for most calls what is asked for, and how often or of whom. */
static void trace_call(u32 event, u32 nr, const u64 a[6])
{
    trace(event, nr | TRC_PV_HYPERCALL_V2_ARG_32(0) | TRC_PV_HYPERCALL_V2_ARG_32(1), (u32)a[0], (u32)a[1]);
}

long hypercall_dispatch(u32 nr, const u64 args[6])
{
    trace_call(TRC_PV_HYPERCALL_SUBCALL, nr, args);
    return dispatch(nr, args);
}

long hypercall_traced(u32 nr, const u64 args[6])
{
    trace_call(TRC_PV_HYPERCALL_V2, nr, args);
    return dispatch(nr, args);
}

long hypercall_continue(unsigned nr, unsigned nargs, ...)
{
    struct mc_state *mc = &current->mc;
    u64 args[6] = { 0 };
    va_list ap;

    ASSERT(nargs <= ARRAY_SIZE(args));
    va_start(ap, nargs);
    for (unsigned i = 0; i < nargs && i < ARRAY_SIZE(args); i++)
        args[i] = va_arg(ap, u64);
    va_end(ap);

    perfc_incr(continuations);
    if (!mc->active) {
        arch_hypercall_restart(nr, args, nargs);
        return (long)nr; /* what the argument register for the number must hold, whoever writes it last */
    }
    mc->continued = true;
    mc->op = nr;
    for (unsigned i = 0; i < nargs && i < ARRAY_SIZE(args); i++)
        mc->args[i] = args[i];
    return -ERESTART;
}
