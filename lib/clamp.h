/*
 * Indices that a guest chooses, after they were checked.
 *
 * A CPU predicts the outcome of `if (index >= size) refuse` from what was true before, and runs ahead: for some
 * hundred cycles the array is read at any place the guest names, and what is found there chooses the next address,
 * whose cache line tells (bounds check bypass, Spectre variant 1). A mask made from the comparison by arithmetic
 * cannot be predicted: the wrong way runs ahead with index 0.
 *
 * Invariant: an index from a guest passes the check, then index_clamp(), then the array. It is no check: 0 is an
 * element, too. Tables whose size is a power of two are indexed by masked bits instead, and the frame table by 32
 * bits, which is all the address space it could ever fill (mfn_frame()).
 */
#pragma once
#include "lib/types.h"

/* index if it is below size, else 0, without a branch; three instructions. Sizes up to 2^31. */
static inline __attribute__((always_inline)) u64 index_clamp(u64 index, u64 size)
{
    u64 mask;

    /* All ones if the subtraction borrows. In assembly, lest the compiler uses what it knows from the check. */
#ifdef __x86_64__
    __asm__("cmp %[size], %[index]\n\tsbb %[mask], %[mask]" : [mask] "=r"(mask) : [index] "r"(index),
        [size] "erm"(size) : "cc");
#else
    __asm__("" : "+r"(index));
    mask = (u64)((s64)(index - size) >> 63) & ~(u64)((s64)index >> 63);
#endif
    return index & mask;
}
