/*
 * Serai's vsnprintf against the C library's. Includes the source under other names.
 * Could go wrong: a width or flag that libc reads otherwise; a buffer written one past its end.
 * Links: lib/string.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#define vsnprintf my_vsnprintf
#define snprintf my_snprintf
#include "lib/print.c"
#undef vsnprintf
#undef snprintf

#define SAME(...) \
    do { \
        char mine[200], theirs[200]; \
        int m = my_snprintf(mine, sizeof(mine), __VA_ARGS__), t = snprintf(theirs, sizeof(theirs), __VA_ARGS__); \
        assert_string_equal(mine, theirs); \
        assert_int_equal(m, t); \
    } while (0)

static void same_as_libc(void **state)
{
    (void)state;
    SAME("plain %% text");
    for (int i = 0; i < 5; i++) {
        static const long values[] = { 0, 1, -1, 1234567890123L, (long)(1UL << 63) };
        long v = values[i];
        SAME("%ld|%5ld|%-20ld|%020ld|%+ld|% ld|%.3ld|%12.5ld", v, v, v, v, v, v, v, v);
        SAME("%d|%u|%x|%X|%o|%#x|%#X", (int)v, (unsigned)v, (unsigned)v, (unsigned)v, (unsigned)v, (unsigned)v,
             (unsigned)v);
        SAME("%hhd|%hhu|%hd|%hu", (signed char)v, (unsigned char)v, (short)v, (unsigned short)v);
        SAME("%lx|%#lx|%016lx|%-18lx|%#018lx|%llu|%zu", v, v, v, v, v, (unsigned long long)v, (size_t)v);
    }
    SAME("%s|%10s|%-10s|%.2s|%.*s|%*s", "abc", "abc", "abc", "abc", 1, "abc", 6, "abc");
    SAME("%c%c|%3c|%-3c|", 'a', 'b', 'c', 'd');
    SAME("%.0d|%.0d", 0, 1);
}

static void own_rules(void **state)
{
    char out[64];
    (void)state;
    my_snprintf(out, sizeof(out), "%s", (char *)NULL);
    assert_string_equal(out, "(null)");
    my_snprintf(out, sizeof(out), "%p", (void *)0xffff82d080000000);
    assert_string_equal(out, "ffff82d080000000");
}

/* Whatever the size, nothing is written behind it, the text is terminated and the length is what it would have been. */
static void short_buffers(void **state)
{
    (void)state;
    for (size_t size = 0; size < 20; size++) {
        char out[24];
        memset(out, '#', sizeof(out));
        assert_int_equal(my_snprintf(out, size, "%s=%d", "number", 12345), 12);
        for (size_t i = size; i < sizeof(out); i++)
            assert_int_equal(out[i], '#');
        if (size)
            assert_int_equal(strlen(out), size - 1 < 12 ? size - 1 : 12);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_as_libc), cmocka_unit_test(own_rules), cmocka_unit_test(short_buffers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
