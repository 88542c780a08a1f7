/*
 * Trace buffers.
 *
 * Problem: what happens thousands of times a second cannot be printed, yet who looks for lost time wants every switch
 * and every hypercall with its moment. So each CPU writes records into a ring of its own, which a tool in domain 0 has
 * mapped and empties. The layout is the public header trace.h's: a page list (t_info) that says which frames the rings
 * are in and can only be read, and per ring two positions that count modulo twice its size, so that full and empty
 * differ.
 *
 * Invariant: a ring is written by its own CPU only, with interrupts off, so there is no lock and no record is ever
 * half written when `prod` passes it. What the tool writes (cons) is checked each time and decides nothing but whether
 * there is room; Serai keeps its own copy of prod. So a tool can only spoil what it reads.
 *
 * A record never wraps: the rest of the ring is filled by a record that says so. Records that find no room are counted,
 * and the count is the first record that goes in again. On purpose imprecise: records of one CPU are in order, those of
 * different CPUs only by their time stamps (the TSC).
 *
 * The rings are allocated once, at the first request, and stay, because nothing says when a tool has unmapped them.
 */
#define TRACE_TESTED            /* here it is real, also on the host */
#include "core/trace.h"
#include <stdarg.h>
#include "abi/xen.h"
#include <xen/sysctl.h>
#include "arch/arch.h"
#include "core/ctl/ctl.h"
#include "core/event.h"
#include "core/frame.h"
#include "core/heap.h"
#include "core/reject.h"
#include "core/vcpu.h"
#include "lib/print.h"
#include "lib/string.h"

#define MAX_RING_PAGES 1024
#define HEADER_CYCLES (1u << 31)

struct ring {
    struct t_buf *buf;          /* shared with the tool */
    u32 bytes;                  /* of records: the ring without its header */
    u32 prod;                   /* ours; buf->prod is the tool's copy */
    u32 lost;
    u64 lost_since;             /* TSC */
} __cacheline;

u32 trace_wanted;
static struct ring rings[MAX_CPUS];
static u32 event_mask = TRC_ALL;
static u64 cpu_mask = ~0UL;
static bool enabled;
static u32 announce;            /* atomic */
static struct t_info *info;
static u32 info_bytes, ring_pages;

/* ---- writing ---- */

/* Bytes not yet fetched; the whole ring if the tool's position is nonsense. */
static u32 unread(const struct ring *r)
{
    u32 cons = READ_ONCE(r->buf->cons), n;

    if (cons >= 2 * r->bytes || cons % 4)
        return r->bytes;
    n = r->prod >= cons ? r->prod - cons : r->prod + 2 * r->bytes - cons;
    return min(n, r->bytes);
}

static u32 *ring_at(const struct ring *r)
{
    u32 offset = r->prod >= r->bytes ? r->prod - r->bytes : r->prod;

    return (u32 *)((u8 *)(r->buf + 1) + offset);
}

static void advance(struct ring *r, u32 bytes)
{
    r->prod += bytes;
    if (r->prod >= 2 * r->bytes)
        r->prod -= 2 * r->bytes;
    __atomic_store_n(&r->buf->prod, r->prod, __ATOMIC_RELEASE);
}

/* Fill the ring up to its end: at most 9 words, since a record of 10 did not fit. */
static void pad(struct ring *r, u32 bytes, u64 tsc)
{
    u32 *at = ring_at(r), words = bytes / 4 - 1;

    if (words > TRACE_EXTRA_MAX) {
        at[0] = TRC_TRACE_WRAP_BUFFER | (words - 2) << TRACE_EXTRA_SHIFT | HEADER_CYCLES;
        memcpy(&at[1], &tsc, sizeof(tsc));
    } else {
        at[0] = TRC_TRACE_WRAP_BUFFER | words << TRACE_EXTRA_SHIFT;
    }
    advance(r, bytes);
}

static bool put(struct ring *r, u32 event, u64 tsc, const u32 *words, unsigned n)
{
    u32 bytes = (u32)(sizeof(u32) + sizeof(tsc) + n * sizeof(u32)), have = unread(r), *at = ring_at(r);
    u32 left = r->bytes - (u32)((u8 *)at - (u8 *)(r->buf + 1)), gap = left < bytes ? left : 0;

    if (r->bytes - have < gap + bytes)
        return false;
    if (gap) {
        pad(r, gap, tsc);
        at = ring_at(r);
    }
    at[0] = event | n << TRACE_EXTRA_SHIFT | HEADER_CYCLES;
    memcpy(&at[1], &tsc, sizeof(tsc));
    memcpy(&at[3], words, n * sizeof(u32));
    advance(r, bytes);
    if (have < r->bytes / 2 && have + gap + bytes >= r->bytes / 2 &&
        !__atomic_exchange_n(&announce, 1, __ATOMIC_RELAXED))
        cpu_raise(smp_cpu(), PENDING_TASK);
    return true;
}

/* How many were lost, whose vcpu runs now, and since when. */
static bool put_lost(struct ring *r, u64 tsc)
{
    const u32 words[] = { r->lost, current->domain->id | current->id << 16, TRACE_U64(r->lost_since) };

    if (!put(r, TRC_LOST_RECORDS, tsc, words, ARRAY_SIZE(words)))
        return false;
    r->lost = 0;
    return true;
}

/* A mask chooses an event if they share a class and a subclass. */
static bool chosen(u32 mask, u32 event)
{
    u32 both = mask & event;

    return both >> TRC_CLS_SHIFT && both >> TRC_SUBCLS_SHIFT & 0xf;
}

void trace_record(u32 event, const u32 *words, unsigned n)
{
    struct ring *r = &rings[smp_cpu()];
    u64 tsc;

    if (!r->buf || n > TRACE_EXTRA_MAX || !(READ_ONCE(cpu_mask) & BIT(smp_cpu())) ||
        !chosen(READ_ONCE(trace_wanted), event))
        return;
    tsc = machine_tsc();
    if ((r->lost && !put_lost(r, tsc)) || !put(r, event, tsc, words, n))
        if (!r->lost++)
            r->lost_since = tsc;
}

void trace_announce(void)
{
    if (__atomic_exchange_n(&announce, 0, __ATOMIC_RELAXED))
        virq_send_host(VIRQ_TBUF);
}

/* ---- setting up ---- */

static void forget(void)
{
    for (unsigned cpu = 0; cpu < nr_cpus; cpu++)
        if (rings[cpu].buf)
            zfree_pages(rings[cpu].buf, order_of(ring_pages));
    if (info)
        zfree_pages(info, order_of(info_bytes >> PAGE_SHIFT));
    memset(rings, 0, sizeof(rings));
    info = NULL;
    info_bytes = ring_pages = 0;
}

/* The list: its header, a position per CPU in words, and from there the CPU's frame numbers. */
static void fill_info(void)
{
    u32 *words = (u32 *)info, at = DIV_ROUND_UP((u32)sizeof(u16) * (1 + nr_cpus), (u32)sizeof(u32));

    info->tbuf_size = (u16)ring_pages;
    for (unsigned cpu = 0; cpu < nr_cpus; cpu++) {
        info->mfn_offset[cpu] = (u16)at;
        for (u32 i = 0; i < ring_pages; i++)
            words[at++] = (u32)virt_to_mfn(rings[cpu].buf) + i;
    }
}

static long allocate(u32 pages)
{
    u32 words = DIV_ROUND_UP((u32)sizeof(u16) * (1 + nr_cpus), (u32)sizeof(u32)) + nr_cpus * pages;

    if (info)
        return pages == ring_pages ? 0 :
            reject(-EBUSY, "trace buffers have %u pages per CPU since they were first used", ring_pages);
    if (!pages || pages > MAX_RING_PAGES || words > UINT16_MAX)
        return reject(-EINVAL, "trace buffers of %u pages per CPU for %u CPUs: 1 to %u, %u in all", pages, nr_cpus,
                      MAX_RING_PAGES, UINT16_MAX);
    ring_pages = pages;
    info_bytes = DIV_ROUND_UP(words * (u32)sizeof(u32), (u32)PAGE_SIZE) << PAGE_SHIFT;
    info = zalloc_pages(NULL, order_of(info_bytes >> PAGE_SHIFT));
    for (unsigned cpu = 0; cpu < nr_cpus; cpu++) {
        rings[cpu].buf = zalloc_pages(NULL, order_of(pages));
        rings[cpu].bytes = (pages << PAGE_SHIFT) - (u32)sizeof(struct t_buf);
        if (!info || !rings[cpu].buf) {
            forget();
            return reject(-ENOMEM, "no memory for %u trace buffers of %u pages, each in one piece", nr_cpus, pages);
        }
    }
    fill_info();
    for (u32 i = 0; i < info_bytes >> PAGE_SHIFT; i++)
        frame_publish(virt_to_mfn(info) + i, false);
    for (unsigned cpu = 0; cpu < nr_cpus; cpu++)
        for (u32 i = 0; i < pages; i++)
            frame_publish(virt_to_mfn(rings[cpu].buf) + i, true);
    return 0;
}

static void update(void)
{
    u32 mask = enabled ? event_mask : 0;

    WRITE_ONCE(trace_wanted, mask);
    machine_trace_entries(chosen(mask, TRC_PV_HYPERCALL_V2));
}

long trace_sysctl(struct xen_sysctl_tbuf_op *op, bool *copyback)
{
    long rc = 0;
    u64 cpus;

    *copyback = true;
    switch (op->cmd) {
    case XEN_SYSCTL_TBUFOP_get_info:
        break;
    case XEN_SYSCTL_TBUFOP_set_cpu_mask:
        rc = bitmap_get(&op->cpu_mask, &cpus);
        if (!rc)
            WRITE_ONCE(cpu_mask, cpus);
        break;
    case XEN_SYSCTL_TBUFOP_set_evt_mask:
        event_mask = op->evt_mask & TRC_ALL;
        break;
    case XEN_SYSCTL_TBUFOP_set_size:
        rc = allocate(op->size);
        break;
    case XEN_SYSCTL_TBUFOP_enable:
        if (!info)
            return reject(-EINVAL, "trace buffers have no size yet");
        enabled = true;
        break;
    case XEN_SYSCTL_TBUFOP_disable:
        enabled = false;
        break;
    default:
        return reject(-EINVAL, "trace buffer operation %u", op->cmd);
    }
    update();
    op->evt_mask = event_mask;
    op->buffer_mfn = info ? virt_to_mfn(info) : 0;
    op->size = info_bytes;
    return rc;
}

void trace_words(u32 event, unsigned n, ...)
{
    u32 words[TRACE_EXTRA_MAX];
    va_list ap;

    va_start(ap, n);
    for (unsigned i = 0; i < n && i < ARRAY_SIZE(words); i++)
        words[i] = va_arg(ap, u32);
    va_end(ap);
    trace_record(event, words, min(n, (unsigned)ARRAY_SIZE(words)));
}
