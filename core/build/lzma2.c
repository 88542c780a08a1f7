/*
 * LZMA2: chunks.
 *
 * A chunk is at most 64 KiB of input for at most 2 MiB of output. Its first byte says whether it is packed, and how
 * much of what was learnt before it is forgotten: probabilities, properties, dictionary. The invariant: no chunk is
 * begun before its whole input is known to be there and its whole output to have room; the first forgets the
 * dictionary, and the first packed one after that says new properties.
 */
#include "core/build/lzma2.h"
#include "lib/string.h"

#define PLAIN_RESET 1           /* control bytes */
#define PLAIN 2
#define PACKED 0x80
#define PACKED_RESET 0xa0       /* ... and from here on with a state reset */
#define PACKED_PROPERTIES 0xc0  /* ... new properties */
#define PACKED_DICTIONARY 0xe0  /* ... and a dictionary reset */

struct chunk {
    u8 control;
    u64 head, in_bytes, bytes;  /* bytes of header, input, output */
};

static enum lzma2_result bad(const struct lzma2 *d, const char *what, struct why *why)
{
    because(why, "xz data is corrupt or truncated: %s at byte %lu of the block", what, d->used);
    return LZMA2_BAD;
}

/* Read a chunk's header; false if there is none, or input ends in the chunk. */
static bool read_chunk(const struct lzma2 *d, struct chunk *c)
{
    const u8 *in = d->in + d->used;
    u64 left = d->in_bytes - d->used;
    c->control = in[0];
    c->head = c->control < PACKED ? 3 : c->control < PACKED_PROPERTIES ? 5 : 6;
    if (left < c->head)
        return false;
    c->bytes = ((u64)in[1] << 8 | in[2]) + 1;
    c->in_bytes = c->bytes;
    if (c->control >= PACKED) {
        c->bytes += (u64)(c->control & 0x1f) << 16;
        c->in_bytes = ((u64)in[3] << 8 | in[4]) + 1;
    }
    return left - c->head >= c->in_bytes;
}

static bool unpack_chunk(struct lzma2 *d, struct lzma *l, const struct chunk *c, struct why *why)
{
    const u8 *in = d->in + d->used + c->head;
    if (c->control < PACKED) {
        memcpy(l->base + l->pos, in, c->bytes);
        l->pos += c->bytes;
        return true;
    }
    if (c->control >= PACKED_RESET)
        lzma_reset(l);
    return lzma_decode_chunk(l, in, c->in_bytes, d->in_bytes - d->used - c->head, c->bytes, why);
}

enum lzma2_result lzma2_decode(struct lzma2 *d, struct lzma *l, struct why *why)
{
    bool need_dictionary = true, need_properties = true;
    struct chunk c;
    for (d->used = d->out_bytes = 0; d->used < d->in_bytes && d->in[d->used]; d->used += c.head + c.in_bytes) {
        if (!read_chunk(d, &c))
            return bad(d, "not a whole chunk", why);
        if (c.control > PLAIN && c.control < PACKED)
            return bad(d, "no such kind of chunk", why);
        if (c.control == PLAIN_RESET || c.control >= PACKED_DICTIONARY) {
            need_dictionary = false;
            need_properties = true;
            l->base = d->out + d->out_bytes;
            l->room = d->out_room - d->out_bytes;
            l->pos = 0;
        }
        if (c.control >= PACKED_PROPERTIES) {
            need_properties = false;
            if (!lzma_set_properties(l, d->in[d->used + 5]))
                return bad(d, "no such properties", why);
        }
        if (need_dictionary || (need_properties && c.control >= PACKED))
            return bad(d, "a chunk that needs what came before the first", why);
        if (c.bytes > d->out_room - d->out_bytes)
            return LZMA2_FULL;
        if (!unpack_chunk(d, l, &c, why))
            return LZMA2_BAD;
        d->out_bytes += c.bytes;
    }
    if (d->used == d->in_bytes)
        return bad(d, "no end", why);
    d->used++;
    return LZMA2_END;
}
