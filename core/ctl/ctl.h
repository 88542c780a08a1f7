/*
 * The control interface: domctl and sysctl, for domain 0 only. One operation at a time (ctl lock).
 *
 * An operation gets a copy of the argument block, changes it where the interface says so, sets `copyback`, and returns
 * a value for the caller or -ERESTART to be issued again (with its changes, if copyback).
 */
#pragma once
#include "abi/xen.h"
#include <xen/domctl.h>
#include <xen/sysctl.h>
#include "core/guest.h"

struct domain;
struct vcpu;

/* Is the caller allowed to use the control interface with this version? 0, -EPERM, -EACCES. */
long ctl_check(const char *what, u32 version, u32 ours);
/* An operation that the interface has and Serai has not. */
struct absent { u32 cmd; const char *why; };
/* The answer to `cmd` of `what`: -EOPNOTSUPP with the reason from the list of n, -ENOSYS for one that is not in it. */
long ctl_absent(const struct absent *list, unsigned n, const char *what, u32 cmd);
/* One at a time: false if somebody else is inside (issue the call again). */
bool ctl_trylock(void);
void ctl_unlock(void);

/* Operations on domains; d is NULL for those that do not need one to exist. */
typedef long domctl_fn(struct domain *d, struct xen_domctl *op, bool *copyback);
#define DOMCTL(cmd, fn) domctl_fn fn;
#include "core/ctl/domctl.def"
#undef DOMCTL

/* core/ctl/domain_info.c: what tools see of d. */
void domain_info(struct domain *d, struct xen_domctl_getdomaininfo *info);
/* The domain with the lowest id >= from, with a reference; NULL at the end. Takes: domlist. */
struct domain *domain_next(u32 from);

/*
 * core/ctl/bitmap.c: sets of CPUs or nodes as struct xenctl_bitmap, whose size the caller chose. Bits beyond ours are
 * dropped on the way in and zero on the way out. -EFAULT, -EINVAL (size).
 */
long bitmap_get(const struct xenctl_bitmap *from, u64 *mask);
long bitmap_put(const struct xenctl_bitmap *to, u64 mask);

/* vcpu `id` of d: NULL with *err: -EINVAL (out of range), -ESRCH (not created). */
struct vcpu *ctl_vcpu(struct domain *d, u32 id, long *err);

/* sysctls with files of their own */
typedef long sysctl_fn(struct xen_sysctl *op, bool *copyback);
sysctl_fn sysctl_physinfo, sysctl_cputopo, sysctl_numa, sysctl_pcitopo, sysctl_cpuinfo, sysctl_availheap;
sysctl_fn sysctl_cpupool;
