/*
 * An interrupt line for a guest that drives its device itself (ioports= and irqs= in its config). Domain 0's kernel has
 * mapped all lines before, and keeps them; who binds has it, one at a time, and only he ends it. Here: the clock chip.
 */
#include "dom.h"

#define LINE 8
#define PHYSDEV(op, arg) hc(__HYPERVISOR_physdev_op, PHYSDEVOP_##op, arg)

static void out(u16 port, u8 v) { __asm__ volatile("outb %b0, %w1" : : "a"(v), "d"(port)); }
static u8 in(u16 port)
{
    u8 v;
    __asm__ volatile("inb %w1, %b0" : "=a"(v) : "d"(port));
    return v;
}
static u8 rtc(u8 reg) { out(0x70, reg); return in(0x71); }
static void rtc_set(u8 reg, u8 v) { out(0x70, reg); out(0x71, v); }

static u64 bind(u64 pirq, u64 b, u64 c)
{
    (void)b, (void)c;
    struct evtchn_bind_pirq x = { .pirq = (u32)pirq };
    long rc = evtchn(EVTCHNOP_bind_pirq, &x);
    return rc ? (u64)rc : x.port;
}
static u64 close(u64 port, u64 b, u64 c)
{
    (void)b, (void)c;
    struct evtchn_close x = { .port = (u32)port };
    return (u64)evtchn(EVTCHNOP_close, &x);
}
static u64 taken(u64 p, u64 b, u64 c)
{
    (void)b, (void)c;
    return __atomic_fetch_and((u64 *)&shared->evtchn_pending[p / 64], ~(1UL << p % 64), __ATOMIC_SEQ_CST) >> p % 64 & 1;
}
static u64 map_again(u64 b, u64 c, u64 d)
{
    (void)b, (void)c, (void)d;
    struct physdev_map_pirq m = { .domid = DOMID_SELF, .type = MAP_PIRQ_TYPE_GSI, .index = LINE + 1, .pirq = -1 };
    return (u64)PHYSDEV(map_pirq, &m);
}

static long map_for(u16 id)
{
    struct physdev_map_pirq m = { .domid = id, .type = MAP_PIRQ_TYPE_GSI, .index = LINE, .pirq = LINE };
    return PHYSDEV(map_pirq, &m);
}

/* The chip interrupts; does it arrive? */
static bool arrives_here(u64 port)
{
    (void)rtc(0xc);
    for (unsigned i = 0; i < 100; i++, nap())
        if (taken(port, 0, 0))
            return true;
    return false;
}
static bool arrives_there(struct dom *d, u64 port)
{
    (void)rtc(0xc);
    for (unsigned i = 0; i < 100; i++, nap())
        if (dom_call(d, taken, port, 0, 0))
            return true;
    return false;
}

void test(void)
{
    static struct dom d;
    struct physdev_set_iopl iopl = { .iopl = 1 };
    struct physdev_eoi e = { LINE };
    OK("iopl", PHYSDEV(set_iopl, &iopl));
    rtc_set(0xa, 0x26);                     /* 1024 a second */
    rtc_set(0xb, rtc(0xb) | 0x40);
    dom_create(&d);
    OK("a line for us", map_for(DOMID_SELF));
    EXPECT_EQ("not theirs yet", dom_call(&d, bind, LINE, 0, 0), -EINVAL);
    OK("and for them", map_for(d.id));
    OK("and for them again", map_for(d.id));
    REFUSED("which they do not do themselves", (long)dom_call(&d, map_again, 0, 0, 0));

    u64 theirs = dom_call(&d, bind, LINE, 0, 0);
    EXPECT((long)theirs > 0);
    EXPECT_EQ("then not we", bind(LINE, 0, 0), -EBUSY);
    EXPECT(arrives_there(&d, theirs));
    OK("its end is not ours to say, and no error", PHYSDEV(eoi, &e));
    EXPECT_EQ("they close", dom_call(&d, close, theirs, 0, 0), 0);

    u64 ours = bind(LINE, 0, 0);
    EXPECT((long)ours > 0);
    EXPECT_EQ("then not they", dom_call(&d, bind, LINE, 0, 0), -EBUSY);
    EXPECT(arrives_here(ours));
    struct physdev_unmap_pirq u = { .domid = DOMID_SELF, .pirq = LINE };
    EXPECT_EQ("not while it is bound", PHYSDEV(unmap_pirq, &u), -EBUSY);
    close(ours, 0, 0);
    OK("we give it back", PHYSDEV(unmap_pirq, &u));

    theirs = dom_call(&d, bind, LINE, 0, 0);
    EXPECT((long)theirs > 0);
    EXPECT(arrives_there(&d, theirs));      /* with the vector it had */
    OK("ours again", map_for(DOMID_SELF));
    EXPECT_EQ("which they have", bind(LINE, 0, 0), -EBUSY);
    dom_destroy(&d);
    (void)free_pages_settled(ANY_AMOUNT);
    ours = bind(LINE, 0, 0);                /* and lost by dying */
    EXPECT((long)ours > 0);
    EXPECT(arrives_here(ours));
    close(ours, 0, 0);
    OK("nobody's", PHYSDEV(unmap_pirq, &u));
    rtc_set(0xb, rtc(0xb) & ~0x40);
}
