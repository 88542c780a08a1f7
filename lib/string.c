/*
 * <string.h> for a freestanding program, and number parsing.
 *
 * The block functions move 8 bytes at a time, four at once. From REP_FROM bytes on, copying is one `rep movsq`: CPUs of
 * the last fifteen years then move whole cache lines, after some thirty cycles to get going (ERMS adds the same for
 * movsb, which we do not need), and an emulator that counts each iteration counts one a word, where a loop has two.
 * Loads and stores may be unaligned. barrier() keeps the compiler from recognising a loop as memcpy and calling us.
 */
#include "lib/string.h"
#include "lib/bitops.h"

#ifndef SERAI_HOST
typedef u64 __attribute__((may_alias, aligned(1))) word;
#define barrier() __asm__ volatile("" ::: "memory")
#define REP_FROM 512                            /* bytes */

/* A big block's words; the direction flag is clear in all of Serai. */
static inline void copy_words(u8 **d, const u8 **s, size_t words)
{
#ifdef __x86_64__
    __asm__ volatile("rep movsq" : "+D"(*d), "+S"(*s), "+c"(words) : : "memory");
#else
    for (; words; words--, *d += 8, *s += 8) {
        *(word *)*d = *(const word *)*s;
        barrier();
    }
#endif
}

void *memcpy(void *dst, const void *src, size_t n)
{
    u8 *d = dst;
    const u8 *s = src;
    if (n >= REP_FROM) {                        /* pages: granted ones are copied by the thousand */
        copy_words(&d, &s, n / 8);
        n %= 8;
    }
    for (; n >= 32; n -= 32, d += 32, s += 32) {
        u64 a = ((const word *)s)[0], b = ((const word *)s)[1];
        u64 c = ((const word *)s)[2], e = ((const word *)s)[3];
        ((word *)d)[0] = a;
        ((word *)d)[1] = b;
        ((word *)d)[2] = c;
        ((word *)d)[3] = e;
        barrier();
    }
    for (; n >= 8; n -= 8, d += 8, s += 8) {
        *(word *)d = *(const word *)s;
        barrier();
    }
    for (; n; n--) {
        *d++ = *s++;
        barrier();
    }
    return dst;
}

/* Does copying upwards read what it has already overwritten? Only if dst is inside [src, src+n). */
void *memmove(void *dst, const void *src, size_t n)
{
    if ((uintptr_t)dst - (uintptr_t)src >= n)
        return memcpy(dst, src, n);
    u8 *d = (u8 *)dst + n;
    const u8 *s = (const u8 *)src + n;
    for (; n >= 8; n -= 8) {
        d -= 8;
        s -= 8;
        *(word *)d = *(const word *)s;
        barrier();
    }
    for (; n; n--) {
        *--d = *--s;
        barrier();
    }
    return dst;
}

void *memset(void *dst, int c, size_t n)
{
    u8 *d = dst;
    u64 v = (u8)c * 0x0101010101010101UL;
    for (; n >= 32; n -= 32, d += 32) {
        ((word *)d)[0] = v;
        ((word *)d)[1] = v;
        ((word *)d)[2] = v;
        ((word *)d)[3] = v;
        barrier();
    }
    for (; n >= 8; n -= 8, d += 8) {
        *(word *)d = v;
        barrier();
    }
    for (; n; n--) {
        *d++ = (u8)c;
        barrier();
    }
    return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const u8 *x = a, *y = b;
    for (; n >= 8 && *(const word *)x == *(const word *)y; n -= 8, x += 8, y += 8)
        barrier();
    for (; n; n--, x++, y++)
        if (*x != *y)
            return *x - *y;
    return 0;
}

void *memchr(const void *s, int c, size_t n)
{
    for (const u8 *p = s; n; n--, p++)
        if (*p == (u8)c)
            return (void *)(uintptr_t)p;
    return NULL;
}

size_t strlen(const char *s)
{
    size_t n = 0;
    for (; s[n]; n++)
        barrier();
    return n;
}

size_t strnlen(const char *s, size_t n)
{
    size_t i = 0;
    while (i < n && s[i])
        i++;
    return i;
}

int strcmp(const char *a, const char *b)
{
    for (; *a && *a == *b; a++)
        b++;
    return (u8)*a - (u8)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
    for (; n && *a && *a == *b; a++, n--)
        b++;
    return n ? (u8)*a - (u8)*b : 0;
}

char *strchr(const char *s, int c)
{
    for (;; s++) {
        if (*s == (char)c)
            return (char *)(uintptr_t)s;
        if (!*s)
            return NULL;
    }
}

char *strstr(const char *s, const char *sub)
{
    size_t n = strlen(sub);
    for (; strncmp(s, sub, n); s++)
        if (!*s)
            return NULL;
    return (char *)(uintptr_t)s;
}

size_t strlcpy(char *d, const char *s, size_t size)
{
    size_t len = strlen(s);
    if (size) {
        size_t n = min(len, size - 1);
        memcpy(d, s, n);
        d[n] = '\0';
    }
    return len;
}
#endif

/* Value of a digit in any base up to 36, or 99. */
static unsigned digit(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    c |= 0x20;
    return c >= 'a' && c <= 'z' ? (unsigned)(c - 'a') + 10 : 99;
}

u64 parse_number(const char *s, const char **end)
{
    unsigned base = 10;
    if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X') && digit(s[2]) < 16) {
        base = 16;
        s += 2;
    } else if (s[0] == '0') {
        base = 8;
    }
    u64 n = 0;
    for (; digit(*s) < base; s++)
        if (__builtin_mul_overflow(n, (u64)base, &n) || __builtin_add_overflow(n, (u64)digit(*s), &n)) {
            /* Too large: say the largest there is, and consume the rest of the digits. */
            while (digit(*s) < base)
                s++;
            n = ~0UL;
            break;
        }
    if (end)
        *end = s;
    return n;
}

u64 parse_size(const char *s, const char **end)
{
    const char *p;
    u64 n = parse_number(s, &p);
    unsigned shift = 10;
    if (p != s) {
        switch (*p | 0x20) {
        case 't': shift = 40; p++; break;
        case 'g': shift = 30; p++; break;
        case 'm': shift = 20; p++; break;
        case 'k': shift = 10; p++; break;
        case 'b': shift = 0; p++; break;
        default: break;
        }
    }
    if (end)
        *end = p;
    return n > (~0UL >> shift) ? ~0UL : n << shift;
}
