/*
 * The first instructions. A multiboot 1 or 2 loader leaves us in 32-bit protected mode, paging off, at IMAGE_PHYS, with
 * EAX = the loader's magic and EBX = the physical address of its information. We build the smallest page tables that
 * make three things true, and call start() in C:
 *   - the first 4 GiB are mapped one to one (so that switching paging on does not pull the rug away),
 *   - the same 4 GiB are mapped at DIRECT_VIRT,
 *   - the image is mapped where it is linked.
 * The final tables are made by arch/x86/mm/paging.c.
 *
 * This code is position dependent at its load address: physical = symbol - IMAGE_VIRT + IMAGE_PHYS.
 */
#include <machine/layout.h>
#include "offsets.h"

#define PHYS(sym) ((sym) - 0xffff82d080000000 + 0x200000)

#define MB1_MAGIC 0x1badb002
#define MB1_FLAGS 0x00000003            /* page-aligned modules, memory map */
#define MB2_MAGIC 0xe85250d6

    .section .boot, "ax"
    .code32
    .globl boot32
boot32:
    jmp start32

    .balign 8
mb1_header:
    .long MB1_MAGIC, MB1_FLAGS, -(MB1_MAGIC + MB1_FLAGS)

    .balign 8
mb2_header:
    .long MB2_MAGIC, 0, mb2_end - mb2_header, -(MB2_MAGIC + (mb2_end - mb2_header))
    .short 1, 0                         /* information request: command line, modules, memory map, EFI map, ACPI */
    .long 8 + 7 * 4
    .long 1, 3, 6, 8, 14, 15, 17
    .balign 8
    .short 6, 0                         /* modules page aligned */
    .long 8
    .short 5, 1                         /* framebuffer: any, optional */
    .long 20
    .long 0, 0, 0
    .balign 8
    .short 0, 0
    .long 8
mb2_end:

boot_gdt:
    .quad 0
    .quad 0x00af9a000000ffff            /* 0x08: 64-bit code */
    .quad 0x00cf92000000ffff            /* 0x10: data */
boot_gdt_ptr:
    .short boot_gdt_ptr - boot_gdt - 1
    .long PHYS(boot_gdt)

no_long_mode_text:
    .asciz "Serai needs a 64-bit CPU (long mode and CMOV)\r\n"

start32:
    cli
    cld
    movl $PHYS(boot_stack_end), %esp
    movl %eax, PHYS(boot_magic)
    movl %ebx, PHYS(boot_info_phys)
    /* Are there long mode (CPUID 0x80000001 EDX bit 29) and CMOV (1 EDX bit 15), which compiled code is full of?
       Whatever else may be missing, features_detect() can say. */
    movl $1, %eax
    cpuid
    btl $15, %edx
    jnc no_long_mode
    movl $0x80000000, %eax
    cpuid
    cmpl $0x80000001, %eax
    jb no_long_mode
    movl $0x80000001, %eax
    cpuid
    btl $29, %edx
    jnc no_long_mode
    movl %edx, %ebp                     /* bit 20: NX */

    /* Fill four L2 tables with 2 MiB pages: 0..4 GiB. */
    movl $PHYS(boot_l2), %edi
    movl $0x83, %eax
    movl $2048, %ecx
1:  movl %eax, (%edi)
    movl $0, 4(%edi)
    addl $0x200000, %eax
    addl $8, %edi
    loop 1b
    movl $PHYS(boot_l3), %edi
    movl $PHYS(boot_l2) + 3, %eax
    movl $4, %ecx
1:  movl %eax, (%edi)
    addl $4096, %eax
    addl $8, %edi
    loop 1b
    /* The image: 64 MiB from IMAGE_PHYS at L3 slot 322, L2 slot 0. */
    movl $PHYS(boot_l2_image), %edi
    movl $0x200000 + 0x83, %eax
    movl $32, %ecx
1:  movl %eax, (%edi)
    addl $0x200000, %eax
    addl $8, %edi
    loop 1b
    movl $PHYS(boot_l2_image) + 3, PHYS(boot_l3_image) + 322 * 8
    movl $PHYS(boot_l3) + 3, PHYS(boot_l4)
    movl $PHYS(boot_l3_image) + 3, PHYS(boot_l4) + 261 * 8
    movl $PHYS(boot_l3) + 3, PHYS(boot_l4) + 262 * 8

    movl $0x20, %eax                    /* PAE; the rest is for features_enable() */
    movl %eax, %cr4
    movl $PHYS(boot_l4), %eax
    movl %eax, %cr3
    movl $0xc0000080, %ecx
    rdmsr
    orl $0x100, %eax                    /* LME */
    btl $20, %ebp
    jnc 1f
    orl $0x800, %eax                    /* NXE */
1:  wrmsr
    movl $0x80050033, %eax              /* PG, AM, WP, NE, ET, MP, PE */
    movl %eax, %cr0
    lgdt PHYS(boot_gdt_ptr)
    ljmp $8, $PHYS(start64)

no_long_mode:
    movl $PHYS(no_long_mode_text), %esi
    movl $0xb8000, %edi
1:  lodsb
    testb %al, %al
    jz 3f
    movb %al, (%edi)
    movb $0x4f, 1(%edi)
    addl $2, %edi
    movb %al, %ah
2:  movw $0x3fd, %dx
    inb %dx, %al
    testb $0x20, %al
    jz 2b
    movb %ah, %al
    movw $0x3f8, %dx
    outb %al, %dx
    jmp 1b
3:  hlt
    jmp 3b

    .code64
start64:
    movl $0x10, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    xorl %eax, %eax
    movl %eax, %fs
    movl %eax, %gs
    movabsq $1f, %rax
    jmp *%rax
1:  leaq boot_stack_end(%rip), %rsp
    subq $CPU_INFO_SIZE, %rsp           /* room for struct cpu_info, see machine/current.h */
    andq $~15, %rsp
    xorl %ebp, %ebp
    movl boot_magic(%rip), %edi
    movl boot_info_phys(%rip), %esi
    call start
    ud2

/* void stack_switch_call(void *stack_top, void (*fn)(void)): never returns. */
    .section .text.entry, "ax"
    .globl stack_switch_call
stack_switch_call:
    movq %rdi, %rsp
    xorl %ebp, %ebp
    call *%rsi
    ud2

    .section .data, "aw"
    .balign 8
boot_magic: .long 0
boot_info_phys: .long 0

    .section .bss.page_aligned, "aw", @nobits
    .balign STACK_SIZE
    .globl boot_stack
boot_stack:
    .skip STACK_SIZE
boot_stack_end:
    .globl boot_l4
boot_l4: .skip 4096
boot_l3: .skip 4096
boot_l3_image: .skip 4096
boot_l2_image: .skip 4096
boot_l2: .skip 4 * 4096
    .section .note.GNU-stack, "", @progbits
