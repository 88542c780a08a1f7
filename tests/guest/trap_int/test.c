/* `int n`: the descriptor privilege a guest gives its own gates, for kernel and user. */
#include "pv.h"

USER_CODE(u_int80, "int $0x80; ud2")
USER_CODE(u_int3, "int3; ud2")
USER_CODE(u_int3_long, ".byte 0xcd, 3; ud2")
USER_CODE(u_int4_long, ".byte 0xcd, 4; ud2")
USER_CODE(u_int14, "int $14; ud2")
USER_CODE(u_int61, "int $0x61; ud2")
USER_CODE(u_int32, "int $32; ud2")

void test(void)
{
    struct fault f;
    user_init();
    TRY(f, __asm__ volatile("int $0x80"));
    EXPECT_EQ("int 0x80 from the kernel", f.vector, 0x80);
    TRY(f, __asm__ volatile("int $14"));
    EXPECT_EQ("int 14 from the kernel: DPL 0 is below ring 1 of the interface", f.vector == 13 || f.vector == 14, 1);
    user_run(&f, u_int80);
    EXPECT_EQ("int 0x80 from user", f.vector, 0x80);
    EXPECT_EQ("rip is behind it", f.regs.rip, (u64)u_int80 + 2);
    EXPECT_EQ("cs is user's", f.regs.cs & 3, 3);
    user_run(&f, u_int3);
    EXPECT_EQ("int3 from user", f.vector, 3);
    EXPECT_EQ("rip is behind it", f.regs.rip, (u64)u_int3 + 1);
    user_run(&f, u_int14);
    EXPECT_EQ("int 14 from user", f.vector, 13);
    EXPECT("its error code names the IDT entry; QEMU 7 doubles the index" &&
           (f.error == 14 * 8 + 2 || f.error == 14 * 16 + 2));
    EXPECT_EQ("rip is at it", f.regs.rip, (u64)u_int14);
    user_run(&f, u_int61);
    EXPECT_EQ("int 0x61 without a gate", f.vector, 13);
    user_run(&f, u_int32);
    EXPECT_EQ("int 32 (a device vector of the hypervisor)", f.vector, 13);
    trap_set(0x61, 0, FLAT_KERNEL_CS, (u64)entry_int80);
    trap_set(0xc2, 0, FLAT_KERNEL_CS, (u64)entry_int80);        /* the doubled index */
    user_run(&f, u_int61);
    EXPECT_EQ("int 0x61 through a gate of DPL 0", f.vector, 13);
    trap_set(0x61, 3, FLAT_KERNEL_CS, (u64)entry_int80);
    trap_set(0xc2, 3, FLAT_KERNEL_CS, (u64)entry_int80);
    user_run(&f, u_int61);
    EXPECT_EQ("int 0x61 through a gate of DPL 3", f.vector, 0x80);
    EXPECT_EQ("rip behind it", f.regs.rip, (u64)u_int61 + 2);
    trap_set(3, 0, FLAT_KERNEL_CS, (u64)trap_stubs + 3 * 16);
    trap_set(0x80, 0, FLAT_KERNEL_CS, (u64)entry_int80);
    user_run(&f, u_int3);
    EXPECT_EQ("int3 from user through a gate of DPL 0", f.vector, 13);
    EXPECT_EQ("error code", f.error, 3 * 8 + 2);
    EXPECT_EQ("rip is at it", f.regs.rip, (u64)u_int3);
    user_run(&f, u_int3_long);
    EXPECT_EQ("in two bytes", f.vector, 13);
    EXPECT_EQ("rip is at it", f.regs.rip, (u64)u_int3_long);
    trap_set(4, 0, FLAT_KERNEL_CS, (u64)trap_stubs + 4 * 16);
    user_run(&f, u_int4_long);
    EXPECT_EQ("int 4 from user through a gate of DPL 0", f.vector, 13);
    EXPECT_EQ("rip is at it", f.regs.rip, (u64)u_int4_long);
    user_run(&f, u_int80);
    EXPECT_EQ("int 0x80 from user through a gate of DPL 0", f.vector, 13);
    EXPECT_EQ("error code", f.error, 0x80 * 8 + 2);
    EXPECT_EQ("rip is at it", f.regs.rip, (u64)u_int80);
    EXPECT_FAULT("from the kernel neither", 13, 3 * 8 + 2, __asm__ volatile("int3"));
    trap_set(3, 1, FLAT_KERNEL_CS, (u64)trap_stubs + 3 * 16);
    EXPECT_FAULT("but through a gate of DPL 1", 3, 0, __asm__ volatile("int3"));
    user_run(&f, u_int3);
    EXPECT_EQ("which is not user's", f.vector, 13);
    for (unsigned v = 0; v < 256; v++) {
        static struct trap_info none[2];
        none[0].vector = (u8)v;
        EXPECT_EQ("a table that is empty", hc(__HYPERVISOR_set_trap_table, none), 0);
    }
}
