/*
 * Direct writes to page tables.
 *
 * Page tables are mapped read-only in their guest. A kernel that stores into one anyway faults here; the instruction
 * is decoded, what it would store is computed, and the MMU validates and stores it as if it had been asked by
 * hypercall. Invariant: this file never writes a page table itself; every new value passes mmu_guest_pte_write(), and
 * read-modify-write instructions go through its compare-and-swap, so that accessed and dirty bits the CPU sets
 * meanwhile are not lost and a locked instruction stays atomic. The decoded address must be the faulting one.
 *
 * What is not a simple store of 1 to 8 bytes inside one entry, or is refused by the MMU, is given back as the page
 * fault it was. A plain store into one of Serai's own devices that a guest may look at (I/O APIC, HPET) is done, too:
 * it has no effect. Nothing here kills a guest.
 *
 * The commonest stores (mov and xchg of a 64-bit register) are a straight path in front, ptwr_straight(), which the
 * entry code calls by itself: kernels issue them by the ten thousand, from a dozen places. So a vcpu remembers what the
 * instructions it met lately decode to, found by the low bits of their address and believed only if the eight bytes are
 * the same: decoding depends on nothing else.
 */
#include "arch/x86/pv/ptwr.h"
#include "arch/x86/mm/uaccess.h"
#include "arch/x86/pv/address.h"
#include "arch/x86/pv/emulate.h"
#include "arch/x86/pv/gpr.h"
#include "arch/x86/pv/inject.h"
#include "arch/x86/pv/insn.h"
#include "arch/x86/pv/segment.h"
#include "core/hypercall.h"
#include "core/mmu.h"
#include "core/vcpu.h"
#include "lib/string.h"

#define FLAG_CF (1UL << 0)
#define FLAG_PF (1UL << 2)
#define FLAG_AF (1UL << 4)
#define FLAG_ZF (1UL << 6)
#define FLAG_SF (1UL << 7)
#define FLAG_DF (1UL << 10)
#define FLAG_OF (1UL << 11)
#define FLAGS_ARITH (FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF)

#define CAS_TRIES 8     /* lost races before the guest gets to execute the instruction anew */
#define REP_CHUNK 64    /* elements of a string store per fault */
#define RAX 0

/* ---- computing new values ---- */

/* A read-modify-write step: what it makes of the old value. */
struct step {
    u64 next;           /* value to store */
    u64 flags;          /* arithmetic flags after it */
    bool store;         /* cmpxchg that compares unequal stores nothing */
};

static u64 result_flags(u64 r, unsigned bytes)
{
    u64 f = 0;

    if (!low_bytes(r, bytes))
        f |= FLAG_ZF;
    if (r >> (8 * bytes - 1) & 1)
        f |= FLAG_SF;
    if (!(count_bits(r & 0xff) & 1))
        f |= FLAG_PF;
    return f;
}

static struct step step_add(u64 a, u64 b, unsigned bytes)
{
    u64 r = low_bytes(a + b, bytes), f = result_flags(r, bytes);

    if (r < low_bytes(a, bytes))
        f |= FLAG_CF;
    if (((a ^ r) & (b ^ r)) >> (8 * bytes - 1) & 1)
        f |= FLAG_OF;
    if ((a ^ b ^ r) & 0x10)
        f |= FLAG_AF;
    return (struct step){ r, f, true };
}

static struct step step_sub(u64 a, u64 b, unsigned bytes)
{
    u64 r = low_bytes(a - b, bytes), f = result_flags(r, bytes);

    if (low_bytes(a, bytes) < low_bytes(b, bytes))
        f |= FLAG_CF;
    if (((a ^ b) & (a ^ r)) >> (8 * bytes - 1) & 1)
        f |= FLAG_OF;
    if ((a ^ b ^ r) & 0x10)
        f |= FLAG_AF;
    return (struct step){ r, f, true };
}

static struct step step_bit(const struct insn *in, u64 old, u64 bit, u64 flags)
{
    u64 mask = 1UL << (bit & (8 * in->size - 1));
    u64 next = in->class == INSN_BTS ? old | mask : in->class == INSN_BTR ? old & ~mask : old ^ mask;

    return (struct step){ next, (flags & ~FLAG_CF) | (old & mask ? FLAG_CF : 0), true };
}

/* Logic operations clear carry and overflow. */
static struct step step_logic(u64 r, unsigned bytes) { return (struct step){ r, result_flags(r, bytes), true }; }

static struct step step_cmpxchg(struct cpu_user_regs *regs, const struct insn *in, u64 old, u64 src)
{
    u64 accumulator = gpr_read(regs, RAX, in->size, 1);
    struct step s = step_sub(accumulator, old, in->size);

    s.store = old == accumulator;
    s.next = src;
    return s;
}

static struct step step_cmpxchg8b(struct cpu_user_regs *regs, u64 old)
{
    bool equal = old == ((u32)regs->rax | (u64)(u32)regs->rdx << 32);

    return (struct step){ (u32)regs->rbx | (u64)(u32)regs->rcx << 32,
                          (regs->rflags & FLAGS_ARITH & ~FLAG_ZF) | (equal ? FLAG_ZF : 0), equal };
}

static struct step compute(struct cpu_user_regs *regs, const struct insn *in, u64 old, u64 src)
{
    u64 flags = regs->rflags & FLAGS_ARITH;
    struct step s;

    switch (in->class) {
    case INSN_XADD:
    case INSN_ADD:
        return step_add(old, src, in->size);
    case INSN_SUB:
        return step_sub(old, src, in->size);
    case INSN_INC:
    case INSN_DEC: /* these leave carry alone */
        s = in->class == INSN_INC ? step_add(old, 1, in->size) : step_sub(old, 1, in->size);
        s.flags = (s.flags & ~FLAG_CF) | (flags & FLAG_CF);
        return s;
    case INSN_OR:
        return step_logic(old | src, in->size);
    case INSN_AND:
        return step_logic(old & src, in->size);
    case INSN_XOR:
        return step_logic(old ^ src, in->size);
    case INSN_NOT:
        return (struct step){ ~old, flags, true };
    case INSN_BTS:
    case INSN_BTR:
    case INSN_BTC:
        return step_bit(in, old, src, flags);
    case INSN_CMPXCHG:
        return step_cmpxchg(regs, in, old, src);
    case INSN_CMPXCHG8B:
        return step_cmpxchg8b(regs, old);
    default: /* INSN_XCHG */
        return (struct step){ src, flags, true };
    }
}

/* Registers the instruction changes besides memory. */
static void commit_registers(struct cpu_user_regs *regs, const struct insn *in, struct step s, u64 old)
{
    regs->rflags = (regs->rflags & ~FLAGS_ARITH) | s.flags;
    if (in->class == INSN_XCHG || in->class == INSN_XADD)
        gpr_write(regs, in->reg, in->size, in->rex, old);
    else if (in->class == INSN_CMPXCHG && !s.store)
        gpr_write(regs, RAX, in->size, 1, old);
    else if (in->class == INSN_CMPXCHG8B && !s.store) {
        regs->rax = (u32)old;
        regs->rdx = old >> 32;
    }
}

static bool inside_entry(u64 va, unsigned bytes) { return (va & 7) + bytes <= 8; }

/* ---- doing it ---- */

static u64 source(struct cpu_user_regs *regs, const struct insn *in)
{
    return in->has_imm ? low_bytes(in->imm, in->size) : gpr_read(regs, in->reg, in->size, in->rex);
}

static bool modify(struct vcpu *v, struct cpu_user_regs *regs, const struct insn *in, u64 va)
{
    u64 old = 0, src = source(regs, in);

    if (copy_from_guest(&old, GVA(va), in->size))
        return false;
    for (unsigned i = 0; i < CAS_TRIES; i++) {
        u64 found = old;
        struct step s = compute(regs, in, old, src);
        long rc = s.store ? mmu_guest_pte_write(v, va, &found, low_bytes(s.next, in->size), in->size, true) : 0;
        if (rc == 0) {
            /* The value replaced: `old`, plus accessed and dirty bits the CPU may have set since. */
            commit_registers(regs, in, s, low_bytes(found, in->size));
            emulate_retire(regs, in->length);
            return true;
        }
        if (rc != -EAGAIN)
            return rc == -ERESTART;
        old = low_bytes(found, in->size);
    }
    return true; /* nothing done: the guest executes it again */
}

static bool plain_store(struct vcpu *v, struct cpu_user_regs *regs, u64 va, u64 val, unsigned bytes, unsigned length)
{
    u64 old = 0;
    long rc = mmu_guest_pte_write(v, va, &old, val, bytes, false);

    if (rc)
        return rc == -ERESTART;
    /* What it dropped is still being taken apart? Then the guest stores the same again, when that is done. */
    if (likely(!v->mmu_orphan))
        emulate_retire(regs, length);
    return true;
}

/* STOS and MOVS, with and without REP: a bounded number of elements, the rest by executing it again. */
static bool string_store(struct vcpu *v, struct cpu_user_regs *regs, const struct insn *in, u64 va)
{
    u64 step = regs->rflags & FLAG_DF ? -(u64)in->size : in->size;
    u64 count = in->rep ? low_bytes(regs->rcx, in->addr_size) : 1, old, val;

    if (low_bytes(regs->rdi, in->addr_size) != va || !count)
        return false;
    for (unsigned i = 0; i < REP_CHUNK && count; i++, count--) {
        u64 to = low_bytes(regs->rdi, in->addr_size), from = low_bytes(regs->rsi, in->addr_size);

        /* One element may name a table with all its entries to be validated. */
        if (i && preempt_check())
            return true;
        if ((to ^ va) & PAGE_MASK || !inside_entry(to, in->size))
            return i > 0; /* the next page or a crossing store is a fault of its own */
        val = old = 0;
        if (in->class == INSN_STOS) {
            val = low_bytes(regs->rax, in->size);
        } else if (copy_from_guest(&val, GVA(from), in->size)) {
            guest_inject_page_fault(v, from, 0);
            return true;
        }
        long rc = mmu_guest_pte_write(v, to, &old, val, in->size, false);
        if (rc)
            return i > 0 || rc == -ERESTART;
        gpr_write(regs, 7, in->addr_size, 1, to + step);
        if (in->class == INSN_MOVS)
            gpr_write(regs, 6, in->addr_size, 1, from + step);
        if (in->rep)
            gpr_write(regs, 1, in->addr_size, 1, count - 1);
    }
    if (!count)
        emulate_retire(regs, in->length);
    return true;
}

static bool general(struct vcpu *v, struct cpu_user_regs *regs, u64 va)
{
    u8 bytes[INSN_MAX];
    struct insn in;
    unsigned n = emulate_fetch(regs, bytes, INSN_MAX);

    if (insn_decode(&in, bytes, n, true) || in.class < INSN_MOV)
        return false;
    if (in.class == INSN_STOS || in.class == INSN_MOVS)
        return in.seg ? false : string_store(v, regs, &in, va);
    if (!in.is_mem || in.size > 8 || !inside_entry(va, in.size) || effective_address(regs, &in) != va)
        return false;
    if (in.class == INSN_MOV && mmu_maps_readonly_device(v, va)) {
        emulate_retire(regs, in.length);    /* the store vanishes */
        return true;
    }
    if (in.class == INSN_MOV)
        return plain_store(v, regs, va, source(regs, &in), in.size, in.length);
    return modify(v, regs, &in, va);
}

bool ptwr_fault(struct cpu_user_regs *regs, u64 va)
{
    return likely(current->arch.kernel_mode) && general(current, regs, va);
}

/* ---- the straight path ---- */

/*
 * Decode mov %r64, disp(base) and xchg %r64, disp(base) - rex.w 89/87 /r without SIB or rip - from the word at rip.
 * False: it is something else.
 */
static bool form_decode(struct ptwr_form *form, u64 code)
{
    unsigned rex = code & 0xff, op = code >> 8 & 0xff, modrm = code >> 16 & 0xff;
    unsigned mod = modrm >> 6, rm = modrm & 7;

    if ((rex & 0xfa) != 0x48 || (op != 0x89 && op != 0x87) || mod == 3 || rm == 4 || (mod == 0 && rm == 5))
        return false;
    form->code = code;
    form->disp = mod == 0 ? 0 : mod == 1 ? (s8)(code >> 24) : (s32)(code >> 24);
    form->length = mod == 0 ? 3 : mod == 1 ? 4 : 7;
    form->base = gpr_slot(rm | (rex & 1) << 3);
    form->reg = gpr_slot((modrm >> 3 & 7) | (rex & 4) << 1);
    form->exchange = op == 0x87;
    return true;
}

/* The form that `code`, at rip, has; NULL if it is none of the two. */
static inline struct ptwr_form *form_of(struct vcpu *v, u64 code, u64 rip)
{
    struct ptwr_form *form = &v->arch.ptwr_form[rip % ARRAY_SIZE(v->arch.ptwr_form)];

    return likely(form->code == code) || form_decode(form, code) ? form : NULL;
}

bool ptwr_straight(struct cpu_user_regs *regs, u64 va)
{
    struct vcpu *v = current;
    struct ptwr_form *form;
    struct pte_exchange x;
    u64 code, *words = (u64 *)regs;

    /* Not if somebody traces: fast_fault says so. */
    if (unlikely((va & 7) || (regs->rflags & RFLAGS_TF) || !v->arch.fast_fault))
        return false;
    if (unlikely(get_guest_word(&code, regs->rip))) {
        write_cr2(va);          /* our own fault told of the page after the code; who is asked next looks there */
        return false;
    }
    form = form_of(v, code, regs->rip);
    if (unlikely(!form) || unlikely(words[form->base] + (u64)(s64)form->disp != va))
        return false;
    x = mmu_guest_pte_exchange(v, va, words[form->reg]);
    if (unlikely(!x.done))
        return false;
    if (form->exchange)
        words[form->reg] = x.old;
    regs->rip += form->length;
    regs->rflags &= ~RFLAGS_RF;
    return true;
}

/* Of the word that is all zero, which is neither form, nothing must be believed. */
void ptwr_init(struct vcpu *v)
{
    for (unsigned i = 0; i < ARRAY_SIZE(v->arch.ptwr_form); i++)
        form_decode(&v->arch.ptwr_form[i], 0x008948);       /* mov %rax, (%rax) */
}
