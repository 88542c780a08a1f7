/*
 * Where every frame and its record are: fixed places of the address space (layout.h), so that finding them is a shift.
 */
#pragma once
#include "lib/types.h"
#include "machine/layout.h"

struct frame;
#define frame_table ((struct frame *)FRAME_TABLE_VIRT)
static inline void *mfn_to_virt(mfn_t mfn) { return (void *)(DIRECT_VIRT + (mfn << PAGE_SHIFT)); }
/* Inverse, for what mfn_to_virt() returned. */
static inline mfn_t direct_mfn(const void *p) { return ((u64)p - DIRECT_VIRT) >> PAGE_SHIFT; }
