/*
 * The page-type machine's model test with operations that the fuzzer finds instead of a random generator.
 * Links: core/frame.c core/pagetype.c core/pte.c core/mmu.c core/mmu_update.c core/mmuext.c core/audit.c core/lock.c
 *        arch/host/fake_machine.c arch/host/fake_guest.c arch/host/fake_domain.c arch/host/fake_heap.c
 *        arch/host/fake_log.c core/log_dirty.c core/shadow.c
 */
#define main model_main
#include "tests/unit/test_pagetype.c"
#undef main

#define OP_BYTES 12

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct op ops[256];
    unsigned n = 0;

    if (!size)
        return 0;
    for (const uint8_t *p = data + 1; p + OP_BYTES <= data + size && n < ARRAY_SIZE(ops); p += OP_BYTES) {
        u32 b, c;
        memcpy(&b, p + 4, 4);
        memcpy(&c, p + 8, 4);
        ops[n++] = (struct op){ .kind = p[0] % NR_KINDS, .who = p[1] % NR_DOMAINS, .level = p[2] % 5,
                                .patience = p[2] & 0x80 ? p[2] >> 5 & 3 : -1, .a = p[3] * 0x9e3779b9UL, .b = b,
                                .c = c };
    }
    memset(grants, 0, sizeof(grants));
    memset(descriptors, 0, sizeof(descriptors));
    memset(knows_writable, 0, sizeof(knows_writable));
    memset(knows_table, 0, sizeof(knows_table));
    memset(flushed_at, 0, sizeof(flushed_at));
    memset(table, 0, sizeof(table));
    run_here(data[0], ops, n);
    return 0;
}
