/* What Serai says and counts (fake.h): only errors are worth a line. */
#include "arch/host/fake.h"
#include "core/perfc.h"
#include "core/reject.h"
#include "lib/print.h"

unsigned fake_rejects;
const char *fake_reason = "";

static void print(const char *fmt, va_list ap)
{
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
}

FAKE void log_line(enum log_level level, bool guest, const char *fmt, ...)
{
    va_list ap;

    if (level != LOG_ERROR || guest)
        return;
    va_start(ap, fmt);
    print(fmt, ap);
    va_end(ap);
}

FAKE void log_always(const char *fmt, ...) { (void)fmt; }

FAKE void panic(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    print(fmt, ap);
    va_end(ap);
    abort();
}

FAKE long reject_at(const char *where, long code, const char *fmt, ...)
{
    (void)where;
    __atomic_fetch_add(&fake_rejects, 1, __ATOMIC_RELAXED); /* tests with threads refuse, too */
    __atomic_store_n(&fake_reason, fmt, __ATOMIC_RELAXED);
    return code;
}

FAKE void perfc_add(enum perfc counter, u64 n) { (void)counter, (void)n; }
FAKE void perfc_hypercall(u32 nr) { (void)nr; }
