/* domctl: versions, unknown commands, domains that are not there, values out of range. */
#include "dom.h"

static u64 alive(u64 a, u64 b, u64 c) { return a + b + c; }

/* XSETBV would fault on these: a saved state that was tampered with must not get that far. */
static void extended_state(void)
{
    static const u64 bad[][2] = { { 5, 7 }, { 1 | 4, 7 }, { 0x27, 0xe7 }, { 0x67, 0xe7 }, { 0xe3, 0xe7 }, { 2, 7 } };
    static u64 image[(16 + 2688) / 8];
    static struct dom d;

    dom_create(&d);
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct xen_domctl op = { .cmd = XEN_DOMCTL_setvcpuextstate, .domain = d.id };
        memset(image, 0, sizeof(image));
        image[0] = bad[i][0];
        image[1] = bad[i][1];
        image[2 + 3] = 0x1f80;          /* MXCSR */
        op.u.vcpuextstate.size = bad[i][1] == 7 ? 16 + 832 : sizeof(image);
        set_xen_guest_handle(op.u.vcpuextstate.buffer, image);
        REFUSED("XCR0 that no CPU takes", domctl(&op));
    }
    EXPECT_EQ("it lives", dom_call(&d, alive, 1, 2, 3), 6);
    dom_destroy(&d);
}

static void commands(void)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_getdomaininfo, .domain = 0, .interface_version = 0x14 };
    EXPECT_EQ("version 0x14", hc(__HYPERVISOR_domctl, &op), -EACCES);
    op.interface_version = 0;
    EXPECT_EQ("version 0", hc(__HYPERVISOR_domctl, &op), -EACCES);
    static const u32 unknown[] = { 0, 6, 90, 1000, 0xffffffff };
    for (unsigned i = 0; i < 5; i++) {
        op = (struct xen_domctl){ .cmd = unknown[i], .domain = 0 };
        REFUSED("unknown command", domctl(&op));
    }
    static const u32 lacking[] = { XEN_DOMCTL_psr_cmt_op, XEN_DOMCTL_psr_alloc };
    for (unsigned i = 0; i < 2; i++) {
        op = (struct xen_domctl){ .cmd = lacking[i], .domain = 0 };
        EXPECT_EQ("what tools call not supported in this system", domctl(&op), -ENODEV);
    }
}

/* Every command on a domain that is not there. */
static void nobody(void)
{
    unsigned accepted = 0;

    for (u32 cmd = 2; cmd < 90; cmd++) {
        if (cmd == XEN_DOMCTL_getdomaininfo || cmd == XEN_DOMCTL_test_assign_device)
            continue;
        struct xen_domctl op = { .cmd = cmd, .domain = 1000 };
        if (domctl(&op) >= 0) {
            accepted++;
            say("  command %u", cmd);
        }
    }
    EXPECT_EQ("commands that accept a domain that is not there", accepted, 0);
    REFUSED("pause of oneself", domctl_simple(XEN_DOMCTL_pausedomain, 0));
    REFUSED("destroy of oneself", domctl_simple(XEN_DOMCTL_destroydomain, 0));
}

static void create_out_of_range(void)
{
    u64 before = free_pages();
    static const struct xen_domctl_createdomain bad[] = {
        { .max_vcpus = 0, .max_evtchn_port = 1023, .max_grant_frames = -1, .max_maptrack_frames = -1, .grant_opts = 2 },
        { .max_vcpus = 100000, .max_evtchn_port = 1023, .max_grant_frames = -1, .max_maptrack_frames = -1,
          .grant_opts = 2 },
        { .max_vcpus = 0xffffffff, .max_evtchn_port = 1023, .max_grant_frames = -1, .max_maptrack_frames = -1,
          .grant_opts = 2 },
        { .max_vcpus = 1, .flags = 0x80000000, .max_evtchn_port = 1023, .max_grant_frames = -1,
          .max_maptrack_frames = -1, .grant_opts = 2 },
        { .max_vcpus = 1, .max_evtchn_port = 1023, .max_grant_frames = -1, .max_maptrack_frames = -1,
          .grant_opts = 15 },
        { .max_vcpus = 1, .max_evtchn_port = 1023, .max_grant_frames = -1, .max_maptrack_frames = -1,
          .grant_opts = 0 },
        { .max_vcpus = 1, .max_evtchn_port = 1023, .max_grant_frames = 0x7fffffff, .max_maptrack_frames = -1,
          .grant_opts = 2 },
        { .max_vcpus = 1, .max_evtchn_port = 1023, .max_grant_frames = -1, .max_maptrack_frames = -1, .grant_opts = 2,
          .arch.emulation_flags = ~0u },
        { .max_vcpus = 1, .max_evtchn_port = 1023, .max_grant_frames = -1, .max_maptrack_frames = -1, .grant_opts = 2,
          .cpupool_id = 77 },
    };
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct xen_domctl op = { .cmd = XEN_DOMCTL_createdomain, .domain = 0xffff, .u.createdomain = bad[i] };
        long rc = domctl(&op);
        if (rc >= 0) {
            say("  createdomain variant %u made domain %u", i, op.domain);
            domctl_simple(XEN_DOMCTL_destroydomain, op.domain);
        }
        check(__FILE__, __LINE__, "createdomain out of range", rc < 0, 1);
    }
    EXPECT_EQ("memory", free_pages(), before);
}

/* A domain without vcpus' contexts, under everything. */
static void half_made(void)
{
    static struct dom d;
    u64 before = free_pages();

    OK("create", dom_create_empty(&d, 1, 64));
    for (u32 cmd = 3; cmd < 90; cmd++) {
        if (cmd == XEN_DOMCTL_destroydomain || cmd == XEN_DOMCTL_unpausedomain)
            continue;
        struct xen_domctl op = { .cmd = cmd, .domain = d.id };
        memset(&op.u, 0xff, sizeof(op.u));
        domctl(&op);
        op = (struct xen_domctl){ .cmd = cmd, .domain = d.id };
        domctl(&op);
    }
    OK("unpause of a domain without a context", domctl_simple(XEN_DOMCTL_unpausedomain, d.id));
    for (unsigned i = 0; i < 5; i++)
        yield_cpu();
    dom_destroy(&d);
    u64 end = now() + 2000000000;
    while (free_pages() != before && now() < end)
        yield_cpu();
    EXPECT_EQ("all memory is back", free_pages(), before);
    EXPECT_EQ("destroyed twice", domctl_simple(XEN_DOMCTL_destroydomain, d.id), -ESRCH);
}

void test(void)
{
    extended_state();
    commands();
    nobody();
    create_out_of_range();
    half_made();
}
