/*
 * Machine interrupts.
 *
 * Problem: a line or message of a device must reach whoever drives it, mostly a guest that may be slow or malicious,
 * without any guest being able to hold up interrupts of others.
 * Invariant: the local APIC's in-service bit of a device vector is never left set when Serai returns to a guest. Edges
 * and messages get their EOI at once: the next one is delivered when it comes, the event channel merges them. A level
 * line would fire again immediately, so it is masked in the I/O APIC, gets its EOI, and is unmasked when its guest
 * says it is done. A guest that never says so stops its own device.
 *
 * One vector, one source, on all CPUs: 191 sources are plenty for now and the refusal names the limit. The handler
 * holds no reference to a domain but its id; a late interrupt for a domain that is gone finds nobody.
 */
#include "arch/x86/irq.h"
#include "core/timer.h"
#include "arch/arch.h"
#include "arch/x86/acpi.h"
#include "arch/x86/apic.h"
#include "arch/x86/clock.h"
#include "arch/x86/cpu.h"
#include "arch/x86/ioapic.h"
#include "arch/x86/smp.h"
#include "arch/x86/vectors.h"
#include "core/domain.h"
#include "core/event.h"
#include "core/reject.h"
#include "lib/print.h"
#include <machine/current.h>

enum irq_state { IRQ_FREE, IRQ_IDLE, IRQ_OWN, IRQ_GUEST };

struct irq {
    u8 state;           /* enum irq_state */
    bool line;          /* gsi is valid; else msi is */
    bool level, active_low;
    bool in_service;    /* level line masked until the guest's EOI */
    u8 msi_count;       /* entry 0 of an MSI block: its size */
    domid_t domid;
    u32 gsi, pirq, cpu;
    void (*fn)(void *);
    void *data;
    struct pci_msi msi;
    u64 count;
};

struct spinlock irq_lock = SPINLOCK(irq);
static struct irq irqs[256];
#define MAX_GSIS IRQ_MAX_GSIS
static struct line { u8 vector; bool configured, level, active_low, set_up; } lines[MAX_GSIS];
static u64 spurious;

u32 irq_gsis(void) { return min(ioapic_gsis(), (u32)MAX_GSIS); }

void irq_init(void)
{
    for (u32 gsi = 0; gsi < irq_gsis(); gsi++) {
        struct line *l = &lines[gsi];
        if (!acpi_gsi_override(gsi, &l->level, &l->active_low))
            l->level = l->active_low = gsi >= 16;       /* PCI lines, until domain 0 knows better */
    }
}

/* ---- allocation ---- */

static long vectors_alloc(unsigned count)
{
    for (unsigned v = round_up(VECTOR_DEVICE_FIRST, count); v + count - 1 <= VECTOR_DEVICE_LAST; v += count) {
        unsigned n = 0;
        while (n < count && v + n != VECTOR_INT80 && irqs[v + n].state == IRQ_FREE)
            n++;
        if (n == count)
            return (long)v;
    }
    return reject(-ENOSPC, "no %u free neighbouring interrupt vectors; the machine has %u for devices", count,
                  VECTOR_DEVICE_LAST - VECTOR_DEVICE_FIRST);
}

long irq_of_gsi(u32 gsi)
{
    long vector;

    if (gsi >= irq_gsis() || !ioapic_has(gsi))
        return reject(-ENODEV, "interrupt line %u does not exist; lines are below %u", gsi, irq_gsis());
    if (lines[gsi].vector)
        return irqs[lines[gsi].vector].state == IRQ_OWN
            ? reject(-EBUSY, "interrupt line %u belongs to the hypervisor", gsi) : lines[gsi].vector;
    vector = vectors_alloc(1);
    if (vector < 0)
        return vector;
    irqs[vector] = (struct irq){ .state = IRQ_IDLE, .line = true, .gsi = gsi };
    lines[gsi].vector = (u8)vector;
    return vector;
}

/* Physical destination of device interrupts: 8 bits without interrupt remapping. */
static u32 destination(unsigned cpu)
{
    return cpu < nr_cpus && cpus[cpu].online && cpus[cpu].apic_id < 0xff ? cpus[cpu].apic_id : cpus[0].apic_id;
}

bool irq_msi_in_use(const struct pci_msi *msi)
{
    for (unsigned v = VECTOR_DEVICE_FIRST; v <= VECTOR_DEVICE_LAST; v++) {
        const struct pci_msi *m = &irqs[v].msi;
        if (irqs[v].state != IRQ_FREE && !irqs[v].line && m->segment == msi->segment && m->bus == msi->bus &&
            m->devfn == msi->devfn && m->msix == msi->msix && (!m->msix || m->entry == msi->entry))
            return true;
    }
    return false;
}

long irq_of_msi(const struct pci_msi *msi, unsigned count)
{
    long first = vectors_alloc(count);

    if (first < 0)
        return first;
    for (unsigned i = 0; i < count; i++) {
        struct irq *q = &irqs[first + i];
        *q = (struct irq){ .state = IRQ_IDLE, .msi = *msi, .msi_count = (u8)(i ? 0 : count) };
        if (!msi->msix)
            q->msi.entry = (u16)i;
        pci_msi_mask(&q->msi, true);
    }
    if (!msi->msix)
        pci_msi_set_order(msi, lowest_bit(count));
    pci_msi_write(&irqs[first].msi, destination(0), (u8)first);
    return first;
}

static void line_program(struct irq *q, u8 vector)
{
    q->level = lines[q->gsi].level;
    q->active_low = lines[q->gsi].active_low;
    ioapic_route(q->gsi, vector, destination(q->cpu), q->level, q->active_low);
}

static void source_mask(struct irq *q, bool masked)
{
    if (q->line)
        ioapic_mask(q->gsi, masked);
    else
        pci_msi_mask(&q->msi, masked);
}

void irq_free(unsigned vector)
{
    struct irq *q = &irqs[vector];

    ASSERT(q->state == IRQ_IDLE);
    source_mask(q, true);
    if (q->line)
        lines[q->gsi].vector = 0;
    else if (!q->msi.msix && q->msi.entry == 0)
        pci_msi_enable(&q->msi, false);
    q->state = IRQ_FREE;
}

void irq_free_gsi(u32 gsi)
{
    unsigned vector = lines[gsi].vector;

    if (vector && irqs[vector].state == IRQ_IDLE)       /* else there is none, or it is Serai's own */
        irq_free(vector);
}

/* ---- use ---- */

long irq_setup_gsi(u32 gsi, bool level, bool active_low)
{
    struct line *l;

    if (gsi >= irq_gsis() || !ioapic_has(gsi))
        return reject(-EINVAL, "interrupt line %u does not exist; lines are below %u", gsi, irq_gsis());
    l = &lines[gsi];
    if (l->set_up || (l->vector && irqs[l->vector].state != IRQ_IDLE))
        return refuse_quietly(-EEXIST);
    l->set_up = true;
    l->level = level;
    l->active_low = active_low;
    l->configured = true;
    return 0;
}

long irq_request(u32 gsi, bool level, bool active_low, unsigned cpu, void (*fn)(void *), void *data)
{
    long vector;
    struct irq *q;

    spin_lock(&irq_lock);
    vector = irq_of_gsi(gsi);
    if (vector > 0 && irqs[vector].state != IRQ_IDLE)
        vector = -EBUSY;
    if (vector > 0) {
        q = &irqs[vector];
        lines[gsi] = (struct line){ (u8)vector, true, level, active_low, true };
        q->fn = fn;
        q->data = data;
        q->cpu = cpu;
        q->state = IRQ_OWN;
        line_program(q, (u8)vector);
        source_mask(q, false);
    }
    spin_unlock(&irq_lock);
    return vector < 0 ? vector : 0;
}

long irq_bind_guest(unsigned vector, domid_t domid, u32 pirq, unsigned cpu)
{
    struct irq *q = &irqs[vector];

    if (q->state != IRQ_IDLE)
        return q->state == IRQ_OWN ? reject(-EBUSY, "interrupt vector %#x is in use by the hypervisor", vector) :
                                     reject(-EBUSY, "interrupt vector %#x is bound by domain %u", vector, q->domid);
    q->domid = domid;
    q->pirq = pirq;
    q->cpu = cpu;
    q->in_service = false;
    q->state = IRQ_GUEST;
    if (q->line) {
        line_program(q, (u8)vector);
    } else {
        pci_msi_write(&q->msi, destination(cpu), (u8)(vector - (q->msi.msix ? 0 : q->msi.entry)));
        pci_msi_enable(&q->msi, true);
    }
    source_mask(q, false);
    return 0;
}

void irq_unbind_guest(unsigned vector)
{
    struct irq *q = &irqs[vector];

    if (q->state != IRQ_GUEST)
        return;
    source_mask(q, true);
    q->state = IRQ_IDLE;
    q->in_service = false;
}

void irq_guest_eoi(unsigned vector)
{
    struct irq *q = &irqs[vector];

    if (q->state != IRQ_GUEST || !q->in_service)
        return;
    q->in_service = false;
    source_mask(q, false);
}

void irq_set_cpu(unsigned vector, unsigned cpu)
{
    struct irq *q = &irqs[vector];

    if (q->cpu == cpu || q->state != IRQ_GUEST)
        return;
    q->cpu = cpu;
    if (q->line)
        ioapic_set_destination(q->gsi, destination(cpu));
    else
        pci_msi_write(&q->msi, destination(cpu), (u8)(vector - (q->msi.msix ? 0 : q->msi.entry)));
}

bool irq_is_level(unsigned vector)
{
    const struct irq *q = &irqs[vector];
    return q->line && lines[q->gsi].level;
}

void irq_restore_msi(u16 segment, u8 bus, u8 devfn)
{
    for (unsigned v = VECTOR_DEVICE_FIRST; v <= VECTOR_DEVICE_LAST; v++) {
        struct irq *q = &irqs[v];
        if (q->state == IRQ_FREE || q->line || q->msi.segment != segment || q->msi.bus != bus || q->msi.devfn != devfn)
            continue;
        if (q->msi.msix || q->msi.entry == 0) {
            if (!q->msi.msix)
                pci_msi_set_order(&q->msi, lowest_bit(q->msi_count));
            pci_msi_write(&q->msi, destination(q->cpu), (u8)v);
        }
        if (q->state == IRQ_GUEST) {
            pci_msi_enable(&q->msi, true);
            pci_msi_mask(&q->msi, false);
        }
    }
}

/* ---- arrival ---- */

static void deliver(domid_t domid, u32 pirq)
{
    struct domain *d = domain_get(domid);

    if (!d)
        return;
    pirq_send(d, pirq);
    domain_put(d);
}

static void device_interrupt(unsigned vector)
{
    struct irq *q = &irqs[vector];
    void (*fn)(void *) = NULL;
    void *data = NULL;
    bool guest = false;
    domid_t domid = 0;
    u32 pirq = 0;

    spin_lock(&irq_lock);
    q->count++;
    if (q->state == IRQ_GUEST) {
        guest = true;
        domid = q->domid;
        pirq = q->pirq;
        if (q->level && q->line) {
            q->in_service = true;
            ioapic_mask(q->gsi, true);
        }
    } else if (q->state == IRQ_OWN) {
        fn = q->fn;
        data = q->data;
    } else {
        spurious++;     /* raised before it was masked or freed */
    }
    spin_unlock(&irq_lock);
    if (fn)
        fn(data);       /* before the EOI: it quiets a level source */
    apic_eoi();
    if (guest)
        deliver(domid, pirq);
}

void irq_timer_from_guest(void)
{
    apic_eoi();
    this_cpu()->stat_irqs++;
    timers_run();
}

void irq_handle(unsigned vector)
{
    if (vector >= VECTOR_DEVICE_FIRST && vector <= VECTOR_DEVICE_LAST) {
        this_cpu()->stat_irqs++;
        device_interrupt(vector);
        return;
    }
    if (vector < VECTOR_DEVICE_FIRST || vector == VECTOR_SPURIOUS) {
        spurious++;     /* neither the 8259 nor the local APIC holds these in service */
        return;
    }
    apic_eoi();
    switch (vector) {
    case VECTOR_TIMER:
        clock_interrupt();
        break;
    case VECTOR_FLUSH:
    case VECTOR_CALL:
        smp_serve();
        break;
    case VECTOR_ERROR:
        apic_error();
        break;
    default:            /* VECTOR_EVENT: having interrupted is all it is for */
        break;
    }
}

void irq_dump(void)
{
    static const char *const states[] = { "free", "idle", "hypervisor", "guest" };

    spin_lock(&irq_lock);
    for (unsigned v = VECTOR_DEVICE_FIRST; v <= VECTOR_DEVICE_LAST; v++) {
        const struct irq *q = &irqs[v];
        if (q->state == IRQ_FREE)
            continue;
        if (q->line)
            log_always("vector %#x: line %u %s%s, %s, d%u pirq %u, CPU %u, %lu interrupts%s", v, q->gsi,
                       lines[q->gsi].level ? "level" : "edge", lines[q->gsi].active_low ? " low" : "",
                       states[q->state], q->domid, q->pirq, q->cpu, q->count, q->in_service ? ", in service" : "");
        else
            log_always("vector %#x: %04x:%02x:%02x.%u MSI%s %u, %s, d%u pirq %u, CPU %u, %lu interrupts", v,
                       q->msi.segment, q->msi.bus, q->msi.devfn >> 3, q->msi.devfn & 7u, q->msi.msix ? "-X" : "",
                       q->msi.entry, states[q->state], q->domid, q->pirq, q->cpu, q->count);
    }
    log_always("%lu spurious interrupts", spurious);
    spin_unlock(&irq_lock);
}
