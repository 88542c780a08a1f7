/* Page tables, made, hung in, changed and taken apart in every way there is; and memory seen through them. */
#pragma once
#include "fuzzer.h"

static bool is_table(unsigned i) { return role[i] >= L1 && role[i] <= L4; }
static unsigned any_table(struct fuzzer *z) { return any_of(z, L1 + (rnd(z) % 8 < 4 ? 0 : 1 + rnd(z) % 3)); }

/* Does page i show its frame, with these rights? */
static bool shows(unsigned i, u64 rights)
{
    return page_mfn[i] && (*pages_pte[i] & (rights | P)) == (rights | P) && PTE_MFN(*pages_pte[i]) == page_mfn[i];
}

static long map_page(struct fuzzer *z, unsigned i, u64 flags)
{
    return call(z, __HYPERVISOR_update_va_mapping, (u64)pages[i], page_mfn[i] << 12 | flags,
                one_in(z, 4) ? UVMF_INVLPG | UVMF_ALL : UVMF_INVLPG | UVMF_LOCAL, 0, 0);
}

/* What a table of `level` may hold, nearly always. */
static u64 entry_for(struct fuzzer *z, unsigned level)
{
    if (one_in(z, 32))
        return any_pte(z);
    if (one_in(z, 6))
        return 0;
    if (level > 1)
        return page_mfn[any_of(z, one_in(z, 32) ? level : level - 1)] << 12 | (one_in(z, 16) ? READ_PAGE : TABLE);
    unsigned i = any_play(z);
    return page_mfn[i] << 12 | (role[i] == PLAIN ? (one_in(z, 4) ? READ_PAGE | NX : KERNEL_PAGE) : READ_PAGE);
}

static unsigned slot_for(struct fuzzer *z, unsigned level)
{
    return one_in(z, 32) && level < 4 ? rnd(z) % 512 : rnd(z) % 4;
}

/* ---- making and unmaking ---- */

static long mmuext(struct fuzzer *z, unsigned cmd, u64 mfn, u64 arg2)
{
    struct mmuext_op *o = (void *)z->args;
    *o = (struct mmuext_op){ .cmd = cmd, .arg1.mfn = mfn, .arg2.src_mfn = arg2 };
    if (one_in(z, 16)) {
        mutate(z, o, sizeof(*o));
        o->arg1.mfn = spare_guard(z, o->arg1.mfn);
        if (!z->reckless && (o->cmd == MMUEXT_NEW_BASEPTR || o->cmd == MMUEXT_CLEAR_PAGE || o->cmd == MMUEXT_COPY_PAGE))
            o->cmd = cmd;
    }
    return call(z, __HYPERVISOR_mmuext_op, block(z), 1, one_in(z, 64) ? block(z) : 0,
                one_in(z, 64) ? any_domid(z) : DOMID_SELF, 0);
}

static void make_plain(unsigned i)
{
    if (!page_mfn[i] || shows(i, RW))
        return;
    if (is_table(i))
        mmuext1(MMUEXT_UNPIN_TABLE, page_mfn[i]);
    set_va(pages[i], page_mfn[i] << 12 | KERNEL_PAGE);
}

/* A page becomes a table with a few entries, one of them perhaps spoilt; then it is pinned, or not yet. */
static void build_table(struct fuzzer *z)
{
    unsigned i = one_in(z, 16) ? any_play(z) : any_table(z), level = role[i];
    if (!is_table(i)) {
        if (role[i] == PLAIN && !one_in(z, 64))
            return;
        role[i] = level = L1 + rnd(z) % 4;
    }
    make_plain(i);
    if (!shows(i, RW))
        return;
    u64 *t = (u64 *)pages[i];
    memset(t, 0, 4096);
    for (unsigned n = 1 + rnd(z) % 6; n; n--)
        t[slot_for(z, level)] = entry_for(z, level);
    if (level == 4)
        t[511] = *walk((u64)trap_stack, 4);
    if (one_in(z, 3)) {
        unsigned slot = one_in(z, 4) ? rnd(z) % 512 : rnd(z) % 4;
        if (slot != 511)
            t[slot] = spare_pte(z, t[slot] ^ 1UL << rnd(z) % 64);
    }
    map_page(z, i, READ_PAGE);
    if (one_in(z, 2))
        mmuext(z, MMUEXT_PIN_L1_TABLE + (one_in(z, 32) ? rnd(z) % 4 : level - 1), page_mfn[i], 0);
}

static void pin_or_unpin(struct fuzzer *z)
{
    unsigned i = any_table(z);
    if (one_in(z, 2))
        mmuext(z, MMUEXT_UNPIN_TABLE, page_mfn[i], 0);
    else
        mmuext(z, MMUEXT_PIN_L1_TABLE + role[i] - 1, page_mfn[i], 0);
}

/* Into the top-level table this guest runs on, where memory() looks. */
static void hang_in(struct fuzzer *z)
{
    mmu_update_t *u = (void *)z->args;
    u->ptr = main_l4 << 12 | (HOOK_SLOT + rnd(z) % NR_HOOKS) * 8;
    u->val = one_in(z, 3) ? 0 : one_in(z, 16) ? any_pte(z) : page_mfn[any_of(z, L3)] << 12 | TABLE;
    call(z, __HYPERVISOR_mmu_update, (u64)u, 1, 0, DOMID_SELF, 0);
}

static void switch_base(struct fuzzer *z)
{
    unsigned i = any_of(z, L4);
    if (one_in(z, 4))
        mmuext(z, MMUEXT_NEW_USER_BASEPTR, one_in(z, 8) ? 0 : page_mfn[i], 0);
    else if (one_in(z, 2) || (!z->reckless && (!shows(i, 0) || ((u64 *)pages[i])[511] != *walk((u64)trap_stack, 4))))
        mmuext1(MMUEXT_NEW_BASEPTR, main_l4);
    else
        call(z, __HYPERVISOR_mmuext_op, (u64)memcpy(z->args, &(struct mmuext_op){ .cmd = MMUEXT_NEW_BASEPTR,
             .arg1.mfn = page_mfn[i] }, sizeof(struct mmuext_op)), 1, 0, DOMID_SELF, 0);
}

/* ---- changing ---- */

static void mmu_call(struct fuzzer *z)
{
    mmu_update_t *u = (void *)z->args;
    unsigned n = one_in(z, 64) ? 32 : 1 + rnd(z) % 6;
    for (unsigned k = 0; k < n; k++) {
        unsigned i = any_table(z), level = is_table(i) ? role[i] : 1;
        u[k].ptr = page_mfn[i] << 12 | slot_for(z, level) * 8 | (one_in(z, 4) ? MMU_PT_UPDATE_PRESERVE_AD : 0);
        u[k].val = entry_for(z, level);
        if (one_in(z, 8)) {
            u[k].ptr = any_mfn(z) << 12 | MMU_MACHPHYS_UPDATE;
            u[k].val = rnd(z) % si->nr_pages;
        }
    }
    if (one_in(z, 3)) {
        unsigned k = rnd(z) % n;
        mutate(z, &u[k], sizeof(u[k]));
        if (one_in(z, 4))
            u[k] = (mmu_update_t){ any_mfn(z) << 12 | rnd(z) % 512 * 8 | (rnd(z) % 4), any_pte(z) };
        if (!z->reckless)
            u[k].ptr = spare_pte(z, u[k].ptr), u[k].val = spare_pte(z, u[k].val);
        if (!z->reckless && (u[k].ptr & 0xff8) == 0xff8)
            u[k].ptr ^= 0x800;          /* not the slot this guest itself lives in */
    }
    call(z, __HYPERVISOR_mmu_update, block(z), one_in(z, 128) ? value(z) : n, one_in(z, 16) ? block(z) : 0,
         one_in(z, 16) ? any_domid(z) : DOMID_SELF, 0);
}

static void va_call(struct fuzzer *z)
{
    u64 va = (u64)any_page(z), flags = one_in(z, 2) ? rnd(z) % 8 : value(z), pte = entry_for(z, 1);
    if (one_in(z, 8))
        va = spare_address(z, value(z));
    if (one_in(z, 3))
        pte ^= 1UL << rnd(z) % 64;
    pte = spare_pte(z, pte);
    if (one_in(z, 16))
        call(z, __HYPERVISOR_update_va_mapping_otherdomain, va, pte, flags, any_domid(z), 0);
    else
        call(z, __HYPERVISOR_update_va_mapping, va, pte, flags, 0, 0);
}

/* What does not fit above: several at once, with what fits and what does not. */
static void mmuext_call(struct fuzzer *z)
{
    struct mmuext_op *o = (void *)z->args;
    unsigned n = 1 + rnd(z) % 4;
    for (unsigned i = 0; i < n; i++) {
        u64 mfn = any_mfn(z), other = any_mfn(z);
        o[i].cmd = rnd(z) % (one_in(z, 4) ? 5 : 22);
        if (o[i].cmd == MMUEXT_NEW_BASEPTR && !(z->reckless && one_in(z, 8)))
            o[i].cmd = MMUEXT_UNPIN_TABLE;
        if (o[i].cmd == MMUEXT_SET_LDT)
            mfn = (u64)pages[any_of(z, DESCRIPTORS)], other = rnd(z) % 513;
        if (o[i].cmd >= MMUEXT_TLB_FLUSH_LOCAL && o[i].cmd <= MMUEXT_INVLPG_ALL && o[i].cmd != MMUEXT_TLB_FLUSH_ALL)
            mfn = value(z), other = block(z);
        o[i].arg1.mfn = mfn, o[i].arg2.src_mfn = other;
    }
    if (one_in(z, 4)) {
        unsigned k = rnd(z) % n, cmd = o[k].cmd;
        mutate(z, &o[k], sizeof(*o));
        o[k].arg1.mfn = spare_guard(z, o[k].arg1.mfn);
        if (!z->reckless && o[k].cmd == MMUEXT_NEW_BASEPTR)
            o[k].cmd = cmd;
    }
    call(z, __HYPERVISOR_mmuext_op, block(z), one_in(z, 128) ? value(z) : n, one_in(z, 16) ? block(z) : 0,
         one_in(z, 32) ? any_domid(z) : DOMID_SELF, 0);
}

/* ---- memory by instructions ---- */

static u64 hook_address(struct fuzzer *z)
{
    return 0xffff000000000000UL | (HOOK_SLOT + rnd(z) % NR_HOOKS) << 39 | rnd(z) % 4 << 30 | rnd(z) % 4 << 21 |
           rnd(z) % 4 << 12 | rnd(z) % 64 * 8;
}

static void put(struct fuzzer *z, u64 *p, u64 v)
{
    u64 old = one_in(z, 4) ? rnd(z) : *p;
    switch (rnd(z) % 12) {
    case 0: __asm__ volatile("xchg %0, %1" : "+r"(v), "+m"(*p)); break;
    case 1: case 2: __asm__ volatile("lock cmpxchg %1, %2" : "+a"(old) : "r"(v), "m"(*p) : "memory"); break;
    case 3: __asm__ volatile("lock btsq %0, %1" : : "r"(v & 63), "m"(*p) : "memory"); break;
    case 4: __asm__ volatile("orl %0, %1" : : "r"((u32)v), "m"(*p) : "memory"); break;
    case 5: __asm__ volatile("movw %0, %1" : : "r"((u16)v), "m"(*p) : "memory"); break;
    case 6: memset(p, (int)v, rnd(z) % 64); break;
    case 7: __asm__ volatile("lock andq %0, %1" : : "r"(v), "m"(*p) : "memory"); break;
    default: *(volatile u64 *)p = v;
    }
}

/* Written to as if it were memory: the hypervisor looks at the entry, then does it or hands on the fault. */
static void store(struct fuzzer *z)
{
    unsigned i = any_table(z), level = is_table(i) ? role[i] : 1;
    if (!(*pages_pte[i] & P) && !one_in(z, 16))
        return;
    u64 *p = (u64 *)pages[i] + slot_for(z, level), v = entry_for(z, level);
    if (one_in(z, 4))
        v ^= 1UL << rnd(z) % 64;
    if (one_in(z, 32))
        p = (u64 *)((char *)p + rnd(z) % 8);
    put(z, p, spare_pte(z, v));
}

/* No page of anybody who keeps a secret can be read, and what was freed has lost it. */
static void look(struct fuzzer *z, volatile u64 *p)
{
    u64 v = *p;
    if (v == SECRET)
        child_mb->word[W_LEAKS]++;
    else
        z->last[0] = v;
}

static void memory(struct fuzzer *z)
{
    unsigned i = any_play(z);
    u64 *p = (u64 *)(pages[i] + rnd(z) % 512 * 8);
    if (one_in(z, 3))
        p = (u64 *)hook_address(z);
    else if (!(*pages_pte[i] & P) && !one_in(z, 16))
        return;
    else if (role[i] != PLAIN || one_in(z, 2) || !(*pages_pte[i] & RW)) {
        look(z, p);
        return;
    }
    if (one_in(z, 2))
        look(z, p);
    else
        *(volatile u64 *)p = one_in(z, 2) ? spare_pte(z, entry_for(z, 1 + rnd(z) % 4)) : rnd(z);
}

static void touch(struct fuzzer *z)
{
    volatile u64 *p = (void *)(one_in(z, 2) ? wild_pointer(z) : value(z));
    if (one_in(z, 4) && (u64)p < VIRT_BASE)
        *p = rnd(z);
    else
        look(z, p);
}
