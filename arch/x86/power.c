/*
 * Ending: power-off, reboot, halt.
 *
 * Problem: no single way works on every machine, and this code runs after a panic, when nothing else can be trusted.
 * Invariant: machine_end() takes no lock, allocates nothing, waits for nothing longer than 100 ms per attempt (and
 * for a reader of the serial line, uart.c), and never returns: when every way has failed the CPU halts with a line that
 * says so.
 *
 * The values that mean "off" are in the firmware's AML, which domain 0 interprets and Serai does not; domain 0's word
 * is taken when there is one, else the constant found in the DSDT (acpi_find_s5()).
 */
#include "arch/x86/power.h"
#include <stdarg.h>
#include "arch/arch.h"
#include "arch/x86/acpi.h"
#include "arch/x86/asm.h"
#include "arch/x86/clock.h"
#include "arch/x86/smp.h"
#include "arch/x86/uart.h"
#include "core/reject.h"
#include "lib/print.h"

#define SLP_TYP_SHIFT 10
#define SLP_TYP (7u << SLP_TYP_SHIFT)
#define SLP_EN (1u << 13)

static bool told;
static u16 typ_a, typ_b;

long power_set_s5(u16 pm1a, u16 pm1b)
{
    if (!acpi.has_fadt || !acpi.pm1a_cnt.address || acpi.hardware_reduced)
        return reject(-EOPNOTSUPP, "this machine's ACPI tables describe no PM1 control block to switch it off with");
    typ_a = pm1a & SLP_TYP;
    typ_b = pm1b & SLP_TYP;
    told = true;
    return 0;
}

/* Is MACHINE_POWEROFF able to switch off (by domain 0's word or the firmware's \_S5)? */
static bool power_can_switch_off(void)
{
    return told || (acpi.has_s5 && acpi.pm1a_cnt.address && !acpi.hardware_reduced);
}

/* 16-bit PM1 control registers; in memory on a few machines, which Serai does not map at the end. */
static void pm1_write(const struct acpi_register *r, u16 typ, u16 enable)
{
    u16 port = (u16)r->address;

    if (r->address == 0 || r->space != ACPI_SPACE_IO || r->address > 0xfffe)
        return;
    outw(port, (u16)((inw(port) & ~(SLP_TYP | SLP_EN)) | typ | enable));
}

static void switch_off(void)
{
    if (!told) {
        typ_a = (u16)(acpi.s5_a << SLP_TYP_SHIFT & SLP_TYP);
        typ_b = (u16)(acpi.s5_b << SLP_TYP_SHIFT & SLP_TYP);
    }
    pm1_write(&acpi.pm1a_cnt, typ_a, 0);    /* the type first, then with the enable bit (ACPI 7.3.4, 16.1.7) */
    pm1_write(&acpi.pm1b_cnt, typ_b, 0);
    pm1_write(&acpi.pm1a_cnt, typ_a, SLP_EN);
    pm1_write(&acpi.pm1b_cnt, typ_b, SLP_EN);
    clock_delay_us(100000);
}

static void reset_by_acpi(void)
{
    if (!acpi.has_reset)
        return;
    if (acpi.reset.space == ACPI_SPACE_IO && acpi.reset.address <= 0xffff)
        outb((u16)acpi.reset.address, acpi.reset_value);
    else if (acpi.reset.space == ACPI_SPACE_PCI) {
        /* 48..63 zero, 32..47 device, 16..31 function, 0..15 register; bus 0. Straight to the ports: no locks here. */
        u64 a = acpi.reset.address;
        outl(0xcf8, 0x80000000u | (u32)(a >> 32 & 31) << 11 | (u32)(a >> 16 & 7) << 8 | (u32)(a & 0xfc));
        outb((u16)(0xcfc + (a & 3)), acpi.reset_value);
    }
    clock_delay_us(50000);
}

static void reset_by_pci(void)
{
    u8 v = inb(0xcf9) & (u8)~6;

    outb(0xcf9, v | 2);     /* hard */
    clock_delay_us(50);
    outb(0xcf9, v | 6);     /* now */
    clock_delay_us(50000);
}

static void reset_by_keyboard(void)
{
    for (unsigned i = 0; i < 1000 && (inb(0x64) & 2); i++)
        clock_delay_us(50);
    outb(0x64, 0xfe);
    clock_delay_us(50000);
}

static void reset_by_triple_fault(void)
{
    const struct table_register none = { 0, 0 };

    lidt(&none);
    __asm__ volatile("int3");
}

static void halt_forever(void) __noreturn;
static void halt_forever(void)
{
    for (;;) {
        cli();
        hlt();
    }
}

void machine_end(enum machine_end how)
{
    cli();
    smp_stop_others();
    serial_force();
    if (how == MACHINE_POWEROFF) {
        if (power_can_switch_off())
            switch_off();
        log_always("The machine cannot be switched off by software (no \\_S5 values). "
                   "It is safe to switch it off now.");
        halt_forever();
    }
    if (how == MACHINE_REBOOT) {
        reset_by_acpi();
        reset_by_pci();
        reset_by_keyboard();
        reset_by_triple_fault();
    }
    log_always("System halted.");
    halt_forever();
}

void cannot_start(const char *todo, const char *fmt, ...)
{
    char what[200];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    log_always("Serai cannot start: %s.", what);
    log_always("What to do: %s.", todo);
    machine_end(MACHINE_HALT);
}
