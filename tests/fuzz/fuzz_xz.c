/*
 * Fuzz entry for the xz decoder (libFuzzer, AFL): any bytes, with a room taken from the first. What must hold: nothing
 * read outside the input or written outside the room (a sanitizer sees that), and a reason for every refusal. To get
 * behind the CRCs, the headers' are made right first. With -DFUZZ_LIBLZMA (and -llzma), the library has to agree about
 * what is a whole stream.
 * Links: core/build/xz.c core/build/lzma2.c core/build/lzma.c core/build/bcj_x86.c core/build/crc.c core/build/why.c
 */
#ifdef FUZZ_LIBLZMA
#include <lzma.h>
#endif
#include <stdlib.h>
#include <string.h>
#include "core/build/crc.h"
#include "core/build/xz.h"

static void repair_headers(u8 *in, size_t bytes)
{
    static struct crc tables;
    u32 crc;
    crc_init(&tables);
    if (bytes < 24)
        return;
    memcpy(in, "\xfd" "7zXZ\0\0", 7);
    crc = crc_32(&tables, 0, in + 6, 2);
    memcpy(in + 8, &crc, 4);
    size_t header = (in[12] + 1u) * 4;
    if (in[12] && header <= bytes - 12) {
        crc = crc_32(&tables, 0, in + 12, header - 4);
        memcpy(in + 12 + header - 4, &crc, 4);
    }
}

#ifdef FUZZ_LIBLZMA
/* Does liblzma unpack it to the same? */
static bool agrees(const struct xz *x)
{
    uint64_t memory = UINT64_MAX;
    size_t in = 0, out = 0;
    u8 *other = malloc(x->out_bytes + 1);
    lzma_ret ret = lzma_stream_buffer_decode(&memory, 0, NULL, x->in, &in, x->used, other, &out, x->out_bytes);
    bool same = ret == LZMA_OK && in == x->used && out == x->out_bytes && !memcmp(other, x->out, out);
    free(other);
    return same;
}
#else
static bool agrees(const struct xz *x)
{
    return x->out_bytes <= x->out_room;
}
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct xz x = { .in_bytes = size - 1, .out_room = data[0] * 64ul };
    struct why why = { .todo = NULL };
    u8 *in = malloc(x.in_bytes + 1);
    memcpy(in, data + 1, x.in_bytes);
    repair_headers(in, x.in_bytes);
    x.in = in;
    x.out = malloc(x.out_room);
    x.tables = malloc(xz_table_bytes());
    enum xz_result result = xz_decode(&x, &why);
    if (x.used > x.in_bytes || x.out_bytes > x.out_room || (result == XZ_BAD && !why.text[0]))
        abort();
    if (result == XZ_OK && !agrees(&x))
        abort();
    free(x.tables);
    free(x.out);
    free(in);
    return 0;
}
