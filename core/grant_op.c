/*
 * The grant table hypercall. Two shapes: batches of mappings, unmappings and copies, which report a status in each
 * element and are pre-empted between elements (the call is re-entered with the rest), as are cache flushes, which end
 * at the first error; and single requests.
 */
#include "core/grant_internal.h"
#include "core/hypercall.h"
#include "core/reject.h"
#include "arch/arch.h"

/* A batch did `done` elements (or failed): come back for the rest. */
static long batch_result(u64 cmd, u64 arg, u64 count, long done, size_t size)
{
    if (done < 0 || (u64)done == count)
        return done < 0 ? done : 0;
    return hypercall_continue(__HYPERVISOR_grant_table_op, 3, cmd, arg + (u64)done * size, count - (u64)done);
}

/* Which domain: NULL with a grant status for replies that have one, *err for those that have not. */
static struct domain *target(domid_t id, s16 *status, long *err)
{
    struct domain *d = domain_get_target(id, err);

    if (!d)
        *status = *err == -EPERM ? GNTST_permission_denied : GNTST_bad_domain;
    return d;
}

#define FRAMES_PER_LOOK 512

/* Write the machine frames of n table pages where the guest wants them. No lock: these pages stay. */
static s16 write_frames(void *const *pages, u32 n, gva_t list)
{
    for (u32 i = 0; i < n; i++) {
        if (i && i % FRAMES_PER_LOOK == 0)
            preempt_check();
        u64 mfn = virt_to_mfn(pages[i]);
        if (copy_elem_to_guest(list, i, &mfn))
            return refuse_grant(GNTST_bad_virt_addr, "frame list at %lx is not writable", (unsigned long)list.va);
    }
    return GNTST_okay;
}

/* 0 with op->status, or -ERESTART. */
static long setup_table(gnttab_setup_table_t *op)
{
    long err = 0;

    op->status = GNTST_okay;
    struct domain *d = target(op->dom, &op->status, &err);

    if (!d)
        return 0;
    struct grant_table *t = d->grant;
    spin_lock(&t->lock);
    err = op->nr_frames > t->nr_frames ? grant_grow_in_pieces(d, op->nr_frames) : 0;
    spin_unlock(&t->lock);
    if (!err)
        op->status = write_frames(t->shared, op->nr_frames, HVA(op->frame_list));
    else if (err != -ERESTART)
        op->status = GNTST_general_error;
    domain_put(d);
    return err == -ERESTART ? err : 0;
}

static s16 get_status_frames(const gnttab_get_status_frames_t *op)
{
    s16 status = GNTST_okay;
    long err = 0;
    struct domain *d = target(op->dom, &status, &err);

    if (!d)
        return status;
    struct grant_table *t = d->grant;
    spin_lock(&t->lock);
    if (t->version != 2 || op->nr_frames > t->nr_status)
        status = refuse_grant(GNTST_general_error, "%u status frames asked for: version %u table has %u", op->nr_frames,
                              t->version, t->version == 2 ? t->nr_status : 0);
    else
        status = write_frames((void *const *)t->status, op->nr_frames, HVA(op->frame_list));
    spin_unlock(&t->lock);
    domain_put(d);
    return status;
}

static void query_size(gnttab_query_size_t *op)
{
    long err = 0;
    struct domain *d = target(op->dom, &op->status, &err);

    if (!d)
        return;
    spin_lock(&d->grant->lock);
    op->nr_frames = d->grant->nr_frames;
    op->max_nr_frames = d->grant->max_frames;
    op->status = GNTST_okay;
    spin_unlock(&d->grant->lock);
    domain_put(d);
}

static s16 dump_table(domid_t dom)
{
    s16 status = GNTST_okay;
    long err = 0;
    struct domain *d = current->domain->privileged ? target(dom, &status, &err) : NULL;

    if (!d)
        return status ? status : refuse_grant(GNTST_permission_denied, "dumping grant tables is for domain 0");
    grant_dump(d);
    domain_put(d);
    return GNTST_okay;
}

static long get_version(gnttab_get_version_t *op)
{
    long err = 0;
    struct domain *d = domain_get_target(op->dom, &err);

    if (!d)
        return err;
    op->version = READ_ONCE(d->grant->version);
    domain_put(d);
    return 0;
}

static void swap_entries(struct grant_table *t, u32 a, u32 b)
{
    if (t->version == 1) {
        grant_entry_v1_t x = *entry_v1(t, a);
        *entry_v1(t, a) = *entry_v1(t, b);
        *entry_v1(t, b) = x;
    } else {
        grant_entry_v2_t x = *entry_v2(t, a);
        *entry_v2(t, a) = *entry_v2(t, b);
        *entry_v2(t, b) = x;
    }
}

static s16 swap_grant_ref(u32 a, u32 b)
{
    struct grant_table *t = current->domain->grant;
    s16 status = GNTST_okay;

    spin_lock(&t->lock);
    if (max(a, b) >= t->nr_grefs) {
        spin_unlock(&t->lock);
        return refuse_grant(GNTST_bad_gntref, "swap of grants %u and %u: there are not so many", a, b);
    }
    a = (u32)index_clamp(a, t->nr_grefs);
    b = (u32)index_clamp(b, t->nr_grefs);
    if (entry_active(t, a)->readers + entry_active(t, a)->writers + entry_active(t, b)->readers +
             entry_active(t, b)->writers)
        status = refuse_grant(GNTST_eagain, "swap of grants %u and %u, which are not both unused", a, b);
    else
        swap_entries(t, a, b);
    spin_unlock(&t->lock);
    return status;
}

static long do_swaps(gva_t ops, u64 count)
{
    u64 i;

    for (i = 0; i < count; i++) {
        gnttab_swap_grant_ref_t op;

        if (i && preempt_check())
            break;
        if (copy_elem_from_guest(&op, ops, i))
            return reject_fault(ops.va);
        op.status = swap_grant_ref(op.ref_a, op.ref_b);
        if (copy_elem_to_guest(ops, i, &op))
            return reject_fault(ops.va);
    }
    return i;
}

union single {
    gnttab_setup_table_t setup_table;
    gnttab_dump_table_t dump_table;
    gnttab_query_size_t query_size;
    gnttab_set_version_t set_version;
    gnttab_get_status_frames_t get_status_frames;
    gnttab_get_version_t get_version;
};

static long act(u64 cmd, union single *op)
{
    switch (cmd) {
    case GNTTABOP_setup_table:
        return setup_table(&op->setup_table);
    case GNTTABOP_dump_table:
        op->dump_table.status = dump_table(op->dump_table.dom);
        return 0;
    case GNTTABOP_query_size:
        query_size(&op->query_size);
        return 0;
    case GNTTABOP_set_version:
        return grant_set_version(current->domain, &op->set_version.version);
    case GNTTABOP_get_status_frames:
        op->get_status_frames.status = get_status_frames(&op->get_status_frames);
        return 0;
    case GNTTABOP_get_version:
        return get_version(&op->get_version);
    }
    return reject(-ENOSYS, "grant table operation %lu", (unsigned long)cmd);
}

static size_t single_size(u64 cmd)
{
    switch (cmd) {
    case GNTTABOP_setup_table: return sizeof(gnttab_setup_table_t);
    case GNTTABOP_dump_table: return sizeof(gnttab_dump_table_t);
    case GNTTABOP_query_size: return sizeof(gnttab_query_size_t);
    case GNTTABOP_set_version: return sizeof(gnttab_set_version_t);
    case GNTTABOP_get_status_frames: return sizeof(gnttab_get_status_frames_t);
    case GNTTABOP_get_version: return sizeof(gnttab_get_version_t);
    }
    return 0;
}

/* Exactly one argument block: fetch, act, write back (a failed version switch still reports the version in force). */
static long do_single(u64 cmd, gva_t arg, u64 count)
{
    size_t size = single_size(cmd);
    union single op;
    long err;

    if (count != 1)
        return reject(-EINVAL, "grant operation %lu takes one argument block, not %lu", (unsigned long)cmd,
                      (unsigned long)count);
    if (copy_from_guest(&op, arg, size))
        return reject(-EFAULT, "argument block of grant operation %lu is not readable", (unsigned long)cmd);
    err = act(cmd, &op);
    if (err == -ERESTART)
        return hypercall_continue(__HYPERVISOR_grant_table_op, 3, cmd, arg.va, count);
    if (copy_to_guest(arg, &op, size))
        return reject(-EFAULT, "reply of grant operation %lu is not writable", (unsigned long)cmd);
    return err;
}

#define CMD_MASK 0xfffu         /* above: where the search of a cache flush goes on */
#define CMD_SHIFT 12

static long cache_flush_batch(u64 cmd, u64 arg, u64 count)
{
    u32 at = (u32)cmd >> CMD_SHIFT;
    long done = grant_cache_batch(GVA(arg), count, &at);

    return batch_result(GNTTABOP_cache_flush | (u64)at << CMD_SHIFT, arg, count, done, sizeof(gnttab_cache_flush_t));
}

long do_grant_table_op(u64 cmd, u64 arg, u64 count)
{
    gva_t ops = GVA(arg);

    /* The interface's count is an unsigned int that must be positive as an int. */
    cmd = (u32)cmd;
    count = (u32)count;
    if (count > 0x7fffffff)
        return reject(-EINVAL, "grant operation %lu with %lu elements", (unsigned long)cmd, (unsigned long)count);
    switch (cmd) {
    case GNTTABOP_map_grant_ref:
        return batch_result(cmd, arg, count, grant_map_batch(ops, count), sizeof(gnttab_map_grant_ref_t));
    case GNTTABOP_unmap_grant_ref:
        return batch_result(cmd, arg, count, grant_unmap_batch(ops, count, false), sizeof(gnttab_unmap_grant_ref_t));
    case GNTTABOP_unmap_and_replace:
        return batch_result(cmd, arg, count, grant_unmap_batch(ops, count, true), sizeof(gnttab_unmap_and_replace_t));
    case GNTTABOP_copy:
        return batch_result(cmd, arg, count, grant_copy_batch(ops, count), sizeof(gnttab_copy_t));
    case GNTTABOP_swap_grant_ref:
        return batch_result(cmd, arg, count, do_swaps(ops, count), sizeof(gnttab_swap_grant_ref_t));
    case GNTTABOP_transfer:
        return reject(-ENOSYS, "page transfer is not offered; kernels exchange and grant pages instead");
    }
    if ((cmd & CMD_MASK) == GNTTABOP_cache_flush)
        return cache_flush_batch(cmd, arg, count);
    if (!single_size(cmd))
        return reject(-ENOSYS, "grant operation %lu is unknown", (unsigned long)cmd);
    return do_single(cmd, ops, count);
}
