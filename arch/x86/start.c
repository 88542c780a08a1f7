/*
 * From the boot loader to domain 0, in the order it happens. Each step says in a line what it found; what cannot go on
 * stops the machine with a reason.
 */
#include "arch/arch.h"
#include "arch/x86/acpi.h"
#include "arch/x86/apic.h"
#include "arch/x86/asm.h"
#include "arch/x86/boot/boot.h"
#include "arch/x86/boot/memory_map.h"
#include "arch/x86/boot/multiboot.h"
#include "arch/x86/clock.h"
#include "arch/x86/cpu.h"
#include "arch/x86/entry/entry.h"
#include "arch/x86/features.h"
#include "arch/x86/ioapic.h"
#include "arch/x86/irq.h"
#include "arch/x86/mm/paging.h"
#include "arch/x86/power.h"
#include "arch/x86/record.h"
#include "arch/x86/screen.h"
#include "arch/x86/pv/cpuid.h"
#include "arch/x86/pv/descriptor.h"
#include "arch/x86/pv/firmware.h"
#include "arch/x86/pv/fpu.h"
#include "arch/x86/smp.h"
#include "arch/x86/switch.h"
#include "arch/x86/uart.h"
#include "core/build/bootinfo.h"
#include "core/console.h"
#include "core/e820.h"
#include "core/options.h"
#include "core/sched.h"
#include <machine/pte.h>
#include "core/version.h"
#include "lib/print.h"
#include "lib/string.h"

extern char __image_start[], __bss_end[];

static struct boot_info boot;
static struct e820_list e820;
u64 pte_reserved;

/* Who is "current" until the scheduler knows anybody. */
static struct domain boot_domain = { .id = DOMID_IDLE };
static struct vcpu_info boot_vcpu_info;
static struct vcpu boot_vcpu = { .domain = &boot_domain, .info = &boot_vcpu_info };

/* The decompression libraries are built for user programs: they read their stack guard at %fs:0x28. */
static u64 library_tls[8] = { [5] = 0x5e7a100000000028UL };

void start(u32 magic, u32 info);
void *phys_ptr(paddr_t pa) { return (void *)(DIRECT_VIRT + pa); }

/* The machine's memory map in the interface's form. */
static void keep_e820(void)
{
    for (unsigned i = 0; i < boot.nr_ranges; i++) {
        const struct boot_range *r = &boot.range[i];
        log_debug("  %016lx-%016lx type %u", (unsigned long)r->start, (unsigned long)(r->start + r->bytes), r->type);
        if (e820.nr < E820_MAX)
            e820.e[e820.nr++] = (struct e820_entry){ r->start, r->bytes, r->type };
    }
    if (e820.nr < boot.nr_ranges)
        log_warn("The memory map has %u ranges: domain 0 is shown the first %u", boot.nr_ranges, e820.nr);
}

#define LOADER_TODO "load Serai and its modules by GRUB (multiboot or multiboot2) or by qemu -kernel"

/* What firmware and loader say must hold together, or nothing that follows can be trusted. */
static void check_boot_info(const char *wrong)
{
    struct why why;

    if (wrong)
        cannot_start(LOADER_TODO, "the boot loader's information cannot be used: %s", wrong);
    memory_map_tidy(&boot, DIRECT_VIRT_END - DIRECT_VIRT);
    if (!modules_check(&boot, IMAGE_PHYS, IMAGE_PHYS + (__bss_end - __image_start), &why))
        cannot_start(LOADER_TODO, "the boot loader's information cannot be used: %s", why.text);
    keep_e820();
}

/* What the firmware left out and nobody may put a device at. What it has said something about stays so. */
static void e820_reserve(paddr_t start, u64 bytes)
{
    unsigned at = 0;

    if (e820.nr == E820_MAX)
        return;
    for (unsigned i = 0; i < e820.nr; i++) {
        if (e820.e[i].addr < start + bytes && start < e820.e[i].addr + e820.e[i].size)
            return;
        if (e820.e[i].addr < start)
            at = i + 1;
    }
    for (unsigned i = e820.nr++; i > at; i--)
        e820.e[i] = e820.e[i - 1];
    e820.e[at] = (struct e820_entry){ start, bytes, E820_RESERVED };
}

static void reserve_interrupt_controllers(void)
{
    for (unsigned i = 0; i < acpi.ioapics; i++)
        e820_reserve(acpi.ioapic[i].base, PAGE_SIZE);
    if (acpi.lapic_base)
        e820_reserve(acpi.lapic_base, LAPIC_WINDOW);
}

const struct e820_list *machine_e820(void) { return &e820; }

/* Stack and tables of a CPU, before it runs. */
static void cpu_set_up(unsigned cpu, void *stack)
{
    struct cpu *c = &cpus[cpu];

    c->id = cpu;
    c->info = (struct cpu_info *)((char *)stack + STACK_SIZE) - 1;
    c->info->cpu = c;
    c->info->cpu_id = cpu;
    c->info->vcpu = &boot_vcpu;
}

void cpu_prepare(unsigned cpu) { cpu_set_up(cpu, paging_map_stack(cpu)); }

static void cpu_common(unsigned cpu)
{
    struct cpu *c = &cpus[cpu];

    features_enable();
    tables_init_cpu(cpu, (void *)((u64)c->info & ~(u64)(STACK_SIZE - 1)));
    c->info->cr3 = paging_idle_cr3();
    features_no_c1e(NULL);
    apic_cpu_init();
}

static void cpu_run_idle(unsigned cpu)
{
    fpu_cpu_init();
    clock_cpu_init();
    sched_cpu_up(cpu);
    cpus[cpu].info->vcpu = idle_domain->vcpu[cpu];
}

void cpu_start(unsigned cpu)
{
    cpu_common(cpu);
    clock_sync_target(cpu);
    cpu_run_idle(cpu);
    __atomic_store_n(&cpus[cpu].online, true, __ATOMIC_SEQ_CST);
    cpu_enter_idle();
    __builtin_unreachable();
}

static void forget_mappings(void *unused)
{
    (void)unused;
    tlb_flush_local();
}

/* On CPU 0's own stack, in the final address space. */
static void start_machine(void)
{
    tables_init_cpu(0, (void *)((u64)cpus[0].info & ~(u64)(STACK_SIZE - 1)));
    cpus[0].info->cr3 = paging_idle_cr3();
    features_probe();
    features_no_c1e(NULL);
    console_ring_grow();
    acpi_offer_rsdp(boot.rsdp_copy, boot.rsdp_bytes);
    firmware_set_efi(boot.efi_system_table);
    acpi_init(boot.rsdp);
    if (!acpi.present)
        cannot_start("enable ACPI in the firmware (or the virtual machine's settings)",
                     "no ACPI tables were found, so neither CPUs nor interrupt lines are known");
    reserve_interrupt_controllers();
    if (!apic_init())
        cannot_start("enable the local APIC in the firmware (or the virtual machine's settings)",
                     "this CPU has no local APIC, or the firmware hides it");
    apic_cpu_init();
    smp_boot_cpu();
    ioapic_init();
    irq_init();
    clock_init();
    cpuid_init();
    descriptor_init();
    sched_init();
    cpu_run_idle(0);
    smp_start_all(opt.maxcpus ? opt.maxcpus : MAX_CPUS);
    if (!serial_interrupts_on(CONSOLE_CPU) && serial_present())
        console_poll_start();
    wrmsr(MSR_FS_BASE, (u64)library_tls);
    build_dom0(&boot);
    wrmsr(MSR_FS_BASE, 0);
    fpu_cpu_init();
    console_start_dom0();
    paging_seal();
    smp_call(cpus_online, forget_mappings, NULL);
#ifdef SERAI_DEBUG
    paging_check();
    smp_call(cpus_online, features_check, NULL);
#endif
    cpu_enter_idle();
}

/* What the options name; where that is not there, the other: a boot that fails must be seen to. */
static void open_console(void)
{
    u16 port;
    u32 irq;

    if (!(opt.console & CONSOLE_VGA && screen_init(&boot)) && opt.console == CONSOLE_VGA) {
        log_warn("Option console=vga: the screen is not in text mode; messages go to com1");
        opt.console = CONSOLE_COM1;
    }
    serial_init(&opt);
    if (opt.console && !(opt.console & CONSOLE_VGA) && !serial_resources(&port, &irq) && screen_init(&boot)) {
        log_warn("Option console: there is no serial port at %#x; messages go to the screen", port);
        opt.console |= CONSOLE_VGA;
    }
    console_attach();
}

void start(u32 magic, u32 info)
{
    const char *wrong;

    /* Before the local APIC stops listening to it: an interrupt the 8259 still offers then would never be withdrawn. */
    outb(0x21, 0xff);
    outb(0xa1, 0xff);
    cpu_info()->cpu = &cpus[0];
    cpu_info()->vcpu = &boot_vcpu;
    cpus[0].info = cpu_info();
    wrong = multiboot_parse(magic, info, &boot);
    options_parse(boot.cmdline);
    version_set_cmdline(boot.cmdline);
    open_console();
    log_always("Serai " SERAI_VERSION " (Xen PV interface 4.17), booted by %s %s",
               boot.loader ? boot.loader : "nobody known", boot.loader_name);
    options_missed(boot.dropped_word, boot.loader_name);
    if (boot.cmdline_truncated)
        log_warn("The command line is cut after %u characters", BOOT_CMDLINE_MAX - 1);
    options_echo();
    check_boot_info(wrong);
    features_detect();
    alternatives_patch();
    pte_reserved = 0x000fffffffffffffUL & ~((1UL << cpu_has.phys_bits) - 1) & ~0xfffUL;
    features_enable();
    features_report();
    paging_init(&boot);
    record_report();
    void *stack = paging_map_stack(0);
    cpu_set_up(0, stack);
    stack_switch_call((char *)stack + STACK_SIZE - sizeof(struct cpu_info) - 8, start_machine);
}
