/*
 * Unpacking a kernel.
 *
 * xz, which most kernels are packed with, is decoded by xz.c; the rest, and xz with filters that kernels do not use, by
 * the distribution's static liblzma, zlib, libzstd and liblz4, unchanged. Each is given its memory explicitly, from an
 * arena of fixed size whose owner frees it afterwards, so a damaged or hostile input costs at most the arena and the
 * output room. The output is one piece; the libraries write there directly where they can.
 *
 * A kernel in a bzImage is followed by its unpacked size (4 bytes). It is used to choose the room, and believed only
 * after exactly so many bytes came out. Input left over, or missing, is an error: half a kernel boots nowhere.
 */
#define ZSTD_STATIC_LINKING_ONLY
#include <lz4.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>
#include "core/build/decompress.h"
#include "core/build/xz.h"
#include "lib/string.h"

#define INPUT_LIMIT GiB(1)
#define OUTPUT_LIMIT GiB(1)
#define LZ4_LEGACY_MAGIC 0x184c2102u
#define LZ4_LEGACY_BLOCK MiB(8)
#define ZSTD_MAGIC 0xfd2fb528u
#define XZ_MAX_MEMORY MiB(40)   /* for liblzma: the kernel build uses dictionaries of 32 MiB; xz.c needs less than 1 */

static u32 word_at(const u8 *p)
{
    u32 w;
    memcpy(&w, p, sizeof(w));
    return w;
}

/* ---- arena ---- */

static void *arena_alloc(struct arena *a, u64 bytes)
{
    u64 start = round_up(a->used, 64UL);
    if (bytes > a->size || start > a->size - bytes)
        return NULL;
    a->used = start + bytes;
    return a->base + start;
}

static void *arena_alloc_lzma(void *arena, size_t n, size_t size)
{
    u64 bytes;
    return __builtin_mul_overflow(n, size, &bytes) ? NULL : arena_alloc(arena, bytes);
}

static voidpf arena_alloc_zlib(voidpf arena, uInt n, uInt size)
{
    return arena_alloc(arena, (u64)n * size);
}

static void arena_free(void *arena, void *p)
{
    (void)arena;
    (void)p;
}

/* ---- recognising ---- */

enum compression compression_of(const void *data, u64 size)
{
    static const struct {
        u8 magic[6], bytes;
        enum compression is;
    } known[] = {
        { { 0xfd, '7', 'z', 'X', 'Z', 0 }, 6, COMPRESSION_XZ },
        { { 0x1f, 0x8b, 8 }, 3, COMPRESSION_GZIP },
        { { 0x28, 0xb5, 0x2f, 0xfd }, 4, COMPRESSION_ZSTD },
        { { 0x02, 0x21, 0x4c, 0x18 }, 4, COMPRESSION_LZ4 },
        { { 'B', 'Z', 'h' }, 3, COMPRESSION_UNSUPPORTED },
        { { 0x5d, 0, 0 }, 3, COMPRESSION_UNSUPPORTED },
        { { 0x89, 'L', 'Z', 'O' }, 4, COMPRESSION_UNSUPPORTED },
        { { 0x04, 0x22, 0x4d, 0x18 }, 4, COMPRESSION_UNSUPPORTED },
    };
    for (unsigned i = 0; i < ARRAY_SIZE(known); i++)
        if (size >= 16 && !memcmp(data, known[i].magic, known[i].bytes))
            return known[i].is;
    return COMPRESSION_NONE;
}

const char *compression_name(enum compression c)
{
    static const char *const names[] = { "uncompressed", "xz", "gzip", "zstd", "lz4", "unsupported" };
    return names[c];
}

u64 decompress_arena_bytes(enum compression c)
{
    switch (c) {
    case COMPRESSION_XZ:
        return XZ_MAX_MEMORY;
    case COMPRESSION_GZIP:
    case COMPRESSION_ZSTD:
        return MiB(1);
    default:
        return 0;
    }
}

u64 decompress_room(const struct decompression *d)
{
    bool told = d->size_word || compression_of(d->in, d->in_bytes) == COMPRESSION_GZIP;
    u64 room = told && d->in_bytes > 4 ? word_at(d->in + d->in_bytes - 4) : 0;
    /* A size word that cannot be true is found out when the output does not match it. */
    if (room < d->in_bytes / 2 || room > OUTPUT_LIMIT)
        room = min(d->in_bytes * 6, OUTPUT_LIMIT);
    return max(room, PAGE_SIZE);
}

/* ---- one function per format: unpack; *used = bytes of input the format's data took ---- */

static enum decompress_result out_of_memory(const struct arena *a, const char *format, struct why *why)
{
    because(why, "%s needs more memory than the %lu KiB set aside for it (packed with a larger window)", format,
            a->size >> 10);
    return DECOMPRESS_BAD;
}

/* xz with filters or checks that xz.c does not know. */
static enum decompress_result unpack_foreign_xz(struct decompression *d, struct arena *arena, u64 *used,
                                                struct why *why)
{
    lzma_allocator allocator = { arena_alloc_lzma, arena_free, arena };
    lzma_stream s = LZMA_STREAM_INIT;
    s.allocator = &allocator;
    /* Byte 7 of the stream is the check's id; liblzma's CRC64 wants constructors to have run. */
    if (d->in[7] == LZMA_CHECK_CRC64) {
        because(why, "xz data with a CRC64 and filters other than x86 and LZMA2: pack it with `xz --check=crc32`");
        return DECOMPRESS_BAD;
    }
    lzma_ret ret = lzma_stream_decoder(&s, XZ_MAX_MEMORY, 0);
    s.next_in = d->in;
    s.avail_in = d->in_bytes;
    s.next_out = d->out;
    s.avail_out = d->out_room;
    while (ret == LZMA_OK)
        ret = lzma_code(&s, LZMA_FINISH);
    d->out_bytes = s.total_out;
    *used = s.total_in;
    switch (ret) {
    case LZMA_STREAM_END:
        return DECOMPRESS_OK;
    case LZMA_BUF_ERROR:
        if (!s.avail_out && s.avail_in)
            return DECOMPRESS_FULL;
        because(why, "xz data ends too early, after %lu bytes of input: it is truncated", (u64)s.total_in);
        return DECOMPRESS_BAD;
    case LZMA_MEM_ERROR:
    case LZMA_MEMLIMIT_ERROR:
        return out_of_memory(arena, "xz", why);
    default:
        because(why, "xz data is corrupt (liblzma says %d) at input byte %lu", (int)ret, (u64)s.total_in);
        return DECOMPRESS_BAD;
    }
}

static enum decompress_result unpack_xz(struct decompression *d, struct arena *arena, u64 *used, struct why *why)
{
    struct xz x = { .in = d->in, .in_bytes = d->in_bytes, .out = d->out, .out_room = d->out_room,
                    .tables = arena_alloc(arena, xz_table_bytes()) };
    if (!x.tables)
        return out_of_memory(arena, "xz", why);
    enum xz_result result = xz_decode(&x, why);
    d->out_bytes = x.out_bytes;
    *used = x.used;
    switch (result) {
    case XZ_OK:
        return DECOMPRESS_OK;
    case XZ_FULL:
        return DECOMPRESS_FULL;
    case XZ_FOREIGN:
        arena->used = 0;
        return unpack_foreign_xz(d, arena, used, why);
    default:
        return DECOMPRESS_BAD;
    }
}

static enum decompress_result unpack_gzip(struct decompression *d, struct arena *arena, u64 *used, struct why *why)
{
    z_stream s = { .zalloc = arena_alloc_zlib, .zfree = arena_free, .opaque = arena };
    s.next_in = (z_const Bytef *)d->in;
    s.avail_in = (uInt)d->in_bytes;
    s.next_out = d->out;
    s.avail_out = (uInt)d->out_room;
    /* 16: with gzip header and CRC; 15: windows up to 32 KiB, all there are. */
    int ret = inflateInit2(&s, 16 + 15);
    while (ret == Z_OK)
        ret = inflate(&s, Z_FINISH);
    d->out_bytes = s.total_out;
    *used = s.total_in;
    if (ret == Z_STREAM_END)
        return DECOMPRESS_OK;
    if (ret == Z_MEM_ERROR)
        return out_of_memory(arena, "gzip", why);
    if (ret == Z_BUF_ERROR && !s.avail_out)
        return DECOMPRESS_FULL;
    if (ret == Z_BUF_ERROR)
        because(why, "gzip data ends too early, after %lu bytes of input: it is truncated", (u64)s.total_in);
    else
        because(why, "gzip data is corrupt (%s) at input byte %lu", s.msg ? s.msg : "bad header", (u64)s.total_in);
    return DECOMPRESS_BAD;
}

static void *arena_alloc_zstd(void *arena, size_t bytes)
{
    return arena_alloc(arena, bytes);
}

static enum decompress_result unpack_zstd(struct decompression *d, struct arena *arena, u64 *used, struct why *why)
{
    ZSTD_customMem memory = { arena_alloc_zstd, arena_free, arena };
    ZSTD_DCtx *context = ZSTD_createDCtx_advanced(memory);
    if (!context)
        return out_of_memory(arena, "zstd", why);
    /* Several frames may follow each other. */
    while (d->in_bytes - *used >= 8 && word_at(d->in + *used) == ZSTD_MAGIC) {
        size_t frame = ZSTD_findFrameCompressedSize(d->in + *used, d->in_bytes - *used);
        size_t n = frame;
        if (!ZSTD_isError(frame))
            n = ZSTD_decompressDCtx(context, d->out + d->out_bytes, d->out_room - d->out_bytes, d->in + *used, frame);
        if (ZSTD_isError(n)) {
            if (ZSTD_getErrorCode(n) == ZSTD_error_dstSize_tooSmall)
                return DECOMPRESS_FULL;
            because(why, "zstd data is corrupt or truncated (libzstd error %u) in the frame at input byte %lu",
                    (unsigned)ZSTD_getErrorCode(n), *used);
            return DECOMPRESS_BAD;
        }
        *used += frame;
        d->out_bytes += n;
    }
    return DECOMPRESS_OK;
}

/* Linux's "legacy" frame: magic, then blocks of a 4-byte length and data that unpack to at most 8 MiB each. */
static enum decompress_result unpack_lz4(struct decompression *d, struct arena *arena, u64 *used, struct why *why)
{
    u64 end = d->in_bytes - (d->size_word ? 4 : 0);
    (void)arena;
    *used = 4;
    while (end - *used >= 4) {
        u32 bytes = word_at(d->in + *used);
        *used += 4;
        if (bytes == LZ4_LEGACY_MAGIC)
            continue;           /* another frame */
        if (!bytes || bytes > end - *used) {
            because(why, "lz4 block of %u bytes at input byte %lu, where %lu are left: it is truncated", bytes, *used,
                    end - *used);
            return DECOMPRESS_BAD;
        }
        u64 room = min(d->out_room - d->out_bytes, LZ4_LEGACY_BLOCK);
        int n = LZ4_decompress_safe((const char *)d->in + *used, (char *)d->out + d->out_bytes, (int)bytes, (int)room);
        if (n < 0 && room < LZ4_LEGACY_BLOCK && !d->size_word)
            return DECOMPRESS_FULL;
        if (n < 0) {
            because(why, "lz4 data is corrupt in the block at input byte %lu", *used);
            return DECOMPRESS_BAD;
        }
        *used += bytes;
        d->out_bytes += (u64)n;
    }
    return DECOMPRESS_OK;
}

/* ---- the whole ---- */

/* Did the data end where the input does, and is its size what the word behind it says? */
static bool check_end(const struct decompression *d, u64 used, const char *format, struct why *why)
{
    /* gzip's own trailer ends in the size: it is the size word. */
    bool word = d->size_word && compression_of(d->in, d->in_bytes) != COMPRESSION_GZIP;
    if (d->in_bytes - used != (word ? 4u : 0u))
        return because(why, "%s data ends at byte %lu of %lu: damaged, or something else behind it", format, used,
                       d->in_bytes);
    u32 said = word ? word_at(d->in + used) : 0;
    if (word && said != d->out_bytes)
        return because(why, "%s data unpacks to %lu bytes, its size word says %u", format, d->out_bytes, said);
    return true;
}

enum decompress_result decompress(struct decompression *d, struct arena *arena, struct why *why)
{
    enum compression c = compression_of(d->in, d->in_bytes);
    const char *name = compression_name(c);
    enum decompress_result result = DECOMPRESS_BAD;
    u64 used = 0;
    d->out_bytes = 0;
    if (d->in_bytes > INPUT_LIMIT || d->out_room > OUTPUT_LIMIT) {
        because(why, "a kernel of %lu bytes for %lu of memory is too large", d->in_bytes, d->out_room);
        return DECOMPRESS_BAD;
    }
    switch (c) {
    case COMPRESSION_XZ:
        result = unpack_xz(d, arena, &used, why);
        break;
    case COMPRESSION_GZIP:
        result = unpack_gzip(d, arena, &used, why);
        break;
    case COMPRESSION_ZSTD:
        result = unpack_zstd(d, arena, &used, why);
        break;
    case COMPRESSION_LZ4:
        result = unpack_lz4(d, arena, &used, why);
        break;
    default:
        because(why, "kernel is packed in a way Serai does not unpack (first bytes %02x %02x %02x %02x): "
                "use xz, gzip, zstd or lz4", d->in[0], d->in[1], d->in[2], d->in[3]);
    }
    if (result == DECOMPRESS_FULL && d->size_word) {
        because(why, "%s data unpacks to more than the %lu bytes its size word says", name, d->out_room);
        return DECOMPRESS_BAD;
    }
    if (result == DECOMPRESS_OK && !check_end(d, used, name, why))
        return DECOMPRESS_BAD;
    return result;
}
