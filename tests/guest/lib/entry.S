/* Entry, notes, and the ways in from the hypervisor. Compiled once per test, with the flags of its `Build:` line. */
#include <xen/elfnote.h>

#define NOTE(type, value...)                                        \
    .pushsection .note.Xen, "a", @note; .balign 4;                  \
    .long 4, 2f - 1f, type; .asciz "Xen"; 1: value; 2: .balign 4;   \
    .popsection

NOTE(XEN_ELFNOTE_GUEST_OS, .asciz "test")
NOTE(XEN_ELFNOTE_GUEST_VERSION, .asciz "1")
NOTE(XEN_ELFNOTE_XEN_VERSION, .asciz "xen-3.0")
NOTE(XEN_ELFNOTE_VIRT_BASE, .quad 0xffffffff80000000)
NOTE(XEN_ELFNOTE_PADDR_OFFSET, .quad 0)
NOTE(XEN_ELFNOTE_ENTRY, .quad _start)
#ifndef NO_HYPERCALL_PAGE
NOTE(XEN_ELFNOTE_HYPERCALL_PAGE, .quad hypercall_page)
#endif
#ifdef INIT_P2M
NOTE(XEN_ELFNOTE_INIT_P2M, .quad INIT_P2M)
#endif
NOTE(XEN_ELFNOTE_FEATURES, .asciz "!writable_page_tables|pae_pgdir_above_4gb")
NOTE(XEN_ELFNOTE_PAE_MODE, .asciz "yes")
NOTE(XEN_ELFNOTE_LOADER, .asciz "generic")
NOTE(XEN_ELFNOTE_HV_START_LOW, .quad 0xffff800000000000)

.section .text.entry, "ax"
.balign 4096
.globl hypercall_page
hypercall_page:
    .skip 4096
.globl _start
_start:
    mov %rsp, boot_regs + 20 * 8(%rip)
    pushfq
    pop boot_regs + 19 * 8(%rip)
    mov %r15, boot_regs + 0(%rip)
    mov %r14, boot_regs + 8(%rip)
    mov %r13, boot_regs + 16(%rip)
    mov %r12, boot_regs + 24(%rip)
    mov %rbp, boot_regs + 32(%rip)
    mov %rbx, boot_regs + 40(%rip)
    mov %r11, boot_regs + 48(%rip)
    mov %r10, boot_regs + 56(%rip)
    mov %r9, boot_regs + 64(%rip)
    mov %r8, boot_regs + 72(%rip)
    mov %rax, boot_regs + 80(%rip)
    mov %rcx, boot_regs + 88(%rip)
    mov %rdx, boot_regs + 96(%rip)
    mov %rsi, boot_regs + 104(%rip)
    mov %rdi, boot_regs + 112(%rip)
    xor %eax, %eax
    mov %cs, %eax
    mov %rax, boot_regs + 18 * 8(%rip)
    mov %ss, %eax
    mov %rax, boot_regs + 21 * 8(%rip)
    mov %ds, %eax
    mov %rax, boot_segs(%rip)
    mov %es, %eax
    mov %rax, boot_segs + 8(%rip)
    mov %fs, %eax
    mov %rax, boot_segs + 16(%rip)
    mov %gs, %eax
    mov %rax, boot_segs + 24(%rip)
    cld
    mov %rsi, %rdi
    lea boot_stack_top(%rip), %rsp
    xor %ebp, %ebp
    call pv_main
    ud2

.text
/* Stack at a trap: rcx r11 [error] rip cs rflags rsp ss. Made into struct regs. */
.macro stub vector
    .balign 16
    pop %rcx
    pop %r11
    .if !(((\vector) == 8) || (((\vector) >= 10) && ((\vector) <= 14)) || ((\vector) == 17))
    push $0
    .endif
    push $\vector
    jmp common
.endm
.balign 16
.globl trap_stubs
trap_stubs:
.set v, 0
.rept 32
    stub v
    .set v, v + 1
.endr
.globl entry_int80
entry_int80: stub 0x80
.globl entry_event
.balign 16
entry_event: stub 256
.globl entry_syscall
.balign 16
entry_syscall: stub 257
.globl entry_syscall32
.balign 16
entry_syscall32: stub 259
.globl entry_failsafe
.balign 16
entry_failsafe:
    pop %rcx
    pop %r11
    pop failsafe_segs(%rip)
    pop failsafe_segs + 8(%rip)
    pop failsafe_segs + 16(%rip)
    pop failsafe_segs + 24(%rip)
    push $0
    push $258
common:
    push %rdi
    push %rsi
    push %rdx
    push %rcx
    push %rax
    push %r8
    push %r9
    push %r10
    push %r11
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    cld
    mov %rsp, %rdi
    mov %rsp, %rbp
    and $~15, %rsp
    call trap
    mov %rbp, %rsp
    mov %rsp, %rdi
    xor %esi, %esi
.globl iret_to
iret_to:                            /* (struct regs *, flags) */
    mov %rdi, %rsp
    mov %rsi, iret_flags(%rip)
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    pop %r11
    pop %r10
    pop %r9
    pop %r8
    pop %rax
    pop %rcx
    pop %rdx
    pop %rsi
    pop %rdi
    add $16, %rsp
    push iret_flags(%rip)
    push %rcx
    push %r11
    push %rax
    mov $23, %eax
    syscall
    ud2

.globl jump_set
jump_set:
    mov %rbx, 0(%rdi)
    mov %rbp, 8(%rdi)
    mov %r12, 16(%rdi)
    mov %r13, 24(%rdi)
    mov %r14, 32(%rdi)
    mov %r15, 40(%rdi)
    lea 8(%rsp), %rax
    mov %rax, 48(%rdi)
    mov (%rsp), %rax
    mov %rax, 56(%rdi)
    xor %eax, %eax
    ret
.globl jump_to
jump_to:
    push $0x202
    popfq
    mov 0(%rdi), %rbx
    mov 8(%rdi), %rbp
    mov 16(%rdi), %r12
    mov 24(%rdi), %r13
    mov 32(%rdi), %r14
    mov 40(%rdi), %r15
    mov 48(%rdi), %rsp
    mov $1, %eax
    jmp *56(%rdi)

.data
iret_flags: .quad 0
.bss
.balign 4096
.skip 16384
boot_stack_top:
.skip 4096
.globl kernel_stack_top
.skip 16384
kernel_stack_top:
.globl user_stack_top
.skip 8192
user_stack_top:
.section .note.GNU-stack, "", @progbits
