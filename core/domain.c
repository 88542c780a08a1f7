/*
 * The domain table, birth and end of a domain. What happens between is elsewhere: shutdown.c (pausing, shutting down,
 * crashing), domain_kill.c (giving everything back).
 *
 * Problem: hot paths of every CPU (grant copies, foreign mappings, freeing a frame) look domains up by id, while others
 * create and destroy them. They must neither meet on a lock nor hold a domain that is freed.
 *
 * Invariant: the memory of a struct domain is never used for anything else (freed ones are kept for the next domain),
 * and a reference can be taken only while the count is not zero. So a lookup may read a stale pointer, try to take a
 * reference, and then check that what it holds is what it asked for; if not, it gives the reference back to whoever
 * that is.
 *
 * References: one from creation until domain_kill() is done, one while the domain owns frames (core/frame.c), and those
 * of whoever works with it. When the last one goes, the domain cannot be found any more; it is freed by domains_reap()
 * on the exit path, because the last reference may be dropped under any lock; a large grant table in pieces, and many
 * domains a few at a time, from timers, so that whoever was the last to know them does not pay for all of it.
 *
 * The table is two-level so that few domains cost little; ids rise until they wrap, so that an id names one domain for
 * a long time.
 */
#include "core/domain.h"
#include "arch/arch.h"
#include "core/event.h"
#include "core/grant.h"
#include "core/heap.h"
#include "core/hypercall.h"
#include "core/log_dirty.h"
#include "core/reject.h"
#include "core/sched.h"
#include "core/stir.h"
#include "core/vcpu.h"
#include "lib/print.h"
#include "lib/rangeset.h"
#include "lib/clamp.h"
#include "lib/string.h"

#define IDS_PER_LEAF 512
#define NR_LEAVES (DOMID_FIRST_RESERVED / IDS_PER_LEAF + 1)
#define BYTES_PER_VCPU KiB(64)
#define BURIAL_PAUSE 50000      /* ns from one piece of a large grant table to the next */
#define REAPED_AT_ONCE 8        /* domains, or pieces of their grant tables */

struct domain *domain0;
struct domain *domain_list;

static struct spinlock domlist_lock = SPINLOCK(domlist);
static struct domain **table[NR_LEAVES];
static struct domain *last_domain;      /* of the list; under domlist_lock */
static struct domain *dead_list;        /* last reference gone, not freed yet; lock-free stack */
static struct domain *spare_list;       /* structures for new domains; under domlist_lock */
static domid_t next_id = 1;             /* under domlist_lock */

static struct domain **slot_of(domid_t id)
{
    struct domain **leaf;

    if (id >= DOMID_FIRST_RESERVED)
        return NULL;
    leaf = __atomic_load_n(&table[index_clamp(id / IDS_PER_LEAF, NR_LEAVES)], __ATOMIC_ACQUIRE);
    return leaf ? &leaf[id % IDS_PER_LEAF] : NULL;
}

/* ---- references ---- */

struct domain *domain_get(domid_t id)
{
    struct domain **slot = slot_of(id);
    struct domain *d = slot ? __atomic_load_n(slot, __ATOMIC_ACQUIRE) : NULL;
    u32 refs;

    if (!d)
        return NULL;
    stir();
    refs = READ_ONCE(d->refs);
    do {
        if (!refs)
            return NULL;
    } while (!__atomic_compare_exchange_n(&d->refs, &refs, refs + 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
    if (likely(d->id == id && __atomic_load_n(slot, __ATOMIC_RELAXED) == d))
        return d;
    domain_put(d);
    return NULL;
}

/* To be freed when this CPU has time. */
static void bury(void *domain)
{
    struct domain *d = domain, *head = __atomic_load_n(&dead_list, __ATOMIC_RELAXED);

    do {
        d->next_dead = head;
    } while (!__atomic_compare_exchange_n(&dead_list, &head, d, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
    cpu_raise(smp_cpu(), PENDING_TASK);
}

void domain_put(struct domain *d)
{
    if (!__atomic_sub_fetch(&d->refs, 1, __ATOMIC_ACQ_REL))
        bury(d);
}

struct domain *domain_get_target(domid_t id, long *err)
{
    struct domain *me = current->domain, *d;

    if (id == DOMID_SELF || id == me->id) {
        __atomic_fetch_add(&me->refs, 1, __ATOMIC_RELAXED); /* it runs, so it has references */
        return me;
    }
    d = domain_get(id);
    if (!d) {
        *err = refuse_quietly(-ESRCH);
    } else if (!me->privileged) {
        domain_put(d);
        *err = reject(-EPERM, "domain %u is not its own", id);
        d = NULL;
    }
    return d;
}

/* ---- birth ---- */

/* Enter d into the table and the list under its id, or the next free one; false if taken or none is free. */
static bool claim_id(struct domain *d, domid_t id)
{
    bool any = id == DOMID_INVALID;

    for (unsigned tries = 0; tries < DOMID_FIRST_RESERVED; tries++) {
        if (any) {
            id = next_id;
            next_id = next_id == DOMID_FIRST_RESERVED - 1 ? 1 : next_id + 1;
        }
        if (!table[id / IDS_PER_LEAF]) {
            struct domain **leaf = zalloc(NULL, IDS_PER_LEAF * sizeof(*leaf));
            if (!leaf)
                return false;
            __atomic_store_n(&table[id / IDS_PER_LEAF], leaf, __ATOMIC_RELEASE);
        }
        if (!*slot_of(id)) {
            d->id = id;
            __atomic_store_n(slot_of(id), d, __ATOMIC_RELEASE); /* no references yet: nobody can get it */
            return true;
        }
        if (!any)
            return false;
    }
    return false;
}

static struct domain *alloc_domain(domid_t id)
{
    struct domain *d;

    spin_lock(&domlist_lock);
    d = spare_list;
    if (d) {
        spare_list = d->next_dead;
        memset(d, 0, sizeof(*d));
    } else {
        d = zalloc(NULL, sizeof(*d));
    }
    if (d && !claim_id(d, id)) {
        d->next_dead = spare_list;
        spare_list = d;
        d = NULL;
    }
    spin_unlock(&domlist_lock);
    return d;
}

/* On the list, at the place of its id: ids rise until they wrap, so that is nearly always the end. */
static void list_insert(struct domain *d)
{
    struct domain *prev = last_domain;

    while (prev && prev->id > d->id)
        prev = prev->prev;
    d->prev = prev;
    d->next = prev ? prev->next : domain_list;
    if (d->next)
        d->next->prev = d;
    else
        last_domain = d;
    /* Who walks without the lock sees it whole. */
    __atomic_store_n(prev ? &prev->next : &domain_list, d, __ATOMIC_RELEASE);
}

static void list_remove(struct domain *d)
{
    if (d->prev)
        d->prev->next = d->next;
    else
        domain_list = d->next;
    if (d->next)
        d->next->prev = d->prev;
    else
        last_domain = d->prev;
}

/* Who walks the list under its lock sees only domains that have all their parts. */
static void unlist(struct domain *d)
{
    spin_lock(&domlist_lock);
    list_remove(d);
    spin_unlock(&domlist_lock);
}

static void release_id(struct domain *d)
{
    spin_lock(&domlist_lock);
    __atomic_store_n(slot_of(d->id), NULL, __ATOMIC_RELEASE);
    d->next_dead = spare_list;
    spare_list = d;
    spin_unlock(&domlist_lock);
}

static void watchdog_fired(void *data) { domain_shutdown(data, SHUTDOWN_watchdog); }

static void init_fields(struct domain *d, const struct domain_config *cfg)
{
    spin_lock_init(&d->lock, domain);
    spin_lock_init(&d->mmu_lock, mmu);
    spin_lock_init(&d->page_lock, pages);
    d->privileged = cfg->privileged;
    d->pause_count = d->ctl_paused = 1;
    d->shutdown_code = SHUTDOWN_CODE_NONE;
    memcpy(d->handle, cfg->handle, sizeof(d->handle));
    d->ssidref = cfg->ssidref;
    d->create_flags = cfg->flags;
    d->max_evtchn_port = cfg->max_evtchn_port;
    d->max_grant_frames = cfg->max_grant_frames;
    d->max_maptrack_frames = cfg->max_maptrack_frames;
    d->affinity_nodes = 1;
    for (unsigned i = 0; i < NR_WATCHDOGS; i++)
        timer_init(&d->watchdog[i], watchdog_fired, d, smp_cpu());
    timer_init(&d->burial, bury, d, smp_cpu());
    /* Domain 0 may use what there is; others what their limits can amount to, for both grant versions. */
    if (!d->privileged)
        d->serai_limit = MiB(2) + cfg->max_vcpus * BYTES_PER_VCPU +
                         PAGE_SIZE * (2UL * d->max_grant_frames + d->max_maptrack_frames);
}

static long init_parts(struct domain *d, const struct domain_config *cfg)
{
    long rc = reject_domain_init(d);

    if (rc)
        return rc;
    d->vcpu = zalloc(d, cfg->max_vcpus * sizeof(*d->vcpu));
    d->shared = shared_page_alloc(d);
    d->iomem = rangeset_create(d);
    d->ioports = rangeset_create(d);
    d->irqs = rangeset_create(d);
    if (!d->vcpu || !d->shared || !d->iomem || !d->ioports || !d->irqs)
        return -ENOMEM;
    d->max_vcpus = (u16)cfg->max_vcpus;
    /* A guest that has not registered its vcpu_info expects events masked, as after reset. */
    for (unsigned i = 0; i < XEN_LEGACY_MAX_VCPUS; i++)
        d->shared->vcpu_info[i].evtchn_upcall_mask = 1;
    rc = arch_domain_init(d);
    if (!rc)
        rc = event_domain_init(d);
    if (!rc)
        rc = grant_domain_init(d, cfg->grant_max_version);
    return rc ? rc : sched_domain_init(d);
}

/* Everything that init_parts() made, as far as it came. No vcpu runs, no frame is owned. */
static void free_parts(struct domain *d)
{
    for (unsigned i = d->max_vcpus; i-- > 0;)
        if (d->vcpu[i]) {
            vcpu_destroy(d->vcpu[i]);
            (void)preempt_check();
        }
    if (d->sched)
        sched_domain_destroy(d);
    if (d->grant)
        grant_domain_destroy(d);
    event_domain_destroy(d);
    arch_domain_destroy(d);
    rangeset_destroy(d->iomem);
    rangeset_destroy(d->ioports);
    rangeset_destroy(d->irqs);
    shared_page_free(d->shared);
    zfree(d->map);
    zfree(d->vcpu);
    log_dirty_destroy(d);
    reject_domain_destroy(d);
}

struct domain *domain_create(domid_t id, const struct domain_config *cfg, long *err)
{
    struct domain *d;

    if (!cfg->max_vcpus || cfg->max_vcpus > DOMAIN_MAX_VCPUS) {
        *err = reject(-EINVAL, "a domain of %u vcpus: 1 to %u", cfg->max_vcpus, DOMAIN_MAX_VCPUS);
        return NULL;
    }
    if (id >= DOMID_FIRST_RESERVED && id != DOMID_INVALID) {
        *err = reject(-EINVAL, "domain id %u: ids end at %u", id, DOMID_FIRST_RESERVED - 1);
        return NULL;
    }
    d = alloc_domain(id);
    if (!d) {
        struct domain **slot = slot_of(id);
        bool taken = slot && *slot;
        *err = reject(taken ? -EEXIST : -ENOMEM, "domain id %u: %s", id, taken ? "in use" : "no memory for a domain");
        return NULL;
    }
    init_fields(d, cfg);
    *err = init_parts(d, cfg);
    if (*err) {
        reject(*err, "a new domain could not be set up");
        free_parts(d);
        release_id(d);
        return NULL;
    }
    spin_lock(&domlist_lock);
    list_insert(d);
    spin_unlock(&domlist_lock);
    if (!d->id)
        domain0 = d;
    __atomic_store_n(&d->refs, 1, __ATOMIC_RELEASE);
    return d;
}

/* ---- end ---- */

static void domain_free(struct domain *d)
{
    struct timer *w;

    unlist(d);
    for (w = d->watchdog; w < d->watchdog + NR_WATCHDOGS; w++)
        timer_kill(w);
    free_parts(d);
    /* Shared pages freed just now were not accounted any more: without references it is not found by id. */
    if (d->serai_bytes != d->shared_pages * PAGE_SIZE)
        log_error("d%u: %lu bytes of Serai memory are still charged to it", d->id,
                  (unsigned long)(d->serai_bytes - d->shared_pages * PAGE_SIZE));
    release_id(d);
    if (domain0)
        virq_send_host(VIRQ_DOM_EXC); /* tools may look again: it is gone */
}

void domains_reap(void)
{
    struct domain *d = __atomic_exchange_n(&dead_list, NULL, __ATOMIC_ACQUIRE);

    /* One mapper that lets go may have been the last to know many. */
    for (unsigned n = 0; d; n++) {
        struct domain *next = d->next_dead;
        if (n >= REAPED_AT_ONCE || grant_domain_shrink(d))
            timer_set(&d->burial, now_ns() + (1 + n / REAPED_AT_ONCE) * BURIAL_PAUSE); /* guests run in between */
        else
            domain_free(d);
        (void)preempt_check();
        d = next;
    }
}

void domain_list_lock(void) { spin_lock(&domlist_lock); }
void domain_list_unlock(void) { spin_unlock(&domlist_lock); }

void domains_dump(void)
{
    struct domain *d;
    struct vcpu *v;

    spin_lock(&domlist_lock);
    for_each_domain(d) {
        log_always("d%u: refs %u, pauses %u (%u by tools)%s%s, pages %lu of %lu, shared %lu, charged %lu of %lu",
                   d->id, d->refs, d->pause_count, d->ctl_paused, d->dying ? ", dying" : "",
                   d->shut_down ? ", shut down" : "", (unsigned long)d->tot_pages, (unsigned long)d->max_pages,
                   (unsigned long)d->shared_pages, (unsigned long)d->serai_bytes, (unsigned long)d->serai_limit);
        for_each_vcpu(d, v)
            log_always("  v%u: CPU%u%s flags %lx pauses %u, upcall pending %u masked %u, affinity %lx soft %lx", v->id,
                       v->processor, v->running ? " running" : "", v->pause_flags, v->pause_count,
                       v->info->evtchn_upcall_pending, v->info->evtchn_upcall_mask, (unsigned long)v->hard_affinity,
                       (unsigned long)v->soft_affinity);
    }
    spin_unlock(&domlist_lock);
}
