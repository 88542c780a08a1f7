/* What domain 0 may learn of the firmware: XENPF_firmware_info. Theory in firmware.c. */
#pragma once
#include "abi/xen.h"

/* Boot: physical address of the EFI system table, as the boot loader gave it (0: BIOS). */
void firmware_set_efi(paddr_t system_table);
/* Fill in the answer. 0, -ESRCH: no such item (ends the caller's list), -ENOSYS, -EINVAL, -EFAULT. */
long firmware_info(xenpf_firmware_info_t *info);
