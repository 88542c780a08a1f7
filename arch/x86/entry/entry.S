/*
 * Every way into Serai and every way back to a guest.
 *
 * Stacks. A CPU has one stack (64 KiB, aligned to its size) that ends in struct cpu_info, which starts with the
 * registers of the guest that was interrupted. Hardware (TSS.RSP0) and the SYSCALL stub both push exactly there, so
 * a guest's registers are always at cpu_info()->regs. A nested entry (interrupt in a preempt window, fault with a
 * fixup) pushes further down the same stack. #DB, NMI, #MC and #DF have small stacks of their own (IST) at the bottom
 * of the same block, because they can arrive with the stack pointer still the guest's (the first instruction of the
 * SYSCALL stub); coming from a guest, their frame is moved to the normal place first.
 *
 * Address spaces. Serai is mapped in all of them: no CR3 is written here. Interrupts are off from entry to exit.
 * GS and FS belong to the guest and are not touched: per-CPU data hangs off the stack pointer.
 *
 * Exit. exit_to_guest tests the CPU's pending word and the guest's event flag, once, and leaves by SYSRET when the
 * frame came in by SYSCALL or was built by us (bit 8 of entry_vector), else by IRET. The straight paths test the
 * same and leave by themselves. The IRET at iret_guest is the only instruction of Serai that may fault on a guest's
 * account without an exception table entry: trap_from_serai() knows its name.
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
#define HYPERCALL_IRET 23

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

/* Three bytes that become CLAC on CPUs with SMAP (alternatives_patch() in arch/x86/features.c). */
.macro CLAC
771: .byte 0x0f, 0x1f, 0x00
    .pushsection .alternatives, "a"
    .long 771b - ., 0xca010f
    .popsection
.endm

    .section .text.entry, "ax"

/*
 * From the CPU's SYSCALL stub (tables.c): RSP = &regs.rsp holds the guest's RSP, regs.ss its RAX.
 *
 * Two journeys dominate every workload and are straight lines that save no registers: a guest user's system call to its
 * kernel, and the kernel's iret hypercall back. RAX, RCX and R11 are free on the first once stored; on the second the
 * frame brings new ones. Whatever is unusual (work pending, an event waiting, no callback, a fault on the guest's
 * stack) falls back to the C path, from the beginning: the straight paths check everything before they change anything
 * that the C path does not set again.
 */
#define AT(field) (field - REGS_rip)(%rsp)  /* RSP = &regs.rip: rip 0, cs 8, rflags 16, rsp 24, ss 32 */

.macro EX fault, fixup
    .pushsection .ex_table, "a"
    .balign 4
    .long \fault - ., \fixup - .
    .popsection
.endm

.macro STAC
773: .byte 0x0f, 0x1f, 0x00
    .pushsection .alternatives, "a"
    .long 773b - ., 0xcb010f
    .popsection
.endm

/*
 * Go from one of a vcpu's two address spaces to the other, whose CR3 is in \cr3; info is where INFO_cr3 is seen from
 * here. Without PCIDs that flushes, and the TLB clock is noted. With them the first instruction is a jump to the second
 * way (alternatives_patch()), which is isolate.h's address_space_toggle(). \cr3 and \tmp are lost.
 */
.macro TOGGLE_SPACE cr3, tmp, info=(-REGS_rip)
774:
    movl tlb_clock_value(%rip), \tmp
    movq \cr3, (INFO_cr3 + \info)(%rsp)
    movq \cr3, %cr3
    movl \tmp, (INFO_tlb_time + \info)(%rsp)
775:
    .pushsection .text.entry.pcid, "ax"
776:
    movq \cr3, (INFO_cr3 + \info)(%rsp)
    orq (INFO_keep_tlb + \info)(%rsp), \cr3
    movq \cr3, %cr3
    movq cr3_keep_tlb(%rip), \cr3
    movq \cr3, (INFO_keep_tlb + \info)(%rsp)
    jmp 775b
    .popsection
    .pushsection .alternatives.pcid, "a"
    .long 774b - ., 776b - .
    .popsection
.endm

    .globl syscall_entry
syscall_entry:
    pushq %r11
    pushq $FLAT_CS64
    pushq %rcx
    movq AT(INFO_current), %rcx
    cmpb $0, VCPU_kernel_mode(%rcx)
    jne from_guest_kernel

    /* ---- system call of a guest's user code ---- */
    movq VCPU_info(%rcx), %rax
    cmpl $0, AT(INFO_pending)
    jne syscall_slow
    cmpw $0, (%rax)                     /* evtchn_upcall_pending, evtchn_upcall_mask */
    jne syscall_slow
    cmpb $0, VCPU_fast_syscall(%rcx)
    je syscall_slow
    cmpb $0, VCPU_runstate_stale(%rcx)
    jne syscall_slow
    movb VCPU_syscall_masks_events(%rcx), %r11b
    movb %r11b, 1(%rax)
    movb $1, VCPU_kernel_mode(%rcx)
    swapgs
    movq VCPU_kernel_cr3(%rcx), %rax
    movq %rax, VCPU_cr3(%rcx)
    TOGGLE_SPACE %rax, %r11d
    /* The frame: rcx r11 rip cs rflags rsp ss. */
    movq VCPU_syscall_frame(%rcx), %rax
    STAC
    movq (%rsp), %r11
1:  movq %r11, (%rax)
2:  movq %r11, 16(%rax)
    movq 24(%rsp), %r11
3:  movq %r11, 40(%rax)
    movq 16(%rsp), %r11
4:  movq %r11, 8(%rax)
5:  movq %r11, 32(%rax)
6:  movq $FLAT_CS64, 24(%rax)
7:  movq $FLAT_SS, 48(%rax)
    CLAC
    EX 1b, syscall_fault
    EX 2b, syscall_fault
    EX 3b, syscall_fault
    EX 4b, syscall_fault
    EX 5b, syscall_fault
    EX 6b, syscall_fault
    EX 7b, syscall_fault
    andl $~0x74500, %r11d               /* TF, DF, NT, RF, VM, AC */
    movq VCPU_syscall_callback(%rcx), %rcx
    movq %rax, 24(%rsp)
    movq 32(%rsp), %rax
    movq 24(%rsp), %rsp
    sysretq

syscall_fault:                          /* as if nothing had happened; the C path will fault too, and say so */
    CLAC
    movb $0, VCPU_kernel_mode(%rcx)
    swapgs
    movq VCPU_info(%rcx), %rax
    movb $0, 1(%rax)
syscall_slow:
    movq 32(%rsp), %rax
    movq $FLAT_SS, 32(%rsp)
    movq (%rsp), %rcx
    movq 16(%rsp), %r11
    pushq $0
    movl $BY_SYSCALL, 4(%rsp)
    SAVE_REGS
    movq INFO_current(%rsp), %rdi
    call guest_inject_syscall
    jmp exit_to_guest

    /* ---- iret hypercall; frame on the guest's stack: rax r11 rcx flags rip cs rflags rsp ss ---- */
iret_straight:
    cmpb $0, VCPU_fast_iret(%rcx)
    je hypercall
    cmpl $0, AT(INFO_pending)
    jne hypercall
    movq 24(%rsp), %rax
    movq %rax, %r11                     /* below Serai's part, or at or above its end (0xffff88...) */
    sarq $43, %r11
    cmpq $-15, %r11
    jl iret_slow
    STAC
1:  testb $1, 25(%rax)                  /* VGCF_in_syscall */
    jnz iret_slow
2:  movl 48(%rax), %r11d
    testl $0x200, %r11d                 /* events stay masked: an event must not be looked for */
    jz iret_slow
    andl $~0x23000, %r11d               /* IOPL, VM */
    orl $2, %r11d
    movq %r11, 16(%rsp)
    movq VCPU_info(%rcx), %r11
    cmpb $0, (%r11)
    jne iret_slow
    movb $0, 1(%r11)
3:  movq 56(%rax), %r11
    movq %r11, AT(INFO_scratch)
4:  movq (%rax), %r11
    movq %r11, AT(INFO_scratch + 8)
5:  movq 8(%rax), %r11
    movq %r11, AT(INFO_scratch + 16)
6:  movq 32(%rax), %r11
    movq %r11, (%rsp)
7:  movzwl 64(%rax), %r11d
    orl $3, %r11d
    movq %r11, 32(%rsp)
8:  movzwl 40(%rax), %r11d
9:  movq 16(%rax), %rax
    /* after the last fetch: a selector of the guest's choice must not meet the C path's IRET */
    movq %r11, 8(%rsp)
    CLAC
    EX 1b, iret_slow
    EX 2b, iret_slow
    EX 3b, iret_slow
    EX 4b, iret_slow
    EX 5b, iret_slow
    EX 6b, iret_slow
    EX 7b, iret_slow
    EX 8b, iret_slow
    EX 9b, iret_slow
    notl %r11d
    testb $3, %r11b
    jnz iret_to_kernel
    movb $0, VCPU_kernel_mode(%rcx)
    swapgs
    movq VCPU_user_cr3(%rcx), %r11
    movq %r11, VCPU_cr3(%rcx)
    TOGGLE_SPACE %r11, %ecx
1:  movq %rax, %rcx
    movq AT(INFO_scratch), %r11
    movq %r11, 24(%rsp)
    movq AT(INFO_scratch + 16), %r11
    movq AT(INFO_scratch + 8), %rax
    jmp iret_guest
iret_to_kernel:
    orb $3, 8(%rsp)
    jmp 1b

from_guest_kernel:
    cmpl $HYPERCALL_IRET, 32(%rsp)
    je iret_straight
    /* ---- hypercall: number in RAX, arguments rdi rsi rdx r10 r8 r9 ---- */
/*
 * Only what a hypercall may not change and C does not keep is saved: the arguments. RBX, RBP and R12..R15 still hold
 * the guest's values when the handler is back; hypercall_full puts them into the frame when more happens than going
 * back.
 */
hypercall:
    movq 32(%rsp), %rax
    subq $REGS_rip, %rsp
    movq $FLAT_SS, REGS_ss(%rsp)
    movl $BY_SYSCALL, REGS_entry_vector(%rsp)
    movq %rdi, REGS_rdi(%rsp)
    movq %rsi, REGS_rsi(%rsp)
    movq %rdx, REGS_rdx(%rsp)
    movq %r10, REGS_r10(%rsp)
    movq %r8, REGS_r8(%rsp)
    movq %r9, REGS_r9(%rsp)
    movq %r10, %rcx
    cmpq hypercall_limit(%rip), %rax
    jae slow_hypercall
    andl $63, %eax                      /* also when mispredicted: lib/clamp.h */
    leaq hypercall_table(%rip), %r10
    call *(%r10, %rax, 8)
hypercall_back:
    cmpl $0, INFO_pending(%rsp)
    jne hypercall_full
    testb $(BY_SYSCALL >> 8), REGS_entry_vector + 1(%rsp)
    jz hypercall_full
    movq INFO_current(%rsp), %rcx
    movq VCPU_info(%rcx), %rcx
    movzwl (%rcx), %ecx
    testb %ch, %ch
    jnz 1f
    testb %cl, %cl
    jnz hypercall_full
1:  movq REGS_rip(%rsp), %rcx
    movq %rcx, %rdx
    shlq $16, %rdx
    sarq $16, %rdx
    cmpq %rcx, %rdx
    jne hypercall_full
    cmpw $FLAT_CS64, REGS_cs(%rsp)
    jne hypercall_full
    movq REGS_rdi(%rsp), %rdi
    movq REGS_rsi(%rsp), %rsi
    movq REGS_rdx(%rsp), %rdx
    movq REGS_r10(%rsp), %r10
    movq REGS_r8(%rsp), %r8
    movq REGS_r9(%rsp), %r9
    movq REGS_rflags(%rsp), %r11
    movq REGS_rsp(%rsp), %rsp
    sysretq

hypercall_full:
    movq %rax, REGS_rax(%rsp)
    movq %rbx, REGS_rbx(%rsp)
    movq %rbp, REGS_rbp(%rsp)
    movq %r12, REGS_r12(%rsp)
    movq %r13, REGS_r13(%rsp)
    movq %r14, REGS_r14(%rsp)
    movq %r15, REGS_r15(%rsp)
    testb $(BY_SYSCALL >> 8), REGS_entry_vector + 1(%rsp)
    jz exit_to_guest                    /* an iret: RCX and R11 are what it says */
    movq REGS_rip(%rsp), %rcx
    movq %rcx, REGS_rcx(%rsp)
    movq REGS_rflags(%rsp), %r11
    movq %r11, REGS_r11(%rsp)

    .globl exit_to_guest
exit_to_guest:
    cmpl $0, INFO_pending(%rsp)
    jne exit_work
    movq INFO_current(%rsp), %rbx
    movq VCPU_info(%rbx), %rax
    /*
     * One load: al evtchn_upcall_pending, ah evtchn_upcall_mask. An event that comes now comes with an interrupt,
     * masked or not (core/event.c), and is found when that returns; another vcpu that changes the mask races with its
     * own kernel only.
     */
    movzwl (%rax), %eax
    testb %ah, %ah
    jnz exit_frame
    testb %al, %al
    jnz exit_event
exit_frame:
    testb $(BY_SYSCALL >> 8), REGS_entry_vector + 1(%rsp)
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
    call exit_pending
    jmp exit_to_guest

/* Events are not looked at again: another vcpu that says all the time that there is one would keep us here for ever. */
exit_event:
    movq %rbx, %rdi
    call guest_upcall
    cmpl $0, INFO_pending(%rsp)
    jne exit_work
    jmp exit_frame

slow_hypercall:
    movq %rax, %rdi
    call hypercall_slow
    jmp hypercall_back

/* do_iret() fetches the whole frame anew, but what lay where SS is said that it is iret that was called. */
iret_slow:
    CLAC
    movq 16(%rsp), %r11
    movq $HYPERCALL_IRET, 32(%rsp)
    jmp hypercall

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
    /* SYSENTER clears IF and VM only: DF would reverse our copies, NT make every IRET fault */
    pushq $2
    popfq
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

/*
 * Page fault of a guest, to be delivered to its kernel: the third straight line, in the manner of the other two. Only
 * RAX, RCX and R11 are used, and kept in the scratch words meanwhile. Writes by a kernel to a page it has mapped
 * read-only may be page-table updates and have a path of their own, ptwr_entry. Faults in Serai's range, and all that
 * is unusual, go the long way.
 */
/* RSP = &regs.error_code: 0, rip 8, cs 16, rflags 24, rsp 32, ss 40 */
#define PAGE_FAULT_MAYBE_PTWR 7     /* error code: present, write, ring 3; other bits of it have other reasons */
#define ON_FAULT(field) (field - REGS_rip + 8)(%rsp)
/* The part of the frame that is the same for both: rcx r11 error rip . . rsp ss; events masked, if not yet; and out. */
.macro FAULT_FRAME fixup, mask=0
    movq ON_FAULT(INFO_scratch + 8), %r11
1:  movq %r11, (%rax)
    movq ON_FAULT(INFO_scratch + 16), %r11
2:  movq %r11, 8(%rax)
    movl (%rsp), %r11d
3:  movq %r11, 16(%rax)
    movq 8(%rsp), %r11
4:  movq %r11, 24(%rax)
    movq 32(%rsp), %r11
5:  movq %r11, 48(%rax)
    movq 40(%rsp), %r11
6:  movq %r11, 56(%rax)
    CLAC
    EX 1b, \fixup
    EX 2b, \fixup
    EX 3b, \fixup
    EX 4b, \fixup
    EX 5b, \fixup
    EX 6b, \fixup
    .if \mask
    movq VCPU_info(%rcx), %r11
    movb $1, 1(%r11)
    .endif
    movq 24(%rsp), %r11
    andl $~0x74100, %r11d
    movq VCPU_fault_handler(%rcx), %rcx
    movq %rax, 32(%rsp)
    movq ON_FAULT(INFO_scratch), %rax
    movq 32(%rsp), %rsp
    sysretq
.endm

/* Nothing waits, nobody traces, and the address (to RAX) is not in Serai's part; else the long way. */
.macro FAULT_ORDINARY
    cmpl $0, ON_FAULT(INFO_pending)
    jne fault_slow
    cmpb $0, VCPU_fast_fault(%rcx)
    je fault_slow
    movq %cr2, %rax
    movq %rax, %r11
    sarq $43, %r11
    cmpq $-16, %r11
    je fault_slow
.endm

page_fault_entry:
    testb $3, 16(%rsp)
    jz fault_inside
    movq %rcx, ON_FAULT(INFO_scratch + 8)
    movq ON_FAULT(INFO_current), %rcx
    cmpb $0, VCPU_kernel_mode(%rcx)
    jne fault_in_kernel
    movq %rax, ON_FAULT(INFO_scratch)
    movq %r11, ON_FAULT(INFO_scratch + 16)
    FAULT_ORDINARY

    /* Guest user code. */
    cmpb $0, VCPU_runstate_stale(%rcx)
    jne fault_slow
    movq VCPU_info(%rcx), %r11
    cmpb $0, 1(%r11)
    jne fault_slow
    movb $1, 1(%r11)
    movq %rax, INFO_CR2(%r11)
    movq %rax, VCPU_cr2(%rcx)
    movb $1, VCPU_kernel_mode(%rcx)
    swapgs
    movq VCPU_kernel_cr3(%rcx), %rax
    movq %rax, VCPU_cr3(%rcx)
    TOGGLE_SPACE %rax, %r11d, (8 - REGS_rip)
    movq VCPU_syscall_frame(%rcx), %rax
    subq $8, %rax
    STAC
    movzwl 16(%rsp), %r11d
1:  movq %r11, 32(%rax)
    movq 24(%rsp), %r11
2:  movq %r11, 40(%rax)
    EX 1b, fault_undo
    EX 2b, fault_undo
    FAULT_FRAME fault_undo

fault_in_kernel:
    cmpl $PAGE_FAULT_MAYBE_PTWR, (%rsp)
    je ptwr_entry
    movq %rax, ON_FAULT(INFO_scratch)
    movq %r11, ON_FAULT(INFO_scratch + 16)
    FAULT_ORDINARY
    movq 32(%rsp), %r11
    subq $80, %r11                      /* the frame's lowest word, not the stack pointer, must be above Serai's part */
    sarq $43, %r11
    cmpq $-15, %r11
    jl fault_slow
    movq VCPU_info(%rcx), %r11
    movq %rax, INFO_CR2(%r11)
    movq %rax, VCPU_cr2(%rcx)
    andb $~4, (%rsp)                    /* not the guest's user */
    movq 32(%rsp), %rax
    andq $~15, %rax
    subq $64, %rax
    STAC
    movzbl 1(%r11), %r11d
    shlq $32, %r11
    movw 16(%rsp), %r11w
    andb $~3, %r11b
1:  movq %r11, 32(%rax)                 /* cs with RPL 0, saved_upcall_mask above */
    btq $32, %r11
    movq 24(%rsp), %r11
    jnc 2f
    andl $~0x200, %r11d
2:  movq %r11, 40(%rax)
    EX 1b, fault_unstored
    EX 2b, fault_unstored
    FAULT_FRAME fault_unstored, mask=1

fault_undo:
    movb $0, VCPU_kernel_mode(%rcx)
    swapgs
    movq VCPU_info(%rcx), %rax
    movb $0, 1(%rax)
fault_unstored:                         /* the C path reads CR2, which tells of our own store now */
    CLAC
    movq VCPU_cr2(%rcx), %r11
    movq %r11, %cr2
fault_slow:
    movq ON_FAULT(INFO_scratch), %rax
    movq ON_FAULT(INFO_scratch + 8), %rcx
    movq ON_FAULT(INFO_scratch + 16), %r11
fault_inside:
    movl $14, 4(%rsp)
    jmp trap_common

/* The guest's kernel stored into a page that it has mapped read-only: a page-table update in nearly all cases. */
ptwr_entry:
    movq ON_FAULT(INFO_scratch + 8), %rcx
    movl $14, 4(%rsp)
    SAVE_REGS
    CLAC
    cld
    movq %rsp, %rdi
    movq %cr2, %rsi
    call ptwr_straight
    movq %rsp, %rdi
    testb %al, %al
    jz trap_guest
    cmpl $0, INFO_pending(%rsp)
    jne exit_to_guest
    movq INFO_current(%rsp), %rax
    movq VCPU_info(%rax), %rax
    cmpb $0, (%rax)                     /* evtchn_upcall_pending, perhaps masked */
    jne exit_to_guest
    RESTORE_REGS
    addq $8, %rsp
    jmp iret_guest

/*
 * #GP: one instruction is worth a straight line. Linux's kernel reads its user's GS base (RDMSR of KERNEL_GS_BASE) at
 * every switch of tasks, and ECX says so before anything else is looked at. It is read on the guest's behalf by the
 * same instruction. emulate_privileged() knows this one, too, with all others.
 */
#define MSR_KERNEL_GS_BASE 0xc0000102
#define RDMSR_BYTES 0x320f
protection_fault_entry:                 /* RSP = &regs.error_code, as above */
    testb $3, 16(%rsp)
    jz protection_slow
    cmpl $MSR_KERNEL_GS_BASE, %ecx
    jne protection_slow
    cmpl $0, (%rsp)
    jne protection_slow
    movq %rax, ON_FAULT(INFO_scratch)
    movq ON_FAULT(INFO_current), %rax
    cmpl $0, ON_FAULT(INFO_pending)
    jne protection_restore
    cmpb $0, VCPU_fast_fault(%rax)      /* nobody traces */
    je protection_restore
    cmpb $0, VCPU_kernel_mode(%rax)
    je protection_restore
    movq VCPU_info(%rax), %rax
    cmpb $0, (%rax)                     /* evtchn_upcall_pending */
    jne protection_restore
    testl $0x100, 24(%rsp)              /* TF: a trap is due afterwards */
    jnz protection_restore
    movq 8(%rsp), %rax
    sarq $43, %rax                      /* below Serai's part, or above */
    cmpq $-15, %rax
    jl protection_restore
    movq 8(%rsp), %rax
    STAC
1:  movzwl (%rax), %eax
    CLAC
    EX 1b, protection_unread
    cmpl $RDMSR_BYTES, %eax
    jne protection_restore
    addq $2, 8(%rsp)
    andl $~0x10000, 24(%rsp)            /* RF */
    rdmsr
    addq $8, %rsp
    jmp iret_guest

protection_unread:
    CLAC
protection_restore:
    movq ON_FAULT(INFO_scratch), %rax
protection_slow:
    movl $13, 4(%rsp)
    jmp trap_common

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
    .if vector == 14
    jmp page_fault_entry
    .elseif vector == 13
    jmp protection_fault_entry
    .else
    .if !HAS_ERROR(vector)
    pushq $0
    .endif
    movl $vector, 4(%rsp)
    .if ON_IST(vector)
    jmp ist_common
    .else
    jmp trap_common
    .endif
    .endif
    .pushsection .rodata
    .quad 772b
    .popsection
    .set vector, vector + 1
    .endr

    .section .note.GNU-stack, "", @progbits
