/*
 * Memory maps: the one a domain's builder, or it itself, gave it, and the machine's own for domain 0.
 *
 * A map that is set is a copy, charged to the domain; the guest reads it, as often as it likes, through the same
 * call a kernel would use on bare hardware. Maps are replaced under the domain's lock and copied out from a local copy.
 */
#include "arch/arch.h"
#include "core/call/memory.h"
#include "core/domain.h"
#include "core/e820.h"
#include "core/heap.h"
#include "core/reject.h"
#include "core/vcpu.h"
#include "lib/string.h"

/* As much as there is room for; or, for domain 0, the whole map or nothing (the number of entries without a buffer). */
static long put_map(gva_t arg, const struct e820_list *map, bool whole)
{
    xen_memory_map_t want;
    gva_t buffer;

    if (copy_from_guest(&want, arg, sizeof(want)))
        return reject(-EFAULT, "memory map request cannot be read");
    buffer = HVA(want.buffer);
    if (gva_null(buffer) && whole)
        want.nr_entries = map->nr;
    else if (want.nr_entries < map->nr && whole)
        return reject(-EINVAL, "room for %u entries, the memory map has %u", want.nr_entries, map->nr);
    else {
        want.nr_entries = min(want.nr_entries, map->nr);
        if (copy_to_guest(buffer, map->e, want.nr_entries * sizeof(map->e[0])))
            return reject(-EFAULT, "memory map buffer cannot be written");
    }
    return copy_to_guest(arg, &want, sizeof(want));
}

long memory_map_get(gva_t arg)
{
    struct domain *d = current->domain;
    struct e820_list map;

    spin_lock(&d->lock);
    if (!d->map || !d->map->nr) {
        spin_unlock(&d->lock);
        return reject(-ENOSYS, "no memory map was set for this domain");
    }
    memcpy(&map, d->map, sizeof(map));
    spin_unlock(&d->lock);
    return put_map(arg, &map, false);
}

long memory_map_machine(gva_t arg)
{
    if (!current->domain->privileged)
        return reject(-EPERM, "the machine's memory map is for domain 0");
    return put_map(arg, machine_e820(), true);
}

long memory_map_set(gva_t arg)
{
    xen_foreign_memory_map_t in;
    struct e820_list *fresh, *old;
    struct domain *d;
    long err = 0;

    if (copy_from_guest(&in, arg, sizeof(in)))
        return reject(-EFAULT, "memory map cannot be read");
    if (in.map.nr_entries > E820_MAX)
        return reject(-EINVAL, "memory map of %u entries, at most %u", in.map.nr_entries, E820_MAX);
    d = domain_get_target(in.domid, &err);
    if (!d)
        return err;
    fresh = zalloc(d, sizeof(*fresh));
    if (!fresh) {
        domain_put(d);
        return refuse_quietly(-ENOMEM); /* zalloc() said why */
    }
    fresh->nr = in.map.nr_entries;
    if (copy_from_guest(fresh->e, HVA(in.map.buffer), fresh->nr * sizeof(fresh->e[0]))) {
        zfree(fresh);
        domain_put(d);
        return reject(-EFAULT, "memory map entries cannot be read");
    }
    spin_lock(&d->lock);
    old = d->map;
    d->map = fresh;
    spin_unlock(&d->lock);
    zfree(old);
    domain_put(d);
    return 0;
}
