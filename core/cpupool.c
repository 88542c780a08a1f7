/*
 * CPU pools: what an administrator does who wants some domains to have CPUs of their own.
 *
 * There is one scheduler and a run queue per CPU, so a pool is nothing but a mask that allowed_cpus() applies before a
 * vcpu's affinity: no queue belongs to a pool, and moving a domain is changing its pointer and looking at where its
 * vcpus are (sched_recheck()).
 *
 * Invariants: a CPU is in at most one pool; a pool with a domain that is not dead has a CPU; pool 0 always exists. A
 * dead domain never runs and keeps no pool: it goes to pool 0, which never loses its last CPU (domain 0 is there).
 *
 * A mask or pointer is changed first and the queues are visited afterwards, each under its lock. Who queued a vcpu by
 * the old mask before our visit is found by it; who takes the queue's lock after our visit sees the new mask.
 *
 * Imprecise on purpose: affinity that names no CPU of the pool is kept, and has no effect meanwhile.
 */
#include "core/cpupool.h"
#include "core/domain.h"
#include "core/reject.h"
#include "core/sched_internal.h"
#include "lib/clamp.h"

static struct cpupool pools[MAX_CPUPOOLS];

void cpupool_init(ns_t ratelimit)
{
    for (u32 id = 0; id < MAX_CPUPOOLS; id++)
        pools[id] = (struct cpupool){ .ratelimit = ratelimit };
    pools[0].exists = true;
}

void cpupool_cpu_up(unsigned cpu) { __atomic_fetch_or(&pools[0].cpus, BIT(cpu), __ATOMIC_SEQ_CST); }

struct cpupool *cpupool_get(u32 id)
{
    if (id >= MAX_CPUPOOLS)
        return NULL;
    id = (u32)index_clamp(id, MAX_CPUPOOLS);
    return pools[id].exists ? &pools[id] : NULL;
}

struct cpupool *cpupool_next(u32 *id)
{
    for (u32 i = *id; i < MAX_CPUPOOLS; i++) {
        struct cpupool *p = cpupool_get(i);

        if (p) {
            *id = i;
            return p;
        }
    }
    return NULL;
}

u32 cpupool_id(const struct domain *d) { return (u32)(d->pool - pools); }

u32 cpupool_domains(u32 id)
{
    struct domain *d;
    u32 n = 0;

    domain_list_lock();
    for_each_domain(d)
        n += d->pool == &pools[id] && READ_ONCE(d->dying) != DOMDYING_dead;
    domain_list_unlock();
    return n;
}

u64 cpupool_free_cpus(void)
{
    u64 cpus = cpus_online;

    for (u32 id = 0; id < MAX_CPUPOOLS; id++)
        cpus &= ~pools[id].cpus;
    return cpus;
}

static struct cpupool *find(u32 id, long *err)
{
    struct cpupool *p = cpupool_get(id);

    if (!p)
        *err = reject(-ENOENT, "CPU pool %u does not exist", id);
    return p;
}

/* ---- birth and death ---- */

long cpupool_create(u32 *id)
{
    u32 want = *id;

    if (want == CPUPOOL_ANY) {
        for (want = 0; want < MAX_CPUPOOLS && pools[want].exists; want++) {}
        if (want == MAX_CPUPOOLS)
            return reject(-ENOSPC, "there are %u CPU pools, which is the most", MAX_CPUPOOLS);
    } else if (want >= MAX_CPUPOOLS) {
        return reject(-EINVAL, "CPU pool %u: their numbers end at %u", want, MAX_CPUPOOLS - 1);
    } else if (cpupool_get(want)) {
        return reject(-EEXIST, "CPU pool %u exists", want);
    }
    pools[want] = (struct cpupool){ .exists = true, .ratelimit = pools[0].ratelimit };
    *id = want;
    return 0;
}

static void evict_dead(struct cpupool *p)
{
    struct domain *d;

    domain_list_lock();
    for_each_domain(d)
        if (d->pool == p && READ_ONCE(d->dying) == DOMDYING_dead)
            WRITE_ONCE(d->pool, &pools[0]);
    domain_list_unlock();
}

long cpupool_destroy(u32 id)
{
    long err = 0;
    struct cpupool *p = find(id, &err);

    if (!p)
        return err;
    if (id == 0)
        return reject(-EBUSY, "CPU pool 0 is domain 0's and stays");
    if (p->cpus || cpupool_domains(id))
        return reject(-EBUSY, "CPU pool %u has CPUs (%#lx) or domains (%u)", id, (unsigned long)p->cpus,
                      cpupool_domains(id));
    evict_dead(p);
    p->exists = false;
    return 0;
}

/* ---- CPUs ---- */

static void recheck_all(const struct cpupool *p)
{
    struct domain *d;

    domain_list_lock();
    for_each_domain(d)
        if (d->pool == p && READ_ONCE(d->dying) != DOMDYING_dead)
            sched_recheck(d);
    domain_list_unlock();
}

long cpupool_add_cpu(u32 id, u32 cpu)
{
    u64 unused = cpupool_free_cpus();
    long err = 0;
    struct cpupool *p;

    if (cpu == CPUPOOL_ANY && !unused)
        return reject(-EINVAL, "all CPUs are in pools");
    if (cpu == CPUPOOL_ANY)
        cpu = lowest_bit(unused);
    if (cpu >= MAX_CPUS || !(cpus_online & BIT(cpu)))
        return reject(-EINVAL, "CPU %u is not online", cpu);
    if (!(unused & BIT(cpu)))
        return reject(-ENODEV, "CPU %u is in a pool", cpu);
    p = find(id, &err);
    if (!p)
        return err;
    __atomic_fetch_or(&p->cpus, BIT(cpu), __ATOMIC_SEQ_CST);
    recheck_all(p); /* a mask that did not count may do so now, and names this CPU */
    cpu_raise(cpu, PENDING_SCHED);
    return 0;
}

/* A vcpu of the pool that is pinned to the CPU, or NULL. */
static const struct vcpu *pinned_there(const struct cpupool *p, u32 cpu)
{
    struct vcpu *v;

    /* Only domain 0 has overrides. */
    if (domain0 && domain0->pool == p)
        for_each_vcpu(domain0, v)
            if (READ_ONCE(v->sched->pinned) == (s32)cpu)
                return v;
    return NULL;
}

long cpupool_remove_cpu(u32 id, u32 cpu)
{
    long err = 0;
    struct cpupool *p = find(id, &err);

    if (!p)
        return err;
    if (cpu == CPUPOOL_ANY && !p->cpus)
        return reject(-EINVAL, "CPU pool %u has no CPU", id);
    if (cpu == CPUPOOL_ANY)
        cpu = highest_bit(p->cpus);
    if (cpu >= MAX_CPUS || !(cpus_online & BIT(cpu)))
        return reject(-EINVAL, "CPU %u is not online", cpu);
    if (!(p->cpus & BIT(cpu)))
        return reject(-ENODEV, "CPU %u is not in CPU pool %u", cpu, id);
    if (p->cpus == BIT(cpu) && (id == 0 || cpupool_domains(id)))
        return reject(-EBUSY, "CPU %u is the last one of CPU pool %u, where %u domains are", cpu, id,
                      cpupool_domains(id));
    if (pinned_there(p, cpu))
        return reject(-EADDRINUSE, "vcpu %u of domain 0 is pinned to CPU %u", pinned_there(p, cpu)->id, cpu);
    if (p->cpus == BIT(cpu))
        evict_dead(p);
    __atomic_fetch_and(&p->cpus, ~BIT(cpu), __ATOMIC_SEQ_CST);
    recheck_all(p);
    return 0;
}

/* ---- domains ---- */

long cpupool_move(struct domain *d, u32 id)
{
    long err = 0;
    struct cpupool *p = find(id, &err);

    if (!p)
        return err;
    if (!p->cpus)
        return reject(-ENOENT, "CPU pool %u has no CPU to run domain %u", id, d->id);
    if (d->pool == p || READ_ONCE(d->dying) == DOMDYING_dead)
        return 0;
    __atomic_store_n(&d->pool, p, __ATOMIC_SEQ_CST);
    sched_recheck(d);
    return 0;
}
