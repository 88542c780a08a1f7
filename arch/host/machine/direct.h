/* Frames and their records, wherever a test keeps them. */
#pragma once
#include "lib/types.h"

struct frame;
extern struct frame *frame_table;
void *mfn_to_virt(mfn_t mfn);
mfn_t virt_to_mfn(const void *va);
static inline mfn_t direct_mfn(const void *p) { return virt_to_mfn(p); }
