/*
 * Virtual CPUs: birth and end, where their shared areas are, and the vcpu_op hypercall (public vcpu.h).
 *
 * A vcpu's info (upcall flags, time) lies where the guest registered it, in shared_info for the first 32 before that,
 * or else in one that no guest sees and whose events are masked. Why not one of these for all? A restored vcpu may run
 * before it registers its own, and unmask events, and leave its fault address. Invariant: v->info is always a mapped
 * vcpu_info that Serai may write to, so nobody who raises an event has to ask.
 *
 * Imprecise on purpose: a sender on another CPU may write to the old place after we copied it to the new one. So the
 * new place is marked "everything may be pending" afterwards and the guest looks for itself (event_vcpu_info_moved()).
 *
 * The runstate copy is written when the vcpu is switched to, from and asked for, with the guest's own mappings and
 * rights; if these are not there (its user address space is loaded), runstate_stale says so. It never kills a guest.
 *
 * Every answer to an absent vcpu is a quiet -ENOENT: Linux asks 8192 times at boot.
 */
#include "core/vcpu.h"
#include "arch/arch.h"
#include "core/cpupool.h"
#include "core/event.h"
#include "core/frame.h"
#include "core/heap.h"
#include "core/hypercall.h"
#include "core/reject.h"
#include "core/sched.h"
#include "core/vcpu_timer.h"
#include "lib/clamp.h"
#include "lib/print.h"
#include "lib/string.h"
#include <machine/uaccess.h>

/* Does v's info live where the guest can see it? */
static bool vcpu_info_visible(const struct vcpu *v) { return v->info != &v->hidden_info; }

static void place_info_initially(struct vcpu *v)
{
    v->info_mfn = MFN_NONE;
    v->hidden_info.evtchn_upcall_mask = 1;
    v->info = v->domain->shared && v->id < XEN_LEGACY_MAX_VCPUS ? &v->domain->shared->vcpu_info[v->id] :
                                                                  &v->hidden_info;
}

/* ---- birth and end ---- */

static long init_parts(struct vcpu *v)
{
    long rc = event_vcpu_init(v);

    if (!rc)
        rc = sched_vcpu_init(v);
    if (!rc && !vcpu_is_idle(v))
        rc = arch_vcpu_init(v);
    return rc;
}

struct vcpu *vcpu_create(struct domain *d, unsigned id, long *err)
{
    struct vcpu *v;

    if (id >= d->max_vcpus || d->vcpu[id]) {
        *err = id >= d->max_vcpus ? reject(-EINVAL, "vcpu %u of domain %u: it has at most %u", id, d->id, d->max_vcpus)
                                  : reject(-EEXIST, "vcpu %u of domain %u exists", id, d->id);
        return NULL;
    }
    v = zalloc(d == idle_domain ? NULL : d, sizeof(*v));
    if (!v) {
        *err = -ENOMEM;
        return NULL;
    }
    v->id = id;
    v->domain = d;
    v->pause_flags = d == idle_domain ? 0 : VPF_DOWN;
    spin_lock_init(&v->virq_lock, vcpu);
    place_info_initially(v);
    vcpu_timers_init(v);
    *err = init_parts(v);
    if (*err) {
        vcpu_destroy(v);
        return NULL;
    }
    __atomic_store_n(&d->vcpu[id], v, __ATOMIC_RELEASE);
    return v;
}

void vcpu_destroy(struct vcpu *v)
{
    struct domain *d = v->domain;

    vcpu_quiesce(v);
    arch_vcpu_destroy(v);
    if (v->sched)
        sched_vcpu_destroy(v);
    event_vcpu_destroy(v);
    if (d->vcpu[v->id] == v)
        d->vcpu[v->id] = NULL;
    zfree(v);
}

void vcpu_quiesce(struct vcpu *v)
{
    mfn_t mfn = v->info_mfn;

    timer_kill(&v->singleshot_timer);
    timer_kill(&v->periodic_timer);
    timer_kill(&v->poll_timer);
    WRITE_ONCE(v->info, &v->hidden_info);
    v->info_mfn = MFN_NONE;
    if (mfn != MFN_NONE)
        frame_put_writable(mfn);
}

/* ---- bringing up and down ---- */

static long op_initialise(struct vcpu *v, gva_t arg)
{
    struct domain *d = v->domain;
    vcpu_guest_context_t *c;
    long rc;

    if (!vcpu_info_visible(v))
        return reject(-EINVAL, "vcpu %u has no vcpu_info: register one first", v->id);
    c = zalloc(d, sizeof(*c)); /* 5 KiB: too much for the stack */
    if (!c)
        return -ENOMEM;
    rc = copy_from_guest(c, arg, sizeof(*c));
    if (!rc) {
        /* A flag, not a lock: validating its page tables takes long, and opens windows for interrupts. */
        if (__atomic_exchange_n(&v->initialising, true, __ATOMIC_ACQUIRE)) {
            rc = reject(-EBUSY, "vcpu %u is being initialised by another vcpu", v->id);
        } else {
            rc = v->initialised ? reject(-EEXIST, "vcpu %u is initialised", v->id) : arch_vcpu_set_context(v, c);
            __atomic_store_n(&v->initialising, false, __ATOMIC_RELEASE);
        }
    }
    zfree(c);
    if (rc == -ERESTART)
        rc = hypercall_continue(__HYPERVISOR_vcpu_op, 3, (u64)VCPUOP_initialise, (u64)v->id, arg.va);
    return rc;
}

static long op_up(struct vcpu *v)
{
    if (!v->initialised)
        return reject(-EINVAL, "vcpu %u has no context to run: initialise it first", v->id);
    if (__atomic_fetch_and(&v->pause_flags, ~VPF_DOWN, __ATOMIC_SEQ_CST) & VPF_DOWN)
        vcpu_wake(v);
    return 0;
}

/* The last one to go down takes the domain with it: nobody could ever bring one up again. */
static long op_down(struct vcpu *v)
{
    struct domain *d = v->domain;
    struct vcpu *o;
    bool last = true;

    spin_lock(&d->lock);
    for_each_vcpu(d, o)
        if (o != v && !(READ_ONCE(o->pause_flags) & VPF_DOWN))
            last = false;
    if (!last)
        __atomic_fetch_or(&v->pause_flags, VPF_DOWN, __ATOMIC_SEQ_CST);
    spin_unlock(&d->lock);
    if (last)
        domain_shutdown(d, SHUTDOWN_poweroff);
    else
        vcpu_sleep_nosync(v);
    return 0;
}

/* ---- shared areas ---- */

static long op_register_info(struct vcpu *v, gva_t arg)
{
    struct vcpu_register_vcpu_info r;
    vcpu_info_t *to;

    if (copy_from_guest(&r, arg, sizeof(r)))
        return reject(-EFAULT, "cannot read the arguments at %#lx", (unsigned long)arg.va);
    if (r.offset > PAGE_SIZE - sizeof(*to) || r.offset % sizeof(u64))
        return reject(-ENXIO, "vcpu_info at offset %u: crosses the page or is not aligned to 8", r.offset);
    if (v->info_mfn != MFN_NONE)
        return reject(-EINVAL, "vcpu %u has registered its vcpu_info already", v->id);
    if (v != current && !(READ_ONCE(v->pause_flags) & VPF_DOWN))
        return reject(-EINVAL, "vcpu %u is up and not the caller: its vcpu_info cannot move", v->id);
    if (!frame_get_writable(r.mfn, v->domain))
        return reject(-EINVAL, "frame %#lx is not writable memory of the domain", (unsigned long)r.mfn);

    spin_lock(&v->domain->lock); /* against another vcpu doing this for us */
    if (v->info_mfn != MFN_NONE) {
        spin_unlock(&v->domain->lock);
        frame_put_writable(r.mfn);
        return reject(-EINVAL, "vcpu %u has registered its vcpu_info already", v->id);
    }
    to = (vcpu_info_t *)((char *)mfn_to_virt(r.mfn) + r.offset);
    memcpy(to, v->info, sizeof(*to)); /* the hidden one: nothing pending, masked */
    v->info_mfn = r.mfn;
    __atomic_store_n(&v->info, to, __ATOMIC_SEQ_CST);
    spin_unlock(&v->domain->lock);
    event_vcpu_info_moved(v);
    return 0;
}

_Static_assert(sizeof(vcpu_runstate_info_t) == 6 * 8, "vcpu.h: runstate is six words");

void vcpu_runstate_publish(struct vcpu *v)
{
    u64 at = v->runstate_gva.va, when = at + offsetof(vcpu_runstate_info_t, state_entry_time);
    vcpu_runstate_info_t r;
    u64 entry;

    if (!at)
        return;
    r = v->runstate;
    v->runstate_stale = true;
    if (!(v->domain->vm_assist & BIT(VMASST_TYPE_runstate_update_flag))) {
        v->runstate_stale = put_guest_six(at, (const u64 *)&r);
        return;
    }
    /* The reader sees the flag before, and without it after, everything else. */
    entry = r.state_entry_time;
    r.state_entry_time |= XEN_RUNSTATE_UPDATE;
    if (put_guest_word(when, r.state_entry_time))
        return;
    __atomic_thread_fence(__ATOMIC_RELEASE);
    if (put_guest_six(at, (const u64 *)&r))
        return;
    __atomic_thread_fence(__ATOMIC_RELEASE);
    v->runstate_stale = put_guest_word(when, entry);
}

static long op_register_runstate(struct vcpu *v, gva_t arg)
{
    struct vcpu_register_runstate_memory_area a;
    vcpu_runstate_info_t now;

    if (copy_from_guest(&a, arg, sizeof(a)))
        return reject(-EFAULT, "cannot read the arguments at %#lx", (unsigned long)arg.va);
    if (a.addr.p && !guest_range_ok(a.addr.p, sizeof(now)))
        return reject(-EFAULT, "runstate area at %#lx is not the guest's", (unsigned long)a.addr.p);
    v->runstate_gva = GVA(a.addr.p);
    if (v == current)
        vcpu_runstate_publish(v);
    else if (a.addr.p) {
        vcpu_runstate_get(v, &now);
        return copy_to_guest(v->runstate_gva, &now, sizeof(now));
    }
    return 0;
}

static long op_register_time(struct vcpu *v, gva_t arg)
{
    struct vcpu_register_time_memory_area a;

    if (copy_from_guest(&a, arg, sizeof(a)))
        return reject(-EFAULT, "cannot read the arguments at %#lx", (unsigned long)arg.va);
    if (a.addr.p && !guest_range_ok(a.addr.p, sizeof(vcpu_time_info_t)))
        return reject(-EFAULT, "time area at %#lx is not the guest's", (unsigned long)a.addr.p);
    v->time_gva = GVA(a.addr.p);
    if (v == current)
        machine_time_publish(v);
    return 0;
}

/* ---- the rest ---- */

static long op_get_runstate(struct vcpu *v, gva_t arg)
{
    vcpu_runstate_info_t r;

    vcpu_runstate_get(v, &r);
    return copy_to_guest(arg, &r, sizeof(r));
}

/* Only a vcpu that cannot move has a physical id worth telling. */
static long op_get_physid(struct vcpu *v, gva_t arg)
{
    u64 mask = v->hard_affinity & v->domain->pool->cpus;
    vcpu_get_physid_t id;

    if (!v->domain->privileged || count_bits(mask) != 1)
        return refuse_quietly(-EINVAL);
    id.phys_id = arch_cpu_physid(lowest_bit(mask));
    return copy_to_guest(arg, &id, sizeof(id));
}

void vcpu_nmi(struct vcpu *v)
{
    arch_vcpu_nmi(v);
    if (__atomic_fetch_and(&v->pause_flags, ~VPF_BLOCKED, __ATOMIC_SEQ_CST) & VPF_BLOCKED)
        vcpu_wake(v);
    else
        vcpu_kick(v);
}

static long op_send_nmi(struct vcpu *v, gva_t arg)
{
    if (!gva_null(arg))
        return reject(-EINVAL, "send_nmi takes no argument");
    vcpu_nmi(v);
    return 0;
}

/* Apart from do_vcpu_op(), whose one frequent case would else pay for this one's stack frame. */
static long __attribute__((noinline)) other_vcpu_op(u32 cmd, u32 vcpuid, u64 arg)
{
    struct domain *d = current->domain;
    struct vcpu *v = vcpuid < d->max_vcpus ?
        __atomic_load_n(&d->vcpu[index_clamp(vcpuid, d->max_vcpus)], __ATOMIC_ACQUIRE) : NULL;
    gva_t at = GVA(arg);

    if (!v)
        return refuse_quietly(-ENOENT);
    switch (cmd) {
    case VCPUOP_initialise: return op_initialise(v, at);
    case VCPUOP_up: return op_up(v);
    case VCPUOP_down: return op_down(v);
    case VCPUOP_is_up: return !(READ_ONCE(v->pause_flags) & VPF_DOWN);
    case VCPUOP_get_runstate_info: return op_get_runstate(v, at);
    case VCPUOP_register_runstate_memory_area: return op_register_runstate(v, at);
    case VCPUOP_set_periodic_timer: return vcpu_op_set_periodic(v, at);
    case VCPUOP_stop_periodic_timer: return vcpu_op_stop_periodic(v);
    case VCPUOP_set_singleshot_timer: return vcpu_op_set_singleshot(v, at);
    case VCPUOP_stop_singleshot_timer: return vcpu_op_stop_singleshot(v);
    case VCPUOP_register_vcpu_info: return op_register_info(v, at);
    case VCPUOP_send_nmi: return op_send_nmi(v, at);
    case VCPUOP_get_physid: return op_get_physid(v, at);
    case VCPUOP_register_vcpu_time_memory_area: return op_register_time(v, at);
    }
    return reject_at("do_vcpu_op", -ENOSYS, "vcpu_op %u", cmd);
}

long do_vcpu_op(u64 cmd, u64 vcpuid, u64 arg)
{
    /* Every tick and every sleep of a tickless kernel. */
    if (likely((u32)cmd == VCPUOP_set_singleshot_timer && (u32)vcpuid == current->id))
        return vcpu_op_set_singleshot(current, GVA(arg));
    return other_vcpu_op((u32)cmd, (u32)vcpuid, arg);
}

long do_nmi_op(u64 cmd, u64 arg)
{
    struct xennmi_callback c;

    switch ((u32)cmd) {
    case XENNMI_register_callback:
        if (copy_from_guest(&c, GVA(arg), sizeof(c)))
            return reject(-EFAULT, "cannot read the arguments at %#lx", (unsigned long)arg);
        return arch_vcpu_nmi_callback(current, c.handler_address);
    case XENNMI_unregister_callback:
        return arch_vcpu_nmi_callback(current, 0);
    }
    return reject(-ENOSYS, "nmi_op %u", (u32)cmd);
}
