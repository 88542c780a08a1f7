/*
 * The xz container: a stream of a header, blocks, an index of their sizes and a footer.
 *
 * Everything in it that is said twice is compared: sizes in a block's header with what the block had, the index with
 * the blocks, the footer with the header and the index, and all CRCs. The index lists what the blocks were, in an
 * encoding without choice: so while blocks pass, a CRC of the list as it has to be is kept, and no list.
 *
 * The invariant: `at` <= `end`, and a field is looked at only after take() has said that it is there. Block data goes
 * straight to its place in the output; the x86 filter is undone there, over the whole block, as the next block does not
 * refer to this one.
 *
 * Imprecise on purpose: filters other than x86 and LZMA2, and checks other than the CRCs, are foreign, not bad.
 */
#include "core/build/bcj_x86.h"
#include "core/build/crc.h"
#include "core/build/lzma2.h"
#include "core/build/xz.h"
#include "lib/string.h"

#define HEADER_BYTES 12         /* of a stream; the footer has as many */
#define CHECK_NONE 0
#define CHECK_CRC32 1
#define CHECK_CRC64 4
#define FILTER_X86 0x04
#define FILTER_LZMA2 0x21
#define DICTIONARY_MAX 40       /* code of the largest dictionary */
#define BLOCK_FILTERS 0x03      /* flags in a block's header */
#define BLOCK_RESERVED 0x3c
#define BLOCK_HAS_PACKED 0x40
#define BLOCK_HAS_UNPACKED 0x80
#define NUMBER_BYTES 9          /* of a variable-length number, at most */
#define UNKNOWN (~0ul)

struct tables {
    struct lzma lzma;
    struct crc crc;
};

struct stream {
    struct xz *x;
    struct tables *t;
    struct why *why;
    u64 at, end;                /* of input: the next byte, and where the present part ends */
    u8 check;
    u64 blocks, index_bytes;    /* blocks so far; of the list they make in the index */
    u32 index_crc;
};

struct block {
    u64 packed, unpacked;       /* bytes, as the header says, or UNKNOWN */
    bool x86;
    u32 x86_start;
};

u64 xz_table_bytes(void)
{
    return sizeof(struct tables);
}

static enum xz_result bad(struct stream *s, const char *what)
{
    because(s->why, "xz data is corrupt or truncated: %s at input byte %lu", what, s->at);
    return XZ_BAD;
}

/* ---- fields ---- */

/* The next n bytes, or NULL if there are fewer. */
static const u8 *take(struct stream *s, u64 n)
{
    if (n > s->end - s->at)
        return NULL;
    s->at += n;
    return s->x->in + s->at - n;
}

static u32 u32_at(const u8 *p)
{
    u32 v;
    memcpy(&v, p, sizeof(v));
    return v;
}

/* A variable-length number: 7 bits per byte, lowest first, in as few bytes as will do. */
static bool take_number(struct stream *s, u64 *n)
{
    *n = 0;
    for (unsigned i = 0; i < NUMBER_BYTES; i++) {
        const u8 *b = take(s, 1);
        if (!b || (i && !*b))
            return false;
        *n |= (u64)(*b & 0x7f) << 7 * i;
        if (*b < 0x80)
            return true;
    }
    return false;
}

static unsigned put_number(u8 *to, u64 n)
{
    unsigned i = 0;
    for (; n >= 0x80; n >>= 7)
        to[i++] = (u8)(n | 0x80);
    to[i++] = (u8)n;
    return i;
}

/* Zeros until `from` is a multiple of 4 bytes behind. */
static bool take_padding(struct stream *s, u64 from)
{
    while ((s->at - from) % 4) {
        const u8 *b = take(s, 1);
        if (!b || *b)
            return false;
    }
    return true;
}

static u32 crc_of(struct stream *s, u64 from, u64 bytes)
{
    return crc_32(&s->t->crc, 0, s->x->in + from, bytes);
}

/* ---- blocks ---- */

static enum xz_result filters(struct stream *s, struct block *b, unsigned count)
{
    for (; count; count--) {
        u64 id, bytes;
        if (!take_number(s, &id) || !take_number(s, &bytes))
            return bad(s, "the filters");
        const u8 *properties = take(s, bytes);
        if (!properties)
            return bad(s, "a filter's properties");
        if (count > 1 && id == FILTER_X86 && !b->x86 && (bytes == 0 || bytes == 4)) {
            b->x86 = true;
            b->x86_start = bytes ? u32_at(properties) : 0;
        } else if (count > 1 || id != FILTER_LZMA2) {
            return XZ_FOREIGN;
        } else if (bytes != 1 || *properties > DICTIONARY_MAX) {
            return bad(s, "the dictionary's size");
        }
    }
    return XZ_OK;
}

static enum xz_result block_header(struct stream *s, struct block *b)
{
    u64 start = s->at, bytes = (s->x->in[start] + 1ul) * 4;
    *b = (struct block){ UNKNOWN, UNKNOWN, false, 0 };
    if (bytes > s->end - start || bytes < 8)
        return bad(s, "a block header");
    s->end = start + bytes - 4;
    if (crc_of(s, start, bytes - 4) != u32_at(s->x->in + s->end))
        return bad(s, "the CRC of a block header");
    u8 flags = take(s, 2)[1];
    if (flags & BLOCK_RESERVED)
        return bad(s, "reserved flags in a block header");
    if ((flags & BLOCK_HAS_PACKED) && !take_number(s, &b->packed))
        return bad(s, "a block's packed size");
    if ((flags & BLOCK_HAS_UNPACKED) && !take_number(s, &b->unpacked))
        return bad(s, "a block's unpacked size");
    enum xz_result result = filters(s, b, (flags & BLOCK_FILTERS) + 1u);
    if (result != XZ_OK)
        return result;
    while (s->at < s->end)
        if (*take(s, 1))
            return bad(s, "something behind the filters");
    s->end = s->x->in_bytes;
    s->at = start + bytes;
    return XZ_OK;
}

static bool check_matches(struct stream *s, const u8 *data, u64 bytes)
{
    const u8 *said = take(s, s->check == CHECK_CRC64 ? 8 : s->check == CHECK_CRC32 ? 4 : 0);
    if (!said)
        return false;
    if (s->check == CHECK_CRC32)
        return crc_32(&s->t->crc, 0, data, bytes) == u32_at(said);
    if (s->check == CHECK_CRC64)
        return crc_64(&s->t->crc, 0, data, bytes) == (u32_at(said) | (u64)u32_at(said + 4) << 32);
    return true;
}

/* The block that begins at s->at has ended well: what the index has to say of it. */
static void remember(struct stream *s, u64 whole, u64 unpacked)
{
    u8 record[2 * (NUMBER_BYTES + 1)];
    unsigned n = put_number(record, whole);
    n += put_number(record + n, unpacked);
    s->index_crc = crc_32(&s->t->crc, s->index_crc, record, n);
    s->index_bytes += n;
    s->blocks++;
}

static enum xz_result block(struct stream *s)
{
    struct xz *x = s->x;
    struct block b;
    u64 start = s->at;
    enum xz_result result = block_header(s, &b);
    if (result != XZ_OK)
        return result;
    struct lzma2 d = { .in = x->in + s->at, .in_bytes = min(b.packed, s->end - s->at), .out = x->out + x->out_bytes,
                       .out_room = x->out_room - x->out_bytes };
    enum lzma2_result unpacked = lzma2_decode(&d, &s->t->lzma, s->why);
    if (unpacked != LZMA2_END)
        return unpacked == LZMA2_FULL ? XZ_FULL : XZ_BAD;
    s->at += d.used;
    if ((b.packed != UNKNOWN && b.packed != d.used) || (b.unpacked != UNKNOWN && b.unpacked != d.out_bytes))
        return bad(s, "a block of another size than its header says");
    u64 data_end = s->at;
    if (!take_padding(s, start))
        return bad(s, "padding of a block");
    u64 padding = s->at - data_end;
    if (b.x86)
        bcj_x86_undo(d.out, d.out_bytes, b.x86_start);
    if (!check_matches(s, d.out, d.out_bytes))
        return bad(s, "a block whose check does not match its contents");
    remember(s, s->at - start - padding, d.out_bytes);
    x->out_bytes += d.out_bytes;
    return XZ_OK;
}

/* ---- the frame around them ---- */

static enum xz_result stream_header(struct stream *s)
{
    static const u8 magic[6] = { 0xfd, '7', 'z', 'X', 'Z', 0 };
    const u8 *h = take(s, HEADER_BYTES);
    if (!h || memcmp(h, magic, sizeof(magic)))
        return bad(s, "the stream header");
    if (crc_of(s, 6, 2) != u32_at(h + 8))
        return bad(s, "the CRC of the stream header");
    if (h[6] || h[7] > 15)
        return bad(s, "flags of the stream header");
    s->check = h[7];
    return s->check == CHECK_NONE || s->check == CHECK_CRC32 || s->check == CHECK_CRC64 ? XZ_OK : XZ_FOREIGN;
}

static enum xz_result stream_index(struct stream *s, u64 *index_bytes)
{
    u64 start = s->at++, blocks;
    if (!take_number(s, &blocks) || blocks != s->blocks)
        return bad(s, "another number of blocks in the index");
    u64 list = s->at;
    if (!take(s, s->index_bytes) || crc_of(s, list, s->index_bytes) != s->index_crc)
        return bad(s, "other sizes of blocks in the index");
    if (!take_padding(s, start))
        return bad(s, "padding of the index");
    u64 bytes = s->at - start;
    const u8 *crc = take(s, 4);
    if (!crc || crc_of(s, start, bytes) != u32_at(crc))
        return bad(s, "the CRC of the index");
    *index_bytes = bytes + 4;
    return XZ_OK;
}

static enum xz_result stream_footer(struct stream *s, u64 index_bytes)
{
    u64 start = s->at;
    const u8 *f = take(s, HEADER_BYTES);
    if (!f || memcmp(f + 10, "YZ", 2))
        return bad(s, "the stream footer");
    if (crc_of(s, start + 4, 6) != u32_at(f))
        return bad(s, "the CRC of the stream footer");
    if ((u32_at(f + 4) + 1ul) * 4 != index_bytes || f[8] || f[9] != s->check)
        return bad(s, "a stream footer that differs from header and index");
    return XZ_OK;
}

enum xz_result xz_decode(struct xz *x, struct why *why)
{
    struct stream s = { .x = x, .t = x->tables, .why = why, .end = x->in_bytes };
    u64 index_bytes = 0;
    crc_init(&s.t->crc);
    lzma_init(&s.t->lzma);
    x->out_bytes = x->used = 0;
    enum xz_result result = stream_header(&s);
    while (result == XZ_OK && s.at < s.end && x->in[s.at])
        result = block(&s);
    if (result == XZ_OK && s.at == s.end)
        return bad(&s, "no index");
    if (result == XZ_OK)
        result = stream_index(&s, &index_bytes);
    if (result == XZ_OK)
        result = stream_footer(&s, index_bytes);
    x->used = s.at;
    return result;
}
