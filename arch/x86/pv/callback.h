/* Where a guest's kernel wants to be entered: trap table, callbacks, kernel stack, segment bases. */
#pragma once
#include "abi/xen.h"
#include "lib/types.h"

struct vcpu;

/* Guest privilege levels as permission for `int n` (public header arch-x86/xen.h at struct trap_info). */
static inline bool trap_permits_int(u8 flags, bool kernel_mode) { return (flags & 3) >= (kernel_mode ? 1 : 3); }

/*
 * Put one entry into v's trap table: RPL of the selector is forced to 3. -EINVAL when the handler's address is not
 * canonical. address 0 removes the handler. For set_trap_table and setvcpucontext.
 */
long trap_table_set(struct vcpu *v, const trap_info_t *ti);
/* Entry `vector` in the interface's form (getvcpucontext). */
void trap_table_get(const struct vcpu *v, unsigned vector, trap_info_t *ti);

/* Register v's entry point of CALLBACKTYPE_*: 0, -EINVAL (address), -ENOSYS (type). v is current or not running. */
long callback_register(struct vcpu *v, u16 type, u16 flags, u64 address);
