/* Wraps the flat 64-bit image into a 32-bit ELF file; see wrap.lds. The image starts with its entry point. */
    .section .image, "awx", @progbits
    .globl _start
_start:
    .incbin IMAGE
    .section .bss, "aw", @nobits
    .skip BSS_BYTES
    .section .note.GNU-stack, "", @progbits
