/*
 * Privileged instructions.
 *
 * A PV guest's kernel runs in ring 3. Most of what it must not execute it never does (it calls Serai instead), but
 * probing code and drivers still use ports, MSRs, control registers and CPUID. These raise #GP, are decoded from the
 * guest's memory and done here as far as its domain may. Invariant: nothing is done for user mode except what a CPU
 * would do for ring 3 at the guest's own I/O privilege, and everything not understood goes back as the guest's #GP.
 * CLI and STI do nothing: a kernel's interrupt flag is its event mask, and changing that behind the back of a kernel
 * whose POPF we cannot see would wedge it later. HLT is not done for the same reason.
 *
 * Imprecise on purpose: the bytes are read after the fault. A guest that changes them meanwhile gets the effect of
 * what it wrote, which it could have executed anyway. Nothing here kills a guest.
 */
#include "arch/x86/pv/emulate.h"
#include "arch/x86/asm.h"
#include "arch/x86/vectors.h"
#include "arch/x86/mm/uaccess.h"
#include "arch/x86/pv/address.h"
#include "arch/x86/pv/control.h"
#include "arch/x86/pv/cpuid.h"
#include "arch/x86/pv/fpu.h"
#include "arch/x86/pv/gpr.h"
#include "arch/x86/pv/inject.h"
#include "arch/x86/pv/insn.h"
#include "arch/x86/pv/io.h"
#include "arch/x86/pv/msr.h"
#include "arch/x86/pv/segment.h"
#include "core/hypercall.h"
#include "core/reject.h"
#include "core/vcpu.h"
#include "lib/string.h"

#define RFLAGS_DF (1UL << 10)
#define DR6_BS (1UL << 14)
#define REP_CHUNK 128           /* string I/O elements per trap; the instruction is then executed again */

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI };

/* ---- fetching and retiring ---- */

unsigned emulate_fetch(const struct cpu_user_regs *regs, u8 *buf, unsigned want)
{
    unsigned first = min((u64)want, PAGE_SIZE - (regs->rip & ~PAGE_MASK));

    if (copy_from_guest(buf, GVA(regs->rip), first))
        return 0;
    if (first < want && copy_from_guest(buf + first, GVA(regs->rip + first), want - first))
        return first; /* the instruction may end before the next page */
    return want;
}

/* Is the running code segment a 64-bit one? */
static bool emulate_code64(const struct cpu_user_regs *regs)
{
    u32 rights = 0;

    if (regs->cs == FLAT_RING3_CS64)
        return true;
    /* Unchanged if the selector is bad, or in an LDT page that is not there any more (the load faults then). */
    __asm__ volatile("1: lar %1, %0\n2:\n\t" EX_TABLE("1b", "2b") : "+r"(rights) : "r"((u32)regs->cs) : "cc");
    return rights & (1u << 21); /* L */
}

void emulate_retire(struct cpu_user_regs *regs, unsigned length)
{
    regs->rip += length;
    regs->rflags &= ~RFLAGS_RF;
    if (unlikely(regs->rflags & RFLAGS_TF)) {
        current->arch.dr6 |= DR6_BS;
        guest_inject(current, DB, -1);
    }
}

/* ---- port I/O ---- */

static bool do_port(struct vcpu *v, struct cpu_user_regs *regs, const struct insn *in)
{
    u16 port = in->imm_port ? in->imm : regs->rdx;

    if (!guest_io_permitted(v, port, in->size))
        return false;
    if (in->class == INSN_OUT)
        guest_io_write(v, port, in->size, regs->rax);
    else
        gpr_write(regs, RAX, in->size, 1, guest_io_read(v, port, in->size));
    return true;
}

static u64 segment_base(u8 override)
{
    return override == 0x64 ? fs_base_read() : override == 0x65 ? gs_base_read() : 0;
}

/* Can the guest read, or write, the byte at va? Written back is what was read, where the instruction writes anyway. */
static bool byte_accessible(u64 va, bool write)
{
    u8 probe;

    return !copy_from_guest(&probe, GVA(va), 1) && (!write || !copy_to_guest(GVA(va), &probe, 1));
}

/* Guest memory at va could not be accessed: the fault the instruction would have had. False: #GP. */
static bool inject_access_fault(struct vcpu *v, u64 va, unsigned bytes, bool write)
{
    u64 next = (va & PAGE_MASK) + PAGE_SIZE;

    /* Which of the two pages? The one the access begins in, unless there it is possible. */
    if (next - va < bytes && byte_accessible(va, write))
        va = next;
    if (!va_canonical(va))
        return false;
    guest_inject_page_fault(v, va, (write ? PF_WRITE : 0) | (byte_accessible(va, false) ? PF_PRESENT : 0));
    return true;
}

/* One element of INS or OUTS at va; false: the guest's memory is not there. */
static bool string_port_element(struct vcpu *v, const struct insn *in, u16 port, u64 va)
{
    u32 val = 0;

    if (copy_from_guest(&val, GVA(va), in->size))
        return false;
    if (in->class == INSN_OUTS) {
        guest_io_write(v, port, in->size, val);
        return true;
    }
    /* Prove the destination before the port is read: reading may not be repeatable. */
    if (copy_to_guest(GVA(va), &val, in->size))
        return false;
    val = guest_io_read(v, port, in->size);
    return !copy_to_guest(GVA(va), &val, in->size);
}

/* INS, OUTS with and without REP: at most REP_CHUNK elements, then the guest executes the rest anew. */
static bool do_string_port(struct vcpu *v, struct cpu_user_regs *regs, const struct insn *in)
{
    unsigned index = in->class == INSN_INS ? RDI : RSI;
    u64 base = in->class == INSN_INS ? 0 : segment_base(in->seg);
    u64 step = regs->rflags & RFLAGS_DF ? -(u64)in->size : in->size;
    u64 count = in->rep ? low_bytes(regs->rcx, in->addr_size) : 1;
    u16 port = regs->rdx;

    if (!guest_io_permitted(v, port, in->size))
        return false;
    for (unsigned i = 0; i < REP_CHUNK && count; i++, count--) {
        u64 offset = low_bytes(*gpr(regs, index), in->addr_size);
        if (!string_port_element(v, in, port, base + offset))
            return inject_access_fault(v, base + offset, in->size, in->class == INSN_INS);
        gpr_write(regs, index, in->addr_size, 1, offset + step);
        if (in->rep)
            gpr_write(regs, RCX, in->addr_size, 1, count - 1);
    }
    if (!count)
        emulate_retire(regs, in->length);
    return true;
}

/* ---- registers ---- */

static void set_pair(struct cpu_user_regs *regs, u64 val)
{
    regs->rax = (u32)val;
    regs->rdx = val >> 32;
}

static u64 get_pair(const struct cpu_user_regs *regs) { return (u32)regs->rax | (u64)(u32)regs->rdx << 32; }

static void do_cpuid(struct vcpu *v, struct cpu_user_regs *regs)
{
    u32 out[4];

    cpuid_guest(v, regs->rax, regs->rcx, out);
    regs->rax = out[0];
    regs->rbx = out[1];
    regs->rcx = out[2];
    regs->rdx = out[3];
}

static bool do_rdmsr(struct vcpu *v, struct cpu_user_regs *regs)
{
    u64 val;

    if (guest_rdmsr(v, regs->rcx, &val))
        return false;
    set_pair(regs, val);
    return true;
}

/* The TSC is readable unless the guest's kernel keeps its users from it. */
static bool do_rdtsc(struct vcpu *v, struct cpu_user_regs *regs, bool with_aux)
{
    if (!v->arch.kernel_mode && (v->arch.cr4 & CR4_TSD))
        return false;
    set_pair(regs, rdtsc());
    if (with_aux)
        regs->rcx = (u32)v->arch.tsc_aux;
    return true;
}

/* A base table may take long to validate: then nothing is retired, and the guest executes it again. */
static bool do_mov_to_cr(struct vcpu *v, struct cpu_user_regs *regs, const struct insn *in)
{
    long rc = in->is_mem ? -EPERM : guest_cr_write(v, in->reg, *gpr(regs, in->rm));

    if (!rc)
        emulate_retire(regs, in->length);
    return !rc || rc == -ERESTART;
}

static bool do_mov_from_cr(struct vcpu *v, struct cpu_user_regs *regs, const struct insn *in)
{
    u64 val;

    if (in->is_mem)
        return false;
    if (guest_cr_read(v, in->reg, &val))
        return false;
    *gpr(regs, in->rm) = val;
    return true;
}

static bool do_mov_dr(struct cpu_user_regs *regs, const struct insn *in)
{
    if (in->is_mem || in->reg > 7)
        return false;
    if (in->class == INSN_MOV_TO_DR)
        return do_set_debugreg(in->reg, *gpr(regs, in->rm)) == 0;
    *gpr(regs, in->rm) = do_get_debugreg(in->reg);
    return true;
}

/* LMSW sets the low part of CR0; it can set PE but not clear it, and changes only TS here. */
static bool do_lmsw(struct vcpu *v, struct cpu_user_regs *regs, const struct insn *in)
{
    u64 cr0;

    if (in->is_mem || guest_cr_read(v, 0, &cr0))
        return false;
    return guest_cr_write(v, 0, (cr0 & ~(u64)(CR0_TS | CR0_EM | CR0_MP)) | (*gpr(regs, in->rm) & 0xf)) == 0;
}

static bool do_xsetbv(struct vcpu *v, struct cpu_user_regs *regs)
{
    return (v->arch.cr4 & CR4_OSXSAVE) && (u32)regs->rcx == 0 && fpu_set_xcr0(v, get_pair(regs)) == 0;
}

/* ---- what UMIP forbids ---- */

/*
 * SMSW and the stores of descriptor-table registers are everybody's on a CPU without UMIP and under Xen; a kernel in
 * ring 3 cannot do without them as one in ring 0 could. UMIP keeps where the tables are from guests, so they are told
 * the last page of Serai's part of the address space. False: #GP; true: done, or a page fault was injected.
 */
#define TABLES_HIDDEN_AT 0xffff87fffffff000UL
#define GDT_LIMIT ((RESERVED_GDT_PAGE + 1) * PAGE_SIZE - 1)
#define IDT_LIMIT (256 * 16 - 1)

static bool store_bytes(struct vcpu *v, struct cpu_user_regs *regs, const struct insn *in, const u8 *what, unsigned n)
{
    u64 va = effective_address(regs, in);
    u8 probe;

    for (unsigned i = 0; i < n; i++) {
        if (!va_canonical(va + i))
            return false;
        if (copy_to_guest(GVA(va + i), &what[i], 1)) {
            bool present = !copy_from_guest(&probe, GVA(va + i), 1);
            guest_inject_page_fault(v, va + i, PF_WRITE | (present ? PF_PRESENT : 0));
            return true;
        }
    }
    emulate_retire(regs, in->length);
    return true;
}

static bool do_store_system(struct vcpu *v, struct cpu_user_regs *regs, const struct insn *in)
{
    struct __packed {
        u16 limit;
        u64 base;
    } table = { in->class == INSN_SGDT ? GDT_LIMIT : IDT_LIMIT, TABLES_HIDDEN_AT };
    u64 word = 0;

    if (in->class == INSN_SGDT || in->class == INSN_SIDT)
        return store_bytes(v, regs, in, (const u8 *)&table, sizeof(table.limit) + in->size);
    if (in->class == INSN_STR)
        word = SERAI_TSS;
    else if (in->class == INSN_SLDT)
        word = v->arch.ldt_entries ? SERAI_LDT_SEL : 0;
    else if (guest_cr_read(v, 0, &word))
        return false;
    if (in->is_mem)
        return store_bytes(v, regs, in, (const u8 *)&word, 2);
    gpr_write(regs, in->rm, in->size, 1, word);
    emulate_retire(regs, in->length);
    return true;
}

/* ---- dispatch ---- */

/* What ring 3 may do at its I/O privilege, kernel or user. */
static bool execute_unprivileged(struct vcpu *v, struct cpu_user_regs *regs, const struct insn *in)
{
    switch (in->class) {
    case INSN_IN:
    case INSN_OUT:
        return do_port(v, regs, in);
    case INSN_CLI:
    case INSN_STI:
        return v->arch.kernel_mode || v->arch.iopl == 3;
    case INSN_CPUID:
        do_cpuid(v, regs);
        return true;
    case INSN_RDTSC:
    case INSN_RDTSCP:
        return do_rdtsc(v, regs, in->class == INSN_RDTSCP);
    default:
        return false;
    }
}

static bool execute_kernel(struct vcpu *v, struct cpu_user_regs *regs, const struct insn *in)
{
    switch (in->class) {
    case INSN_RDMSR:
        return do_rdmsr(v, regs);
    case INSN_WRMSR:
        return guest_wrmsr(v, regs->rcx, get_pair(regs)) == 0;
    case INSN_MOV_FROM_CR:
        return do_mov_from_cr(v, regs, in);
    case INSN_MOV_FROM_DR:
    case INSN_MOV_TO_DR:
        return do_mov_dr(regs, in);
    case INSN_CLTS:
        fpu_ts_set(v, false);
        return true;
    case INSN_INVD: /* never without write-back: other domains' data is in the cache, too */
    case INSN_WBINVD:
        if (v->domain->privileged)
            wbinvd();
        return true;
    case INSN_LMSW:
        return do_lmsw(v, regs, in);
    case INSN_XSETBV:
        return do_xsetbv(v, regs);
    default:
        return execute_unprivileged(v, regs, in);
    }
}

/* RDMSR by the kernel without prefixes: Linux reads the user's GS base at every switch of tasks. */
static inline bool is_plain_rdmsr(const struct vcpu *v, const struct cpu_user_regs *regs)
{
    u64 code;

    return v->arch.kernel_mode && (regs->rip & ~PAGE_MASK) <= PAGE_SIZE - sizeof(code) &&
           !get_guest_word(&code, regs->rip) && (code & 0xffff) == 0x320f;
}

/*
 * The #GP is the guest's own. A kernel that did not expect it ends there, and its owner asks why; users' are everyday.
 * Not for MSRs, control and debug registers: why they were refused has been said.
 */
static bool not_for_guests(const struct vcpu *v, const struct cpu_user_regs *regs, const u8 *bytes)
{
    if (v->arch.kernel_mode)
        reject(-EINVAL, "#GP at %#lx: what begins with %02x %02x %02x is not allowed, or not done for guests",
               (unsigned long)regs->rip, bytes[0], bytes[1], bytes[2]);
    return false;
}

bool emulate_privileged(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;

    if (likely(is_plain_rdmsr(v, regs))) {
        if (unlikely(!do_rdmsr(v, regs)))
            return false;
        emulate_retire(regs, 2);
        return true;
    }
    u8 bytes[INSN_MAX] = { 0 };
    struct insn in;
    unsigned n = emulate_fetch(regs, bytes, INSN_MAX);

    /* Kernels of this interface are 64-bit; only user code needs a look at its segment. */
    if (insn_decode(&in, bytes, n, v->arch.kernel_mode || emulate_code64(regs)))
        return not_for_guests(v, regs, bytes);
    if (in.class == INSN_INS || in.class == INSN_OUTS)
        return do_string_port(v, regs, &in);
    if (in.class >= INSN_SMSW && in.class <= INSN_SIDT)
        return do_store_system(v, regs, &in);
    if (in.class == INSN_MOV_TO_CR && v->arch.kernel_mode)
        return do_mov_to_cr(v, regs, &in);
    if (!(v->arch.kernel_mode ? execute_kernel(v, regs, &in) : execute_unprivileged(v, regs, &in)))
        return in.class == INSN_RDPMC || in.class == INSN_XSETBV ? not_for_guests(v, regs, bytes) : false;
    emulate_retire(regs, in.length);
    return true;
}

bool emulate_invalid_op(struct cpu_user_regs *regs)
{
    static const u8 forced_cpuid[7] = { 0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2 };
    u8 bytes[sizeof(forced_cpuid)];

    if (copy_from_guest(bytes, GVA(regs->rip), sizeof(bytes)) || memcmp(bytes, forced_cpuid, sizeof(bytes)))
        return false;
    do_cpuid(current, regs);
    emulate_retire(regs, sizeof(bytes));
    return true;
}
