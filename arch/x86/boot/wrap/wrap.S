/*
 * Wraps the flat 64-bit image into a 32-bit ELF file; see wrap.lds. The image is cut where its rights change, so that
 * no piece of the file is both writable and executable; put together again they are the image, which starts with its
 * entry point. END_*: where the piece ends, in bytes from the image's start (Makefile).
 */
.macro PIECE name, flags, from, to
    .section \name, "\flags", @progbits
    .incbin IMAGE, \from, \to - (\from)
.endm

    .section .text, "ax", @progbits
    .globl _start
_start:
    PIECE .text, ax, 0, END_TEXT
    PIECE .rodata, a, END_TEXT, END_RODATA
    PIECE .sealed, aw, END_RODATA, END_RO_AFTER_INIT
    PIECE .init.text, ax, END_RO_AFTER_INIT, END_INIT_TEXT
    .section .data, "aw", @progbits
    .incbin IMAGE, END_INIT_TEXT
    .org END_LOAD - END_INIT_TEXT
    .section .bss, "aw", @nobits
    .skip END_BSS - END_LOAD
    .section .note.GNU-stack, "", @progbits
