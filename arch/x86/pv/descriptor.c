/*
 * Guest descriptor tables.
 *
 * The CPU reads the guest's own GDT and LDT frames, at constant addresses: a window per CPU of 16 + 16 pages whose
 * page-table entries are rewritten at a context switch, so no LGDT is needed. GDT page 14 of the window is Serai's own
 * and is never the guest's. Invariant: a frame seen through a window has a use as TYPE_DESC, thus no guest mapping of
 * it is writable and each present entry is a code or data segment with DPL 3 (descriptor_page_valid at promotion,
 * do_update_descriptor for each change). Windows are writable for Serai because the CPU sets the accessed bit.
 *
 * LDT pages are found by fault, from the guest's page tables at its LDT's linear address, since most guests never use
 * one. Imprecise on purpose: the table walk takes no lock. A concurrent change by another vcpu can make it read a stale
 * frame number, but ownership and type of the frame are checked when the use is taken, so only the guest's own frames
 * of checked descriptors can appear. Half a page table is not taken apart for it: several pages may be looked up in a
 * row, with interrupts off. No guest dies here: bad tables are refused, bad LDT pages bounce as page faults.
 */
#include "arch/x86/pv/descriptor.h"
#include "arch/arch.h"
#include "arch/x86/asm.h"
#include "arch/x86/cpu.h"
#include "arch/x86/pv/segment.h"
#include "core/heap.h"
#include "core/hypercall.h"
#include "core/log_dirty.h"
#include "core/mmu.h"
#include "core/reject.h"
#include "core/vcpu.h"
#include "lib/print.h"
#include "lib/string.h"
#include <machine/pte.h>

#define DESC_PER_PAGE 512u
#define LDT_MAX_ENTRIES 8192u
/* Global: what changes them invalidates them by address, in all PCIDs. */
#define WINDOW_FLAGS (PTE_PRESENT | PTE_RW | PTE_ACCESSED | PTE_DIRTY | PTE_GLOBAL | (cpu_has.nx ? PTE_NX : 0))
#define WINDOW_LDT 16 /* first LDT entry in cpu->window_l1 */

/* Unused GDT pages show zeros: loading such a selector is the architectural #GP and not a page fault. */
static u64 *zero_page;

static inline unsigned desc_pages(u32 entries) { return DIV_ROUND_UP(entries, DESC_PER_PAGE); }

bool descriptor_page_valid(mfn_t mfn)
{
    u64 *table = mfn_to_virt(mfn);
    u64 desc;

    for (unsigned i = 0; i < DESC_PER_PAGE; i++) {
        desc = table[i];
        if (!descriptor_check(&desc)) {
            reject(-EINVAL, "descriptor %u of frame %#lx is %#lx: no code or data segment", i, mfn, desc);
            return false;
        }
    }
    for (unsigned i = 0; i < DESC_PER_PAGE; i++)
        descriptor_check(&table[i]);
    return true;
}

/* ---- GDT ---- */

void __init descriptor_init(void)
{
    zero_page = zalloc_pages(NULL, 0);
    if (!zero_page)
        panic("no memory for the empty descriptor table");
}

static void gdt_drop(struct vcpu *v)
{
    for (unsigned i = 0; i < desc_pages(v->arch.gdt_entries); i++)
        frame_put_typed(v->domain, v->arch.gdt_mfn[i]);
    memset(v->arch.gdt_mfn, 0, sizeof(v->arch.gdt_mfn));
    v->arch.gdt_entries = 0;
}

long gdt_set(struct vcpu *v, const u64 *frames, u32 entries)
{
    unsigned n = desc_pages(entries), i;
    long rc = 0;

    if (entries > RESERVED_GDT_ENTRY)
        return reject(-EINVAL, "GDT of %u entries, at most %u", entries, RESERVED_GDT_ENTRY);
    for (i = 0; i < n && !rc; i++) {
        rc = frame_get_typed(v->domain, frames[i], TYPE_DESC);
        (void)preempt_check();  /* interrupts are answered; the table is taken entirely or not at all */
    }
    if (rc) {
        for (i--; i > 0; i--) /* the last one tried was not taken */
            frame_put_typed(v->domain, frames[i - 1]);
        if (rc == -ERESTART) /* one that stopped half way to be a page table: no kernel does that, and it can wait */
            return reject(-EBUSY, "a GDT frame of %u is a page table that is still being taken apart", n);
        return reject(-EINVAL, "a GDT frame of %u cannot be a descriptor table (error %ld)", n, rc);
    }
    /* The CPU must not see the old frames any more when their uses end. */
    u64 old[16];
    unsigned old_n = desc_pages(v->arch.gdt_entries);
    memcpy(old, v->arch.gdt_mfn, sizeof(old));
    memset(v->arch.gdt_mfn, 0, sizeof(v->arch.gdt_mfn));
    for (i = 0; i < n; i++)
        v->arch.gdt_mfn[i] = frames[i];
    v->arch.gdt_entries = entries;
    if (v == current)
        gdt_load(v);
    for (i = 0; i < old_n; i++)
        frame_put_typed(v->domain, old[i]);
    return 0;
}

long do_set_gdt(u64 frame_list, u64 entries)
{
    u64 frames[RESERVED_GDT_PAGE] = { 0 };

    entries = (u32)entries;
    if (entries > RESERVED_GDT_ENTRY)
        return reject(-EINVAL, "GDT of %lu entries, at most %u", entries, RESERVED_GDT_ENTRY);
    if (copy_from_guest(frames, GVA(frame_list), desc_pages(entries) * sizeof(frames[0])))
        return reject(-EFAULT, "list of GDT frames at %#lx is not readable", frame_list);
    return gdt_set(current, frames, entries);
}

void gdt_load(struct vcpu *v)
{
    struct cpu *cpu = this_cpu();
    unsigned n = desc_pages(v->arch.gdt_entries), end = max(n, cpu->gdt_pages);

    for (unsigned i = 0; i < end; i++) {
        u64 mfn = i < n ? v->arch.gdt_mfn[i] : virt_to_mfn(zero_page);
        u64 pte = pte_make(mfn, WINDOW_FLAGS);
        if ((cpu->window_l1[i] & PTE_ADDR) == (pte & PTE_ADDR))
            continue;
        cpu->window_l1[i] = pte;
        invlpg(cpu->gdt_window + i * PAGE_SIZE);
    }
    cpu->gdt_pages = n;
}

long do_update_descriptor(u64 maddr, u64 desc)
{
    struct domain *d = current->domain;
    mfn_t mfn = maddr >> PAGE_SHIFT;
    u64 offset = maddr & ~PAGE_MASK;
    bool is_table;

    if (offset & 7)
        return reject(-EINVAL, "descriptor at %#lx is not 8-byte aligned", maddr);
    if (!descriptor_check(&desc))
        return reject(-EINVAL, "descriptor %#lx is no code or data segment", desc);
    if (!mfn_is_ram(mfn))
        return reject(-EINVAL, "frame %#lx is not memory", mfn);
    /* Either a table in use, or an ordinary page that may become one and is checked then. */
    is_table = (READ_ONCE(mfn_frame(mfn)->type) & TYPE_MASK) == TYPE_DESC;
    if (is_table ? frame_get_typed(d, mfn, TYPE_DESC) != 0 : !frame_get_writable(mfn, d))
        return reject(-EINVAL, "frame %#lx is neither a descriptor table nor writable by the guest", mfn);
    /* One store: the CPU may be reading the entry. */
    WRITE_ONCE(((u64 *)mfn_to_virt(mfn))[offset / 8], desc);
    if (is_table) {
        log_dirty_wrote(mfn);
        frame_put_typed(d, mfn);
    } else {
        frame_put_writable(mfn);
    }
    return 0;
}

/* ---- LDT ---- */

void ldt_load(struct vcpu *v)
{
    struct cpu *cpu = this_cpu();
    u64 *slot = &cpu->gdt[(SERAI_LDT_SEL - RESERVED_GDT_ENTRY * 8) / 8];
    u64 base = cpu->ldt_window, limit = (u64)v->arch.ldt_entries * 8 - 1;

    if (!v->arch.ldt_entries) {
        lldt(0);
        return;
    }
    /* A 64-bit LDT descriptor, present, type 2 (SDM vol. 3, 8.2.3): base in four parts, limit below 64 KiB. */
    slot[0] = (limit & 0xffff) | (base & 0xffffff) << 16 | 0x82UL << 40 | (base >> 24 & 0xff) << 56;
    slot[1] = base >> 32;
    lldt(SERAI_LDT_SEL);
}

void ldt_unload(struct vcpu *v)
{
    struct cpu *cpu = this_cpu();
    u64 mapped = v->arch.ldt_mapped;

    v->arch.ldt_mapped = 0;
    for (; mapped; mapped &= mapped - 1) {
        unsigned page = lowest_bit(mapped);
        mfn_t mfn = pte_mfn(cpu->window_l1[WINDOW_LDT + page]);
        cpu->window_l1[WINDOW_LDT + page] = 0;
        invlpg(cpu->ldt_window + page * PAGE_SIZE);
        frame_put_typed(v->domain, mfn);
    }
}

long ldt_set(struct vcpu *v, u64 base, u64 entries)
{
    if (entries > LDT_MAX_ENTRIES)
        return reject(-EINVAL, "LDT of %lu entries, at most %u", entries, LDT_MAX_ENTRIES);
    if (entries && ((base & ~PAGE_MASK) || !va_canonical(base) || !guest_range_ok(base, entries * 8)))
        return reject(-EINVAL, "LDT at %#lx: not page aligned or not in the guest's space", base);
    if (v == current)
        ldt_unload(v);
    v->arch.ldt_base = entries ? base : 0;
    v->arch.ldt_entries = entries;
    if (v == current)
        ldt_load(v);
    return 0;
}

/* Frame mapped at va by v's kernel tables, without locks; false: not mapped (or only just not any more). */
static bool guest_frame_at(struct vcpu *v, u64 va, mfn_t *mfn)
{
    mfn_t table = v->arch.kernel_l4;

    for (unsigned level = 4; level; level--) {
        if (!mfn_is_ram(table))
            return false;
        u64 pte = READ_ONCE(((u64 *)mfn_to_virt(table))[pt_index(va, level)]);
        if (!(pte & PTE_PRESENT))
            return false;
        table = pte_mfn(pte);
    }
    *mfn = table;
    return true;
}

bool ldt_fault(u64 offset)
{
    struct vcpu *v = current;
    struct cpu *cpu = this_cpu();
    unsigned page = offset / PAGE_SIZE;
    mfn_t mfn;

    if (offset >= (u64)v->arch.ldt_entries * 8 || (v->arch.ldt_mapped & BIT(page)))
        return false;
    if (!guest_frame_at(v, v->arch.ldt_base + page * PAGE_SIZE, &mfn) ||
        frame_get_typed_whole(v->domain, mfn, TYPE_DESC))
        return false;
    cpu->window_l1[WINDOW_LDT + page] = pte_make(mfn, WINDOW_FLAGS);
    v->arch.ldt_mapped |= BIT(page);
    return true;
}

void descriptor_drop(struct vcpu *v)
{
    ASSERT(!v->arch.ldt_mapped); /* unloaded when it left its CPU */
    gdt_drop(v);
    v->arch.ldt_base = 0;
    v->arch.ldt_entries = 0;
}
