/* Boot on x86: what its files share. */
#pragma once
#include "lib/types.h"

/* Pointer to physical memory below 4 GiB, while Serai's own page tables are not there yet and after. */
void *phys_ptr(paddr_t pa);
