/* FPU, SSE and AVX state of vcpus, switched eagerly. Theory in fpu.c. */
#pragma once
#include "lib/types.h"

struct vcpu;

#define XSTATE_X87 0x01UL
#define XSTATE_SSE 0x02UL
#define XSTATE_YMM 0x04UL
#define XSTATE_AVX512 0xe0UL
#define FPU_LEGACY_BYTES 512

/* Every CPU, after features_enable(): full XCR0, state after reset. Again when Serai's own boot code used SSE. */
void fpu_cpu_init(void);

/* State components a PV guest may enable in XCR0 (0: no XSAVE). */
u64 fpu_guest_xcr0(void);
/* Bytes of the XSAVE area (standard, not compacted format) for the components of xcr0; >= 576. */
u32 fpu_area_size(u64 xcr0);

/* Allocate v's area and set it to the state after reset. -ENOMEM. Freed by fpu_vcpu_destroy(). */
long fpu_vcpu_init(struct vcpu *v);
void fpu_vcpu_destroy(struct vcpu *v);
/* Back to the reset state. v does not run. */
void fpu_reset(struct vcpu *v);

/* Context switch on this CPU: registers to v's area / from v's area, and CR0.TS, XCR0 as v wants them. */
void fpu_save(struct vcpu *v);
void fpu_restore(struct vcpu *v);
/* v comes back to the CPU that still has its registers: TS and XCR0 only. */
void fpu_resume(struct vcpu *v);

/* current's virtual CR0.TS (fpu_taskswitch, mov to cr0, clts). */
void fpu_ts_set(struct vcpu *v, bool set);
/*
 * #NM while current's guest ran: true when it is the guest's (its TS was set; it is clear now, as the interface
 * promises on delivery) and must be injected; false: spurious, just go on.
 */
bool fpu_device_not_available(struct vcpu *v);

/* XSETBV of XCR0 by v (current): 0, or -EINVAL for a value that the CPU or the policy refuses (guest gets #GP). */
long fpu_set_xcr0(struct vcpu *v, u64 xcr0);

/* FXSAVE image for get/setvcpucontext. v does not run (or is current and was saved). set: -EINVAL on bad MXCSR. */
void fpu_get_legacy(struct vcpu *v, void *image);
long fpu_set_legacy(struct vcpu *v, const void *image);

/*
 * XEN_DOMCTL_{get,set}vcpuextstate: u64 xcr0, u64 xcr0_accum, then the XSAVE area in standard format.
 * size: bytes for get, 0 if the CPU has no XSAVE. set: -EINVAL (size, header, components), -EOPNOTSUPP (no XSAVE).
 */
u32 fpu_ext_size(const struct vcpu *v);
void fpu_ext_get(struct vcpu *v, void *buf);
long fpu_ext_set(struct vcpu *v, const void *buf, u32 size);
