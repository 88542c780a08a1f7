/*
 * A vcpu's context as the interface sees it (struct vcpu_guest_context, public header arch-x86/xen.h), and the
 * machine's part of birth and death of vcpus and domains.
 *
 * A context comes from outside: everything in it is checked as if the guest had set it piece by piece with
 * hypercalls, and selectors and flags are forced to what a guest may have.
 */
#include "abi/xen.h"
#include "arch/arch.h"
#include "arch/x86/asm.h"
#include "arch/x86/cpu.h"
#include "arch/x86/mm/paging.h"
#include "arch/x86/pv/callback.h"
#include "arch/x86/pv/control.h"
#include "arch/x86/pv/cpuid.h"
#include "arch/x86/pv/debugreg.h"
#include "arch/x86/pv/descriptor.h"
#include "arch/x86/pv/fpu.h"
#include "arch/x86/pv/inject.h"
#include "arch/x86/pv/physdev.h"
#include "arch/x86/pv/ptwr.h"
#include "arch/x86/pv/segment.h"
#include "core/frame.h"
#include "core/heap.h"
#include "core/hypercall.h"
#include "core/mmu.h"
#include "core/reject.h"
#include "core/sched.h"
#include "core/vcpu.h"
#include "lib/print.h"
#include "lib/string.h"

#define EFLAGS_FIXED 0x2u
#define EFLAGS_IF 0x200u
#define EFLAGS_FORBIDDEN 0x23000u       /* IOPL, VM */

/* ---- vcpus ---- */

long arch_vcpu_init(struct vcpu *v)
{
    v->arch.kernel_mode = true;
    v->arch.loaded_on = ~0u;
    v->arch.cr0 = GUEST_CR0_START;
    v->arch.cr3 = v->arch.kernel_cr3 = v->arch.user_cr3 = paging_idle_cr3();
    v->arch.regs.rflags = EFLAGS_IF | EFLAGS_FIXED;
    v->arch.dr6 = 0xffff0ff0;
    v->arch.dr7 = 0x400;
    ptwr_init(v);
    return fpu_vcpu_init(v);
}

void arch_vcpu_destroy(struct vcpu *v)
{
    fpu_vcpu_destroy(v);
}

static void set_registers(struct vcpu *v, const vcpu_guest_context_t *c)
{
    struct cpu_user_regs *r = &v->arch.regs;

    *r = c->user_regs;
    r->cs |= 3;
    r->ss |= 3;
    r->rflags = (r->rflags & ~(u64)EFLAGS_FORBIDDEN) | EFLAGS_IF | EFLAGS_FIXED;
    r->error_code = 0;
    r->entry_vector = 0;                /* leave by IRET: nothing about the state is known */
    v->arch.kernel_mode = c->flags & VGCF_in_kernel;
    v->arch.kernel_ss = (u16)c->kernel_ss | 3;
    v->arch.kernel_sp = c->kernel_sp;
    v->arch.fs_base = va_canonical(c->fs_base) ? c->fs_base : 0;
    v->arch.gs_base_kernel = va_canonical(c->gs_base_kernel) ? c->gs_base_kernel : 0;
    v->arch.gs_base_user = va_canonical(c->gs_base_user) ? c->gs_base_user : 0;
    v->arch.iopl = c->user_regs.rflags >> 12 & 3;
}

static long set_callbacks(struct vcpu *v, const vcpu_guest_context_t *c)
{
    long rc;

    for (unsigned i = 0; i < 256; i++) {
        trap_info_t t = c->trap_ctxt[i];
        t.vector = (u8)i;
        rc = trap_table_set(v, &t);
        if (rc)
            return rc;
    }
    u16 mask = CALLBACKF_mask_events;
    if ((rc = callback_register(v, CALLBACKTYPE_event, 0, c->event_callback_eip)) ||
        (rc = callback_register(v, CALLBACKTYPE_failsafe, c->flags & VGCF_failsafe_disables_events ? mask : 0,
                                c->failsafe_callback_eip)))
        return rc;
    return callback_register(v, CALLBACKTYPE_syscall, c->flags & VGCF_syscall_disables_events ? mask : 0,
                             c->syscall_callback_eip);
}

static long set_address_space(struct vcpu *v, const vcpu_guest_context_t *c)
{
    u64 frames[16], base = c->ctrlreg[3] >> PAGE_SHIFT;
    bool other = v->arch.kernel_l4 != base;
    long rc;

    for (unsigned i = 0; i < 16; i++)
        frames[i] = c->gdt_frames[i];
    if ((rc = gdt_set(v, frames, (u32)min(c->gdt_ents, 0xffffffffUL))))
        return rc;
    if ((rc = ldt_set(v, c->ldt_ents ? c->ldt_base : 0, c->ldt_ents)))
        return rc;
    if ((rc = mmu_set_base(v, base)))
        return rc;
    if (other && preempt_check())   /* each of the two may be as much as may be done at once */
        return -ERESTART;
    return mmu_set_user_base(v, c->ctrlreg[1] >> PAGE_SHIFT);
}

long arch_vcpu_set_context(struct vcpu *v, const vcpu_guest_context_t *c)
{
    long rc;

    if (!(c->flags & VGCF_in_kernel) && !(c->ctrlreg[1] >> PAGE_SHIFT))
        return reject(-EINVAL, "vcpu %u is to start in user mode, without user page tables", v->id);
    arch_vcpu_touched(v);           /* whatever becomes of the rest */
    set_registers(v, c);
    if ((rc = set_callbacks(v, c)))
        return rc;
    if (c->flags & VGCF_i387_valid) {
        if ((rc = fpu_set_legacy(v, &c->fpu_ctxt)))
            return rc;
    } else {
        fpu_reset(v);
    }
    v->arch.ts_set = c->ctrlreg[0] & CR0_TS;
    v->arch.cr4 = c->ctrlreg[4] & GUEST_CR4_OWN;    /* before DR7, which may ask for CR4.DE */
    for (unsigned i = 0; i < 8; i++)
        if ((i < 4 || i > 5) && (rc = debugreg_set(v, i, c->debugreg[i])))
            return rc;
    if (!v->id)
        v->domain->vm_assist |= c->vm_assist & 0xffffffffUL;
    arch_vm_assist_changed(v->domain);  /* before the tables, and again for what depends on them */
    if ((rc = set_address_space(v, c)))
        return rc;
    arch_vm_assist_changed(v->domain);
    v->initialised = true;
    return 0;
}

void arch_vcpu_get_context(struct vcpu *v, vcpu_guest_context_t *c)
{
    memset(c, 0, sizeof(*c));
    fpu_get_legacy(v, &c->fpu_ctxt);
    c->flags = VGCF_i387_valid | (v->arch.kernel_mode ? VGCF_in_kernel : 0) |
               (v->arch.failsafe_masks_events ? VGCF_failsafe_disables_events : 0) |
               (v->arch.syscall_masks_events ? VGCF_syscall_disables_events : 0);
    c->user_regs = v->arch.regs;
    c->user_regs.entry_vector = c->user_regs.error_code = 0;
    c->user_regs.saved_upcall_mask = v->info->evtchn_upcall_mask;
    c->user_regs.rflags |= (u64)v->arch.iopl << 12;
    for (unsigned i = 0; i < 256; i++)
        trap_table_get(v, i, &c->trap_ctxt[i]);
    c->ldt_base = v->arch.ldt_base;
    c->ldt_ents = v->arch.ldt_entries;
    for (unsigned i = 0; i < 16; i++)
        c->gdt_frames[i] = v->arch.gdt_mfn[i];
    c->gdt_ents = v->arch.gdt_entries;
    c->kernel_ss = v->arch.kernel_ss;
    c->kernel_sp = v->arch.kernel_sp;
    c->ctrlreg[0] = v->arch.cr0 | (v->arch.ts_set ? CR0_TS : 0);
    c->ctrlreg[1] = v->arch.user_l4 << PAGE_SHIFT;
    c->ctrlreg[2] = v->arch.cr2;
    c->ctrlreg[3] = v->arch.kernel_l4 << PAGE_SHIFT;
    c->ctrlreg[4] = v->arch.cr4 | CR4_PAE;
    for (unsigned i = 0; i < 4; i++)
        c->debugreg[i] = v->arch.dr[i];
    c->debugreg[6] = v->arch.dr6;
    c->debugreg[7] = v->arch.dr7;
    c->event_callback_eip = v->arch.event_callback;
    c->failsafe_callback_eip = v->arch.failsafe_callback;
    c->syscall_callback_eip = v->arch.syscall_callback;
    c->vm_assist = v->domain->vm_assist;
    c->fs_base = v->arch.fs_base;
    c->gs_base_kernel = v->arch.gs_base_kernel;
    c->gs_base_user = v->arch.gs_base_user;
}

void arch_vcpu_nmi(struct vcpu *v)
{
    v->arch.nmi_pending = true;
    vcpu_raise(v, PENDING_TASK); /* or context_load() sees it */
}

long arch_vcpu_nmi_callback(struct vcpu *v, u64 address)
{
    if (address && (!va_canonical(address) || !guest_range_ok(address, 1)))
        return reject(-EINVAL, "NMI handler at %#lx, which the guest cannot execute", (unsigned long)address);
    v->arch.nmi_callback = address;
    guest_nmi_welcome(v);
    return 0;
}

u64 arch_cpu_physid(unsigned cpu)
{
    return cpu < nr_cpus ? cpus[cpu].apic_id | (u64)cpus[cpu].acpi_id << 32 : 0;
}

/* Stubs of 32 bytes: mov $nr, %eax; syscall; ret - with RCX and R11 kept. Number 23 (iret) is entered by a jump. */
void arch_hypercall_page(void *page)
{
    u8 *p = page;

    memset(p, 0xcc, PAGE_SIZE);
    for (u32 nr = 0; nr < PAGE_SIZE / 32; nr++, p += 32) {
        static const u8 call[] = { 0x51, 0x41, 0x53, 0xb8, 0, 0, 0, 0, 0x0f, 0x05, 0x41, 0x5b, 0x59, 0xc3 };
        static const u8 iret[] = { 0x51, 0x41, 0x53, 0x50, 0xb8, 0, 0, 0, 0, 0x0f, 0x05 };
        bool is_iret = nr == __HYPERVISOR_iret;
        memcpy(p, is_iret ? iret : call, is_iret ? sizeof(iret) : sizeof(call));
        memcpy(p + (is_iret ? 5 : 4), &nr, 4);
    }
}

/* ---- domains ---- */

long arch_domain_init(struct domain *d)
{
    long rc = cpu_policy_domain_init(d);

    machine_wallclock_publish(d);
    return rc;
}

void arch_domain_destroy(struct domain *d)
{
    pirq_domain_destroy(d);
    cpu_policy_domain_destroy(d);
}

void arch_vcpu_relinquish(struct vcpu *v) { descriptor_drop(v); }

void arch_domain_relinquish(struct domain *d)
{
    address_space_leave(d);
    pirq_domain_destroy(d);
}
