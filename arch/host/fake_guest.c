/* Guest memory and hypercall continuation on the fake machine. */
#include "arch/host/fake.h"
#include "core/guest.h"
#include "core/hypercall.h"
#include "lib/string.h"

bool fake_fault;
unsigned fake_preempt_every;
static u64 next_args[6];

static bool faults(gva_t a)
{
    bool now = fake_fault || !a.va;

    fake_fault = false;
    return now;
}

int copy_from_guest(void *dst, gva_t src, size_t bytes)
{
    if (faults(src))
        return -EFAULT;
    memcpy(dst, (const void *)(uintptr_t)src.va, bytes);
    return 0;
}

int copy_to_guest(gva_t dst, const void *src, size_t bytes)
{
    if (faults(dst))
        return -EFAULT;
    memcpy((void *)(uintptr_t)dst.va, src, bytes);
    return 0;
}

bool preempt_check(void)
{
    static unsigned n;

    return fake_preempt_every && ++n % fake_preempt_every == 0;
}

long hypercall_continue(unsigned nr, unsigned nargs, ...)
{
    va_list ap;

    (void)nr;
    va_start(ap, nargs);
    for (unsigned i = 0; i < nargs; i++)
        next_args[i] = va_arg(ap, u64);
    va_end(ap);
    return -ERESTART;
}

long fake_call3(long (*fn)(u64, u64, u64), u64 a, u64 b, u64 c)
{
    long rc;

    while ((rc = fn(a, b, c)) == -ERESTART) {
        a = next_args[0];
        b = next_args[1];
        c = next_args[2];
    }
    return rc;
}

long fake_call4(long (*fn)(u64, u64, u64, u64), const u64 args[4], int patience)
{
    u64 a[4];
    long rc;

    memcpy(a, args, sizeof(a));
    while ((rc = fn(a[0], a[1], a[2], a[3])) == -ERESTART && patience--)
        memcpy(a, next_args, sizeof(a));
    return rc;
}
