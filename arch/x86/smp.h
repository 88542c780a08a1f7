/* Several CPUs: starting them, and requests between them. Theory in smp.c; the contract's part is in arch/arch.h. */
#pragma once
#include "arch/arch.h"

/*
 * Start all CPUs of the ACPI tables, at most `limit`. Fills cpus[].id, apic_id, acpi_id and nr_cpus, cpus_online.
 * Each gets its stack from cpu_prepare() and arrives in cpu_start(). One that does not answer is reported and left out.
 * Needs heap, clock, APIC. The boot CPU is cpus[0] and must be online (smp_boot_cpu()).
 */
void smp_start_all(unsigned limit);
/* Boot CPU: number 0, its APIC id, online. After apic_cpu_init(). */
void smp_boot_cpu(void);

/* ---- provided by the entry code ---- */
/* What CPU `cpu` needs to run: its stack, cpus[cpu].info (on it, .cpu and .cpu_id set). Without memory: panic. */
void cpu_prepare(unsigned cpu);
/* First C code of a started CPU, on its own stack and in Serai's address space; sets cpus[cpu].online. */
void cpu_start(unsigned cpu) __noreturn;

/* VECTOR_FLUSH, VECTOR_CALL: serve what others asked for; machine_poll() without the pause. */
void smp_serve(void);
/* Make all other CPUs stop for good, without waiting longer than 100 ms (panic, power-off). */
void smp_stop_others(void);
/* Flush this CPU's TLB, global entries too: after a change of Serai's own mappings. Takes note of the time. */
void tlb_flush_local(void);
/* Before this CPU, which idled, loads a guest's tables: flushes concern it again. */
void tlb_use(void);
/* The TLB clock itself; use tlb_clock() to stamp. */
extern u32 tlb_clock_value;
