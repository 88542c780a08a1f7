/*
 * Debug registers of guests.
 *
 * All reads are answered from struct arch_vcpu; the CPU's registers are loaded only while a vcpu runs that has an
 * enabled breakpoint, and DR6 is Serai's between two exceptions. Invariant: no breakpoint on a CPU lies in Serai's part
 * of the address space, general detect is never on, and a vcpu without breakpoints runs with DR7 empty. A breakpoint on
 * guest memory can still hit while Serai copies to it; that trap belongs to no one and is dropped in the trap handler.
 * I/O breakpoints are remembered and never armed, since ports are emulated anyway (SDM vol. 3, chapter 17.2).
 */
#include "arch/x86/pv/debugreg.h"
#include "arch/arch.h"
#include "arch/x86/asm.h"
#include "arch/x86/pv/inject.h"
#include "arch/x86/vectors.h"
#include "arch/x86/pv/segment.h"
#include "core/hypercall.h"
#include "core/reject.h"
#include "core/vcpu.h"

#define DR6_CAUSES 0xe00fUL                 /* B0-B3, BD, BS, BT */
#define DR6_BREAKPOINTS 0xfUL
#define DR7_ENABLES 0xffUL
#define DR7_GENERAL_DETECT (1UL << 13)
#define DR7_WRITABLE 0xffff23ffUL           /* without the bits that are fixed */
#define DR7_RW_IO 2

/* Two enable bits and four type bits per breakpoint. */
static u64 dr7_enable_bits(unsigned i) { return 3UL << (2 * i); }
static unsigned dr7_type(u64 dr7, unsigned i) { return dr7 >> (16 + 4 * i) & 3; }

static bool armed(const struct vcpu *v) { return v->arch.dr7 & ~v->arch.dr7_emul & DR7_ENABLES; }

void debugreg_load(struct vcpu *v)
{
    if (likely(!armed(v)))
        return;
    write_dr0(v->arch.dr[0]);
    write_dr1(v->arch.dr[1]);
    write_dr2(v->arch.dr[2]);
    write_dr3(v->arch.dr[3]);
    write_dr6(DR6_RESET);
    write_dr7(v->arch.dr7 & ~v->arch.dr7_emul);
}

void debugreg_save(struct vcpu *v)
{
    if (unlikely(armed(v)))
        write_dr7(DR7_RESET);
}

static long control_set(struct vcpu *v, u64 value)
{
    u64 io = 0;

    if (value & DR7_GENERAL_DETECT)
        return reject(-EPERM, "DR7 %#lx: general detect is not for guests", value);
    value = (value & DR7_WRITABLE) | DR7_RESET;
    for (unsigned i = 0; i < 4; i++) {
        if (!(value & dr7_enable_bits(i)) || dr7_type(value, i) != DR7_RW_IO)
            continue;
        if (!(v->arch.cr4 & CR4_DE))
            return reject(-EPERM, "DR7 %#lx: I/O breakpoint %u without CR4.DE", value, i);
        io |= dr7_enable_bits(i);
    }
    v->arch.dr7 = value;
    v->arch.dr7_emul = io;
    return 0;
}

static long register_set(struct vcpu *v, u64 reg, u64 value)
{
    switch (reg) {
    case 0 ... 3:
        /* Eight bytes are the longest a breakpoint watches. */
        if (!guest_range_ok(value, 8) || !va_canonical(value))
            return reject(-EPERM, "breakpoint at %#lx is not in the guest's address space", value);
        v->arch.dr[reg & 3] = value;
        return 0;
    case 4:
    case 5:
        if (v->arch.cr4 & CR4_DE)
            return reject(-ENODEV, "DR%lu does not exist with CR4.DE", reg);
        return register_set(v, reg + 2, value);
    case 6:
    case 7:
        if (value >> 32)
            return reject(-EINVAL, "DR%lu has no upper half, %#lx has", reg, value);
        if (reg == 7)
            return control_set(v, value);
        v->arch.dr6 = (value & DR6_CAUSES) | DR6_RESET;
        return 0;
    default:
        return reject(-ENODEV, "debug register %lu", reg);
    }
}

long debugreg_set(struct vcpu *v, u64 reg, u64 value)
{
    /* Disarm first: the old DR7 with a new address was never asked for. */
    if (v == current)
        debugreg_save(v);
    long rc = register_set(v, reg, value);
    if (v == current)
        debugreg_load(v);
    return rc;
}

long do_set_debugreg(u64 reg, u64 value)
{
    return debugreg_set(current, (u32)reg, value);
}

/* The interface returns the value itself; -ENODEV could be one. */
long do_get_debugreg(u64 reg)
{
    struct arch_vcpu *a = &current->arch;

    reg = (u32)reg;
    if ((reg == 4 || reg == 5) && !(a->cr4 & CR4_DE))
        reg += 2;
    switch (reg) {
    case 0 ... 3:
        return a->dr[reg & 3];
    case 6:
        return a->dr6;
    case 7:
        return a->dr7;
    default:
        return reject(-ENODEV, "debug register %lu", reg);
    }
}

void guest_debug_exception(struct vcpu *v)
{
    u64 causes = read_dr6() & DR6_CAUSES;

    /* A CPU may name breakpoints that are off; their addresses are another vcpu's then. */
    if (!armed(v))
        causes &= ~DR6_BREAKPOINTS;
    write_dr6(DR6_RESET);
    /* B0-B3 tell of this exception only; the others accumulate until the guest clears them. */
    v->arch.dr6 = (v->arch.dr6 & ~DR6_BREAKPOINTS) | causes | DR6_RESET;
    guest_inject(v, DB, -1);
}
