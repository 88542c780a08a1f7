/*
 * The whole contract between core/ and the machine. arch/x86 implements it on hardware, arch/host as a fake machine
 * for unit tests. Types that core embeds come from <machine/...> (domain.h, vcpu.h, current.h, pte.h).
 */
#pragma once
#include "lib/types.h"
#include "abi/xen.h"

struct domain;
struct vcpu;

/* ---- address spaces ---- */
#include <machine/direct.h>             /* mfn_to_virt(): any RAM frame is always mapped */
mfn_t virt_to_mfn(const void *va);      /* inverse, for direct-map addresses */
void page_clear(void *page);
void page_copy(void *dst, const void *src);
/* Map device memory uncached, for good; NULL if there is no room. */
volatile void *machine_map_device(paddr_t pa, size_t bytes);

/*
 * First frame of the i-th 2 MiB piece of the machine-to-physical table (2 MiB of contiguous frames): MFN_NONE past its
 * end, 0 for a piece that does not exist because there is no RAM.
 */
mfn_t machine_m2p_extent(unsigned i);
/* The firmware's memory map, sorted; for the whole of Serai's life. */
struct e820_list;
const struct e820_list *machine_e820(void);

/* ---- time ---- */
ns_t now_ns(void);                      /* monotonic since boot, same on all CPUs */
u64 machine_tsc(void);
/* Next timer interrupt on this CPU at `deadline` (0: none needed). */
void machine_timer_arm(ns_t deadline);
/* Copy system time parameters for v into its vcpu_info (and secondary area), version protocol. */
void machine_time_publish(struct vcpu *v);
/* Write wall clock (wc_sec, wc_nsec at system time 0) into d's shared info. */
void machine_wallclock_publish(struct domain *d);
void machine_wallclock_set(u64 sec, u32 nsec, ns_t system_time);

/* ---- CPUs ---- */
#define MAX_CPUS 64
typedef u64 cpumask_t;
extern cpumask_t cpus_online;
extern unsigned nr_cpus;                /* online CPUs are 0..nr_cpus-1 */
#include <machine/current.h>            /* smp_cpu(): this CPU's number */

/* Reasons not to return to a guest: bits of the CPU's pending word, tested once on the way out. */
#define PENDING_SCHED 0x01
#define PENDING_TIMER 0x02
#define PENDING_CONSOLE 0x04            /* serial input to read, or output to announce to domain 0 */
#define PENDING_TASK 0x10               /* domains to bury, trace readers to wake, NMIs to report */
void cpu_raise(unsigned cpu, u32 pending); /* set bits; interrupts that CPU if it is another one */

/* Answer cross-CPU requests (TLB, calls) while spinning. Pause instruction included. */
void machine_poll(void);
/*
 * Run fn(data) on every CPU of mask (this one too if in it), wait until all are done. It takes no locks: the CPU may be
 * waiting for one, with a reservation (core/lock.c). Debug builds check that.
 */
void smp_call(cpumask_t mask, void (*fn)(void *), void *data);

/* ---- TLB ---- */
#define FLUSH_ALL (~0UL)
/* Flush one page (va) or everything on each CPU in mask (this one too if in it), wait for all. */
void tlb_flush_mask(cpumask_t mask, u64 va);
/* The TLB clock for struct frame.stamp, and: CPUs of mask that have not flushed since `stamp`. */
u32 tlb_clock(void);
cpumask_t tlb_stale(cpumask_t mask, u32 stamp);
/*
 * Of two stamps the one that more CPUs may be stale for, as seen at `now`, which tlb_now() said after both were given:
 * many frames are asked for at once so, where each CPU is looked at for each.
 */
u32 tlb_now(void);
static inline u32 tlb_newer(u32 now, u32 a, u32 b) { return now - a < now - b ? a : b; }

/* ---- guests ---- */
/* 0, -ENOMEM. */
long arch_domain_init(struct domain *d);
void arch_domain_destroy(struct domain *d);
/* A dying domain, none of whose vcpus runs: give back every frame the machine's part holds: GDT, LDT; EOI map. */
void arch_vcpu_relinquish(struct vcpu *v);
void arch_domain_relinquish(struct domain *d);
/* 0, -ENOMEM. */
long arch_vcpu_init(struct vcpu *v);
void arch_vcpu_destroy(struct vcpu *v);
/*
 * A guest CPU's first context, from VCPUOP_initialise or the control interface; v does not run. Sets v->initialised.
 * 0, -EINVAL, -ERESTART (call again with the same context). VGCF_online is the caller's business.
 */
long arch_vcpu_set_context(struct vcpu *v, const vcpu_guest_context_t *c);
/* Make an NMI pending for v; the caller wakes it. */
void arch_vcpu_nmi(struct vcpu *v);
/* Where v takes NMIs; 0: nowhere. -EINVAL: an address that v may not execute. */
long arch_vcpu_nmi_callback(struct vcpu *v, u64 address);
/* VCPUOP_get_physid of a CPU: APIC id | ACPI id << 32. */
u64 arch_cpu_physid(unsigned cpu);
/*
 * Current's kernel will issue hypercall nr with these arguments again when it next runs: argument registers replaced,
 * the instruction pointer back on the hypercall instruction. The value returned by the handler afterwards is nr.
 */
void arch_hypercall_restart(u64 nr, const u64 *args, unsigned nargs);
/* Save current's context, load v's; returns only when v == current. Otherwise leaves to v's guest (or idle loop). */
void machine_switch(struct vcpu *next);
/* v (on another CPU) should notice its events: interrupt it if it runs. */
void vcpu_kick(struct vcpu *v);
void machine_dump_vcpu(struct vcpu *v); /* registers and stack, for crash reports and keys */
/* Guest-visible address check: [va, va+bytes) lies outside Serai's part. */
bool guest_range_ok(u64 va, u64 bytes);

/* ---- machine interrupts given to a guest (called with d's event lock held) ---- */
/* Deliver machine interrupt `pirq` to v's domain by pirq_send(). -EPERM not its interrupt, -EBUSY not shareable. */
long pirq_guest_bind(struct vcpu *v, u32 pirq, bool will_share);
void pirq_guest_unbind(struct domain *d, u32 pirq);
void pirq_guest_set_vcpu(struct domain *d, u32 pirq, struct vcpu *v); /* prefer v's CPU */

/* No CPU keeps tables of d in CR3 (its vcpus do not run). Before the tables are freed. */
void address_space_leave(struct domain *d);
/* v does not run, and its context was changed: a CPU that still has the old one must not go on with it. */
void arch_vcpu_touched(struct vcpu *v);
/* d->vm_assist changed. */
void arch_vm_assist_changed(struct domain *d);
/* v's base table (its user one or its kernel one) changed: if v is current and in that mode, load it. */
void arch_base_changed(struct vcpu *v, bool user);
/*
 * What log_dirty_base() says of v's base tables may have changed; v does not run, or is current. True: it has, and
 * the hardware knows.
 */
bool arch_tables_changed(struct vcpu *v);
/* Serai's slots of a top-level table that was just validated. */
void arch_l4_fill(u64 *l4);
/* Flush current's translation of va (FLUSH_ALL: all of them) on this CPU only. */
void tlb_flush_here(u64 va);
/* Write back and invalidate caches, this CPU or all. */
void cache_flush(bool all_cpus);
/* Write back (and perhaps invalidate) the lines that hold [start, start + bytes) of RAM, wherever they are cached. */
void cache_write_back(const void *start, size_t bytes);
long arch_set_ldt(struct vcpu *v, u64 base, u64 entries);

/* v's context in the interface's form; v does not run. VGCF_online is the caller's business. */
void arch_vcpu_get_context(struct vcpu *v, vcpu_guest_context_t *c);
/*
 * Fill a page with the hypercall stubs of this machine, 32 bytes each (XEN_DOMCTL_hypercall_init, public header xen.h).
 */
void arch_hypercall_page(void *page);
/*
 * Control operations that are this machine's own business (CPU policies, extended state, MSRs, TSC): -ENOSYS if op is
 * none of them. *copyback: the caller is to be given op's new contents. Caller holds a reference to d and the ctl lock.
 */
struct xen_domctl;
struct xen_sysctl;
long arch_domctl(struct domain *d, struct xen_domctl *op, bool *copyback);
long arch_sysctl(struct xen_sysctl *op, bool *copyback);
/* CPU clock in kHz, feature words, threads and cores of XEN_SYSCTL_physinfo. */
struct xen_sysctl_physinfo;
void arch_physinfo(struct xen_sysctl_physinfo *info);

/* Let domain 0 use the hardware Serai does not keep for itself: fill d->iomem, ioports, irqs. */
void machine_dom0_resources(struct domain *d);
/* Device memory that Serai programs itself and others may at most read: IOAPICs, HPET. */
bool machine_frame_readonly(mfn_t mfn);

/* Reports for debug keys. They take the locks of what they report and print, one after the other. */
void irq_dump(void);
void pci_dump(void);
void pm_dump(void);

/* ---- machine ---- */
enum machine_end { MACHINE_HALT, MACHINE_REBOOT, MACHINE_POWEROFF };
void machine_end(enum machine_end how) __noreturn;
