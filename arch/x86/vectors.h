/*
 * Interrupt vectors. The machine's devices get 0x30..0xef, allocated by irq.c; the local APIC's own sources and the
 * messages between CPUs sit above them, where a local APIC gives them priority over devices.
 */
#pragma once

/* Exceptions, as the SDM calls them (vol. 3, 6.3.1); CSO, SPV are reserved. */
enum { DE, DB, NMI, BP, OF, BR, UD, NM, DF, CSO, TS, NP, SS, GP, PF, SPV, MF, AC, MC, XM };

/* A page fault's error code (SDM vol. 3, 4.7). */
#define PF_PRESENT 1u
#define PF_WRITE 2u
#define PF_USER 4u

#define VECTOR_DEVICE_FIRST 0x30
#define VECTOR_DEVICE_LAST 0xef
#define VECTOR_INT80 0x80       /* among them, but guests' system call: no device's */
/* 0x20..0x2f: where the (always masked) 8259 pair would deliver; only spurious ones (0x27, 0x2f) ever arrive. */
#define VECTOR_PIC_FIRST 0x20

#define VECTOR_TIMER 0xf0       /* local APIC timer: PENDING_TIMER */
#define VECTOR_FLUSH 0xf8       /* cross-CPU TLB request */
#define VECTOR_CALL 0xf9        /* cross-CPU function call */
#define VECTOR_EVENT 0xfa       /* somebody set bits in this CPU's pending word; nothing else to do */
#define VECTOR_THERMAL 0xfb
#define VECTOR_PMU 0xfc
#define VECTOR_CMCI 0xfd
#define VECTOR_ERROR 0xfe       /* local APIC error register changed */
#define VECTOR_SPURIOUS 0xff    /* needs no EOI */
