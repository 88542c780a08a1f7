/*
 * More message interrupts than vectors below 0x80. That one belongs to guests' `int 0x80`: what arrives there while a
 * guest runs is taken for its instruction, so a device that was given it would see its interrupt never acknowledged,
 * and no interrupt of that priority or below would come to this CPU any more. The 81st source of a machine got it,
 * once.
 *
 * QEMU: -device virtio-serial-pci,vectors=160
 * Differs: other vectors
 */
#include "pv.h"

#define PHYSDEV(op, arg) hc(__HYPERVISOR_physdev_op, PHYSDEVOP_##op, arg)
#define MSIX 0x11
#define ENTRIES 160

static u32 config(unsigned dev, unsigned reg)
{
    u32 v;
    __asm__ volatile("outl %0, %w1" : : "a"(0x80000000u | dev << 11 | reg), "d"(0xcf8));
    __asm__ volatile("inl %w1, %0" : "=a"(v) : "d"(0xcfc));
    return v;
}

/* The first device on bus 0 that can send so many messages: its number, and where its table is. */
static bool find(unsigned *dev, u64 *table)
{
    for (unsigned d = 1; d < 32; d++) {
        if ((u16)config(d, 0) == 0xffff || !(config(d, 4) >> 20 & 1))
            continue;
        for (unsigned at = config(d, 0x34) & 0xfc; at; at = config(d, at) >> 8 & 0xfc) {
            if ((config(d, at) & 0xff) != MSIX || (config(d, at) >> 16 & 0x7ff) + 1 < ENTRIES)
                continue;
            u32 where = config(d, at + 4), bar = 0x10 + 4 * (where & 7);
            u64 base = config(d, bar) & ~0xfu;
            if ((config(d, bar) & 6) == 4)
                base |= (u64)config(d, bar + 4) << 32;
            *dev = d;
            *table = base + (where & ~7u);
            return true;
        }
    }
    return false;
}

void test(void)
{
    unsigned dev, used[256] = { 0 }, n;
    u64 table;
    long err;
    int pirq[ENTRIES];

    REQUIRE(find(&dev, &table));
    const volatile u32 *slot = map_frame(table >> 12, DOMID_IO, READ_PAGE | PCD | PWT, &err);
    REQUIRE_OK(err);
    slot += (table & 0xfff) / 4;
    for (n = 0; n < ENTRIES; n++) {
        struct physdev_map_pirq m = { .domid = DOMID_SELF, .type = MAP_PIRQ_TYPE_MSI_SEG, .pirq = -1,
                                      .devfn = (int)dev << 3, .entry_nr = (int)n, .table_base = table };
        if (PHYSDEV(map_pirq, &m))
            break;
        pirq[n] = m.pirq;
        used[(u8)slot[4 * n + 2]]++;
    }
    EXPECT_EQ("mapped", n, ENTRIES);
    EXPECT_EQ("the system call's vector is nobody's", used[0x80], 0);
    for (unsigned v = 0; v < 256; v++)
        if (used[v] > 1 || (used[v] && (v < 0x30 || v > 0xef)))
            check(__FILE__, __LINE__, "a device's vector, once", v, -1);
    EXPECT_EQ("there were enough to reach it", used[0x7f] && used[0x81], 1);
    while (n--) {
        struct physdev_unmap_pirq u = { .domid = DOMID_SELF, .pirq = pirq[n] };
        OK("unmap", PHYSDEV(unmap_pirq, &u));
    }
}
