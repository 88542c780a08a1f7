/*
 * A kernel for tests: the least that a 64-bit paravirtualized kernel needs, and ways to look at what happens to it.
 *
 * A test is one file with `void test(void)`. It runs as domain 0 (the hypervisor is given the test as its first module)
 * and may build a second domain out of its own image (dom.h). Checks print only when they fail, with what was got and
 * what was wanted; the last line is the verdict, `TEST <name>: PASS` or `FAIL`.
 */
#pragma once
#include "abi/xen.h"

#define VIRT_BASE 0xffffffff80000000UL
#define M2P ((volatile u64 *)0xffff800000000000UL)
#define NR_POOL_PAGES 224
#define P 1UL
#define RW 2UL
#define US 4UL
#define PWT 8UL
#define PCD 16UL
#define ACC 32UL
#define DIRTY 64UL
#define PSE 128UL
#define GLOBAL 256UL
#define NX (1UL << 63)
#define KERNEL_PAGE (P | RW | US | ACC | DIRTY)
#define READ_PAGE (P | US | ACC)
#define TABLE (P | RW | US | ACC | DIRTY)
#define PTE_MFN(e) (((e) >> 12) & 0xffffffffffUL)

/* A trap, as the guest's kernel sees it. The first part is laid out by entry.S. */
struct regs {
    u64 r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    u64 vector, error, rip, cs, rflags, rsp, ss;
};
#define VECTOR_EVENT 256
#define VECTOR_SYSCALL 257
#define VECTOR_FAILSAFE 258
#define VECTOR_SYSCALL32 259
#define NO_FAULT 0xffff

struct fault {
    u64 vector, error, cr2;     /* NO_FAULT: nothing happened */
    struct regs regs;
    u8 masked;                  /* evtchn_upcall_mask in the handler */
};

struct jump { u64 rbx, rbp, r12, r13, r14, r15, rsp, rip; };

extern struct start_info *si;
extern volatile shared_info_t *shared;
extern volatile struct vcpu_info *vi;       /* vcpu 0's */
extern u64 *p2m;
extern struct regs boot_regs;               /* as found at the entry; rip, cs, rflags, rsp, ss are filled in, too */
extern u64 boot_segs[4];                    /* ds es fs gs at the entry */
extern void (*handler[260])(struct regs *); /* by vector; NULL: caught by TRY, else the test ends */
extern u64 failsafe_segs[4];
extern bool is_child;
extern const char test_name[];
extern char _start[], _text_end[], _data_end[], _end[], hypercall_page[];

void test(void);

/* ---- saying ---- */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void check(const char *file, int line, const char *name, long got, long want);
/* A condition that makes the rest of the test pointless. */
void __attribute__((noreturn)) finish(void);
void __attribute__((noreturn)) fatal(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
extern unsigned nr_checks, nr_fails;
#define EXPECT_EQ(name, got, want) check(__FILE__, __LINE__, name, (long)(got), (long)(want))
#define EXPECT(cond) check(__FILE__, __LINE__, #cond, !!(cond), 1)
/* Refused, with whatever error. */
#define REFUSED(name, call) \
    do { long rc_ = (long)(call); check(__FILE__, __LINE__, name ": refused", rc_ < 0 ? -1 : rc_, -1); } while (0)
#define OK(name, call) check(__FILE__, __LINE__, name, (long)(call), 0)
#define REQUIRE(cond) do { if (!(cond)) fatal("%s:%d: required: %s", __FILE__, __LINE__, #cond); } while (0)
#define REQUIRE_OK(call) \
    do { long rc_ = (long)(call); if (rc_ < 0) fatal("%s:%d: %s = %ld", __FILE__, __LINE__, #call, rc_); } while (0)

/* ---- hypercalls: hc(number, up to five arguments) ---- */
static inline long hc_(u64 nr, u64 a, u64 b, u64 c, u64 d, u64 e)
{
    register u64 r10 __asm__("r10") = d;
    register u64 r8 __asm__("r8") = e;
    long ret;
    __asm__ volatile("syscall" : "=a"(ret), "+D"(a), "+S"(b), "+d"(c), "+r"(r10), "+r"(r8) : "0"(nr)
                     : "rcx", "r11", "memory");
    return ret;
}
#define hc(...) HC_PICK(__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define HC_PICK(n, a, b, c, d, e, ...) hc_((u64)(n), (u64)(a), (u64)(b), (u64)(c), (u64)(d), (u64)(e))

long mmu1(u64 ptr, u64 val);                        /* mmu_update with one request; ptr carries the command */
long mmu1_dom(u64 ptr, u64 val, u64 dom);
long mmuext1(unsigned cmd, u64 mfn);                /* mmuext_op with one request */
long mmuext1_dom(unsigned cmd, u64 mfn, u64 arg2, u64 dom);
long evtchn(unsigned cmd, void *arg);
long shutdown_self(unsigned reason);
u64 now(void);                                      /* system time, ns */
u64 wait_until(volatile bool *flag, u64 ns);        /* spin with yields; what the flag was at the end */
static inline void yield_cpu(void) { hc(__HYPERVISOR_sched_op, SCHEDOP_yield); }

/* ---- memory ---- */
void *page_alloc(void);                             /* a zeroed page of our own, mapped writable */
static inline u64 va_pfn(const void *va) { return ((u64)va - VIRT_BASE) >> 12; }
static inline u64 va_mfn(const void *va) { return p2m[va_pfn(va)]; }
static inline void *mfn_va(u64 mfn) { return (void *)(VIRT_BASE + (M2P[mfn] << 12)); }
/* The entry of `level` (4..1) that translates va in our own tables; NULL if a table above is missing. */
u64 *walk(u64 va, unsigned level);
u64 *walk_in(u64 l4_mfn, u64 va, unsigned level);
u64 entry_ma(u64 *entry);                           /* machine address of a table entry, for mmu_update */
long set_va(const void *va, u64 pte);               /* update_va_mapping with a local flush */
static inline long set_flags(const void *va, u64 flags) { return set_va(va, va_mfn(va) << 12 | flags); }
/* Map a frame of any domain at a fresh address; NULL and *err otherwise. */
void *map_frame(u64 mfn, u64 dom, u64 flags, long *err);
long unmap_frame(void *va);
/* This domain's grant table, version 1, of one frame, mapped. Fails the test if there is none. */
grant_entry_v1_t *grant_table(void);
/* A page made into an empty page table that maps nothing: read-only, not yet pinned. */
u64 *table_alloc(void);
u64 our_l4(void);                                   /* frame */

/* ---- faults ---- */
int jump_set(struct jump *j) __attribute__((returns_twice));
void jump_to(struct jump *j) __attribute__((noreturn));
extern struct jump try_jump;
extern struct fault *volatile catching;
#define TRY(f, ...) do {                                            \
        (f).vector = NO_FAULT;                                      \
        if (!jump_set(&try_jump)) {                                 \
            catching = &(f);                                        \
            __asm__ volatile("" ::: "memory");                      \
            __VA_ARGS__;                                            \
            __asm__ volatile("" ::: "memory");                      \
        }                                                           \
        catching = NULL;                                            \
    } while (0)
#define EXPECT_FAULT(name, vec, err, ...) do {                      \
        struct fault f_;                                            \
        TRY(f_, __VA_ARGS__);                                       \
        check(__FILE__, __LINE__, name ": vector", (long)f_.vector, vec);                       \
        if (f_.vector == (vec) && (vec) != NO_FAULT)                                            \
            check(__FILE__, __LINE__, name ": error code", (long)f_.error, err);                \
    } while (0)
void iret_to(struct regs *r, u64 flags) __attribute__((noreturn)); /* the iret hypercall */

/* ---- user mode: our image is visible there, too, at the same addresses (top-level slot 511) ---- */
void user_init(void);                               /* a user page table; call once */
extern u64 user_l4;                                 /* frame */
extern char user_stack_top[];
/* Run code at rip in user mode until it traps or makes a system call; what it did. */
void user_run(struct fault *f, const void *rip);
void user_run_regs(struct fault *f, struct regs *r, u64 iret_flags);
#define USER_CODE(name, text) extern char name[]; __asm__(".pushsection .text\n" #name ":\n" text "\n.popsection");

/* ---- other ---- */
void trap_set(unsigned vector, unsigned flags, u64 cs, u64 address);
extern char trap_stubs[];                           /* 32 stubs of 16 bytes each */
extern char entry_int80[], entry_syscall[], entry_event[], entry_failsafe[], entry_syscall32[];
void *memcpy(void *d, const void *s, unsigned long n);
void *memset(void *d, int c, unsigned long n);
int memcmp(const void *a, const void *b, unsigned long n);
int strcmp(const char *a, const char *b);
unsigned long strlen(const char *s);
const char *cmdline_after(const char *word);    /* what follows it on the command line; NULL: it is not there */
/* Start vcpu n at fn, on its own stack, events masked, same address space. */
long vcpu_start(unsigned n, void (*fn)(void));
static inline void relax(void) { __asm__ volatile("pause"); }
#define barrier() __asm__ volatile("" ::: "memory")
