/* The local APIC: identity, end of interrupt, messages between CPUs, the timer. SDM vol. 3, chapter 11. */
#pragma once
#include "lib/types.h"

#define LAPIC_WINDOW MiB(1)     /* the range set aside for its registers and for messages (SDM 10.11) */

/* Boot CPU, once, after acpi_init(): choose xAPIC or x2APIC, map the registers. False: this CPU has no APIC. */
bool apic_init(void);
/*
 * Every CPU, the boot CPU included: enable, accept everything, timer masked, LINT as the MADT says. Needs
 * this_cpu().
 */
void apic_cpu_init(void);
u32 apic_id(void);              /* of the running CPU */
void apic_eoi(void);
/* Fixed interrupt `vector` to the CPU with this APIC id; self included. Waits for the previous message to leave. */
void apic_send(u32 apic_id, u8 vector);
/* CPU start-up (SDM 9.4.4). `page`: number of a 4 KiB page below 1 MiB. */
void apic_send_init(u32 apic_id);
void apic_send_startup(u32 apic_id, u8 page);

/* Timer: raw count for calibration, divided by APIC_TIMER_DIVIDE. */
#define APIC_TIMER_DIVIDE 16
void apic_timer_start(u32 count);   /* one shot, interrupt VECTOR_TIMER unless masked; 0 stops */
u32 apic_timer_left(void);
void apic_timer_mode(bool deadline, bool masked);

/* VECTOR_ERROR: read, report (rate limited), clear. */
void apic_error(void);
