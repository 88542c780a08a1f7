/*
 * Straight access to the running guest's memory in whole words, for the hot paths (frames, PTEs). Everything else goes
 * through core/guest.h. Each returns 0 or -EFAULT and checks that the range is outside Serai.
 */
#pragma once
#include "lib/types.h"
#include "lib/errno.h"
#include "arch/x86/asm.h"
#include "machine/layout.h"

/* Three bytes that become STAC / CLAC on CPUs with SMAP (alternatives_patch() in arch/x86/features.c). */
#define ALT_STAC \
    "771: .byte 0x0f, 0x1f, 0x00\n\t.pushsection .alternatives, \"a\"\n\t.long 771b - ., 0xcb010f\n\t.popsection\n\t"
#define ALT_CLAC \
    "772: .byte 0x0f, 0x1f, 0x00\n\t.pushsection .alternatives, \"a\"\n\t.long 772b - ., 0xca010f\n\t.popsection\n\t"

/*
 * Outside Serai's part, no wrap-around. Non-canonical addresses may pass: they fault (#GP) and are caught by the
 * exception table like any other.
 */
static inline bool uaccess_ok(u64 va, u64 bytes)
{
    u64 end = va + bytes;
    return end >= va && (end <= GUEST_HOLE_START || va >= GUEST_HOLE_END);
}

static inline int put_guest_word(u64 va, u64 v)
{
    int err = 0;
    if (unlikely(!uaccess_ok(va, 8)))
        return -EFAULT;
    __asm__ volatile(ALT_STAC
                     "1: movq %[v], (%[dst])\n"
                     "3:\n\t" ALT_CLAC
                     ".pushsection .text.fixup, \"ax\"\n"
                     "4: movl %[efault], %[err]\n\t"
                     "jmp 3b\n\t"
                     ".popsection\n\t" EX_TABLE("1b", "4b")
                     : [err] "+r"(err)
                     : [v] "r"(v), [dst] "r"(va), [efault] "i"(-EFAULT)
                     : "memory");
    return err;
}

/*
 * Several stores in a row, of values that are in registers already: between begin and end, which open and close SMAP,
 * nothing but these. The caller has asked uaccess_ok() about all of them; `fault` is a label where SMAP is still open.
 */
#define guest_stores_begin() __asm__ volatile(ALT_STAC : : : "memory")
#define guest_stores_end() __asm__ volatile(ALT_CLAC : : : "memory")
#define guest_store(va, offset, value, fault) \
    __asm__ goto("1: movq %[v], %c[o](%[at])\n\t" EX_TABLE("1b", "%l[" #fault "]") \
                 : : [v] "r"((u64)(value)), [o] "i"(offset), [at] "r"(va) : "memory" : fault)

/* A runstate record. */
static inline int put_guest_six(u64 va, const u64 *src)
{
    if (unlikely(!uaccess_ok(va, 48)))
        return -EFAULT;
    guest_stores_begin();
    guest_store(va, 0, src[0], fault);
    guest_store(va, 8, src[1], fault);
    guest_store(va, 16, src[2], fault);
    guest_store(va, 24, src[3], fault);
    guest_store(va, 32, src[4], fault);
    guest_store(va, 40, src[5], fault);
    guest_stores_end();
    return 0;
fault:
    guest_stores_end();
    return -EFAULT;
}

/* Some words, where it does not matter how long it takes. */
static inline int put_guest_words(u64 va, const u64 *src, unsigned n)
{
    int err = 0;

    for (unsigned i = 0; i < n && !err; i++)
        err = put_guest_word(va + 8 * i, src[i]);
    return err;
}

static inline int get_guest_word(u64 *a, u64 va)
{
    int err = 0;
    u64 v;
    if (unlikely(!uaccess_ok(va, 8)))
        return -EFAULT;
    __asm__ volatile(ALT_STAC
                     "1: movq (%[src]), %[v]\n"
                     "3:\n\t" ALT_CLAC
                     ".pushsection .text.fixup, \"ax\"\n"
                     "4: movl %[efault], %[err]\n\t"
                     "xorl %k[v], %k[v]\n\t"
                     "jmp 3b\n\t"
                     ".popsection\n\t" EX_TABLE("1b", "4b")
                     : [err] "+r"(err), [v] "=&r"(v)
                     : [src] "r"(va), [efault] "i"(-EFAULT)
                     : "memory");
    *a = v;
    return err;
}

/* Two neighbouring words, of a range that uaccess_ok() was asked about. */
static inline int get_guest_pair_in(u64 *a, u64 *b, u64 va)
{
    int err = 0;
    u64 first, second;
    __asm__ volatile(ALT_STAC
                     "1: movq (%[src]), %[first]\n"
                     "2: movq 8(%[src]), %[second]\n"
                     "3:\n\t" ALT_CLAC
                     ".pushsection .text.fixup, \"ax\"\n"
                     "4: movl %[efault], %[err]\n\t"
                     "xorl %k[first], %k[first]\n\t"
                     "xorl %k[second], %k[second]\n\t"
                     "jmp 3b\n\t"
                     ".popsection\n\t" EX_TABLE("1b", "4b") EX_TABLE("2b", "4b")
                     : [err] "+r"(err), [first] "=&r"(first), [second] "=&r"(second)
                     : [src] "r"(va), [efault] "i"(-EFAULT)
                     : "memory");
    *a = first;
    *b = second;
    return err;
}

static inline int get_guest_pair(u64 *a, u64 *b, u64 va)
{
    return likely(uaccess_ok(va, 16)) ? get_guest_pair_in(a, b, va) : -EFAULT;
}

/* Three words: what an mmuext operation is. dst is not written unless all could be read. */
static inline int get_guest_three(u64 *dst, u64 va)
{
    int err = 0;
    u64 a, b, c;
    if (unlikely(!uaccess_ok(va, 24)))
        return -EFAULT;
    __asm__ volatile(ALT_STAC
                     "1: movq (%[src]), %[a]\n"
                     "2: movq 8(%[src]), %[b]\n"
                     "5: movq 16(%[src]), %[c]\n"
                     "3:\n\t" ALT_CLAC
                     ".pushsection .text.fixup, \"ax\"\n"
                     "4: movl %[efault], %[err]\n\t"
                     "jmp 3b\n\t"
                     ".popsection\n\t" EX_TABLE("1b", "4b") EX_TABLE("2b", "4b") EX_TABLE("5b", "4b")
                     : [err] "+r"(err), [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c)
                     : [src] "r"(va), [efault] "i"(-EFAULT)
                     : "memory");
    if (unlikely(err))
        return err;
    dst[0] = a;
    dst[1] = b;
    dst[2] = c;
    return 0;
}

static inline int get_guest_words(u64 *dst, u64 va, unsigned n)
{
    int err = 0;
    if (unlikely(!uaccess_ok(va, n * 8)))
        return -EFAULT;
    __asm__ volatile(ALT_STAC
                     "1: testl %[n], %[n]\n\t"
                     "jz 3f\n"
                     "2: movq (%[src]), %%rax\n\t"
                     "movq %%rax, (%[dst])\n\t"
                     "addq $8, %[src]\n\t"
                     "addq $8, %[dst]\n\t"
                     "decl %[n]\n\t"
                     "jnz 2b\n"
                     "3:\n\t" ALT_CLAC
                     ".pushsection .text.fixup, \"ax\"\n"
                     "4: movl %[efault], %[err]\n\t"
                     "jmp 3b\n\t"
                     ".popsection\n\t" EX_TABLE("2b", "4b")
                     : [err] "+r"(err), [src] "+r"(va), [dst] "+r"(dst), [n] "+r"(n)
                     : [efault] "i"(-EFAULT)
                     : "rax", "memory");
    return err;
}
