/*
 * Entry points of a guest's kernel.
 *
 * A paravirtualized kernel has no IDT and no SYSCALL registers; it names its handlers by hypercall once, and Serai
 * jumps there. Invariant: every address kept here is canonical and every code selector has RPL 3, so that building a
 * frame and returning to it cannot fault in Serai for a reason that could have been seen at registration. Whether the
 * selector is a code segment is deliberately not checked: the guest may change its GDT later anyway, and IRET to a
 * wrong selector is the failsafe callback's business. Nothing here kills a guest.
 */
#include "arch/x86/pv/callback.h"
#include "arch/x86/entry/isolate.h"
#include "arch/x86/pv/fpu.h"
#include "arch/x86/pv/inject.h"
#include "arch/x86/pv/segment.h"
#include "core/guest.h"
#include "core/hypercall.h"
#include "core/reject.h"
#include "core/vcpu.h"
#include "lib/string.h"

#define RPL_MASK 3
#define TABLE_INDICATOR 4       /* of a selector: the LDT */

long trap_table_set(struct vcpu *v, const trap_info_t *ti)
{
    if (!va_canonical(ti->address))
        return reject(-EINVAL, "handler %#lx of vector %u is not canonical", ti->address, ti->vector);
    v->arch.trap[ti->vector] = (struct guest_trap){
        .address = ti->address,
        .cs = ti->cs | RPL_MASK, /* kernels send their ring 0 selector: they run in ring 3 here */
        .flags = ti->flags & 7,
    };
    if (ti->vector == 14)
        isolate_refresh(v);
    if (ti->vector == 2)
        guest_nmi_welcome(v);
    return 0;
}

void trap_table_get(const struct vcpu *v, unsigned vector, trap_info_t *ti)
{
    const struct guest_trap *t = &v->arch.trap[vector & 255];

    *ti = (trap_info_t){ .vector = vector, .flags = t->flags, .cs = t->cs, .address = t->address };
}

/* A NULL table clears all handlers; else entries up to the first without an address are added or replaced. */
long do_set_trap_table(u64 traps)
{
    gva_t table = GVA(traps);
    trap_info_t ti;

    if (gva_null(table)) {
        memset(current->arch.trap, 0, sizeof(current->arch.trap));
        isolate_refresh(current);
        return 0;
    }
    for (;;) {
        if (copy_from_guest(&ti, table, sizeof(ti)))
            return reject(-EFAULT, "trap table at %#lx is not readable", table.va);
        if (!ti.address)
            return 0;
        long rc = trap_table_set(current, &ti);
        if (rc)
            return rc;
        table = gva_add(table, sizeof(ti));
        /* The guest decides how long its list is: entries done stay done, the rest is a call of its own. */
        if (preempt_check())
            return hypercall_continue(__HYPERVISOR_set_trap_table, 1, table.va);
    }
}

/* An NMI handler is the trap table's entry 2, always entered with events masked. */
static void nmi_callback_set(struct vcpu *v, u64 address)
{
    v->arch.nmi_callback = address;
    v->arch.trap[2] = (struct guest_trap){ .address = address, .cs = FLAT_KERNEL_CS, .flags = address ? 4 : 0 };
    guest_nmi_welcome(v);
}

long callback_register(struct vcpu *v, u16 type, u16 flags, u64 address)
{
    bool masks_events = flags & CALLBACKF_mask_events;

    if (!va_canonical(address))
        return reject(-EINVAL, "callback %u: address %#lx is not canonical", type, address);
    switch (type) {
    case CALLBACKTYPE_event:
        v->arch.event_callback = address;
        return 0;
    case CALLBACKTYPE_failsafe:
        v->arch.failsafe_callback = address;
        v->arch.failsafe_masks_events = masks_events;
        return 0;
    case CALLBACKTYPE_syscall:
        v->arch.syscall_callback = address;
        v->arch.syscall_masks_events = masks_events;
        isolate_refresh(v);
        return 0;
    case CALLBACKTYPE_syscall32:
        v->arch.syscall32_callback = address;
        v->arch.syscall32_cs = FLAT_KERNEL_CS;
        v->arch.syscall32_masks_events = masks_events;
        return 0;
    case CALLBACKTYPE_sysenter:
        v->arch.sysenter_callback = address;
        v->arch.sysenter_cs = FLAT_KERNEL_CS;
        v->arch.sysenter_masks_events = masks_events;
        return 0;
    case CALLBACKTYPE_nmi:
        nmi_callback_set(v, address);
        return 0;
    default:
        return reject(-ENOSYS, "callback type %u is unknown", type);
    }
}

/* -EINVAL: that type cannot be unregistered; -ENOSYS: no such type. */
static long callback_unregister(struct vcpu *v, u16 type)
{
    switch (type) {
    case CALLBACKTYPE_nmi:
        nmi_callback_set(v, 0);
        return 0;
    case CALLBACKTYPE_event:
    case CALLBACKTYPE_failsafe:
    case CALLBACKTYPE_syscall:
    case CALLBACKTYPE_syscall32:
    case CALLBACKTYPE_sysenter:
        return reject(-EINVAL, "callback type %u can be replaced but not removed", type);
    default:
        return reject(-ENOSYS, "callback type %u is unknown", type);
    }
}

long do_callback_op(u64 cmd, u64 arg)
{
    struct callback_register reg;
    struct callback_unregister unreg;

    switch ((u32)cmd) {
    case CALLBACKOP_register:
        if (copy_from_guest(&reg, GVA(arg), sizeof(reg)))
            return reject(-EFAULT, "argument at %#lx is not readable", arg);
        return callback_register(current, reg.type, reg.flags, reg.address);
    case CALLBACKOP_unregister:
        if (copy_from_guest(&unreg, GVA(arg), sizeof(unreg)))
            return reject(-EFAULT, "argument at %#lx is not readable", arg);
        return callback_unregister(current, unreg.type);
    default:
        return reject(-ENOSYS, "callback operation %lu is unknown", cmd);
    }
}

/* The older form of three registrations in one call. */
long do_set_callbacks(u64 event, u64 failsafe, u64 syscall)
{
    /* All or nothing: decide before the first one is stored. */
    if (!va_canonical(event) || !va_canonical(failsafe) || !va_canonical(syscall))
        return reject(-EINVAL, "a callback is not canonical: %#lx %#lx %#lx", event, failsafe, syscall);
    callback_register(current, CALLBACKTYPE_event, 0, event);
    callback_register(current, CALLBACKTYPE_failsafe, 0, failsafe);
    callback_register(current, CALLBACKTYPE_syscall, 0, syscall);
    return 0;
}

/*
 * Load the user's GS selector as the kernel would with swapgs around a segment load: the selector register gets it and
 * the base of its descriptor becomes the inactive base; the kernel's own base is untouched. A selector the CPU refuses
 * becomes null without an error: users can bring their kernel to load any, and kernels treat an error as a defect.
 */
static void gs_user_selector_load(u16 sel)
{
    u64 kernel_base = gs_base_read();
    u32 loaded = sel;

    /* Some CPUs keep the old base when null is loaded, which would be the kernel's: go through a flat segment first. */
    __asm__ volatile("mov %0, %%gs" : : "r"((u32)FLAT_USER_DS32));
    __asm__ volatile("1: mov %0, %%gs\n"
                     "2:\n\t"
                     ".pushsection .text.fixup, \"ax\"\n"
                     "3: xor %0, %0\n\t"
                     "mov %0, %%gs\n\t"
                     "jmp 2b\n\t"
                     ".popsection\n\t" EX_TABLE("1b", "3b")
                     : "+r"(loaded));
    gs_shadow_write(gs_base_read());
    gs_base_write(kernel_base);
}

long do_set_segment_base(u64 which, u64 base)
{
    which = (u32)which;
    if (which == SEGBASE_GS_USER_SEL) {
        gs_user_selector_load((u16)base);
        if (base & TABLE_INDICATOR)         /* its page may have been checked for it, after a flush */
            (void)preempt_check();
        return 0;
    }
    if (!va_canonical(base))
        return reject(-EINVAL, "segment base %#lx is not canonical", base);
    switch (which) {
    case SEGBASE_FS:
        fs_base_write(base);
        return 0;
    case SEGBASE_GS_USER: /* the caller is a kernel: the user's base is the inactive one */
        gs_shadow_write(base);
        return 0;
    case SEGBASE_GS_KERNEL:
        gs_base_write(base);
        return 0;
    default:
        return reject(-EINVAL, "segment base %lu is unknown", which);
    }
}

/* Stack for entries from user mode. Any value is fine: a bad one is found when a frame is written there. */
long do_stack_switch(u64 ss, u64 sp)
{
    current->arch.kernel_ss = (u16)ss | RPL_MASK;
    current->arch.kernel_sp = sp;
    isolate_refresh(current);
    return 0;
}

long do_fpu_taskswitch(u64 set)
{
    fpu_ts_set(current, set != 0);
    return 0;
}
