/*
 * One C name per privileged instruction. Those that may fault on purpose have an entry in section .ex_table:
 * two s32, each relative to its own address: the instruction's address, then where to continue. A fault handler
 * that finds its rip there (see struct extable_entry) sets rip to the fixup; registers are unchanged.
 */
#pragma once
#include "lib/types.h"

struct extable_entry {
    s32 fault, fixup;
};
static inline u64 extable_fault(const struct extable_entry *e) { return (u64)&e->fault + (s64)e->fault; }
static inline u64 extable_fixup(const struct extable_entry *e) { return (u64)&e->fixup + (s64)e->fixup; }

/* For inline assembly: at a fault at label `fault` go on at label `fixup`. */
#define EX_TABLE(fault, fixup) \
    ".pushsection .ex_table, \"a\"\n\t.balign 4\n\t.long " fault " - .\n\t.long " fixup " - .\n\t.popsection\n\t"

/* ---- ports ---- */
static inline u8 inb(u16 port)
{
    u8 v;
    __asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}
static inline u16 inw(u16 port)
{
    u16 v;
    __asm__ volatile("inw %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}
static inline u32 inl(u16 port)
{
    u32 v;
    __asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}
static inline void outb(u16 port, u8 v) { __asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port)); }
static inline void outw(u16 port, u16 v) { __asm__ volatile("outw %0, %1" : : "a"(v), "Nd"(port)); }
static inline void outl(u16 port, u32 v) { __asm__ volatile("outl %0, %1" : : "a"(v), "Nd"(port)); }

/* ---- model-specific registers ---- */
static inline u64 rdmsr(u32 msr)
{
    u32 lo, hi;
    __asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
    return lo | (u64)hi << 32;
}
static inline void wrmsr(u32 msr, u64 v)
{
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((u32)v), "d"((u32)(v >> 32)) : "memory");
}
/* False, and *v = 0, if the register does not exist. */
static inline bool rdmsr_safe(u32 msr, u64 *v)
{
    u32 lo = 0, hi = 0;
    u8 ok = 0;
    __asm__ volatile("1: rdmsr\n\t"
                     "movb $1, %2\n"
                     "2:\n\t" EX_TABLE("1b", "2b")
                     : "+a"(lo), "+d"(hi), "+q"(ok) : "c"(msr));
    *v = lo | (u64)hi << 32;
    return ok;
}
/* False if the register does not exist or refuses the value. */
static inline bool wrmsr_safe(u32 msr, u64 v)
{
    u8 ok = 0;
    __asm__ volatile("1: wrmsr\n\t"
                     "movb $1, %0\n"
                     "2:\n\t" EX_TABLE("1b", "2b")
                     : "+q"(ok) : "c"(msr), "a"((u32)v), "d"((u32)(v >> 32)) : "memory");
    return ok;
}

/* ---- identification ---- */
struct cpuid {
    u32 a, b, c, d;
};
static inline struct cpuid cpuid(u32 leaf, u32 subleaf)
{
    struct cpuid r;
    __asm__ volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(leaf), "c"(subleaf));
    return r;
}

/* ---- time ---- */
static inline u64 rdtsc(void)
{
    u32 lo, hi;
    __asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
    return lo | (u64)hi << 32;
}
/* Not before earlier loads (SDM: rdtsc may otherwise run ahead of them). */
static inline u64 rdtsc_ordered(void)
{
    u32 lo, hi;
    __asm__ volatile("lfence\n\trdtsc" : "=a"(lo), "=d"(hi) : : "memory");
    return lo | (u64)hi << 32;
}

/* ---- control registers ---- */
#define DEFINE_CR(n) \
    static inline u64 read_cr##n(void) \
    { \
        u64 v; \
        __asm__ volatile("mov %%cr" #n ", %0" : "=r"(v) : : "memory"); \
        return v; \
    } \
    static inline void write_cr##n(u64 v) { __asm__ volatile("mov %0, %%cr" #n : : "r"(v) : "memory"); }
DEFINE_CR(0)
DEFINE_CR(2)
DEFINE_CR(3)
DEFINE_CR(4)
#undef DEFINE_CR

#define CR0_PE (1UL << 0)
#define CR0_MP (1UL << 1)
#define CR0_EM (1UL << 2)
#define CR0_TS (1UL << 3)
#define CR0_ET (1UL << 4)
#define CR0_NE (1UL << 5)
#define CR0_WP (1UL << 16)
#define CR0_AM (1UL << 18)
#define CR0_PG (1UL << 31)
#define CR4_TSD (1UL << 2)
#define CR4_DE (1UL << 3)
#define CR4_PAE (1UL << 5)
#define CR4_MCE (1UL << 6)
#define CR4_PGE (1UL << 7)
#define CR4_OSFXSR (1UL << 9)
#define CR4_OSXMMEXCPT (1UL << 10)
#define CR4_UMIP (1UL << 11)
#define CR4_FSGSBASE (1UL << 16)
#define CR4_PCIDE (1UL << 17)
#define CR4_OSXSAVE (1UL << 18)
#define CR4_SMEP (1UL << 20)
#define CR4_SMAP (1UL << 21)

static inline void write_xcr0(u64 v)
{
    __asm__ volatile("xsetbv" : : "c"(0), "a"((u32)v), "d"((u32)(v >> 32)));
}

/* ---- debug registers ---- */
#define DEFINE_DR(n) \
    static inline u64 read_dr##n(void) \
    { \
        u64 v; \
        __asm__ volatile("mov %%db" #n ", %0" : "=r"(v)); \
        return v; \
    } \
    static inline void write_dr##n(u64 v) { __asm__ volatile("mov %0, %%db" #n : : "r"(v)); }
DEFINE_DR(0)
DEFINE_DR(1)
DEFINE_DR(2)
DEFINE_DR(3)
DEFINE_DR(6)
DEFINE_DR(7)
#undef DEFINE_DR

/* ---- segments: bases by FSGSBASE or by MSR is the caller's decision (cpu_has.fsgsbase) ---- */
#define MSR_FS_BASE 0xc0000100
#define MSR_GS_BASE 0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102
#define MSR_TSC_AUX 0xc0000103
#define MSR_EFER 0xc0000080
#define MSR_STAR 0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_CSTAR 0xc0000083
#define MSR_SYSCALL_MASK 0xc0000084
#define MSR_SYSENTER_CS 0x174
#define MSR_SYSENTER_ESP 0x175
#define MSR_SYSENTER_EIP 0x176
#define MSR_APIC_BASE 0x1b
#define MSR_MISC_ENABLE 0x1a0
#define MSR_MCG_CAP 0x179
#define MSR_TSC_DEADLINE 0x6e0
#define MSR_PAT 0x277
#define EFER_SCE (1UL << 0)
#define EFER_LME (1UL << 8)
#define EFER_LMA (1UL << 10)
#define EFER_NXE (1UL << 11)

static inline u64 rdfsbase(void)
{
    u64 v;
    __asm__ volatile("rdfsbase %0" : "=r"(v));
    return v;
}
static inline void wrfsbase(u64 v) { __asm__ volatile("wrfsbase %0" : : "r"(v)); }
static inline u64 rdgsbase(void)
{
    u64 v;
    __asm__ volatile("rdgsbase %0" : "=r"(v));
    return v;
}
static inline void wrgsbase(u64 v) { __asm__ volatile("wrgsbase %0" : : "r"(v)); }
static inline void swapgs(void) { __asm__ volatile("swapgs" : : : "memory"); }

/* ---- tables ---- */
struct table_register {
    u16 limit;
    u64 base;
} __packed;
static inline void lgdt(const struct table_register *t) { __asm__ volatile("lgdt %0" : : "m"(*t) : "memory"); }
static inline void lidt(const struct table_register *t) { __asm__ volatile("lidt %0" : : "m"(*t) : "memory"); }
static inline void lldt(u16 sel) { __asm__ volatile("lldt %0" : : "rm"(sel) : "memory"); }
static inline void ltr(u16 sel) { __asm__ volatile("ltr %0" : : "rm"(sel) : "memory"); }

/* ---- TLB and caches ---- */
static inline void invlpg(u64 va) { __asm__ volatile("invlpg %0" : : "m"(*(const char *)va) : "memory"); }
#define INVPCID_ALL_GLOBAL 2UL
static inline void invpcid(u64 type, u64 pcid, u64 va)
{
    struct { u64 pcid, va; } desc = { pcid, va };
    __asm__ volatile("invpcid %0, %1" : : "m"(desc), "r"(type) : "memory");
}
static inline void clflush(const void *p)
{
    __asm__ volatile("clflush %0" : : "m"(*(const volatile char *)p) : "memory");
}
static inline void wbinvd(void) { __asm__ volatile("wbinvd" : : : "memory"); }

/* ---- flow ---- */
static inline void cpu_pause(void) { __asm__ volatile("pause" : : : "memory"); }
static inline void hlt(void) { __asm__ volatile("hlt" : : : "memory"); }
static inline void cli(void) { __asm__ volatile("cli" : : : "memory"); }
static inline void sti(void) { __asm__ volatile("sti" : : : "memory"); }
static inline void stac(void) { __asm__ volatile("stac" : : : "memory"); }
static inline void clac(void) { __asm__ volatile("clac" : : : "memory"); }
