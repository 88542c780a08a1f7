/*
 * Fakes: a machine and the parts of core/ that a test is not about. A test links the files it wants (its "Links:"
 * line), turns the knobs below, and reads the counters. Every fake is weak: a test that is about one of them, or needs
 * it otherwise, defines its own, and that one counts.
 *
 * Mistakes that hardware would punish later are punished at once: a frame given up while a stale TLB entry may map it,
 * a lock that is waited for although nobody else runs, a reference dropped that was never taken.
 */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "arch/arch.h"
#include "core/domain.h"
#include "core/vcpu.h"

#define FAKE __attribute__((weak))

/* ---- fake_log.c: log_*(), panic(), reject(), counters: errors are printed, the rest dropped, a panic aborts ---- */
extern unsigned fake_rejects;               /* refusals so far */
extern const char *fake_reason;             /* format of the last one, "" at first */

/* ---- fake_machine.c: CPUs of which one runs, a clock that the test moves, RAM, a TLB, interrupts; arch/arch.h ---- */
#define FAKE_FRAMES 1024                    /* of RAM, unless the test brings its own */
#define FAKE_M2P 65536
void fake_reset(u64 seed);                  /* no domains, all frames free, nothing pending */
u64 fake_random(void);                      /* seeded by fake_reset() */
extern _Thread_local unsigned fake_cpu;     /* what smp_cpu() says; nr_cpus is 1 unless the test says otherwise */
extern u32 fake_pending[MAX_CPUS];          /* what cpu_raise() raised, for the test to take */
extern ns_t fake_now;                       /* what now_ns() says; starts at 1 */
extern ns_t fake_alarm[MAX_CPUS];           /* what machine_timer_arm() was told last on each CPU */
extern unsigned fake_alarms;                /* calls of it */
extern char *fake_ram;                      /* fake_ram_frames frames from mfn 0 */
extern mfn_t fake_ram_frames;
void fake_ram_replace(mfn_t frames);        /* by this many, with rubbish in them */
extern u64 fake_m2p[FAKE_M2P];              /* by m2p_set() */
extern unsigned fake_flushes;               /* calls of tlb_flush_mask() */
extern unsigned fake_stale_asked;           /* calls of tlb_stale() */
extern unsigned fake_lines;                 /* of caches: written back */
extern void (*fake_on_flush)(u64 cpus);     /* called for every one, if set */
void fake_tlb_stale(mfn_t mfn);             /* a mapping of it went away and was not flushed yet */
bool fake_tlb_is_stale(mfn_t mfn);
extern unsigned fake_pirq_bound[MAX_PIRQS]; /* bindings per pirq */

/* ---- fake_heap.c: zalloc() and whole pages, from the C library; atomic, for tests with threads ---- */
extern long fake_heap_fails_in;             /* this many allocations succeed, the next fails; negative: never */
extern long fake_heap_objects;              /* allocated and not freed */
bool fake_heap_fails(void);                 /* for other fakes that allocate: shall this one fail? */

/* ---- fake_domain.c: domain_list and who is found on it. A domain of the test's own starts with one reference. ---- */

/* ---- fake_core.c: frames and their counts, domains without contexts, a row of page-table entries ---- */
struct domain *fake_domain(domid_t id, unsigned vcpus); /* with shared info and vcpus; tables are the test's business */
void fake_domain_free(struct domain *d);
mfn_t fake_frame(struct domain *d);         /* a frame of its RAM */
u64 fake_refs(mfn_t mfn);
u64 fake_uses(mfn_t mfn);                   /* as writable */
void fake_core_reset(void);                 /* part of fake_reset() */
#define FAKE_SLOTS 512
extern u64 fake_pte[FAKE_SLOTS];            /* what mmu_grant_map() wrote at host address slot << 12, slot > 0 */

/* ---- fake_guest.c: guest memory is host memory, but for address 0; hypercall arguments are passed by address ---- */
extern long fake_fault_in;                  /* this many accesses to guest memory work, the next faults; < 0: never */
extern unsigned fake_preempt_every;         /* every n-th preempt_check() says yes; 0: never */
extern unsigned fake_looks;                 /* calls of it */
extern _Thread_local unsigned fake_continuations;  /* calls of hypercall_continue(), which answers -ERESTART */
extern _Thread_local u64 fake_next_args[6]; /* and its arguments */
/* A guest that issues the call again while it continues itself. */
long fake_call2(long (*fn)(u64, u64), u64 a, u64 b);
long fake_call3(long (*fn)(u64, u64, u64), u64 a, u64 b, u64 c);
/* The same for four arguments; `patience` continuations, then the guest walks off: -ERESTART. Negative: for ever. */
long fake_call4(long (*fn)(u64, u64, u64, u64), const u64 args[4], int patience);
