/* Paravirtual MMU: page types, validation, updates. Theory in core/mmu.c. */
#pragma once
#include "lib/types.h"
#include "core/frame.h"
#include "core/guest.h"

struct domain;
struct vcpu;

/* Drop all page-table types of a dying domain in steps: 0 when done, -ERESTART when there is more. */
long mmu_relinquish(struct domain *d);

/*
 * Take / drop a use of a frame of d as `type` (TYPE_*), with a general reference. -EINVAL; -ERESTART: there is more to
 * validate, or of an earlier table to undo, than one call may; each call gets further. Takes: mmu.
 */
long frame_get_typed(struct domain *d, mfn_t mfn, u64 type);
/* The same where time is short: -EBUSY for what is half a page table. Takes: mmu, reject. */
long frame_get_typed_whole(struct domain *d, mfn_t mfn, u64 type);
void frame_put_typed(struct domain *d, mfn_t mfn);

/*
 * Load new base tables into v (not running, or current): takes and drops L4 uses. For setvcpucontext, start of day.
 * -EINVAL; -ERESTART: nothing changed, call again. Takes: mmu.
 */
long mmu_set_base(struct vcpu *v, mfn_t kernel_l4);
long mmu_set_user_base(struct vcpu *v, mfn_t user_l4);
void mmu_drop_bases(struct vcpu *v);

/*
 * A guest wrote to a page table of its own that it has mapped read-only ("writable page tables"). `size` is
 * 1, 2, 4 or 8; op: plain store of `val`, or compare-and-swap against *old (which gets the value found).
 * Called by the instruction emulator (arch/x86/pv/ptwr.c). 0, -EINVAL, -EPERM, -EBUSY (validation refused), -ESRCH (not
 * a page table of this guest: the fault is the guest's own), -EAGAIN (cas lost: *old is the value found), -ERESTART
 * (nothing done, the CPU is wanted: let the guest execute it again). After 0, v->mmu_orphan may say that what was
 * dropped is still undone.
 */
long mmu_guest_pte_write(struct vcpu *v, u64 va, u64 *old, u64 val, unsigned size, bool cas);

/* Does va, in v's kernel, map one of the devices that are only shown (machine_frame_readonly)? Takes: mmu. */
bool mmu_maps_readonly_device(struct vcpu *v, u64 va);

/*
 * The same as mmu_guest_pte_write() for the commonest case: exchange a whole entry of an L1 table mapped at va (aligned
 * to 8). Not done: nothing happened, it is not that case or was refused. Two words, so that they come in registers.
 */
struct pte_exchange {
    u64 old;            /* what was replaced */
    bool done;
};
struct pte_exchange mmu_guest_pte_exchange(struct vcpu *v, u64 va, u64 val);

/*
 * Grant mapping: create/destroy a PTE of d that maps `mfn`. The caller (core/grant.c) already holds the
 * general/typed reference of the granted frame that the mapping stands for; PTE changes neither take nor drop
 * references (the mapping carries a marker so that the guest cannot drop it by an ordinary PTE write unaccounted).
 *   pte_maddr: host_addr is the machine address of a PTE (GNTMAP_contains_pte); else a virtual address.
 *   flags: PTE flags beyond address (PTE_PRESENT | PTE_RW ...| available bits).
 * mmu_ungrant_map() replaces the PTE by `new_pte` (0, or for unmap_and_replace) if it still maps mfn with
 * that right (so that a read-only mapping cannot be given up in place of a writable one); else -EINVAL.
 * Both flush the local TLB as needed; global flush is the caller's (tlb_flush_mask).
 */
long mmu_grant_map(struct domain *d, u64 host_addr, bool contains_pte, mfn_t mfn, u64 flags);
long mmu_ungrant_map(struct domain *d, u64 host_addr, bool contains_pte, mfn_t mfn, bool writable,
                     u64 new_pte);

/* CPUs on which the vcpus of a guest bitmap may have translations. -EFAULT. */
long vcpu_mask_cpus(struct domain *d, gva_t bitmap, u64 *cpus);

/* Machine-to-physical table entry; INVALID_M2P when not set. Frames beyond the table are passed over. No locks. */
#define INVALID_M2P (~0UL)
void m2p_set(mfn_t mfn, gfn_t gfn);
gfn_t m2p_get(mfn_t mfn);

/*
 * The auditor (core/audit.c): all domains are stopped, types and references recounted from the tables, event channels
 * and grants checked from both ends; differences are printed, their number returned (0, with a line, if the domains did
 * not stop). No locks held, ctl excepted.
 */
unsigned audit_domain(struct domain *d);
unsigned audit_all(void);
#ifdef SERAI_DEBUG
extern u32 audit_deaths;    /* dying domains are audited; hypfs: /debug/audit_deaths, 0 while that is measured */
#endif
