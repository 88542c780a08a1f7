/*
 * Requests between CPUs, and the TLB clock.
 *
 * Problem: a CPU must make others flush their TLBs or run a function, and wait until they have, while it and they may
 * hold locks the other side wants.
 * Mechanism: every CPU has one outgoing slot per kind and a word of incoming bits per kind. The sender fills its
 * slot, sets its bit in each target's word and sends an interrupt; a target exchanges its word for 0, does what the
 * senders' slots say and clears its own bit in each slot's `waiting`. No lock anywhere: a CPU has one request of a
 * kind under way because it waits for it.
 * Invariant: whoever waits or spins answers (machine_poll()), so there is no cycle of waiters. In exchange a called
 * function takes no locks and sends no requests itself.
 *
 * The TLB clock: a frame that ceases to be a page table (or changes owner) is stamped with the clock's value, which
 * thereby advances; a CPU notes the clock as it was before each full flush. If its note is later than the stamp, it has
 * flushed since. The comparison is by signed difference, valid while both lie within 2^31; at each
 * quarter turn all CPUs flush, so no note is ever older. Old stamps may look new again: that costs a flush and is safe.
 *
 * A CPU that idles keeps the last guest's tables, until somebody's flush interrupts it: then it changes to Serai's own,
 * and is `tlb_clean`: nobody's flush concerns it any more until it enters a guest. So the end of a process, which is a
 * flush for each of its page tables, wakes a sleeping CPU once, not each time. Why not pass over every idle CPU and let
 * it flush when it wakes? Its page walker may follow freed tables speculatively, and set accessed bits in them.
 *
 * A CPU that does not answer for seconds is a defect of Serai or of the machine: panic, naming it.
 */
#include "arch/x86/smp.h"
#include "arch/x86/apic.h"
#include "arch/x86/asm.h"
#include "arch/x86/clock.h"
#include "arch/x86/cpu.h"
#include "arch/x86/entry/isolate.h"
#include "arch/x86/mm/paging.h"
#include "arch/x86/vectors.h"
#include "lib/bitops.h"
#include "lib/print.h"
#include <machine/current.h>

cpumask_t cpus_online;
unsigned nr_cpus;

struct flush_slot { u64 va; u64 waiting; } __cacheline;
struct call_slot { void (*fn)(void *); void *data; u64 waiting; } __cacheline;
struct inbox { u64 flush, call; } __cacheline;  /* bit per sender */

static struct flush_slot flush_slot[MAX_CPUS];
static struct call_slot call_slot[MAX_CPUS];
static struct inbox inbox[MAX_CPUS];
static bool stopping;

#define PATIENCE_S 10   /* generous: an emulator's CPUs share a busy host */

/* ---- the pending word ---- */

void cpu_raise(unsigned cpu, u32 pending)
{
    struct cpu_info *info = cpus[cpu].info;
    u32 before;

    if (!info)
        return;
    before = __atomic_fetch_or(&info->pending, pending, __ATOMIC_SEQ_CST);
    /* Bits that were set already have been announced. */
    if (cpu != smp_cpu() && (before & pending) != pending && cpus[cpu].online)
        apic_send(cpus[cpu].apic_id, VECTOR_EVENT);
}

/* ---- TLB ---- */

u32 tlb_clock_value;      /* read by address_space_load(), which is inline */

/*
 * An idle CPU keeps the last guest's tables in CR3 although no vcpu holds them there any more. They may be what the
 * flush is about: once it is answered they can become ordinary memory, and Serai itself runs on them.
 */
static bool idle_here(void)
{
    struct vcpu *v = current;

    return v && vcpu_is_idle(v);
}

/* All translations of guests: they are never global, so loading CR3 drops them (and Serai's own stay). */
static void flush_guests(void)
{
    bool idle = idle_here();

    address_space_load(idle ? paging_idle_cr3() : cpu_info()->cr3);
    if (idle)
        __atomic_store_n(&this_cpu()->tlb_clean, 1, __ATOMIC_RELEASE);
}

/* Full barrier: this CPU's page walks from now on see at least what was stored when somebody last passed it over. */
void tlb_use(void)
{
    if (this_cpu()->tlb_clean)
        __atomic_exchange_n(&this_cpu()->tlb_clean, 0, __ATOMIC_SEQ_CST);
}

/* Those of `mask` that a flush concerns. */
static cpumask_t without_clean(cpumask_t mask)
{
    cpumask_t left = mask;

    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* what the flush is about is stored */
    for (; mask; mask &= mask - 1)
        if (__atomic_load_n(&cpus[lowest_bit(mask)].tlb_clean, __ATOMIC_SEQ_CST))
            left &= ~(mask & -mask);
    return left;
}

void tlb_flush_local(void)
{
    u32 now = __atomic_load_n(&tlb_clock_value, __ATOMIC_SEQ_CST);
    u64 cr4 = read_cr4();

    flush_guests();
    if (cpu_has.invpcid) {
        invpcid(INVPCID_ALL_GLOBAL, 0, 0);
    } else {
        /* A change of CR4.PGE drops everything, whichever way it changes (SDM vol. 3, 4.10.4.1). */
        write_cr4(cr4 ^ CR4_PGE);
        write_cr4(cr4);
    }
    WRITE_ONCE(cpu_info()->tlb_time, now);
}

static void flush_one(u64 va)
{
    if (va == FLUSH_ALL || idle_here())
        flush_guests();
    else
        address_flush(va);
}

u32 tlb_clock(void)
{
    u32 stamp = __atomic_fetch_add(&tlb_clock_value, 1, __ATOMIC_SEQ_CST);

    if (unlikely((stamp & 0x3fffffff) == 0x3fffffff))
        tlb_flush_mask(cpus_online, FLUSH_ALL);
    return stamp;
}

u32 tlb_now(void) { return __atomic_load_n(&tlb_clock_value, __ATOMIC_SEQ_CST); }

cpumask_t tlb_stale(cpumask_t mask, u32 stamp)
{
    cpumask_t stale = 0;

    for (mask &= cpus_online; mask; mask &= mask - 1) {
        unsigned cpu = lowest_bit(mask);
        if ((s32)(READ_ONCE(cpus[cpu].info->tlb_time) - stamp) <= 0)
            stale |= BIT(cpu);
    }
    return stale;
}

/* ---- serving and asking ---- */

static void serve_flushes(unsigned me)
{
    u64 senders = __atomic_exchange_n(&inbox[me].flush, 0, __ATOMIC_SEQ_CST), s;
    bool all = senders & (senders - 1);     /* more than one: a full flush serves them all */

    if (!senders)
        return;
    if (all)
        flush_guests();
    else
        flush_one(READ_ONCE(flush_slot[lowest_bit(senders)].va));
    for (s = senders; s; s &= s - 1)
        __atomic_fetch_and(&flush_slot[lowest_bit(s)].waiting, ~BIT(me), __ATOMIC_SEQ_CST);
}

static void serve_calls(unsigned me)
{
    u64 senders = __atomic_exchange_n(&inbox[me].call, 0, __ATOMIC_SEQ_CST);

    for (; senders; senders &= senders - 1) {
        struct call_slot *slot = &call_slot[lowest_bit(senders)];
        lock_check_serving(true);
        slot->fn(slot->data);
        lock_check_serving(false);
        __atomic_fetch_and(&slot->waiting, ~BIT(me), __ATOMIC_SEQ_CST);
    }
}

static void stop_here(void) __noreturn;
static void stop_here(void)
{
    cpus[smp_cpu()].online = false;
    __atomic_fetch_and(&cpus_online, ~BIT(smp_cpu()), __ATOMIC_SEQ_CST);
    for (;;) {
        cli();
        hlt();
    }
}

void smp_serve(void)
{
    unsigned me = smp_cpu();

    if (READ_ONCE(inbox[me].flush))
        serve_flushes(me);
    if (READ_ONCE(inbox[me].call))
        serve_calls(me);
    if (unlikely(READ_ONCE(stopping)) && __atomic_load_n(&cpus[me].online, __ATOMIC_RELAXED))
        stop_here();
}

void machine_poll(void)
{
    cpu_pause();
    smp_serve();
}

/* Until *waiting is 0. */
static void wait_answers(const u64 *waiting, const char *what)
{
    u64 start = rdtsc(), limit = clock_tsc_hz() * PATIENCE_S, left;

    while ((left = __atomic_load_n(waiting, __ATOMIC_ACQUIRE)) != 0) {
        if (unlikely(rdtsc() - start > limit))
            panic("CPU %u has not answered a %s request of CPU %u for %u s (waiting for CPU mask %#lx)",
                  lowest_bit(left), what, smp_cpu(), PATIENCE_S, left);
        machine_poll();
    }
}

/* Announce to each CPU of `mask`; one interrupt tells of all bits set before it is served. */
static void post(cpumask_t mask, size_t word, u8 vector)
{
    u64 me = BIT(smp_cpu());

    for (; mask; mask &= mask - 1) {
        unsigned cpu = lowest_bit(mask);
        u64 *bits = (u64 *)((char *)&inbox[cpu] + word);
        if (__atomic_fetch_or(bits, me, __ATOMIC_SEQ_CST) == 0)
            apic_send(cpus[cpu].apic_id, vector);
    }
}

void tlb_flush_mask(cpumask_t mask, u64 va)
{
    unsigned me = smp_cpu();
    struct flush_slot *slot = &flush_slot[me];
    cpumask_t others = mask & cpus_online & ~BIT(me);

    if (others)
        others = without_clean(others);
    if (others) {
        ASSERT(slot->waiting == 0);
        WRITE_ONCE(slot->va, va);
        __atomic_store_n(&slot->waiting, others, __ATOMIC_SEQ_CST);
        post(others, offsetof(struct inbox, flush), VECTOR_FLUSH);
    }
    if (mask & BIT(me))
        flush_one(va);
    if (others)
        wait_answers(&slot->waiting, "TLB flush");
}

void smp_call(cpumask_t mask, void (*fn)(void *), void *data)
{
    unsigned me = smp_cpu();
    struct call_slot *slot = &call_slot[me];
    cpumask_t others = mask & cpus_online & ~BIT(me);

    if (others) {
        ASSERT(slot->waiting == 0);
        slot->fn = fn;
        slot->data = data;
        __atomic_store_n(&slot->waiting, others, __ATOMIC_SEQ_CST);
        post(others, offsetof(struct inbox, call), VECTOR_CALL);
    }
    if (mask & BIT(me))
        fn(data);
    if (others)
        wait_answers(&slot->waiting, "function call");
}

void smp_stop_others(void)
{
    cpumask_t others = cpus_online & ~BIT(smp_cpu());

    /* This CPU must not stop itself in a machine_poll() on its way out. */
    __atomic_store_n(&cpus[smp_cpu()].online, false, __ATOMIC_SEQ_CST);
    if (__atomic_exchange_n(&stopping, true, __ATOMIC_SEQ_CST))
        return;
    for (cpumask_t m = others; m; m &= m - 1)
        apic_send(cpus[lowest_bit(m)].apic_id, VECTOR_CALL);
    for (unsigned i = 0; i < 1000 && (__atomic_load_n(&cpus_online, __ATOMIC_ACQUIRE) & others); i++)
        clock_delay_us(100);
}
