/*
 * Trace buffers: what CPUs did, in records that `xentrace` fetches and `xenalyze` reads (public header trace.h). Theory
 * in core/trace.c. While nobody traces, a trace point costs one test of a word that hardly ever changes.
 */
#pragma once
#include "lib/types.h"
#include <xen/trace.h>

struct vcpu;
struct xen_sysctl_tbuf_op;

/* Classes and subclasses wanted (TRC_*), 0: tracing is off. */
#if defined(SERAI_HOST) && !defined(TRACE_TESTED)
#define TRACE_WANTED 0u         /* tests of what is traced do without */
#else
extern u32 trace_wanted;
#define TRACE_WANTED READ_ONCE(trace_wanted)
#endif

/* Record `event` with n <= TRACE_EXTRA_MAX words, if its class is wanted on this CPU. Any lock may be held. */
void trace_record(u32 event, const u32 *words, unsigned n);
/* Tell domain 0 (VIRQ_TBUF) that a buffer fills up: work of PENDING_TASK. No locks held. */
void trace_announce(void);
/* sysctl tbuf_op. -EINVAL, -ENOMEM with a reason. Caller holds the ctl lock. */
long trace_sysctl(struct xen_sysctl_tbuf_op *op, bool *copyback);
/* Tracing of guests' entries goes on or off: hypercalls go through hypercall_traced(), or directly. */
void machine_trace_entries(bool on);

/* trace(event, words...): u32 each. */
#define trace(event, ...) do {                                                                              \
        if (unlikely(TRACE_WANTED & (event) & TRC_ALL))                                                     \
            trace_words((event), sizeof((u32[]){ __VA_ARGS__ }) / sizeof(u32), __VA_ARGS__);                \
    } while (0)
/* trace_record() of n words given as arguments: keeps arrays off the stacks of hot functions. */
void trace_words(u32 event, unsigned n, ...) __attribute__((cold));
/* A 64-bit value as two words. */
#define TRACE_U64(x) (u32)(u64)(x), (u32)((u64)(x) >> 32)
/* A vcpu as one word, as the scheduler's records name it. */
#define TRACE_VCPU(v) ((v)->id | (u32)(v)->domain->id << 16)
