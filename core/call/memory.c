/*
 * memory_op: which operation, and the short ones.
 *
 * Bits 6 and up of the command count the extents that earlier runs of the same call have done, so that a call over a
 * long list can be put off without touching the list. They come back from the guest and mean only "start there": a
 * guest that changes them skips its own work.
 */
#include "core/call/memory.h"
#include "arch/arch.h"
#include "core/domain.h"
#include "core/heap.h"
#include "core/hypercall.h"
#include "core/reject.h"
#include "core/vcpu.h"

#define MAX_ORDER_GUEST 9       /* 2 MiB */
#define MAX_ORDER_DOM0 12       /* 16 MiB */

unsigned memory_max_order(const struct domain *d) { return d->privileged ? MAX_ORDER_DOM0 : MAX_ORDER_GUEST; }

long memory_continue(unsigned op, u64 start, gva_t arg)
{
    return hypercall_continue(__HYPERVISOR_memory_op, 2, (u64)op | start << MEMOP_EXTENT_SHIFT, arg.va);
}

/* ---- numbers ---- */

static long reservation_of(unsigned op, gva_t arg)
{
    struct xen_memory_domain in;
    struct domain *d;
    u64 pages = 0;
    long err = 0;

    if (copy_from_guest(&in, arg, sizeof(in)))
        return reject(-EFAULT, "domain number cannot be read");
    d = domain_get_target(in.domid, &err);
    if (!d)
        return err;
    if (op == XENMEM_current_reservation)
        pages = d->tot_pages;
    else if (op == XENMEM_maximum_reservation)
        pages = d->max_pages;
    else {
        /* The guest says how long its map is; it may lie, and only its own tools listen. */
        u64 pfns = READ_ONCE(d->shared->arch.max_pfn);
        pages = pfns ? pfns - 1 : 0;
    }
    domain_put(d);
    return (long)min(pages, (u64)INT64_MAX);
}

static long claim(gva_t arg)
{
    xen_memory_reservation_t in;
    struct domain *d;
    long rc = 0;

    if (!current->domain->privileged)
        return reject(-EPERM, "only domain 0 claims memory");
    if (copy_from_guest(&in, arg, sizeof(in)))
        return reject(-EFAULT, "claim cannot be read");
    if (!gva_null(HVA(in.extent_start)) || in.extent_order || in.mem_flags)
        return reject(-EINVAL, "a claim has no list, order or flags");
    d = domain_get_target(in.domid, &rc);
    if (!d)
        return rc;
    rc = domain_claim(d, in.nr_extents);
    domain_put(d);
    return rc;
}

/* ---- the machine-to-physical table ---- */

static long machphys_mfn_list(gva_t arg)
{
    xen_machphys_mfn_list_t list;
    unsigned i;

    if (!current->domain->privileged)
        return reject(-EPERM, "the frames of the machine-to-physical table are for domain 0");
    if (copy_from_guest(&list, arg, sizeof(list)))
        return reject(-EFAULT, "machine-to-physical list cannot be read");
    for (i = 0; i < list.max_extents; i++) {
        u64 mfn = machine_m2p_extent(i);

        if (mfn == MFN_NONE)
            break;
        if (copy_elem_to_guest(HVA(list.extent_start), i, &mfn))
            return reject(-EFAULT, "machine-to-physical list entry %u cannot be written", i);
    }
    return copy_to_guest(gva_add(arg, offsetof(xen_machphys_mfn_list_t, nr_extents)), &i, sizeof(i));
}

static long machphys_mapping(gva_t arg)
{
    xen_machphys_mapping_t map = {
        .v_start = MACH2PHYS_VIRT_START,
        .v_end = MACH2PHYS_VIRT_END,
        .max_mfn = current->domain->privileged ? frame_table_max - 1 : MACH2PHYS_NR_ENTRIES - 1,
    };

    return copy_to_guest(arg, &map, sizeof(map));
}

/* No device has reserved regions that guests must avoid: there is no pass-through. */
static long reserved_device_memory(gva_t arg)
{
    xen_reserved_device_memory_map_t map;

    if (copy_from_guest(&map, arg, sizeof(map)))
        return reject(-EFAULT, "reserved memory request cannot be read");
    if (map.flags & ~XENMEM_RDM_ALL)
        return reject(-EINVAL, "reserved memory flags %#x", map.flags);
    map.nr_entries = 0;
    return copy_to_guest(gva_add(arg, offsetof(xen_reserved_device_memory_map_t, nr_entries)), &map.nr_entries,
                         sizeof(map.nr_entries));
}

/* Operations that exist in the interface and are not for us; the reason is the answer. */
static long refused(unsigned op)
{
    switch (op) {
    case XENMEM_add_to_physmap:
    case XENMEM_add_to_physmap_batch:
    case XENMEM_remove_from_physmap:
        return reject(-EACCES, "memory_op %u is for translated guests; a paravirtual one keeps its own map", op);
    case XENMEM_set_pod_target:
    case XENMEM_get_pod_target:
        return reject(-EINVAL, "memory_op %u: paravirtual guests cannot populate on demand", op);
    case XENMEM_machphys_compat_mfn_list:
        return reject(-EOPNOTSUPP, "there are no 32-bit guests, so no 32-bit machine-to-physical table");
    case XENMEM_get_vnumainfo: /* every save and restore asks */
        return refuse_quietly(-EOPNOTSUPP);
    case XENMEM_paging_op:
    case XENMEM_access_op:
    case XENMEM_sharing_op:
        return reject(-EOPNOTSUPP, "memory_op %u (paging, access, sharing) needs translated guests", op);
    default:
        return reject(-ENOSYS, "memory_op %u is unknown", op);
    }
}

long do_memory_op(u64 cmd, u64 arg)
{
    unsigned op = (unsigned)cmd & MEMOP_CMD_MASK;
    u64 start = cmd >> MEMOP_EXTENT_SHIFT;
    gva_t at = GVA(arg);

    switch (op) {
    case XENMEM_increase_reservation:
    case XENMEM_decrease_reservation:
    case XENMEM_populate_physmap:
        return memory_reservation(op, start, at);
    case XENMEM_acquire_resource:
        return memory_acquire_resource(start, at);
    }
    if (start)
        return reject(-ENOSYS, "memory_op %u cannot start at extent %lu", op, (unsigned long)start);
    switch (op) {
    case XENMEM_exchange:
        return memory_exchange(at);
    case XENMEM_maximum_ram_page:
        return (long)frame_table_max;
    case XENMEM_current_reservation:
    case XENMEM_maximum_reservation:
    case XENMEM_maximum_gpfn:
        return reservation_of(op, at);
    case XENMEM_machphys_mfn_list:
        return machphys_mfn_list(at);
    case XENMEM_machphys_mapping:
        return machphys_mapping(at);
    case XENMEM_memory_map:
        return memory_map_get(at);
    case XENMEM_set_memory_map:
        return memory_map_set(at);
    case XENMEM_machine_memory_map:
        return memory_map_machine(at);
    case XENMEM_claim_pages:
        return claim(at);
    case XENMEM_get_sharing_freed_pages:
    case XENMEM_get_sharing_shared_pages:
        return 0;
    case XENMEM_reserved_device_memory_map:
        return reserved_device_memory(at);
    default:
        return refused(op);
    }
}
