/*
 * Instruction decoder for the few instructions a PV guest makes Serai look at: privileged ones after #GP, forced
 * CPUID after #UD, writes to page tables after #PF. Works on a byte buffer, knows no guest and no machine.
 */
#pragma once
#include "lib/types.h"

#define INSN_MAX 15

enum insn_class {
    INSN_OTHER = 0,     /* nothing we handle */
    /* port I/O: size 1, 2, 4; imm_port: port is `imm`, else dx */
    INSN_IN, INSN_OUT, INSN_INS, INSN_OUTS,
    /* privileged and friends */
    INSN_CLI, INSN_STI, INSN_CLTS, INSN_INVD, INSN_WBINVD, INSN_RDMSR, INSN_WRMSR, INSN_RDTSC, INSN_RDTSCP, INSN_RDPMC,
    INSN_CPUID, INSN_XSETBV, INSN_LMSW,
    INSN_SMSW, INSN_SLDT, INSN_STR,     /* to a register, or 2 bytes to memory */
    INSN_SGDT, INSN_SIDT,               /* size: of the address, 4 or 8; it comes behind the limit, 2 bytes */
    INSN_MOV_FROM_CR, INSN_MOV_TO_CR, INSN_MOV_FROM_DR, INSN_MOV_TO_DR, /* reg: cr/dr number, rm: register */
    /* memory writes, for page tables: destination is the memory operand (is_mem), or rdi for the string ones */
    INSN_MOV,           /* source: register `reg`, or `imm` when has_imm */
    INSN_XCHG, INSN_CMPXCHG, INSN_CMPXCHG8B, /* (16B with rex.w) */
    INSN_XADD, INSN_ADD, INSN_OR, INSN_AND, INSN_SUB, INSN_XOR, INSN_INC, INSN_DEC, INSN_NOT,
    INSN_BTS, INSN_BTR, INSN_BTC, /* bit number: register or imm */
    INSN_STOS, INSN_MOVS,
};

struct insn {
    u8 length;          /* bytes, 1..15 */
    u8 class;           /* enum insn_class */
    u8 size;            /* operand bytes: 1, 2, 4, 8 (16 for cmpxchg16b) */
    u8 addr_size;       /* address bytes: 4 or 8 (2 in compat code) */
    u8 rex;             /* REX byte or 0: byte registers 4..7 are spl.. with it, ah.. without */
    bool lock, has_imm, imm_port, is_mem;
    u8 rep;             /* 0, 0xf2 or 0xf3 */
    u8 seg;             /* segment override prefix byte (0x64 fs, 0x65 gs, ...), 0: none */
    u8 reg, rm;         /* ModRM fields with REX bits */
    u64 imm;            /* sign extended to 64 bits */
    /* memory operand: [base + index * scale + disp]; base/index INSN_NO_REG: none; rip relative: base INSN_RIP */
    u8 base, index, scale;
    s64 disp;
};
#define INSN_NO_REG 0xff
#define INSN_RIP 0xfe

/*
 * Decode `n` bytes at `p` of 64-bit code (code64) or 32-bit code. 0 with *in filled; -1: bytes end too early (more may
 * help, if n < 15); -2: nothing we handle or not an instruction.
 */
int insn_decode(struct insn *in, const u8 *p, unsigned n, bool code64);

#define INSN_SHORT (-1)
#define INSN_UNKNOWN (-2)
