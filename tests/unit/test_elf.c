/*
 * The ELF reader: a good kernel, each rule broken once, and good kernels with random bytes changed (the sanitizers
 * watch). What is accepted must be safe to copy. bzImage headers the same way.
 * Could go wrong: offset plus size that wraps, a note longer than its segment, segments that overlap in the copy.
 * Links: core/build/elf.c core/build/bzimage.c core/build/why.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <elf.h>
#include "abi/xen.h"
#include "core/build/bzimage.h"
#include "core/build/elf.h"

#define PHDRS 4
#define NOTES_AT 1024
#define DATA_AT 4096

/* A kernel like Linux's, small: two segments to load, one of them with virtual address 0, and notes. */
struct file {
    Elf64_Ehdr h;
    Elf64_Phdr p[PHDRS];
    u8 room[NOTES_AT - sizeof(Elf64_Ehdr) - PHDRS * sizeof(Elf64_Phdr)];
    u8 notes[DATA_AT - NOTES_AT];
    u8 data[8192];
};

static u32 notes_bytes;

static void note(struct file *f, u32 type, const void *desc, u32 bytes)
{
    Elf64_Nhdr n = { 4, bytes, type };
    u8 *p = f->notes + notes_bytes;
    memcpy(p, &n, sizeof(n));
    memcpy(p + sizeof(n), "Xen", 4);
    memcpy(p + sizeof(n) + 4, desc, bytes);
    notes_bytes += (u32)sizeof(n) + 4 + ((bytes + 3) & ~3u);
}

static void number(struct file *f, u32 type, u64 value) { note(f, type, &value, 8); }

static struct file *good(void)
{
    static struct file f;
    memset(&f, 0, sizeof(f));
    memcpy(f.h.e_ident, ELFMAG, SELFMAG);
    f.h.e_ident[EI_CLASS] = ELFCLASS64;
    f.h.e_ident[EI_DATA] = ELFDATA2LSB;
    f.h.e_type = ET_EXEC;
    f.h.e_machine = EM_X86_64;
    f.h.e_phoff = offsetof(struct file, p);
    f.h.e_phentsize = sizeof(Elf64_Phdr);
    f.h.e_phnum = PHDRS;
    f.h.e_entry = 0x1000000;
    f.p[0] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_offset = DATA_AT, .p_vaddr = 0xffffffff81000000, .p_paddr = 0x1000000,
        .p_filesz = 4096, .p_memsz = 8192 };
    f.p[1] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_offset = DATA_AT + 4096, .p_vaddr = 0, .p_paddr = 0x1002000,
        .p_filesz = 4000, .p_memsz = 4000 };
    notes_bytes = 0;
    note(&f, XEN_ELFNOTE_GUEST_OS, "linux", 6);
    note(&f, XEN_ELFNOTE_XEN_VERSION, "xen-3.0", 8);
    note(&f, XEN_ELFNOTE_FEATURES, "!writable_page_tables|pae_pgdir_above_4gb", 41);
    number(&f, XEN_ELFNOTE_VIRT_BASE, 0xffffffff80000000);
    number(&f, XEN_ELFNOTE_ENTRY, 0xffffffff81000100);
    u64 l1[2] = { 1, 1 };
    note(&f, XEN_ELFNOTE_L1_MFN_VALID, l1, 16);
    u32 supported = 0x8801;
    note(&f, XEN_ELFNOTE_SUPPORTED_FEATURES, &supported, 4);
    f.p[2] = (Elf64_Phdr){ .p_type = PT_NOTE, .p_offset = NOTES_AT, .p_filesz = notes_bytes };
    f.p[3] = (Elf64_Phdr){ .p_type = PT_GNU_STACK };
    return &f;
}

static struct why why;

static bool parse(struct elf *e, const struct file *f) { return elf_parse(e, f, sizeof(*f), &why); }

static void a_kernel(void **state)
{
    struct elf e;
    (void)state;
    assert_true(parse(&e, good()));
    assert_int_equal(e.nr_segments, 2);
    assert_int_equal(e.paddr_start, 0x1000000);
    assert_int_equal(e.paddr_end, 0x1002000 + 4000);
    assert_string_equal(e.notes.guest_os, "linux");
    assert_string_equal(e.notes.xen_version, "xen-3.0");
    assert_int_equal(e.notes.number[XEN_ELFNOTE_ENTRY], 0xffffffff81000100);
    assert_int_equal(e.notes.required, 1 << XENFEAT_writable_page_tables);
    assert_int_equal(e.notes.supported, 0x8801 | 1 << XENFEAT_pae_pgdir_above_4gb);
    assert_int_equal(e.notes.l1_mask, 1);
    assert_false(elf_has_note(&e, XEN_ELFNOTE_HYPERCALL_PAGE));
}

/* Notes in a section only. */
static void notes_in_sections(void **state)
{
    struct elf e;
    struct file *f = good();
    Elf64_Shdr s = { .sh_type = SHT_NOTE, .sh_offset = NOTES_AT, .sh_size = notes_bytes };
    (void)state;
    f->p[2].p_type = PT_NULL;
    f->h.e_shoff = offsetof(struct file, room);
    f->h.e_shentsize = sizeof(s);
    f->h.e_shnum = 1;
    memcpy(f->room, &s, sizeof(s));
    assert_true(parse(&e, f));
    assert_string_equal(e.notes.guest_os, "linux");
    f->h.e_shoff = ~0UL - 3;    /* a wild section table is no section table */
    assert_true(parse(&e, f));
    assert_int_equal(e.notes.present, 0);
}

/* Tables that name the same notes over and over, and a list of features without end, cost a message and no time. */
static void endless_notes(void **state)
{
    struct elf e;
    u64 size = sizeof(struct file) + 5000 * sizeof(Elf64_Phdr);
    struct file *f = calloc(1, size);
    Elf64_Phdr *p = (Elf64_Phdr *)(f + 1);
    (void)state;
    memcpy(f, good(), sizeof(*f));
    f->h.e_phoff = sizeof(*f);
    f->h.e_phnum = 5000;
    for (unsigned i = 0; i < 5000; i++)
        p[i] = f->p[i < 2 ? i : 2];
    assert_false(elf_parse(&e, f, size, &why));
    assert_non_null(strstr(why.text, "more than"));
    f->h.e_phnum = 100;
    assert_true(elf_parse(&e, f, size, &why));
    free(f);
    static struct { Elf64_Nhdr n; char name[4], text[ELF_FEATURES_BYTES + 4]; } long_one = { .name = "Xen" };
    f = calloc(1, sizeof(*f) + sizeof(long_one));
    memcpy(f, good(), sizeof(*f));
    memset(long_one.text, '|', sizeof(long_one.text));
    long_one.n = (Elf64_Nhdr){ 4, sizeof(long_one.text), XEN_ELFNOTE_FEATURES };
    memcpy(f + 1, &long_one, sizeof(long_one));
    f->p[3] = (Elf64_Phdr){ .p_type = PT_NOTE, .p_offset = sizeof(*f), .p_filesz = sizeof(long_one) };
    assert_false(elf_parse(&e, f, sizeof(*f) + sizeof(long_one), &why));
    assert_non_null(strstr(why.text, "FEATURES"));
    free(f);
}

#define BROKEN(what) \
    do { \
        struct elf broken; \
        struct file *f = good(); \
        what; \
        why.text[0] = '\0'; \
        assert_false(parse(&broken, f)); \
        assert_int_not_equal(why.text[0], 0); \
    } while (0)

static void broken_rules(void **state)
{
    (void)state;
    BROKEN(f->h.e_ident[0] = 0);
    BROKEN(f->h.e_ident[EI_CLASS] = ELFCLASS32);
    BROKEN(f->h.e_machine = EM_386);
    BROKEN(f->h.e_type = ET_REL);
    BROKEN(f->h.e_phnum = 0);
    BROKEN(f->h.e_phnum = 0xffff);
    BROKEN(f->h.e_phoff = ~0UL);
    BROKEN(f->h.e_phoff = sizeof(*f) - 8);
    BROKEN(f->h.e_phentsize = 8);
    BROKEN(f->p[0].p_offset = ~0UL);
    BROKEN(f->p[0].p_filesz = ~0UL);
    BROKEN(f->p[0].p_offset = sizeof(*f) - 4095);
    BROKEN(f->p[0].p_filesz = 8192; f->p[0].p_memsz = 4096);
    BROKEN(f->p[0].p_paddr = ~0UL - 10);
    BROKEN(f->p[0].p_paddr = 0x1001000);            /* overlaps the other */
    BROKEN(f->p[0].p_memsz = 1UL << 40);
    BROKEN(f->p[1].p_paddr = 1UL << 40);            /* span */
    BROKEN(f->p[0].p_type = f->p[1].p_type = PT_NULL);
    BROKEN(f->p[2].p_offset = ~0UL);
    BROKEN(f->p[2].p_filesz = sizeof(*f));
    BROKEN(((Elf64_Nhdr *)f->notes)->n_descsz = 0xfffffffc);
    BROKEN(((Elf64_Nhdr *)f->notes)->n_namesz = 0xffffffff);
    BROKEN(memcpy(f->notes + 16, "\0\0\0\0", 4); notes_bytes = 0; note(f, XEN_ELFNOTE_ENTRY, "abc", 3));
    BROKEN(notes_bytes = 0; note(f, XEN_ELFNOTE_FEATURES, "!time_travel", 12));
    BROKEN(notes_bytes = 0; note(f, XEN_ELFNOTE_L1_MFN_VALID, "abcd", 4));
}

static void unknown_is_fine(void **state)
{
    struct elf e;
    struct file *f = good();
    (void)state;
    note(f, XEN_ELFNOTE_FEATURES, "time_travel|dom0", 16);
    number(f, 200, 1);
    f->p[2].p_filesz = notes_bytes;
    assert_true(parse(&e, f));
    assert_true(e.notes.supported & 1 << XENFEAT_dom0);
}

static void truncated(void **state)
{
    (void)state;
    for (size_t n = 0; n < DATA_AT + 4096 + 4000; n += n < 600 ? 1 : 61) {
        u8 *copy = malloc(n + 1);
        struct elf e;
        memcpy(copy, good(), n);
        assert_false(elf_parse(&e, copy, n, &why));
        free(copy);
    }
}

/* What passes can be copied: the sanitizer would see a read outside. */
static void random_changes(void **state)
{
    (void)state;
    srand(3);
    for (unsigned round = 0; round < 60000; round++) {
        struct file *f = malloc(sizeof(*f));
        struct elf e;
        memcpy(f, good(), sizeof(*f));
        for (int i = rand() % 4 + 1; i; i--) {
            u32 at = (u32)rand() % (rand() % 2 ? DATA_AT : 512);
            ((u8 *)f)[at] = rand() % 3 ? (u8)rand() : 0xff;
        }
        if (parse(&e, f))
            for (unsigned i = 0; i < e.nr_segments; i++) {
                const struct elf_segment *s = &e.segment[i];
                volatile u8 sum = 0;
                for (u64 j = 0; j < s->filesz; j++)
                    sum = (u8)(sum + s->data[j]);
                assert_true(s->filesz <= s->memsz && s->paddr >= e.paddr_start && s->paddr + s->memsz <= e.paddr_end);
            }
        free(f);
    }
}

static u8 *bzimage(u32 sectors, u32 offset, u32 length, size_t size)
{
    u8 *b = calloc(1, size);
    b[0x1f1] = (u8)sectors;
    b[0x1fe] = 0x55;
    b[0x1ff] = 0xaa;
    memcpy(b + 0x202, "HdrS\x0f\x02", 6);
    memcpy(b + 0x248, &offset, 4);
    memcpy(b + 0x24c, &length, 4);
    return b;
}

static void bzimages(void **state)
{
    const u8 *payload;
    u64 bytes;
    u8 *b = bzimage(3, 16, 1000, 4000);
    (void)state;
    assert_true(bzimage_magic(b, 4000));
    assert_true(bzimage_payload(b, 4000, &payload, &bytes, &why));
    assert_ptr_equal(payload, b + 4 * 512 + 16);
    assert_int_equal(bytes, 1000);
    assert_false(bzimage_payload(b, 3000, &payload, &bytes, &why));
    assert_non_null(strstr(why.text, "truncated"));
    assert_false(bzimage_magic(b, 0x200));
    b[0x206] = 7;
    assert_false(bzimage_payload(b, 4000, &payload, &bytes, &why));
    free(b);
    b = bzimage(0, 0xffffffff, 0xffffffff, 4000);
    assert_false(bzimage_payload(b, 4000, &payload, &bytes, &why));
    free(b);
    b = bzimage(3, 16, 3, 4000);
    assert_false(bzimage_payload(b, 4000, &payload, &bytes, &why));
    free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kernel), cmocka_unit_test(notes_in_sections), cmocka_unit_test(endless_notes),
        cmocka_unit_test(broken_rules), cmocka_unit_test(unknown_is_fine), cmocka_unit_test(truncated),
        cmocka_unit_test(random_changes), cmocka_unit_test(bzimages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
