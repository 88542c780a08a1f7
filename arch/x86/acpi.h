/*
 * What the firmware's tables say about the machine (ACPI specification 6.4, chapter 5; MCFG: PCI firmware 3.2; HPET:
 * IA-PC HPET 1.0a). Tables are parsed by functions on (pointer, length) without side effects (acpi_tables.c), so that
 * they can be fuzzed; acpi.c finds and maps them.
 */
#pragma once
#include "lib/types.h"

#define ACPI_MAX_CPUS 256
#define ACPI_MAX_IOAPICS 16
#define ACPI_MAX_OVERRIDES 32
#define ACPI_MAX_NMIS 32
#define ACPI_MAX_MCFG 16

struct acpi_cpu { u32 apic_id, acpi_id; };
struct acpi_ioapic { u32 id, gsi_base; paddr_t base; };
struct acpi_override { u8 irq; bool level, active_low; u32 gsi; };
struct acpi_nmi { u32 acpi_id; u8 lint; bool active_low, level; };  /* acpi_id ~0: all CPUs */
struct acpi_mcfg { paddr_t base; u16 segment; u8 first_bus, last_bus; };
/* Generic address structure (5.2.3.2); address 0: register absent. */
struct acpi_register { u8 space, bits, offset, access; u64 address; };
#define ACPI_SPACE_MEMORY 0
#define ACPI_SPACE_IO 1
#define ACPI_SPACE_PCI 2

struct acpi_info {
    bool present;               /* an RSDP with a usable root table was found */
    bool has_madt, has_fadt;
    paddr_t rsdp;               /* 0: the boot loader gave a copy */
    paddr_t dsdt;
    paddr_t lapic_base;
    bool has_8259;
    unsigned cpus, cpus_dropped, ioapics, overrides, nmis, mcfgs;
    struct acpi_cpu cpu[ACPI_MAX_CPUS];
    struct acpi_ioapic ioapic[ACPI_MAX_IOAPICS];
    struct acpi_override override[ACPI_MAX_OVERRIDES];
    struct acpi_nmi nmi[ACPI_MAX_NMIS];
    struct acpi_mcfg mcfg[ACPI_MAX_MCFG];
    paddr_t hpet_base;          /* 0: none */
    u16 sci_irq;
    u32 smi_command;            /* port to switch ACPI on by; 0: it always is */
    u16 pm_timer_port;          /* 0: none */
    bool pm_timer_32bit;
    struct acpi_register pm1a_cnt, pm1b_cnt, reset;
    bool has_reset, hardware_reduced;
    u8 reset_value, century_index;
    bool has_s5;                /* the \_S5 object was found in the DSDT */
    u8 s5_a, s5_b;              /* SLP_TYPa, SLP_TYPb */
};
extern struct acpi_info acpi;

/*
 * Before acpi_init(): the boot loader's copy of the RSDP (at most 64 bytes are kept); believed only with its
 * checksum.
 */
void acpi_offer_rsdp(const void *copy, size_t bytes);
/* Find and read all tables; `rsdp_hint`: physical address from the boot loader, or 0. Says what is missing. */
void acpi_init(paddr_t rsdp_hint);
/* Global system interrupt of ISA interrupt `irq` with its trigger mode and polarity (edge, high unless overridden). */
u32 acpi_isa_gsi(u32 irq, bool *level, bool *active_low);
/* MADT trigger and polarity for `gsi` if an override speaks of it. */
bool acpi_gsi_override(u32 gsi, bool *level, bool *active_low);

/* ---- pure parsers; false: not to be believed. None reads outside [p, p + bytes). ---- */
#define ACPI_HEADER_BYTES 36
/* Header readable, length within `bytes`, sum 0: the table's length, else 0. `signature`: 4 characters or NULL. */
u32 acpi_check_table(const void *p, size_t bytes, const char *signature);
/* RSDP at p: the root table's address, *wide: XSDT (64-bit entries). 0: none. */
paddr_t acpi_parse_rsdp(const void *p, size_t bytes, bool *wide);
/* Entry i of a checked RSDT/XSDT; 0 beyond its end. */
paddr_t acpi_root_entry(const void *root, u32 length, bool wide, unsigned i);
bool acpi_parse_madt(const void *p, u32 length, struct acpi_info *info);
bool acpi_parse_fadt(const void *p, u32 length, struct acpi_info *info);
bool acpi_parse_hpet(const void *p, u32 length, struct acpi_info *info);
bool acpi_parse_mcfg(const void *p, u32 length, struct acpi_info *info);
/* Look for Name(_S5_, Package(){a, b..}) in AML code. */
bool acpi_find_s5(const u8 *aml, size_t bytes, u8 *a, u8 *b);
