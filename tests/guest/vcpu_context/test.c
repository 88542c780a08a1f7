/*
 * What the context of a new vcpu says is what it starts with, and nothing else: registers, segment bases, debug
 * registers, CR4. An I/O breakpoint in it was refused once, since the CR4 of the same context came too late: a saved
 * vcpu that had one could not be restored.
 *
 * QEMU: -smp 2
 */
#include "pv.h"

#define CR4_TSD 4UL
#define CR4_DE 8UL
#define IO_BREAKPOINT (0x2UL << 16 | 0x2)
#define FLAGS 0x23c02UL         /* VM, IOPL 3, OF, DF; without IF */

extern char second_entry[];
static char stack[8192] __attribute__((aligned(16)));
static volatile u64 watched;
static volatile bool done;
static volatile struct seen {
    u64 rsp, rflags, r15, dr0, dr6, dr7, cr4, cr0, fs, gs, user_gs, ds, es, cs, ss;
} seen;

static u64 read_msr(u32 msr)
{
    u32 lo, hi;
    __asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
    return lo | (u64)hi << 32;
}

__asm__(".pushsection .text; second_entry: mov %rsp, seen(%rip); pushfq; popq seen+8(%rip); mov %r15, seen+16(%rip);"
        "cld; xor %ebp, %ebp; call second; ud2; .popsection");

static void __attribute__((used)) second(void)
{
    u64 v;
    seen.dr0 = hc(__HYPERVISOR_get_debugreg, 0);
    seen.dr6 = hc(__HYPERVISOR_get_debugreg, 6);
    seen.dr7 = hc(__HYPERVISOR_get_debugreg, 7);
    __asm__ volatile("mov %%cr4, %0" : "=r"(v));
    seen.cr4 = v;
    __asm__ volatile("mov %%cr0, %0" : "=r"(v));
    seen.cr0 = v;
    seen.fs = read_msr(0xc0000100);
    seen.gs = read_msr(0xc0000101);
    seen.user_gs = read_msr(0xc0000102);
    __asm__ volatile("mov %%ds, %k0" : "=r"(v));
    seen.ds = v;
    __asm__ volatile("mov %%es, %k0" : "=r"(v));
    seen.es = v;
    __asm__ volatile("mov %%cs, %k0" : "=r"(v));
    seen.cs = v;
    __asm__ volatile("mov %%ss, %k0" : "=r"(v));
    seen.ss = v;
    done = true;
    for (;;)
        hc(__HYPERVISOR_vcpu_op, VCPUOP_down, 1, 0);
}

static vcpu_guest_context_t c;

static long init(void) { return hc(__HYPERVISOR_vcpu_op, VCPUOP_initialise, 1, &c); }

static void refused(const char *what, unsigned long *field, u64 value)
{
    u64 was = *field;
    *field = value;
    check(__FILE__, __LINE__, what, init() < 0, 1);
    *field = was;
}

void test(void)
{
    c.flags = VGCF_in_kernel;
    c.user_regs = (struct cpu_user_regs){ .rip = (u64)second_entry, .rsp = (u64)stack + sizeof(stack) - 8, .r15 = 0x15,
                                          .cs = FLAT_KERNEL_CS & ~3, .ss = FLAT_KERNEL_SS & ~3, .rflags = FLAGS,
                                          .ds = 0x1238, .es = FLAT_USER_DS };
    c.kernel_sp = c.user_regs.rsp;
    c.kernel_ss = FLAT_KERNEL_SS;
    c.ctrlreg[3] = our_l4() << 12;
    c.ctrlreg[0] = 0x80050033 | 8;                      /* TS */
    c.ctrlreg[4] = 0x668 | CR4_TSD | CR4_DE | 1UL << 13;/* with VMXE */
    c.debugreg[0] = (u64)&watched;
    c.debugreg[6] = 0xffff0ff1;
    c.debugreg[7] = IO_BREAKPOINT;
    c.fs_base = 0x123456789000;
    c.gs_base_kernel = 0xffffffff80001000;
    c.gs_base_user = 0x8000000000000000;                /* not canonical */
    c.event_callback_eip = (u64)entry_event;
    c.failsafe_callback_eip = (u64)entry_failsafe;
    c.syscall_callback_eip = (u64)entry_syscall;

    refused("a breakpoint in the hypervisor", &c.debugreg[0], 0xffff82d080000000);
    refused("general detect", &c.debugreg[7], 0x2000);
    refused("an I/O breakpoint without CR4.DE", &c.ctrlreg[4], CR4_TSD);
    refused("a handler that is not canonical", &c.syscall_callback_eip, 0x8000000000000000);
    refused("no page tables", &c.ctrlreg[3], 0);
    refused("user mode without user tables", &c.flags, 0);
    refused("a GDT that is too long", &c.gdt_ents, 0x1c01);
    EXPECT_EQ("nothing of it runs", hc(__HYPERVISOR_vcpu_op, VCPUOP_up, 1, 0), -EINVAL);

    OK("a context with an I/O breakpoint", init());
    OK("up", hc(__HYPERVISOR_vcpu_op, VCPUOP_up, 1, 0));
    EXPECT_EQ("it runs", wait_until(&done, 2000000000), 1);
    EXPECT_EQ("rsp", seen.rsp, c.user_regs.rsp);
    EXPECT_EQ("r15", seen.r15, 0x15);
    EXPECT_EQ("IF is on, IOPL and VM are not", seen.rflags & 0x23200, 0x200);
    EXPECT_EQ("dr0", seen.dr0, &watched);
    EXPECT_EQ("dr6", seen.dr6 & 0xf, 1);
    EXPECT_EQ("dr7", seen.dr7 & 0xf0002, IO_BREAKPOINT);
    EXPECT_EQ("cr4: its own bits", seen.cr4 & (CR4_TSD | CR4_DE), CR4_TSD | CR4_DE);
    EXPECT_EQ("and no others", seen.cr4 >> 13 & 1, 0);
    EXPECT_EQ("cr0.TS", seen.cr0 & 8, 8);
    EXPECT_EQ("FS base", seen.fs, c.fs_base);
    EXPECT_EQ("GS base", seen.gs, c.gs_base_kernel);
    EXPECT_EQ("a base that is not canonical is 0", seen.user_gs, 0);
    EXPECT_EQ("a selector of nothing is 0", seen.ds, 0);
    EXPECT_EQ("es", seen.es, FLAT_USER_DS);
    EXPECT_EQ("cs: ring 3", seen.cs, FLAT_KERNEL_CS);
    EXPECT_EQ("ss: ring 3", seen.ss, FLAT_KERNEL_SS);
}
