/*
 * What guests are told about time: struct vcpu_time_info in each vcpu's info page, and the wall clock in shared info.
 *
 * Problem: a guest reads these without a lock, perhaps on another CPU.
 * Invariant: `version` is odd while the other fields are in flux and different after every change (xen.h). Serai only
 * writes these fields, except that a version found there is counted on; a guest that scribbles on them misleads
 * itself.
 *
 * Cheap on purpose: the parameters are constants unless TSCs differ between CPUs (see clock.c), so publishing at
 * each vcpu switch compares and mostly writes nothing. The wall clock is carried lazily: a domain gets a new base
 * when one of its vcpus is next published; the CPUs that run guests at that moment are asked to do so at once.
 */
#include "arch/x86/clock.h"
#include "arch/arch.h"
#include "core/domain.h"
#include "core/guest.h"
#include "core/vcpu.h"

#define NS_PER_S 1000000000UL

static void write_time_info(vcpu_time_info_t *t, const vcpu_time_info_t *want)
{
    u32 version = READ_ONCE(t->version) | 1;

    WRITE_ONCE(t->version, version);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    t->tsc_timestamp = want->tsc_timestamp;
    t->system_time = want->system_time;
    t->tsc_to_system_mul = want->tsc_to_system_mul;
    t->tsc_shift = want->tsc_shift;
    t->flags = want->flags;
    __atomic_thread_fence(__ATOMIC_RELEASE);
    WRITE_ONCE(t->version, version + 1);
}

static bool same(const vcpu_time_info_t *a, const vcpu_time_info_t *b)
{
    return a->tsc_timestamp == b->tsc_timestamp && a->system_time == b->system_time &&
           a->tsc_to_system_mul == b->tsc_to_system_mul && a->tsc_shift == b->tsc_shift && a->flags == b->flags &&
           !(READ_ONCE(a->version) & 1) && a->version != 0;
}

/* The secondary area lies at a guest virtual address: it can be absent (user mode's tables); the next time will do. */
static void publish_secondary(gva_t at, vcpu_time_info_t *want)
{
    vcpu_time_info_t have;

    if (copy_from_guest(&have, at, sizeof(have)) || same(&have, want))
        return;
    want->version = have.version | 1;
    if (copy_to_guest(at, &want->version, sizeof(want->version)) || copy_to_guest(at, want, sizeof(*want)))
        return;
    want->version++;
    if (copy_to_guest(at, &want->version, sizeof(want->version)))
        return;     /* vanished meanwhile: stays odd, which readers take as "not now" */
}

void machine_time_publish(struct vcpu *v)
{
    struct clock_scale scale;
    vcpu_time_info_t want = { 0 };

    if (!v->info)
        return;
    clock_parameters(v->processor, &want.tsc_timestamp, &scale);
    want.tsc_to_system_mul = scale.mul;
    want.tsc_shift = scale.shift;
    want.flags = clock_tsc_stable() ? XEN_PVCLOCK_TSC_STABLE_BIT : 0;
    if (!same(&v->info->time, &want))
        write_time_info(&v->info->time, &want);
    if (v->time_gva.va && v == current)
        publish_secondary(v->time_gva, &want);
    machine_wallclock_publish(v->domain);
}

static u64 wall_base(const struct domain *d)
{
    return clock_wall_base() + (u64)((s64)READ_ONCE(d->time_offset) * (s64)NS_PER_S);
}

static void write_wallclock(shared_info_t *s, u64 base)
{
    u64 sec = base / NS_PER_S;

    WRITE_ONCE(s->wc_version, s->wc_version | 1);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    s->wc_sec = (u32)sec;
    s->wc_sec_hi = (u32)(sec >> 32);
    s->wc_nsec = (u32)(base % NS_PER_S);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    WRITE_ONCE(s->wc_version, s->wc_version + 1);
}

/*
 * One writer of a shared info's wall clock at a time. Why no lock? Who does this for another CPU (publish_current())
 * may himself be waiting for that lock, and may even be the one who is to have it next. So who finds a writer leaves it
 * to him, and he looks again when he has done.
 */
void machine_wallclock_publish(struct domain *d)
{
    u64 base = wall_base(d), sec = base / NS_PER_S;
    u32 nsec = (u32)(base % NS_PER_S);
    shared_info_t *s = d->shared;

    if (!s || (s->wc_sec == (u32)sec && s->wc_sec_hi == (u32)(sec >> 32) && s->wc_nsec == nsec && s->wc_version))
        return;
    do {
        if (__atomic_exchange_n(&d->arch.wallclock_written, true, __ATOMIC_SEQ_CST))
            return;
        base = wall_base(d);
        write_wallclock(s, base);
        __atomic_store_n(&d->arch.wallclock_written, false, __ATOMIC_SEQ_CST);
    } while (wall_base(d) != base);
}

static void publish_current(void *unused)
{
    (void)unused;
    if (!vcpu_is_idle(current))
        machine_wallclock_publish(current->domain);
}

void machine_wallclock_set(u64 sec, u32 nsec, ns_t system_time)
{
    clock_wall_set(sec * NS_PER_S + nsec - system_time);
    smp_call(cpus_online, publish_current, NULL);
}
