/*
 * Control registers of PV guests.
 *
 * The guest's CR0 is a constant apart from TS, CR2 and CR3 belong to it through the interface, and of CR4 it owns four
 * bits, of which TSD and FSGSBASE have an effect on the CPU: a kernel that does not know FSGSBASE does not save, at a
 * switch of its processes, bases that one of them changed by itself (segment.h does without meanwhile). OSXSAVE stays
 * on in the machine because Serai uses the instructions itself, and DE for breakpoints; a guest that leaves them off
 * can do more than it asked for. Writes that would change anything else are refused (CR0: #GP) or without effect (CR4,
 * as kernels set what CPUID offered before they look at the result). Invariant: the machine's CR0 and CR3 are never
 * loaded with a guest's value.
 */
#include "arch/x86/asm.h"
#include "arch/x86/cpu.h"
#include "arch/x86/pv/control.h"
#include "arch/x86/pv/fpu.h"
#include "core/mmu.h"
#include "core/reject.h"
#include "core/vcpu.h"

/* Always-on bits a 64-bit kernel expects to read back. */
#define GUEST_CR4_SHOWN (CR4_PAE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT)
#define GUEST_CR4_EFFECTIVE (CR4_TSD | (cpu_has.fsgsbase ? CR4_FSGSBASE : 0))

static u64 guest_cr0(const struct vcpu *v) { return (v->arch.cr0 & ~CR0_TS) | (v->arch.ts_set ? CR0_TS : 0); }

long guest_cr_read(struct vcpu *v, unsigned n, u64 *val)
{
    switch (n) {
    case 0:
        *val = guest_cr0(v);
        return 0;
    case 2:
        *val = v->arch.cr2;
        return 0;
    case 3:
        *val = v->arch.kernel_l4 << PAGE_SHIFT;
        return 0;
    case 4:
        *val = (v->arch.cr4 & GUEST_CR4_OWN) | GUEST_CR4_SHOWN;
        return 0;
    default:
        return reject(-EPERM, "read of CR%u", n);
    }
}

long guest_cr_write(struct vcpu *v, unsigned n, u64 val)
{
    long rc;

    switch (n) {
    case 0:
        if ((val ^ guest_cr0(v)) & ~CR0_TS)
            return reject(-EPERM, "CR0 from %#lx to %#lx: only TS can change", guest_cr0(v), val);
        fpu_ts_set(v, val & CR0_TS);
        return 0;
    case 2:
        v->arch.cr2 = val;
        v->info->arch.cr2 = val;
        return 0;
    case 3:
        rc = mmu_set_base(v, val >> PAGE_SHIFT);
        return rc && rc != -ERESTART ? -EPERM : rc; /* mmu.c has said why */
    case 4:
        v->arch.cr4 = val & GUEST_CR4_OWN;
        guest_cr4_load(v);
        return 0;
    default:
        return reject(-EPERM, "write of CR%u", n);
    }
}

void guest_cr4_load(struct vcpu *v)
{
    u64 now = read_cr4(), want = (now & ~GUEST_CR4_EFFECTIVE) | (v->arch.cr4 & GUEST_CR4_EFFECTIVE);

    if (v->domain->arch.tsc_mode == TSC_EMULATED)
        want |= CR4_TSD;
    if (now != want)
        write_cr4(want);
}
