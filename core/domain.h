/* Domains: what Serai knows of a virtual machine. */
#pragma once
#include "abi/xen.h"
#include "core/lock.h"
#include "core/frame.h"
#include "core/timer.h"
#include "lib/bitops.h"
#include <machine/domain.h>

struct vcpu;
struct event_table;   /* core/event.h */
struct grant_table;   /* core/grant.h */
struct reject_ring;   /* core/reject.c */
struct log_dirty;     /* core/shadow.h */
struct rangeset;      /* lib/rangeset.h */

#define NR_WATCHDOGS 2
#define SHUTDOWN_CODE_NONE 0xff

enum dying { DOMDYING_alive, DOMDYING_dying, DOMDYING_dead };

struct domain {
    domid_t id;
    u16 max_vcpus;
    bool privileged;            /* domain 0: control interface, hardware */
    u8 dying;                   /* enum dying */
    bool logging;               /* its writes are logged: core/log_dirty.c */
    bool polled;                /* a vcpu of it has used SCHEDOP_poll: events must look for pollers */
    u32 refs;                   /* domain_get/put; freed at 0 */
    struct vcpu **vcpu;         /* [max_vcpus], NULL where not created */
    struct domain *next, *prev; /* domain list, ascending id */

    struct domain *next_dead;   /* list of domains without references, or of spare structures */

    struct spinlock lock;       /* class domain */
    u32 pause_count;            /* sum of pauses of the whole domain (atomic) */
    u32 ctl_paused;             /* of them: by the control interface (the builder's initial one included) */
    bool shutting_down, shut_down;
    u8 shutdown_code;           /* SHUTDOWN_*, or SHUTDOWN_CODE_NONE */
    u32 suspend_port;           /* its event channel that tells of a suspend in VIRQ_DOM_EXC's place; 0: none */
    u8 kill_step;               /* how far domain_kill() is */
    u16 kill_vcpu;              /* whose turn it is */
    bool walked;                /* its tables are being undone, frame by frame: what becomes partial may be behind */
    mfn_t kill_cursor;          /* frame whose turn it is, with a reference; 0: none */
    struct timer watchdog[NR_WATCHDOGS]; /* SCHEDOP_watchdog */
    struct timer burial;        /* to free a piece more of what it left, when nobody knows it any more */
    u32 watchdogs_used;         /* bit per watchdog, under lock */

    struct spinlock mmu_lock;   /* class mmu: page types, page tables */

    struct spinlock page_lock;  /* class pages */
    u32 page_head;              /* first frame of the domain's list (mfn, 0: none), see struct frame */
    u64 tot_pages, max_pages, claim_pages;
    u64 stolen_pages;           /* taken for an exchange that is under way: they or others come back */
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
    u64 vm_assist;              /* bit per VMASST_TYPE_* */
    s32 time_offset;            /* seconds, XEN_DOMCTL_settimeoffset */
    u32 max_grant_frames, max_maptrack_frames, max_evtchn_port;
    struct e820_list *map;      /* memory map for XENMEM_memory_map, NULL: none set */
    u64 affinity_nodes;
    struct log_dirty *log_dirty; /* core/log_dirty.c; once there, it stays */
    void *sched;                /* core/sched.c */
    struct cpupool *pool;       /* CPUs it runs on; changes under the ctl lock */
    struct arch_domain arch;
};

extern struct domain *domain0;
extern struct domain *domain_list;  /* under domlist lock */

/*
 * Look up by id and take a reference: NULL if none. domain_put() when done. Takes no locks. Dying domains are found
 * (d->dying) as long as anybody holds a reference: their own until domain_kill() ends, one while they own frames.
 */
struct domain *domain_get(domid_t id);
void domain_put(struct domain *d);
/* One more reference on a domain that the caller, or something that cannot go away meanwhile, has one on. */
static inline void domain_hold(struct domain *d) { __atomic_fetch_add(&d->refs, 1, __ATOMIC_RELAXED); }
/* Free domains whose last reference is gone (PENDING_TASK, which domain_put() raises). No locks held. */
void domains_reap(void);
void domains_dump(void);
/* The caller itself for DOMID_SELF, or by id if the caller is privileged over it; NULL -> *err = -ESRCH, -EPERM. */
struct domain *domain_get_target(domid_t id, long *err);

struct domain_config {
    u32 max_vcpus, flags;
    u32 max_evtchn_port;
    u32 max_grant_frames, max_maptrack_frames;
    u32 grant_max_version;
    bool privileged;
    u8 handle[16];
    u32 ssidref;
};
/* Create with id (DOMID_INVALID: pick one). Paused, without vcpus or memory. NULL with *err. */
struct domain *domain_create(domid_t id, const struct domain_config *cfg, long *err);

/*
 * Tear down in steps: 0 when all is given back that is not mapped by others, -ERESTART to be called again; -EINVAL for
 * domain 0 and the caller's own. Caller holds a reference and, against a second killer, the ctl lock.
 */
long domain_kill(struct domain *d);

/* Pauses nest. domain_pause() waits: the caller holds no lock that a hypercall of d may wait for (ctl excepted). */
void domain_pause(struct domain *d);            /* all vcpus descheduled on return, unless current */
void domain_pause_nosync(struct domain *d);
void domain_unpause(struct domain *d);

/* Guest-requested or forced shutdown; stops all vcpus and tells domain 0 (VIRQ_DOM_EXC). */
void domain_shutdown(struct domain *d, u8 reason);
/* Undo a shutdown: the vcpus go on where they were. */
void domain_resume(struct domain *d);
/*
 * A guest broke a rule that cannot be answered by an error: report why with its registers, then SHUTDOWN_crash.
 * For domain 0 prints "Domain 0 crashed" and stops or reboots the machine. Returns (the vcpu will not run again).
 */
void domain_crash(struct domain *d, const char *fmt, ...) __printf(2, 3);

#define DOMAIN_MAX_VCPUS 128
/*
 * For for_each_domain(): what is on the list has all its parts while the lock is held, but may have no references any
 * more; who keeps one for longer does domain_get() on its id.
 */
void domain_list_lock(void);
void domain_list_unlock(void);
#define for_each_domain(d) for ((d) = domain_list; (d); (d) = (d)->next)
#define for_each_vcpu(d, v) \
    for (unsigned _i = 0; _i < (d)->max_vcpus; _i++) if (((v) = (d)->vcpu[_i]) != NULL)
