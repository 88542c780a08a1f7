/*
 * Instruction decoding, the part of SDM vol. 2 that paravirtualized kernels exercise.
 *
 * The tables below say for an opcode which class it is and what follows it; everything not in them is refused, which
 * is the safe direction: the caller gives the fault back to the guest. Invariant: never reads beyond the n bytes it
 * got, never accepts more than 15. Imprecise on purpose: 16-bit addressing (compat code only) and prefixes in
 * combinations the CPU would have answered with #UD; the CPU has already found the instruction valid when it raised
 * the fault we are called for, and if the bytes changed since, the guest only fools itself, because every effect is
 * checked on its own.
 */
#include "arch/x86/pv/insn.h"

/* What follows an opcode. */
#define F_MODRM 0x01
#define F_IMM8 0x02         /* immediate of one byte, sign extended */
#define F_IMMZ 0x04         /* immediate of 2 or 4 bytes, sign extended */
#define F_BYTE 0x08         /* operand size is one byte, else 2/4/8 by prefixes */
#define F_PORT 0x10         /* the immediate is a port, zero extended */
#define F_MEM 0x20          /* memory operands only */
#define F_WIDE 0x40         /* operand is 8 bytes in 64-bit code without REX.W */

struct opcode {
    u8 class, flags;
};

static const struct opcode one_byte[256] = {
    [0x00] = { INSN_ADD, F_MODRM | F_BYTE }, [0x01] = { INSN_ADD, F_MODRM },
    [0x08] = { INSN_OR, F_MODRM | F_BYTE },  [0x09] = { INSN_OR, F_MODRM },
    [0x20] = { INSN_AND, F_MODRM | F_BYTE }, [0x21] = { INSN_AND, F_MODRM },
    [0x28] = { INSN_SUB, F_MODRM | F_BYTE }, [0x29] = { INSN_SUB, F_MODRM },
    [0x30] = { INSN_XOR, F_MODRM | F_BYTE }, [0x31] = { INSN_XOR, F_MODRM },
    [0x6c] = { INSN_INS, F_BYTE },           [0x6d] = { INSN_INS, 0 },
    [0x6e] = { INSN_OUTS, F_BYTE },          [0x6f] = { INSN_OUTS, 0 },
    [0x86] = { INSN_XCHG, F_MODRM | F_BYTE }, [0x87] = { INSN_XCHG, F_MODRM },
    [0x88] = { INSN_MOV, F_MODRM | F_BYTE }, [0x89] = { INSN_MOV, F_MODRM },
    [0xa4] = { INSN_MOVS, F_BYTE },          [0xa5] = { INSN_MOVS, 0 },
    [0xaa] = { INSN_STOS, F_BYTE },          [0xab] = { INSN_STOS, 0 },
    [0xc6] = { INSN_MOV, F_MODRM | F_BYTE | F_IMM8 }, [0xc7] = { INSN_MOV, F_MODRM | F_IMMZ },
    [0xe4] = { INSN_IN, F_IMM8 | F_BYTE | F_PORT },  [0xe5] = { INSN_IN, F_IMM8 | F_PORT },
    [0xe6] = { INSN_OUT, F_IMM8 | F_BYTE | F_PORT }, [0xe7] = { INSN_OUT, F_IMM8 | F_PORT },
    [0xec] = { INSN_IN, F_BYTE },  [0xed] = { INSN_IN, 0 },
    [0xee] = { INSN_OUT, F_BYTE }, [0xef] = { INSN_OUT, 0 },
    [0xfa] = { INSN_CLI, 0 },      [0xfb] = { INSN_STI, 0 },
};

static const struct opcode two_byte[256] = {
    [0x06] = { INSN_CLTS, 0 }, [0x08] = { INSN_INVD, 0 }, [0x09] = { INSN_WBINVD, 0 },
    [0x20] = { INSN_MOV_FROM_CR, F_MODRM | F_WIDE }, [0x21] = { INSN_MOV_FROM_DR, F_MODRM | F_WIDE },
    [0x22] = { INSN_MOV_TO_CR, F_MODRM | F_WIDE },   [0x23] = { INSN_MOV_TO_DR, F_MODRM | F_WIDE },
    [0x30] = { INSN_WRMSR, 0 }, [0x31] = { INSN_RDTSC, 0 }, [0x32] = { INSN_RDMSR, 0 }, [0x33] = { INSN_RDPMC, 0 },
    [0xa2] = { INSN_CPUID, 0 },
    [0xab] = { INSN_BTS, F_MODRM }, [0xb3] = { INSN_BTR, F_MODRM }, [0xbb] = { INSN_BTC, F_MODRM },
    [0xb0] = { INSN_CMPXCHG, F_MODRM | F_BYTE }, [0xb1] = { INSN_CMPXCHG, F_MODRM },
    [0xc0] = { INSN_XADD, F_MODRM | F_BYTE },    [0xc1] = { INSN_XADD, F_MODRM },
    [0xc3] = { INSN_MOV, F_MODRM | F_MEM }, /* movnti */
};

/* Opcodes whose ModRM.reg selects the operation. */
static const u8 group1[8] = { INSN_ADD, INSN_OR, 0, 0, INSN_AND, INSN_SUB, INSN_XOR, 0 };
static const u8 group8[8] = { 0, 0, 0, 0, 0, INSN_BTS, INSN_BTR, INSN_BTC };

/* Reading position; `short_read` becomes true at the first byte that is not there. */
struct cursor {
    const u8 *p;
    unsigned pos, n;
    bool short_read;
};

static u8 fetch(struct cursor *c)
{
    if (c->pos >= c->n) {
        c->short_read = true;
        return 0;
    }
    return c->p[c->pos++];
}

/* A little-endian signed number of 1, 2 or 4 bytes. */
static s64 fetch_signed(struct cursor *c, unsigned bytes)
{
    u64 v = 0;

    for (unsigned i = 0; i < bytes; i++)
        v |= (u64)fetch(c) << (8 * i);
    return (s64)(v << (64 - 8 * bytes)) >> (64 - 8 * bytes);
}

/* Prefixes up to the opcode, which is returned; operand-size prefix in *data16. */
static u8 decode_prefixes(struct insn *in, struct cursor *c, bool code64, bool *data16)
{
    for (;;) {
        u8 b = fetch(c);

        switch (b) {
        case 0x26: case 0x2e: case 0x36: case 0x3e:
            if (!code64) /* no effect on addresses in 64-bit code */
                in->seg = b;
            break;
        case 0x64: case 0x65:
            in->seg = b;
            break;
        case 0x66:
            *data16 = true;
            break;
        case 0x67:
            in->addr_size = code64 ? 4 : 2;
            break;
        case 0xf0:
            in->lock = true;
            break;
        case 0xf2: case 0xf3:
            in->rep = b;
            break;
        default:
            if (!code64 || (b & 0xf0) != 0x40)
                return b;
            in->rex = b; /* counts only right before the opcode: a prefix after it takes it back */
            continue;
        }
        in->rex = 0;
        if (c->short_read)
            return 0;
    }
}

static void decode_sib(struct insn *in, struct cursor *c, u8 mod)
{
    u8 sib = fetch(c);

    in->scale = 1 << (sib >> 6);
    in->index = ((sib >> 3) & 7) | (in->rex & 2) << 2;
    in->base = (sib & 7) | (in->rex & 1) << 3;
    if (in->index == 4)
        in->index = INSN_NO_REG;
    if ((sib & 7) == 5 && mod == 0) {
        in->base = INSN_NO_REG;
        in->disp = fetch_signed(c, 4);
    }
}

/* ModRM, SIB and displacement; false: 16-bit addressing. */
static bool decode_modrm(struct insn *in, struct cursor *c, bool code64)
{
    u8 modrm = fetch(c), mod = modrm >> 6;

    in->reg = ((modrm >> 3) & 7) | (in->rex & 4) << 1;
    in->rm = (modrm & 7) | (in->rex & 1) << 3;
    in->is_mem = mod != 3;
    if (!in->is_mem)
        return true;
    if (in->addr_size == 2)
        return false;
    if ((modrm & 7) == 4) {
        decode_sib(in, c, mod);
    } else if ((modrm & 7) == 5 && mod == 0) {
        in->base = code64 ? INSN_RIP : INSN_NO_REG;
        in->disp = fetch_signed(c, 4);
    } else {
        in->base = in->rm;
    }
    if (mod == 1)
        in->disp = fetch_signed(c, 1);
    else if (mod == 2)
        in->disp = fetch_signed(c, 4);
    return true;
}

/* One-byte opcodes of groups; the reg field of the coming ModRM (not consumed) chooses. */
static struct opcode group_one_byte(u8 op, u8 reg)
{
    struct opcode o = { INSN_OTHER, F_MODRM };

    switch (op) {
    case 0x80: case 0x81: case 0x83:
        o.class = group1[reg];
        o.flags |= op == 0x81 ? F_IMMZ : F_IMM8;
        break;
    case 0xf6: case 0xf7:
        o.class = reg == 2 ? INSN_NOT : INSN_OTHER;
        break;
    case 0xfe: case 0xff:
        o.class = reg == 0 ? INSN_INC : reg == 1 ? INSN_DEC : INSN_OTHER;
        break;
    }
    if (op == 0x80 || op == 0xf6 || op == 0xfe)
        o.flags |= F_BYTE;
    return o;
}

static struct opcode group_two_byte(u8 op, u8 modrm)
{
    u8 reg = (modrm >> 3) & 7;

    if (op == 0x01) {
        if (modrm == 0xd1)
            return (struct opcode){ INSN_XSETBV, F_MODRM };
        if (modrm == 0xf9)
            return (struct opcode){ INSN_RDTSCP, F_MODRM };
        if (reg == 4 || reg == 6)
            return (struct opcode){ reg == 4 ? INSN_SMSW : INSN_LMSW, F_MODRM };
        if (reg < 2)
            return (struct opcode){ reg == 0 ? INSN_SGDT : INSN_SIDT, F_MODRM | F_MEM | F_WIDE };
    } else if (op == 0x00 && reg < 2) {
        return (struct opcode){ reg == 0 ? INSN_SLDT : INSN_STR, F_MODRM };
    } else if (op == 0xba) {
        return (struct opcode){ group8[reg], F_MODRM | F_IMM8 };
    } else if (op == 0xc7 && reg == 1) {
        return (struct opcode){ INSN_CMPXCHG8B, F_MODRM | F_MEM };
    }
    return (struct opcode){ INSN_OTHER, 0 };
}

static struct opcode find_opcode(struct cursor *c, u8 op)
{
    bool two = op == 0x0f;

    if (two)
        op = fetch(c);
    struct opcode o = two ? two_byte[op] : one_byte[op];
    if (o.class != INSN_OTHER || c->short_read)
        return o;
    /* Look at the ModRM byte without consuming it. */
    bool grouped = two ? op <= 0x01 || op == 0xba || op == 0xc7
                       : op == 0x80 || op == 0x81 || op == 0x83 || op == 0xf6 || op == 0xf7 || op == 0xfe || op == 0xff;
    if (!grouped)
        return o;
    u8 modrm = fetch(c);
    if (c->short_read)
        return o;
    c->pos--;
    return two ? group_two_byte(op, modrm) : group_one_byte(op, (modrm >> 3) & 7);
}

static u8 operand_size(const struct insn *in, struct opcode o, bool code64, bool data16)
{
    if (o.flags & F_BYTE)
        return 1;
    if (o.flags & F_WIDE)
        return code64 ? 8 : 4;
    if (o.class == INSN_CMPXCHG8B)
        return in->rex & 8 ? 16 : 8;
    bool port = o.class == INSN_IN || o.class == INSN_OUT || o.class == INSN_INS || o.class == INSN_OUTS;
    if ((in->rex & 8) && !port) /* there are no 8-byte ports: REX.W is ignored */
        return 8;
    return data16 ? 2 : 4;
}

int insn_decode(struct insn *in, const u8 *p, unsigned n, bool code64)
{
    struct cursor c = { p, 0, min(n, (unsigned)INSN_MAX), false };
    bool data16 = false;

    *in = (struct insn){ .addr_size = code64 ? 8 : 4, .base = INSN_NO_REG, .index = INSN_NO_REG, .scale = 1 };
    u8 op = decode_prefixes(in, &c, code64, &data16);
    struct opcode o = find_opcode(&c, op);
    if (c.short_read)
        return n < INSN_MAX ? INSN_SHORT : INSN_UNKNOWN;
    if (o.class == INSN_OTHER)
        return INSN_UNKNOWN;
    in->class = o.class;
    in->size = operand_size(in, o, code64, data16);
    if ((o.flags & F_MODRM) && !decode_modrm(in, &c, code64))
        return INSN_UNKNOWN;
    if ((o.flags & F_MEM) && !in->is_mem && !c.short_read)
        return INSN_UNKNOWN;
    /* C6 and C7 are MOV only with reg 0 (the others are XABORT, XBEGIN or nothing). */
    if (o.class == INSN_MOV && (o.flags & (F_IMM8 | F_IMMZ)) && (in->reg & 7))
        return INSN_UNKNOWN;
    if (o.flags & (F_IMM8 | F_IMMZ)) {
        in->has_imm = true;
        in->imm = fetch_signed(&c, o.flags & F_IMM8 ? 1 : in->size == 2 ? 2 : 4);
        in->imm_port = o.flags & F_PORT;
        if (in->imm_port)
            in->imm &= 0xff;
    }
    if (c.short_read)
        return n < INSN_MAX ? INSN_SHORT : INSN_UNKNOWN;
    in->length = c.pos;
    return 0;
}
