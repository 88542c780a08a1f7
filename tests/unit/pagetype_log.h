/*
 * The fourth judge of tests/unit/test_pagetype.c: domains whose writes are logged. A copy of each domain's frames is
 * kept up to date by nothing but what CLEAN reports; after it, copy and frames must agree. The hardware writes through
 * the shadows, and through nothing else. Included once.
 */
#pragma once
#include <xen/domctl.h>
#include "tests/unit/pagetype_world.h"

static char replica[NR_DOMAINS][FRAMES][PAGE_SIZE];
static unsigned hardware_writes;

static bool is_logged(unsigned d) { return domain[d].logging && domain[d].log_dirty->phase == LOG_ON; }

/* Frames get a number when they get an owner. */
static void number_frames(void)
{
    for (mfn_t mfn = 1; mfn < FRAMES; mfn++)
        if (!is_free[mfn] && fake_m2p[mfn] != mfn) {
            m2p_set(mfn, mfn);
            log_dirty_wrote(mfn);
        }
}

static void follow(unsigned d, const u64 *bits)
{
    for (mfn_t mfn = 1; mfn < FRAMES; mfn++) {
        if (is_free[mfn] || table[mfn].owner != d)
            continue;
        if (!bits || (bits[mfn / 64] >> mfn % 64 & 1))
            memcpy(replica[d][mfn], mfn_to_virt(mfn), PAGE_SIZE);
        else if (memcmp(replica[d][mfn], mfn_to_virt(mfn), PAGE_SIZE))
            panic("domain %u: frame %lu was written, and nobody said so", d, mfn);
    }
}

static void log_clean(unsigned d)
{
    u64 bits[2] = { 0 };
    struct xen_domctl_shadow_op op = { .op = XEN_DOMCTL_SHADOW_OP_CLEAN, .pages = 128 };
    long rc;

    op.dirty_bitmap.p = (u8 *)bits;
    do
        rc = log_dirty_report(&domain[d], &op, true);
    while (rc == -ERESTART);
    if (rc != (domain[d].log_dirty->broken ? -ENOMEM : 0))
        panic("CLEAN answers %ld", rc);
    if (!rc)
        follow(d, bits);
}

static long log_begin(unsigned d, u64 r)
{
    long rc;

    shadows_left = r % 8 ? ~0u : (unsigned)(r / 8 % 24);        /* now and then memory ends */
    do
        rc = log_dirty_enable(&domain[d]);
    while (rc == -ERESTART);
    if (!rc)
        follow(d, NULL);
    else
        shadows_left = ~0u;
    return rc;
}

static void log_end(unsigned d)
{
    while (log_dirty_relinquish(&domain[d]) == -ERESTART) {}
    shadows_left = ~0u;
}

/* May the guest's own tables write to va? The frame, 0 if not. */
static mfn_t guest_may_write(unsigned d, u64 va, u64 **entry)
{
    mfn_t mfn = vcpu[d].arch.kernel_l4;

    for (unsigned level = 4; mfn; level--) {
        u64 *e = (u64 *)mfn_to_virt(mfn) + pt_index(va, level);
        if (level == 4 && !l4_slot_is_guests(pt_index(va, 4)))
            return 0;
        if ((*e & (PTE_PRESENT | PTE_RW)) != (PTE_PRESENT | PTE_RW))
            return 0;
        mfn = pte_mfn(*e);
        *entry = e;
        if (level == 1)
            return mfn;
    }
    return 0;
}

/* What the CPU finds for a write: the shadow's entry, or NULL for a fault. */
static u64 *shadow_path(unsigned d, u64 va)
{
    mfn_t s = log_dirty_base(&domain[d], vcpu[d].arch.kernel_l4);
    u64 *e = NULL;

    for (unsigned level = 4; s && level; level--) {
        e = (u64 *)mfn_to_virt(s) + pt_index(va, level);
        if ((*e & (PTE_PRESENT | PTE_RW)) != (PTE_PRESENT | PTE_RW))
            return NULL;
        s = pte_mfn(*e);
        if (level > 1 && s < SHADOWS)
            panic("a shadow of level %u names frame %lu, which is no shadow", level, s);
    }
    return e;
}

/* The guest stores a byte. */
static void hardware_write(unsigned d, u64 va, u64 r)
{
    u64 *g = NULL, *s;
    mfn_t mfn = guest_may_write(d, va, &g);

    if (!is_logged(d) || domain[d].log_dirty->broken)
        return;
    s = shadow_path(d, va);
    if (!s) {
        bool ours = log_dirty_fault(&vcpu[d], va, FAULT_PRESENT | FAULT_WRITE | FAULT_USER);
        if (ours != (mfn != 0))
            panic("domain %u writes at %#lx: %s", d, va, ours ? "let through" : "kept from it");
        if (!ours)
            return;
        s = shadow_path(d, va);
    }
    if (!s || pte_mfn(*s) != mfn)
        panic("domain %u writes at %#lx: the hardware finds frame %#lx, the guest meant %#lx", d, va,
              s ? pte_mfn(*s) : 0, mfn);
    if (!(*g & PTE_DIRTY))
        panic("domain %u writes at %#lx: its entry does not say so", d, va);
    if (mfn < FRAMES)
        ((u8 *)mfn_to_virt(mfn))[r % PAGE_SIZE] ^= 1 + r % 255;
    hardware_writes++;
}

static void judge_log(void)
{
    for (unsigned d = 0; d < NR_DOMAINS; d++)
        if (domain[d].refs && log_dirty_audit(&domain[d]))
            panic("domain %u: its shadows are wrong", d);
}
