/* Time: the TSC made into nanoseconds, the next timer interrupt, and what guests are told. Theory in clock.c. */
#pragma once
#include "arch/arch.h"

/* Boot CPU, after acpi_init() and apic_cpu_init(): calibrate TSC and APIC timer (2..20 ms), read the CMOS clock. */
void clock_init(void);
/* Every CPU, after apic_cpu_init(): timer mode. */
void clock_cpu_init(void);
/* TSC ticks per second, as measured. */
u64 clock_tsc_hz(void);
/* Is the TSC the same on all CPUs (guests may compare readings of different vcpus)? */
bool clock_tsc_stable(void);
/* now_ns() from a TSC reading of this CPU, and back (for TSC deadlines). */
ns_t clock_tsc_to_ns(u64 tsc);
u64 clock_ns_to_tsc(ns_t t);
/* Busy-wait; before calibration a guess that is too long rather than too short. */
void clock_delay_us(u64 us);
/* VECTOR_TIMER: the armed deadline has fired (or is near: the caller's timer code arms again). */
void clock_interrupt(void);
/*
 * CPU bring-up: the starting CPU (smp_boot.c) and the started one (cpu_start(), once, before it uses now_ns()) measure
 * how far their TSCs are apart.
 */
void clock_sync_source(unsigned cpu);
void clock_sync_target(unsigned cpu);
/* Wall clock: ns since 1970 at system time 0. */
u64 clock_wall_base(void);
void clock_wall_set(u64 base);

/* ---- pure, for tests ---- */
/* Scale of the interface: ns = ((ticks << shift) * mul) >> 32, shift may be negative. */
struct clock_scale { u32 mul; s8 shift; };
struct clock_scale clock_scale_from_hz(u64 hz);
u64 clock_scale_apply(struct clock_scale s, u64 ticks);

/* What a guest on `cpu` needs: system time = clock_scale_apply(scale, tsc - tsc_at_0). */
void clock_parameters(unsigned cpu, u64 *tsc_at_0, struct clock_scale *scale);
