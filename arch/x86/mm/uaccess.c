/*
 * Access to the running guest's memory by its virtual addresses (core/guest.h). A fault inside the copy loops is found
 * in the exception table and turned into -EFAULT; what was copied by then is of no interest to anyone.
 */
#include "core/guest.h"
#include "arch/arch.h"
#include "arch/x86/mm/uaccess.h"

bool guest_range_ok(u64 va, u64 bytes)
{
    return uaccess_ok(va, bytes);
}

#define MOVE(i, at) #i "0: movq " #at "(%[src]), %%rax\n" #i "1: movq %%rax, " #at "(%[dst])\n\t"
#define MAY_FAULT(i) EX_TABLE(#i "0b", "6b") EX_TABLE(#i "1b", "6b")

/* Bytes not copied, at least. Four words at a time, then one, then bytes: an emulated CPU counts every instruction. */
static size_t copy_faulting(void *dst, const void *src, size_t n)
{
    size_t blocks = n / 32, words = n % 32 / 8, tail = n % 8;

    __asm__ volatile(ALT_STAC
                     "testq %[blocks], %[blocks]\n\t"
                     "jz 2f\n"
                     "1:\n\t"
                     MOVE(1, 0) MOVE(2, 8) MOVE(3, 16) MOVE(4, 24)
                     "addq $32, %[src]\n\t"
                     "addq $32, %[dst]\n\t"
                     "decq %[blocks]\n\t"
                     "jnz 1b\n"
                     "2: testq %[words], %[words]\n\t"
                     "jz 4f\n"
                     "3:\n\t"
                     MOVE(5, 0)
                     "addq $8, %[src]\n\t"
                     "addq $8, %[dst]\n\t"
                     "decq %[words]\n\t"
                     "jnz 3b\n"
                     "4: testq %[tail], %[tail]\n\t"
                     "jz 6f\n"
                     "60: movb (%[src]), %%al\n"
                     "61: movb %%al, (%[dst])\n\t"
                     "incq %[src]\n\t"
                     "incq %[dst]\n\t"
                     "decq %[tail]\n\t"
                     "jnz 60b\n"
                     "6:\n\t" ALT_CLAC MAY_FAULT(1) MAY_FAULT(2) MAY_FAULT(3) MAY_FAULT(4) MAY_FAULT(5) MAY_FAULT(6)
                     : [src] "+r"(src), [dst] "+r"(dst), [blocks] "+r"(blocks), [words] "+r"(words), [tail] "+r"(tail)
                     :
                     : "rax", "memory");
    return blocks * 32 + words * 8 + tail;
}

int copy_from_guest(void *dst, gva_t src, size_t bytes)
{
    if (!uaccess_ok(src.va, bytes))
        return -EFAULT;
    return copy_faulting(dst, (const void *)src.va, bytes) ? -EFAULT : 0;
}

int copy_to_guest(gva_t dst, const void *src, size_t bytes)
{
    if (!uaccess_ok(dst.va, bytes))
        return -EFAULT;
    return copy_faulting((void *)dst.va, src, bytes) ? -EFAULT : 0;
}

int clear_guest(gva_t dst, size_t bytes)
{
    static const u64 zero[64];

    while (bytes) {
        size_t n = min(bytes, sizeof(zero));
        if (copy_to_guest(dst, zero, n))
            return -EFAULT;
        dst = gva_add(dst, n);
        bytes -= n;
    }
    return 0;
}
