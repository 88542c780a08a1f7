/*
 * Every way into Serai and every way back to a guest.
 *
 * Stacks. A CPU has one stack (64 KiB, aligned to its size) that ends in struct cpu_info, which starts with the
 * registers of the guest that was interrupted. Hardware (TSS.RSP0) and the SYSCALL stub both push exactly there, so
 * a guest's registers are always at cpu_info()->regs. A nested entry (interrupt in a preempt window, fault with a
 * fixup) pushes further down the same stack. #DB, NMI, #MC and #DF have small stacks of their own (IST) at the bottom of
 * the same block, because they can arrive with the stack pointer still the guest's (the first instruction of the SYSCALL
 * stub); coming from a guest, their frame is moved to the normal place first.
 *
 * Address spaces. Serai is mapped in all of them: no CR3 is written here. Interrupts are off from entry to exit.
 * GS and FS belong to the guest and are not touched: per-CPU data hangs off the stack pointer.
 *
 * Exit. There is one: exit_to_guest tests the CPU's pending word and the guest's event flag, once, and leaves by SYSRET
 * when the frame came in by SYSCALL or was built by us (bit 8 of entry_vector), else by IRET. The IRET at iret_guest is the only
 * instruction of Serai that may fault on a guest's account without an exception table entry: trap_from_serai() knows its name.
 *
 * Frame, ascending: r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi | error_code:32 entry_vector:32 | rip cs
 * rflags rsp ss | es ds fs gs (struct cpu_user_regs of the public header).
 */
#include <machine/layout.h>
#include "offsets.h"

#define FLAT_CS64 0xe033
#define FLAT_CS32 0xe023
#define FLAT_SS 0xe02b
#define BY_SYSCALL 0x100        /* in entry_vector: may leave by SYSRET */

.macro SAVE_REGS
    pushq %rdi
    pushq %rsi
    pushq %rdx
    pushq %rcx
    pushq %rax
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
.endm

.macro RESTORE_REGS
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rax
    popq %rcx
    popq %rdx
    popq %rsi
    popq %rdi
.endm

/* Three bytes that become CLAC on CPUs with SMAP (arch/x86/alternative.c). */
.macro CLAC
771: .byte 0x0f, 0x1f, 0x00
    .pushsection .alternatives, "a"
    .long 771b - ., 0xca010f
    .popsection
.endm

    .section .text.entry, "ax"

/*
 * From the CPU's SYSCALL stub (arch/x86/entry/stub.c): RSP = &regs.rsp holds the guest's RSP, regs.ss its RAX.
 */
    .globl syscall_entry
syscall_entry:
    movq 8(%rsp), %rax
    movq $FLAT_SS, 8(%rsp)
    pushq %r11
    pushq $FLAT_CS64
    pushq %rcx
    pushq $0
    movl $BY_SYSCALL, 4(%rsp)
    SAVE_REGS
    movq INFO_current(%rsp), %rbx
    cmpb $0, VCPU_kernel_mode(%rbx)
    je guest_syscall

    /* Guest kernel: a hypercall. Arguments rdi rsi rdx r10 r8 r9. */
    movq %r10, %rcx
    cmpq $64, %rax
    jae unknown_hypercall
    leaq hypercall_table(%rip), %r10
    call *(%r10, %rax, 8)
    movq %rax, REGS_rax(%rsp)

    .globl exit_to_guest
exit_to_guest:
    cmpl $0, INFO_pending(%rsp)
    jne exit_work
    movq INFO_current(%rsp), %rbx
    movq VCPU_info(%rbx), %rax
    movzwl (%rax), %eax                 /* al: evtchn_upcall_pending, ah: evtchn_upcall_mask */
    testb %ah, %ah
    jnz 1f
    testb %al, %al
    jnz exit_event
1:  testb $(BY_SYSCALL >> 8), REGS_entry_vector + 1(%rsp)
    jz exit_iret
    /* SYSRET to a non-canonical address faults in ring 0 on the guest's stack on some CPUs: never do that. */
    movq REGS_rip(%rsp), %rcx
    movq %rcx, %rax
    shlq $16, %rax
    sarq $16, %rax
    cmpq %rcx, %rax
    jne exit_iret
    cmpw $FLAT_CS64, REGS_cs(%rsp)
    jne exit_sysret32
    RESTORE_REGS
    movq 8(%rsp), %rcx
    movq 24(%rsp), %r11
    movq 32(%rsp), %rsp
    sysretq

exit_sysret32:
    cmpw $FLAT_CS32, REGS_cs(%rsp)
    jne exit_iret
    RESTORE_REGS
    movl 8(%rsp), %ecx
    movq 24(%rsp), %r11
    movl 32(%rsp), %esp
    sysretl

exit_iret:
    RESTORE_REGS
    addq $8, %rsp
    .globl iret_guest
iret_guest:
    iretq

exit_work:
    movq %rsp, %rdi
    call exit_pending
    jmp exit_to_guest

exit_event:
    movq %rbx, %rdi
    call guest_upcall
    jmp exit_to_guest

unknown_hypercall:
    movq %rax, %rdi
    call hypercall_absent
    movq %rax, REGS_rax(%rsp)
    jmp exit_to_guest

guest_syscall:
    movq %rbx, %rdi
    call guest_inject_syscall
    jmp exit_to_guest

/* 32-bit SYSCALL (compatibility mode): always from guest user code. */
    .globl syscall32_entry
syscall32_entry:
    movq 8(%rsp), %rax
    movq $FLAT_SS, 8(%rsp)
    pushq %r11
    pushq $FLAT_CS32
    movl %ecx, %ecx
    pushq %rcx
    pushq $0
    SAVE_REGS
    movq INFO_current(%rsp), %rdi
    call guest_inject_syscall32
    jmp exit_to_guest

/* SYSENTER loads RSP from its MSR (= &regs.es) and saves nothing: the guest's RIP and RSP are lost by design. */
    .globl sysenter_entry
sysenter_entry:
    pushq $FLAT_SS
    pushq $0
    pushfq
    pushq $FLAT_CS32
    pushq $0
    pushq $0
    SAVE_REGS
    movq INFO_current(%rsp), %rdi
    call guest_inject_sysenter
    jmp exit_to_guest

/* void leave_to_guest(void): forget the C stack, go to current's registers. */
    .globl leave_to_guest
leave_to_guest:
    orq $(STACK_SIZE - 1), %rsp
    subq $(CPU_INFO_SIZE - 1), %rsp
    jmp exit_to_guest

/* void leave_to_idle(void): forget the C stack, idle. */
    .globl leave_to_idle
leave_to_idle:
    orq $(STACK_SIZE - 1), %rsp
    subq $(CPU_INFO_SIZE - 1), %rsp
    subq $16, %rsp
    andq $~15, %rsp
    call idle_loop
    ud2

/* ---- exceptions and interrupts: one line per vector below makes the stub and the table entry ---- */
trap_common:
    SAVE_REGS
    CLAC
    cld
    movq %rsp, %rdi
    testb $3, REGS_cs(%rsp)
    jz trap_inside
trap_guest:
    call trap_from_guest
    jmp exit_to_guest
trap_inside:
    call trap_from_serai
    RESTORE_REGS
    addq $8, %rsp
    iretq

ist_common:
    SAVE_REGS
    CLAC
    cld
    movq %rsp, %rdi
    testb $3, REGS_cs(%rsp)
    jz trap_inside
    /* From a guest: continue on the normal stack, where its registers are expected. */
    movq %rsp, %rsi
    orq $(STACK_SIZE - 1), %rdi
    subq $(CPU_INFO_SIZE - 1), %rdi
    movq %rdi, %rsp
    movl $(REGS_es / 8), %ecx
    rep movsq
    movq %rsp, %rdi
    jmp trap_guest

#define HAS_ERROR(v) ((v) == 8 || ((v) >= 10 && (v) <= 14) || (v) == 17 || (v) == 21 || (v) == 29 || (v) == 30)
#define ON_IST(v) ((v) == 1 || (v) == 2 || (v) == 8 || (v) == 18)

    .section .rodata
    .balign 8
    .globl trap_stubs
trap_stubs:
    .section .text.entry, "ax"

    .set vector, 0
    .rept 256
    .balign 8
772:
    .if !HAS_ERROR(vector)
    pushq $0
    .endif
    movl $vector, 4(%rsp)
    .if ON_IST(vector)
    jmp ist_common
    .else
    jmp trap_common
    .endif
    .pushsection .rodata
    .quad 772b
    .popsection
    .set vector, vector + 1
    .endr

    .section .note.GNU-stack, "", @progbits
