/* Grant tables v1 and v2. Theory in core/grant.c. */
#pragma once
#include "lib/types.h"
#include "core/domain.h"

long grant_domain_init(struct domain *d, unsigned max_version);
/* Drop all mappings d holds of others, in steps: 0 or -ERESTART. */
long grant_release_mappings(struct domain *d);
void grant_domain_destroy(struct domain *d);
/* Frame `index` of the shared (or status) table, growing the table; for XENMEM_acquire_resource and add_to_physmap. */
long grant_get_frame(struct domain *d, unsigned index, bool status, mfn_t *mfn);
long grant_set_limits(struct domain *d, u32 grant_frames, u32 maptrack_frames);
void grant_dump(struct domain *d);
unsigned grant_audit(struct domain *d);
long do_grant_table_op(u64 cmd, u64 arg, u64 count);
