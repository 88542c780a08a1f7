/* arch/arch.h for the fake machine. */
#include "arch/host/fake.h"
#include "arch/arch.h"
#include "core/frame.h"
#include "lib/print.h"
#include "lib/string.h"

struct vcpu *fake_current;
unsigned fake_flushes, fake_pirq_bound[MAX_PIRQS];
cpumask_t cpus_online = 1;
unsigned nr_cpus = 1;
static bool stale[FAKE_FRAMES];
static u64 rng;
static char ram[FAKE_FRAMES][PAGE_SIZE] __aligned(4096);

/* xorshift64*, good enough to shuffle operations. */
u64 fake_random(void)
{
    rng ^= rng >> 12;
    rng ^= rng << 25;
    rng ^= rng >> 27;
    return (rng * 0x2545f4914f6cdd1dUL) >> 16;
}

void fake_core_reset(void);

void fake_reset(u64 seed)
{
    rng = seed * 2 + 1;
    fake_flushes = 0;
    memset(stale, 0, sizeof(stale));
    memset(fake_pirq_bound, 0, sizeof(fake_pirq_bound));
    memset(ram, 0, sizeof(ram));
    fake_core_reset();
}

void *mfn_to_virt(mfn_t mfn)
{
    assert_true(mfn < FAKE_FRAMES);
    return ram[mfn];
}

mfn_t virt_to_mfn(const void *va)
{
    assert_true((const char *)va >= ram[0] && (const char *)va < ram[FAKE_FRAMES]);
    return ((const char *)va - ram[0]) / PAGE_SIZE;
}

void fake_tlb_stale(mfn_t mfn) { stale[mfn] = true; }
bool fake_tlb_is_stale(mfn_t mfn) { return stale[mfn]; }

void (*fake_on_flush)(u64 cpus);

void tlb_flush_mask(cpumask_t mask, u64 va)
{
    assert_int_equal(va, FLUSH_ALL);
    memset(stale, 0, sizeof(stale));
    fake_flushes++;
    if (fake_on_flush)
        fake_on_flush(mask);
}

unsigned smp_cpu(void) { return 0; }
void machine_poll(void) { fail_msg("waits for a lock for ever"); }
void cpu_raise(unsigned cpu, u32 pending) { (void)cpu, (void)pending; }
void vcpu_kick(struct vcpu *v) { v->arch.kicks++; }

long pirq_guest_bind(struct vcpu *v, u32 pirq, bool will_share)
{
    (void)v, (void)will_share;
    if (pirq % 8 == 7) /* some are not for this guest */
        return -EPERM;
    fake_pirq_bound[pirq]++;
    return 0;
}
void pirq_guest_unbind(struct domain *d, u32 pirq)
{
    (void)d;
    assert_true(fake_pirq_bound[pirq]--);
}
void pirq_guest_set_vcpu(struct domain *d, u32 pirq, struct vcpu *v) { (void)d, (void)pirq, (void)v; }

/* ---- messages: only defects are worth a line ---- */

void log_line(enum log_level level, bool guest, const char *fmt, ...)
{
    va_list ap;

    if (level != LOG_ERROR || guest)
        return;
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
}
void log_always(const char *fmt, ...) { (void)fmt; }
void panic(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    abort();
}
