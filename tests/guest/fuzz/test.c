/*
 * A guest that does anything, from two vcpus at once: random and mutated hypercalls, handles into every kind of memory,
 * page-table writes by hypercall and directly, descriptors, selectors, random system instructions, traps, ports, MSRs,
 * iret frames, events, grants. It may crash itself; it may not hurt Serai, nor its neighbour, whose memory, time and
 * events are watched by the neighbour itself. Domain 0 destroys it, wants its memory back and the auditor clean, and
 * starts the next seed.
 *
 * Arguments: seed=first seeds=how many ops=per vcpu. `make fuzz-guest SEEDS=n` is the long version.
 *
 * QEMU: -smp 2
 */
#include "dom.h"

/* Mailbox words of the fuzzing domain. */
enum { W_DONE0, W_DONE1, W_TRAPS, W_GOOD, W_PORT, W_FOREIGN_ID, W_CALLS, W_FOREIGN = 8, NR_FOREIGN = 16 };
#define NR_PAGES 48
#define NR_FUZZ_VCPUS 2

struct fuzzer {
    u64 id, random, ops, n;
    u64 care;                   /* what ends a life at once is so many times rarer */
    struct jump jump;
    char *base;                 /* of its stack */
    bool odd_stack;             /* it may be on another stack than its own */
    u64 *args;                  /* argument blocks, a page */
    u8 *code;
    u64 last[8];
};
static struct fuzzer fuzzers[NR_FUZZ_VCPUS];
static char trap_stack[NR_FUZZ_VCPUS][8192] __attribute__((aligned(16)));
static char *pages[NR_PAGES];
static u64 page_mfn[NR_PAGES];
static volatile u64 *grants;
static volatile unsigned vcpus_done;
void traps_init(void);

/* ---- random things ---- */

static u64 rnd(struct fuzzer *z)
{
    u64 x = z->random;
    x ^= x >> 12, x ^= x << 25, x ^= x >> 27;
    z->random = x;
    return x * 0x2545f4914f6cdd1dUL >> 8;
}
static bool one_in(struct fuzzer *z, unsigned n) { return rnd(z) % n == 0; }
static bool deadly_one_in(struct fuzzer *z, unsigned n) { return one_in(z, n * (unsigned)z->care); }
static char *any_page(struct fuzzer *z) { return pages[rnd(z) % NR_PAGES]; }

static u64 any_mfn(struct fuzzer *z)
{
    switch (rnd(z) % 64) {
    case 0: case 1: case 2: return child_mb->word[W_FOREIGN + rnd(z) % NR_FOREIGN];
    case 3: return rnd(z) % 1024;                       /* firmware, Serai */
    case 4: return rnd(z) % 0x20000;                    /* somebody's */
    case 5: return si->shared_info >> 12;
    case 6: return rnd(z);
    case 7: return 0xb8 + rnd(z) % 8;
    case 8: return deadly_one_in(z, 4) ? p2m[rnd(z) % si->nr_pages] : 0xfee00;
    case 9: return deadly_one_in(z, 8) ? our_l4() : 0;
    default: return page_mfn[rnd(z) % NR_PAGES];
    }
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
    return one_in(z, 8) ? child_mb->word[W_FOREIGN_ID] + rnd(z) % 3 : ids[rnd(z) % 8];
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
    case 11: return (u64)(z->args + rnd(z) % 512);
    case 12: return one_in(z, 4) ? (u64)entry_event : (u64)z->code;
    case 13: return -(rnd(z) % 256);
    case 14: return (rnd(z) % 64) | (rnd(z) % 64) << 32;
    case 15: return any_domid(z) | (rnd(z) % 64) << 16 | (rnd(z) % 64) << 32;
    case 16: return any_domid(z) << 32 | rnd(z) % 64;
    case 17: return now() + rnd(z) % 1000000;
    default: return rnd(z) % 32;
    }
}

static void fill_args(struct fuzzer *z, unsigned words)
{
    for (unsigned i = 0; i < words; i++)
        z->args[i] = value(z);
}

static u64 block(struct fuzzer *z)              /* where an argument block is said to be */
{
    switch (rnd(z) % 16) {
    case 0: return wild_pointer(z);
    case 1: return (u64)any_page(z);
    case 2: return (u64)any_page(z) + 4096 - rnd(z) % 64;
    default: return (u64)z->args;
    }
}

/* ---- hypercalls ---- */

static long call(struct fuzzer *z, u64 nr, u64 a, u64 b, u64 c, u64 d, u64 e)
{
    long rc = hc_(nr, a, b, c, d, e);
    child_mb->word[W_CALLS]++;
    if (rc >= 0) {
        child_mb->word[W_GOOD]++;
        z->last[rnd(z) % 8] = rc;
    }
    return rc;
}

static void wild_call(struct fuzzer *z)
{
    u64 nr = one_in(z, 16) ? value(z) : rnd(z) % 56;
    fill_args(z, 24);
    if ((u32)nr == __HYPERVISOR_iret || ((u32)nr == __HYPERVISOR_sched_op && !one_in(z, 64)))
        return;
    if ((nr == __HYPERVISOR_set_trap_table || nr == __HYPERVISOR_set_callbacks || nr == __HYPERVISOR_vcpu_op ||
         nr == __HYPERVISOR_stack_switch) && !one_in(z, 256))
        return;
    call(z, nr, one_in(z, 2) ? value(z) : block(z), one_in(z, 2) ? block(z) : value(z), value(z), value(z), value(z));
}

static void mmu_call(struct fuzzer *z)
{
    mmu_update_t *u = (void *)z->args;
    unsigned n = 1 + rnd(z) % 6;
    for (unsigned i = 0; i < n; i++)
        u[i] = (mmu_update_t){ .ptr = any_mfn(z) << 12 | rnd(z) % 16 * (one_in(z, 2) ? 8 : 256) |
                               (one_in(z, 4) ? rnd(z) % 4 : 0), .val = any_pte(z) };
    call(z, __HYPERVISOR_mmu_update, block(z), one_in(z, 16) ? value(z) : n, one_in(z, 4) ? block(z) : 0,
         one_in(z, 3) ? any_domid(z) : DOMID_SELF, 0);
}

static void mmuext_call(struct fuzzer *z)
{
    struct mmuext_op *o = (void *)z->args;
    unsigned n = 1 + rnd(z) % 4;
    for (unsigned i = 0; i < n; i++) {
        o[i].cmd = rnd(z) % (one_in(z, 2) ? 5 : 22);
        if (o[i].cmd == MMUEXT_NEW_BASEPTR && !one_in(z, 8))
            o[i].cmd = MMUEXT_UNPIN_TABLE;
        o[i].arg1.mfn = one_in(z, 3) ? value(z) : any_mfn(z);
        o[i].arg2.src_mfn = one_in(z, 3) ? value(z) : any_mfn(z);
    }
    call(z, __HYPERVISOR_mmuext_op, block(z), one_in(z, 16) ? value(z) : n, one_in(z, 4) ? block(z) : 0,
         one_in(z, 8) ? any_domid(z) : DOMID_SELF, 0);
}

static void va_call(struct fuzzer *z)
{
    u64 va = one_in(z, 16) ? value(z) : (u64)any_page(z), flags = one_in(z, 2) ? rnd(z) % 8 : value(z);
    if (one_in(z, 8))
        call(z, __HYPERVISOR_update_va_mapping_otherdomain, va, any_pte(z), flags, any_domid(z), 0);
    else
        call(z, __HYPERVISOR_update_va_mapping, va, any_pte(z), flags, 0, 0);
}

static void event_call(struct fuzzer *z)
{
    u32 *a = (u32 *)z->args;
    fill_args(z, 4);
    if (one_in(z, 2))
        for (unsigned i = 0; i < 6; i++)
            a[i] = rnd(z) % 40;
    if (one_in(z, 3))
        *(u16 *)a = (u16)any_domid(z), a[1] = child_mb->word[W_PORT];
    u64 cmd = rnd(z) % 16;
    if ((cmd == EVTCHNOP_reset || cmd == EVTCHNOP_init_control) && !one_in(z, 8))
        cmd = EVTCHNOP_send;
    call(z, __HYPERVISOR_event_channel_op, cmd, block(z), 0, 0, 0);
}

static void grant_call(struct fuzzer *z)
{
    for (unsigned i = 0; grants && i < 4; i++)          /* an entry of v1: flags, domain, frame */
        grants[rnd(z) % 64] = (rnd(z) % 4 ? rnd(z) % 8 : rnd(z) & 0xffff) | any_domid(z) << 16 | any_mfn(z) << 32;
    fill_args(z, 24);
    if (one_in(z, 2)) {                                 /* a map of its own grant, at an entry or an address */
        struct gnttab_map_grant_ref *m = (void *)z->args;
        m->host_addr = one_in(z, 2) ? (u64)any_page(z) : any_mfn(z) << 12 | rnd(z) % 16 * 8;
        m->flags = rnd(z) % 64;
        m->ref = rnd(z) % 64;
        m->dom = one_in(z, 2) ? DOMID_SELF : any_domid(z);
    }
    call(z, __HYPERVISOR_grant_table_op, rnd(z) % 14, block(z), rnd(z) % 3, 0, 0);
}

static void memory_call(struct fuzzer *z)
{
    struct xen_memory_reservation *r = (void *)z->args;
    u64 *list = z->args + 256;
    fill_args(z, 24);
    for (unsigned i = 0; i < 4; i++)
        list[i] = any_mfn(z);
    if (one_in(z, 2)) {
        *r = (struct xen_memory_reservation){ .nr_extents = rnd(z) % 5, .extent_order = rnd(z) % 3 ? 0 : rnd(z) % 12,
                                              .mem_flags = rnd(z) % 64, .domid = any_domid(z) };
        set_xen_guest_handle(r->extent_start, list);
        memcpy(r + 1, r, sizeof(*r));                   /* exchange: another, and what was done */
        z->args[8] = 0;
    }
    call(z, __HYPERVISOR_memory_op, rnd(z) % 32 | (one_in(z, 8) ? rnd(z) % 100 << 6 : 0), block(z), 0, 0, 0);
}

static void vcpu_call(struct fuzzer *z)
{
    u64 cmd = rnd(z) % 14;
    fill_args(z, 12);
    if (cmd == VCPUOP_down && !one_in(z, 64))
        cmd = VCPUOP_is_up;
    if (cmd == VCPUOP_register_vcpu_info && !one_in(z, 32))
        return;
    call(z, __HYPERVISOR_vcpu_op, cmd, one_in(z, 8) ? value(z) : rnd(z) % 3, block(z), 0, 0);
}

static void sched_call(struct fuzzer *z)
{
    static evtchn_port_t ports[4];
    struct sched_poll p = { .nr_ports = rnd(z) % 5, .timeout = now() + rnd(z) % 200000 };
    set_xen_guest_handle(p.ports, ports);
    ports[rnd(z) % 4] = rnd(z) % 64;
    call(z, __HYPERVISOR_sched_op, one_in(z, 2) ? SCHEDOP_yield : SCHEDOP_poll, (u64)&p, 0, 0, 0);
    if (one_in(z, 4)) {
        fill_args(z, 8);
        call(z, __HYPERVISOR_sched_op, 4 + rnd(z) % 5, block(z), 0, 0, 0);
    }
}

static void cpu_state_call(struct fuzzer *z)
{
    fill_args(z, 24);
    switch (rnd(z) % 8) {
    case 0: call(z, __HYPERVISOR_update_descriptor, any_mfn(z) << 12 | rnd(z) % 512 * 8, value(z) ^ rnd(z) << 32, 0, 0,
                 0); break;
    case 1: z->args[0] = any_mfn(z); call(z, __HYPERVISOR_set_gdt, block(z), rnd(z) % 1024, 0, 0, 0); break;
    case 2: call(z, __HYPERVISOR_set_debugreg, rnd(z) % 9, value(z), 0, 0, 0); break;
    case 3: call(z, __HYPERVISOR_set_segment_base, rnd(z) % 5, value(z), 0, 0, 0); break;
    case 4: call(z, __HYPERVISOR_fpu_taskswitch, rnd(z) % 2, 0, 0, 0, 0); break;
    case 5: call(z, __HYPERVISOR_vm_assist, rnd(z) % 3, rnd(z) % 8, 0, 0, 0); break;
    case 6: call(z, __HYPERVISOR_physdev_op, rnd(z) % 32, block(z), 0, 0, 0); break;
    case 7: call(z, __HYPERVISOR_callback_op, one_in(z, 16) ? rnd(z) % 3 : 9, block(z), 0, 0, 0); break;
    }
}

static void multi_call(struct fuzzer *z)
{
    static const u8 nrs[] = { 1, 14, 26, 12, 32, 20, 17, 10, 13, 25, 30, 5, 24 };
    struct multicall_entry *m = (void *)(z->args + 256);
    unsigned n = 1 + rnd(z) % 6;
    fill_args(z, 24);
    for (unsigned i = 0; i < n; i++) {
        m[i].op = one_in(z, 16) ? value(z) : nrs[rnd(z) % 13];
        for (unsigned k = 0; k < 6; k++)
            m[i].args[k] = one_in(z, 3) ? block(z) : value(z);
        if (m[i].op == 24 || (u32)m[i].op == __HYPERVISOR_sched_op)
            m[i].args[0] = 5 + rnd(z) % 6;
        if (m[i].op == __HYPERVISOR_set_trap_table || m[i].op == __HYPERVISOR_set_callbacks ||
            m[i].op == __HYPERVISOR_stack_switch)
            m[i].op = __HYPERVISOR_xen_version;
    }
    call(z, __HYPERVISOR_multicall, one_in(z, 8) ? block(z) : (u64)m, one_in(z, 256) ? value(z) : n, 0, 0, 0);
}

/* ---- memory by instructions ---- */

static void store(struct fuzzer *z)
{
    u64 *p = (u64 *)any_page(z) + rnd(z) % 16, v = any_pte(z), old = one_in(z, 4) ? rnd(z) : 0;
    if (one_in(z, 8))
        p = (u64 *)((char *)p + rnd(z) % 8);
    switch (rnd(z) % 8) {
    case 0: __asm__ volatile("xchg %0, %1" : "+r"(v), "+m"(*p)); break;
    case 1: __asm__ volatile("lock cmpxchg %1, %2" : "+a"(old) : "r"(v), "m"(*p) : "memory"); break;
    case 2: __asm__ volatile("lock btsq %0, %1" : : "r"(v & 63), "m"(*p) : "memory"); break;
    case 3: __asm__ volatile("orl %0, %1" : : "r"((u32)v), "m"(*p) : "memory"); break;
    case 4: __asm__ volatile("movw %0, %1" : : "r"((u16)v), "m"(*p) : "memory"); break;
    case 5: memset(p, (int)v, rnd(z) % 64); break;
    default: *(volatile u64 *)p = v;
    }
}

static void touch(struct fuzzer *z)
{
    volatile u64 *p = (void *)(one_in(z, 2) ? wild_pointer(z) : value(z));
    if (one_in(z, 4) && (u64)p < VIRT_BASE)
        *p = rnd(z);
    else
        z->last[0] = *p;
}

static void load_selector(struct fuzzer *z)
{
    u16 s = one_in(z, 2) ? (u16)(rnd(z) % 64 * 8 + rnd(z) % 8) : (u16)(0xe000 + rnd(z) % 64);
    if (one_in(z, 2))
        __asm__ volatile("mov %0, %%es; xor %%eax, %%eax; mov %%ax, %%es" : : "r"((u32)s) : "rax");
    else if (one_in(z, 2))
        __asm__ volatile("mov %0, %%fs" : : "r"((u32)s));
    else
        __asm__ volatile("mov %0, %%gs; mov %0, %%ds" : : "r"((u32)s));
}

/* ---- system instructions in random order, with random registers ---- */

void fuzz_exec(u64 *regs, void *code) __attribute__((noreturn));
__asm__(".text\nfuzz_exec: push %rsi\n mov (%rdi), %rax\n mov 8(%rdi), %rbx\n mov 16(%rdi), %rcx\n mov 24(%rdi), %rdx\n"
        "mov 32(%rdi), %rsi\n mov 40(%rdi), %rbp\n mov 48(%rdi), %r8\n mov 56(%rdi), %r9\n mov 64(%rdi), %r10\n"
        "mov 72(%rdi), %r11\n mov 80(%rdi), %r12\n mov 88(%rdi), %r13\n mov 96(%rdi), %r14\n mov 104(%rdi), %r15\n"
        "mov 112(%rdi), %rdi\n ret\n"
        ".globl fuzz_landing\nfuzz_landing: ud2\n jmp fuzz_landing");
extern char fuzz_landing[];

/* Length, then bytes; in those: 1 a random register form, 2 a random memory form at rdi, 3 any byte. */
static const u8 templates[][9] = {
    { 3, 0x0f, 0x20, 1 }, { 3, 0x0f, 0x22, 1 }, { 3, 0x0f, 0x21, 1 }, { 3, 0x0f, 0x23, 1 }, { 2, 0x0f, 0x30 },
    { 2, 0x0f, 0x32 }, { 2, 0x0f, 0x33 }, { 2, 0x0f, 0x31 }, { 2, 0x0f, 0xa2 }, { 3, 0x0f, 0x00, 1 },
    { 3, 0x0f, 0x00, 2 }, { 3, 0x0f, 0x01, 1 }, { 3, 0x0f, 0x01, 2 }, { 3, 0x0f, 0x02, 1 }, { 3, 0x0f, 0x03, 1 },
    { 2, 0x0f, 0x05 }, { 2, 0x0f, 0x07 }, { 3, 0x48, 0x0f, 0x07 }, { 2, 0x0f, 0x34 }, { 2, 0x0f, 0x35 },
    { 2, 0x0f, 0x06 }, { 2, 0x0f, 0x08 }, { 2, 0x0f, 0x09 }, { 2, 0x0f, 0x0b }, { 3, 0x0f, 0xc7, 2 },
    { 3, 0x0f, 0xc7, 1 }, { 3, 0x0f, 0xae, 2 }, { 3, 0x0f, 0xae, 1 }, { 2, 0x8e, 1 }, { 2, 0x8e, 2 }, { 2, 0x8c, 1 },
    { 1, 0xcc }, { 2, 0xcd, 3 }, { 1, 0xf1 }, { 2, 0x48, 0xcf }, { 1, 0xcf }, { 1, 0xcb }, { 2, 0xe4, 3 },
    { 2, 0xe7, 3 }, { 1, 0xec }, { 1, 0xed }, { 1, 0xee }, { 1, 0xef }, { 2, 0xf3, 0x6c }, { 2, 0xf3, 0x6f },
    { 1, 0x6d }, { 1, 0x6e }, { 1, 0xfa }, { 1, 0xfb }, { 6, 0x68, 3, 3, 0, 0, 0x9d },
    { 8, 0x9c, 0x80, 0x4c, 0x24, 0x01, 0x01, 0x9d }, { 2, 0x8e, 0xd0 }, { 3, 0x8e, 0xd0, 0xcc },
    { 4, 0x8e, 0xd0, 0x0f, 0x05 }, { 4, 0x8e, 0xd0, 0x0f, 0x0b }, { 4, 0x8e, 0xd0, 0xcd, 3 }, { 2, 0xdb, 1 },
    { 2, 0xd9, 2 }, { 2, 0xdd, 2 }, { 3, 0x0f, 0x0d, 2 }, { 3, 0x0f, 0x78, 1 }, { 4, 0xc5, 0xf8, 0x77, 0x90 },
    { 3, 0x0f, 0x6f, 2 }, { 2, 0x0f, 0xaa },
};
#define NR_TEMPLATES (sizeof(templates) / sizeof(templates[0]))

/* Not the stack pointer, nearly always. */
static u8 register_form(struct fuzzer *z)
{
    u8 b = 0xc0 | rnd(z) % 64;
    if ((b & 7) == 4 && !deadly_one_in(z, 64))
        b ^= 1;
    if ((b >> 3 & 7) == 4 && !deadly_one_in(z, 64))
        b ^= 8;
    return b;
}

static void emit(struct fuzzer *z)
{
    u8 *c = z->code;
    memset(c, 0x0f, 128);
    for (unsigned i = 1; i < 128; i += 2)
        c[i] = 0x0b;                                    /* ud2 behind everything */
    for (unsigned i = 1 + rnd(z) % 4; i; i--) {
        static const u8 prefixes[] = { 0x66, 0xf2, 0xf3, 0x48, 0x2e, 0x65, 0x4d, 0x67 };
        const u8 *t = templates[rnd(z) % NR_TEMPLATES];
        if (one_in(z, 6))
            *c++ = prefixes[rnd(z) % 8];
        for (unsigned k = 1; k <= t[0] && k < 9; k++)
            *c++ = t[k] == 1 ? register_form(z) : t[k] == 2 ? (rnd(z) % 8 << 3) | 7 : t[k] == 3 ? rnd(z) : t[k];
    }
    while ((c - z->code) & 1)
        *c++ = 0x90;
}

/* Random code loses its stack sooner or later, and with it the life at the next trap. */
static void execute(struct fuzzer *z)
{
    if (!deadly_one_in(z, 1) && !one_in(z, 8)) {
        mmu_call(z);
        return;
    }
    static const u32 msrs[] = { 0xc0000080, 0xc0000081, 0xc0000082, 0xc0000100, 0xc0000101, 0xc0000102, 0x10, 0x1b,
                                0x174, 0x1d9, 0x277, 0x38f, 0x48, 0x49, 0x10a, 0x8b, 0xfe, 0xda0, 0x6e0, 0x830 };
    u64 regs[15];
    for (unsigned i = 0; i < 15; i++)
        regs[i] = value(z);
    if (one_in(z, 2))
        regs[2] = one_in(z, 2) ? msrs[rnd(z) % 20] : rnd(z) % 0x2000;
    if (one_in(z, 2))
        regs[0] = 0xe02b - rnd(z) % 2 * 8;
    regs[14] = one_in(z, 4) ? value(z) : (u64)any_page(z);
    if (regs[0] == __HYPERVISOR_sched_op || regs[0] == __HYPERVISOR_set_trap_table)
        regs[0] = 99;
    emit(z);
    fuzz_exec(regs, z->code);
}

static void return_by_iret(struct fuzzer *z)
{
    struct regs r = { .rip = (u64)fuzz_landing, .cs = FLAT_KERNEL_CS, .ss = FLAT_KERNEL_SS, .rflags = 0x202,
                      .rsp = (u64)trap_stack[z->id] + 8000 };
    if (one_in(z, 2))
        r.cs = FLAT_USER_CS, r.ss = FLAT_USER_SS;
    switch (rnd(z) % 6) {
    case 0: r.rflags = rnd(z) & 0x3fffff; break;
    case 1: r.cs = rnd(z); break;
    case 2: r.ss = rnd(z); break;
    case 3: if (r.cs == FLAT_USER_CS || deadly_one_in(z, 1)) r.rip = value(z); break;
    case 4: if (r.cs == FLAT_USER_CS || deadly_one_in(z, 8)) r.rsp = value(z); break;
    }
    z->odd_stack = true;
    iret_to(&r, one_in(z, 2) ? 0 : one_in(z, 4) ? rnd(z) : 0x100);
}

/* ---- the loop ---- */

/* What keeps it alive: mappings and handlers are made good now and then. */
static void repair(struct fuzzer *z)
{
    for (unsigned i = 0; i < NR_PAGES; i++)
        if (one_in(z, 2)) {
            mmuext1(MMUEXT_UNPIN_TABLE, page_mfn[i]);
            set_va(pages[i], page_mfn[i] << 12 | (i % 3 ? KERNEL_PAGE : READ_PAGE));
        }
    mmuext1(MMUEXT_NEW_BASEPTR, our_l4());
    if (user_l4)
        mmuext1(MMUEXT_NEW_USER_BASEPTR, user_l4);
    traps_init();
    hc(__HYPERVISOR_stack_switch, FLAT_KERNEL_SS, trap_stack[z->id] + sizeof(trap_stack[0]));
    struct vcpu_set_periodic_timer p = { .period_ns = 4000000 };
    hc(__HYPERVISOR_vcpu_op, VCPUOP_set_periodic_timer, z->id, &p);
    struct evtchn_bind_virq v = { .virq = VIRQ_TIMER, .vcpu = (u32)z->id };
    evtchn(EVTCHNOP_bind_virq, &v);
    shared->vcpu_info[z->id].evtchn_upcall_mask = rnd(z) & 1;
}

static void (*const kinds[])(struct fuzzer *) = {
    wild_call, wild_call, mmu_call, mmu_call, mmu_call, mmuext_call, mmuext_call, va_call, va_call, event_call,
    event_call, grant_call, grant_call, memory_call, vcpu_call, sched_call, cpu_state_call, multi_call, store, store,
    store, store, touch, load_selector, execute, execute, execute, execute, return_by_iret,
};

static void run(struct fuzzer *z)
{
    char here;
    z->base = &here;
    for (z->n = 0; z->n < z->ops;) {
        if (!jump_set(&z->jump)) {
            if (z->n++ % 64 == 0)
                repair(z);
            child_mb->word[z->id] = z->n;
            traps_init();
            kinds[rnd(z) % (sizeof(kinds) / sizeof(kinds[0]))](z);
        }
        z->odd_stack = false;
    }
    if (!jump_set(&z->jump))
        repair(z);
    __atomic_fetch_add(&vcpus_done, 1, __ATOMIC_SEQ_CST);
}

static struct fuzzer *whose_stack(const char *sp)
{
    for (unsigned i = 0; i < NR_FUZZ_VCPUS; i++)
        if ((sp < fuzzers[i].base + 512 && sp > fuzzers[i].base - 8192) ||
            (sp >= trap_stack[i] && sp < trap_stack[i] + sizeof(trap_stack[i])))
            return &fuzzers[i];
    return &fuzzers[!fuzzers[0].odd_stack];
}

static void on_trap(struct regs *r)
{
    char here;
    (void)r;
    child_mb->word[W_TRAPS]++;
    jump_to(&whose_stack(&here)->jump);
}

static void on_event(struct regs *r)
{
    char here;
    volatile struct vcpu_info *info = &shared->vcpu_info[whose_stack(&here)->id];
    (void)r;
    info->evtchn_upcall_pending = 0;
    info->evtchn_pending_sel = 0;
    for (unsigned i = 0; i < 4; i++)
        shared->evtchn_pending[i] = 0;
}

static void second(void)
{
    run(&fuzzers[1]);
    for (;;)
        yield_cpu();
}

static u64 fuzz(u64 seed, u64 ops, u64 c)
{
    (void)c;
    for (unsigned i = 0; i < 260; i++)
        handler[i] = on_trap;
    handler[VECTOR_EVENT] = on_event;
    for (unsigned i = 0; i < NR_PAGES; i++) {
        pages[i] = page_alloc();
        page_mfn[i] = va_mfn(pages[i]);
    }
    static xen_pfn_t frame;
    struct gnttab_setup_table g = { .dom = DOMID_SELF, .nr_frames = 1 };
    set_xen_guest_handle(g.frame_list, &frame);
    if (!hc(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, &g, 1) && !g.status)
        grants = map_frame(frame, DOMID_SELF, KERNEL_PAGE, NULL);
    user_init();
    for (unsigned i = 0; i < NR_FUZZ_VCPUS; i++)
        fuzzers[i] = (struct fuzzer){ .id = i, .random = (seed * 2 + i + 1) * 0x9e3779b97f4a7c15UL, .ops = ops,
                                      .care = seed % 8 ? 256 : 1, .args = page_alloc(), .code = page_alloc() };
    vcpu_start(1, second);
    run(&fuzzers[0]);
    for (u64 end = now() + 300000000; vcpus_done < NR_FUZZ_VCPUS && now() < end;)
        yield_cpu();
    return vcpus_done;
}

/* ---- the neighbour ---- */

static volatile unsigned nb_ticks, nb_strange;
static volatile bool nb_ipi;
static u32 nb_timer_port, nb_ipi_port;

static void on_neighbour_event(struct regs *r)
{
    (void)r;
    vi->evtchn_upcall_pending = 0;
    vi->evtchn_pending_sel = 0;
    u64 bits = __atomic_exchange_n(&shared->evtchn_pending[0], 0, __ATOMIC_SEQ_CST);
    nb_ticks += bits >> nb_timer_port & 1;
    if (bits >> nb_ipi_port & 1)
        nb_ipi = true;
    nb_strange += !!(bits & ~(1UL << nb_timer_port | 1UL << nb_ipi_port));
}

/* Lives its life until word 0 of its mailbox is set: its memory, time and events stay its own. word 1: rounds done. */
static u64 neighbour(u64 a, u64 b, u64 c)
{
    (void)a, (void)b, (void)c;
    static u64 *mine[24];
    struct evtchn_bind_virq v = { .virq = VIRQ_TIMER, .vcpu = 0 };
    struct evtchn_bind_ipi ipi = { .vcpu = 0 };
    struct vcpu_set_periodic_timer p = { .period_ns = 2000000 };

    OK("virq", evtchn(EVTCHNOP_bind_virq, &v));
    OK("ipi", evtchn(EVTCHNOP_bind_ipi, &ipi));
    nb_timer_port = v.port, nb_ipi_port = ipi.port;
    handler[VECTOR_EVENT] = on_neighbour_event;
    OK("timer", hc(__HYPERVISOR_vcpu_op, VCPUOP_set_periodic_timer, 0, &p));
    vi->evtchn_upcall_mask = 0;
    for (unsigned i = 0; i < 24; i++)
        mine[i] = page_alloc();
    u64 round = 0, last = now();
    unsigned spoilt = 0, backwards = 0, silent = 0, lost = 0;
    while (!child_mb->word[0] || round < 3) {
        for (unsigned i = 0; i < 24; i++)
            for (unsigned k = 0; k < 512; k++) {
                spoilt += round && mine[i][k] != (round - 1) * 0x9e3779b97f4a7c15UL + i * 512 + k;
                mine[i][k] = round * 0x9e3779b97f4a7c15UL + i * 512 + k;
            }
        unsigned ticks = nb_ticks;
        struct evtchn_send s = { .port = nb_ipi_port };
        nb_ipi = false;
        evtchn(EVTCHNOP_send, &s);
        u64 t = now(), end = t + 3000000000;
        backwards += t < last;
        while ((nb_ticks == ticks || !nb_ipi) && now() < end)
            yield_cpu();
        silent += nb_ticks == ticks;
        lost += !nb_ipi;
        last = t;
        child_mb->word[1] = ++round;
    }
    vi->evtchn_upcall_mask = 1;
    EXPECT_EQ("the neighbour's memory: words spoilt", spoilt, 0);
    EXPECT_EQ("time ran backwards", backwards, 0);
    EXPECT_EQ("no timer tick for three seconds", silent, 0);
    EXPECT_EQ("an event lost", lost, 0);
    EXPECT_EQ("events from nobody", nb_strange, 0);
    return round;
}

/* ---- domain 0 ---- */

static u64 all_ops, all_traps, all_calls, all_good;     /* of all lives */

static u64 argument(const char *name, u64 otherwise)
{
    unsigned n = strlen(name);
    for (const char *s = (char *)si->cmd_line; *s; s++)
        if (!memcmp(s, name, n) && s[n] == '=') {
            u64 v = 0;
            for (s += n + 1; *s >= '0' && *s <= '9'; s++)
                v = v * 10 + (*s - '0');
            return v;
        }
    return otherwise;
}

static const char *watch(struct dom *d)
{
    struct xen_domctl_getdomaininfo info;
    u64 seen = 0, since = now();
    while (d->mb->done != d->mb->request) {
        u64 sum = d->mb->word[W_DONE0] + d->mb->word[W_DONE1];
        if (!domain_info(d->id, &info) && (info.flags & XEN_DOMINF_shutdown))
            return "crashed";
        if (sum != seen)
            seen = sum, since = now();
        else if (now() - since > 400000000)
            return "stuck";
        nap();
    }
    return "done";
}

static void one_life(struct dom *d, struct dom *nb, u64 seed, u64 ops)
{
    dom_create_vcpus(d, NR_FUZZ_VCPUS);
    struct evtchn_alloc_unbound port = { .dom = DOMID_SELF, .remote_dom = d->id };
    OK("port", evtchn(EVTCHNOP_alloc_unbound, &port));
    d->mb->word[W_PORT] = port.port;
    d->mb->word[W_FOREIGN_ID] = nb->id;
    for (unsigned i = 0; i < NR_FOREIGN; i++)
        d->mb->word[W_FOREIGN + i] = i % 4 ? nb->mfn[i * 7 % nb->pages] : p2m[i * 11];
    if (ops) {
        dom_start_call(d, fuzz, seed, ops, 0);
        const char *end = watch(d);
        say("  seed %lu: %s after %lu and %lu operations, %lu traps, %lu calls that were answered with yes", seed, end,
            d->mb->word[W_DONE0], d->mb->word[W_DONE1], d->mb->word[W_TRAPS], d->mb->word[W_GOOD]);
        all_ops += d->mb->word[W_DONE0] + d->mb->word[W_DONE1];
        all_traps += d->mb->word[W_TRAPS], all_calls += d->mb->word[W_CALLS], all_good += d->mb->word[W_GOOD];
        audit_key();
    }
    dom_destroy(d);
    struct evtchn_close c = { .port = port.port };
    evtchn(EVTCHNOP_close, &c);
}

void test(void)
{
    static struct dom d, nb;
    u64 first = argument("seed", 1), seeds = argument("seeds", 8), ops = argument("ops", 2000), rounds = 0;

    dom_create(&nb);
    dom_start_call(&nb, neighbour, 0, 0, 0);
    for (unsigned i = 0; i < 3; i++)
        one_life(&d, &nb, 0, 0);
    u64 base = free_pages_settled(ANY_AMOUNT);
    for (u64 seed = first; seed < first + seeds && !nr_fails; seed++) {
        one_life(&d, &nb, seed, ops);
        EXPECT_EQ("memory is back", free_pages_settled(base), base);
        base = free_pages();
        for (u64 end = now() + 3000000000; nb.mb->word[1] == rounds && now() < end;)
            nap();
        EXPECT(nb.mb->word[1] > rounds);
        rounds = nb.mb->word[1];
    }
    say("  in all: %lu operations, %lu traps, %lu hypercalls that returned, %lu of them with yes", all_ops, all_traps,
        all_calls, all_good);
    nb.mb->word[0] = 1;
    EXPECT(dom_wait(&nb, 5000000000));
    dom_destroy(&nb);
}
