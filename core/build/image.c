/*
 * A domain's memory before its first instruction.
 *
 * Pseudo-physical frames are numbered in the order they are allocated. Contiguous machine frames make one extent, so
 * that gigabytes need a handful of records instead of a temporary table of their own; the guest's list of frames is
 * written from them at the end. Page tables are plain data here: the guest's L4 is validated when it is complete, like
 * any table a guest submits, so a mistake in this file cannot break isolation.
 */
#include "arch/arch.h"
#include "core/build/image.h"
#include "core/domain.h"
#include "core/heap.h"
#include "core/mmu.h"
#include "lib/print.h"
#include "lib/string.h"
#include <machine/pte.h>

#define EXTENT_BYTES (IMAGE_MAX_EXTENTS * sizeof(struct extent))
#define TABLE_FLAGS (PTE_PRESENT | PTE_RW | PTE_USER | PTE_ACCESSED)
#define PAGE_FLAGS (PTE_PRESENT | PTE_USER | PTE_ACCESSED | PTE_DIRTY)

bool image_init(struct image *im, struct domain *d)
{
    *im = (struct image){ .d = d };
    im->extent = zalloc_pages(NULL, order_of(DIV_ROUND_UP(EXTENT_BYTES, PAGE_SIZE)));
    return im->extent != NULL;
}

void image_finish(struct image *im)
{
    zfree_pages(im->extent, order_of(DIV_ROUND_UP(EXTENT_BYTES, PAGE_SIZE)));
    im->extent = NULL;
}

/* ---- frames ---- */

static bool append(struct image *im, mfn_t mfn, u64 pages)
{
    struct extent *last = im->nr_extents ? &im->extent[im->nr_extents - 1] : NULL;
    if (last && last->mfn + last->pages == mfn) {
        last->pages += pages;
    } else if (im->nr_extents < IMAGE_MAX_EXTENTS) {
        im->extent[im->nr_extents++] = (struct extent){ im->pages, pages, mfn };
    } else {
        return false;
    }
    for (u64 i = 0; i < pages; i++)
        m2p_set(mfn + i, im->pages + i);
    im->pages += pages;
    return true;
}

u64 image_grow(struct image *im, u64 pages)
{
    unsigned order = MAX_ORDER;
    u64 left = pages;
    while (left) {
        order = min(order, highest_bit(left));
        mfn_t mfn = domain_alloc_pages(im->d, order, 0, INVALID_M2P);
        if (mfn == MFN_NONE) {
            if (order-- == 0)
                break;
            continue;
        }
        if (!append(im, mfn, 1UL << order)) {
            log_warn("Memory is too fragmented: domain 0 gets %lu pages less", left);
            for (u64 i = 0; i < 1UL << order; i++)
                frame_release(mfn + i);
            break;
        }
        left -= 1UL << order;
    }
    return pages - left;
}

static const struct extent *find_extent(const struct image *im, u64 pfn)
{
    unsigned low = 0, high = im->nr_extents;
    ASSERT_ALWAYS(pfn < im->pages);
    while (high - low > 1) {
        unsigned middle = (low + high) / 2;
        if (im->extent[middle].pfn <= pfn)
            low = middle;
        else
            high = middle;
    }
    return &im->extent[low];
}

mfn_t image_mfn(const struct image *im, u64 pfn)
{
    const struct extent *e = find_extent(im, pfn);
    return e->mfn + (pfn - e->pfn);
}

void *image_page(const struct image *im, u64 pfn)
{
    return mfn_to_virt(image_mfn(im, pfn));
}

void image_copy(const struct image *im, u64 pa, const void *from, u64 bytes)
{
    while (bytes) {
        u64 offset = pa & (PAGE_SIZE - 1);
        u64 n = min(bytes, PAGE_SIZE - offset);
        memcpy((u8 *)image_page(im, pa >> PAGE_SHIFT) + offset, from, n);
        from = (const u8 *)from + n;
        pa += n;
        bytes -= n;
    }
}

/* ---- page tables ---- */

void image_tables_begin(struct image *im, u64 first, u64 pages)
{
    im->l4_pfn = first;
    im->next_table = first + 1;
    im->end_table = first + pages;
}

void image_tables_continue(struct image *im, u64 first, u64 pages)
{
    im->next_table = first;
    im->end_table = first + pages;
}

/* The L1 entry for va; tables on the way are made, in order of need, so that L4, L3, L2 come before all L1s. */
static u64 *entry_for(struct image *im, u64 va)
{
    u64 *table = image_page(im, im->l4_pfn);
    for (unsigned level = 4; level > 1; level--) {
        u64 *entry = &table[pt_index(va, level)];
        if (!(*entry & PTE_PRESENT)) {
            ASSERT_ALWAYS(im->next_table < im->end_table);
            *entry = pte_make(image_mfn(im, im->next_table++), TABLE_FLAGS);
        }
        table = mfn_to_virt(pte_mfn(*entry));
    }
    return &table[pt_index(va, 1)];
}

void image_map(struct image *im, u64 va, u64 pfn, bool writable)
{
    *entry_for(im, va) = pte_make(image_mfn(im, pfn), PAGE_FLAGS | (writable ? PTE_RW : 0));
}

u64 image_tables_needed(u64 start, u64 end, unsigned top)
{
    u64 n = 0;
    for (unsigned level = 1; level <= top; level++) {
        unsigned shift = PAGE_SHIFT + 9 * level;
        n += ((end - 1) >> shift) - (start >> shift) + 1;
    }
    return n;
}
