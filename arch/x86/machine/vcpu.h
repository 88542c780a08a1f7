/* The machine's part of struct vcpu. */
#pragma once
#include "lib/types.h"
#include "abi/xen.h"

struct guest_trap {
    u64 address;        /* 0: none */
    u16 cs;
    u8 flags;           /* bits 0-1: lowest privilege that may raise it by `int n`; bit 2: mask events */
};

struct arch_vcpu {
    struct cpu_user_regs regs;  /* while not running; else in the CPU's entry frame: use vcpu_regs() */
    bool kernel_mode;           /* guest kernel (true) or guest user */
    bool ts_set;                /* fpu_taskswitch: guest's virtual CR0.TS */
    bool nmi_masked, nmi_pending;
    u8 iopl;                    /* virtual IOPL 0..3 */
    u64 iobmp_va;               /* PHYSDEVOP_set_iobitmap: guest address of the bitmap (bit clear: user may), */
    u32 iobmp_bits;             /* and the number of ports it covers */
    u64 kernel_sp;
    u16 kernel_ss;
    u64 event_callback, failsafe_callback, syscall_callback, syscall32_callback, sysenter_callback, nmi_callback;
    u16 syscall32_cs, sysenter_cs;
    bool failsafe_masks_events, syscall_masks_events, syscall32_masks_events, sysenter_masks_events;
    struct guest_trap trap[256];

    /* Address space: page-table frames (a use as TYPE_L4 each), 0: none. cr3 is what is loaded while it runs. */
    mfn_t kernel_l4, user_l4;
    u64 cr3, kernel_cr3, user_cr3;
    /*
     * For entry.S, made by isolate_refresh(): where a system call's frame goes, and whether the straight paths may be
     * used.
     */
    u64 syscall_frame;
    u32 loaded_on;              /* CPU that loaded this context last, ~0: it must be loaded from here */
    bool fast_syscall, fast_iret, fast_fault;
    struct ptwr_form {          /* stores to page tables met lately, by the low bits of their address: pv/ptwr.c */
        u64 code;               /* the eight bytes */
        u8 base, reg;           /* words of struct cpu_user_regs */
        u8 length;
        bool exchange;
        s32 disp;
    } ptwr_form[16];
    u64 cr2;                    /* virtual: also in vcpu_info.arch.cr2 */
    u64 cr4;                    /* guest's view, of the bits it may own */
    u64 cr0;

    u64 fs_base, gs_base_kernel, gs_base_user; /* while not running; else in the CPU */
    u64 gdt_mfn[16];
    u32 gdt_entries;
    u64 ldt_base;
    u32 ldt_entries;
    u64 ldt_mapped;             /* bit per LDT page present in the CPU's window */

    u64 dr[4], dr6, dr7;
    u64 dr7_emul;               /* I/O breakpoints we only remember */
    u64 tsc_aux;
    void *xsave;                /* XSAVE area, 64-byte aligned */
    u64 xcr0;                   /* components the guest enabled */
    u64 xcr0_accum;             /* components it ever enabled */
};
