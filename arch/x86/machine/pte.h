/* Page-table entries (SDM vol. 3, 4.5). */
#pragma once
#include "lib/types.h"

#define PTE_PRESENT 0x001UL
#define PTE_RW 0x002UL
#define PTE_USER 0x004UL
#define PTE_PWT 0x008UL
#define PTE_PCD 0x010UL
#define PTE_ACCESSED 0x020UL
#define PTE_DIRTY 0x040UL
#define PTE_PSE 0x080UL     /* L2, L3: superpage */
#define PTE_PAT 0x080UL     /* L1 */
#define PTE_GLOBAL 0x100UL
#define PTE_AVAIL 0xe00UL
#define PTE_GNTTAB (1UL << 62) /* L1: mapping made by a grant; only Serai sets it */
#define PTE_NX (1UL << 63)
#define PTE_ADDR 0x000ffffffffff000UL

#define PTES_PER_PAGE 512
static inline u64 pte_mfn(u64 pte) { return (pte & PTE_ADDR) >> PAGE_SHIFT; }
static inline u64 pte_make(u64 mfn, u64 flags) { return (mfn << PAGE_SHIFT) | flags; }
static inline unsigned pt_index(u64 va, unsigned level) { return (va >> (12 + 9 * (level - 1))) & 511; }
/* Address bits this CPU does not have: set in an entry, they would fault. */
extern u64 pte_reserved;
