/*
 * Event counters per CPU, in builds with DEBUG=1 or PERFC=1: perfc_incr(name) for a line of core/perfc.def.
 * With PERFC=1 locks are counted, too: by class, how often taken, and how often somebody had to wait for one.
 */
#pragma once
#include "lib/types.h"

enum perfc {
#define COUNTER(name, text) PERFC_##name,
#include "core/perfc.def"
#undef COUNTER
    NR_PERFC
};
#define PERFC_HYPERCALLS 64     /* calls by number */

#if defined(SERAI_DEBUG) || defined(SERAI_PERFC)
#define PERFC_BUILD 1
/* On this CPU; a hypercall's number is the guest's, any. */
void perfc_add(enum perfc counter, u64 n);
void perfc_hypercall(u32 nr);
#else
static inline void perfc_add(enum perfc counter __unused, u64 n __unused) {}
static inline void perfc_hypercall(u32 nr __unused) {}
#endif
#ifdef SERAI_PERFC
void perfc_lock(unsigned lock_class, bool waited);  /* a lock was taken, or is about to be waited for */
#else
static inline void perfc_lock(unsigned lock_class __unused, bool waited __unused) {}
#endif
#define perfc_incr(name) perfc_add(PERFC_##name, 1)

struct xen_sysctl_perfc_op;
/* sysctl perfc_op: query, reset. -EOPNOTSUPP in other builds. */
long perfc_sysctl(struct xen_sysctl_perfc_op *op);
