/* CRC-32 (IEEE 802.3) and CRC-64 (ECMA-182), bit-reversed, as xz, gzip and zip use them. */
#pragma once
#include "lib/types.h"

#define CRC_BATCH 16384         /* words that are folded before the queue moves */
#define CRC_QUEUE 3006          /* words between a word and the last place it is folded to */

struct crc {
    u32 table32[256];
    u64 table64[8][256];
    u64 queue[CRC_BATCH + CRC_QUEUE];
};

/* The tables. Before anything else. */
void crc_init(struct crc *c);
/* CRC of `bytes` more bytes after those whose CRC is `before` (0: none). */
u32 crc_32(struct crc *c, u32 before, const void *data, u64 bytes);
u64 crc_64(const struct crc *c, u64 before, const void *data, u64 bytes);
