/*
 * vm_assist: switches by which a guest asks Serai to help (public xen.h, VMASST_*). A bit per type in d->vm_assist;
 * whoever implements an assist looks at its bit. Accepted are the types Linux and Mini-OS use on 64-bit, for the same
 * reason as in Xen: a kernel whose request is refused drops the feature.
 */
#include "arch/arch.h"
#include "core/domain.h"
#include "core/hypercall.h"
#include "core/reject.h"
#include "core/vcpu.h"

#define VALID (BIT(VMASST_TYPE_4gb_segments) | BIT(VMASST_TYPE_4gb_segments_notify) | \
               BIT(VMASST_TYPE_writable_pagetables) | BIT(VMASST_TYPE_pae_extended_cr3) | \
               BIT(VMASST_TYPE_architectural_iopl) | BIT(VMASST_TYPE_runstate_update_flag) | \
               BIT(VMASST_TYPE_m2p_strict))

long do_vm_assist(u64 cmd, u64 type)
{
    struct domain *d = current->domain;

    type = (u32)type;
    if (type >= BITS_PER_LONG || !(VALID & BIT(type)))
        return reject(-EINVAL, "assist %lu is not known", (unsigned long)type);
    switch ((u32)cmd) {
    case VMASST_CMD_enable: __atomic_fetch_or(&d->vm_assist, BIT(type), __ATOMIC_SEQ_CST); break;
    case VMASST_CMD_disable: __atomic_fetch_and(&d->vm_assist, ~BIT(type), __ATOMIC_SEQ_CST); break;
    default: return reject(-ENOSYS, "vm_assist command %u", (u32)cmd);
    }
    arch_vm_assist_changed(d);
    return 0;
}
