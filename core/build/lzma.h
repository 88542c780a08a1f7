/* The LZMA decoder: the symbols of one chunk, straight into the output. The chunks themselves are lzma2.c's. */
#pragma once
#include "lib/types.h"
#include "core/build/why.h"

#define LZMA_POSITIONS 16       /* 1 << 4, the largest number of position bits */
#define LZMA_STATES 12
#define LZMA_PROB_ONE 2048u     /* a probability of 1 */

typedef u16 prob_t;             /* probability of a 0, in 1/2048 */

/* What the last symbols were: the probabilities that depend on it, and where each kind of symbol leads. */
struct lzma_state {
    prob_t is_match[LZMA_POSITIONS], is_long[LZMA_POSITIONS];
    prob_t is_rep, is_older, is_oldest_two, is_oldest;
    u8 after_match;             /* the next literal is decoded beside the byte a match would have given */
    struct lzma_state *literal, *match, *rep, *short_rep;
};

struct lzma_lengths {
    prob_t over_9, over_17;
    prob_t low[LZMA_POSITIONS][8], middle[LZMA_POSITIONS][8], high[256];
};

struct lzma {
    prob_t after_0[LZMA_PROB_ONE], after_1[LZMA_PROB_ONE];   /* what a probability becomes */
    struct lzma_state states[LZMA_STATES], *state;
    struct lzma_lengths match_length, rep_length;
    prob_t slots[4][64], near[14][32], align[16];
    prob_t literals[16 * 0x300];
    u32 rep0, rep1, rep2, rep3; /* the last distances, minus 1 */
    u32 literal_mask, literal_scale, position_mask;
    /* The dictionary is the output itself: `pos` bytes from `base` are there, `room` may be written. */
    u8 *base;
    u64 pos, room;
};

/* The tables that never change. Before anything else. */
void lzma_init(struct lzma *l);
/* New properties, one byte of (pb * 5 + lp) * 9 + lc; false if there are none such, or lc + lp > 4 (LZMA2). */
bool lzma_set_properties(struct lzma *l, u8 properties);
/* All probabilities even, no distances: "state reset". */
void lzma_reset(struct lzma *l);
/*
 * Decode `bytes` bytes of output (room for them: the caller looked) from exactly the in_bytes at `in`, of which
 * `readable` bytes (>= in_bytes) may be read, though not believed. False, with the reason, if they are not that.
 */
bool lzma_decode_chunk(struct lzma *l, const u8 *in, u64 in_bytes, u64 readable, u64 bytes, struct why *why);
