/*
 * I/O APICs.
 *
 * Problem: at boot the firmware's and the boot loader's routing is still programmed; an interrupt to a vector of theirs
 * would reach a handler of ours. So all lines are masked and the 8259 pair is moved to vectors nobody uses and masked
 * before interrupts are first enabled.
 *
 * Invariant: a line is unmasked only between irq.c's decision and its undoing; the entry is written high half first
 * and low half (with the mask bit) last, so that no interrupt goes to a half-written destination.
 */
#include "arch/x86/ioapic.h"
#include "arch/arch.h"
#include "arch/x86/acpi.h"
#include "arch/x86/asm.h"
#include "arch/x86/vectors.h"
#include "lib/print.h"

#define IOAPIC_SELECT 0
#define IOAPIC_WINDOW 4         /* in u32: offset 0x10 */
#define IOAPIC_REG_VERSION 1
#define IOAPIC_REG_ENTRY 0x10
#define ENTRY_ACTIVE_LOW 0x2000u
#define ENTRY_LEVEL 0x8000u
#define ENTRY_MASKED 0x10000u
#define MAX_GSIS 1024

static struct ioapic {
    volatile u32 *registers;
    paddr_t base;
    u32 first, lines;
} ioapic[ACPI_MAX_IOAPICS];
static unsigned ioapics;
static u32 gsis;

static u32 reg_read(const struct ioapic *io, u32 reg)
{
    io->registers[IOAPIC_SELECT] = reg;
    return io->registers[IOAPIC_WINDOW];
}

static void reg_write(const struct ioapic *io, u32 reg, u32 v)
{
    io->registers[IOAPIC_SELECT] = reg;
    io->registers[IOAPIC_WINDOW] = v;
}

static const struct ioapic *find(u32 gsi, u32 *reg)
{
    for (unsigned i = 0; i < ioapics; i++)
        if (gsi >= ioapic[i].first && gsi - ioapic[i].first < ioapic[i].lines) {
            *reg = IOAPIC_REG_ENTRY + 2 * (gsi - ioapic[i].first);
            return &ioapic[i];
        }
    return NULL;
}

/* Remap to VECTOR_PIC_FIRST.. (spurious interrupts cannot be masked) and mask all 16 lines. */
static void disable_8259(void)
{
    outb(0x20, 0x11);
    outb(0xa0, 0x11);
    outb(0x21, VECTOR_PIC_FIRST);
    outb(0xa1, VECTOR_PIC_FIRST + 8);
    outb(0x21, 4);
    outb(0xa1, 2);
    outb(0x21, 1);
    outb(0xa1, 1);
    outb(0x21, 0xff);
    outb(0xa1, 0xff);
}

static void add(const struct acpi_ioapic *a)
{
    struct ioapic *io = &ioapic[ioapics];
    u32 version;

    io->registers = machine_map_device(a->base, PAGE_SIZE);
    if (!io->registers)
        return;
    version = reg_read(io, IOAPIC_REG_VERSION);
    if (version == ~0u || a->gsi_base >= MAX_GSIS) {
        log_warn("IOAPIC at %#lx, lines from %u: does not answer; ignored", a->base, a->gsi_base);
        return;
    }
    io->base = a->base;
    io->first = a->gsi_base;
    io->lines = (version >> 16 & 0xff) + 1;
    for (u32 i = 0; i < io->lines; i++)
        reg_write(io, IOAPIC_REG_ENTRY + 2 * i, ENTRY_MASKED);
    gsis = max(gsis, io->first + io->lines);
    ioapics++;
    log_info("IOAPIC at %#lx: lines %u-%u", io->base, io->first, io->first + io->lines - 1);
}

void ioapic_init(void)
{
    if (acpi.has_8259)
        disable_8259();
    for (unsigned i = 0; i < acpi.ioapics; i++)
        add(&acpi.ioapic[i]);
}

u32 ioapic_gsis(void) { return gsis; }

bool ioapic_has(u32 gsi)
{
    u32 reg;
    return find(gsi, &reg) != NULL;
}

void ioapic_route(u32 gsi, u8 vector, u32 apic_id, bool level, bool active_low)
{
    u32 reg;
    const struct ioapic *io = find(gsi, &reg);

    if (!io)
        return;
    reg_write(io, reg, ENTRY_MASKED | vector | (level ? ENTRY_LEVEL : 0) | (active_low ? ENTRY_ACTIVE_LOW : 0));
    reg_write(io, reg + 1, apic_id << 24);
}

void ioapic_set_destination(u32 gsi, u32 apic_id)
{
    u32 reg;
    const struct ioapic *io = find(gsi, &reg);

    if (io)
        reg_write(io, reg + 1, apic_id << 24);
}

void ioapic_mask(u32 gsi, bool masked)
{
    u32 reg, v;
    const struct ioapic *io = find(gsi, &reg);

    if (!io)
        return;
    v = reg_read(io, reg);
    reg_write(io, reg, masked ? v | ENTRY_MASKED : v & ~ENTRY_MASKED);
    if (masked)
        reg_read(io, reg);      /* the write has arrived before the caller's EOI */
}

bool ioapic_read_register(paddr_t base, u32 reg, u32 *value)
{
    for (unsigned i = 0; i < ioapics; i++)
        if (ioapic[i].base == base && reg < IOAPIC_REG_ENTRY + 2 * ioapic[i].lines) {
            *value = reg_read(&ioapic[i], reg);
            return true;
        }
    return false;
}
