.section .symbols,"a",@progbits
.balign 8
.globl symbol_count, symbol_table, symbol_names
symbol_count: .long 0, 0
symbol_table:
symbol_names:
.byte 0
.section .note.GNU-stack,"",@progbits
