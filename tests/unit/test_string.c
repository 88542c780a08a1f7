/*
 * Serai's own <string.h> functions against the C library's, at all small sizes, alignments and overlaps; and its number
 * parsing. Includes the source under other names.
 * Could go wrong: an overlap copied in the wrong direction, a word compared in the wrong byte order, a number that
 * wraps.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#undef SERAI_HOST
#define memcpy my_memcpy
#define memmove my_memmove
#define memset my_memset
#define memcmp my_memcmp
#define memchr my_memchr
#define strlen my_strlen
#define strnlen my_strnlen
#define strcmp my_strcmp
#define strncmp my_strncmp
#define strchr my_strchr
#define strstr my_strstr
#define strlcpy my_strlcpy
#include "lib/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef memchr
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchr
#undef strstr
#undef strlcpy

#define SIZE 160

static unsigned char a[SIZE], b[SIZE];

static void fill(void)
{
    for (unsigned i = 0; i < SIZE; i++)
        a[i] = b[i] = (unsigned char)(i * 37 + 11);
}

static void blocks(void **state)
{
    (void)state;
    for (size_t n = 0; n < 70; n++)
        for (size_t at = 0; at < 9; at++) {
            fill();
            assert_ptr_equal(my_memcpy(a + at, a + 80, n), a + at);
            memcpy(b + at, b + 80, n);
            assert_memory_equal(a, b, SIZE);
            my_memset(a + at, (int)n, n);
            memset(b + at, (int)n, n);
            assert_memory_equal(a, b, SIZE);
        }
}

static void overlaps(void **state)
{
    (void)state;
    for (size_t n = 0; n < 70; n++)
        for (size_t from = 0; from < 40; from += 3)
            for (size_t to = 0; to < 40; to++) {
                fill();
                my_memmove(a + to, a + from, n);
                memmove(b + to, b + from, n);
                assert_memory_equal(a, b, SIZE);
            }
}

static int sign(int x) { return (x > 0) - (x < 0); }

static void comparisons(void **state)
{
    static const char *const words[] = { "", "a", "ab", "abc", "abd", "b", "abcdefghijkl", "abcdefghijkm", "\xff" };
    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
        for (unsigned j = 0; j < ARRAY_SIZE(words); j++) {
            assert_int_equal(sign(my_strcmp(words[i], words[j])), sign(strcmp(words[i], words[j])));
            for (size_t n = 0; n < 14; n++)
                assert_int_equal(sign(my_strncmp(words[i], words[j], n)), sign(strncmp(words[i], words[j], n)));
            assert_ptr_equal(my_strstr(words[i], words[j]), strstr(words[i], words[j]));
        }
    assert_true(my_memcmp("12345678x", "12345678y", 9) < 0);
    assert_int_equal(my_memcmp("12345678x", "12345678y", 8), 0);
    assert_ptr_equal(my_memchr("abc", 'z', 3), NULL);
    const char *text = "a=b";
    assert_ptr_equal(my_strchr(text, '='), text + 1);
    assert_ptr_equal(my_strchr(text, 0), text + 3);
    assert_int_equal(my_strnlen("abc", 2), 2);
    char small[4];
    assert_int_equal(my_strlcpy(small, "abcdef", sizeof(small)), 6);
    assert_string_equal(small, "abc");
}

static void numbers(void **state)
{
    const char *end;
    (void)state;
    assert_int_equal(parse_number("123x", &end), 123);
    assert_int_equal(*end, 'x');
    assert_int_equal(parse_number("0x1fG", &end), 0x1f);
    assert_int_equal(*end, 'G');
    assert_int_equal(parse_number("017", NULL), 15);
    assert_int_equal(parse_number("0x", &end), 0);
    assert_int_equal(*end, 'x');
    assert_int_equal(parse_number("99999999999999999999999,", &end), ~0UL);
    assert_int_equal(*end, ',');
    const char *none = "abc";
    assert_int_equal(parse_number(none, &end), 0);
    assert_ptr_equal(end, none);
    assert_int_equal(parse_size("4", NULL), KiB(4));
    assert_int_equal(parse_size("512M", NULL), MiB(512));
    assert_int_equal(parse_size("2g,", &end), GiB(2));
    assert_int_equal(*end, ',');
    assert_int_equal(parse_size("100B", NULL), 100);
    assert_int_equal(parse_size("99999999999T", NULL), ~0UL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks), cmocka_unit_test(overlaps), cmocka_unit_test(comparisons), cmocka_unit_test(numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
