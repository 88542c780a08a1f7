/*
 * Event counters, one array per CPU so that counting costs one increment and no shared line. Read as sums while they
 * go on counting.
 */
#include "core/perfc.h"
#include "abi/xen.h"
#include <xen/sysctl.h>
#include "arch/arch.h"
#include "core/guest.h"
#include "core/lock.h"
#include "core/reject.h"
#include "lib/print.h"
#include "lib/string.h"

#ifdef PERFC_BUILD

static struct {
    u64 event[NR_PERFC];
    u64 call[PERFC_HYPERCALLS];
    u64 lock[NR_LOCKCLASSES][2];        /* taken, waited for; zero without PERFC=1 */
} __cacheline counts[MAX_CPUS];

static const char *const texts[NR_PERFC] = {
#define COUNTER(name, text) [PERFC_##name] = text,
#include "core/perfc.def"
#undef COUNTER
};

static const char *const lock_names[NR_LOCKCLASSES] = {
#define LOCK(c) "lock " #c,
#include "core/lockorder.def"
#undef LOCK
};

void perfc_add(enum perfc counter, u64 n) { counts[smp_cpu()].event[counter] += n; }

void perfc_hypercall(u32 nr)
{
    if (nr < PERFC_HYPERCALLS)
        counts[smp_cpu()].call[nr]++;
}

#ifdef SERAI_PERFC
void perfc_lock(unsigned lock_class, bool waited) { counts[smp_cpu()].lock[lock_class][waited]++; }
#endif

static long put_desc(gva_t at, u32 i, const char *name, u32 nr_vals)
{
    xen_sysctl_perfc_desc_t desc = { .nr_vals = nr_vals };

    snprintf(desc.name, sizeof(desc.name), "%s", name);
    return copy_elem_to_guest(at, i, &desc);
}

static long put_val(gva_t at, u32 i, size_t offset)
{
    xen_sysctl_perfc_val_t sum = 0;

    for (unsigned cpu = 0; cpu < nr_cpus; cpu++)
        sum += (u32)*(const u64 *)((const char *)&counts[cpu] + offset);
    return copy_elem_to_guest(at, i, &sum);
}

/* Event counters have one value each; then the array of hypercalls by number; then two values per class of lock. */
static long query(struct xen_sysctl_perfc_op *op)
{
    gva_t desc = HVA(op->desc), val = HVA(op->val);
    long bad = 0;

    op->nr_counters = NR_PERFC + 1 + NR_LOCKCLASSES;
    op->nr_vals = NR_PERFC + PERFC_HYPERCALLS + 2 * NR_LOCKCLASSES;
    if (!gva_null(desc)) {
        for (u32 i = 0; i < NR_PERFC; i++)
            bad |= put_desc(desc, i, texts[i], 1);
        bad |= put_desc(desc, NR_PERFC, "hypercalls", PERFC_HYPERCALLS);
        for (u32 i = 0; i < NR_LOCKCLASSES; i++)
            bad |= put_desc(desc, NR_PERFC + 1 + i, lock_names[i], 2);
    }
    if (!gva_null(val))
        for (u32 i = 0; i < op->nr_vals; i++)
            bad |= put_val(val, i, i * sizeof(u64));
    return bad ? reject(-EFAULT, "counters cannot be written") : 0;
}

long perfc_sysctl(struct xen_sysctl_perfc_op *op)
{
    switch (op->cmd) {
    case XEN_SYSCTL_PERFCOP_query:
        return query(op);
    case XEN_SYSCTL_PERFCOP_reset:
        memset(counts, 0, sizeof(counts));
        return query(op);
    default:
        return reject(-EINVAL, "counter operation %u", op->cmd);
    }
}

#else

long perfc_sysctl(struct xen_sysctl_perfc_op *op)
{
    return reject(-EOPNOTSUPP, "counter operation %u: counters are in builds with DEBUG=1 or PERFC=1 only", op->cmd);
}

#endif
