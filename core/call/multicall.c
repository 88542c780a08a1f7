/*
 * Multicalls: many hypercalls for the price of one entry.
 *
 * Each entry is fetched once, run, and answered in its own `result`. Between entries, and whenever an entry's call is
 * put off, the multicall itself can be put off: it is issued again for the rest of the list, whose first entry then
 * holds what is left of the interrupted call.
 *
 * Invariant: an entry is run exactly once, or continued where it stopped; the list's memory is all the state there is.
 * Refused inside: multicall (no recursion) and iret (it replaces the registers that the multicall's own answer goes
 * to).
 */
#include "abi/xen.h"
#include "core/guest.h"
#include "core/hypercall.h"
#include "core/perfc.h"
#include "core/reject.h"
#include "core/vcpu.h"

#define POLL_EVERY 8    /* look for pre-emption after this many entries: most are far shorter than the look */

/*
 * What kernels make lists of, thousands a second, and eight of which are not long together (tests/guest/
 * bounded_together). All else is looked after: a list that is too short to look for itself, a table of descriptors, a
 * version of the grant table.
 */
#define SHORT_OPS (1UL << __HYPERVISOR_mmu_update | 1UL << __HYPERVISOR_mmuext_op | \
                   1UL << __HYPERVISOR_update_va_mapping | 1UL << __HYPERVISOR_stack_switch | \
                   1UL << __HYPERVISOR_fpu_taskswitch | 1UL << __HYPERVISOR_set_segment_base | \
                   1UL << __HYPERVISOR_update_descriptor | 1UL << __HYPERVISOR_xen_version)
#define SHORT_MMUEXT 4  /* operations: each may clear a page, or name 128 vcpus */
static bool was_long(const struct mc_state *mc)
{
    if (mc->op == __HYPERVISOR_mmu_update)
        return mc->worked || mc->args[1] > MC_SHORT_LIST;
    if (mc->op == __HYPERVISOR_mmuext_op)
        return mc->args[1] > SHORT_MMUEXT;
    return mc->op >= 64 || !(SHORT_OPS >> mc->op & 1);
}

static gva_t entry_at(u64 list, u64 i)
{
    return gva_add(GVA(list), i * sizeof(struct multicall_entry));
}

static long run_entry(struct mc_state *mc)
{
    if (mc->op == __HYPERVISOR_multicall || mc->op == __HYPERVISOR_iret)
        return reject(-EINVAL, "hypercall %lu is not allowed inside a multicall", (unsigned long)mc->op);
    if (mc->op > UINT32_MAX)
        return refuse_quietly(-ENOSYS);
    return hypercall_dispatch((u32)mc->op, mc->args);
}

/* One entry. 0, -ERESTART (the entry was rewritten to what is left), -EFAULT. */
static long do_entry(struct mc_state *mc, gva_t at)
{
    struct multicall_entry call;
    u64 result;

    if (copy_from_guest(&call, at, sizeof(call)))
        return reject(-EFAULT, "multicall entry at %#lx cannot be read", (unsigned long)at.va);
    mc->op = call.op;
    for (unsigned i = 0; i < ARRAY_SIZE(mc->args); i++)
        mc->args[i] = call.args[i];
    mc->continued = mc->worked = false;
    mc->active = true;
    result = (u64)run_entry(mc);
    mc->active = false;

    if (!mc->continued) {
        at = gva_add(at, offsetof(struct multicall_entry, result));
        return copy_to_guest(at, &result, sizeof(result)) ?
            reject(-EFAULT, "multicall result at %#lx cannot be written", (unsigned long)at.va) : 0;
    }
    call.op = mc->op;
    for (unsigned i = 0; i < ARRAY_SIZE(mc->args); i++)
        call.args[i] = mc->args[i];
    return copy_to_guest(at, &call, sizeof(call)) ?
        reject(-EFAULT, "multicall entry at %#lx cannot be updated", (unsigned long)at.va) : -ERESTART;
}

long do_multicall(u64 list, u64 nr_calls)
{
    struct mc_state *mc = &current->mc;

    perfc_incr(multicalls);
    nr_calls = (u32)nr_calls;
    for (u64 i = 0; i < nr_calls; i++) {
        long rc;

        if (i && (i % POLL_EVERY == 0 || unlikely(was_long(mc))) && preempt_check())
            return hypercall_continue(__HYPERVISOR_multicall, 2, entry_at(list, i).va, nr_calls - i);
        rc = do_entry(mc, entry_at(list, i));
        if (rc == -ERESTART)
            return hypercall_continue(__HYPERVISOR_multicall, 2, entry_at(list, i).va, nr_calls - i);
        if (rc)
            return rc;
        perfc_incr(multicall_entries);
    }
    return 0;
}
