/* What the event channel and grant table code relies on of the public headers, sizes in bytes for 64-bit guests. */
#include "abi/xen.h"

#define SIZE(type, bytes, where) _Static_assert(sizeof(type) == (bytes), #type ": " where)
#define OFFSET(type, field, bytes, where) _Static_assert(offsetof(type, field) == (bytes), #type "." #field ": " where)

/* event_channel.h */
SIZE(evtchn_alloc_unbound_t, 8, "event_channel.h, EVTCHNOP_alloc_unbound");
SIZE(evtchn_bind_interdomain_t, 12, "event_channel.h, EVTCHNOP_bind_interdomain");
SIZE(evtchn_bind_virq_t, 12, "event_channel.h, EVTCHNOP_bind_virq");
SIZE(evtchn_bind_pirq_t, 12, "event_channel.h, EVTCHNOP_bind_pirq");
SIZE(evtchn_bind_ipi_t, 8, "event_channel.h, EVTCHNOP_bind_ipi");
SIZE(evtchn_close_t, 4, "event_channel.h, EVTCHNOP_close");
SIZE(evtchn_send_t, 4, "event_channel.h, EVTCHNOP_send");
SIZE(evtchn_status_t, 24, "event_channel.h, EVTCHNOP_status");
SIZE(evtchn_bind_vcpu_t, 8, "event_channel.h, EVTCHNOP_bind_vcpu");
SIZE(evtchn_unmask_t, 4, "event_channel.h, EVTCHNOP_unmask");
SIZE(evtchn_reset_t, 2, "event_channel.h, EVTCHNOP_reset");
SIZE(evtchn_init_control_t, 24, "event_channel.h, EVTCHNOP_init_control");
SIZE(evtchn_expand_array_t, 8, "event_channel.h, EVTCHNOP_expand_array");
SIZE(evtchn_set_priority_t, 8, "event_channel.h, EVTCHNOP_set_priority");
SIZE(event_word_t, 4, "event_channel.h, FIFO ABI");
SIZE(struct evtchn_fifo_control_block, 72, "event_channel.h, FIFO ABI");
OFFSET(struct evtchn_fifo_control_block, head, 8, "event_channel.h, FIFO ABI");
_Static_assert(EVTCHN_2L_NR_CHANNELS == 4096, "event_channel.h, two-level ABI");
_Static_assert(EVTCHN_FIFO_NR_CHANNELS == 131072, "event_channel.h, FIFO ABI");

/* xen.h */
SIZE(struct vcpu_info, 64, "xen.h, struct vcpu_info");
OFFSET(struct vcpu_info, evtchn_pending_sel, 8, "xen.h, struct vcpu_info");
OFFSET(struct shared_info, evtchn_pending, 2048, "xen.h, struct shared_info");
OFFSET(struct shared_info, evtchn_mask, 2560, "xen.h, struct shared_info");

/* grant_table.h */
SIZE(grant_entry_v1_t, 8, "grant_table.h, version 1 entry");
SIZE(grant_entry_v2_t, 16, "grant_table.h, version 2 entry");
OFFSET(grant_entry_v1_t, domid, 2, "grant_table.h, flags and domid are one word");
OFFSET(grant_entry_v2_t, hdr.domid, 2, "grant_table.h, flags and domid are one word");
OFFSET(grant_entry_v2_t, full_page.frame, 8, "grant_table.h, same place in both kinds of entry");
OFFSET(grant_entry_v2_t, sub_page.frame, 8, "grant_table.h, same place in both kinds of entry");
SIZE(grant_status_t, 2, "grant_table.h, status frame");
SIZE(gnttab_map_grant_ref_t, 32, "grant_table.h, GNTTABOP_map_grant_ref");
SIZE(gnttab_unmap_grant_ref_t, 24, "grant_table.h, GNTTABOP_unmap_grant_ref");
SIZE(gnttab_unmap_and_replace_t, 24, "grant_table.h, GNTTABOP_unmap_and_replace");
SIZE(gnttab_setup_table_t, 24, "grant_table.h, GNTTABOP_setup_table");
SIZE(gnttab_copy_t, 40, "grant_table.h, GNTTABOP_copy");
SIZE(gnttab_query_size_t, 16, "grant_table.h, GNTTABOP_query_size");
SIZE(gnttab_get_status_frames_t, 16, "grant_table.h, GNTTABOP_get_status_frames");
SIZE(gnttab_swap_grant_ref_t, 12, "grant_table.h, GNTTABOP_swap_grant_ref");
