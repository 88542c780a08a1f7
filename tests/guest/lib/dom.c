/* Building a domain out of our own image, and calling functions in it. See dom.h. */
#include "dom.h"
#include <xen/hypfs.h>

volatile struct mailbox *child_mb;

long domctl(struct xen_domctl *op)
{
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    return hc(__HYPERVISOR_domctl, op);
}

long sysctl(struct xen_sysctl *op)
{
    op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return hc(__HYPERVISOR_sysctl, op);
}

long domctl_simple(u32 cmd, u16 id)
{
    struct xen_domctl op = { .cmd = cmd, .domain = id };
    return domctl(&op);
}

long domain_info(u16 id, struct xen_domctl_getdomaininfo *info)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_getdomaininfo, .domain = id };
    long rc = domctl(&op);
    if (rc)
        return rc;
    *info = op.u.getdomaininfo;
    return info->domain == id ? 0 : -ESRCH;
}

u64 domain_ran(u16 id)
{
    struct xen_domctl_getdomaininfo info;
    REQUIRE_OK(domain_info(id, &info));
    return info.cpu_time;
}

void domain_share(u16 id, unsigned weight, unsigned cap)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_scheduler_op, .domain = id };
    op.u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;
    op.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_putinfo;
    op.u.scheduler_op.u.credit2.weight = (u16)weight;
    op.u.scheduler_op.u.credit2.cap = (u16)cap;
    REQUIRE_OK(domctl(&op));
}

void domain_pin(u16 id, unsigned vcpu, u64 cpus)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_setvcpuaffinity, .domain = id };
    op.u.vcpuaffinity.vcpu = vcpu;
    op.u.vcpuaffinity.flags = XEN_VCPUAFFINITY_HARD;
    op.u.vcpuaffinity.cpumap_hard.nr_bits = 64;
    set_xen_guest_handle(op.u.vcpuaffinity.cpumap_hard.bitmap, (u8 *)&cpus);
    REQUIRE_OK(domctl(&op));
}

u64 free_pages(void)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_physinfo };
    REQUIRE_OK(sysctl(&op));
    return op.u.physinfo.free_pages;
}

u32 dom_max_port = 1023;
s32 dom_max_grant_frames = -1;

long dom_create_empty(struct dom *d, unsigned vcpus, u64 max_pages)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_createdomain, .domain = 0xffff };
    op.u.createdomain = (struct xen_domctl_createdomain){
        .max_vcpus = vcpus, .max_evtchn_port = dom_max_port, .max_grant_frames = dom_max_grant_frames,
        .max_maptrack_frames = -1, .grant_opts = 2,
    };
    long rc = domctl(&op);
    if (rc)
        return rc;
    d->id = op.domain;
    op = (struct xen_domctl){ .cmd = XEN_DOMCTL_max_vcpus, .domain = d->id, .u.max_vcpus.max = vcpus };
    domctl(&op);
    op = (struct xen_domctl){ .cmd = XEN_DOMCTL_max_mem, .domain = d->id, .u.max_mem.max_memkb = max_pages * 4 };
    rc = domctl(&op);
    if (rc)
        return rc;
    struct xen_domctl_getdomaininfo info;
    rc = domain_info(d->id, &info);
    d->shared_mfn = info.shared_info_frame;
    return rc;
}

void nap(void)
{
    struct sched_poll poll = { .nr_ports = 0, .timeout = now() + 2000000 };
    hc(__HYPERVISOR_sched_op, SCHEDOP_poll, &poll);
}

/* Debug builds have a directory that others know nothing of. */
bool is_debug_build(void)
{
    static const char path[] = "/debug";
    static u64 answer[64];
    return hc(__HYPERVISOR_hypfs_op, XEN_HYPFS_OP_read, path, sizeof(path), answer, sizeof(answer)) == 0;
}

void audit_key(void)
{
    static char keys[] = "o";
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_debug_keys };
    set_xen_guest_handle(op.u.debug_keys.keys, keys);
    op.u.debug_keys.nr_keys = 1;
    OK("audit key", sysctl(&op));
}

/* In a debug build the death of a domain audits the machine, twice; not while its time is measured, but
 * afterwards. */
void audit_deaths(bool on)
{
    static const char path[] = "/debug/audit_deaths";
    u32 value = on;
    if (is_debug_build())
        OK("audits at death", hc(__HYPERVISOR_hypfs_op, XEN_HYPFS_OP_write_contents, path, sizeof(path), &value,
                                 sizeof(value)));
    if (on && is_debug_build())
        audit_key();
}

u64 free_pages_settled(u64 want)
{
    u64 end = now() + (want == ANY_AMOUNT ? 100000000 : 2000000000);
    while (free_pages() != want && now() < end) {
        struct sched_poll poll = { .nr_ports = 0, .timeout = now() + 1000000 };
        hc(__HYPERVISOR_sched_op, SCHEDOP_poll, &poll);
    }
    return free_pages();
}

u64 free_pages_after_first_domain(void)
{
    static struct dom d;
    for (unsigned i = 0; i < 3; i++) {
        dom_create(&d);
        dom_destroy(&d);
        free_pages_settled(ANY_AMOUNT);
    }
    return free_pages();
}

static void *window_va;

/* One frame of d at a time, writable. */
static void *window(struct dom *d, u64 mfn)
{
    if (!window_va)
        window_va = page_alloc();
    REQUIRE_OK(mmu1_dom(entry_ma(walk((u64)window_va, 1)), mfn << 12 | KERNEL_PAGE, d->id));
    mmuext1(MMUEXT_INVLPG_LOCAL, (u64)window_va);
    return window_va;
}

static void window_close(void)
{
    if (window_va)
        REQUIRE_OK(set_flags(window_va, KERNEL_PAGE));
}

#define PFN_IMAGE 16U

static void clear_frames(struct dom *d, unsigned from, unsigned to)
{
    static struct mmuext_op ops[64];
    while (from < to) {
        unsigned n = to - from < 64 ? to - from : 64;
        for (unsigned i = 0; i < n; i++)
            ops[i] = (struct mmuext_op){ .cmd = MMUEXT_CLEAR_PAGE, .arg1.mfn = d->mfn[from + i] };
        REQUIRE_OK(hc(__HYPERVISOR_mmuext_op, ops, n, 0, d->id));
        from += n;
    }
}

/* The pages behind the image, in this order. */
enum { PG_SI, PG_P2M, PG_MAILBOX, PG_STACK, PG_L1, PG_L2, PG_L3, PG_L4, NR_PAGES_BEHIND };

static void fill_tables(struct dom *d, unsigned behind)
{
    unsigned first_ro = behind + PG_L1, last_ro = behind + PG_L4;
    u64 *t = window(d, d->mfn[behind + PG_L1]);
    for (unsigned i = 0; i < d->pages; i++)
        t[i] = d->mfn[i] << 12 | (i >= first_ro && i <= last_ro ? READ_PAGE : KERNEL_PAGE);
    t = window(d, d->mfn[behind + PG_L2]);
    t[0] = d->mfn[behind + PG_L1] << 12 | TABLE;
    t = window(d, d->mfn[behind + PG_L3]);
    t[510] = d->mfn[behind + PG_L2] << 12 | TABLE;
    t = window(d, d->mfn[behind + PG_L4]);
    t[511] = d->mfn[behind + PG_L3] << 12 | TABLE;
    t = window(d, d->mfn[behind + PG_P2M]);
    for (unsigned i = 0; i < d->pages; i++)
        t[i] = d->mfn[i];
    struct start_info *s = window(d, d->mfn[behind + PG_SI]);
    s->nr_pages = d->pages;
    s->shared_info = d->shared_mfn << 12;
    s->pt_base = VIRT_BASE + ((u64)(behind + PG_L4) << 12);
    s->nr_pt_frames = 4;
    s->mfn_list = VIRT_BASE + ((u64)(behind + PG_P2M) << 12);
    s->mod_start = VIRT_BASE + ((u64)(behind + PG_MAILBOX) << 12);
    memcpy(s->magic, "xen-3.0-x86_64", 15);
}

static void start_vcpu(struct dom *d, unsigned behind)
{
    static vcpu_guest_context_t c;
    memset(&c, 0, sizeof(c));
    c.flags = VGCF_in_kernel | VGCF_online;
    c.user_regs.rip = (u64)_start;
    c.user_regs.rsp = c.kernel_sp = VIRT_BASE + ((u64)(behind + PG_STACK + 1) << 12);
    c.user_regs.rsi = VIRT_BASE + ((u64)(behind + PG_SI) << 12);
    c.user_regs.cs = FLAT_KERNEL_CS;
    c.user_regs.ss = c.kernel_ss = FLAT_KERNEL_SS;
    c.user_regs.rflags = 0x202;
    c.ctrlreg[3] = d->l4 << 12;
    c.ctrlreg[0] = 0x80050033;
    struct xen_domctl op = { .cmd = XEN_DOMCTL_setvcpucontext, .domain = d->id };
    set_xen_guest_handle(op.u.vcpucontext.ctxt, &c);
    REQUIRE_OK(domctl(&op));
}

void dom_create(struct dom *d) { dom_create_vcpus(d, 1); }

void dom_create_vcpus(struct dom *d, unsigned vcpus)
{
    static xen_pfn_t list[MAX_DOM_PAGES];
    unsigned image_end = (unsigned)va_pfn(_end), data_end = (unsigned)va_pfn(_data_end + 4095);
    unsigned behind = image_end;
    d->pages = behind + NR_PAGES_BEHIND;
    if (d->pages > MAX_DOM_PAGES)
        fatal("image of %u pages is too large for a child", d->pages);
    REQUIRE_OK(dom_create_empty(d, vcpus, d->pages + 64));
    for (unsigned i = 0; i < d->pages; i++)
        list[i] = i;
    struct xen_memory_reservation r = { .nr_extents = d->pages, .domid = d->id };
    set_xen_guest_handle(r.extent_start, list);
    EXPECT_EQ("populate_physmap of a child", hc(__HYPERVISOR_memory_op, XENMEM_populate_physmap, &r), d->pages);
    for (unsigned i = 0; i < d->pages; i++)
        d->mfn[i] = list[i];
    clear_frames(d, 0, d->pages);
    for (unsigned p = PFN_IMAGE; p < data_end; p++)
        memcpy(window(d, d->mfn[p]), (void *)(VIRT_BASE + ((u64)p << 12)), 4096);
    fill_tables(d, behind);
    window_close();
    d->l4 = d->mfn[behind + PG_L4];
    REQUIRE_OK(mmuext1_dom(MMUEXT_PIN_L4_TABLE, d->l4, 0, d->id));
    start_vcpu(d, behind);
    long err;
    d->mb_mfn = d->mfn[behind + PG_MAILBOX];
    d->mb = map_frame(d->mb_mfn, d->id, KERNEL_PAGE, &err);
    REQUIRE_OK(err);
    REQUIRE_OK(domctl_simple(XEN_DOMCTL_unpausedomain, d->id));
}

void dom_drain(struct dom *d)
{
    if (d->mb->log_len) {
        hc(__HYPERVISOR_console_io, CONSOLEIO_write, d->mb->log_len, d->mb->log);
        d->mb->log_len = 0;
    }
    nr_checks += d->mb->checks;
    nr_fails += d->mb->fails;
    d->mb->checks = d->mb->fails = 0;
}

void dom_start_call(struct dom *d, u64 (*fn)(u64, u64, u64), u64 a, u64 b, u64 c)
{
    d->mb->fn = (u64)fn;
    d->mb->arg[0] = a;
    d->mb->arg[1] = b;
    d->mb->arg[2] = c;
    barrier();
    d->mb->request++;
}

bool dom_wait(struct dom *d, u64 ns)
{
    u64 end = now() + ns;
    while (d->mb->done != d->mb->request && now() < end)
        yield_cpu();
    bool done = d->mb->done == d->mb->request;
    dom_drain(d);
    return done;
}

/* For a domain that hangs: where it is, five times. */
static void say_where(struct dom *d)
{
    static vcpu_guest_context_t c;
    for (unsigned i = 0; i < 5; i++) {
        struct xen_domctl op = { .cmd = XEN_DOMCTL_getvcpucontext, .domain = d->id };
        set_xen_guest_handle(op.u.vcpucontext.ctxt, &c);
        domctl_simple(XEN_DOMCTL_pausedomain, d->id);
        long rc = domctl(&op);
        domctl_simple(XEN_DOMCTL_unpausedomain, d->id);
        say("  domain %u (%ld): rip %#lx rsp %#lx rax %#lx rdi %#lx es %#x flags %#lx", d->id, rc, c.user_regs.rip,
            c.user_regs.rsp, c.user_regs.rax, c.user_regs.rdi, c.user_regs.es, c.user_regs.rflags);
        yield_cpu();
    }
}

u64 dom_call(struct dom *d, u64 (*fn)(u64, u64, u64), u64 a, u64 b, u64 c)
{
    dom_start_call(d, fn, a, b, c);
    if (!dom_wait(d, 5000000000UL)) {
        struct xen_domctl_getdomaininfo info = { 0 };
        long rc = domain_info(d->id, &info);
        u64 before = info.cpu_time;
        for (u64 end = now() + 200000000; now() < end; )
            yield_cpu();
        domain_info(d->id, &info);
        say_where(d);
        fatal("domain %u does not answer: getdomaininfo %ld flags %#x, ran %lu ms, %lu of the last 200; "
              "request %u done %u", d->id, rc, info.flags, info.cpu_time / 1000000,
              (info.cpu_time - before) / 1000000, d->mb->request, d->mb->done);
    }
    return d->mb->ret;
}

void dom_destroy(struct dom *d)
{
    if (d->mb)
        REQUIRE_OK(unmap_frame((void *)d->mb));
    long rc;
    do
        rc = domctl_simple(XEN_DOMCTL_destroydomain, d->id);
    while (rc == -ERESTART);
    EXPECT_EQ("destroydomain", rc, 0);
}

/* ---- child ---- */

void child_early(void) { child_mb = (void *)si->mod_start; }

void child_say(const char *text, unsigned n)
{
    u32 at = child_mb->log_len;
    if (at + n < sizeof(child_mb->log)) {
        memcpy((char *)child_mb->log + at, text, n);
        child_mb->log_len = at + n;
    }
}

static void report(void)
{
    child_mb->checks += nr_checks;
    child_mb->fails += nr_fails;
    nr_checks = nr_fails = 0;
    barrier();
    child_mb->done = child_mb->request;
}

void child_loop(void)
{
    for (;;) {
        while (child_mb->request == child_mb->done)
            yield_cpu();
        u64 (*fn)(u64, u64, u64) = (void *)child_mb->fn;
        child_mb->ret = fn(child_mb->arg[0], child_mb->arg[1], child_mb->arg[2]);
        report();
    }
}

void child_exit(void)
{
    report();
    shutdown_self(SHUTDOWN_crash);
    for (;;)
        relax();
}
