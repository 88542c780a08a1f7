/* The panic record: a run's last words, kept in RAM over a reset for the next run to say. Theory in record.c. */
#pragma once
#include "lib/types.h"
#include "core/build/bootinfo.h"

/* Choose the record's place and keep it out of the heap: in paging_init(), once images and modules are reserved. */
void record_reserve(const struct boot_info *boot);
/* Say what the last run left, if it left something, and forget it. Console and the map of RAM work. */
void record_report(void);
/* Add text while panicking: no locks, no allocation; nothing where there is no place for a record. */
void record_add(const char *text, size_t bytes);
/* The words are all there: push them out of the caches, which a reset empties without writing back. */
void record_close(void);
