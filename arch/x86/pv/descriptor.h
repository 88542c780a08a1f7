/* Guest descriptor tables: which descriptors are harmless, and where the CPU finds them. Theory in descriptor.c. */
#pragma once
#include "lib/types.h"

struct vcpu;

/* A segment descriptor (SDM vol. 3, 3.4.5). */
#define DESC_S (1UL << 44)          /* code or data; clear: system segment or gate */
#define DESC_DPL (3UL << 45)
#define DESC_PRESENT (1UL << 47)

/*
 * May a guest have this descriptor? Not-present ones always (loading faults); present code and data segments after
 * their DPL is made 3 in *desc; gates and system segments never: they would lead into ring 0.
 */
static inline bool descriptor_check(u64 *desc)
{
    if (!(*desc & DESC_PRESENT))
        return true;
    if (!(*desc & DESC_S))
        return false;
    *desc |= DESC_DPL;
    return true;
}

/*
 * The page-type machine asks before a frame becomes TYPE_DESC: are all 512 entries allowed? Fixes DPLs in place, only
 * if all are. The caller guarantees that nobody has the frame mapped writable.
 */
bool descriptor_page_valid(mfn_t mfn);

/* Once at boot, after the heap works, before the first vcpu is loaded. */
void descriptor_init(void);

/* set_gdt for v (current or not running): takes a TYPE_DESC use of each frame, drops the old ones. -EINVAL. */
long gdt_set(struct vcpu *v, const u64 *frames, u32 entries);
/* MMUEXT_SET_LDT: `base` page aligned, at most 8192 entries (0: none), outside Serai's range. -EINVAL. */
long ldt_set(struct vcpu *v, u64 base, u64 entries);
/* Give up all uses: v's domain dies. v does not run. */
void descriptor_drop(struct vcpu *v);

/* Context switch: make this CPU's windows show v's tables; LDT pages come by fault. */
void gdt_load(struct vcpu *v);
void ldt_load(struct vcpu *v);
/* v leaves this CPU (or its LDT changes): drop the LDT pages that were faulted in. */
void ldt_unload(struct vcpu *v);

/*
 * The CPU faulted at `offset` into the LDT window while current ran: true when the page is there now (retry); false:
 * the fault is the guest's, at address ldt_base + offset.
 */
bool ldt_fault(u64 offset);
