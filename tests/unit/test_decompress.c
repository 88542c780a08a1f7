/*
 * Unpacking: what the libraries pack comes out again, with and without a size word; damaged, truncated, mislabelled
 * input and too little memory give a reason, never a crash; and the room grows until the output fits.
 * Could go wrong: a size word that lies, an output one byte larger than its room, a kernel packed by a library's newest
 * default.
 * Links: core/build/decompress.c core/build/why.c core/build/xz.c core/build/lzma2.c core/build/lzma.c
 * core/build/bcj_x86.c core/build/crc.c
 * Libraries: -llzma -lzstd -lz -llz4
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <lz4.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>
#include "core/build/decompress.h"

#define PLAIN 300000u
#define ROOM 500000u

static u8 plain[PLAIN], packed[ROOM];
static struct why why;
static u64 unpacked;     /* bytes, by the last unpack() */

static void make_plain(void)
{
    srand(4);
    for (u32 i = 0; i < PLAIN; i++)
        plain[i] = i % 64 < 48 ? (u8)(i / 64) : (u8)rand();
}

static u64 pack_xz(lzma_check check)
{
    size_t n = 0;
    assert_int_equal(lzma_easy_buffer_encode(1, check, NULL, plain, PLAIN, packed, &n, ROOM), LZMA_OK);
    return n;
}

/* With a filter that only liblzma knows. */
static u64 pack_delta(lzma_check check)
{
    size_t n = 0;
    lzma_options_delta delta = { .type = LZMA_DELTA_TYPE_BYTE, .dist = 4 };
    lzma_options_lzma lzma;
    lzma_filter filters[] = { { LZMA_FILTER_DELTA, &delta }, { LZMA_FILTER_LZMA2, &lzma }, { LZMA_VLI_UNKNOWN, NULL } };
    assert_false(lzma_lzma_preset(&lzma, 1));
    assert_int_equal(lzma_stream_buffer_encode(filters, check, NULL, plain, PLAIN, packed, &n, ROOM), LZMA_OK);
    return n;
}

static u64 pack_gzip(void)
{
    z_stream s = { .next_in = plain, .avail_in = PLAIN, .next_out = packed, .avail_out = ROOM };
    assert_int_equal(deflateInit2(&s, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&s, Z_FINISH), Z_STREAM_END);
    u64 n = s.total_out;
    deflateEnd(&s);
    return n;
}

static u64 pack_zstd(void)
{
    /* Two frames: the halves. */
    size_t n = ZSTD_compress(packed, ROOM, plain, PLAIN / 2, 3);
    return n + ZSTD_compress(packed + n, ROOM - n, plain + PLAIN / 2, PLAIN - PLAIN / 2, 3);
}

static u64 pack_lz4(void)
{
    u32 magic = 0x184c2102;
    memcpy(packed, &magic, 4);
    int n = LZ4_compress_default((char *)plain, (char *)packed + 8, PLAIN, ROOM - 8);
    memcpy(packed + 4, &n, 4);
    return (u64)n + 8;
}

static u64 pack(enum compression c)
{
    switch (c) {
    case COMPRESSION_XZ: return pack_xz(LZMA_CHECK_CRC32);
    case COMPRESSION_GZIP: return pack_gzip();
    case COMPRESSION_ZSTD: return pack_zstd();
    default: return pack_lz4();
    }
}

/* Unpack `bytes` of a private copy into exactly `room` bytes. */
static enum decompress_result unpack(const u8 *from, u64 bytes, bool size_word, u64 room, u64 arena_bytes, u8 **out)
{
    struct decompression d = { .in_bytes = bytes, .size_word = size_word, .out_room = room };
    struct arena a = { .base = malloc(arena_bytes + 1), .size = arena_bytes };
    u8 *in = malloc(bytes);
    memcpy(in, from, bytes);
    d.in = in;
    d.out = malloc(room);
    why.text[0] = '\0';
    enum decompress_result r = decompress(&d, &a, &why);
    unpacked = d.out_bytes;
    assert_true(unpacked <= room);
    if (r == DECOMPRESS_BAD)
        assert_int_not_equal(why.text[0], 0);
    free(in);
    free(a.base);
    if (out)
        *out = d.out;
    else
        free(d.out);
    return r;
}

static const enum compression all[] = { COMPRESSION_XZ, COMPRESSION_GZIP, COMPRESSION_ZSTD, COMPRESSION_LZ4 };
#define EACH(c) for (unsigned _i = 0; _i < 4; _i++) for (enum compression c = all[_i], *_once = &c; _once; _once = NULL)

static u64 add_word(u64 n, u32 word)
{
    memcpy(packed + n, &word, 4);
    return n + 4;
}

static void there_and_back(void **state)
{
    (void)state;
    EACH(c) {
        u64 n = pack(c);
        u8 *out;
        assert_int_equal(compression_of(packed, n), c);
        assert_int_equal(unpack(packed, n, false, PLAIN, decompress_arena_bytes(c), &out), DECOMPRESS_OK);
        assert_int_equal(unpacked, PLAIN);
        assert_memory_equal(out, plain, PLAIN);
        free(out);
        if (c != COMPRESSION_GZIP)
            n = add_word(n, PLAIN);
        struct decompression d = { .in = packed, .in_bytes = n, .size_word = true };
        assert_int_equal(decompress_room(&d), PLAIN);
        assert_int_equal(unpack(packed, n, true, PLAIN, decompress_arena_bytes(c), NULL), DECOMPRESS_OK);
    }
}

static void wrong_size_word(void **state)
{
    (void)state;
    EACH(c) {
        if (c == COMPRESSION_GZIP)
            continue;
        u64 n = add_word(pack(c), PLAIN + 1);
        assert_int_equal(unpack(packed, n, true, PLAIN + 1, decompress_arena_bytes(c), NULL), DECOMPRESS_BAD);
        n = add_word(pack(c), PLAIN - 100);
        assert_int_equal(unpack(packed, n, true, PLAIN - 100, decompress_arena_bytes(c), NULL), DECOMPRESS_BAD);
    }
}

static void too_little_room(void **state)
{
    (void)state;
    EACH(c) {
        u64 n = pack(c);
        assert_int_equal(unpack(packed, n, false, PLAIN / 3, decompress_arena_bytes(c), NULL), DECOMPRESS_FULL);
    }
}

static void too_little_memory(void **state)
{
    (void)state;
    EACH(c) {
        if (c == COMPRESSION_LZ4)
            continue;
        u64 n = pack(c);
        for (u64 arena = 0; arena < KiB(64); arena = arena * 2 + 100)
            if (unpack(packed, n, false, PLAIN, arena, NULL) == DECOMPRESS_BAD)
                assert_non_null(strstr(why.text, "memory"));
    }
}

static void truncated(void **state)
{
    (void)state;
    EACH(c) {
        u64 n = pack(c);
        for (u64 cut = 16; cut < n; cut += n / 23)
            assert_int_not_equal(unpack(packed, cut, false, PLAIN, decompress_arena_bytes(c), NULL), DECOMPRESS_OK);
        n = add_word(n, 0);     /* something behind it */
        assert_int_equal(unpack(packed, n, false, PLAIN + KiB(64), decompress_arena_bytes(c), NULL), DECOMPRESS_BAD);
    }
}

static void damaged(void **state)
{
    (void)state;
    EACH(c) {
        u64 n = pack(c);
        for (unsigned round = 0; round < 100; round++) {
            u64 at = (u64)rand() % n;
            u8 *out, was = packed[at];
            packed[at] ^= (u8)(1 << rand() % 8);
            enum decompress_result r = unpack(packed, n, false, PLAIN, decompress_arena_bytes(c), &out);
            /* zstd without checksum and lz4 cannot always tell; xz and gzip can, but for unused header bits. */
            if (r == DECOMPRESS_OK && (c == COMPRESSION_XZ || c == COMPRESSION_GZIP))
                assert_memory_equal(out, plain, PLAIN);
            free(out);
            packed[at] = was;
        }
    }
}

/* What xz.c does not know, liblzma does: another filter, another check. */
static void foreign_xz(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        u64 n = i ? pack_xz(LZMA_CHECK_SHA256) : pack_delta(LZMA_CHECK_CRC32);
        u8 *out;
        assert_int_equal(unpack(packed, n, false, PLAIN, MiB(40), &out), DECOMPRESS_OK);
        assert_memory_equal(out, plain, PLAIN);
        free(out);
    }
}

static void others_refused(void **state)
{
    u8 bzip2[64] = "BZh9", lzma[64] = { 0x5d, 0, 0 }, text[64] = "hello";
    (void)state;
    assert_int_equal(compression_of(bzip2, 64), COMPRESSION_UNSUPPORTED);
    assert_int_equal(compression_of(lzma, 64), COMPRESSION_UNSUPPORTED);
    assert_int_equal(compression_of(text, 64), COMPRESSION_NONE);
    assert_int_equal(compression_of(bzip2, 2), COMPRESSION_NONE);
    assert_int_equal(unpack(bzip2, 64, false, PLAIN, 0, NULL), DECOMPRESS_BAD);
    assert_non_null(strstr(why.text, "xz, gzip, zstd or lz4"));
    u64 n = pack_delta(LZMA_CHECK_CRC64);
    assert_int_equal(unpack(packed, n, false, PLAIN, MiB(40), NULL), DECOMPRESS_BAD);
    assert_non_null(strstr(why.text, "crc32"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back), cmocka_unit_test(wrong_size_word), cmocka_unit_test(too_little_room),
        cmocka_unit_test(too_little_memory), cmocka_unit_test(truncated), cmocka_unit_test(damaged),
        cmocka_unit_test(foreign_xz), cmocka_unit_test(others_refused),
    };
    make_plain();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
