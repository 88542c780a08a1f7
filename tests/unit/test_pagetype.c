/*
 * The page-type machine against an executable specification: three domains, one of them privileged, do random things to
 * their page tables, foreign frames, grants and descriptor tables, run out of work budget, walk off in the middle, die.
 *
 * Four judges after every step (tests/unit/pagetype_world.h).
 *   spec     the operation was simulated before on a copy of the frames' states, without budget, locks or TLBs: same
 *            verdict, and the same types and uses once what was left half done is undone on both sides
 *   recount  every use and reference of every frame is explained, exactly
 *   TLB      what hardware may still know of a mapping: a page table that somebody may still write to, a writable frame
 *            that somebody may still walk, a frame with a new owner that somebody knows at all
 *   log      see tests/unit/pagetype_log.h: no write to a frame of a logged domain is missed, whatever else is going on
 * and now and then core/audit.c, which must agree with the recount. A sequence runs in a process of its own, so that
 * whatever goes wrong (assertion, lock order, sanitizer) is one failure; then it is shrunk and printed.
 *
 * test_pagetype [seed [operations]] runs one sequence.
 * Went wrong once, found by it: domain 0 could pin frames of a domain past its teardown, and nobody undid that; a use
 * dropped that somebody else had taken meanwhile; a grant's entry whose replacement left references behind.
 * Links: core/frame.c core/pagetype.c core/pte.c core/mmu.c core/mmu_update.c core/mmuext.c core/audit.c core/lock.c
 *        arch/host/fake_machine.c arch/host/fake_guest.c arch/host/fake_domain.c arch/host/fake_heap.c
 *        arch/host/fake_log.c core/log_dirty.c core/shadow.c
 */
#include <fcntl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "arch/arch.h"
#include "tests/unit/pagetype_world.h"
#include "tests/unit/pagetype_log.h"

/* ---- operations ---- */

enum kind { WRITE, WRITE_FOREIGN, UPDATE_VA, DIRECT, PIN, UNPIN, BASE, USER_BASE, FILL, GRANT, UNGRANT, DESC, PAGE,
            RELEASE, ALLOC, DIE, LOG, TOUCH, NR_KINDS };
static const char *const kind_name[] = { "write", "write-foreign", "update-va", "direct", "pin", "unpin", "base",
                                         "user-base",
    "fill", "grant", "ungrant", "desc", "page", "release", "alloc", "die", "log", "touch" };
static const u8 weight[] = { 30, 6, 6, 6, 14, 8, 5, 3, 16, 3, 3, 2, 2, 2, 3, 1, 6, 12 };

struct op {
    u8 kind, who, level;        /* level: role of the frame aimed at */
    int patience;               /* continuations the guest waits for; then it walks off */
    u64 a, b, c;                /* raw randomness, interpreted by the operation */
};

static const u16 slots[] = { 0, 1, 2, 3, 4, 5, 6, 7, 15, 16, 17, 31, 32, 33, 100, 200, 255, 256, 271, 272, 273, 400,
                             496, 511 };
#define SLOT(r) slots[(r) % ARRAY_SIZE(slots)]

/* A frame of d meant for that role (0: data, 5: anything at all). Frames are dealt to roles by number. */
static mfn_t pick(unsigned d, unsigned role, u64 r)
{
    mfn_t at = 1 + r % (FRAMES - 1);

    if (role > 4)
        return r % 16 ? at : (mfn_t[]){ 0, DEVICE, FRAMES + 1, 1UL << 35 }[r / 16 % 4];
    for (unsigned i = 0; i < FRAMES; i++, at = at % (FRAMES - 1) + 1) {
        static const u8 deal[] = { 4, 1, 0, 3, 1, 0, 2, 1, 0, 2, 1, 0, 0 };
        if (deal[at % ARRAY_SIZE(deal)] == role && table[at].owner == d && !is_free[at])
            return at;
    }
    return at;
}

/* An entry for a table of that level: mostly plausible. */
static u64 entry(unsigned d, unsigned level, u64 r)
{
    u64 flags = PTE_PRESENT;
    unsigned role = level - 1;

    if (r % 8 == 0)
        return r & 8 ? 0 : r & ~PTE_PRESENT;
    r /= 8;
    if (level == 1 && r % 4 == 0)
        role = 1 + r / 4 % 4;                   /* tables are mapped as well, read-only if all is right */
    if ((role == 0 && r % 3) || r % 16 == 1)
        flags |= PTE_RW;
    if (r % 64 == 2)
        flags |= PTE_RESERVED;
    if (r % 64 == 3)
        flags |= PTE_PSE;
    if (r % 32 == 4)
        flags |= PTE_GNTTAB | PTE_GLOBAL | PTE_PAT;
    r /= 64;
    if (r % 16 == 0)
        role = 5;
    return pte_make(pick(d, role, r / 16), flags);
}

/* Simulate storing `val` at *p in a table of `level` of d. False: must be refused. */
static bool spec_store(u16 d, u16 pg, unsigned level, const u64 *p, u64 val)
{
    unsigned i = (u64)p / 8 % PTES_PER_PAGE;
    u64 old = *p;
    bool same = (old & val & PTE_PRESENT) && pte_mfn(old) == pte_mfn(val);

    if (level == 4 && i >= 256 && i <= 271)
        return false;
    if (same && level > 1)
        return !(val & (PTE_RESERVED | PTE_PSE));
    if (same && !(old & PTE_GNTTAB) && pte_mfn(val) < FRAMES)       /* whoever owns it, the reference stays */
        pg = table[pte_mfn(val)].owner;
    if ((val & PTE_PRESENT) && !spec_entry(d, pg, level, val))
        return false;
    if (old & PTE_PRESENT)
        spec_drop(d, level, old);
    return true;
}

static unsigned live_level_of(unsigned d, mfn_t mfn)
{
    return mfn < FRAMES && table[mfn].owner == d && type_live_table(table[mfn].type) ? type_level(table[mfn].type) : 0;
}

static void verdict(const struct op *op, bool want, long rc)
{
    if (rc == -ERESTART)
        return;                 /* walked off */
    unsigned partial = 0;

    for (mfn_t mfn = 1; mfn < FRAMES; mfn++)
        partial += !!(table[mfn].type & TYPE_PARTIAL);
    if (!rc && partial > partial_before)
        panic("%s is done and leaves something half done", kind_name[op->kind]);
    if (want != !rc)
        panic("%s answers %ld, specified: %s", kind_name[op->kind], rc, want ? "done" : "refused");
    compare_spec();
}

/* Not the entry itself, an ordinary write then. */
static bool spec_plain(unsigned d, mfn_t mfn)
{
    if (!ram_of(mfn, d) || !spec_writable(mfn))
        return false;
    spec[mfn].uses--;
    return true;
}

static void do_write(const struct op *op, unsigned d)
{
    bool foreign = op->kind == WRITE_FOREIGN;
    unsigned pt = foreign ? op->a / 7 % NR_DOMAINS : d, pg = foreign ? op->b / 7 % NR_DOMAINS : d;
    mfn_t mfn = pick(pt, op->level, op->a);
    unsigned level = live_level_of(pt, mfn), want;
    u64 val = op->b / 64 % 4 ? entry(pg, level ? level : 1, op->c) : pte_make(DEVICE, PTE_PRESENT), slot = SLOT(op->b);
    mmu_update_t req = { (mfn << PAGE_SHIFT) | slot * 8 | (op->b & 256 ? MMU_PT_UPDATE_PRESERVE_AD : 0), val };
    u64 args[4] = { (u64)&req, 1, 0, DOMID_SELF };

    bool self = pg == d && (op->a & 1);      /* how a domain names itself: never by its number */

    if (foreign && self)
        pg = pt;
    else if (foreign && op->b / 64 % 8 < 2)
        pg = op->b & 64 ? DOMID_IO : DOMID_XEN;
    if (foreign)
        args[3] = (u64)(pt + 1) << 16 | (self ? DOMID_SELF : pg);
    if (level)
        want = spec_store(pt, level == 1 ? pg : pt, level, (u64 *)mfn_to_virt(mfn) + slot, val);
    else
        want = spec_plain(pt, mfn);
    if (foreign && d && (pt != d || (pg != d && pg != DOMID_IO)))
        want = false;
    if (!foreign && op->c % 64 == 5) {           /* not an entry: what the frame is called */
        req.ptr = (req.ptr & ~7UL) | MMU_MACHPHYS_UPDATE;
        spec_load();
        want = ram_of(mfn, d);
    }
    if (foreign && !self && pg == d)
        want = false;
    if (foreign && (!domain[pt].refs || (pg < NR_DOMAINS && !domain[pg].refs)))
        want = false;
    if (!want)
        spec_load();
    verdict(op, want, fake_call4(do_mmu_update, args, op->patience));
}

/* Addresses whose walk has a chance. */
static u64 address(u64 r)
{
    return (u64)SLOT(r) << 39 | (u64)SLOT(r >> 8) << 30 | (u64)SLOT(r >> 16) << 21 | (u64)SLOT(r >> 24) << 12;
}

/* Follow entries that are there, from the base table: a good address more often than chance has it. */
static u64 good_address(unsigned d, u64 r)
{
    mfn_t mfn = vcpu[d].arch.kernel_l4;
    u64 va = 0;

    for (unsigned level = 4; mfn && mfn < FRAMES && level; level--) {
        const u64 *e = mfn_to_virt(mfn);
        unsigned i = r % ARRAY_SIZE(slots), n = 0;
        while (!guests_entry(level, slots[i], e[slots[i]]) && n++ < ARRAY_SIZE(slots))
            i = (i + 1) % ARRAY_SIZE(slots);
        va |= (u64)slots[i] << (12 + 9 * (level - 1));
        mfn = e[slots[i]] & PTE_PRESENT ? pte_mfn(e[slots[i]]) : 0;
        r /= ARRAY_SIZE(slots);
    }
    return va;
}

/*
 * Calls that were walked off from left tables half undone: their vcpus owe the rest. Whoever runs does it, in pieces.
 */
static void pay_debts(void)
{
    struct vcpu *me = fake_current;

    for (unsigned d = 0; d < NR_DOMAINS; d++) {
        fake_current = &vcpu[d];
        while (domain[d].refs && !orphans_finish(&vcpu[d], true)) {}
    }
    fake_current = me;
}

static void do_va(const struct op *op, unsigned d)
{
    u64 va = op->a % 4 ? good_address(d, op->a / 4) : address(op->a), val = entry(d, 1, op->c), old = 0;
    u64 *p = vcpu[d].arch.kernel_l4 ? pte_find(vcpu[d].arch.kernel_l4, va) : NULL;
    bool want;

    if (!vcpu[d].arch.kernel_l4)
        return;
    if (op->kind == UPDATE_VA) {
        want = p && spec_store(d, d, 1, p, val);
        if (!want)
            spec_load();
        by_va = true;
        long rc = do_update_va_mapping(va, val, 0);
        by_va = false;
        verdict(op, want, rc);
        return;
    }
    mfn_t mfn = p && (*p & PTE_PRESENT) ? pte_mfn(*p) : 0;
    unsigned level = live_level_of(d, mfn);
    u64 slot = SLOT(op->b), *at = level ? (u64 *)mfn_to_virt(mfn) + slot : NULL;
    val = entry(d, level ? level : 1, op->c);
    old = at && op->b % 3 ? *at : op->c;
    want = at && (!(op->b & 512) || old == *at) && spec_store(d, d, level, at, val);
    if (!want)
        spec_load();
    u64 addr = (va & PAGE_MASK) | slot * 8;
    if (!(op->b & 512) && (op->b & 1024) && mmu_guest_pte_exchange(&vcpu[d], addr, val).done) {
        verdict(op, want, 0);   /* the short way, which may decline and leave it to the long one */
        return;
    }
    long rc;
    while ((rc = mmu_guest_pte_write(&vcpu[d], addr, &old, val, 8, op->b & 512)) == -ERESTART) {}
    pay_debts();
    verdict(op, want, rc);
}

static long mmuext(unsigned cmd, mfn_t mfn, mfn_t src, unsigned foreign, int patience)
{
    struct mmuext_op op = { .cmd = cmd, .arg1.mfn = mfn, .arg2.src_mfn = src };
    u64 args[4] = { (u64)&op, 1, 0, foreign };

    return fake_call4(do_mmuext_op, args, patience);
}

static void do_mmuext(const struct op *op, unsigned d)
{
    unsigned level = 1 + op->b % 4, whose = d || op->b / 4 % 4 ? d : op->b / 16 % NR_DOMAINS;
    mfn_t mfn = pick(whose, op->c % 8 ? level : 5, op->a), src = pick(d, op->level, op->b);
    unsigned target = whose == d ? DOMID_SELF : whose;
    bool want = domain[whose].refs, ram = ram_of(mfn, whose);
    u64 x = mfn < FRAMES ? table[mfn].type : 0;

    switch (op->kind) {
    case PIN:
        want = want && ram && spec_take(whose, mfn, type_of_level(level)) && !(x & TYPE_PINNED);
        if (!want)
            spec_load();
        verdict(op, want, mmuext(MMUEXT_PIN_L1_TABLE + level - 1, mfn, 0, target, op->patience));
        return;
    case UNPIN:
        want = want && ram && (x & (TYPE_PINNED | TYPE_PARTIAL));
        if (want)
            spec_put(whose, mfn);
        verdict(op, want, mmuext(MMUEXT_UNPIN_TABLE, mfn, 0, target, op->patience));
        return;
    case BASE: case USER_BASE: {
        bool user = op->kind == USER_BASE;
        mfn_t old = user ? vcpu[d].arch.user_l4 : vcpu[d].arch.kernel_l4;
        mfn = user && op->c % 4 == 1 ? 0 : pick(d, op->c % 8 ? 4 : 5, op->a);
        want = mfn ? spec_take(d, mfn, TYPE_L4) : user;
        if (!want)
            spec_load();
        else if (old)
            spec_put(d, old);
        verdict(op, want, mmuext(user ? MMUEXT_NEW_USER_BASEPTR : MMUEXT_NEW_BASEPTR, mfn, 0, DOMID_SELF,
                                 op->patience));
        return;
    }
    default:                    /* PAGE */
        mfn = pick(d, op->level, op->a);
        want = spec_plain(d, mfn) && (!(op->b & 1) || ram_of(src, d));
        if (!want)
            spec_load();
        verdict(op, want, mmuext(op->b & 1 ? MMUEXT_COPY_PAGE : MMUEXT_CLEAR_PAGE, mfn, src, DOMID_SELF, op->patience));
    }
}

/* What a guest does with memory that nothing forbids it to write: prepare a table. */
static void do_fill(const struct op *op, unsigned d)
{
    mfn_t mfn = pick(d, op->level, op->a);
    u64 r = op->b;

    if (!ram_of(mfn, d) || !type_get_writable(mfn))
        return;
    u64 *e = mfn_to_virt(mfn);
    unsigned n = op->c % 4 ? op->c % 6 : 0;
    if (op->c % 8 == 7)
        memset(e, 0, PAGE_SIZE);
    while (n--) {
        r = r * 6364136223846793005UL + 1442695040888963407UL;
        e[SLOT(r >> 33)] = entry(d, op->level ? op->level : 1, (r >> 20) ^ op->c);
    }
    type_put_writable(mfn);
    log_dirty_wrote(mfn);               /* some mapping of it that is not modelled */
}

static void do_grant(const struct op *op, unsigned d)
{
    struct grant *g = &grants[op->b % NR_GRANTS];
    unsigned owner = op->c % NR_DOMAINS;
    mfn_t mfn = pick(owner, op->c % 5 == 0 ? 1 : 0, op->a), pt = pick(d, 1, op->b);
    u64 at = pt << PAGE_SHIFT | (u64)SLOT(op->c) * 8;
    bool writable = op->c & 64;

    if (op->kind == UNGRANT) {
        if (!g->mfn || g->mapper != d)
            return;
        u64 pte = *(u64 *)((char *)mfn_to_virt(g->host_addr >> PAGE_SHIFT) + (g->host_addr & (PAGE_SIZE - 8)));
        if (pte_mfn(pte) == g->mfn && !!(pte & PTE_RW) == g->writable &&
            (!mmu_ungrant_map(&domain[d], g->host_addr, true, g->mfn, !g->writable, 0) ||
             !mmu_ungrant_map(&domain[d], g->host_addr, true, g->mfn + 1, g->writable, 0)))
            panic("an entry is unmapped by a grant of another frame or right");
        if (mmu_ungrant_map(&domain[d], g->host_addr, true, g->mfn, g->writable, 0))
            return;             /* overwritten by the guest: the grant stays in use until death */
    } else {
        if (g->mfn || !domain[owner].refs)
            return;
        if (!(writable ? frame_get_writable(mfn, &domain[owner]) : frame_get(mfn, &domain[owner])))
            return;
        if (!mmu_grant_map(&domain[d], at, true, mfn, PTE_PRESENT | (writable ? PTE_RW : 0))) {
            *g = (struct grant){ mfn, (u8)d, writable, at };
            return;
        }
        *g = (struct grant){ mfn, (u8)d, writable, 0 };
    }
    tlb_flush_mask(1UL << d, FLUSH_ALL);
    if (g->writable)
        frame_put_writable(g->mfn);
    else
        frame_put(g->mfn);
    g->mfn = 0;
}

static void do_desc(const struct op *op, unsigned d)
{
    if (descriptors[d]) {
        mfn_t mfn = descriptors[d];
        descriptors[d] = 0;
        spec_put(d, mfn);
        frame_put_typed(&domain[d], mfn);
        compare_spec();
        return;
    }
    mfn_t mfn = pick(d, op->level, op->a);
    bool want = spec_take(d, mfn, TYPE_DESC);
    if (!want)
        spec_load();
    long rc = frame_get_typed(&domain[d], mfn, TYPE_DESC);
    if (!rc)
        descriptors[d] = mfn;
    verdict(op, want, rc);
}

static void release(unsigned d, mfn_t mfn)
{
    if (ram_of(mfn, d) && frame_get(mfn, &domain[d])) {
        frame_release(mfn);
        frame_put(mfn);
    }
}

static void get_frame(struct domain *d)
{
    changes_hands = true;
    (void)domain_alloc_pages(d, 0, 0, INVALID_M2P);
    changes_hands = false;
}

static void be_born(unsigned i)
{
    static shared_info_t shared;
    struct domain *d = &domain[i];

    log_dirty_destroy(d);

    *d = (struct domain){ .id = (u16)i, .privileged = !i, .refs = 1, .max_vcpus = 1, .vcpu = &vcpu_ptr[i],
                          .max_pages = FRAMES_EACH + 4, .arch.cpumask = 1UL << i, .shared = &shared,
                              .next = i + 1 < NR_DOMAINS ? d + 1 : NULL };
    spin_lock_init(&d->mmu_lock, mmu);
    spin_lock_init(&d->page_lock, pages);
    d->iomem = i ? NULL : (void *)d;
    vcpu_ptr[i] = &vcpu[i];
    vcpu[i] = (struct vcpu){ .domain = d, .info_mfn = MFN_NONE };
    for (unsigned n = 0; n < FRAMES_EACH; n++)
        get_frame(d);
}

static void die(unsigned i)
{
    struct domain *d = &domain[i];
    mfn_t mfn, next;

    d->dying = DOMDYING_dying;
    log_end(i);
    for (unsigned g = 0; g < NR_GRANTS; g++)
        if (grants[g].mfn && grants[g].mapper == i)
            do_grant(&(struct op){ .kind = UNGRANT, .b = g }, i);
    for (unsigned g = 0; g < NR_GRANTS; g++)
        if (grants[g].mfn && grants[g].mapper == i) {
            /* its entry was overwritten; what names the frame now holds it by itself */
            grants[g].writable ? frame_put_writable(grants[g].mfn) : frame_put(grants[g].mfn);
            grants[g].mfn = 0;
        }
    if (descriptors[i])
        frame_put_typed(d, descriptors[i]);
    descriptors[i] = 0;
    mmu_drop_bases(&vcpu[i]);
    while (mmu_relinquish(d)) {}
    for (mfn = domain_next_frame(d, 0); mfn; mfn = next) {
        next = domain_next_frame(d, mfn);
        frame_release(mfn);
        frame_put(mfn);
    }
    for (mfn = 1; mfn < FRAMES; mfn++)
        if (table[mfn].owner == i && !is_free[mfn] && type_level(table[mfn].type) &&
            (table[mfn].type & (TYPE_USES | TYPE_PARTIAL)))
            panic("frame %lu of dead domain %u is still a page table", mfn, i);
}

/* A zombie is reborn when the last of its frames is gone. */
static bool alive(unsigned d)
{
    if (domain[d].dying == DOMDYING_alive)
        return true;
    if (!domain[d].page_head && domain[d].refs == 1)
        be_born(d);
    return domain[d].dying == DOMDYING_alive;
}

static void do_log(const struct op *op, unsigned d)
{
    long rc;

    number_frames();
    fake_current = &vcpu[0];        /* the tool's */
    if (is_logged(d) && op->a % 4)
        log_clean(d);
    else if (domain[d].logging)
        log_end(d);
    else if ((rc = log_begin(d, op->b)) != (d ? 0 : -EINVAL) && rc != -ENOMEM)
        panic("logging domain %u: %ld", d, rc);
}

static void do_touch(const struct op *op, unsigned d)
{
    for (unsigned i = 0; i < 16; i++) {
        u64 r = op->a >> i, q = op->b >> i;
        hardware_write(d, (u64)SLOT(r) << 39 | (u64)SLOT(r >> 8) << 30 | (u64)SLOT(q) << 21 | (u64)SLOT(q >> 8) << 12,
                       op->c);
    }
}

static void run_op(const struct op *op)
{
    unsigned d = op->who;

    if (!alive(d))
        return;
    fake_current = &vcpu[d];
    pay_debts();
    number_frames();
    spec_load();
    switch (op->kind) {
    case WRITE: case WRITE_FOREIGN: do_write(op, d); break;
    case UPDATE_VA: case DIRECT: do_va(op, d); break;
    case PIN: case UNPIN: case BASE: case USER_BASE: case PAGE: do_mmuext(op, d); break;
    case FILL: do_fill(op, d); break;
    case GRANT: case UNGRANT: do_grant(op, d); break;
    case DESC: do_desc(op, d); break;
    case RELEASE: release(d, pick(d, op->level, op->a)); break;
    case ALLOC: get_frame(&domain[d]); break;
    case DIE: if (op->a % 4 == 0) die(d); break;
    case LOG: do_log(op, d); break;
    case TOUCH: do_touch(op, d); break;
    }
    recount();
    judge_tlb();
    judge_log();
}

/* ---- sequences ---- */

static void world_reset(u64 seed)
{
    fake_reset(seed);
    for (mfn_t mfn = 1; mfn < FRAMES; mfn++)
        is_free[mfn] = true, table[mfn].owner = OWNER_NONE;
    table[DEVICE].count = FRAME_IO;
    cpus_online = (1 << NR_DOMAINS) - 1;
    clock_now = 1;
    fake_on_flush = flushed;
    domain_list = domain0 = &domain[0];
    fake_current = &vcpu[0];
    for (unsigned d = 0; d < NR_DOMAINS; d++)
        be_born(d);
}

static void finish(void)
{
    for (unsigned d = 0; d < NR_DOMAINS; d++)
        if (domain[d].dying == DOMDYING_alive)
            die(d);
    recount();
    for (mfn_t mfn = 1; mfn < FRAMES; mfn++)
        if (!is_free[mfn])
            panic("all domains are dead, frame %lu of domain %u is not free: count %lx type %lx", mfn, table[mfn].owner,
                   table[mfn].count, table[mfn].type);
}

static unsigned random_kind(void)
{
    unsigned sum = 0, kind;

    for (kind = 0; kind < NR_KINDS; kind++)
        sum += weight[kind];
    unsigned r = fake_random() % sum;
    for (kind = 0; r >= weight[kind]; kind++)
        r -= weight[kind];
    return kind;
}

static void make_ops(u64 seed, struct op *ops, unsigned n)
{
    fake_reset(seed);
    for (unsigned i = 0; i < n; i++)
        ops[i] = (struct op){ .kind = (u8)random_kind(), .who = (u8)(fake_random() % NR_DOMAINS),
                              .level = (u8)(fake_random() % 5),
                              .patience = fake_random() % 4 ? -1 : (int)(fake_random() % 3),
                              .a = fake_random(), .b = fake_random(), .c = fake_random() };
}

static void run_here(u64 seed, const struct op *ops, unsigned n)
{
    fake_mmu_work = (s32[]){ 6, 7, 9, 13, 40, 1024 }[seed % 6];
    fake_preempt_every = (unsigned[]){ 0, 1, 2, 3, 7 }[seed % 5];
    world_reset(seed);
    for (unsigned i = 0; i < n; i++) {
        run_op(&ops[i]);
        if (i % 64 == 0 && audit_all())
            panic("the auditor disagrees with the recount");
    }
    finish();
}

/* 2^32 - 1 uses are the most: no operation sequence gets there. */
static bool uses_do_not_wrap(void)
{
    world_reset(1);
    mfn_t mfn = pick(1, 0, 0);

    table[mfn].type = TYPE_WRITABLE | TYPE_VALIDATED | TYPE_USES;
    return !type_get_writable(mfn) && !writable_get(&table[mfn]) && (table[mfn].type & TYPE_USES) == TYPE_USES;
}

/*
 * A table that domain 0 drops, and leaves half undone, where the walk over a dying domain's frames has passed already:
 * was nobody's, for ever, and with it all that it names.
 */
static bool nothing_is_left_behind_the_walk(void)
{
    mfn_t f[FRAMES_EACH], mfn;
    struct domain *d = &domain[1];
    unsigned n = 0;

    world_reset(1);
    fake_mmu_work = 1024;
    fake_preempt_every = 1;
    for (mfn = d->page_head; mfn; mfn = table[mfn].next)
        f[n++] = mfn;
    mfn_t l1 = f[20], l2 = f[21], l3 = f[0], l4 = f[25];
    for (unsigned i = 20; i < 26; i++)
        memset(mfn_to_virt(f[i]), 0, PAGE_SIZE);
    memset(mfn_to_virt(l3), 0, PAGE_SIZE);
    for (unsigned i = 0; i < 100; i++)
        ((u64 *)mfn_to_virt(l1))[i] = pte_make(f[22], PTE_PRESENT);
    *(u64 *)mfn_to_virt(l2) = pte_make(l1, PTE_PRESENT);
    *(u64 *)mfn_to_virt(l3) = pte_make(l2, PTE_PRESENT);
    *(u64 *)mfn_to_virt(l4) = pte_make(l3, PTE_PRESENT);
    struct mmuext_op pin = { .cmd = MMUEXT_PIN_L4_TABLE, .arg1.mfn = l4 };
    mmu_update_t drop = { l4 << PAGE_SHIFT, 0 };
    fake_current = &vcpu[1];
    if (do_mmuext_op((u64)&pin, 1, 0, DOMID_SELF))
        return false;
    d->dying = DOMDYING_dying;
    fake_mmu_work = 6;
    fake_current = &vcpu[0];
    bool more = mmu_relinquish(d) == -ERESTART, late = do_mmu_update((u64)&drop, 1, 0, 2UL << 16 | DOMID_SELF) ==
                                                      -ERESTART;
    while (mmu_relinquish(d)) {}
    while (vcpu[0].mmu_orphan)          /* what domain 0 owes */
        (void)do_mmu_update(0, 0, 0, DOMID_SELF);
    for (unsigned i = 0; i < n; i++)
        if (table[f[i]].type & (TYPE_USES | TYPE_PARTIAL))
            return false;
    return more && late;
}

/*
 * Each flush may wait for a CPU that has interrupts off for as long as anybody may: a list of them lets interrupts in
 * before and after each that concerns another CPU.
 */
static bool flushes_let_interrupts_in(void)
{
    struct mmuext_op op[4];
    unsigned looks[2];

    world_reset(1);
    fake_preempt_every = 1u << 30;
    fake_current = &vcpu[1];
    fake_cpu = 1;
    fake_on_flush = NULL;               /* CPU 2 is another domain's there */
    for (unsigned i = 0; i < 4; i++)
        op[i] = (struct mmuext_op){ .cmd = MMUEXT_TLB_FLUSH_ALL };
    for (unsigned others = 0; others < 2; others++) {
        domain[1].arch.cpumask = others ? 6 : 2;
        looks[others] = fake_looks;
        if (do_mmuext_op((u64)op, 4, 0, DOMID_SELF))
            return false;
        looks[others] = fake_looks - looks[others];
    }
    domain[1].arch.cpumask = 2;
    fake_cpu = 0;
    return !looks[0] && looks[1] == 4 * 2;      /* before and after */
}

/* ... and so does a list of updates, after a page that was a table a moment ago. */
static bool retyping_lets_interrupts_in(void)
{
    mfn_t f[FRAMES_EACH], mfn;
    unsigned n = 0, looks[2];

    world_reset(1);
    memset(flushed_at, 0, sizeof(flushed_at));
    fake_mmu_work = 512;
    for (mfn = domain[1].page_head; mfn; mfn = table[mfn].next)
        f[n++] = mfn;
    for (unsigned i = 20; i < 22; i++)
        memset(mfn_to_virt(f[i]), 0, PAGE_SIZE);
    struct mmuext_op pins[3] = { { .cmd = MMUEXT_PIN_L1_TABLE, .arg1.mfn = f[20] },
                                 { .cmd = MMUEXT_PIN_L1_TABLE, .arg1.mfn = f[21] },
                                 { .cmd = MMUEXT_UNPIN_TABLE, .arg1.mfn = f[21] } };
    fake_current = &vcpu[1];
    fake_cpu = 1;
    if (do_mmuext_op((u64)pins, 3, 0, DOMID_SELF))
        return false;
    fake_preempt_every = 1u << 30;
    for (unsigned was_table = 0; was_table < 2; was_table++) {
        u64 entry = pte_make(f[was_table ? 21 : 22], PTE_PRESENT | PTE_RW);
        mmu_update_t list[2] = { { f[20] << PAGE_SHIFT, entry }, { f[20] << PAGE_SHIFT | 8, entry } };
        looks[was_table] = fake_looks;
        if (do_mmu_update((u64)list, 2, 0, DOMID_SELF))
            return false;
        looks[was_table] = fake_looks - looks[was_table];
    }
    fake_cpu = 0;
    fake_mmu_work = 1024;
    return !looks[0] && looks[1] == 1;
}

/* To look which CPUs need a flush is work, too, though none does: of 64 CPUs it is as much as several entries. */
static bool looking_for_stale_ones_is_work(void)
{
    mfn_t f[FRAMES_EACH], mfn;
    unsigned n = 0, looks[2];

    world_reset(1);
    fake_mmu_work = 16;
    for (mfn = domain[1].page_head; mfn; mfn = table[mfn].next)
        f[n++] = mfn;
    struct mmuext_op pins[9];
    for (unsigned i = 0; i < 9; i++) {
        memset(mfn_to_virt(f[10 + i]), 0, PAGE_SIZE);
        pins[i] = (struct mmuext_op){ .cmd = MMUEXT_PIN_L1_TABLE, .arg1.mfn = f[10 + i] };
    }
    fake_current = &vcpu[1];
    fake_cpu = 1;
    if (do_mmuext_op((u64)pins, 9, 0, DOMID_SELF))
        return false;
    for (unsigned i = 1; i < 9; i++)
        pins[i].cmd = MMUEXT_UNPIN_TABLE;
    if (do_mmuext_op((u64)&pins[1], 8, 0, DOMID_SELF))
        return false;
    for (unsigned c = 0; c < NR_DOMAINS; c++)
        flushed_at[c] = ++clock_now;
    fake_preempt_every = 1u << 30;
    for (unsigned were_tables = 0; were_tables < 2; were_tables++) {
        mmu_update_t list[8];
        for (unsigned i = 0; i < 8; i++)
            list[i] = (mmu_update_t){ f[10] << PAGE_SHIFT | i * 8,
                                      pte_make(f[were_tables ? 11 + i : 1], PTE_PRESENT | PTE_RW) };
        looks[were_tables] = fake_looks;
        if (do_mmu_update((u64)list, 8, 0, DOMID_SELF))
            return false;
        looks[were_tables] = fake_looks - looks[were_tables];
    }
    fake_cpu = 0;
    fake_mmu_work = 1024;
    return !looks[0] && looks[1] >= 2;
}

/* A page that became a table by its parent's entry: who could write to it a moment ago has flushed before it is one. */
static bool tables_below_are_flushed(void)
{
    mfn_t f[FRAMES_EACH], mfn;
    unsigned n = 0;
    u64 before;

    world_reset(1);
    for (mfn = domain[1].page_head; mfn; mfn = table[mfn].next)
        f[n++] = mfn;
    for (unsigned i = 20; i < 23; i++)
        memset(mfn_to_virt(f[i]), 0, PAGE_SIZE);
    *(u64 *)mfn_to_virt(f[22]) = pte_make(f[21], PTE_PRESENT);
    struct mmuext_op pin = { .cmd = MMUEXT_PIN_L1_TABLE, .arg1.mfn = f[20] };
    mmu_update_t map = { f[20] << PAGE_SHIFT, pte_make(f[21], PTE_PRESENT | PTE_RW) }, unmap = { map.ptr, 0 };
    fake_current = &vcpu[1];
    fake_cpu = 1;
    if (do_mmuext_op((u64)&pin, 1, 0, DOMID_SELF) || do_mmu_update((u64)&map, 1, 0, DOMID_SELF) ||
        do_mmu_update((u64)&unmap, 1, 0, DOMID_SELF))
        return false;
    before = flushed_at[1];
    pin = (struct mmuext_op){ .cmd = MMUEXT_PIN_L2_TABLE, .arg1.mfn = f[22] };
    bool done = !do_mmuext_op((u64)&pin, 1, 0, DOMID_SELF);
    fake_cpu = 0;
    return done && flushed_at[1] != before;
}

static bool survives(u64 seed, const struct op *ops, unsigned n, bool loud)
{
    int status;

    fflush(NULL);
    pid_t pid = fork();
    if (!pid) {
        if (!loud)
            dup2(open("/dev/null", O_WRONLY), 2);
        alarm(20);
        run_here(seed, ops, n);
        _exit(0);
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) && !WEXITSTATUS(status);
}

/* Take away as many operations as can go while it goes on failing. */
static unsigned shrink(u64 seed, struct op *ops, unsigned n)
{
    struct op *less = calloc(n, sizeof(*less));
    time_t end = time(NULL) + 60;

    for (unsigned piece = n / 2; piece; piece /= 2)
        for (unsigned at = 0; at + piece <= n && time(NULL) < end;) {
            memcpy(less, ops, at * sizeof(*ops));
            memcpy(less + at, ops + at + piece, (n - at - piece) * sizeof(*ops));
            if (survives(seed, less, n - piece, false))
                at += piece;
            else
                memcpy(ops, less, (n -= piece) * sizeof(*ops));
        }
    free(less);
    return n;
}

static bool sequence(u64 seed, unsigned n)
{
    struct op *ops = calloc(n, sizeof(*ops));

    make_ops(seed, ops, n);
    bool good = survives(seed, ops, n, false);
    if (!good) {
        n = getenv("NO_SHRINK") ? n : shrink(seed, ops, n);
        fprintf(stderr, "# seed %lu fails with these %u operations:\n", seed, n);
        for (unsigned i = 0; i < n && n < 100; i++)
            fprintf(stderr, "#   d%u %s role %u patience %d %#lx %#lx %#lx\n", ops[i].who, kind_name[ops[i].kind],
                    ops[i].level, ops[i].patience, ops[i].a, ops[i].b, ops[i].c);
        survives(seed, ops, n, true);
    }
    free(ops);
    return good;
}

static const struct {
    bool (*holds)(void);
    const char *what;
} facts[] = {
    { uses_do_not_wrap, "uses do not wrap" },
    { nothing_is_left_behind_the_walk, "nothing is left behind the walk over a dying domain" },
    { flushes_let_interrupts_in, "flushes let interrupts in" },
    { retyping_lets_interrupts_in, "retyping lets interrupts in" },
    { looking_for_stale_ones_is_work, "looking for stale CPUs is work" },
    { tables_below_are_flushed, "tables below are flushed" },
};

int main(int argc, char **argv)
{
    unsigned n = argc > 2 ? (unsigned)atoi(argv[2]) : 4000, bad = 0;

    if (argc > 1)
        return !sequence(strtoul(argv[1], NULL, 0), n);
    for (unsigned i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        bool good = facts[i].holds();
        bad += !good;
        printf("%s 0 - %s\n", good ? "ok" : "not ok", facts[i].what);
    }
    for (u64 seed = 1; seed <= 60 && !bad; seed++) {
        bool good = sequence(seed, n);
        bad += !good;
        printf("%s %lu - %u random page-table operations, seed %lu\n", good ? "ok" : "not ok", seed, n, seed);
    }
    return bad != 0;
}
