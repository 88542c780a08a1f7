/* Compressed kernels: xz by a decoder of our own, gzip, zstd, lz4 by the distribution's libraries. */
#pragma once
#include "lib/types.h"
#include "core/build/why.h"

/* Memory for a library's tables: handed out from the start, given back all at once by its owner. */
struct arena {
    u8 *base;
    u64 size, used;
};

enum compression {
    COMPRESSION_NONE, COMPRESSION_XZ, COMPRESSION_GZIP, COMPRESSION_ZSTD, COMPRESSION_LZ4,
    COMPRESSION_UNSUPPORTED     /* recognised: bzip2, lzma, lzo */
};

struct decompression {
    const u8 *in;
    u64 in_bytes;
    bool size_word;             /* in ends with the unpacked size in 4 bytes, as in a bzImage */
    u8 *out;
    u64 out_room;
    u64 out_bytes;              /* result */
};

enum decompress_result { DECOMPRESS_OK, DECOMPRESS_FULL, DECOMPRESS_BAD };

/* By the first bytes; and its name for messages. */
enum compression compression_of(const void *data, u64 size);
const char *compression_name(enum compression c);
/* Bytes of arena that unpacking this input can take. */
u64 decompress_arena_bytes(enum compression c);
/* Unpacked size as the input itself says, or a guess if it does not: the room to begin with. */
u64 decompress_room(const struct decompression *d);

/*
 * Unpack d->in into d->out. FULL: the room was too small (try again with more); BAD: with the reason. The size word,
 * where there is one, has been compared with what came out. Needs SSE enabled and a stack canary at %fs:0x28 (the
 * libraries' ABI); runs for seconds without looking at interrupts: boot only.
 */
enum decompress_result decompress(struct decompression *d, struct arena *arena, struct why *why);
