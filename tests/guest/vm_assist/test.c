/*
 * vm_assist: known types, unknown ones, m2p_strict.
 *
 * Faults: both ways
 */
#include "pv.h"

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
    OK("m2p strict", hc(__HYPERVISOR_vm_assist, VMASST_CMD_enable, VMASST_TYPE_m2p_strict));
    EXPECT_EQ("the kernel reads the M2P", M2P[p2m[5]], 5);
}
