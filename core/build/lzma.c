/*
 * LZMA, decoded in few instructions.
 *
 * The problem: a kernel of 60 MiB is some 10^8 binary decisions, each of which multiplies, compares, and adapts a
 * probability; the instructions of one decision are the time of a boot. So a decision has no call, no bound check, and
 * keeps range, code and input pointer in registers: struct coder is a local that the compiler takes apart. What a
 * probability becomes is looked up (after_0[], after_1[]), not computed. Trees number their nodes so that a 0 costs
 * nothing: the value so far plus the weight of the next bit is unique per node, and all nodes start out equal, so any
 * numbering will do.
 *
 * The invariant: between two symbols `pos` <= `limit` and at least SYMBOL_INPUT bytes may be read at `in`. A symbol
 * is at most 48 decisions, each takes at most one byte: nothing inside a symbol looks at the end of the input. Where
 * the readable memory ends sooner, the last bytes are decoded from a copy with zeros behind it. Bytes read beyond the
 * chunk's end are found out after the symbol, as damage.
 *
 * Imprecise on purpose: a distance beyond the announced dictionary but inside the output is accepted. The dictionary is
 * the output itself, so it costs nothing; whether the bytes are right is for the checksum to say.
 */
#include "core/build/lzma.h"
#include "lib/string.h"

#define RANGE_MIN (1u << 24)
#define SYMBOL_INPUT 64         /* bytes that one symbol certainly does not use up */
#define COPY_SLACK 16           /* copying a match writes fewer than so many bytes too many */
#define MATCH_MIN 2
#define ROLLING static inline __attribute__((always_inline))

typedef u64 __attribute__((may_alias, aligned(1))) word;

struct coder {
    u32 range, code;
    const u8 *in;
    const struct lzma *l;       /* for its tables */
};

/* ---- decisions ---- */

#define NORMALISE(c) do {                               \
        if ((c)->range < RANGE_MIN) {                   \
            (c)->range <<= 8;                           \
            (c)->code = (c)->code << 8 | *(c)->in++;    \
        }                                               \
    } while (0)

/* One decision: adapt `prob`, and do `zero` or `one`, which may be statements, or jumps. */
#define DECIDE(c, prob, zero, one) do {                     \
        prob_t *prob_ = &(prob);                            \
        u32 p_ = *prob_;                                    \
        NORMALISE(c);                                       \
        u32 bound_ = ((c)->range >> 11) * p_;               \
        if ((c)->code < bound_) {                           \
            (c)->range = bound_;                            \
            *prob_ = (c)->l->after_0[p_];                   \
            zero;                                           \
        } else {                                            \
            (c)->range -= bound_;                           \
            (c)->code -= bound_;                            \
            *prob_ = (c)->l->after_1[p_];                   \
            one;                                            \
        }                                                   \
    } while (0)

/*
 * The bit of this weight, in a tree: highest first or lowest first, as the caller lists them. `at` is the tree's begin
 * plus the value so far: an address, so that finding a node takes no instruction.
 */
#define BIT_OF(c, at, weight) DECIDE(c, (at)[weight], , (at) += (weight))

ROLLING u32 tree3(struct coder *c, prob_t *tree)
{
    prob_t *at = tree;
    BIT_OF(c, at, 4);
    BIT_OF(c, at, 2);
    BIT_OF(c, at, 1);
    return (u32)(at - tree);
}

ROLLING u32 tree6(struct coder *c, prob_t *tree)
{
    prob_t *at = tree;
    BIT_OF(c, at, 32);
    BIT_OF(c, at, 16);
    BIT_OF(c, at, 8);
    BIT_OF(c, at, 4);
    BIT_OF(c, at, 2);
    BIT_OF(c, at, 1);
    return (u32)(at - tree);
}

/* ---- literals ---- */

/* One bit of a literal beside `match`: as long as they agree. The first that differs leaves for the plain tree. */
#define BIT_BESIDE(c, at, match, weight, differs) do {                              \
        if ((match) & (weight))                                                     \
            DECIDE(c, (at)[0x200 + (weight)], goto differs, (at) += (weight));      \
        else                                                                        \
            DECIDE(c, (at)[0x100 + (weight)], , (at) += (weight); goto differs);    \
    } while (0)

ROLLING u32 literal(struct coder *c, prob_t *tree, bool beside, u32 match)
{
    prob_t *at = tree;
    if (!beside)
        goto bit7;
    BIT_BESIDE(c, at, match, 0x80, bit6);
    BIT_BESIDE(c, at, match, 0x40, bit5);
    BIT_BESIDE(c, at, match, 0x20, bit4);
    BIT_BESIDE(c, at, match, 0x10, bit3);
    BIT_BESIDE(c, at, match, 0x08, bit2);
    BIT_BESIDE(c, at, match, 0x04, bit1);
    BIT_BESIDE(c, at, match, 0x02, bit0);
    BIT_BESIDE(c, at, match, 0x01, done);
    goto done;
bit7:
    BIT_OF(c, at, 0x80);
bit6:
    BIT_OF(c, at, 0x40);
bit5:
    BIT_OF(c, at, 0x20);
bit4:
    BIT_OF(c, at, 0x10);
bit3:
    BIT_OF(c, at, 0x08);
bit2:
    BIT_OF(c, at, 0x04);
bit1:
    BIT_OF(c, at, 0x02);
bit0:
    BIT_OF(c, at, 0x01);
done:
    return (u32)(at - tree);
}

/* ---- matches ---- */

/* The length of a match, minus MATCH_MIN. */
ROLLING u32 length(struct coder *c, struct lzma_lengths *t, u64 position)
{
    prob_t *at = t->high;
    DECIDE(c, t->over_9, return tree3(c, t->low[position]), );
    DECIDE(c, t->over_17, return 8 + tree3(c, t->middle[position]), );
    BIT_OF(c, at, 0x80);
    BIT_OF(c, at, 0x40);
    BIT_OF(c, at, 0x20);
    BIT_OF(c, at, 0x10);
    BIT_OF(c, at, 0x08);
    BIT_OF(c, at, 0x04);
    BIT_OF(c, at, 0x02);
    BIT_OF(c, at, 0x01);
    return 16 + (u32)(at - t->high);
}

/* `bits` bits that are as often 0 as 1, highest first. */
ROLLING u32 even_bits(struct coder *c, u32 bits)
{
    u32 v = 0;
    do {
        NORMALISE(c);
        c->range >>= 1;
        v += v;
        if (c->code >= c->range) {
            c->code -= c->range;
            v++;
        }
    } while (--bits);
    return v;
}

/* Up to 5 low bits of a near distance, lowest first. */
ROLLING u32 near_bits(struct coder *c, prob_t *tree, u32 bits)
{
    prob_t *at = tree;
    BIT_OF(c, at, 1);
    if (bits == 1)
        return (u32)(at - tree);
    BIT_OF(c, at, 2);
    if (bits == 2)
        return (u32)(at - tree);
    BIT_OF(c, at, 4);
    if (bits == 3)
        return (u32)(at - tree);
    BIT_OF(c, at, 8);
    if (bits == 4)
        return (u32)(at - tree);
    BIT_OF(c, at, 16);
    return (u32)(at - tree);
}

/* A distance, minus 1: its two highest bits and their place ("slot"), then the bits below. */
ROLLING u32 distance(struct coder *c, struct lzma *l, u32 match_length)
{
    u32 slot = tree6(c, l->slots[match_length < 3 ? match_length : 3]);
    if (slot < 4)
        return slot;
    u32 below = (slot >> 1) - 1, high = (2 | (slot & 1)) << below;
    if (slot < 14)
        return high + near_bits(c, l->near[slot], below);
    high += even_bits(c, below - 4) << 4;
    prob_t *at = l->align;
    BIT_OF(c, at, 1);
    BIT_OF(c, at, 2);
    BIT_OF(c, at, 4);
    BIT_OF(c, at, 8);
    return high + (u32)(at - l->align);
}

/* The distance is less than a word: the word that repeats, and after how many bytes it does so again. */
static void repeat(u8 *to, u64 back, u64 bytes)
{
    static const u64 times[8] = { 0, 0x0101010101010101, 0x0001000100010001, 0x0001000001000001, 0x100000001,
                                  0x10000000001, 0x1000000000001, 0x100000000000001 };
    static const u8 step[8] = { 0, 8, 8, 6, 8, 5, 6, 7 };
    u64 pattern = (*(const word *)(to - back) & ((1ul << back * 8) - 1)) * times[back];
    u64 n = step[back];
    for (const u8 *end = to + bytes; to < end; to += 2 * n) {
        *(word *)to = pattern;
        *(word *)(to + n) = pattern;
    }
}

/* Up to COPY_SLACK bytes more than asked for are written. */
ROLLING void copy_match(u8 *to, u64 back, u64 bytes)
{
    const u8 *from = to - back, *end = to + bytes;
    if (back < 8) {
        repeat(to, back, bytes);
        return;
    }
    do {
        *(word *)to = *(const word *)from;
        to += 8;
        from += 8;
    } while (to < end);
}

/* ---- symbols ---- */

static bool bad_match(struct lzma *l, u64 pos, u64 limit, u64 back, u64 bytes, struct why *why)
{
    if (back > pos)
        return because(why, "xz data is corrupt: a match %lu bytes back, %lu bytes after the start", back, pos);
    if (bytes > limit - pos)
        return because(why, "xz data is corrupt: a match of %lu bytes where the chunk has %lu left", bytes,
                       limit - pos);
    /* Nothing wrong but that the room ends: no byte too many. */
    for (u64 i = 0; i < bytes; i++)
        l->base[pos + i] = l->base[pos + i - back];
    return true;
}

/* Symbols until `limit`, or until one begins after `last`. */
static bool symbols(struct lzma *l, struct coder *io, const u8 *last, u64 limit, struct why *why)
{
    struct coder coder = *io, *c = &coder;
    struct lzma_state *state = l->state;
    u8 *base = l->base;
    u64 pos = l->pos, fast = min(limit, l->room < COPY_SLACK ? 0 : l->room - COPY_SLACK);
    u32 rep0 = l->rep0, previous = pos ? base[pos - 1] : 0, bytes;
    while (pos < limit && c->in <= last) {
        u64 position = pos & l->position_mask;
        DECIDE(c, state->is_match[position], , goto match);
        prob_t *tree = l->literals + ((((u32)pos << 8) + previous) & l->literal_mask) * l->literal_scale;
        previous = literal(c, tree, state->after_match, state->after_match ? base[pos - rep0 - 1] : 0);
        base[pos++] = (u8)previous;
        state = state->literal;
        continue;
match:
        DECIDE(c, state->is_rep, , goto rep);
        l->rep3 = l->rep2;
        l->rep2 = l->rep1;
        l->rep1 = rep0;
        state = state->match;
        bytes = length(c, &l->match_length, position);
        rep0 = distance(c, l, bytes);
        goto copy;
rep:
        DECIDE(c, state->is_older, , goto older);
        DECIDE(c, state->is_long[position], , goto long_rep);
        state = state->short_rep;
        bytes = 1 - MATCH_MIN;
        goto copy;
older:
        DECIDE(c, state->is_oldest_two, { u32 r = l->rep1; l->rep1 = rep0; rep0 = r; goto long_rep; }, );
        DECIDE(c, state->is_oldest, { u32 r = l->rep2; l->rep2 = l->rep1; l->rep1 = rep0; rep0 = r; goto long_rep; }, );
        { u32 r = l->rep3; l->rep3 = l->rep2; l->rep2 = l->rep1; l->rep1 = rep0; rep0 = r; }
long_rep:
        state = state->rep;
        bytes = length(c, &l->rep_length, position);
copy:
        bytes += MATCH_MIN;
        if (rep0 >= pos || pos + bytes > fast) {
            if (!bad_match(l, pos, limit, (u64)rep0 + 1, bytes, why))
                return false;
        } else {
            copy_match(base + pos, (u64)rep0 + 1, bytes);
        }
        pos += bytes;
        previous = base[pos - 1];
    }
    *io = coder;
    l->state = state;
    l->pos = pos;
    l->rep0 = rep0;
    return true;
}

bool lzma_decode_chunk(struct lzma *l, const u8 *in, u64 in_bytes, u64 readable, u64 bytes, struct why *why)
{
    const u8 *end = in + in_bytes;
    u64 limit = l->pos + bytes;
    if (in_bytes < 5 || in[0])
        return because(why, "xz data is corrupt: an LZMA chunk of %lu bytes begins with %02x", in_bytes, in[0]);
    struct coder c = { 0xffffffff, (u32)in[1] << 24 | in[2] << 16 | in[3] << 8 | in[4], in + 5, l };
    u8 tail[2 * SYMBOL_INPUT] = { 0 };
    const u8 *last = readable - in_bytes >= SYMBOL_INPUT ? end : in + readable - min(readable, (u64)SYMBOL_INPUT);
    if (!symbols(l, &c, last, limit, why))
        return false;
    if (l->pos < limit && last < end && c.in <= end) {
        u64 left = (u64)(end - c.in);
        memcpy(tail, c.in, left);
        c.in = tail;
        end = tail + left;
        if (!symbols(l, &c, end, limit, why))
            return false;
    }
    if (c.in <= end)
        NORMALISE(&c);
    if (l->pos < limit || c.in > end)
        return because(why, "xz data is corrupt: a chunk's %lu bytes are too few, %lu bytes of output are missing",
                       in_bytes, limit - l->pos);
    if (c.in < end || c.code)
        return because(why, "xz data is corrupt: %lu bytes are left of a chunk that is complete", (u64)(end - c.in));
    return true;
}

/* ---- beginnings ---- */

void lzma_init(struct lzma *l)
{
    memset(l, 0, sizeof(*l));
    for (u32 p = 0; p < LZMA_PROB_ONE; p++) {
        l->after_0[p] = (prob_t)(p + ((LZMA_PROB_ONE - p) >> 5));
        l->after_1[p] = (prob_t)(p - (p >> 5));
    }
    for (unsigned i = 0; i < LZMA_STATES; i++) {
        struct lzma_state *s = &l->states[i];
        bool after_match = i >= 7;
        s->after_match = after_match;
        s->literal = &l->states[i < 4 ? 0 : i < 10 ? i - 3 : i - 6];
        s->match = &l->states[after_match ? 10 : 7];
        s->rep = &l->states[after_match ? 11 : 8];
        s->short_rep = &l->states[after_match ? 11 : 9];
    }
}

bool lzma_set_properties(struct lzma *l, u8 properties)
{
    u32 lc = properties % 9, lp = properties / 9 % 5, pb = properties / 45;
    if (pb > 4 || lc + lp > 4)
        return false;
    l->position_mask = (1u << pb) - 1;
    l->literal_mask = (0x100u << lp) - (0x100u >> lc);
    l->literal_scale = (0x300u << lc) >> 8;
    return true;
}

static void even(prob_t *p, u64 bytes)
{
    for (u64 i = 0; i < bytes / sizeof(*p); i++)
        p[i] = LZMA_PROB_ONE / 2;
}

void lzma_reset(struct lzma *l)
{
    for (unsigned i = 0; i < LZMA_STATES; i++)
        even(l->states[i].is_match, offsetof(struct lzma_state, after_match));
    even(&l->match_length.over_9, sizeof(l->match_length));
    even(&l->rep_length.over_9, sizeof(l->rep_length));
    even(l->slots[0], sizeof(l->slots));
    even(l->near[0], sizeof(l->near));
    even(l->align, sizeof(l->align));
    even(l->literals, sizeof(l->literals));
    l->state = &l->states[0];
    l->rep0 = l->rep1 = l->rep2 = l->rep3 = 0;
}
