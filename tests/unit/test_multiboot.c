/*
 * What boot loaders hand over: both protocols, the names that some put first, lies about sizes and addresses, random
 * bytes. Physical memory is an array that begins at address 0; an address outside it would fault.
 * Went wrong once: a memory map without an end, a module list at an odd address. Could: a command line that loses its
 * first option because a loader puts no name there.
 * Links: arch/x86/boot/multiboot.c core/build/why.c
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
        cmocka_unit_test(multiboot2_efi_map), cmocka_unit_test(random_bytes),
    };
    ram = mmap(NULL, GiB(4) + PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (ram == MAP_FAILED)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
