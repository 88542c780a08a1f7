/*
 * Whose event is it? Every exception and interrupt ends here, once. A guest's fault goes to the guest (after the few
 * cases in which Serai itself emulates something for it); a fault of Serai is either expected (exception table, guest
 * IRET) or a defect, and then the machine stops with a record. Nothing a guest does may reach the last case.
 */
#include "arch/x86/entry/entry.h"
#include "arch/x86/entry/isolate.h"
#include "arch/x86/asm.h"
#include "arch/x86/irq.h"
#include "arch/x86/panic.h"
#include "arch/x86/vectors.h"
#include "arch/x86/pv/callback.h"
#include "arch/x86/pv/debugreg.h"
#include "arch/x86/pv/descriptor.h"
#include "arch/x86/pv/emulate.h"
#include "arch/x86/pv/fpu.h"
#include "arch/x86/pv/inject.h"
#include "arch/x86/pv/ptwr.h"
#include "core/hypercall.h"
#include "core/log_dirty.h"
#include "core/trace.h"
#include "core/vcpu.h"
#include "lib/print.h"
#include <machine/pte.h>

static void guest_page_fault(struct vcpu *v, struct cpu_user_regs *regs)
{
    u64 addr = read_cr2();
    u32 ec = regs->error_code;

    if (unlikely(addr >= CPU_WINDOW_VIRT && addr < CPU_WINDOW_VIRT + MAX_CPUS * CPU_WINDOW_SIZE)) {
        /* The CPU looked up a selector: an LDT page not in the window yet, or a guest poking at Serai. */
        u64 off = addr - this_cpu()->ldt_window;
        if (off < 16 * PAGE_SIZE && !(ec & PF_USER)) {
            if (ldt_fault(off))
                return;
            addr = v->arch.ldt_base + off;      /* where the guest thinks its LDT is */
        }
    }
    if (unlikely(v->domain->logging) && (addr < GUEST_HOLE_START || addr >= GUEST_HOLE_END) &&
        log_dirty_fault(v, addr, ec))
        return;
    if ((ec & (PF_PRESENT | PF_WRITE)) == (PF_PRESENT | PF_WRITE) && v->arch.kernel_mode &&
        (addr < GUEST_HOLE_START || addr >= GUEST_HOLE_END)) {
        u64 rip = regs->rip;

        if (ptwr_fault(regs, addr)) {
            trace(TRC_PV_PTWR_EMULATION | TRC_64_FLAG, 0, 0, TRACE_U64(addr), TRACE_U64(rip));
            return;
        }
    }
    trace(TRC_PV_PAGE_FAULT | TRC_64_FLAG, TRACE_U64(regs->rip), TRACE_U64(addr), ec);
    guest_inject_page_fault(v, addr, ec);
}

static void guest_protection_fault(struct vcpu *v, struct cpu_user_regs *regs)
{
    u32 ec = regs->error_code;

    /* `int n` through a gate that hardware keeps closed: the guest's own table decides. */
    if ((ec & 7) == 2) {
        u8 vector = (u8)(ec >> 3);
        if (v->arch.trap[vector].address && trap_permits_int(v->arch.trap[vector].flags, v->arch.kernel_mode)) {
            regs->rip += 2;
            guest_inject(v, vector, -1);
            return;
        }
    } else if (ec == 0) {
        u64 rip = regs->rip;

        if (emulate_privileged(regs)) {
            trace(TRC_PV_EMULATE_PRIVOP | TRC_64_FLAG, TRACE_U64(rip));
            return;
        }
    }
    guest_inject(v, GP, ec);
}

/* int3 and into have one byte, `int n` two, of which the second is n. */
static unsigned software_interrupt_length(const struct cpu_user_regs *regs, u8 vector)
{
    u8 last;

    return vector == VECTOR_INT80 || (!copy_from_guest(&last, GVA(regs->rip - 1), 1) && last == vector) ? 2 : 1;
}

static void guest_software_interrupt(struct vcpu *v, struct cpu_user_regs *regs, u8 vector)
{
    struct guest_trap *t = &v->arch.trap[vector];

    if (t->address && trap_permits_int(t->flags, v->arch.kernel_mode)) {
        guest_inject(v, vector, -1);
        return;
    }
    regs->rip -= software_interrupt_length(regs, vector);
    guest_inject(v, GP, (s64)vector * 8 + 2);
}

void trap_from_guest(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;
    unsigned vector = regs->entry_vector & 0xff;

    if (vector >= 32 && vector != VECTOR_INT80) {
        if (vector == VECTOR_TIMER)
            irq_timer_from_guest();
        else
            irq_handle(vector);
        return;
    }
    switch (vector) {
    case PF:
        guest_page_fault(v, regs);
        return;
    case GP:
        guest_protection_fault(v, regs);
        return;
    case UD:
        if (!emulate_invalid_op(regs))
            guest_inject(v, UD, -1);
        return;
    case NM:
        if (fpu_device_not_available(v))
            guest_inject(v, NM, -1);
        return;
    case DB:
        guest_debug_exception(v);
        return;
    case BP: case OF: case VECTOR_INT80:
        guest_software_interrupt(v, regs, (u8)vector);
        return;
    case DE: case BR: case MF: case XM: case CSO:
        guest_inject(v, (u8)vector, -1);
        return;
    case TS: case NP: case SS: case AC:
        guest_inject(v, (u8)vector, regs->error_code);
        return;
    case NMI:
        nmi_handle();
        return;
    case MC:
        machine_check(regs);
        return;
    default:
        panic_regs(regs, "exception %u from a guest", vector);
    }
}

/* Serai loaded a guest's selector, and its descriptor is on an LDT page that is not in the window yet. */
static bool fixup_ldt_window(void)
{
    u64 off = read_cr2() - this_cpu()->ldt_window;
    return off < 16 * PAGE_SIZE && ldt_fault(off);
}

/* Serai wrote for a guest whose writes are logged: the guest's own store would have come here, too. */
static bool fixup_log_dirty(u32 ec)
{
    u64 addr = read_cr2();

    return unlikely(current->domain->logging) && (addr < GUEST_HOLE_START || addr >= GUEST_HOLE_END) &&
           log_dirty_fault(current, addr, ec);
}

static bool fixup(struct cpu_user_regs *regs)
{
    extern const struct extable_entry __ex_table_start[], __ex_table_end[];

    for (const struct extable_entry *e = __ex_table_start; e < __ex_table_end; e++) {
        if (extable_fault(e) == regs->rip) {
            regs->rip = extable_fixup(e);
            return true;
        }
    }
    return false;
}

/*
 * The guest could not be resumed: give it back its registers, and the fault as a kernel on a CPU gets that of its own
 * IRET. (An LDT page that is gone has an address of ours: the failsafe handler is told.)
 */
static void __noreturn guest_iret_fault(struct cpu_user_regs *fault)
{
    struct cpu_user_regs gprs = *fault;
    struct cpu_user_regs *regs = &cpu_info()->regs;
    unsigned vector = fault->entry_vector & 0xff;

    __builtin_memcpy(regs, &gprs, offsetof(struct cpu_user_regs, error_code));
    regs->error_code = gprs.error_code;
    regs->entry_vector = vector;
    if (vector == PF)
        guest_inject_failsafe(current);
    else
        guest_inject(current, vector, gprs.error_code);
    leave_to_guest();
}

void trap_from_serai(struct cpu_user_regs *regs)
{
    unsigned vector = regs->entry_vector & 0xff;

    if (vector >= 32) {
        irq_handle(vector);
        return;
    }
    if (vector == NMI) {
        nmi_handle();
        return;
    }
    if (vector == DB) {
        /* A guest armed a breakpoint or TF across MOV SS; SYSCALL: the trap belongs to no one. */
        write_dr6(0xffff0ff0);
        regs->rflags &= ~0x100UL;
        return;
    }
    if (vector == PF && (fixup_ldt_window() || fixup_log_dirty(regs->error_code)))
        return;
    if (regs->rip == (u64)iret_guest && (vector == GP || vector == SS || vector == NP || vector == TS || vector == PF))
        guest_iret_fault(regs);
    if ((vector == GP || vector == PF || vector == NP || vector == TS || vector == SS || vector == UD) && fixup(regs))
        return;
    if (vector == MC)
        machine_check(regs);
    panic_regs(regs, "exception %u in Serai (error code %#x, address %#lx)", vector, regs->error_code,
               (unsigned long)read_cr2());
}
