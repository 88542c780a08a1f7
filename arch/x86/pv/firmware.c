/*
 * What domain 0 may learn of the firmware.
 *
 * On a BIOS machine the interesting calls need real mode, which nobody has gone back to: disks, monitors are answered
 * with "no more" (-ESRCH), keyboard shift state with none. On an EFI machine domain 0 needs the configuration tables,
 * above all to find ACPI: EFI keeps the RSDP nowhere else. Run-time services are not passed on, so domain 0 lives
 * without EFI variables.
 *
 * The system table is the firmware's and read once at boot: it is mapped with bounds and believed only with its
 * signature.
 */
#include "arch/x86/pv/firmware.h"
#include "arch/arch.h"
#include "core/guest.h"
#include "core/reject.h"
#include "lib/print.h"
#include "lib/string.h"

/* UEFI specification 2.10, 4.3, 64-bit layout. */
struct efi_system_table {
    u64 signature;
    u32 revision, header_bytes, crc, reserved;
    u64 vendor;
    u32 vendor_revision, pad;
    u64 console[6];
    u64 runtime_services, boot_services;
    u64 tables_count, tables;
};
_Static_assert(sizeof(struct efi_system_table) == 120, "UEFI 4.3");
#define EFI_SIGNATURE 0x5453595320494249UL

static struct {
    bool present;
    u32 revision, vendor_revision, tables_count;
    u64 tables;
    u16 vendor[64];
} efi;

void firmware_set_efi(paddr_t system_table)
{
    struct efi_system_table t;
    const volatile void *p = system_table ? machine_map_device(system_table, sizeof(t)) : NULL;

    if (!p)
        return;
    memcpy(&t, (const void *)p, sizeof(t));
    if (t.signature != EFI_SIGNATURE || t.tables_count > 1024 || t.tables >> 52 || t.vendor >> 52) {
        log_warn("EFI: no system table at %#lx where the boot loader says; ignored", system_table);
        return;
    }
    efi.present = true;
    efi.revision = t.revision;
    efi.vendor_revision = t.vendor_revision;
    efi.tables = t.tables;
    efi.tables_count = (u32)t.tables_count;
    p = t.vendor ? machine_map_device(t.vendor, sizeof(efi.vendor)) : NULL;
    if (p)
        memcpy(efi.vendor, (const void *)p, sizeof(efi.vendor) - 2);
}

static long vendor(union xenpf_efi_info *e)
{
    u32 chars = 0, room = e->vendor.bufsz / 2;

    e->vendor.revision = efi.vendor_revision;
    while (efi.vendor[chars])
        chars++;
    if (room == 0)
        return 0;
    /* Cut, but always ended. */
    u16 text[ARRAY_SIZE(efi.vendor)] = { 0 };
    chars = min(chars, room - 1);
    memcpy(text, efi.vendor, chars * 2);
    return copy_to_guest(HVA(e->vendor.name), text, (chars + 1) * 2)
        ? reject(-EFAULT, "EFI vendor: the name's buffer is not writable") : 0;
}

static long efi_info(xenpf_firmware_info_t *info)
{
    union xenpf_efi_info *e = &info->u.efi_info;

    if (!efi.present)
        return refuse_quietly(-ENOSYS);     /* how a kernel asks whether there is EFI */
    switch (info->index) {
    case XEN_FW_EFI_VERSION:
    case XEN_FW_EFI_RT_VERSION:
        e->version = efi.revision;
        return 0;
    case XEN_FW_EFI_CONFIG_TABLE:
        e->cfg.addr = efi.tables;
        e->cfg.nent = efi.tables_count;
        return 0;
    case XEN_FW_EFI_VENDOR:
        return vendor(e);
    case XEN_FW_EFI_MEM_INFO:
        return reject(-ENOSYS, "EFI memory descriptors are not kept; the machine's E820 map is (memory_op)");
    case XEN_FW_EFI_PCI_ROM:
    case XEN_FW_EFI_APPLE_PROPERTIES:
        return refuse_quietly(-ENODEV);
    }
    return reject(-EINVAL, "EFI information %u does not exist", info->index);
}

long firmware_info(xenpf_firmware_info_t *info)
{
    switch (info->type) {
    case XEN_FW_DISK_INFO:
    case XEN_FW_DISK_MBR_SIGNATURE:
    case XEN_FW_VBEDDC_INFO:
        return refuse_quietly(-ESRCH);
    case XEN_FW_EFI_INFO:
        return efi_info(info);
    case XEN_FW_KBD_SHIFT_FLAGS:
        if (info->index)
            return refuse_quietly(-ESRCH);
        info->u.kbd_shift_flags = 0;
        return 0;
    }
    return reject(-EINVAL, "firmware information %u does not exist", info->type);
}
