/* Serai's own page tables. The map is in machine/layout.h. */
#pragma once
#include "lib/types.h"
#include "core/build/bootinfo.h"

struct cpu;

/* Boot CPU, before the heap: build the final tables, frame table, M2P; switch to them; give RAM to the heap. */
void paging_init(const struct boot_info *boot);

/* Put Serai's slots (256..271) into a guest's top-level table. */
void paging_fill_l4(u64 *l4);
/* Put the guests' view of the machine-to-physical table into a top-level table in use, or take it out. */
void paging_show_m2p(u64 *l4, bool shown);
/* CR3 for a CPU that runs no guest. */
u64 paging_idle_cr3(void);

/* The windows of a CPU (GDT, LDT): fills c->gdt_window, ldt_window, window_l1, gdt. */
void paging_init_windows(struct cpu *c);
/* A page of RAM below 640 KiB, for CPUs that start in real mode; MFN_NONE if the machine has none. */
mfn_t paging_low_page(void);
/* A CPU's stack with guard page; its lowest address. */
void *paging_map_stack(unsigned cpu);
/* One page of code in reach of the image: its executable address; *alias: where it can be written. */
void *paging_map_stub_page(void **alias);
/*
 * After initialisation: what is constant from now on becomes read-only, code that was for it goes. TLBs are the
 * caller's.
 */
void paging_seal(void);
/*
 * Debug builds: walk it all. Panics when something is writable and executable, a stack lacks guard pages, and the like.
 */
void paging_check(void);

/*
 * Keep [start, end) bytes out of the heap; while paging_init() runs. False, and nothing done: something was reserved
 * there before.
 */
bool early_reserve_free(paddr_t start, paddr_t end);
