/*
 * Entering a guest's kernel: exceptions, events, system calls.
 *
 * A 64-bit guest kernel runs in ring 3, so hardware cannot deliver anything to it. Serai builds on the guest kernel's
 * stack the frame that hardware would have built, plus RCX and R11 below it (so that the kernel can be entered by
 * SYSRET), and continues at the handler the guest registered. Layout, ascending (ABI: xen-x86_64.h and the guests'
 * entry code):
 *
 *     rcx r11 [error code] rip  cs | saved_upcall_mask << 32  rflags rsp ss
 *
 * The kernel sees RPL 0 in cs when it was interrupted itself, and the inverse of its event mask as IF in rflags.
 * A guest dies here when its stack cannot be written or it has no handler: there is no one left to tell.
 */
#include "arch/x86/pv/inject.h"
#include "arch/x86/entry/entry.h"
#include "arch/x86/entry/isolate.h"
#include "arch/x86/mm/uaccess.h"
#include "arch/x86/vectors.h"

#undef FLAT_KERNEL_CS   /* the header's spell the 64-bit ring-3 selectors the same way, with a type */
#undef FLAT_KERNEL_SS
#undef FLAT_USER_CS32
#define FLAT_KERNEL_CS 0xe033
#define FLAT_KERNEL_SS 0xe02b
#define FLAT_USER_CS32 0xe023
#define EFLAGS_TF (1u << 8)
#define EFLAGS_IF (1u << 9)
#define EFLAGS_DF (1u << 10)
#define EFLAGS_IOPL (3u << 12)
#define EFLAGS_NT (1u << 14)
#define EFLAGS_RF (1u << 16)
#define EFLAGS_VM (1u << 17)
#define EFLAGS_AC (1u << 18)

/* What the guest's kernel sees as its flags. */
static inline u64 flags_for_guest(const struct vcpu *v, u64 flags, u8 masked)
{
    flags &= ~(u64)(EFLAGS_IF | EFLAGS_IOPL);
    if (!masked)
        flags |= EFLAGS_IF;
    if (v->domain->vm_assist & (1u << VMASST_TYPE_architectural_iopl))
        flags |= (u64)v->arch.iopl << 12;
    return flags;
}

/* The frame's words, ascending from sp. False: not writable. */
static inline __attribute__((always_inline)) bool frame_store(u64 sp, const struct cpu_user_regs *regs, u64 cs,
                                                              u64 flags, bool has_error, u32 error)
{
    u64 rip_at = sp + (has_error ? 24 : 16);

    if (unlikely(!uaccess_ok(sp, 8 * (7 + has_error))))
        return false;
    guest_stores_begin();
    guest_store(sp, 0, regs->rcx, fault);
    guest_store(sp, 8, regs->r11, fault);
    if (has_error)
        guest_store(sp, 16, error, fault);
    guest_store(rip_at, 0, regs->rip, fault);
    guest_store(rip_at, 8, cs, fault);
    guest_store(rip_at, 16, flags, fault);
    guest_store(rip_at, 24, regs->rsp, fault);
    guest_store(rip_at, 32, regs->ss, fault);
    guest_stores_end();
    return true;
fault:
    guest_stores_end();
    return false;
}

/* Build the frame and make current continue at `handler`. False: the domain has been crashed. */
static inline __attribute__((always_inline)) bool bounce(struct vcpu *v, u64 handler, bool mask_events, bool has_error,
                                                         u32 error)
{
    struct cpu_user_regs *regs = &cpu_info()->regs;
    u8 masked = v->info->evtchn_upcall_mask;
    u64 sp, cs = regs->cs;

    if (unlikely(!handler)) {
        domain_crash(v->domain, "vcpu %u: no handler registered for what has to be delivered (vector %u)", v->id,
                     regs->entry_vector & 0xff);
        return false;
    }
    if (v->arch.kernel_mode) {
        sp = regs->rsp;
        cs &= ~3UL;
    } else {
        isolate_to_kernel(v);
        if (unlikely(v->runstate_stale))
            vcpu_runstate_publish(v);           /* its address was not mapped while user code ran */
        sp = v->arch.kernel_sp;
    }
    sp = (sp & ~15UL) - 8 * (7 + has_error);
    if (unlikely(!frame_store(sp, regs, cs | (u64)masked << 32, flags_for_guest(v, regs->rflags, masked), has_error,
                              error))) {
        domain_crash(v->domain, "vcpu %u: kernel stack at %#lx is not writable for an exception frame", v->id,
                     (unsigned long)sp);
        return false;
    }
    if (mask_events)
        v->info->evtchn_upcall_mask = 1;
    regs->rip = handler;
    regs->cs = FLAT_KERNEL_CS;
    regs->ss = FLAT_KERNEL_SS;
    regs->rsp = sp;
    regs->rflags = (regs->rflags & ~(u64)(EFLAGS_TF | EFLAGS_NT | EFLAGS_RF | EFLAGS_VM | EFLAGS_AC)) | EFLAGS_IF;
    regs->entry_vector |= ENTRY_BY_SYSCALL;
    return true;
}

void guest_inject(struct vcpu *v, u8 vector, s64 error_code)
{
    struct guest_trap *t = &v->arch.trap[vector];

    if (unlikely(!t->address)) {
        domain_crash(v->domain, "vcpu %u: exception %u (error code %#lx) without a handler in its trap table", v->id,
                     vector, (unsigned long)(error_code < 0 ? 0 : error_code));
        return;
    }
    bounce(v, t->address, t->flags & 4, error_code >= 0, (u32)error_code);
}

void guest_inject_page_fault(struct vcpu *v, u64 addr, u32 error_code)
{
    /* The user bit says who faulted in the guest's own terms: both of its halves run in ring 3. */
    error_code = v->arch.kernel_mode ? error_code & ~4u : error_code | 4u;
    v->arch.cr2 = addr;
    v->info->arch.cr2 = addr;
    guest_inject(v, PF, error_code);
}

void guest_upcall(struct vcpu *v)
{
    bounce(v, v->arch.event_callback, true, false, 0);
}

/*
 * SYSCALL clears what its kernel's mask register says, and every 64-bit kernel's says DF: none clears it at this entry,
 * and with the program's its copies would run backwards.
 */
static void bounce_syscall(struct vcpu *v, u64 handler, bool mask_events)
{
    if (unlikely(!handler)) {
        cpu_info()->regs.rip -= 2;  /* as on a CPU without SYSCALL: a fault */
        guest_inject(v, 6, -1);
    } else if (bounce(v, handler, mask_events, false, 0)) {
        cpu_info()->regs.rflags &= ~(u64)EFLAGS_DF;
    }
}

void guest_inject_syscall(struct vcpu *v)
{
    bounce_syscall(v, v->arch.syscall_callback, v->arch.syscall_masks_events);
}

void guest_inject_syscall32(struct vcpu *v)
{
    bounce_syscall(v, v->arch.syscall32_callback, v->arch.syscall32_masks_events);
}

void guest_inject_sysenter(struct vcpu *v)
{
    struct cpu_user_regs *regs = &cpu_info()->regs;

    regs->rflags |= EFLAGS_IF;
    if (!v->arch.sysenter_callback)
        guest_inject(v, GP, 0);
    else
        bounce(v, v->arch.sysenter_callback, v->arch.sysenter_masks_events, false, 0);
}

/* NMIs go where a callback says, else to the trap table's vector 2, which is where 64-bit Linux takes them. */
u64 guest_nmi_handler(const struct vcpu *v)
{
    return v->arch.nmi_callback ? v->arch.nmi_callback : v->arch.trap[2].address;
}

void guest_inject_nmi(struct vcpu *v)
{
    bounce(v, guest_nmi_handler(v), true, false, 0);
}

void guest_nmi_welcome(struct vcpu *v)
{
    if (unlikely(v->arch.nmi_pending) && v == current)  /* others find it when they are switched to */
        cpu_raise(smp_cpu(), PENDING_TASK);
}

/* Returning to the guest faulted (bad selector, non-canonical address): its failsafe handler gets the state. */
void guest_inject_failsafe(struct vcpu *v)
{
    struct cpu_user_regs *regs = &cpu_info()->regs;
    u64 sel[4];

    /*
     * As they are in the CPU: a kernel that finds them different retries its iret, for ever if they were never those.
     */
    __asm__("mov %%ds, %q0\n\tmov %%es, %q1\n\tmov %%fs, %q2\n\tmov %%gs, %q3"
            : "=r"(sel[0]), "=r"(sel[1]), "=r"(sel[2]), "=r"(sel[3]));
    if (!v->arch.failsafe_callback) {
        domain_crash(v->domain, "vcpu %u: cannot be resumed at %04x:%lx and has no failsafe handler", v->id, regs->cs,
                     (unsigned long)regs->rip);
        return;
    }
    if (!bounce(v, v->arch.failsafe_callback, v->arch.failsafe_masks_events, false, 0))
        return;
    /* The failsafe frame has ds, es, fs, gs between R11 and RIP: insert them. */
    u64 top[2];
    if (get_guest_words(top, regs->rsp, 2) || put_guest_words(regs->rsp - 32, top, 2) ||
        put_guest_words(regs->rsp - 16, sel, 4)) {
        domain_crash(v->domain, "vcpu %u: kernel stack is not writable for a failsafe frame", v->id);
        return;
    }
    regs->rsp -= 32;
}

/*
 * iret hypercall: the guest's kernel leaves through us. Fetched once from its stack; RPL 3 in cs means its user.
 * The value returned becomes RAX.
 */
long do_iret(void)
{
    struct vcpu *v = current;
    struct cpu_user_regs *regs = &cpu_info()->regs;
    struct iret_context c;

    if (unlikely(get_guest_words((u64 *)&c, regs->rsp, sizeof(c) / 8))) {
        domain_crash(v->domain, "vcpu %u: iret frame at %#lx is not readable", v->id, (unsigned long)regs->rsp);
        return 0;
    }
    if ((c.cs & 3) == 3) {
        if (unlikely(!v->arch.user_l4)) {
            domain_crash(v->domain, "vcpu %u: iret to user mode without user page tables", v->id);
            return 0;
        }
        isolate_to_user(v);
    }
    regs->rip = c.rip;
    regs->cs = (u16)c.cs | 3;
    regs->rflags = (c.rflags & ~(u64)(EFLAGS_IOPL | EFLAGS_VM)) | EFLAGS_IF | 2;
    regs->rsp = c.rsp;
    regs->ss = (u16)c.ss | 3;
    if (v->domain->vm_assist & (1u << VMASST_TYPE_architectural_iopl))
        v->arch.iopl = (c.rflags >> 12) & 3;
    if (!(c.flags & VGCF_in_syscall)) {
        regs->entry_vector &= ~ENTRY_BY_SYSCALL;
        regs->r11 = c.r11;
        regs->rcx = c.rcx;
    } else {
        /* SYSRET knows only the flat selectors; those in the frame are discarded (ABI, struct iret_context). */
        regs->cs = regs->cs == FLAT_USER_CS32 ? FLAT_USER_CS32 : FLAT_KERNEL_CS;
        regs->ss = FLAT_KERNEL_SS;
    }
    v->info->evtchn_upcall_mask = !(c.rflags & EFLAGS_IF);
    if (unlikely(v->arch.nmi_masked)) {
        v->arch.nmi_masked = false;
        isolate_refresh(v);
        guest_nmi_welcome(v);
    }
    return (long)c.rax;
}
