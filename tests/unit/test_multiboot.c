/*
 * What boot loaders hand over: both protocols, the names that some put first, lies about sizes and addresses, random
 * bytes. Physical memory is an array that begins at address 0; an address outside it would fault.
 * Went wrong once: a memory map without an end, a module list at an odd address. Could: a command line that loses its
 * first option because a loader puts no name there.
 * Links: arch/x86/boot/multiboot.c arch/x86/boot/memory_map.c core/build/why.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>
#include "arch/x86/boot/memory_map.h"
#include "arch/x86/boot/multiboot.h"
#include "lib/print.h"

void *phys_ptr(paddr_t pa);

static u8 *ram;                 /* 4 GiB of address space, touched sparsely */
static struct boot_info boot;

void *phys_ptr(paddr_t pa)
{
    assert_true(pa < GiB(4));
    return ram + pa;
}

void log_line(enum log_level level, bool guest, const char *fmt, ...) { (void)level, (void)guest, (void)fmt; }

static void put32(u64 at, u32 v) { memcpy(ram + at, &v, 4); }
static void put64(u64 at, u64 v) { memcpy(ram + at, &v, 8); }
static void text(u64 at, const char *s) { strcpy((char *)ram + at, s); }

#define INFO 0x9000

static void fresh(void)
{
    memset(ram, 0, 0x40000);
    memset(&boot, 0, sizeof(boot));
}

/* As QEMU -kernel does it. */
static void mb1(const char *loader)
{
    fresh();
    put32(INFO, 1 << 2 | 1 << 3 | 1 << 6 | 1 << 9);
    put32(INFO + 16, 0xa000);
    text(0xa000, "serai.elf console=com1 dom0_mem=1G ");
    put32(INFO + 20, 2);
    put32(INFO + 24, 0xb000);
    put32(0xb000, 0x1000000);
    put32(0xb004, 0x1800000);
    put32(0xb008, 0xc000);
    text(0xc000, "vmlinuz console=hvc0");
    put32(0xb010, 0x2000000);
    put32(0xb014, 0x2001000);
    put32(0xb018, 0xc100);
    text(0xc100, "initrd.gz");
    put32(INFO + 44, 48);
    put32(INFO + 48, 0xd000);
    put32(0xd000, 20);
    put64(0xd004, 0);
    put64(0xd00c, 0x9fc00);
    put32(0xd014, 1);
    put32(0xd018, 20);
    put64(0xd01c, 0x100000);
    put64(0xd024, 0x3ff00000);
    put32(0xd02c, 1);
    put32(INFO + 64, 0xe000);
    text(0xe000, loader);
}

static void multiboot1(void **state)
{
    (void)state;
    mb1("qemu");
    assert_null(multiboot_parse(MULTIBOOT1_LOADED, INFO, &boot));
    assert_string_equal(boot.cmdline, "console=com1 dom0_mem=1G ");
    assert_string_equal(boot.dropped_word, "serai.elf");
    assert_int_equal(boot.nr_modules, 2);
    assert_string_equal(boot.module[0].cmdline, "console=hvc0");
    assert_int_equal(boot.module[0].start, 0x1000000);
    assert_int_equal(boot.module[0].bytes, 0x800000);
    assert_string_equal(boot.module[1].cmdline, "");
    assert_int_equal(boot.nr_ranges, 2);
    assert_int_equal(boot.range[1].bytes, 0x3ff00000);
    assert_int_equal(boot.video, BOOT_VIDEO_TEXT);
    mb1("GRUB 2.06");
    assert_null(multiboot_parse(MULTIBOOT1_LOADED, INFO, &boot));
    assert_string_equal(boot.module[0].cmdline, "vmlinuz console=hvc0");
    mb1("GNU GRUB 0.97");
    assert_null(multiboot_parse(MULTIBOOT1_LOADED, INFO, &boot));
    assert_string_equal(boot.module[0].cmdline, "console=hvc0");
}

static void multiboot1_lies(void **state)
{
    (void)state;
    mb1("qemu");
    put32(INFO + 20, 0xffffffff);       /* modules beyond all memory */
    assert_null(multiboot_parse(MULTIBOOT1_LOADED, INFO, &boot));
    assert_int_equal(boot.nr_modules, 0);
    mb1("qemu");
    put32(INFO + 20, 1000);
    assert_null(multiboot_parse(MULTIBOOT1_LOADED, INFO, &boot));
    assert_int_equal(boot.nr_modules, BOOT_MAX_MODULES);
    mb1("qemu");
    put32(0xb004, 0);                   /* ends before it starts */
    assert_null(multiboot_parse(MULTIBOOT1_LOADED, INFO, &boot));
    assert_int_equal(boot.module[0].bytes, 0);
    mb1("qemu");
    put32(0xd000, 0xffffffff);          /* entry size */
    assert_null(multiboot_parse(MULTIBOOT1_LOADED, INFO, &boot));
    assert_int_equal(boot.nr_ranges, 1);
    mb1("qemu");
    put32(INFO, 0);
    assert_non_null(multiboot_parse(MULTIBOOT1_LOADED, INFO, &boot));
    assert_non_null(multiboot_parse(MULTIBOOT1_LOADED, 0, &boot));
    assert_non_null(multiboot_parse(12345, INFO, &boot));
    mb1("qemu");
    memset(ram + 0xa000, 'x', 0x1000);
    ram[0xa003] = ' ';
    assert_null(multiboot_parse(MULTIBOOT1_LOADED, INFO, &boot));
    assert_true(boot.cmdline_truncated);
    assert_int_equal(strlen(boot.cmdline), BOOT_CMDLINE_MAX - 1 - 4);
}

static u64 end;

static void tag(u32 type, const void *body, u32 bytes)
{
    put32(end, type);
    put32(end + 4, 8 + bytes);
    memcpy(ram + end + 8, body, bytes);
    end = (end + 8 + bytes + 7) & ~7UL;
}

static void finish(void)
{
    tag(0, "", 0);
    put32(INFO, (u32)(end - INFO));
}

static void multiboot2(void **state)
{
    u32 module[2] = { 0x1000000, 0x1800000 };
    u8 body[64] = { 0 };
    struct { u32 size, version; u64 start, bytes; u32 type, zero; } map = { 24, 0, 0x100000, 0x1000000, 1, 0 };
    struct { u64 address; u32 pitch, width, height; u8 bpp, type, zero[2], color[6]; } __packed fb = { 0xfd000000, 4096,
        1024, 768, 32, 1, { 0 }, { 16, 8, 8, 8, 0, 8 } };
    (void)state;
    fresh();
    end = INFO + 8;
    tag(1, "loglvl=all", 11);
    tag(2, "GRUB 2.06-13", 13);
    memcpy(body, module, 8);
    strcpy((char *)body + 8, "root=/dev/vda ro");
    tag(3, body, 8 + 17);
    tag(6, &map, 32);
    tag(8, &fb, 30);
    memcpy(body, "RSD PTR ", 8);
    tag(15, body, 36);
    tag(14, body, 20);
    finish();
    assert_null(multiboot_parse(MULTIBOOT2_LOADED, INFO, &boot));
    assert_string_equal(boot.cmdline, "loglvl=all");
    assert_string_equal(boot.module[0].cmdline, "root=/dev/vda ro");
    assert_int_equal(boot.nr_ranges, 1);
    assert_int_equal(boot.rsdp_bytes, 36);
    assert_int_equal(boot.video, BOOT_VIDEO_FRAMEBUFFER);
    assert_int_equal(boot.fb.pitch, 4096);
    assert_int_equal(boot.fb.red_pos, 16);
    assert_int_equal(boot.fb.blue_size, 8);
}

static void multiboot2_efi_map(void **state)
{
    struct { u32 size, version; struct { u32 type, pad; u64 start, virt, pages, attr; } d[2]; } map = { 40, 1,
        { { 7, 0, 0x100000, 0, 256, 0 }, { 10, 0, 0x200000, 0, ~0UL, 0 } } };
    (void)state;
    fresh();
    end = INFO + 8;
    tag(17, &map, sizeof(map));
    tag(12, "\0\0\0\x10\0\0\0\0", 8);
    finish();
    assert_null(multiboot_parse(MULTIBOOT2_LOADED, INFO, &boot));
    assert_int_equal(boot.nr_ranges, 1);
    assert_int_equal(boot.range[0].bytes, MiB(1));
    assert_int_equal(boot.efi_system_table, 0x10000000);
    assert_int_equal(boot.video, BOOT_VIDEO_NONE);
}

/* Loaders without a map say how much there is. */
static void no_map(void **state)
{
    u32 sizes[2] = { 639, 65535 };
    (void)state;
    mb1("qemu");
    put32(INFO, 1 | 1 << 6);
    put32(INFO + 4, 639);
    put32(INFO + 8, 65535);
    put32(INFO + 44, 0);                /* a map of no bytes is none */
    assert_null(multiboot_parse(MULTIBOOT1_LOADED, INFO, &boot));
    assert_int_equal(boot.nr_ranges, 2);
    assert_int_equal(boot.range[1].bytes, KiB(65535));
    fresh();
    end = INFO + 8;
    tag(4, sizes, 8);
    finish();
    assert_null(multiboot_parse(MULTIBOOT2_LOADED, INFO, &boot));
    assert_int_equal(boot.nr_ranges, 2);
    assert_int_equal(boot.range[0].bytes, KiB(639));
}

/* ---- the map tidied ---- */

#define LIMIT 0x50000000000UL

static void map_of(unsigned n, const struct boot_range *r)
{
    memset(&boot, 0, sizeof(boot));
    memcpy(boot.range, r, n * sizeof(*r));
    boot.nr_ranges = n;
    memory_map_tidy(&boot, LIMIT);
}

static void is(unsigned i, u64 start, u64 stop, u32 type)
{
    assert_true(i < boot.nr_ranges);
    assert_int_equal(boot.range[i].start, start);
    assert_int_equal(boot.range[i].start + boot.range[i].bytes, stop);
    assert_int_equal(boot.range[i].type, type);
}

static void tidy(void **state)
{
    (void)state;
    /* Out of order, RAM twice, a device and ACPI tables inside RAM, neighbours. */
    map_of(6, (struct boot_range[]){ { 0x100000, 0x7f00000, 1 }, { 0, 0x9fc00, 1 }, { 0x4000000, 0x8000000, 1 },
        { 0x6000000, 0x100000, 2 }, { 0xa000000, 0x100000, 3 }, { 0x9fc00, 0x400, 2 } });
    assert_int_equal(boot.nr_ranges, 7);
    is(0, 0, 0x9fc00, 1);
    is(1, 0x9fc00, 0xa0000, 2);
    is(2, 0x100000, 0x6000000, 1);
    is(3, 0x6000000, 0x6100000, 2);
    is(4, 0x6100000, 0xa000000, 1);
    is(5, 0xa000000, 0xa100000, 3);
    is(6, 0xa100000, 0xc000000, 1);
    /* Beyond what Serai maps, beyond all addresses, empty, and up to the end of addresses. */
    map_of(5, (struct boot_range[]){ { 0x100000, 0, 1 }, { 0x40000000000, 0x20000000000, 1 },
        { 0x70000000000, 0x1000, 1 }, { 1UL << 60, 0x1000, 1 }, { 0x8000000000000, 0xfff8000000000000, 2 } });
    assert_int_equal(boot.nr_ranges, 4);
    is(0, 0x40000000000, LIMIT, 1);
    is(1, LIMIT, 0x60000000000, 5);
    is(2, 0x70000000000, 0x70000001000, 5);
    is(3, 0x8000000000000, 0x10000000000000, 2);
}

/* Any map: afterwards ascending, apart, and no byte is RAM that somebody calls something else. */
static void tidy_any(void **state)
{
    struct boot_range r[BOOT_MAX_RANGES];
    (void)state;
    srand(8);
    for (unsigned round = 0; round < 300; round++) {
        unsigned n = (unsigned)rand() % (round % 10 ? 12 : BOOT_MAX_RANGES) + 1;
        for (unsigned i = 0; i < n; i++)
            r[i] = (struct boot_range){ (u64)rand() % 64, (u64)rand() % 16 + 1, (u32)rand() % 6 };
        map_of(n, r);
        for (unsigned i = 1; i < boot.nr_ranges; i++)
            assert_true(boot.range[i].start >= boot.range[i - 1].start + boot.range[i - 1].bytes);
        for (u64 at = 0; at < 80; at++) {
            u32 most = 0, now = 0;
            for (unsigned i = 0; i < n; i++)
                most = at - r[i].start < r[i].bytes ? max(most, r[i].type) : most;
            for (unsigned i = 0; i < boot.nr_ranges; i++)
                now = at - boot.range[i].start < boot.range[i].bytes ? boot.range[i].type : now;
            assert_int_equal(now, most);
        }
    }
    /* More pieces than there is room for: cut, but still in order. */
    r[0] = (struct boot_range){ 0, 100000, 1 };
    for (unsigned i = 1; i < BOOT_MAX_RANGES; i++)
        r[i] = (struct boot_range){ i * 16, 8, 2 };
    map_of(BOOT_MAX_RANGES, r);
    assert_int_equal(boot.nr_ranges, BOOT_MAX_RANGES);
}

static bool modules(unsigned n, const struct boot_module *m)
{
    struct why why;
    map_of(3, (struct boot_range[]){ { 0, 0x9f000, 1 }, { 0x100000, 0x3f00000, 1 }, { 0x4000000, 0x100000, 3 } });
    boot.nr_modules = n;
    memcpy(boot.module, m, n * sizeof(*m));
    return modules_check(&boot, 0x200000, 0x400000, &why);
}

static void module_places(void **state)
{
    (void)state;
    assert_true(modules(3, (struct boot_module[]){ { .start = 0x2000000, .bytes = 0x800000 },
        { .start = 0x400000, .bytes = 0x1c00000 }, { .start = 0x5000, .bytes = 3 } }));
    assert_true(modules(2, (struct boot_module[]){ { .start = 0x1000000, .bytes = 0x800000 },
        { .start = 0x1000800 } }));
    assert_true(modules(1, (struct boot_module[]){ { .start = 0xf0000000 } }));
    assert_false(modules(1, (struct boot_module[]){ { .start = 0x3f00000, .bytes = 0x100001 } }));
    assert_false(modules(1, (struct boot_module[]){ { .start = 0xf0000000, .bytes = 1 } }));
    assert_false(modules(1, (struct boot_module[]){ { .start = 0x3fffff, .bytes = 1 } }));
    assert_false(modules(1, (struct boot_module[]){ { .start = 0x100000, .bytes = 0x1000000 } }));
    assert_false(modules(2, (struct boot_module[]){ { .start = 0x1000000, .bytes = 0x800000 },
        { .start = 0x17ff000, .bytes = 0x2000 } }));
    assert_false(modules(2, (struct boot_module[]){ { .start = 0x1000000, .bytes = 0x800000 },
        { .start = 0x1001000, .bytes = 1 } }));
}

static void random_bytes(void **state)
{
    (void)state;
    srand(5);
    for (unsigned round = 0; round < 20000; round++) {
        if (rand() % 2) {
            mb1("qemu");
            for (int i = rand() % 6 + 1; i; i--)
                ram[INFO + (u32)rand() % 120] = (u8)rand();
            put32(0xb000 + (u32)rand() % 8 * 4, (u32)rand() * 3);
            (void)multiboot_parse(MULTIBOOT1_LOADED, INFO, &boot);
        } else {
            multiboot2(NULL);
            memset(&boot, 0, sizeof(boot));
            for (int i = rand() % 6 + 1; i; i--)
                ram[INFO + (u32)rand() % (u32)(end - INFO)] = (u8)rand();
            (void)multiboot_parse(MULTIBOOT2_LOADED, INFO, &boot);
        }
        assert_true(boot.nr_modules <= BOOT_MAX_MODULES && boot.nr_ranges <= BOOT_MAX_RANGES);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(multiboot1), cmocka_unit_test(multiboot1_lies), cmocka_unit_test(multiboot2),
        cmocka_unit_test(multiboot2_efi_map), cmocka_unit_test(no_map), cmocka_unit_test(tidy),
        cmocka_unit_test(tidy_any), cmocka_unit_test(module_places), cmocka_unit_test(random_bytes),
    };
    ram = mmap(NULL, GiB(4) + PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (ram == MAP_FAILED)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
