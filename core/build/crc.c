/*
 * CRCs of many megabytes, in few instructions.
 *
 * A CRC is the remainder of the message, read as a polynomial over GF(2), divided by P. For CRC-32's P,
 *     x^(64*3006) = 1 + x^(64*2215) + x^(64*2866)   (mod P),
 * which a search over all such sums of whole words found to be the first. So a word may be taken out of the message
 * if it is added (xor) 3006, 3006 - 2215 and 3006 - 2866 words later: the remainder stays. Three additions move 64
 * bits on, without a table; what is left at the end is 3006 words, and they go through the table byte by byte. The
 * invariant of the queue: queue[i] is what was folded onto the i-th word not read yet.
 *
 * CRC-64 has no such relation within reach; kernels do not use it. It gets the usual eight tables.
 */
#include "core/build/crc.h"
#include "lib/string.h"

#define POLYNOMIAL_32 0xedb88320u
#define POLYNOMIAL_64 0xc96c5795d7870f42ul
#define TAP_FAR CRC_QUEUE
#define TAP_MIDDLE (CRC_QUEUE - 2215)
#define TAP_NEAR (CRC_QUEUE - 2866)

typedef u64 __attribute__((may_alias, aligned(1))) word;

void crc_init(struct crc *c)
{
    for (u32 i = 0; i < 256; i++) {
        u32 a = i;
        u64 b = i;
        for (unsigned bit = 0; bit < 8; bit++) {
            a = a >> 1 ^ (a & 1 ? POLYNOMIAL_32 : 0);
            b = b >> 1 ^ (b & 1 ? POLYNOMIAL_64 : 0);
        }
        c->table32[i] = a;
        c->table64[0][i] = b;
    }
    /* table64[k]: the byte, and k zero bytes behind it. */
    for (unsigned k = 1; k < 8; k++)
        for (u32 i = 0; i < 256; i++)
            c->table64[k][i] = c->table64[k - 1][i] >> 8 ^ c->table64[0][(u8)c->table64[k - 1][i]];
}

static u32 by_bytes(const struct crc *c, u32 crc, const u8 *p, u64 bytes)
{
    for (; bytes; bytes--)
        crc = crc >> 8 ^ c->table32[(u8)crc ^ *p++];
    return crc;
}

/* Take one word out of the message, onto the queue. */
static inline void fold_word(u64 *queue, const word *p)
{
    u64 w = *p ^ *queue;
    queue[TAP_FAR] = w;
    queue[TAP_MIDDLE] ^= w;
    queue[TAP_NEAR] ^= w;
}

static void fold(u64 *queue, const word *p, u64 n)
{
    for (; n >= 8; n -= 8, p += 8, queue += 8) {
        fold_word(queue, p);
        fold_word(queue + 1, p + 1);
        fold_word(queue + 2, p + 2);
        fold_word(queue + 3, p + 3);
        fold_word(queue + 4, p + 4);
        fold_word(queue + 5, p + 5);
        fold_word(queue + 6, p + 6);
        fold_word(queue + 7, p + 7);
    }
    for (; n; n--)
        fold_word(queue++, p++);
}

u32 crc_32(struct crc *c, u32 before, const void *data, u64 bytes)
{
    const u8 *p = data;
    u64 words = bytes / 8;
    u32 crc = ~before;
    if (words > CRC_QUEUE) {
        memset(c->queue, 0, CRC_QUEUE * 8);
        c->queue[0] = crc;      /* the initial value is xored onto the first bytes */
        while (words > CRC_QUEUE) {
            u64 n = min(words - CRC_QUEUE, (u64)CRC_BATCH);
            fold(c->queue, (const word *)p, n);
            memmove(c->queue, c->queue + n, CRC_QUEUE * 8);
            words -= n;
            p += n * 8;
        }
        crc = 0;
        for (u64 i = 0; i < CRC_QUEUE; i++, p += 8) {
            u64 w = *(const word *)p ^ c->queue[i];
            crc = by_bytes(c, crc, (const u8 *)&w, 8);
        }
        bytes %= 8;
    }
    return ~by_bytes(c, crc, p, bytes);
}

u64 crc_64(const struct crc *c, u64 before, const void *data, u64 bytes)
{
    const u8 *p = data;
    u64 crc = ~before;
    for (; bytes >= 8; bytes -= 8, p += 8) {
        u64 w = crc ^ *(const word *)p;
        crc = 0;
        for (unsigned k = 0; k < 8; k++)
            crc ^= c->table64[7 - k][(u8)(w >> 8 * k)];
    }
    for (; bytes; bytes--)
        crc = crc >> 8 ^ c->table64[0][(u8)crc ^ *p++];
    return ~crc;
}
