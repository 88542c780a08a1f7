/*
 * CPU pools: domains run on the CPUs of theirs and on no other, move at once when told to, and may be destroyed in any.
 * Could go wrong: a vcpu left waiting on a CPU that went away, a pool without CPUs that has a domain, domain 0 without
 * any; arguments out of range; a pool's mask and a vcpu's affinity that have nothing in common.
 *
 * QEMU: -smp 2
 */
#include "share.h"

static struct xen_sysctl_cpupool_op q;

static long pool(u32 op, u32 id, u32 cpu_or_domain)
{
    static u8 map[8];
    struct xen_sysctl s = { .cmd = XEN_SYSCTL_cpupool_op };
    long rc;

    s.u.cpupool_op = (struct xen_sysctl_cpupool_op){ .op = op, .cpupool_id = id, .sched_id = XEN_SCHEDULER_CREDIT2,
        .domid = cpu_or_domain, .cpu = cpu_or_domain, .cpumap.nr_bits = 64 };
    s.u.cpupool_op.cpumap.bitmap.p = map;
    rc = sysctl(&s);
    q = s.u.cpupool_op;
    return rc;
}

#define CREATE XEN_SYSCTL_CPUPOOL_OP_CREATE
#define DESTROY XEN_SYSCTL_CPUPOOL_OP_DESTROY
#define INFO XEN_SYSCTL_CPUPOOL_OP_INFO
#define ADD XEN_SYSCTL_CPUPOOL_OP_ADDCPU
#define REMOVE XEN_SYSCTL_CPUPOOL_OP_RMCPU
#define MOVE XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN
#define ANY XEN_SYSCTL_CPUPOOL_PAR_ANY

static void refusals(void)
{
    EXPECT_EQ("domain 0's last CPU", pool(REMOVE, 0, 0), -16);
    EXPECT_EQ("no such pool", pool(REMOVE, 2, 0), -2);
    EXPECT_EQ("no such pool", pool(ADD, 0x80000000, 1), -2);
    EXPECT_EQ("no such CPU", pool(ADD, 1, 64), -22);
    EXPECT_EQ("no such CPU", pool(REMOVE, 0, 0xfffffffe), -22);
    EXPECT_EQ("no such domain", pool(MOVE, 1, 0x7ff0), -3);
    EXPECT_EQ("a domain number that wraps", pool(MOVE, 1, 0x10000), -3);
    EXPECT_EQ("pool 0", pool(DESTROY, 0, 0), -16);
    EXPECT_EQ("a pool that exists", pool(CREATE, 1, 0), -17);
    EXPECT_EQ("a pool beyond the last", pool(CREATE, 0x7fffffff, 0), -22);
    EXPECT_EQ("no such operation", pool(99, 0, 0), -38);
}

/* Both hogs share CPU 1, and CPU 0 is domain 0's alone. */
static void together(u32 id)
{
    for (unsigned i = 0; i < 2; i++)
        EXPECT_EQ("move", pool(MOVE, id, hog[i].id), 0);
    EXPECT_EQ("a CPU that domains need", pool(REMOVE, id, 1), -16);
    EXPECT_EQ("a pool with domains", pool(DESTROY, id, 0), -16);
    hogs_pause(2, false);
    doze(S / 10);
    for (unsigned i = 0; i < 2; i++) {
        struct xen_domctl op = { .cmd = XEN_DOMCTL_getvcpuinfo, .domain = hog[i].id };
        EXPECT_EQ("where it is", domctl(&op), 0);
        EXPECT_EQ("its CPU", op.u.getvcpuinfo.cpu, 1);
    }
}

void test(void)
{
    struct xen_domctl_getdomaininfo info;
    u64 ran_there;

    hogs_make(2);
    EXPECT_EQ("create", pool(CREATE, ANY, 0), 0);
    EXPECT_EQ("its number", q.cpupool_id, 1);
    EXPECT_EQ("a pool without CPUs", pool(MOVE, 1, hog[0].id), -2);
    EXPECT_EQ("take CPU 1 away", pool(REMOVE, 0, 1), 0);
    refusals();
    EXPECT_EQ("give it to the pool", pool(ADD, 1, ANY), 0);
    together(1);
    domain_pin(hog[0].id, 0, 2);
    EXPECT_EQ("info", pool(INFO, 1, 0), 0);
    EXPECT_EQ("domains", q.n_dom, 2);
    OK("domain info", domain_info(hog[1].id, &info));
    EXPECT_EQ("its pool", info.cpupool, 1);
    /* Pinned to a CPU that its new pool has not: it runs all the same. */
    EXPECT_EQ("back", pool(MOVE, 0, hog[0].id), 0);
    ran_there = domain_ran(hog[0].id);
    doze(S / 10);
    EXPECT(domain_ran(hog[0].id) > ran_there);
    dom_destroy(&hog[1]); /* in the pool, running */
    EXPECT_EQ("the last CPU, when nobody is there", pool(REMOVE, 1, ANY), 0);
    EXPECT_EQ("destroy", pool(DESTROY, 1, 0), 0);
    EXPECT_EQ("there is none any more", pool(INFO, 1, 0), -2);
    EXPECT_EQ("CPU 1 goes back", pool(ADD, 0, 1), 0);
    struct sched_pin_override pin = { .pcpu = 1 };
    OK("we ourselves stay there", hc(__HYPERVISOR_sched_op, SCHEDOP_pin_override, &pin));
    EXPECT_EQ("a CPU that we are pinned to", pool(REMOVE, 0, 1), -98);
    pin.pcpu = -1;
    OK("no longer", hc(__HYPERVISOR_sched_op, SCHEDOP_pin_override, &pin));
    EXPECT_EQ("now it goes", pool(REMOVE, 0, 1), 0);
    EXPECT_EQ("and comes back", pool(ADD, 0, 1), 0);
    dom_destroy(&hog[0]);
}
