/*
 * Multiboot 1 and 2 (their specifications, 0.6.96 and 2.0; structures written from the field tables there).
 *
 * The loader is trusted to mean well, not to be free of mistakes: every address must lie below 4 GiB (both protocols
 * promise it, and that is what is mapped now), every count and length is bounded before it is followed, every string is
 * copied with a limit. Everything is copied, so the loader's memory can be reused afterwards, the modules excepted.
 *
 * Command lines: QEMU and GRUB 0.9x put the file's name first, GRUB 2 does not; Xen tells them apart by the loader's
 * name and so do we, for the same boot entries must mean the same.
 */
#include "arch/x86/boot/multiboot.h"
#include "arch/x86/boot/boot.h"
#include "lib/bitops.h"
#include "lib/print.h"
#include "lib/string.h"

#define REACHABLE GiB(4)
#define MAP_BYTES 0x10000u      /* no memory map is larger */

/* ---- shared pieces ---- */

static bool reachable(u64 pa, u64 bytes)
{
    return pa && pa < REACHABLE && bytes <= REACHABLE - pa;
}

/* Copy at most size - 1 characters from physical memory; false if there were more. */
static bool copy_string(char *to, size_t size, u64 pa, u64 limit)
{
    to[0] = '\0';
    if (!reachable(pa, 1))
        return true;
    u64 room = min((u64)size - 1, limit);
    const char *from = phys_ptr(pa);
    size_t n = strnlen(from, min(room, REACHABLE - pa));
    memcpy(to, from, n);
    to[n] = '\0';
    return n < room || room == limit || from[n] == '\0';
}

/* GRUB 2 calls itself "GRUB 2.06"; GRUB legacy "GNU GRUB 0.97". */
static bool loader_is_grub2(const char *name)
{
    const char *grub = strstr(name, "GRUB ");
    return grub && grub[5] >= '1' && grub[5] <= '9';
}

/* Drop leading blanks, and the file name where the loader puts it; a name's beginning is kept in name[size]. */
static void strip_name(char *text, const char *loader_name, char *name, size_t size)
{
    char *p = text;
    while (*p == ' ')
        p++;
    if (!loader_is_grub2(loader_name)) {
        char *first = p;
        while (*p && *p != ' ')
            p++;
        if (name)
            snprintf(name, size, "%.*s", (int)(p - first), first);
        while (*p == ' ')
            p++;
    }
    memmove(text, p, strlen(p) + 1);
}

static void add_range(struct boot_info *boot, u64 start, u64 bytes, u32 type)
{
    if (!bytes || start + bytes < start)
        return;
    if (boot->nr_ranges == BOOT_MAX_RANGES) {
        log_warn("Memory map has more than %u ranges; from %#lx on ignored", BOOT_MAX_RANGES, start);
        return;
    }
    boot->range[boot->nr_ranges++] = (struct boot_range){ start, bytes, type };
}

static void add_module(struct boot_info *boot, u64 start, u64 end, u64 string, u64 string_limit)
{
    if (boot->nr_modules == BOOT_MAX_MODULES) {
        log_warn("More than %u modules; the rest is ignored", BOOT_MAX_MODULES);
        return;
    }
    if (end < start || (end > start && !reachable(start, end - start))) {
        log_warn("Module %u at %#lx-%#lx is out of reach; taken as empty", boot->nr_modules, start, end);
        end = start;
    }
    struct boot_module *m = &boot->module[boot->nr_modules++];
    m->start = start;
    m->bytes = end - start;
    if (!copy_string(m->cmdline, sizeof(m->cmdline), string, string_limit))
        log_warn("Command line of module %u is cut after %zu characters", boot->nr_modules - 1,
                 sizeof(m->cmdline) - 1);
}

/* Once the loader's name is known: what do its strings begin with? */
static void strip_names(struct boot_info *boot)
{
    strip_name(boot->cmdline, boot->loader_name, boot->dropped_word, sizeof(boot->dropped_word));
    for (unsigned i = 0; i < boot->nr_modules; i++)
        strip_name(boot->module[i].cmdline, boot->loader_name, NULL, 0);
}

static void text_mode(struct boot_info *boot)
{
    boot->video = BOOT_VIDEO_TEXT;
    boot->text_columns = 80;
    boot->text_rows = 25;
}

/* KiB of RAM from 0 on and from 1 MiB on: for loaders that have nothing better. */
static void basic_memory(struct boot_info *boot, u32 lower, u32 upper)
{
    log_warn("The boot loader gave no memory map but the sizes of low and high memory, %u and %u KiB", lower, upper);
    add_range(boot, 0, KiB(lower), BOOT_MEM_RAM);
    add_range(boot, MiB(1), KiB(upper), BOOT_MEM_RAM);
}

/* Framebuffer information is laid out alike in both protocols, from its address on. */
struct mb_framebuffer {
    u64 address;
    u32 pitch, width, height;
    u8 bits_per_pixel, type;    /* 0 indexed, 1 RGB, 2 EGA text */
    u8 color[8];                /* multiboot 2 has 2 reserved bytes first */
} __packed;

static void take_framebuffer(struct boot_info *boot, const struct mb_framebuffer *f, const u8 *color)
{
    if (f->type == 2) {
        boot->video = BOOT_VIDEO_TEXT;
        boot->text_columns = (u8)f->width;
        boot->text_rows = (u8)f->height;
    } else if (f->type == 1) {
        boot->video = BOOT_VIDEO_FRAMEBUFFER;
        boot->fb = (struct boot_framebuffer){ f->address, f->pitch, f->width, f->height, f->bits_per_pixel,
            color[0], color[1], color[2], color[3], color[4], color[5] };
    }
}

/* ---- multiboot 1 ---- */

struct mb1_info {
    u32 flags;
    u32 mem_lower, mem_upper;   /* bit 0: KiB below 1 MiB and from 1 MiB on */
    u32 boot_device;
    u32 cmdline;                /* bit 2 */
    u32 mods_count, mods_addr;  /* bit 3 */
    u32 syms[4];
    u32 mmap_length, mmap_addr; /* bit 6 */
    u32 drives[2], config;
    u32 loader_name;            /* bit 9 */
    u32 apm;
    u32 vbe[4];
    struct mb_framebuffer framebuffer; /* bit 12 */
} __packed;

struct mb1_module {
    u32 start, end, string, reserved;
};

struct mb1_mmap {
    u32 size;                   /* of the rest of the entry */
    u64 start, bytes;
    u32 type;
} __packed;

static void mb1_memory(struct boot_info *boot, const struct mb1_info *info)
{
    if (info->flags & BIT(6) && reachable(info->mmap_addr, info->mmap_length)) {
        const u8 *p = phys_ptr(info->mmap_addr);
        u32 left = min(info->mmap_length, MAP_BYTES);
        while (left >= sizeof(struct mb1_mmap)) {
            struct mb1_mmap e;
            memcpy(&e, p, sizeof(e));
            add_range(boot, e.start, e.bytes, e.type);
            if (e.size < sizeof(e) - 4 || e.size > left - 4) {
                log_warn("The memory map's entry for %#lx is damaged, and what follows it lost", e.start);
                break;
            }
            p += e.size + 4;
            left -= e.size + 4;
        }
    }
    if (!boot->nr_ranges && info->flags & BIT(0))
        basic_memory(boot, info->mem_lower, info->mem_upper);
}

static const char *mb1_parse(u64 pa, struct boot_info *boot)
{
    struct mb1_info info;
    if (!reachable(pa, sizeof(info)))
        return "the multiboot information lies out of reach";
    memcpy(&info, phys_ptr(pa), sizeof(info));
    boot->loader = "multiboot";
    if (info.flags & BIT(9))
        copy_string(boot->loader_name, sizeof(boot->loader_name), info.loader_name, REACHABLE);
    if (info.flags & BIT(2))
        boot->cmdline_truncated = !copy_string(boot->cmdline, sizeof(boot->cmdline), info.cmdline, REACHABLE);
    u64 bytes = (u64)info.mods_count * sizeof(struct mb1_module);
    if (info.flags & BIT(3) && reachable(info.mods_addr, bytes)) {
        const u8 *p = phys_ptr(info.mods_addr);
        /* add_module() says when there are too many, once. */
        for (u32 i = 0; i < min(info.mods_count, BOOT_MAX_MODULES + 1u); i++) {
            struct mb1_module m;
            memcpy(&m, p + i * sizeof(m), sizeof(m));
            add_module(boot, m.start, m.end, m.string, REACHABLE);
        }
    }
    mb1_memory(boot, &info);
    text_mode(boot);
    if (info.flags & BIT(12))
        take_framebuffer(boot, &info.framebuffer, info.framebuffer.color);
    return NULL;
}

/* ---- multiboot 2: a list of tags ---- */

enum mb2_tag {
    MB2_END = 0, MB2_CMDLINE = 1, MB2_LOADER = 2, MB2_MODULE = 3, MB2_MEMORY = 4, MB2_MMAP = 6, MB2_FRAMEBUFFER = 8,
    MB2_EFI64 = 12, MB2_RSDP1 = 14, MB2_RSDP2 = 15, MB2_EFI_MMAP = 17
};

struct mb2_header {
    u32 type, size;             /* size includes this header; tags are 8-byte aligned */
};

struct mb2_mmap_entry {
    u64 start, bytes;
    u32 type, reserved;
};

struct efi_descriptor {
    u32 type, pad;
    u64 start, virt, pages, attributes;
};

/* tag: a tag of `size` bytes at physical address pa, all within the information block. */
static void mb2_mmap(struct boot_info *boot, const u8 *tag, u32 size)
{
    u32 entry_size;
    memcpy(&entry_size, tag + 8, 4);
    if (entry_size < sizeof(struct mb2_mmap_entry))
        return;
    for (u32 at = 16; at + entry_size <= min(size, MAP_BYTES) && at + entry_size > at; at += entry_size) {
        struct mb2_mmap_entry e;
        memcpy(&e, tag + at, sizeof(e));
        add_range(boot, e.start, e.bytes, e.type);
    }
}

/* UEFI 2.9, table 7.10: loader and boot-services memory is free once boot services are gone. */
static u32 efi_type(u32 type)
{
    switch (type) {
    case 1: case 2: case 3: case 4: case 7:
        return BOOT_MEM_RAM;
    case 8:
        return BOOT_MEM_UNUSABLE;
    case 9:
        return BOOT_MEM_ACPI;
    case 10:
        return BOOT_MEM_NVS;
    default:
        return BOOT_MEM_RESERVED;
    }
}

static void mb2_efi_mmap(struct boot_info *boot, const u8 *tag, u32 size)
{
    u32 entry_size;
    memcpy(&entry_size, tag + 8, 4);
    if (entry_size < sizeof(struct efi_descriptor))
        return;
    for (u32 at = 16; at + entry_size <= min(size, MAP_BYTES) && at + entry_size > at; at += entry_size) {
        struct efi_descriptor d;
        memcpy(&d, tag + at, sizeof(d));
        add_range(boot, d.start, d.pages > (~0UL >> PAGE_SHIFT) ? 0 : d.pages << PAGE_SHIFT, efi_type(d.type));
    }
}

static void mb2_module(struct boot_info *boot, const u8 *tag, u32 size, u64 pa)
{
    u32 bounds[2];
    memcpy(bounds, tag + 8, sizeof(bounds));
    add_module(boot, bounds[0], bounds[1], pa + 16, size - 16);
}

static void mb2_take(struct boot_info *boot, u32 type, const u8 *tag, u32 size, u64 pa)
{
    switch (type) {
    case MB2_CMDLINE:
        boot->cmdline_truncated = !copy_string(boot->cmdline, sizeof(boot->cmdline), pa + 8, size - 8);
        break;
    case MB2_LOADER:
        copy_string(boot->loader_name, sizeof(boot->loader_name), pa + 8, size - 8);
        break;
    case MB2_MODULE:
        if (size >= 16)
            mb2_module(boot, tag, size, pa);
        break;
    case MB2_MMAP:
        if (size >= 16)
            mb2_mmap(boot, tag, size);
        break;
    case MB2_FRAMEBUFFER:
        if (size >= 8 + 24) {
            struct mb_framebuffer f = { 0 };
            memcpy(&f, tag + 8, min((size_t)size - 8, sizeof(f)));
            take_framebuffer(boot, &f, size >= 8 + 30 ? tag + 32 : (const u8 *)"\0\0\0\0\0");
        }
        break;
    case MB2_EFI64:
        if (size >= 16)
            memcpy(&boot->efi_system_table, tag + 8, 8);
        break;
    case MB2_RSDP1:
    case MB2_RSDP2:
        /* The newer one (with the XSDT) wins, wherever it stands. */
        if (size > 8 && size - 8 > boot->rsdp_bytes) {
            boot->rsdp_bytes = min(size - 8, (u32)sizeof(boot->rsdp_copy));
            memcpy(boot->rsdp_copy, tag + 8, boot->rsdp_bytes);
            boot->rsdp = pa + 8;
        }
        break;
    default:
        break;
    }
}

static const char *mb2_parse(u64 pa, struct boot_info *boot)
{
    u32 total;
    if (!reachable(pa, 8))
        return "the multiboot2 information lies out of reach";
    memcpy(&total, phys_ptr(pa), 4);
    if (total < 16 || !reachable(pa, total))
        return "the multiboot2 information has an impossible size";
    boot->loader = "multiboot2";
    u64 efi_map = 0;
    u32 efi_map_size = 0, basic[2] = { 0 };     /* KiB below 1 MiB and from there on */
    for (u64 at = 8; at + sizeof(struct mb2_header) <= total;) {
        struct mb2_header h;
        memcpy(&h, phys_ptr(pa + at), sizeof(h));
        if (h.type == MB2_END)
            break;
        if (h.size < sizeof(h) || h.size > total - at)
            return "a multiboot2 tag is larger than the information it is in";
        mb2_take(boot, h.type, phys_ptr(pa + at), h.size, pa + at);
        if (h.type == MB2_EFI_MMAP && h.size >= 16) {
            efi_map = pa + at;
            efi_map_size = h.size;
        }
        if (h.type == MB2_MEMORY && h.size >= 16)
            memcpy(basic, phys_ptr(pa + at + 8), sizeof(basic));
        at += round_up((u64)h.size, 8UL);
    }
    if (!boot->nr_ranges && efi_map)
        mb2_efi_mmap(boot, phys_ptr(efi_map), efi_map_size);
    if (!boot->nr_ranges && basic[1])
        basic_memory(boot, basic[0], basic[1]);
    if (boot->video == BOOT_VIDEO_NONE && !boot->efi_system_table)
        text_mode(boot);
    return NULL;
}

const char *multiboot_parse(u32 magic, paddr_t info, struct boot_info *boot)
{
    const char *problem = "not loaded by multiboot 1 or 2";
    if (magic == MULTIBOOT1_LOADED)
        problem = mb1_parse(info, boot);
    else if (magic == MULTIBOOT2_LOADED)
        problem = mb2_parse(info, boot);
    if (problem)
        return problem;
    strip_names(boot);
    return boot->nr_ranges ? NULL : "the boot loader gave no memory map";
}
