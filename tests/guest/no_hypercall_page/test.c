/*
 * A kernel without a HYPERCALL_PAGE note, as Debian's is: the loader must not insist, and must not write anywhere.
 *
 * Build: -DNO_HYPERCALL_PAGE
 */
#include "pv.h"

void test(void)
{
    unsigned filled = 0;
    for (unsigned i = 0; i < 4096; i++)
        filled += hypercall_page[i] != 0 && (u8)hypercall_page[i] != 0x90;
    EXPECT_EQ("nothing was written where no page was asked for", filled, 0);
    EXPECT_EQ("calls work", hc(__HYPERVISOR_xen_version, XENVER_version), 4 << 16 | 17);
}
