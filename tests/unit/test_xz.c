/*
 * The xz decoder against liblzma's encoder: presets, every lc/lp/pb, checks, blocks, dictionaries' resets, the x86
 * filter on code that leaves it in doubt; then damage: every byte of a small file, every length, garbage. Inputs and
 * rooms are allocated to the byte, so that the address sanitizer sees one too many.
 * Could go wrong: distances beyond the dictionary, a match across the room's end, a filter that changes bytes it has
 * not seen whole.
 * Links: core/build/xz.c core/build/lzma2.c core/build/lzma.c core/build/bcj_x86.c core/build/crc.c core/build/why.c
 * Libraries: -llzma
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <lzma.h>
#include "core/build/bcj_x86.h"
#include "core/build/crc.h"
#include "core/build/xz.h"

#define PLAIN 400000u
#define ROOM 600000u

static u8 plain[PLAIN], packed[ROOM];
static struct why why;
static struct xz last;          /* what the last unpack() did; its pointers are gone */

/* Bytes with near and far repetitions, runs, short periods, and, in between, noise. */
static void make_plain(unsigned seed)
{
    srand(seed);
    for (u32 i = 0; i < PLAIN;) {
        u32 n = 1 + (u32)rand() % (rand() % 8 ? 20 : 600), back = 1 + (u32)rand() % (rand() % 3 ? 12 : i + 1);
        for (bool noise = rand() % 3 == 0; n && i < PLAIN; n--, i++)
            plain[i] = noise || back > i ? (u8)rand() : plain[i - back];
    }
}

/* Code-like: many opcode bytes and top bytes, close together. */
static void make_code(unsigned seed)
{
    static const u8 favourites[] = { 0xe8, 0xe9, 0, 0xff, 0xe8, 0, 1, 0xfe };
    srand(seed);
    for (u32 i = 0; i < PLAIN; i++)
        plain[i] = rand() % 3 ? favourites[rand() % 8] : (u8)rand();
}

struct recipe {
    lzma_options_lzma lzma;
    lzma_options_bcj x86_options;
    lzma_check check;
    bool x86;
    u32 bytes;                  /* of plain[] */
};

static struct recipe recipe(u32 preset)
{
    struct recipe r = { .check = LZMA_CHECK_CRC32, .bytes = PLAIN };
    assert_false(lzma_lzma_preset(&r.lzma, preset));
    return r;
}

static u64 pack(struct recipe *r)
{
    size_t n = 0;
    lzma_filter x86 = { LZMA_FILTER_X86, &r->x86_options }, lzma = { LZMA_FILTER_LZMA2, &r->lzma };
    lzma_filter end = { LZMA_VLI_UNKNOWN, NULL }, filters[3] = { x86, lzma, end };
    assert_int_equal(lzma_stream_buffer_encode(filters + !r->x86, r->check, NULL, plain, r->bytes, packed, &n, ROOM),
                     LZMA_OK);
    return n;
}

static enum xz_result unpack(u64 bytes, u64 room, u8 **out)
{
    u8 *in = malloc(bytes);
    memcpy(in, packed, bytes);
    last = (struct xz){ .in = in, .in_bytes = bytes, .out = malloc(room), .out_room = room,
                        .tables = malloc(xz_table_bytes()) };
    why.text[0] = '\0';
    enum xz_result result = xz_decode(&last, &why);
    assert_true(last.used <= bytes && last.out_bytes <= room);
    if (result == XZ_BAD)
        assert_int_not_equal(why.text[0], 0);
    free(in);
    free(last.tables);
    if (out)
        *out = last.out;
    else
        free(last.out);
    return result;
}

/* packed[] unpacks to the first `bytes` of plain[], with room for exactly those. */
static void expect_plain(u64 packed_bytes, u32 bytes)
{
    u8 *out;
    enum xz_result result = unpack(packed_bytes, bytes, &out);
    if (result != XZ_OK)
        fail_msg("%d: %s", result, why.text);
    assert_int_equal(last.used, packed_bytes);
    assert_int_equal(last.out_bytes, bytes);
    assert_memory_equal(out, plain, bytes);
    free(out);
}

static void presets(void **state)
{
    (void)state;
    for (u32 preset = 0; preset < 10; preset++) {
        make_plain(preset);
        struct recipe r = recipe(preset);
        expect_plain(pack(&r), PLAIN);
        r.lzma.mode = LZMA_MODE_FAST;
        r.lzma.dict_size = 4096;
        expect_plain(pack(&r), PLAIN);
    }
}

static void sizes(void **state)
{
    (void)state;
    make_plain(77);
    for (u32 bytes = 0; bytes < 300; bytes++) {
        struct recipe r = recipe(1);
        r.bytes = bytes;
        expect_plain(pack(&r), bytes);
    }
    memset(plain, 'x', PLAIN);
    struct recipe r = recipe(6);
    expect_plain(pack(&r), PLAIN);
    make_plain(77);
}

static void properties(void **state)
{
    (void)state;
    for (u32 lc = 0; lc <= 4; lc++)
        for (u32 lp = 0; lc + lp <= 4; lp++)
            for (u32 pb = 0; pb <= 4; pb++) {
                struct recipe r = recipe(0);
                r.lzma.lc = lc;
                r.lzma.lp = lp;
                r.lzma.pb = pb;
                r.bytes = 50000 + lc * 100 + lp * 10 + pb;
                expect_plain(pack(&r), r.bytes);
            }
}

static void checks(void **state)
{
    static const lzma_check kinds[] = { LZMA_CHECK_NONE, LZMA_CHECK_CRC32, LZMA_CHECK_CRC64 };
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct recipe r = recipe(1);
        r.check = kinds[i];
        u64 n = pack(&r);
        expect_plain(n, PLAIN);
        /* Behind the check are an index of 1 + 1 + 3 + 3 bytes, its CRC, and the footer. */
        if (kinds[i] == LZMA_CHECK_NONE)
            continue;
        packed[n - 12 - 4 - 8 - 1] ^= 1;
        assert_int_equal(unpack(n, PLAIN, NULL), XZ_BAD);
        assert_non_null(strstr(why.text, "check"));
    }
    struct recipe r = recipe(1);
    r.check = LZMA_CHECK_SHA256;
    assert_int_equal(unpack(pack(&r), PLAIN, NULL), XZ_FOREIGN);
}

/* Several blocks, of sizes that leave every alignment; full flushes end blocks, sync flushes only chunks. */
static u64 pack_blocks(lzma_filter *filters, u32 step)
{
    lzma_stream s = LZMA_STREAM_INIT;
    assert_int_equal(lzma_stream_encoder(&s, filters, LZMA_CHECK_CRC32), LZMA_OK);
    s.next_out = packed;
    s.avail_out = ROOM;
    for (u32 at = 0, i = 0; at < PLAIN; at += step, i++) {
        s.next_in = plain + at;
        s.avail_in = min(step, PLAIN - at);
        /* The x86 filter cannot flush within a block. */
        lzma_action action = i % 3 || filters[0].id == LZMA_FILTER_X86 ? LZMA_FULL_FLUSH : LZMA_SYNC_FLUSH;
        if (at + step >= PLAIN)
            action = LZMA_FINISH;
        lzma_ret ret;
        while ((ret = lzma_code(&s, action)) == LZMA_OK)
            ;
        assert_int_equal(ret, LZMA_STREAM_END);
    }
    u64 n = s.total_out;
    lzma_end(&s);
    return n;
}

static void blocks(void **state)
{
    (void)state;
    for (u32 step = 5003; step < PLAIN; step *= 3) {
        struct recipe r = recipe(1);
        lzma_filter filters[] = { { LZMA_FILTER_LZMA2, &r.lzma }, { LZMA_VLI_UNKNOWN, NULL } };
        expect_plain(pack_blocks(filters, step), PLAIN);
        lzma_filter both[] = { { LZMA_FILTER_X86, NULL }, { LZMA_FILTER_LZMA2, &r.lzma }, { LZMA_VLI_UNKNOWN, NULL } };
        expect_plain(pack_blocks(both, step), PLAIN);
    }
}

static void x86_filter(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < 20; seed++) {
        make_code(seed);
        struct recipe r = recipe(0);
        r.x86 = true;
        r.bytes = PLAIN - seed * 1000 - seed;
        r.x86_options.start_offset = seed % 4 * 0x00fedc10;
        expect_plain(pack(&r), r.bytes);
    }
    for (u32 bytes = 0; bytes < 40; bytes++) {
        struct recipe r = recipe(0);
        r.x86 = true;
        r.bytes = bytes;
        expect_plain(pack(&r), bytes);
    }
}

/* Not only what a packer writes: any bytes, through a raw chain whose LZMA2 part is ours and liblzma's alike. */
static void x86_filter_on_anything(void **state)
{
    static u8 ours[PLAIN];
    struct recipe r = recipe(0);
    (void)state;
    for (unsigned seed = 100; seed < 120; seed++) {
        size_t n = 0, in = 0, out = 0;
        u32 start = seed * 0x01234560u & ~0u;
        lzma_options_bcj options = { start };
        lzma_filter lzma2[] = { { LZMA_FILTER_LZMA2, &r.lzma }, { LZMA_VLI_UNKNOWN, NULL } };
        lzma_filter both[] = { { LZMA_FILTER_X86, &options }, lzma2[0], lzma2[1] };
        make_code(seed);
        memcpy(ours, plain, PLAIN);
        assert_int_equal(lzma_raw_buffer_encode(lzma2, NULL, plain, PLAIN, packed, &n, ROOM), LZMA_OK);
        assert_int_equal(lzma_raw_buffer_decode(both, NULL, packed, &in, n, plain, &out, PLAIN), LZMA_OK);
        bcj_x86_undo(ours, PLAIN, start);
        assert_memory_equal(ours, plain, PLAIN);
    }
}

static void crcs(void **state)
{
    struct crc *c = malloc(sizeof(*c));
    (void)state;
    crc_init(c);
    make_plain(5);
    for (u32 bytes = 0; bytes < PLAIN; bytes += bytes < 100 ? 1 : 7777) {
        u32 at = bytes % 9, half = bytes / 2;
        u32 rest = bytes - min(at, bytes);
        assert_int_equal(crc_32(c, 0, plain + at, rest), lzma_crc32(plain + at, rest, 0));
        assert_int_equal(crc_32(c, crc_32(c, 0, plain, half), plain + half, bytes - half), lzma_crc32(plain, bytes, 0));
        assert_int_equal(crc_64(c, crc_64(c, 0, plain, half), plain + half, bytes - half), lzma_crc64(plain, bytes, 0));
    }
    u32 around = CRC_QUEUE * 8;
    for (u32 bytes = around - 20; bytes < around + 20; bytes++)
        assert_int_equal(crc_32(c, 0, plain, bytes), lzma_crc32(plain, bytes, 0));
    free(c);
}

static void too_little_room(void **state)
{
    (void)state;
    struct recipe r = recipe(1);
    u64 n = pack(&r);
    for (u32 room = 0; room < PLAIN; room += PLAIN / 7)
        assert_int_equal(unpack(n, room, NULL), XZ_FULL);
    assert_int_equal(unpack(n, PLAIN - 1, NULL), XZ_FULL);
    assert_int_equal(unpack(n, PLAIN + 1, NULL), XZ_OK);
}

static void foreign_filter(void **state)
{
    lzma_options_delta delta = { .type = LZMA_DELTA_TYPE_BYTE, .dist = 4 };
    lzma_options_lzma lzma;
    lzma_filter filters[] = { { LZMA_FILTER_DELTA, &delta }, { LZMA_FILTER_LZMA2, &lzma }, { LZMA_VLI_UNKNOWN, NULL } };
    size_t n = 0;
    (void)state;
    assert_false(lzma_lzma_preset(&lzma, 1));
    assert_int_equal(lzma_stream_buffer_encode(filters, LZMA_CHECK_CRC32, NULL, plain, PLAIN, packed, &n, ROOM),
                     LZMA_OK);
    assert_int_equal(unpack(n, PLAIN, NULL), XZ_FOREIGN);
}

/* ---- damage ---- */

#define SMALL 3000u

static u64 pack_small(lzma_check check)
{
    make_plain(9);
    struct recipe r = recipe(6);
    r.bytes = SMALL;
    r.check = check;
    r.x86 = true;
    return pack(&r);
}

static void every_byte_damaged(void **state)
{
    (void)state;
    u64 n = pack_small(LZMA_CHECK_CRC32);
    for (u64 at = 0; at < n; at++)
        for (unsigned how = 0; how < 9; how++) {
            u8 was = packed[at], *out;
            packed[at] = how < 8 ? was ^ (u8)(1 << how) : (u8)~was;
            if (unpack(n, SMALL, &out) == XZ_OK) {
                assert_int_equal(last.out_bytes, SMALL);
                assert_memory_equal(out, plain, SMALL);
            }
            free(out);
            packed[at] = was;
        }
}

/* Without a check nothing stops damage early: the decoder runs on whatever it leads to. liblzma has to agree. */
static void damage_unchecked(void **state)
{
    static u8 theirs[SMALL];
    (void)state;
    u64 n = pack_small(LZMA_CHECK_NONE);
    for (unsigned round = 0; round < 4000; round++) {
        u64 at = 28 + (u64)rand() % (n - 28 - 24);
        u8 was = packed[at], *out;
        uint64_t memory = UINT64_MAX;
        size_t in = 0, bytes = 0;
        packed[at] = (u8)rand();
        enum xz_result ours = unpack(n, SMALL, &out);
        lzma_ret ret = lzma_stream_buffer_decode(&memory, 0, NULL, packed, &in, n, theirs, &bytes, SMALL);
        assert_int_equal(ours == XZ_OK, ret == LZMA_OK);
        if (ours == XZ_OK)
            assert_memory_equal(out, theirs, SMALL);
        free(out);
        packed[at] = was;
    }
}

static void every_length(void **state)
{
    (void)state;
    u64 n = pack_small(LZMA_CHECK_CRC64);
    for (u64 bytes = 0; bytes < n; bytes++)
        assert_int_equal(unpack(bytes, SMALL, NULL), XZ_BAD);
    make_plain(10);
    struct recipe r = recipe(1);
    n = pack(&r);
    for (u64 bytes = n - 100; bytes < n; bytes++)
        assert_int_equal(unpack(bytes, PLAIN, NULL), XZ_BAD);
}

/* Behind whole headers, as otherwise no garbage would be looked at. */
static void garbage(void **state)
{
    (void)state;
    pack_small(LZMA_CHECK_CRC32);
    u32 head = 12 + (packed[12] + 1) * 4;
    for (unsigned round = 0; round < 3000; round++) {
        u64 n = head + (u64)rand() % 2000;
        for (u64 i = head; i < n; i++)
            packed[i] = (u8)rand();
        /* A packed chunk that resets everything, with usual properties and a first byte of 0. */
        if (round % 4 && n > head + 8) {
            packed[head] |= 0xe0;
            packed[head + 1] %= 4;
            packed[head + 3] %= 8;
            packed[head + 5] = 93;
            packed[head + 6] = 0;
        }
        assert_int_not_equal(unpack(n, SMALL, NULL), XZ_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(presets), cmocka_unit_test(sizes), cmocka_unit_test(properties), cmocka_unit_test(checks),
        cmocka_unit_test(blocks), cmocka_unit_test(x86_filter), cmocka_unit_test(x86_filter_on_anything),
        cmocka_unit_test(crcs), cmocka_unit_test(too_little_room), cmocka_unit_test(foreign_filter),
        cmocka_unit_test(every_byte_damaged), cmocka_unit_test(damage_unchecked), cmocka_unit_test(every_length),
        cmocka_unit_test(garbage),
    };
    make_plain(1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
