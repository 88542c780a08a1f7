/*
 * ACPI tables: any bytes as any table. Reads outside are the sanitizer's; counts must stay within the arrays.
 * Links: arch/x86/acpi_tables.c
 */
#include <stdlib.h>
#include <string.h>
#include "arch/x86/acpi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct acpi_info info;
    bool wide;
    u8 a, b, kind = size ? data[0] : 0;
    size_t n = size ? size - 1 : 0;
    u8 *t = malloc(n ? n : 1);

    memcpy(t, data + 1, n);
    memset(&info, 0, sizeof(info));
    if ((kind & 8) && n >= ACPI_HEADER_BYTES) {     /* a header that is right, so that what follows is looked at */
        u32 length = (u32)n;
        u8 sum = 0;
        memcpy(t + 4, &length, 4);
        t[9] = 0;
        for (size_t i = 0; i < n; i++)
            sum = (u8)(sum + t[i]);
        t[9] = (u8)-sum;
    }
    acpi_parse_rsdp(t, n, &wide);
    acpi_find_s5(t, n, &a, &b);
    u32 length = acpi_check_table(t, n, NULL);
    if (length) {
        for (unsigned i = 0; i < 64; i++)
            acpi_root_entry(t, length, kind & 16, i);
        switch (kind & 3) {
        case 0: acpi_parse_madt(t, length, &info); break;
        case 1: acpi_parse_fadt(t, length, &info); break;
        case 2: acpi_parse_hpet(t, length, &info); break;
        case 3: acpi_parse_mcfg(t, length, &info); break;
        }
    }
    if (info.cpus > ACPI_MAX_CPUS || info.ioapics > ACPI_MAX_IOAPICS || info.overrides > ACPI_MAX_OVERRIDES ||
        info.nmis > ACPI_MAX_NMIS || info.mcfgs > ACPI_MAX_MCFG)
        abort();
    free(t);
    return 0;
}
