/* Port I/O from the kernel: allowed ports work, kept ones read as ones and swallow writes, never a #GP. */
#include "pv.h"

static u32 in(u16 port, unsigned size)
{
    u32 v = 0;
    if (size == 1)
        __asm__ volatile("inb %w1, %b0" : "+a"(v) : "d"(port));
    else if (size == 2)
        __asm__ volatile("inw %w1, %w0" : "+a"(v) : "d"(port));
    else
        __asm__ volatile("inl %w1, %0" : "+a"(v) : "d"(port));
    return v;
}
static void out(u16 port, u32 v, unsigned size)
{
    if (size == 1)
        __asm__ volatile("outb %b0, %w1" : : "a"(v), "d"(port));
    else if (size == 2)
        __asm__ volatile("outw %w0, %w1" : : "a"(v), "d"(port));
    else
        __asm__ volatile("outl %0, %w1" : : "a"(v), "d"(port));
}

void test(void)
{
    struct physdev_set_iopl iopl = { .iopl = 1 };
    OK("iopl 1", hc(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, &iopl));
    EXPECT_EQ("8259", in(0x20, 1), 0xff);
    EXPECT_EQ("8259 slave", in(0xa1, 1), 0xff);
    EXPECT_EQ("the console's UART", in(0x3fd, 1), 0xff);
    EXPECT_EQ("PIT channel 0", in(0x40, 1), 0xff);
    EXPECT_EQ("PM timer", in(0x608, 4), 0xffffffff);
    out(0x20, 0x11, 1);         /* would re-initialise the interrupt controller */
    out(0x21, 0, 1);
    out(0x3f9, 0, 1);
    out(0x43, 0x34, 1);
    EXPECT_EQ("across the end", in(0xffff, 4), 0xffffffff);
    out(0xffff, 0, 4);
    out(0xcf8, 0x80000000, 4);
    EXPECT_EQ("cf8 reads back", in(0xcf8, 4), 0x80000000);
    EXPECT_EQ("host bridge", in(0xcfc, 4), 0x12378086);
    EXPECT_EQ("half of it", in(0xcfe, 2), 0x1237);
    EXPECT_EQ("a byte", in(0xcfd, 1), 0x80);
    out(0x71 - 1, 0x0a, 1);
    EXPECT(in(0x71, 1) != 0xff);
    u64 rax = 0x1122334455667788;
    __asm__ volatile("inb $0x20, %%al" : "+a"(rax));
    EXPECT_EQ("a byte leaves the rest of rax", rax, 0x11223344556677ff);
    rax = 0x1122334455667788;
    __asm__ volatile("mov $0x20, %%edx; inl %%dx, %%eax" : "+a"(rax) : : "rdx");
    EXPECT_EQ("32 bits clear the upper half", rax >> 32, 0);
    char buf[4] = { 1, 2, 3, 4 }, *d = buf, *s = buf;
    u64 n = 3;
    __asm__ volatile("rep insb" : "+D"(d), "+c"(n) : "d"(0x20) : "memory");
    EXPECT_EQ("rep insb", buf[0] == -1 && buf[2] == -1 && buf[3] == 4 && n == 0 && d == buf + 3, 1);
    n = 4;
    __asm__ volatile("rep outsb" : "+S"(s), "+c"(n) : "d"(0x21) : "memory");
    EXPECT_EQ("rep outsb", n, 0);
    EXPECT_FAULT("insb into nowhere", 14, 2, ({ void *p = (void *)0x1000;
                                                __asm__ volatile("insb" : "+D"(p) : "d"(0x20) : "memory"); }));
    /* Xen answers some of these with #GP: what matters is that nothing is read or written. */
    struct fault f;
    static const u64 bad[] = { 0xffff830000000000, 0xffff82d080000000, 0xffff800000000000 };
    for (unsigned i = 0; i < 3; i++) {
        u64 p = bad[i];
        TRY(f, __asm__ volatile("insb" : "+D"(p) : "d"(0x20) : "memory"));
        EXPECT(f.vector == 14 || f.vector == 13);
        p = bad[i];
        TRY(f, __asm__ volatile("outsb" : "+S"(p) : "d"(0x21) : "memory"));
        EXPECT(f.vector == 14 || f.vector == 13 || bad[i] == 0xffff800000000000);
    }
    u64 p = si->pt_base, was = *(u64 *)p;
    TRY(f, __asm__ volatile("insb" : "+D"(p) : "d"(0x20) : "memory"));
    EXPECT_EQ("insb into a page table", f.vector, 14);
    EXPECT_EQ("the table is as it was", *(u64 *)si->pt_base, was);
    iopl.iopl = 4;
    REFUSED("iopl 4", hc(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, &iopl));
    struct physdev_set_iobitmap bm = { .nr_ports = 65537 };
    REFUSED("bitmap of 65537 ports", hc(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iobitmap, &bm));
}
