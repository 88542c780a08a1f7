/*
 * Serai's own address space: built once at boot, then shared by every top-level table through 16 fixed slots, so that
 * entering Serai never changes an address space.
 *
 * Before the heap exists, tables come from the early allocator: pages cut from the top of the RAM that is mapped, which
 * is what lies below 4 GiB until the direct map stands; frame table and M2P spare low memory. What it took, the image
 * and the boot modules are kept on one list of reserved ranges; all other RAM is the heap's.
 */
#include "arch/x86/mm/paging.h"
#include <machine/layout.h>
#include <machine/pte.h>
#include "abi/xen.h"
#include "arch/x86/asm.h"
#include "arch/x86/cpu.h"
#include "arch/x86/power.h"
#include "arch/x86/record.h"
#include "core/frame.h"
#include "core/heap.h"
#include "core/mmu.h"
#include "lib/print.h"
#include "lib/string.h"

#define LARGE MiB(2)
#define HUGE GiB(1)
#define LOW_END MiB(1)          /* firmware's first megabyte: never the heap's */
#define STUB_VIRT (IMAGE_VIRT + 0x10000000UL)
#define KERNEL_RW (PTE_PRESENT | PTE_RW | PTE_ACCESSED | PTE_DIRTY | PTE_GLOBAL | PTE_NX)
#define KERNEL_RO (PTE_PRESENT | PTE_ACCESSED | PTE_GLOBAL | PTE_NX)
#define KERNEL_RX (PTE_PRESENT | PTE_ACCESSED | PTE_GLOBAL)

mfn_t frame_table_max;

static u64 *idle_l4;
static bool heap_ready;
static u64 device_next = DEVICE_VIRT;
static u64 nx_mask = ~0UL;

/* Pieces that touch are one entry: a large machine's frame table is hundreds of them. */
static struct { paddr_t start, end; } reserved[128];
static unsigned nr_reserved;
static const struct boot_info *early_boot;
static paddr_t early_limit = GiB(4);    /* what the page tables in use map */

extern char __image_start[], __text_end[], __rodata_end[], __ro_after_init_end[], __init_start[], __init_text_end[],
    __init_end[], __load_end[], __bss_end[];

static u64 image_phys(const void *p) { return (u64)p - IMAGE_VIRT + IMAGE_PHYS; }

mfn_t virt_to_mfn(const void *va)
{
    u64 a = (u64)va;
    if (a >= IMAGE_VIRT && a < IMAGE_VIRT + GiB(1))
        return image_phys(va) >> PAGE_SHIFT;
    return (a - DIRECT_VIRT) >> PAGE_SHIFT;
}

static void *phys_virt(paddr_t pa) { return (void *)(DIRECT_VIRT + pa); }

static void early_reserve(paddr_t start, paddr_t end)
{
    start = round_down(start, PAGE_SIZE);
    end = round_up(end, PAGE_SIZE);
    for (unsigned i = 0; i < nr_reserved; i++)
        if (reserved[i].start <= end && reserved[i].end >= start) {
            reserved[i].start = min(reserved[i].start, start);
            reserved[i].end = max(reserved[i].end, end);
            return;
        }
    if (nr_reserved == ARRAY_SIZE(reserved))
        panic("more than %zu reserved memory ranges at boot", ARRAY_SIZE(reserved));
    reserved[nr_reserved].start = start;
    reserved[nr_reserved].end = end;
    nr_reserved++;
}

/* The lowest start among reserved ranges that overlap [start, end); ~0 if none does. */
static u64 overlap_start(paddr_t start, paddr_t end)
{
    u64 lowest = ~0UL;
    for (unsigned i = 0; i < nr_reserved; i++)
        if (reserved[i].start < end && reserved[i].end > start)
            lowest = min(lowest, reserved[i].start);
    return lowest;
}

bool early_reserve_free(paddr_t start, paddr_t end)
{
    if (overlap_start(start, end) != ~0UL)
        return false;
    early_reserve(start, end);
    return true;
}

/* Zeroed, from the top of the RAM that is mapped: at first below 4 GiB. */
static paddr_t early_alloc(u64 bytes, u64 align)
{
    paddr_t best = 0;

    for (unsigned i = 0; i < early_boot->nr_ranges; i++) {
        const struct boot_range *r = &early_boot->range[i];
        if (r->type != BOOT_MEM_RAM || r->start >= early_limit)
            continue;
        paddr_t end = min(r->start + r->bytes, early_limit), low = max(r->start, LOW_END);
        while (end >= low + bytes) {
            paddr_t start = round_down(end - bytes, align);
            if (start < low || start + bytes < start)
                break;
            u64 hit = overlap_start(start, start + bytes);
            if (hit == ~0UL) {
                best = max(best, start);
                break;
            }
            end = hit;
        }
    }
    if (!best)
        cannot_start("give the machine more memory", "no %lu KiB of free RAM%s for page tables and the frame table",
                     (unsigned long)(bytes >> 10), early_limit == GiB(4) ? " below 4 GiB" : "");
    early_reserve(best, best + bytes);
    memset(phys_virt(best), 0, bytes);
    return best;
}

/* NULL: no memory (not before the heap works). */
static u64 *table_alloc(void)
{
    if (heap_ready) {
        mfn_t mfn = heap_alloc_zeroed(0, 0);
        return mfn == MFN_NONE ? NULL : mfn_to_virt(mfn);
    }
    return phys_virt(early_alloc(PAGE_SIZE, PAGE_SIZE));
}

static u64 *table_next(u64 *table, unsigned index, u64 extra)
{
    if (!(table[index] & PTE_PRESENT)) {
        u64 *below = table_alloc();
        if (!below)
            return NULL;
        table[index] = pte_make(virt_to_mfn(below), PTE_PRESENT | PTE_RW | PTE_ACCESSED);
    }
    table[index] |= extra;
    ASSERT_ALWAYS(!(table[index] & PTE_PSE));
    return mfn_to_virt(pte_mfn(table[index]));
}

/* The entry of that level for va; the tables above it are made. NULL: no memory. */
static u64 *try_walk_to(u64 va, unsigned level, u64 extra)
{
    u64 *t = idle_l4;
    for (unsigned l = 4; t && l > level; l--)
        t = table_next(t, pt_index(va, l), extra);
    return t ? &t[pt_index(va, level)] : NULL;
}

static u64 *walk_to(u64 va, unsigned level, u64 extra)
{
    u64 *e = try_walk_to(va, level, extra);
    if (!e)
        panic("out of memory for Serai's own page tables");
    return e;
}

/* Map [pa, pa+bytes) at va with PTE flags, 4 KiB aligned; for Serai's own ranges. */
static void paging_map(u64 va, paddr_t pa, u64 bytes, u64 flags)
{
    u64 extra = flags & PTE_USER;
    flags &= nx_mask;
    while (bytes) {
        u64 step = PAGE_SIZE;
        if (cpu_has.gb_pages && !((va | pa) & (HUGE - 1)) && bytes >= HUGE)
            step = HUGE;
        else if (!((va | pa) & (LARGE - 1)) && bytes >= LARGE)
            step = LARGE;
        u64 *e = walk_to(va, step == HUGE ? 3 : step == LARGE ? 2 : 1, extra);
        *e = pa | flags | (step > PAGE_SIZE ? PTE_PSE : 0);
        va += step;
        pa += step;
        bytes -= step;
    }
}

/* ---- boot ---- */

static void map_image(void)
{
    struct { char *start, *end; u64 flags; } part[] = {
        { __image_start, __text_end, KERNEL_RX },
        { __text_end, __rodata_end, KERNEL_RO },
        { __rodata_end, __ro_after_init_end, KERNEL_RW },
        { __init_start, __init_text_end, KERNEL_RX },
        { __init_text_end, __bss_end, KERNEL_RW },
    };
    /* Small pages: the parts have different rights. */
    for (unsigned i = 0; i < ARRAY_SIZE(part); i++)
        for (char *p = part[i].start; p < part[i].end; p += PAGE_SIZE)
            paging_map((u64)p, image_phys(p), PAGE_SIZE, part[i].flags);
}

/* RAM, and what the firmware keeps in RAM. Ranges ascend; two may meet in one page, which is mapped once. */
static void map_ram(const struct boot_info *boot)
{
    paddr_t done = LOW_END;

    paging_map(DIRECT_VIRT, 0, LOW_END, KERNEL_RW);
    for (unsigned i = 0; i < boot->nr_ranges; i++) {
        const struct boot_range *r = &boot->range[i];
        if (r->type != BOOT_MEM_RAM && r->type != BOOT_MEM_ACPI && r->type != BOOT_MEM_NVS)
            continue;
        paddr_t start = max(round_down(r->start, PAGE_SIZE), done), end = round_up(r->start + r->bytes, PAGE_SIZE);
        end = min(end, DIRECT_VIRT_END - DIRECT_VIRT);
        if (end <= start)
            continue;
        paging_map(DIRECT_VIRT + start, start, end - start, KERNEL_RW);
        done = end;
    }
}

static mfn_t find_max_mfn(const struct boot_info *boot)
{
    mfn_t top = LOW_END >> PAGE_SHIFT;
    for (unsigned i = 0; i < boot->nr_ranges; i++) {
        const struct boot_range *r = &boot->range[i];
        if (r->type == BOOT_MEM_RAM)
            top = max(top, (r->start + r->bytes) >> PAGE_SHIFT);
    }
    return min(top, (mfn_t)1 << 32);
}

/* Tables indexed by mfn, in 2 MiB pieces. */
static void map_per_frame_tables(void)
{
    u64 bytes = round_up(frame_table_max * sizeof(struct frame), LARGE);
    for (u64 off = 0; off < bytes; off += LARGE)
        paging_map(FRAME_TABLE_VIRT + off, early_alloc(LARGE, LARGE), LARGE, KERNEL_RW);
    bytes = round_up(frame_table_max * 8, LARGE);
    for (u64 off = 0; off < bytes; off += LARGE) {
        paddr_t pa = early_alloc(LARGE, LARGE);
        memset(phys_virt(pa), 0xff, LARGE);
        paging_map(M2P_VIRT + off, pa, LARGE, KERNEL_RW);
        /* Not global: a guest may want it in its kernel's tables only. */
        paging_map(M2P_RO_VIRT + off, pa, LARGE, (KERNEL_RO | PTE_USER) & ~PTE_GLOBAL);
    }
}

static void init_frames(const struct boot_info *boot)
{
    for (mfn_t m = 0; m < frame_table_max; m++) {
        struct frame *f = mfn_frame(m);
        f->count = FRAME_IO;
        f->owner = DOMID_IO;
    }
    for (unsigned i = 0; i < boot->nr_ranges; i++) {
        const struct boot_range *r = &boot->range[i];
        if (r->type != BOOT_MEM_RAM)
            continue;
        for (u64 pa = max(round_up(r->start, PAGE_SIZE), LOW_END); pa + PAGE_SIZE <= r->start + r->bytes;
             pa += PAGE_SIZE) {
            if (pa >> PAGE_SHIFT >= frame_table_max)
                break;
            mfn_frame(pa >> PAGE_SHIFT)->count = 0;
            mfn_frame(pa >> PAGE_SHIFT)->owner = OWNER_SERAI;
        }
    }
}

/*
 * Its frames may be mapped by the control domain, read-only, without references: owner DOMID_XEN, no RAM (core/pte.c).
 */
static void publish_m2p(void)
{
    for (u64 off = 0; off < round_up(frame_table_max * 8, LARGE); off += LARGE) {
        mfn_t first = pte_mfn(*walk_to(M2P_VIRT + off, 2, 0) & ~PTE_PAT);
        for (mfn_t m = first; m < first + LARGE / PAGE_SIZE; m++) {
            mfn_frame(m)->count = FRAME_IO;
            mfn_frame(m)->owner = DOMID_XEN;
        }
    }
}

/* All RAM above 1 MiB that nobody reserved. */
static void feed_heap(const struct boot_info *boot)
{
    for (unsigned i = 0; i < boot->nr_ranges; i++) {
        const struct boot_range *r = &boot->range[i];
        if (r->type != BOOT_MEM_RAM)
            continue;
        paddr_t pa = max(round_up(r->start, PAGE_SIZE), LOW_END);
        paddr_t end = min(round_down(r->start + r->bytes, PAGE_SIZE), frame_table_max << PAGE_SHIFT);
        while (pa < end) {
            paddr_t stop = min(overlap_start(pa, end), end);
            if (stop > pa) {
                heap_add(pa >> PAGE_SHIFT, stop >> PAGE_SHIFT);
                pa = stop;
            }
            for (unsigned j = 0; j < nr_reserved; j++)
                if (reserved[j].start <= pa && reserved[j].end > pa)
                    pa = reserved[j].end;
        }
    }
}

void paging_init(const struct boot_info *boot)
{
    early_boot = boot;
    nx_mask = cpu_has.nx ? ~0UL : ~PTE_NX;
    early_reserve(0, LOW_END);
    early_reserve(IMAGE_PHYS, image_phys(__bss_end));
    for (unsigned i = 0; i < boot->nr_modules; i++)
        early_reserve(boot->module[i].start, boot->module[i].start + boot->module[i].bytes);
    record_reserve(boot);

    frame_table_max = find_max_mfn(boot);
    idle_l4 = table_alloc();
    map_image();
    map_ram(boot);
    write_cr3(virt_to_mfn(idle_l4) << PAGE_SHIFT);
    early_limit = DIRECT_VIRT_END - DIRECT_VIRT;
    map_per_frame_tables();
    init_frames(boot);
    publish_m2p();
    heap_ready = true;
    feed_heap(boot);
    log_info("Memory: %lu MiB in %lu frames; frame table %lu KiB, M2P %lu KiB", (unsigned long)heap_total_pages() >> 8,
             (unsigned long)frame_table_max, (unsigned long)(frame_table_max * sizeof(struct frame)) >> 10,
             (unsigned long)(frame_table_max * 8) >> 10);
}

mfn_t paging_low_page(void)
{
    mfn_t best = MFN_NONE;

    /* The highest whole page: real-mode data of the firmware lies at the bottom. */
    for (unsigned i = 0; i < early_boot->nr_ranges; i++) {
        const struct boot_range *r = &early_boot->range[i];
        mfn_t end = min(r->start + r->bytes, (u64)0xa0000) >> PAGE_SHIFT;
        if (r->type == BOOT_MEM_RAM && r->start < 0x90000 && end > 1 && (end - 1) << PAGE_SHIFT >= r->start)
            best = best == MFN_NONE ? end - 1 : max(best, end - 1);
    }
    return best;
}

void paging_seal(void)
{
    for (char *p = __rodata_end; p < __ro_after_init_end; p += PAGE_SIZE)
        paging_map((u64)p, image_phys(p), PAGE_SIZE, KERNEL_RO);
    for (char *p = __init_start; p < __init_text_end; p += PAGE_SIZE)
        *walk_to((u64)p, 1, 0) = 0;
}

/* ---- is the map what it should be? ---- */

struct survey { u64 leaves, code, guests; };

/* What one leaf may be: executable or writable, never both; the guest's only to read. */
static void survey_leaf(struct survey *s, u64 va, u64 pte, bool user)
{
    bool writable = pte & PTE_RW, runs = cpu_has.nx && !(pte & PTE_NX);

    s->leaves++;
    s->code += runs;
    s->guests += user;
    if (writable && runs)
        panic("the mapping of %#lx is writable and executable (%#lx)", (unsigned long)va, (unsigned long)pte);
    if (user && (writable || runs))
        panic("guests may do more than read at %#lx (%#lx)", (unsigned long)va, (unsigned long)pte);
    if (runs && (va < (u64)__image_start || va >= (u64)__text_end) && va != STUB_VIRT)
        panic("executable data at %#lx (%#lx)", (unsigned long)va, (unsigned long)pte);
}

static void survey(struct survey *s, const u64 *table, unsigned level, u64 base, bool user)
{
    for (unsigned i = 0; i < 512; i++) {
        u64 e = table[i], va = base | (u64)i << (12 + 9 * (level - 1));

        if (level == 4 && (i < SERAI_L4_FIRST || i > SERAI_L4_LAST)) {
            if (e)
                panic("slot %u of Serai's own top-level table is not empty", i);
            continue;
        }
        if (!(e & PTE_PRESENT))
            continue;
        if (level == 4)
            va |= 0xffff000000000000UL;
        if (level == 1 || (e & PTE_PSE))
            survey_leaf(s, va, e, user && (e & PTE_USER));
        else
            survey(s, mfn_to_virt(pte_mfn(e)), level - 1, va, user && (e & PTE_USER));
    }
}

/* Present in Serai's tables? */
static bool mapped(u64 va)
{
    const u64 *t = idle_l4;

    for (unsigned level = 4; level; level--) {
        u64 e = t[pt_index(va, level)];
        if (!(e & PTE_PRESENT))
            return false;
        if (level == 1 || (e & PTE_PSE))
            return true;
        t = mfn_to_virt(pte_mfn(e));
    }
    return true;
}

void paging_check(void)
{
    struct survey s = { 0, 0, 0 };

    survey(&s, idle_l4, 4, 0, true);
    for (unsigned cpu = 0; cpu < nr_cpus; cpu++) {
        u64 base = STACK_VIRT + (2 * (u64)cpu + 1) * STACK_SIZE;
        if (mapped(base - 1) || mapped(base + STACK_SIZE) || mapped(base + 4 * PAGE_SIZE))
            panic("CPU %u has a stack without guard pages", cpu);
    }
    for (const char *p = __text_end; p < __ro_after_init_end; p += PAGE_SIZE)
        if (*walk_to((u64)p, 1, 0) & PTE_RW)
            panic("constant data at %p is writable", (const void *)p);
    log_info("Paging: %lu mappings of Serai, %lu pages of code, none of it writable; %lu for guests to read",
             (unsigned long)s.leaves, (unsigned long)s.code, (unsigned long)s.guests);
}

/* ---- parts of the map ---- */

void paging_fill_l4(u64 *l4)
{
    for (unsigned i = SERAI_L4_FIRST; i <= SERAI_L4_LAST; i++)
        l4[i] = idle_l4[i];
}

void paging_show_m2p(u64 *l4, bool shown)
{
    unsigned i = pt_index(M2P_RO_VIRT, 4);

    WRITE_ONCE(l4[i], shown ? idle_l4[i] : 0);
}

u64 paging_idle_cr3(void) { return virt_to_mfn(idle_l4) << PAGE_SHIFT; }

void paging_init_windows(struct cpu *c)
{
    u64 va = CPU_WINDOW_VIRT + c->id * CPU_WINDOW_SIZE;
    mfn_t page = heap_alloc_zeroed(0, 0);

    ASSERT_ALWAYS(page != MFN_NONE);
    c->gdt_window = va;
    c->gdt_pages = RESERVED_GDT_PAGE;   /* nothing is mapped yet: gdt_load() looks at them all */
    c->ldt_window = va + 16 * PAGE_SIZE;
    c->window_l1 = walk_to(va, 1, 0);
    c->gdt = mfn_to_virt(page);
    c->window_l1[RESERVED_GDT_PAGE] = pte_make(page, KERNEL_RW & nx_mask);
}

void *paging_map_stack(unsigned cpu)
{
    u64 base = STACK_VIRT + (2 * (u64)cpu + 1) * STACK_SIZE;

    for (unsigned i = 0; i < STACK_SIZE / PAGE_SIZE; i++) {
        if (i == 4)
            continue;       /* guard between the small stacks and the big one */
        mfn_t mfn = heap_alloc_zeroed(0, 0);
        ASSERT_ALWAYS(mfn != MFN_NONE);
        paging_map(base + i * PAGE_SIZE, mfn << PAGE_SHIFT, PAGE_SIZE, KERNEL_RW);
    }
    return (void *)base;
}

void *paging_map_stub_page(void **alias)
{
    mfn_t mfn = heap_alloc_zeroed(0, 0);
    ASSERT_ALWAYS(mfn != MFN_NONE);
    *alias = mfn_to_virt(mfn);
    paging_map(STUB_VIRT, mfn << PAGE_SHIFT, PAGE_SIZE, KERNEL_RX);
    return (void *)STUB_VIRT;
}

volatile void *machine_map_device(paddr_t pa, size_t bytes)
{
    paddr_t start = round_down(pa, PAGE_SIZE);
    u64 size = round_up(pa + bytes, PAGE_SIZE) - start, va = device_next;

    if (pa + bytes < pa || (pa + bytes - 1) >> cpu_has.phys_bits || va + size > DEVICE_VIRT_END)
        return NULL;
    /* Domain 0 has a page or a bus mapped for it at any time, also when its guests have all memory. */
    for (u64 at = round_down(va, LARGE); size < LARGE && at < va + size; at += LARGE)
        if (!try_walk_to(at, 1, 0))
            return NULL;
    device_next += size;
    paging_map(va, start, size, KERNEL_RW | PTE_PCD | PTE_PWT);
    return (volatile void *)(va + (pa - start));
}

/* Half of what destroying a domain costs is this instruction; hardware clears whole cache lines (lib/string.c). */
void page_clear(void *page)
{
    u64 words = PAGE_SIZE / 8;

    __asm__ volatile("rep stosq" : "+D"(page), "+c"(words) : "a"(0UL) : "memory");
}

void page_copy(void *dst, const void *src)
{
    memcpy(dst, src, PAGE_SIZE);
}

/* ---- machine-to-physical table (ABI: guests read it at M2P_RO_VIRT) ---- */

void m2p_set(mfn_t mfn, gfn_t gfn)
{
    if (mfn < frame_table_max)
        ((u64 *)M2P_VIRT)[(u32)mfn] = gfn;       /* like mfn_frame() */
}

gfn_t m2p_get(mfn_t mfn) { return mfn < frame_table_max ? READ_ONCE(((u64 *)M2P_VIRT)[(u32)mfn]) : INVALID_M2P; }

mfn_t machine_m2p_extent(unsigned i)
{
    u64 off = (u64)i * LARGE;
    if (off >= round_up(frame_table_max * 8, LARGE))
        return MFN_NONE;
    return pte_mfn(*walk_to(M2P_VIRT + off, 2, 0) & ~PTE_PAT);
}
