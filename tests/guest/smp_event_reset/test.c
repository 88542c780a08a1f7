/*
 * Three vcpus reset their domain's event channels at once, a fourth sets everything up again each time (control block,
 * event array, more ports than one piece of a reset), and another domain sends to whatever it can bind. A reset gives
 * back the pages in which events are raised: it may do so only when all ports are closed, also when one of its vcpus
 * was held up in an earlier reset and comes back in the middle of a later one. (Xen's resets raced with each other and
 * with senders in 2020.)
 *
 * Image: debug
 * QEMU: -smp 4
 * Seconds: 60
 */
#include "dom.h"

#define PORTS 150
static volatile bool stop;
static volatile u64 resets[4], ended;

/* The other domain: binds to what waits for it, sends, forgets. Word 0: stop. */
static u64 send_all(u64 a, u64 b, u64 c)
{
    u64 sent = 0;
    (void)a, (void)b, (void)c;
    while (!((volatile u64 *)child_mb->word)[0]) {
        for (u32 p = 1; p <= PORTS; p++) {
            struct evtchn_bind_interdomain i = { .remote_dom = 0, .remote_port = p };
            evtchn(EVTCHNOP_bind_interdomain, &i);
        }
        for (unsigned n = 0; n < 20; n++)
            for (u32 p = 1; p <= PORTS; p++) {
                struct evtchn_send s = { .port = p };
                sent += !evtchn(EVTCHNOP_send, &s);
            }
        struct evtchn_reset r = { .dom = DOMID_SELF };
        evtchn(EVTCHNOP_reset, &r);
    }
    return sent;
}

static void reset_loop(unsigned n)
{
    struct evtchn_reset r = { .dom = DOMID_SELF };
    while (!stop) {
        resets[n] += !evtchn(EVTCHNOP_reset, &r);
        for (unsigned i = 0; i < resets[n] * 71 % 3000; i++)
            relax();
    }
    __atomic_fetch_add(&ended, 1, __ATOMIC_SEQ_CST);
}
static void reset_1(void) { reset_loop(1); }
static void reset_2(void) { reset_loop(2); }
static void reset_3(void) { reset_loop(3); }

void test(void)
{
    static struct dom d;
    char *control = page_alloc(), *array = page_alloc();
    u64 fifos = 0, ports = 0;
    dom_create(&d);
    dom_start_call(&d, send_all, 0, 0, 0);
    OK("start", vcpu_start(1, reset_1) | vcpu_start(2, reset_2) | vcpu_start(3, reset_3));
    for (u64 end = now() + 2000000000; now() < end;) {
        struct evtchn_init_control c = { .control_gfn = va_mfn(control) };
        struct evtchn_expand_array e = { .array_gfn = va_mfn(array) };
        fifos += !evtchn(EVTCHNOP_init_control, &c);
        evtchn(EVTCHNOP_expand_array, &e);
        for (unsigned i = 0; i < PORTS; i++) {
            struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = d.id };
            ports += !evtchn(EVTCHNOP_alloc_unbound, &a);
        }
    }
    stop = true;
    for (u64 end = now() + 5000000000; ended < 3 && now() < end;)
        yield_cpu();
    EXPECT_EQ("vcpus that came to an end", ended, 3);
    d.mb->word[0] = 1;
    REQUIRE(dom_wait(&d, 5000000000UL));
    say("  %lu, %lu, %lu resets, %lu control blocks, %lu ports, %lu events", resets[1], resets[2], resets[3], fifos,
        ports, d.mb->ret);
    audit_key();
    struct evtchn_reset r = { .dom = DOMID_SELF };
    OK("the last reset", evtchn(EVTCHNOP_reset, &r));
    for (u32 p = 1; p < 2 * PORTS; p++) {
        struct evtchn_status s = { .dom = DOMID_SELF, .port = p };
        if (!evtchn(EVTCHNOP_status, &s))
            EXPECT_EQ("closed", s.status, EVTCHNSTAT_closed);
    }
    memset(control, 0, 4096);
    memset(array, 0, 4096);
    OK("the pages are free for any use", set_flags(control, READ_PAGE) | set_flags(array, READ_PAGE));
    OK("a page table", mmuext1(MMUEXT_PIN_L1_TABLE, va_mfn(control)));
    OK("a page table", mmuext1(MMUEXT_PIN_L1_TABLE, va_mfn(array)));
    OK("no more", mmuext1(MMUEXT_UNPIN_TABLE, va_mfn(control)) | mmuext1(MMUEXT_UNPIN_TABLE, va_mfn(array)));
    dom_destroy(&d);
    audit_key();
}
