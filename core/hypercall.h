/* Hypercall dispatch, pre-emption and continuation. */
#pragma once
#include "lib/types.h"
#include "lib/errno.h"

#define HYPERCALL(name, nargs) HYPERCALL_ARGS_##nargs(do_##name)
#define HYPERCALL_ARGS_0(f) long f(void);
#define HYPERCALL_ARGS_1(f) long f(u64);
#define HYPERCALL_ARGS_2(f) long f(u64, u64);
#define HYPERCALL_ARGS_3(f) long f(u64, u64, u64);
#define HYPERCALL_ARGS_4(f) long f(u64, u64, u64, u64);
#define HYPERCALL_ARGS_5(f) long f(u64, u64, u64, u64, u64);
#include "abi/hypercalls.def"
#undef HYPERCALL

/*
 * A long operation calls preempt_check() at safe points (no locks held that others need) after each bounded piece
 * of work. It opens an interrupt window and says whether this CPU has something better to do; then the operation
 * records how far it is in the guest's argument block or in its arguments and returns hypercall_continue(...).
 */
bool preempt_check(void);

/* The multicall a vcpu is in, if any: its current entry, fetched once. core/call/multicall.c */
struct mc_state {
    bool active;
    bool continued;             /* the entry's hypercall wants to go on: op and args below say how */
    bool worked;                /* the entry did more than its arguments tell (mmu_update: tables, made or dropped) */
    u64 op, args[6];
};
#define MC_SHORT_LIST 64        /* page-table entries that may be updated by one that did not work much */

/*
 * The calling vcpu will issue hypercall `nr` again with these arguments when it next runs (rip moves back over the
 * syscall instruction; inside a multicall the entry's arguments are replaced). Arguments are u64 each, at most 6.
 * Return its value from the handler.
 */
long hypercall_continue(unsigned nr, unsigned nargs, ...);

/*
 * Call hypercall `nr` of a multicall with its arguments for `current`; its result, -ENOSYS (not recorded) for
 * numbers that have no line in abi/hypercalls.def. Locks: none held.
 */
long hypercall_dispatch(u32 nr, const u64 args[6]);
/* The same for a call that is in no multicall, when hypercalls are traced (machine_trace_entries()). */
long hypercall_traced(u32 nr, const u64 args[6]);
