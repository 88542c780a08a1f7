/*
 * Range sets against a bit per number: random additions and removals, every question asked after each, invariants of
 * the list, and a failing allocator.
 * Could go wrong: ranges that touch and do not merge, the last number of all, half a change left when memory runs out.
 * Links: lib/rangeset.c arch/host/fake_heap.c
 */
#include "arch/host/fake.h"
#include <string.h>
#include "lib/bitops.h"
#include "lib/errno.h"
#include "lib/rangeset.h"

#define N 64

struct walk {
    u64 bits, last;
    bool any;
};

static long collect(u64 first, u64 last, void *data)
{
    struct walk *w = data;
    assert_true(first <= last);
    if (w->any)
        assert_true(first > w->last + 1);   /* sorted, disjoint, not adjacent */
    for (u64 i = first; i <= last; i++)
        w->bits |= BIT(i);
    w->last = last;
    w->any = true;
    return 0;
}

static u64 span(u64 first, u64 last) { return (~0UL >> (63 - (last - first))) << first; }

static void against_bits(void **state)
{
    (void)state;
    srand(1);
    for (unsigned round = 0; round < 200; round++) {
        struct rangeset *r = rangeset_create(NULL);
        u64 model = 0;
        for (unsigned step = 0; step < 60; step++) {
            u64 first = (u64)rand() % N, last = first + (u64)rand() % (N - first);
            bool add = rand() % 2;
            fake_heap_fails_in = rand() % 4 ? -1 : 0;
            long err = add ? rangeset_add(r, first, last) : rangeset_remove(r, first, last);
            fake_heap_fails_in = -1;
            if (!err)
                model = add ? model | span(first, last) : model & ~span(first, last);
            else
                assert_int_equal(err, -ENOMEM);
            struct walk w = { 0 };
            assert_int_equal(rangeset_foreach(r, collect, &w), 0);
            assert_int_equal(w.bits, model);
            u64 a = (u64)rand() % N, b = a + (u64)rand() % (N - a);
            assert_int_equal(rangeset_contains(r, a, b), (model & span(a, b)) == span(a, b));
            assert_int_equal(rangeset_empty(r), model == 0);
        }
        rangeset_destroy(r);
        assert_int_equal(fake_heap_objects, 0);
    }
}

static void ends_of_the_world(void **state)
{
    struct rangeset *r = rangeset_create(NULL);
    (void)state;
    assert_int_equal(rangeset_add(r, 5, 4), -EINVAL);
    assert_int_equal(rangeset_remove(r, 5, 4), -EINVAL);
    assert_int_equal(rangeset_add(r, 0, ~0UL), 0);
    assert_true(rangeset_contains(r, 0, ~0UL));
    assert_int_equal(rangeset_remove(r, 0, 0), 0);
    assert_int_equal(rangeset_remove(r, ~0UL, ~0UL), 0);
    assert_true(rangeset_contains(r, 1, ~0UL - 1));
    assert_int_equal(rangeset_add(r, ~0UL, ~0UL), 0);
    assert_int_equal(rangeset_add(r, 0, 0), 0);
    assert_true(rangeset_contains(r, 0, ~0UL));
    assert_false(rangeset_contains(NULL, 0, 0));
    rangeset_destroy(r);
    rangeset_destroy(NULL);
    assert_int_equal(fake_heap_objects, 0);
}

static void orders(void **state)
{
    (void)state;
    assert_int_equal(order_of(1), 0);
    assert_int_equal(order_of(5), 3);
    assert_int_equal(order_of(8), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(against_bits), cmocka_unit_test(ends_of_the_world), cmocka_unit_test(orders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
