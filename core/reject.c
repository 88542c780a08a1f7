/*
 * Refusals: where every error code is born.
 *
 * Problem: a guest or tool sees "-22", three layers up somebody sees "internal error". The one who said no knew why.
 * So the reason is written down where the decision is taken, and belongs to the domain that asked: a ring of the last
 * RING_SIZE refusals, with time, vcpu, function, code and a sentence with the numbers. Who owns the domain
 * can read it (debug key), whatever the log levels are.
 *
 * Invariant: recording takes bounded time, allocates nothing and takes only the reject lock, so that any code may
 * refuse while holding any lock up to `heap`, out-of-memory paths included.
 *
 * Imprecise on purpose: the log shows at most BURST lines at once and RATE lines per second of each domain, so that a
 * hostile guest cannot flood the console; the ring always has the last ones, the count of lines not shown is logged.
 * The reason is cut at TEXT_SIZE.
 *
 * No guest dies here.
 */
#include "core/reject.h"
#include "arch/arch.h"
#include "core/domain.h"
#include "core/heap.h"
#include "core/vcpu.h"
#include "lib/print.h"

#define RING_SIZE 64
#define TEXT_SIZE 104
#define BURST 20
#define RATE 5      /* log lines per second */

struct refusal {
    ns_t time;
    const char *where;
    s32 code;
    u32 vcpu;
    char text[TEXT_SIZE];
};

struct reject_ring {
    struct spinlock lock;       /* class reject */
    u64 total;                  /* refusals so far; the next one goes to total % RING_SIZE */
    u32 tokens;                 /* log lines it may still cause */
    u32 hidden;                 /* not logged since the last line */
    ns_t refilled;
    struct refusal last[RING_SIZE];
};

long reject_domain_init(struct domain *d)
{
    struct reject_ring *r = zalloc(d, sizeof(*r));

    if (!r)
        return -ENOMEM;
    spin_lock_init(&r->lock, reject);
    r->tokens = BURST;
    d->reject = r;
    return 0;
}

void reject_domain_destroy(struct domain *d)
{
    zfree(d->reject);
    d->reject = NULL;
}

/* May this refusal be logged? *hidden gets how many were not since the last one that was. Ring locked. */
static bool take_token(struct reject_ring *r, ns_t now, u32 *hidden)
{
    u64 earned = (now - r->refilled) / (1000000000UL / RATE);

    if (earned) {
        r->tokens = (u32)min((u64)BURST, r->tokens + earned);
        r->refilled = now;
    }
    if (!r->tokens) {
        r->hidden++;
        return false;
    }
    r->tokens--;
    *hidden = r->hidden;
    r->hidden = 0;
    return true;
}

static void record(struct reject_ring *r, ns_t now, const char *where, long code, u32 vcpu, const char *text)
{
    struct refusal *f = &r->last[r->total++ % RING_SIZE];

    f->time = now;
    f->where = where;
    f->code = (s32)code;
    f->vcpu = vcpu;
    for (unsigned i = 0; i < TEXT_SIZE && (f->text[i] = text[i]); i++) {}
}

long reject_at(const char *where, long code, const char *fmt, ...)
{
    struct vcpu *v = current;
    struct reject_ring *r = v && v->domain ? v->domain->reject : NULL;
    u32 hidden = 0;
    bool show;
    char text[TEXT_SIZE];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (!r) { /* boot, or work Serai does for itself */
        log_debug("%s: %s (%ld)", where, text, code);
        return code;
    }
    ns_t now = now_ns();
    spin_lock(&r->lock);
    record(r, now, where, code, v->id, text);
    show = take_token(r, now, &hidden);
    spin_unlock(&r->lock);
    if (!show)
        return code;
    if (hidden)
        guest_warn("d%u: %u refusals not shown", v->domain->id, hidden);
    /* Limits and permissions are what owners must hear of; the rest interests who debugs the guest. */
    log_line(code == -EPERM || code == -EBUSY || code == -ENOMEM || code == -ENOSPC ? LOG_WARN : LOG_DEBUG, true,
             "d%uv%u %s: %s (%ld)", v->domain->id, v->id, where, text, code);
    return code;
}

void reject_dump(struct domain *d)
{
    struct reject_ring *r = d->reject;

    if (!r)
        return;
    u64 end = READ_ONCE(r->total);
    log_always("d%u: %lu refusals", d->id, (unsigned long)end);
    /* One at a time, so that the lock is not held while a serial line prints 64 lines. */
    for (u64 i = end > RING_SIZE ? end - RING_SIZE : 0; i < end; i++) {
        struct refusal f;

        spin_lock(&r->lock);
        f = r->last[i % RING_SIZE];
        spin_unlock(&r->lock);
        log_always("  %lu.%06lu v%u %s: %s (%d)", (unsigned long)(f.time / 1000000000),
                   (unsigned long)(f.time / 1000 % 1000000), f.vcpu, f.where, f.text, f.code);
    }
}
