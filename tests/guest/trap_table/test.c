/* set_trap_table: incremental, selector forced to ring 3, addresses checked. */
#include "pv.h"

USER_CODE(u_fault, "movq $0, 0x5000; ud2")
USER_CODE(u_fpu, "fnop; fnop; syscall")

/* A handler masks events if its entry says so. */
static void masks(unsigned flags)
{
    struct fault f;
    trap_set(14, flags, FLAT_KERNEL_CS, (u64)trap_stubs + 14 * 16);
    user_run(&f, u_fault);
    EXPECT_EQ("page fault of user mode", f.vector, 14);
    EXPECT_EQ("masked", f.masked, flags >> 2);
    vi->evtchn_upcall_mask = 0;
    TRY(f, *(volatile u64 *)0x5000 = 0);
    EXPECT_EQ("page fault of the kernel", f.vector, 14);
    EXPECT_EQ("masked", f.masked, flags >> 2);
    vi->evtchn_upcall_mask = 1;
}

/* TS is for one fault: whoever handles it finds it clear. */
static void task_switched(void)
{
    struct fault f;
    u64 cr0;
    OK("set", hc(__HYPERVISOR_fpu_taskswitch, 1));
    __asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
    EXPECT_EQ("TS is set", cr0 & 8, 8);
    EXPECT_FAULT("the first FPU instruction", 7, 0, __asm__ volatile("fnop"));
    __asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
    EXPECT_EQ("TS is clear", cr0 & 8, 0);
    EXPECT_FAULT("the next one", NO_FAULT, 0, __asm__ volatile("fnop"));
    OK("set", hc(__HYPERVISOR_fpu_taskswitch, 1));
    user_run(&f, u_fpu);
    EXPECT_EQ("in user mode", f.vector, 7);
    EXPECT_EQ("rip is at it", f.regs.rip, (u64)u_fpu);
    user_run(&f, u_fpu);
    EXPECT_EQ("both run", f.vector, VECTOR_SYSCALL);
}

void test(void)
{
    struct fault f;
    user_init();
    vi->evtchn_upcall_mask = 1;
    masks(0);
    masks(4);
    masks(0);
    task_switched();
    /* cs 0x10, as Linux sends it: must be usable */
    trap_set(6, 0, 0xe030, (u64)trap_stubs + 6 * 16);
    TRY(f, __asm__ volatile("ud2"));
    EXPECT_EQ("ring-0 selector is forced to ring 3", f.vector, 6);
    struct trap_info bad[2] = { { 6, 0, FLAT_KERNEL_CS, 0x8000000000000000 }, { 0 } };
    REFUSED("address not canonical", hc(__HYPERVISOR_set_trap_table, bad));
    TRY(f, __asm__ volatile("ud2"));
    EXPECT_EQ("the old entry stands", f.vector, 6);
    TRY(f, __asm__ volatile("int3"));
    EXPECT_EQ("others stand, too", f.vector, 3);
    /* a table that never ends: every entry valid, up to the end of mapped memory */
    static struct trap_info many[600];
    for (unsigned i = 0; i < 600; i++)
        many[i] = (struct trap_info){ .vector = 0x90, .flags = 0, .cs = FLAT_KERNEL_CS, .address = (u64)entry_int80 };
    many[599].address = 0;
    OK("600 entries", hc(__HYPERVISOR_set_trap_table, many));
    REFUSED("a table in the hypervisor", hc(__HYPERVISOR_set_trap_table, 0xffff830000000000));
    /* a handler in the hypervisor's range: it is jumped to in ring 3 and faults there, nothing worse */
    trap_set(0x91, 3, FLAT_KERNEL_CS, 0xffff830000000000);
    TRY(f, __asm__ volatile("int $0x91"));
    EXPECT(f.vector == 14 || f.vector == 13);
    OK("set_callbacks", hc(__HYPERVISOR_set_callbacks, entry_event, entry_failsafe, entry_syscall));
    /* Xen says 0 and keeps the old one */
    hc(__HYPERVISOR_set_callbacks, 0x8000000000000000, entry_failsafe, entry_syscall);
    OK("again", hc(__HYPERVISOR_set_callbacks, entry_event, entry_failsafe, entry_syscall));
}
