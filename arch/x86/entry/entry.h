/* What entry.S offers to C and expects from it. Read entry.S first. */
#pragma once
#include "lib/types.h"
#include "abi/xen.h"

struct vcpu;

/* In regs->entry_vector: the frame may leave by SYSRET (RCX and R11 are free). */
#define ENTRY_BY_SYSCALL 0x100u

extern const u64 trap_stubs[256];
extern char iret_guest[];
extern char syscall_entry[], syscall32_entry[], sysenter_entry[];

/* In entry.S: to the guest of `current`, or to the idle loop, with an empty stack. */
void leave_to_guest(void) __noreturn;
void leave_to_idle(void) __noreturn;
/* In head.S: call fn, which does not return, on another stack. */
void stack_switch_call(void *stack_top, void (*fn)(void)) __noreturn;

/* Called by entry.S */
void trap_from_guest(struct cpu_user_regs *regs);
void trap_from_serai(struct cpu_user_regs *regs);
void exit_pending(void);
void guest_upcall(struct vcpu *v);
void guest_inject_syscall(struct vcpu *v);
void guest_inject_syscall32(struct vcpu *v);
void guest_inject_sysenter(struct vcpu *v);
void idle_loop(void) __noreturn;
long hypercall_absent(u64 arg);
long hypercall_slow(u64 nr);     /* numbers from hypercall_limit on */
extern u64 hypercall_limit;

/* IDT, GDT, TSS and SYSCALL registers of the CPU that calls (arch/x86/entry/tables.c). */
void tables_init_cpu(unsigned cpu, void *stack_base);
