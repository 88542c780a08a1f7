/*
 * One vcpu sends another NMIs, the next one as soon as the last was handled, while that one calls, faults, goes to user
 * mode and back, sleeps, and masks events. Each must come, once, and leave what it interrupted as it was. What is kept
 * for later when a vcpu cannot take one at that moment, and who looks at it when, is a race on every way back to it:
 * one that came as the vcpu was about to sleep did not keep it awake, once.
 *
 * QEMU: -smp 2
 * Faults: both ways
 */
#include "pv.h"

#define NMIS 2400

static volatile u64 nmis, sent, late;
static volatile bool over;

static void on_nmi(struct regs *r)
{
    (void)r;
    nmis++;
}

static void sender(void)
{
    while (sent < NMIS && !late) {
        u64 before = nmis, end = now() + 15000000000UL;
        sent++;
        hc(__HYPERVISOR_vcpu_op, VCPUOP_send_nmi, 0, 0);
        while (nmis == before && now() < end)
            relax();
        late += nmis == before;
        for (volatile u64 n = sent * 7 % 613; n; n--)
            ;
    }
    over = true;
    for (;;)
        hc(__HYPERVISOR_vcpu_op, VCPUOP_down, 1, 0);
}

USER_CODE(u_work, "mov $500, %ecx; 1: push %rcx; pop %rdx; cmp %rcx, %rdx; jne 2f; dec %ecx; jnz 1b; syscall; 2: ud2")

static void work(u64 round)
{
    struct fault f;
    u64 sum = 0;
    switch (round % 5) {
    case 0:
        user_run(&f, u_work);
        EXPECT_EQ("user code ends with its system call", f.vector, VECTOR_SYSCALL);
        break;
    case 1:
        TRY(f, *(volatile u64 *)0x5000 = 1);
        EXPECT_EQ("page fault", f.vector, 14);
        EXPECT_EQ("its address", f.cr2, 0x5000);
        break;
    case 2:
        EXPECT_EQ("call", hc(__HYPERVISOR_xen_version, XENVER_version, 0), 4 << 16 | 17);
        break;
    case 3:
        for (u64 i = 0; i < 500; i++)
            sum += i;
        EXPECT_EQ("sum", sum, 124750);
        break;
    case 4:
        vi->evtchn_upcall_mask = 1;
        yield_cpu();
        EXPECT_EQ("events stay masked", vi->evtchn_upcall_mask, 1);
        break;
    }
}

void test(void)
{
    u64 round = 0, sleeps = 0;
    struct xennmi_callback cb = { .handler_address = (u64)trap_stubs + 2 * 16 };
    user_init();
    handler[2] = on_nmi;
    OK("register", hc(__HYPERVISOR_nmi_op, XENNMI_register_callback, &cb));
    OK("start", vcpu_start(1, sender));
    while (!over) {
        work(round++);
        if (round % 16 == 0 && sent < NMIS - 20) {  /* until the next one: nothing else is there to wake it */
            hc(__HYPERVISOR_sched_op, SCHEDOP_block);
            vi->evtchn_upcall_mask = 1;
            sleeps++;
        }
    }
    say("  %lu NMIs in %lu rounds, %lu sleeps", nmis, round, sleeps);
    EXPECT_EQ("none was late", late, 0);
    EXPECT_EQ("all came", nmis, NMIS);
}
