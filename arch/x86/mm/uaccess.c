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

/* Bytes not copied. Eight at a time: an emulated CPU counts every one. */
static size_t copy_faulting(void *dst, const void *src, size_t n)
{
    size_t words = n / 8, tail = n % 8;

    __asm__ volatile(ALT_STAC
                     "testq %[words], %[words]\n\t"
                     "jz 3f\n"
                     "1: movq (%[src]), %%rax\n"
                     "2: movq %%rax, (%[dst])\n\t"
                     "addq $8, %[src]\n\t"
                     "addq $8, %[dst]\n\t"
                     "decq %[words]\n\t"
                     "jnz 1b\n"
                     "3: testq %[tail], %[tail]\n\t"
                     "jz 6f\n"
                     "4: movb (%[src]), %%al\n"
                     "5: movb %%al, (%[dst])\n\t"
                     "incq %[src]\n\t"
                     "incq %[dst]\n\t"
                     "decq %[tail]\n\t"
                     "jnz 4b\n"
                     "6:\n\t" ALT_CLAC EX_TABLE("1b", "6b") EX_TABLE("2b", "6b") EX_TABLE("4b", "6b")
                     EX_TABLE("5b", "6b")
                     : [src] "+r"(src), [dst] "+r"(dst), [words] "+r"(words), [tail] "+r"(tail)
                     :
                     : "rax", "memory");
    return words * 8 + tail;
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
