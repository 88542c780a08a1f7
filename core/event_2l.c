/*
 * The two-level ABI: one pending and one mask bit per port in the shared info page, and per vcpu a selector word
 * with a bit for each long of pending bits.
 *
 * The guest reads downwards (upcall flag, selector, pending) and clears as it goes; we write upwards with locked
 * operations, so whichever order the two meet in, either the guest sees the bit or we see that it had not been set
 * and tell it again. A masked port gets its pending bit and nothing else: the edge is the guest's to find.
 */
#include "core/event_internal.h"

static void select_and_mark(struct vcpu *v, u32 port)
{
    if (!test_and_set_bit(port / BITS_PER_LONG, (unsigned long *)&v->info->evtchn_pending_sel))
        vcpu_mark_pending(v);
}

bool twolevel_raise(struct domain *d, struct vcpu *v, u32 port)
{
    shared_info_t *s = d->shared;

    /* A FIFO guest that resets has ports beyond 4096 until the last is closed; there is no bit for them. */
    if (port >= EVTCHN_2L_NR_CHANNELS || test_and_set_bit(port, (unsigned long *)s->evtchn_pending))
        return false;
    if (!test_bit(port, (unsigned long *)s->evtchn_mask))
        select_and_mark(v, port);
    return true;
}

void twolevel_unmask(struct domain *d, struct vcpu *v, u32 port)
{
    shared_info_t *s = d->shared;

    if (port >= EVTCHN_2L_NR_CHANNELS)
        return;
    port = (u32)index_clamp(port, EVTCHN_2L_NR_CHANNELS);
    if (test_and_clear_bit(port, (unsigned long *)s->evtchn_mask) && test_bit(port, (unsigned long *)s->evtchn_pending))
        select_and_mark(v, port);
}
