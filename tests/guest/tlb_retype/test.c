/*
 * A frame that was mapped writable may become a page table only after no TLB can write to it any more, even when the
 * guest never flushed (several holes of the years 2017 to 2022). Entry and use of the stale translation on one CPU.
 *
 * Faults: both ways
 */
#include "pv.h"

void test(void)
{
    for (unsigned round = 0; round < 20; round++) {
        volatile u64 *page = page_alloc();
        page[0] = 0;                                        /* the TLB knows it, writable and dirty */
        /* Read-only without any flush: the guest's own negligence. */
        OK("read-only, no flush", hc(__HYPERVISOR_update_va_mapping, page, va_mfn((void *)page) << 12 | READ_PAGE, 0));
        OK("pin", mmuext1(MMUEXT_PIN_L1_TABLE, va_mfn((void *)page)));
        struct fault f;
        /* an entry that is refused: stored only behind the hypervisor's back */
        TRY(f, page[1] = 0x200000 | KERNEL_PAGE);
        check(__FILE__, __LINE__, "write through a stale translation", (long)f.vector, 14);
        OK("unpin", mmuext1(MMUEXT_UNPIN_TABLE, va_mfn((void *)page)));
    }
    /* the other order: stale read of a page given away is not possible either: see balloon tests */
}
