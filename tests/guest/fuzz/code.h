/* Instructions: selectors, system instructions in random order with random registers, and returns to anywhere. */
#pragma once
#include "fuzzer.h"

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
    if ((b & 7) == 4 && !one_in(z, 64))
        b ^= 1;
    if ((b >> 3 & 7) == 4 && !one_in(z, 64))
        b ^= 8;
    return b;
}

/* Would leave the stack on which the kernel's own faults are reported. */
static bool moves_stack(const u8 *t)
{
    u8 first = t[1] == 0x48 ? t[2] : t[1];
    return first == 0xcf || first == 0xcb || first == 0xcd || first == 0x9c || first == 0x68 ||
           (t[0] == 2 && t[1] == 0x0f && (t[2] == 0x05 || t[2] == 0x07 || t[2] == 0x34 || t[2] == 0x35)) ||
           (t[1] == 0x8e && t[0] > 2 && t[2] == 0xd0);
}

static void emit(struct fuzzer *z, bool user)
{
    u8 *c = z->code;
    memset(c, 0x0f, 128);
    for (unsigned i = 1; i < 128; i += 2)
        c[i] = 0x0b;                                    /* ud2 behind everything */
    for (unsigned i = 1 + rnd(z) % 4; i; i--) {
        static const u8 prefixes[] = { 0x66, 0xf2, 0xf3, 0x48, 0x2e, 0x65, 0x4d, 0x67 };
        const u8 *t = templates[rnd(z) % NR_TEMPLATES];
        if (!user && !z->reckless && moves_stack(t))
            continue;
        if (one_in(z, 6))
            *c++ = prefixes[rnd(z) % 8];
        for (unsigned k = 1; k <= t[0] && k < 9; k++)
            *c++ = t[k] == 1 ? register_form(z) : t[k] == 2 ? (rnd(z) % 8 << 3) | 7 : t[k] == 3 ? rnd(z) : t[k];
    }
    while ((c - z->code) & 1)
        *c++ = 0x90;
}

/* User mode's tables: any that can be, mostly those with this image in them. None at all is the end of a domain. */
static void user_tables(struct fuzzer *z)
{
    u64 mfn = one_in(z, 16) ? page_mfn[any_of(z, L4)] : 0;      /* 0: given away; as a base it means none */

    if (!mfn || mmuext1(MMUEXT_NEW_USER_BASEPTR, mfn))
        mmuext1(MMUEXT_NEW_USER_BASEPTR, user_l4);
}

/* In user mode nearly always: there a fault is reported on a good stack, whatever the code did to its own. */
static void execute(struct fuzzer *z)
{
    static const u32 msrs[] = { 0xc0000080, 0xc0000081, 0xc0000082, 0xc0000100, 0xc0000101, 0xc0000102, 0x10, 0x1b,
                                0x174, 0x1d9, 0x277, 0x38f, 0x48, 0x49, 0x10a, 0x8b, 0xfe, 0xda0, 0x6e0, 0x830 };
    bool user = !one_in(z, 4);
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
    emit(z, user);
    if (!user)
        fuzz_exec(regs, z->code);
    struct regs r = { .rip = (u64)z->code, .cs = FLAT_USER_CS, .ss = FLAT_USER_SS, .rflags = 0x202,
                      .rsp = one_in(z, 4) ? value(z) : (u64)any_page(z) + 2048 };
    memcpy(&r, regs, sizeof(regs));
    user_tables(z);
    r.rdi = regs[14];
    iret_to(&r, 0);
}

static void return_by_iret(struct fuzzer *z)
{
    struct regs r = { .rip = (u64)fuzz_landing, .cs = FLAT_KERNEL_CS, .ss = FLAT_KERNEL_SS, .rflags = 0x202,
                      .rsp = (u64)trap_stack[z->id] + 8000 };
    bool user = !z->reckless || one_in(z, 2);
    if (user)
        r.cs = FLAT_USER_CS, r.ss = FLAT_USER_SS;
    switch (rnd(z) % 6) {
    case 0: r.rflags = rnd(z) & 0x3fffff; break;
    case 1: r.cs = rnd(z); break;
    case 2: r.ss = rnd(z); break;
    case 3: r.rip = value(z); break;
    case 4: if (user || one_in(z, 8)) r.rsp = value(z); break;
    }
    z->odd_stack = true;
    if (!z->reckless)
        user_tables(z);
    iret_to(&r, one_in(z, 2) ? 0 : one_in(z, 4) ? rnd(z) : 0x100);
}
