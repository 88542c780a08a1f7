/* A 64-bit ELF executable and the Xen notes in it, read from memory that nobody vouches for. */
#pragma once
#include "lib/types.h"
#include "lib/bitops.h"
#include "core/build/why.h"

#define ELF_MAX_SEGMENTS 32
#define ELF_MAX_NOTES 4096      /* of any kind: tables that list the same notes again and again come to an end */
#define ELF_TEXT_BYTES 64
#define ELF_FEATURES_BYTES 4096 /* of a FEATURES note */
#define ELF_MAX_SPAN GiB(1)     /* of the physical addresses a kernel may ask for */

struct elf_segment {
    u64 vaddr, paddr, memsz;
    const u8 *data;             /* filesz bytes, within the image */
    u64 filesz;
};

/* Notes by type (public header elfnote.h): BIT(type) in `present` says which are there. */
struct xen_notes {
    u32 present;
    u64 number[32];             /* of numeric notes */
    char guest_os[ELF_TEXT_BYTES], guest_version[ELF_TEXT_BYTES], xen_version[ELF_TEXT_BYTES];
    char loader[ELF_TEXT_BYTES], pae_mode[ELF_TEXT_BYTES];
    u64 l1_mask, l1_value;      /* XEN_ELFNOTE_L1_MFN_VALID */
    u32 supported, required;    /* XENFEAT_*, submap 0: from FEATURES and SUPPORTED_FEATURES */
};

struct elf {
    const u8 *data;
    u64 size;
    u64 entry;
    unsigned nr_segments;       /* PT_LOAD only, in file order */
    struct elf_segment segment[ELF_MAX_SEGMENTS];
    u64 paddr_start, paddr_end; /* all segments lie within */
    unsigned nr_notes;          /* that were looked at */
    struct xen_notes notes;
};

static inline bool elf_has_note(const struct elf *e, unsigned type) { return e->notes.present & BIT(type); }
/* Do `size` bytes at `data` begin like an ELF file? */
bool elf_magic(const void *data, u64 size);

/*
 * Parse the image; *e refers into it from then on. False with the reason when it is not a little-endian x86-64
 * executable, or when any header, segment or note points outside, wraps around or overlaps. No locks, nothing
 * allocated.
 */
bool elf_parse(struct elf *e, const void *data, u64 size, struct why *why);
