/* Sixty domains at once, all answering; then gone, with their memory; numbers are used again. */
#include "dom.h"

void test(void)
{
    static struct dom d;
    static u16 ids[60];
    u64 before = 0;
    for (unsigned round = 0; round < 3; round++) {
        unsigned n;
        for (n = 0; n < 60; n++) {
            if (dom_create_empty(&d, 2, 64))
                break;
            ids[n] = d.id;
            for (unsigned i = 0; i < n; i++)
                EXPECT(ids[i] != d.id);
        }
        EXPECT_EQ("created", n, 60);
        for (unsigned i = 0; i < n; i++) {
            long rc;
            while ((rc = domctl_simple(XEN_DOMCTL_destroydomain, ids[i])) == -ERESTART)
                ;
            OK("destroyed", rc);
        }
        /* The hypervisor may keep what it made for the first sixty, but not a page per domain for the next. */
        u64 after = free_pages_settled(ANY_AMOUNT);
        if (round)
            EXPECT(after + 59 >= before);
        before = after;
    }
}
