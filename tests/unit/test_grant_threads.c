/*
 * Grant tables with every vcpu a thread (tests/unit/threads_world.h): entries are granted and ended, mapped by one vcpu
 * and unmapped by another, half each too, copied through, tables grow, change their version and are looked at from
 * outside, pages are given up while others map them, and domains die in the middle of it.
 *
 * Guests use their pages by plain accesses as soon as the interface says that these are theirs: a granting one when the
 * mark is gone, a mapping one until it unmaps. The thread sanitizer sees whether that is true. When a mark is gone
 * nobody holds the page, and no CPU of another domain may still have a translation of it. Grants of their own that
 * guests change all the time without a rule ("wild") are part of it, too.
 * Between the rounds: core/audit.c, and each mark in an entry must be what the records say.
 * Could go wrong: a mark that goes before the last access, a table that changes its version under who pins an entry.
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

#define DATA 12                 /* pages granted by the rules: page i by grant FIRST + i, by vcpu i % VCPUS */
#define FIRST 4                 /* some of the reserved ones are among them */
#define WILD 4                  /* pages of the grants after those, which are changed without rules */
#define GREFS (FIRST + DATA + WILD)
#define HELD 24                 /* mappings that a domain keeps account of */
#define SLICE 64                /* bytes of a page that belong to one CPU, by its number; the granter's are above */
#define GRANTERS 2048

enum page_state { OWN, GRANTED, ENDING };
struct data {
    mfn_t mfn;                  /* 0: given up, and there was no other */
    enum page_state state;      /* of its vcpu alone */
    bool gone;                  /* given up while it was granted */
};
enum held_state { FREE, BUSY, MAPPED, HALF };   /* HALF: for devices only, its host mapping is being undone */
struct held {
    u32 state;                  /* enum held_state; who makes it BUSY owns the rest */
    u32 halves;                 /* not yet undone */
    u32 handle;
    mfn_t mfn;
    bool write, device, rules;
};
static struct guest {
    struct data data[DATA];
    mfn_t wild[WILD], scratch[VCPUS], l1;
    struct held held[HELD];     /* i: by entry i of l1 */
    pthread_rwlock_t layout;    /* of the table; a guest does not use its entries while it changes their version */
    u32 version;
    void *table;                /* the first frame: all grants used here */
    u16 *status;
} guests[SLOTS];

static struct guest *mine(void) { return &guests[my_slot]; }
static u32 gref(unsigned page) { return FIRST + page; }
static long op(u64 cmd, void *arg, u64 n) { return call3(do_grant_table_op, cmd, (u64)(uintptr_t)arg, n); }
static domid_t somebody(void) { return dice(30) ? id_in[dice(SLOTS)] : (domid_t)dice(20); }

/* ---- the table as its guest sees it ---- */

static grant_entry_v1_t *v1(struct guest *g, u32 ref) { return (grant_entry_v1_t *)g->table + ref; }
static grant_entry_v2_t *v2(struct guest *g, u32 ref) { return (grant_entry_v2_t *)g->table + ref; }

static u16 marks(struct guest *g, u32 ref)
{
    u16 *p = g->version == 1 ? &v1(g, ref)->flags : &g->status[ref];

    return __atomic_load_n(p, __ATOMIC_SEQ_CST) & (GTF_reading | GTF_writing);
}

static void entry_grant(struct guest *g, u32 ref, domid_t to, mfn_t mfn, bool readonly)
{
    u16 flags = GTF_permit_access | (readonly ? GTF_readonly : 0);

    if (g->version == 1) {
        __atomic_store_n(&v1(g, ref)->frame, (u32)mfn, __ATOMIC_RELAXED);
        __atomic_store_n(&v1(g, ref)->domid, to, __ATOMIC_RELAXED);
        __atomic_store_n(&v1(g, ref)->flags, flags, __ATOMIC_RELEASE);
    } else {
        __atomic_store_n(&v2(g, ref)->full_page.frame, mfn, __ATOMIC_RELAXED);
        __atomic_store_n(&v2(g, ref)->hdr.domid, to, __ATOMIC_RELAXED);
        __atomic_store_n(&v2(g, ref)->hdr.flags, flags, __ATOMIC_RELEASE);
    }
}

/* True: nobody uses it, and nobody can any more. */
static bool entry_end(struct guest *g, u32 ref)
{
    if (g->version == 1) {
        u16 flags = __atomic_load_n(&v1(g, ref)->flags, __ATOMIC_SEQ_CST);
        do {
            if (flags & (GTF_reading | GTF_writing))
                return false;
        } while (!__atomic_compare_exchange_n(&v1(g, ref)->flags, &flags, 0, false, __ATOMIC_SEQ_CST,
                                              __ATOMIC_SEQ_CST));
        return true;
    }
    (void)__atomic_exchange_n(&v2(g, ref)->hdr.flags, 0, __ATOMIC_SEQ_CST);
    return !marks(g, ref);
}

static long frame_of_table(struct domain *d, unsigned index, bool status, mfn_t *mfn)
{
    long rc;

    while ((rc = grant_get_frame(d, index, status, mfn)) == -ERESTART) {}
    return rc;
}

/* Where its frames are, which stay there. */
static void learn_table(struct guest *g)
{
    mfn_t mfn = 0;

    for (unsigned i = 0; i < 4; i++)
        if (frame_of_table(current->domain, i, false, &mfn))
            panic("no frame %u of the table", i);
        else if (!i)
            g->table = mfn_to_virt(mfn);
}
static void learn_status(struct guest *g)
{
    mfn_t mfn = 0;

    if (frame_of_table(current->domain, 0, true, &mfn))
        panic("no status frame");
    g->status = mfn_to_virt(mfn);
}

/* ---- birth ---- */

static mfn_t new_frame(void)
{
    mfn_t mfn = domain_alloc_pages(current->domain, 0, 0, INVALID_M2P);
    return mfn == MFN_NONE ? 0 : mfn;
}

static void guest_born(unsigned slot)
{
    struct guest *g = &guests[slot];

    pthread_rwlock_destroy(&g->layout);
    memset(g, 0, sizeof(*g));
    pthread_rwlock_init(&g->layout, NULL);
    g->version = 1;
    for (unsigned i = 0; i < DATA; i++)
        g->data[i].mfn = new_frame();
    for (unsigned i = 0; i < WILD; i++)
        g->wild[i] = new_frame();
    for (unsigned i = 0; i < VCPUS; i++)
        g->scratch[i] = new_frame();
    g->l1 = new_frame();
    struct mmuext_op pin = { .cmd = MMUEXT_PIN_L1_TABLE, .arg1.mfn = g->l1 };
    if (call4(do_mmuext_op, (u64)(uintptr_t)&pin, 1, 0, DOMID_SELF))
        panic("no page table");
    learn_table(g);
}

/* ---- granting ---- */

static char *page_of(mfn_t mfn) { return mfn_to_virt(mfn); }

static bool foreign_tlb(mfn_t mfn)
{
    for (unsigned s = 0; s < SLOTS; s++)
        if (__atomic_load_n(&tlb_has[s][mfn], __ATOMIC_SEQ_CST))
            return true;
    return false;
}

/* The interface says that the page is the guest's alone again: then it is. */
static void alone_again(struct data *p)
{
    struct frame *f = mfn_frame(p->mfn);

    p->state = OWN;
    if (p->gone) {
        p->gone = false;
        p->mfn = new_frame();
        return;
    }
    if (foreign_tlb(p->mfn))
        panic("the grant of frame %lx has ended, and a CPU may still reach it", p->mfn);
    if ((READ_ONCE(f->count) & FRAME_REFS) != 1 || (READ_ONCE(f->type) & TYPE_USES))
        panic("the grant of frame %lx has ended: count %lx, type %lx", p->mfn, f->count, f->type);
    memset(page_of(p->mfn), (int)dice(256), PAGE_SIZE);
}

static void step_grant(void)
{
    struct guest *g = mine();
    unsigned i = (unsigned)dice(DATA / VCPUS) * VCPUS + my_vcpu;
    struct data *p = &g->data[i];

    pthread_rwlock_rdlock(&g->layout);
    if (p->state == OWN && !p->mfn) {
        p->mfn = new_frame();
    } else if (p->state == OWN) {
        page_of(p->mfn)[dice(PAGE_SIZE)]++;
        entry_grant(g, gref(i), somebody(), p->mfn, dice(3) == 0);
        p->state = GRANTED;
    } else if (!p->gone && dice(40) == 0) {     /* a balloon driver that does not look */
        p->gone = frame_release(p->mfn);
    } else if (entry_end(g, gref(i))) {
        alone_again(p);
    } else if (p->state == GRANTED) {
        p->state = g->version == 2 ? ENDING : GRANTED;
    }
    pthread_rwlock_unlock(&g->layout);
}

/* What was granted by the rules, as a page table: only a page that nobody else uses can be one. */
static void step_retype(void)
{
    struct data *p = &mine()->data[dice(DATA / VCPUS) * VCPUS + my_vcpu];
    struct mmuext_op pin = { .cmd = MMUEXT_PIN_L1_TABLE };

    pthread_rwlock_rdlock(&mine()->layout);     /* a change of the version may make it its owner's as well */
    bool own = p->state == OWN && p->mfn;
    pthread_rwlock_unlock(&mine()->layout);
    if (!own)
        return;
    pin.arg1.mfn = p->mfn;
    memset(page_of(p->mfn), 0, PAGE_SIZE);
    if (call4(do_mmuext_op, (u64)(uintptr_t)&pin, 1, 0, DOMID_SELF)) {
        if (!current->domain->dying)
            panic("a page that is its owner's alone is not accepted as a table");
        return;
    }
    pin.cmd = MMUEXT_UNPIN_TABLE;
    if (call4(do_mmuext_op, (u64)(uintptr_t)&pin, 1, 0, DOMID_SELF) && !current->domain->dying)
        panic("a pinned table cannot be unpinned");
}

/* No rules: any word into any of the wild entries, whenever. */
UNSEEN static void step_wild(void)
{
    struct guest *g = mine();
    u32 ref = gref(DATA) + (u32)dice(WILD);
    mfn_t mfn = dice(8) ? g->wild[dice(WILD)] : dice(2) ? g->l1 : guests[dice(SLOTS)].scratch[0];
    u16 flags = (u16)(dice(4) ? GTF_permit_access : dice(0x10000));

    u32 word = (u32)somebody() << 16 | flags;
    volatile u32 *e = (volatile u32 *)((char *)g->table + ref * (g->version == 1 ? 8 : 16));

    if (g->version == 1) {
        e[1] = (u32)mfn;
    } else {
        if (dice(2))
            *(volatile u64 *)&e[2] = dice(4) ? mfn : (u64)somebody() | (u64)dice(GREFS) << 32;
        if (g->status && dice(8) == 0)
            *(volatile u16 *)&g->status[ref] = (u16)dice(0x10000);
    }
    e[0] = word;
}

static void step_version(void)
{
    struct guest *g = mine();
    gnttab_set_version_t s = { .version = 1 + (u32)dice(2) };

    if (dice(30))
        return;
    pthread_rwlock_wrlock(&g->layout);
    u32 before = g->version;
    long rc = op(GNTTABOP_set_version, &s, 1);
    if (rc && s.version != before)
        panic("a version that could not be changed did");
    g->version = s.version;
    if (s.version == 2 && !g->status)
        learn_status(g);
    /* Those that are not reserved are void: nobody used them, or it would have been refused. */
    for (unsigned i = 0; s.version != before && i < DATA; i++)
        if (gref(i) >= GNTTAB_NR_RESERVED_ENTRIES && g->data[i].state != OWN)
            alone_again(&g->data[i]);
    pthread_rwlock_unlock(&g->layout);
}

static void step_swap(void)
{
    gnttab_swap_grant_ref_t s = { gref(DATA) + (u32)dice(WILD), gref(DATA) + (u32)dice(WILD), 0 };

    pthread_rwlock_rdlock(&mine()->layout);
    op(GNTTABOP_swap_grant_ref, &s, 1);
    pthread_rwlock_unlock(&mine()->layout);
}

static void step_grow(void)
{
    u64 list[4], status[4];
    gnttab_setup_table_t s = { .dom = DOMID_SELF, .nr_frames = (u32)dice(6) };
    gnttab_get_status_frames_t f = { .nr_frames = (u32)dice(4), .dom = DOMID_SELF };
    gnttab_query_size_t q = { .dom = DOMID_SELF };

    set_xen_guest_handle_raw(s.frame_list, list);
    set_xen_guest_handle_raw(f.frame_list, status);
    op(GNTTABOP_setup_table, &s, 1);
    op(GNTTABOP_get_status_frames, &f, 1);
    op(GNTTABOP_query_size, &q, 1);
}

/* ---- using others' grants ---- */

/* By a translation that the CPU has of its own slice, or of what the granting guest wrote there. */
static void touch(const struct held *h)
{
    char *page = page_of(h->mfn);

    __atomic_store_n(&tlb_has[my_slot][h->mfn], true, __ATOMIC_SEQ_CST);
    if (!h->rules)
        return;
    (void)*(volatile char *)&page[GRANTERS + dice(PAGE_SIZE - GRANTERS)];
    if (h->write)
        page[my_cpu() * SLICE + dice(SLICE)]++;
}

static struct held *held_take(u32 from)
{
    unsigned at = (unsigned)dice(HELD);

    for (unsigned i = 0; i < HELD; i++) {
        struct held *h = &mine()->held[(at + i) % HELD];
        u32 want = from;
        if (__atomic_compare_exchange_n(&h->state, &want, BUSY, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            return h;
    }
    return NULL;
}
static void held_leave(struct held *h, u32 state) { __atomic_store_n(&h->state, state, __ATOMIC_RELEASE); }

/* One of two vcpus, which undo half of it each: the last one gives it back. */
static void half_done(struct held *h)
{
    if (!__atomic_sub_fetch(&h->halves, 1, __ATOMIC_ACQ_REL))
        held_leave(h, FREE);
}

static u64 host_addr(const struct held *h)
{
    return (mine()->l1 << PAGE_SHIFT) + (u64)(h - mine()->held) * sizeof(u64);
}

static void step_map(void)
{
    gnttab_map_grant_ref_t m[6];
    struct held *h[6];
    unsigned n = 0, want = 1 + (unsigned)dice(6);

    while (n < want && (h[n] = held_take(FREE)) != NULL) {
        m[n] = (gnttab_map_grant_ref_t){ .host_addr = host_addr(h[n]), .ref = (u32)dice(GREFS + 1), .dom = somebody(),
                                         .flags = GNTMAP_host_map | GNTMAP_contains_pte |
                                                  (dice(2) ? GNTMAP_readonly : 0) | (dice(4) ? 0 : GNTMAP_device_map),
                                         .status = GNTST_general_error };
        n++;
    }
    op(GNTTABOP_map_grant_ref, m, n);
    for (unsigned i = 0; i < n; i++) {
        if (m[i].status != GNTST_okay) {
            held_leave(h[i], FREE);
            continue;
        }
        h[i]->handle = m[i].handle;
        h[i]->mfn = m[i].dev_bus_addr >> PAGE_SHIFT;
        h[i]->write = !(m[i].flags & GNTMAP_readonly);
        h[i]->device = m[i].flags & GNTMAP_device_map;
        h[i]->rules = m[i].ref < gref(DATA);
        touch(h[i]);
        held_leave(h[i], MAPPED);
    }
}

/* The other half of a mapping for host and device, at the same time as step_unmap() on another CPU. */
static void step_unmap_device(void)
{
    struct held *h = held_take(HALF);

    if (!h)
        return;
    gnttab_unmap_grant_ref_t u = { .handle = h->handle, .dev_bus_addr = h->mfn << PAGE_SHIFT,
                                   .status = GNTST_general_error };
    op(GNTTABOP_unmap_grant_ref, &u, 1);
    if (u.status && !current->domain->dying)
        panic("the device half of mapping %u: %d", u.handle, u.status);
    half_done(h);
}

static void step_unmap(void)
{
    gnttab_unmap_grant_ref_t u[6];
    struct held *h[6];
    unsigned n = 0, want = 1 + (unsigned)dice(6);
    bool half[6];

    while (n < want && (h[n] = held_take(MAPPED)) != NULL) {
        touch(h[n]);
        half[n] = h[n]->device && dice(4);
        u[n] = (gnttab_unmap_grant_ref_t){ .handle = h[n]->handle, .host_addr = host_addr(h[n]),
                                           .dev_bus_addr = h[n]->device && !half[n] ? h[n]->mfn << PAGE_SHIFT : 0,
                                           .status = GNTST_general_error };
        n++;
    }
    for (unsigned i = 0; i < n; i++)
        if (half[i]) {          /* from here on another vcpu may take the other half */
            h[i]->halves = 2;
            held_leave(h[i], HALF);
        }
    op(GNTTABOP_unmap_grant_ref, u, n);
    for (unsigned i = 0; i < n; i++) {
        if (u[i].status && !current->domain->dying)
            panic("mapping %u cannot be undone: %d", u[i].handle, u[i].status);
        if (half[i])
            half_done(h[i]);
        else
            held_leave(h[i], FREE);
    }
}

/* From and to its own page or a grant; each CPU its own bytes, or those the granting guest wrote. */
static void copy_side(struct gnttab_copy_ptr *p, bool is_gref, bool source)
{
    bool granters = source && is_gref && dice(2);

    p->offset = (u16)(granters ? GRANTERS + dice(PAGE_SIZE - GRANTERS - SLICE) : my_cpu() * SLICE);
    p->domid = is_gref ? somebody() : DOMID_SELF;
    if (is_gref)
        p->u.ref = (u32)dice(gref(DATA));
    else
        p->u.gmfn = mine()->scratch[my_vcpu];
}

static void step_copy(void)
{
    struct gnttab_copy c[6];
    unsigned n = 1 + (unsigned)dice(6);

    for (unsigned i = 0; i < n; i++) {
        c[i] = (struct gnttab_copy){ .len = (u16)dice(SLICE), .flags = (u16)(1 + dice(3)) };
        copy_side(&c[i].source, c[i].flags & GNTCOPY_source_gref, true);
        copy_side(&c[i].dest, c[i].flags & GNTCOPY_dest_gref, false);
    }
    op(GNTTABOP_copy, c, n);
    page_of(mine()->scratch[my_vcpu])[my_cpu() * SLICE]++;
}

/* Wild grants, transitive ones among them, into a page that is nobody's business: no bytes, only pins. */
static void step_copy_wild(void)
{
    struct gnttab_copy c = { .len = 0, .flags = GNTCOPY_source_gref | GNTCOPY_dest_gref };

    c.source.domid = somebody();
    c.dest.domid = somebody();
    c.source.u.ref = gref(DATA) + (u32)dice(WILD);
    c.dest.u.ref = (u32)dice(GREFS);
    op(GNTTABOP_copy, &c, 1);
}

static void guest_rests(void) {}

static void guest_step(void)
{
    static void (*const steps[])(void) = {
        step_grant, step_grant, step_grant, step_grant, step_retype, step_wild, step_wild, step_version, step_swap,
        step_grow, step_map, step_map, step_map, step_unmap, step_unmap, step_unmap, step_unmap_device, step_copy,
        step_copy, step_copy_wild,
    };
    steps[dice(ARRAY_SIZE(steps))]();
}

/* What tools do to domains from outside. */
static void tool_step(void)
{
    unsigned slot = (unsigned)dice(SLOTS);
    struct domain *d = domain_get(id_in[slot]);
    gnttab_get_version_t version = { .dom = id_in[slot] };
    mfn_t mfn;

    if (!d)
        return;
    switch (dice(6)) {
    case 0: grant_get_frame(d, (unsigned)dice(5), dice(2), &mfn); break;
    case 1: op(GNTTABOP_get_version, &version, 1); break;
    case 2: grant_dump(d); break;
    case 3: grant_note_writers(d, (u32)dice(2000)); break;
    case 4:
        domain_pause(d);
        domain_unpause(d);
        break;
    default: moment();
    }
    domain_put(d);
}

/* ---- between rounds ---- */

static void stands_still(void)
{
    for (unsigned s = 0; s < SLOTS; s++) {
        const struct grant_table *t = in_slot[s]->grant;

        for (u32 ref = 0; ref < gref(DATA); ref++) {
            const struct active *a = entry_active(t, ref);
            u16 want = (a->readers + a->writers ? GTF_reading : 0) | (a->writers ? GTF_writing : 0);
            u16 have = *entry_status(t, ref) & (GTF_reading | GTF_writing);
            if (have != want)
                panic("grant %u of domain %u: marked %x, used by %u readers, %u writers", ref, id_in[s], have,
                      a->readers, a->writers);
        }
        for (unsigned i = 0; !killed[s] && i < HELD; i++)
            if (guests[s].held[i].state == BUSY)
                panic("a mapping stayed busy");
    }
}

static void everything_at_once(void **state)
{
    (void)state;
    world_begin();
    run_rounds(12, 3000);
    world_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(everything_at_once) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
