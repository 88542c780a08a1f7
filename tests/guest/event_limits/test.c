/* As many ports as there are: the end is an error, everything can be closed and used again. */
#include "pv.h"

void test(void)
{
    u32 n = 0, last = 0;
    long rc;
    for (;;) {
        struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
        rc = evtchn(EVTCHNOP_alloc_unbound, &a);
        if (rc || n > 140000)
            break;
        n++;
        last = a.port;
    }
    EXPECT_EQ("the end is -ENOSPC", rc, -ENOSPC);
    EXPECT(n >= 4000 && last <= 4095);          /* 2-level has 4096 */
    for (u32 p = 1; p <= last; p++) {
        struct evtchn_close c = { .port = p };
        evtchn(EVTCHNOP_close, &c);
    }
    struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
    OK("again", evtchn(EVTCHNOP_alloc_unbound, &a));
}
