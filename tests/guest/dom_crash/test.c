/*
 * Ways in which a guest kernel makes itself impossible to continue. Each kills that domain only: it is seen as crashed,
 * the machine goes on, and all its memory comes back.
 */
#include "dom.h"

static u64 no_handler(u64 a, u64 b, u64 c)
{
    (void)a, (void)b, (void)c;
    hc(__HYPERVISOR_set_trap_table, 0);
    __asm__ volatile("ud2");
    return 0;
}

static u64 no_stack(u64 a, u64 b, u64 c)
{
    (void)a, (void)b, (void)c;
    __asm__ volatile("mov $0x7000, %%rsp; ud2" ::: "memory");
    return 0;
}

static u64 hv_stack(u64 a, u64 b, u64 c)
{
    (void)a, (void)b, (void)c;
    __asm__ volatile("movabs $0xffff830000100000, %%rsp; ud2" ::: "memory");
    return 0;
}

/* The same at a place that Serai could write to: a page of domain 0's, by Serai's map of all memory. */
static u64 mapped_stack(u64 a, u64 b, u64 c)
{
    (void)b, (void)c;
    __asm__ volatile("mov %0, %%rsp; ud2" : : "r"(a + 2048) : "memory");
    return 0;
}

USER_CODE(u_syscall, "syscall; ud2")
static u64 mapped_syscall_stack(u64 a, u64 b, u64 c)
{
    struct regs r = { .rip = (u64)u_syscall, .cs = FLAT_USER_CS, .ss = FLAT_USER_SS, .rflags = 0x202,
                      .rsp = (u64)user_stack_top };
    (void)b, (void)c;
    user_init();
    hc(__HYPERVISOR_stack_switch, FLAT_KERNEL_SS, a + 2048);
    iret_to(&r, 0);
}

static void spin(void)
{
    for (;;)
        yield_cpu();
}

/* There is a good frame. */
static u64 mapped_iret(u64 a, u64 b, u64 c)
{
    (void)b, (void)c;
    __asm__ volatile("mov %0, %%rsp; mov $23, %%eax; syscall" : : "r"(a + 3072) : "memory");
    return 0;
}

/* The same where the straight ways are taken: the vcpu has user tables, its page-fault handler masks events. */
static u64 mapped_straight_iret(u64 a, u64 b, u64 c)
{
    (void)b, (void)c;
    user_init();
    __asm__ volatile("mov %0, %%rsp; mov $23, %%eax; syscall" : : "r"(a + 3584) : "memory");
    return 0;
}

static u64 mapped_fault_stack(u64 a, u64 b, u64 c)
{
    (void)b, (void)c;
    trap_set(14, 4, FLAT_KERNEL_CS, (u64)trap_stubs + 14 * 16);
    __asm__ volatile("mov %0, %%rsp; movq $0, 0x5000" : : "r"(a + 2048) : "memory");
    return 0;
}

static u64 nc_stack(u64 a, u64 b, u64 c)
{
    (void)a, (void)b, (void)c;
    __asm__ volatile("movabs $0x8000000000000010, %%rsp; ud2" ::: "memory");
    return 0;
}

static u64 table_stack(u64 a, u64 b, u64 c)
{
    (void)a, (void)b, (void)c;
    __asm__ volatile("mov %0, %%rsp; ud2" : : "r"(si->pt_base + 2048) : "memory");
    return 0;
}

static u64 bad_iret(u64 a, u64 b, u64 c)
{
    (void)a, (void)b, (void)c;
    __asm__ volatile("movabs $0xffff830000100000, %%rsp; mov $23, %%eax; syscall" ::: "memory");
    return 0;
}

static u64 low_iret(u64 a, u64 b, u64 c)
{
    (void)a, (void)b, (void)c;
    __asm__ volatile("mov $0x7000, %%rsp; mov $23, %%eax; syscall" ::: "memory");
    return 0;
}

static u64 no_user_table(u64 a, u64 b, u64 c)
{
    (void)a, (void)b, (void)c;
    struct regs r = { .rip = 0x1000, .cs = FLAT_USER_CS, .ss = FLAT_USER_SS, .rflags = 0x202 };
    iret_to(&r, 0);
}
static u64 no_failsafe(u64 a, u64 b, u64 c)
{
    (void)a, (void)b, (void)c;
    struct callback_register reg = { .type = CALLBACKTYPE_failsafe, .address = 0 };
    hc(__HYPERVISOR_callback_op, CALLBACKOP_register, &reg);
    struct regs r = { .rip = (u64)no_handler, .cs = 0x1003, .ss = FLAT_USER_SS, .rflags = 0x202,
                      .rsp = (u64)user_stack_top };
    user_init();
    hc(__HYPERVISOR_set_trap_table, 0);
    iret_to(&r, 0);
}

static u64 unmapped_code(u64 a, u64 b, u64 c)
{
    (void)a, (void)b, (void)c;
    hc(__HYPERVISOR_set_trap_table, 0);
    ((void (*)(void))0x9000)();
    return 0;
}

static u64 asked(u64 a, u64 b, u64 c) { (void)a, (void)b, (void)c; shutdown_self(SHUTDOWN_crash); return 0; }
static u64 event_nowhere(u64 a, u64 b, u64 c)
{
    (void)a, (void)b, (void)c;
    struct callback_register reg = { .type = CALLBACKTYPE_event, .address = 0x9000 };
    hc(__HYPERVISOR_callback_op, CALLBACKOP_register, &reg);
    hc(__HYPERVISOR_set_trap_table, 0);
    struct evtchn_bind_ipi ipi = { .vcpu = 0 };
    evtchn(EVTCHNOP_bind_ipi, &ipi);
    struct evtchn_send s = { .port = ipi.port };
    vi->evtchn_upcall_mask = 0;
    evtchn(EVTCHNOP_send, &s);
    for (;;)
        yield_cpu();
}
static u64 own_tables_gone(u64 a, u64 b, u64 c)
{
    (void)a, (void)b, (void)c;
    hc(__HYPERVISOR_set_trap_table, 0);
    mmu1(our_l4() << 12 | 511 * 8, 0);
    mmuext1(MMUEXT_TLB_FLUSH_LOCAL, 0);
    return 0;
}

void test(void)
{
    static const struct { const char *name; u64 (*fn)(u64, u64, u64); } ways[] = {
        { "a trap without a handler", no_handler }, { "a stack that is not there", no_stack },
        { "a stack in the hypervisor", hv_stack }, { "a stack that is not canonical", nc_stack },
        { "a stack in a page table", table_stack }, { "an iret frame in the hypervisor", bad_iret },
        { "an iret frame that is not there", low_iret }, { "user mode without a user table", no_user_table },
        { "no failsafe callback", no_failsafe }, { "code that is not there", unmapped_code },
        { "on its own wish", asked },
        { "an event callback that is not there", event_nowhere }, { "its own tables removed", own_tables_gone },
        { "a stack in Serai's map", mapped_stack }, { "a system call's stack there", mapped_syscall_stack },
        { "an iret frame there", mapped_iret }, { "the same, straight", mapped_straight_iret },
        { "a page fault's stack there", mapped_fault_stack },
    };
    u64 *witness = page_alloc(), frame[9] = { 0, 0x202, 0, 0, (u64)spin, FLAT_KERNEL_CS & ~3, 2, 0, FLAT_KERNEL_SS };
    frame[7] = (u64)user_stack_top;
    memset(witness, 0x77, 4096);
    memcpy(witness + 3072 / 8, frame, sizeof(frame));
    frame[6] = 0x202;
    memcpy(witness + 3584 / 8, frame, sizeof(frame));
    u64 before = free_pages_after_first_domain();
    for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        static struct dom d;
        struct xen_domctl_getdomaininfo info;
        dom_create(&d);
        dom_start_call(&d, ways[i].fn, 0xffff830000000000 + (va_mfn(witness) << 12), 0, 0);
        u64 end = now() + 1000000000UL;
        do
            yield_cpu();
        while (domain_info(d.id, &info) == 0 && !(info.flags & XEN_DOMINF_shutdown) && now() < end);
        bool crashed = (info.flags & XEN_DOMINF_shutdown) &&
                       (info.flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask) == SHUTDOWN_crash;
        if (!crashed)
            say("  %s: flags %#x", ways[i].name, info.flags);
        check(__FILE__, __LINE__, ways[i].name, crashed, 1);
        dom_destroy(&d);
        check(__FILE__, __LINE__, ways[i].name, witness[2048 / 8 - 1] == 0x7777777777777777, 1);
        check(__FILE__, __LINE__, "memory is back", (long)free_pages_settled(before), (long)before);
    }
}
