/*
 * Panic: for defects of Serai only. The first CPU that panics prints the record, then stops the others and ends the
 * machine (reboot, or halt with `noreboot`). Takes no locks: the one that matters may be the one that is broken.
 */
#include "arch/x86/panic.h"
#include <stdarg.h>
#include "arch/x86/apic.h"
#include "arch/x86/asm.h"
#include "arch/x86/cpu.h"
#include "arch/x86/mm/uaccess.h"
#include "arch/x86/record.h"
#include "arch/x86/uart.h"
#include "core/console.h"
#include "core/options.h"
#include "core/vcpu.h"
#include "lib/print.h"
#include "lib/string.h"

extern const u32 symbol_count;
extern const struct { u32 offset, name; } symbol_table[];
extern const char symbol_names[];
extern char __image_start[], __text_end[], __init_start[], __init_text_end[];

static u32 panicking;   /* CPU number + 1 */

/* Name and offset of the function that contains address; "?" if none. */
static const char *symbol_of(u64 address, u64 *offset)
{
    u32 lo = 0, hi = symbol_count;
    u64 a = address - IMAGE_VIRT;

    *offset = 0;
    if (address < IMAGE_VIRT || !hi || a < symbol_table[0].offset)
        return "?";
    while (hi - lo > 1) {
        u32 mid = (lo + hi) / 2;
        if (symbol_table[mid].offset <= a)
            lo = mid;
        else
            hi = mid;
    }
    *offset = a - symbol_table[lo].offset;
    return symbol_names + symbol_table[lo].name;
}

static void say(const char *fmt, ...)
{
    char line[200];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(line, sizeof(line) - 2, fmt, ap);
    va_end(ap);
    n = min(n, (int)sizeof(line) - 3);
    memcpy(line + n, "\r\n", 3);
    serial_write("(XEN) ", 6);
    serial_write(line, (size_t)n + 2);
    record_add(line, (size_t)n + 2);
}

static bool is_text(u64 a)
{
    return (a >= (u64)__image_start && a < (u64)__text_end) || (a >= (u64)__init_start && a < (u64)__init_text_end);
}

static void dump_regs(const struct cpu_user_regs *r)
{
    u64 off;
    const char *name = symbol_of(r->rip, &off);
    say("rip %04x:%016lx %s+%#lx  rflags %08lx", r->cs, r->rip, is_text(r->rip) ? name : "", is_text(r->rip) ? off : 0,
        r->rflags);
    say("rax %016lx rbx %016lx rcx %016lx rdx %016lx", r->rax, r->rbx, r->rcx, r->rdx);
    say("rsi %016lx rdi %016lx rbp %016lx rsp %04x:%016lx", r->rsi, r->rdi, r->rbp, r->ss, r->rsp);
    say("r8  %016lx r9  %016lx r10 %016lx r11 %016lx", r->r8, r->r9, r->r10, r->r11);
    say("r12 %016lx r13 %016lx r14 %016lx r15 %016lx", r->r12, r->r13, r->r14, r->r15);
    say("cr0 %08lx cr2 %016lx cr3 %016lx cr4 %08lx", read_cr0(), read_cr2(), read_cr3(), read_cr4());
}

/* Every word on the stack that is an address in Serai's text, with its symbol. */
static void dump_stack(u64 sp)
{
    u64 end = sp | (STACK_SIZE - 1), off;
    unsigned shown = 0;

    say("Stack (return addresses found on it):");
    for (sp &= ~7UL; sp < end - sizeof(struct cpu_info) && shown < 40; sp += 8) {
        u64 a = *(u64 *)sp;
        if (!is_text(a))
            continue;
        const char *name = symbol_of(a, &off);
        say("   %016lx  %s+%#lx", a, name, off);
        shown++;
    }
}

static void panic_begin(const char *fmt, va_list ap)
{
    char text[256];
    unsigned cpu = cpu_info()->cpu_id;
    u32 expected = 0;

    cli();
    if (!__atomic_compare_exchange_n(&panicking, &expected, cpu + 1, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
        if (expected != cpu + 1)
            for (;;)
                hlt();
        say("Panic while panicking; stopping here.");
        for (;;)
            hlt();
    }
    vsnprintf(text, sizeof(text), fmt, ap);
    console_force();
    serial_force();
    say("");
    say("****************************************");
    say("Panic on CPU %u:", cpu);
    say("%s", text);
    struct vcpu *v = current;
    if (v && v->domain)
        say("while d%uv%u was current; Serai " SERAI_VERSION, v->domain->id, v->id);
}

static void __noreturn panic_end(void)
{
    say("****************************************");
    record_close();
    say(opt.noreboot ? "Stopped here (noreboot)." : "Rebooting.");
    machine_end(opt.noreboot ? MACHINE_HALT : MACHINE_REBOOT);
}

void panic(const char *fmt, ...)
{
    va_list ap;
    u64 sp = (u64)__builtin_frame_address(0);
    va_start(ap, fmt);
    panic_begin(fmt, ap);
    va_end(ap);
    dump_stack(sp);
    panic_end();
}

void panic_regs(struct cpu_user_regs *regs, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    panic_begin(fmt, ap);
    va_end(ap);
    dump_regs(regs);
    dump_stack((regs->cs & 3) ? (u64)regs : regs->rsp);
    panic_end();
}

void nmi_handle(void)
{
    static u64 last;

    if (panicking && panicking != cpu_info()->cpu_id + 1)
        for (;;)
            hlt();
    if (rdtsc() - last > 1000000000UL) {
        last = rdtsc();
        say("NMI on CPU %u, ignored", cpu_info()->cpu_id);
    }
}

void machine_check(struct cpu_user_regs *regs)
{
    u64 status = 0;
    rdmsr_safe(0x17a, &status);
    panic_regs(regs, "machine check, MCG_STATUS %#lx: the hardware reports an error", (unsigned long)status);
}

/* The compiler's stack protector. */
u64 __stack_chk_guard = 0x5e7a1d00c0ffeeUL;
void __noreturn __stack_chk_fail(void);
void __stack_chk_fail(void) { panic("stack smashed: a function wrote beyond its frame"); }

/* ---- a guest's state, for crash reports and debug keys ---- */

void machine_dump_vcpu(struct vcpu *v)
{
    const struct cpu_user_regs *r = vcpu_regs(v);
    u64 word[8];

    log_always("d%uv%u in guest %s mode, base tables %lx / %lx:", v->domain->id, v->id,
               v->arch.kernel_mode ? "kernel" : "user", (unsigned long)v->arch.kernel_l4,
               (unsigned long)v->arch.user_l4);
    log_always("  rip %04x:%016lx  rflags %08lx  cr2 %016lx", r->cs, r->rip, r->rflags, (unsigned long)v->arch.cr2);
    log_always("  rax %016lx rbx %016lx rcx %016lx rdx %016lx", r->rax, r->rbx, r->rcx, r->rdx);
    log_always("  rsi %016lx rdi %016lx rbp %016lx rsp %04x:%016lx", r->rsi, r->rdi, r->rbp, r->ss, r->rsp);
    log_always("  r8  %016lx r9  %016lx r10 %016lx r11 %016lx", r->r8, r->r9, r->r10, r->r11);
    log_always("  r12 %016lx r13 %016lx r14 %016lx r15 %016lx", r->r12, r->r13, r->r14, r->r15);
    if (v != current)
        return;
    for (unsigned i = 0; i < 4; i++) {
        if (get_guest_words(word, r->rsp + i * sizeof(word), 8))
            break;
        log_always("  %016lx: %016lx %016lx %016lx %016lx", r->rsp + i * sizeof(word), (unsigned long)word[0],
                   (unsigned long)word[1], (unsigned long)word[2], (unsigned long)word[3]);
        log_always("                    %016lx %016lx %016lx %016lx", (unsigned long)word[4], (unsigned long)word[5],
                   (unsigned long)word[6], (unsigned long)word[7]);
    }
}
