/*
 * The control interface: who may use it, what it refuses, and that tools get what they walk, pin and pause by.
 * Went wrong once: domain 0 could name itself (xl save 0 suspended the machine) and limits beyond the maximum were cut
 * in silence. Could: a reference or a pause that an early return forgets (looked for after each test).
 * Links: core/ctl/domctl.c core/ctl/domctl_life.c core/ctl/domctl_set.c core/ctl/domctl_vcpu.c core/ctl/domctl_save.c
 * Links: core/ctl/domain_info.c core/ctl/bitmap.c core/ctl/sysctl.c core/ctl/machine_info.c core/ctl/cpupool_op.c
 * Links: core/cpupool.c core/perfc.c core/lock.c lib/rangeset.c arch/host/fake_machine.c arch/host/fake_domain.c
 * Links: arch/host/fake_heap.c arch/host/fake_guest.c arch/host/fake_log.c
 */
#include "arch/host/fake.h"
#include "core/console.h"
#include "core/cpupool.h"
#include "core/ctl/ctl.h"
#include "core/event.h"
#include "core/heap.h"
#include "core/hypercall.h"
#include "core/keys.h"
#include "core/options.h"
#include "core/sched.h"
#include "core/trace.h"
#include "lib/rangeset.h"
#include "lib/string.h"

/* ---- two domains and what the control interface uses of the rest ---- */

static struct domain dom0, guest;
static struct vcpu v0 = { .domain = &dom0 }, guest_vcpu[2];
static struct vcpu *guest_vcpus[2];
static shared_info_t shared;
static struct frame frames[64];
struct options opt = { .gnttab_max_frames = 64, .gnttab_max_maptrack_frames = 1024 };
struct frame *frame_table = frames;
mfn_t frame_table_max = 64;
unsigned nr_cpus = 4;
cpumask_t cpus_online = 0xf;
struct domain *domain0 = &dom0, *domain_list = &dom0;
static unsigned kill_rounds, pauses, keys;
static u64 hard_set, soft_set;

static struct domain_config config;
struct domain *domain_create(domid_t id, const struct domain_config *cfg, long *err)
{
    (void)err;
    assert_int_equal(id, DOMID_INVALID);
    config = *cfg;
    return &guest;
}
long domain_kill(struct domain *d) { (void)d; return kill_rounds-- ? -ERESTART : 0; }
void domain_pause(struct domain *d) { d->pause_count++; pauses++; }
void domain_unpause(struct domain *d) { d->pause_count--; }
void domain_resume(struct domain *d) { (void)d; }
struct vcpu *vcpu_create(struct domain *d, unsigned id, long *err) { (void)err; return d->vcpu[id] = &guest_vcpu[id]; }
void vcpu_runstate_get(struct vcpu *v, vcpu_runstate_info_t *out)
{
    memset(out, 0, sizeof(*out));
    out->time[RUNSTATE_running] = 1000 + v->id;
}
long sched_set_affinity(struct vcpu *v, u64 hard, u64 soft)
{
    if (!(hard & cpus_online))
        return -EINVAL;
    v->hard_affinity = hard_set = hard;
    v->soft_affinity = soft_set = soft;
    return 0;
}
long sched_domctl(struct domain *d, struct xen_domctl_scheduler_op *op) { (void)d; (void)op; return 0; }
long trace_sysctl(struct xen_sysctl_tbuf_op *op, bool *copyback) { (void)op; (void)copyback; return 0; }
long sched_sysctl(struct xen_sysctl_scheduler_op *op) { (void)op; return 0; }
void sched_recheck(struct domain *d) { (void)d; }
ns_t cpu_idle_time(unsigned cpu) { return 10 * cpu; }
long virq_set_handler(struct domain *d, u32 virq) { (void)d; (void)virq; return 0; }
long console_sysctl_read(struct xen_sysctl_readconsole *op) { (void)op; return 0; }
long key_press(char c) { (void)c; keys++; return 0; }
long arch_vcpu_set_context(struct vcpu *v, const vcpu_guest_context_t *c) { (void)c; v->initialised = true; return 0; }
void arch_vcpu_get_context(struct vcpu *v, vcpu_guest_context_t *c) { (void)v; c->flags = 0; }
void vcpu_nmi(struct vcpu *v) { (void)v; }
void arch_hypercall_page(void *page) { (void)page; }

long arch_domctl(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    (void)d;
    (void)op;
    (void)copyback;
    return -ENOSYS;
}

long arch_sysctl(struct xen_sysctl *op, bool *copyback) { (void)op; (void)copyback; return -ENOSYS; }
void arch_physinfo(struct xen_sysctl_physinfo *info) { info->cpu_khz = 1; }
void machine_wallclock_publish(struct domain *d) { (void)d; }
void *mfn_to_virt(mfn_t mfn) { (void)mfn; return NULL; }
mfn_t virt_to_mfn(const void *va) { (void)va; return 33; }
void vcpu_wake(struct vcpu *v) { (void)v; }
bool frame_get(mfn_t mfn, const struct domain *d) { return mfn < 64 && frames[mfn].owner == d->id; }
void frame_put(mfn_t mfn) { (void)mfn; }
bool frame_get_writable(mfn_t mfn, const struct domain *d) { return frame_get(mfn, d); }
void frame_put_writable(mfn_t mfn) { (void)mfn; }
u64 heap_free_pages(void) { return 100; }
u64 heap_total_pages(void) { return 1000; }
u64 heap_claimed_pages(void) { return 7; }
u64 heap_free_below(unsigned bits) { return bits && bits < 32 ? 10 : 100; }
int clear_guest(gva_t dst, size_t bytes)
{
    if (bytes)
        memset((void *)(uintptr_t)dst.va, 0, bytes);
    return 0;
}

static int start(void **state)
{
    (void)state;
    memset(&dom0, 0, sizeof(dom0));
    memset(&guest, 0, sizeof(guest));
    memset(guest_vcpu, 0, sizeof(guest_vcpu));
    memset(guest_vcpus, 0, sizeof(guest_vcpus));
    cpupool_init(0);
    for (unsigned c = 0; c < nr_cpus; c++)
        cpupool_cpu_up(c);
    dom0.pool = guest.pool = cpupool_get(0);
    memset(frames, 0, sizeof(frames));
    dom0.privileged = true;
    dom0.refs = guest.refs = 1;
    dom0.next = &guest;
    dom0.shared = guest.shared = &shared;
    dom0.iomem = rangeset_create(NULL);
    guest.iomem = rangeset_create(NULL);
    guest.id = 5;
    guest.max_vcpus = 2;
    guest.vcpu = guest_vcpus;
    for (unsigned i = 0; i < 2; i++) {
        guest_vcpu[i].id = i;
        guest_vcpu[i].domain = &guest;
        guest_vcpu[i].hard_affinity = guest_vcpu[i].soft_affinity = ~0ul;
        guest_vcpu[i].pause_flags = VPF_DOWN;
    }
    fake_current = &v0;
    fake_continuations = pauses = 0;
    fake_preempt_every = 1;
    return 0;
}
static int end(void **state)
{
    (void)state;
    assert_int_equal(guest.refs, 1);
    assert_int_equal(dom0.refs, 1);
    assert_int_equal(guest.pause_count, guest.ctl_paused);
    rangeset_destroy(dom0.iomem);
    rangeset_destroy(guest.iomem);
    return 0;
}

static struct xen_domctl op;
static long domctl(u32 cmd, domid_t domain)
{
    op.cmd = cmd;
    op.domain = domain;
    op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    return do_domctl((u64)(uintptr_t)&op);
}
static struct xen_sysctl sop;
static long sysctl(u32 cmd)
{
    sop.cmd = cmd;
    sop.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return do_sysctl((u64)(uintptr_t)&sop);
}

/* ---- tests ---- */

static void rights_and_versions(void **state)
{
    (void)state;
    memset(&op, 0, sizeof(op));
    assert_int_equal(domctl(XEN_DOMCTL_pausedomain, 6), -ESRCH);
    assert_int_equal(domctl(9999, 5), -ENOSYS);
    assert_int_equal(domctl(XEN_DOMCTL_vmtrace_op, 5), -EOPNOTSUPP);
    op.interface_version = 0x14;
    assert_int_equal(do_domctl((u64)(uintptr_t)&op), -EACCES);
    assert_int_equal(do_domctl(0), -EFAULT);
    assert_int_equal(sysctl(XEN_SYSCTL_livepatch_op), -EOPNOTSUPP);
    dom0.privileged = false;
    assert_int_equal(domctl(XEN_DOMCTL_pausedomain, 5), -EPERM);
    assert_int_equal(sysctl(XEN_SYSCTL_physinfo), -EPERM);
}

static void one_at_a_time(void **state)
{
    (void)state;
    assert_true(ctl_trylock());
    memset(&op, 0, sizeof(op));
    domctl(XEN_DOMCTL_pausedomain, 5);
    assert_int_equal(fake_continuations, 1);
    assert_int_equal(fake_next_args[0], (u64)(uintptr_t)&op);
    assert_int_equal(guest.ctl_paused, 0);
    ctl_unlock();
}

static void creation_is_for_pv(void **state)
{
    struct xen_domctl_createdomain *c = &op.u.createdomain;

    (void)state;
    memset(&op, 0, sizeof(op));
    c->max_vcpus = 2;
    c->max_evtchn_port = 1023;
    c->max_grant_frames = c->max_maptrack_frames = -1;
    c->grant_opts = 2;
    assert_int_equal(domctl(XEN_DOMCTL_createdomain, 0xffff), 0);
    assert_int_equal(op.domain, 5);
    assert_int_equal(c->flags, XEN_DOMCTL_CDF_oos_off);
    assert_int_equal(config.max_grant_frames, 64);
    assert_int_equal(config.grant_max_version, 2);
    assert_false(config.privileged);
    c->flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap;
    assert_int_equal(domctl(XEN_DOMCTL_createdomain, 0), -EOPNOTSUPP);
    assert_non_null(strstr(fake_reason, "hardware virtualization"));
    c->flags = 0;
    c->grant_opts = 3;
    assert_int_equal(domctl(XEN_DOMCTL_createdomain, 0), -EINVAL);
    op.u.max_vcpus.max = 3;
    assert_int_equal(domctl(XEN_DOMCTL_max_vcpus, 5), -EINVAL);
    op.u.max_vcpus.max = 2;
    assert_int_equal(domctl(XEN_DOMCTL_max_vcpus, 5), 0);
    assert_int_equal(domctl(XEN_DOMCTL_max_vcpus, 5), 0);
    assert_ptr_equal(guest.vcpu[1], &guest_vcpu[1]);
    guest.dying = DOMDYING_dying;
    assert_int_equal(domctl(XEN_DOMCTL_max_vcpus, 5), -EINVAL);
}

static void pauses_are_counted(void **state)
{
    (void)state;
    assert_int_equal(domctl(XEN_DOMCTL_unpausedomain, 5), -EINVAL);
    for (unsigned i = 0; i < 255; i++)
        assert_int_equal(domctl(XEN_DOMCTL_pausedomain, 5), 0);
    assert_int_equal(domctl(XEN_DOMCTL_pausedomain, 5), -EOVERFLOW);
    for (unsigned i = 0; i < 255; i++)
        assert_int_equal(domctl(XEN_DOMCTL_unpausedomain, 5), 0);
    assert_int_equal(domctl(XEN_DOMCTL_unpausedomain, 5), -EINVAL);
    assert_int_equal(domctl(XEN_DOMCTL_pausedomain, 0), -EINVAL);
}

static void destruction_goes_on_until_done(void **state)
{
    (void)state;
    kill_rounds = 2;
    while (domctl(XEN_DOMCTL_destroydomain, 5) == -ERESTART) {}
    assert_int_equal(fake_continuations, 2);
    assert_int_equal(kill_rounds, ~0u);
}

static void tools_walk_all_domains(void **state)
{
    xen_domctl_getdomaininfo_t list[4];

    (void)state;
    guest_vcpus[0] = &guest_vcpu[0];
    guest_vcpus[1] = &guest_vcpu[1];
    guest_vcpu[0].pause_flags = VPF_BLOCKED;
    guest.shut_down = true;
    guest.shutdown_code = SHUTDOWN_suspend;
    assert_int_equal(domctl(XEN_DOMCTL_getdomaininfo, 1), 0);
    assert_int_equal(op.domain, 5);
    assert_int_equal(op.u.getdomaininfo.flags, XEN_DOMINF_shutdown | XEN_DOMINF_blocked | SHUTDOWN_suspend << 16);
    assert_int_equal(op.u.getdomaininfo.nr_online_vcpus, 1);
    assert_int_equal(op.u.getdomaininfo.max_vcpu_id, 1);
    assert_int_equal(op.u.getdomaininfo.cpu_time, 2001);
    assert_int_equal(op.u.getdomaininfo.shared_info_frame, 33);
    assert_int_equal(domctl(XEN_DOMCTL_getdomaininfo, 6), -ESRCH);
    memset(&sop, 0, sizeof(sop));
    sop.u.getdomaininfolist.max_domains = 4;
    sop.u.getdomaininfolist.buffer.p = list;
    assert_int_equal(sysctl(XEN_SYSCTL_getdomaininfolist), 0);
    assert_int_equal(sop.u.getdomaininfolist.num_domains, 2);
    assert_true(list[0].domain == 0 && list[1].domain == 5);
}

static void pinning_takes_bitmaps_of_any_size(void **state)
{
    struct xen_domctl_vcpuaffinity *a = &op.u.vcpuaffinity;
    u8 hard[64], soft[2] = { 0x06, 0 };

    (void)state;
    guest_vcpus[0] = &guest_vcpu[0];
    memset(&op, 0, sizeof(op));
    memset(hard, 0xff, sizeof(hard));
    hard[0] = 0xf3;
    a->flags = XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT;
    a->cpumap_hard.bitmap.p = hard;
    a->cpumap_hard.nr_bits = 512;
    a->cpumap_soft.bitmap.p = soft;
    a->cpumap_soft.nr_bits = 3;
    assert_int_equal(domctl(XEN_DOMCTL_setvcpuaffinity, 5), 0);
    assert_int_equal(hard_set, 0xfffffffffffffff3);
    assert_int_equal(soft_set, 6);
    assert_int_equal(hard[0], 3); /* effective: of four CPUs online */
    assert_int_equal(hard[1], 0);
    assert_int_equal(hard[63], 0);
    assert_int_equal(soft[0], 2);
    assert_int_equal(domctl(XEN_DOMCTL_getvcpuaffinity, 5), 0);
    assert_int_equal(hard[0], 0xf3);
    memset(hard, 0, sizeof(hard));
    assert_int_equal(domctl(XEN_DOMCTL_setvcpuaffinity, 5), -EINVAL);
    a->vcpu = 1;
    assert_int_equal(domctl(XEN_DOMCTL_setvcpuaffinity, 5), -ESRCH);
    a->vcpu = 2;
    assert_int_equal(domctl(XEN_DOMCTL_setvcpuaffinity, 5), -EINVAL);
    a->vcpu = 0;
    a->cpumap_hard.nr_bits = ~0u;
    assert_int_equal(domctl(XEN_DOMCTL_getvcpuaffinity, 5), -EINVAL);
}

static void only_own_rights_are_passed_on(void **state)
{
    struct xen_domctl_iomem_permission *p = &op.u.iomem_permission;

    (void)state;
    assert_int_equal(rangeset_add(dom0.iomem, 0xe0000, 0xeffff), 0);
    *p = (struct xen_domctl_iomem_permission){ 0xe1000, 16, 1 };
    assert_int_equal(domctl(XEN_DOMCTL_iomem_permission, 5), 0);
    assert_true(rangeset_contains(guest.iomem, 0xe1000, 0xe100f));
    assert_true(pauses > 0);
    p->allow_access = 0;
    assert_int_equal(domctl(XEN_DOMCTL_iomem_permission, 5), 0);
    assert_true(rangeset_empty(guest.iomem));
    *p = (struct xen_domctl_iomem_permission){ 0xeffff, 2, 1 };
    assert_int_equal(domctl(XEN_DOMCTL_iomem_permission, 5), -EPERM);
    *p = (struct xen_domctl_iomem_permission){ 2, ~0ul, 1 };
    assert_int_equal(domctl(XEN_DOMCTL_iomem_permission, 5), -EINVAL);
    p->nr_mfns = 0;
    assert_int_equal(domctl(XEN_DOMCTL_iomem_permission, 5), -EINVAL);
}

static void contexts_go_in_and_out(void **state)
{
    vcpu_guest_context_t c = { .flags = VGCF_online };

    (void)state;
    guest_vcpus[0] = &guest_vcpu[0];
    memset(&op, 0, sizeof(op));
    op.u.vcpucontext.ctxt.p = &c;
    assert_int_equal(domctl(XEN_DOMCTL_getvcpucontext, 5), -ENODATA);
    assert_int_equal(domctl(XEN_DOMCTL_setvcpucontext, 5), 0);
    assert_int_equal(guest_vcpu[0].pause_flags, 0);
    assert_int_equal(domctl(XEN_DOMCTL_getvcpucontext, 5), 0);
    assert_int_equal(c.flags, VGCF_online);
    guest.dying = DOMDYING_dying;
    assert_int_equal(domctl(XEN_DOMCTL_setvcpucontext, 5), -EINVAL);
}

static void frames_are_told_by_type(void **state)
{
    u64 list[600];

    (void)state;
    frames[1] = (struct frame){ .owner = 5, .type = TYPE_L4 | TYPE_PINNED | TYPE_VALIDATED | 2 };
    frames[2] = (struct frame){ .owner = 5, .type = TYPE_L1 | TYPE_VALIDATED | 1 };
    frames[3] = (struct frame){ .owner = 5, .type = TYPE_L1 }; /* was one once */
    for (unsigned i = 0; i < 600; i++)
        list[i] = i % 5;
    op.u.getpageframeinfo3.num = 600;
    op.u.getpageframeinfo3.array.p = list;
    while (domctl(XEN_DOMCTL_getpageframeinfo3, 5) == -ERESTART) {}
    assert_true(fake_continuations > 0);
    for (unsigned i = 0; i < 600; i++) {
        static const u64 want[5] = { XEN_DOMCTL_PFINFO_XTAB, XEN_DOMCTL_PFINFO_L4TAB | XEN_DOMCTL_PFINFO_LPINTAB,
                                     XEN_DOMCTL_PFINFO_L1TAB, XEN_DOMCTL_PFINFO_NOTAB, XEN_DOMCTL_PFINFO_XTAB };
        assert_int_equal(list[i], want[i % 5]);
    }
    op.u.getpageframeinfo3.num = 1025;
    assert_int_equal(domctl(XEN_DOMCTL_getpageframeinfo3, 5), -E2BIG);
    op.u.shadow_op.op = XEN_DOMCTL_SHADOW_OP_OFF;
    assert_int_equal(domctl(XEN_DOMCTL_shadow_op, 5), -EINVAL);
}

static long pool_op(u32 what, u32 pool, u32 cpu_or_domain)
{
    memset(&sop, 0, sizeof(sop));
    sop.u.cpupool_op = (struct xen_sysctl_cpupool_op){ .op = what, .cpupool_id = pool, .domid = cpu_or_domain,
        .cpu = cpu_or_domain, .sched_id = XEN_SCHEDULER_CREDIT2 };
    return sysctl(XEN_SYSCTL_cpupool_op);
}

/* What xl cpupool-create, -cpu-remove, -cpu-add, -migrate and -destroy send, and what they must not do. */
static void cpu_pools_as_xl_makes_them(void **state)
{
    (void)state;
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_CREATE, XEN_SYSCTL_CPUPOOL_PAR_ANY, 0), 0);
    assert_int_equal(sop.u.cpupool_op.cpupool_id, 1);
    sop.u.cpupool_op.sched_id = XEN_SCHEDULER_RTDS;
    assert_int_equal(sysctl(XEN_SYSCTL_cpupool_op), -EINVAL);
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, 1, guest.id), -ENOENT);
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_RMCPU, 0, 2), 0);
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_ADDCPU, 1, 2), 0);
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, 1, guest.id), 0);
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, 1, 0), -EPERM);
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, 1, 4711), -ESRCH);
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, 1, 0x10000 | guest.id), -ESRCH);
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_DESTROY, 1, 0), -EBUSY);
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_INFO, 1, 0), 0);
    assert_int_equal(sop.u.cpupool_op.n_dom, 1);
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, 0, guest.id), 0);
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_RMCPU, 1, 2), 0);
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_DESTROY, 1, 0), 0);
    assert_int_equal(pool_op(77, 0, 0), -ENOSYS);
}

static void the_machine_is_described_honestly(void **state)
{
    u8 map[8] = { 0 };

    (void)state;
    assert_int_equal(sysctl(XEN_SYSCTL_physinfo), 0);
    assert_int_equal(sop.u.physinfo.capabilities, 0x302);
    assert_int_equal(sop.u.physinfo.nr_cpus, 4);
    assert_int_equal(sop.u.physinfo.free_pages, 100);
    memset(&sop, 0, sizeof(sop));
    sop.u.cpupool_op.op = XEN_SYSCTL_CPUPOOL_OP_INFO;
    sop.u.cpupool_op.cpumap.bitmap.p = map;
    sop.u.cpupool_op.cpumap.nr_bits = 8;
    assert_int_equal(sysctl(XEN_SYSCTL_cpupool_op), 0);
    assert_int_equal(sop.u.cpupool_op.n_dom, 2);
    assert_int_equal(map[0], 0xf);
    sop.u.cpupool_op.cpupool_id = 1;
    assert_int_equal(sysctl(XEN_SYSCTL_cpupool_op), -ENOENT);
    memset(&sop, 0, sizeof(sop));
    assert_int_equal(sysctl(XEN_SYSCTL_cputopoinfo), 0);
    assert_int_equal(sop.u.cputopoinfo.num_cpus, 4);
    memset(&sop, 0, sizeof(sop));
    assert_int_equal(sysctl(XEN_SYSCTL_availheap), 0);
    assert_int_equal(sop.u.availheap.avail_bytes, 100 * 4096);
    sop.u.debug_keys.nr_keys = 3;
    sop.u.debug_keys.keys.p = "abc";
    assert_int_equal(sysctl(XEN_SYSCTL_debug_keys), 0);
    assert_int_equal(keys, 3);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, start, end)
    const struct CMUnitTest tests[] = {
        TEST(rights_and_versions),
        TEST(one_at_a_time),
        TEST(creation_is_for_pv),
        TEST(pauses_are_counted),
        TEST(destruction_goes_on_until_done),
        TEST(tools_walk_all_domains),
        TEST(pinning_takes_bitmaps_of_any_size),
        TEST(only_own_rights_are_passed_on),
        TEST(contexts_go_in_and_out),
        TEST(frames_are_told_by_type),
        TEST(the_machine_is_described_honestly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
