/* nmi_op and self-inflicted NMIs: registration, refusal, a virtual NMI to oneself. */
#include "pv.h"

static volatile unsigned nmis;
static void on_nmi(struct regs *r) { (void)r; nmis++; }

void test(void)
{
    struct xennmi_callback cb = { .handler_address = (u64)trap_stubs + 2 * 16 };
    handler[2] = on_nmi;
    OK("register", hc(__HYPERVISOR_nmi_op, XENNMI_register_callback, &cb));
    OK("send to oneself", hc(__HYPERVISOR_vcpu_op, VCPUOP_send_nmi, 0, 0));
    EXPECT_EQ("came", nmis, 1);
    OK("again: not blocked after iret", hc(__HYPERVISOR_vcpu_op, VCPUOP_send_nmi, 0, 0));
    EXPECT_EQ("came", nmis, 2);
    REFUSED("to a vcpu that is not there", hc(__HYPERVISOR_vcpu_op, VCPUOP_send_nmi, 9, 0));
    cb.handler_address = 0x8000000000000000;
    REFUSED("not canonical", hc(__HYPERVISOR_nmi_op, XENNMI_register_callback, &cb));
    OK("unregister", hc(__HYPERVISOR_nmi_op, XENNMI_unregister_callback, 0));
    EXPECT_EQ("unknown", hc(__HYPERVISOR_nmi_op, 9, 0), -ENOSYS);
}
