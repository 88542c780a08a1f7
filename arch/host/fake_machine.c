/* arch/arch.h for the fake machine (fake.h). */
#include "arch/host/fake.h"
#include "core/frame.h"
#include "core/mmu.h"
#include "core/pte_inline.h"
#include "core/shadow.h"
#include "lib/string.h"

static char ram[FAKE_FRAMES][PAGE_SIZE] __aligned(4096);
static bool stale[FAKE_FRAMES];
static u32 tlb_time = 1, flushed_at;
static u64 rng;

/* xorshift64*, good enough to shuffle operations. */
u64 fake_random(void)
{
    rng ^= rng >> 12;
    rng ^= rng << 25;
    rng ^= rng >> 27;
    return (rng * 0x2545f4914f6cdd1dUL) >> 16;
}

FAKE void fake_core_reset(void) {}

void fake_reset(u64 seed)
{
    rng = seed * 2 + 1;
    fake_flushes = 0;
    memset(fake_pending, 0, sizeof(fake_pending));
    memset(stale, 0, sizeof(stale));
    memset(fake_pirq_bound, 0, sizeof(fake_pirq_bound));
    memset(ram, 0, sizeof(ram));
    fake_core_reset();
}

/* ---- CPUs and time ---- */

FAKE _Thread_local struct vcpu *fake_current;
_Thread_local unsigned fake_cpu;
unsigned fake_alarms;
u32 fake_pending[MAX_CPUS];
ns_t fake_now = 1, fake_alarm[MAX_CPUS];
FAKE cpumask_t cpus_online = 1;
FAKE unsigned nr_cpus = 1;

FAKE unsigned smp_cpu(void) { return fake_cpu; }
FAKE void machine_poll(void) { fail_msg("waits for a lock for ever"); }
FAKE void cpu_raise(unsigned cpu, u32 pending) { fake_pending[cpu] |= pending; }
FAKE void vcpu_kick(struct vcpu *v) { v->arch.kicks++; }
FAKE ns_t now_ns(void) { return fake_now; }
FAKE u64 machine_tsc(void) { return 0x123456789; }
FAKE void machine_timer_arm(ns_t deadline)
{
    fake_alarm[fake_cpu] = deadline;
    fake_alarms++;
}

/* ---- RAM ---- */

char *fake_ram = ram[0];
mfn_t fake_ram_frames = FAKE_FRAMES;
u64 fake_m2p[FAKE_M2P];

void fake_ram_replace(mfn_t frames)
{
    fake_ram_frames = frames;
    fake_ram = aligned_alloc(PAGE_SIZE, frames * PAGE_SIZE);
    memset(fake_ram, 0xa5, frames * PAGE_SIZE);
}

FAKE void *mfn_to_virt(mfn_t mfn)
{
    assert_true(mfn < fake_ram_frames);
    return fake_ram + mfn * PAGE_SIZE;
}

FAKE mfn_t virt_to_mfn(const void *va)
{
    mfn_t mfn = (mfn_t)((const char *)va - fake_ram) / PAGE_SIZE;

    assert_true((const char *)va >= fake_ram && mfn < fake_ram_frames);
    return mfn;
}

FAKE void page_clear(void *page) { memset(page, 0, PAGE_SIZE); }
unsigned fake_lines;             /* of caches, written back */
FAKE void cache_write_back(const void *start, size_t bytes)
{
    fake_lines += (((uintptr_t)start & 63) + bytes + 63) / 64;
}
FAKE void page_copy(void *to, const void *from) { memmove(to, from, PAGE_SIZE); }
FAKE void m2p_set(mfn_t mfn, gfn_t gfn)
{
    assert_true(mfn < FAKE_M2P);
    fake_m2p[mfn] = gfn;
}

FAKE gfn_t m2p_get(mfn_t mfn) { return mfn < FAKE_M2P ? fake_m2p[mfn] : INVALID_M2P; }

/* ---- TLB ---- */

unsigned fake_flushes;
void (*fake_on_flush)(u64 cpus);

void fake_tlb_stale(mfn_t mfn) { stale[mfn] = true; }
bool fake_tlb_is_stale(mfn_t mfn) { return stale[mfn]; }

FAKE u32 tlb_clock(void) { return tlb_time; }
FAKE u32 tlb_now(void) { return tlb_time; }
unsigned fake_stale_asked;
FAKE cpumask_t tlb_stale(cpumask_t mask, u32 stamp)
{
    fake_stale_asked++;
    return flushed_at <= stamp ? mask : 0;
}
FAKE void tlb_flush_mask(cpumask_t mask, u64 va)
{
    assert_int_equal(va, FLUSH_ALL);
    memset(stale, 0, sizeof(stale));
    flushed_at = ++tlb_time;
    fake_flushes++;
    if (fake_on_flush)
        fake_on_flush(mask);
}

/* ---- interrupts of devices ---- */

unsigned fake_pirq_bound[MAX_PIRQS];

FAKE long pirq_guest_bind(struct vcpu *v, u32 pirq, bool will_share)
{
    (void)v, (void)will_share;
    if (pirq % 8 == 7) /* some are not for this guest */
        return -EPERM;
    fake_pirq_bound[pirq]++;
    return 0;
}

FAKE void pirq_guest_unbind(struct domain *d, u32 pirq)
{
    (void)d;
    assert_true(fake_pirq_bound[pirq]--);
}

FAKE void pirq_guest_set_vcpu(struct domain *d, u32 pirq, struct vcpu *v) { (void)d, (void)pirq, (void)v; }

/* ---- nobody's writes are logged, where core/log_dirty.c and core/shadow.c are not linked ---- */

FAKE u32 log_dirty_domains;
FAKE void log_dirty_note(mfn_t mfn) { (void)mfn; }
FAKE long log_dirty_enable(struct domain *d) { (void)d; return -EINVAL; }
FAKE long log_dirty_disable(struct domain *d) { (void)d; return -EINVAL; }
FAKE long log_dirty_relinquish(struct domain *d) { (void)d; return 0; }
FAKE void log_dirty_destroy(struct domain *d) { (void)d; }
FAKE unsigned log_dirty_audit(struct domain *d) { (void)d; return 0; }
FAKE long log_dirty_report(struct domain *d, struct xen_domctl_shadow_op *op, bool clean)
{
    (void)d, (void)op, (void)clean;
    return -EINVAL;
}
FAKE void shadow_table_new(struct domain *d, mfn_t mfn) { (void)d, (void)mfn; }
FAKE void shadow_table_gone(struct domain *d, mfn_t mfn) { (void)d, (void)mfn; }
FAKE u64 shadow_store(struct domain *d, u64 *p, u64 new, enum ad ad, u64 seen)
{
    (void)d;
    return store_plain(p, new, ad, seen);
}
