/* Domains: what Serai knows of a virtual machine. */
#pragma once
#include "abi/xen.h"
#include "core/lock.h"
#include "core/frame.h"
#include "lib/bitops.h"
#include <machine/domain.h>

struct vcpu;
struct event_table;   /* core/event.h */
struct grant_table;   /* core/grant.h */
struct reject_ring;   /* core/reject.c */
struct rangeset;      /* lib/rangeset.h */

enum dying { DOMDYING_alive, DOMDYING_dying, DOMDYING_dead };

struct domain {
    domid_t id;
    u16 max_vcpus;
    bool privileged;            /* domain 0: control interface, hardware */
    u8 dying;                   /* enum dying */
    bool created;               /* visible to others */
    u32 refs;                   /* domain_get/put; freed at 0 */
    struct vcpu **vcpu;         /* [max_vcpus], NULL where not created */
    struct domain *next;        /* domain list, ascending id */

    struct spinlock lock;       /* class domain */
    u32 pause_count;            /* sum of pauses of the whole domain (atomic) */
    u32 ctl_paused;             /* of them: by the control interface (the builder's initial one included) */
    bool shutting_down, shut_down;
    u8 shutdown_code;           /* SHUTDOWN_* */

    struct spinlock mmu_lock;   /* class mmu: page types, page tables */

    struct spinlock page_lock;  /* class pages */
    u32 page_head;              /* first frame of the domain's list (mfn, 0: none), see struct frame */
    u64 tot_pages, max_pages, claim_pages;
    u64 shared_pages;           /* FRAME_SERAI frames */
    u64 serai_bytes, serai_limit; /* objects of Serai charged to this domain */

    shared_info_t *shared;
    struct event_table *event;
    struct grant_table *grant;
    struct reject_ring *reject;
    struct rangeset *iomem;     /* mfns it may map though they are not its RAM */
    struct rangeset *ioports;
    struct rangeset *irqs;      /* machine GSIs it may bind */

    u8 handle[16];
    u32 ssidref;
    u32 create_flags;
    u32 vm_assist;              /* bit per VMASST_TYPE_* */
    s32 time_offset;            /* seconds, XEN_DOMCTL_settimeoffset */
    u32 max_grant_frames, max_maptrack_frames, max_evtchn_port;
    struct e820_list *map;      /* memory map for XENMEM_memory_map, NULL: none set */
    ns_t created_at;
    u64 affinity_nodes;
    void *sched;                /* core/sched.c */
    struct arch_domain arch;
};

extern struct domain *domain0;
extern struct domain *domain_list;  /* under domlist lock */

/* Look up by id and take a reference: NULL if none. domain_put() when done. No locks. */
struct domain *domain_get(domid_t id);
void domain_put(struct domain *d);
/* The caller itself for DOMID_SELF, or by id if the caller is privileged over it; NULL -> *err = -ESRCH, -EPERM. */
struct domain *domain_get_target(domid_t id, long *err);

struct domain_config {
    u32 max_vcpus, flags;
    u32 max_evtchn_port;
    s32 max_grant_frames, max_maptrack_frames; /* -1: default */
    u32 grant_max_version;
    bool privileged;
    u8 handle[16];
    u32 ssidref;
};
/* Create with id (DOMID_INVALID: pick one). Paused, without vcpus or memory. NULL with *err. */
struct domain *domain_create(domid_t id, const struct domain_config *cfg, long *err);

/* Tear down in steps: 0 when all is given back, -ERESTART to be called again. Caller holds a reference. */
long domain_kill(struct domain *d);

void domain_pause(struct domain *d);            /* all vcpus descheduled on return, unless current */
void domain_pause_nosync(struct domain *d);
void domain_unpause(struct domain *d);

/* Guest-requested or forced shutdown; stops all vcpus and tells domain 0 (VIRQ_DOM_EXC). */
void domain_shutdown(struct domain *d, u8 reason);
void domain_resume(struct domain *d);
/* A guest broke a rule that cannot be answered by an error: report why with its registers, then SHUTDOWN_crash.
 * For domain 0 prints "Domain 0 crashed" and stops or reboots the machine. Returns (the vcpu will not run again). */
void domain_crash(struct domain *d, const char *fmt, ...) __printf(2, 3);

#define for_each_domain(d) for ((d) = domain_list; (d); (d) = (d)->next)
#define for_each_vcpu(d, v) \
    for (unsigned _i = 0; _i < (d)->max_vcpus; _i++) if (((v) = (d)->vcpu[_i]) != NULL)
