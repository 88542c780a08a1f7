/*
 * memory_op's operations, one file per noun. `start` is where an earlier, pre-empted run stopped (extents done); the
 * caller of a handler passes the guest address of the argument block on, so that it can be issued again.
 */
#pragma once
#include "abi/xen.h"
#include "core/guest.h"
#include "core/hypercall.h"

struct domain;

#define MEMOP_EXTENT_SHIFT 6    /* public header memory.h does not say; tools mask the command with 0x3f */
#define MEMOP_CMD_MASK ((1u << MEMOP_EXTENT_SHIFT) - 1)

#define PAGES_PER_LOOK 64       /* pages between two looks for pre-emption */
/* After page number `page` of an extent: interrupts are answered now and then; it goes on, whoever else waits. */
static inline void breathe(u64 page)
{
    if (page % PAGES_PER_LOOK == PAGES_PER_LOOK - 1)
        (void)preempt_check();
}

/* Largest extent a domain may ask for, as an order: what it costs to clear bounds what one step may take. */
unsigned memory_max_order(const struct domain *d);
/* Issue memory_op `op` again from extent `start`. */
long memory_continue(unsigned op, u64 start, gva_t arg);

/*
 * The operations, as memory.h of the public headers has them: 0 (reservations: extents done), or -EFAULT, -EINVAL,
 * -EPERM, -ESRCH, -ENOMEM with the reason recorded, or what memory_continue() gives. No locks held.
 */
/* core/call/reservation.c: increase_reservation, decrease_reservation, populate_physmap */
long memory_reservation(unsigned op, u64 start, gva_t arg);
/* core/call/exchange.c: exchange */
long memory_exchange(gva_t arg);
/* core/call/memmap.c: memory_map, set_memory_map, machine_memory_map */
long memory_map_get(gva_t arg);
long memory_map_set(gva_t arg);
long memory_map_machine(gva_t arg);
/* core/call/resource.c: acquire_resource */
long memory_acquire_resource(u64 start, gva_t arg);
