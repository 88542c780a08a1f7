/*
 * From a boot module to a kernel that can be copied into a domain.
 *
 * Memory: the unpacked image is one contiguous piece of heap memory, trimmed to whole pages of what is needed, and
 * freed by kernel_close(); the libraries' arena lives only while unpacking. A packed image that does not say its size
 * is tried with a guess and twice as much each time it did not fit.
 */
#include "abi/xen.h"
#include "arch/arch.h"
#include "core/build/bzimage.h"
#include "core/build/decompress.h"
#include "core/build/kernel.h"
#include "core/heap.h"
#include "lib/print.h"
#include "lib/string.h"

/* ---- contiguous buffers ---- */

/* Free frames [from, to), counted from `first`, in the largest aligned pieces. */
static void free_frames(mfn_t first, u64 from, u64 to)
{
    while (from < to) {
        unsigned order = highest_bit(to - from);
        order = min(order, lowest_bit(first + from));
        heap_free(first + from, order);
        from += 1UL << order;
    }
}

static mfn_t alloc_frames(u64 pages)
{
    unsigned order = order_of(pages);
    mfn_t mfn = order > MAX_ORDER ? MFN_NONE : heap_alloc(order, 0);
    if (mfn != MFN_NONE)
        free_frames(mfn, pages, 1UL << order);
    return mfn;
}

static bool no_memory(u64 bytes, const char *what, struct why *why)
{
    because(why, "no %lu MiB of contiguous memory for %s (%lu MiB are free)", (bytes + MiB(1) - 1) >> 20, what,
            heap_free_pages() >> (20 - PAGE_SHIFT));
    why->todo = "give the machine more memory";
    return false;
}

/* The libraries' memory: at least a MiB, which is all that the usual formats need. */
static mfn_t alloc_arena(u64 *pages)
{
    mfn_t mfn;
    while ((mfn = alloc_frames(*pages)) == MFN_NONE && *pages > MiB(1) >> PAGE_SHIFT)
        *pages = max(*pages / 2, MiB(1) >> PAGE_SHIFT);
    return mfn;
}

/* ---- unpacking ---- */

/* One attempt with d->out_room bytes of room. On success k->buffer holds the image. */
static enum decompress_result try_unpack(struct kernel *k, struct decompression *d, struct why *why)
{
    u64 tables = decompress_arena_bytes(compression_of(d->in, d->in_bytes)) >> PAGE_SHIFT;
    u64 pages = DIV_ROUND_UP(d->out_room, PAGE_SIZE);
    mfn_t out = alloc_frames(pages);
    if (out == MFN_NONE)
        return no_memory(d->out_room, "the unpacked kernel", why), DECOMPRESS_BAD;
    struct arena arena = { 0 };
    mfn_t work = tables ? alloc_arena(&tables) : MFN_NONE;
    enum decompress_result result = DECOMPRESS_BAD;
    if (tables && work == MFN_NONE) {
        no_memory(tables << PAGE_SHIFT, "unpacking the kernel", why);
    } else {
        if (tables)
            arena = (struct arena){ .base = mfn_to_virt(work), .size = tables << PAGE_SHIFT };
        d->out = mfn_to_virt(out);
        result = decompress(d, &arena, why);
    }
    if (work != MFN_NONE)
        free_frames(work, 0, tables);
    if (result != DECOMPRESS_OK) {
        free_frames(out, 0, pages);
        return result;
    }
    k->buffer = out;
    k->buffer_pages = pages;
    return result;
}

static bool unpack(struct kernel *k, struct decompression *d, struct why *why)
{
    ns_t start = now_ns();
    enum decompress_result result;
    d->out_room = decompress_room(d);
    while ((result = try_unpack(k, d, why)) == DECOMPRESS_FULL) {
        if (d->out_room >= ELF_MAX_SPAN)
            return because(why, "the kernel unpacks to more than %lu MiB", ELF_MAX_SPAN >> 20);
        d->out_room *= 2;
    }
    if (result == DECOMPRESS_OK)
        log_info("Kernel: %s, %lu KiB unpacked to %lu KiB in %lu ms",
                 compression_name(compression_of(d->in, d->in_bytes)),
                 d->in_bytes >> 10, d->out_bytes >> 10, (now_ns() - start) / 1000000);
    return result == DECOMPRESS_OK;
}

/* ---- notes ---- */

/* Features a kernel may require of us. Writable page tables: direct writes to them are emulated. */
#define FEATURES_GIVEN \
    (BIT(XENFEAT_writable_page_tables) | BIT(XENFEAT_pae_pgdir_above_4gb) | BIT(XENFEAT_dom0) | \
     BIT(XENFEAT_mmu_pt_update_preserve_ad) | BIT(XENFEAT_linux_rsdp_unrestricted))

static bool check_notes(const struct elf *e, struct why *why)
{
    const struct xen_notes *n = &e->notes;
    if (!n->present)
        return because(why, "the kernel has no Xen notes: it was built without paravirtual Xen support "
                       "(CONFIG_XEN_PV)");
    if (!elf_has_note(e, XEN_ELFNOTE_XEN_VERSION) || strcmp(n->xen_version, "xen-3.0"))
        return because(why, "the kernel's XEN_VERSION note is '%s': wanted 'xen-3.0'", n->xen_version);
    if (strcmp(n->loader, "generic") && strcmp(n->guest_os, "linux"))
        return because(why, "the kernel's LOADER note is '%s': wanted 'generic'", n->loader);
    if (!elf_has_note(e, XEN_ELFNOTE_ENTRY))
        return because(why, "the kernel has no ENTRY note: it starts on other hypervisors only, not as a PV domain");
    u32 missing = n->required & ~(u32)FEATURES_GIVEN;
    if (missing)
        return because(why, "the kernel requires feature %u (XENFEAT_*), which Serai does not give",
                       lowest_bit(missing));
    if (elf_has_note(e, XEN_ELFNOTE_SUPPORTED_FEATURES) && !(n->supported & BIT(XENFEAT_dom0)))
        return because(why, "the kernel says it cannot be domain 0 (SUPPORTED_FEATURES %#x): CONFIG_XEN_DOM0 is "
                       "missing", n->supported);
    u64 hole = n->number[XEN_ELFNOTE_HV_START_LOW];
    if (elf_has_note(e, XEN_ELFNOTE_HV_START_LOW) && hole > HYPERVISOR_VIRT_START)
        return because(why, "the kernel wants all below %#lx (HV_START_LOW), Serai begins at %#lx", hole,
                       (u64)HYPERVISOR_VIRT_START);
    return true;
}

static u64 note_or(const struct elf *e, unsigned type, u64 otherwise)
{
    return elf_has_note(e, type) ? e->notes.number[type] : otherwise;
}

/* Addresses the notes give, checked against each other. */
static bool place(struct kernel *k, struct why *why)
{
    const struct elf *e = &k->elf;
    k->virt_base = note_or(e, XEN_ELFNOTE_VIRT_BASE, 0);
    k->paddr_offset = note_or(e, XEN_ELFNOTE_PADDR_OFFSET, 0);
    k->entry = e->notes.number[XEN_ELFNOTE_ENTRY];
    k->own_p2m = elf_has_note(e, XEN_ELFNOTE_INIT_P2M);
    k->p2m_base = note_or(e, XEN_ELFNOTE_INIT_P2M, 0);
    k->initrd_unmapped = note_or(e, XEN_ELFNOTE_MOD_START_PFN, 0) != 0;
    k->hypercall_page = note_or(e, XEN_ELFNOTE_HYPERCALL_PAGE, 0);

    if (k->virt_base & (PAGE_SIZE - 1) || k->p2m_base & (PAGE_SIZE - 1))
        return because(why, "VIRT_BASE %#lx or INIT_P2M %#lx is not page aligned", k->virt_base, k->p2m_base);
    if (e->paddr_start < k->paddr_offset)
        return because(why, "ELF segment at physical address %#lx below PADDR_OFFSET %#lx", e->paddr_start,
                       k->paddr_offset);
    u64 end = e->paddr_end - k->paddr_offset;
    if (end > ELF_MAX_SPAN || !guest_range_ok(k->virt_base, end))
        return because(why, "the kernel would lie at %#lx to %#lx beyond VIRT_BASE %#lx: no place for a guest",
                       e->paddr_start - k->paddr_offset, end, k->virt_base);
    if (k->entry - k->virt_base >= end)
        return because(why, "ENTRY %#lx lies outside the kernel at %#lx-%#lx", k->entry, k->virt_base,
                       k->virt_base + end);
    if (k->hypercall_page && (k->hypercall_page - k->virt_base >= end || k->hypercall_page & (PAGE_SIZE - 1)))
        return because(why, "HYPERCALL_PAGE %#lx is no page of the kernel", k->hypercall_page);
    return true;
}

bool kernel_open(struct kernel *k, const void *data, u64 bytes, struct why *why)
{
    struct decompression d = { .in = data, .in_bytes = bytes };
    *k = (struct kernel){ .buffer = MFN_NONE };
    if (bytes < 64)
        return because(why, "the kernel module has only %lu bytes", bytes);
    if (bzimage_magic(data, bytes)) {
        if (!bzimage_payload(data, bytes, &d.in, &d.in_bytes, why))
            return false;
        d.size_word = true;
    }
    bool plain = elf_magic(d.in, d.in_bytes);
    if (!plain && !d.size_word && compression_of(d.in, d.in_bytes) == COMPRESSION_NONE)
        return because(why, "the kernel module is no Linux bzImage, ELF file or compressed ELF file (first bytes "
                       "%02x %02x %02x %02x)", d.in[0], d.in[1], d.in[2], d.in[3]);
    if (!plain && !unpack(k, &d, why))
        return false;
    bool ok = elf_parse(&k->elf, plain ? d.in : d.out, plain ? d.in_bytes : d.out_bytes, why);
    if (ok && check_notes(&k->elf, why) && place(k, why))
        return true;
    kernel_close(k);
    return false;
}

void kernel_close(struct kernel *k)
{
    if (k->buffer != MFN_NONE)
        free_frames(k->buffer, 0, k->buffer_pages);
    k->buffer = MFN_NONE;
    k->buffer_pages = 0;
}
