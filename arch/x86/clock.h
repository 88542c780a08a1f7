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
/* Busy-wait; before calibration a guess that is too long rather than too short. */
void clock_delay_us(u64 us);
/* VECTOR_TIMER: the armed deadline has fired (or is near: the caller's timer code arms again). */
void clock_interrupt(void);
/*
 * CPU bring-up: the starting CPU (smp_boot.c) and the started one (cpu_start(), once, before it uses now_ns()) measure
 * how far their TSCs are apart.
 */
void clock_sync_source(void);
void clock_sync_target(unsigned cpu);
/* Wall clock: ns since 1970 at system time 0. */
u64 clock_wall_base(void);
void clock_wall_set(u64 base);

/* Scale of the interface: ns = ((ticks << shift) * mul) >> 32, shift may be negative. */
struct clock_scale { u32 mul; s8 shift; };
/* What a guest on `cpu` needs: system time = scale applied to (tsc - tsc_at_0). */
void clock_parameters(unsigned cpu, u64 *tsc_at_0, struct clock_scale *scale);
