/* Events between two domains: who may bind, both directions, and what closing and death do to the other end. */
#include "dom.h"

static u64 bind(u64 port, u64 b, u64 c)
{
    (void)b, (void)c;
    struct evtchn_bind_interdomain x = { .remote_dom = 0, .remote_port = (u32)port };
    long rc = evtchn(EVTCHNOP_bind_interdomain, &x);
    return rc ? (u64)rc : x.local_port;
}

static u64 send(u64 port, u64 b, u64 c)
{
    (void)b, (void)c;
    struct evtchn_send s = { .port = (u32)port };
    return (u64)evtchn(EVTCHNOP_send, &s);
}

static u64 is_pending(u64 p, u64 b, u64 c) { (void)b, (void)c; return shared->evtchn_pending[p / 64] >> p % 64 & 1; }

static u64 clear(u64 p, u64 b, u64 c)
{
    (void)b, (void)c;
    __atomic_fetch_and((u64 *)&shared->evtchn_pending[p / 64], ~(1UL << p % 64), __ATOMIC_SEQ_CST);
    return 0;
}

static u64 alloc(u64 remote, u64 b, u64 c)
{
    (void)b, (void)c;
    struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = (domid_t)remote };
    return evtchn(EVTCHNOP_alloc_unbound, &a) ? 0 : a.port;
}

void test(void)
{
    static struct dom d, e;
    dom_create(&d);
    dom_create(&e);
    struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = d.id };
    OK("alloc for the first child", evtchn(EVTCHNOP_alloc_unbound, &a));
    EXPECT((long)dom_call(&e, bind, a.port, 0, 0) < 0);     /* not for the second */
    u64 theirs = dom_call(&d, bind, a.port, 0, 0);
    EXPECT((long)theirs > 0);
    EXPECT((long)dom_call(&d, bind, a.port, 0, 0) < 0);     /* not twice */
    clear(a.port, 0, 0);
    dom_call(&d, clear, theirs, 0, 0);
    EXPECT_EQ("child sends", dom_call(&d, send, theirs, 0, 0), 0);
    EXPECT_EQ("arrives", is_pending(a.port, 0, 0), 1);
    EXPECT_EQ("we send", send(a.port, 0, 0), 0);
    EXPECT_EQ("arrives", dom_call(&d, is_pending, theirs, 0, 0), 1);
    EXPECT_EQ("not at the other child", dom_call(&e, is_pending, theirs, 0, 0), 0);
    struct evtchn_close c = { .port = a.port };
    OK("we close", evtchn(EVTCHNOP_close, &c));
    EXPECT_EQ("their end still is a port; sending is lost", dom_call(&d, send, theirs, 0, 0), 0);
    /* a port of the child towards us; the child dies */
    u64 cp = dom_call(&d, alloc, 0, 0, 0);
    struct evtchn_bind_interdomain b = { .remote_dom = d.id, .remote_port = (u32)cp };
    OK("bind to the child", evtchn(EVTCHNOP_bind_interdomain, &b));
    dom_destroy(&d);
    struct evtchn_status st = { .dom = DOMID_SELF, .port = b.local_port };
    OK("status", evtchn(EVTCHNOP_status, &st));
    EXPECT_EQ("our end is unbound after its death", st.status, EVTCHNSTAT_unbound);
    EXPECT_EQ("send to the dead is lost", send(b.local_port, 0, 0), 0);
    struct evtchn_alloc_unbound priv = { .dom = e.id, .remote_dom = 0 };
    OK("domain 0 makes a port in a child", evtchn(EVTCHNOP_alloc_unbound, &priv));
    dom_destroy(&e);
    struct evtchn_status dead = { .dom = e.id, .port = 1 };
    REFUSED("status in the dead", evtchn(EVTCHNOP_status, &dead));
}
