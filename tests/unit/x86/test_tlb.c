/*
 * TLBs of three CPUs that do what hardware may do: keep what they know as long as they are allowed to, walk ahead of
 * time, answer late, ask at once. smp.c, isolate.h and switch.c run on them, with PCIDs and without; QEMU's TLB cannot
 * judge them, it forgets everything at each write to CR3.
 *   - whoever asked for a flush, of a page or of all, is believed: what was stored before is not seen in its old form
 *     by any CPU in the domain's mask;
 *   - a CPU that tlb_stale() passes over knows nothing older than the stamp;
 *   - what a guest flushes where it runs stays flushed when its vcpu moves;
 *   - a vcpu sees its own tables, never what another one left under the same PCID;
 *   - an idle CPU that answered a flush, or was told to leave a domain, has let go of the domain's tables.
 * Could go wrong: a CPU that is passed over because it idles, and does not count again when it runs.
 */
#include "tests/unit/x86/guest.h"
#include "arch/x86/apic.h"
#include "arch/x86/asm.h"
#include "arch/x86/clock.h"
#include "arch/x86/entry/entry.h"
#include "arch/x86/mm/paging.h"
#include "arch/x86/pv/control.h"
#include "arch/x86/pv/debugreg.h"
#include "arch/x86/pv/descriptor.h"
#include "arch/x86/pv/fpu.h"
#include "arch/x86/pv/inject.h"
#include "arch/x86/pv/msr.h"
#include "arch/x86/pv/segment.h"
#include "arch/x86/smp.h"
#include "arch/x86/vectors.h"
#include "core/console.h"
#include "core/hypercall.h"
#include "core/log_dirty.h"
#include "core/sched.h"
#include "core/trace.h"
#include "lib/bitops.h"

#define CPUS 3
#define DOMS 2
#define VCPUS 2                 /* per domain */
#define TABLES 4                /* top-level tables per domain: two for kernels, two for user code */
#define PAGES 3
#define SPACES (1 + DOMS * TABLES)
#define IDLE_L4 1               /* frame; space 0. Space s is in frame 1 + s. */

static unsigned here;             /* the CPU that runs */
static struct cpu_info infos[CPUS];
static struct vcpu idle_vcpu[CPUS];
static struct domain dom[DOMS], idle_dom;
static struct vcpu vcpu[DOMS * VCPUS];
struct cpu cpus[MAX_CPUS];
struct domain *idle_domain = &idle_dom;
u64 cr3_keep_tlb;

static u64 seed;
static unsigned dice(unsigned n)
{
    seed = seed * 6364136223846793005UL + 1442695040888963407UL;
    return (unsigned)(seed >> 33) % n;
}

/* ---- hardware ---- */

#define NO_FLUSH (1UL << 63)     /* in what is written to CR3 */

static u32 page_table[SPACES][PAGES];           /* how often the entry changed */
static struct { u64 cr3; struct { u32 version; u8 space; bool valid; } tlb[3][PAGES]; } hw[CPUS];

static unsigned space_of(u64 cr3) { return (unsigned)((cr3 & ~NO_FLUSH) >> PAGE_SHIFT) - IDLE_L4; }
static unsigned tag_of(u64 cr3) { return cr3_keep_tlb ? (unsigned)cr3 & 7 : 0; }

/* What CPU c uses when it goes through page p now. */
static u32 hw_walk(unsigned c, unsigned p, unsigned *space)
{
    typeof(hw[0].tlb[0][0]) *e = &hw[c].tlb[tag_of(hw[c].cr3)][p];

    if (!e->valid) {
        e->valid = true;
        e->space = (u8)space_of(hw[c].cr3);
        e->version = page_table[e->space][p];
    }
    *space = e->space;
    return e->version;
}

/* A change that somebody stamped, to be flushed some time. */
static struct { u32 stamp, version; u8 space, page; bool due; } retired[8];

static void retire(unsigned space, unsigned p)
{
    unsigned i = dice(ARRAY_SIZE(retired));

    retired[i] = (typeof(retired[0])){ .space = (u8)space, .page = (u8)p, .due = true };
    retired[i].version = ++page_table[space][p];
    retired[i].stamp = __atomic_fetch_add(&tlb_clock_value, 1, __ATOMIC_SEQ_CST);
}

static void hw_load(u64 cr3)
{
    unsigned space, tag = tag_of(cr3);

    if (!(cr3 & NO_FLUSH))
        memset(hw[here].tlb[tag], 0, sizeof(hw[here].tlb[tag]));
    hw[here].cr3 = cr3 & ~NO_FLUSH;
    /* Before the next instruction: a walk ahead of time, and another CPU changes that very entry. */
    if (space_of(hw[here].cr3) && !dice(4)) {
        unsigned p = dice(PAGES);
        hw_walk(here, p, &space);
        retire(space, p);
    }
}

static void hw_forget(u64 va)                   /* of the PCID that is loaded */
{
    hw[here].tlb[tag_of(hw[here].cr3)][va >> PAGE_SHIFT].valid = false;
}

static void hw_forget_all(void) { memset(hw[here].tlb, 0, sizeof(hw[here].tlb)); }

static void meanwhile(void);

#define write_cr3 hw_load
#define invlpg hw_forget
#define invpcid(type, pcid, va) hw_forget_all()
#define read_cr4() cr3_keep_tlb
#define write_cr4(v) ((void)(v), hw_forget_all())
#define swapgs() ((void)0)
#define rdtsc() 0UL
#define cpu_pause meanwhile
#define rdmsr(m) 0UL
#define wrmsr(m, v) ((void)(v))
#define rdfsbase() 0UL
#define rdgsbase() 0UL
#define wrfsbase(v) ((void)(v))
#define wrgsbase(v) ((void)(v))
#define fs_base_read() 0UL
#define gs_base_read() 0UL
#define gs_shadow_read() 0UL
#define fs_base_write(v) ((void)(v))
#define gs_base_write(v) ((void)(v))
#define gs_shadow_write(v) ((void)(v))
#define cli() ((void)0)
#define hlt() abort()
#define wbinvd() ((void)0)
#define smp_cpu() here
#define cpu_info() (&infos[here])
#define __asm__ if (0) asm      /* what is left does not concern TLBs */
#include "arch/x86/smp.c"
#include "arch/x86/switch.c"
#undef __asm__

/* ---- the rest of Serai ---- */

void apic_send(u32 id, u8 vector)
{
    unsigned from = here;

    (void)vector;
    if (dice(2))                /* or it answers when the sender waits */
        return;
    here = id;
    smp_serve();
    here = from;
}
u64 paging_idle_cr3(void) { return (u64)IDLE_L4 << PAGE_SHIFT; }
void paging_show_m2p(u64 *l4, bool shown) { (void)l4; (void)shown; }
void paging_fill_l4(u64 *l4) { (void)l4; }
u64 clock_tsc_hz(void) { return 1; }
void clock_delay_us(u64 us) { (void)us; }
void panic(const char *fmt, ...) { print_error("panic: %s\n", fmt); abort(); }
void leave_to_idle(void) { abort(); }
void leave_to_guest(void) { abort(); }
void gdt_load(struct vcpu *v) { (void)v; }
void ldt_load(struct vcpu *v) { (void)v; }
void ldt_unload(struct vcpu *v) { (void)v; }
long ldt_set(struct vcpu *v, u64 base, u64 n) { (void)v; (void)base; (void)n; return 0; }
void fpu_resume(struct vcpu *v) { (void)v; }
void fpu_restore(struct vcpu *v) { (void)v; }
void fpu_save(struct vcpu *v) { (void)v; }
void debugreg_load(struct vcpu *v) { (void)v; }
void debugreg_save(struct vcpu *v) { (void)v; }
void guest_cr4_load(struct vcpu *v) { (void)v; }
void machine_time_publish(struct vcpu *v) { (void)v; }
void machine_wallclock_publish(struct domain *d) { (void)d; }
u64 guest_nmi_handler(const struct vcpu *v) { (void)v; return 0; }
void guest_inject_nmi(struct vcpu *v) { (void)v; }
void sched_switched(struct vcpu *v) { (void)v; }
void schedule(void) {}
void timers_run(void) {}
void console_work(void) {}
void domains_reap(void) {}
void lock_check_serving(bool yes) { (void)yes; }
void trace_announce(void) {}
bool guest_range_ok(u64 va, u64 n) { (void)va; (void)n; return false; }
bool heap_scrub_idle(void) { return false; }
bool log_shadows_shown(const struct domain *d) { (void)d; return false; }
mfn_t log_shadow_base(struct domain *d, mfn_t l4) { (void)d; return l4; }

/* ---- what was promised ---- */

static u32 least[SPACES][PAGES];                /* any CPU */
static u32 least_of[DOMS * VCPUS][SPACES][PAGES];   /* a vcpu, where it runs */

static void raise(u32 *at, u32 to) { *at = max(*at, to); }
static unsigned first_space(const struct domain *d) { return 1 + (unsigned)(d - dom) * TABLES; }
static bool is_space_of(unsigned s, const struct domain *d)
{
    return s >= first_space(d) && s < first_space(d) + TABLES;
}

/* To v, that it sees pages p and on as they are now: said before they are flushed, others go on changing them. */
static void promise_to(struct vcpu *v, unsigned p, unsigned pages)
{
    for (unsigned s = 0; s < SPACES; s++)
        for (unsigned i = p; i < p + pages; i++)
            raise(&least_of[v - vcpu][s][i], page_table[s][i]);
}

static struct vcpu *guest_of(unsigned c) { return vcpu_is_idle(infos[c].vcpu) ? NULL : infos[c].vcpu; }

static void touch(unsigned c)
{
    struct vcpu *v = guest_of(c);
    unsigned p = dice(PAGES), space;

    if (!v)
        return;
    mfn_t l4 = v->arch.kernel_mode ? v->arch.kernel_l4 : v->arch.user_l4;
    u32 version = hw_walk(c, p, &space);
    assert_int_equal(space_of(hw[c].cr3), l4 - IDLE_L4);
    assert_int_equal(space, l4 - IDLE_L4);
    if (version < least[space][p] || version < least_of[v - vcpu][space][p])
        fail_msg("CPU %u sees version %u of page %u, %u and %u were promised", c, version, p, least[space][p],
                 least_of[v - vcpu][space][p]);
}

/* ---- what CPUs do ---- */

static void flush_domain(void)
{
    struct domain *d = &dom[dice(DOMS)];
    unsigned p = dice(PAGES), pages = dice(2) ? 1 : PAGES;
    u64 va = pages == 1 ? (u64)p << PAGE_SHIFT : FLUSH_ALL;
    cpumask_t mask = READ_ONCE(d->arch.cpumask);
    u32 due[SPACES][PAGES];

    if (pages == PAGES)
        p = 0;
    memcpy(due, page_table, sizeof(due));
    tlb_flush_mask(mask, va);
    for (unsigned s = first_space(d); is_space_of(s, d); s++)
        for (unsigned i = p; i < p + pages; i++)
            raise(&least[s][i], due[s][i]);
    for (unsigned c = 0; c < CPUS; c++)
        if ((mask & BIT(c)) && !guest_of(c))
            assert_int_equal(hw[c].cr3, paging_idle_cr3());
}

static void flush_retired(void)
{
    unsigned i = dice(ARRAY_SIZE(retired));
    typeof(retired[0]) r = retired[i];

    if (!r.due)
        return;
    cpumask_t stale = tlb_stale(dom[(r.space - 1) / TABLES].arch.cpumask, r.stamp);
    if (stale)
        tlb_flush_mask(stale, FLUSH_ALL);
    raise(&least[r.space][r.page], r.version);
}

static unsigned depth;

/* Called by whoever waits: another CPU serves, or asks itself. */
static void meanwhile(void)
{
    unsigned from = here;

    here = dice(CPUS);
    if (depth < CPUS - 1 && here != from && !flush_slot[here].waiting && !dice(4)) {
        depth++;
        flush_domain();
        depth--;
    } else {
        smp_serve();
    }
    here = from;
}

static void run_somebody(void)
{
    struct vcpu *v = &vcpu[dice(DOMS * VCPUS)];

    for (unsigned c = 0; c < CPUS; c++)
        if (infos[c].vcpu == v)
            return;
    if (v->processor != here)
        v->moved = true;
    v->processor = here;
    infos[here].vcpu = v;
    context_load(v);
}

static void new_base(struct vcpu *v)
{
    bool user = dice(2);
    mfn_t l4 = IDLE_L4 + first_space(v->domain) + 2 * user + dice(2);

    if (user)
        v->arch.user_l4 = l4;
    else
        v->arch.kernel_l4 = l4;
    for (unsigned p = 0; p < PAGES; p++)
        raise(&least_of[v - vcpu][l4 - IDLE_L4][p], page_table[l4 - IDLE_L4][p]);
    arch_base_changed(v, user);
}

static void flush_here(struct vcpu *v)
{
    unsigned p = dice(PAGES);

    if (dice(2)) {
        promise_to(v, p, 1);
        tlb_flush_here((u64)p << PAGE_SHIFT);
    } else {
        promise_to(v, 0, PAGES);
        tlb_flush_here(FLUSH_ALL);
    }
}

static void leave(void)
{
    struct domain *d = &dom[dice(DOMS)];

    for (unsigned c = 0; c < CPUS; c++)
        if (guest_of(c) && guest_of(c)->domain == d)
            return;
    address_space_leave(d);
    for (unsigned c = 0; c < CPUS; c++)
        assert_false(is_space_of(space_of(hw[c].cr3), d));
}

static void step(void)
{
    here = dice(CPUS);
    struct vcpu *v = guest_of(here);

    switch (dice(12)) {
    case 0: run_somebody(); break;
    case 1: infos[here].vcpu = &idle_vcpu[here]; break;
    case 2: flush_domain(); break;
    case 3: flush_retired(); break;
    case 4: retire(1 + dice(SPACES - 1), dice(PAGES)); break;
    case 5: page_table[1 + dice(SPACES - 1)][dice(PAGES)]++; break;
    case 6: case 7:
        if (v && v->arch.kernel_mode)
            isolate_to_user(v);
        else if (v)
            isolate_to_kernel(v);
        break;
    case 8:
        if (v && !dice(3))
            new_base(v);
        break;
    case 9:
        if (v)
            flush_here(v);
        break;
    case 10:
        if (!dice(8))
            leave();
        break;
    case 11:
        if (!dice(8))
            tlb_flush_local();
        break;
    }
    for (unsigned i = 0; i < 2; i++)
        touch(dice(CPUS));
}

static void reset(u64 with, bool pcids)
{
    seed = with;
    memset(hw, 0, sizeof(hw));
    memset(infos, 0, sizeof(infos));
    memset(vcpu, 0, sizeof(vcpu));
    memset(cpus, 0, sizeof(cpus));
    memset(dom, 0, sizeof(dom));
    memset(page_table, 0, sizeof(page_table));
    memset(least, 0, sizeof(least));
    memset(least_of, 0, sizeof(least_of));
    memset(retired, 0, sizeof(retired));
    cr3_keep_tlb = pcids ? CR3_KEEP_TLB : 0;
    cpus_online = BIT(CPUS) - 1;
    nr_cpus = CPUS;
    tlb_clock_value = 0x1000;
    for (unsigned c = 0; c < CPUS; c++) {
        cpus[c] = (struct cpu){ .id = c, .apic_id = c, .online = true, .info = &infos[c] };
        idle_vcpu[c].domain = &idle_dom;
        infos[c].cpu = &cpus[c];
        infos[c].vcpu = &idle_vcpu[c];
        infos[c].cr3 = hw[c].cr3 = paging_idle_cr3();
    }
    for (unsigned i = 0; i < DOMS * VCPUS; i++) {
        struct vcpu *v = &vcpu[i];
        v->domain = &dom[i / VCPUS];
        v->arch.loaded_on = ~0u;
        v->arch.kernel_mode = true;
        v->arch.kernel_l4 = IDLE_L4 + first_space(v->domain);
        v->arch.user_l4 = v->arch.kernel_l4 + 2 + i % VCPUS;
        v->arch.kernel_cr3 = v->arch.cr3 = cr3_of(v, false);
        v->arch.user_cr3 = cr3_of(v, true);
    }
}

static void random_lives(void **state)
{
    (void)state;
    for (u64 s = 1; s <= 200; s++) {
        reset(s, s % 2);
        for (unsigned i = 0; i < 20000; i++)
            step();
    }
}

/* A quarter turn of the clock: nobody's note may become so old that it looks new. */
static void the_clock_does_not_lap(void **state)
{
    (void)state;
    reset(1, true);
    tlb_clock_value = 0x3fffffff;
    for (unsigned c = 0; c < CPUS; c++)
        infos[c].tlb_time = 5;
    tlb_clock();
    for (unsigned c = 0; c < CPUS; c++)
        assert_true(infos[c].tlb_time >= 0x3fffffff);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_lives), cmocka_unit_test(the_clock_does_not_lap),
    };
    return cmocka_run_group_tests_name("tlb", tests, NULL, NULL);
}
