/*
 * memory_op as a guest sees it: counts and continuation, exchange that is clean when it fails, and a model guest that
 * balloons and exchanges at random while its map and the machine-to-physical table must agree.
 * Went wrong once: an unprivileged guest could use up low memory by its address limit; a big list kept the CPU. Could:
 * an exchange that fails half way and has taken frames, or a count that is wrong after a fault.
 * Links: core/call/memory.c core/call/reservation.c core/call/exchange.c core/call/memmap.c core/call/resource.c
 * Links: core/heap.c core/frame.c core/slab.c core/lock.c
 * Links: arch/host/fake_machine.c arch/host/fake_domain.c arch/host/fake_guest.c arch/host/fake_log.c
 */
#include "arch/host/fake.h"
#include "core/call/memory.h"
#include "core/domain.h"
#include "core/e820.h"
#include "core/grant.h"
#include "core/heap.h"
#include "core/hypercall.h"
#include "core/log_dirty.h"
#include "core/mmu.h"
#include "lib/string.h"

#define FRAMES 4096u

/* ---- the machine ---- */

struct frame *frame_table;
mfn_t frame_table_max = FRAMES;

static struct domain guest, dom0;
struct domain *domain_list = &dom0;
static struct vcpu guest_vcpu, dom0_vcpu;

bool type_get_writable(mfn_t mfn) { (void)mfn; return true; }
void type_put_writable(mfn_t mfn) { (void)mfn; }
mfn_t machine_m2p_extent(unsigned i) { return i < 2 ? 512 * (i + 1) : MFN_NONE; }
static struct e820_list e820 = { .nr = 2, .e = { { 0, 0x9f000, E820_RAM }, { 0x100000, 0x1000000, E820_RAM } } };
const struct e820_list *machine_e820(void) { return &e820; }
long grant_get_frame(struct domain *d, unsigned index, bool status, mfn_t *mfn)
{
    (void)d;
    *mfn = 1000 + index + 100 * status;
    return 0;
}

static long memory_op(u64 cmd, void *arg) { return fake_call2(do_memory_op, cmd, (u64)(uintptr_t)arg); }

static u64 all_free;

static int start(void **state)
{
    (void)state;
    if (!frame_table) {
        fake_ram_replace(FRAMES);
        frame_table = calloc(FRAMES, sizeof(*frame_table));
        heap_add(1, FRAMES);
        all_free = heap_free_pages();
    }
    memset(&guest, 0, sizeof(guest));
    memset(&dom0, 0, sizeof(dom0));
    guest.id = 3;
    dom0.next = &guest;
    guest.refs = dom0.refs = 1;
    guest.max_pages = 1024;
    dom0.max_pages = FRAMES;
    dom0.privileged = true;
    guest.privileged = false;
    dom0.max_grant_frames = guest.max_grant_frames = 64;
    spin_lock_init(&guest.page_lock, pages);
    spin_lock_init(&guest.lock, domain);
    guest_vcpu.domain = &guest;
    dom0_vcpu.domain = &dom0;
    fake_current = &guest_vcpu;
    fake_fault_in = -1;
    fake_preempt_every = fake_continuations = 0;
    return 0;
}

static int end(void **state)
{
    (void)state;
    fake_fault_in = -1;
    while (guest.page_head)
        assert_true(frame_release(guest.page_head));
    zfree(guest.map);
    heap_scrub_all();
    assert_int_equal(heap_free_pages(), all_free);
    assert_int_equal(guest.refs, 1);
    assert_int_equal(guest.serai_bytes, 0);
    return 0;
}

static xen_memory_reservation_t reservation(u64 *list, u64 n, unsigned order)
{
    xen_memory_reservation_t r = { .nr_extents = n, .extent_order = order, .domid = DOMID_SELF };

    r.extent_start.p = list;
    return r;
}

/* ---- reservations ---- */

static void populate_answers_frames_and_fills_the_table(void **state)
{
    u64 list[256];
    xen_memory_reservation_t r = reservation(list, 256, 0);

    (void)state;
    fake_preempt_every = 2;
    for (u64 i = 0; i < 256; i++)
        list[i] = 5000 + i;
    assert_int_equal(memory_op(XENMEM_populate_physmap, &r), 256);
    assert_true(fake_continuations > 0);
    assert_int_equal(guest.tot_pages, 256);
    for (u64 i = 0; i < 256; i++) {
        assert_int_equal(mfn_frame(list[i])->owner, guest.id);
        assert_int_equal(fake_m2p[list[i]], 5000 + i);
    }
    assert_int_equal(memory_op(XENMEM_decrease_reservation, &r), 256);
    assert_int_equal(guest.tot_pages, 0);
    /* They are not its frames any more. */
    assert_int_equal(memory_op(XENMEM_decrease_reservation, &r), 0);
}

static void extents_done_are_counted(void **state)
{
    u64 list[8] = { 0, 512, 1024, 1536 };
    xen_memory_reservation_t r = reservation(list, 4, 9);

    (void)state;
    assert_int_equal(memory_op(XENMEM_populate_physmap, &r), 2); /* its maximum is two of them */
    assert_int_equal(guest.tot_pages, 1024);
    assert_int_equal(list[2], 1024);
    list[1]++; /* 511 of the second extent, then one that is not its own */
    assert_int_equal(memory_op(XENMEM_decrease_reservation, &r), 1);
    assert_int_equal(guest.tot_pages, 1);
    guest.max_pages = FRAMES;   /* requests that are refused as a whole: nothing done */
    r.extent_order = 10;
    assert_int_equal(memory_op(XENMEM_populate_physmap, &r), 0);
    r = reservation(list, 1, 0);
    r.domid = 0;
    assert_int_equal(memory_op(XENMEM_populate_physmap, &r), 0);
    r = reservation(list, ~0ul, 0);
    assert_int_equal(memory_op(XENMEM_populate_physmap, &r), 0);
    assert_int_equal(memory_op(XENMEM_populate_physmap, NULL), 0);
    assert_int_equal(guest.tot_pages, 1);
}

static void unwritable_lists_leave_nothing_behind(void **state)
{
    u64 list[4] = { 1, 2, 3, 4 };
    xen_memory_reservation_t r = reservation(list, 4, 0);

    (void)state;
    for (int n = 1; n < 9; n++) {
        fake_fault_in = n; /* the block, then read and write of each entry */
        assert_int_equal(memory_op(XENMEM_populate_physmap, &r), (n - 1) / 2);
        assert_int_equal(guest.tot_pages, (u64)(n - 1) / 2);
        fake_fault_in = -1;
        while (guest.page_head)
            frame_release(guest.page_head);
    }
}

/* Another vcpu, while this one is about to find its list unwritable: gives everything back, and dom0 gets it. */
static bool rival;
void log_dirty_note(mfn_t mfn)
{
    static u64 taken[512];

    if (!rival || mfn_frame(mfn)->owner != guest.id)
        return;
    while (guest.page_head)
        assert_true(frame_release(guest.page_head));
    heap_scrub_all();
    for (u64 n = 0; n < 512 && (taken[n] = heap_alloc(0, 0)) != mfn; n++) {}
    for (u64 n = 0; n < 512 && taken[n] != mfn; n++)
        heap_free(taken[n], 0);
    assert_true(domain_assign_pages(&dom0, mfn, 0));
    m2p_set(mfn, 7);
    rival = false;
    fake_fault_in = 0;
}

/* Once a vcpu took frames of another domain from it, because they had been its own a moment ago. */
static void given_back_is_only_what_is_still_its_own(void **state)
{
    u64 list[1] = { 3 };
    xen_memory_reservation_t r = reservation(list, 1, 0);
    mfn_t mfn;

    (void)state;
    log_dirty_domains = 1;
    rival = true;
    assert_int_equal(memory_op(XENMEM_populate_physmap, &r), 0);
    log_dirty_domains = 0;
    mfn = dom0.page_head;
    assert_int_equal(dom0.tot_pages, 1);
    assert_int_equal(mfn_frame(mfn)->count, FRAME_ALLOCATED | 1);
    assert_int_equal(fake_m2p[mfn], 7);
    assert_true(frame_release(mfn));
}

/* ---- exchange ---- */

static void fill(u64 *list, u64 n)
{
    xen_memory_reservation_t r = reservation(list, n, 0);

    for (u64 i = 0; i < n; i++)
        list[i] = i;
    assert_int_equal(memory_op(XENMEM_populate_physmap, &r), (long)n);
}

static xen_memory_exchange_t exchange_64(u64 *in, u64 chunks, u64 *out, unsigned bits)
{
    xen_memory_exchange_t x = { .in = reservation(in, 64 * chunks, 0), .out = reservation(out, chunks, 6) };

    x.out.mem_flags = XENMEMF_address_bits(bits);
    return x;
}

static void exchange_gives_contiguous_low_memory(void **state)
{
    u64 in[192], out[3] = { 0, 64, 128 };
    xen_memory_exchange_t x = exchange_64(in, 3, out, 23);

    (void)state;
    guest.privileged = true; /* address limits are for those who have devices */
    fill(in, 192);
    fake_preempt_every = 1;
    assert_int_equal(memory_op(XENMEM_exchange, &x), 0);
    assert_int_equal(fake_continuations, 2);
    assert_int_equal(x.nr_exchanged, 192);
    assert_int_equal(guest.tot_pages, 192);
    for (u64 c = 0; c < 3; c++) {
        assert_true(out[c] % 64 == 0 && (out[c] + 64) << 12 <= 1ul << 23);
        for (u64 i = 0; i < 64; i++)
            assert_int_equal(fake_m2p[out[c] + i], 64 * c + i);
    }
    for (u64 i = 0; i < 192; i++)
        assert_int_equal(mfn_frame(in[i])->owner == guest.id, false);
}

static void check_untouched(const u64 *in, u64 n, u64 out0)
{
    for (u64 i = 0; i < n; i++) {
        assert_int_equal(mfn_frame(in[i])->owner, guest.id);
        assert_int_equal(mfn_frame(in[i])->count, FRAME_ALLOCATED | 1);
        assert_int_equal(fake_m2p[in[i]], i);
    }
    assert_int_equal(out0, 77);
    assert_int_equal(guest.tot_pages, n);
}

static void failed_exchange_is_clean(void **state)
{
    u64 in[64], out[1] = { 77 }, free_before;
    xen_memory_exchange_t x = exchange_64(in, 1, out, 18);

    (void)state;
    guest.privileged = true;
    fill(in, 64);
    free_before = heap_free_pages();
    assert_int_equal(memory_op(XENMEM_exchange, &x), -ENOMEM);
    check_untouched(in, 64, out[0]);
    x.out.mem_flags = 0;
    assert_true(frame_get(in[40], &guest)); /* still mapped somewhere */
    assert_int_equal(memory_op(XENMEM_exchange, &x), -EINVAL);
    frame_put(in[40]);
    check_untouched(in, 64, out[0]);
    for (int n = 1; n <= 66; n++) { /* a fault at each access but the last two, the answers */
        fake_fault_in = n;
        assert_int_equal(memory_op(XENMEM_exchange, &x), -EFAULT);
        fake_fault_in = -1;
        check_untouched(in, 64, out[0]);
    }
    assert_int_equal(heap_free_pages(), free_before);
    u64 last = in[63];
    in[63] = in[0]; /* the same twice */
    assert_int_equal(memory_op(XENMEM_exchange, &x), -EINVAL);
    assert_int_equal(guest.tot_pages, 64);
    in[63] = last;
    x.in.nr_extents = 63;
    assert_int_equal(memory_op(XENMEM_exchange, &x), -EINVAL);
    x.in.nr_extents = 64;
    x.nr_exchanged = 1;
    assert_int_equal(memory_op(XENMEM_exchange, &x), -EINVAL);
    x = (xen_memory_exchange_t){ .in = reservation(in, 1, 13), .out = reservation(out, 1, 13) };
    assert_int_equal(memory_op(XENMEM_exchange, &x), -EPERM);
    check_untouched(in, 64, out[0]);
}

static void exchange_splits_large_extents_above_the_maximum(void **state)
{
    u64 in[1] = { 0 }, out[64];
    xen_memory_reservation_t r = reservation(in, 1, 6);
    xen_memory_exchange_t x = { .in = reservation(in, 1, 6), .out = reservation(out, 64, 0) };

    (void)state;
    assert_int_equal(memory_op(XENMEM_populate_physmap, &r), 1);
    for (u64 i = 0; i < 64; i++)
        out[i] = 900 + i;
    guest.max_pages = 10; /* ballooning target below what it has: trading stays allowed */
    assert_int_equal(memory_op(XENMEM_exchange, &x), 0);
    assert_int_equal(guest.tot_pages, 64);
    for (u64 i = 0; i < 64; i++)
        assert_int_equal(fake_m2p[out[i]], 900 + i);
}

static u64 flushed;
static void note_flush(u64 cpus) { flushed |= cpus; }

/* A list that ends in a bad frame, again and again, was a flush of every CPU each time. */
static void failed_exchange_concerns_nobody_else(void **state)
{
    u64 in[64], out[1] = { 77 };
    xen_memory_exchange_t x = exchange_64(in, 1, out, 18);

    (void)state;
    heap_scrub_all();
    guest.arch.cpumask = 2;
    fill(in, 64);
    in[63] = in[0];
    x.out.mem_flags = 0;
    fake_on_flush = note_flush;
    for (unsigned i = 0; i < 4; i++) {
        flushed = 0;
        assert_int_equal(memory_op(XENMEM_exchange, &x), -EINVAL);
        assert_int_equal(flushed, 2);   /* which may know what was a page table once */
    }
    fake_on_flush = NULL;
}

/* Of 512 pages: interrupts are answered every 64 of them. */
static void large_extents_let_interrupts_in(void **state)
{
    static u64 in[512], out[1];
    xen_memory_reservation_t r = reservation(out, 1, 9);
    xen_memory_exchange_t x = { .in = reservation(in, 512, 0), .out = r };

    (void)state;
    fake_preempt_every = 1u << 30;      /* never, but looks are counted */
    fill(in, 512);
    fake_looks = fake_stale_asked = 0;
    assert_int_equal(memory_op(XENMEM_exchange, &x), 0);
    assert_true(fake_looks >= 512 / 64 * 4 - 1);        /* cleared, taken, noted (log-dirty), given up */
    assert_true(fake_stale_asked <= 4);                 /* ... and CPUs are not looked at for each of them */
    fake_looks = 0;
    assert_int_equal(memory_op(XENMEM_decrease_reservation, &r), 1);
    assert_true(fake_looks >= 512 / 64);
    out[0] = 0;
    fake_fault_in = 2;                  /* where the answer goes */
    fake_looks = 0;
    assert_int_equal(memory_op(XENMEM_populate_physmap, &r), 0);
    assert_true(fake_looks >= 512 / 64 * 3 - 1);        /* cleared, noted, given back */
    fake_fault_in = -1;
    fake_looks = fake_stale_asked = 0;
    assert_int_equal(memory_op(XENMEM_populate_physmap, &r), 1);
    assert_true(fake_looks >= 512 / 64 * 2 - 1);        /* cleared, noted */
    assert_true(fake_stale_asked <= 2);
    x = (xen_memory_exchange_t){ .in = r, .out = reservation(in, 512, 0) };
    fake_looks = 0;
    assert_int_equal(memory_op(XENMEM_exchange, &x), 0);
    assert_true(fake_looks >= 512 / 64 * 4);            /* cleared, taken, given, given up */
}

/* ---- a guest that does everything at random ---- */

#define GFNS 512u
static u64 p2m[GFNS];
static u32 seed;
static u32 rnd(u32 n) { return (seed = seed * 1664525u + 1013904223u) / 65536u % n; }

static u64 pick(bool present, u64 *gfns, u64 want)
{
    u64 n = 0;

    for (u32 i = rnd(GFNS), tries = 0; tries < GFNS && n < want; tries++, i = (i + 1) % GFNS)
        if ((p2m[i] != 0) == present)
            gfns[n++] = i;
    return n;
}

static void random_ballooning_keeps_maps_in_step(void **state)
{
    u64 gfns[64], list[64], pages = 0;

    (void)state;
    memset(p2m, 0, sizeof(p2m));
    seed = 161;
    fake_preempt_every = 3;
    for (unsigned step = 0; step < 20000; step++) {
        u32 what = rnd(3);
        u64 n = pick(what != 0, gfns, 1 + rnd(64));
        xen_memory_reservation_t r = reservation(list, n, 0);
        xen_memory_exchange_t x = { .in = reservation(list, n, 0), .out = reservation(gfns, n, 0) };

        for (u64 i = 0; i < n; i++)
            list[i] = what ? p2m[gfns[i]] : gfns[i];
        if (what == 0) {
            assert_int_equal(memory_op(XENMEM_populate_physmap, &r), (long)n);
            for (u64 i = 0; i < n; i++)
                p2m[gfns[i]] = list[i];
            pages += n;
        } else if (what == 1) {
            assert_int_equal(memory_op(XENMEM_decrease_reservation, &r), (long)n);
            for (u64 i = 0; i < n; i++)
                p2m[gfns[i]] = 0;
            pages -= n;
        } else {
            u64 was[64];

            memcpy(was, gfns, sizeof(was));
            assert_int_equal(memory_op(XENMEM_exchange, &x), 0);
            for (u64 i = 0; i < n; i++)
                p2m[was[i]] = gfns[i];
        }
        assert_int_equal(guest.tot_pages, pages);
        for (u32 g = 0; g < GFNS; g++)
            if (p2m[g]) {
                assert_int_equal(fake_m2p[p2m[g]], g);
                assert_int_equal(mfn_frame(p2m[g])->count, FRAME_ALLOCATED | 1);
            }
    }
}

/* ---- maps, numbers, rights ---- */

static void maps_are_given_and_read(void **state)
{
    struct e820_entry in[2] = { { 0, 0x10000000, E820_RAM }, { 1, 2, E820_RESERVED } }, out[4];
    xen_foreign_memory_map_t set = { .domid = 3, .map = { .nr_entries = 2 } };
    xen_memory_map_t get = { .nr_entries = 4 };

    (void)state;
    set.map.buffer.p = in;
    get.buffer.p = out;
    assert_int_equal(memory_op(XENMEM_memory_map, &get), -ENOSYS);
    set.domid = 0;
    assert_int_equal(memory_op(XENMEM_set_memory_map, &set), -EPERM);
    set.domid = 3;              /* its own it may set, too */
    assert_int_equal(memory_op(XENMEM_set_memory_map, &set), 0);
    fake_current = &dom0_vcpu;
    assert_int_equal(memory_op(XENMEM_set_memory_map, &set), 0);
    assert_int_equal(memory_op(XENMEM_set_memory_map, &set), 0);
    set.map.nr_entries = E820_MAX + 1;
    assert_int_equal(memory_op(XENMEM_set_memory_map, &set), -EINVAL);
    get.buffer.p = NULL;
    assert_int_equal(memory_op(XENMEM_machine_memory_map, &get), 0);
    assert_int_equal(get.nr_entries, 2);
    fake_current = &guest_vcpu;
    get.nr_entries = 4;
    get.buffer.p = out;
    assert_int_equal(memory_op(XENMEM_memory_map, &get), 0);
    assert_int_equal(get.nr_entries, 2);
    assert_memory_equal(in, out, sizeof(in));
    assert_int_equal(memory_op(XENMEM_machine_memory_map, &get), -EPERM);
}

static void grant_frames_are_acquired(void **state)
{
    u64 frames[64];
    xen_mem_acquire_resource_t q = { .domid = 3, .type = XENMEM_resource_grant_table };

    (void)state;
    assert_int_equal(memory_op(XENMEM_acquire_resource, &q), -EPERM);
    fake_current = &dom0_vcpu;
    assert_int_equal(memory_op(XENMEM_acquire_resource, &q), 0);
    assert_int_equal(q.nr_frames, 64);
    fake_preempt_every = 1;
    q.frame_list.p = frames;
    assert_int_equal(memory_op(XENMEM_acquire_resource, &q), 0);
    assert_true(fake_continuations > 0);
    assert_true(frames[0] == 1000 && frames[63] == 1063);
    q.frame = 1;
    assert_int_equal(memory_op(XENMEM_acquire_resource, &q), -EINVAL);
    q.frame = ~0ul;
    q.nr_frames = 2;
    assert_int_equal(memory_op(XENMEM_acquire_resource, &q), -EINVAL);
    q.type = XENMEM_resource_ioreq_server;
    assert_int_equal(memory_op(XENMEM_acquire_resource, &q), -EOPNOTSUPP);
}

static void the_rest_says_what_it_is(void **state)
{
    u64 frames[4];
    xen_machphys_mfn_list_t m = { .max_extents = 4 };

    (void)state;
    assert_int_equal(memory_op(XENMEM_maximum_ram_page, NULL), FRAMES);
    assert_int_equal(memory_op(XENMEM_get_sharing_freed_pages, NULL), 0);
    assert_int_equal(memory_op(XENMEM_get_vnumainfo, NULL), -EOPNOTSUPP);
    assert_int_equal(memory_op(XENMEM_add_to_physmap, NULL), -EACCES);
    assert_int_equal(memory_op(29, NULL), -ENOSYS);
    assert_int_equal(memory_op(XENMEM_machphys_mfn_list, &m), -EPERM);
    fake_current = &dom0_vcpu;
    m.extent_start.p = frames;
    assert_int_equal(memory_op(XENMEM_machphys_mfn_list, &m), 0);
    assert_int_equal(m.nr_extents, 2);
    assert_int_equal(frames[1], 1024);
    assert_int_equal(memory_op(XENMEM_maximum_ram_page | 1 << 6, NULL), -ENOSYS); /* nothing to go on with */
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, start, end)
    const struct CMUnitTest tests[] = {
        TEST(populate_answers_frames_and_fills_the_table),
        TEST(extents_done_are_counted),
        TEST(unwritable_lists_leave_nothing_behind),
        TEST(given_back_is_only_what_is_still_its_own),
        TEST(exchange_gives_contiguous_low_memory),
        TEST(failed_exchange_is_clean),
        TEST(exchange_splits_large_extents_above_the_maximum),
        TEST(failed_exchange_concerns_nobody_else),
        TEST(large_extents_let_interrupts_in),
        TEST(random_ballooning_keeps_maps_in_step),
        TEST(maps_are_given_and_read),
        TEST(grant_frames_are_acquired),
        TEST(the_rest_says_what_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
