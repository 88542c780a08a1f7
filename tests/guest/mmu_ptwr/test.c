/*
 * Writes to page tables that the guest just makes, as Linux does outside of its batches: emulated when they are
 * 8-byte (or less, aligned) writes to an L1 entry, and judged like mmu_update; faults of the guest otherwise.
 *
 * All of it twice: a kernel whose page-fault handler masks events, as Linux's does, gets faults by a shorter way.
 */
#include "pv.h"

#define SOFT (ACC | DIRTY | GLOBAL)     /* bits that are not ours to compare */

static u64 *e;
static u64 good, other;

static void cmpxchg_write(u64 expect, u64 val, u64 want_old, bool want_zf)
{
    u64 old = expect;
    u8 zf;
    __asm__ volatile("lock cmpxchg %3, %1; sete %2" : "+a"(old), "+m"(*e), "=q"(zf) : "r"(val) : "cc", "memory");
    check(__FILE__, __LINE__, "cmpxchg: old value", (long)old, (long)want_old);
    check(__FILE__, __LINE__, "cmpxchg: ZF", zf, want_zf);
}

static void all(void)
{
    char *page = page_alloc(), *page2 = page_alloc();
    u64 *volatile table_page;
    e = walk((u64)page, 1);
    good = va_mfn(page) << 12 | KERNEL_PAGE;
    other = va_mfn(page2) << 12 | READ_PAGE;
    OK("assist", hc(__HYPERVISOR_vm_assist, VMASST_CMD_enable, VMASST_TYPE_writable_pagetables));

    page2[0] = 42;
    *(volatile u64 *)e = other;
    mmuext1(MMUEXT_INVLPG_LOCAL, (u64)page);
    EXPECT_EQ("mov", *(volatile char *)page, 42);
    u64 val = good;
    __asm__ volatile("xchg %0, %1" : "+r"(val), "+m"(*e) : : "memory");
    EXPECT_EQ("xchg: old value", val & ~SOFT, other & ~SOFT);
    EXPECT_EQ("xchg: new value", *e & ~SOFT, good & ~SOFT);
    u64 was = *e;
    cmpxchg_write(was, other, was, true);
    EXPECT_EQ("cmpxchg took", PTE_MFN(*e), va_mfn(page2));
    was = *e;
    cmpxchg_write(was ^ 0x1000, good, was, false);
    EXPECT_EQ("cmpxchg did not", *e, was);
    *(volatile u64 *)e = good;
    __asm__ volatile("lock andq %1, %0" : "+m"(*e) : "r"(~RW) : "memory", "cc");
    EXPECT_EQ("lock and", *e & (P | RW), P);
    mmuext1(MMUEXT_INVLPG_LOCAL, (u64)page);
    EXPECT_FAULT("really read-only", 14, 3, *(volatile char *)page = 1);
    __asm__ volatile("lock orq %1, %0" : "+m"(*e) : "r"(RW) : "memory", "cc");
    EXPECT_EQ("lock or", *e & (P | RW), P | RW);
    u8 cf;
    __asm__ volatile("lock btrq $6, %0; setc %1" : "+m"(*e), "=q"(cf) : : "memory", "cc");
    EXPECT_EQ("lock btr: D", *e & DIRTY, 0);
    __asm__ volatile("lock btsq $6, %0; setc %1" : "+m"(*e), "=q"(cf) : : "memory", "cc");
    EXPECT_EQ("lock bts: was clear", cf, 0);
    EXPECT_EQ("lock bts: set", *e & DIRTY, DIRTY);
    __asm__ volatile("movq $0, %0" : "=m"(*e) : : "memory");
    EXPECT_EQ("mov of a constant", *e, 0);
    __asm__ volatile("addq %1, %0" : "+m"(*e) : "r"(good) : "memory", "cc");
    EXPECT_EQ("add", *e & ~SOFT, good & ~SOFT);
    u64 *dst = e, *src = &other;
    __asm__ volatile("movsq" : "+D"(dst), "+S"(src) : : "memory");
    EXPECT_EQ("movs", PTE_MFN(*e), va_mfn(page2));
    EXPECT_EQ("movs moves on", dst, e + 1);
    *(volatile u64 *)e = good;

    /*
     * The last instruction of a page, with nothing behind it: who reads eight bytes of code there faults himself, and
     * once forgot over it where the guest had faulted.
     */
    u8 *code = page_alloc();
    void *behind = page_alloc();
    REQUIRE((u8 *)behind == code + 4096);
    memcpy(code + 4092, "\x48\x89\x01\xc3", 4);     /* mov %rax, (%rcx); ret */
    OK("nothing behind it", set_va(behind, 0));
    EXPECT_FAULT("the last instruction of a page", NO_FAULT, 0,
                 __asm__ volatile("call *%%rdx" : : "a"(other), "c"(e), "d"(code + 4092) : "memory"));
    EXPECT_EQ("stored", PTE_MFN(*e), va_mfn(page2));
    OK("back", set_flags(behind, KERNEL_PAGE));
    *(volatile u64 *)e = good;

    /* judged */
    u64 l1 = PTE_MFN(*walk((u64)page, 2));
    EXPECT_FAULT("writing ourselves a writable table", 14, 3, *(volatile u64 *)e = l1 << 12 | KERNEL_PAGE);
    EXPECT_EQ("entry unchanged", PTE_MFN(*e), va_mfn(page));
    EXPECT_FAULT("a frame of the hypervisor", 14, 3, *(volatile u64 *)e = 0x200000 | KERNEL_PAGE);
    /* Entries of higher levels: Xen gives the fault back, Serai judges them as well. Never a superpage. */
    u64 *e2 = walk((u64)page, 2), was2 = *e2;
    EXPECT_FAULT("a superpage", 14, 3, *(volatile u64 *)e2 = was2 | PSE);
    EXPECT_FAULT("a slot of the hypervisor", 14, 3, ((volatile u64 *)si->pt_base)[260] = was2);
    EXPECT_FAULT("not a byte across entries", 14, 3, *(volatile u64 *)((char *)e + 4) = 0);

    /* a read-only page that is no table keeps its faults */
    OK("read-only", set_flags(page2, READ_PAGE));
    EXPECT_FAULT("write to a read-only page", 14, 3, *(volatile u64 *)page2 = 0);

    /* user mode never */
    (void)table_page;
}

void test(void)
{
    all();
    trap_set(14, 4, FLAT_KERNEL_CS, (u64)trap_stubs + 14 * 16);
    all();
}
