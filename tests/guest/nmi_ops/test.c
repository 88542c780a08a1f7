/*
 * nmi_op and self-inflicted NMIs: registration, refusal, a virtual NMI to oneself. One that comes while the last one is
 * handled waits for the handler's iret, one that comes before there is a handler for that; both waited until the vcpu
 * happened to be switched, once.
 */
#include "pv.h"

static volatile unsigned nmis, deepest, again;

static void on_nmi(struct regs *r)
{
    static unsigned depth;
    (void)r;
    nmis++;
    if (++depth > deepest)
        deepest = depth;
    if (again) {
        again--;
        hc(__HYPERVISOR_vcpu_op, VCPUOP_send_nmi, 0, 0);
    }
    depth--;
}

void test(void)
{
    struct xennmi_callback cb = { .handler_address = (u64)trap_stubs + 2 * 16 };
    handler[2] = on_nmi;
    OK("register", hc(__HYPERVISOR_nmi_op, XENNMI_register_callback, &cb));
    OK("send to oneself", hc(__HYPERVISOR_vcpu_op, VCPUOP_send_nmi, 0, 0));
    EXPECT_EQ("came", nmis, 1);
    OK("again: not blocked after iret", hc(__HYPERVISOR_vcpu_op, VCPUOP_send_nmi, 0, 0));
    EXPECT_EQ("came", nmis, 2);
    again = 3;
    OK("one that sends the next", hc(__HYPERVISOR_vcpu_op, VCPUOP_send_nmi, 0, 0));
    EXPECT_EQ("all came", nmis, 6);
    EXPECT_EQ("one after the other", deepest, 1);
    OK("nobody handles them", hc(__HYPERVISOR_nmi_op, XENNMI_unregister_callback, 0));
    OK("send", hc(__HYPERVISOR_vcpu_op, VCPUOP_send_nmi, 0, 0));
    EXPECT_EQ("waits", nmis, 6);
    OK("register", hc(__HYPERVISOR_nmi_op, XENNMI_register_callback, &cb));
    EXPECT_EQ("comes", nmis, 7);
    OK("nobody again", hc(__HYPERVISOR_nmi_op, XENNMI_unregister_callback, 0));
    OK("send", hc(__HYPERVISOR_vcpu_op, VCPUOP_send_nmi, 0, 0));
    trap_set(2, 4, FLAT_KERNEL_CS, cb.handler_address);
    EXPECT_EQ("comes by the trap table", nmis, 8);
    struct callback_register reg = { .type = CALLBACKTYPE_nmi, .address = cb.handler_address };
    struct callback_unregister un = { .type = CALLBACKTYPE_nmi };
    OK("nobody any more", hc(__HYPERVISOR_callback_op, CALLBACKOP_unregister, &un));
    OK("send", hc(__HYPERVISOR_vcpu_op, VCPUOP_send_nmi, 0, 0));
    OK("callback", hc(__HYPERVISOR_callback_op, CALLBACKOP_register, &reg));
    EXPECT_EQ("comes by the callback", nmis, 9);
    REFUSED("to a vcpu that is not there", hc(__HYPERVISOR_vcpu_op, VCPUOP_send_nmi, 9, 0));
    cb.handler_address = 0x8000000000000000;
    REFUSED("not canonical", hc(__HYPERVISOR_nmi_op, XENNMI_register_callback, &cb));
    OK("unregister", hc(__HYPERVISOR_nmi_op, XENNMI_unregister_callback, 0));
    EXPECT_EQ("unknown", hc(__HYPERVISOR_nmi_op, 9, 0), -ENOSYS);
}
