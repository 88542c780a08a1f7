/*
 * Ballooning with another CPU watching. A page is unmapped without any flush and given back by one vcpu while another
 * one has it in its TLB, writable, and writes without pause. The frame then belongs to a new domain: not one of those
 * writes may arrive there, and nothing of the new owner's may be read. (Several holes of the kind "the flush was only
 * done on the CPU that freed".)
 *
 * QEMU: -smp 2
 */
#include "dom.h"

static volatile bool runs, stop, done;
static volatile u64 *volatile page;
static volatile u64 faults, writes, seen_theirs;
#define OURS 0x5ec4e75ec4e70000UL
#define THEIRS 0x7e17000000000000UL

static void skip(struct regs *r)
{
    faults++;
    r->rip += 3;                /* "mov %rax, (%rcx)", "mov (%rcx), %rax" */
}

static void writer(void)
{
    trap_set(14, 0, FLAT_KERNEL_CS, (u64)trap_stubs + 14 * 16);
    runs = true;
    for (u64 n = 0; !stop; n++) {
        u64 got = 0;
        __asm__ volatile("mov %%rax, (%%rcx)" : : "a"(OURS + (u16)n), "c"(page + n % 512) : "memory");
        __asm__ volatile("mov (%%rcx), %%rax" : "+a"(got) : "c"(page + (n + 256) % 512) : "memory");
        if ((got & 0xffff000000000000UL) == THEIRS)
            seen_theirs++;
        writes = n;
    }
    done = true;
}

#define LOT 512
#define NR_LOTS 8
static xen_pfn_t lot[NR_LOTS][LOT];
static unsigned lots;

static long reserve(unsigned op, u16 id, xen_pfn_t *list, unsigned n)
{
    struct xen_memory_reservation r = { .nr_extents = n, .domid = id };
    set_xen_guest_handle(r.extent_start, list);
    return hc(__HYPERVISOR_memory_op, op, &r);
}

static void give_lots_back(u16 id)
{
    while (lots)
        reserve(XENMEM_decrease_reservation, id, lot[--lots], LOT);
}

/* Frames for domain id until it has this one. Freed ones are cleared in batches: so all lots come and go first. */
static bool get_frame(u16 id, u64 mfn)
{
    for (unsigned i = 0; i < NR_LOTS && reserve(XENMEM_populate_physmap, id, lot[i], LOT) == LOT; i++)
        lots = i + 1;
    give_lots_back(id);
    while (lots < NR_LOTS) {
        if (reserve(XENMEM_populate_physmap, id, lot[lots], LOT) != LOT)
            return false;
        lots++;
        for (unsigned i = 0; i < LOT; i++)
            if (lot[lots - 1][i] == mfn)
                return true;
    }
    return false;
}

void test(void)
{
    static struct dom d;
    u64 wrong = 0, met = 0;
    volatile u64 *window = page_alloc();
    page = page_alloc();
    handler[14] = skip;
    EXPECT_EQ("empty", dom_create_empty(&d, 1, 40000), 0);
    OK("start", vcpu_start(1, writer));
    EXPECT_EQ("runs", wait_until(&runs, 3000000000UL), 1);
    for (unsigned round = 0; round < 12; round++) {
        u64 mfn = va_mfn((void *)page);
        for (u64 want = writes + 200, end = now() + 1000000000UL; writes < want && now() < end;)
            yield_cpu();
        OK("unmap without a flush", hc(__HYPERVISOR_update_va_mapping, page, 0, 0));
        xen_pfn_t ours = mfn;
        EXPECT_EQ("give it back", reserve(XENMEM_decrease_reservation, DOMID_SELF, &ours, 1), 1);
        if (get_frame(d.id, mfn)) {
            met++;
            OK("its owner's tools map it", mmu1_dom(entry_ma(walk((u64)window, 1)), mfn << 12 | KERNEL_PAGE, d.id));
            mmuext1(MMUEXT_INVLPG_LOCAL, (u64)window);
            for (unsigned i = 0; i < 512; i++) {
                wrong += window[i] != 0;
                window[i] = THEIRS | i;
            }
            for (u64 want = writes + 2000, end = now() + 1000000000UL; writes < want && now() < end;)
                yield_cpu();
            for (unsigned i = 0; i < 512; i++)
                wrong += window[i] != (THEIRS | i);
            OK("unmap", set_flags((void *)window, KERNEL_PAGE));
        }
        /* A fresh frame in its place, for the next round. */
        give_lots_back(d.id);
        xen_pfn_t fresh = va_pfn((void *)page);
        REQUIRE(reserve(XENMEM_populate_physmap, DOMID_SELF, &fresh, 1) == 1);
        p2m[va_pfn((void *)page)] = fresh;
        OK("map", set_va((void *)page, fresh << 12 | KERNEL_PAGE));
    }
    stop = true;
    EXPECT_EQ("done", wait_until(&done, 3000000000UL), 1);
    EXPECT_EQ("writes that arrived, or old contents", wrong, 0);
    EXPECT_EQ("their words that we read", seen_theirs, 0);
    EXPECT(met > 0);
    EXPECT(faults > 0);
    say("  %lu of 12 frames went over, %lu faults of the writer", met, faults);
    dom_destroy(&d);
    audit_key();
}
