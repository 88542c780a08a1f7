/*
 * Console output.
 *
 * Problem: messages come from any CPU under any lock, from before the serial port and the heap exist until after a
 * panic; none may be torn and none may deadlock. Invariant: the ring holds whole lines, each with its "(XEN) " prefix,
 * and what the serial line shows of ours begins at the start of a line. The console lock is near the end of the lock
 * order, so nothing is called out to with it held; notices to domain 0, which need event locks, wait for
 * console_work().
 *
 * A line goes to the ring if its level is printed, and in any case if it is ours and at least of level info. Levels
 * from `always` to `limited` (loglvl=) are printed at a limited rate: a burst of 10, then two a second.
 */
#include "core/console.h"
#include "core/lock.h"
#include "core/options.h"
#include "core/heap.h"
#include "lib/bitops.h"
#include "lib/string.h"
#include "arch/arch.h"

#define FIRST_RING KiB(64)
#define LINE_BYTES 512

static char first_ring[FIRST_RING];
static struct {
    struct spinlock lock;
    char *ring;
    u32 size, start, end;       /* size is a power of two; positions count characters for ever */
    bool attached, forced, notify;
    bool mid_line;              /* the serial line's last character was not a newline */
} con = { .lock = SPINLOCK(console), .ring = first_ring, .size = FIRST_RING };

/* ---- rate limit ---- */

#define BURST 10u
#define REFILL_NS 500000000UL

static struct bucket {
    u32 used, suppressed;
    ns_t since;
} buckets[2];

/* May one more message of the limited levels be printed? Under the console lock. */
static bool rate_ok(struct bucket *b)
{
    u64 refill = (now_ns() - b->since) / REFILL_NS;
    if (refill) {
        b->used -= (u32)min((u64)b->used, refill);
        b->since += refill * REFILL_NS;
    }
    if (b->used >= BURST)
        return b->suppressed++, false;
    b->used++;
    return true;
}

/* ---- serial line and ring, under the lock ---- */

static void serial_text(const char *text, size_t bytes)
{
    serial_write(text, bytes);
    if (bytes)
        con.mid_line = text[bytes - 1] != '\n';
}

static bool serial_wanted(void)
{
    return con.attached && (opt.console & (CONSOLE_COM1 | CONSOLE_COM2));
}

static void ring_text(const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        con.ring[con.end++ & (con.size - 1)] = text[i];
    if (con.end - con.start > con.size)
        con.start = con.end - con.size;
}

static bool screen_wanted(void)
{
    return con.attached && (opt.console & CONSOLE_VGA);
}

/* One line, without newline; a guest's unfinished line on the serial port is ended first. */
static void emit(const char *line, size_t bytes, bool serial)
{
    char stamp[32];
    size_t n = 0;
    if (opt.console_timestamps && con.attached) {
        ns_t now = now_ns();
        n = (size_t)snprintf(stamp, sizeof(stamp), "[%5lu.%06lu] ", now / 1000000000, now / 1000 % 1000000);
    }
    ring_text("(XEN) ", 6);
    ring_text(stamp, n);
    ring_text(line, bytes);
    ring_text("\n", 1);
    if (serial && screen_wanted()) {
        screen_write(stamp, n);
        screen_write(line, bytes);
        screen_write("\n", 1);
    }
    if (!serial || !serial_wanted())
        return;
    if (con.mid_line)
        serial_text("\n", 1);
    serial_text("(XEN) ", 6);
    serial_text(stamp, n);
    serial_text(line, bytes);
    serial_text("\n", 1);
}

static void emit_lines(const char *text, bool serial)
{
    do {
        const char *end = strchr(text, '\n');
        size_t n = end ? (size_t)(end - text) : strlen(text);
        emit(text, n, serial);
        text += n + (end != NULL);
    } while (*text);
}

static void console_lock(void)
{
    if (!con.forced)
        spin_lock(&con.lock);
}

static void console_unlock(void)
{
    if (con.forced)
        return;
    bool notify = con.notify;
    spin_unlock(&con.lock);
    if (notify)
        cpu_raise(smp_cpu(), PENDING_CONSOLE);
}

/* ---- log lines ---- */

/* Is a message of this level to be printed? Announces how many were left out before it. */
static bool level_passes(enum log_level level, bool guest)
{
    const struct log_thresholds *t = guest ? &opt.guest_loglvl : &opt.loglvl;
    struct bucket *b = &buckets[guest];
    unsigned rank = (unsigned)level + 1;
    if (rank <= t->always)
        return true;
    if (rank > t->limited || !rate_ok(b))
        return false;
    if (b->suppressed) {
        char line[64];
        int n = snprintf(line, sizeof(line), "(%u more messages were left out: rate limit)", b->suppressed);
        b->suppressed = 0;
        emit(line, (size_t)n, true);
    }
    return true;
}

void log_line(enum log_level level, bool guest, const char *fmt, ...)
{
    char text[LINE_BYTES];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    console_lock();
    bool serial = level_passes(level, guest);
    if (serial || (!guest && level <= LOG_INFO))
        emit_lines(text, serial);
    console_unlock();
}

void log_always(const char *fmt, ...)
{
    char text[LINE_BYTES];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    console_lock();
    emit_lines(text, true);
    console_unlock();
}

void console_write_raw(const char *text, size_t bytes)
{
    console_lock();
    if (serial_wanted())
        serial_text(text, bytes);
    console_unlock();
}

void console_force(void)
{
    con.forced = true;
}

/* ---- boot ---- */

void console_attach(void)
{
    console_lock();
    con.attached = true;
    for (u32 i = con.start; i != con.end; i++) {
        const char *c = &con.ring[i & (con.size - 1)];
        if (serial_wanted())
            serial_text(c, 1);
        if (screen_wanted())
            screen_write(c, 1);
    }
    console_unlock();
}

void console_ring_grow(void)
{
    if (opt.conring_size <= con.size)
        return;
    unsigned order = order_of(DIV_ROUND_UP(opt.conring_size, PAGE_SIZE));
    char *fresh = zalloc_pages(NULL, order);
    if (!fresh) {
        log_warn("No memory for a console ring of %lu KiB; it keeps %u KiB", opt.conring_size >> 10, con.size >> 10);
        return;
    }
    u32 size = (u32)(PAGE_SIZE << order);
    console_lock();
    for (u32 i = con.start; i != con.end; i++)
        fresh[i & (size - 1)] = con.ring[i & (con.size - 1)];
    con.ring = fresh;
    con.size = size;
    console_unlock();
}

void console_start_dom0(void)
{
    console_input_to_dom0(!opt.conswitch_stay);
    if (screen_wanted())
        log_info("The screen is domain 0's from here on");
    console_lock();
    screen_release();
    console_unlock();
    con.notify = true;
}

/* ---- reading the ring ---- */

size_t console_ring_read(u32 *index, char *buf, size_t bytes)
{
    console_lock();
    /* Positions wrap around: compare distances, not values. */
    u32 held = con.end - con.start;
    if (con.end - *index > held)
        *index = con.start;
    size_t n = min(bytes, (size_t)(con.end - *index));
    size_t at = *index & (con.size - 1), first = min(n, con.size - at);
    memcpy(buf, con.ring + at, first);
    memcpy(buf + first, con.ring, n - first);
    *index += (u32)n;
    console_unlock();
    return n;
}

u32 console_ring_start(void)
{
    return READ_ONCE(con.start);
}

u32 console_ring_end(void)
{
    return READ_ONCE(con.end);
}

void console_ring_clear(u32 index)
{
    console_lock();
    if (con.end - index <= con.end - con.start)
        con.start = index;
    console_unlock();
}
