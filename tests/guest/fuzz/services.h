/* Everything that is not page tables: grants, events, memory, vcpus, scheduling, CPU state; and several at once. */
#pragma once
#include "tables.h"

/* ---- grants ---- */

static void fill_grant_entries(struct fuzzer *z)
{
    for (unsigned n = rnd(z) % 4; grants && n; n--) {
        u64 dom = one_in(z, 2) ? child_mb->word[W_FOREIGN_ID] : one_in(z, 4) ? any_domid(z) : 0x7ff0;
        u64 flags = one_in(z, 6) ? rnd(z) & 0x1ff : GTF_permit_access | (rnd(z) & 1 ? GTF_readonly : 0);
        u64 mfn = one_in(z, 8) ? any_mfn(z) : page_mfn[any_of(z, PLAIN)];
        unsigned ref = rnd(z) % 32;
        if (one_in(z, 2)) {
            grants[ref] = flags | (u16)dom << 16 | mfn << 32;           /* version 1 */
        } else {
            grants[ref * 2 + 1] = one_in(z, 4) ? mfn << 32 | rnd(z) % 4096 << 16 : mfn;
            grants[ref * 2] = flags | (u16)dom << 16 | rnd(z) << 32;    /* version 2 */
        }
    }
}

static void grant_map(struct fuzzer *z, bool neighbours)
{
    struct gnttab_map_grant_ref *m = (void *)z->args;
    unsigned n = 1 + rnd(z) % 3;
    for (unsigned k = 0; k < n; k++) {
        unsigned i = any_of(z, PLAIN), t = any_of(z, L1);
        m[k] = (struct gnttab_map_grant_ref){ .host_addr = (u64)pages[i], .flags = GNTMAP_host_map };
        m[k].dom = neighbours ? child_mb->word[W_FOREIGN_ID] : DOMID_SELF;
        m[k].ref = neighbours ? FIRST_GRANTED + rnd(z) % NR_GRANTED : rnd(z) % 32;
        if (one_in(z, 2) || m[k].ref >= FIRST_GRANTED + NR_GRANTED / 2)
            m[k].flags |= GNTMAP_readonly;
        if (one_in(z, 4)) {
            m[k].flags |= GNTMAP_contains_pte;
            m[k].host_addr = page_mfn[t] << 12 | rnd(z) % 4 * 8;
        }
        if (one_in(z, 8))
            m[k].flags |= GNTMAP_device_map;
        mutate_some(z, &m[k], sizeof(*m));
        m[k].host_addr = m[k].flags & GNTMAP_contains_pte ? spare_pte(z, m[k].host_addr)
                                                          : spare_address(z, m[k].host_addr);
    }
    if (call(z, __HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, block(z), n, 0, 0) == 0)
        for (unsigned k = 0; k < n; k++) {
            *(m[k].status ? &seen[MAPPED][0].no : &seen[MAPPED][0].yes) += 1;
            if (!m[k].status)
                handles[rnd(z) % 16] = m[k].handle;
        }
}

static void grant_unmap(struct fuzzer *z)
{
    struct gnttab_unmap_grant_ref *u = (void *)z->args;
    unsigned n = 1 + rnd(z) % 3;
    for (unsigned k = 0; k < n; k++) {
        u[k] = (struct gnttab_unmap_grant_ref){ .handle = one_in(z, 4) ? rnd(z) % 64 : handles[rnd(z) % 16] };
        u[k].host_addr = one_in(z, 2) ? 0 : (u64)pages[any_of(z, PLAIN)];
        mutate_some(z, &u[k], sizeof(*u));
        u[k].host_addr = spare_address(z, u[k].host_addr);
    }
    call(z, __HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, block(z), n, 0, 0);
}

static void grant_copy(struct fuzzer *z)
{
    struct gnttab_copy *c = (void *)z->args;
    unsigned n = 1 + rnd(z) % 3;
    for (unsigned k = 0; k < n; k++) {
        c[k] = (struct gnttab_copy){ .len = one_in(z, 4) ? 4096 : rnd(z) % 4096 };
        bool from = one_in(z, 2);
        c[k].flags = one_in(z, 4) ? 3 : from ? GNTCOPY_source_gref : GNTCOPY_dest_gref;
        c[k].source.domid = from ? child_mb->word[W_FOREIGN_ID] : DOMID_SELF;
        c[k].dest.domid = from ? DOMID_SELF : child_mb->word[W_FOREIGN_ID];
        u64 mfn = page_mfn[any_of(z, PLAIN)];
        c[k].source.u.gmfn = mfn, c[k].dest.u.gmfn = mfn;
        if (c[k].flags & GNTCOPY_source_gref)
            c[k].source.u.ref = FIRST_GRANTED + rnd(z) % NR_GRANTED;
        if (c[k].flags & GNTCOPY_dest_gref)
            c[k].dest.u.ref = FIRST_GRANTED + rnd(z) % NR_GRANTED;
        mutate_some(z, &c[k], sizeof(*c));
        if (!(c[k].flags & GNTCOPY_dest_gref))
            c[k].dest.u.gmfn = spare_guard(z, c[k].dest.u.gmfn);
    }
    call(z, __HYPERVISOR_grant_table_op, GNTTABOP_copy, block(z), n, 0, 0);
}

static void grant_call(struct fuzzer *z)
{
    u64 *a = z->args;
    fill_grant_entries(z);
    switch (rnd(z) % 16) {
    case 0: case 1: case 2: grant_map(z, true); return;
    case 3: case 4: case 5: grant_map(z, false); return;
    case 6: case 7: case 8: case 9: grant_unmap(z); return;
    case 10: case 11: grant_copy(z); return;
    case 12:
        *a = one_in(z, 8) ? value(z) : 1 + rnd(z) % 2;
        call(z, __HYPERVISOR_grant_table_op, GNTTABOP_set_version, block(z), 1, 0, 0);
        return;
    case 13:                                            /* unmap and replace, transfer and cache flush, by chance */
        fill_args(z, 24);
        a[0] = (u64)any_page(z), a[1] = (u64)any_page(z), *(u32 *)(a + 2) = handles[rnd(z) % 16];
        call(z, __HYPERVISOR_grant_table_op, GNTTABOP_unmap_and_replace, block(z), 1, 0, 0);
        return;
    case 14:
        *(struct gnttab_setup_table *)a = (struct gnttab_setup_table){ .dom = DOMID_SELF, .nr_frames = 1 + rnd(z) % 4 };
        a[2] = (u64)(z->args + 8);
        mutate_some(z, a, 24);
        call(z, __HYPERVISOR_grant_table_op, one_in(z, 2) ? GNTTABOP_setup_table : GNTTABOP_get_status_frames,
             block(z), 1, 0, 0);
        return;
    default:
        fill_args(z, 24);
        *(u32 *)a = rnd(z) % 32, ((u32 *)a)[1] = rnd(z) % 32;
        call(z, __HYPERVISOR_grant_table_op, rnd(z) % 14, block(z), rnd(z) % 3, 0, 0);
    }
}

/* ---- events ---- */

static u32 any_port(struct fuzzer *z) { return one_in(z, 4) ? rnd(z) % 64 : ports[rnd(z) % 16]; }

/* A new port of any kind; the structure starts with domains and numbers, and ends with the port. */
static void new_port(struct fuzzer *z)
{
    u32 *a = (u32 *)z->args;
    u16 *ids = (u16 *)a;
    u64 cmd, neighbour = child_mb->word[W_FOREIGN_ID];
    unsigned at = 1;
    a[0] = a[1] = a[2] = a[3] = 0;
    switch (rnd(z) % 5) {
    case 0: cmd = EVTCHNOP_alloc_unbound, ids[0] = DOMID_SELF, ids[1] = one_in(z, 2) ? neighbour : DOMID_SELF; break;
    case 1: cmd = EVTCHNOP_bind_interdomain, ids[0] = DOMID_SELF, a[1] = any_port(z), at = 2; break;
    case 2:
        cmd = EVTCHNOP_bind_interdomain, at = 2;
        ids[0] = one_in(z, 2) ? 0 : neighbour;
        a[1] = child_mb->word[ids[0] ? W_NEIGHBOUR_PORT : W_PORT];
        break;
    case 3: cmd = EVTCHNOP_bind_ipi, a[0] = rnd(z) % NR_FUZZ_VCPUS; break;
    default: cmd = EVTCHNOP_bind_virq, a[0] = rnd(z) % 24, a[1] = rnd(z) % NR_FUZZ_VCPUS, at = 2; break;
    }
    mutate_some(z, a, 16);
    if (call(z, __HYPERVISOR_event_channel_op, cmd, block(z), 0, 0, 0) == 0)
        ports[rnd(z) % 16] = a[at];
}

static void event_call(struct fuzzer *z)
{
    static const u8 cmds[] = { EVTCHNOP_send, EVTCHNOP_send, EVTCHNOP_send, EVTCHNOP_close, EVTCHNOP_unmask,
                               EVTCHNOP_status, EVTCHNOP_bind_vcpu, EVTCHNOP_set_priority };
    u32 *a = (u32 *)z->args;
    u64 cmd = cmds[rnd(z) % 8];
    if (one_in(z, 3)) {
        new_port(z);
        return;
    }
    a[0] = any_port(z), a[1] = rnd(z) % 16, a[2] = a[3] = 0;
    if (cmd == EVTCHNOP_status)
        a[1] = a[0], a[0] = DOMID_SELF;
    if (one_in(z, 16)) {                                /* event words in pages of this guest's */
        cmd = one_in(z, 2) ? EVTCHNOP_expand_array : EVTCHNOP_init_control;
        *z->args = page_mfn[any_of(z, PLAIN)], a[2] = rnd(z) % 64 * 64, a[3] = rnd(z) % NR_FUZZ_VCPUS;
    } else if (one_in(z, 512)) {
        cmd = EVTCHNOP_reset, a[0] = DOMID_SELF;
    }
    if (one_in(z, 4)) {
        mutate(z, a, 16);
        if (cmd == EVTCHNOP_init_control || cmd == EVTCHNOP_expand_array)
            *z->args = spare_guard(z, *z->args);
    }
    call(z, __HYPERVISOR_event_channel_op, cmd, block(z), 0, 0, 0);
}

/* ---- memory ---- */

static long reservation(struct fuzzer *z, u64 cmd, u64 *list, unsigned n, unsigned order)
{
    struct xen_memory_reservation *r = (void *)z->args;
    *r = (struct xen_memory_reservation){ .nr_extents = n, .extent_order = order, .domid = DOMID_SELF };
    set_xen_guest_handle(r->extent_start, (xen_pfn_t *)list);
    if (one_in(z, 8)) {
        mutate(z, r, sizeof(*r));
        r->nr_extents &= 31;                            /* the rest of the list is of other calls */
        for (unsigned i = 0; i < 32; i++)
            list[i] = spare_guard(z, list[i]);
    }
    return call(z, __HYPERVISOR_memory_op, cmd, block(z), 0, 0, 0);
}

/* Page i is no longer ours; somebody may go on using the old number. */
static void gone(struct fuzzer *z, unsigned i)
{
    stale_mfn[rnd(z) % 16] = page_mfn[i];
    page_mfn[i] = 0;
}

static void give_away(struct fuzzer *z)
{
    unsigned i = any_of(z, PLAIN);
    u64 *list = z->args + 32, mfn = page_mfn[i];
    for (unsigned k = 0; k < 32; k++)
        list[k] = page_mfn[any_play(z)];
    list[0] = mfn;
    if (!one_in(z, 4))
        call(z, __HYPERVISOR_update_va_mapping, (u64)pages[i], 0, UVMF_INVLPG | (one_in(z, 2) ? UVMF_ALL : UVMF_LOCAL),
             0, 0);
    if (reservation(z, XENMEM_decrease_reservation, list, 1, 0) == 1)
        gone(z, i);
}

/* New frames have nothing in them. */
static void take_page(struct fuzzer *z)
{
    unsigned i = any_play(z);
    u64 *list = z->args + 32;
    for (unsigned n = 0; n < NR_PLAY && page_mfn[i]; n++)
        i = (i + 1) % NR_PLAY;
    if (page_mfn[i])
        return;
    for (unsigned k = 0; k < 32; k++)
        list[k] = va_pfn(pages[k % NR_PLAY]);
    list[0] = va_pfn(pages[i]);
    long rc = reservation(z, one_in(z, 4) ? XENMEM_increase_reservation : XENMEM_populate_physmap, list, 1, 0);
    if (rc != 1 || is_guard_frame(list[0]) || page_mfn[i])
        return;
    page_mfn[i] = list[0];
    role[i] = one_in(z, 2) ? PLAIN : 1 + rnd(z) % (NR_ROLES - 1);
    map_page(z, i, KERNEL_PAGE);
    if (shows(i, RW))
        for (unsigned k = 0; k < 512; k += 64)
            child_mb->word[W_LEAKS] += ((volatile u64 *)pages[i])[k] == SECRET;
}

static void exchange(struct fuzzer *z)
{
    struct xen_memory_exchange *x = (void *)z->args;
    u64 *in = z->args + 32, *out = z->args + 40;
    unsigned n = 1 + rnd(z) % 3, which[4];
    for (unsigned k = 0; k < n; k++) {
        which[k] = any_of(z, PLAIN);
        in[k] = page_mfn[which[k]], out[k] = va_pfn(pages[which[k]]);
        if (!one_in(z, 6))
            set_va(pages[which[k]], 0);
    }
    *x = (struct xen_memory_exchange){ .in = { .nr_extents = n, .domid = DOMID_SELF },
                                       .out = { .nr_extents = n, .domid = DOMID_SELF } };
    set_xen_guest_handle(x->in.extent_start, (xen_pfn_t *)in);
    set_xen_guest_handle(x->out.extent_start, (xen_pfn_t *)out);
    if (one_in(z, 8)) {
        mutate(z, x, sizeof(*x));
        x->in.nr_extents &= 3, x->in.extent_order = x->in.extent_order ? 9 : 0;
    }
    call(z, __HYPERVISOR_memory_op, XENMEM_exchange, block(z), 0, 0, 0);
    unsigned done = x->nr_exchanged <= n ? x->nr_exchanged : 0;
    for (unsigned k = 0; k < done && !z->batch; k++)
        if (!is_guard_frame(out[k])) {
            gone(z, which[k]);
            page_mfn[which[k]] = out[k];
        }
}

static void memory_call(struct fuzzer *z)
{
    struct xen_memory_reservation *r = (void *)z->args;
    u64 *list = z->args + 32;
    switch (rnd(z) % 8) {
    case 0: case 1: give_away(z); return;
    case 2: case 3: case 4: take_page(z); return;
    case 5: exchange(z); return;
    }
    fill_args(z, 24);
    for (unsigned i = 0; i < 4; i++)
        list[i] = any_mfn(z);
    if (one_in(z, 2)) {
        *r = (struct xen_memory_reservation){ .nr_extents = rnd(z) % 5, .extent_order = rnd(z) % 3 ? 0 : rnd(z) % 12,
                                              .mem_flags = rnd(z) % 64, .domid = any_domid(z) };
        set_xen_guest_handle(r->extent_start, (xen_pfn_t *)list);
        memcpy(r + 1, r, sizeof(*r));                   /* exchange: another, and what was done */
        z->args[8] = 0;
    }
    u64 cmd = rnd(z) % 32;
    if (cmd == XENMEM_decrease_reservation && !z->reckless)
        cmd = XENMEM_current_reservation;               /* frames in a list that nobody has looked through */
    call(z, __HYPERVISOR_memory_op, cmd | (one_in(z, 8) ? rnd(z) % 100 << 6 : 0), block(z), 0, 0, 0);
}

/* ---- vcpus and scheduling ---- */

static void vcpu_call(struct fuzzer *z)
{
    u64 cmd = rnd(z) % 14, who = one_in(z, 32) ? value(z) : rnd(z) % (NR_FUZZ_VCPUS + 1);
    fill_args(z, 12);
    switch (cmd) {
    case VCPUOP_down:
        if (!z->reckless || !one_in(z, 64))
            cmd = VCPUOP_up, who = NR_FUZZ_VCPUS - 1;
        break;
    case VCPUOP_set_periodic_timer: z->args[0] = 1000000 + rnd(z) % 8000000; break;
    case VCPUOP_set_singleshot_timer: z->args[0] = soon(z), z->args[1] = rnd(z) & 1; break;
    case VCPUOP_register_runstate_memory_area: case VCPUOP_register_vcpu_time_memory_area:
        z->args[0] = (u64)any_page(z) + rnd(z) % 512 * 8;
        break;
    case VCPUOP_register_vcpu_info:
        if (!z->reckless || !one_in(z, 32))
            return;
    }
    mutate_some(z, z->args, 16);
    if (cmd == VCPUOP_register_runstate_memory_area || cmd == VCPUOP_register_vcpu_time_memory_area)
        z->args[0] = spare_address(z, z->args[0]);
    call(z, __HYPERVISOR_vcpu_op, cmd, who, block(z), 0, 0);
}

static void sched_call(struct fuzzer *z)
{
    struct sched_poll *p = (void *)z->args;
    *p = (struct sched_poll){ .nr_ports = rnd(z) % 5, .timeout = soon(z) };
    set_xen_guest_handle(p->ports, (evtchn_port_t *)(z->args + 8));
    for (unsigned i = 0; i < 4; i++)
        ((u32 *)(z->args + 8))[i] = any_port(z);
    mutate_some(z, p, 16);
    p->timeout = p->timeout - vi->time.system_time < 10000000 ? p->timeout : 1;
    u64 where = block(z);
    if (where == (u64)p || z->reckless)
        call(z, __HYPERVISOR_sched_op, one_in(z, 4) ? SCHEDOP_poll : SCHEDOP_yield, where, 0, 0, 0);
    if (one_in(z, 4)) {
        fill_args(z, 8);
        u64 cmd = 4 + rnd(z) % 5;
        if (cmd == SCHEDOP_watchdog)
            z->args[0] = (1000UL << 32) | rnd(z) % 4;
        if (cmd == SCHEDOP_remote_shutdown && !z->reckless)
            *(u32 *)z->args = one_in(z, 2) ? 0 : DOMID_IO;
        call(z, __HYPERVISOR_sched_op, cmd, (u64)z->args, 0, 0, 0);
    }
}

/* ---- CPU state ---- */

static void descriptor_call(struct fuzzer *z)
{
    static const u64 often[] = { 0x00cffb000000ffff, 0x00cff3000000ffff, 0x00affb000000ffff, 0x00008200000ffff, 0 };
    unsigned i = any_of(z, DESCRIPTORS);
    if (one_in(z, 2)) {
        for (unsigned k = 0; shows(i, RW) && k < 8; k++)
            ((u64 *)pages[i])[rnd(z) % 32] = often[rnd(z) % 5] ^ (one_in(z, 8) ? 1UL << rnd(z) % 64 : 0);
        z->args[0] = page_mfn[i], z->args[1] = page_mfn[any_of(z, DESCRIPTORS)];
        call(z, __HYPERVISOR_set_gdt, (u64)z->args, one_in(z, 8) ? rnd(z) % 1024 : rnd(z) % 513, 0, 0, 0);
    } else {
        call(z, __HYPERVISOR_update_descriptor, (one_in(z, 8) ? any_mfn(z) : page_mfn[i]) << 12 | rnd(z) % 64 * 8,
             often[rnd(z) % 5] ^ (one_in(z, 3) ? 1UL << rnd(z) % 64 : 0), 0, 0, 0);
    }
}

/* Handlers that are not good; the good ones are back before anything can happen. */
static void handlers_call(struct fuzzer *z)
{
    volatile u8 *mask = &shared->vcpu_info[z->id].evtchn_upcall_mask;
    struct trap_info *t = (void *)z->args;
    *mask = 1;
    switch (rnd(z) % 4) {
    case 0:
        fill_args(z, 16);
        t[0].vector = rnd(z), t[rnd(z) % 8].address = 0;
        mutate_some(z, t, sizeof(*t));
        call(z, __HYPERVISOR_set_trap_table, block(z), 0, 0, 0, 0);
        break;
    case 1: call(z, __HYPERVISOR_set_callbacks, value(z), value(z), value(z), 0, 0); break;
    case 2: call(z, __HYPERVISOR_stack_switch, rnd(z) & 0xffff, value(z), 0, 0, 0); break;
    case 3: fill_args(z, 4); call(z, __HYPERVISOR_callback_op, rnd(z) % 3, block(z), 0, 0, 0); break;
    }
    keep_alive(z);
}

static void cpu_state_call(struct fuzzer *z)
{
    fill_args(z, 24);
    switch (rnd(z) % 12) {
    case 0: case 1: case 2: descriptor_call(z); break;
    case 3: call(z, __HYPERVISOR_set_debugreg, rnd(z) % 9, value(z), 0, 0, 0); break;
    case 4: call(z, __HYPERVISOR_set_segment_base, rnd(z) % 5, value(z), 0, 0, 0); break;
    case 5: call(z, __HYPERVISOR_fpu_taskswitch, rnd(z) % 2, 0, 0, 0, 0); break;
    case 6: call(z, __HYPERVISOR_vm_assist, rnd(z) % 3, rnd(z) % 8, 0, 0, 0); break;
    case 7: call(z, __HYPERVISOR_physdev_op, rnd(z) % 32, block(z), 0, 0, 0); break;
    case 8: call(z, __HYPERVISOR_set_timer_op, one_in(z, 4) ? value(z) : soon(z), 0, 0, 0, 0); break;
    case 9: call(z, __HYPERVISOR_xen_version, rnd(z) % 12, block(z), 0, 0, 0); break;
    case 10: call(z, __HYPERVISOR_get_debugreg, rnd(z) % 9, 0, 0, 0, 0); break;
    case 11:
        if (!z->batch)
            handlers_call(z);
        break;
    }
}

/* ---- anything, and several at once ---- */

static void wild_call(struct fuzzer *z)
{
    u64 nr = one_in(z, 16) ? value(z) : rnd(z) % 56;
    unsigned rare = z->reckless ? 256 : 0;
    fill_args(z, 24);
    switch ((u32)nr) {
    case __HYPERVISOR_iret: return;
    case __HYPERVISOR_sched_op: rare = z->reckless ? 64 : 0;    /* fall through */
    case __HYPERVISOR_set_trap_table: case __HYPERVISOR_set_callbacks: case __HYPERVISOR_vcpu_op:
    case __HYPERVISOR_stack_switch: case __HYPERVISOR_callback_op:
        if (!rare || !one_in(z, rare))
            return;
        break;
    case __HYPERVISOR_mmu_update: case __HYPERVISOR_mmuext_op: case __HYPERVISOR_multicall:
    case __HYPERVISOR_update_va_mapping: case __HYPERVISOR_grant_table_op: case __HYPERVISOR_memory_op:
        if (!z->reckless)
            return;             /* would name the guard part; they have generators of their own */
    }
    call(z, nr, one_in(z, 2) ? value(z) : block(z), one_in(z, 2) ? block(z) : value(z), value(z), value(z), value(z));
}

static void (*const batchable[])(struct fuzzer *) = {
    mmu_call, mmu_call, mmuext_call, va_call, va_call, pin_or_unpin, event_call, grant_call, vcpu_call,
    cpu_state_call, hang_in,
};

/* Made as always, each with arguments of its own, then called together. */
static void multi_call(struct fuzzer *z)
{
    static struct multicall_entry batches[NR_FUZZ_VCPUS][8];
    struct multicall_entry *m = batches[z->id];
    z->batch = m, z->batched = 0;
    for (unsigned n = 1 + rnd(z) % 7; n; n--) {
        z->args = z->args_page + n * 64;
        batchable[rnd(z) % (sizeof(batchable) / sizeof(batchable[0]))](z);
    }
    z->batch = NULL, z->args = z->args_page;
    unsigned n = z->batched;
    for (unsigned k = 0; k < n; k++)
        m[k].result = 0x7eee;
    if (one_in(z, 16) && z->reckless)
        mutate(z, m, n * sizeof(*m));
    long rc = call(z, __HYPERVISOR_multicall, (u64)m, one_in(z, 256) && z->reckless ? value(z) : n, 0, 0, 0);
    for (unsigned k = 0; rc == 0 && k < n; k++)
        if (m[k].result != 0x7eee)
            note(z, m[k].op, z->subs[k], m[k].result);
}
