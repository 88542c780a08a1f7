/*
 * A guest that does anything, from three vcpus at once: hypercalls that are valid but for one field, page tables made,
 * hung in and taken apart with a bit wrong, stores into them, descriptors, selectors, random system instructions,
 * traps, ports, MSRs, iret frames, grants and events between it and a neighbour, memory given away and taken. It may
 * crash itself; it may not hurt Serai, nor its neighbour, whose memory, time and events are watched by the neighbour
 * itself. Domain 0 meddles meanwhile with what a toolstack does to a running domain, then destroys it, wants its memory
 * back and the auditor clean, and starts the next seed.
 *
 * Seven lives in eight are careful: they name nothing that they live on, and mend what broke, so they go on and on. The
 * eighth is reckless and mostly dies soon. At the end stands what was reached: each hypercall and sub-operation, how
 * often it said yes and no, and with which codes.
 *
 * Arguments: seed=first seeds=how many ops=per vcpu. `make fuzz-guest SEEDS=n` is the long version. Random values come
 * from the seed alone; how the vcpus, the neighbour and domain 0 interleave does not.
 *
 * QEMU: -smp 2
 * Seconds: 120
 */
#include "code.h"
#include "neighbour.h"
#include "services.h"

void traps_init(void);

/* ---- the loop ---- */

static struct trap_info good_traps[33];

static void good_traps_init(void)
{
    unsigned n = 0;
    for (unsigned v = 0; v < 32; v++)
        if (v != 2)
            good_traps[n++] = (struct trap_info){ .vector = (u8)v, .flags = v == 3 || v == 4 ? 3 : 0,
                                                  .cs = FLAT_KERNEL_CS, .address = (u64)trap_stubs + v * 16 };
    good_traps[n] = (struct trap_info){ .vector = 0x80, .flags = 3, .cs = FLAT_KERNEL_CS, .address = (u64)entry_int80 };
}

/* Handlers and stack are those that this vcpu lives by. */
static void keep_alive(struct fuzzer *z)
{
    hc(__HYPERVISOR_set_callbacks, entry_event, entry_failsafe, entry_syscall);
    hc(__HYPERVISOR_stack_switch, FLAT_KERNEL_SS, trap_stack[z->id] + sizeof(trap_stack[0]));
    hc(__HYPERVISOR_set_trap_table, good_traps);
}

/* What it lives on is made good; of the play pages a few, so that there is always something to begin with. */
static void repair(struct fuzzer *z)
{
    volatile struct vcpu_info *info = &shared->vcpu_info[z->id];
    info->evtchn_upcall_mask = 1;
    keep_alive(z);
    mmuext1(MMUEXT_NEW_BASEPTR, main_l4);
    if (user_l4)
        mmuext1(MMUEXT_NEW_USER_BASEPTR, user_l4);
    set_va(z->args_page, va_mfn(z->args_page) << 12 | KERNEL_PAGE);
    set_va(z->code, va_mfn(z->code) << 12 | KERNEL_PAGE);
    hc(__HYPERVISOR_set_debugreg, 7, 0);
    for (unsigned n = 0; n < 6; n++)
        make_plain(any_play(z));
    struct vcpu_set_periodic_timer p = { .period_ns = 4000000 };
    hc(__HYPERVISOR_vcpu_op, VCPUOP_set_periodic_timer, z->id, &p);
    struct evtchn_bind_virq v = { .virq = VIRQ_TIMER, .vcpu = (u32)z->id };
    evtchn(EVTCHNOP_bind_virq, &v);
    info->evtchn_upcall_mask = rnd(z) & 1;
}

static void (*const kinds[])(struct fuzzer *) = {
    wild_call, mmu_call, mmu_call, mmu_call, mmu_call, build_table, build_table, build_table, pin_or_unpin,
    pin_or_unpin, mmuext_call, mmuext_call, va_call, va_call, hang_in, switch_base, store, store, store, store,
    memory, memory, memory, memory, memory, event_call, event_call, event_call, grant_call, grant_call, grant_call,
    grant_call, memory_call, memory_call, memory_call, vcpu_call, sched_call, cpu_state_call, cpu_state_call,
    multi_call, multi_call, multi_call,
};
/* These nearly always end in a fault, which says little: one operation in sixteen. */
static void (*const faulting[])(struct fuzzer *) = { touch, load_selector, execute, execute, execute, return_by_iret };
#define PICK(list) list[rnd(z) % (sizeof(list) / sizeof(list[0]))]

static void one_operation(struct fuzzer *z)
{
    z->batch = NULL, z->args = z->args_page;
    if (z->id == NR_FUZZ_VCPUS - 1) {
        memory(z);
        if (one_in(z, 8))
            store(z);
        if (one_in(z, 16))
            yield_cpu();
        if (z->n > fuzzers[0].n + 64 && z->n > fuzzers[1].n + 64)
            nap();                      /* it looks as long as the others do something */
        if (one_in(z, 1024))
            hc(__HYPERVISOR_vcpu_op, VCPUOP_down, z->id, 0);
    } else if (one_in(z, z->reckless ? 4 : 16)) {
        PICK(faulting)(z);
    } else {
        PICK(kinds)(z);
    }
}

static void run(struct fuzzer *z)
{
    char here;
    z->base = &here;
    for (z->n = 0; z->n < z->ops;) {
        if (!jump_set(&z->jump)) {
            if (z->n++ % 64 == 0)
                repair(z);
            child_mb->word[W_DONE + z->id] = z->n;
            if (z->reckless)
                traps_init();
            one_operation(z);
        }
        z->odd_stack = false;
    }
    if (!jump_set(&z->jump))
        repair(z);
    jump_set(&z->jump);         /* a trap from now on comes back to here: this frame is not left before all are done */
    if (!z->done) {
        z->done = true;
        __atomic_fetch_add(&vcpus_done, 1, __ATOMIC_SEQ_CST);
    }
    for (u64 end = now() + 5000000000; z->id || (vcpus_done < NR_FUZZ_VCPUS && now() < end);)
        nap();
}

static struct fuzzer *whose_stack(const char *sp)
{
    for (unsigned i = 0; i < NR_FUZZ_VCPUS; i++)
        if ((sp < fuzzers[i].base + 512 && sp > fuzzers[i].base - 8192) ||
            (sp >= trap_stack[i] && sp < trap_stack[i] + sizeof(trap_stack[i])))
            return &fuzzers[i];
    return &fuzzers[!fuzzers[0].odd_stack];
}

static void on_trap(struct regs *r)
{
    char here;
    struct fuzzer *z = whose_stack(&here);
    u64 last[W_LAST_EACH] = { r->vector << 32 | r->error, r->rip, r->rsp, shared->vcpu_info[z->id].arch.cr2 };
    for (unsigned i = 0; i < W_LAST_EACH; i++)
        child_mb->word[W_LAST + z->id * W_LAST_EACH + i] = last[i];
    child_mb->word[W_TRAPS + z->id]++;
    jump_to(&z->jump);
}

static void on_event(struct regs *r)
{
    char here;
    volatile struct vcpu_info *info = &shared->vcpu_info[whose_stack(&here)->id];
    (void)r;
    info->evtchn_upcall_pending = 0;
    info->evtchn_pending_sel = 0;
    for (unsigned i = 0; i < 4; i++)
        shared->evtchn_pending[i] = 0;
}

static void second(void) { run(&fuzzers[1]); }
static void third(void) { run(&fuzzers[2]); }

static void play_init(void)
{
    static const u8 roles[12] = { PLAIN, L1, L1, PLAIN, L2, PLAIN, L1, L3, PLAIN, L2, L4, DESCRIPTORS };
    for (unsigned i = 0; i < NR_PLAY; i++) {
        pages[i] = page_alloc();
        pages_pte[i] = walk((u64)pages[i], 1);
        page_mfn[i] = va_mfn(pages[i]);
        play_pfn[va_pfn(pages[i])] = true;
        role[i] = roles[i % 12];
    }
    for (unsigned i = 0; i < 16; i++)
        ports[i] = i, stale_mfn[i] = page_mfn[i];
    main_l4 = our_l4();
    good_traps_init();
}

static u64 fuzz(u64 seed, u64 ops, u64 reckless)
{
    static xen_pfn_t frames[8];
    for (unsigned i = 0; i < 260; i++)
        handler[i] = on_trap;
    handler[VECTOR_EVENT] = on_event;
    for (unsigned i = 0; i < NR_FUZZ_VCPUS; i++)
        fuzzers[i] = (struct fuzzer){ .id = i, .random = (seed * 4 + i + 1) * 0x9e3779b97f4a7c15UL, .ops = ops,
                                      .reckless = reckless, .args_page = page_alloc(), .code = page_alloc() };
    play_init();
    struct gnttab_setup_table g = { .dom = DOMID_SELF, .nr_frames = 1 };
    set_xen_guest_handle(g.frame_list, frames);
    if (!hc(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, &g, 1) && !g.status)
        grants = map_frame(frames[0], DOMID_SELF, KERNEL_PAGE, NULL);
    user_init();
    if (!reckless)              /* a handle that points into code is refused */
        for (char *p = (char *)((u64)_start & ~4095UL); p + 4096 <= _text_end; p += 4096)
            set_flags(p, READ_PAGE);
    vcpu_start(1, second);
    vcpu_start(2, third);
    run(&fuzzers[0]);
    return vcpus_done;
}

/* ---- domain 0 ---- */

static u64 all_ops, all_traps, all_calls, all_yes;      /* of all lives */
static u64 dom0_random;
static char *dom0_window;

static u64 argument(const char *name, u64 otherwise)
{
    const char *s = cmdline_after(name);
    u64 v = 0;
    for (; s && *s >= '0' && *s <= '9'; s++)
        v = v * 10 + (*s - '0');
    return s ? v : otherwise;
}

static u64 dom0_rnd(void)
{
    dom0_random = dom0_random * 6364136223846793005UL + 1442695040888963407UL;
    return dom0_random >> 33;
}

static void log_dirty(struct dom *d)
{
    static u8 bitmap[128];
    struct xen_domctl op = { .cmd = XEN_DOMCTL_shadow_op, .domain = d->id };
    static const u32 ops[] = { XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, XEN_DOMCTL_SHADOW_OP_CLEAN,
                               XEN_DOMCTL_SHADOW_OP_CLEAN, XEN_DOMCTL_SHADOW_OP_PEEK, XEN_DOMCTL_SHADOW_OP_OFF };
    op.u.shadow_op.op = ops[dom0_rnd() % 5];
    op.u.shadow_op.pages = 1024;
    set_xen_guest_handle(op.u.shadow_op.dirty_bitmap, bitmap);
    domctl(&op);
}

static void look_at_frames(struct dom *d)
{
    static xen_pfn_t list[64];
    struct xen_domctl op = { .cmd = XEN_DOMCTL_getpageframeinfo3, .domain = d->id };
    for (unsigned i = 0; i < 64; i++)
        list[i] = d->mfn[dom0_rnd() % d->pages];
    op.u.getpageframeinfo3.num = 64;
    set_xen_guest_handle(op.u.getpageframeinfo3.array, list);
    domctl(&op);
}

/* What a toolstack does to a domain that runs: all of it may succeed or fail, by what the guest does. */
static void meddle(struct dom *d, u32 port)
{
    static vcpu_guest_context_t c;
    struct xen_domctl op = { .cmd = XEN_DOMCTL_getvcpucontext, .domain = d->id };
    u64 *entry = walk((u64)dom0_window, 1);
    struct evtchn_send s = { .port = port };
    switch (dom0_rnd() % 8) {
    case 0:
        domctl_simple(XEN_DOMCTL_pausedomain, d->id);
        nap();
        domctl_simple(XEN_DOMCTL_unpausedomain, d->id);
        break;
    case 1: case 2:                     /* a frame of its, for a moment, whatever it is */
        mmu1_dom(entry_ma(entry), d->mfn[dom0_rnd() % d->pages] << 12 | (dom0_rnd() % 2 ? KERNEL_PAGE : READ_PAGE),
                 d->id);
        nap();
        set_flags(dom0_window, KERNEL_PAGE);
        break;
    case 3:
        op.u.vcpucontext.vcpu = dom0_rnd() % 4;
        set_xen_guest_handle(op.u.vcpucontext.ctxt, &c);
        domctl(&op);
        break;
    case 4: look_at_frames(d); break;
    case 5: log_dirty(d); break;
    case 6: evtchn(EVTCHNOP_send, &s); break;
    case 7:
        op = (struct xen_domctl){ .cmd = XEN_DOMCTL_max_mem, .domain = d->id };
        op.u.max_mem.max_memkb = (d->pages - 32 + dom0_rnd() % 96) * 4;
        domctl(&op);
        break;
    }
}

/* Until it is done, dead or stuck; some are told `sudden`: so many looks, then they are destroyed as they run. */
static const char *watch(struct dom *d, struct dom *nb, u32 port, unsigned sudden)
{
    struct xen_domctl_getdomaininfo info;
    u64 seen_ops = 0, since = now();
    for (unsigned looks = 1; d->mb->done != d->mb->request; looks++) {
        u64 sum = d->mb->word[W_DONE] + d->mb->word[W_DONE + 1];
        if (!domain_info(d->id, &info) && (info.flags & XEN_DOMINF_shutdown))
            return "crashed";
        if (sum != seen_ops)
            seen_ops = sum, since = now();
        else if (now() - since > 2000000000)
            return "stuck";
        if (looks == sudden)
            return "ended in the middle";
        d->mb->word[W_NEIGHBOUR_PORT] = nb->mb->word[N_PORT];
        meddle(d, port);
        for (unsigned i = 0; i < 4; i++)
            nap();
    }
    return "done";
}

/* The dead domain's counts are in its own memory. */
static void add_seen(struct dom *d)
{
    u64 *entry = walk((u64)dom0_window, 1);
    for (unsigned p = 0; p < sizeof(seen) / 4096; p++) {
        struct seen *to = &seen[0][0] + p * (4096 / sizeof(*to)), *from = (void *)dom0_window;
        if (mmu1_dom(entry_ma(entry), d->mfn[va_pfn(to)] << 12 | READ_PAGE, d->id))
            continue;           /* it made something of it that nobody may look at */
        mmuext1(MMUEXT_INVLPG_LOCAL, (u64)dom0_window);
        for (unsigned i = 0; i < 4096 / sizeof(*to); i++)
            to[i].yes += from[i].yes, to[i].no += from[i].no, to[i].errors |= from[i].errors;
    }
    set_flags(dom0_window, KERNEL_PAGE);
}

static void neighbour_rounds(struct dom *nb, unsigned n)
{
    u64 from = nb->mb->word[N_ROUNDS];
    unsigned naps = 0;          /* time alone goes by on a host that has no time for this machine */
    for (u64 end = now() + 5000000000; nb->mb->word[N_ROUNDS] < from + n && (now() < end || naps < 1000); naps++)
        nap();
    EXPECT(nb->mb->word[N_ROUNDS] >= from + n);
}

/* A vcpu that trapped more often than it did anything. */
static void say_odd(volatile u64 *w)
{
    for (unsigned i = 0; i < NR_FUZZ_VCPUS; i++)
        if (w[W_TRAPS + i] > w[W_DONE + i]) {
            volatile u64 *last = w + W_LAST + i * W_LAST_EACH;
            say("  odd: vcpu %u took %lu traps in %lu operations; the last: %lu, error %#lx, at %#lx, stack %#lx, "
                "CR2 %#lx", i, w[W_TRAPS + i], w[W_DONE + i], last[0] >> 32, last[0] & 0xffffffff, last[1], last[2],
                last[3]);
        }
}

static void one_life(struct dom *d, struct dom *nb, u64 seed, u64 ops)
{
    dom0_random = seed;
    dom_create_vcpus(d, NR_FUZZ_VCPUS);
    struct evtchn_alloc_unbound port = { .dom = DOMID_SELF, .remote_dom = d->id };
    OK("port", evtchn(EVTCHNOP_alloc_unbound, &port));
    d->mb->word[W_PORT] = port.port;
    d->mb->word[W_FOREIGN_ID] = nb->id;
    for (unsigned i = 0; i < NR_FOREIGN; i++)
        d->mb->word[W_FOREIGN + i] = i % 4 ? nb->mfn[i * 7 % nb->pages] : p2m[i * 11];
    if (ops) {
        nb->mb->word[N_PARTNER] = d->id;
        neighbour_rounds(nb, 2);
        dom_start_call(d, fuzz, seed, ops, seed % 8 == 0);
        const char *end = watch(d, nb, port.port, seed % 16 == 3 ? 1 + seed % 50 : 0);
        volatile u64 *w = d->mb->word;
        say("  seed %lu%s: %s after %lu, %lu and %lu operations, %lu traps; %lu hypercalls, %lu with yes", seed,
            seed % 8 ? "" : " (reckless)", end, w[W_DONE], w[W_DONE + 1], w[W_DONE + 2],
            w[W_TRAPS] + w[W_TRAPS + 1] + w[W_TRAPS + 2], w[W_CALLS] + w[W_CALLS + 1], w[W_YES] + w[W_YES + 1]);
        say_odd(w);
        if (seed % 8) {                 /* a reckless one may have written to what it counted */
            EXPECT_EQ("secrets read", w[W_LEAKS], 0);
            all_ops += w[W_DONE] + w[W_DONE + 1] + w[W_DONE + 2];
            all_traps += w[W_TRAPS] + w[W_TRAPS + 1] + w[W_TRAPS + 2];
            all_calls += w[W_CALLS] + w[W_CALLS + 1], all_yes += w[W_YES] + w[W_YES + 1];
            add_seen(d);
        }
        audit_key();
        nb->mb->word[N_PARTNER] = 0;
    }
    dom_destroy(d);
    struct evtchn_close c = { .port = port.port };
    evtchn(EVTCHNOP_close, &c);
}

/* A line for each hypercall: sub-operation +yes-no(codes). */
static void say_seen(void)
{
    for (unsigned nr = 0; nr < 64; nr++)
        for (unsigned sub = 0; sub < NR_SUBS; sub++) {
            struct seen *s = &seen[nr][sub];
            if (!s->yes && !s->no)
                continue;
            say("@reached %u.%u: %u yes, %u no, codes %#lx", nr, sub, s->yes, s->no, s->errors);
        }
}

void test(void)
{
    static struct dom d, nb;
    u64 first = argument("seed=", 1), seeds = argument("seeds=", 4), ops = argument("ops=", 2000);

    dom0_window = page_alloc();
    dom_create(&nb);
    dom_start_call(&nb, neighbour, 0, 0, 0);
    for (unsigned i = 0; i < 3; i++)
        one_life(&d, &nb, 0, 0);
    for (unsigned i = 1; i < 3; i++)            /* what the neighbour keeps for good is taken before anything counts */
        one_life(&d, &nb, i, 500);
    neighbour_rounds(&nb, 4);
    u64 base = free_pages_settled(ANY_AMOUNT);
    for (u64 seed = first; seed < first + seeds && !nr_fails; seed++) {
        one_life(&d, &nb, seed, ops);
        neighbour_rounds(&nb, 2);
        u64 back = free_pages_settled(base);
        /* The neighbour has a page less for a moment, now and then: on a busy host that moment is long. */
        for (unsigned i = 0; i < 20 && (back < base || back > base + 2); i++) {
            neighbour_rounds(&nb, 1);
            back = free_pages_settled(base);
        }
        if (back != base)
            say("  seed %lu: %lu pages free, %lu before", seed, back, base);
        EXPECT(back >= base && back <= base + 2);   /* what the neighbour held at the base's time may be back, too */
        base = back;
    }
    say_seen();
    say("  in all: %lu operations, %lu traps, %lu hypercalls that returned, %lu of them with yes; the neighbour mapped "
        "%lu grants, tied %lu ports", all_ops, all_traps, all_calls, all_yes, nb.mb->word[N_MAPPED],
        nb.mb->word[N_TIED]);
    nb.mb->word[N_STOP] = 1;
    EXPECT(dom_wait(&nb, 5000000000));
    dom_destroy(&nb);
}
