/*
 * Numbers without a hypercall answer -ENOSYS whatever the arguments; registers other than rax, rcx and r11 come back;
 * flags come back; a number's upper bits do not reach the table.
 */
#include "pv.h"

static void unknown_numbers(void)
{
    static const u64 nrs[] = { 11, 47, 56, 63, 64, 255, 256, 4095, 0x7fffffff, 0x80000000, 0xffffffff };
    for (unsigned i = 0; i < sizeof(nrs) / 8; i++)
        check(__FILE__, __LINE__, "unknown hypercall", hc(nrs[i], -1UL, -1UL, -1UL, -1UL, -1UL), -ENOSYS);
}

static void registers_kept(void)
{
    u64 in[13], out[13];
    for (unsigned i = 0; i < 13; i++)
        in[i] = 0x0101010101010101UL * (i + 3);
    in[0] = XENVER_version;
    __asm__ volatile("push %%rbp\n\tpush %%rbx\n\t"
        "push %[out]\n\tmov %[in], %%rax\n\t"
        "mov 0(%%rax), %%rdi\n\tmov 8(%%rax), %%rsi\n\tmov 16(%%rax), %%rdx\n\tmov 24(%%rax), %%r10\n\t"
        "mov 32(%%rax), %%r8\n\tmov 40(%%rax), %%r9\n\tmov 48(%%rax), %%r12\n\tmov 56(%%rax), %%r13\n\t"
        "mov 64(%%rax), %%r14\n\tmov 72(%%rax), %%r15\n\tmov 80(%%rax), %%rbx\n\tmov 88(%%rax), %%rbp\n\t"
        "mov $17, %%eax\n\tsyscall\n\tpop %%rax\n\t"
        "mov %%rdi, 0(%%rax)\n\tmov %%rsi, 8(%%rax)\n\tmov %%rdx, 16(%%rax)\n\tmov %%r10, 24(%%rax)\n\t"
        "mov %%r8, 32(%%rax)\n\tmov %%r9, 40(%%rax)\n\tmov %%r12, 48(%%rax)\n\tmov %%r13, 56(%%rax)\n\t"
        "mov %%r14, 64(%%rax)\n\tmov %%r15, 72(%%rax)\n\tmov %%rbx, 80(%%rax)\n\tmov %%rbp, 88(%%rax)\n\t"
        "pop %%rbx\n\tpop %%rbp"
        : : [out] "r"(out), [in] "r"(in) : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13",
        "r14", "r15", "memory");
    for (unsigned i = 0; i < 12; i++)
        check(__FILE__, __LINE__, "register over a hypercall", (long)out[i], (long)in[i]);
}

static void flags_kept(void)
{
    u64 before = 0x202 | 0x400 | 0x1 | 0x80, after;    /* DF, CF, SF */
    __asm__ volatile("push %1; popfq; syscall; pushfq; pop %0; cld" : "=r"(after) : "r"(before), "a"(17), "D"(0)
                     : "rcx", "r11", "rsi", "rdx", "memory");
    EXPECT_EQ("flags over a hypercall", after & 0xcd5, before & 0xcd5);
}

static void segments_kept(void)
{
    /* Data selectors are the guest's business and survive. */
    u32 sel = 0xe02b, ds, es;
    __asm__ volatile("mov %0, %%ds; mov %0, %%es" : : "r"(sel));
    yield_cpu();
    __asm__ volatile("mov %%ds, %0; mov %%es, %1" : "=r"(ds), "=r"(es));
    EXPECT_EQ("ds", ds, sel);
    EXPECT_EQ("es", es, sel);
    sel = 0;
    __asm__ volatile("mov %0, %%ds; mov %0, %%es" : : "r"(sel));
}

/* Commands, counts and numbers of vcpus have 32 bits: what is above them in the register is nothing. */
static void upper_halves(void)
{
    static const u64 junk = 0xabcd1234UL << 32;
    struct sched_poll poll = { .timeout = 1 };
    struct evtchn_close close = { .port = 0 };
    struct gnttab_query_size size = { .dom = DOMID_SELF };
    u32 done = 7;

    EXPECT_EQ("xen_version", hc(__HYPERVISOR_xen_version, junk | XENVER_pagesize, 0), 4096);
    OK("sched_op", hc(__HYPERVISOR_sched_op, junk | SCHEDOP_poll, &poll));
    EXPECT_EQ("event_channel_op", hc(__HYPERVISOR_event_channel_op, junk | EVTCHNOP_close, &close), -EINVAL);
    EXPECT_EQ("vcpu_op", hc(__HYPERVISOR_vcpu_op, junk | VCPUOP_is_up, junk, 0), 1);
    OK("grant_table_op", hc(__HYPERVISOR_grant_table_op, junk | GNTTABOP_query_size, &size, junk | 1));
    OK("vm_assist", hc(__HYPERVISOR_vm_assist, junk | VMASST_CMD_enable, junk | VMASST_TYPE_writable_pagetables));
    OK("nmi_op", hc(__HYPERVISOR_nmi_op, junk | XENNMI_unregister_callback, 0));
    OK("set_segment_base", hc(__HYPERVISOR_set_segment_base, junk | SEGBASE_FS, 0));
    OK("set_debugreg", hc(__HYPERVISOR_set_debugreg, junk | 1, 0x1000));
    EXPECT_EQ("get_debugreg", hc(__HYPERVISOR_get_debugreg, junk | 1), 0x1000);
    OK("set_gdt", hc(__HYPERVISOR_set_gdt, 0, junk));
    OK("multicall", hc(__HYPERVISOR_multicall, 0, junk));
    OK("mmu_update", hc(__HYPERVISOR_mmu_update, 0, junk, &done, DOMID_SELF));
    EXPECT_EQ("of nothing", done, 0);
    OK("mmuext_op", hc(__HYPERVISOR_mmuext_op, 0, junk, 0, DOMID_SELF));
}

void test(void)
{
    unknown_numbers();
    registers_kept();
    flags_kept();
    segments_kept();
    upper_halves();
    EXPECT_EQ("upper half of the number: the call", hc(0x100000000UL | __HYPERVISOR_xen_version, XENVER_version),
              hc(0x100000000UL | __HYPERVISOR_xen_version, XENVER_version));
}
