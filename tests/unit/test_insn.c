/*
 * The instruction decoder, against bytes an assembler produced: class, size, length and the memory operand of every
 * form it accepts, the neighbours it must refuse, and truncation at every length. Stands alone: needs no other source.
 * Could go wrong: a length that is one too short (the guest runs into the middle of an instruction), an operand that a
 * prefix turns into another.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <string.h>
#include "arch/x86/pv/insn.c"

#define NONE INSN_NO_REG

struct form {
    const char *text;
    u8 bytes[15], n;
    u8 class, size;
    u8 base, index, scale;
    s64 disp;
    u64 imm;
    u8 reg;
    bool lock;
};
#define B(...) { __VA_ARGS__ }, sizeof((u8[]){ __VA_ARGS__ })
#define MEM(b, i, s, d) .base = (b), .index = (i), .scale = (s), .disp = (d)
#define NOMEM MEM(NONE, NONE, 1, 0)

static const struct form forms[] = {
    { "mov %rax,(%rdi)", B(0x48, 0x89, 0x07), INSN_MOV, 8, MEM(7, NONE, 1, 0), .reg = 0 },
    { "mov %r9,0x10(%r12)", B(0x4d, 0x89, 0x4c, 0x24, 0x10), INSN_MOV, 8, MEM(12, NONE, 1, 16), .reg = 9 },
    { "mov %rdx,-0x80(%rbp,%rcx,8)", B(0x48, 0x89, 0x54, 0xcd, 0x80), INSN_MOV, 8, MEM(5, 1, 8, -128), .reg = 2 },
    { "mov %rdx,0x12345678(%rsi)", B(0x48, 0x89, 0x96, 0x78, 0x56, 0x34, 0x12), INSN_MOV, 8,
      MEM(6, NONE, 1, 0x12345678), .reg = 2 },
    { "mov %rax,-4(%rip)", B(0x48, 0x89, 0x05, 0xfc, 0xff, 0xff, 0xff), INSN_MOV, 8, MEM(INSN_RIP, NONE, 1, -4) },
    { "mov %eax,0x1000 (absolute)", B(0x89, 0x04, 0x25, 0, 0x10, 0, 0), INSN_MOV, 4, MEM(NONE, NONE, 1, 0x1000) },
    { "mov %rax,(,%r9,4)+0", B(0x4a, 0x89, 0x04, 0x8d, 0, 0, 0, 0), INSN_MOV, 8, MEM(NONE, 9, 4, 0) },
    { "mov %al,(%rdi)", B(0x88, 0x07), INSN_MOV, 1, MEM(7, NONE, 1, 0) },
    { "mov %ax,(%rdi)", B(0x66, 0x89, 0x07), INSN_MOV, 2, MEM(7, NONE, 1, 0) },
    { "movq $-1,(%rdi)", B(0x48, 0xc7, 0x07, 0xff, 0xff, 0xff, 0xff), INSN_MOV, 8, MEM(7, NONE, 1, 0), .imm = ~0UL },
    { "movl $1,(%rdi)", B(0xc7, 0x07, 1, 0, 0, 0), INSN_MOV, 4, MEM(7, NONE, 1, 0), .imm = 1 },
    { "movw $2,(%rdi)", B(0x66, 0xc7, 0x07, 2, 0), INSN_MOV, 2, MEM(7, NONE, 1, 0), .imm = 2 },
    { "movb $3,(%rdi)", B(0xc6, 0x07, 3), INSN_MOV, 1, MEM(7, NONE, 1, 0), .imm = 3 },
    { "movnti %rax,(%rdi)", B(0x48, 0x0f, 0xc3, 0x07), INSN_MOV, 8, MEM(7, NONE, 1, 0) },
    { "xchg %rcx,(%rdi)", B(0x48, 0x87, 0x0f), INSN_XCHG, 8, MEM(7, NONE, 1, 0), .reg = 1 },
    { "lock cmpxchg %rcx,(%rdi)", B(0xf0, 0x48, 0x0f, 0xb1, 0x0f), INSN_CMPXCHG, 8, MEM(7, NONE, 1, 0), .reg = 1,
      .lock = true },
    { "lock cmpxchg8b (%rdi)", B(0xf0, 0x0f, 0xc7, 0x0f), INSN_CMPXCHG8B, 8, MEM(7, NONE, 1, 0), .reg = 1,
      .lock = true },
    { "lock cmpxchg16b (%rdi)", B(0xf0, 0x48, 0x0f, 0xc7, 0x0f), INSN_CMPXCHG8B, 16, MEM(7, NONE, 1, 0), .reg = 1,
      .lock = true },
    { "lock andq $-3,(%rdi)", B(0xf0, 0x48, 0x83, 0x27, 0xfd), INSN_AND, 8, MEM(7, NONE, 1, 0), .imm = -3, .reg = 4,
      .lock = true },
    { "lock btrq $5,(%rdi)", B(0xf0, 0x48, 0x0f, 0xba, 0x37, 5), INSN_BTR, 8, MEM(7, NONE, 1, 0), .imm = 5, .reg = 6,
      .lock = true },
    { "bts %rax,(%rdi)", B(0x48, 0x0f, 0xab, 0x07), INSN_BTS, 8, MEM(7, NONE, 1, 0) },
    { "btc $1,(%rdi)", B(0x0f, 0xba, 0x3f, 1), INSN_BTC, 4, MEM(7, NONE, 1, 0), .imm = 1, .reg = 7 },
    { "orl $0x100,(%rdi)", B(0x81, 0x0f, 0, 1, 0, 0), INSN_OR, 4, MEM(7, NONE, 1, 0), .imm = 0x100, .reg = 1 },
    { "xadd %rax,(%rdi)", B(0x48, 0x0f, 0xc1, 0x07), INSN_XADD, 8, MEM(7, NONE, 1, 0) },
    { "incq (%rdi)", B(0x48, 0xff, 0x07), INSN_INC, 8, MEM(7, NONE, 1, 0) },
    { "decl (%rdi)", B(0xff, 0x0f), INSN_DEC, 4, MEM(7, NONE, 1, 0), .reg = 1 },
    { "rep stosq", B(0xf3, 0x48, 0xab), INSN_STOS, 8, NOMEM },
    { "movsb", B(0xa4), INSN_MOVS, 1, NOMEM },
    { "in (%dx),%al", B(0xec), INSN_IN, 1, NOMEM },
    { "in $0x71,%al", B(0xe4, 0x71), INSN_IN, 1, NOMEM, .imm = 0x71 },
    { "in $0xf0,%ax", B(0x66, 0xe5, 0xf0), INSN_IN, 2, NOMEM, .imm = 0xf0 },
    { "out %eax,(%dx)", B(0xef), INSN_OUT, 4, NOMEM },
    { "rex.w out %eax,(%dx)", B(0x48, 0xef), INSN_OUT, 4, NOMEM },
    { "rep insw", B(0xf3, 0x66, 0x6d), INSN_INS, 2, NOMEM },
    { "rep outsl %fs:(%rsi)", B(0xf3, 0x64, 0x6f), INSN_OUTS, 4, NOMEM },
    { "mov %cr0,%rax", B(0x0f, 0x20, 0xc0), INSN_MOV_FROM_CR, 8, NOMEM },
    { "mov %r8,%cr4", B(0x41, 0x0f, 0x22, 0xe0), INSN_MOV_TO_CR, 8, NOMEM, .reg = 4 },
    { "mov %rax,%cr8", B(0x44, 0x0f, 0x22, 0xc0), INSN_MOV_TO_CR, 8, NOMEM, .reg = 8 },
    { "mov %dr7,%rdx", B(0x0f, 0x21, 0xfa), INSN_MOV_FROM_DR, 8, NOMEM, .reg = 7 },
    { "rdmsr", B(0x0f, 0x32), INSN_RDMSR, 4, NOMEM }, { "wrmsr", B(0x0f, 0x30), INSN_WRMSR, 4, NOMEM },
    { "cpuid", B(0x0f, 0xa2), INSN_CPUID, 4, NOMEM }, { "clts", B(0x0f, 0x06), INSN_CLTS, 4, NOMEM },
    { "wbinvd", B(0x0f, 0x09), INSN_WBINVD, 4, NOMEM }, { "rdtsc", B(0x0f, 0x31), INSN_RDTSC, 4, NOMEM },
    { "rdtscp", B(0x0f, 0x01, 0xf9), INSN_RDTSCP, 4, NOMEM, .reg = 7 },
    { "xsetbv", B(0x0f, 0x01, 0xd1), INSN_XSETBV, 4, NOMEM, .reg = 2 },
    { "smsw %eax", B(0x0f, 0x01, 0xe0), INSN_SMSW, 4, NOMEM, .reg = 4 },
    { "smsw (%rax)", B(0x0f, 0x01, 0x20), INSN_SMSW, 4, MEM(0, NONE, 1, 0), .reg = 4 },
    { "sgdt 8(%rsp)", B(0x0f, 0x01, 0x44, 0x24, 0x08), INSN_SGDT, 8, MEM(4, NONE, 1, 8) },
    { "sidt (%r9)", B(0x41, 0x0f, 0x01, 0x09), INSN_SIDT, 8, MEM(9, NONE, 1, 0), .reg = 1 },
    { "sldt %ax", B(0x66, 0x0f, 0x00, 0xc0), INSN_SLDT, 2, NOMEM },
    { "str %eax", B(0x0f, 0x00, 0xc8), INSN_STR, 4, NOMEM, .reg = 1 },
    { "lmsw %ax", B(0x0f, 0x01, 0xf0), INSN_LMSW, 4, NOMEM, .reg = 6 },
    { "cli", B(0xfa), INSN_CLI, 4, NOMEM }, { "sti", B(0xfb), INSN_STI, 4, NOMEM },
};

static void every_form(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        const struct form *f = &forms[i];
        struct insn in;

        print_message("  %s\n", f->text);
        assert_int_equal(insn_decode(&in, f->bytes, sizeof(f->bytes), true), 0);
        assert_int_equal(in.class, f->class);
        assert_int_equal(in.size, f->size);
        assert_int_equal(in.length, f->n);
        assert_int_equal(in.lock, f->lock);
        assert_int_equal(in.reg, f->reg);
        if (in.has_imm)
            assert_int_equal(in.imm, f->imm);
        assert_int_equal(in.is_mem, f->base != NONE || f->index != NONE || f->disp != 0);
        assert_int_equal(in.base, f->base);
        assert_int_equal(in.index, f->index);
        assert_int_equal(in.scale, f->scale);
        assert_int_equal(in.disp, f->disp);
    }
}

/* With fewer bytes than the instruction has the answer is "more", never a guess. */
static void truncated(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        for (unsigned n = 0; n < forms[i].n; n++) {
            struct insn in;
            assert_int_equal(insn_decode(&in, forms[i].bytes, n, true), INSN_SHORT);
        }
}

static void refused(void **state)
{
    static const struct { const char *text; u8 bytes[15]; } not_ours[] = {
        { "hlt", { 0xf4 } }, { "iretq", { 0x48, 0xcf } }, { "lgdt", { 0x0f, 0x01, 0x10 } },
        { "invlpg", { 0x0f, 0x01, 0x38 } }, { "swapgs", { 0x0f, 0x01, 0xf8 } }, { "xbegin", { 0xc7, 0xf8 } },
        { "sysret", { 0x0f, 0x07 } }, { "adc", { 0x48, 0x11, 0x07 } }, { "cmp", { 0x48, 0x39, 0x07 } },
        { "mul", { 0x48, 0xf7, 0x27 } }, { "call *", { 0xff, 0x17 } }, { "cmpxchg8b %eax", { 0x0f, 0xc7, 0xc8 } },
        { "bt $1", { 0x0f, 0xba, 0x27, 1 } }, { "rdrand", { 0x0f, 0xc7, 0xf0 } }, { "nop", { 0x90 } },
        { "15 prefixes", { 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66 } },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(not_ours) / sizeof(not_ours[0]); i++) {
        struct insn in;
        print_message("  %s\n", not_ours[i].text);
        assert_int_equal(insn_decode(&in, not_ours[i].bytes, sizeof(not_ours[i].bytes), true), INSN_UNKNOWN);
    }
}

static void prefixes(void **state)
{
    const u8 rex_then_66[] = { 0x48, 0x66, 0x89, 0x07 }, compat_inc[] = { 0x40, 0xec }, fs[] = { 0x64, 0x89, 0x07 };
    const u8 cs_ignored[] = { 0x2e, 0x89, 0x07 }, addr32[] = { 0x67, 0x89, 0x07 };
    struct insn in;

    (void)state;
    /* A REX that is not right before the opcode is no REX. */
    assert_int_equal(insn_decode(&in, rex_then_66, 4, true), 0);
    assert_int_equal(in.size, 2);
    assert_int_equal(in.rex, 0);
    /* In 32-bit code 0x40 is an instruction of its own, not ours. */
    assert_int_equal(insn_decode(&in, compat_inc, 2, false), INSN_UNKNOWN);
    assert_int_equal(insn_decode(&in, fs, 3, true), 0);
    assert_int_equal(in.seg, 0x64);
    assert_int_equal(insn_decode(&in, cs_ignored, 3, true), 0);
    assert_int_equal(in.seg, 0);
    assert_int_equal(insn_decode(&in, addr32, 3, true), 0);
    assert_int_equal(in.addr_size, 4);
    assert_int_equal(insn_decode(&in, addr32, 3, false), INSN_UNKNOWN); /* 16-bit addressing */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form), cmocka_unit_test(truncated), cmocka_unit_test(refused),
        cmocka_unit_test(prefixes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
