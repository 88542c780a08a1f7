/* FIFO event channels: control block, event array, queues, priorities, and pages that are no place for them. */
#include "pv.h"

static struct evtchn_fifo_control_block *ctl;
static volatile event_word_t *words;

static long init(u64 gfn, u32 offset, u32 vcpu)
{
    struct evtchn_init_control c = { .control_gfn = gfn, .offset = offset, .vcpu = vcpu };
    return evtchn(EVTCHNOP_init_control, &c);
}

static long expand(u64 gfn)
{
    struct evtchn_expand_array e = { .array_gfn = gfn };
    return evtchn(EVTCHNOP_expand_array, &e);
}

void test(void)
{
    void *control = page_alloc(), *array = page_alloc();
    ctl = control;
    words = array;
    REFUSED("expand before init", expand(va_mfn(array)));
    REFUSED("control block at a page table", init(our_l4(), 0, 0));
    REFUSED("at a foreign frame", init(0x200, 0, 0));
    REFUSED("beyond memory", init(1UL << 44, 0, 0));
    REFUSED("offset that crosses the page", init(va_mfn(control), 4096 - 8, 0));
    REFUSED("offset not aligned", init(va_mfn(control), 3, 0));
    REFUSED("offset huge", init(va_mfn(control), 0xfffffff8, 0));
    REFUSED("vcpu that is not there", init(va_mfn(control), 0, 9));
    struct evtchn_init_control c = { .control_gfn = va_mfn(control), .offset = 64, .vcpu = 0 };
    OK("init", evtchn(EVTCHNOP_init_control, &c));
    ctl = (void *)((char *)control + 64);
    EXPECT_EQ("link bits", c.link_bits, EVTCHN_FIFO_LINK_BITS);
    REFUSED("init twice", init(va_mfn(control), 64, 0));
    REFUSED("array in a page table", expand(our_l4()));
    REFUSED("array in a foreign frame", expand(0x200));
    OK("expand", expand(va_mfn(array)));
    REFUSED("the control page is used: not a page table", ({
        REQUIRE_OK(set_flags(control, READ_PAGE));
        long rc = mmuext1(MMUEXT_PIN_L1_TABLE, va_mfn(control));
        REQUIRE_OK(set_flags(control, KERNEL_PAGE));
        rc;
    }));

    struct evtchn_bind_ipi ipi = { .vcpu = 0 };
    OK("bind_ipi", evtchn(EVTCHNOP_bind_ipi, &ipi));
    struct evtchn_send s = { .port = ipi.port };
    OK("send to a masked or fresh port", evtchn(EVTCHNOP_send, &s));
    struct evtchn_unmask u = { .port = ipi.port };
    OK("unmask", evtchn(EVTCHNOP_unmask, &u));
    EXPECT_EQ("pending bit", words[ipi.port] >> EVTCHN_FIFO_PENDING & 1, 1);
    EXPECT_EQ("linked bit", words[ipi.port] >> EVTCHN_FIFO_LINKED & 1, 1);
    EXPECT_EQ("ready: the default priority", ctl->ready, 1U << EVTCHN_FIFO_PRIORITY_DEFAULT);
    EXPECT_EQ("head", ctl->head[EVTCHN_FIFO_PRIORITY_DEFAULT], ipi.port);
    EXPECT_EQ("upcall", vi->evtchn_upcall_pending, 1);
    struct evtchn_set_priority p = { .port = ipi.port, .priority = 3 };
    OK("set_priority", evtchn(EVTCHNOP_set_priority, &p));
    p.priority = 16;
    REFUSED("priority 16", evtchn(EVTCHNOP_set_priority, &p));
    p.priority = 0xffffffff;
    REFUSED("priority 2^32-1", evtchn(EVTCHNOP_set_priority, &p));

    /* The guest scribbles over what it shares: links to anywhere, all bits set. */
    for (unsigned i = 0; i < 1024; i++)
        words[i] = 0xffffffff;
    for (unsigned i = 0; i < 16; i++)
        ctl->head[i] = 0xffffffff;
    for (unsigned i = 0; i < 100; i++) {
        evtchn(EVTCHNOP_send, &s);
        evtchn(EVTCHNOP_unmask, &u);
        words[ipi.port] = i * 0x1234567;
    }
    struct evtchn_bind_ipi more = { .vcpu = 0 };
    for (unsigned i = 0; i < 50; i++) {
        OK("more ports", evtchn(EVTCHNOP_bind_ipi, &more));
        words[more.port] = i * 0x7654321;
        s.port = more.port;
        evtchn(EVTCHNOP_send, &s);
    }
    for (unsigned i = 0; i < 200; i++) {
        static void *last;
        (void)last;
        if (expand(va_mfn(array)))
            break;
    }
    EXPECT_EQ("the hypervisor lives", hc(__HYPERVISOR_xen_version, XENVER_version), 4 << 16 | 17);
    struct evtchn_reset r = { .dom = DOMID_SELF };
    OK("reset goes back to 2-level", evtchn(EVTCHNOP_reset, &r));
    OK("pages are free again", set_flags(control, READ_PAGE));
    OK("writable", set_flags(control, KERNEL_PAGE));
    memset(control, 0, 4096);
    OK("read-only again", set_flags(control, READ_PAGE));
    OK("for any use: as a page table", mmuext1(MMUEXT_PIN_L1_TABLE, va_mfn(control)));
    OK("and back", mmuext1(MMUEXT_UNPIN_TABLE, va_mfn(control)));
}
