/*
 * User code that does anything: random instructions, of those that reach a hypervisor or a way into it, at random
 * flags, selectors and registers, with breakpoints on what it and its kernel touch, ports it may use, and a timer that
 * ends what does not end by itself. It lives in four pages of its own and cannot hurt its kernel, which therefore
 * outlives it and looks each time whether it is still what it was: its GS base, its flags, whom it was told of.
 *
 * Without the argument `wild` it leaves out what CPUs that QEMU 7 emulates do otherwise than CPUs. An IRET of ring 3
 * with VM set enters virtual-8086 mode there, in the middle of long mode, and the next exception seems to come from
 * ring 0. After CMPXCHG8B the flags, even the I/O privilege level in them, may be what an operand of an instruction
 * before it was. A watchpoint may be found for ever.
 *
 * Options: loglvl=error guest_loglvl=none
 * Arguments: seed=first rounds=how many wild
 * Seconds: 60
 */
#include "pv.h"

#define CODE 0x400000UL         /* code, data, a page that can be read, the stack; none before, none behind */
#define DATA (CODE + 0x1000)
#define READ (CODE + 0x2000)
#define STACK (CODE + 0x3000)
#define TIMEOUT 100000UL        /* ns */
#define KERNEL_GS 0xffffffff80000000UL
#define DATA_SEGMENT 0x00cff3000000ffffUL

static bool wild;
static u64 state;
static u64 random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state * 0x2545f4914f6cdd1dUL;
}
static u64 below(u64 n) { return random() % n; }
#define ONE_OF(list) (list[below(sizeof(list) / sizeof(list[0]))])

static u8 *code;
static u64 *ldt, *gdt;
static u64 seen[260];

static const char *const bytes[] = {
    "\x0f\x05", "\x0f\x34", "\x0f\x07", "\x0f\x35", "\xcd\x80", "\xcd\x03", "\xcc", "\xce", "\xf1", "\xcd\x0e", "\xcf",
    "\x48\xcf", "\xcb", "\x48\xcb", "\x9d", "\x9c", "\xfa", "\xfb", "\xf4", "\x0f\x32", "\x0f\x30", "\x0f\x31",
    "\x0f\x01\xf9", "\x0f\x33", "\x0f\xa2", "\x0f\x06", "\x0f\x08", "\x0f\x09", "\x0f\x01\xf8", "\x0f\x01\xd0",
    "\x0f\x01\xd1", "\x0f\x01\x07", "\x0f\x01\x0f", "\x0f\x01\x17", "\x0f\x01\x1f", "\x0f\x01\x27", "\x0f\x01\x37",
    "\x0f\x01\x3f", "\x0f\x01\xe0", "\x0f\x01\xf0", "\x0f\x00\xc0", "\x0f\x00\xc8", "\x0f\x00\x07", "\x0f\x00\x0f",
    "\x0f\x00\xd0", "\x0f\x00\xd8", "\x0f\x00\xe0", "\x0f\x00\xe8", "\x0f\x02\xc1", "\x0f\x03\xc1", "\x0f\x20\xc0",
    "\x0f\x20\xd8", "\x0f\x22\xd8", "\x0f\x22\xc0", "\x0f\x22\xe0", "\x44\x0f\x20\xc0", "\x0f\x21\xc0", "\x0f\x21\xf0",
    "\x0f\x23\xc0", "\x0f\x23\xf8", "\x8e\xd8", "\x8e\xc0", "\x8e\xe0", "\x8e\xe8", "\x8e\xd0", "\x8c\xd0", "\x17",
    "\x0f\xa1", "\x0f\xa9", "\xe4\x70", "\xe6\x70", "\xe5\x71", "\xe7\x80", "\xec", "\xed", "\xee", "\xef", "\x6c",
    "\x6d", "\x6e", "\x6f", "\xf3\x0f\xae\xc0", "\xf3\x48\x0f\xae\xd0", "\xf3\x48\x0f\xae\xd8", "\x0f\xae\x07",
    "\x0f\xae\x0f", "\x0f\xae\x27", "\x0f\xae\x2f", "\xd9\xe8", "\xdb\xe3", "\x9b", "\x0f\x77", "\x0f\xae\x17",
    "\x0f\x0b", "\x0f\x0bxen\x0f\xa2", "\xff\x2f", "\xff\x1f", "\xea", "\x9a", "\xc3", "\xc8\x10\x00\x1f", "\xc9",
    "\x0f\x01\xc8", "\x0f\x01\xc9", "\x0f\x01\xc1", "\x0f\x01\xd9", "\x0f\x01\xca", "\x0f\x01\xcb",
    "\x48\xab", "\x48\xa5", "\xaa", "\xa4", "\x48\x89\x07", "\x89\x07",
    "\x48\x8b\x06", "\x0f\xab\x07", "\x48\x87\x07", "\x48\xff\x07", "\xeb\xfe", "\xe2\xfe", "\x50", "\x58", "\x48\x94",
    "\x48\x89\xc4", "\x0f\x18\x07", "\x0f\xc7\xf0", "\xf8", "\xfd", "\xfc", "\x62", "\xc5\xf8\x77", "\x06",
    "\x1e", "\x0f\xc7\x0f",
};
static const u8 prefixes[] = { 0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x40, 0x48, 0x44 };

static u64 address(void)
{
    static const u64 places[] = {
        CODE, DATA, DATA + 0xff8, READ, READ + 0xffc, STACK + 0x800, STACK + 0xfff, STACK + 0x1000, 0, 8, ~0UL, ~7UL,
        0x7fffffffffffUL, 0x800000000000UL, 0xffff7fffffffffffUL, 0xffff800000000000UL, 0xffff820000000000UL,
        0xffff82d080000000UL, 0xffff830000100000UL, 0xffff87fffffffff8UL, 0xffff880000000000UL, KERNEL_GS, 0xffffffffUL,
    };
    switch (below(4)) {
    case 0: return random() >> below(64);
    case 1: return ONE_OF(places) + below(16) - 8;
    default: return CODE + below(0x4000);
    }
}

static u16 selector(void)
{
    static const u16 known[] = { 0, 3, FLAT_USER_CS, FLAT_USER_DS, FLAT_USER_CS32, FLAT_USER_CS32 & ~3,
                                 FLAT_USER_DS & ~3, 0xe008, 0xe010, 0xe01b, 0xe03b, 0xe043, 0xe040, 0xe053, 0xefff,
                                 0xf003, 0xdfff };
    switch (below(4)) {
    case 0: return (u16)random();
    case 1: return (u16)(below(64) * 8 | 7);
    case 2: return (u16)(below(64) * 8 | 3);
    default: return ONE_OF(known);
    }
}

static void write_code(u8 *p, unsigned n)
{
    u8 *start = p, *end = p + n - 24;
    while (p < end) {
        while (!below(3))
            *p++ = ONE_OF(prefixes);
        if (!below(8)) {
            *p++ = (u8)random();
            continue;
        }
        const char *s = ONE_OF(bytes);
        unsigned len = (unsigned)strlen(s);
        if (!len || (len == 2 && s[0] == '\xc8'))
            len = 4;
        memcpy(p, s, len);
        p += len;
    }
    for (p = start; !wild && p < start + n; p++)
        if (*p == 0xcf || *p == 0xc7)
            *p = 0x90;
}

/* Present ones are code or data; what they reach is the user's own map. */
static u64 descriptor(void)
{
    u64 d = random();
    if (!below(3))
        d = (d & 0x001f0f000000ffffUL) | 0x00c0f00000000000UL | 0x000f000000000000UL;
    return d | 1UL << 44;
}

static void change_machine(void)
{
    switch (below(16)) {
    case 0: hc(__HYPERVISOR_set_debugreg, below(4), below(2) ? address() : STACK + below(0x1000)); break;
    case 1: hc(__HYPERVISOR_set_debugreg, 7, below(2) || !wild ? 0 : random() & 0xffff23ff); break;
    case 2: {
        struct physdev_set_iopl iopl = { .iopl = (u32)below(4) };
        hc(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, &iopl);
        break;
    }
    case 3: hc(__HYPERVISOR_fpu_taskswitch, below(2)); break;
    case 4: hc(__HYPERVISOR_update_descriptor, va_mfn(ldt) << 12 | below(64) * 8, descriptor()); break;
    case 5: hc(__HYPERVISOR_update_descriptor, va_mfn(gdt) << 12 | below(64) * 8, descriptor()); break;
    case 6: {
        struct mmuext_op op = { .cmd = MMUEXT_SET_LDT, .arg1.linear_addr = (u64)ldt, .arg2.nr_ents = (u32)below(513) };
        hc(__HYPERVISOR_mmuext_op, &op, 1, 0, DOMID_SELF);
        break;
    }
    case 7: hc(__HYPERVISOR_set_segment_base, SEGBASE_GS_USER_SEL, selector()); break;
    case 8: hc(__HYPERVISOR_set_segment_base, below(2) ? SEGBASE_FS : SEGBASE_GS_USER, address()); break;
    case 9: {
        u64 cr4 = random() & 0x5000c;   /* TSD, DE, FSGSBASE, OSXSAVE */
        __asm__ volatile("mov %0, %%cr4" : : "r"(cr4));
        break;
    }
    case 10: hc(__HYPERVISOR_vm_assist, below(2), VMASST_TYPE_architectural_iopl); break;
    case 11: hc(__HYPERVISOR_set_debugreg, 6, random() & 0xffffffff); break;
    case 12: {
        struct callback_register cb = { .type = below(2) ? CALLBACKTYPE_syscall32 : CALLBACKTYPE_sysenter,
                                        .flags = (u16)below(2), .address = (u64)entry_syscall32 };
        hc(__HYPERVISOR_callback_op, CALLBACKOP_register, &cb);
        break;
    }
    default: write_code(code, 4096); break;
    }
}

/* The timer ends user mode; where it finds the kernel at work in a handler, that goes on. */
static void on_event(struct regs *r)
{
    struct fault *f = catching;
    vi->evtchn_upcall_pending = 0;
    vi->evtchn_pending_sel = 0;
    shared->evtchn_pending[0] = 0;
    if (!f || (r->cs & 3) != 3)
        return;
    *f = (struct fault){ .vector = VECTOR_EVENT, .regs = *r };
    catching = NULL;
    jump_to(&try_jump);
}

static u64 read_gs_base(void)
{
    u32 lo, hi;
    __asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(0xc0000101));
    return lo | (u64)hi << 32;
}

static void one_round(u64 round)
{
    struct regs r;
    struct fault f;
    for (unsigned i = 0; i < sizeof(r) / 8; i++)
        ((u64 *)&r)[i] = address();
    r.rip = below(16) ? CODE + below(0xf00) : address();
    r.rsp = below(8) ? STACK + below(0x200) * 8 : address();
    r.rflags = below(2) ? 0x202 : random();
    r.cs = (below(3) ? FLAT_USER_CS : below(2) ? FLAT_USER_CS32 : selector()) | 3;
    r.ss = below(3) ? FLAT_USER_SS : selector();
    if (!below(2))
        r.rdx = below(2) ? 0x70 + below(4) : below(0x10000);
    if (!below(4))
        r.rax = selector();
    struct vcpu_set_singleshot_timer t = { .timeout_abs_ns = now() + TIMEOUT };
    hc(__HYPERVISOR_vcpu_op, VCPUOP_set_singleshot_timer, 0, &t);
    r.rflags |= 0x200;                      /* or the timer would not end it */
    user_run_regs(&f, &r, below(8) ? 0 : VGCF_in_syscall);
    vi->evtchn_upcall_mask = 1;
    u64 flags;
    __asm__ volatile("pushfq; pop %0" : "=r"(flags));
    seen[f.vector < 260 ? f.vector : 0]++;
    bool wrong = read_gs_base() != KERNEL_GS || (flags & 0x7f100) || f.vector == NO_FAULT;
    /* A frame whose CS has ring 0 would say that it was the kernel. */
    wrong |= f.vector != NO_FAULT && (f.regs.cs & 3) != 3;
    if (wrong) {
        say("round %lu: vector %lu error %lx rip %lx cs %lx flags %lx: GS base %lx, flags %lx", round, f.vector,
            f.error, f.regs.rip, f.regs.cs, f.regs.rflags, read_gs_base(), flags);
        EXPECT(!wrong);
    }
}

static void *user_page(u64 *l1, unsigned at, u64 flags)
{
    void *page = page_alloc();
    l1[at] = va_mfn(page) << 12 | flags;
    return page;
}

static void user_map(void)
{
    u64 *l4 = page_alloc(), *l3 = page_alloc(), *l2 = page_alloc(), *l1 = page_alloc();
    u64 no_code = wild ? 0 : NX;
    code = user_page(l1, 0, wild ? KERNEL_PAGE : READ_PAGE);
    user_page(l1, 1, KERNEL_PAGE | no_code);
    user_page(l1, 2, READ_PAGE | no_code);
    user_page(l1, 3, KERNEL_PAGE | no_code);
    l2[CODE >> 21] = va_mfn(l1) << 12 | TABLE;
    l3[0] = va_mfn(l2) << 12 | TABLE;
    l4[0] = va_mfn(l3) << 12 | TABLE;
    u64 *table[] = { l1, l2, l3, l4 };
    for (unsigned i = 0; i < 4; i++)
        REQUIRE_OK(set_flags(table[i], READ_PAGE));
    REQUIRE_OK(mmuext1(MMUEXT_PIN_L4_TABLE, va_mfn(l4)));
    REQUIRE_OK(mmuext1(MMUEXT_NEW_USER_BASEPTR, va_mfn(l4)));
}

static u64 argument(const char *word, u64 otherwise)
{
    const char *s = cmdline_after(word);
    u64 n = 0;
    for (; s && *s >= '0' && *s <= '9'; s++)
        n = n * 10 + (u64)(*s - '0');
    return s ? n : otherwise;
}

void test(void)
{
    u64 rounds = argument("rounds=", 5000);
    state = argument("seed=", 1) * 0x9e3779b97f4a7c15UL;
    struct evtchn_bind_virq v = { .virq = VIRQ_TIMER, .vcpu = 0 };
    OK("virq", evtchn(EVTCHNOP_bind_virq, &v));
    hc(__HYPERVISOR_vcpu_op, VCPUOP_stop_periodic_timer, 0, 0);
    handler[VECTOR_EVENT] = on_event;
    wild = cmdline_after("wild");
    user_map();
    ldt = page_alloc(), gdt = page_alloc();
    ldt[0] = gdt[1] = DATA_SEGMENT;
    REQUIRE_OK(set_flags(ldt, READ_PAGE) | set_flags(gdt, READ_PAGE));
    xen_pfn_t frame = va_mfn(gdt);
    REQUIRE_OK(hc(__HYPERVISOR_set_gdt, &frame, 512));
    write_code(code, 4096);
    for (u64 i = 0; i < rounds; i++) {
        REQUIRE_OK(hc(__HYPERVISOR_set_segment_base, SEGBASE_GS_KERNEL, KERNEL_GS));
        change_machine();
        one_round(i);
    }
    for (unsigned i = 0; i < 260; i++)
        if (seen[i])
            say("vector %u: %lu", i, seen[i]);
    nr_checks++;
}
