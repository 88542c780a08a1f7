/*
 * Bad neighbours: what guests do who would like to have more than their share, each for ever. A test that includes this
 * says how one burns its CPU, and what happens after each round of what the others do (mostly nothing).
 */
#pragma once
#include "share.h"

static u64 burn(u64 a, u64 b, u64 c);
static void each_round(void);

static void burn_too(void) { burn(0, 0, 0); }

static u64 burn_on_two(u64 a, u64 b, u64 c)
{
    REQUIRE_OK(vcpu_start(1, burn_too));
    return burn(a, b, c);
}

/* Events to port `to` of domain `dom`, which waits for the neighbour: neighbour_start() makes it. */
static u64 flood(u64 dom, u64 to, u64 c)
{
    (void)c;
    struct evtchn_bind_interdomain x = { .remote_dom = (domid_t)dom, .remote_port = (u32)to };
    REQUIRE_OK(evtchn(EVTCHNOP_bind_interdomain, &x));
    struct evtchn_send send = { .port = x.local_port };
    for (;; each_round())
        evtchn(EVTCHNOP_send, &send);
}

/* Give back so many pages and take them again. */
static u64 balloon(u64 batch, u64 b, u64 c)
{
    (void)b, (void)c;
    static xen_pfn_t frames[64];
    u64 first = va_pfn(page_alloc());
    for (unsigned i = 0; i < batch; i++) {
        void *va = i ? page_alloc() : (void *)(VIRT_BASE + (first << 12));
        frames[i] = va_mfn(va);
        REQUIRE_OK(set_va(va, 0));
    }
    for (;; each_round()) {
        struct xen_memory_reservation r = { .nr_extents = batch, .domid = DOMID_SELF };
        set_xen_guest_handle(r.extent_start, frames);
        REQUIRE_OK(hc(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, &r));
        for (unsigned i = 0; i < batch; i++)
            frames[i] = first + i;
        if (hc(__HYPERVISOR_memory_op, XENMEM_populate_physmap, &r) != (long)batch)
            fatal("balloon");
    }
}

/* One with so many vcpus starts fn(a, b); of flood(), b is the port made here. b. */
static u64 neighbour_start(struct dom *d, unsigned vcpus, u64 (*fn)(u64, u64, u64), u64 a, u64 b)
{
    dom_create_vcpus(d, vcpus);
    if (fn == flood) {
        struct evtchn_alloc_unbound to = { .dom = (domid_t)a, .remote_dom = d->id };
        OK("port", evtchn(EVTCHNOP_alloc_unbound, &to));
        b = to.port;
    }
    dom_start_call(d, fn, a, b, 0);
    return b;
}

static void drain_and_destroy(struct dom *d)
{
    dom_drain(d);
    dom_destroy(d);
}
