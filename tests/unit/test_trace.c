/*
 * Trace buffers against a reader that knows only the public layout: every record arrives once, in order and whole,
 * across the ring's end; what is lost is counted; a reader that writes nonsense spoils nothing but its own records.
 * Could go wrong: a record that straddles the ring's end, a reader that moves its own index behind ours, losses told
 * twice.
 * Links: core/trace.c
 * Links: arch/host/fake_machine.c arch/host/fake_log.c
 */
#define TRACE_TESTED
#include "arch/host/fake.h"
#include <xen/sysctl.h>
#include "core/ctl/ctl.h"
#include "core/event.h"
#include "core/frame.h"
#include "core/heap.h"
#include "core/trace.h"
#include "lib/string.h"

#define PAGES 2
static struct domain dom = { .id = 3 };
static struct vcpu vcpu = { .domain = &dom, .id = 1 };
_Thread_local struct vcpu *fake_current = &vcpu;
unsigned nr_cpus = 2;
static unsigned published, published_writable, raised, virqs, allocations_fail;
static u64 tsc;
static const u32 none;
static bool calls_traced;

u64 machine_tsc(void) { return ++tsc; }

void cpu_raise(unsigned on, u32 what)
{
    assert_int_equal(on, fake_cpu);
    assert_int_equal(what, PENDING_TASK);
    raised++;
}

void virq_send_host(u32 virq) { assert_int_equal(virq, VIRQ_TBUF); virqs++; }
void machine_trace_entries(bool on) { calls_traced = on; }
long bitmap_get(const struct xenctl_bitmap *from, u64 *mask) { *mask = (u64)from->nr_bits; return 0; }
void frame_publish(mfn_t mfn, bool writable)
{
    (void)mfn;
    published++;
    published_writable += writable;
}

static unsigned used;
void *zalloc_pages(struct domain *d, unsigned order)
{
    void *p = mfn_to_virt(used + 1);

    assert_null(d);
    if (allocations_fail && !--allocations_fail)
        return NULL;
    used += 1u << order;
    memset(p, 0, PAGE_SIZE << order);
    return p;
}
void zfree_pages(void *p, unsigned order) { assert_non_null(p); used -= 1u << order; }

/* ---- the reader ---- */

static struct t_buf *ring_of(unsigned c)
{
    struct xen_sysctl_tbuf_op op = { .cmd = XEN_SYSCTL_TBUFOP_get_info };
    const struct t_info *t;
    bool back;

    assert_int_equal(trace_sysctl(&op, &back), 0);
    t = mfn_to_virt(op.buffer_mfn);
    assert_int_equal(t->tbuf_size, PAGES);
    for (unsigned i = 1; i < PAGES; i++)
        assert_int_equal(((const u32 *)t)[t->mfn_offset[c] + i], ((const u32 *)t)[t->mfn_offset[c]] + i);
    return mfn_to_virt(((const u32 *)t)[t->mfn_offset[c]]);
}

/* The next record that is no padding: false if there is none. */
static bool next(struct t_buf *b, struct t_rec *out, u64 *when)
{
    u32 size = PAGES * PAGE_SIZE - sizeof(*b);

    while (b->cons != b->prod) {
        const u32 *at = (const u32 *)((const char *)(b + 1) + b->cons % size);
        u32 bytes = 4 + 8 * (at[0] >> 31) + 4 * TRC_HD_EXTRA(at[0]);

        assert_true(b->cons % size + bytes <= size);
        memcpy(out, at, bytes);
        b->cons = (b->cons + bytes) % (2 * size);
        if (out->event == TRC_TRACE_WRAP_BUFFER) {
            assert_int_equal(b->cons % size, 0);
            continue;
        }
        assert_true(out->cycles_included);
        memcpy(when, &at[1], sizeof(*when));
        return true;
    }
    return false;
}

static long op(u32 cmd, u32 value)
{
    struct xen_sysctl_tbuf_op o = { .cmd = cmd, .size = value, .evt_mask = value, .cpu_mask.nr_bits = value };
    bool back;

    return trace_sysctl(&o, &back);
}

/* ---- tests ---- */

static void sizes(void **state)
{
    (void)state;
    assert_int_equal(op(XEN_SYSCTL_TBUFOP_enable, 0), -EINVAL);
    assert_int_equal(op(XEN_SYSCTL_TBUFOP_set_size, 0), -EINVAL);
    assert_int_equal(op(XEN_SYSCTL_TBUFOP_set_size, 100000), -EINVAL);
    for (unsigned n = 1; n <= 3; n++) { /* the list, each ring */
        allocations_fail = n;
        assert_int_equal(op(XEN_SYSCTL_TBUFOP_set_size, PAGES), -ENOMEM);
        assert_int_equal(used, 0);
    }
    allocations_fail = 0;
    assert_int_equal(op(XEN_SYSCTL_TBUFOP_set_size, PAGES), 0);
    assert_int_equal(published, 1 + 2 * PAGES);
    assert_int_equal(published_writable, 2 * PAGES);
    assert_int_equal(op(XEN_SYSCTL_TBUFOP_set_size, PAGES), 0);
    assert_int_equal(op(XEN_SYSCTL_TBUFOP_set_size, PAGES + 1), -EBUSY);
    assert_int_equal(op(77, 0), -EINVAL);
    trace(TRC_SCHED_WAKE, 1, 2);
    assert_int_equal(ring_of(0)->prod, 0); /* off until enabled */
    assert_int_equal(op(XEN_SYSCTL_TBUFOP_enable, 0), 0);
    assert_true(calls_traced);
}

static void masks(void **state)
{
    struct t_rec r;
    u64 when;

    (void)state;
    op(XEN_SYSCTL_TBUFOP_set_evt_mask, TRC_SCHED_MIN);
    assert_false(calls_traced);
    trace(TRC_SCHED_WAKE, 1, 2);                /* same class, other subclass */
    trace(TRC_PV_HYPERCALL_V2, 1);              /* same subclass, other class */
    trace(TRC_SCHED_RUNSTATE_CHANGE, 5);
    op(XEN_SYSCTL_TBUFOP_set_cpu_mask, 2);      /* CPU 1 only */
    trace(TRC_SCHED_RUNSTATE_CHANGE, 6);
    op(XEN_SYSCTL_TBUFOP_set_cpu_mask, 3);
    op(XEN_SYSCTL_TBUFOP_disable, 0);
    trace(TRC_SCHED_RUNSTATE_CHANGE, 7);
    op(XEN_SYSCTL_TBUFOP_enable, 0);
    assert_true(next(ring_of(0), &r, &when));
    assert_int_equal(r.event, TRC_SCHED_RUNSTATE_CHANGE);
    assert_int_equal(r.u.cycles.extra_u32[0], 5);
    assert_false(next(ring_of(0), &r, &when));
    op(XEN_SYSCTL_TBUFOP_set_evt_mask, TRC_ALL);
}

/* Records of all sizes, read at odd moments: a sequence number in the time stamp and the words shows any mistake. */
static void order(void **state)
{
    u64 last = 0, seen = 0, lost = 0, made = 0;
    struct t_rec r;
    u64 when;

    (void)state;
    srand(1);
    fake_cpu = 1;
    for (unsigned round = 0; round < 200000; round++) {
        const u32 w[7] = { (u32)tsc, 1, 2, 3, 4, 5, 6 };

        if (rand() % 8) {
            trace_record(TRC_MEM + (round & 0xff), w, (unsigned)rand() % 8);
            made++;
            continue;
        }
        for (int n = rand() % (round % 5000 < 100 ? 600 : 16); n > 0 && next(ring_of(1), &r, &when); n--) {
            assert_true(when >= last); /* equal: the record that made room to tell of losses */
            last = when;
            if (r.event == TRC_LOST_RECORDS) {
                lost += r.u.cycles.extra_u32[0];
                assert_int_equal(r.u.cycles.extra_u32[1], 3 | 1 << 16);
                continue;
            }
            seen++;
            for (unsigned i = 0; i < r.extra_u32; i++)
                assert_int_equal(r.u.cycles.extra_u32[i], i ? i : (u32)when - 1);
        }
        if (round % 997 == 0) {
            trace_announce();
        }
    }
    trace_record(TRC_MEM, &none, 0);
    made++;
    while (next(ring_of(1), &r, &when)) {
        if (r.event == TRC_LOST_RECORDS)
            lost += r.u.cycles.extra_u32[0];
        else
            seen++;
    }
    trace_record(TRC_MEM, &none, 0); /* what was lost last is told by the first that fits */
    made++;
    while (next(ring_of(1), &r, &when)) {
        if (r.event == TRC_LOST_RECORDS)
            lost += r.u.cycles.extra_u32[0];
        else
            seen++;
    }
    assert_true(lost > 100 && seen > 10000);
    assert_int_equal(seen + lost, made);
    assert_true(raised > 0 && virqs > 0 && virqs <= raised);
    fake_cpu = 0;
}

static void nonsense(void **state)
{
    static const u32 bad[] = { 1, 0xffffffff, 0x80000000, 2 * (PAGES * PAGE_SIZE - 8), 6 };
    struct t_buf *b = ring_of(0);

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
        for (unsigned n = 0; n < 1000; n++) {
            b->cons = bad[i];
            b->prod = bad[i] * n; /* ours is not read back */
            trace(TRC_MEM, 1, 2, 3);
        }
    for (unsigned i = used + 1; i < 64; i++)
        for (unsigned n = 0; n < PAGE_SIZE; n++)
            assert_int_equal(fake_ram[i * PAGE_SIZE + n], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes), cmocka_unit_test(masks), cmocka_unit_test(order), cmocka_unit_test(nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
