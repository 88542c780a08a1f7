/* Grant tables v1 and v2. Theory in core/grant.c. */
#pragma once
#include "lib/types.h"
#include "core/domain.h"

/* d->grant, version 1, one frame; limits from d->max_*_frames; max_version 1 or 2. -ENOMEM, -EINVAL. */
long grant_domain_init(struct domain *d, unsigned max_version);
/* Drop all mappings that d, of which no vcpu runs, holds of others, in steps: 0 or -ERESTART. Takes: grant, pages. */
long grant_release_mappings(struct domain *d);
/* Free some of the tables' pages; true: there are more. Only when d has no references left: mappings hold one each. */
bool grant_domain_shrink(struct domain *d);
/* Free the rest, whatever it is; also of a domain whose creation failed. */
void grant_domain_destroy(struct domain *d);
/*
 * Frame `index` of the shared (or status) table, growing the table; for XENMEM_acquire_resource and add_to_physmap.
 * -EINVAL beyond the maximum or status of a version 1 table, -ENOMEM, -ERESTART: call again. No locks held. Takes:
 * grant.
 */
long grant_get_frame(struct domain *d, unsigned index, bool status, mfn_t *mfn);
/* Debug key: d's grants in use; what changes meanwhile is shown as it comes. Takes: grant. */
void grant_dump(struct domain *d);
/* Recount the users of d's grants from all mapping records; number of defects. With all vcpus stopped. */
unsigned grant_audit(struct domain *d);
/*
 * Note for core/log_dirty.c the frames that others may write now by d's grants, some of them, from grant `from` on;
 * where to go on, or GRANTS_NOTED. Takes: grant, leaf.
 */
u32 grant_note_writers(struct domain *d, u32 from);
#define GRANTS_NOTED (~0u)
