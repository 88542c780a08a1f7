/* What memory_op tells: limits, maps, the M2P. */
#include "pv.h"

void test(void)
{
    domid_t self = DOMID_SELF, nobody = 777;
    EXPECT(hc(__HYPERVISOR_memory_op, XENMEM_maximum_ram_page, 0) > 0xf000);
    EXPECT(hc(__HYPERVISOR_memory_op, XENMEM_maximum_reservation, &self) >= (long)si->nr_pages);
    REFUSED("reservation of nobody", hc(__HYPERVISOR_memory_op, XENMEM_current_reservation, &nobody));
    struct xen_machphys_mapping m;
    OK("machphys_mapping", hc(__HYPERVISOR_memory_op, XENMEM_machphys_mapping, &m));
    EXPECT_EQ("start", m.v_start, 0xffff800000000000);
    EXPECT(m.v_end > m.v_start);
    EXPECT_EQ("domain 0 is told the last frame", m.max_mfn,
              hc(__HYPERVISOR_memory_op, XENMEM_maximum_ram_page, 0) - 1);
    static xen_pfn_t list[4];
    struct xen_machphys_mfn_list l = { .max_extents = 4 };
    set_xen_guest_handle(l.extent_start, list);
    OK("machphys_mfn_list", hc(__HYPERVISOR_memory_op, XENMEM_machphys_mfn_list, &l));
    EXPECT(l.nr_extents >= 1 && list[0] != 0);
    long err;
    u64 *m2p = map_frame(list[0], DOMID_XEN, READ_PAGE, &err);
    EXPECT_EQ("the M2P can be mapped to read, as Serai's", err, 0);
    if (m2p)
        EXPECT_EQ("and is the M2P", m2p[300], M2P[300]);
    REFUSED("but not to write", ({ map_frame(list[0], DOMID_XEN, KERNEL_PAGE, &err); err; }));
    REFUSED("nothing else of Serai's", ({ map_frame(0x200, DOMID_XEN, READ_PAGE, &err); err; }));
    static struct { u64 a, s; u32 t; } __attribute__((packed)) map[64];
    struct xen_memory_map mm = { .nr_entries = 64 };
    set_xen_guest_handle(mm.buffer, (void *)map);
    OK("machine memory map", hc(__HYPERVISOR_memory_op, XENMEM_machine_memory_map, &mm));
    EXPECT(mm.nr_entries >= 3);
    mm.nr_entries = 0;
    EXPECT_EQ("no room for it", hc(__HYPERVISOR_memory_op, XENMEM_machine_memory_map, &mm), -EINVAL);
    mm.nr_entries = 0xffffffff;
    long rc = hc(__HYPERVISOR_memory_op, XENMEM_machine_memory_map, &mm);
    EXPECT(rc == 0 || rc == -EFAULT);
}
