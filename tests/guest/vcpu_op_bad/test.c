/*
 * vcpu_op with contexts no vCPU may have.
 *
 * QEMU: -smp 2
 */
#include "pv.h"

static vcpu_guest_context_t c;
static void base(void)
{
    memset(&c, 0, sizeof(c));
    c.flags = VGCF_in_kernel;
    c.user_regs.rip = (u64)finish;
    c.user_regs.cs = FLAT_KERNEL_CS;
    c.user_regs.ss = c.kernel_ss = FLAT_KERNEL_SS;
    c.user_regs.rflags = 0x202;
    c.user_regs.rsp = (u64)user_stack_top;
    c.ctrlreg[3] = our_l4() << 12;
}
#define INIT() hc(__HYPERVISOR_vcpu_op, VCPUOP_initialise, 1, &c)

void test(void)
{
    REFUSED("pointer", hc(__HYPERVISOR_vcpu_op, VCPUOP_initialise, 1, 0xffff830000000000));
    REFUSED("vcpu 5000", hc(__HYPERVISOR_vcpu_op, VCPUOP_initialise, 5000, &c));
    REFUSED("vcpu 2^32-1", hc(__HYPERVISOR_vcpu_op, VCPUOP_initialise, 0xffffffff, &c));
    EXPECT_EQ("unknown operation", hc(__HYPERVISOR_vcpu_op, 99, 0, 0), -ENOSYS);
    base();
    c.ctrlreg[3] = 0;
    REFUSED("no page table", INIT());
    base();
    c.ctrlreg[3] = va_mfn(page_alloc()) << 12;
    REFUSED("a writable page as table", INIT());
    base();
    c.ctrlreg[3] = 0x200UL << 12;
    REFUSED("a foreign frame as table", INIT());
    base();
    c.ctrlreg[1] = 0x200UL << 12 | 1;
    REFUSED("a foreign frame as user table", INIT());
    base();
    c.gdt_ents = 512;
    c.gdt_frames[0] = our_l4();
    REFUSED("a page table as GDT", INIT());
    base();
    c.gdt_ents = 1 << 20;
    REFUSED("a huge GDT", INIT());
    base();
    c.ldt_ents = 9000;
    c.ldt_base = VIRT_BASE;
    REFUSED("a huge LDT", INIT());
    base();
    c.trap_ctxt[14].address = 0x8000000000000000;
    long rc = INIT();
    EXPECT(rc == -EINVAL || rc == 0);
    if (!rc)
        return;
    base();
    c.event_callback_eip = 0x8000000000000000;
    rc = INIT();
    EXPECT(rc == -EINVAL || rc == 0);
    if (!rc)
        return;
    base();
    c.fs_base = 0x8000000000000000;
    rc = INIT();
    EXPECT(rc == -EINVAL || rc == 0);
    if (!rc)
        return;
    base();
    c.debugreg[0] = 0xffff830000000000;
    c.debugreg[7] = 0x403;
    rc = INIT();
    EXPECT(rc < 0 || hc(__HYPERVISOR_vcpu_op, VCPUOP_is_up, 1, 0) == 0);
}
