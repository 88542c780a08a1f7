/*
 * Spin locks: nobody waits for ever.
 * The other CPUs are played by machine_poll(), which a waiter calls at each look: they give the lock back and take it
 * again at once, the worst that guests can bring them to do. Went wrong once: the waiter never got it, because a lock
 * that was free between two looks was anybody's.
 * And from several threads at once: two holders at a time would lose counts. Clean under ThreadSanitizer.
 * The sources are included, not linked, because each thread is a CPU here.
 * Links: arch/host/fake_log.c
 * Libraries: -lpthread
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>
#include "core/lock.c"

static _Thread_local unsigned cpu_now;
unsigned smp_cpu(void) { return cpu_now; }

static struct spinlock lock = SPINLOCK(heap);
static unsigned looks, retakes;
static bool hog_has_it;
static void (*others)(void);

void machine_poll(void)
{
    if (others)
        others();
    else
        sched_yield();
}

/* CPU 1 as a guest wants it: between two looks of CPU 0 it has always dropped the lock and got it back. */
static void hog(void)
{
    cpu_now = 1;
    assert_true(++looks < 1000000);
    if (hog_has_it) {
        spin_unlock(&lock);
        hog_has_it = spin_trylock(&lock);
        retakes += hog_has_it;
    }
    cpu_now = 0;
}

static void hogged(void **state)
{
    (void)state;
    cpu_now = 1;
    spin_lock(&lock);
    hog_has_it = true;
    cpu_now = 0;
    others = hog;
    spin_lock(&lock);
    others = NULL;
    assert_false(hog_has_it);
    assert_true(spin_is_held(&lock));
    assert_true(retakes > 100);     /* the story's hog was one */
    assert_int_equal(lock.reserved, 0);
    spin_unlock(&lock);
    assert_int_equal(lock.word, 0);
    assert_true(spin_trylock(&lock));
    assert_false(spin_take(&lock));
    spin_unlock(&lock);
}

/* While one waits with a reservation, a third who only tries is refused though the lock is free. */
static void reserved_is_not_free(void **state)
{
    (void)state;
    assert_true(reserve(&lock));
    assert_false(spin_trylock(&lock));
    assert_false(reserve(&lock));
    lock.reserved = 0;
    assert_true(spin_trylock(&lock));
    spin_unlock(&lock);
}

#define THREADS 4
#define TURNS 30000

static unsigned long counted;       /* under the lock, and not atomic */

static void *turn(void *arg)
{
    cpu_now = 1 + (unsigned)(unsigned long)arg;
    for (unsigned i = 0; i < TURNS; i++) {
        spin_lock(&lock);
        counted++;
        if (i % 64 == 0)
            sched_yield();          /* the others come to reserve */
        spin_unlock(&lock);
    }
    return NULL;
}

static void threads(void **state)
{
    pthread_t thread[THREADS];

    (void)state;
    for (unsigned long i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, turn, (void *)i), 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    assert_int_equal(counted, THREADS * TURNS);
    assert_int_equal(lock.word, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hogged),
        cmocka_unit_test(reserved_is_not_free),
        cmocka_unit_test(threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
