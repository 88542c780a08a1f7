/*
 * Arguments that change while the hypervisor reads them: a second vCPU flips the requests between harmless and hostile.
 * Whatever wins, no page table is ever mapped writable and no foreign frame mapped.
 *
 * QEMU: -smp 2
 */
#include "pv.h"

static volatile bool runs, stop, done;
static mmu_update_t req;
static struct mmuext_op op;
static u64 good_val, evil_val, good_mfn, evil_mfn;

static void flipper(void)
{
    runs = true;
    while (!stop) {
        *(volatile u64 *)&req.val = evil_val;
        *(volatile u64 *)&op.arg1.mfn = evil_mfn;
        *(volatile u64 *)&req.val = good_val;
        *(volatile u64 *)&op.arg1.mfn = good_mfn;
    }
    done = true;
}

void test(void)
{
    char *page = page_alloc(), *page2 = page_alloc();
    u64 *table = table_alloc();
    u64 ma = entry_ma(walk((u64)page, 1)), wrong = 0, took = 0;
    good_val = va_mfn(page2) << 12 | KERNEL_PAGE;
    evil_val = our_l4() << 12 | KERNEL_PAGE;
    good_mfn = va_mfn(table);
    evil_mfn = 0x200;
    req = (mmu_update_t){ .ptr = ma, .val = good_val };
    op = (struct mmuext_op){ .cmd = MMUEXT_PIN_L1_TABLE, .arg1.mfn = good_mfn };
    OK("start", vcpu_start(1, flipper));
    EXPECT_EQ("runs", wait_until(&runs, 3000000000UL), 1);
    u64 *entry = walk((u64)page, 1);
    for (unsigned i = 0; i < 20000; i++) {
        took += !hc(__HYPERVISOR_mmu_update, &req, 1, 0, DOMID_SELF);
        wrong += PTE_MFN(*entry) == our_l4() && (*entry & RW);
        if (!hc(__HYPERVISOR_mmuext_op, &op, 1, 0, DOMID_SELF))
            mmuext1(MMUEXT_UNPIN_TABLE, good_mfn);
    }
    stop = true;
    EXPECT_EQ("done", wait_until(&done, 3000000000UL), 1);
    EXPECT_EQ("page tables mapped writable", wrong, 0);
    EXPECT(took > 0);
    say("  %lu of 20000 requests were taken", took);
}
