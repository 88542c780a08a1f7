/* A memory map as PC firmware gives it (INT 0x15, AX=E820), the form in which the interface passes maps around. */
#pragma once
#include "lib/types.h"

#define E820_MAX 128

#define E820_RAM 1
#define E820_RESERVED 2
#define E820_ACPI 3
#define E820_NVS 4
#define E820_UNUSABLE 5

struct e820_entry {
    u64 addr, size;             /* bytes */
    u32 type;                   /* E820_* */
} __packed;
_Static_assert(sizeof(struct e820_entry) == 20, "memory.h: XENMEM_memory_map, same format as the BIOS call");

struct e820_list {
    u32 nr;
    struct e820_entry e[E820_MAX];
};
