/*
 * Reading ACPI tables without trusting them.
 *
 * Problem: firmware tables are input from outside, and a wrong length must not make Serai read or loop beyond a table.
 * Invariant: every field is fetched by get(), which answers 0 for bytes outside the table, and every walk
 * advances by at least the size of an entry header.
 *
 * Imprecise on purpose: entries of unknown type are skipped, as the specification asks; more entries than Serai
 * has room for are counted and dropped. \_S5 is found by its bytes, not by interpreting AML: Serai has no
 * interpreter, the object is a constant package on every machine seen, and a miss only means that power-off
 * waits for domain 0 to say the values.
 */
#include "arch/x86/acpi.h"
#include "lib/string.h"

/* Little-endian field of `width` bytes at `offset`; 0 when it does not lie within the table. */
static u64 get(const void *table, u32 length, u32 offset, unsigned width)
{
    u64 v = 0;

    if (offset > length || width > length - offset)
        return 0;
    memcpy(&v, (const u8 *)table + offset, width);
    return v;
}

static bool sum_is_zero(const void *p, size_t bytes)
{
    const u8 *b = p;
    u8 sum = 0;

    while (bytes--)
        sum = (u8)(sum + *b++);
    return sum == 0;
}

u32 acpi_check_table(const void *p, size_t bytes, const char *signature)
{
    u32 length;

    if (bytes < ACPI_HEADER_BYTES || (signature && memcmp(p, signature, 4) != 0))
        return 0;
    length = (u32)get(p, ACPI_HEADER_BYTES, 4, 4);
    if (length < ACPI_HEADER_BYTES || length > bytes)
        return 0;
    return sum_is_zero(p, length) ? length : 0;
}

paddr_t acpi_parse_rsdp(const void *p, size_t bytes, bool *wide)
{
    *wide = false;
    if (bytes < 20 || memcmp(p, "RSD PTR ", 8) != 0 || !sum_is_zero(p, 20))
        return 0;
    /* Revision 2 has a longer structure with its own sum; when that is damaged the old half still holds. */
    if (get(p, 20, 15, 1) >= 2 && bytes >= 36) {
        u64 length = get(p, 36, 20, 4), xsdt = get(p, 36, 24, 8);
        if (length >= 33 && length <= bytes && sum_is_zero(p, length) && xsdt) {
            *wide = true;
            return xsdt;
        }
    }
    return get(p, 20, 16, 4);
}

paddr_t acpi_root_entry(const void *root, u32 length, bool wide, unsigned i)
{
    unsigned width = wide ? 8 : 4;

    if (i >= (length - ACPI_HEADER_BYTES) / width)
        return 0;
    return get(root, length, ACPI_HEADER_BYTES + i * width, width);
}

/* MADT interrupt flags (5.2.12.5): 0 means "as the bus does", which is edge, active high for ISA. */
static bool flags_active_low(u64 flags) { return (flags & 3) == 3; }
static bool flags_level(u64 flags) { return (flags >> 2 & 3) == 3; }

static void add_cpu(struct acpi_info *info, u32 apic_id, u32 acpi_id, u64 flags)
{
    if (!(flags & 1) || apic_id == ~0u)     /* bit 0: enabled */
        return;
    for (unsigned i = 0; i < info->cpus; i++)
        if (info->cpu[i].apic_id == apic_id)
            return;     /* one CPU in both entry kinds */
    if (info->cpus == ACPI_MAX_CPUS)
        info->cpus_dropped++;
    else
        info->cpu[info->cpus++] = (struct acpi_cpu){ apic_id, acpi_id };
}

static void add_ioapic(struct acpi_info *info, const u8 *e, u32 n)
{
    if (info->ioapics < ACPI_MAX_IOAPICS && get(e, n, 4, 4))
        info->ioapic[info->ioapics++] = (struct acpi_ioapic){ (u32)get(e, n, 2, 1), (u32)get(e, n, 8, 4),
                                                             get(e, n, 4, 4) };
}

static void add_override(struct acpi_info *info, const u8 *e, u32 n)
{
    u64 flags = get(e, n, 8, 2), irq = get(e, n, 3, 1);

    if (get(e, n, 2, 1) == 0 && irq < 16 && info->overrides < ACPI_MAX_OVERRIDES)
        info->override[info->overrides++] = (struct acpi_override){ (u8)irq, flags_level(flags),
                                                                   flags_active_low(flags), (u32)get(e, n, 4, 4) };
}

static void add_nmi(struct acpi_info *info, u32 acpi_id, u64 flags, u64 lint)
{
    if (info->nmis < ACPI_MAX_NMIS && lint < 2)
        info->nmi[info->nmis++] = (struct acpi_nmi){ acpi_id, (u8)lint, flags_active_low(flags), flags_level(flags) };
}

static void parse_madt_entry(struct acpi_info *info, const u8 *e, u32 n)
{
    u32 id;

    switch (e[0]) {
    case 0:     /* local APIC */
        id = (u32)get(e, n, 3, 1);
        add_cpu(info, id == 0xff ? ~0u : id, (u32)get(e, n, 2, 1), get(e, n, 4, 4));
        break;
    case 1:
        add_ioapic(info, e, n);
        break;
    case 2:
        add_override(info, e, n);
        break;
    case 4:     /* local APIC NMI */
        id = (u32)get(e, n, 2, 1);
        add_nmi(info, id == 0xff ? ~0u : id, get(e, n, 3, 2), get(e, n, 5, 1));
        break;
    case 5:     /* local APIC address override */
        if (get(e, n, 4, 8))
            info->lapic_base = get(e, n, 4, 8);
        break;
    case 9:     /* local x2APIC */
        add_cpu(info, (u32)get(e, n, 4, 4), (u32)get(e, n, 12, 4), get(e, n, 8, 4));
        break;
    case 10:    /* local x2APIC NMI */
        add_nmi(info, (u32)get(e, n, 4, 4), get(e, n, 2, 2), get(e, n, 8, 1));
        break;
    }
}

bool acpi_parse_madt(const void *p, u32 length, struct acpi_info *info)
{
    const u8 *t = p;

    if (length < 44)
        return false;
    info->lapic_base = get(t, length, 36, 4);
    info->has_8259 = get(t, length, 40, 4) & 1;
    for (u32 at = 44; at + 2 <= length;) {
        u32 n = t[at + 1];
        if (n < 2 || n > length - at)
            return false;       /* what was read so far stays */
        parse_madt_entry(info, t + at, n);
        at += n;
    }
    return true;
}

static struct acpi_register get_register(const void *t, u32 length, u32 offset)
{
    return (struct acpi_register){ (u8)get(t, length, offset, 1), (u8)get(t, length, offset + 1, 1),
                                   (u8)get(t, length, offset + 2, 1), (u8)get(t, length, offset + 3, 1),
                                   get(t, length, offset + 4, 8) };
}

/* The extended field if the table has it and it is set, else the legacy I/O port. */
static struct acpi_register get_block(const void *t, u32 length, u32 extended, u32 legacy)
{
    struct acpi_register r = get_register(t, length, extended);

    if (r.address == 0)
        r = (struct acpi_register){ ACPI_SPACE_IO, 16, 0, 2, get(t, length, legacy, 4) };
    return r;
}

bool acpi_parse_fadt(const void *p, u32 length, struct acpi_info *info)
{
    u32 flags;
    struct acpi_register timer;

    if (length < 116)   /* ACPI 1.0 */
        return false;
    flags = (u32)get(p, length, 112, 4);
    info->dsdt = get(p, length, 140, 8) ?: get(p, length, 40, 4);
    info->sci_irq = (u16)get(p, length, 46, 2);
    info->smi_command = (u32)get(p, length, 48, 4);
    info->pm1a_cnt = get_block(p, length, 172, 64);
    info->pm1b_cnt = get_block(p, length, 184, 68);
    info->century_index = (u8)get(p, length, 108, 1);
    info->hardware_reduced = flags & (1u << 20);
    info->pm_timer_32bit = flags & (1u << 8);
    timer = get_block(p, length, 208, 76);
    if (get(p, length, 91, 1) == 4 && timer.space == ACPI_SPACE_IO && timer.address < 0xfffd)
        info->pm_timer_port = (u16)timer.address;
    info->reset = get_register(p, length, 116);
    info->reset_value = (u8)get(p, length, 128, 1);
    info->has_reset = (flags & (1u << 10)) && info->reset.address;
    return true;
}

bool acpi_parse_hpet(const void *p, u32 length, struct acpi_info *info)
{
    struct acpi_register r;

    if (length < 56)
        return false;
    r = get_register(p, length, 40);
    if (r.space != ACPI_SPACE_MEMORY || r.address == 0 || (r.address & 7))
        return false;
    info->hpet_base = r.address;
    return true;
}

bool acpi_parse_mcfg(const void *p, u32 length, struct acpi_info *info)
{
    for (u32 at = 44; at + 16 <= length; at += 16) {
        struct acpi_mcfg m = { get(p, length, at, 8), (u16)get(p, length, at + 8, 2), (u8)get(p, length, at + 10, 1),
                               (u8)get(p, length, at + 11, 1) };
        if (m.base == 0 || (m.base & (MiB(1) - 1)) || m.last_bus < m.first_bus || info->mcfgs == ACPI_MAX_MCFG)
            continue;
        info->mcfg[info->mcfgs++] = m;
    }
    return length >= 44;
}

/* An AML integer constant of at most a byte: Zero, One or BytePrefix; its length, 0 if it is something else. */
static unsigned aml_byte(const u8 *p, size_t bytes, u8 *v)
{
    if (bytes >= 1 && p[0] <= 1) {
        *v = p[0];
        return 1;
    }
    if (bytes >= 2 && p[0] == 0x0a) {
        *v = p[1];
        return 2;
    }
    return 0;
}

bool acpi_find_s5(const u8 *aml, size_t bytes, u8 *a, u8 *b)
{
    for (size_t i = 1; i + 8 <= bytes; i++) {
        const u8 *p = aml + i;
        size_t left = bytes - i, at;
        unsigned n;

        if (memcmp(p, "_S5_", 4) != 0 || p[4] != 0x12)      /* PackageOp */
            continue;
        if (p[-1] != 0x08 && !(p[-1] == '\\' && i >= 2 && p[-2] == 0x08))   /* NameOp, perhaps with a root prefix */
            continue;
        at = 5 + 1 + (p[5] >> 6) + 1;   /* PkgLength: the top bits count its further bytes; then NumElements */
        if (at > left || (n = aml_byte(p + at, left - at, a)) == 0)
            continue;
        at += n;
        if (aml_byte(p + at, left - at, b) == 0)
            *b = *a;
        return true;
    }
    return false;
}
