/*
 * A machine whose CPUs are threads, for tests under the thread sanitizer: core/ as it is from the heap to the domains,
 * and below it just enough. Slot 0 is domain 0; in the other slots domains are born, work, die and become zombies. Each
 * vcpu is a thread that acts as its guest; one thread more is the control domain's tool, which creates and kills.
 *
 * A test gives the guests something to do (guest_step(), tool_step()) and runs rounds. In a round all go on at once;
 * between two rounds they stand still, and everything is counted again (core/audit.c and what the test adds).
 *
 * What guests do to memory that they share, by the rules of the interface, they do by atomic operations, and to pages
 * that nobody else may touch at the time by plain ones: the sanitizer then proves that who is told "yours alone" (a
 * grant ended, a page freed and given to somebody else) is told after the last access, not before. Hostile writes are
 * not shown to the sanitizer (UNSEEN), so all it finds are races of Serai's own.
 */
#pragma once
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <time.h>
#include "arch/host/fake.h"
#include "arch/arch.h"
#include "core/cpupool.h"
#include "core/event_internal.h"
#include "core/frame_inline.h"
#include "core/grant_internal.h"
#include "core/heap.h"
#include "core/hypercall.h"
#include "core/mmu_internal.h"
#include "core/options.h"
#include "core/reject.h"
#include "core/sched.h"
#include "core/vcpu.h"
#include "lib/print.h"
#include "lib/rangeset.h"
#include <machine/descriptors.h>
#include <machine/pte.h>

#define SLOTS 3
#define VCPUS 2
#define TOOL (SLOTS * VCPUS)    /* CPU of the tool */
#define CPUS (TOOL + 1)
#define FRAMES 4096             /* of RAM */
#define UNSEEN __attribute__((no_sanitize("thread"), noinline))

/* ---- what a test provides ---- */

static void guest_born(unsigned slot);          /* everything stands still */
static void guest_step(void);                   /* of the vcpu `current`: one action */
static void guest_rests(void);                  /* the same at the end of a round, in which others go on */
static void tool_step(void);
static void stands_still(void);                 /* between two rounds: look whether all is right */

/* ---- who is who ---- */

static struct domain *in_slot[SLOTS];           /* each with a reference of ours until the end of its last round */
static domid_t id_in[SLOTS];
static bool killed[SLOTS];
static _Thread_local unsigned my_slot, my_vcpu; /* of the tool: 0, VCPUS */
static _Thread_local u64 my_seed;

static u64 dice(u64 n)
{
    my_seed = my_seed * 6364136223846793005UL + 1442695040888963407UL;
    return (my_seed >> 33) % n;
}
static unsigned my_cpu(void) { return smp_cpu(); }

/* ---- the machine ---- */

_Thread_local struct vcpu *fake_current;
static struct domain idle_record = { .id = DOMID_IDLE };
struct domain *idle_domain = &idle_record;
struct options opt;
struct frame *frame_table;
mfn_t frame_table_max = FRAMES;
unsigned nr_cpus = CPUS;
cpumask_t cpus_online = BIT(CPUS) - 1;
s32 fake_mmu_work = 64;
static u32 pending[CPUS];
static u32 clock_now = 1, flushed_at[CPUS];

/* What the CPUs of a slot may still reach by a grant that they have: [slot][mfn]. */
static bool tlb_has[SLOTS][FRAMES];

ns_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (ns_t)t.tv_sec * 1000000000UL + (ns_t)t.tv_nsec;
}
/* Wait a moment. The host may have fewer processors than threads, and others to run. */
static void moment(void)
{
    static _Thread_local unsigned n;

    if (++n % 64 == 0)
        sched_yield();
    else
        __builtin_ia32_pause();
}
void machine_poll(void) { moment(); }
void cpu_raise(unsigned cpu, u32 bits) { __atomic_fetch_or(&pending[cpu], bits, __ATOMIC_SEQ_CST); }
void machine_timer_arm(ns_t deadline) { (void)deadline; }
void vcpu_kick(struct vcpu *v) { (void)v; }
void vcpu_wake(struct vcpu *v) { (void)v; }
void vcpu_sleep_nosync(struct vcpu *v) { (void)v; }
void vcpu_sleep_sync(struct vcpu *v)
{
    while (__atomic_load_n(&v->running, __ATOMIC_ACQUIRE))
        moment();
}

u32 tlb_clock(void) { return __atomic_load_n(&clock_now, __ATOMIC_SEQ_CST); }
u32 tlb_now(void) { return __atomic_load_n(&clock_now, __ATOMIC_SEQ_CST); }
cpumask_t tlb_stale(cpumask_t mask, u32 stamp)
{
    cpumask_t stale = 0;

    for (unsigned c = 0; c < CPUS; c++)
        if ((mask >> c & 1) && __atomic_load_n(&flushed_at[c], __ATOMIC_SEQ_CST) <= stamp)
            stale |= 1UL << c;
    return stale;
}
void tlb_flush_mask(cpumask_t mask, u64 va)
{
    u32 now = __atomic_add_fetch(&clock_now, 1, __ATOMIC_SEQ_CST);

    (void)va;
    for (unsigned c = 0; c < CPUS; c++)
        if (mask >> c & 1)
            __atomic_store_n(&flushed_at[c], now, __ATOMIC_SEQ_CST);
    for (unsigned s = 0; s < SLOTS; s++)
        for (mfn_t mfn = 0; (mask >> s * VCPUS & 1) && mfn < FRAMES; mfn++)
            if (__atomic_load_n(&tlb_has[s][mfn], __ATOMIC_RELAXED))
                __atomic_store_n(&tlb_has[s][mfn], false, __ATOMIC_SEQ_CST);
}
void tlb_flush_here(u64 va) { (void)va; }
void cache_flush(bool all) { (void)all; }

/* ---- parts of core and the machine that no test here is about ---- */

void machine_end(enum machine_end how) { (void)how; abort(); }
void machine_dump_vcpu(struct vcpu *v) { (void)v; }
void machine_time_publish(struct vcpu *v) { (void)v; }
void vcpu_runstate_get(struct vcpu *v, vcpu_runstate_info_t *out) { *out = v->runstate; }
long sched_vcpu_init(struct vcpu *v) { (void)v; return 0; }
void sched_vcpu_destroy(struct vcpu *v) { (void)v; }
long sched_domain_init(struct domain *d) { (void)d; return 0; }
void sched_domain_quiesce(struct domain *d) { (void)d; }
void sched_domain_destroy(struct domain *d) { (void)d; }
long arch_domain_init(struct domain *d) { (void)d; return 0; }
void arch_domain_destroy(struct domain *d) { (void)d; }
void arch_domain_relinquish(struct domain *d) { (void)d; }
void arch_vcpu_relinquish(struct vcpu *v) { (void)v; }
long arch_vcpu_init(struct vcpu *v) { (void)v; return 0; }
void arch_vcpu_destroy(struct vcpu *v) { (void)v; }
long arch_vcpu_set_context(struct vcpu *v, const vcpu_guest_context_t *c) { (void)v, (void)c; return -EINVAL; }
void arch_vcpu_nmi(struct vcpu *v) { (void)v; }
long arch_vcpu_nmi_callback(struct vcpu *v, u64 address) { (void)v, (void)address; return -EINVAL; }
u64 arch_cpu_physid(unsigned cpu) { return cpu; }
void address_space_leave(struct domain *d) { (void)d; }
void arch_base_changed(struct vcpu *v, bool user) { (void)v, (void)user; }
long arch_set_ldt(struct vcpu *v, u64 base, u64 n) { (void)v, (void)base, (void)n; return -EINVAL; }
bool arch_tables_changed(struct vcpu *v) { (void)v; return false; }
void arch_l4_fill(u64 *l4) { (void)l4; }
bool descriptor_page_valid(mfn_t mfn) { (void)mfn; return false; }
bool machine_frame_readonly(mfn_t mfn) { (void)mfn; return false; }
static void say(const char *fmt, va_list ap)
{
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
}
void log_line(enum log_level level, bool guest, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    if (level == LOG_ERROR && !guest)
        say(fmt, ap);
    va_end(ap);
}
void log_always(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    if (!strncmp(fmt, "audit", 5))
        say(fmt, ap);
    va_end(ap);
}

/* ---- hypercalls ---- */

bool preempt_check(void)
{
    if (dice(8))
        return false;
    if (dice(8) == 0)
        sched_yield();
    return dice(2);
}

/*
 * The guest may run: it does until vcpu_leave(). A vcpu that is paused has to wait, one of a dead domain for ever. It
 * goes on after what was done while it was paused: here by the counts, elsewhere by the lock of a run queue.
 */
static bool vcpu_enter(void)
{
    __atomic_store_n(&current->running, true, __ATOMIC_SEQ_CST);
    if (vcpu_runnable(current) && !__atomic_load_n(&current->domain->pause_count, __ATOMIC_ACQUIRE) &&
        !__atomic_load_n(&current->pause_count, __ATOMIC_ACQUIRE))
        return true;
    __atomic_store_n(&current->running, false, __ATOMIC_RELEASE);
    return false;
}
static void vcpu_leave(void)
{
    __atomic_store_n(&current->running, false, __ATOMIC_RELEASE);
    if (__atomic_exchange_n(&pending[smp_cpu()], 0, __ATOMIC_SEQ_CST) & PENDING_TASK)
        domains_reap();
}
/* Between two pieces of a hypercall. False: the vcpu never runs again. */
static bool on_the_way_out(void)
{
    vcpu_leave();
    while (!vcpu_enter()) {
        if (READ_ONCE(current->domain->dying))
            return false;
        moment();
    }
    return true;
}
static long call4(long (*fn)(u64, u64, u64, u64), u64 a, u64 b, u64 c, u64 d)
{
    long rc;

    while ((rc = fn(a, b, c, d)) == -ERESTART && on_the_way_out())
        a = fake_next_args[0], b = fake_next_args[1], c = fake_next_args[2], d = fake_next_args[3];
    return rc;
}
static long call3(long (*fn)(u64, u64, u64), u64 a, u64 b, u64 c)
{
    long rc;

    while ((rc = fn(a, b, c)) == -ERESTART && on_the_way_out())
        a = fake_next_args[0], b = fake_next_args[1], c = fake_next_args[2];
    return rc;
}
static long call2(long (*fn)(u64, u64), u64 a, u64 b)
{
    long rc;

    while ((rc = fn(a, b)) == -ERESTART && on_the_way_out())
        a = fake_next_args[0], b = fake_next_args[1];
    return rc;
}

/* ---- birth and death ---- */

static void be_born(unsigned slot)
{
    struct domain_config c = { .max_vcpus = VCPUS + !slot, .max_evtchn_port = 4095, .max_grant_frames = 4,
                               .max_maptrack_frames = 4, .grant_max_version = 2, .privileged = !slot };
    long err = 0;
    struct domain *d = domain_create(slot ? DOMID_INVALID : 0, &c, &err);

    if (!d)
        panic("no domain for slot %u: %ld", slot, err);
    for (unsigned v = 0; v < c.max_vcpus; v++) {
        struct vcpu *w = vcpu_create(d, v, &err);
        if (!w)
            panic("no vcpu: %ld", err);
        w->pause_flags = 0;
    }
    d->max_pages = 512;
    d->arch.cpumask = (BIT(VCPUS) - 1) << slot * VCPUS;
    in_slot[slot] = domain_get(d->id);
    id_in[slot] = d->id;
    killed[slot] = false;
    fake_current = d->vcpu[0];
    guest_born(slot);
    fake_current = domain0->vcpu[VCPUS];
    domain_unpause(d);
}

/* The tool's: to its end, while everybody else goes on. */
static void kill_slot(unsigned slot)
{
    long rc;

    while ((rc = domain_kill(in_slot[slot])) == -ERESTART)
        sched_yield();
    if (rc)
        panic("domain %u cannot be killed: %ld", id_in[slot], rc);
    killed[slot] = true;
}

/* ---- rounds ---- */

static pthread_barrier_t start, end;
static bool over;
static unsigned steps_each;
static _Thread_local u64 steps_done;

static void *run_vcpu(void *arg)
{
    fake_cpu = (unsigned)(uintptr_t)arg;
    my_slot = fake_cpu / VCPUS;
    my_vcpu = fake_cpu % VCPUS;
    my_seed = fake_cpu + 1;
    for (;;) {
        pthread_barrier_wait(&start);
        if (over && getenv("VERBOSE"))
            printf("slot %u vcpu %u: %lu steps\n", my_slot, my_vcpu, steps_done);
        if (over)
            return NULL;
        fake_current = in_slot[my_slot]->vcpu[my_vcpu];
        for (unsigned n = 0; n < steps_each && !READ_ONCE(in_slot[my_slot]->dying); n++) {
            if (vcpu_enter()) {
                guest_step();
                vcpu_leave();
                steps_done++;
            } else if (n % 16) {
                moment();
            } else {            /* nobody woke it; a timer does */
                __atomic_fetch_and(&fake_current->pause_flags, ~VPF_BLOCKED, __ATOMIC_SEQ_CST);
            }
        }
        if (vcpu_enter()) {
            guest_rests();
            vcpu_leave();
        }
        pthread_barrier_wait(&end);
    }
}

static void audit_everything(void)
{
    stands_still();
    if (audit_all())
        panic("the audit found defects");
}

static void world_begin(void)
{
    fake_ram_replace(FRAMES);
    frame_table = calloc(FRAMES, sizeof(*frame_table));
    heap_add(0, FRAMES);
    fake_cpu = TOOL;
    my_vcpu = VCPUS;
    my_seed = TOOL + 1;
    pthread_barrier_init(&start, NULL, CPUS);
    pthread_barrier_init(&end, NULL, CPUS);
    for (unsigned s = 0; s < SLOTS; s++)
        be_born(s);
}

/* One of the domains dies in each round, at some time of it; its slot gets a new one for the next. */
static void run_rounds(unsigned rounds, unsigned steps)
{
    pthread_t thread[TOOL];

    steps_each = steps;
    for (unsigned c = 0; c < TOOL; c++)
        pthread_create(&thread[c], NULL, run_vcpu, (void *)(uintptr_t)c);
    for (unsigned r = 0; r < rounds; r++) {
        unsigned victim = 1 + r % (SLOTS - 1), when = (unsigned)dice(steps / 2);
        pthread_barrier_wait(&start);
        for (unsigned n = 0; n < steps / 2; n++) {
            if (!vcpu_enter())
                panic("the tool does not run");
            if (n == when)
                kill_slot(victim);
            else
                tool_step();
            vcpu_leave();
        }
        pthread_barrier_wait(&end);
        audit_everything();
        for (unsigned s = 1; s < SLOTS; s++)
            if (killed[s]) {
                domain_put(in_slot[s]);
                domains_reap();
                be_born(s);
            }
        audit_everything();
    }
    over = true;
    pthread_barrier_wait(&start);
    for (unsigned c = 0; c < TOOL; c++)
        pthread_join(thread[c], NULL);
}

/* All domains but domain 0 end; whatever they held of each other has to go with them. */
static void world_end(void)
{
    for (unsigned s = 1; s < SLOTS; s++) {
        kill_slot(s);
        domain_put(in_slot[s]);
        in_slot[s] = NULL;
    }
    domains_reap();
    audit_all();
}
