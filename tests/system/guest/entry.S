/* Notes that make an ELF file a PV kernel, and its entry: RSI is the start info, RSP a stack. */
#include <xen/elfnote.h>

#define NOTE(type, value...)                                        \
    .pushsection .note.Xen, "a", @note; .balign 4;                  \
    .long 4, 2f - 1f, type; .asciz "Xen"; 1: value; 2: .balign 4;   \
    .popsection

NOTE(XEN_ELFNOTE_GUEST_OS, .asciz "tiny")
NOTE(XEN_ELFNOTE_XEN_VERSION, .asciz "xen-3.0")
NOTE(XEN_ELFNOTE_VIRT_BASE, .quad 0xffffffff80000000)
NOTE(XEN_ELFNOTE_PADDR_OFFSET, .quad 0)
NOTE(XEN_ELFNOTE_ENTRY, .quad _start)
NOTE(XEN_ELFNOTE_PAE_MODE, .asciz "yes")
NOTE(XEN_ELFNOTE_LOADER, .asciz "generic")
NOTE(XEN_ELFNOTE_HV_START_LOW, .quad 0xffff800000000000)

.section .text.entry, "ax"
.globl _start
_start:
    mov %rsi, %rdi
    call start
.section .note.GNU-stack, "", @progbits
