/*
 * A frame becomes a page table while another CPU still has a writable translation of it in its TLB. The other CPU
 * hammers writes; the hypervisor must have flushed it before the pin succeeds.
 *
 * QEMU: -smp 2
 */
#include "pv.h"

static volatile bool runs, stop, done;
static volatile u64 *volatile page;
static volatile u64 faults;

static void skip_write(struct regs *r)
{
    /* The writer is one instruction, "mov %rax, (%rcx)", of three bytes. */
    faults++;
    r->rip += 3;
}

static void writer(void)
{
    /* Vcpus have trap tables of their own. */
    trap_set(14, 0, FLAT_KERNEL_CS, (u64)trap_stubs + 14 * 16);
    runs = true;
    while (!stop)
        __asm__ volatile("mov %%rax, (%%rcx)" : : "a"(0x200067UL), "c"(page + 5) : "memory");
    done = true;
}

void test(void)
{
    page = page_alloc();
    handler[14] = skip_write;
    OK("start", vcpu_start(1, writer));
    EXPECT_EQ("runs", wait_until(&runs, 3000000000UL), 1);
    u64 mfn = va_mfn((void *)page), wrong = 0, pins = 0;
    for (unsigned i = 0; i < 300; i++) {
        page[5] = 0;
        OK("read-only without a flush", hc(__HYPERVISOR_update_va_mapping, page, mfn << 12 | READ_PAGE, 0));
        /* What was written just before the pin is refused by the pin (a frame that is not ours); else it is a table. */
        if (!mmuext1(MMUEXT_PIN_L1_TABLE, mfn)) {
            pins++;
            for (unsigned n = 0; n < 200; n++)
                wrong += page[5] != 0;
            OK("unpin", mmuext1(MMUEXT_UNPIN_TABLE, mfn));
        }
        OK("writable", set_flags((void *)page, KERNEL_PAGE));
    }
    EXPECT_EQ("entries that appeared in a live page table", wrong, 0);
    say("  %lu pins, %lu faults of the writer", pins, faults);
    stop = true;
    EXPECT_EQ("done", wait_until(&done, 3000000000UL), 1);
}
