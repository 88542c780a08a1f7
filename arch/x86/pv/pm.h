/* Processor power management: the firmware's tables as domain 0 hands them up, and what is reported. Theory in pm.c. */
#pragma once
#include "abi/xen.h"
#include <xen/sysctl.h>

/*
 * XENPF_set_processor_pminfo with XEN_PM_CX or XEN_PM_PX: keep the table, which replaces an earlier one; all or
 * nothing. 0, -EINVAL (no such CPU, malformed), -E2BIG, -EFAULT, -ENOMEM, -ENOSYS (other types). Takes: heap, leaf.
 */
long pm_upload(const struct xenpf_set_processor_pminfo *info);

/* XEN_SYSCTL_get_pmstat: 0, -EINVAL (CPU), -ENODEV (P-states), -EOPNOTSUPP, -EFAULT. Takes: sched, leaf. */
long pm_sysctl_stat(struct xen_sysctl_get_pmstat *op);

/*
 * XEN_SYSCTL_pm_op: 0, -EINVAL (CPU), -ENODEV (no P-states known), -EAGAIN (array sizes differ; op has them),
 * -EOPNOTSUPP (what would change something), -EFAULT. Takes: leaf.
 */
long pm_sysctl_op(struct xen_sysctl_pm_op *op);
