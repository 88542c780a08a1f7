/*
 * Calls as they were until Xen 3.2, for kernels that were built then and call them still, as Xen has them still:
 * sched_op had its shutdown reason in a register; event_channel_op and physdev_op took one block, the command first.
 *
 * Nothing is done here but finding the arguments; the calls of today check them.
 */
#include "abi/xen.h"
#include "core/domain.h"
#include "core/guest.h"
#include "core/hypercall.h"
#include "core/reject.h"
#include "core/vcpu.h"

long do_sched_op_compat(u64 cmd, u64 arg)
{
    switch ((u32)cmd) {
    case SCHEDOP_yield:
    case SCHEDOP_block:
        return do_sched_op(cmd, 0);
    case SCHEDOP_shutdown:
        domain_shutdown(current->domain, (u8)arg);
        return 0;
    default:
        return reject(-ENOSYS, "sched_op of old has no command %u", (u32)cmd);
    }
}

long do_event_channel_op_compat(u64 arg)
{
    u32 cmd;

    if (copy_from_guest(&cmd, GVA(arg), sizeof(cmd)))
        return reject(-EFAULT, "the command at %#lx cannot be read", (unsigned long)arg);
    if (cmd > EVTCHNOP_unmask)
        return reject(-ENOSYS, "event_channel_op of old has no command %u", cmd);
    return do_event_channel_op(cmd, arg + offsetof(evtchn_op_t, u));
}

long do_physdev_op_compat(u64 arg)
{
    u32 cmd;

    if (copy_from_guest(&cmd, GVA(arg), sizeof(cmd)))
        return reject(-EFAULT, "the command at %#lx cannot be read", (unsigned long)arg);
    return do_physdev_op(cmd, arg + offsetof(physdev_op_t, u));
}
