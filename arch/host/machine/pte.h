/* Page-table entries of no real machine: every bit sits elsewhere than on x86, so that nothing agrees by accident. */
#pragma once
#include "lib/types.h"

#define PTE_PRESENT (1UL << 63)
#define PTE_RW (1UL << 62)
#define PTE_USER (1UL << 61)
#define PTE_ACCESSED (1UL << 60)
#define PTE_DIRTY (1UL << 59)
#define PTE_GNTTAB (1UL << 58)
#define PTE_NX (1UL << 57)
#define PTE_PWT (1UL << 56)
#define PTE_PCD (1UL << 55)
#define PTE_PAT (1UL << 54)
#define PTE_PSE (1UL << 53)
#define PTE_GLOBAL (1UL << 52)
#define PTE_RESERVED (1UL << 47) /* an address bit that the machine does not have */
#define PTE_AVAIL 0xe00UL       /* the grant ABI's three bits come as 9..11 */
#define PTE_ADDR 0x0000fffffffff000UL

#define PTES_PER_PAGE 512
static const u64 pte_reserved = PTE_RESERVED;

static inline u64 pte_mfn(u64 pte) { return (pte & PTE_ADDR) >> PAGE_SHIFT; }
static inline u64 pte_make(u64 mfn, u64 flags) { return (mfn << PAGE_SHIFT) | flags; }
static inline unsigned pt_index(u64 va, unsigned level) { return (va >> (12 + 9 * (level - 1))) & 511; }
