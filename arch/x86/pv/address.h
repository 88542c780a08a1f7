/* Where the memory operand of a guest's instruction is. */
#pragma once
#include "arch/x86/pv/gpr.h"
#include "arch/x86/pv/insn.h"
#include "arch/x86/pv/segment.h"
#include "lib/bitops.h"

/* Linear, with no check. Segments other than FS and GS have base 0, as 64-bit code has it. */
static inline u64 effective_address(struct cpu_user_regs *regs, const struct insn *in)
{
    u64 ea = in->disp;

    if (in->base == INSN_RIP)
        ea += regs->rip + in->length;
    else if (in->base != INSN_NO_REG)
        ea += *gpr(regs, in->base);
    if (in->index != INSN_NO_REG)
        ea += *gpr(regs, in->index) * in->scale;
    /* A bit number in a register reaches beyond the operand, in steps of its size. */
    if ((in->class == INSN_BTS || in->class == INSN_BTR || in->class == INSN_BTC) && !in->has_imm) {
        unsigned bits = 8 * in->size;
        s64 bit = (s64)(*gpr(regs, in->reg) << (64 - bits)) >> (64 - bits);
        ea += (bit >> (3 + lowest_bit(in->size))) * in->size;
    }
    ea = low_bytes(ea, in->addr_size);
    return ea + (in->seg == 0x64 ? fs_base_read() : in->seg == 0x65 ? gs_base_read() : 0);
}
