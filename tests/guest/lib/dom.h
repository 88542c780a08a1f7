/*
 * A second domain, made of our own image: a copy of the test's code and data starts in it and does what domain 0 says,
 * which is to call functions. So a test of two domains is one file, and both halves stand next to each other.
 */
#pragma once
#include "pv.h"
#include <xen/domctl.h>
#include <xen/sysctl.h>

#define MAX_DOM_PAGES 512

/* In the child's page and mapped by domain 0. */
struct mailbox {
    volatile u32 request, done;         /* equal: idle */
    volatile u64 fn, arg[3], ret;
    volatile u32 log_len, checks, fails, over;
    char log[2048];
    u64 word[128];                      /* for the test's use */
};
_Static_assert(sizeof(struct mailbox) <= 4096, "one page");

struct dom {
    u16 id;
    unsigned pages;
    u64 mfn[MAX_DOM_PAGES];             /* frames by pfn */
    u64 l4;                             /* frame */
    u64 shared_mfn;
    volatile struct mailbox *mb;
    u64 mb_mfn;
};

/* domain 0's side */
long domctl(struct xen_domctl *op);     /* fills in the version */
long sysctl(struct xen_sysctl *op);     /* the same */
long domctl_simple(u32 cmd, u16 id);
extern u32 dom_max_port;                /* of domains created from now on; 1023 at first */
extern s32 dom_max_grant_frames;        /* the same; -1 at first: Serai's default */
long dom_create_empty(struct dom *d, unsigned vcpus, u64 max_pages);
void dom_create(struct dom *d);         /* built, running, waiting; ends the test if that fails */
void dom_create_vcpus(struct dom *d, unsigned vcpus); /* the same with room for more vcpus */
u64 dom_call(struct dom *d, u64 (*fn)(u64, u64, u64), u64 a, u64 b, u64 c);
void dom_start_call(struct dom *d, u64 (*fn)(u64, u64, u64), u64 a, u64 b, u64 c);
bool dom_wait(struct dom *d, u64 ns);   /* false: not done yet */
void dom_drain(struct dom *d);          /* take over its log and its counts */
void dom_destroy(struct dom *d);        /* its mailbox is unmapped first */
u64 free_pages(void);                   /* of the machine */
#define ANY_AMOUNT (~0UL)
/*
 * The same, once what dead domains held has come back and equals `want`, or after two seconds (a tenth of one for
 * ANY_AMOUNT).
 */
u64 free_pages_settled(u64 want);
/* Make and destroy a domain: what the hypervisor keeps for the next one is taken before a test counts. */
u64 free_pages_after_first_domain(void);
long domain_info(u16 id, struct xen_domctl_getdomaininfo *info);
u64 domain_ran(u16 id);                 /* ns that its vcpus ran, all together */
void domain_share(u16 id, unsigned weight, unsigned cap);       /* as xl sched-credit2 -w -c; cap 0: none */
void domain_pin(u16 id, unsigned vcpu, u64 cpus);               /* hard affinity */

void nap(void);                         /* two milliseconds without the CPU */
bool is_debug_build(void);              /* assertions on; false if the hypervisor says so or does not say */
void audit_key(void);                   /* the auditor recounts; the runner fails a test in which it finds a defect */
void audit_deaths(bool on);

/* the child's side */
extern volatile struct mailbox *child_mb;
void child_early(void);
void child_loop(void);
void child_say(const char *text, unsigned n);
void __attribute__((noreturn)) child_exit(void);
