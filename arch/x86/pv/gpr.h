/* General registers of a guest by their number in instructions (SDM vol. 2, table 2-2). */
#pragma once
#include "abi/xen.h"
#include "lib/types.h"

/* Which word of struct cpu_user_regs. */
static inline u8 gpr_slot(unsigned n)
{
#define SLOT(r) (offsetof(struct cpu_user_regs, r) / 8)
    static const u8 slot[16] = { SLOT(rax), SLOT(rcx), SLOT(rdx), SLOT(rbx), SLOT(rsp), SLOT(rbp), SLOT(rsi), SLOT(rdi),
                                 SLOT(r8), SLOT(r9), SLOT(r10), SLOT(r11), SLOT(r12), SLOT(r13), SLOT(r14), SLOT(r15) };
#undef SLOT
    return slot[n & 15];
}

static inline u64 *gpr(struct cpu_user_regs *regs, unsigned n) { return (u64 *)regs + gpr_slot(n); }

/* Low `bytes` (1, 2, 4, 8) of a value. */
static inline u64 low_bytes(u64 v, unsigned bytes) { return bytes >= 8 ? v : v & ((1UL << (8 * bytes)) - 1); }

/* Read a register operand: without REX the byte registers 4..7 are ah, ch, dh, bh. */
static inline u64 gpr_read(struct cpu_user_regs *regs, unsigned n, unsigned bytes, u8 rex)
{
    if (bytes == 1 && !rex && n >= 4 && n < 8)
        return *gpr(regs, n - 4) >> 8 & 0xff;
    return low_bytes(*gpr(regs, n), bytes);
}

/* Write one: 4 bytes clear the upper half, 1 and 2 bytes leave the rest alone. */
static inline void gpr_write(struct cpu_user_regs *regs, unsigned n, unsigned bytes, u8 rex, u64 v)
{
    unsigned shift = 0;

    if (bytes == 1 && !rex && n >= 4 && n < 8) {
        n -= 4;
        shift = 8;
    }
    u64 *r = gpr(regs, n);
    if (bytes >= 4)
        *r = low_bytes(v, bytes);
    else
        *r = (*r & ~(low_bytes(~0UL, bytes) << shift)) | low_bytes(v, bytes) << shift;
}
