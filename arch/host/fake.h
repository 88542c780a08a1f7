/*
 * A machine for unit and model tests: a few hundred frames, domains without contexts, one CPU that is whichever vcpu
 * the test says. Mistakes that hardware would punish later are punished at once: a frame given up while a stale TLB
 * entry may map it, a lock still held after an operation, a reference dropped that was never taken.
 */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "core/domain.h"
#include "core/vcpu.h"

/* fake_machine.c */
#define FAKE_FRAMES 1024
extern unsigned fake_flushes;
u64 fake_random(void);                      /* seeded by fake_reset() */
void fake_reset(u64 seed);                  /* no domains, all frames free */
void fake_tlb_stale(mfn_t mfn);             /* a mapping of it went away and was not flushed yet */
extern void (*fake_on_flush)(u64 cpus);     /* called for every flush, if set */
extern unsigned fake_pirq_bound[MAX_PIRQS]; /* bindings per pirq */

/* fake_core.c: stand-ins for the frame table, heap, domain table, scheduler and MMU */
struct domain *fake_domain(domid_t id, unsigned vcpus); /* with shared info and vcpus; tables are the test's business */
void fake_domain_free(struct domain *d);
mfn_t fake_frame(struct domain *d);         /* a frame of its RAM */
u64 fake_refs(mfn_t mfn);
u64 fake_uses(mfn_t mfn);                   /* as writable */
extern long fake_heap_fails_in;             /* this many allocations succeed, the next fails; negative: never */
extern long fake_heap_objects;              /* allocated and not freed */
#define FAKE_SLOTS 512
extern u64 fake_pte[FAKE_SLOTS];            /* what mmu_grant_map() wrote at host address slot << 12, slot > 0 */

/* fake_guest.c: guest memory is host memory; hypercall arguments are passed by address */
extern bool fake_fault;                     /* the next access to guest memory faults */
extern unsigned fake_preempt_every;         /* every n-th preempt_check() says yes; 0: never */
long fake_call3(long (*fn)(u64, u64, u64), u64 a, u64 b, u64 c); /* re-enters while the call continues itself */
/* The same for four arguments; `patience` continuations, then the guest walks off: -ERESTART. Negative: for ever. */
long fake_call4(long (*fn)(u64, u64, u64, u64), const u64 args[4], int patience);
