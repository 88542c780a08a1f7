/*
 * ELF64 and Xen notes.
 *
 * The image may come from anywhere, so no offset, size or count is used before it was compared with the size of the
 * file, in arithmetic that cannot wrap around. What passes elf_parse() can be copied without further checks: every
 * segment's data lies within the file, no two segments overlap in memory, and all of them span at most ELF_MAX_SPAN.
 *
 * Notes are looked for in PT_NOTE segments, and in note sections if there is no Xen note in any segment. A note that
 * appears twice counts the last time. (ELF: System V ABI; notes: public header elfnote.h.)
 */
#include <elf.h>
#include "abi/xen.h"
#include "core/build/elf.h"
#include "lib/string.h"

bool elf_magic(const void *data, u64 size)
{
    return size >= SELFMAG && !memcmp(data, ELFMAG, SELFMAG);
}

static bool within(u64 offset, u64 bytes, u64 size)
{
    return offset <= size && bytes <= size - offset;
}

/* ---- headers and segments ---- */

static bool check_header(const Elf64_Ehdr *h, u64 size, struct why *why)
{
    if (!elf_magic(h, size) || size < sizeof(*h))
        return because(why, "not an ELF file, or shorter (%lu bytes) than its header", size);
    if (h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_ident[EI_DATA] != ELFDATA2LSB || h->e_machine != EM_X86_64)
        return because(why, "ELF class %u, machine %u: wanted a 64-bit x86-64 (2, %u) kernel", h->e_ident[EI_CLASS],
                       h->e_machine, EM_X86_64);
    if (h->e_type != ET_EXEC && h->e_type != ET_DYN)
        return because(why, "ELF type %u is no executable", h->e_type);
    if (h->e_phentsize != sizeof(Elf64_Phdr) || !h->e_phnum)
        return because(why, "%u ELF program headers of %u bytes: wanted at least 1 of %zu", h->e_phnum, h->e_phentsize,
                       sizeof(Elf64_Phdr));
    if (!within(h->e_phoff, (u64)h->e_phnum * sizeof(Elf64_Phdr), size))
        return because(why, "ELF program headers at %#lx lie outside the file of %#lx bytes", (u64)h->e_phoff, size);
    return true;
}

static bool add_segment(struct elf *e, const Elf64_Phdr *p, struct why *why)
{
    if (!within(p->p_offset, p->p_filesz, e->size))
        return because(why, "ELF segment at %#lx: its %#lx bytes lie outside the file of %#lx: it is truncated",
                       (u64)p->p_offset, (u64)p->p_filesz, e->size);
    if (p->p_filesz > p->p_memsz || p->p_paddr + p->p_memsz < p->p_paddr)
        return because(why, "ELF segment for address %#lx has %#lx bytes in the file for %#lx in memory",
                       (u64)p->p_paddr, (u64)p->p_filesz, (u64)p->p_memsz);
    if (!p->p_memsz)
        return true;
    if (e->nr_segments == ELF_MAX_SEGMENTS)
        return because(why, "more than %u ELF segments to load", ELF_MAX_SEGMENTS);
    for (unsigned i = 0; i < e->nr_segments; i++) {
        const struct elf_segment *s = &e->segment[i];
        if (p->p_paddr < s->paddr + s->memsz && s->paddr < p->p_paddr + p->p_memsz)
            return because(why, "ELF segments overlap at physical address %#lx", max((u64)p->p_paddr, s->paddr));
    }
    e->segment[e->nr_segments++] = (struct elf_segment){ .vaddr = p->p_vaddr, .paddr = p->p_paddr,
        .memsz = p->p_memsz, .data = e->data + p->p_offset, .filesz = p->p_filesz };
    e->paddr_start = min(e->paddr_start, (u64)p->p_paddr);
    e->paddr_end = max(e->paddr_end, (u64)(p->p_paddr + p->p_memsz));
    return true;
}

/* ---- notes ---- */

/* Names of the features, by XENFEAT_* number (public header features.h); as they appear in FEATURES notes. */
static const char *const feature_names[] = {
    [XENFEAT_writable_page_tables] = "writable_page_tables",
    [XENFEAT_writable_descriptor_tables] = "writable_descriptor_tables",
    [XENFEAT_auto_translated_physmap] = "auto_translated_physmap",
    [XENFEAT_supervisor_mode_kernel] = "supervisor_mode_kernel",
    [XENFEAT_pae_pgdir_above_4gb] = "pae_pgdir_above_4gb",
    [XENFEAT_dom0] = "dom0",
    [XENFEAT_linux_rsdp_unrestricted] = "linux_rsdp_unrestricted",
};

static int feature_number(const char *name, size_t len)
{
    for (unsigned i = 0; i < ARRAY_SIZE(feature_names); i++)
        if (feature_names[i] && strlen(feature_names[i]) == len && !strncmp(feature_names[i], name, len))
            return (int)i;
    return -1;
}

/* name|!name|... where ! means: cannot run without. */
static bool parse_features(struct xen_notes *n, const char *text, size_t len, struct why *why)
{
    if (len > ELF_FEATURES_BYTES)
        return because(why, "the kernel's FEATURES note has %zu bytes, at most %u make sense", len, ELF_FEATURES_BYTES);
    while (len && *text) {
        bool required = *text == '!';
        text += required;
        len -= required;
        size_t word = 0;
        while (word < len && text[word] && text[word] != '|')
            word++;
        int number = feature_number(text, word);
        if (number < 0 && required)
            return because(why, "kernel requires feature '%.*s' which Serai does not know", (int)min(word, (size_t)40),
                           text);
        if (number >= 0) {
            n->supported |= (u32)BIT(number);
            n->required |= required ? (u32)BIT(number) : 0;
        }
        text += word;
        len -= word;
        if (len && *text == '|') {
            text++;
            len--;
        }
    }
    return true;
}

/* Copy a note's text, which need not end in NUL and may not fit. */
static void take_text(char *to, const u8 *desc, u32 bytes)
{
    u32 n = min(bytes, (u32)ELF_TEXT_BYTES - 1);
    memcpy(to, desc, n);
    to[n] = '\0';
}

static bool take_number(struct xen_notes *n, u32 type, const u8 *desc, u32 bytes, struct why *why)
{
    if (bytes != 4 && bytes != 8)
        return because(why, "Xen note %u has %u bytes: wanted a number of 4 or 8", type, bytes);
    memcpy(&n->number[type], desc, bytes);
    return true;
}

static bool take_l1_valid(struct xen_notes *n, const u8 *desc, u32 bytes, struct why *why)
{
    if (bytes < 8 || bytes % 8)
        return because(why, "Xen note L1_MFN_VALID has %u bytes: wanted pairs of 4- or 8-byte numbers", bytes);
    u32 half = bytes >= 16 ? 8 : 4;
    memcpy(&n->l1_mask, desc, half);
    memcpy(&n->l1_value, desc + half, half);
    return true;
}

static bool take_note(struct xen_notes *n, u32 type, const u8 *desc, u32 bytes, struct why *why)
{
    bool ok = true;
    switch (type) {
    case XEN_ELFNOTE_GUEST_OS:
        take_text(n->guest_os, desc, bytes);
        break;
    case XEN_ELFNOTE_GUEST_VERSION:
        take_text(n->guest_version, desc, bytes);
        break;
    case XEN_ELFNOTE_XEN_VERSION:
        take_text(n->xen_version, desc, bytes);
        break;
    case XEN_ELFNOTE_LOADER:
        take_text(n->loader, desc, bytes);
        break;
    case XEN_ELFNOTE_PAE_MODE:
        take_text(n->pae_mode, desc, bytes);
        break;
    case XEN_ELFNOTE_FEATURES:
        ok = parse_features(n, (const char *)desc, bytes, why);
        break;
    case XEN_ELFNOTE_L1_MFN_VALID:
        ok = take_l1_valid(n, desc, bytes, why);
        break;
    case XEN_ELFNOTE_BSD_SYMTAB:
        break;
    case XEN_ELFNOTE_SUPPORTED_FEATURES:
        ok = take_number(n, type, desc, bytes, why);
        n->supported |= (u32)n->number[type];
        break;
    default:
        if (type > XEN_ELFNOTE_MAX)
            return true;
        ok = take_number(n, type, desc, bytes, why);
    }
    n->present |= ok ? (u32)BIT(type) : 0;
    return ok;
}

/* All Xen notes of one segment or section. */
static bool take_notes(struct elf *e, u64 offset, u64 bytes, struct why *why)
{
    if (!within(offset, bytes, e->size))
        return because(why, "ELF notes at %#lx lie outside the file of %#lx bytes", offset, e->size);
    const u8 *p = e->data + offset;
    while (bytes >= sizeof(Elf64_Nhdr)) {
        Elf64_Nhdr h;
        memcpy(&h, p, sizeof(h));
        u64 name_room = round_up((u64)h.n_namesz, 4UL), room = round_up((u64)h.n_descsz, 4UL);
        u64 left = bytes - sizeof(h);
        if (++e->nr_notes > ELF_MAX_NOTES)
            return because(why, "more than %u ELF notes", ELF_MAX_NOTES);
        /* The last note's padding may be missing. */
        if (name_room > left || h.n_descsz > left - name_room)
            return because(why, "ELF note of type %u is longer than what holds it", h.n_type);
        const u8 *name = p + sizeof(h);
        if (h.n_namesz == 4 && !memcmp(name, "Xen", 4) &&
            !take_note(&e->notes, h.n_type, name + name_room, h.n_descsz, why))
            return false;
        u64 used = sizeof(h) + name_room + min(room, left - name_room);
        p += used;
        bytes -= used;
    }
    return true;
}

static bool take_note_sections(struct elf *e, const Elf64_Ehdr *h, struct why *why)
{
    if (h->e_shentsize != sizeof(Elf64_Shdr) || !within(h->e_shoff, (u64)h->e_shnum * sizeof(Elf64_Shdr), e->size))
        return true;    /* no usable section table: then there are no notes, which is complained about later */
    for (unsigned i = 0; i < h->e_shnum; i++) {
        Elf64_Shdr s;
        memcpy(&s, e->data + h->e_shoff + i * sizeof(s), sizeof(s));
        if (s.sh_type == SHT_NOTE && !take_notes(e, s.sh_offset, s.sh_size, why))
            return false;
    }
    return true;
}

bool elf_parse(struct elf *e, const void *data, u64 size, struct why *why)
{
    Elf64_Ehdr h = { 0 };
    memcpy(&h, data, min(size, (u64)sizeof(h)));
    if (!check_header(&h, size, why))
        return false;
    *e = (struct elf){ .data = data, .size = size, .entry = h.e_entry, .paddr_start = ~0UL };
    for (unsigned i = 0; i < h.e_phnum; i++) {
        Elf64_Phdr p;
        memcpy(&p, e->data + h.e_phoff + i * sizeof(p), sizeof(p));
        if (p.p_type == PT_LOAD && !add_segment(e, &p, why))
            return false;
        if (p.p_type == PT_NOTE && !take_notes(e, p.p_offset, p.p_filesz, why))
            return false;
    }
    if (!e->nr_segments)
        return because(why, "ELF file without anything to load");
    if (e->paddr_end - e->paddr_start > ELF_MAX_SPAN)
        return because(why, "ELF segments span %#lx bytes of physical addresses, at most %#lx make sense",
                       e->paddr_end - e->paddr_start, ELF_MAX_SPAN);
    return e->notes.present || take_note_sections(e, &h, why);
}
