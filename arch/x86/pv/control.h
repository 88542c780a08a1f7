/* Control registers as a PV guest's kernel sees them. */
#pragma once
#include "lib/types.h"

struct vcpu;

/* Bits of CR4 a guest decides for itself. */
#define GUEST_CR4_OWN (CR4_TSD | CR4_DE | CR4_FSGSBASE | CR4_OSXSAVE)

/* Start value of v->arch.cr0. TS of the guest's CR0 is v->arch.ts_set. */
#define GUEST_CR0_START 0x80050033UL

/* mov from / to CR n by current's kernel: 0, or -EPERM: inject #GP; a write of CR3 also -ERESTART. Takes: mmu. */
long guest_cr_read(struct vcpu *v, unsigned n, u64 *val);
long guest_cr_write(struct vcpu *v, unsigned n, u64 val);

/* Context switch: CR4 with v's FSGSBASE and TSD; TSD also where the domain's owner wants RDTSC to trap. */
void guest_cr4_load(struct vcpu *v);
