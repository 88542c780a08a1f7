/* Event counters per CPU, debug builds only: perfc_incr(name) for a line of core/perfc.def. */
#pragma once
#include "lib/types.h"

enum perfc {
#define COUNTER(name, text) PERFC_##name,
#include "core/perfc.def"
#undef COUNTER
    NR_PERFC
};
#define PERFC_HYPERCALLS 64     /* calls by number */

#ifdef SERAI_DEBUG
void perfc_add(enum perfc counter, u64 n);
void perfc_hypercall(u32 nr);
#else
static inline void perfc_add(enum perfc counter __unused, u64 n __unused) {}
static inline void perfc_hypercall(u32 nr __unused) {}
#endif
#define perfc_incr(name) perfc_add(PERFC_##name, 1)

struct xen_sysctl_perfc_op;
/* sysctl perfc_op: query, reset. -EOPNOTSUPP in release builds. */
long perfc_sysctl(struct xen_sysctl_perfc_op *op);
