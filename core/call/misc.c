/* Hypercalls that Serai has nothing behind. Those that kernels and tools try every day are refused without a record. */
#include "abi/xen.h"
#include <xen/pmu.h>
#include "core/hypercall.h"
#include "core/reject.h"

long do_hvm_op(u64 op, u64 arg __unused)
{
    return reject(-ENOSYS, "hvm_op %lu: there are no HVM guests", (unsigned long)op);
}

/* Every tool asks whether there is a security policy. */
long do_xsm_op(u64 arg __unused)
{
    return refuse_quietly(-ENOSYS);
}

long do_kexec_op(u64 op, u64 arg __unused)
{
    return reject(-ENOSYS, "kexec_op %lu: a crash kernel cannot be loaded", (unsigned long)op);
}

/* Every kernel tries to start and stop its virtual PMU. */
long do_xenpmu_op(u64 op, u64 arg __unused)
{
    if (op == XENPMU_init || op == XENPMU_finish)
        return refuse_quietly(-EOPNOTSUPP);
    return reject(-EOPNOTSUPP, "xenpmu_op %lu: there is no virtual PMU", (unsigned long)op);
}
