/*
 * Emulated page-table writes, judged by the CPU: each form is executed natively on a scratch word and emulated
 * by ptwr_fault() on another, from the same random registers; memory, registers and the defined flags must agree.
 * Then what must not be emulated, lost races, and string stores.
 * Went wrong once: an exchange gave the guest the value it had read before, not the one the MMU replaced; swaps lost
 * accessed and dirty bits that the CPU set meanwhile.
 */
#include <sys/mman.h>
#include "tests/unit/x86/guest.h"
#include "arch/x86/pv/insn.c"
#include "arch/x86/pv/ptwr.c"

/* ---- the MMU: one page table ---- */
static u64 table[512] __aligned(4096);
static long refusal;        /* answer of the next writes, if not 0 */
static unsigned races;      /* so many compare-and-swaps lose first */
static unsigned writes;

long mmu_guest_pte_write(struct vcpu *v, u64 va, u64 *old, u64 val, unsigned size, bool cas)
{
    u64 now = 0;

    (void)v;
    if (va < (u64)table || va + size > (u64)(table + 512))
        return -ESRCH;
    if (refusal)
        return refusal;
    assert_true(inside_entry(va, size));
    if (races) {
        races--;
        *(u8 *)va ^= 0x20; /* the CPU sets an accessed bit */
    }
    memcpy(&now, (void *)va, size);
    if (cas && now != *old) {
        *old = now;
        return -EAGAIN;
    }
    memcpy((void *)va, &val, size);
    writes++;
    return 0;
}

/* Nobody else wants this CPU. */
bool preempt_check(void) { return false; }

/* One page of the test's address space stands for a device that is only shown. */
static u64 shown_page = ~0UL;
bool mmu_maps_readonly_device(struct vcpu *v, u64 va)
{
    (void)v;
    return (va & PAGE_MASK) == shown_page;
}
struct pte_exchange mmu_guest_pte_exchange(struct vcpu *v, u64 va, u64 val)
{
    struct pte_exchange x = { 0, false };

    /* Like the real one: a whole entry of an L1 table, or it is left to the general way. */
    if (va < (u64)table || va + 8 > (u64)(table + 512) || refusal)
        return x;
    memcpy(&x.old, (void *)va, 8);
    x.done = !mmu_guest_pte_write(v, va, &x.old, val, 8, false);
    return x;
}

unsigned emulate_fetch(const struct cpu_user_regs *regs, u8 *buf, unsigned want)
{
    memcpy(buf, (void *)regs->rip, want);
    return want;
}
void emulate_retire(struct cpu_user_regs *regs, unsigned length) { regs->rip += length; }

/* ---- the CPU ---- */
static u8 *code;

/* Execute the bytes at `code` (followed by RET) with these registers. rsp, rbp, r8.. are not the instruction's. */
static void execute(struct cpu_user_regs *r)
{
    u64 flags = (r->rflags & FLAGS_ARITH) | 2;

    __asm__ volatile("pushq %[fl]\n\tpopfq\n\tcall *%[code]\n\tpushfq\n\tpopq %[fl]"
                     : [fl] "+r"(flags), "+a"(r->rax), "+b"(r->rbx), "+c"(r->rcx), "+d"(r->rdx), "+S"(r->rsi),
                       "+D"(r->rdi)
                     : [code] "r"(code) : "memory", "cc");
    r->rflags = flags;
}

static u64 rnd(void)
{
    static u64 s = 0x9e3779b97f4a7c15UL;
    s ^= s << 13, s ^= s >> 7, s ^= s << 17;
    return s;
}

struct form { const char *text; u8 bytes[12], n; u64 undefined; s8 disp; };
#define I(...) { __VA_ARGS__ }, sizeof((u8[]){ __VA_ARGS__ })
#define AF FLAG_AF
#define BT (FLAG_OF | FLAG_SF | FLAG_AF | FLAG_PF)
static const struct form forms[] = {
    { "mov %rax,(%rdi)", I(0x48, 0x89, 0x07), 0, 0 }, { "mov %rdx,8(%rdi)", I(0x48, 0x89, 0x57, 8), 0, 8 },
    { "mov %rdx,-16(%rdi)", I(0x48, 0x89, 0x97, 0xf0, 0xff, 0xff, 0xff), 0, -16 },
    { "mov %eax,(%rdi)", I(0x89, 0x07), 0, 0 }, { "mov %ax,2(%rdi)", I(0x66, 0x89, 0x47, 2), 0, 2 },
    { "mov %dh,1(%rdi)", I(0x88, 0x77, 1), 0, 1 }, { "mov %sil,(%rdi)", I(0x40, 0x88, 0x37), 0, 0 },
    { "movq $-2,(%rdi)", I(0x48, 0xc7, 0x07, 0xfe, 0xff, 0xff, 0xff), 0, 0 },
    { "movnti %rcx,(%rdi)", I(0x48, 0x0f, 0xc3, 0x0f), 0, 0 },
    { "xchg %rcx,(%rdi)", I(0x48, 0x87, 0x0f), 0, 0 }, { "xchg %ecx,4(%rdi)", I(0x87, 0x4f, 4), 0, 4 },
    { "xchg %ch,3(%rdi)", I(0x86, 0x6f, 3), 0, 3 },
    { "lock cmpxchg %rcx,(%rdi)", I(0xf0, 0x48, 0x0f, 0xb1, 0x0f), 0, 0 },
    { "lock cmpxchg %ecx,(%rdi)", I(0xf0, 0x0f, 0xb1, 0x0f), 0, 0 },
    { "cmpxchg %cl,(%rdi)", I(0x0f, 0xb0, 0x0f), 0, 0 },
    { "lock cmpxchg8b (%rdi)", I(0xf0, 0x0f, 0xc7, 0x0f), 0, 0 },
    { "lock andq $-3,(%rdi)", I(0xf0, 0x48, 0x83, 0x27, 0xfd), AF, 0 },
    { "and %rax,(%rdi)", I(0x48, 0x21, 0x07), AF, 0 }, { "lock or %ecx,(%rdi)", I(0xf0, 0x09, 0x0f), AF, 0 },
    { "orb $0x40,(%rdi)", I(0x80, 0x0f, 0x40), AF, 0 }, { "xor %rsi,(%rdi)", I(0x48, 0x31, 0x37), AF, 0 },
    { "add %rax,(%rdi)", I(0x48, 0x01, 0x07), 0, 0 }, { "add %ax,(%rdi)", I(0x66, 0x01, 0x07), 0, 0 },
    { "sub %rax,(%rdi)", I(0x48, 0x29, 0x07), 0, 0 }, { "subb $3,(%rdi)", I(0x80, 0x2f, 3), 0, 0 },
    { "incq (%rdi)", I(0x48, 0xff, 0x07), 0, 0 }, { "decl (%rdi)", I(0xff, 0x0f), 0, 0 },
    { "notq (%rdi)", I(0x48, 0xf7, 0x17), 0, 0 },
    { "xadd %rdx,(%rdi)", I(0x48, 0x0f, 0xc1, 0x17), 0, 0 }, { "xadd %dl,(%rdi)", I(0x0f, 0xc0, 0x17), 0, 0 },
    { "lock btrq $5,(%rdi)", I(0xf0, 0x48, 0x0f, 0xba, 0x37, 5), BT, 0 },
    { "lock btsl $40,(%rdi)", I(0xf0, 0x0f, 0xba, 0x2f, 40), BT, 0 },
    { "btcq $63,(%rdi)", I(0x48, 0x0f, 0xba, 0x3f, 63), BT, 0 },
};

/* As entry.S and trap.c do: the straight path, then the general one. */
static bool fault(struct cpu_user_regs *regs, u64 va) { return ptwr_straight(regs, va) || ptwr_fault(regs, va); }

static void one_form(const struct form *f)
{
    struct cpu_user_regs a = { 0 }, b;
    u64 native[8], value = rnd();

    a.rax = rnd() % 4 ? rnd() : value; /* let compare-and-swap succeed, too */
    if (rnd() % 4 == 0)
        a.rax = (u32)value, a.rdx = value >> 32;
    else
        a.rdx = rnd();
    a.rbx = rnd(), a.rcx = rnd(), a.rsi = rnd(), a.rflags = rnd() & FLAGS_ARITH;
    for (unsigned i = 0; i < 8; i++)
        native[i] = table[64 + i] = i == 4 ? value : rnd();
    b = a;
    memcpy(code, f->bytes, f->n);
    code[f->n] = 0xc3;
    a.rdi = (u64)&native[4];
    execute(&a);
    b.rdi = (u64)&table[68];
    b.rip = (u64)code;
    assert_true(fault(&b, b.rdi + f->disp));
    assert_int_equal(b.rip, (u64)code + f->n);
    assert_memory_equal(native, &table[64], sizeof(native));
    assert_int_equal(a.rax, b.rax);
    assert_int_equal(a.rbx, b.rbx);
    assert_int_equal(a.rcx, b.rcx);
    assert_int_equal(a.rdx, b.rdx);
    assert_int_equal(a.rsi, b.rsi);
    assert_int_equal(a.rflags & FLAGS_ARITH & ~f->undefined, b.rflags & FLAGS_ARITH & ~f->undefined);
}

static void all_forms_body(void)
{
    for (unsigned i = 0; i < ARRAY_SIZE(forms); i++)
        for (unsigned n = 0; n < 200; n++)
            one_form(&forms[i]);
}

static struct cpu_user_regs regs_for(const u8 *bytes, unsigned n)
{
    struct cpu_user_regs r = { .rip = (u64)code, .rdi = (u64)table, .rcx = 1, .rax = 0x1234 };

    memcpy(code, bytes, n);
    return r;
}

static void refusals_body(void)
{
    static const u8 store[] = { 0x48, 0x89, 0x07 }, cross[] = { 0x48, 0x89, 0x47, 0x04 }, load[] = { 0x48, 0x8b, 0x07 };
    static const u8 cas16[] = { 0xf0, 0x48, 0x0f, 0xc7, 0x0f };
    struct cpu_user_regs r = regs_for(store, sizeof(store));

    writes = 0;
    assert_false(fault(&r, (u64)table + 8)); /* another address than the instruction's */
    refusal = -EINVAL;
    assert_false(fault(&r, (u64)table)); /* the MMU says no */
    refusal = 0;
    test_vcpu.arch.kernel_mode = false;
    assert_false(ptwr_fault(&r, (u64)table)); /* user mode: entry.S does not ask the straight path then */
    test_vcpu.arch.kernel_mode = true;
    r = regs_for(cross, sizeof(cross));
    assert_false(fault(&r, (u64)table + 4)); /* two entries */
    r = regs_for(load, sizeof(load));
    assert_false(fault(&r, (u64)table)); /* no store */
    r = regs_for(cas16, sizeof(cas16));
    assert_false(fault(&r, (u64)table));
    r = regs_for(store, sizeof(store));
    r.rdi = (u64)code + 2048;
    assert_false(fault(&r, r.rdi)); /* no page table */
    assert_int_equal(writes, 0);
    assert_int_equal(r.rip, (u64)code);
    shown_page = r.rdi & PAGE_MASK;
    assert_true(fault(&r, r.rdi)); /* a device that is only shown: the store vanishes */
    shown_page = ~0UL;
    assert_int_equal(writes, 0);
    assert_int_equal(r.rip, (u64)code + sizeof(store));
}

/*
 * The straight path alone: every base and source register, at the same address, so that what is remembered of one
 * instruction is wrong for the next. Then words that it must leave alone, among them the one of all zeros, which is
 * what an empty memory would hold.
 */
static void straight_body(void)
{
    static const u8 others[][8] = { { 0 }, { 0x48, 0x89, 0x04, 0x07 }, { 0x48, 0x89, 0x05 }, { 0x48, 0x8b, 0x07 },
                                    { 0x89, 0x07 }, { 0x48, 0x89, 0xc7 }, { 0x4a, 0x89, 0x07 }, { 0x48, 0xc7, 0x07 } };
    struct cpu_user_regs r;

    for (unsigned i = 0; i < 16 * 16 * 2 * 3; i++) {
        unsigned base = i & 15, reg = i >> 4 & 15, mod = i >> 9, op = i & 256 ? 0x87 : 0x89;
        s32 disp = mod == 0 ? 0 : mod == 1 ? -8 : -4080;
        u8 bytes[8] = { (u8)(0x48 | base >> 3 | reg >> 3 << 2), (u8)op, (u8)(mod << 6 | (reg & 7) << 3 | (base & 7)) };
        bool encodes = (base & 7) != 4 && ((base & 7) != 5 || mod);

        memcpy(bytes + 3, &disp, mod == 0 ? 0 : mod == 1 ? 1 : 4);
        r = regs_for(bytes, sizeof(bytes));
        *gpr(&r, reg) = 0x5a5a0000 + i;
        *gpr(&r, base) = (u64)&table[8] - (u64)(s64)disp;
        u64 before = *gpr(&r, reg);
        table[8] = ~(u64)i;
        assert_int_equal(ptwr_straight(&r, (u64)&table[8]), encodes);
        assert_int_equal(table[8], encodes ? before : ~(u64)i);
        assert_int_equal(r.rip, (u64)code + (encodes ? mod == 0 ? 3 : mod == 1 ? 4 : 7 : 0));
        assert_int_equal(*gpr(&r, reg), encodes && op == 0x87 ? ~(u64)i : before);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(others); i++) {
        r = regs_for(others[i], sizeof(others[i]));
        r.rdi = r.r15 = r.rax = (u64)table;
        assert_false(ptwr_straight(&r, (u64)table));
        assert_int_equal(r.rip, (u64)code);
    }
    static const u8 store[8] = { 0x48, 0x89, 0x07 };
    r = regs_for(store, sizeof(store));
    r.rflags = RFLAGS_TF;
    assert_false(ptwr_straight(&r, (u64)table));        /* a trap is due afterwards */
    r.rflags = RFLAGS_RF;
    test_vcpu.arch.fast_fault = false;
    assert_false(ptwr_straight(&r, (u64)table));        /* somebody traces */
    test_vcpu.arch.fast_fault = true;
    assert_true(ptwr_straight(&r, (u64)table));
    assert_int_equal(r.rflags, 0);
}

/* A lost compare-and-swap is computed anew from the value found; too many leave the instruction to the guest. */
static void lost_races_body(void)
{
    static const u8 clear_rw[] = { 0xf0, 0x48, 0x83, 0x27, 0xfd }; /* lock andq $-3,(%rdi) */
    struct cpu_user_regs r = regs_for(clear_rw, sizeof(clear_rw));

    table[0] = 0x67 & ~0x20;
    races = 1;
    assert_true(fault(&r, (u64)table));
    assert_int_equal(table[0], 0x65); /* the bit the CPU set meanwhile is kept */
    assert_int_equal(r.rip, (u64)code + sizeof(clear_rw));
    r = regs_for(clear_rw, sizeof(clear_rw));
    races = 1000;
    assert_true(fault(&r, (u64)table));
    assert_int_equal(r.rip, (u64)code);
    races = 0;
}

static void strings_body(void)
{
    static const u8 rep_stosq[] = { 0xf3, 0x48, 0xab }, movsq[] = { 0x48, 0xa5 };
    struct cpu_user_regs r = regs_for(rep_stosq, sizeof(rep_stosq));
    u64 from = 77;
    unsigned traps = 0;

    memset(table, 0xff, sizeof(table));
    r.rcx = 512;
    r.rax = 0;
    while (r.rip == (u64)code) {
        assert_true(fault(&r, r.rdi));
        assert_true(++traps <= 512 / REP_CHUNK);
    }
    assert_int_equal(r.rcx, 0);
    assert_int_equal(r.rdi, (u64)(table + 512));
    for (unsigned i = 0; i < 512; i++)
        assert_int_equal(table[i], 0);

    r = regs_for(movsq, sizeof(movsq));
    r.rsi = (u64)&from;
    assert_true(fault(&r, (u64)table));
    assert_int_equal(table[0], 77);
    assert_int_equal(r.rsi, (u64)(&from + 1));
    /* An unreadable source is a page fault of its own. */
    r = regs_for(movsq, sizeof(movsq));
    r.rsi = hole = (u64)&from;
    hole_end = hole + 8;
    assert_true(fault(&r, (u64)table));
    assert_int_equal(injected.address, (u64)&from);
    assert_int_equal(r.rip, (u64)code);
    hole = hole_end = 0;
}

#define ON_VCPU(name) static void name(void **state) { (void)state; run_as_vcpu(name##_body); }
ON_VCPU(all_forms)
ON_VCPU(refusals)
ON_VCPU(straight)
ON_VCPU(lost_races)
ON_VCPU(strings)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_forms), cmocka_unit_test(refusals), cmocka_unit_test(straight),
        cmocka_unit_test(lost_races), cmocka_unit_test(strings),
    };

    code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    test_vcpu.arch.kernel_mode = test_vcpu.arch.fast_fault = true;
    ptwr_init(&test_vcpu);
    return code == MAP_FAILED ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
