/* Physical interrupts of a domain (pirqs), do_physdev_op. Theory in pirq.c, physdev.c; the event side: arch/arch.h. */
#pragma once
#include "lib/types.h"

struct domain;
/* Give back every pirq and the EOI page of a dying domain whose event channels are closed. Takes: irq. Idempotent. */
void pirq_domain_destroy(struct domain *d);

/* ---- pirq.c's part for physdev.c; all take the irq lock themselves ---- */
/* A pirq number for a line: `want` or, if negative, one chosen. The pirq, or -EEXIST, -EINVAL, -ENOSPC, -ENODEV. */
long pirq_map_gsi(struct domain *d, u32 gsi, int want);
/*
 * A message of a function, or `count` of them with neighbouring pirqs (MSI blocks); table 0: MSI. First pirq or
 * error.
 */
long pirq_map_msi(struct domain *d, int want, u16 segment, u8 bus, u8 devfn, u64 table, unsigned entry, unsigned count);
long pirq_unmap(struct domain *d, int pirq);
/* Reserve a free number for a later map. */
long pirq_reserve(struct domain *d, bool line);
long pirq_eoi(struct domain *d, u32 pirq);
long pirq_eoi_all(struct domain *d);    /* of every one, as kernels of old told it: they do not say which; 0 */
/* 0: this pirq's interrupts never wait for the guest; XENIRQSTAT_needs_eoi otherwise. -EINVAL. */
long pirq_status(struct domain *d, u32 pirq);
/* Share the page that tells the guest which pirqs need an EOI. -EBUSY: has one; -EINVAL. */
long pirq_eoi_page(struct domain *d, mfn_t mfn, bool unmask_at_eoi);
