/* Guest memory and hypercalls that are put off (fake.h). */
#include "arch/host/fake.h"
#include "core/guest.h"
#include "core/hypercall.h"
#include "lib/string.h"

long fake_fault_in = -1;
unsigned fake_preempt_every, fake_looks;
_Thread_local unsigned fake_continuations;
_Thread_local u64 fake_next_args[6];

static bool faults(gva_t a, size_t bytes)
{
    return (fake_fault_in >= 0 && fake_fault_in-- == 0) || (!a.va && bytes);
}

FAKE int copy_from_guest(void *dst, gva_t src, size_t bytes)
{
    if (faults(src, bytes))
        return -EFAULT;
    if (bytes)
        memcpy(dst, (const void *)(uintptr_t)src.va, bytes);
    return 0;
}

FAKE int copy_to_guest(gva_t dst, const void *src, size_t bytes)
{
    if (faults(dst, bytes))
        return -EFAULT;
    if (bytes)
        memcpy((void *)(uintptr_t)dst.va, src, bytes);
    return 0;
}

FAKE bool guest_range_ok(u64 va, u64 bytes) { (void)va, (void)bytes; return true; }
FAKE bool preempt_check(void) { return fake_preempt_every && ++fake_looks % fake_preempt_every == 0; }

FAKE long hypercall_continue(unsigned nr, unsigned nargs, ...)
{
    va_list ap;

    (void)nr;
    va_start(ap, nargs);
    for (unsigned i = 0; i < nargs; i++)
        fake_next_args[i] = va_arg(ap, u64);
    va_end(ap);
    fake_continuations++;
    return -ERESTART;
}

long fake_call2(long (*fn)(u64, u64), u64 a, u64 b)
{
    long rc;

    while ((rc = fn(a, b)) == -ERESTART) {
        a = fake_next_args[0];
        b = fake_next_args[1];
    }
    return rc;
}

long fake_call3(long (*fn)(u64, u64, u64), u64 a, u64 b, u64 c)
{
    long rc;

    while ((rc = fn(a, b, c)) == -ERESTART) {
        a = fake_next_args[0];
        b = fake_next_args[1];
        c = fake_next_args[2];
    }
    return rc;
}

long fake_call4(long (*fn)(u64, u64, u64, u64), const u64 args[4], int patience)
{
    u64 a[4];
    long rc;

    memcpy(a, args, sizeof(a));
    while ((rc = fn(a[0], a[1], a[2], a[3])) == -ERESTART && patience--)
        memcpy(a, fake_next_args, sizeof(a));
    return rc;
}
