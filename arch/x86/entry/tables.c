/*
 * Descriptor tables and system-call registers of one CPU.
 *
 * The GDT register points at the CPU's window (machine/layout.h): 14 pages of the running guest's descriptors, then one
 * page of ours, so that the guest's selectors and Serai's live in one table, as the ABI has it. The SYSCALL stub is a
 * dozen bytes of code made for each CPU, because at that moment the only place that tells which CPU this is, is the
 * code.
 */
#include "arch/x86/entry/entry.h"
#include "arch/x86/asm.h"
#include "arch/x86/cpu.h"
#include "arch/x86/mm/paging.h"
#include "arch/x86/vectors.h"
#include "core/heap.h"
#include "core/vcpu.h"
#include "lib/print.h"
#include "lib/string.h"

struct idt_entry {
    u16 offset0, selector;
    u8 ist, attr;
    u16 offset1;
    u32 offset2, zero;
};

static struct idt_entry idt[256] __aligned(4096);

static void idt_set(unsigned vector, unsigned ist, unsigned dpl)
{
    u64 a = trap_stubs[vector];
    idt[vector] = (struct idt_entry){ .offset0 = (u16)a, .selector = SERAI_CS, .ist = (u8)ist,
                                      .attr = (u8)(0x8e | dpl << 5),
                                      .offset1 = (u16)(a >> 16), .offset2 = (u32)(a >> 32) };
}

static void idt_init(void)
{
    for (unsigned v = 0; v < 256; v++)
        idt_set(v, 0, 0);
    /* Guests may raise these by instruction without our help: breakpoint, overflow, old system call. */
    idt_set(BP, 0, 3);
    idt_set(OF, 0, 3);
    idt_set(VECTOR_INT80, 0, 3);
    idt_set(DB, IST_DB, 0);
    idt_set(NMI, IST_NMI, 0);
    idt_set(DF, IST_DF, 0);
    idt_set(MC, IST_MCE, 0);
}

/* Descriptors from the ABI's selectors (xen-x86_64.h FLAT_*), and Serai's own. */
static void gdt_fill(struct cpu *c)
{
    u64 *g = c->gdt;
    u64 tss = (u64)c->tss;
#define SLOT(sel) g[((sel) - RESERVED_GDT_ENTRY * 8) / 8]
    SLOT(SERAI_CS) = 0x00af9b000000ffffUL;
    SLOT(SERAI_DS) = 0x00cf93000000ffffUL;
    SLOT(0xe018) = 0x00cfbb000000ffffUL;    /* ring 1 code (32-bit guests' kernels) */
    SLOT(0xe020) = 0x00cffb000000ffffUL;    /* ring 3 code, 32 bits: FLAT_RING3_CS32 */
    SLOT(0xe028) = 0x00cff3000000ffffUL;    /* ring 3 data: FLAT_RING3_DS32 / SS64 */
    SLOT(0xe030) = 0x00affb000000ffffUL;    /* ring 3 code, 64 bits: FLAT_RING3_CS64 */
    SLOT(0xe038) = 0x00cfb3000000ffffUL;    /* ring 1 data */
    SLOT(SERAI_TSS) = 0x0000890000000067UL | (tss & 0xffffff) << 16 | (tss >> 24 & 0xff) << 56;
    SLOT(SERAI_TSS + 8) = tss >> 32;
    u64 ldt = c->ldt_window;
    SLOT(SERAI_LDT_SEL) = 0x000082000000ffffUL | (ldt & 0xffffff) << 16 | (ldt >> 24 & 0xff) << 56;
    SLOT(SERAI_LDT_SEL + 8) = ldt >> 32;
#undef SLOT
}

/* movabs %rax, regs.ss; mov %rsp, %rax; movabs $&regs.ss, %rsp; push %rax; jmp target */
static u8 *stub_emit(u8 *p, u8 *alias_end_va, u64 slot, const void *target)
{
    u8 *start = p;
    *p++ = 0x48; *p++ = 0xa3; memcpy(p, &slot, 8); p += 8;
    *p++ = 0x48; *p++ = 0x89; *p++ = 0xe0;
    *p++ = 0x48; *p++ = 0xbc; memcpy(p, &slot, 8); p += 8;
    *p++ = 0x50;
    *p++ = 0xe9;
    s32 rel = (s32)((u64)target - ((u64)alias_end_va + (u64)(p - start) + 4));
    memcpy(p, &rel, 4);
    return p + 4;
}

/* One executable page for the stubs of all CPUs (64 bytes each), written through the direct map. */
static void syscall_stubs(struct cpu *c)
{
    static u8 *alias;       /* writable */
    static u8 *code;        /* executable */
    if (!code)
        code = paging_map_stub_page((void **)&alias);
    u8 *p = alias + c->id * 64;
    u64 slot = (u64)&c->info->regs.ss;
    u8 *end = stub_emit(p, code + c->id * 64, slot, syscall_entry);
    u8 *second = code + c->id * 64 + (end - p);
    stub_emit(end, second, slot, syscall32_entry);
    wrmsr(MSR_LSTAR, (u64)code + c->id * 64);
    wrmsr_safe(MSR_CSTAR, (u64)second);
    wrmsr(MSR_STAR, (u64)0xe023 << 48 | (u64)SERAI_CS << 32);
    wrmsr(MSR_SYSCALL_MASK, 0x57fd5 | 0x40000); /* all but the reserved bit: IF, TF, DF, NT, AC, RF... off on entry */
    if (wrmsr_safe(MSR_SYSENTER_CS, SERAI_CS)) {
        wrmsr_safe(MSR_SYSENTER_ESP, (u64)&c->info->regs.es);
        wrmsr_safe(MSR_SYSENTER_EIP, (u64)sysenter_entry);
    }
}

void tables_init_cpu(unsigned cpu, void *stack_base)
{
    struct cpu *c = &cpus[cpu];
    u64 base = (u64)stack_base;

    if (cpu == 0)
        idt_init();
    c->info = (struct cpu_info *)(base + STACK_SIZE) - 1;
    paging_init_windows(c);
    c->tss = zalloc(NULL, sizeof(struct tss));
    ASSERT_ALWAYS(c->tss);
    c->tss->rsp[0] = (u64)&c->info->regs.es;
    c->tss->ist[IST_DF - 1] = base + 1 * PAGE_SIZE;
    c->tss->ist[IST_NMI - 1] = base + 2 * PAGE_SIZE;
    c->tss->ist[IST_MCE - 1] = base + 3 * PAGE_SIZE;
    c->tss->ist[IST_DB - 1] = base + 4 * PAGE_SIZE;
    c->tss->iomap = sizeof(struct tss);
    gdt_fill(c);

    struct table_register gdtr = { 0xffff, c->gdt_window };
    gdtr.limit = RESERVED_GDT_PAGE * PAGE_SIZE + PAGE_SIZE - 1;
    struct table_register idtr = { sizeof(idt) - 1, (u64)idt };
    lgdt(&gdtr);
    lidt(&idtr);
    __asm__ volatile("pushq %0\n\tleaq 1f(%%rip), %%rax\n\tpushq %%rax\n\tlretq\n1:\n\t"
                     "movl %1, %%ss\n\tmovl %2, %%ds\n\tmovl %2, %%es\n\tmovl %2, %%fs\n\tmovl %2, %%gs"
                     : : "i"(SERAI_CS), "r"(SERAI_DS), "r"(0) : "rax", "memory");
    ltr(SERAI_TSS);
    lldt(0);
    syscall_stubs(c);
}
