/*
 * A domain destroyed with everything in use: pinned tables, event channels, grants both ways, a second address space,
 * timers, FIFO pages, LDT and GDT, a vcpu that spins. All memory comes back.
 */
#include "dom.h"

static u64 use_everything(u64 dom0_port, u64 b, u64 c)
{
    (void)b, (void)c;
    user_init();
    u64 *t = table_alloc();
    OK("pin", mmuext1(MMUEXT_PIN_L2_TABLE, va_mfn(t)));
    u64 *copy = page_alloc();
    copy[511] = *walk(VIRT_BASE, 4);
    REQUIRE_OK(set_flags(copy, READ_PAGE));
    OK("another base", mmuext1(MMUEXT_NEW_BASEPTR, va_mfn(copy)));
    for (unsigned i = 0; i < 50; i++) {
        struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = 0 };
        evtchn(EVTCHNOP_alloc_unbound, &a);
    }
    struct evtchn_bind_interdomain x = { .remote_dom = 0, .remote_port = (u32)dom0_port };
    OK("bind", evtchn(EVTCHNOP_bind_interdomain, &x));
    struct evtchn_bind_virq v = { .virq = VIRQ_TIMER, .vcpu = 0 };
    OK("virq", evtchn(EVTCHNOP_bind_virq, &v));
    struct evtchn_init_control ic = { .control_gfn = va_mfn(page_alloc()) };
    OK("FIFO", evtchn(EVTCHNOP_init_control, &ic));
    struct evtchn_expand_array ea = { .array_gfn = va_mfn(page_alloc()) };
    OK("array", evtchn(EVTCHNOP_expand_array, &ea));
    u64 *gdt = page_alloc();
    REQUIRE_OK(set_flags(gdt, READ_PAGE));
    u64 g = va_mfn(gdt);
    OK("gdt", hc(__HYPERVISOR_set_gdt, &g, 512));
    u64 *ldt = page_alloc();
    ldt[0] = 0x00cff3000000ffffUL;
    REQUIRE_OK(set_flags(ldt, READ_PAGE));
    struct mmuext_op op = { .cmd = MMUEXT_SET_LDT, .arg1.linear_addr = (u64)ldt, .arg2.nr_ents = 512 };
    OK("ldt", hc(__HYPERVISOR_mmuext_op, &op, 1, 0, DOMID_SELF));
    __asm__ volatile("mov %0, %%es" : : "r"(7));
    struct vcpu_register_vcpu_info r = { .mfn = va_mfn(page_alloc()) };
    OK("vcpu_info", hc(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0, &r));
    static struct vcpu_runstate_info area;
    struct vcpu_register_runstate_memory_area ra = { .addr.p = (u64)&area };
    OK("runstate", hc(__HYPERVISOR_vcpu_op, VCPUOP_register_runstate_memory_area, 0, &ra));
    struct vcpu_set_periodic_timer p = { .period_ns = 2000000 };
    OK("timer", hc(__HYPERVISOR_vcpu_op, VCPUOP_set_periodic_timer, 0, &p));
    static xen_pfn_t frame[4];
    struct gnttab_setup_table s = { .dom = DOMID_SELF, .nr_frames = 4 };
    set_xen_guest_handle(s.frame_list, frame);
    OK("grant table", hc(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, &s, 1));
    OK("debug register", hc(__HYPERVISOR_set_debugreg, 0, &area));
    OK("and on", hc(__HYPERVISOR_set_debugreg, 7, 0x403));
    struct gnttab_map_grant_ref m = { .host_addr = (u64)page_alloc(), .flags = GNTMAP_host_map, .ref = 8, .dom = 0 };
    OK("map a grant of domain 0's", hc(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, &m, 1) | m.status);
    return 0;
}
static u64 spin(u64 a, u64 b, u64 c) { (void)a, (void)b, (void)c; for (;;) relax(); }

void test(void)
{
    grant_entry_v1_t *table = grant_table();
    char *granted = page_alloc();
    u64 before = free_pages_after_first_domain();
    for (unsigned round = 0; round < 3; round++) {
        static struct dom d;
        dom_create(&d);
        struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = d.id };
        OK("alloc", evtchn(EVTCHNOP_alloc_unbound, &a));
        table[8] = (grant_entry_v1_t){ .domid = d.id, .frame = (u32)va_mfn(granted) };
        barrier();
        table[8].flags = GTF_permit_access;
        dom_call(&d, use_everything, a.port, 0, 0);
        EXPECT_EQ("granted page is in use", table[8].flags & GTF_writing, GTF_writing);
        if (round)
            dom_start_call(&d, spin, 0, 0, 0);
        yield_cpu();
        dom_destroy(&d);
        EXPECT_EQ("granted page is free", table[8].flags & (GTF_writing | GTF_reading), 0);
        struct evtchn_close c = { .port = a.port };
        OK("close", evtchn(EVTCHNOP_close, &c));
        EXPECT_EQ("all memory is back", free_pages_settled(before), before);
    }
}
