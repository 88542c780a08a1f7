/*
 * Which descriptors a guest may have: the rule of arch/x86/pv/descriptor.h, row by row. Stands alone.
 * Could go wrong: one bit of a gate or a TSS let through, and a guest leaves ring 3.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "arch/x86/pv/descriptor.h"

#define DESC(type, s, dpl, present) ((u64)(type) << 40 | (u64)(s) << 44 | (u64)(dpl) << 45 | (u64)(present) << 47)

/* A present code or data segment of any type is fine, in ring 3. */
static void segments_become_ring_3(void **state)
{
    (void)state;
    for (unsigned type = 0; type < 16; type++)
        for (unsigned dpl = 0; dpl < 4; dpl++) {
            u64 desc = DESC(type, 1, dpl, 1) | 0x00cf00000000ffffUL, want = desc | DESC(0, 0, 3, 0);
            assert_true(descriptor_check(&desc));
            assert_int_equal(desc, want);
        }
}

/* Gates and system segments lead into ring 0: never, whatever their DPL says. */
static void system_descriptors_refused(void **state)
{
    (void)state;
    for (unsigned type = 0; type < 16; type++)
        for (unsigned dpl = 0; dpl < 4; dpl++) {
            u64 desc = DESC(type, 0, dpl, 1);
            assert_false(descriptor_check(&desc));
        }
}

/* Loading a not-present descriptor faults: its other bits mean nothing and stay as they are. */
static void absent_ones_untouched(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 128; bits++) {
        u64 desc = (u64)bits << 40, want = desc;
        assert_true(descriptor_check(&desc));
        assert_int_equal(desc, want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segments_become_ring_3), cmocka_unit_test(system_descriptors_refused),
        cmocka_unit_test(absent_ones_untouched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
