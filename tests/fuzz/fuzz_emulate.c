/*
 * Emulation of privileged instructions, on the machine of tests/unit/x86/test_emulate.c: any code, any registers, and a
 * small memory of the guest's. What must hold: nothing outside of that memory is touched (the sanitizer's), RIP stays
 * or goes on by the length of an instruction, a guest without ports never reaches a port, user mode without I/O
 * privilege changes nothing but what it may.
 */
#define main unit_tests
#include "tests/unit/x86/test_emulate.c"
#undef main

static u8 memory[4096];
static const uint8_t *input;
static size_t input_bytes;

static void one_input(void)
{
    u64 *word = (u64 *)&regs;
    const u8 *p = input, *end = input + input_bytes;
    u8 kind = *p++, n;

    reset(kind & 1, kind & 2);
    test_vcpu.arch.iopl = kind >> 2 & 3;
    given_first = 1, given_last = kind & 16 ? 0xffff : 0;
    test_vcpu.arch.iobmp_va = (u64)memory + (kind & 32 ? 2048 : 4000);
    test_vcpu.arch.iobmp_bits = kind & 64 ? 4096 : 0;
    arena = (u64)memory, arena_end = arena + sizeof(memory);
    /* Registers: small numbers, or places in the memory. */
    for (unsigned i = 0; i < 15 && end - p >= 3; i++, p += 3) {
        u64 v = p[1] | (u64)p[2] << 8;
        word[i] = p[0] & 1 ? (u64)memory + (v & 4095) : p[0] & 2 ? v << 48 | v : p[0] & 4 ? 0xc0000000 + v : v;
    }
    n = (u8)(end - p > 15 ? 15 : end - p);
    memset(memory, kind, sizeof(memory));
    memcpy(memory + 64, p, n);
    regs.rip = kind & 128 ? arena_end - n : (u64)memory + 64;
    if (kind & 128)
        memcpy((void *)regs.rip, p, n);
    regs.cs = FLAT_RING3_CS64;
    u64 rip = regs.rip, cr3 = test_vcpu.arch.cr3;
    bool done = emulate_privileged(&regs);
    if (regs.rip - rip > 15 || (!done && regs.rip != rip))
        abort();
    if (bus_n && given_last == 0)
        abort();
    if (!(kind & 2) && test_vcpu.arch.cr3 != cr3)
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
