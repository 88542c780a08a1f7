/*
 * What the boot loader told us, in one machine-neutral form. arch/<machine>/boot fills it; from then on nobody looks at
 * a loader's own structures again. Strings are copies, bounded and NUL-terminated; ranges and modules are as the
 * loader said and have been checked only for wrap-around and count.
 */
#pragma once
#include "lib/types.h"

#define BOOT_CMDLINE_MAX 2048
#define BOOT_MODULE_CMDLINE_MAX 1024    /* MAX_GUEST_CMDLINE, public header xen.h */
#define BOOT_MAX_RANGES 256
#define BOOT_MAX_MODULES 8

/* Types of memory, numbered as the firmware does (ACPI 6.4, table 15.4). */
enum boot_memory {
    BOOT_MEM_RAM = 1,
    BOOT_MEM_RESERVED = 2,
    BOOT_MEM_ACPI = 3,
    BOOT_MEM_NVS = 4,
    BOOT_MEM_UNUSABLE = 5,
};

struct boot_range {
    paddr_t start;
    u64 bytes;
    u32 type;                           /* enum boot_memory */
};

struct boot_module {
    paddr_t start;
    u64 bytes;
    char cmdline[BOOT_MODULE_CMDLINE_MAX]; /* without the leading file name */
};

/* A linear framebuffer, as VBE, GOP or the loader describe it. */
struct boot_framebuffer {
    paddr_t base;
    u32 pitch, width, height;           /* bytes per line; pixels */
    u8 bits_per_pixel;
    u8 red_pos, red_size, green_pos, green_size, blue_pos, blue_size;
};

enum boot_video { BOOT_VIDEO_NONE, BOOT_VIDEO_TEXT, BOOT_VIDEO_FRAMEBUFFER };

struct boot_info {
    const char *loader;                 /* "multiboot", "multiboot2" */
    char loader_name[64];               /* what it calls itself, may be empty */
    char cmdline[BOOT_CMDLINE_MAX];     /* Serai's own, without the leading file name */
    bool cmdline_truncated;
    char dropped_word[64];              /* the file name in front of it, where the loader is thought to put one */

    unsigned nr_ranges;
    struct boot_range range[BOOT_MAX_RANGES];

    /* Module 0: domain 0's kernel; module 1: its initrd. Their RAM is not the heap's until build_dom0() gives it. */
    unsigned nr_modules;
    struct boot_module module[BOOT_MAX_MODULES];

    paddr_t rsdp;                       /* 0: search for it */
    char rsdp_copy[36];                 /* the loader's copy of the RSDP (multiboot 2), if rsdp_bytes */
    u32 rsdp_bytes;
    paddr_t efi_system_table;           /* 0: not booted by EFI */

    enum boot_video video;
    u8 text_columns, text_rows;         /* BOOT_VIDEO_TEXT */
    struct boot_framebuffer fb;         /* BOOT_VIDEO_FRAMEBUFFER */
};

/*
 * Build domain 0 from module 0 (kernel) and 1 (initrd), unpause it and give the modules' memory to the heap. Boot CPU,
 * all CPUs up, no locks. Bad input: says what was found, needed and to be done, then stops the machine.
 */
void build_dom0(const struct boot_info *boot);
