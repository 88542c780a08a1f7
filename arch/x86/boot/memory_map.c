/*
 * The memory map, tidied.
 *
 * Problem: firmware and loaders give maps in any order, with ranges that overlap, contradict each other or end beyond
 * all addresses; and a frame that is counted as RAM twice, or is a device's, is a machine that fails much later.
 * Invariant afterwards: ranges ascend and do not overlap, neighbours differ in type or do not touch, and no sum of
 * start and length wraps around. Where two entries disagree, the higher type counts: that is never RAM (1), and is what
 * the firmware's other users do.
 *
 * The ranges are cut at every start and end there is; each piece gets its type, and equal neighbours are joined.
 */
#include "arch/x86/boot/memory_map.h"
#include "lib/print.h"

#define ADDRESSES (1UL << 52)   /* what a page-table entry can hold */

static void sort(u64 *cut, unsigned n)
{
    for (unsigned i = 1; i < n; i++)
        for (unsigned j = i; j && cut[j] < cut[j - 1]; j--) {
            u64 t = cut[j];
            cut[j] = cut[j - 1];
            cut[j - 1] = t;
        }
}

/* What the byte at `start` is; 0: nobody says. */
static u32 type_at(const struct boot_range *r, unsigned n, paddr_t start)
{
    u32 type = 0;
    for (; n; n--, r++)
        if (start - r->start < r->bytes)
            type = max(type, r->type);
    return type;
}

static bool append(struct boot_info *boot, paddr_t start, u64 bytes, u32 type)
{
    struct boot_range *last = boot->nr_ranges ? &boot->range[boot->nr_ranges - 1] : NULL;
    if (last && last->type == type && last->start + last->bytes == start) {
        last->bytes += bytes;
        return true;
    }
    if (boot->nr_ranges == BOOT_MAX_RANGES)
        return false;
    boot->range[boot->nr_ranges++] = (struct boot_range){ start, bytes, type };
    return true;
}

/* The ranges as given, [n], put together again from their pieces between the cuts. */
static void rebuild(struct boot_info *boot, const struct boot_range *given, unsigned n, const u64 *cut, unsigned cuts,
                    u64 limit)
{
    u64 bytes = 0, unused = 0;
    for (unsigned i = 0; i < n; i++)
        bytes += given[i].bytes;
    boot->nr_ranges = 0;
    for (unsigned i = 0; i + 1 < cuts; i++) {
        u64 piece = cut[i + 1] - cut[i];
        u32 type = piece ? type_at(given, n, cut[i]) : 0;
        if (type == BOOT_MEM_RAM && cut[i] >= limit) {
            type = BOOT_MEM_UNUSABLE;
            unused += piece;
        }
        if (type && !append(boot, cut[i], piece, type)) {
            log_warn("The memory map has more than %u ranges; from %#lx on ignored", BOOT_MAX_RANGES, cut[i]);
            break;
        }
        bytes -= type ? piece : 0;
    }
    if (bytes)
        log_warn("The memory map has ranges that overlap; where they do, the higher type counts");
    if (unused)
        log_warn("%lu MiB of RAM lie beyond %#lx, where Serai maps nothing: not used", unused >> 20, limit);
}

void memory_map_tidy(struct boot_info *boot, u64 limit)
{
    static struct boot_range given[BOOT_MAX_RANGES];
    static u64 cut[2 * BOOT_MAX_RANGES + 1];
    unsigned n = 0, cuts = 0;
    for (unsigned i = 0; i < boot->nr_ranges; i++) {
        const struct boot_range *r = &boot->range[i];
        if (r->start >= ADDRESSES || !r->bytes)
            continue;
        given[n] = (struct boot_range){ r->start, min(r->bytes, ADDRESSES - r->start), r->type };
        cut[cuts++] = r->start;
        cut[cuts++] = r->start + given[n++].bytes;
    }
    cut[cuts++] = limit;
    sort(cut, cuts);
    rebuild(boot, given, n, cut, cuts, limit);
}

static bool in_ram(const struct boot_info *boot, paddr_t start, paddr_t end)
{
    for (unsigned i = 0; i < boot->nr_ranges; i++) {
        const struct boot_range *r = &boot->range[i];
        if (r->type == BOOT_MEM_RAM && start >= r->start && end <= r->start + r->bytes)
            return true;
    }
    return false;
}

static bool overlap(paddr_t a, paddr_t a_end, paddr_t b, paddr_t b_end)
{
    return a < b_end && b < a_end && a < a_end && b < b_end;
}

bool modules_check(const struct boot_info *boot, paddr_t image, paddr_t image_end, struct why *why)
{
    for (unsigned i = 0; i < boot->nr_modules; i++) {
        const struct boot_module *m = &boot->module[i];
        paddr_t end = m->start + m->bytes;
        if (m->bytes && !in_ram(boot, m->start, end))
            return because(why, "module %u at %#lx-%#lx does not lie in RAM", i, m->start, end);
        if (overlap(m->start, end, image, image_end))
            return because(why, "module %u at %#lx-%#lx overlaps Serai at %#lx-%#lx", i, m->start, end, image,
                           image_end);
        for (unsigned j = 0; j < i; j++)
            if (overlap(m->start, end, boot->module[j].start, boot->module[j].start + boot->module[j].bytes))
                return because(why, "modules %u and %u overlap at %#lx", j, i, max(m->start, boot->module[j].start));
    }
    return true;
}
