/*
 * The page-type machine with every vcpu a thread (tests/unit/threads_world.h): trees are filled, pinned, loaded as base
 * tables, updated entry by entry and taken apart by several vcpus at once, frames go from table to writable and back,
 * are given up while they are mapped, domain 0 maps and updates what is others', and domains die in the middle of it.
 *
 * Guests store to a page as long as they have a writable use of it, which is what a writable mapping is; both may.
 * (That the last store comes before the first look at a page as a table is seen by test_grant_threads.) The thread
 * sanitizer sees all that Serai does without a lock or an order; between the rounds core/audit.c counts all references
 * and uses anew, from the tables.
 * Could go wrong: a table that another vcpu validates half, finishes or takes apart at the same time; an entry replaced
 * twice; a use dropped by who did not take it.
 * Links: core/domain.c core/domain_kill.c core/shutdown.c core/vcpu.c core/vcpu_timer.c core/timer.c core/reject.c
 *        core/frame.c core/heap.c core/slab.c core/lock.c core/pagetype.c core/pte.c core/mmu.c core/mmu_update.c
 *        core/mmuext.c core/audit.c core/log_dirty.c core/shadow.c
 *        core/grant.c core/grant_entry.c core/grant_map.c core/grant_copy.c core/grant_cache.c
 *        core/grant_version.c core/grant_op.c
 *        core/grant_audit.c core/event.c core/event_2l.c core/event_fifo.c core/event_bind.c core/event_op.c
 *        core/event_audit.c lib/pqueue.c lib/rangeset.c
 *        arch/host/fake_machine.c arch/host/fake_guest.c arch/host/fake_log.c
 * Libraries: -lpthread
 */
#include "tests/unit/threads_world.h"

#define PAGES 40                /* of each guest; those from level_begin[n] on are tables of level n most of the time */
#define INDEXES 6               /* of a table's entries that are used */

static const unsigned level_begin[] = { 0, 20, 28, 33, 36, PAGES };
static mfn_t page[SLOTS][PAGES];        /* 0: given up */
static u64 accepted[8];                 /* what was done with success, for the end: nothing here is for show */

enum { PINNED, UPDATED, BASED, MAPPED, FOREIGN, FILLED };

static void count(unsigned what, bool done) { __atomic_fetch_add(&accepted[what], done, __ATOMIC_RELAXED); }

static mfn_t page_get(unsigned slot, unsigned i) { return __atomic_load_n(&page[slot][i], __ATOMIC_RELAXED); }

static unsigned of_level(unsigned level)
{
    return level_begin[level] + (unsigned)dice(level_begin[level + 1] - level_begin[level]);
}

/* An entry for a table of that level: mostly to the level below, sometimes to anything, or to nothing. */
static u64 entry(unsigned slot, unsigned level)
{
    mfn_t mfn = page_get(slot, dice(12) ? of_level(level - 1) : (unsigned)dice(PAGES));
    u64 flags = PTE_PRESENT | PTE_USER | PTE_ACCESSED | (level > 1 || dice(3) ? PTE_RW : 0);

    if (!mfn || dice(6) == 0)
        return 0;
    if (dice(40) == 0)
        mfn = dice(2) ? page_get((unsigned)dice(SLOTS), (unsigned)dice(PAGES)) : dice(FRAMES);
    return pte_make(mfn, dice(60) ? flags : flags | PTE_PSE);
}

static void guest_born(unsigned slot)
{
    for (unsigned i = 0; i < PAGES; i++) {
        mfn_t mfn = domain_alloc_pages(current->domain, 0, 0, INVALID_M2P);
        __atomic_store_n(&page[slot][i], mfn == MFN_NONE ? 0 : mfn, __ATOMIC_RELAXED);
    }
}

/* ---- what guests do ---- */

static void step_fill(void)
{
    unsigned level = (unsigned)dice(5), i = of_level(level);
    mfn_t mfn = page_get(my_slot, i);

    if (!mfn || !frame_get_writable(mfn, current->domain))
        return;
    u64 *words = mfn_to_virt(mfn);
    for (unsigned n = 0; n < INDEXES; n++)
        WRITE_ONCE(words[n * 85], level ? entry(my_slot, level) : dice(1000));
    frame_put_writable(mfn);
    count(FILLED, level);
}

static long ext(unsigned cmd, mfn_t mfn)
{
    struct mmuext_op op = { .cmd = cmd, .arg1.mfn = mfn };
    return call4(do_mmuext_op, (u64)(uintptr_t)&op, 1, 0, DOMID_SELF);
}

static void step_pin(void)
{
    unsigned level = 1 + (unsigned)dice(4);
    count(PINNED, !ext(MMUEXT_PIN_L1_TABLE + level - 1, page_get(my_slot, of_level(dice(10) ? level : 1))));
}

static void step_unpin(void) { ext(MMUEXT_UNPIN_TABLE, page_get(my_slot, level_begin[1] + (unsigned)dice(20))); }

static void step_base(void)
{
    mfn_t mfn = dice(4) ? page_get(my_slot, of_level(4)) : 0;
    count(BASED, !ext(dice(2) ? MMUEXT_NEW_BASEPTR : MMUEXT_NEW_USER_BASEPTR, mfn) && mfn);
}

/* Entries of tables of its own, of frames of `slot`. Who may say anything but itself is the machine's affair. */
static void update(unsigned slot, unsigned what, u64 foreigndom)
{
    mmu_update_t u[6];
    unsigned n = 1 + (unsigned)dice(6);

    for (unsigned i = 0; i < n; i++) {
        unsigned level = 1 + (unsigned)dice(dice(3) ? 1 : 4);
        mfn_t table = page_get(my_slot, of_level(level));
        u[i].ptr = (table << PAGE_SHIFT | dice(INDEXES) * 85 * 8) |
                   (dice(8) ? MMU_NORMAL_PT_UPDATE : MMU_PT_UPDATE_PRESERVE_AD);
        u[i].val = entry(slot, level);
    }
    count(what, !call4(do_mmu_update, (u64)(uintptr_t)u, n, 0, foreigndom));
}

static void step_update(void) { update(my_slot, UPDATED, DOMID_SELF); }

/* Domain 0 maps what is another's, in its own tables; others are told that they may not. */
static void step_foreign(void)
{
    unsigned slot = (unsigned)dice(SLOTS);
    update(slot, FOREIGN, id_in[slot]);
}

static void step_va(void)
{
    u64 va = 0;

    if (!current->arch.kernel_l4)       /* a vcpu that runs has one; ours begin without */
        return;
    for (unsigned level = 1; level <= 4; level++)
        va |= (dice(INDEXES) * 85 & (level == 4 ? 255 : 511)) << (12 + 9 * (level - 1));
    count(MAPPED, !call3(do_update_va_mapping, va, entry(my_slot, 1), dice(2) ? UVMF_NONE : UVMF_INVLPG));
}

/* A balloon: down, also of what is a table or mapped just now, and up again. */
static void step_balloon(void)
{
    unsigned i = (unsigned)dice(PAGES);
    mfn_t mfn = page_get(my_slot, i);

    if (i % VCPUS != my_vcpu)
        return;
    if (mfn && dice(4) == 0) {
        if (frame_release(mfn))
            __atomic_store_n(&page[my_slot][i], 0, __ATOMIC_RELAXED);
    } else if (!mfn) {
        mfn = domain_alloc_pages(current->domain, 0, 0, INVALID_M2P);
        __atomic_store_n(&page[my_slot][i], mfn == MFN_NONE ? 0 : mfn, __ATOMIC_RELAXED);
    }
}

static void guest_rests(void) {}

static void guest_step(void)
{
    static void (*const steps[])(void) = {
        step_fill, step_fill, step_fill, step_fill, step_pin, step_pin, step_pin, step_unpin, step_unpin, step_unpin,
        step_base, step_update, step_update, step_update, step_va, step_va, step_foreign, step_balloon,
    };
    steps[dice(ARRAY_SIZE(steps))]();
}

static void tool_step(void)
{
    struct domain *d = domain_get(id_in[dice(SLOTS)]);

    if (!d)
        return;
    if (dice(6) == 0) {
        domain_pause(d);
        domain_unpause(d);
    } else {
        moment();
    }
    domain_put(d);
}

static void stands_still(void) {}

static void everything_at_once(void **state)
{
    (void)state;
    world_begin();
    run_rounds(12, 3000);
    world_end();
    for (unsigned i = 0; i < 6; i++) {
        if (getenv("VERBOSE"))
            printf("%u: %lu\n", i, accepted[i]);
        assert_true(accepted[i] > 50);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(everything_at_once) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
