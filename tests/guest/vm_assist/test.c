/*
 * vm_assist: known types, unknown ones, m2p_strict.
 *
 * Faults: both ways
 */
#include "pv.h"

USER_CODE(u_in, "mov $0x20, %edx; in (%dx), %al; syscall; ud2")

/* With architectural IOPL it is the flags' own, both ways. */
static void iopl_by_iret(u64 level)
{
    struct regs r = { .rip = (u64)u_in, .cs = FLAT_USER_CS, .ss = FLAT_USER_SS, .rsp = (u64)user_stack_top,
                      .rflags = 0x202 | level << 12 };
    struct fault f;
    user_run_regs(&f, &r, 0);
    EXPECT_EQ("ports by IOPL", f.vector, level == 3 ? VECTOR_SYSCALL : 13);
    EXPECT_EQ("IOPL in the frame", f.regs.rflags >> 12 & 3, level);
}

void test(void)
{
    OK("writable page tables", hc(__HYPERVISOR_vm_assist, VMASST_CMD_enable, VMASST_TYPE_writable_pagetables));
    OK("off", hc(__HYPERVISOR_vm_assist, VMASST_CMD_disable, VMASST_TYPE_writable_pagetables));
    OK("runstate flag", hc(__HYPERVISOR_vm_assist, VMASST_CMD_enable, VMASST_TYPE_runstate_update_flag));
    OK("architectural iopl", hc(__HYPERVISOR_vm_assist, VMASST_CMD_enable, VMASST_TYPE_architectural_iopl));
    REFUSED("type 7", hc(__HYPERVISOR_vm_assist, VMASST_CMD_enable, 7));
    REFUSED("type 64", hc(__HYPERVISOR_vm_assist, VMASST_CMD_enable, 64));
    REFUSED("type 2^32-1", hc(__HYPERVISOR_vm_assist, VMASST_CMD_enable, 0xffffffff));
    REFUSED("command 5", hc(__HYPERVISOR_vm_assist, 5, VMASST_TYPE_writable_pagetables));
    struct physdev_set_iopl iopl = { .iopl = 3 };
    OK("iopl", hc(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, &iopl));
    struct fault f;
    TRY(f, __asm__ volatile("ud2"));
    EXPECT_EQ("IOPL shows in frames", f.regs.rflags >> 12 & 3, 3);
    user_init();
    iopl_by_iret(3);
    iopl_by_iret(1);
    OK("m2p strict", hc(__HYPERVISOR_vm_assist, VMASST_CMD_enable, VMASST_TYPE_m2p_strict));
    EXPECT_EQ("the kernel reads the M2P", M2P[p2m[5]], 5);
}
