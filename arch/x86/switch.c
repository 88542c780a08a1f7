/*
 * Context switch: what a CPU holds for the vcpu it runs, and how that changes.
 *
 * A CPU has one stack; the running vcpu's general registers lie at its top (cpu_info()->regs). machine_switch() copies
 * them to the old vcpu, copies the new one's in, exchanges the rest of the state (address space, segment bases,
 * descriptor tables, FPU, debug registers), and leaves by the exit path with the C stack forgotten. So a vcpu that does
 * not run is nothing but its struct.
 *
 * What a CPU loaded for a vcpu stays loaded while it idles, and most often the same vcpu comes back: then only its
 * tables are looked at (cpu->loaded and arch.loaded_on agree that nothing was in between). A vcpu's memory copy is
 * complete whenever it does not run, so another CPU may take it at any time; whoever changes that copy from outside
 * says so (arch_vcpu_touched()).
 *
 * Going idle keeps the address space: Serai is in all of them, and most often the same vcpu comes back. The domain's
 * cpumask says which CPUs have its tables loaded; address_space_leave() makes a CPU let go.
 */
#include "arch/x86/switch.h"
#include "arch/arch.h"
#include "arch/x86/apic.h"
#include "arch/x86/asm.h"
#include "arch/x86/clock.h"
#include "arch/x86/cpu.h"
#include "arch/x86/entry/entry.h"
#include "arch/x86/entry/isolate.h"
#include "arch/x86/mm/paging.h"
#include "arch/x86/pv/debugreg.h"
#include "arch/x86/pv/descriptor.h"
#include "arch/x86/pv/fpu.h"
#include "arch/x86/pv/inject.h"
#include "arch/x86/pv/msr.h"
#include "arch/x86/pv/control.h"
#include "arch/x86/pv/segment.h"
#include "arch/x86/vectors.h"
#include "core/console.h"
#include "core/heap.h"
#include "core/hypercall.h"
#include "core/log_dirty.h"
#include "core/mmu.h"
#include "core/sched.h"
#include "core/trace.h"
#include "core/vcpu.h"
#include "lib/bitops.h"
#include "lib/print.h"
#include "lib/string.h"
#include <machine/pte.h>

struct cpu_user_regs *vcpu_regs(struct vcpu *v)
{
    return v == current ? &cpu_info()->regs : &v->arch.regs;
}

/* ---- address spaces ---- */

void arch_l4_fill(u64 *l4) { paging_fill_l4(l4); }

static inline __attribute__((always_inline)) u64 cr3_of(struct vcpu *v, bool user)
{
    mfn_t l4 = log_dirty_base(v->domain, user ? v->arch.user_l4 : v->arch.kernel_l4);

    return l4 ? l4 << PAGE_SHIFT | (cr3_keep_tlb ? user ? PCID_USER : PCID_KERNEL : 0) : paging_idle_cr3();
}

/*
 * VMASST_TYPE_m2p_strict: user tables are without the M2P, from when they are loaded. Kernel tables may have been user
 * tables before. Both the guest's table and the one that hardware uses are v's and stay in use.
 */
static __attribute__((noinline)) void hide_m2p(struct vcpu *v, bool user, u64 cr3)
{
    mfn_t l4 = user ? v->arch.user_l4 : v->arch.kernel_l4;
    bool shown = l4 == v->arch.kernel_l4 || !(v->domain->vm_assist & BIT(VMASST_TYPE_m2p_strict));

    if (!l4)
        return;
    paging_show_m2p(mfn_to_virt(l4), shown);
    if (pte_mfn(cr3) != l4)
        paging_show_m2p(mfn_to_virt(pte_mfn(cr3)), shown);
}

void arch_base_changed(struct vcpu *v, bool user)
{
    u64 cr3 = cr3_of(v, user);
    bool shown = user != v->arch.kernel_mode;

    if (unlikely(v->domain->arch.m2p_strict))
        hide_m2p(v, user, cr3);
    if (user) {
        v->arch.user_cr3 = cr3;
        v->arch.fast_iret = v->arch.user_l4 && v->arch.fast_syscall;
    } else {
        v->arch.kernel_cr3 = cr3;
    }
    if (shown)
        v->arch.cr3 = cr3;
    if (v != current)
        arch_vcpu_touched(v);
    else if (shown)                     /* the same table again, too: a guest flushes that way */
        address_space_load(cr3);
    else
        cpu_info()->keep_tlb = 0;
}

bool arch_tables_changed(struct vcpu *v)
{
    bool same = cr3_of(v, false) == v->arch.kernel_cr3 && cr3_of(v, true) == v->arch.user_cr3;

    if (!same) {
        arch_base_changed(v, false);
        arch_base_changed(v, true);
    }
    if (v != current)
        isolate_refresh(v);
    return !same;
}

void isolate_refresh(struct vcpu *v)
{
    bool iopl = v->domain->vm_assist & (1u << VMASST_TYPE_architectural_iopl);

    v->arch.syscall_frame = (v->arch.kernel_sp & ~15UL) - 7 * 8;
    v->arch.fast_syscall = v->arch.syscall_callback && !iopl && !v->arch.nmi_masked &&
                           guest_range_ok(v->arch.syscall_frame, 7 * 8);
    v->arch.fast_iret = v->arch.fast_syscall && v->arch.user_l4;
    v->arch.fast_fault = v->arch.fast_syscall && v->arch.trap[14].address && (v->arch.trap[14].flags & 4) &&
                         !(TRACE_WANTED & TRC_PV & ~0xf000u) && !log_dirty_shown(v->domain) &&
                         guest_range_ok(v->arch.syscall_frame - 8, 8 * 8);
}

void arch_vm_assist_changed(struct domain *d)
{
    struct vcpu *v;

    if (d->vm_assist & BIT(VMASST_TYPE_m2p_strict))
        WRITE_ONCE(d->arch.m2p_strict, true);   /* for tables loaded from now on, as under Xen */
    /*
     * Others compute theirs themselves, at their next stack_switch: two writers could mix one's check with the other's
     * address.
     */
    for_each_vcpu(d, v) {
        if (v == current) {
            isolate_refresh(v);
        } else {
            WRITE_ONCE(v->arch.fast_syscall, false);
            WRITE_ONCE(v->arch.fast_iret, false);
            WRITE_ONCE(v->arch.fast_fault, false);
        }
    }
}

int kernel_memory_read(struct vcpu *v, void *dst, gva_t src, size_t bytes)
{
    int err;

    if (v->arch.kernel_mode)
        return copy_from_guest(dst, src, bytes);
    address_space_toggle(v->arch.kernel_cr3);
    err = copy_from_guest(dst, src, bytes);
    address_space_toggle(v->arch.cr3);
    return err;
}

void tlb_flush_here(u64 va)
{
    if (va == FLUSH_ALL)
        address_space_load(cpu_info()->cr3);
    else
        address_flush(va);
}

/*
 * Only if it still keeps d's: since d's mask was read it may have gone on to another domain's vcpu. It is in the mask
 * as long as it has them loaded, for those who flush what d's tables were.
 */
static void load_idle_space(void *data)
{
    struct cpu *c = this_cpu();
    struct domain *d = data;

    if (c->space_domain != d)
        return;
    c->space_domain = NULL;
    address_space_load(paging_idle_cr3());
    __atomic_fetch_and(&d->arch.cpumask, ~(1UL << c->id), __ATOMIC_SEQ_CST);
}

/* No CPU may keep a dead domain's tables in CR3. Its vcpus do not run. */
void address_space_leave(struct domain *d)
{
    cpumask_t mask = __atomic_load_n(&d->arch.cpumask, __ATOMIC_SEQ_CST);
    if (mask)
        smp_call(mask, load_idle_space, d);
}

static void space_enter(struct vcpu *v)
{
    struct cpu *c = this_cpu();
    cpumask_t me = 1UL << c->id;

    tlb_use();
    if (!(READ_ONCE(v->domain->arch.cpumask) & me)) {
        struct domain *old = c->space_domain;
        __atomic_fetch_or(&v->domain->arch.cpumask, me, __ATOMIC_SEQ_CST);
        address_space_load(v->arch.cr3);
        if (old && old != v->domain)
            __atomic_fetch_and(&old->arch.cpumask, ~me, __ATOMIC_SEQ_CST);
        c->space_domain = v->domain;
    } else if (c->info->cr3 != v->arch.cr3 || v->moved) {
        address_space_load(v->arch.cr3);    /* moved: its guest may have flushed where it was meanwhile, not here */
    }
    v->moved = false;
}

/* ---- registers ---- */

static void save_segments(struct vcpu *v)
{
    struct cpu_user_regs *r = &v->arch.regs;
    u64 live, shadow;

    __asm__ volatile("movw %%ds, %0\n\tmovw %%es, %1\n\tmovw %%fs, %2\n\tmovw %%gs, %3"
                     : "=m"(r->ds), "=m"(r->es), "=m"(r->fs), "=m"(r->gs));
    v->arch.fs_base = fs_base_read();
    live = gs_base_read();
    shadow = gs_shadow_read();
    v->arch.gs_base_kernel = v->arch.kernel_mode ? live : shadow;
    v->arch.gs_base_user = v->arch.kernel_mode ? shadow : live;
}

/* A selector the guest's tables no longer allow loads as 0 instead of faulting. */
#define LOAD_SEGMENT(seg, value) \
    __asm__ volatile("1: movl %k0, %%" #seg "\n2:\n\t" \
                     ".pushsection .text.fixup, \"ax\"\n3: xorl %k0, %k0\n\t" \
                     "movl %k0, %%" #seg "\n\tjmp 2b\n\t.popsection\n\t" \
                     EX_TABLE("1b", "3b") : : "r"((u32)(value)))

static void load_segments(struct vcpu *v)
{
    struct cpu_user_regs *r = &v->arch.regs;

    LOAD_SEGMENT(ds, r->ds);
    LOAD_SEGMENT(es, r->es);
    LOAD_SEGMENT(fs, r->fs);
    LOAD_SEGMENT(gs, r->gs);
    fs_base_write(v->arch.fs_base);
    gs_base_write(v->arch.kernel_mode ? v->arch.gs_base_kernel : v->arch.gs_base_user);
    gs_shadow_write(v->arch.kernel_mode ? v->arch.gs_base_user : v->arch.gs_base_kernel);
}

/* The general registers and the frame: 21 words, copied without a loop. */
static inline void copy_regs(struct cpu_user_regs *to, const struct cpu_user_regs *from)
{
    u64 *d = (u64 *)to;
    const u64 *s = (const u64 *)from;
#pragma GCC unroll 21
    for (unsigned i = 0; i < offsetof(struct cpu_user_regs, es) / 8; i++)
        d[i] = s[i];
}

void arch_vcpu_touched(struct vcpu *v) { v->arch.loaded_on = ~0u; }

static void context_save(struct vcpu *v)
{
    copy_regs(&v->arch.regs, &cpu_info()->regs);
    save_segments(v);
    fpu_save(v);
    debugreg_save(v);
    ldt_unload(v);
}

static void context_load(struct vcpu *v)
{
    struct cpu *c = this_cpu();

    space_enter(v);
    if (unlikely(v->arch.nmi_pending))
        cpu_raise(c->id, PENDING_TASK);     /* the exit path's slow side delivers it */
    if (c->loaded == v && v->arch.loaded_on == c->id) {
        fpu_resume(v);                      /* nobody was in between: only what context_save() switched off */
        debugreg_load(v);
        machine_wallclock_publish(v->domain);
        return;
    }
    c->loaded = v;
    v->arch.loaded_on = c->id;
    c->info->keep_tlb = 0;                  /* the other address space's entries may be another vcpu's */
    gdt_load(v);
    ldt_load(v);
    copy_regs(&cpu_info()->regs, &v->arch.regs);
    load_segments(v);
    fpu_restore(v);
    debugreg_load(v);
    if (cpu_has.rdtscp)
        wrmsr(MSR_TSC_AUX, v->arch.tsc_aux);
    guest_cr4_load(v);
    machine_time_publish(v);
}

void machine_switch(struct vcpu *next)
{
    struct cpu_info *info = cpu_info();
    struct vcpu *prev = info->vcpu;

    if (next == prev) {
        sched_switched(prev);
        return;
    }
    if (!vcpu_is_idle(prev))
        context_save(prev);
    info->vcpu = next;
    if (vcpu_is_idle(next)) {
        sched_switched(prev);
        leave_to_idle();
    }
    context_load(next);
    sched_switched(prev);
    leave_to_guest();
}

/* ---- the exit path's slow side ---- */

/* What was asked of this CPU, except a new choice of vcpu. */
static void pending_work(void)
{
    u32 *pending = &cpu_info()->pending;
    u32 bits = __atomic_fetch_and(pending, PENDING_SCHED, __ATOMIC_SEQ_CST);

    if (bits & PENDING_TIMER)
        timers_run();
    if (bits & PENDING_CONSOLE)
        console_work();
    if (bits & PENDING_TASK) {
        domains_reap();
        trace_announce();
    }
}

/* Does an NMI wait for v that it can take? */
static inline bool nmi_due(struct vcpu *v)
{
    return unlikely(READ_ONCE(v->arch.nmi_pending)) && !v->arch.nmi_masked && guest_nmi_handler(v);
}

static void deliver_nmi(struct vcpu *v)
{
    if (nmi_due(v)) {
        v->arch.nmi_pending = false;
        v->arch.nmi_masked = true;
        isolate_refresh(v);
        guest_inject_nmi(v);
    }
}

/* Until nothing is pending; `current` may be another one afterwards. */
static inline void settle(void)
{
    u32 *pending = &cpu_info()->pending;

    for (unsigned rounds = 0; READ_ONCE(*pending); rounds++) {
        if (rounds)
            (void)preempt_check();      /* others may raise as fast as this goes */
        pending_work();
        if (READ_ONCE(*pending) & PENDING_SCHED) {
            __atomic_fetch_and(pending, ~(u32)PENDING_SCHED, __ATOMIC_SEQ_CST);
            schedule();
            /*
             * Back here: nobody else is to run. A guest that yields in a loop, waiting for another of its vcpus, would
             * else hold the run queue's lock most of the time; where CPUs take turns (an emulator that counts
             * instructions), the one that starts the other vcpu could find it locked for ever.
             */
            cpu_pause();
        }
    }
}

void exit_pending(void)
{
    /* Who sent it before current said that it sleeps did not wake it; who sends one from now on does. */
    if (nmi_due(current))
        __atomic_fetch_and(&current->pause_flags, ~VPF_BLOCKED, __ATOMIC_SEQ_CST);
    settle();
    deliver_nmi(current);
}

static void relax_until_event(void)
{
    /* Interrupts are off: one that arrives between the test of the pending word and HLT waits for STI's shadow. */
    if (READ_ONCE(cpu_info()->pending))
        return;
    this_cpu()->stat_halts++;
    __asm__ volatile("sti\n\thlt\n\tcli" : : : "memory");
}

void idle_loop(void)
{
    for (;;) {
        settle();
        if (heap_scrub_idle())
            preempt_check();
        else
            relax_until_event();            /* requests of other CPUs come with an interrupt */
    }
}

bool preempt_check(void)
{
    __asm__ volatile("sti\n\tnop\n\tcli" : : : "memory");
    smp_serve();
    return READ_ONCE(cpu_info()->pending) != 0;
}

void vcpu_kick(struct vcpu *v)
{
    unsigned cpu = READ_ONCE(v->processor);
    /* An interrupt is enough: the way back to the guest looks at its event flag. */
    if (READ_ONCE(v->running) && cpu != smp_cpu())
        apic_send(cpus[cpu].apic_id, VECTOR_EVENT);
}

void arch_hypercall_restart(u64 nr, const u64 *args, unsigned nargs)
{
    struct cpu_user_regs *regs = &cpu_info()->regs;

    regs->rax = nr;
    if (nargs > 0) regs->rdi = args[0];
    if (nargs > 1) regs->rsi = args[1];
    if (nargs > 2) regs->rdx = args[2];
    if (nargs > 3) regs->r10 = args[3];
    if (nargs > 4) regs->r8 = args[4];
    if (nargs > 5) regs->r9 = args[5];
    regs->rip -= 2;
}

void cpu_enter_idle(void)
{
    leave_to_idle();
}

long arch_set_ldt(struct vcpu *v, u64 base, u64 entries) { return ldt_set(v, base, entries); }

static void cache_flush_here(void *unused)
{
    (void)unused;
    wbinvd();
}

void cache_flush(bool all_cpus)
{
    smp_call(all_cpus ? cpus_online : 1UL << smp_cpu(), cache_flush_here, NULL);
}

#define CACHE_LINE 64UL         /* of every CPU with 64 bits */

void cache_write_back(const void *start, size_t bytes)
{
    uintptr_t end = (uintptr_t)start + bytes;

    __asm__ volatile("mfence" : : : "memory");
    for (uintptr_t line = (uintptr_t)start & ~(CACHE_LINE - 1); line < end; line += CACHE_LINE)
        clflush((const void *)line);
    __asm__ volatile("mfence" : : : "memory");
}
