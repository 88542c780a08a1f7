/*
 * A hundred and twenty-eight domains at once; then gone, with their memory; numbers are used again. Making the last
 * costs the hypervisor no more instructions than making the eighth, within 10 %, nor does unmaking, nor listing, for
 * each in the list. In a debug build the death of a domain audits all of them: not while that is measured.
 *
 * QEMU: -icount shift=0,sleep=off
 */
#include "dom.h"

#define MANY 128
static u64 made[MANY], unmade[MANY], listed[MANY];      /* instructions, by how many there were before */

static u64 tsc(void)
{
    u32 lo, hi;
    __asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
    return lo | (u64)hi << 32;
}

static u64 list_all(unsigned want)
{
    static struct xen_domctl_getdomaininfo infos[MANY + 1];
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_getdomaininfolist };
    op.u.getdomaininfolist.max_domains = MANY + 1;
    set_xen_guest_handle(op.u.getdomaininfolist.buffer, infos);
    u64 t = tsc();
    OK("list", sysctl(&op));
    t = tsc() - t;
    EXPECT_EQ("listed", op.u.getdomaininfolist.num_domains, want);
    return t / want;
}

static u64 least(const u64 *cost, unsigned from, unsigned to)
{
    u64 min = ~0UL;
    for (; from < to; from++)
        min = cost[from] < min ? cost[from] : min;
    return min;
}

/* A timer or a page that was not cleared yet may be in one of them, not in all: the least of five. */
static void steady(const char *what, const u64 *cost)
{
    u64 few = least(cost, 6, 11), many = least(cost, MANY - 5, MANY);
    say("@many %s: %lu instructions with 8 domains, %lu with %u", what, few, many, MANY);
    EXPECT(many <= few + few / 10);
}

void test(void)
{
    static struct dom d;
    static u16 ids[MANY];
    u64 before = 0;
    for (unsigned round = 0; round < 3; round++) {
        unsigned n;
        for (n = 0; n < MANY; n++) {
            u64 t = tsc();
            if (dom_create_empty(&d, 2, 64))
                break;
            made[n] = tsc() - t;
            listed[n] = list_all(n + 2);
            ids[n] = d.id;
            for (unsigned i = 0; i < n; i++)
                EXPECT(ids[i] != d.id);
        }
        EXPECT_EQ("created", n, MANY);
        audit_deaths(false);
        while (n--) {
            long rc;
            u64 t = tsc();
            while ((rc = domctl_simple(XEN_DOMCTL_destroydomain, ids[n])) == -ERESTART)
                ;
            unmade[n] = tsc() - t;
            OK("destroyed", rc);
        }
        audit_deaths(true);
        /* The hypervisor may keep what it made for the first ones, but not a page per domain for the next. */
        u64 after = free_pages_settled(ANY_AMOUNT);
        if (round)
            EXPECT(after + MANY - 1 >= before);
        before = after;
    }
    steady("create", made);
    steady("destroy", unmade);
    steady("list, each", listed);
}
