/* Everything Serai keeps per CPU. */
#pragma once
#include "arch/arch.h"
#include "abi/xen.h"
#include <machine/layout.h>

struct tss {
    u32 reserved0;
    u64 rsp[3];
    u64 reserved1;
    u64 ist[7];
    u64 reserved2;
    u16 reserved3, iomap;
} __attribute__((packed));

#define IST_NMI 1
#define IST_DF 2
#define IST_MCE 3
#define IST_DB 4

struct cpu {
    unsigned id;                /* 0.. */
    u32 apic_id, acpi_id;
    bool online;
    struct cpu_info *info;      /* on its stack */
    u64 *gdt;                   /* alias of the reserved GDT page (page 14 of the window) */
    struct tss *tss;
    u64 gdt_window;             /* virtual addresses of this CPU's windows */
    u64 ldt_window;
    u64 *window_l1;             /* L1 table that maps the windows: 16 GDT + 16 LDT entries */
    u32 gdt_pages;              /* the guest's part of the GDT window shows zeros from this page on */
    struct vcpu *loaded;        /* whose registers, tables and FPU state it has, even while it idles */
    struct domain *space_domain; /* whose tables info->cr3 names; NULL: nobody's */
    u32 tlb_clean;              /* it idles in Serai's own tables: whatever guest it enters, it flushes first (smp.c) */
    u64 stat_irqs, stat_halts;
} __cacheline;

extern struct cpu cpus[MAX_CPUS];

/* CPU features Serai uses, found at boot. */
struct cpu_features {
    bool nx, smep, smap, umip, fsgsbase, xsave, xsaveopt, pcid, invpcid, gb_pages, x2apic, tsc_deadline,
        invariant_tsc, rdtscp, cpuid_faulting, pge, de, mce, pat, c1e;
    bool intel, amd;
    u32 phys_bits;
    u64 xcr0;
};
extern struct cpu_features cpu_has;
