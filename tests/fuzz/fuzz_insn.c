/*
 * Fuzz entry for the instruction decoder (libFuzzer, AFL): any bytes, both code sizes. What must hold: no read beyond
 * the bytes given (a sanitizer sees that), lengths within 1..15 and n, register numbers within 0..15, the same answer
 * when bytes beyond the instruction change. Build: clang -fsanitize=fuzzer,address -I. tests/fuzz/fuzz_insn.c
 */
#include <stdlib.h>
#include <string.h>
#include "arch/x86/pv/insn.c"

static void check(const struct insn *in, unsigned n)
{
    if (in->length < 1 || in->length > INSN_MAX || in->length > n || in->class == INSN_OTHER)
        abort();
    if (in->reg > 15 || in->rm > 15 || (in->base > 15 && in->base < INSN_RIP) || (in->index > 15 && in->index != 0xff))
        abort();
    if (in->size != 1 && in->size != 2 && in->size != 4 && in->size != 8 && in->size != 16)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    bool code64 = data[0] & 1;
    unsigned n = size - 1 > 32 ? 32 : size - 1;
    u8 *exact = malloc(n ? n : 1);
    struct insn in, again;

    memcpy(exact, data + 1, n);
    if (insn_decode(&in, exact, n, code64) == 0) {
        check(&in, n);
        for (unsigned i = in.length; i < n; i++)
            exact[i] ^= 0xff;
        if (insn_decode(&again, exact, n, code64) || memcmp(&in, &again, sizeof(in)))
            abort();
    }
    free(exact);
    return 0;
}
