/*
 * Emulation of writes to page tables, with the page table of tests/unit/x86/test_ptwr.c: any code, any registers, a
 * fault at any place of the table. What must hold: writes go to the table alone and stay within an entry (the fake MMU
 * asserts it), nothing else is touched but the guest's memory, and what was not emulated has changed no register.
 */
#include "tests/unit/x86/guest.h"
#include "arch/x86/asm.h"
static u64 fake_base(u32 msr) { return msr << 12; }
static u64 fake_cr4;    /* with or without the instructions that read bases */
#define read_cr4() fake_cr4
#define rdfsbase() fake_base(1)
#define rdgsbase() fake_base(2)
#define rdmsr fake_base
#define main unit_tests
#include "tests/unit/x86/test_ptwr.c"
#undef main

static u8 memory[4096];
static const uint8_t *input;
static size_t input_bytes;

static void one_input(void)
{
    struct cpu_user_regs r = { 0 }, before;
    u64 *word = (u64 *)&r;
    const u8 *p = input, *end = input + input_bytes;
    u8 kind = *p++;

    ptwr_init(&test_vcpu);
    test_vcpu.arch.kernel_mode = kind & 1;
    refusal = kind & 2 ? -EINVAL : 0;
    races = kind >> 2 & 3;
    fake_cr4 = kind & 32 ? CR4_FSGSBASE : 0;
    arena = (u64)memory, arena_end = arena + sizeof(memory);
    for (unsigned i = 0; i < 15 && end - p >= 3; i++, p += 3) {
        u64 v = p[1] | (u64)p[2] << 8;
        word[i] = p[0] & 1 ? (u64)memory + (v & 4095) : p[0] & 2 ? (u64)table + (v & 4095) : p[0] & 4 ? v << 48 | v : v;
    }
    memset(memory, 0x90, 64);
    memcpy(memory, p, end - p > 15 ? 15 : (size_t)(end - p));
    r.rip = (u64)memory;
    r.rflags = 0x202 | (kind & 16 ? 0x400 : 0);
    r.cs = FLAT_RING3_CS64;
    r.error_code = 7;
    before = r;
    if (!fault(&r, (u64)table + (kind >> 5) * 8 + (kind & 8 ? 3 : 0)) && memcmp(&r, &before, sizeof(r)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    (void)unit_tests;
    if (!size)
        return 0;
    input = data, input_bytes = size;
    run_as_vcpu(one_input);
    return 0;
}
