/* Bit operations on arrays of unsigned long; the atomic ones are safe on memory shared with a guest. */
#pragma once
#include "lib/types.h"

#define BITS_PER_LONG 64
#define BIT(n) (1UL << (n))

static inline bool test_bit(unsigned long nr, const volatile unsigned long *p)
{
    return (READ_ONCE(p[nr / 64]) >> (nr % 64)) & 1;
}
static inline void set_bit(unsigned long nr, volatile unsigned long *p)
{
    __atomic_fetch_or(&p[nr / 64], BIT(nr % 64), __ATOMIC_SEQ_CST);
}
static inline void clear_bit(unsigned long nr, volatile unsigned long *p)
{
    __atomic_fetch_and(&p[nr / 64], ~BIT(nr % 64), __ATOMIC_SEQ_CST);
}
static inline bool test_and_set_bit(unsigned long nr, volatile unsigned long *p)
{
    return __atomic_fetch_or(&p[nr / 64], BIT(nr % 64), __ATOMIC_SEQ_CST) & BIT(nr % 64);
}
static inline bool test_and_clear_bit(unsigned long nr, volatile unsigned long *p)
{
    return __atomic_fetch_and(&p[nr / 64], ~BIT(nr % 64), __ATOMIC_SEQ_CST) & BIT(nr % 64);
}

/* Index of the lowest / highest set bit; undefined for 0. */
static inline unsigned lowest_bit(u64 x) { return (unsigned)__builtin_ctzll(x); }
static inline unsigned highest_bit(u64 x) { return 63u - (unsigned)__builtin_clzll(x); }
static inline unsigned count_bits(u64 x)
{
    unsigned n = 0;
    for (; x; x &= x - 1)
        n++;
    return n;
}
/* Smallest order with (1 << order) >= n. */
static inline unsigned order_of(u64 n) { return n <= 1 ? 0 : highest_bit(n - 1) + 1; }
