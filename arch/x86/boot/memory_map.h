/* The boot loader's memory map and modules, made such that everybody after it may believe them. */
#pragma once
#include "core/build/bootinfo.h"
#include "core/build/why.h"

/*
 * Sort the ranges, merge neighbours of one type and settle overlaps. No RAM is left at `limit` (bytes) or beyond, where
 * Serai could not map it. Says on the console what it had to change. Boot CPU, before the heap.
 */
void memory_map_tidy(struct boot_info *boot, u64 limit);
/*
 * Does every module lie in RAM of the tidied map, apart from the other modules and from Serai's image, which is at
 * [image, image_end)? False, with the reason.
 */
bool modules_check(const struct boot_info *boot, paddr_t image, paddr_t image_end, struct why *why);
