/* Domains that compete for CPUs, and what each got: for tests of the scheduler. Domain 0 sleeps while they run. */
#pragma once
#include "dom.h"

#define S 1000000000UL
#define MAX_HOGS 16
static struct dom hog[MAX_HOGS];
static u64 ran[MAX_HOGS], counted[MAX_HOGS], window;    /* ns, loops, ns */

/* In the child: count until the end of its days. */
static u64 hog_burn(u64 a, u64 b, u64 c)
{
    (void)a, (void)b, (void)c;
    for (;;)
        child_mb->word[0]++;
}

static void doze(u64 ns)
{
    struct sched_poll p = { .nr_ports = 0, .timeout = now() + ns };
    hc(__HYPERVISOR_sched_op, SCHEDOP_poll, &p);
}

/* n paused domains that will burn when they run. */
static void hogs_make(unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        dom_create(&hog[i]);
        OK("pause", domctl_simple(XEN_DOMCTL_pausedomain, hog[i].id));
        dom_start_call(&hog[i], hog_burn, 0, 0, 0);
    }
}

static void hogs_end(unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        dom_destroy(&hog[i]);
}

static void hogs_pause(unsigned n, bool pause)
{
    for (unsigned i = 0; i < n; i++)
        OK("pause", domctl_simple(pause ? XEN_DOMCTL_pausedomain : XEN_DOMCTL_unpausedomain, hog[i].id));
}

static u64 hogs_since;
static u64 ran_before[MAX_HOGS], counted_before[MAX_HOGS];

static void hogs_begin(unsigned n)
{
    hogs_since = now();
    for (unsigned i = 0; i < n; i++) {
        ran_before[i] = domain_ran(hog[i].id);
        counted_before[i] = hog[i].mb->word[0];
    }
}

/* What each of n got since hogs_begin(). */
static void hogs_look(unsigned n)
{
    window = now() - hogs_since;
    for (unsigned i = 0; i < n; i++) {
        ran[i] = domain_ran(hog[i].id) - ran_before[i];
        counted[i] = hog[i].mb->word[0] - counted_before[i];
    }
}

/* Let the first n run for a moment, then see what each gets in `ns`. */
static void hogs_measure(unsigned n, u64 ns)
{
    hogs_pause(n, false);
    doze(S / 5);
    hogs_begin(n);
    doze(ns);
    hogs_look(n);
    hogs_pause(n, true);
}

/* How far `got` is from `want`, in hundredths of a per cent of it. */
static u64 off_by(u64 got, u64 want) { return (got > want ? got - want : want - got) * 10000 / want; }

/* `got` is `want`, within so many hundredths of a per cent of it. */
static void within(const char *name, u64 got, u64 want, u64 limit)
{
    u64 off = off_by(got, want);
    say("@shares %s: %lu, fair %lu, off by %lu.%lu%lu per cent", name, got, want, off / 100, off / 10 % 10, off % 10);
    EXPECT_EQ(name, off > limit ? off : 0, 0);
}
