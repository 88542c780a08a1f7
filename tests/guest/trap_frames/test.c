/*
 * What is in a trap's frame: all registers, rip of the right instruction, cs with ring 0, IF as the inverse of the
 * mask.
 *
 * Faults: both ways
 */
#include "pv.h"

extern char at_ud[], at_div[], at_read[];

void test(void)
{
    struct fault f;
    TRY(f,
        __asm__ volatile("mov $0x1111, %%rbx; mov $0x2222, %%r12; mov $0x3333, %%rcx; mov $0x4444, %%r11;"
                         "mov $0x5555, %%rdi; mov $0x6666, %%r15; at_ud: ud2"
                         ::: "rbx", "r12", "rcx", "r11", "rdi", "r15"));
    EXPECT_EQ("vector", f.vector, 6);
    EXPECT_EQ("rip", f.regs.rip, (u64)at_ud);
    EXPECT_EQ("rbx", f.regs.rbx, 0x1111);
    EXPECT_EQ("r12", f.regs.r12, 0x2222);
    EXPECT_EQ("rcx", f.regs.rcx, 0x3333);
    EXPECT_EQ("r11", f.regs.r11, 0x4444);
    EXPECT_EQ("rdi", f.regs.rdi, 0x5555);
    EXPECT_EQ("r15", f.regs.r15, 0x6666);
    EXPECT_EQ("cs: interrupted kernel shows as ring 0, mask in the upper half", f.regs.cs, 0xe030 | 1UL << 32);
    EXPECT_EQ("ss", f.regs.ss & ~3UL, 0xe028);
    EXPECT_EQ("flags: IF says whether events were masked", f.regs.rflags & 0x200, 0);
    vi->evtchn_upcall_mask = 0;
    TRY(f, __asm__ volatile("std; stc; ud2"));
    EXPECT_EQ("IF with events on", f.regs.rflags & 0x200, 0x200);
    EXPECT_EQ("cs with events on", f.regs.cs, 0xe030);
    EXPECT_EQ("DF and CF are kept", f.regs.rflags & 0x401, 0x401);
    EXPECT_EQ("mask unchanged by a handler without the flag", f.masked, 0);
    trap_set(6, 4, FLAT_KERNEL_CS, (u64)trap_stubs + 6 * 16);
    TRY(f, __asm__ volatile("ud2"));
    EXPECT_EQ("mask set by a handler with the flag", f.masked, 1);
    EXPECT_EQ("the frame tells the mask before", f.regs.cs >> 32, 0);
    vi->evtchn_upcall_mask = 1;
    TRY(f, (void)*(volatile u64 *)0x123456789000);
    EXPECT_EQ("cr2", f.cr2, 0x123456789000);
    u64 cr2;
    __asm__ volatile("mov %%cr2, %0" : "=r"(cr2));
    EXPECT_EQ("cr2 by its register", cr2, 0x123456789000);
}
