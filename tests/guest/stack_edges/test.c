/*
 * A kernel stack where none can be, for every way into the kernel. Serai builds the frame of a fault, a system call
 * or an interrupt on the stack that the guest's kernel names, in the commonest cases by a straight line of assembly,
 * and takes an iret's frame from there the same way. A range check that looks at one end of the frame only, at the
 * address that was named in place of the lowest one that is written, or not at all because "the stack was checked when
 * it was set", writes guests' words into the hypervisor: that was a hole in a failsafe callback once. Each domain here
 * has a handler that masks events, so that the straight ways are taken; each must be seen as crashed, and nothing else
 * may happen.
 */
#include "dom.h"

USER_CODE(u_fault, "movq $0, 0x5000\n\tud2")
USER_CODE(u_syscall, "mov $1000, %eax\n\tsyscall\n\tud2")
USER_CODE(u_int80, "int $0x80\n\tud2")

static const char *const ways[] = { "user fault", "system call", "int 0x80", "kernel fault", "iret", "kernel #UD" };
static const u64 edges[] = {
    0x7000, 0x20, 0x800000000000, 0x800000000008, 0x8000000000000000, 0xffff800000000000, 0xffff800000001000,
    0xffff820000000040, 0xffff82d080001000, 0xffff830000100000, 0xffff880000000000, 0xffff880000000010,
    0xffff880000000038, 0xffff880000000040, ~0UL, ~7UL,
};

static u64 go(u64 way, u64 at, u64 unused)
{
    static const void *const code[] = { u_fault, u_syscall, u_int80 };
    (void)unused;
    user_init();
    trap_set(14, 4, FLAT_KERNEL_CS, (u64)trap_stubs + 14 * 16);
    if (way < 3) {
        struct regs r = { .rip = (u64)code[way], .cs = FLAT_USER_CS, .ss = FLAT_USER_SS, .rflags = 0x202,
                          .rsp = (u64)user_stack_top };
        hc(__HYPERVISOR_stack_switch, FLAT_KERNEL_SS, at);
        iret_to(&r, 0);
    }
    if (way == 3)
        __asm__ volatile("mov %0, %%rsp; movq $0, 0x5000" : : "r"(at) : "memory");
    if (way == 4)
        __asm__ volatile("mov %0, %%rsp; mov $23, %%eax; syscall" : : "r"(at) : "memory");
    if (way == 5)
        __asm__ volatile("mov %0, %%rsp; ud2" : : "r"(at) : "memory");
    for (;;)
        yield_cpu();
}

void test(void)
{
    u64 before = free_pages_after_first_domain();
    for (unsigned way = 0; way < sizeof(ways) / sizeof(ways[0]); way++)
        for (unsigned i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
            static struct dom d;
            struct xen_domctl_getdomaininfo info;
            dom_create(&d);
            dom_start_call(&d, go, way, edges[i], 0);
            u64 end = now() + 3000000000UL;
            do
                yield_cpu();
            while (domain_info(d.id, &info) == 0 && !(info.flags & XEN_DOMINF_shutdown) && now() < end);
            bool crashed = (info.flags & XEN_DOMINF_shutdown) &&
                           (info.flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask) == SHUTDOWN_crash;
            if (!crashed)
                say("  %s, stack at %#lx: flags %#x", ways[way], edges[i], info.flags);
            EXPECT(crashed);
            dom_destroy(&d);
        }
    EXPECT_EQ("memory is back", free_pages_settled(before), before);
}
