/*
 * NMIs in awkward places. An NMI asks nobody: it arrives at the first instruction of the system-call entry, where the
 * stack pointer is still a program's; before the last instruction of the way out, where it is again; between the two
 * halves of an iret; inside another exception; while a lock is held. Hypervisors that had not thought of one of these
 * ran on a stack a guest had chosen, or with a guest's GS, or lost the frame of an interrupted NMI. The runner
 * injects NMIs into all CPUs all the time; two vcpus meanwhile make system calls with stack pointers into nowhere and
 * into Serai, hypercalls, faults, irets and breakpoints. Each must see what it would see without.
 *
 * QEMU: -smp 2
 * NMI: 400
 * Faults: both ways
 */
#include "pv.h"

USER_CODE(u_syscall_odd, "mov $0xffff82d080000100, %rsp; mov $77, %eax; mov $78, %ebx; syscall; ud2")
USER_CODE(u_syscall_zero, "xor %esp, %esp; mov $77, %eax; mov $78, %ebx; syscall; ud2")
USER_CODE(u_int3, "xor %esp, %esp; mov $78, %ebx; int3; ud2")
USER_CODE(u_fault, "mov $0xffff82c000001000, %rsp; mov $78, %ebx; movabs 0x8000000000, %rax; ud2")
USER_CODE(u_step, "mov $78, %ebx; pushf; orl $0x100, (%rsp); popf; nop; nop")
static volatile bool runs, stop, done;
static volatile u64 other_rounds, other_wrong;

/* A hypercall (xen_version) with the stack pointer anywhere, which it keeps like all registers but RAX:
    0 if all is as it should be. */
u64 odd_hypercall(u64 sp);
__asm__(".text\n"
        "odd_hypercall: push %rbx\n push %r12\n push %r13\n push %r14\n push %r15\n mov %rsp, %r12\n mov %rdi, %r15\n"
        "mov $0x1111, %rbx\n mov $0x2222, %r13\n mov $0x3333, %r14\n mov $17, %eax\n xor %edi, %edi\n xor %esi, %esi\n"
        "mov %r15, %rsp\n syscall\n mov %rsp, %rdx\n mov %r12, %rsp\n"
        "sub %r15, %rdx\n sub $0x1111, %rbx\n sub $0x2222, %r13\n sub $0x3333, %r14\n sub $0x40011, %rax\n"
        "or %rdx, %rax\n or %rbx, %rax\n or %r13, %rax\n or %r14, %rax\n"
        "pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbx\n ret");

static void second(void)
{
    runs = true;
    for (u64 i = 0; !stop; i++) {
        other_wrong += !!odd_hypercall(i & 1 ? 0xffff82d080000000 + i * 8 % 4096 : 0x0000700000000000 + i);
        other_wrong += !!odd_hypercall(i & 1 ? 0 : 0xffffffffffffffff);
        if (i % 64 == 0)
            yield_cpu();
        other_rounds++;
    }
    done = true;
}

void test(void)
{
    static const struct { const char *code; u64 vector; } ways[] = {
        { u_syscall_odd, VECTOR_SYSCALL }, { u_syscall_zero, VECTOR_SYSCALL }, { u_int3, 3 }, { u_fault, 14 }, {
            u_step, 1 },
    };
    user_init();
    OK("start", vcpu_start(1, second));
    EXPECT_EQ("runs", wait_until(&runs, 3000000000UL), 1);
    u64 end = now() + 1500000000UL, rounds = 0, wrong = 0;
    while (now() < end) {
        for (unsigned i = 0; i < 5; i++) {
            struct fault f;
            user_run(&f, ways[i].code);
            wrong += f.vector != ways[i].vector || f.regs.rbx != 78;
        }
        for (unsigned i = 0; i < 50; i++)
            wrong += !!odd_hypercall(i * 0x0123456789abcdefUL);
        struct fault f;
        TRY(f, *(volatile char *)0x1000 = 1);
        wrong += f.vector != 14 || f.error != 2;
        TRY(f, __asm__ volatile("ud2"));
        wrong += f.vector != 6;
        rounds++;
    }
    stop = true;
    EXPECT_EQ("done", wait_until(&done, 3000000000UL), 1);
    EXPECT_EQ("wrong answers", wrong, 0);
    EXPECT_EQ("and of the other vcpu", other_wrong, 0);
    EXPECT(rounds > 10 && other_rounds > 10);
    say("  %lu and %lu rounds", rounds, other_rounds);
}
