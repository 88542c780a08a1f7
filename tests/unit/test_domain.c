/*
 * The life of a domain: found by id, kept by references, torn down in steps, a zombie while others hold its frames,
 * gone afterwards with everything given back; creation that fails at each allocation in turn; shutdown and resume.
 * The mechanisms around it (events, grants, page tables, scheduler) are stubs that count.
 * Could go wrong: a step of the teardown that is to be repeated runs once, a zombie is freed under whoever still maps
 * its frames, a failed creation keeps its id. Did: a timer that refills a cap found vcpus half freed.
 * Links: core/domain.c core/domain_kill.c core/shutdown.c core/vcpu.c core/vcpu_timer.c core/reject.c core/timer.c
 *        core/sched_op.c
 *        core/lock.c lib/pqueue.c lib/rangeset.c
 * Links: arch/host/fake_machine.c arch/host/fake_heap.c arch/host/fake_guest.c arch/host/fake_log.c
 */
#include "arch/host/fake.h"
#include <string.h>
#include "core/event.h"
#include "core/grant.h"
#include "core/heap.h"
#include "core/hypercall.h"
#include "core/mmu.h"
#include "core/options.h"
#include "core/sched.h"
#include "core/stir.h"
#include "core/vcpu_timer.h"
#include "lib/print.h"

/* ---- stubs ---- */

static struct domain idle_record = { .id = DOMID_IDLE };
static struct vcpu idle_vcpu = { .domain = &idle_record };
struct domain *idle_domain = &idle_record;
_Thread_local struct vcpu *fake_current = &idle_vcpu;
struct options opt;
static unsigned dom_exc, relinquished, wakes, restarts_left, dumps;

void machine_end(enum machine_end how) { (void)how; abort(); }
void machine_dump_vcpu(struct vcpu *v) { (void)v, dumps++; }
void machine_time_publish(struct vcpu *v) { (void)v; }
void log_line(enum log_level l, bool g, const char *fmt, ...) { (void)g, (void)fmt; assert_true(l != LOG_ERROR); }
void *shared_page_alloc(struct domain *d) { return zalloc(d, PAGE_SIZE); }
void shared_page_free(void *page) { zfree(page); }
long domain_claim(struct domain *d, u64 pages) { (void)d, (void)pages; return 0; }

static void *part(void) { return zalloc(NULL, 1); }
long event_domain_init(struct domain *d) { return (d->event = part()) ? 0 : -ENOMEM; }
void event_domain_destroy(struct domain *d) { assert_int_equal(d->refs, 0); zfree(d->event); }
long event_domain_close(struct domain *d) { (void)d; return restarts_left && restarts_left-- ? -ERESTART : 0; }
long event_vcpu_init(struct vcpu *v) { return (v->event = part()) ? 0 : -ENOMEM; }
void event_vcpu_destroy(struct vcpu *v) { zfree(v->event); }
void event_vcpu_info_moved(struct vcpu *v) { v->info->evtchn_upcall_pending = 1; }
static unsigned ticks;
void virq_send(struct vcpu *v, u32 virq) { (void)v; ticks += virq == VIRQ_TIMER; }
void virq_send_host(u32 virq) { dom_exc += virq == VIRQ_DOM_EXC; }
static u32 suspend_heard_on;
long event_send(struct domain *d, u32 port) { (void)d; suspend_heard_on = port; return port == 7 ? 0 : -EINVAL; }
long grant_domain_init(struct domain *d, unsigned v) { (void)v; return (d->grant = part()) ? 0 : -ENOMEM; }
long grant_release_mappings(struct domain *d) { (void)d; return restarts_left && restarts_left-- ? -ERESTART : 0; }
bool grant_domain_shrink(struct domain *d) { (void)d; return restarts_left && restarts_left--; }
void grant_domain_destroy(struct domain *d) { zfree(d->grant); }
long mmu_relinquish(struct domain *d) { (void)d; return 0; }
void address_space_leave(struct domain *d) { (void)d; }
unsigned audit_domain(struct domain *d) { (void)d; return 0; }
void mmu_drop_bases(struct vcpu *v) { (void)v; }
long sched_vcpu_init(struct vcpu *v) { return (v->sched = part()) ? 0 : -ENOMEM; }
void sched_vcpu_destroy(struct vcpu *v)
{
    zfree(v->sched);
    v->sched = NULL;
    fake_now += 1000000000; /* another CPU's timers, half way through */
    timers_run();
}
/* A timer that looks at the domain's vcpus, as the refill of a cap. */
static void refill(void *data)
{
    struct domain *d = data;
    struct vcpu *v;

    for_each_vcpu(d, v)
        assert_non_null(v->sched);
}
long sched_domain_init(struct domain *d)
{
    struct timer *t = d->sched = zalloc(NULL, sizeof(*t));

    if (!t)
        return -ENOMEM;
    timer_init(t, refill, d, 0);
    return 0;
}
void sched_domain_quiesce(struct domain *d) { timer_kill(d->sched); }
void sched_domain_destroy(struct domain *d) { zfree(d->sched); }
long sched_pin_override(struct vcpu *v, s32 cpu) { (void)v, (void)cpu; return -EPERM; }
void vcpu_block(void) {}
u32 event_ports_max(const struct domain *d) { (void)d; return 0; }
long event_port_pending(struct domain *d, u32 port) { (void)d, (void)port; return 0; }
void vcpu_wake(struct vcpu *v) { wakes += vcpu_runnable(v); }
void vcpu_sleep_nosync(struct vcpu *v) { (void)v; }
void vcpu_sleep_sync(struct vcpu *v) { (void)v; }
void vcpu_runstate_get(struct vcpu *v, vcpu_runstate_info_t *out) { *out = v->runstate; }
long arch_domain_init(struct domain *d) { (void)d; return 0; }
void arch_domain_destroy(struct domain *d) { (void)d; }
void arch_domain_relinquish(struct domain *d) { (void)d; relinquished++; }
void arch_vcpu_relinquish(struct vcpu *v) { (void)v; }
long arch_vcpu_init(struct vcpu *v) { (void)v; return 0; }
void arch_vcpu_destroy(struct vcpu *v) { (void)v; }
long arch_vcpu_set_context(struct vcpu *v, const vcpu_guest_context_t *c) { (void)c; v->initialised = true; return 0; }
void arch_vcpu_nmi(struct vcpu *v) { (void)v; }
long arch_vcpu_nmi_callback(struct vcpu *v, u64 address) { (void)v, (void)address; return 0; }
u64 arch_cpu_physid(unsigned cpu) { return cpu; }

/* Frames: 1..FRAMES-1, with the list and counts core/frame.c keeps. */
#define FRAMES 2048
static struct frame frames[FRAMES];
static char page[2][PAGE_SIZE] __attribute__((aligned(4096)));
struct frame *frame_table = frames;
mfn_t frame_table_max = FRAMES;
void *mfn_to_virt(mfn_t mfn) { return page[mfn & 1]; }

static void give_frame(struct domain *d, mfn_t mfn)
{
    struct frame *f = &frames[mfn];

    *f = (struct frame){ .owner = d->id, .count = FRAME_ALLOCATED | 1, .next = d->page_head };
    if (d->page_head)
        frames[d->page_head].prev = (u32)mfn;
    d->page_head = (u32)mfn;
    if (!d->tot_pages++)
        d->refs++;
}
bool frame_get(mfn_t mfn, const struct domain *d)
{
    if (!mfn_valid(mfn) || frames[mfn].owner != d->id || !(frames[mfn].count & FRAME_REFS))
        return false;
    frames[mfn].count++;
    return true;
}
void frame_put(mfn_t mfn)
{
    struct frame *f = &frames[mfn];
    struct domain *d;

    if (--f->count & FRAME_REFS)
        return;
    d = domain_get(f->owner);
    assert_non_null(d);
    if (f->prev)
        frames[f->prev].next = f->next;
    else
        d->page_head = f->next;
    if (f->next)
        frames[f->next].prev = f->prev;
    if (!--d->tot_pages)
        domain_put(d);
    domain_put(d);
}
bool frame_release(mfn_t mfn)
{
    if (!(frames[mfn].count & FRAME_ALLOCATED))
        return false;
    frames[mfn].count &= ~FRAME_ALLOCATED;
    frame_put(mfn);
    return true;
}
bool frame_get_writable(mfn_t mfn, const struct domain *d) { return frame_get(mfn, d); }

mfn_t domain_next_frame(struct domain *d, mfn_t mfn)
{
    mfn = mfn ? frames[mfn].next : d->page_head;
    while (mfn && !frame_get(mfn, d))
        mfn = frames[mfn].next;
    return mfn;
}
void frame_put_writable(mfn_t mfn) { frame_put(mfn); }

/* ---- tests ---- */

static const struct domain_config config = { .max_vcpus = 2, .max_evtchn_port = 1023, .max_grant_frames = 64,
                                             .max_maptrack_frames = 1024 };

static struct domain *create(domid_t id)
{
    long err = 0;
    struct domain *d = domain_create(id, &config, &err);

    assert_non_null(d);
    for (unsigned i = 0; i < config.max_vcpus; i++)
        assert_non_null(vcpu_create(d, i, &err));
    return d;
}

static void kill_all(struct domain *d)
{
    long rc;

    do
        rc = domain_kill(d);
    while (rc == -ERESTART);
    assert_int_equal(rc, 0);
}

static void is_found_while_it_lives(void **state)
{
    struct domain *d = create(DOMID_INVALID);
    domid_t id = d->id;
    long err;
    (void)state;

    assert_ptr_equal(domain_get(id), d);
    assert_null(domain_get((domid_t)(id + 1)));
    assert_null(domain_get(DOMID_SELF));
    assert_null(domain_create(id, &config, &err));
    assert_int_equal(err, -EEXIST);
    kill_all(d);
    assert_ptr_equal(domain_get(id), d); /* ours is left */
    domain_put(d);
    assert_int_equal(d->dying, DOMDYING_dead);
    domain_put(d);
    assert_null(domain_get(id));
    assert_true(fake_pending[0] & PENDING_TASK);
    domains_reap();
}

/* Between a look at the table and the reference the domain ends, and its structure becomes another one's. */
static struct domain *doomed, *heir;
static void change_hands(void)
{
    fake_stir = NULL;
    kill_all(doomed);
    domains_reap();
    heir = create(DOMID_INVALID);
}

static void is_who_was_asked_for(void **state)
{
    domid_t id = (doomed = create(DOMID_INVALID))->id;
    (void)state;

    fake_stir = change_hands;
    assert_null(domain_get(id));
    assert_null(fake_stir);
    assert_ptr_equal(heir, doomed);
    assert_int_not_equal(heir->id, id);
    assert_int_equal(heir->refs, 1);    /* and nothing stays of the wrong one */
    kill_all(heir);
    domains_reap();
}

static void zombie_until_the_last_frame_is_let_go(void **state)
{
    struct domain *d = create(DOMID_INVALID);
    domid_t id = d->id;
    unsigned steps = 0, before = dom_exc;
    (void)state;

    for (mfn_t mfn = 1; mfn < FRAMES; mfn++)
        give_frame(d, mfn);
    assert_true(frame_get(700, d)); /* domain 0 maps this one */
    restarts_left = 3;
    assert_ptr_equal(domain_get(id), d);
    while (domain_kill(d) == -ERESTART)
        steps++;
    assert_true(steps >= 3 + FRAMES / 512 - 1);
    domain_put(d);
    assert_int_equal(d->tot_pages, 1);
    assert_int_equal(d->page_head, 700);
    assert_true(dom_exc > before);
    assert_non_null(domain_get(id));
    domain_put(d);
    frame_put(700);
    assert_null(domain_get(id));
    for (restarts_left = 2; restarts_left;) { /* its grant table is a large one */
        fake_pending[0] = 0;
        domains_reap();
        assert_non_null(domain_list);
        assert_false(fake_pending[0] & PENDING_TASK); /* others have their turn, until a timer fires */
        fake_now += 1000000;
        timers_run();
        assert_true(fake_pending[0] & PENDING_TASK);
    }
    domains_reap();
    assert_int_equal(restarts_left, 0);
    assert_null(domain_list);
}

/* Timers that look at a domain's vcpus end before the vcpus do. */
static void its_cap_is_not_refilled_after_death(void **state)
{
    struct domain *d = create(DOMID_INVALID);
    (void)state;

    timer_set(d->sched, fake_now + 1000000);
    kill_all(d);
    domains_reap();
    assert_null(domain_list);
}

static void failing_creation_leaves_nothing(void **state)
{
    long err;
    (void)state;

    long before = 0;
    for (long n = 0;; n++) {
        fake_heap_fails_in = n;
        struct domain *d = domain_create(DOMID_INVALID, &config, &err);
        fake_heap_fails_in = -1;
        if (d) {
            assert_true(n > 5);
            assert_ptr_equal(domain_get(d->id), d);
            kill_all(d);
            domain_put(d);
            domains_reap();
            break;
        }
        assert_int_equal(err, -ENOMEM);
        if (n == 2)
            before = fake_heap_objects; /* the id table and the structure stay for the next one */
        else if (n > 2)
            assert_int_equal(fake_heap_objects, before);
    }
    assert_null(domain_list);
}

/* A vcpu that shared_info has no place for has one of its own, whoever's else runs without a registered one. */
static void hidden_vcpu_info_is_nobody_elses(void **state)
{
    struct domain_config many = config;
    struct domain *d[2];
    struct vcpu *v[2];
    long err = 0;
    (void)state;

    many.max_vcpus = XEN_LEGACY_MAX_VCPUS + 1;
    for (unsigned i = 0; i < 2; i++) {
        d[i] = domain_create(DOMID_INVALID, &many, &err);
        assert_non_null(d[i]);
        v[i] = vcpu_create(d[i], XEN_LEGACY_MAX_VCPUS, &err);
        assert_non_null(v[i]);
        assert_int_equal(v[i]->info->evtchn_upcall_mask, 1);
        assert_int_equal(v[i]->info->arch.cr2, 0);
        v[i]->info->evtchn_upcall_mask = 0;     /* as after a restored guest's iret and its page fault */
        v[i]->info->arch.cr2 = 77;
    }
    for (unsigned i = 0; i < 2; i++)
        kill_all(d[i]);
    domains_reap();
}

static void vcpu_info_moves_once(void **state)
{
    struct domain *d = create(DOMID_INVALID);
    struct vcpu_register_vcpu_info r = { .mfn = 5, .offset = 64 };
    (void)state;

    give_frame(d, 5);
    fake_current = d->vcpu[0];
    d->shared->vcpu_info[0].arch.cr2 = 77;
    assert_int_equal(do_vcpu_op(VCPUOP_is_up, 9, 0), -ENOENT);
    r.offset = PAGE_SIZE - 32;
    assert_int_equal(do_vcpu_op(VCPUOP_register_vcpu_info, 0, (u64)&r), -ENXIO);
    r.offset = 68;
    assert_int_equal(do_vcpu_op(VCPUOP_register_vcpu_info, 0, (u64)&r), -ENXIO);
    r.offset = 64;
    r.mfn = 6; /* not its own */
    assert_int_equal(do_vcpu_op(VCPUOP_register_vcpu_info, 0, (u64)&r), -EINVAL);
    r.mfn = 5;
    d->vcpu[1]->pause_flags &= ~VPF_DOWN; /* somebody raises events there */
    assert_int_equal(do_vcpu_op(VCPUOP_register_vcpu_info, 1, (u64)&r), -EINVAL);
    d->vcpu[1]->pause_flags |= VPF_DOWN;
    assert_int_equal(do_vcpu_op(VCPUOP_register_vcpu_info, 0, (u64)&r), 0);
    assert_ptr_equal(d->vcpu[0]->info, page[1] + 64);
    assert_int_equal(d->vcpu[0]->info->arch.cr2, 77);
    assert_int_equal(d->vcpu[0]->info->evtchn_upcall_pending, 1);
    assert_int_equal(do_vcpu_op(VCPUOP_register_vcpu_info, 0, (u64)&r), -EINVAL);
    assert_int_equal(do_vcpu_op(VCPUOP_up, 1, 0), -EINVAL); /* no context */
    fake_current = &idle_vcpu;
    assert_non_null(domain_get(d->id));
    kill_all(d);
    domain_put(d);
    domains_reap(); /* the frame's reference went with the vcpu: nothing is left */
    assert_null(domain_list);
}

/* A periodic timer goes while its vcpu runs: who sleeps interrupts nobody, and misses one tick for all. */
static void ticks_are_for_who_runs(void **state)
{
    struct domain *d = create(DOMID_INVALID);
    struct vcpu_set_periodic_timer p = { .period_ns = 1000000 };
    struct vcpu *v = d->vcpu[1];
    (void)state;

    fake_current = d->vcpu[0];
    ticks = 0;
    assert_int_equal(do_vcpu_op(VCPUOP_set_periodic_timer, 1, (u64)&p), 0);
    for (unsigned ms = 0; ms < 50; ms++, fake_now += 1000000)
        timers_run();
    assert_int_equal(ticks, 0);
    assert_false(timer_queued(&v->periodic_timer));
    v->running = true;
    vcpu_tick_on(v);
    assert_int_equal(ticks, 1);
    for (unsigned ms = 0; ms < 50; ms++, fake_now += 1000000)
        timers_run();
    assert_int_equal(ticks, 50);
    v->running = false;
    for (unsigned ms = 0; ms < 50; ms++, fake_now += 1000000)
        timers_run();
    assert_int_equal(ticks, 50);
    v->running = true;
    vcpu_tick_on(v);
    vcpu_tick_on(v);            /* no more, however often it is switched to */
    assert_int_equal(ticks, 51);
    assert_int_equal(do_vcpu_op(VCPUOP_stop_periodic_timer, 1, 0), 0);
    v->running = false;
    fake_current = &idle_vcpu;
    kill_all(d);
    domains_reap();
}

static void shutdown_stops_and_resume_goes_on(void **state)
{
    struct domain *d = create(DOMID_INVALID);
    (void)state;

    d->vcpu[0]->pause_flags = 0;
    domain_unpause(d);
    assert_true(vcpu_runnable(d->vcpu[0]));
    domain_shutdown(d, SHUTDOWN_suspend);
    domain_shutdown(d, SHUTDOWN_crash); /* too late to count */
    assert_true(d->shut_down);
    assert_int_equal(d->shutdown_code, SHUTDOWN_suspend);
    assert_false(vcpu_runnable(d->vcpu[0]));
    wakes = 0;
    domain_resume(d);
    assert_true(vcpu_runnable(d->vcpu[0]));
    assert_int_equal(wakes, 1); /* vcpu 1 is down */
    for (u32 port = 7; port <= 8; port++) { /* a subscriber is told in place of all; one that went away is not */
        unsigned before = dom_exc;

        d->suspend_port = port;
        domain_shutdown(d, SHUTDOWN_suspend);
        assert_int_equal(suspend_heard_on, port);
        assert_int_equal(dom_exc - before, port == 8);
        domain_resume(d);
    }
    assert_non_null(domain_get(d->id));
    kill_all(d);
    domain_put(d);
    domains_reap();
}

/* Each crash stops the domain and is said, but a guest that crashes in a loop does not fill the serial line. */
static void crash_loop_shows_registers_now_and_then(void **state)
{
    struct domain *d = create(DOMID_INVALID);
    (void)state;

    fake_current = d->vcpu[0];
    dumps = 0;
    for (unsigned second = 0; second < 100; second++, fake_now += 1000000000UL) {
        domain_crash(d, "crash number %u", second);
        assert_int_equal(d->shutdown_code, SHUTDOWN_crash);
        if (!second)
            assert_int_equal(dumps, 1);
        fake_current = &idle_vcpu;
        domain_resume(d);
        fake_current = d->vcpu[0];
    }
    assert_int_equal(dumps, 4 + 10);
    fake_current = &idle_vcpu;
    assert_non_null(domain_get(d->id));
    kill_all(d);
    domain_put(d);
    domains_reap();
}

/* A guest that sets its watchdog again and again, each time sooner, interrupts no CPU but its own. */
static void watchdogs_are_set_where_they_are_asked_for(void **state)
{
    struct domain *d = create(DOMID_INVALID);   /* on CPU 0 */
    struct vcpu *before = current;
    struct sched_watchdog w = { .timeout = 1000 };
    (void)state;

    nr_cpus = 2;
    fake_cpu = 1;
    current = d->vcpu[0];
    memset(fake_pending, 0, sizeof(fake_pending));
    w.id = (u32)do_sched_op(SCHEDOP_watchdog, (u64)&w);
    assert_int_equal(w.id, 1);
    while (--w.timeout > 900)
        assert_int_equal(do_sched_op(SCHEDOP_watchdog, (u64)&w), 0);
    assert_int_equal(fake_pending[0], 0);
    fake_now += 901 * 1000000000UL;
    timers_run();
    assert_int_equal(d->shutdown_code, SHUTDOWN_watchdog);
    fake_cpu = 0;
    nr_cpus = 1;
    current = before;
    kill_all(d);
    domains_reap();
}

/* Whose tools let a domain of 128 vcpus go on: interrupts are answered meanwhile. */
static void many_vcpus_go_on_in_pieces(void **state)
{
    struct domain_config large = config;
    struct domain *d;
    long err = 0;
    (void)state;

    large.max_vcpus = DOMAIN_MAX_VCPUS;
    d = domain_create(DOMID_INVALID, &large, &err);
    assert_non_null(d);
    for (unsigned i = 0; i < DOMAIN_MAX_VCPUS; i++) {
        assert_non_null(vcpu_create(d, i, &err));
        d->vcpu[i]->pause_flags = 0;
    }
    fake_preempt_every = 1u << 30;
    wakes = fake_looks = 0;
    domain_unpause(d);
    assert_int_equal(wakes, DOMAIN_MAX_VCPUS);
    assert_int_equal(fake_looks, DOMAIN_MAX_VCPUS / 16);
    fake_preempt_every = 0;
    kill_all(d);
    domains_reap();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_cap_is_not_refilled_after_death),
        cmocka_unit_test(failing_creation_leaves_nothing),
        cmocka_unit_test(is_found_while_it_lives),
        cmocka_unit_test(is_who_was_asked_for),
        cmocka_unit_test(zombie_until_the_last_frame_is_let_go),
        cmocka_unit_test(hidden_vcpu_info_is_nobody_elses),
        cmocka_unit_test(vcpu_info_moves_once),
        cmocka_unit_test(ticks_are_for_who_runs),
        cmocka_unit_test(shutdown_stops_and_resume_goes_on),
        cmocka_unit_test(many_vcpus_go_on_in_pieces),
        cmocka_unit_test(watchdogs_are_set_where_they_are_asked_for),
        cmocka_unit_test(crash_loop_shows_registers_now_and_then),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
