/*
 * Pirqs: a domain's names for machine interrupts.
 *
 * Problem: a guest names interrupts by small numbers of its own space, binds them to event channels, and for some of
 * them must say when it is done.
 * Invariant: a pirq that is mapped names exactly one interrupt of irq.c, and at most one pirq of all domains is bound
 * to it; who has no mapping cannot bind. So the permission to use an interrupt is the mapping, which only a privileged
 * domain makes. A message has one pirq. A line may have one in several domains, since domain 0's kernel maps all lines
 * there are, and whoever binds first has it: a guest gets one that no driver in domain 0 uses.
 *
 * Whether an EOI is needed is a property of the line (level or edge, irq.c) and is published as a bit in a page shared
 * with the guest, if it registered one, so that it need not ask. The guest can scribble on that page: Serai
 * never reads it. Needless EOIs are ignored.
 */
#include "arch/x86/pv/physdev.h"
#include "arch/arch.h"
#include "arch/x86/irq.h"
#include "core/event.h"
#include "core/heap.h"
#include "core/reject.h"
#include "core/vcpu.h"
#include "lib/bitops.h"
#include "lib/clamp.h"
#include "lib/print.h"
#include "lib/rangeset.h"

#define ISA_LINES 16

enum { PIRQ_FREE, PIRQ_RESERVED, PIRQ_MAPPED };
struct pirq {
    u8 state;
    bool bound, line;
    u8 vector;          /* 0: a line that got none yet */
    u8 block;           /* first of an MSI block: how many (1: alone); others of the block 0 */
    u32 gsi;
};

/* Under irq_lock. NULL: no such number, or no memory for the table. */
static struct pirq *pirq_table(struct domain *d)
{
    if (!d->arch.pirq)
        d->arch.pirq = zalloc(d, MAX_PIRQS * sizeof(struct pirq));
    return d->arch.pirq;
}

static struct pirq *mapped(struct domain *d, u32 pirq)
{
    struct pirq *p = d->arch.pirq && pirq < MAX_PIRQS ? &d->arch.pirq[index_clamp(pirq, MAX_PIRQS)] : NULL;

    return p && p->state == PIRQ_MAPPED ? p : NULL;
}

static bool needs_eoi(const struct pirq *p)
{
    return p->line && p->vector && irq_is_level(p->vector);
}

static void publish_eoi(struct domain *d, u32 pirq)
{
    if (!d->arch.pirq_eoi_map)
        return;
    if (d->arch.pirq[pirq].state == PIRQ_MAPPED && needs_eoi(&d->arch.pirq[pirq]))
        set_bit(pirq, d->arch.pirq_eoi_map);
    else
        clear_bit(pirq, d->arch.pirq_eoi_map);
}

/* `count` neighbouring numbers: lines from below, messages from above, so that line n can be pirq n. */
static long pick(struct pirq *t, bool line, unsigned count)
{
    for (unsigned i = 0; i + count <= MAX_PIRQS; i++) {
        unsigned first = line ? ISA_LINES + i : MAX_PIRQS - count - i, n = 0;
        if (first < ISA_LINES || first + count > MAX_PIRQS)
            break;      /* the ISA lines' names stay theirs */
        while (n < count && t[first + n].state == PIRQ_FREE)
            n++;
        if (n == count)
            return first;
    }
    return reject(-ENOSPC, "no %u free pirqs; a domain has %u", count, MAX_PIRQS);
}

/* The number to use, or an error. */
static long choose(struct pirq *t, int want, bool line, unsigned count)
{
    if (want < 0)
        return pick(t, line, count);
    if ((unsigned)want >= MAX_PIRQS || count > MAX_PIRQS - (unsigned)want)
        return reject(-EINVAL, "pirq %d: a domain's are below %u", want, MAX_PIRQS);
    want = (int)index_clamp((unsigned)want, MAX_PIRQS);
    for (unsigned n = 0; n < count; n++)
        if (t[(unsigned)want + n].state == PIRQ_MAPPED)
            return reject(-EEXIST, "pirq %u is mapped already", (unsigned)want + n);
    return want;
}

/* Does any pirq of d name this line? */
static long pirq_of_gsi(const struct pirq *t, u32 gsi)
{
    for (unsigned i = 0; i < MAX_PIRQS; i++)
        if (t[i].state == PIRQ_MAPPED && t[i].line && t[i].gsi == gsi)
            return i;
    return -1;
}

/* How many domains mapped a line; under irq_lock. */
static u16 line_mappings[IRQ_MAX_GSIS];

static long map_gsi(struct domain *d, u32 gsi, int want)
{
    struct pirq *t = pirq_table(d);
    long pirq;

    if (!t)
        return -ENOMEM;
    if (gsi >= irq_gsis())
        return reject(-EINVAL, "interrupt line %u does not exist; lines are below %u", gsi, irq_gsis());
    gsi = (u32)index_clamp(gsi, irq_gsis());
    pirq = pirq_of_gsi(t, gsi);
    if (pirq >= 0)      /* asked again: the answer is the same */
        return want < 0 || want == pirq ? pirq
            : reject(-EEXIST, "line %u is pirq %ld already, not %d", gsi, pirq, want);
    if (!rangeset_contains(current->domain->irqs, gsi, gsi))
        return reject(-EPERM, "line %u is not domain %u's to map", gsi, current->domain->id);
    if (want < 0 && gsi < MAX_PIRQS && t[gsi].state == PIRQ_FREE)
        want = (int)gsi;
    pirq = choose(t, want, true, 1);
    if (pirq < 0)
        return pirq;
    t[pirq] = (struct pirq){ .state = PIRQ_MAPPED, .line = true, .gsi = gsi };
    line_mappings[gsi]++;
    return pirq;
}

long pirq_map_gsi(struct domain *d, u32 gsi, int want)
{
    long r;

    spin_lock(&irq_lock);
    r = d->dying ? reject(-EINVAL, "domain %u is dying", d->id) : map_gsi(d, gsi, want);
    spin_unlock(&irq_lock);
    return r;
}

static long map_msi(struct domain *d, int want, const struct pci_msi *m, unsigned count)
{
    struct pirq *t = pirq_table(d);
    long pirq, vector;

    if (!t)
        return -ENOMEM;
    if (irq_msi_in_use(m))
        return reject(-EEXIST, "MSI%s %u of %04x:%02x:%02x.%u is mapped already", m->msix ? "-X" : "", m->entry,
                      m->segment, m->bus, m->devfn >> 3, m->devfn & 7u);
    pirq = choose(t, want, false, count);
    if (pirq < 0)
        return pirq;
    vector = irq_of_msi(m, 1u << order_of(count));
    if (vector < 0)
        return vector;
    for (unsigned n = 0; n < count; n++)
        t[pirq + n] = (struct pirq){ .state = PIRQ_MAPPED, .vector = (u8)(vector + n), .block = n ? 0 : (u8)count };
    return pirq;
}

long pirq_map_msi(struct domain *d, int want, u16 segment, u8 bus, u8 devfn, u64 table, unsigned entry, unsigned count)
{
    struct pci_msi m;
    long r;

    spin_lock(&irq_lock);
    r = d->dying ? reject(-EINVAL, "domain %u is dying", d->id)
        : pci_msi_prepare(&m, segment, bus, devfn, table, entry);
    if (r == 0 && count > pci_msi_capacity(&m))
        r = reject(-EINVAL, "%u messages asked, the device can send %u", count, pci_msi_capacity(&m));
    if (r == 0)
        r = map_msi(d, want, &m, count);
    spin_unlock(&irq_lock);
    return r;
}

/* Under irq_lock; nothing of it is bound. */
static void unmap(struct domain *d, u32 pirq)
{
    struct pirq *p = &d->arch.pirq[pirq];
    unsigned count = p->line ? 1 : p->block;

    if (!p->line)
        for (unsigned n = 0; n < 1u << order_of(count); n++)
            irq_free(p->vector + n);
    else if (--line_mappings[p->gsi] == 0)
        irq_free_gsi(p->gsi);
    for (unsigned n = 0; n < count; n++) {
        p[n] = (struct pirq){ .state = PIRQ_FREE };
        publish_eoi(d, pirq + n);
    }
}

static long unmap_checked(struct domain *d, int pirq)
{
    struct pirq *p = pirq >= 0 ? mapped(d, (u32)pirq) : NULL;

    if (!p && pirq >= 0 && pirq < MAX_PIRQS && d->arch.pirq && d->arch.pirq[pirq].state == PIRQ_RESERVED) {
        d->arch.pirq[pirq].state = PIRQ_FREE;
        return 0;
    }
    if (!p)
        return reject(-EINVAL, "pirq %d is not mapped", pirq);
    if (!p->line && p->block == 0)
        return reject(-EINVAL, "pirq %d is part of a block; unmap its first", pirq);
    for (unsigned n = 0; n < (p->line ? 1u : p->block); n++)
        if (p[n].bound)
            return reject(-EBUSY, "pirq %u is still bound to an event channel", (unsigned)pirq + n);
    unmap(d, (u32)pirq);
    return 0;
}

long pirq_unmap(struct domain *d, int pirq)
{
    long r;

    spin_lock(&irq_lock);
    r = unmap_checked(d, pirq);
    spin_unlock(&irq_lock);
    return r;
}

long pirq_reserve(struct domain *d, bool line)
{
    struct pirq *t;
    long r;

    spin_lock(&irq_lock);
    t = pirq_table(d);
    r = t ? pick(t, line, 1) : -ENOMEM;
    if (r >= 0)
        t[r].state = PIRQ_RESERVED;
    spin_unlock(&irq_lock);
    return r;
}

/* ---- use by event channels (arch/arch.h) ---- */

static long bind(struct vcpu *v, u32 pirq, bool share)
{
    struct domain *d = v->domain;
    struct pirq *p = mapped(d, pirq);
    long err;

    (void)share;        /* one interrupt, one domain: irq_bind_guest() refuses a line that another one has bound */
    if (!p)
        return reject(-EINVAL, "pirq %u is not mapped to an interrupt (PHYSDEVOP_map_pirq)", pirq);
    if (!p->vector) {
        long vector = irq_of_gsi(p->gsi);
        if (vector < 0)
            return vector;
        p->vector = (u8)vector;
    }
    err = irq_bind_guest(p->vector, d->id, pirq, v->processor);
    if (err)
        return err;
    p->bound = true;
    publish_eoi(d, pirq);
    return 0;
}

long pirq_guest_bind(struct vcpu *v, u32 pirq, bool share)
{
    long r;

    spin_lock(&irq_lock);
    r = bind(v, pirq, share);
    spin_unlock(&irq_lock);
    return r;
}

void pirq_guest_unbind(struct domain *d, u32 pirq)
{
    struct pirq *p;

    spin_lock(&irq_lock);
    p = mapped(d, pirq);
    if (p && p->bound) {
        irq_unbind_guest(p->vector);
        p->bound = false;
    }
    spin_unlock(&irq_lock);
}

void pirq_guest_set_vcpu(struct domain *d, u32 pirq, struct vcpu *v)
{
    struct pirq *p;

    spin_lock(&irq_lock);
    p = mapped(d, pirq);
    if (p && p->bound)
        irq_set_cpu(p->vector, v->processor);
    spin_unlock(&irq_lock);
}

long pirq_eoi(struct domain *d, u32 pirq)
{
    struct pirq *p;
    bool unmask = false;

    spin_lock(&irq_lock);
    p = mapped(d, pirq);
    if (p) {
        unmask = p->vector && d->arch.pirq_eoi_auto;
        if (p->bound)       /* else it may be bound by another domain */
            irq_guest_eoi(p->vector);
    }
    spin_unlock(&irq_lock);
    if (!p)
        return reject(-EINVAL, "end of interrupt for pirq %u, which this domain does not have", pirq);
    if (unmask && event_pirq_port(d, pirq))
        (void)event_unmask(d, event_pirq_port(d, pirq));
    return 0;
}

long pirq_eoi_all(struct domain *d)
{
    spin_lock(&irq_lock);
    for (u32 pirq = 0; pirq < MAX_PIRQS; pirq++) {
        struct pirq *p = mapped(d, pirq);
        if (p && p->bound)
            irq_guest_eoi(p->vector);
    }
    spin_unlock(&irq_lock);
    return 0;
}

long pirq_status(struct domain *d, u32 pirq)
{
    struct pirq *p;
    long r = 0;

    if (pirq >= MAX_PIRQS)
        return reject(-EINVAL, "status of pirq %u: a domain's are below %u", pirq, MAX_PIRQS);
    spin_lock(&irq_lock);
    p = mapped(d, pirq);
    /* A line may become level-triggered later (setup_gsi), a free number a line, so say yes; messages never wait. */
    if (!p || p->line)
        r = XENIRQSTAT_needs_eoi;
    spin_unlock(&irq_lock);
    return r;
}

long pirq_eoi_page(struct domain *d, mfn_t mfn, bool unmask_at_eoi)
{
    long err = 0;

    if (!frame_get_writable(mfn, d))
        return reject(-EINVAL, "EOI page: frame %#lx is not a writable page of the caller", mfn);
    spin_lock(&irq_lock);
    if (d->arch.pirq_eoi_map) {
        err = -EBUSY;
    } else {
        d->arch.pirq_eoi_map = mfn_to_virt(mfn);
        d->arch.pirq_eoi_mfn = mfn;
        d->arch.pirq_eoi_auto = unmask_at_eoi;
        for (u32 i = 0; d->arch.pirq && i < MAX_PIRQS; i++)
            publish_eoi(d, i);
    }
    spin_unlock(&irq_lock);
    if (err) {
        frame_put_writable(mfn);
        return reject(err, "the domain has an EOI page already");
    }
    return 0;
}

void pirq_domain_destroy(struct domain *d)
{
    bool had_page;
    struct pirq *t;

    spin_lock(&irq_lock);
    t = d->arch.pirq;
    for (u32 i = 0; t && i < MAX_PIRQS; i++)
        if (t[i].state == PIRQ_MAPPED && t[i].bound) {
            irq_unbind_guest(t[i].vector);
            t[i].bound = false;
        }
    for (u32 i = 0; t && i < MAX_PIRQS; i++)
        if (t[i].state == PIRQ_MAPPED && (t[i].line || t[i].block))
            unmap(d, i);
    d->arch.pirq = NULL;
    had_page = d->arch.pirq_eoi_map != NULL;
    d->arch.pirq_eoi_map = NULL;
    spin_unlock(&irq_lock);
    zfree(t);
    if (had_page)
        frame_put_writable(d->arch.pirq_eoi_mfn);
}
