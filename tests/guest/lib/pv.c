/* The test kernel: start, output, checks, hypercalls. See pv.h. */
#include "pv.h"
#include "dom.h"
#include <stdarg.h>

struct start_info *si;
volatile shared_info_t *shared;
volatile struct vcpu_info *vi;
u64 *p2m;
struct regs boot_regs __attribute__((section(".data")));
u64 boot_segs[4] __attribute__((section(".data")));
u64 failsafe_segs[4];
bool is_child;
unsigned nr_checks, nr_fails;

static char shared_page[4096] __attribute__((aligned(4096)));

/* ---- libc ---- */
void *memcpy(void *d, const void *s, unsigned long n)
{
    void *ret = d;
    __asm__ volatile("rep movsb" : "+D"(d), "+S"(s), "+c"(n) : : "memory");
    return ret;
}
void *memset(void *d, int c, unsigned long n)
{
    void *ret = d;
    __asm__ volatile("rep stosb" : "+D"(d), "+c"(n) : "a"(c) : "memory");
    return ret;
}
int memcmp(const void *a, const void *b, unsigned long n)
{
    const u8 *x = a, *y = b;
    for (; n; n--, x++, y++)
        if (*x != *y)
            return *x - *y;
    return 0;
}
int strcmp(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return (u8)*a - (u8)*b;
}
unsigned long strlen(const char *s)
{
    unsigned long n = 0;
    while (s[n])
        n++;
    return n;
}

const char *cmdline_after(const char *word)
{
    unsigned n = (unsigned)strlen(word);
    for (const char *s = (const char *)si->cmd_line; *s; s++)
        if (!memcmp(s, word, n))
            return s + n;
    return NULL;
}

/* ---- saying ---- */
static unsigned put(char *buf, unsigned at, unsigned max, char c)
{
    if (at < max - 1)
        buf[at++] = c;
    return at;
}

static unsigned put_num(char *buf, unsigned at, unsigned max, u64 v, unsigned base)
{
    char digits[24];
    unsigned n = 0;
    do
        digits[n++] = "0123456789abcdef"[v % base];
    while (v /= base);
    while (n)
        at = put(buf, at, max, digits[--n]);
    return at;
}

/* %s %c %d %u %x, with any number of l; # before x. */
static unsigned format(char *buf, unsigned max, const char *fmt, va_list ap)
{
    unsigned at = 0;
    for (; *fmt; fmt++) {
        if (*fmt != '%') {
            at = put(buf, at, max, *fmt);
            continue;
        }
        bool wide = false, alt = false;
        for (fmt++; *fmt == 'l' || *fmt == '#'; fmt++)
            *fmt == 'l' ? (wide = true) : (alt = true);
        if (*fmt == 's') {
            for (const char *s = va_arg(ap, const char *); *s; s++)
                at = put(buf, at, max, *s);
        } else if (*fmt == 'c') {
            at = put(buf, at, max, (char)va_arg(ap, int));
        } else if (*fmt == 'd') {
            s64 v = wide ? va_arg(ap, long) : va_arg(ap, int);
            if (v < 0)
                at = put(buf, at, max, '-');
            at = put_num(buf, at, max, v < 0 ? -(u64)v : (u64)v, 10);
        } else if (*fmt == 'u' || *fmt == 'x') {
            u64 v = wide ? va_arg(ap, u64) : va_arg(ap, unsigned);
            if (alt) {
                at = put(buf, at, max, '0');
                at = put(buf, at, max, 'x');
            }
            at = put_num(buf, at, max, v, *fmt == 'u' ? 10 : 16);
        }
    }
    buf[at] = 0;
    return at;
}

static void vsay(const char *fmt, va_list ap)
{
    char buf[400];
    unsigned n = format(buf, sizeof(buf) - 1, fmt, ap);
    buf[n++] = '\n';
    if (is_child)
        child_say(buf, n);
    else
        hc(__HYPERVISOR_console_io, CONSOLEIO_write, n, buf);
}

void say(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsay(fmt, ap);
    va_end(ap);
}

void check(const char *file, int line, const char *name, long got, long want)
{
    nr_checks++;
    if (got == want)
        return;
    nr_fails++;
    const char *base = file;
    for (; *file; file++)
        if (*file == '/')
            base = file + 1;
    (void)base;
    say("  WRONG line %d: %s: got %ld (%#lx), want %ld (%#lx)", line, name, got, got, want, want);
}

void finish(void)
{
    if (is_child)
        child_exit();
    bool ok = nr_checks && !nr_fails;
    say("TEST %s: %s (%u checks, %u wrong)", test_name, ok ? "PASS" : "FAIL", nr_checks, nr_fails);
    shutdown_self(SHUTDOWN_poweroff);
    for (;;)
        relax();
}

void fatal(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    nr_fails++;
    vsay(fmt, ap);
    va_end(ap);
    finish();
}

/* ---- hypercalls ---- */
long mmu1_dom(u64 ptr, u64 val, u64 dom)
{
    mmu_update_t u = { .ptr = ptr, .val = val };
    return hc(__HYPERVISOR_mmu_update, &u, 1, 0, dom);
}
long mmu1(u64 ptr, u64 val) { return mmu1_dom(ptr, val, DOMID_SELF); }

long mmuext1_dom(unsigned cmd, u64 mfn, u64 arg2, u64 dom)
{
    struct mmuext_op op = { .cmd = cmd, .arg1.mfn = mfn, .arg2.src_mfn = arg2 };
    return hc(__HYPERVISOR_mmuext_op, &op, 1, 0, dom);
}
long mmuext1(unsigned cmd, u64 mfn) { return mmuext1_dom(cmd, mfn, 0, DOMID_SELF); }

long evtchn(unsigned cmd, void *arg) { return hc(__HYPERVISOR_event_channel_op, cmd, arg); }

long shutdown_self(unsigned reason)
{
    struct sched_shutdown s = { .reason = reason };
    return hc(__HYPERVISOR_sched_op, SCHEDOP_shutdown, &s);
}

u64 now(void)
{
    volatile struct vcpu_time_info *t = &vi->time;
    u32 version, lo, hi;
    u64 ns;
    do {
        version = t->version;
        barrier();
        __asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
        u64 delta = (lo | (u64)hi << 32) - t->tsc_timestamp;
        delta = t->tsc_shift < 0 ? delta >> -t->tsc_shift : delta << t->tsc_shift;
        ns = t->system_time + (u64)((unsigned __int128)delta * t->tsc_to_system_mul >> 32);
        barrier();
    } while ((version & 1) || t->version != version);
    return ns;
}

u64 wait_until(volatile bool *flag, u64 ns)
{
    u64 end = now() + ns;
    while (!*flag && now() < end)
        yield_cpu();
    return *flag;
}

/* ---- a second vcpu ---- */
static void (*vcpu_fn[32])(void);
static char vcpu_stacks[4][8192] __attribute__((aligned(16)));

static void vcpu_entry(u64 n)
{
    vcpu_fn[n]();
    for (;;)
        hc(__HYPERVISOR_vcpu_op, VCPUOP_down, n, 0);
}

long vcpu_start(unsigned n, void (*fn)(void))
{
    static vcpu_guest_context_t c;
    memset(&c, 0, sizeof(c));
    vcpu_fn[n] = fn;
    c.flags = VGCF_in_kernel;           /* online comes with VCPUOP_up */
    c.user_regs.rip = (u64)vcpu_entry;
    c.user_regs.rsp = c.kernel_sp = (u64)vcpu_stacks[n & 3] + sizeof(vcpu_stacks[0]) - 8;
    c.user_regs.rdi = n;
    c.user_regs.cs = FLAT_KERNEL_CS;
    c.user_regs.ss = c.kernel_ss = FLAT_KERNEL_SS;
    c.user_regs.rflags = 0x202;
    c.ctrlreg[3] = our_l4() << 12;
    c.ctrlreg[0] = 0x80050033;
    c.event_callback_eip = (u64)entry_event;
    c.failsafe_callback_eip = (u64)entry_failsafe;
    c.syscall_callback_eip = (u64)entry_syscall;
    long rc = hc(__HYPERVISOR_vcpu_op, VCPUOP_initialise, n, &c);
    return rc ? rc : hc(__HYPERVISOR_vcpu_op, VCPUOP_up, n, 0);
}

/* ---- start ---- */
void traps_init(void);

void pv_main(struct start_info *start);
void pv_main(struct start_info *start)
{
    si = start;
    p2m = (u64 *)si->mfn_list;
    is_child = !(si->flags & SIF_INITDOMAIN);
    shared = (void *)shared_page;
    if (is_child)
        child_early();
    traps_init();
    if (set_va(shared_page, si->shared_info | KERNEL_PAGE))
        fatal("the shared info page cannot be mapped");
    vi = &shared->vcpu_info[0];
    if (is_child)
        vi->evtchn_upcall_mask = 1;     /* a builder leaves it as it likes */
    if (is_child)
        child_loop();
    test();
    finish();
}
