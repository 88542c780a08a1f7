/* The table that entry.S calls through: hypercall number -> do_<name>(rdi, rsi, rdx, r10, r8). */
#include "abi/xen.h"
#include <xen/arch-x86/xen-mca.h>
#include "arch/x86/entry/entry.h"
#include "core/hypercall.h"

extern const void *const hypercall_table[64];
#pragma GCC diagnostic ignored "-Woverride-init"  /* the default first, then those that exist */
const void *const hypercall_table[64] = {
    [0 ... 63] = (const void *)hypercall_absent,
#undef HYPERCALL
#define HYPERCALL(name, nargs) [__HYPERVISOR_##name] = (const void *)do_##name,
#include "abi/hypercalls.def"
#undef HYPERCALL
};

long hypercall_absent(u64 nr)
{
    static const u64 none[6];
    (void)nr;
    return hypercall_dispatch(~0u, none);   /* counts it */
}
