/*
 * Grant tables against an executable specification: random operations of three domains, version 1 and 2. The
 * specification keeps a list of mappings; from it and the entries follow every status, every mark in an entry, every
 * frame's references and every page-table slot. Copies are compared with a shadow of all memory. The fake machine
 * fails a frame that is given up before the TLB was flushed.
 * Went wrong once: an unmap that took any right for its own; facts so rare in random runs (copies across versions, a
 * table that is full) that they are now asked for by name; a frame given up while a TLB still mapped it, where two CPUs
 * unmapped one mapping half each; a mark that a version switch lost.
 * Links: core/grant.c core/grant_entry.c core/grant_map.c core/grant_copy.c core/grant_cache.c
 *        core/grant_version.c core/grant_op.c
 *        core/grant_audit.c core/lock.c arch/host/fake_machine.c arch/host/fake_guest.c arch/host/fake_core.c
 *        arch/host/fake_domain.c arch/host/fake_heap.c arch/host/fake_log.c
 */
#include "arch/host/fake.h"
#include "arch/arch.h"
#include "core/frame.h"
#include "core/grant.h"
#include "core/hypercall.h"
#include "lib/string.h"
#include <machine/pte.h>

#define DOMAINS 3
#define FRAMES 8                /* of RAM, per domain */
#define REFS 24                 /* grefs the test uses; the first 8 are the reserved ones */
#define MAPPINGS 300            /* more than one page of records */

static struct domain *dom[DOMAINS];
static mfn_t ram[DOMAINS][FRAMES];
static char shadow[DOMAINS][FRAMES][PAGE_SIZE];
static u32 version[DOMAINS];

static struct mapped {
    bool used, write;
    unsigned ld, rd;
    u32 ref, handle, slot;      /* slot 0: device only */
    bool device;
    mfn_t mfn;
} mapped[MAPPINGS];

static u64 dice(u64 n) { return fake_random() % n; }
static long op(u64 cmd, void *arg, u64 n) { return fake_call3(do_grant_table_op, cmd, (u64)(uintptr_t)arg, n); }
static void become(unsigned d) { fake_current = dom[d]->vcpu[0]; }

static void set_up(u64 seed)
{
    fake_reset(seed);
    memset(mapped, 0, sizeof(mapped));
    memset(shadow, 0, sizeof(shadow));
    for (unsigned d = 0; d < DOMAINS; d++) {
        dom[d] = fake_domain(d, 1);
        dom[d]->max_grant_frames = 4;
        dom[d]->max_maptrack_frames = 4;
        dom[d]->arch.cpumask = 1;
        assert_int_equal(grant_domain_init(dom[d], 2), 0);
        for (unsigned f = 0; f < FRAMES; f++)
            ram[d][f] = fake_frame(dom[d]);
        version[d] = 1;
    }
}

static void tear_down(void)
{
    for (unsigned d = 0; d < DOMAINS; d++) {
        dom[d]->dying = DOMDYING_dying;
        while (grant_release_mappings(dom[d])) {}
        assert_int_equal(grant_audit(dom[d]), 0);
    }
    for (unsigned d = 0; d < DOMAINS; d++) {
        assert_int_equal(dom[d]->refs, 1);
        for (unsigned f = 0; f < FRAMES; f++) {
            assert_int_equal(fake_refs(ram[d][f]), 1);
            assert_int_equal(fake_uses(ram[d][f]), 0);
        }
        grant_domain_destroy(dom[d]);
        fake_domain_free(dom[d]);
    }
    assert_int_equal(fake_heap_objects, 0);
}

/* ---- tables, as the guest sees them ---- */

static void *table(unsigned d, bool status)
{
    mfn_t mfn;

    assert_int_equal(grant_get_frame(dom[d], 0, status, &mfn), 0);
    return mfn_to_virt(mfn);
}
static grant_entry_v1_t *v1(unsigned d, u32 ref) { return (grant_entry_v1_t *)table(d, false) + ref; }
static grant_entry_v2_t *v2(unsigned d, u32 ref) { return (grant_entry_v2_t *)table(d, false) + ref; }
static u16 marks(unsigned d, u32 ref)
{
    return (version[d] == 1 ? v1(d, ref)->flags : ((u16 *)table(d, true))[ref]) & (GTF_reading | GTF_writing);
}
static u16 flags_of(unsigned d, u32 ref) { return version[d] == 1 ? v1(d, ref)->flags : v2(d, ref)->hdr.flags; }
static domid_t domid_of(unsigned d, u32 ref) { return version[d] == 1 ? v1(d, ref)->domid : v2(d, ref)->hdr.domid; }
static mfn_t frame_of(unsigned d, u32 ref) { return version[d] == 1 ? v1(d, ref)->frame : v2(d, ref)->full_page.frame; }

static bool owns(unsigned d, mfn_t mfn)
{
    for (unsigned f = 0; f < FRAMES; f++)
        if (ram[d][f] == mfn)
            return true;
    return false;
}

static unsigned users(unsigned d, u32 ref, bool writers_only)
{
    unsigned n = 0;

    for (unsigned i = 0; i < MAPPINGS; i++)
        n += mapped[i].used && mapped[i].rd == d && mapped[i].ref == ref && (mapped[i].write || !writers_only);
    return n;
}

/* A guest fills an entry that is not in use: sensibly, mostly. */
static void step_entry(unsigned d)
{
    u32 ref = dice(REFS);
    u16 flags = (dice(8) ? GTF_permit_access : dice(4)) | (dice(3) ? 0 : GTF_readonly);
    domid_t to = dice(DOMAINS + 1);
    mfn_t mfn = dice(10) ? ram[d][dice(FRAMES)] : dice(2) ? ram[dice(DOMAINS)][0] : fake_random() >> 20;

    if (users(d, ref, false) || marks(d, ref))
        return;
    if (version[d] == 1) {
        *v1(d, ref) = (grant_entry_v1_t){ flags & ~(GTF_reading | GTF_writing), to, mfn };
        return;
    }
    grant_entry_v2_t e = { .full_page = { .hdr = { flags, to }, .frame = mfn } };
    if ((flags & GTF_type_mask) == GTF_transitive) {
        e.transitive.trans_domid = dice(DOMAINS + 1);
        e.transitive.gref = dice(REFS + 2);
    } else if (dice(4) == 0) {
        e.hdr.flags |= GTF_sub_page;
        e.sub_page.page_off = dice(5000);
        e.sub_page.length = dice(3000);
    }
    *v2(d, ref) = e;
}

/* ---- what an entry permits: the specification in one function ---- */

static bool in_use_by_other(unsigned rd, u32 ref, unsigned who)
{
    for (unsigned i = 0; i < MAPPINGS; i++)
        if (mapped[i].used && mapped[i].rd == rd && mapped[i].ref == ref && mapped[i].ld != who)
            return true;
    return false;
}

/* May `who` use it, and if so which bytes of which frame? chain: transitive grants are followed. */
static bool permits(unsigned rd, u32 ref, unsigned who, bool write, bool whole, bool chain, mfn_t *mfn, u32 *start,
                    u32 *len)
{
    if (rd >= DOMAINS || ref >= (version[rd] == 1 ? 512 : 256))
        return false;
    u16 flags = flags_of(rd, ref), type = flags & GTF_type_mask;
    bool sub = version[rd] == 2 && (flags & GTF_sub_page);

    if (domid_of(rd, ref) != who || (write && (flags & GTF_readonly)) || in_use_by_other(rd, ref, who))
        return false;
    if (type == GTF_transitive && version[rd] == 2 && !whole && chain) {
        domid_t t = v2(rd, ref)->transitive.trans_domid;
        return t != rd && permits(t, v2(rd, ref)->transitive.gref, rd, write, false, false, mfn, start, len);
    }
    if (type != GTF_permit_access || (sub && whole) || !owns(rd, frame_of(rd, ref)))
        return false;
    *mfn = frame_of(rd, ref);
    *start = sub ? v2(rd, ref)->sub_page.page_off : 0;
    *len = sub ? v2(rd, ref)->sub_page.length : PAGE_SIZE;
    return *start + *len <= PAGE_SIZE;
}

/* ---- steps ---- */

static struct mapped *free_mapped(void)
{
    for (unsigned i = 0; i < MAPPINGS; i++)
        if (!mapped[i].used)
            return &mapped[i];
    return NULL;
}

static u32 free_slot(void)
{
    for (u32 s = 1; s < FAKE_SLOTS; s++)
        if (!fake_pte[s])
            return s;
    return 0;
}

static void step_map(unsigned d)
{
    gnttab_map_grant_ref_t m[20];
    unsigned n = 1 + dice(ARRAY_SIZE(m));
    u32 slot[20];

    for (unsigned i = 0; i < n; i++) {
        /* Elements of a batch use different slots: the first free ones, counted up. */
        slot[i] = i ? slot[i - 1] + 1 : free_slot();
        while (slot[i] < FAKE_SLOTS && fake_pte[slot[i]])
            slot[i]++;
        m[i] = (gnttab_map_grant_ref_t){ .host_addr = (u64)slot[i] << PAGE_SHIFT, .ref = dice(50) ? dice(REFS) : 5000,
                                         .dom = dice(DOMAINS + 1), .flags = dice(16) };
    }
    assert_int_equal(op(GNTTABOP_map_grant_ref, m, n), 0);
    for (unsigned i = 0; i < n; i++) {
        bool write = !(m[i].flags & GNTMAP_readonly), host = m[i].flags & GNTMAP_host_map;
        mfn_t mfn = 0;
        u32 start, len;
        bool ok = (m[i].flags & 3) && (!host || slot[i] < FAKE_SLOTS) &&
                  permits(m[i].dom, m[i].ref, d, write, true, false, &mfn, &start, &len);
        struct mapped *spec = free_mapped();

        if (!ok || !spec) {
            if (ok) /* more than the test follows: give it back */
                assert_int_equal(op(GNTTABOP_unmap_grant_ref, &(gnttab_unmap_grant_ref_t){
                    .host_addr = m[i].host_addr, .dev_bus_addr = m[i].dev_bus_addr, .handle = m[i].handle }, 1), 0);
            else
                assert_true(m[i].status < 0);
            continue;
        }
        assert_int_equal(m[i].status, GNTST_okay);
        assert_int_equal(m[i].dev_bus_addr, mfn << PAGE_SHIFT);
        *spec = (struct mapped){ true, write, d, m[i].dom, m[i].ref, m[i].handle, host ? slot[i] : 0,
                                 m[i].flags & GNTMAP_device_map, mfn };
        if (host) {
            assert_int_equal(pte_mfn(fake_pte[slot[i]]), mfn);
            assert_int_equal(!!(fake_pte[slot[i]] & PTE_RW), write);
        }
    }
}

static void step_unmap(unsigned d)
{
    gnttab_unmap_grant_ref_t u[70] = { 0 };
    struct mapped *of[70];
    unsigned n = 0, flushes = fake_flushes;

    for (unsigned i = dice(MAPPINGS); i < MAPPINGS && n < ARRAY_SIZE(u); i++) {
        struct mapped *m = &mapped[i];
        if (!m->used || m->ld != d || dice(3) == 0)
            continue;
        of[n] = m;
        bool host = m->slot && dice(4), dev = m->device && dice(4);
        u[n++] = (gnttab_unmap_grant_ref_t){ .handle = m->handle, .host_addr = host ? (u64)m->slot << PAGE_SHIFT : 0,
                                             .dev_bus_addr = dev ? m->mfn << PAGE_SHIFT : 0 };
    }
    if (n < ARRAY_SIZE(u)) {
        of[n] = NULL;
        u[n++] = (gnttab_unmap_grant_ref_t){ .handle = dice(2) ? 100000 : 1000 + dice(24), .host_addr = PAGE_SIZE };
    }
    assert_int_equal(op(GNTTABOP_unmap_grant_ref, u, n), 0);
    for (unsigned i = 0; i < n; i++) {
        struct mapped *m = of[i];
        if (!m) {
            assert_int_equal(u[i].status, GNTST_bad_handle);
            continue;
        }
        assert_int_equal(u[i].status, GNTST_okay);
        if (u[i].host_addr)
            m->slot = 0;
        if (u[i].dev_bus_addr)
            m->device = false;
        m->used = m->slot || m->device;
    }
    assert_true(fake_flushes - flushes <= DIV_ROUND_UP(n, 32)); /* once per batch, not once per page */
}

static char *shadow_of(mfn_t mfn)
{
    for (unsigned d = 0; d < DOMAINS; d++)
        for (unsigned f = 0; f < FRAMES; f++)
            if (ram[d][f] == mfn)
                return shadow[d][f];
    fail();
    return NULL;
}

static void copy_side(unsigned d, struct gnttab_copy_ptr *p, bool gref)
{
    p->offset = dice(3) ? dice(300) : dice(4200);
    p->domid = gref ? dice(DOMAINS + 1) : dice(10) ? DOMID_SELF : d;
    if (gref)
        p->u.ref = dice(REFS);
    else
        p->u.gmfn = ram[dice(10) ? d : dice(DOMAINS)][dice(FRAMES)];
}

static bool side_ok(unsigned d, const struct gnttab_copy_ptr *p, bool gref, bool write, u32 len, mfn_t *mfn)
{
    u32 start = 0, room = PAGE_SIZE;

    if (gref ? !permits(p->domid, p->u.ref, d, write, false, true, mfn, &start, &room)
             : p->domid != DOMID_SELF || !owns(d, *mfn = p->u.gmfn))
        return false;
    return p->offset >= start && p->offset + len <= start + room;
}

/*
 * Can the two sides get into each other's way? Two grefs can: one pins an entry for us that the other, through a
 * transitive grant, pins for somebody else. Then a refusal is right, too.
 */
static bool conflict(const struct gnttab_copy *c) { return (c->flags & 3) == 3; }

static void step_copy(unsigned d)
{
    struct gnttab_copy c = { .len = dice(600), .flags = dice(4) };
    mfn_t from = 0, to = 0;

    copy_side(d, &c.source, c.flags & GNTCOPY_source_gref);
    copy_side(d, &c.dest, c.flags & GNTCOPY_dest_gref);
    bool ok = side_ok(d, &c.source, c.flags & GNTCOPY_source_gref, false, c.len, &from) &&
              side_ok(d, &c.dest, c.flags & GNTCOPY_dest_gref, true, c.len, &to);
    assert_int_equal(op(GNTTABOP_copy, &c, 1), 0);
    if (!ok || !conflict(&c))
        assert_int_equal(c.status == GNTST_okay, ok);
    if (c.status == GNTST_okay)
        memmove(shadow_of(to) + c.dest.offset, shadow_of(from) + c.source.offset, c.len);
}

static void step_write(unsigned d)
{
    unsigned f = dice(FRAMES), at = dice(PAGE_SIZE);

    shadow[d][f][at] = ((char *)mfn_to_virt(ram[d][f]))[at] = (char)fake_random();
}

static void step_version(unsigned d)
{
    gnttab_set_version_t s = { .version = 1 + dice(2) };
    bool busy = false, odd = false;

    for (u32 ref = 0; ref < REFS; ref++) {
        u16 type = flags_of(d, ref) & GTF_type_mask;
        busy |= ref >= 8 && users(d, ref, false);
        odd |= ref < 8 && type != GTF_invalid && (type != GTF_permit_access ||
               (version[d] == 2 && ((flags_of(d, ref) & GTF_sub_page) || frame_of(d, ref) >> 32)));
    }
    u32 want = s.version;
    long rc = op(GNTTABOP_set_version, &s, 1);
    if (want == version[d]) {
        assert_int_equal(rc, 0);
    } else if (busy) {
        assert_int_equal(rc, -EBUSY);
    } else if (odd) {
        assert_true(rc == -EINVAL || rc == -ERANGE);
    } else {
        assert_int_equal(rc, 0);
        version[d] = want;
    }
    assert_int_equal(s.version, version[d]);
}

static void step_swap(unsigned d)
{
    gnttab_swap_grant_ref_t s = { dice(REFS), dice(REFS), 0 };
    bool busy = users(d, s.ref_a, false) || users(d, s.ref_b, false);

    assert_int_equal(op(GNTTABOP_swap_grant_ref, &s, 1), 0);
    assert_int_equal(s.status, busy ? GNTST_eagain : GNTST_okay);
}

/* ---- everything that must hold between operations ---- */

static void check(void)
{
    for (unsigned d = 0; d < DOMAINS; d++) {
        u64 held = 1;

        assert_int_equal(grant_audit(dom[d]), 0);
        for (u32 ref = 0; ref < REFS; ref++) {
            u16 want = (users(d, ref, false) ? GTF_reading : 0) | (users(d, ref, true) ? GTF_writing : 0);
            if (want || (flags_of(d, ref) & GTF_type_mask) != GTF_accept_transfer)
                assert_int_equal(marks(d, ref), want);
        }
        for (unsigned f = 0; f < FRAMES; f++) {
            u64 refs = 1, uses = 0;
            for (unsigned i = 0; i < MAPPINGS; i++)
                if (mapped[i].used && mapped[i].mfn == ram[d][f]) {
                    refs++;
                    uses += mapped[i].write;
                }
            assert_int_equal(fake_refs(ram[d][f]), refs);
            assert_int_equal(fake_uses(ram[d][f]), uses);
            assert_memory_equal(shadow[d][f], mfn_to_virt(ram[d][f]), PAGE_SIZE);
        }
        for (unsigned i = 0; i < MAPPINGS; i++)
            held += mapped[i].used && mapped[i].rd == d;
        assert_int_equal(dom[d]->refs, held);
    }
}

static void (*const steps[])(unsigned d) = {
    step_entry, step_entry, step_entry, step_map, step_unmap, step_copy, step_copy, step_copy, step_write, step_write,
};

static void random_run(u64 seed, unsigned length)
{
    set_up(seed);
    fake_preempt_every = seed % 3;
    for (unsigned i = 0; i < length; i++) {
        unsigned d = dice(DOMAINS);

        become(d);
        if (dice(40) == 0)
            step_version(d);
        else if (dice(40) == 0)
            step_swap(d);
        else
            steps[dice(ARRAY_SIZE(steps))](d);
        if (i % 64 == 0)
            check();
    }
    check();
    fake_preempt_every = 0;
    tear_down();
}

static void test_model(void **state)
{
    const char *more = getenv("MODEL_RUNS");

    (void)state;
    for (u64 seed = 1, runs = more ? strtoul(more, NULL, 0) : 30; seed <= runs; seed++)
        random_run(seed, 20000);
}

/* ---- single facts ---- */

static s16 map(unsigned ld, unsigned rd, u32 ref, u32 flags, u32 slot, u32 *handle)
{
    gnttab_map_grant_ref_t m = { .host_addr = (u64)slot << PAGE_SHIFT, .flags = flags, .ref = ref, .dom = rd };

    become(ld);
    assert_int_equal(op(GNTTABOP_map_grant_ref, &m, 1), 0);
    *handle = m.handle;
    return m.status;
}

/* A dying domain's grants are void, but what is mapped stays until the mapper lets go. */
static void test_dying(void **state)
{
    u32 h, h2;

    (void)state;
    set_up(1);
    *v1(1, 9) = (grant_entry_v1_t){ GTF_permit_access, 0, ram[1][0] };
    assert_int_equal(map(0, 1, 9, GNTMAP_host_map, 1, &h), GNTST_okay);
    dom[1]->dying = DOMDYING_dying;
    assert_int_equal(grant_release_mappings(dom[1]), 0);
    assert_true(map(0, 1, 9, GNTMAP_host_map, 2, &h2) < 0);
    assert_int_equal(dom[1]->refs, 2);
    assert_int_equal(fake_refs(ram[1][0]), 2);
    gnttab_unmap_grant_ref_t u = { .host_addr = PAGE_SIZE, .handle = h };
    assert_int_equal(op(GNTTABOP_unmap_grant_ref, &u, 1), 0);
    assert_int_equal(u.status, GNTST_okay);
    assert_int_equal(dom[1]->refs, 1);
    tear_down();
}

static mfn_t watched;
static u64 refs_at_flush;
static void look(u64 cpus) { (void)cpus; refs_at_flush = fake_refs(watched); }

/* A mapper that dies gives everything back, but not before nobody reaches it through its old mappings. */
static void test_dying_mapper(void **state)
{
    u32 h;

    (void)state;
    set_up(4);
    watched = ram[1][0];
    *v1(1, 9) = (grant_entry_v1_t){ GTF_permit_access, 0, watched };
    assert_int_equal(map(0, 1, 9, GNTMAP_host_map, 1, &h), GNTST_okay);
    dom[0]->dying = DOMDYING_dying;
    fake_on_flush = look;
    fake_flushes = 0;
    assert_int_equal(grant_release_mappings(dom[0]), 0);
    fake_on_flush = NULL;
    assert_int_equal(fake_flushes, 1);
    assert_int_equal(refs_at_flush, 2);
    assert_int_equal(fake_refs(watched), 1);
    memset(fake_pte, 0, sizeof(fake_pte));      /* its page tables are gone, too */
    tear_down();
}

/* Limits: grant frames and mapping records end where they are said to. */
static void test_limits(void **state)
{
    u64 list[8];
    u32 h;

    (void)state;
    set_up(2);
    become(1);
    gnttab_setup_table_t s = { .dom = DOMID_SELF, .nr_frames = 5 };
    s.frame_list.p = (void *)list;
    assert_int_equal(op(GNTTABOP_setup_table, &s, 1), 0);
    assert_int_equal(s.status, GNTST_general_error);
    s.nr_frames = 4;
    assert_int_equal(op(GNTTABOP_setup_table, &s, 1), 0);
    assert_int_equal(s.status, GNTST_okay);
    assert_ptr_equal(mfn_to_virt(list[0]), table(1, false));
    gnttab_query_size_t q = { .dom = DOMID_SELF };
    assert_int_equal(op(GNTTABOP_query_size, &q, 1), 0);
    assert_int_equal(q.nr_frames, 4);
    assert_int_equal(q.max_nr_frames, 4);
    q.dom = 0;
    assert_int_equal(op(GNTTABOP_query_size, &q, 1), 0);
    assert_int_equal(q.status, GNTST_permission_denied);
    *v1(1, 9) = (grant_entry_v1_t){ GTF_permit_access, 0, ram[1][0] };
    for (unsigned i = 0; i < 4 * 256; i++)
        assert_int_equal(map(0, 1, 9, GNTMAP_device_map | GNTMAP_readonly, 0, &h), GNTST_okay);
    assert_int_equal(map(0, 1, 9, GNTMAP_device_map | GNTMAP_readonly, 0, &h), GNTST_no_space);
    assert_int_equal(grant_audit(dom[1]), 0);
    tear_down();
}

/* What is not offered says so and touches nothing. */
static void test_refused(void **state)
{
    u32 h;

    (void)state;
    set_up(3);
    become(1);
    gnttab_transfer_t t = { .mfn = ram[1][0] };
    assert_int_equal(op(GNTTABOP_transfer, &t, 1), -ENOSYS);
    assert_int_equal(op(77, &t, 1), -ENOSYS);
    assert_int_equal(op(GNTTABOP_map_grant_ref, &t, 1UL << 31), -EINVAL);
    assert_int_equal(op(GNTTABOP_query_size, &t, 2), -EINVAL);
    fake_fault_in = 0;
    assert_int_equal(op(GNTTABOP_copy, &t, 1), -EFAULT);
    gnttab_swap_grant_ref_t s = { 9, 4 * 512, 0 };
    assert_int_equal(op(GNTTABOP_swap_grant_ref, &s, 1), 0);
    assert_int_equal(s.status, GNTST_bad_gntref);
    *v1(1, 9) = (grant_entry_v1_t){ GTF_permit_access, 0, ram[1][0] };
    assert_int_equal(map(0, 1, 9, GNTMAP_host_map, FAKE_SLOTS, &h), GNTST_general_error);   /* no entry there */
    assert_int_equal(v1(1, 9)->flags, GTF_permit_access);
    assert_int_equal(fake_refs(ram[1][0]), 1);
    assert_int_equal(map(0, 1, 9, GNTMAP_host_map, 1, &h), GNTST_okay);
    gnttab_unmap_and_replace_t r = { .host_addr = PAGE_SIZE, .new_addr = 2 * PAGE_SIZE, .handle = h };
    assert_int_equal(op(GNTTABOP_unmap_and_replace, &r, 1), 0);
    assert_int_equal(r.status, GNTST_general_error);
    gnttab_unmap_grant_ref_t u = { .host_addr = 2 * PAGE_SIZE, .handle = h }; /* not where it is */
    assert_int_equal(op(GNTTABOP_unmap_grant_ref, &u, 1), 0);
    assert_int_equal(u.status, GNTST_general_error);
    assert_int_equal(fake_refs(ram[1][0]), 2);
    fake_fault_in = 0;          /* three elements cannot be read at once, each by itself can */
    gnttab_unmap_grant_ref_t some[3] = { { .handle = h + 1 }, { .host_addr = PAGE_SIZE, .handle = h },
                                         { .handle = 77 } };
    assert_int_equal(op(GNTTABOP_unmap_grant_ref, some, 3), 0);
    assert_int_equal(some[0].status, GNTST_bad_handle);
    assert_int_equal(some[1].status, GNTST_okay);
    assert_int_equal(some[2].status, GNTST_bad_handle);
    assert_int_equal(fake_refs(ram[1][0]), 1);
    tear_down();
}

/* A handle is good once, for its own address; a grant is one domain's at a time, whatever its entry says meanwhile. */
static void test_handles(void **state)
{
    u32 h, h2;

    (void)state;
    set_up(5);
    *v1(1, 9) = (grant_entry_v1_t){ GTF_permit_access, 0, ram[1][0] };
    assert_int_equal(map(0, 1, 9, GNTMAP_device_map, 0, &h), GNTST_okay);
    v1(1, 9)->domid = 2;
    assert_int_equal(map(2, 1, 9, GNTMAP_device_map, 0, &h2), GNTST_general_error);
    become(0);
    gnttab_unmap_grant_ref_t u = { .dev_bus_addr = ram[1][1] << PAGE_SHIFT, .handle = h };
    assert_int_equal(op(GNTTABOP_unmap_grant_ref, &u, 1), 0);
    assert_int_equal(u.status, GNTST_general_error);
    gnttab_unmap_grant_ref_t twice[2] = { { .dev_bus_addr = ram[1][0] << PAGE_SHIFT, .handle = h } };
    twice[1] = twice[0];
    assert_int_equal(op(GNTTABOP_unmap_grant_ref, twice, 2), 0);
    assert_int_equal(twice[0].status, GNTST_okay);
    assert_int_equal(twice[1].status, GNTST_bad_handle);
    assert_int_equal(op(GNTTABOP_unmap_grant_ref, twice, 1), 0);
    assert_int_equal(twice[0].status, GNTST_bad_handle);
    assert_int_equal(marks(1, 9), 0);
    tear_down();
}

static s16 copy_gref(unsigned rd, u32 ref, u32 offset, u32 len)
{
    struct gnttab_copy c = { .source = { .u.ref = ref, .domid = rd, .offset = offset }, .len = len,
                             .dest = { .u.gmfn = ram[0][0], .domid = DOMID_SELF }, .flags = GNTCOPY_source_gref };

    become(0);
    assert_int_equal(op(GNTTABOP_copy, &c, 1), 0);
    return c.status;
}

/* Transitive grants go one step, never back to their own domain; parts of pages stay inside them. */
static void test_version2(void **state)
{
    gnttab_set_version_t s = { .version = 2 };

    (void)state;
    set_up(6);
    for (unsigned d = 1; d < 3; d++) {
        become(d);
        assert_int_equal(op(GNTTABOP_set_version, &s, 1), 0);
        version[d] = 2;
    }
    *v2(1, 9) = (grant_entry_v2_t){ .full_page = { .hdr = { GTF_permit_access, 2 }, .frame = ram[1][0] } };
    *v2(2, 9) = (grant_entry_v2_t){ .transitive = { .hdr = { GTF_transitive, 0 }, .trans_domid = 1, .gref = 9 } };
    assert_int_equal(copy_gref(2, 9, 0, 100), GNTST_okay);
    *v2(1, 10) = (grant_entry_v2_t){ .transitive = { .hdr = { GTF_transitive, 2 }, .trans_domid = 2, .gref = 11 } };
    *v2(2, 11) = (grant_entry_v2_t){ .full_page = { .hdr = { GTF_permit_access, 1 }, .frame = ram[2][0] } };
    v2(2, 9)->transitive.gref = 10;
    assert_int_equal(copy_gref(2, 9, 0, 100), GNTST_general_error);
    *v2(2, 12) = (grant_entry_v2_t){ .full_page = { .hdr = { GTF_permit_access, 2 }, .frame = ram[2][0] } };
    *v2(2, 9) = (grant_entry_v2_t){ .transitive = { .hdr = { GTF_transitive, 0 }, .trans_domid = 2, .gref = 12 } };
    assert_int_equal(copy_gref(2, 9, 0, 100), GNTST_general_error);
    *v2(1, 9) = (grant_entry_v2_t){ .sub_page = { .hdr = { GTF_permit_access | GTF_sub_page, 0 }, .page_off = 3000,
                                                  .length = 2000, .frame = ram[1][0] } };
    assert_int_equal(copy_gref(1, 9, 3000, 10), GNTST_general_error);
    v2(1, 9)->sub_page.length = 1000;
    assert_int_equal(copy_gref(1, 9, 3000, 10), GNTST_okay);
    assert_int_equal(copy_gref(1, 9, 3000, 1001), GNTST_general_error);
    assert_int_equal(copy_gref(1, 9, 4000, 97), GNTST_bad_copy_arg);
    for (unsigned d = 1; d < 3; d++)
        for (u32 ref = 9; ref < 13; ref++)
            assert_int_equal(marks(d, ref), 0);
    tear_down();
}

/* A batch that changes its page in between gets the right one each time. */
/* A reserved grant that its guest withdrew while it is in use: the mark stays, through every change of the version. */
static void test_version_keeps_marks(void **state)
{
    gnttab_set_version_t s = { .version = 2 };
    u32 h;

    (void)state;
    set_up(7);
    *v1(1, 3) = (grant_entry_v1_t){ GTF_permit_access, 0, ram[1][0] };
    assert_int_equal(map(0, 1, 3, GNTMAP_host_map, 1, &h), GNTST_okay);
    become(1);
    assert_int_equal(op(GNTTABOP_set_version, &s, 1), 0);
    version[1] = 2;
    assert_int_equal(marks(1, 3), GTF_reading | GTF_writing);
    v2(1, 3)->hdr.flags = 0;
    for (s.version = 1; s.version <= 2; s.version++) {
        assert_int_equal(op(GNTTABOP_set_version, &s, 1), 0);
        version[1] = s.version;
        assert_int_equal(marks(1, 3), GTF_reading | GTF_writing);
    }
    gnttab_unmap_grant_ref_t u = { .host_addr = PAGE_SIZE, .handle = h };
    become(0);
    assert_int_equal(op(GNTTABOP_unmap_grant_ref, &u, 1), 0);
    assert_int_equal(marks(1, 3), 0);
    tear_down();
}

/* What version 1 cannot say stays in version 2; and who may have only one version keeps it. */
static void test_version_that_cannot_be(void **state)
{
    gnttab_set_version_t s = { .version = 2 };

    (void)state;
    set_up(9);
    become(1);
    assert_int_equal(op(GNTTABOP_set_version, &s, 1), 0);
    version[1] = 2;
    *v2(1, 3) = (grant_entry_v2_t){ .full_page = { .hdr = { GTF_permit_access, 0 }, .frame = 1UL << 32 | ram[1][0] } };
    s.version = 1;
    assert_int_equal(op(GNTTABOP_set_version, &s, 1), -ERANGE);
    assert_int_equal(s.version, 2);
    v2(1, 3)->full_page.frame = ram[1][0];
    s.version = 1;
    assert_int_equal(op(GNTTABOP_set_version, &s, 1), 0);
    version[1] = 1;
    *v1(1, 3) = (grant_entry_v1_t){ 0 };
    grant_domain_destroy(dom[1]);       /* and one of version 1 only in its place */
    assert_int_equal(grant_domain_init(dom[1], 1), 0);
    s.version = 2;
    assert_int_equal(op(GNTTABOP_set_version, &s, 1), -ENOSYS);
    assert_int_equal(s.version, 1);
    tear_down();
}

/*
 * A large table changes its version in pieces. Meanwhile its reserved grants go on, others cannot be used; a guest that
 * walks off in the middle can turn back, or go on.
 */
static void test_version_in_pieces(void **state)
{
    gnttab_set_version_t s = { .version = 2 };
    gnttab_setup_table_t t = { .dom = DOMID_SELF, .nr_frames = 200 };
    u64 frames[200];
    u32 h, h2;

    (void)state;
    set_up(8);
    grant_domain_destroy(dom[1]);       /* and a larger one in its place */
    dom[1]->max_grant_frames = 200;
    assert_int_equal(grant_domain_init(dom[1], 2), 0);
    become(1);
    set_xen_guest_handle_raw(t.frame_list, frames);
    assert_int_equal(op(GNTTABOP_setup_table, &t, 1), 0);
    assert_int_equal(t.status, GNTST_okay);
    for (unsigned i = 0; i < 200; i++)
        memset((char *)mfn_to_virt(frames[i]) + 64, 0xff, PAGE_SIZE - 64);
    *v1(1, 3) = (grant_entry_v1_t){ GTF_permit_access, 0, ram[1][0] };
    *v1(1, 9) = (grant_entry_v1_t){ GTF_permit_access, 0, ram[1][1] };
    assert_int_equal(map(0, 1, 3, GNTMAP_host_map, 1, &h), GNTST_okay);
    become(1);
    fake_preempt_every = 1;
    for (unsigned turns = 0; turns < 2; turns++) {
        for (unsigned i = 0; i < 4; i++)
            assert_int_equal(do_grant_table_op(GNTTABOP_set_version, (u64)(uintptr_t)&s, 1), -ERESTART);
        assert_int_equal(s.version, 2);
        assert_int_equal(map(0, 1, 9, GNTMAP_host_map, 2, &h2), GNTST_bad_gntref);
        assert_int_equal(map(0, 1, 3, GNTMAP_host_map | GNTMAP_readonly, 2, &h2), GNTST_okay);
        gnttab_unmap_grant_ref_t u = { .host_addr = 2 * PAGE_SIZE, .handle = h2 };
        assert_int_equal(op(GNTTABOP_unmap_grant_ref, &u, 1), 0);
        become(1);
        s.version = 1;          /* never mind */
        assert_int_equal(op(GNTTABOP_set_version, &s, 1), 0);
        *v1(1, 9) = (grant_entry_v1_t){ 0 };
        s.version = 2;
    }
    unsigned before = fake_continuations;
    assert_int_equal(op(GNTTABOP_set_version, &s, 1), 0);
    assert_in_range(fake_continuations - before, 200 / 16 - 1, 200 / 16 + 4);
    version[1] = 2;
    assert_int_equal(frame_of(1, 3), ram[1][0]);
    assert_int_equal(marks(1, 3), GTF_reading | GTF_writing);
    for (unsigned i = 0; i < 200; i++)
        for (unsigned at = i ? 0 : 128; at < PAGE_SIZE; at++)
            assert_int_equal(((u8 *)mfn_to_virt(frames[i]))[at], 0);
    fake_preempt_every = 0;
    tear_down();
}

static void test_copy_batch(void **state)
{
    struct gnttab_copy c[12];

    (void)state;
    set_up(7);
    for (u32 i = 0; i < FRAMES; i++) {
        *v1(1, 8 + i) = (grant_entry_v1_t){ GTF_permit_access, 0, ram[1][i] };
        memset(mfn_to_virt(ram[1][i]), 'a' + i, PAGE_SIZE);
    }
    for (u32 i = 0; i < 12; i++)
        c[i] = (struct gnttab_copy){ .source = { .u.ref = 8 + i * 5 % FRAMES, .domid = 1 },
                                     .flags = GNTCOPY_source_gref,
                                     .dest = { .u.gmfn = ram[0][i / 6], .domid = DOMID_SELF, .offset = i }, .len = 1 };
    become(0);
    assert_int_equal(op(GNTTABOP_copy, c, 12), 0);
    for (u32 i = 0; i < 12; i++) {
        assert_int_equal(c[i].status, GNTST_okay);
        assert_int_equal(((char *)mfn_to_virt(ram[0][i / 6]))[i], 'a' + i * 5 % FRAMES);
    }
    tear_down();
}

/*
 * A page mapped for host and device is unmapped in two calls at once. The first has taken the entry away and waits for
 * the other CPUs' flushes; nothing is left for the second to take away, and it gives the page up: not before a flush.
 */
static u32 late_handle;
static s16 late_status;

static void unmap_device_part(u64 cpus)
{
    struct gnttab_unmap_grant_ref u = { .dev_bus_addr = (u64)ram[1][0] << PAGE_SHIFT, .handle = late_handle };

    (void)cpus;
    fake_on_flush = NULL;
    fake_tlb_stale(ram[1][0]);  /* no CPU has answered yet */
    assert_int_equal(op(GNTTABOP_unmap_grant_ref, &u, 1), 0);
    late_status = u.status;
}

static void test_unmap_halves(void **state)
{
    (void)state;
    set_up(8);
    *v1(1, 9) = (grant_entry_v1_t){ GTF_permit_access, 0, ram[1][0] };
    assert_int_equal(map(0, 1, 9, GNTMAP_host_map | GNTMAP_device_map, 1, &late_handle), GNTST_okay);
    become(0);
    struct gnttab_unmap_grant_ref u = { .host_addr = 1UL << PAGE_SHIFT, .handle = late_handle };
    late_status = 1;
    fake_on_flush = unmap_device_part;
    assert_int_equal(op(GNTTABOP_unmap_grant_ref, &u, 1), 0);
    assert_int_equal(u.status, GNTST_okay);
    assert_int_equal(late_status, GNTST_okay);
    assert_int_equal(fake_refs(ram[1][0]), 1);
    /* A page that only devices were to use was in no page table. */
    assert_int_equal(map(0, 1, 9, GNTMAP_device_map, 0, &late_handle), GNTST_okay);
    u = (struct gnttab_unmap_grant_ref){ .dev_bus_addr = (u64)ram[1][0] << PAGE_SHIFT, .handle = late_handle };
    unsigned flushes = fake_flushes;
    assert_int_equal(op(GNTTABOP_unmap_grant_ref, &u, 1), 0);
    assert_int_equal(u.status, GNTST_okay);
    assert_int_equal(fake_flushes, flushes);
    tear_down();
}

/* Each allocation fails in turn. */
static void test_no_memory(void **state)
{
    u64 list[8];
    u32 h;

    (void)state;
    for (long n = 0; n < 14; n++) {
        set_up(4);
        *v1(1, 9) = (grant_entry_v1_t){ GTF_permit_access, 0, ram[1][0] };
        fake_heap_fails_in = n;
        map(0, 1, 9, GNTMAP_host_map, 1, &h);
        become(1);
        gnttab_set_version_t v = { .version = 2 };
        op(GNTTABOP_set_version, &v, 1);
        gnttab_setup_table_t s = { .dom = DOMID_SELF, .nr_frames = 4 };
        s.frame_list.p = (void *)list;
        op(GNTTABOP_setup_table, &s, 1);
        fake_heap_fails_in = -1;
        struct domain *d = fake_domain(7, 1); /* one that cannot even be set up */
        d->max_grant_frames = 2;
        fake_heap_fails_in = n;
        if (!grant_domain_init(d, 2))
            grant_domain_destroy(d);
        fake_heap_fails_in = -1;
        fake_domain_free(d);
        assert_int_equal(grant_audit(dom[1]), 0);
        tear_down();
    }
}

static long flush_cache(unsigned d, mfn_t mfn, u16 offset, u16 length, u32 what)
{
    gnttab_cache_flush_t c = { .a.dev_bus_addr = mfn << PAGE_SHIFT | 0x123, .offset = offset, .length = length,
                               .op = what };

    become(d);
    fake_lines = 0;
    return op(GNTTABOP_cache_flush, &c, 1);
}
#define BOTH (GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_INVAL)

/* Caches are flushed of a page that is the caller's, or that a mapping of its own names, and inside that page. */
static void test_cache_flush(void **state)
{
    u32 h;

    (void)state;
    set_up(9);
    assert_int_equal(flush_cache(0, ram[0][0], 0, PAGE_SIZE, BOTH), 0);
    assert_int_equal(fake_lines, PAGE_SIZE / 64);
    assert_int_equal(flush_cache(0, ram[0][0], 63, 2, GNTTAB_CACHE_CLEAN), 0);
    assert_int_equal(fake_lines, 2);
    assert_int_equal(flush_cache(0, ram[0][0], 4095, 2, BOTH), -EINVAL);
    assert_int_equal(flush_cache(0, ram[0][0], 4096, 0, BOTH), -EINVAL);
    assert_int_equal(flush_cache(0, ram[0][0], 0xffff, 0xffff, BOTH), -EINVAL);
    assert_int_equal(flush_cache(0, ram[0][0], 0, 1, GNTTAB_CACHE_INVAL), -EOPNOTSUPP);
    assert_int_equal(flush_cache(0, ram[0][0], 0, 1, BOTH | GNTTAB_CACHE_SOURCE_GREF), -EINVAL);
    assert_int_equal(flush_cache(0, 1UL << 40, 0, 1, BOTH), -EINVAL);
    assert_int_equal(flush_cache(0, virt_to_mfn(fake_ram), 0, 1, BOTH), -EPERM);   /* nobody's */
    assert_int_equal(flush_cache(0, 1UL << 40, 0, 0, BOTH), 0);                     /* nothing is asked for */
    assert_int_equal(flush_cache(0, 1UL << 40, 0, 1, 0), 0);

    *v1(1, 9) = (grant_entry_v1_t){ GTF_permit_access, 0, ram[1][0] };
    *v1(1, 10) = (grant_entry_v1_t){ GTF_permit_access, 0, ram[1][1] };
    assert_int_equal(flush_cache(0, ram[1][0], 0, 1, BOTH), -EINVAL);               /* granted is not mapped */
    for (unsigned i = 0; i < 3 * 256; i++)
        assert_int_equal(map(0, 1, 10, GNTMAP_device_map, 0, &h), GNTST_okay);
    assert_int_equal(map(0, 1, 9, GNTMAP_host_map | GNTMAP_readonly, 1, &h), GNTST_okay);
    gnttab_cache_flush_t c = { .a.dev_bus_addr = ram[1][0] << PAGE_SHIFT, .length = 1, .op = BOTH };
    fake_preempt_every = 1;                                                         /* found in pieces */
    fake_continuations = fake_lines = 0;
    assert_int_equal(do_grant_table_op(GNTTABOP_cache_flush, (u64)(uintptr_t)&c, 1), -ERESTART);
    assert_int_equal(fake_continuations, 1);
    assert_int_equal(fake_lines, 0);
    assert_int_not_equal(fake_next_args[0], GNTTABOP_cache_flush);                  /* does not start over */
    assert_int_equal(do_grant_table_op(fake_next_args[0], fake_next_args[1], fake_next_args[2]), 0);
    assert_int_equal(fake_lines, 1);
    fake_preempt_every = 0;
    assert_int_equal(flush_cache(0, ram[1][1], 0, 1, BOTH), 0);
    assert_int_equal(flush_cache(2, ram[1][0], 0, 1, BOTH), -EINVAL);               /* somebody else's mapping */
    assert_int_equal(fake_lines, 0);
    become(0);
    gnttab_unmap_grant_ref_t u = { .host_addr = PAGE_SIZE, .handle = h };
    assert_int_equal(op(GNTTABOP_unmap_grant_ref, &u, 1), 0);
    assert_int_equal(u.status, GNTST_okay);
    assert_int_equal(flush_cache(0, ram[1][0], 0, 1, BOTH), -EINVAL);
    /* A list ends at the first that is refused. */
    gnttab_cache_flush_t list[3] = { { .a.dev_bus_addr = ram[0][0] << PAGE_SHIFT, .length = 64, .op = BOTH } };
    list[1] = list[2] = list[0];
    fake_lines = 0;
    assert_int_equal(op(GNTTABOP_cache_flush, list, 3), 0);
    assert_int_equal(fake_lines, 3);
    list[1].offset = 0xfff0;
    fake_lines = 0;
    assert_int_equal(op(GNTTABOP_cache_flush, list, 3), -EINVAL);
    assert_int_equal(fake_lines, 1);
    /* Where to go on is the guest's word: beyond its records there is nothing. */
    list[0].a.dev_bus_addr = ram[1][1] << PAGE_SHIFT;
    assert_int_equal(op(GNTTABOP_cache_flush | 1u << 31, list, 1), -EINVAL);
    tear_down();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dying), cmocka_unit_test(test_dying_mapper), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_handles), cmocka_unit_test(test_version2), cmocka_unit_test(test_version_keeps_marks),
        cmocka_unit_test(test_version_that_cannot_be), cmocka_unit_test(test_version_in_pieces),
        cmocka_unit_test(test_copy_batch), cmocka_unit_test(test_cache_flush),
        cmocka_unit_test(test_unmap_halves), cmocka_unit_test(test_no_memory), cmocka_unit_test(test_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
