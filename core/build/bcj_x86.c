/*
 * The x86 filter, backwards.
 *
 * Before packing, the 4 bytes behind an E8 or E9 (call, jump) were changed from a distance to the target's address, as
 * calls of the same function then look the same. Here they are changed back. Code and data look alike, so the filter
 * follows rules that let both sides make the same choices: an operand counts if its top byte is 00 or FF (addresses
 * within 16 MiB), unless opcode bytes in the 3 bytes before leave it in doubt.
 *
 * The invariant: `alone` and `tops` have bit k set iff k bytes before the current position there was an opcode byte
 * that was left alone, or one that was left alone though its operand's top byte was 00 or FF. The last 4 bytes of a
 * block are never opcodes.
 *
 * Most bytes are no opcodes: the search looks at 8 at a time.
 */
#include "core/build/bcj_x86.h"
#include "lib/bitops.h"

#define BYTES(b) (0x0101010101010101ul * (b))
#define OPERAND 4

typedef u64 __attribute__((may_alias, aligned(1))) word;
typedef u32 __attribute__((may_alias, aligned(1))) half_word;

struct doubt {
    u64 last;                   /* position of the last opcode byte, or -4: none within reach */
    u32 alone, tops;
};

static bool is_top(u32 byte)
{
    return (u8)(byte + 1) <= 1;
}

/* Non-zero iff there is an E8 or E9; the lowest bit set is in the first. */
static inline u64 opcodes(const u8 *p)
{
    /* x ^ 17 maps the two to FF and FE, the bytes to which 2 can be added only with a carry out. */
    u64 x = *(const word *)p ^ BYTES(0x17);
    return x & ~(x + BYTES(2)) & BYTES(0x80);
}

/* First opcode byte in [at, end), or end. */
static u64 next_opcode(const u8 *data, u64 at, u64 end)
{
    for (; at + 32 <= end; at += 32)
        if (opcodes(data + at) | opcodes(data + at + 8) | opcodes(data + at + 16) | opcodes(data + at + 24))
            break;
    for (; at + 8 <= end; at += 8) {
        u64 found = opcodes(data + at);
        if (found)
            return at + lowest_bit(found) / 8;
    }
    while (at < end && (data[at] & 0xfe) != 0xe8)
        at++;
    return at;
}

/* The distance for the address at `operand`; `near`: how far before it the one opcode byte left alone is, or 0. */
static void make_relative(u8 *operand, u32 next, unsigned near)
{
    u32 distance = *(half_word *)operand - next;
    /* That opcode's top byte is inside this operand. It was no 00 or FF and must not become one: packing saw that. */
    if (near && is_top(distance >> (24 - 8 * near)))
        distance = (distance ^ (0xffffffffu >> 8 * near)) - next;
    /* 25 bits count, the rest is their sign. */
    *(half_word *)operand = (u32)((s32)(distance << 7) >> 7);
}

void bcj_x86_undo(u8 *data, u64 bytes, u32 start)
{
    struct doubt d = { .last = -4ul };
    u64 end = bytes > OPERAND ? bytes - OPERAND : 0;
    for (u64 at = 0; (at = next_opcode(data, at, end)) < end;) {
        u64 since = at - d.last;
        d.alone = since > 3 ? 0 : d.alone << since & 0xe;
        d.tops = since > 3 ? 0 : d.tops << since & 0xe;
        d.last = at;
        bool top = is_top(data[at + OPERAND]);
        if (top && !d.tops && !(d.alone & (d.alone - 1))) {
            make_relative(data + at + 1, start + (u32)at + 1 + OPERAND, d.alone ? lowest_bit(d.alone) : 0);
            d.alone = 0;
            at += 1 + OPERAND;
        } else {
            d.alone |= 1;
            d.tops |= top;
            at++;
        }
    }
}
