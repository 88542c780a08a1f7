/*
 * An LDT in use on another CPU. The CPU caches nothing of an LDT but the selectors loaded: every load reads memory. A
 * hypervisor that let go of an LDT's pages while another CPU still had the table loaded let that CPU read descriptors
 * out of a page that was writable again, or somebody else's: a call gate into ring 0. A second vcpu loads selectors
 * from its LDT without pause; the first tries to get the pages writable, to give them back, to make them page tables,
 * to pull them from under their mapping. Nothing of that succeeds while they are in use; no descriptor is ever used
 * that was not checked.
 *
 * QEMU: -smp 2
 */
#include "dom.h"

#define DATA 0x00cff3000000ffffUL
#define GATE 0xffff8c00e0081000UL
static volatile bool runs, stop, done, drop, dropped, reload;
static volatile u64 loads, faults;
static u64 *ldt, *spare;
static u64 ldt_mfn;

static long set_ldt(u64 va, u64 n)
{
    struct mmuext_op op = { .cmd = MMUEXT_SET_LDT, .arg1.linear_addr = va, .arg2.nr_ents = (u32)n };
    return hc(__HYPERVISOR_mmuext_op, &op, 1, 0, DOMID_SELF);
}

static void on_fault(struct regs *r)
{
    /* The loader is "mov %eax, %es", of two bytes. */
    faults++;
    r->rip += 2;
}

static void loader(void)
{
    trap_set(13, 0, FLAT_KERNEL_CS, (u64)trap_stubs + 13 * 16);
    trap_set(14, 0, FLAT_KERNEL_CS, (u64)trap_stubs + 14 * 16);
    trap_set(11, 0, FLAT_KERNEL_CS, (u64)trap_stubs + 11 * 16);
    OK("its LDT", set_ldt((u64)ldt, 1024));
    runs = true;
    while (!stop) {
        __asm__ volatile("mov %0, %%es" : : "a"(7));
        __asm__ volatile("mov %0, %%es" : : "a"(0x1007));       /* the second page */
        __asm__ volatile("mov %0, %%es" : : "a"(0));
        loads++;
        if (drop && !dropped) {
            OK("no LDT", set_ldt(0, 0));
            dropped = true;
        }
        if (reload) {
            OK("its LDT again", set_ldt((u64)ldt, 1024));
            reload = drop = dropped = false;
        }
    }
    set_ldt(0, 0);
    done = true;
}

static long give_up(u64 mfn)
{
    xen_pfn_t list = mfn;
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };
    set_xen_guest_handle(r.extent_start, &list);
    return hc(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, &r);
}

static void wait_for_loads(unsigned n)
{
    for (u64 want = loads + n, end = now() + 3000000000UL; loads < want && now() < end;)
        yield_cpu();
}

void test(void)
{
    ldt = page_alloc();
    REQUIRE(page_alloc() == (void *)(ldt + 512));
    spare = page_alloc();
    handler[11] = handler[13] = handler[14] = on_fault;
    for (unsigned i = 0; i < 1024; i++)
        ldt[i] = i % 512 ? 0 : DATA;
    ldt_mfn = va_mfn(ldt);
    REQUIRE_OK(set_flags(ldt, READ_PAGE) | set_flags(ldt + 512, READ_PAGE));
    OK("start", vcpu_start(1, loader));
    EXPECT_EQ("runs", wait_until(&runs, 3000000000UL), 1);
    wait_for_loads(50);
    EXPECT_EQ("selectors load", faults, 0);
    u64 took = 0;
    for (unsigned i = 0; i < 200; i++) {
        took += !set_flags(ldt, KERNEL_PAGE);
        took += !set_va(spare, ldt_mfn << 12 | KERNEL_PAGE);
        took += !mmuext1(MMUEXT_PIN_L1_TABLE, ldt_mfn);
        took += !hc(__HYPERVISOR_update_descriptor, ldt_mfn << 12 | 8, GATE);
        took += !mmu1(ldt_mfn << 12 | 8 | MMU_NORMAL_PT_UPDATE, GATE);
    }
    EXPECT_EQ("nothing of that while it is in use", took, 0);
    wait_for_loads(50);
    EXPECT_EQ("selectors still load", faults, 0);

    /* Its mapping goes away: the window may keep the page, with a use of its own, or fault; the frame goes nowhere. */
    u64 before = free_pages();
    REQUIRE_OK(set_va(spare, ldt_mfn << 12 | READ_PAGE));
    OK("unmapped", hc(__HYPERVISOR_update_va_mapping, ldt, 0, UVMF_INVLPG | UVMF_ALL));
    wait_for_loads(50);
    say("  %lu loads, %lu faults", loads, faults);
    OK("mapped again", set_flags(ldt, READ_PAGE));

    /* Another page takes its place in the page tables, with a gate in it: it must be refused at use. */
    u64 *evil = page_alloc();
    for (unsigned i = 0; i < 512; i++)
        evil[i] = GATE;
    u64 evil_mfn = va_mfn(evil);
    REQUIRE_OK(set_flags(evil, READ_PAGE));
    for (unsigned i = 0; i < 200; i++) {
        OK("swap", hc(__HYPERVISOR_update_va_mapping, ldt, (i & 1 ? ldt_mfn : evil_mfn) << 12 | READ_PAGE,
            UVMF_INVLPG | UVMF_ALL));
        if (i % 8 == 0) {
            drop = true;
            wait_until(&dropped, 3000000000UL);
            reload = true;
            for (u64 end = now() + 3000000000UL; reload && now() < end;)
                yield_cpu();
        }
        wait_for_loads(1);
    }
    OK("and back", set_flags(ldt, READ_PAGE));
    drop = true;
    EXPECT_EQ("dropped", wait_until(&dropped, 3000000000UL), 1);
    set_va(spare, 0);
    OK("its page is free now", set_flags(ldt, KERNEL_PAGE));
    ldt[0] = GATE;
    u64 had = faults;
    wait_for_loads(50);
    EXPECT(faults > had);                                       /* there is no LDT: each load faults */
    stop = true;
    EXPECT_EQ("done", wait_until(&done, 3000000000UL), 1);
    OK("unmap", set_va(ldt, 0));
    EXPECT_EQ("give it back", give_up(ldt_mfn), 1);
    EXPECT_EQ("and it is free", free_pages(), before + 1);
    audit_key();
}
