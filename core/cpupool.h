/* CPU pools: the machine's CPUs in disjoint sets. A domain belongs to one pool and its vcpus run only there. */
#pragma once
#include "lib/types.h"

struct domain;

#define MAX_CPUPOOLS 64         /* ids 0 to 63: more pools than CPUs are of no use */

struct cpupool {
    bool exists;
    u64 cpus;                   /* online CPUs that are its own; not empty while domains run in it */
    ns_t ratelimit;             /* time a vcpu runs before close races may pre-empt it */
};

/* At boot: pool 0 gets each CPU that comes up, and every domain unless it asks for another. */
void cpupool_init(ns_t ratelimit);
void cpupool_cpu_up(unsigned cpu);

/* Everything below: the caller holds the ctl lock, under which alone pools change. */

/* The pool `id`, or NULL; the first one at or after `*id`, which is updated. */
struct cpupool *cpupool_get(u32 id);
struct cpupool *cpupool_next(u32 *id);
u32 cpupool_id(const struct domain *d);
/* Domains in it that are not dead. Takes: domlist. */
u32 cpupool_domains(u32 id);
/* CPUs in no pool. */
u64 cpupool_free_cpus(void);

/* A pool without CPUs. *id: the wanted one, or CPUPOOL_ANY; updated. -EEXIST; -EINVAL: beyond the last; -ENOSPC. */
#define CPUPOOL_ANY 0xffffffffu
long cpupool_create(u32 *id);
/* -ENOENT; -EBUSY: it is pool 0, has domains or CPUs. */
long cpupool_destroy(u32 id);
/* cpu: number, or CPUPOOL_ANY for one that is free. -ENOENT; -EINVAL: no such CPU; -ENODEV: in a pool already. */
long cpupool_add_cpu(u32 id, u32 cpu);
/*
 * The CPU becomes free; who ran on it goes on elsewhere in the pool. cpu: number, or CPUPOOL_ANY for the last one.
 * -ENOENT; -EINVAL; -ENODEV: not in this pool; -EBUSY: the last one while domains are there; -EADDRINUSE: a vcpu is
 * pinned to it by SCHEDOP_pin_override. Takes: domlist, sched.
 */
long cpupool_remove_cpu(u32 id, u32 cpu);
/* d runs there from now on, on any of its CPUs. -ENOENT: no such pool, or without CPUs. Takes: sched. */
long cpupool_move(struct domain *d, u32 id);
