/*
 * Debug keys. The table is core/keys.def; reports are made by the modules they are about. They run on the exit path of
 * the CPU that got the character (or in the sysctl), take the locks they need one after the other, and print with
 * log_always(), because whoever presses a key wants to see the answer whatever the log level.
 */
#include "core/keys.h"
#include "core/console.h"
#include "core/domain.h"
#include "core/event.h"
#include "core/grant.h"
#include "core/heap.h"
#include "core/mmu.h"
#include "core/reject.h"
#include "core/sched.h"
#include "core/timer.h"
#include "core/vcpu.h"
#include "arch/arch.h"

#define MIB_PAGES (MiB(1) >> PAGE_SHIFT)

static void key_help(void);
static void key_all(void);

static void each_domain(void (*report)(struct domain *d))
{
    struct domain *d;
    domain_list_lock();
    for_each_domain(d)
        report(d);
    domain_list_unlock();
}

/* ---- reports ---- */

static void key_registers_dom0(void)
{
    struct vcpu *v;
    if (!domain0)
        return;
    for_each_vcpu(domain0, v)
        machine_dump_vcpu(v);
}

static void dump_running(struct domain *d)
{
    struct vcpu *v;
    for_each_vcpu(d, v)
        if (READ_ONCE(v->running))
            machine_dump_vcpu(v);
}

static void key_registers_running(void)
{
    each_domain(dump_running);
}

static void key_domains(void)
{
    domains_dump();
}

static void key_runqueues(void)
{
    sched_dump();
}

static void memory_of(struct domain *d)
{
    log_always("  domain %u: %lu pages (at most %ld), %lu claimed, %lu shared with Serai, %lu KiB of Serai's records",
               d->id, d->tot_pages, (long)d->max_pages, d->claim_pages, d->shared_pages, d->serai_bytes >> 10);
}

static void key_memory(void)
{
    u64 total = heap_total_pages(), available = heap_free_pages();
    log_always("Memory: heap %lu MiB, free %lu MiB (%lu below 4 GiB), claimed %lu MiB", total / MIB_PAGES,
               available / MIB_PAGES, heap_free_below(32) / MIB_PAGES, heap_claimed_pages() / MIB_PAGES);
    each_domain(memory_of);
}

static void key_events(void)
{
    each_domain(event_dump);
}

static void key_grants(void)
{
    each_domain(grant_dump);
}

static void key_timers(void)
{
    timers_dump();
}

static void key_interrupts(void)
{
    irq_dump();
}

static void key_power(void)
{
    pm_dump();
}

static void key_pci(void)
{
    pci_dump();
}

static void key_refusals(void)
{
    each_domain(reject_dump);
}

static void key_audit(void)
{
    ns_t start = now_ns();
    unsigned defects = audit_all();
    log_always("Audit: %u defect%s, %lu ms", defects, defects == 1 ? "" : "s", (now_ns() - start) / 1000000);
}

static void key_console(void)
{
    u32 start = console_ring_start(), end = console_ring_end();
    log_always("Console: %u characters in the ring (positions %u to %u)", end - start, start, end);
}

static void key_panic(void) { panic("debug key 'C': somebody wanted to see this"); }

static void key_reboot(void)
{
    log_always("Rebooting: debug key");
    machine_end(MACHINE_REBOOT);
}

/* ---- the table ---- */

static const struct key {
    char letter;
    void (*press)(void);
    const char *what;
} keys[] = {
#define KEY(letter, function, what) { letter, function, what },
#include "core/keys.def"
#undef KEY
};

static void key_help(void)
{
    log_always("Debug keys:");
    for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
        log_always("  %c  %s", keys[i].letter, keys[i].what);
}

static void key_all(void)
{
    for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
        if (keys[i].press != key_help && keys[i].press != key_all && keys[i].press != key_reboot &&
            keys[i].press != key_panic)
            keys[i].press();
}

long key_press(char c)
{
    for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
        if (keys[i].letter == c) {
            log_always("'%c' pressed: %s (%lu ms since boot)", c, keys[i].what, now_ns() / 1000000);
            keys[i].press();
            return 0;
        }
    if (c < ' ')
        return refuse_quietly(-EINVAL);
    return reject(-EINVAL, "debug key %#x has no meaning; 'h' lists those that have", (u8)c);
}
