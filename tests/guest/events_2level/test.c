/* Event channels, 2-level: states of a port, delivery bits, masks, who may do what. */
#include "pv.h"

static bool pending(u32 p) { return shared->evtchn_pending[p / 64] >> p % 64 & 1; }

static void clear(u32 p)
{
    __atomic_fetch_and((u64 *)&shared->evtchn_pending[p / 64], ~(1UL << p % 64), __ATOMIC_SEQ_CST);
}

static void mask(u32 p) { __atomic_fetch_or((u64 *)&shared->evtchn_mask[p / 64], 1UL << p % 64, __ATOMIC_SEQ_CST); }
static long send(u32 p) { struct evtchn_send s = { .port = p }; return evtchn(EVTCHNOP_send, &s); }
static long close_port(u32 p) { struct evtchn_close c = { .port = p }; return evtchn(EVTCHNOP_close, &c); }

void test(void)
{
    struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
    OK("alloc_unbound", evtchn(EVTCHNOP_alloc_unbound, &a));
    u32 left = a.port;
    EXPECT(left > 0);
    struct evtchn_status st = { .dom = DOMID_SELF, .port = left };
    OK("status", evtchn(EVTCHNOP_status, &st));
    EXPECT_EQ("unbound", st.status, EVTCHNSTAT_unbound);
    EXPECT_EQ("for domain", st.u.unbound.dom, 0);
    OK("send to an unbound port is lost without an error", send(left));
    struct evtchn_bind_interdomain b = { .remote_dom = DOMID_SELF, .remote_port = left };
    OK("bind_interdomain", evtchn(EVTCHNOP_bind_interdomain, &b));
    u32 right = b.local_port;
    st.port = right;
    OK("status", evtchn(EVTCHNOP_status, &st));
    EXPECT_EQ("interdomain", st.status, EVTCHNSTAT_interdomain);
    EXPECT_EQ("remote port", st.u.interdomain.port, left);
    REFUSED("bind what is bound", evtchn(EVTCHNOP_bind_interdomain, &b));
    EXPECT_EQ("a new interdomain port is pending once (so that no event is lost)", pending(right) || pending(left), 1);
    clear(left), clear(right);
    OK("send", send(right));
    EXPECT_EQ("arrives at the other end", pending(left), 1);
    EXPECT_EQ("not here", pending(right), 0);
    clear(left);
    OK("send", send(left));
    EXPECT_EQ("and back", pending(right), 1);

    /* masks and the selector */
    clear(left), clear(right);
    vi->evtchn_upcall_pending = 0;
    vi->evtchn_pending_sel = 0;
    mask(left);
    OK("send to a masked port", send(right));
    EXPECT_EQ("pending", pending(left), 1);
    EXPECT_EQ("no upcall", vi->evtchn_upcall_pending, 0);
    struct evtchn_unmask u = { .port = left };
    OK("unmask", evtchn(EVTCHNOP_unmask, &u));
    EXPECT_EQ("upcall now", vi->evtchn_upcall_pending, 1);
    EXPECT_EQ("selector", vi->evtchn_pending_sel & 1UL << left / 64, 1UL << left / 64);
    EXPECT_EQ("mask bit is clear", shared->evtchn_mask[left / 64] >> left % 64 & 1, 0);

    OK("close one end", close_port(right));
    st.port = left;
    OK("status of the other", evtchn(EVTCHNOP_status, &st));
    EXPECT_EQ("unbound again", st.status, EVTCHNSTAT_unbound);
    OK("close it", close_port(left));
    REFUSED("close what is closed", close_port(left));
    REFUSED("send to a closed port", send(left));
    REFUSED("unmask of a closed port is harmless or refused", evtchn(EVTCHNOP_unmask, &u) ?: -1);
    st.port = left;
    OK("status", evtchn(EVTCHNOP_status, &st));
    EXPECT_EQ("closed", st.status, EVTCHNSTAT_closed);

    static const u32 bad[] = { 0, 4096, 131072, 0x7fffffff, 0x80000000, 0xffffffff };
    for (unsigned i = 0; i < 6; i++) {
        REFUSED("send", send(bad[i]));
        REFUSED("close", close_port(bad[i]));
        struct evtchn_bind_vcpu bv = { .port = bad[i] };
        REFUSED("bind_vcpu", evtchn(EVTCHNOP_bind_vcpu, &bv));
        u.port = bad[i];
        if (bad[i])
            REFUSED("unmask", evtchn(EVTCHNOP_unmask, &u));
        b.remote_port = bad[i];
        REFUSED("bind_interdomain", evtchn(EVTCHNOP_bind_interdomain, &b));
    }
    EXPECT_EQ("unknown operation", evtchn(99, &u), -ENOSYS);
    a.dom = 55;
    REFUSED("alloc for a domain that is not there", evtchn(EVTCHNOP_alloc_unbound, &a));
    a.dom = DOMID_SELF;
    a.remote_dom = 55;
    OK("remote that is not there yet is fine", evtchn(EVTCHNOP_alloc_unbound, &a));
    struct evtchn_reset r = { .dom = DOMID_SELF };
    OK("reset", evtchn(EVTCHNOP_reset, &r));
    st.port = a.port;
    evtchn(EVTCHNOP_status, &st);
    EXPECT_EQ("everything is closed", st.status, EVTCHNSTAT_closed);
}
