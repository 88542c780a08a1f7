/*
 * The local APIC.
 *
 * Two ways to reach one register file: memory (xAPIC, one 16-byte slot per register) and MSRs (x2APIC, 0x800 + slot).
 * All differences are in reg_read(), reg_write() and icr_write().
 *
 * Invariant: a device vector is EOI'd exactly once, by the CPU that took it, before that CPU enters a guest; so no
 * guest can hold back interrupts of a lower priority. (Level-triggered lines are masked instead, see irq.c.)
 *
 * x2APIC is used when the CPU has it: no memory to map, no busy wait on sending, ids beyond 255. Without interrupt
 * remapping devices can only address ids below 255, which is all that irq.c gives them.
 */
#include "arch/x86/apic.h"
#include "arch/x86/acpi.h"
#include "arch/x86/asm.h"
#include "arch/x86/cpu.h"
#include "arch/x86/vectors.h"
#include "lib/print.h"
#include <machine/current.h>

#define APIC_ID 0x02
#define APIC_VERSION 0x03
#define APIC_TPR 0x08
#define APIC_EOI 0x0b
#define APIC_LDR 0x0d
#define APIC_DFR 0x0e
#define APIC_SVR 0x0f
#define APIC_ISR 0x10
#define APIC_ESR 0x28
#define APIC_LVT_CMCI 0x2f
#define APIC_ICR 0x30
#define APIC_ICR_HIGH 0x31
#define APIC_LVT_TIMER 0x32
#define APIC_LVT_THERMAL 0x33
#define APIC_LVT_PMU 0x34
#define APIC_LVT_LINT0 0x35
#define APIC_LVT_LINT1 0x36
#define APIC_LVT_ERROR 0x37
#define APIC_TIMER_COUNT 0x38
#define APIC_TIMER_LEFT 0x39
#define APIC_TIMER_DIV 0x3e

#define SVR_ENABLE 0x100u
#define LVT_MASKED 0x10000u
#define LVT_MODE 0x700u
#define LVT_SMI 0x200u
#define LVT_NMI 0x400u
#define LVT_EXTINT 0x700u
#define LVT_LEVEL 0x8000u
#define LVT_ACTIVE_LOW 0x2000u
#define LVT_TSC_DEADLINE 0x40000u
#define ICR_INIT 0x500u
#define ICR_STARTUP 0x600u
#define ICR_BUSY 0x1000u
#define ICR_ASSERT 0x4000u
#define X2APIC_MSR 0x800u
#define BASE_X2APIC (1UL << 10)
#define BASE_ENABLE (1UL << 11)

static volatile u32 *registers;     /* NULL in x2APIC mode */
static u32 errors_seen;

static u32 reg_read(unsigned r)
{
    return registers ? registers[r * 4] : (u32)rdmsr(X2APIC_MSR + r);
}

static void reg_write(unsigned r, u32 v)
{
    if (registers)
        registers[r * 4] = v;
    else
        wrmsr(X2APIC_MSR + r, v);
}

static void icr_wait(void)
{
    /* A bus message takes microseconds; a bound only keeps a dead APIC from hanging a panic. */
    u64 start = rdtsc();

    while ((reg_read(APIC_ICR) & ICR_BUSY) && rdtsc() - start < (1UL << 30))
        cpu_pause();
}

static void icr_write(u32 to, u32 command)
{
    if (!registers) {
        /* WRMSR to these registers does not order earlier stores, and the message announces them. */
        __asm__ volatile("mfence\n\tlfence" : : : "memory");
        wrmsr(X2APIC_MSR + APIC_ICR, (u64)to << 32 | command);
        return;
    }
    icr_wait();
    reg_write(APIC_ICR_HIGH, to << 24);
    reg_write(APIC_ICR, command);
}

bool apic_init(void)
{
    if (!(cpuid(1, 0).d & (1u << 9)))
        return false;
    if (cpu_has.x2apic || (rdmsr(MSR_APIC_BASE) & BASE_X2APIC)) {
        log_info("APIC: x2APIC mode");
        return true;
    }
    registers = machine_map_device(acpi.lapic_base, PAGE_SIZE);
    log_info("APIC: xAPIC at %#lx", acpi.lapic_base);
    return registers != NULL;
}

static void enable_base(void)
{
    u64 base = rdmsr(MSR_APIC_BASE), want = base | BASE_ENABLE;

    /* Off -> xAPIC -> x2APIC is the only legal order (SDM 11.12.5). */
    if (want != base)
        wrmsr(MSR_APIC_BASE, want);
    if (!registers && !(want & BASE_X2APIC))
        wrmsr(MSR_APIC_BASE, want | BASE_X2APIC);
}

/* NMI inputs as the MADT wires them; LINT0 of the boot CPU carries the 8259, which is off. */
static void init_lint(void)
{
    u32 lvt[2] = { LVT_MASKED | LVT_EXTINT, LVT_MASKED | LVT_NMI };

    if (!acpi.has_madt)
        lvt[1] = LVT_NMI;       /* the multiprocessor specification's default */
    for (unsigned i = 0; i < acpi.nmis; i++) {
        const struct acpi_nmi *n = &acpi.nmi[i];
        if (n->acpi_id == ~0u || n->acpi_id == this_cpu()->acpi_id)
            lvt[n->lint] = LVT_NMI | (n->active_low ? LVT_ACTIVE_LOW : 0) | (n->level ? LVT_LEVEL : 0);
    }
    reg_write(APIC_LVT_LINT0, lvt[0]);
    reg_write(APIC_LVT_LINT1, lvt[1]);
}

void apic_cpu_init(void)
{
    u32 max_lvt;

    enable_base();
    reg_write(APIC_SVR, SVR_ENABLE | VECTOR_SPURIOUS);
    if (registers) {            /* logical addressing is not used, but a defined state is */
        reg_write(APIC_DFR, ~0u);
        reg_write(APIC_LDR, 1u << 24);
    }
    reg_write(APIC_TPR, 0);
    max_lvt = reg_read(APIC_VERSION) >> 16 & 0xff;
    apic_timer_mode(false, true);
    /* Firmware that takes thermal events by SMI keeps them: the machine's cooling may depend on it. */
    if (max_lvt >= 5 && (reg_read(APIC_LVT_THERMAL) & LVT_MODE) != LVT_SMI)
        reg_write(APIC_LVT_THERMAL, LVT_MASKED | VECTOR_THERMAL);
    if (max_lvt >= 4)
        reg_write(APIC_LVT_PMU, LVT_MASKED | VECTOR_PMU);
    if (max_lvt >= 6)
        reg_write(APIC_LVT_CMCI, LVT_MASKED | VECTOR_CMCI);
    init_lint();
    reg_write(APIC_TIMER_DIV, 0x3);     /* by 16 */
    reg_write(APIC_ESR, 0);
    reg_write(APIC_LVT_ERROR, VECTOR_ERROR);
    /* Interrupts in service from the time before us (a boot loader, a reset without INIT): finish them. */
    for (unsigned r = 0; r < 8; r++)
        for (unsigned n = 0; reg_read(APIC_ISR + r) && n < 32; n++)
            apic_eoi();
}

u32 apic_id(void)
{
    u32 id = reg_read(APIC_ID);
    return registers ? id >> 24 : id;
}

void apic_eoi(void) { reg_write(APIC_EOI, 0); }
void apic_send(u32 to, u8 vector) { icr_write(to, ICR_ASSERT | vector); }

void apic_send_init(u32 to)
{
    icr_write(to, ICR_ASSERT | ICR_INIT);
    if (registers)
        icr_wait();
}

void apic_send_startup(u32 to, u8 page)
{
    icr_write(to, ICR_ASSERT | ICR_STARTUP | page);
    if (registers)
        icr_wait();
}

void apic_timer_mode(bool deadline, bool masked)
{
    reg_write(APIC_LVT_TIMER, VECTOR_TIMER | (masked ? LVT_MASKED : 0) | (deadline ? LVT_TSC_DEADLINE : 0));
    /* The mode must have taken effect before the deadline MSR is written (SDM 11.5.4.1). */
    __asm__ volatile("mfence" : : : "memory");
}

void apic_timer_start(u32 count) { reg_write(APIC_TIMER_COUNT, count); }
u32 apic_timer_left(void) { return reg_read(APIC_TIMER_LEFT); }

void apic_error(void)
{
    u32 status;

    reg_write(APIC_ESR, 0);     /* latches what happened since */
    status = reg_read(APIC_ESR);
    if (errors_seen++ < 8)
        log_warn("CPU %u: local APIC error, status %#x (SDM vol. 3, 11.5.3)%s", smp_cpu(), status,
                 errors_seen == 8 ? "; further ones are not reported" : "");
}
