/*
 * Time.
 *
 * Problem: now_ns() is on every path, must never go back, and a guest must compute the same time from the TSC with the
 * parameters it is given, without asking.
 * Invariant: on every CPU, system time = scale(tsc - origin of that CPU), with one scale for all, for as long as the
 * machine runs. It is the formula of struct vcpu_time_info (xen.h) itself, so what a guest computes is what we
 * compute, bit for bit, and its parameters change only when it moves between CPUs with different origins (if ever).
 *
 * Calibration: the TSC frequency is measured against the best of HPET, PM timer and PIT. Each reading of the reference
 * is bracketed by two of the TSC and the tightest of several brackets is used, so a stolen time slice of an emulator
 * spoils a bracket and not the result. The measurement ends as soon as the brackets' width is 25 ppm of the elapsed
 * time, or after 20 ms. CPUID leaves 0x15 and 0x16 are not asked: emulators fill them by fancy.
 *
 * Imprecise on purpose: 100 ppm are nine seconds a day; domain 0 disciplines the wall clock (NTP, settime).
 */
#include "arch/x86/clock.h"
#include "arch/x86/acpi.h"
#include "arch/x86/apic.h"
#include "arch/x86/asm.h"
#include "arch/x86/cmos.h"
#include "arch/x86/cpu.h"
#include "arch/x86/power.h"
#include "lib/print.h"
#include <machine/current.h>

#define NS_PER_S 1000000000UL
#define LONGEST_WAIT (1UL << 59)    /* ns, 18 years: guests ask for any deadline, and products must fit */

static struct clock_scale scale;
static u64 tsc_hz, apic_hz;
static u64 origin[MAX_CPUS];    /* TSC of each CPU at system time 0 */
static bool tsc_stable = true;
static u64 wall_base;           /* ns since 1970 at system time 0; may "wrap below 0" while the wall clock is unset */

/* ---- scale ---- */

/* a * b / c without a 128-bit division routine. The quotient must fit into 64 bits: b <= c, or a small enough. */
static u64 mul_div(u64 a, u64 b, u64 c)
{
    u64 q, r;

    __asm__("mulq %3\n\t"
            "divq %4"
            : "=&a"(q), "=&d"(r) : "0"(a), "r"(b), "r"(c) : "cc");
    return q;
}

static struct clock_scale scale_from_hz(u64 hz)
{
    struct clock_scale s = { 0, 0 };
    u64 unit = NS_PER_S;

    /* Want unit / hz in [1/2, 1), then the 32-bit fraction has all its bits. */
    while (unit >= hz) {
        hz <<= 1;
        s.shift++;
    }
    while (unit < hz / 2) {
        unit <<= 1;
        s.shift--;
    }
    s.mul = (u32)min(mul_div(unit, 1UL << 32, hz), 0xffffffffUL);
    return s;
}

static u64 scale_apply(struct clock_scale s, u64 ticks)
{
    ticks = s.shift >= 0 ? ticks << s.shift : ticks >> -s.shift;
    return (u64)(((unsigned __int128)ticks * s.mul) >> 32);
}

/* now_ns() from a TSC reading of this CPU. */
static ns_t tsc_to_ns(u64 tsc)
{
    s64 ticks = (s64)(tsc - origin[smp_cpu()]);

    return ticks > 0 ? scale_apply(scale, (u64)ticks) : 0;
}

/* The TSC here at time t, which is at most LONGEST_WAIT away. */
static u64 ns_to_tsc(ns_t t)
{
    /* From now on, not from the origin: the rounding of the scale would add up to milliseconds in a year. */
    u64 tsc = rdtsc();
    ns_t now = tsc_to_ns(tsc);

    return t > now ? tsc + mul_div(min(t - now, LONGEST_WAIT), tsc_hz, NS_PER_S) : tsc;
}

u64 machine_tsc(void) { return rdtsc(); }
ns_t now_ns(void) { return tsc_to_ns(rdtsc()); }
u64 clock_tsc_hz(void) { return tsc_hz; }
bool clock_tsc_stable(void) { return READ_ONCE(tsc_stable); }
u64 clock_wall_base(void) { return READ_ONCE(wall_base); }
void clock_wall_set(u64 base) { WRITE_ONCE(wall_base, base); }

void clock_parameters(unsigned cpu, u64 *tsc_at_0, struct clock_scale *s)
{
    *tsc_at_0 = origin[cpu];
    *s = scale;
}

void clock_delay_us(u64 us)
{
    u64 start = rdtsc(), ticks = us * (tsc_hz ? tsc_hz / 1000000 + 1 : 5000);

    while (rdtsc() - start < ticks)
        cpu_pause();
}

/* ---- references ---- */

/* A counter of known frequency that counts up modulo 2^bits. */
struct reference {
    const char *name;
    u64 hz;
    unsigned bits;
    u32 (*read)(void);
};

static volatile u32 *hpet;
static u32 hpet_read(void) { return hpet[0xf0 / 4]; }
static u32 pm_timer_read(void) { return inl(acpi.pm_timer_port); }

/* Channel 2, latched; counts down from 65536. */
static u32 pit_read(void)
{
    u32 v;

    outb(0x43, 0x80);
    v = inb(0x42);
    return 0xffffu - (v | (u32)inb(0x42) << 8);
}

static bool try_hpet(struct reference *r)
{
    u32 period;

    if (!acpi.hpet_base || !(hpet = machine_map_device(acpi.hpet_base, 1024)))
        return false;
    period = hpet[1];           /* femtoseconds; the specification's maximum is 100 ns */
    if (period == 0 || period > 100000000)
        return false;
    hpet[0x10 / 4] |= 1;        /* let it count */
    *r = (struct reference){ "HPET", 1000000000000000UL / period, 32, hpet_read };
    return true;
}

static bool try_pm_timer(struct reference *r)
{
    if (!acpi.pm_timer_port)
        return false;
    *r = (struct reference){ "PM timer", 3579545, acpi.pm_timer_32bit ? 32 : 24, pm_timer_read };
    return true;
}

static bool try_pit(struct reference *r)
{
    outb(0x61, (u8)((inb(0x61) & ~2) | 1));     /* gate on, speaker off */
    outb(0x43, 0xb4);                           /* channel 2, both bytes, mode 2 */
    outb(0x42, 0);
    outb(0x42, 0);
    *r = (struct reference){ "PIT", 1193182, 16, pit_read };
    return true;
}

/* Does it move? In TSC ticks that is 1 ms or a little less; a counter that stands would divide by zero. */
static bool alive(const struct reference *r)
{
    u64 start = rdtsc();
    u32 first = r->read();

    while (rdtsc() - start < 5000000)
        if (r->read() != first)
            return true;
    return false;
}

/* ---- calibration ---- */

struct sample { u64 tsc, width; u32 ref, apic; };

static struct sample sample(const struct reference *r)
{
    struct sample best = { 0, ~0UL, 0, 0 };

    for (unsigned i = 0; i < 8; i++) {
        u64 t0 = rdtsc_ordered(), t1;
        u32 ref = r->read(), apic = apic_timer_left();
        t1 = rdtsc_ordered();
        if (t1 - t0 < best.width)
            best = (struct sample){ t0 + (t1 - t0) / 2, t1 - t0, ref, apic };
    }
    return best;
}

static bool calibrate(const struct reference *r)
{
    u64 mask = r->bits == 32 ? 0xffffffffUL : (1UL << r->bits) - 1, ticks, least = r->hz / 500, most = r->hz / 50;
    struct sample a, b;

    if (!alive(r))
        return false;
    apic_timer_start(~0u);
    a = sample(r);
    do {
        cpu_pause();
        ticks = (r->read() - a.ref) & mask;
        if (ticks < least)
            continue;
        b = sample(r);
        ticks = (b.ref - a.ref) & mask;
        if ((a.width + b.width) * 20000 < b.tsc - a.tsc)   /* half the widths are the error: 25 ppm */
            break;
    } while (ticks < most);
    b = sample(r);
    ticks = (b.ref - a.ref) & mask;
    apic_timer_start(0);
    if (ticks == 0)
        return false;
    tsc_hz = mul_div(b.tsc - a.tsc, r->hz, ticks);
    apic_hz = mul_div(a.apic - b.apic, r->hz, ticks);
    log_info("Clock: TSC %lu.%03lu MHz, APIC timer %lu kHz, by %s in %lu us", tsc_hz / 1000000, tsc_hz / 1000 % 1000,
             apic_hz * APIC_TIMER_DIVIDE / 1000, r->name, ticks * 1000000 / r->hz);
    return tsc_hz >= 1000000 && apic_hz > 0;
}

static void measure(void)
{
    static bool (*const tries[])(struct reference *) = { try_hpet, try_pm_timer, try_pit };
    struct reference r;

    for (unsigned i = 0; i < ARRAY_SIZE(tries); i++)
        if (tries[i](&r) && calibrate(&r))
            return;
    cannot_start("give the machine one of them (virtual machines: -machine hpet=on or acpi=on)",
                 "no HPET, PM timer or PIT counts: the speed of its clock cannot be measured");
}

/* ---- start ---- */

void clock_init(void)
{
    u64 seconds;

    measure();
    scale = scale_from_hz(tsc_hz);
    origin[smp_cpu()] = rdtsc();
    clock_cpu_init();
    seconds = cmos_seconds();
    WRITE_ONCE(wall_base, seconds * NS_PER_S - now_ns());
}

void clock_cpu_init(void)
{
    apic_timer_mode(cpu_has.tsc_deadline, false);
    machine_timer_arm(0);
}

void machine_timer_arm(ns_t deadline)
{
    ns_t now;
    u64 count;

    if (cpu_has.tsc_deadline) {
        /* 0 disarms; a time in the past fires at once. One tick late rather than early: early means twice. */
        wrmsr(MSR_TSC_DEADLINE, deadline ? max(ns_to_tsc(deadline) + 1, 1UL) : 0);
        return;
    }
    if (deadline == 0) {
        apic_timer_start(0);
        return;
    }
    now = now_ns();
    count = deadline > now ? mul_div(min(deadline - now, LONGEST_WAIT), apic_hz, NS_PER_S) + 1 : 1;
    apic_timer_start((u32)min(count, 0xffffffffUL));
}

void clock_interrupt(void)
{
    this_cpu()->stat_irqs++;
    __atomic_fetch_or(&cpu_info()->pending, PENDING_TIMER, __ATOMIC_SEQ_CST); /* our own: nobody to interrupt */
}

/* ---- several CPUs ---- */

/*
 * The starting CPU and the started one pass a token to and fro. From the target's view the source's reading lies
 * between its own before and after; the tightest round bounds the difference of the TSCs. If 0 is possible they are
 * the same.
 */
#define SYNC_ROUNDS 16
static volatile u32 sync_turn;
static volatile u64 sync_tsc;

static bool sync_wait(u32 turn)
{
    u64 start = rdtsc();

    while (sync_turn != turn) {
        if (rdtsc() - start > (1UL << 33))
            return false;
        cpu_pause();
    }
    return true;
}

void clock_sync_source(void)
{
    for (u32 i = 0; i < SYNC_ROUNDS; i++) {
        if (!sync_wait(2 * i + 1))
            return;
        sync_tsc = rdtsc_ordered();
        sync_turn = 2 * i + 2;
    }
    sync_wait(0);
}

void clock_sync_target(unsigned cpu)
{
    s64 low = INT64_MIN, high = INT64_MAX;  /* bounds of (my TSC - the source's) */

    sync_turn = 0;
    for (u32 i = 0; i < SYNC_ROUNDS; i++) {
        u64 before = rdtsc_ordered(), after;
        sync_turn = 2 * i + 1;
        if (!sync_wait(2 * i + 2))
            break;
        after = rdtsc_ordered();
        low = max(low, (s64)(before - sync_tsc));
        high = min(high, (s64)(after - sync_tsc));
    }
    /* low > high: the difference changes while we look; the TSC of this machine stands or runs with the load. */
    if (low <= 0 && high >= 0) {
        origin[cpu] = origin[0];
    } else {
        origin[cpu] = origin[0] + (u64)(low + (high - low) / 2);
        if (tsc_stable)
            log_warn("Clock: TSC of CPU %u is %ld ticks off; corrected, guests are told", cpu, low + (high - low) / 2);
        tsc_stable = false;
    }
    sync_turn = 0;
}
