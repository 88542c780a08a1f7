#!/usr/bin/python3
"""Symbol table for stack traces: sorted function offsets and names, as assembly, from a linked image.

Usage: symbols.py IMAGE > syms.s   (an empty table for /dev/null, so that the first link has the same layout
except for this section, which is last).
"""
import subprocess
import sys

BASE = 0xFFFF82D080000000


def functions(image):
    if image == "/dev/null":
        return []
    out = subprocess.run(["nm", "-n", image], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in out.splitlines()]
    return [(int(r[0], 16) - BASE, r[2]) for r in rows if len(r) == 3 and r[1] in "tT" and int(r[0], 16) >= BASE]


def main():
    funcs = functions(sys.argv[1])
    print('.section .symbols,"a",@progbits\n.balign 8\n.globl symbol_count, symbol_table, symbol_names')
    print(f"symbol_count: .long {len(funcs)}, 0\nsymbol_table:")
    names, offset = [], 0
    for addr, name in funcs:
        print(f".long {addr}, {offset}")
        names.append(name)
        offset += len(name) + 1
    print("symbol_names:")
    for name in names:
        print(f'.asciz "{name}"')
    print('.byte 0\n.section .note.GNU-stack,"",@progbits')


main()
