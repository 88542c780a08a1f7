/*
 * Where a device's message table is, domain 0 says (PHYSDEVOP_map_pirq with the address of the BAR it is in: a virtual
 * function's is nowhere else to be found), and the hypervisor writes there. A privileged kernel with a wrong number in
 * its hands must not make it write into memory, into the interrupt controllers, or over the edge of what it mapped:
 * that was a fault in the hypervisor, once. Nor may it die when there is no memory for the mapping.
 * Where in the BAR the table begins, the device says: an NVMe controller, whose registers come first, got its messages
 * written over these, and never sent one.
 *
 * QEMU: -device virtio-rng-pci -device nvme,serial=1
 * Image: debug
 * Differs: other checks, and other errors
 */
#include "pv.h"
#include <xen/hypfs.h>

#define PHYSDEV(op, arg) hc(__HYPERVISOR_physdev_op, PHYSDEVOP_##op, arg)
#define MSIX 0x11
#define MANY 1200       /* pages of device memory: what maps them needs a second table at the latest after 512 */

static u32 config(unsigned dev, unsigned reg)
{
    u32 v;
    __asm__ volatile("outl %0, %w1" : : "a"(0x80000000u | dev << 11 | reg), "d"(0xcf8));
    __asm__ volatile("inl %w1, %0" : "=a"(v) : "d"(0xcfc));
    return v;
}

/* The first device with MSI-X on bus 0 whose table is (not) at its BAR's beginning: its number, the BAR, the offset. */
static bool find(bool beginning, unsigned *dev, u64 *bar_at, u32 *offset)
{
    for (unsigned d = 1; d < 32; d++) {
        if ((u16)config(d, 0) == 0xffff || !(config(d, 4) >> 20 & 1))
            continue;
        for (unsigned at = config(d, 0x34) & 0xfc; at; at = config(d, at) >> 8 & 0xfc) {
            if ((config(d, at) & 0xff) != MSIX || !(config(d, at + 4) & ~7u) != beginning)
                continue;
            u32 where = config(d, at + 4), bar = 0x10 + 4 * (where & 7);
            u64 base = config(d, bar) & ~0xfu;
            if ((config(d, bar) & 6) == 4)
                base |= (u64)config(d, bar + 4) << 32;
            *dev = d;
            *bar_at = base;
            *offset = where & ~7u;
            return true;
        }
    }
    return false;
}

static unsigned dev;

static long map(u64 table, int entry)
{
    struct physdev_map_pirq m = { .domid = DOMID_SELF, .type = MAP_PIRQ_TYPE_MSI_SEG, .pirq = -1,
                                  .devfn = (int)dev << 3, .entry_nr = entry, .table_base = table };
    long rc = PHYSDEV(map_pirq, &m);
    struct physdev_unmap_pirq u = { .domid = DOMID_SELF, .pirq = m.pirq };
    if (!rc)
        OK("unmap", PHYSDEV(unmap_pirq, &u));
    return rc;
}

/* What the device's memory says at pa. */
static u32 device_word(u64 pa)
{
    long err;
    volatile u32 *p = map_frame(pa >> 12, DOMID_SELF, KERNEL_PAGE | PCD | PWT, &err);
    OK("map the device", err);
    u32 word = p ? p[(pa & 0xfff) / 4] : 0;
    unmap_frame((void *)p);
    return word;
}

static void table_within_its_bar(void)
{
    u64 bar;
    u32 offset;
    REQUIRE(find(false, &dev, &bar, &offset));
    say("  device %u, table at %#lx + %#x", dev, bar, offset);
    u32 before[4];
    for (unsigned i = 0; i < 4; i++)
        before[i] = device_word(bar + 4 * i);
    OK("map", map(bar, 0));
    EXPECT_EQ("its entry has an address", device_word(bar + offset) >> 20, 0xfee);
    EXPECT_EQ("and is masked", device_word(bar + offset + 12) & 1, 1);
    for (unsigned i = 0; i < 4; i++)
        EXPECT_EQ("its registers are as they were", device_word(bar + 4 * i), before[i]);
}

static char path[] = "/debug/alloc_fails_in";
static void arm(u32 n)
{
    OK("arm", hc(__HYPERVISOR_hypfs_op, XEN_HYPFS_OP_write_contents, path, sizeof(path), &n, sizeof(n)));
}

void test(void)
{
    u64 table, page;
    u32 offset;
    table_within_its_bar();
    REQUIRE(find(true, &dev, &table, &offset));
    say("  device %u, table at %#lx", dev, table);
    page = table & ~0xfffUL;
    OK("as it is", map(table, 0));
    EXPECT_EQ("more entries than it has", map(table, 2000), -EINVAL);
    static const struct { const char *what; u64 at; } wrong[] = {
        { "local APIC", 0xfee00000 }, { "local APIC: spurious vector register", 0xfee000e8 },
        { "I/O APIC", 0xfec00000 }, { "HPET", 0xfed00000 },
        { "beyond the CPU's addresses", 1UL << 51 }, { "wraps", ~0UL << 3 },
    };
    for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        EXPECT_EQ(wrong[i].what, map(wrong[i].at, 0), -EINVAL);
    EXPECT_EQ("our own memory", map(va_mfn(&dev) << 12, 0), -EINVAL);
    EXPECT_EQ("the hypervisor", map(0x200000, 0), -EINVAL);
    EXPECT_EQ("the last words of a page, and the next", map(page + 0xff8, 0), -EINVAL);
    EXPECT_EQ("not aligned", map(table + 4, 0), -EINVAL);

    unsigned refused = 0;
    for (unsigned i = 0; i < MANY; i++) {
        arm(2);                 /* the record is the first allocation, a table of the map the second if there is one */
        refused += map(0xf0000000 + (i << 12), 0) == -ENOMEM;
    }
    arm(0);
    say("  %u of %u without memory", refused, MANY);
    EXPECT(refused > 0);
    OK("as it is, again", map(table, 0));
}
