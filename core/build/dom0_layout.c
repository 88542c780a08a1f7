/*
 * The order of things in domain 0's initial region: kernel, [initrd], [list of frames], start info, page tables, stack,
 * at least 512 KiB of nothing, up to a 4 MiB boundary (public header xen.h). The tables map the whole region,
 * themselves included, so their number and the region's end are found together: more tables may move the end, once or
 * twice.
 */
#include "arch/arch.h"
#include "core/build/dom0.h"

#define REGION_ALIGN MiB(4)
#define REGION_PADDING KiB(512)

/* The next thing of `bytes` bytes at *at, which moves on. */
static u64 put(u64 *at, u64 bytes)
{
    u64 here = *at;
    *at += round_up(bytes, PAGE_SIZE);
    return here;
}

bool dom0_layout(struct dom0_layout *l, const struct kernel *k, u64 initrd_bytes, u64 nr_pages, struct why *why)
{
    *l = (struct dom0_layout){ .virt_base = k->virt_base };
    u64 list_bytes = nr_pages * sizeof(u64);
    u64 at = k->virt_base + round_up(k->elf.paddr_end - k->paddr_offset, PAGE_SIZE);
    if (!k->initrd_unmapped && initrd_bytes)
        l->initrd = put(&at, initrd_bytes);
    l->p2m_pages = DIV_ROUND_UP(list_bytes, PAGE_SIZE);
    l->p2m = k->own_p2m ? k->p2m_base : put(&at, list_bytes);
    l->start_info = put(&at, PAGE_SIZE);
    l->tables = at;

    l->nr_tables = 0;
    for (;;) {
        l->stack = l->tables + (l->nr_tables << PAGE_SHIFT);
        l->end = round_up(l->stack + PAGE_SIZE + REGION_PADDING, REGION_ALIGN);
        if (l->end <= l->virt_base || !guest_range_ok(l->virt_base, l->end - l->virt_base))
            return because(why, "the initial region %#lx-%#lx (kernel, %lu KiB of initrd, page tables) does not fit "
                           "below Serai or the end of addresses", l->virt_base, l->end, initrd_bytes >> 10);
        u64 needed = 1 + image_tables_needed(l->virt_base, l->end, 3);
        if (needed == l->nr_tables)
            break;
        l->nr_tables = needed;
    }
    if (!k->own_p2m)
        return true;
    u64 list_end = l->p2m + (l->p2m_pages << PAGE_SHIFT);
    if (!guest_range_ok(l->p2m, list_end - l->p2m) || (l->p2m < l->end && l->virt_base < list_end))
        return because(why, "the list of frames at INIT_P2M %#lx-%#lx overlaps the kernel's region or Serai", l->p2m,
                       list_end);
    l->p2m_tables = image_tables_needed(l->p2m, list_end, 3);
    return true;
}
