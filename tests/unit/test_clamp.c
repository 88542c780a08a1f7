/*
 * The clamp of indices: itself below the size, 0 from there on, at small sizes, at the ends of the range, and after a
 * check that the compiler knows of.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "lib/clamp.h"

static void expect(u64 index, u64 size)
{
    u64 want = index < size ? index : 0;

    if (index_clamp(index, size) != want)
        fail_msg("index_clamp(%#lx, %#lx) = %#lx, want %#lx", (unsigned long)index, (unsigned long)size,
                 (unsigned long)index_clamp(index, size), (unsigned long)want);
}

static void test_small(void **state)
{
    (void)state;
    for (u64 size = 0; size < 300; size++)
        for (u64 index = 0; index < 300; index++)
            expect(index, size);
}

static void test_ends(void **state)
{
    static const u64 sizes[] = { 0, 1, 2, 64, 4096, 131072, 0x7ffffffe, 0x7fffffff };

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++)
        for (unsigned bit = 0; bit < 64; bit++)
            for (int off = -2; off <= 2; off++) {
                expect((1UL << bit) + (u64)(s64)off, sizes[i]);
                expect(sizes[i] + (u64)(s64)off, sizes[i]);
                expect(~(1UL << bit) + (u64)(s64)off, sizes[i]);
            }
}

static void test_random(void **state)
{
    u64 x = 1;

    (void)state;
    for (unsigned i = 0; i < 1000000; i++) {
        x ^= x >> 12, x ^= x << 25, x ^= x >> 27;
        expect(x >> (x & 63), x * 0x2545f4914f6cdd1dUL >> 33 >> (x >> 58));
    }
}

/* What Serai's users get: a constant size, a size in memory, an index the compiler thinks it knows. */
__attribute__((noinline, used)) static u64 checked(const u64 *table, u64 index)
{
    return index >= 64 ? ~0UL : table[index_clamp(index, 64)];
}

static void test_after_a_check(void **state)
{
    u64 table[64];
    volatile u64 size = 17;

    (void)state;
    for (unsigned i = 0; i < 64; i++)
        table[i] = i;
    for (u64 i = 0; i < 70; i++)
        assert_int_equal(checked(table, i), i < 64 ? i : ~0UL);
    assert_int_equal(index_clamp(16, size), 16);
    assert_int_equal(index_clamp(17, size), 0);
    assert_int_equal(index_clamp(3, 3), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small), cmocka_unit_test(test_ends), cmocka_unit_test(test_random),
            cmocka_unit_test(test_after_a_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
