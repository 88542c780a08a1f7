/*
 * Frames and objects against a model that knows who has what: nothing is given out twice, limits and alignment hold,
 * everything comes back, what a guest wrote never shows again, and every failure leaves the books balanced.
 * Could go wrong: a frame in two lists, an old guest's data in a new guest's page, a limit that a failed allocation
 * eats into.
 * Links: core/heap.c core/frame.c core/slab.c core/lock.c
 * Links: arch/host/fake_machine.c arch/host/fake_domain.c arch/host/fake_log.c arch/host/fake_guest.c
 */
#include "arch/host/fake.h"
#include "core/heap.h"
#include "core/mmu.h"
#include "core/stir.h"
#include "lib/string.h"

#define FRAMES 8192u            /* 32 MiB of RAM, mfns 0..8191 */

/* ---- a machine: RAM, one CPU, a TLB that remembers being flushed (arch/host) ---- */

struct frame *frame_table;
mfn_t frame_table_max = FRAMES;
bool type_get_writable(mfn_t mfn) { mfn_frame(mfn)->type++; return true; }
void type_put_writable(mfn_t mfn) { mfn_frame(mfn)->type--; }

static struct domain guest;
struct domain *domain_list = &guest;

/* ---- every test starts with an empty guest and ends with all memory free ---- */

static u64 all_free;

static int start(void **state)
{
    (void)state;
    if (!frame_table) {
        fake_ram_replace(FRAMES);
        frame_table = calloc(FRAMES, sizeof(*frame_table));
        heap_add(0, FRAMES);
        all_free = heap_free_pages();
    }
    memset(&guest, 0, sizeof(guest));
    guest.id = 7;
    guest.refs = 1;
    guest.max_pages = FRAMES;
    spin_lock_init(&guest.page_lock, pages);
    fake_rejects = 0;
    return 0;
}

static int end(void **state)
{
    mfn_t big;

    (void)state;
    heap_scrub_all();
    assert_int_equal(heap_free_pages(), all_free);
    assert_int_equal(guest.tot_pages, 0);
    assert_int_equal(guest.serai_bytes, 0);
    assert_int_equal(guest.refs, 1);
    assert_int_equal(heap_claimed_pages(), 0);
    /* All blocks have grown together again: the upper half of memory is one. */
    big = heap_alloc(12, 0);
    assert_int_equal(big, FRAMES / 2);
    heap_free(big, 12);
    return 0;
}

static u32 seed;
static u32 rnd(u32 n) { return (seed = seed * 1664525u + 1013904223u) / 65536u % n; }

/* ---- frame 0, alignment, limits ---- */

static void frame_zero_is_never_given_out(void **state)
{
    (void)state;
    assert_int_equal(all_free, FRAMES - 1);
    assert_int_equal(heap_total_pages(), FRAMES - 1);
    assert_int_equal(heap_alloc(0, 12), MFN_NONE);
}

static void limits_hold_and_high_memory_goes_first(void **state)
{
    mfn_t high = heap_alloc(0, 0), low = heap_alloc(6, 19), none;

    (void)state;
    assert_true(high >= FRAMES / 2);
    assert_true(low != MFN_NONE && low + 64 <= 128 && low % 64 == 0);
    none = heap_alloc(6, 19); /* frames 1..127 have one aligned block of 64 */
    assert_int_equal(none, MFN_NONE);
    assert_int_equal(heap_free_below(19), 127 - 64);
    heap_free(low, 6);
    heap_free(high, 0);
}

/* ---- random allocations against a map of who has what ---- */

struct held { mfn_t mfn; unsigned order; };

static void random_blocks_never_overlap(void **state)
{
    static u8 taken[FRAMES];
    static struct held held[512];
    u64 used = 0;
    unsigned n = 0;

    (void)state;
    seed = 20031019;
    for (unsigned step = 0; step < 60000; step++) {
        if (n < ARRAY_SIZE(held) && rnd(100) < 55) {
            unsigned order = rnd(7), bits = rnd(4) ? 0 : 18 + rnd(8);
            mfn_t mfn = heap_alloc(order, bits);

            if (mfn == MFN_NONE)
                continue;
            assert_true(mfn % (1u << order) == 0 && mfn + (1u << order) <= FRAMES);
            assert_true(!bits || (mfn + (1u << order)) << PAGE_SHIFT <= 1ul << bits);
            for (u64 i = 0; i < 1u << order; i++) {
                assert_int_equal(taken[mfn + i], 0);
                assert_int_equal(mfn_frame(mfn + i)->owner, OWNER_SERAI);
                taken[mfn + i] = 1;
            }
            held[n++] = (struct held){ mfn, order };
            used += 1u << order;
        } else if (n) {
            unsigned i = rnd(n);

            memset(&taken[held[i].mfn], 0, 1u << held[i].order);
            used -= 1u << held[i].order;
            heap_free(held[i].mfn, held[i].order);
            held[i] = held[--n];
        }
        assert_int_equal(heap_free_pages(), all_free - used);
    }
    while (n--)
        heap_free(held[n].mfn, held[n].order);
    memset(taken, 0, sizeof(taken));
}

/* ---- a guest's frames ---- */

static void guest_frames_come_zeroed_and_go_scrubbed(void **state)
{
    static const char zero[4096];

    (void)state;
    for (unsigned round = 0; round < 3; round++) {
        /* All of memory, so that every frame is seen again. */
        while (domain_alloc_pages(&guest, 0, 0, INVALID_M2P) != MFN_NONE) {}
        assert_int_equal(guest.tot_pages, all_free);
        for (mfn_t m = 1; m < FRAMES; m++) {
            assert_memory_equal(mfn_to_virt(m), zero, sizeof(zero));
            memset(mfn_to_virt(m), 0x11 + (int)round, PAGE_SIZE);
        }
        fake_flushes = 0;
        for (mfn_t m = 1; m < FRAMES; m++)
            assert_true(frame_release(m));
        assert_int_equal(fake_flushes, 0);
        assert_int_equal(heap_free_pages(), all_free);
        if (round == 1)
            continue;           /* nobody was idle: who takes them clears them */
        fake_now += 2000000;
        for (unsigned pieces = 0; heap_scrub_idle(); pieces++)
            assert_true(pieces <= FRAMES / 32 + 5);
        assert_int_equal(fake_flushes, 1); /* one for all that is dirty, not one for each piece */
        assert_false(heap_scrub_idle());
    }
}

/* A guest's frames are handed on, to Serai too, only after the flush that their last use needs. */
static void dirty_frames_wait_for_a_flush(void **state)
{
    mfn_t mfn, again;

    (void)state;
    mfn = domain_alloc_pages(&guest, 0, 14, INVALID_M2P); /* below 16 KiB there are only frames 1 to 3 */
    assert_true(frame_release(mfn));
    fake_flushes = 0;
    for (unsigned i = 0; i < 3; i++) {
        again = heap_alloc(0, 14);
        assert_int_equal(fake_flushes, again == mfn);
        if (again == mfn)
            break;
    }
    assert_int_equal(again, mfn);
    heap_free(mfn, 0);
    for (mfn_t m = 1; m < 4; m++)
        if (mfn_frame(m)->owner == OWNER_SERAI)
            heap_free(m, 0);
}

/* Flushes of all CPUs are no weapon: a page that comes and goes makes one in five hundred rounds, idle CPUs or not. */
static void one_page_back_and_forth_flushes_seldom(void **state)
{
    (void)state;
    heap_scrub_all();
    for (unsigned idle = 0; idle < 2; idle++) {
        fake_flushes = 0;
        for (unsigned i = 0; i < 5000; i++) {
            mfn_t mfn = domain_alloc_pages(&guest, 0, 0, INVALID_M2P);

            assert_int_not_equal(mfn, MFN_NONE);
            assert_true(frame_release(mfn));
            if (idle)
                heap_scrub_idle();
        }
        assert_true(fake_flushes <= 5000 / 512 + 2);
    }
}

/* Blocks grow together whatever they contain: memory for a superpage is there although nobody scrubbed. */
static void dirty_blocks_are_whole(void **state)
{
    mfn_t mfn[2];

    (void)state;
    while (domain_alloc_pages(&guest, 0, 0, INVALID_M2P) != MFN_NONE) {}
    for (mfn_t m = 1; m < FRAMES; m++) {
        memset(mfn_to_virt(m), 0x77, PAGE_SIZE);
        assert_true(frame_release(m));
    }
    for (unsigned i = 0; i < 2; i++) {
        fake_stale_asked = 0;
        mfn[i] = domain_alloc_pages(&guest, 11, 0, INVALID_M2P);
        assert_int_not_equal(mfn[i], MFN_NONE);
        assert_true(fake_stale_asked <= 2);     /* of all CPUs, not for each frame */
        for (u64 b = 0; b < 2048 * PAGE_SIZE; b += 8)
            assert_int_equal(*(u64 *)(mfn_to_virt(mfn[i]) + b), 0);
        while (i == 0 && heap_scrub_idle()) {}
    }
    for (unsigned i = 0; i < 2; i++)
        for (u64 j = 0; j < 2048; j++)
            assert_true(frame_release(mfn[i] + j));
}

/* What guests left: 0, or one more than there were flushes when the frame came back. */
static unsigned left_at[FRAMES];

static void give_back(struct held b, bool guests)
{
    if (!guests) {
        heap_free(b.mfn, b.order);
        return;
    }
    for (u64 f = 0; f < 1u << b.order; f++) {
        left_at[b.mfn + f] = fake_flushes + 1;
        assert_true(frame_release(b.mfn + f));
    }
}

static void take(struct held b, bool guests, u64 mark)
{
    for (u64 f = 0; f < 1u << b.order; f++) {
        u64 *p = mfn_to_virt(b.mfn + f);

        assert_true(!guests || (p[0] == 0 && p[511] == 0));
        assert_true(fake_flushes >= left_at[b.mfn + f]);        /* nobody knows it any more */
        left_at[b.mfn + f] = 0;
        p[0] = p[511] = mark;
    }
}

/*
 * Guests' blocks, Serai's own and the scrubber in any order: who gets memory is the only one to know it, a guest's is
 * always zero when it comes, and the scrubber passes over nothing.
 */
static void scrubbing_and_allocating_mix(void **state)
{
    static struct { struct held b; bool guests; } held[256];
    unsigned n = 0;

    (void)state;
    seed = 77;
    fake_flushes = 0;
    for (unsigned step = 0; step < 40000; step++) {
        unsigned i = n ? rnd(n) : 0, what = rnd(100);

        if (what < 20) {
            heap_scrub_idle();
        } else if (n < ARRAY_SIZE(held) && what < 62) {
            struct held b = { .order = rnd(8) };
            bool guests = rnd(2);

            b.mfn = guests ? domain_alloc_pages(&guest, b.order, 0, INVALID_M2P) : heap_alloc(b.order, 0);
            if (b.mfn == MFN_NONE)
                continue;
            take(b, guests, step + 1);
            held[n].b = b;
            held[n++].guests = guests;
        } else if (n) {
            give_back(held[i].b, held[i].guests);
            held[i] = held[--n];
        }
        if (step % 4000)
            continue;
        heap_scrub_all();
        for (mfn_t m = 1; m < FRAMES; m++)
            assert_true(!left_at[m] || *(u64 *)mfn_to_virt(m) == 0);
    }
    while (n--)
        give_back(held[n].b, held[n].guests);
    memset(left_at, 0, sizeof(left_at));
}

static void references_keep_a_frame(void **state)
{
    mfn_t mfn = domain_alloc_pages(&guest, 0, 0, INVALID_M2P);
    struct domain other = { .id = 9 };

    (void)state;
    assert_int_equal(guest.refs, 2); /* the list's */
    assert_true(frame_get(mfn, &guest));
    assert_false(frame_get(mfn, &other));
    assert_int_equal(mfn_frame(mfn)->count, FRAME_ALLOCATED | 2);
    assert_true(frame_get(mfn, &guest));
    assert_true(frame_release(mfn));
    assert_false(frame_release(mfn)); /* once only */
    assert_int_equal(guest.tot_pages, 1);
    frame_put(mfn);
    assert_int_equal(guest.tot_pages, 1);
    frame_put(mfn);
    assert_int_equal(guest.tot_pages, 0);
    assert_int_equal(fake_m2p[mfn], INVALID_M2P);
    assert_false(frame_get(mfn, &guest));
    assert_false(frame_get(FRAMES + 5, &guest));
}

static void maximum_is_a_maximum(void **state)
{
    mfn_t a, b;

    (void)state;
    guest.max_pages = 3;
    a = domain_alloc_pages(&guest, 1, 0, INVALID_M2P);
    assert_true(a != MFN_NONE);
    assert_int_equal(domain_alloc_pages(&guest, 1, 0, INVALID_M2P), MFN_NONE);
    assert_int_equal(fake_rejects, 1);
    b = domain_alloc_pages(&guest, 0, 0, INVALID_M2P);
    assert_true(b != MFN_NONE);
    assert_int_equal(domain_alloc_pages(&guest, 0, 0, INVALID_M2P), MFN_NONE);
    assert_true(frame_release(a) && frame_release(a + 1) && frame_release(b));
    guest.max_pages = FRAMES;
    guest.dying = DOMDYING_dying;
    assert_int_equal(domain_alloc_pages(&guest, 0, 0, INVALID_M2P), MFN_NONE);
}

static void stolen_frames_are_nobodys(void **state)
{
    mfn_t mfn = domain_alloc_pages(&guest, 0, 0, INVALID_M2P);

    (void)state;
    assert_true(frame_get(mfn, &guest));
    assert_false(domain_steal_page(&guest, mfn)); /* in use */
    frame_put(mfn);
    assert_true(domain_steal_page(&guest, mfn));
    assert_false(domain_steal_page(&guest, mfn));
    assert_int_equal(guest.tot_pages, 0);
    guest.max_pages = 1;
    assert_int_equal(domain_alloc_pages(&guest, 0, 0, INVALID_M2P), MFN_NONE); /* it still counts: one comes back */
    guest.max_pages = 0;
    assert_true(domain_replace_pages(&guest, mfn, 0)); /* back, whatever the limit is now */
    assert_true(frame_release(mfn));
}

/* Between a look at its owner and the reference a frame goes to another domain, and the counts are the same again. */
static struct domain other;
static mfn_t moving;
static void change_owner(void)
{
    fake_stir = NULL;
    assert_true(domain_steal_page(&guest, moving));
    assert_true(domain_replace_pages(&guest, moving, 0));
    assert_true(frame_release(moving));
    other = (struct domain){ .id = 8, .refs = 1, .max_pages = 1 };
    spin_lock_init(&other.page_lock, pages);
    guest.next = &other;
    heap_scrub_all();
    assert_int_equal(domain_alloc_pages(&other, 0, 0, INVALID_M2P), moving);
}

static void owner_is_asked_again_under_the_reference(void **state)
{
    (void)state;
    moving = domain_alloc_pages(&guest, 0, 0, INVALID_M2P);
    fake_stir = change_owner;
    assert_false(frame_get(moving, &guest));
    assert_null(fake_stir);
    assert_int_equal(mfn_frame(moving)->count, FRAME_ALLOCATED | 1);    /* and it is not in use for a stranger */
    assert_true(frame_release(moving));
    assert_int_equal(other.refs, 1);
}

/* ---- claims ---- */

static void claims_are_kept(void **state)
{
    mfn_t mfn;

    (void)state;
    assert_int_equal(domain_claim(&guest, all_free), 0);
    assert_int_equal(heap_alloc(0, 0), MFN_NONE); /* all promised */
    mfn = domain_alloc_pages(&guest, 0, 0, INVALID_M2P);
    assert_true(mfn != MFN_NONE);
    assert_int_equal(guest.claim_pages, all_free - 1);
    assert_int_equal(domain_claim(&guest, 1), -EINVAL); /* it has that many */
    assert_int_equal(guest.claim_pages, 0);
    assert_int_equal(domain_claim(&guest, FRAMES + 1), -EINVAL);
    guest.dying = DOMDYING_dying; /* nobody would drop it */
    assert_int_equal(domain_claim(&guest, all_free), -EINVAL);
    assert_int_equal(heap_claimed_pages(), 0);
    guest.dying = DOMDYING_alive;
    guest.max_pages = 2 * FRAMES;
    assert_int_equal(domain_claim(&guest, 2 * FRAMES), -ENOMEM);
    assert_int_equal(domain_claim(&guest, 100), 0);
    assert_int_equal(heap_claimed_pages(), 99);
    assert_int_equal(domain_claim(&guest, 0), 0);
    assert_true(frame_release(mfn));
}

/* Two allocations of a domain at once, of which its claim covers one: the other may not use what is another's. */
static mfn_t meanwhile;
static void allocate_meanwhile(void)
{
    if (READ_ONCE(guest.page_lock.locked))
        return;
    fake_stir = NULL;
    meanwhile = domain_alloc_pages(&guest, 0, 0, INVALID_M2P);
}

static void a_claim_is_used_once(void **state)
{
    mfn_t mfn;

    (void)state;
    assert_int_equal(domain_claim(&guest, 1), 0);
    assert_true(heap_claim(all_free - 1));              /* somebody else's */
    fake_stir = allocate_meanwhile;
    mfn = domain_alloc_pages(&guest, 0, 0, INVALID_M2P);
    assert_null(fake_stir);
    assert_int_equal((mfn != MFN_NONE) + (meanwhile != MFN_NONE), 1);
    assert_int_equal(heap_claimed_pages(), heap_free_pages());
    assert_true(frame_release(mfn != MFN_NONE ? mfn : meanwhile));
    heap_unclaim(all_free - 1);
    /* What cannot be had, or not kept, leaves the claim as it was. */
    assert_int_equal(domain_claim(&guest, 9), 0);
    assert_int_equal(domain_alloc_pages(&guest, 3, 14, INVALID_M2P), MFN_NONE);
    guest.max_pages = 3;
    assert_int_equal(domain_alloc_pages(&guest, 3, 0, INVALID_M2P), MFN_NONE);
    assert_int_equal(guest.claim_pages, 9);
    assert_int_equal(heap_claimed_pages(), 9);
    guest.max_pages = FRAMES;
    assert_int_equal(domain_claim(&guest, 0), 0);
}

/* ---- objects ---- */

static void objects_are_zeroed_apart_and_charged(void **state)
{
    static struct { u8 *p; size_t bytes; u8 mark; } obj[300];

    (void)state;
    seed = 4711;
    for (unsigned step = 0; step < 30000; step++) {
        unsigned i = rnd(ARRAY_SIZE(obj));

        if (obj[i].p) {
            for (size_t b = 0; b < obj[i].bytes; b++)
                assert_int_equal(obj[i].p[b], obj[i].mark);
            zfree(obj[i].p);
            obj[i].p = NULL;
            continue;
        }
        obj[i].bytes = rnd(10) ? 1 + rnd(2100) : 1 + rnd(20000);
        obj[i].mark = (u8)(1 + rnd(255));
        obj[i].p = zalloc(&guest, obj[i].bytes);
        assert_non_null(obj[i].p);
        assert_int_equal((uintptr_t)obj[i].p % 16, 0);
        for (size_t b = 0; b < obj[i].bytes; b++)
            assert_int_equal(obj[i].p[b], 0);
        memset(obj[i].p, obj[i].mark, obj[i].bytes);
    }
    assert_true(guest.serai_bytes > 0);
    for (unsigned i = 0; i < ARRAY_SIZE(obj); i++) {
        zfree(obj[i].p);
        obj[i].p = NULL;
    }
}

static void a_limit_refuses_and_says_so(void **state)
{
    void *a, *p;

    (void)state;
    guest.serai_limit = 3000;
    a = zalloc(&guest, 1000);
    assert_non_null(a);
    assert_null(zalloc(&guest, 2000));
    assert_null(zalloc_pages(&guest, 0));
    assert_null(shared_page_alloc(&guest));
    assert_int_equal(fake_rejects, 3);
    zfree(a);
    assert_int_equal(guest.serai_bytes, 0);
    guest.serai_limit = 0;
    p = zalloc_pages(&guest, 2);
    assert_int_equal(guest.serai_bytes, 4 * PAGE_SIZE);
    zfree_pages(p, 2);
}

static void exhaustion_unwinds(void **state)
{
    static void *all[3 * FRAMES];
    unsigned n = 0;

    (void)state;
    while ((all[n] = zalloc(&guest, 1500)) != NULL)
        n++;
    assert_int_equal(guest.serai_bytes, n * 2048u);
    assert_null(shared_page_alloc(&guest));
    assert_null(zalloc_pages(&guest, 0));
    assert_null(zalloc(&guest, 5000));
    assert_int_equal(domain_alloc_pages(&guest, 0, 0, INVALID_M2P), MFN_NONE);
    assert_int_equal(guest.serai_bytes, n * 2048u);
    while (n--)
        zfree(all[n]);
}

static void shared_pages_outlive_their_freeing_while_mapped(void **state)
{
    char *page = shared_page_alloc(&guest);
    mfn_t mfn = virt_to_mfn(page);
    u64 before;

    (void)state;
    assert_int_equal(guest.shared_pages, 1);
    assert_false(frame_release(mfn)); /* not the guest's to give away */
    assert_true(frame_get_writable(mfn, &guest));
    before = heap_free_pages();
    shared_page_free(page);
    assert_int_equal(guest.shared_pages, 0);
    assert_int_equal(heap_free_pages(), before);
    assert_false(frame_get(mfn, &guest)); /* no new mappings */
    frame_put_writable(mfn);
    assert_int_equal(heap_free_pages(), before + 1);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, start, end)
    const struct CMUnitTest tests[] = {
        TEST(frame_zero_is_never_given_out),
        TEST(limits_hold_and_high_memory_goes_first),
        TEST(random_blocks_never_overlap),
        TEST(guest_frames_come_zeroed_and_go_scrubbed),
        TEST(dirty_frames_wait_for_a_flush),
        TEST(one_page_back_and_forth_flushes_seldom),
        TEST(dirty_blocks_are_whole),
        TEST(scrubbing_and_allocating_mix),
        TEST(references_keep_a_frame),
        TEST(maximum_is_a_maximum),
        TEST(stolen_frames_are_nobodys),
        TEST(owner_is_asked_again_under_the_reference),
        TEST(claims_are_kept),
        TEST(a_claim_is_used_once),
        TEST(objects_are_zeroed_apart_and_charged),
        TEST(a_limit_refuses_and_says_so),
        TEST(exhaustion_unwinds),
        TEST(shared_pages_outlive_their_freeing_while_mapped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
