/*
 * Where another CPU starts: real mode, cs:ip = page:0, interrupts off, caches on, everything else undefined.
 * Copied to a page below 1 MiB (smp_boot.c), so all addresses are relative to that page.
 *
 *   real mode      es = ds = cs; ebx = linear address of the page; patch nothing: far jumps go through memory operands
 *   protected      32-bit, flat segments based at 0, no paging
 *   long           CR4, EFER, temporary CR3, CR0 with paging -> 64-bit code segment
 *   C              rsp from the parameter block, smp_ap_entry(cpu)
 *
 * The ticket is taken before anything of Serai is touched. A CPU without one halts.
 * CR0: caches on (CD and NW clear), write protection on, x87 errors native.
 */
#define ARGS 0xf80
#define ARG_CR3 (ARGS + 0)
#define ARG_TICKET (ARGS + 4)
#define ARG_STACK (ARGS + 8)
#define ARG_ENTRY (ARGS + 16)
#define ARG_EFER (ARGS + 24)
#define ARG_CR4 (ARGS + 32)
#define ARG_CPU (ARGS + 40)
/* Scratch behind the parameters: two far pointers and a GDT pointer, made at run time from the page's address. */
#define FAR32 (ARGS + 48)
#define FAR64 (ARGS + 56)
#define GDTR (ARGS + 64)

#define SEL_CODE32 0x08
#define SEL_DATA 0x10
#define SEL_CODE64 0x18

    .section .rodata.trampoline, "a", @progbits
    .balign 16
    .globl trampoline_start, trampoline_end
    .hidden trampoline_start, trampoline_end
    .code16
trampoline_start:
    cli
    cld
    mov %cs, %ax
    mov %ax, %ds
    mov %ax, %es
    xor %ebx, %ebx
    mov %ax, %bx
    shl $4, %ebx                            /* linear address of this page */

    xor %eax, %eax
    xchg %eax, ARG_TICKET                   /* locked by definition */
    test %eax, %eax
    jz no_ticket

    lea (protected - trampoline_start)(%ebx), %eax
    mov %eax, FAR32
    movw $SEL_CODE32, FAR32 + 4
    lea (long - trampoline_start)(%ebx), %eax
    mov %eax, FAR64
    movw $SEL_CODE64, FAR64 + 4
    movw $(gdt_end - gdt - 1), GDTR
    lea (gdt - trampoline_start)(%ebx), %eax
    mov %eax, GDTR + 2
    lgdtl GDTR

    mov $0x11, %eax                         /* PE, ET; caches come on with paging, below */
    mov %eax, %cr0
    ljmpl *FAR32

no_ticket:
    hlt
    jmp no_ticket

    .code32
protected:
    mov $SEL_DATA, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov ARG_CR4(%ebx), %eax
    and $0x20, %eax                         /* PAE now; PGE only once paging is on */
    mov %eax, %cr4
    mov ARG_CR3(%ebx), %eax
    mov %eax, %cr3
    mov $0xc0000080, %ecx
    rdmsr
    mov ARG_EFER(%ebx), %eax
    xor %edx, %edx
    wrmsr
    mov $0x80010031, %eax                   /* PG, WP, NE, ET, PE */
    mov %eax, %cr0
    ljmpl *FAR64(%ebx)

    .code64
long:
    mov ARG_CR4(%rbx), %rax
    mov %rax, %cr4
    mov ARG_STACK(%rbx), %rsp
    and $-16, %rsp
    mov ARG_CPU(%rbx), %edi
    mov ARG_ENTRY(%rbx), %rax
    xor %ebp, %ebp
    call *%rax
    ud2

    .balign 8
gdt:
    .quad 0
    .quad 0x00cf9b000000ffff                /* 32-bit code, accessed */
    .quad 0x00cf93000000ffff                /* data */
    .quad 0x00af9b000000ffff                /* 64-bit code */
gdt_end:
trampoline_end:
    .code64
    .section .note.GNU-stack, "", @progbits
