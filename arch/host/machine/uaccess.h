/* Word access to guest memory, as arch/x86/mm/uaccess.h has it. */
#pragma once
#include "arch/arch.h"
#include "core/guest.h"

static inline int get_guest_pair(u64 *a, u64 *b, u64 va)
{
    u64 pair[2];

    if (copy_from_guest(pair, GVA(va), sizeof(pair)))
        return -14;
    *a = pair[0];
    *b = pair[1];
    return 0;
}

static inline int get_guest_three(u64 *dst, u64 va) { return copy_from_guest(dst, GVA(va), 24); }
static inline int put_guest_words(u64 va, const u64 *src, unsigned n) { return copy_to_guest(GVA(va), src, n * 8UL); }
static inline int put_guest_word(u64 va, u64 v) { return copy_to_guest(GVA(va), &v, sizeof(v)); }
static inline int get_guest_pair_in(u64 *a, u64 *b, u64 va) { return get_guest_pair(a, b, va); }
static inline bool uaccess_ok(u64 va, u64 bytes) { return guest_range_ok(va, bytes); }
static inline int put_guest_six(u64 va, const u64 *src) { return copy_to_guest(GVA(va), src, 48); }
