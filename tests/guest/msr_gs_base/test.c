/*
 * Reading the user's GS base, which kernels do at every switch of tasks and which has a straight path of its own when
 * the page-fault handler masks events. Everything is checked on both paths: same value, no register lost, nobody else's
 * instruction mistaken for it.
 */
#include "pv.h"

#define GS_USER 0x123456789000UL
#define PF_MASKS_EVENTS 4
#define RFLAGS_TF 0x100

USER_CODE(u_rdmsr, "mov $0xc0000102, %ecx; rdmsr; ud2")
USER_CODE(k_rdmsr, "rdmsr; ret")
USER_CODE(k_rdmsr_prefixed, ".byte 0x66; rdmsr; ret")
USER_CODE(k_wrmsr_bad, "mov $0x8000, %edx; wrmsr; ret")

struct result {
    u64 rax, rcx, rdx, rbx, rsi, r8, r11, flags;
};

/* All registers hold something first; what they hold afterwards. */
static void call(const void *code, u64 rcx, struct result *r)
{
    register u64 r8 __asm__("r8") = 0x8888;
    register u64 r11 __asm__("r11") = 0x1111;
    u64 rax = ~0UL, rdx = ~0UL, rbx = 0xbbbb, rsi = 0x5151, flags;

    __asm__ volatile("stc; call *%[code]; pushfq; pop %[flags]"
                     : "+a"(rax), "+c"(rcx), "+d"(rdx), "+b"(rbx), "+S"(rsi), "+r"(r8), "+r"(r11), [flags] "=D"(flags)
                     : [code] "D"(code) : "memory", "cc");
    *r = (struct result){ rax, rcx, rdx, rbx, rsi, r8, r11, flags };
}

static void expect_base(const char *what, const void *code, u64 rcx, u64 base)
{
    struct result r;

    call(code, rcx, &r);
    EXPECT_EQ(what, r.rax, (u32)base);
    EXPECT_EQ(what, r.rdx, base >> 32);
    EXPECT_EQ("rcx", r.rcx, rcx);
    EXPECT(r.rbx == 0xbbbb && r.rsi == 0x5151 && r.r8 == 0x8888 && r.r11 == 0x1111);
    EXPECT_EQ("carry, no RF and TF", r.flags & 0x10101, 1);
}

static volatile unsigned steps;

static void on_step(struct regs *r)
{
    (void)r;
    steps++;
}

static void stepped(void)
{
    u64 rax;

    steps = 0;
    handler[1] = on_step;
    __asm__ volatile("mov $0xc0000102, %%ecx; pushfq; orq $0x100, (%%rsp); popfq; nop; rdmsr; nop;"
                     "pushfq; andq $~0x100, (%%rsp); popfq"
                     : "=a"(rax) : : "rcx", "rdx", "memory", "cc");
    handler[1] = NULL;
    EXPECT_EQ("value when stepping", rax, (u32)GS_USER);
    EXPECT_EQ("nop, rdmsr, nop, pushf, and, popf", steps, 6);
}

/* An event that waits, but is masked, is not delivered by the way back and not lost. */
static void with_event(void)
{
    u8 masked = vi->evtchn_upcall_mask;

    vi->evtchn_upcall_mask = 1;
    vi->evtchn_upcall_pending = 1;
    expect_base("with a masked event", k_rdmsr, 0xc0000102, GS_USER);
    EXPECT_EQ("still pending", vi->evtchn_upcall_pending, 1);
    vi->evtchn_upcall_pending = 0;
    vi->evtchn_upcall_mask = masked;
}

static void all(void)
{
    struct fault f;
    u8 *page = page_alloc();

    expect_base("user's GS base", k_rdmsr, 0xc0000102, GS_USER);
    expect_base("upper half of RCX", k_rdmsr, 0xdeadbeefc0000102, GS_USER);
    expect_base("with a prefix", k_rdmsr_prefixed, 0xc0000102, GS_USER);
    expect_base("another register", k_rdmsr, 0xc0000100, 0);

    /* the last bytes of a page and of two pages */
    memcpy(page, k_rdmsr, 3);
    memcpy(page + 4096 - 3, k_rdmsr, 3);
    REQUIRE_OK(set_flags(page, READ_PAGE));
    expect_base("first bytes of a page", page, 0xc0000102, GS_USER);
    expect_base("last bytes of a page", page + 4096 - 3, 0xc0000102, GS_USER);

    EXPECT_FAULT("written, not canonical", 13, 0, { struct result r; call(k_wrmsr_bad, 0xc0000102, &r); });
    expect_base("and still as it was", k_rdmsr, 0xc0000102, GS_USER);
    user_run(&f, u_rdmsr);
    EXPECT_EQ("not for user code", f.vector, 13);
    EXPECT_EQ("error code", f.error, 0);
    EXPECT_EQ("where", f.regs.rip, (u64)u_rdmsr + 5);
    stepped();
    with_event();
}

void test(void)
{
    user_init();
    OK("fs base", hc(__HYPERVISOR_set_segment_base, SEGBASE_FS, 0));
    OK("user's GS base", hc(__HYPERVISOR_set_segment_base, SEGBASE_GS_USER, GS_USER));
    all();
    trap_set(14, PF_MASKS_EVENTS, FLAT_KERNEL_CS, (u64)trap_stubs + 14 * 16);
    all();
}
