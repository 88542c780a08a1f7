/*
 * Dispatch, continuation and multicalls: every entry runs exactly once or goes on where it stopped, whatever is
 * pre-empted when; results go to their entries; what is left is in the guest's memory.
 * Could go wrong: an entry that runs twice because its continuation and the list's both remember it, or never because
 * neither does.
 * Links: core/hypercall.c core/call/multicall.c
 * Links: arch/host/fake_machine.c arch/host/fake_guest.c arch/host/fake_log.c
 */
#include "arch/host/fake.h"
#include "core/hypercall.h"
#include "lib/string.h"

static struct domain dom;
static struct vcpu vcpu = { .domain = &dom };
_Thread_local struct vcpu *fake_current = &vcpu;
static u64 restart[7];
static bool restarted;

/* ---- handlers: all hypercalls echo their arguments, but for three ---- */

static u64 seen[6];
static unsigned calls;

static long echo(u64 a, u64 b, u64 c, u64 d, u64 e)
{
    u64 args[6] = { a, b, c, d, e, 0 };

    memcpy(seen, args, sizeof(seen));
    calls++;
    return (long)(a + b + c + d + e);
}
#define ECHO_0(f) long f(void) { return echo(0, 0, 0, 0, 0); }
#define ECHO_1(f) long f(u64 a) { return echo(a, 0, 0, 0, 0); }
#define ECHO_2(f) long f(u64 a, u64 b) { return echo(a, b, 0, 0, 0); }
#define ECHO_3(f) long f(u64 a, u64 b, u64 c) { return echo(a, b, c, 0, 0); }
#define ECHO_4(f) long f(u64 a, u64 b, u64 c, u64 d) { return echo(a, b, c, d, 0); }
#define ECHO_5(f) long f(u64 a, u64 b, u64 c, u64 d, u64 e) { return echo(a, b, c, d, e); }
#undef HYPERCALL
#define HYPERCALL(name, nargs) __attribute__((weak)) ECHO_##nargs(do_##name)
#define do_multicall do_multicall_unused
#define do_memory_op do_memory_op_unused
#include "abi/hypercalls.def"
#undef do_multicall
#undef do_memory_op

/* A long call: counts a's low byte up to 10, one per look; a's other bytes say who it is. */
static unsigned steps[256];
long do_memory_op(u64 a, u64 who)
{
    while ((a & 0xff) < 10) {
        steps[who]++;
        a++;
        if (preempt_check() && (a & 0xff) < 10)
            return hypercall_continue(__HYPERVISOR_memory_op, 2, a, who);
    }
    return (long)(100 + who);
}

/* ---- the machine ---- */

void arch_hypercall_restart(u64 nr, const u64 *args, unsigned nargs)
{
    restart[0] = nr;
    memcpy(restart + 1, args, nargs * sizeof(u64));
    restarted = true;
}

/* As the guest's kernel: issue a call, and again as long as the machine says so. */
static long call(u32 nr, u64 a, u64 b)
{
    u64 args[6] = { a, b };
    long rc;

    for (;;) {
        restarted = false;
        rc = hypercall_dispatch(nr, args);
        assert_false(vcpu.mc.active);
        if (!restarted)
            return rc;
        assert_int_equal(rc, restart[0]);
        nr = (u32)restart[0];
        memcpy(args, restart + 1, sizeof(args));
    }
}
static long multicall(struct multicall_entry *list, u64 n)
{
    return call(__HYPERVISOR_multicall, (u64)(uintptr_t)list, n);
}

static int start(void **state)
{
    (void)state;
    memset(steps, 0, sizeof(steps));
    memset(&vcpu.mc, 0, sizeof(vcpu.mc));
    fake_preempt_every = fake_looks = calls = 0;
    fake_fault_in = -1;
    return 0;
}

/* ---- tests ---- */

static void numbers_find_their_handlers(void **state)
{
    const u64 args[6] = { 1, 2, 3, 4, 5, 6 };

    (void)state;
    assert_int_equal(hypercall_dispatch(__HYPERVISOR_hypfs_op, args), 15);
    assert_int_equal(hypercall_dispatch(__HYPERVISOR_mmu_update, args), 10);
    assert_int_equal(hypercall_dispatch(__HYPERVISOR_set_timer_op, args), 1);
    assert_int_equal(hypercall_dispatch(39, args), -ENOSYS);
    assert_int_equal(hypercall_dispatch(~0u, args), -ENOSYS);
}

static void results_go_to_their_entries(void **state)
{
    struct multicall_entry m[4] = {
        { .op = __HYPERVISOR_update_va_mapping, .args = { 1, 2, 3 } },
        { .op = __HYPERVISOR_multicall },
        { .op = __HYPERVISOR_iret },
        { .op = 1ul << 32 | __HYPERVISOR_mmu_update },
    };

    (void)state;
    assert_int_equal(multicall(m, 4), 0);
    assert_int_equal(m[0].result, 6);
    assert_int_equal(m[1].result, (u64)-EINVAL);
    assert_int_equal(m[2].result, (u64)-EINVAL);
    assert_int_equal(m[3].result, (u64)-ENOSYS);
    assert_int_equal(calls, 1);
    assert_int_equal(multicall(m, 1ul << 40), 0);  /* the count has 32 bits */
}

static void a_lone_long_call_restarts_itself(void **state)
{
    (void)state;
    for (fake_preempt_every = 1; fake_preempt_every < 12; fake_preempt_every++) {
        steps[5] = fake_looks = 0;
        assert_int_equal(call(__HYPERVISOR_memory_op, 0, 5), 105);
        assert_int_equal(steps[5], 10);
    }
}

static void every_entry_runs_once_whatever_is_preempted(void **state)
{
    (void)state;
    for (unsigned every = 0; every < 40; every++) {
        struct multicall_entry m[40];

        start(NULL);
        fake_preempt_every = every;
        for (unsigned i = 0; i < 40; i++)
            m[i] = (struct multicall_entry){ .op = i % 3 ? __HYPERVISOR_memory_op : __HYPERVISOR_stack_switch,
                                             .args = { i % 3 ? 0 : 1000, i } };
        assert_int_equal(multicall(m, 40), 0);
        assert_int_equal(calls, 14);
        for (unsigned i = 0; i < 40; i++) {
            assert_int_equal(m[i].result, i % 3 ? 100 + i : 1000 + i);
            assert_int_equal(steps[i], i % 3 ? 10 : 0);
        }
    }
}

static void lists_that_vanish_end_the_multicall(void **state)
{
    struct multicall_entry m[3] = {
        { .op = __HYPERVISOR_stack_switch }, { .op = __HYPERVISOR_stack_switch }, { .op = __HYPERVISOR_stack_switch },
    };

    (void)state;
    for (unsigned n = 1; n <= 6; n++) {
        calls = 0;
        fake_fault_in = n - 1;
        assert_int_equal(multicall(m, 3), -EFAULT);
        assert_int_equal(calls, n / 2);
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, start)
    const struct CMUnitTest tests[] = {
        TEST(numbers_find_their_handlers),
        TEST(results_go_to_their_entries),
        TEST(a_lone_long_call_restarts_itself),
        TEST(every_entry_runs_once_whatever_is_preempted),
        TEST(lists_that_vanish_end_the_multicall),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
