/* Not linked: compiled to assembly, from which the Makefile makes offsets.h for the .S files. */
#include "core/vcpu.h"
#include "arch/x86/cpu.h"

#define DEFINE(name, value) __asm__ volatile("\n.ascii \"->" #name " %0\"\n" : : "i"(value))

void offsets(void);
void offsets(void)
{
    DEFINE(CPU_INFO_SIZE, sizeof(struct cpu_info));
    DEFINE(INFO_current, offsetof(struct cpu_info, vcpu));
    DEFINE(INFO_pending, offsetof(struct cpu_info, pending));
    DEFINE(REGS_rax, offsetof(struct cpu_user_regs, rax));
    DEFINE(REGS_rdi, offsetof(struct cpu_user_regs, rdi));
    DEFINE(REGS_rsi, offsetof(struct cpu_user_regs, rsi));
    DEFINE(REGS_rdx, offsetof(struct cpu_user_regs, rdx));
    DEFINE(REGS_r10, offsetof(struct cpu_user_regs, r10));
    DEFINE(REGS_r8, offsetof(struct cpu_user_regs, r8));
    DEFINE(REGS_r9, offsetof(struct cpu_user_regs, r9));
    DEFINE(REGS_rbx, offsetof(struct cpu_user_regs, rbx));
    DEFINE(REGS_rbp, offsetof(struct cpu_user_regs, rbp));
    DEFINE(REGS_r12, offsetof(struct cpu_user_regs, r12));
    DEFINE(REGS_r13, offsetof(struct cpu_user_regs, r13));
    DEFINE(REGS_r14, offsetof(struct cpu_user_regs, r14));
    DEFINE(REGS_r15, offsetof(struct cpu_user_regs, r15));
    DEFINE(REGS_rcx, offsetof(struct cpu_user_regs, rcx));
    DEFINE(REGS_r11, offsetof(struct cpu_user_regs, r11));
    DEFINE(REGS_rflags, offsetof(struct cpu_user_regs, rflags));
    DEFINE(REGS_rsp, offsetof(struct cpu_user_regs, rsp));
    DEFINE(REGS_ss, offsetof(struct cpu_user_regs, ss));
    DEFINE(REGS_entry_vector, offsetof(struct cpu_user_regs, entry_vector));
    DEFINE(REGS_rip, offsetof(struct cpu_user_regs, rip));
    DEFINE(REGS_cs, offsetof(struct cpu_user_regs, cs));
    DEFINE(REGS_es, offsetof(struct cpu_user_regs, es));
    DEFINE(INFO_cr3, offsetof(struct cpu_info, cr3));
    DEFINE(INFO_keep_tlb, offsetof(struct cpu_info, keep_tlb));
    DEFINE(INFO_tlb_time, offsetof(struct cpu_info, tlb_time));
    DEFINE(INFO_scratch, offsetof(struct cpu_info, scratch));
    DEFINE(VCPU_cr3, offsetof(struct vcpu, arch.cr3));
    DEFINE(VCPU_kernel_cr3, offsetof(struct vcpu, arch.kernel_cr3));
    DEFINE(VCPU_user_cr3, offsetof(struct vcpu, arch.user_cr3));
    DEFINE(VCPU_syscall_frame, offsetof(struct vcpu, arch.syscall_frame));
    DEFINE(VCPU_syscall_callback, offsetof(struct vcpu, arch.syscall_callback));
    DEFINE(VCPU_syscall_masks_events, offsetof(struct vcpu, arch.syscall_masks_events));
    DEFINE(VCPU_fast_syscall, offsetof(struct vcpu, arch.fast_syscall));
    DEFINE(VCPU_fast_iret, offsetof(struct vcpu, arch.fast_iret));
    DEFINE(VCPU_runstate_stale, offsetof(struct vcpu, runstate_stale));
    DEFINE(INFO_CR2, offsetof(vcpu_info_t, arch.cr2));
    DEFINE(VCPU_cr2, offsetof(struct vcpu, arch.cr2));
    DEFINE(VCPU_fast_fault, offsetof(struct vcpu, arch.fast_fault));
    DEFINE(VCPU_fault_handler, offsetof(struct vcpu, arch.trap[14].address));
    DEFINE(VCPU_info, offsetof(struct vcpu, info));
    DEFINE(VCPU_kernel_mode, offsetof(struct vcpu, arch.kernel_mode));
}
