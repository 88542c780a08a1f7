/*
 * Timers and their queue, against the simplest model: a list that is searched. Simulated time, two CPUs.
 * Could go wrong: a deadline near the end of time that wraps, a timer set again from its own handler, killed while it
 * fires on another CPU, or one that is due when it is set.
 * Links: core/timer.c core/lock.c lib/pqueue.c
 * Links: arch/host/fake_machine.c arch/host/fake_guest.c arch/host/fake_log.c
 */
#include "arch/host/fake.h"
#include "core/timer.h"

/* ---- a machine of two CPUs ---- */

unsigned nr_cpus = 2;
cpumask_t cpus_online = 3;

/* Let time pass until `end`, taking timer interrupts where they were asked for. */
static void run_until(ns_t end)
{
    for (;;) {
        unsigned first;

        for (fake_cpu = 0; fake_cpu < 2; fake_cpu++)
            while (fake_pending[fake_cpu]) {
                fake_pending[fake_cpu] = 0;
                timers_run();
            }
        fake_cpu = 0;
        first = fake_alarm[0] && (!fake_alarm[1] || fake_alarm[0] <= fake_alarm[1]) ? 0 : 1;
        if (!fake_alarm[first] || fake_alarm[first] > end)
            break;
        if (fake_alarm[first] > fake_now)
            fake_now = fake_alarm[first];
        fake_alarm[first] = 0;
        fake_cpu = first;
        timers_run();
        fake_cpu = 0;
    }
    fake_now = end;
}

struct probe {
    struct timer t;
    unsigned fired, cpu;
    ns_t at;
    ns_t again;         /* period to set itself again */
};

static void probe_fired(void *data)
{
    struct probe *p = data;
    p->fired++;
    p->at = fake_now;
    p->cpu = fake_cpu;
    if (p->again)
        timer_set(&p->t, fake_now + p->again);
}

/* A guest's hundred timers due at once, on a CPU that is another's meanwhile: interrupts are answered in between. */
static void many_at_once(void **state)
{
    static struct probe p[100];
    (void)state;

    for (unsigned i = 0; i < ARRAY_SIZE(p); i++) {
        timer_init(&p[i].t, probe_fired, &p[i], 0);
        timer_set(&p[i].t, fake_now + 1000);
    }
    fake_looks = 0;
    fake_preempt_every = 1;
    run_until(fake_now + 2000);
    fake_preempt_every = 0;
    for (unsigned i = 0; i < ARRAY_SIZE(p); i++)
        assert_int_equal(p[i].fired, 1);
    assert_true(fake_looks >= ARRAY_SIZE(p) / 20);
}

static void fires_once_at_its_time(void **state)
{
    struct probe p = { 0 };
    (void)state;

    timer_init(&p.t, probe_fired, &p, 0);
    timer_set(&p.t, fake_now + 500);
    assert_true(timer_queued(&p.t));
    ns_t due = fake_now + 500;
    run_until(fake_now + 10000);
    assert_int_equal(p.fired, 1);
    assert_int_equal(p.at, due);
    assert_false(timer_queued(&p.t));
}

static void on_the_cpu_it_belongs_to(void **state)
{
    struct probe p = { 0 };
    (void)state;

    timer_init(&p.t, probe_fired, &p, 1);
    timer_set(&p.t, fake_now + 100); /* from CPU 0 */
    assert_true(fake_pending[1] & PENDING_TIMER);
    run_until(fake_now + 1000);
    assert_int_equal(p.fired, 1);
    assert_int_equal(p.cpu, 1);
    timer_set(&p.t, fake_now + 100);
    timer_migrate(&p.t, 0);
    run_until(fake_now + 1000);
    assert_int_equal(p.fired, 2);
    assert_int_equal(p.cpu, 0);
}

static void stopped_and_killed_do_not_fire(void **state)
{
    struct probe p = { 0 }, q = { 0 };
    (void)state;

    timer_init(&p.t, probe_fired, &p, 0);
    timer_init(&q.t, probe_fired, &q, 0);
    timer_set(&p.t, fake_now + 100);
    timer_set(&q.t, fake_now + 200);
    timer_stop(&p.t);
    timer_kill(&q.t);
    timer_set(&q.t, fake_now + 300); /* dead ones stay dead */
    run_until(fake_now + 1000);
    assert_int_equal(p.fired + q.fired, 0);
}

static void past_times_fire_soon_and_do_not_loop(void **state)
{
    struct probe p = { 0 };
    (void)state;

    timer_init(&p.t, probe_fired, &p, 0);
    timer_set(&p.t, 0);
    run_until(fake_now + 1);
    assert_int_equal(p.fired, 1);
}

static void postponing_does_not_touch_the_machine(void **state)
{
    struct probe p = { 0 };
    unsigned before;
    (void)state;

    timer_init(&p.t, probe_fired, &p, 0);
    timer_set(&p.t, fake_now + 100);
    before = fake_alarms;
    for (unsigned i = 0; i < 1000; i++)
        timer_set(&p.t, fake_now + 200 + i);
    assert_int_equal(fake_alarms, before);
    run_until(fake_now + 5000);
    assert_int_equal(p.fired, 1);
}

/* Random operations on many timers; each must fire exactly when the model says. */
/* A machine timer has an end and a clock that rounds: an interrupt before the time must not be the last one. */
static void an_early_interrupt_is_followed_by_another(void **state)
{
    struct probe p = { 0 };
    (void)state;

    timer_init(&p.t, probe_fired, &p, 0);
    timer_set(&p.t, fake_now + 1000);
    fake_now += 999;
    fake_alarm[0] = 0;
    timers_run();
    assert_int_equal(p.fired, 0);
    run_until(fake_now + 10);
    assert_int_equal(p.fired, 1);
}

static void random_operations_agree_with_the_model(void **state)
{
    enum { N = 200 };
    static struct probe p[N];
    static ns_t due[N];
    unsigned expected[N] = { 0 };
    (void)state;

    srand(1);
    for (unsigned i = 0; i < N; i++)
        timer_init(&p[i].t, probe_fired, &p[i], i & 1);
    for (unsigned step = 0; step < 20000; step++) {
        unsigned i = (unsigned)rand() % N, what = (unsigned)rand() % 10;

        if (what < 5) {
            due[i] = fake_now + 1 + (unsigned)rand() % 1000;
            timer_set(&p[i].t, due[i]);
        } else if (what < 7) {
            timer_stop(&p[i].t);
            due[i] = 0;
        } else if (what < 8) {
            timer_migrate(&p[i].t, (unsigned)rand() & 1);
        } else {
            ns_t end = fake_now + (unsigned)rand() % 50;
            run_until(end);
            for (unsigned k = 0; k < N; k++)
                if (due[k] && due[k] <= end) {
                    expected[k]++;
                    assert_int_equal(p[k].at, due[k]);
                    due[k] = 0;
                }
        }
    }
    for (unsigned i = 0; i < N; i++)
        assert_int_equal(p[i].fired, expected[i]);
}

/* ---- the queue itself ---- */

static unsigned check_heap(struct pqnode *n, struct pqnode *parent)
{
    if (!n)
        return 0;
    assert_ptr_equal(n->parent, parent);
    if (parent)
        assert_true(parent->key <= n->key);
    assert_true((n->left ? n->left->rank : 0) >= (n->right ? n->right->rank : 0));
    assert_int_equal(n->rank, 1 + (n->right ? n->right->rank : 0));
    return 1 + check_heap(n->left, n) + check_heap(n->right, n);
}

static void queue_keeps_its_shape(void **state)
{
    enum { N = 500 };
    static struct pqnode node[N];
    struct pqnode *root = NULL;
    unsigned in = 0;
    (void)state;

    srand(2);
    for (unsigned step = 0; step < 20000; step++) {
        struct pqnode *n = &node[rand() % N];
        unsigned walked = 0;

        if (pq_queued(n)) {
            pq_remove(&root, n);
            in--;
        } else {
            n->key = (u64)rand() % 1000;
            pq_insert(&root, n);
            in++;
        }
        if (step % 16)
            continue;
        assert_int_equal(check_heap(root, NULL), in);
        for (struct pqnode *w = root; w; w = pq_next(w))
            walked++;
        assert_int_equal(walked, in);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_at_once),
        cmocka_unit_test(fires_once_at_its_time),
        cmocka_unit_test(on_the_cpu_it_belongs_to),
        cmocka_unit_test(stopped_and_killed_do_not_fire),
        cmocka_unit_test(past_times_fire_soon_and_do_not_loop),
        cmocka_unit_test(postponing_does_not_touch_the_machine),
        cmocka_unit_test(an_early_interrupt_is_followed_by_another),
        cmocka_unit_test(random_operations_agree_with_the_model),
        cmocka_unit_test(queue_keeps_its_shape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
