/*
 * Privileged instructions of a guest: ports of an unprivileged domain look like an empty bus, never a fault;
 * domain 0 gets its own; user mode gets nothing beyond its I/O privilege; string I/O is bounded and survives page
 * faults; MSRs and control registers that would touch the machine are refused.
 * Went wrong once: a user's bad GS selector was an error instead of null, and the rights of a vanished LDT page faulted
 * Serai. Could: a string instruction that does not end, a fault in its middle that loses RCX.
 */
#include "tests/unit/x86/guest.h"
#include "arch/x86/asm.h"

/* ---- the machine ---- */
static struct { char what; u16 port; u32 val; } bus[64];
static unsigned bus_n;
static u32 bus_do(char what, u16 port, u32 val)
{
    if (bus_n < ARRAY_SIZE(bus))
        bus[bus_n++] = (typeof(bus[0])){ what, port, val };
    return 0x11223344;
}
static u64 fs_base, gs_base, gs_shadow;
static u64 fake_rdmsr(u32 msr) { return msr == 0xc0000080 ? 0xd01 : msr == 0xc0000102 ? gs_shadow : 0; }
static void fake_wrmsr(u32 msr, u64 v) { if (msr == 0xc0000102) gs_shadow = v; }
static bool fake_rdmsr_safe(u32 msr, u64 *v) { (void)msr; *v = 0x99; return true; }
#define inb(p) ((u8)bus_do('r', (p), 0))
#define inw(p) ((u16)bus_do('r', (p), 0))
#define inl(p) bus_do('r', (p), 0)
#define outb(p, v) ((void)bus_do('w', (p), (v)))
#define outw(p, v) ((void)bus_do('w', (p), (v)))
#define outl(p, v) ((void)bus_do('w', (p), (v)))
#define rdfsbase() fs_base
#define wrfsbase(v) (fs_base = (v))
#define rdgsbase() gs_base
#define wrgsbase(v) (gs_base = (v))
#define rdmsr fake_rdmsr
#define wrmsr fake_wrmsr
#define rdmsr_safe fake_rdmsr_safe
#define wbinvd() ((void)0)
#define read_cr4() 0UL
#define write_cr4(v) ((void)(v))
#include "arch/x86/entry/isolate.h"
static unsigned kernel_reads;
int kernel_memory_read(struct vcpu *v, void *dst, gva_t src, size_t bytes)
{
    kernel_reads++;
    (void)v;
    return copy_from_guest(dst, src, bytes);
}
#include "arch/x86/pv/insn.c"
#include "arch/x86/pv/io.c"
#include "arch/x86/pv/msr.c"
#include "arch/x86/pv/control.c"
#include "arch/x86/pv/emulate.c"

static u64 given_first = 1, given_last;
bool rangeset_contains(const struct rangeset *r, u64 first, u64 last)
{
    (void)r;
    return first >= given_first && last <= given_last;
}
u32 pci_port_read(u32 cf8, unsigned offset, unsigned bytes) { (void)bytes; return cf8 + offset; }
void pci_port_write(u32 cf8, unsigned offset, unsigned bytes, u32 v) { (void)cf8; (void)offset; (void)bytes; (void)v; }
struct acpi_info acpi;
cpumask_t cpus_online = 1;
static unsigned c1e_looks;
void features_no_c1e(void *unused) { (void)unused; c1e_looks++; }
void smp_call(cpumask_t mask, void (*fn)(void *), void *data) { (void)mask; fn(data); }
ns_t now_ns(void) { static ns_t t; return t += 1000; }
void spin_lock_slow(struct spinlock *l) { (void)l; abort(); }
void lock_check_take(struct spinlock *l) { (void)l; }
void lock_check_drop(struct spinlock *l) { (void)l; }
long mmu_set_base(struct vcpu *v, mfn_t mfn) { (void)v; return mfn == 7 ? 0 : -EINVAL; }
bool frame_get_writable(mfn_t mfn, const struct domain *d) { (void)mfn; (void)d; return false; }
void frame_put_writable(mfn_t mfn) { (void)mfn; abort(); }
void arch_hypercall_page(void *page) { (void)page; abort(); }
void fpu_ts_set(struct vcpu *v, bool set) { v->arch.ts_set = set; }
long fpu_set_xcr0(struct vcpu *v, u64 x) { (void)v; return x == 7 ? 0 : -EINVAL; }
long do_set_debugreg(u64 reg, u64 val) { return reg == 7 && (val & 0x2000) ? -EPERM : 0; }
long do_get_debugreg(u64 reg) { return reg; }
void cpuid_guest(struct vcpu *v, u32 leaf, u32 sub, u32 out[4])
{
    (void)v;
    out[0] = leaf, out[1] = sub, out[2] = 0xc, out[3] = 0xd;
}
static struct cpu_policy policy;

/* Emulate these bytes; regs.rip is moved on by the test's code address. */
static u8 code[16];
static struct cpu_user_regs regs;
static bool run(const void *bytes, unsigned n)
{
    memset(code, 0x90, sizeof(code));
    memcpy(code, bytes, n);
    regs.rip = (u64)code;
    regs.cs = FLAT_RING3_CS64;
    return emulate_privileged(&regs);
}
#define RUN(...) run((u8[]){ __VA_ARGS__ }, sizeof((u8[]){ __VA_ARGS__ }))
#define DONE(n) assert_int_equal(regs.rip, (u64)code + (n))

static void reset(bool privileged, bool kernel)
{
    memset(&regs, 0, sizeof(regs));
    memset(&test_vcpu.arch, 0, sizeof(test_vcpu.arch));
    memset(&test_domain, 0, sizeof(test_domain));
    test_domain.privileged = privileged;
    test_domain.arch.policy = &policy;
    test_vcpu.arch.kernel_mode = kernel;
    test_vcpu.arch.cr0 = GUEST_CR0_START;
    bus_n = 0;
    given_first = 1, given_last = 0;
    memset(&injected, 0, sizeof(injected));
}

static void empty_bus_body(void)
{
    static const u16 ports[] = { 0x20, 0x42, 0x43, 0x60, 0x61, 0x70, 0x71, 0x3f8, 0xcf9, 0xcfc, 0xffff };

    reset(false, true);
    for (unsigned i = 0; i < ARRAY_SIZE(ports); i++) {
        regs.rdx = ports[i];
        regs.rax = 0xaaaaaaaaaaaaaa00;
        assert_true(RUN(0xec)); /* in (%dx),%al */
        DONE(1);
        assert_int_equal(regs.rax, 0xaaaaaaaaaaaaaaff);
        assert_true(RUN(0xed)); /* in (%dx),%eax */
        assert_int_equal(regs.rax, 0xffffffff);
        assert_true(RUN(0x66, 0xef)); /* out %ax,(%dx) */
    }
    assert_int_equal(bus_n, 0);
    /* The address latch alone reads back. */
    regs.rdx = 0xcf8;
    regs.rax = 0x80001234;
    assert_true(RUN(0xef));
    regs.rax = 0;
    assert_true(RUN(0xed));
    assert_int_equal(regs.rax, 0x80001234);
    regs.rdx = 0xcfc;
    assert_true(RUN(0xed));
    assert_int_equal(regs.rax, 0xffffffff);
}

static void domain0_ports_body(void)
{
    reset(true, true);
    given_first = 0x60, given_last = 0x71;
    assert_true(RUN(0xe4, 0x64)); /* in $0x64,%al */
    assert_int_equal(regs.rax, 0x44);
    assert_int_equal(bus_n, 1);
    assert_true(RUN(0xe4, 0x42)); /* the PIT is Serai's: modelled */
    assert_int_equal(bus_n, 1);
    regs.rax = 0x8a;
    assert_true(RUN(0xe6, 0x70)); /* CMOS index is remembered, then used with the data */
    assert_int_equal(bus_n, 1);
    assert_true(RUN(0xe4, 0x71));
    assert_int_equal(bus_n, 3);
    assert_int_equal(bus[1].port, 0x70);
    assert_int_equal(bus[1].val, 0x0a);
    assert_int_equal(bus[2].port, 0x71);
    regs.rdx = 0xcf8, regs.rax = 0x80000800;
    assert_true(RUN(0xef));
    regs.rdx = 0xcfe;
    assert_true(RUN(0x66, 0xed));
    assert_int_equal(regs.rax & 0xffff, 0x802);
    regs.rdx = 0xcfe; /* four bytes from there cross the data port */
    assert_true(RUN(0xed));
    assert_int_equal(regs.rax, 0xffffffff);
}

/* Firmware switches C1E on together with ACPI: Serai looks again, on CPUs that have it. */
static void acpi_enable_body(void)
{
    reset(true, true);
    given_first = 0xb2, given_last = 0xb3;
    acpi.smi_command = 0xb2;
    assert_true(RUN(0xe6, 0xb2)); /* out %al,$0xb2 */
    assert_int_equal(bus_n, 1);
    assert_int_equal(c1e_looks, 0);
    cpu_has.c1e = true;
    assert_true(RUN(0xe6, 0xb3));
    assert_int_equal(c1e_looks, 0);
    assert_true(RUN(0xe6, 0xb2));
    assert_int_equal(c1e_looks, 1);
    given_first = 1, given_last = 0; /* not one's own port: nothing is written */
    assert_true(RUN(0xe6, 0xb2));
    assert_int_equal(c1e_looks, 1);
    cpu_has.c1e = false;
}

static void user_mode_body(void)
{
    u8 bitmap[8192];

    reset(true, false);
    given_first = 0, given_last = 0xffff;
    assert_false(RUN(0xec));
    assert_false(RUN(0xfa));                /* cli */
    assert_false(RUN(0x0f, 0x32));          /* rdmsr */
    assert_false(RUN(0x0f, 0x20, 0xc0));    /* mov %cr0,%rax */
    assert_false(RUN(0x0f, 0x06));          /* clts */
    assert_false(RUN(0x0f, 0x01, 0xf0));    /* lmsw */
    assert_false(RUN(0x0f, 0x09));          /* wbinvd */
    assert_false(RUN(0x0f, 0x01, 0xd1));    /* xsetbv */
    assert_int_equal(bus_n, 0);
    memset(bitmap, 0xff, sizeof(bitmap));
    bitmap[0x60 / 8] &= ~1;
    test_vcpu.arch.iobmp_va = (u64)bitmap;
    test_vcpu.arch.iobmp_bits = 0x400;
    regs.rdx = 0x60;
    assert_true(RUN(0xec));
    assert_false(RUN(0x66, 0xed)); /* 0x61 is not permitted */
    assert_int_equal(kernel_reads, 2); /* by the kernel's tables: guest:user_io */
    regs.rdx = 0x400;
    assert_false(RUN(0xec));
    test_vcpu.arch.iobmp_bits = 0;
    test_vcpu.arch.iopl = 3;
    assert_true(RUN(0xec));
    assert_true(RUN(0xfa));
    assert_true(RUN(0x0f, 0x31));
    test_vcpu.arch.cr4 = CR4_TSD;
    assert_false(RUN(0x0f, 0x31));
}

static void table_registers_body(void)
{
    u8 buf[32] = { 0 };

    reset(true, false);
    regs.rdi = (u64)buf;
    assert_true(RUN(0x0f, 0x01, 0x07));     /* sgdt (%rdi) */
    DONE(3);
    assert_int_equal(*(u16 *)buf, 0xefff);
    assert_memory_equal(buf + 2, &(u64){ TABLES_HIDDEN_AT }, 8);
    assert_int_equal(buf[10], 0);
    hole = (u64)buf + 20, hole_end = hole + 4;
    assert_true(RUN(0x0f, 0x01, 0x4f, 0x10)); /* sidt 16(%rdi) */
    DONE(0);
    assert_int_equal(injected.vector, 14);
    assert_int_equal(injected.address, hole);
    hole = hole_end = 0;
    regs.rdi = 1UL << 63;
    assert_false(RUN(0x0f, 0x01, 0x07));
    regs.rax = ~0UL;
    assert_true(RUN(0x0f, 0x00, 0xc8));     /* str %eax */
    assert_int_equal(regs.rax, 0xe040);
    regs.rax = ~0UL;
    assert_true(RUN(0x66, 0x0f, 0x00, 0xc0)); /* sldt %ax */
    assert_int_equal(regs.rax, ~0xffffUL);
    assert_false(RUN(0x0f, 0x00, 0xd0));    /* lldt %ax */
}

static void string_io_body(void)
{
    static u16 buf[300];
    unsigned traps = 0;

    reset(true, true);
    given_first = 0x1f0, given_last = 0x1f7;
    regs.rdx = 0x1f0, regs.rdi = (u64)buf, regs.rcx = 256;
    do
        assert_true(RUN(0xf3, 0x66, 0x6d)); /* rep insw */
    while (++traps < 10 && regs.rip == (u64)code);
    assert_int_equal(traps, 256 / REP_CHUNK);
    assert_int_equal(regs.rcx, 0);
    assert_int_equal(regs.rdi, (u64)(buf + 256));
    assert_int_equal(buf[255], 0x3344);
    assert_int_equal(buf[256], 0);
    /* A fault in the middle: what was done stays done, the rest can be repeated. */
    hole = (u64)&buf[4], hole_end = hole + 2;
    regs.rdi = (u64)buf, regs.rcx = 8;
    assert_true(RUN(0xf3, 0x66, 0x6d));
    DONE(0);
    assert_int_equal(regs.rcx, 4);
    assert_int_equal(injected.vector, 14);
    assert_int_equal(injected.address, hole);
    hole = hole_end = 0;
    regs.rcx = 0; /* nothing to do is done at once */
    assert_true(RUN(0xf3, 0x6f));
    DONE(2);
}

static void registers_body(void)
{
    unsigned before;

    /* Why an instruction is not done is written down once, for kernels only. */
    for (unsigned kernel = 0; kernel < 2; kernel++) {
        reset(false, kernel);
        before = nr_rejects;
        assert_false(RUN(0xf4));        /* hlt */
        assert_false(RUN(0x0f, 0x33));  /* rdpmc */
        assert_int_equal(nr_rejects - before, kernel ? 2 : 0);
    }
    reset(false, true);
    before = nr_rejects;
    regs.rcx = 0x12345;
    assert_false(RUN(0x0f, 0x32));
    assert_int_equal(nr_rejects - before, 1);
    reset(false, true);
    regs.rcx = 0xc0000102, regs.rax = 0x5000, regs.rdx = 0x7fff;
    assert_true(RUN(0x0f, 0x30)); /* wrmsr */
    assert_int_equal(gs_shadow, 0x7fff00005000);
    assert_true(RUN(0x0f, 0x32));
    assert_int_equal(regs.rdx, 0x7fff);
    regs.rdx = 0x8000; /* not canonical */
    assert_false(RUN(0x0f, 0x30));
    regs.rcx = 0xc0000080, regs.rax = 0x1d01, regs.rdx = 0; /* EFER.SVME */
    assert_false(RUN(0x0f, 0x30));
    regs.rcx = 0x12345;
    assert_false(RUN(0x0f, 0x32));
    regs.rcx = 0xc0010061; /* limits of P-states: domain 0 only */
    assert_false(RUN(0x0f, 0x32));
    test_domain.privileged = true;
    assert_true(RUN(0x0f, 0x32));
    regs.rcx = 0xfe; /* MTRRs: nobody */
    assert_false(RUN(0x0f, 0x32));

    assert_true(RUN(0x0f, 0x20, 0xc0)); /* mov %cr0,%rax */
    assert_int_equal(regs.rax, GUEST_CR0_START);
    regs.rax |= CR0_TS;
    assert_true(RUN(0x0f, 0x22, 0xc0));
    assert_true(test_vcpu.arch.ts_set);
    regs.rax &= ~CR0_WP;
    assert_false(RUN(0x0f, 0x22, 0xc0));
    regs.rax = 7 << 12;
    assert_true(RUN(0x0f, 0x22, 0xd8)); /* mov %rax,%cr3 */
    regs.rax = 8 << 12;
    assert_false(RUN(0x0f, 0x22, 0xd8));
    regs.rax = ~0UL;
    assert_true(RUN(0x0f, 0x22, 0xe0)); /* mov %rax,%cr4 */
    assert_int_equal(test_vcpu.arch.cr4, GUEST_CR4_OWN);
    regs.rax = 0x2000;
    assert_false(RUN(0x0f, 0x23, 0xf8)); /* mov %rax,%dr7 */
    regs.rax = 7, regs.rdx = 0, regs.rcx = 0;
    assert_true(RUN(0x0f, 0x01, 0xd1)); /* xsetbv */
    regs.rcx = 1;
    assert_false(RUN(0x0f, 0x01, 0xd1));
    assert_false(RUN(0xf4)); /* hlt */
}

static void forced_emulation_and_steps_body(void)
{
    reset(false, true);
    memcpy(code, "\x0f\x0b" "xen\x0f\xa2", 7);
    regs.rip = (u64)code;
    regs.rax = 0x40000000, regs.rcx = 5;
    assert_true(emulate_invalid_op(&regs));
    DONE(7);
    assert_int_equal(regs.rbx, 5);
    code[6] = 0x31; /* forced emulation is for CPUID only */
    regs.rip = (u64)code;
    assert_false(emulate_invalid_op(&regs));
    regs.rflags = RFLAGS_TF; /* single-stepping a kernel: #DB after the instruction */
    assert_true(RUN(0xfa));
    assert_int_equal(injected.vector, 1);
}

#define ON_VCPU(name) static void name(void **state) { (void)state; run_as_vcpu(name##_body); }
ON_VCPU(empty_bus)
ON_VCPU(domain0_ports)
ON_VCPU(acpi_enable)
ON_VCPU(user_mode)
ON_VCPU(table_registers)
ON_VCPU(string_io)
ON_VCPU(registers)
ON_VCPU(forced_emulation_and_steps)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_bus), cmocka_unit_test(domain0_ports), cmocka_unit_test(user_mode),
        cmocka_unit_test(table_registers), cmocka_unit_test(acpi_enable),
        cmocka_unit_test(string_io), cmocka_unit_test(registers), cmocka_unit_test(forced_emulation_and_steps),
    };

    cpu_has.fsgsbase = cpu_has.rdtscp = cpu_has.amd = true;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
