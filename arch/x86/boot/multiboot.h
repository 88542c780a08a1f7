/* What a multiboot 1 or 2 loader hands over, turned into struct boot_info. */
#pragma once
#include "core/build/bootinfo.h"

#define MULTIBOOT1_LOADED 0x2badb002u   /* EAX at entry */
#define MULTIBOOT2_LOADED 0x36d76289u

/*
 * Fill *boot (zeroed by the caller) from the loader's information at physical address `info`. NULL, or what is wrong
 * with it: then nothing is known about memory and the machine cannot be used. Boot CPU, before the heap; reads only
 * below 4 GiB, through phys_ptr().
 */
const char *multiboot_parse(u32 magic, paddr_t info, struct boot_info *boot);
