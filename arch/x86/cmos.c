/*
 * The CMOS real-time clock (MC146818 data sheet).
 *
 * Problem: the clock's registers change while they are read, and nobody says whether they are BCD.
 * Invariant: a time is believed when two readings in a row agree and every field is in its range.
 * Imprecise on purpose: the clock counts whole seconds, and Serai does not wait for the next one; domain 0
 * corrects that. It is taken to hold UTC. Read once, at boot: later the clock is domain 0's.
 */
#include "arch/x86/cmos.h"
#include "arch/arch.h"
#include "arch/x86/acpi.h"
#include "arch/x86/asm.h"
#include "lib/print.h"

/* Gregorian date, month and day from 1, year >= 1970, to seconds since 1970. */
static u64 date_to_seconds(unsigned year, unsigned month, unsigned day, unsigned hour, unsigned minute,
                           unsigned second)
{
    /* Count from a first of March: the leap day is then a year's last day (years before 1970 do not occur). */
    unsigned y = month <= 2 ? year - 1 : year, m = month <= 2 ? month + 9 : month - 3;
    u64 days = 365UL * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;

    return ((days * 24 + hour) * 60 + minute) * 60 + second;
}

static u8 cmos_read(u8 index)
{
    outb(0x70, index);
    return inb(0x71);
}

static unsigned from_bcd(u8 v) { return (v >> 4) * 10u + (v & 15u); }

struct cmos_time { u8 second, minute, hour, day, month, year, century; };

static struct cmos_time cmos_snapshot(void)
{
    u8 c = acpi.century_index;

    return (struct cmos_time){ cmos_read(0), cmos_read(2), cmos_read(4), cmos_read(7), cmos_read(8), cmos_read(9),
                               c >= 0x0e && c < 0x80 ? cmos_read(c) : 0 };
}

/* Two equal readings outside an update; the update takes 2 ms at most, so the wait is bounded by 10. */
static struct cmos_time cmos_time_read(void)
{
    struct cmos_time a, b;
    ns_t give_up = now_ns() + 10000000;

    do {
        while ((cmos_read(0x0a) & 0x80) && now_ns() < give_up)
            cpu_pause();
        a = cmos_snapshot();
        b = cmos_snapshot();
    } while (__builtin_memcmp(&a, &b, sizeof(a)) != 0 && now_ns() < give_up);
    return b;
}

u64 cmos_seconds(void)
{
    struct cmos_time t = cmos_time_read();
    u8 format = cmos_read(0x0b);
    bool pm = t.hour & 0x80, binary = format & 4;
    unsigned hour, year, century, month, day;

    t.hour &= 0x7f;
#define DECODE(x) (binary ? (x) : from_bcd(x))
    hour = DECODE(t.hour);
    if (!(format & 2))
        hour = hour % 12 + (pm ? 12 : 0);
    year = DECODE(t.year);
    century = DECODE(t.century);
    month = DECODE(t.month);
    day = DECODE(t.day);
    if (century < 19 || century > 29)
        century = year < 70 ? 20 : 19;
    if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23) {
        log_warn("Clock: the CMOS clock shows nonsense; the wall clock starts in 1970");
        return 0;
    }
    return date_to_seconds(century * 100 + year, month, day, hour, DECODE(t.minute), DECODE(t.second));
#undef DECODE
}
