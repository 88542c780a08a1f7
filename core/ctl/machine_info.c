/*
 * The machine as tools see it: processors, memory, one node.
 *
 * The report is honest rather than familiar: PV guests and both grant table versions, and nothing that Serai would
 * refuse when asked for it.
 */
#include "arch/arch.h"
#include "core/ctl/ctl.h"
#include "core/domain.h"
#include "core/frame.h"
#include "core/heap.h"
#include "core/reject.h"
#include "core/sched.h"
#include "lib/string.h"

#define LOCAL_DISTANCE 10       /* of a node from itself (ACPI 6.4, 5.2.17) */
#define MAX_PCI_QUERY 4096

long sysctl_physinfo(struct xen_sysctl *op, bool *copyback)
{
    struct xen_sysctl_physinfo *info = &op->u.physinfo;

    memset(info, 0, sizeof(*info));
    info->threads_per_core = 1;
    info->cores_per_socket = nr_cpus;
    info->nr_cpus = nr_cpus;
    info->max_cpu_id = nr_cpus - 1;
    info->nr_nodes = 1;
    info->capabilities = XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_gnttab_v1 | XEN_SYSCTL_PHYSCAP_gnttab_v2;
    info->total_pages = heap_total_pages();
    info->free_pages = heap_free_pages();
    info->outstanding_pages = heap_claimed_pages();
    info->max_mfn = frame_table_max - 1;
    arch_physinfo(info);
    *copyback = true;
    return 0;
}

long sysctl_cpuinfo(struct xen_sysctl *op, bool *copyback)
{
    struct xen_sysctl_getcpuinfo *get = &op->u.getcpuinfo;
    u32 n = min(get->max_cpus, (u32)nr_cpus);

    for (u32 i = 0; i < n; i++) {
        xen_sysctl_cpuinfo_t info = { .idletime = cpu_idle_time(i) };

        if (copy_elem_to_guest(HVA(get->info), i, &info))
            return reject(-EFAULT, "CPU record %u cannot be written", i);
    }
    get->nr_cpus = n;
    *copyback = true;
    return 0;
}

/* Bytes free below max_bitwidth address bits and not below min_bitwidth. */
long sysctl_availheap(struct xen_sysctl *op, bool *copyback)
{
    struct xen_sysctl_availheap *q = &op->u.availheap;
    u64 pages = 0, low = 0;

    if (q->node <= 0) {
        pages = heap_free_below(q->max_bitwidth);
        low = q->min_bitwidth ? heap_free_below(q->min_bitwidth) : 0;
    }
    q->avail_bytes = (pages > low ? pages - low : 0) << PAGE_SHIFT;
    *copyback = true;
    return 0;
}

long sysctl_cputopo(struct xen_sysctl *op, bool *copyback)
{
    struct xen_sysctl_cputopoinfo *q = &op->u.cputopoinfo;
    struct xen_sysctl_physinfo shape = { .threads_per_core = 1, .cores_per_socket = nr_cpus };
    u32 per_socket;

    arch_physinfo(&shape);
    per_socket = max(shape.threads_per_core * shape.cores_per_socket, 1u);
    if (!gva_null(HVA(q->cputopo)))
        for (u32 i = 0; i < min(q->num_cpus, (u32)nr_cpus); i++) {
            xen_sysctl_cputopo_t t = {
                .core = i % per_socket / max(shape.threads_per_core, 1u), .socket = i / per_socket, .node = 0,
            };

            if (copy_elem_to_guest(HVA(q->cputopo), i, &t))
                return reject(-EFAULT, "topology of CPU %u cannot be written", i);
        }
    q->num_cpus = nr_cpus;
    *copyback = true;
    return 0;
}

long sysctl_numa(struct xen_sysctl *op, bool *copyback)
{
    struct xen_sysctl_numainfo *q = &op->u.numainfo;
    xen_sysctl_meminfo_t mem = {
        .memsize = heap_total_pages() << PAGE_SHIFT,
        .memfree = heap_free_pages() << PAGE_SHIFT,
    };
    u32 distance = LOCAL_DISTANCE;

    if (q->num_nodes > 0) {
        if (!gva_null(HVA(q->meminfo)) && copy_to_guest(HVA(q->meminfo), &mem, sizeof(mem)))
            return reject(-EFAULT, "node memory cannot be written");
        if (!gva_null(HVA(q->distance)) && copy_to_guest(HVA(q->distance), &distance, sizeof(distance)))
            return reject(-EFAULT, "node distance cannot be written");
    }
    q->num_nodes = 1;
    *copyback = true;
    return 0;
}

/* The one node has all devices. */
long sysctl_pcitopo(struct xen_sysctl *op, bool *copyback)
{
    struct xen_sysctl_pcitopoinfo *q = &op->u.pcitopoinfo;
    u32 node = 0;

    if (q->num_devs > MAX_PCI_QUERY)
        return reject(-E2BIG, "nodes of %u devices at once, at most %u", q->num_devs, MAX_PCI_QUERY);
    for (u32 i = 0; i < q->num_devs; i++)
        if (copy_elem_to_guest(HVA(q->nodes), i, &node))
            return reject(-EFAULT, "node of device %u cannot be written", i);
    *copyback = true;
    return 0;
}
