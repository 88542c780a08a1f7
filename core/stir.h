/*
 * Debug builds: places where a race would be found let other CPUs go on now and then, in the middle of what they guard
 * against. PAUSE means nothing to what is computed; an emulator that runs all CPUs in one thread changes to another one
 * there, which it would do nowhere else between two exits. Counted, not random, by a number that no loop divides.
 * Unit tests let something happen there themselves.
 */
#pragma once
#include "lib/types.h"

#if defined(SERAI_DEBUG) && !defined(SERAI_HOST)
static inline void stir(void)
{
    static u32 count;           /* lost updates do not matter */
    u32 n = READ_ONCE(count) + 1;

    WRITE_ONCE(count, n);
    if (n % 61 == 0)
        __builtin_ia32_pause();
}
#elif defined(SERAI_HOST)
__attribute__((weak)) void (*fake_stir)(void);
static inline void stir(void)
{
    if (fake_stir)
        fake_stir();
}
#else
static inline void stir(void) { }
#endif
