/* Searching in bit arrays, a word at a time. */
#include "lib/bitops.h"

/* First bit at or after `from` that is set in p ^ flip. */
static unsigned long find_next(const unsigned long *p, unsigned long size, unsigned long from, unsigned long flip)
{
    if (from >= size)
        return size;
    unsigned long i = from / BITS_PER_LONG;
    unsigned long word = (p[i] ^ flip) & (~0UL << (from % BITS_PER_LONG));
    while (!word) {
        if (++i * BITS_PER_LONG >= size)
            return size;
        word = p[i] ^ flip;
    }
    /* The last word may have bits beyond the array. */
    return min(i * BITS_PER_LONG + lowest_bit(word), size);
}

unsigned long find_next_bit(const unsigned long *p, unsigned long size, unsigned long from)
{
    return find_next(p, size, from, 0);
}

unsigned long find_next_zero_bit(const unsigned long *p, unsigned long size, unsigned long from)
{
    return find_next(p, size, from, ~0UL);
}
