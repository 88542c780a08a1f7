/* LZMA2: chunks of LZMA, or of plain bytes, into one piece of output. */
#pragma once
#include "core/build/lzma.h"

enum lzma2_result { LZMA2_END, LZMA2_FULL, LZMA2_BAD };

struct lzma2 {
    const u8 *in;
    u64 in_bytes, used;         /* used: result, bytes of input up to and with the end marker */
    u8 *out;
    u64 out_room, out_bytes;    /* out_bytes: result */
};

/* Decode one LZMA2 sequence with the tables at l (lzma_init()ed). FULL: room too small; BAD: with the reason. */
enum lzma2_result lzma2_decode(struct lzma2 *d, struct lzma *l, struct why *why);
