/*
 * User mode's ports: IOPL and bitmap are the guest kernel's to give, within what the domain has. The bitmap is at an
 * address of the kernel's, which user mode's tables need not have. String instructions fault where the CPU's would: a
 * kernel that is told of the page after the one that was meant makes that one present, and its user faults for ever.
 *
 * Faults: both ways
 */
#include "pv.h"

USER_CODE(u_in71, "mov $0x71, %edx; in (%dx), %al; ud2")
USER_CODE(u_in20, "mov $0x20, %edx; in (%dx), %al; ud2")
USER_CODE(u_cli, "cli; ud2")
USER_CODE(u_read, "mov $0x71, %edx; in (%dx), %al; movabs 0x8000000000, %rax; ud2")

USER_CODE(u_ins, "insb; ud2")
USER_CODE(u_insw, "insw; ud2")
USER_CODE(u_outs, "outsw; ud2")

/* What a string instruction of user mode at `at` gets. */
static struct fault string_io(const void *code, u64 at)
{
    struct fault f;
    struct regs r = { .rip = (u64)code, .cs = FLAT_USER_CS, .ss = FLAT_USER_SS, .rflags = 0x202,
                      .rsp = (u64)user_stack_top, .rdi = at, .rsi = at, .rdx = 0x20 };
    user_run_regs(&f, &r, 0);
    return f;
}

static void strings(void)
{
    char *first = page_alloc(), *second = page_alloc();
    struct fault f;
    REQUIRE(second == first + 4096);
    REQUIRE_OK(set_flags(first, READ_PAGE));
    for (unsigned at = 4090; at < 4096; at++) {
        f = string_io(u_ins, (u64)first + at);
        EXPECT_EQ("a page that cannot be written", f.vector, 14);
        EXPECT_EQ("at its address", f.cr2, first + at);
        EXPECT_EQ("present, a write, of user mode", f.error, 7);
    }
    f = string_io(u_insw, (u64)first + 4095);
    EXPECT_EQ("half of it can", f.vector, 14);
    EXPECT_EQ("the other is told", f.cr2, first + 4095);
    REQUIRE_OK(set_flags(first, KERNEL_PAGE));
    f = string_io(u_ins, (u64)first + 4095);
    EXPECT_EQ("can be written", f.vector, 6);
    EXPECT_EQ("is", first[4095], (char)0xff);
    REQUIRE_OK(set_va(second, 0));
    f = string_io(u_outs, (u64)first + 4095);
    EXPECT_EQ("half of it is on a page that is not there", f.vector, 14);
    EXPECT_EQ("which is told", f.cr2, second);
    EXPECT_EQ("not present, a read", f.error, 4);
    REQUIRE_OK(set_flags(second, KERNEL_PAGE));
    EXPECT_EQ("no address", string_io(u_ins, 0x800000000000).vector, 13);
    EXPECT_EQ("the hypervisor's", string_io(u_outs, 0xffff830000000000).vector, 14);
}

/* The frame at an address of slot 1, which is in the kernel's table only. */
static void *kernel_only(u64 mfn)
{
    u64 *l3 = table_alloc(), *l2 = table_alloc(), *l1 = table_alloc();
    REQUIRE_OK(mmuext1(MMUEXT_PIN_L1_TABLE, va_mfn(l1)) | mmuext1(MMUEXT_PIN_L2_TABLE, va_mfn(l2)) |
               mmuext1(MMUEXT_PIN_L3_TABLE, va_mfn(l3)));
    REQUIRE_OK(mmu1(va_mfn(l1) << 12, mfn << 12 | KERNEL_PAGE) | mmu1(va_mfn(l2) << 12, va_mfn(l1) << 12 | TABLE) |
               mmu1(va_mfn(l3) << 12, va_mfn(l2) << 12 | TABLE) | mmu1(our_l4() << 12 | 8, va_mfn(l3) << 12 | TABLE));
    return (void *)0x8000000000;
}

void test(void)
{
    struct fault f;
    user_init();
    user_run(&f, u_in71);
    EXPECT_EQ("without rights", f.vector, 13);
    static u8 bitmap[8192 + 1];
    memset(bitmap, 0xff, sizeof(bitmap));
    bitmap[0x71 / 8] &= ~(1 << 0x71 % 8);
    struct physdev_set_iobitmap bm = { .nr_ports = 65536 };
    set_xen_guest_handle(bm.bitmap, bitmap);
    OK("bitmap", hc(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iobitmap, &bm));
    user_run(&f, u_in71);
    EXPECT_EQ("with a bit: runs to the ud2", f.vector, 6);
    user_run(&f, u_in20);
    EXPECT_EQ("other ports not", f.vector, 13);
    u8 *kernels = kernel_only(va_mfn(page_alloc()));
    memset(kernels, 0xff, 4096);
    kernels[0x71 / 8] &= ~(1 << 0x71 % 8);
    bm.nr_ports = 32760;
    set_xen_guest_handle(bm.bitmap, kernels);
    OK("bitmap that only the kernel's tables have", hc(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iobitmap, &bm));
    user_run(&f, u_in71);
    EXPECT_EQ("with a bit there: runs to the ud2", f.vector, 6);
    user_run(&f, u_in20);
    EXPECT_EQ("other ports not", f.vector, 13);
    user_run(&f, u_read);
    EXPECT_EQ("user mode is back on its own tables", f.vector, 14);
    set_xen_guest_handle(bm.bitmap, bitmap);
    bm.nr_ports = 8;
    OK("short bitmap", hc(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iobitmap, &bm));
    user_run(&f, u_in71);
    EXPECT_EQ("beyond its end", f.vector, 13);
    bm.nr_ports = 65536;
    set_xen_guest_handle(bm.bitmap, (u8 *)0xffff830000000000);
    hc(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iobitmap, &bm);
    user_run(&f, u_in71);
    EXPECT_EQ("a bitmap in the hypervisor gives nothing", f.vector, 13);
    bm.nr_ports = 0;
    set_xen_guest_handle(bm.bitmap, bitmap);
    OK("none", hc(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iobitmap, &bm));
    struct physdev_set_iopl iopl = { .iopl = 3 };
    OK("iopl 3", hc(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, &iopl));
    user_run(&f, u_in20);
    EXPECT_EQ("iopl 3: a kept port reads as ones", f.vector == 6 && (f.regs.rax & 0xff) == 0xff, 1);
    strings();
    user_run(&f, u_cli);
    EXPECT(f.vector == 6 || f.vector == 13);
    EXPECT_EQ("and never turns real interrupts off", f.regs.rflags & 0x200, 0x200);
}
