/*
 * Finding the ACPI tables. The parsing, and what is believed of them, is in acpi_tables.c.
 *
 * A table is mapped twice: its header, to learn the length, then the whole. Without ACPI the defaults of a PC are
 * filled in (one CPU, one IOAPIC at the address every PC has used, ISA interrupts one to one) and acpi.present stays
 * false, which start.c does not accept.
 */
#include "arch/x86/acpi.h"
#include "arch/arch.h"
#include "lib/print.h"
#include "lib/string.h"

struct acpi_info acpi;

#define MAX_TABLE_BYTES MiB(4)      /* larger ones exist nowhere; a wild length must not eat the device window */
#define DEFAULT_LAPIC 0xfee00000UL
#define DEFAULT_IOAPIC 0xfec00000UL

static const void *map(paddr_t pa, size_t bytes)
{
    u64 offset = pa & (PAGE_SIZE - 1);
    const volatile char *va;

    if (pa == 0 || pa + bytes < pa || (pa + bytes) >> 52)
        return NULL;
    va = machine_map_device(pa - offset, round_up(offset + bytes, PAGE_SIZE));
    return va ? (const void *)(u64)(va + offset) : NULL;
}

/* Map and verify a table; NULL with a message. `signature` NULL: any. */
static const void *get_table(paddr_t pa, const char *signature, u32 *length)
{
    const void *header = map(pa, ACPI_HEADER_BYTES), *table;
    u32 bytes;

    if (!header)
        log_warn("ACPI: no table can be at %#lx; ignored", pa);
    if (!header || (signature && memcmp(header, signature, 4) != 0))
        return NULL;
    memcpy(&bytes, (const char *)header + 4, 4);
    if (bytes < ACPI_HEADER_BYTES || bytes > MAX_TABLE_BYTES) {
        log_warn("ACPI: table '%.4s' at %#lx has length %u; ignored", (const char *)header, pa, bytes);
        return NULL;
    }
    table = map(pa, bytes);
    *length = table ? acpi_check_table(table, bytes, signature) : 0;
    if (*length == 0) {
        log_warn("ACPI: table '%.4s' at %#lx has a wrong checksum; ignored", (const char *)header, pa);
        return NULL;
    }
    return table;
}

static paddr_t scan(paddr_t start, size_t bytes)
{
    const u8 *p = map(start, bytes);
    bool wide;

    for (size_t i = 0; p && i + 20 <= bytes; i += 16)
        if (memcmp(p + i, "RSD PTR ", 8) == 0 && acpi_parse_rsdp(p + i, bytes - i, &wide))
            return start + i;
    return 0;
}

/* 5.2.5.1: the first KiB of the extended BIOS data area, then the BIOS read-only memory. */
static paddr_t find_rsdp(paddr_t hint)
{
    const u8 *page0;
    paddr_t found = 0;
    u16 ebda;
    bool wide;

    if (hint) {
        const void *p = map(hint, 36);
        if (p && acpi_parse_rsdp(p, 36, &wide))
            return hint;
        log_warn("ACPI: no RSDP at %#lx where the boot loader says; searching", hint);
    }
    page0 = map(0x400, 0x100);
    if (page0) {
        memcpy(&ebda, page0 + 0x0e, 2);
        if (ebda >= 0x6000 && ebda < 0xa000)
            found = scan((paddr_t)ebda << 4, 1024);
    }
    return found ?: scan(0xe0000, 0x20000);
}

static u8 offered[64];
static size_t offered_bytes;

void acpi_offer_rsdp(const void *copy, size_t bytes)
{
    offered_bytes = min(bytes, sizeof(offered));
    memcpy(offered, copy, offered_bytes);
}

static void read_table(paddr_t pa)
{
    u32 length;
    const void *t = get_table(pa, NULL, &length);
    bool ok = true;

    if (!t)
        return;
    if (memcmp(t, "APIC", 4) == 0 && !acpi.has_madt)
        acpi.has_madt = ok = acpi_parse_madt(t, length, &acpi);
    else if (memcmp(t, "FACP", 4) == 0 && !acpi.has_fadt)
        acpi.has_fadt = ok = acpi_parse_fadt(t, length, &acpi);
    else if (memcmp(t, "HPET", 4) == 0 && !acpi.hpet_base)
        ok = acpi_parse_hpet(t, length, &acpi);
    else if (memcmp(t, "MCFG", 4) == 0 && !acpi.mcfgs)
        ok = acpi_parse_mcfg(t, length, &acpi);
    if (!ok)
        log_warn("ACPI: table '%.4s' is damaged; only its first entries are used", (const char *)t);
}

static void read_all(const void *p, size_t bytes)
{
    const void *root;
    bool wide = false;
    u32 length;
    paddr_t at = p ? acpi_parse_rsdp(p, bytes, &wide) : 0;

    root = at ? get_table(at, wide ? "XSDT" : "RSDT", &length) : NULL;
    if (!root && at && wide) {      /* a damaged XSDT: the RSDT says nearly the same */
        u32 rsdt;
        memcpy(&rsdt, (const char *)p + 16, 4);
        wide = false;
        root = get_table(rsdt, "RSDT", &length);
    }
    if (!root)
        return;
    acpi.present = true;
    for (unsigned i = 0; i < (length - ACPI_HEADER_BYTES) / 4; i++) {
        paddr_t entry = acpi_root_entry(root, length, wide, i);
        if (entry)
            read_table(entry);
    }
}

/* What a PC without tables may be assumed to have. */
static void assume_legacy(void)
{
    if (!acpi.has_madt) {
        acpi.has_8259 = true;
        acpi.override[0] = (struct acpi_override){ 0, false, false, 2 };
        acpi.overrides = 1;
    }
    if (acpi.lapic_base == 0)
        acpi.lapic_base = DEFAULT_LAPIC;
    if (acpi.ioapics == 0) {
        acpi.ioapic[0] = (struct acpi_ioapic){ 0, 0, DEFAULT_IOAPIC };
        acpi.ioapics = 1;
    }
}

void acpi_init(paddr_t rsdp_hint)
{
    u32 length;
    const void *dsdt;

    read_all(offered, offered_bytes);
    if (!acpi.present && (acpi.rsdp = find_rsdp(rsdp_hint)) != 0)
        read_all(map(acpi.rsdp, 36), 36);
    if (!acpi.present)
        log_warn("ACPI: no usable tables found: one CPU, legacy interrupts, no power-off. "
                 "Is ACPI switched off in the firmware?");
    else if (!acpi.has_madt)
        log_warn("ACPI: no interrupt table (MADT): one CPU, legacy interrupts");
    if (acpi.cpus_dropped)
        log_warn("ACPI: %u CPUs beyond the first %u are not used", acpi.cpus_dropped, acpi.cpus);
    assume_legacy();
    dsdt = acpi.dsdt ? get_table(acpi.dsdt, "DSDT", &length) : NULL;
    if (dsdt)
        acpi.has_s5 = acpi_find_s5(dsdt, length, &acpi.s5_a, &acpi.s5_b);
    if (acpi.present)
        log_info("ACPI: %u CPUs, %u IOAPICs, HPET %s, PM timer %s, MMCFG %u, reset register %s", acpi.cpus,
                 acpi.ioapics, acpi.hpet_base ? "yes" : "no", acpi.pm_timer_port ? "yes" : "no", acpi.mcfgs,
                 acpi.has_reset ? "yes" : "no");
}

u32 acpi_isa_gsi(u32 irq, bool *level, bool *active_low)
{
    *level = *active_low = false;
    for (unsigned i = 0; i < acpi.overrides; i++)
        if (acpi.override[i].irq == irq) {
            *level = acpi.override[i].level;
            *active_low = acpi.override[i].active_low;
            return acpi.override[i].gsi;
        }
    return irq;
}

bool acpi_gsi_override(u32 gsi, bool *level, bool *active_low)
{
    for (unsigned i = 0; i < acpi.overrides; i++)
        if (acpi.override[i].gsi == gsi) {
            *level = acpi.override[i].level;
            *active_low = acpi.override[i].active_low;
            return true;
        }
    return false;
}
