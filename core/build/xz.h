/* Unpacking xz: one stream, LZMA2 with or without the x86 filter, checked by CRC-32, CRC-64 or nothing. */
#pragma once
#include "lib/types.h"
#include "core/build/why.h"

enum xz_result {
    XZ_OK,
    XZ_FULL,                    /* more comes out than there is room for */
    XZ_BAD,                     /* damaged or truncated, with the reason */
    XZ_FOREIGN                  /* xz, but with a filter or check that only a library knows */
};

struct xz {
    const u8 *in;
    u64 in_bytes, used;         /* used: result, bytes of input the stream took; more may follow */
    u8 *out;
    u64 out_room, out_bytes;    /* out_bytes: result */
    void *tables;               /* xz_table_bytes() bytes, aligned to 8 */
};

/* Size of xz.tables, the same for every input. */
u64 xz_table_bytes(void);
/* Decode. No more than out_room bytes of `out` are touched; on anything but OK their contents mean nothing. */
enum xz_result xz_decode(struct xz *x, struct why *why);
