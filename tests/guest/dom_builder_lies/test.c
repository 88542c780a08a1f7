/* A careless or hostile builder: contexts and tables of a new domain that must be refused, also when domain 0 asks. */
#include "dom.h"

static vcpu_guest_context_t c;
static struct dom d;

static long set(void)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_setvcpucontext, .domain = d.id };
    set_xen_guest_handle(op.u.vcpucontext.ctxt, &c);
    long rc;
    do
        rc = domctl(&op);
    while (rc == -ERESTART);
    return rc;
}
static void base(void)
{
    memset(&c, 0, sizeof(c));
    c.flags = VGCF_in_kernel;
    c.user_regs.cs = FLAT_KERNEL_CS;
    c.user_regs.ss = c.kernel_ss = FLAT_KERNEL_SS;
    c.user_regs.rflags = 0x202;
}

void test(void)
{
    static xen_pfn_t list[8];
    u64 before = free_pages_after_first_domain();
    OK("create", dom_create_empty(&d, 1, 64));
    for (unsigned i = 0; i < 8; i++)
        list[i] = i;
    struct xen_memory_reservation r = { .nr_extents = 8, .domid = d.id };
    set_xen_guest_handle(r.extent_start, list);
    EXPECT_EQ("populate", hc(__HYPERVISOR_memory_op, XENMEM_populate_physmap, &r), 8);
    base();
    REFUSED("no table", set());
    base();
    c.ctrlreg[3] = our_l4() << 12;
    REFUSED("our table as the child's", set());
    base();
    c.ctrlreg[3] = 0x200UL << 12;
    REFUSED("the hypervisor's frame", set());
    base();
    c.ctrlreg[3] = list[0] << 12;
    c.gdt_ents = 512;
    c.gdt_frames[0] = our_l4();
    REFUSED("our frame as GDT", set());
    REFUSED("context into nowhere", ({
        struct xen_domctl op = { .cmd = XEN_DOMCTL_setvcpucontext, .domain = d.id };
        set_xen_guest_handle(op.u.vcpucontext.ctxt, (vcpu_guest_context_t *)0xffff830000000000);
        domctl(&op);
    }));
    struct xen_domctl op = { .cmd = XEN_DOMCTL_setvcpucontext, .domain = d.id, .u.vcpucontext.vcpu = 4000 };
    set_xen_guest_handle(op.u.vcpucontext.ctxt, &c);
    REFUSED("vcpu 4000", domctl(&op));
    /* tables that map our memory */
    long err;
    u64 *l1 = map_frame(list[1], d.id, KERNEL_PAGE, &err);
    OK("map", err);
    l1[0] = va_mfn(l1) << 12 | KERNEL_PAGE;
    l1[1] = our_l4() << 12 | READ_PAGE;
    REFUSED("pin of a table that is mapped writable here", mmuext1_dom(MMUEXT_PIN_L1_TABLE, list[1], 0, d.id));
    OK("unmap", unmap_frame(l1));
    REFUSED("pin of a table with foreign frames", mmuext1_dom(MMUEXT_PIN_L1_TABLE, list[1], 0, d.id));
    REFUSED("pin of the child's frame as ours", mmuext1(MMUEXT_PIN_L1_TABLE, list[2]));
    REFUSED("pin of our frame as the child's", mmuext1_dom(MMUEXT_PIN_L4_TABLE, our_l4(), 0, d.id));
    OK("pin of an empty L4", mmuext1_dom(MMUEXT_PIN_L4_TABLE, list[3], 0, d.id));
    base();
    c.ctrlreg[3] = list[3] << 12;
    c.user_regs.rip = 0x8000000000000000;
    long rc = set();
    EXPECT(rc == 0 || rc == -EINVAL);
    c.user_regs.rip = VIRT_BASE;
    c.user_regs.cs = 0xe008;
    rc = set();
    EXPECT(rc == 0 || rc == -EINVAL);
    /* it runs into nothing: no tables, no handlers */
    OK("unpause", domctl_simple(XEN_DOMCTL_unpausedomain, d.id));
    for (unsigned i = 0; i < 20; i++)
        yield_cpu();
    struct xen_domctl_getdomaininfo info;
    OK("info", domain_info(d.id, &info));
    dom_destroy(&d);
    EXPECT_EQ("all memory is back", free_pages_settled(before), before);
}
