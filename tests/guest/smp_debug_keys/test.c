/*
 * An administrator asks what is going on while guests do their worst: debug keys that show event channels, grants,
 * vcpus and memory of all domains, pressed again and again, while one vcpu takes its event arrays away and brings them
 * back, maps grants until its records need more pages, and switches the version of its table; and another builds and
 * destroys domains with ports and vcpus. Whoever looks at a table must not find it freed under its eyes.
 *
 * Image: debug
 * QEMU: -smp 3
 * Seconds: 60
 */
#include "dom.h"

static volatile bool stop;
static volatile u64 ended, lives, churns;

static void churn(void)
{
    char *control = page_alloc(), *array = page_alloc(), *page = page_alloc();
    grant_entry_v1_t *table = grant_table();
    table[9] = (grant_entry_v1_t){ .flags = GTF_permit_access, .domid = 0, .frame = (u32)va_mfn(page) };
    for (u64 i = 0; !stop; i++, churns++) {
        struct evtchn_init_control c = { .control_gfn = va_mfn(control) };
        struct evtchn_expand_array e = { .array_gfn = va_mfn(array) };
        struct evtchn_bind_ipi b = { .vcpu = 0 };
        struct evtchn_reset r = { .dom = DOMID_SELF };
        struct gnttab_map_grant_ref m = { .flags = GNTMAP_device_map, .ref = 9, .dom = 0 };
        evtchn(EVTCHNOP_init_control, &c);
        evtchn(EVTCHNOP_expand_array, &e);
        for (unsigned n = 0; n < 40; n++)
            evtchn(EVTCHNOP_bind_ipi, &b);
        if (i < 2300)       /* stays mapped: records grow, and their array moves */
            hc(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, &m, 1);
        evtchn(EVTCHNOP_reset, &r);
    }
    __atomic_fetch_add(&ended, 1, __ATOMIC_SEQ_CST);
}

static void build(void)
{
    static struct dom d;
    while (!stop) {
        if (dom_create_empty(&d, 4, 64))
            continue;
        for (unsigned i = 0; i < 4; i++) {
            struct evtchn_alloc_unbound a = { .dom = d.id, .remote_dom = 0 };
            evtchn(EVTCHNOP_alloc_unbound, &a);
        }
        while (domctl_simple(XEN_DOMCTL_destroydomain, d.id) == -ERESTART)
            ;
        lives++;
    }
    __atomic_fetch_add(&ended, 1, __ATOMIC_SEQ_CST);
}

static void press(char key)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_debug_keys };
    set_xen_guest_handle(op.u.debug_keys.keys, &key);
    op.u.debug_keys.nr_keys = 1;
    OK("key", sysctl(&op));
}

void test(void)
{
    u64 keys = 0;
    OK("start", vcpu_start(1, churn) | vcpu_start(2, build));
    for (u64 end = now() + 1500000000; now() < end; keys++) {
        press(keys % 16 == 15 ? 'g' : keys % 4 == 1 ? 'q' : 'e');
        if (keys % 2)
            nap();              /* the tools' lock is free */
    }
    stop = true;
    for (u64 end = now() + 5000000000; ended < 2 && now() < end;)
        yield_cpu();
    EXPECT_EQ("vcpus that came to an end", ended, 2);
    say("  %lu keys, %lu rounds of changes, %lu domains", keys, churns, lives);
    audit_key();
}
