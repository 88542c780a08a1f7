/*
 * Starting the other CPUs.
 *
 * Problem: a CPU starts in real mode at a page below 1 MiB and must end in C, in 64-bit mode, on its own stack.
 * Mechanism: trampoline.S is copied to a free low page together with a parameter block. It switches modes using
 * temporary page tables: the low 2 MiB mapped one to one, and Serai's slots of the boot CPU's table. They are below
 * 4 GiB (a 32-bit move loads CR3) and are given back afterwards, so nothing in Serai's address space is ever
 * mapped both low and executable.
 *
 * Invariant: one CPU is started at a time, and only the CPU whose ticket is in the parameter block goes on; a late
 * one, given up already, finds no ticket and halts in the trampoline, touching nothing.
 */
#include "arch/x86/smp.h"
#include "arch/x86/mm/paging.h"
#include "arch/x86/acpi.h"
#include "arch/x86/apic.h"
#include "arch/x86/asm.h"
#include "arch/x86/clock.h"
#include "arch/x86/cpu.h"
#include "core/heap.h"
#include "lib/bitops.h"
#include "lib/print.h"
#include "lib/string.h"
#include <machine/current.h>
#include <machine/pte.h>

/* At the end of the trampoline's page; offsets known to trampoline.S. */
struct trampoline_args {
    u32 cr3, ticket;    /* ticket: 1 = one CPU may pass; taken by exchange */
    u64 stack, entry;
    u64 efer, cr4;
    u32 cpu, pad;
};
_Static_assert(sizeof(struct trampoline_args) == 48 && offsetof(struct trampoline_args, stack) == 8 &&
               offsetof(struct trampoline_args, cpu) == 40, "trampoline.S, ARG_*");
#define ARGS_OFFSET 0xf80

extern const char trampoline_start[], trampoline_end[];

static struct {
    mfn_t low, l4, l3, l2;
    struct trampoline_args *args;
} boot;
static u64 serai_cr3;
static volatile bool arrived;   /* the CPU being started is in C */

static void release(void)
{
    mfn_t *pages[] = { &boot.l4, &boot.l3, &boot.l2 };

    for (unsigned i = 0; i < ARRAY_SIZE(pages); i++)
        if (*pages[i] != MFN_NONE)
            heap_free(*pages[i], 0);
}

static bool prepare(void)
{
    u64 *l4, *serai = mfn_to_virt(serai_cr3 >> PAGE_SHIFT), *l3, *l2;

    boot.low = paging_low_page();
    boot.l4 = heap_alloc(0, 32);
    boot.l3 = heap_alloc(0, 32);
    boot.l2 = heap_alloc(0, 32);
    if (boot.low == MFN_NONE || boot.l4 == MFN_NONE || boot.l3 == MFN_NONE || boot.l2 == MFN_NONE) {
        log_error("No free memory below %s to start the other CPUs; running on one",
                  boot.low == MFN_NONE ? "1 MiB" : "4 GiB");
        release();
        return false;
    }
    l4 = mfn_to_virt(boot.l4);
    l3 = mfn_to_virt(boot.l3);
    l2 = mfn_to_virt(boot.l2);
    page_clear(l3);
    page_clear(l2);
    memcpy(l4, serai, PAGE_SIZE);
    l4[0] = pte_make(boot.l3, PTE_PRESENT | PTE_RW);
    l3[0] = pte_make(boot.l2, PTE_PRESENT | PTE_RW);
    l2[0] = pte_make(0, PTE_PRESENT | PTE_RW | PTE_PSE);
    ASSERT_ALWAYS((size_t)(trampoline_end - trampoline_start) <= ARGS_OFFSET);
    memcpy(mfn_to_virt(boot.low), trampoline_start, (size_t)(trampoline_end - trampoline_start));
    boot.args = (void *)((char *)mfn_to_virt(boot.low) + ARGS_OFFSET);
    return true;
}

/* From the trampoline, on the new stack, still with the temporary tables. */
void smp_ap_entry(unsigned cpu) __noreturn __attribute__((used));
void smp_ap_entry(unsigned cpu)
{
    write_cr3(serai_cr3);
    arrived = true;
    cpu_start(cpu);     /* its first act after enabling the CPU's features is clock_sync_target() */
}

static bool wait_for(volatile bool *flag, u64 us)
{
    for (u64 t = 0; t < us && !*flag; t += 20) {
        clock_delay_us(20);
        smp_serve();
    }
    return *flag;
}

static bool start_cpu(unsigned cpu)
{
    struct trampoline_args *a = boot.args;
    u32 id = cpus[cpu].apic_id;

    arrived = false;
    *a = (struct trampoline_args){
        .cr3 = (u32)(boot.l4 << PAGE_SHIFT), .stack = (u64)cpus[cpu].info, .entry = (u64)smp_ap_entry,
        .efer = rdmsr(MSR_EFER) & (EFER_LME | EFER_NXE), .cr4 = CR4_PAE | (read_cr4() & CR4_PGE), .cpu = cpu,
    };
    __atomic_store_n(&a->ticket, 1, __ATOMIC_SEQ_CST);
    apic_send_init(id);
    clock_delay_us(cpu_has.intel || cpu_has.amd ? 100 : 10000);
    apic_send_startup(id, (u8)boot.low);
    if (!wait_for(&arrived, 1000))
        apic_send_startup(id, (u8)boot.low);
    if (!wait_for(&arrived, 2000000) && __atomic_exchange_n(&a->ticket, 0, __ATOMIC_SEQ_CST) == 1)
        return false;       /* it never took its ticket, and now it cannot */
    if (!wait_for(&arrived, 5000000))
        panic("CPU %u (APIC id %u) was lost between its trampoline and Serai", cpu, id);
    clock_sync_source();
    if (!wait_for(&cpus[cpu].online, 10000000))
        panic("CPU %u (APIC id %u) started but does not come online", cpu, id);
    return true;
}

void smp_boot_cpu(void)
{
    cpus[0].id = 0;
    cpus[0].apic_id = apic_id();
    for (unsigned i = 0; i < acpi.cpus; i++)
        if (acpi.cpu[i].apic_id == cpus[0].apic_id)
            cpus[0].acpi_id = acpi.cpu[i].acpi_id;
    cpus[0].online = true;
    cpus_online = 1;
    nr_cpus = 1;
}

void smp_start_all(unsigned limit)
{
    unsigned left_out = 0;

    serai_cr3 = read_cr3() & PTE_ADDR;
    if (acpi.cpus < 2 || limit < 2 || !prepare())
        return;
    for (unsigned i = 0; i < acpi.cpus; i++) {
        unsigned cpu = nr_cpus;
        if (acpi.cpu[i].apic_id == cpus[0].apic_id)
            continue;
        if (cpu >= min(limit, (unsigned)MAX_CPUS)) {
            left_out++;
            continue;
        }
        cpus[cpu].id = cpu;
        cpus[cpu].apic_id = acpi.cpu[i].apic_id;
        cpus[cpu].acpi_id = acpi.cpu[i].acpi_id;
        if (!cpus[cpu].info)
            cpu_prepare(cpu);
        if (!start_cpu(cpu)) {
            log_error("CPU %u (APIC id %u) does not start; left out", cpu, cpus[cpu].apic_id);
            continue;
        }
        __atomic_fetch_or(&cpus_online, BIT(cpu), __ATOMIC_SEQ_CST);
        nr_cpus = cpu + 1;
    }
    release();
    if (left_out)
        log_warn("%u CPUs are not used (limit %u)", left_out, min(limit, (unsigned)MAX_CPUS));
    log_info("%u CPUs", nr_cpus);
}
