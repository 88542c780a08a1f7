/*
 * Finding shadows of page tables: however a guest chooses which of its frames are tables, a look-up takes a few steps,
 * and every table has exactly its own shadow. The tables are empty ones, all in one page.
 * Went wrong once: the bucket was the frame number's lower bits, and all tables were in one. Then a frame number times
 * a secret, which puts evenly spaced tables into few buckets for one secret in thirty.
 * Links: core/log_dirty.c core/shadow.c core/lock.c arch/host/fake_machine.c arch/host/fake_domain.c
 *        arch/host/fake_guest.c arch/host/fake_heap.c arch/host/fake_log.c
 */
#include "arch/host/fake.h"
#include <string.h>
#include "abi/xen.h"
#include <xen/domctl.h>
#include "core/event.h"
#include "core/grant.h"
#include "core/heap.h"
#include "core/mmu_internal.h"
#include "core/shadow.h"

#define FRAMES (1u << 20)
#define RAM 60000               /* of the domain: 4096 buckets */
#define TABLES 250
#define STEPS 8                 /* by chance, 250 shadows in 4096 buckets come to four in one */

struct frame *frame_table;
mfn_t frame_table_max = FRAMES;
static char empty[PAGE_SIZE] __aligned(4096), page[FAKE_FRAMES][PAGE_SIZE] __aligned(4096);
static u32 pages_used;

/* Frames below FAKE_FRAMES are Serai's, for shadows; what is above is the guest's. */
void *mfn_to_virt(mfn_t mfn) { return mfn < FAKE_FRAMES ? page[mfn] : empty; }
mfn_t virt_to_mfn(const void *va) { return (mfn_t)((const char *)va - page[0]) / PAGE_SIZE; }
void *zalloc_pages(struct domain *d, unsigned order)
{
    (void)d;
    assert_int_equal(order, 0);
    return page[++pages_used];
}
void zfree_pages(void *p, unsigned order) { memset(p, 0, PAGE_SIZE << order); }

mfn_t domain_next_frame(struct domain *d, mfn_t mfn) { (void)d, (void)mfn; return 0; }
void frame_put(mfn_t mfn) { (void)mfn; }
void domain_pause(struct domain *d) { (void)d; }
void domain_unpause(struct domain *d) { (void)d; }
void address_space_leave(struct domain *d) { (void)d; }
bool arch_tables_changed(struct vcpu *v) { (void)v; return false; }
void event_note_frames(struct domain *d) { (void)d; }
u32 grant_note_writers(struct domain *d, u32 from) { (void)d, (void)from; return GRANTS_NOTED; }
s32 fake_mmu_work = 512;

static u32 longest(struct log_dirty *l, u32 *all)
{
    u32 most = 0;

    for (u32 b = *all = 0; b < l->nr_buckets; b++) {
        u32 n = 0;
        for (u32 s = l->bucket[b / BUCKETS_PER_PAGE][b % BUCKETS_PER_PAGE]; s; s = mfn_frame(s)->next)
            n++;
        *all += n;
        most = most > n ? most : n;
    }
    return most;
}

static void few_steps(void **state)
{
    static struct vcpu me;
    static shared_info_t shared;
    static struct domain tool = { .privileged = true }, d = { .id = 1, .refs = 1, .max_pages = RAM, .shared = &shared };
    u32 n;

    (void)state;
    frame_table = calloc(FRAMES, sizeof(*frame_table));
    spin_lock_init(&d.mmu_lock, mmu);
    me.domain = &tool;
    fake_current = &me;
    assert_int_equal(log_dirty_enable(&d), 0);
    for (u32 stride = 1; stride <= 4096; stride *= 16) {
        for (mfn_t i = 1; i <= TABLES; i++) {
            mfn_frame(FAKE_FRAMES + i * stride)->type = TYPE_L1 | TYPE_VALIDATED | 1;
            shadow_table_new(&d, FAKE_FRAMES + i * stride);
        }
        assert_in_range(longest(d.log_dirty, &n), 1, STEPS);
        assert_int_equal(n, TABLES);
        for (mfn_t i = 1; i <= TABLES; i++)
            shadow_table_gone(&d, FAKE_FRAMES + i * stride);
        assert_int_equal(longest(d.log_dirty, &n), 0);
    }
    for (u64 secret = 0; secret < 1 << 13; secret++) {
        static u8 in[4096];
        d.log_dirty->salt = secret << (secret & 1 ? 32 : 50) | 1;
        memset(in, 0, sizeof(in));
        assert_int_equal(d.log_dirty->nr_buckets, ARRAY_SIZE(in));
        for (mfn_t i = 1; i <= TABLES; i++)
            assert_in_range(++in[shadow_bucket(d.log_dirty, FAKE_FRAMES + i)], 1, STEPS);
    }
    assert_int_equal(log_dirty_disable(&d), 0);
}

/* A report that was put off goes on for who began it; nobody else gets a part of it meanwhile. */
static void one_reader_at_a_time(void **state)
{
    static struct vcpu me;
    static shared_info_t shared;
    static struct domain tool = { .privileged = true }, d = { .id = 1, .refs = 1, .max_pages = RAM, .shared = &shared };
    struct xen_domctl_shadow_op a = { .pages = FRAMES }, b = a;
    unsigned times = 0;
    long rc;

    (void)state;
    me.domain = &tool;
    fake_current = &me;
    spin_lock_init(&d.mmu_lock, mmu);
    assert_int_equal(log_dirty_enable(&d), 0);
    fake_preempt_every = 1;
    while ((rc = log_dirty_report(&d, &a, true)) == -ERESTART) {
        assert_int_equal(log_dirty_report(&d, &b, true), -EBUSY);
        times++;
    }
    assert_int_equal(rc, 0);
    assert_true(times > 10);
    fake_preempt_every = 0;
    assert_int_equal(log_dirty_report(&d, &b, true), 0);
    assert_int_equal(log_dirty_disable(&d), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(few_steps), cmocka_unit_test(one_reader_at_a_time) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
