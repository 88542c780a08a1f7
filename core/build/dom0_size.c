/*
 * dom0_mem=[min:..,max:..,]size, as Xen understands it: the size, raised to min, lowered to max, lowered to what there
 * is. A negative amount means all available memory but that much. Without a size domain 0 gets everything but a reserve
 * for other domains' records and contiguous DMA buffers: 1/16 of what is available, between 64 and 512 MiB.
 */
#include "core/build/dom0_size.h"

#define PAGES(bytes) ((bytes) >> PAGE_SHIFT)

static u64 amount_pages(const struct memory_amount *a, u64 available, u64 total, u64 otherwise)
{
    if (!a->given)
        return otherwise;
    u64 pages = PAGES(a->bytes) + total / 100 * a->percent;
    if (!a->negative)
        return pages;
    return pages < available ? available - pages : 0;
}

struct dom0_size dom0_size(const struct dom0_mem_option *asked, u64 available, u64 total)
{
    u64 reserve = available / 16;
    reserve = max(reserve, PAGES(MiB(64)));
    reserve = min(reserve, PAGES(MiB(512)));
    u64 all = available > reserve ? available - reserve : 0;

    u64 low = amount_pages(&asked->min, available, total, 0);
    u64 high = amount_pages(&asked->max, available, total, ~0UL);
    u64 pages = amount_pages(&asked->size, available, total, min(all, high));
    pages = max(pages, min(low, high));
    pages = min(pages, high);
    struct dom0_size s = { .pages = min(pages, available), .max_pages = high, .wanted = pages };
    s.cut = s.pages < pages;
    s.max_pages = max(s.max_pages, s.pages);
    return s;
}
