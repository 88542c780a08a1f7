/*
 * The fuzzing vcpu: what it knows, its random values, and the way every hypercall of it goes.
 *
 * Memory is in two parts. The guard part is what keeps the guest going: code, stacks, the tables it was born with. The
 * play part is NR_PLAY pages with a role each, and everything that can be reached through them. A careful life names
 * frames and addresses of the guard part nowhere and so lives as long as it is let; a reckless one names anything.
 */
#pragma once
#include "dom.h"

/* Mailbox words of the fuzzing domain; the first three per vcpu. */
enum {
    W_DONE, W_TRAPS = W_DONE + 4, W_CALLS = W_TRAPS + 4, W_YES = W_CALLS + 4, W_LEAKS = W_YES + 4, W_PORT, W_FOREIGN_ID,
    W_NEIGHBOUR_PORT, W_FOREIGN = 24, NR_FOREIGN = 16, W_LAST = W_FOREIGN + NR_FOREIGN, W_LAST_EACH = 4
};
#define NR_PLAY 96
#define NR_FUZZ_VCPUS 3         /* the last only looks at memory, so that translations of it are everywhere */
#define MACHINE_FRAMES 0x10000UL
#define HOOK_SLOT 300           /* of the top-level table: here play tables are hung in */
#define NR_HOOKS 4
#define NR_GRANTED 16           /* references of the neighbour, from FIRST_GRANTED on; the second half read-only */
#define FIRST_GRANTED 8
/* Fills pages that no fuzzing domain may ever read. Never in an image as it stands. */
static volatile u64 secret_half = 0x5ec7e7a11ce0ffee;
#define SECRET (secret_half * 0x9e3779b97f4a7c15UL)

/* What a play page is meant for. It may be anything at any moment: both vcpus go on without asking each other. */
enum role { PLAIN, L1, L2, L3, L4, DESCRIPTORS, NR_ROLES };

struct fuzzer {
    u64 id, random, ops, n;
    bool reckless, done;
    struct jump jump;
    char *base;                 /* of its stack */
    bool odd_stack;             /* it may be on another stack than its own */
    u64 *args_page, *args;      /* argument blocks; where the next one goes */
    u8 *code;
    struct multicall_entry *batch;      /* when not NULL, calls are put there, with their sub-operations */
    unsigned batched, subs[8];
    u64 last[8];
};
static struct fuzzer fuzzers[NR_FUZZ_VCPUS];
static char trap_stack[NR_FUZZ_VCPUS][8192] __attribute__((aligned(16)));
static char *pages[NR_PLAY];
static u64 *pages_pte[NR_PLAY];         /* the entry that maps pages[i], in a guarded table */
static volatile u64 page_mfn[NR_PLAY];  /* 0: given away */
static u8 role[NR_PLAY];
static bool play_pfn[MAX_DOM_PAGES];
static volatile u64 stale_mfn[16];      /* were ours once */
static volatile u32 handles[16], ports[16];
static volatile u64 *grants;
static u64 main_l4;
static volatile unsigned vcpus_done;
static void keep_alive(struct fuzzer *z);

/* ---- what was reached ---- */

#define NR_SUBS 40
#define MAPPED 62               /* not a hypercall: grants that were mapped, or refused one by one */
struct seen { u32 yes, no; u64 errors; };       /* errors: a bit for each code; bit 0 for those from 64 on */
static struct seen seen[64][NR_SUBS] __attribute__((aligned(4096)));

/* Which operation of hypercall `nr` this is. The arguments' block is read if it is where it should be. */
static unsigned sub_operation(struct fuzzer *z, u64 nr, u64 a, u64 b)
{
    u64 sub = 0;
    switch (nr) {
    case __HYPERVISOR_mmu_update: sub = a == (u64)z->args ? *z->args & 3 : 0; break;
    case __HYPERVISOR_mmuext_op: sub = a == (u64)z->args ? *(u32 *)z->args : NR_SUBS - 1; break;
    case __HYPERVISOR_memory_op: sub = a & 63; break;
    case __HYPERVISOR_domctl: case __HYPERVISOR_sysctl: case __HYPERVISOR_platform_op:
    case __HYPERVISOR_multicall: sub = 0; break;
    case __HYPERVISOR_vcpu_op: case __HYPERVISOR_event_channel_op: case __HYPERVISOR_grant_table_op:
    case __HYPERVISOR_sched_op: case __HYPERVISOR_physdev_op: case __HYPERVISOR_xen_version:
    case __HYPERVISOR_callback_op: case __HYPERVISOR_vm_assist: case __HYPERVISOR_set_segment_base:
    case __HYPERVISOR_console_io: sub = a; break;
    }
    (void)b;
    return sub < NR_SUBS ? sub : NR_SUBS - 1;
}

static void note(struct fuzzer *z, u64 nr, unsigned sub, long rc)
{
    struct seen *s = &seen[nr & 63][sub];
    child_mb->word[W_CALLS + z->id]++;
    if (rc >= 0 || rc < -4095) {
        child_mb->word[W_YES + z->id]++;
        s->yes++;
    } else {
        s->no++;
        s->errors |= 1UL << (rc > -64 ? -rc : 0);
    }
}

/* ---- random things ---- */

static u64 rnd(struct fuzzer *z)
{
    u64 x = z->random;
    x ^= x >> 12, x ^= x << 25, x ^= x >> 27;
    z->random = x;
    return x * 0x2545f4914f6cdd1dUL >> 8;
}
static bool one_in(struct fuzzer *z, unsigned n) { return rnd(z) % n == 0; }
static unsigned any_play(struct fuzzer *z) { return rnd(z) % NR_PLAY; }
static char *any_page(struct fuzzer *z) { return pages[any_play(z)]; }
static u64 soon(struct fuzzer *z) { return vi->time.system_time + rnd(z) % 2000000; }

/* One meant for `r`, if there is any. */
static unsigned any_of(struct fuzzer *z, enum role r)
{
    unsigned i = any_play(z);
    for (unsigned n = 0; n < NR_PLAY && role[i] != r; n++)
        i = (i + 1) % NR_PLAY;
    return i;
}

static bool is_guard_frame(u64 mfn)
{
    if (mfn >= MACHINE_FRAMES)
        return false;
    u64 pfn = M2P[mfn];         /* of the guard part nobody changes it */
    return pfn < si->nr_pages && p2m[pfn] == mfn && !play_pfn[pfn];
}

/* The frame itself, or in a careful life another instead of one of the guard part. */
static u64 spare_guard(struct fuzzer *z, u64 mfn)
{
    return !z->reckless && is_guard_frame(mfn) ? page_mfn[any_play(z)] : mfn;
}
static u64 spare_pte(struct fuzzer *z, u64 pte)
{
    u64 mfn = PTE_MFN(pte);
    return (pte & ~(0xffffffffffUL << 12)) | spare_guard(z, mfn) << 12;
}

static bool is_guard_address(u64 va)
{
    u64 pfn = (va - VIRT_BASE) >> 12;
    return va >= VIRT_BASE && pfn < si->nr_pages && !play_pfn[pfn];
}
static u64 spare_address(struct fuzzer *z, u64 va)
{
    return !z->reckless && is_guard_address(va) ? (u64)any_page(z) + (va & 4095) : va;
}

static u64 any_mfn(struct fuzzer *z)
{
    u64 mfn;
    switch (rnd(z) % 64) {
    case 0: case 1: case 2: mfn = child_mb->word[W_FOREIGN + rnd(z) % NR_FOREIGN]; break;
    case 3: mfn = rnd(z) % 1024; break;                         /* firmware, Serai */
    case 4: mfn = rnd(z) % (2 * MACHINE_FRAMES); break;         /* somebody's, nobody's */
    case 5: mfn = si->shared_info >> 12; break;
    case 6: mfn = rnd(z); break;
    case 7: mfn = 0xb8 + rnd(z) % 8; break;
    case 8: mfn = one_in(z, 4) ? p2m[rnd(z) % si->nr_pages] : 0xfee00; break;
    case 9: mfn = z->reckless && one_in(z, 8) ? main_l4 : 0; break;
    case 10: case 11: mfn = stale_mfn[rnd(z) % 16]; break;
    default: mfn = page_mfn[any_play(z)]; break;
    }
    return spare_guard(z, mfn);
}

static u64 any_flags(struct fuzzer *z)
{
    static const u64 often[] = { KERNEL_PAGE, READ_PAGE, TABLE, P | RW | US, P, 0, P | US | NX, P | RW | PSE,
                                 P | RW | US | GLOBAL };
    return one_in(z, 6) ? (rnd(z) & 0xfff) | (rnd(z) & 1 ? rnd(z) << 52 : 0) : often[rnd(z) % 9];
}
static u64 any_pte(struct fuzzer *z) { return any_mfn(z) << 12 | any_flags(z); }

static u64 any_domid(struct fuzzer *z)
{
    static const u16 ids[] = { DOMID_SELF, DOMID_SELF, DOMID_SELF, 0, DOMID_IO, DOMID_XEN, DOMID_INVALID, DOMID_IDLE };
    return one_in(z, 4) ? child_mb->word[W_FOREIGN_ID] + rnd(z) % 3 : ids[rnd(z) % 8];
}

static u64 wild_pointer(struct fuzzer *z)
{
    static const u64 wild[] = { 0, 0x1000, 0x00007ffffffff000, 0x0000800000000000, 0xffff7fffffffffff,
                                0xffff800000000000, 0xffff820000000000, 0xffff82d080000000, 0xffff82d080200000,
                                0xffff830000000000, 0xffff83000000f000, 0xffff87ffffffffff, 0xffff880000000000,
                                0xffffffffffffffff, 0xfffffffffffffff0, VIRT_BASE };
    return wild[rnd(z) % 16] + (one_in(z, 2) ? rnd(z) % 8192 : 0);
}

static u64 value(struct fuzzer *z)
{
    switch (rnd(z) % 24) {
    case 0: return (1UL << rnd(z) % 64) + rnd(z) % 3 - 1;
    case 1: case 2: return (u64)any_page(z) + (one_in(z, 3) ? rnd(z) % 4096 : 0);
    case 3: case 4: return any_mfn(z);
    case 5: return any_pte(z);
    case 6: return any_mfn(z) << 12 | rnd(z) % 512 * 8 | rnd(z) % 4;
    case 7: return wild_pointer(z);
    case 8: return any_domid(z);
    case 9: return rnd(z) << 40 ^ rnd(z);
    case 10: return z->last[rnd(z) % 8];
    case 11: return (u64)(z->args_page + rnd(z) % 512);
    case 12: return one_in(z, 4) && z->reckless ? (u64)entry_event : (u64)z->code;
    case 13: return -(rnd(z) % 256);
    case 14: return (rnd(z) % 64) | (rnd(z) % 64) << 32;
    case 15: return any_domid(z) | (rnd(z) % 64) << 16 | (rnd(z) % 64) << 32;
    case 16: return any_domid(z) << 32 | rnd(z) % 64;
    case 17: return soon(z);
    default: return rnd(z) % 32;
    }
}

/* One field of what was valid is changed: a bit, a neighbouring number, something of another kind. */
static void mutate(struct fuzzer *z, void *what, unsigned bytes)
{
    u8 *p = what;
    u32 *word = (u32 *)p + rnd(z) % (bytes / 4);
    switch (rnd(z) % 8) {
    case 0: case 1: case 2: p[rnd(z) % bytes] ^= 1 << rnd(z) % 8; break;
    case 3: *word += rnd(z) % 2 ? 1 : -1; break;
    case 4: *word = rnd(z) % 64; break;
    case 5: *word = ~0U >> rnd(z) % 32; break;
    case 6: ((u16 *)p)[rnd(z) % (bytes / 2)] = any_domid(z); break;
    case 7: ((u64 *)p)[rnd(z) % (bytes / 8)] = one_in(z, 4) ? wild_pointer(z) : value(z); break;
    }
}

static void mutate_some(struct fuzzer *z, void *what, unsigned bytes)
{
    if (one_in(z, 4))
        mutate(z, what, bytes);
}

static void fill_args(struct fuzzer *z, unsigned words)
{
    for (unsigned i = 0; i < words; i++)
        z->args[i] = value(z);
}

/* Where an argument block is said to be. */
static u64 block(struct fuzzer *z)
{
    switch (rnd(z) % 64) {
    case 0: return wild_pointer(z);
    case 1: return (u64)any_page(z);
    case 2: return (u64)any_page(z) + 4096 - rnd(z) % 64;
    default: return (u64)z->args;
    }
}

/* ---- a hypercall ---- */

#define BATCHED (-4096)         /* not made yet, see multi_call() */

static long call(struct fuzzer *z, u64 nr, u64 a, u64 b, u64 c, u64 d, u64 e)
{
    unsigned sub = sub_operation(z, nr, a, b);
    if (z->batch) {
        if (z->batched < 8) {
            z->subs[z->batched] = sub;
            z->batch[z->batched++] = (struct multicall_entry){ .op = nr, .args = { a, b, c, d, e } };
        }
        return BATCHED;
    }
    long rc = hc_(nr, a, b, c, d, e);
    note(z, nr, sub, rc);
    if (rc >= 0)
        z->last[rnd(z) % 8] = rc;
    return rc;
}
