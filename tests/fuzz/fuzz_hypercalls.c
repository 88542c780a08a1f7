/*
 * Sequences of event channel and grant table operations, single and in multicalls, of three domains whose memory
 * changes under the hypercalls' hands: guest addresses are offsets into a small memory; a fetch may fault, or find
 * another value than the one before did. Afterwards all domains die, both auditors must be content and nothing may be
 * left.
 * Links: core/event.c core/event_2l.c core/event_fifo.c core/event_bind.c core/event_op.c core/event_audit.c
 *        core/grant.c core/grant_entry.c core/grant_map.c core/grant_copy.c core/grant_cache.c
 *        core/grant_version.c core/grant_op.c
 *        core/grant_audit.c core/hypercall.c core/call/multicall.c core/lock.c
 *        arch/host/fake_machine.c arch/host/fake_core.c
 *        arch/host/fake_domain.c arch/host/fake_heap.c arch/host/fake_log.c
 */
#include "arch/host/fake.h"
#include <string.h>
#include "arch/arch.h"
#include "core/event.h"
#include "core/frame.h"
#include "core/grant.h"
#include "core/guest.h"
#include "core/hypercall.h"
#include "core/perfc.h"
#include "core/trace.h"

#define DOMAINS 3
#define VCPUS 2
#define FRAMES 6
#define MEMORY 4096u

static const uint8_t *in;       /* the rest of the input */
static size_t left;
static u8 memory[MEMORY];
static unsigned fault_in, changes_in, looks, preempt_every;
static u8 change;
static bool restarted;
static u64 again[7];
static struct domain *dom[DOMAINS];

static u8 byte(void) { return left ? (left--, *in++) : 0; }
static u32 word(unsigned n)
{
    u32 v = 0;

    while (n--)
        v = v << 8 | byte();
    return v;
}

/* ---- hostile memory ---- */

static bool outside(gva_t a, size_t n) { return a.va > MEMORY || n > MEMORY - a.va || (fault_in && !--fault_in); }

int copy_from_guest(void *dst, gva_t src, size_t n)
{
    if (outside(src, n))
        return -EFAULT;
    memcpy(dst, memory + src.va, n);
    if (changes_in && !--changes_in && n)
        memory[src.va + change % n] ^= change;      /* next time it is something else */
    return 0;
}
int copy_to_guest(gva_t dst, const void *src, size_t n)
{
    if (outside(dst, n))
        return -EFAULT;
    memcpy(memory + dst.va, src, n);
    return 0;
}
bool preempt_check(void) { return preempt_every && ++looks % preempt_every == 0; }
void arch_hypercall_restart(u64 nr, const u64 *args, unsigned n)
{
    restarted = true;
    again[6] = nr;
    memcpy(again, args, n * sizeof(*args));
}
void perfc_add(enum perfc counter, u64 n) { (void)counter, (void)n; }
void perfc_hypercall(u32 nr) { (void)nr; }
bool guest_range_ok(u64 va, u64 n) { (void)va, (void)n; return true; }

/* All other hypercalls are somebody else's. */
#define NONE_0(f) long f(void) { return -ENOSYS; }
#define NONE_1(f) long f(u64 a) { (void)a; return -ENOSYS; }
#define NONE_2(f) long f(u64 a, u64 b) { (void)a, (void)b; return -ENOSYS; }
#define NONE_3(f) long f(u64 a, u64 b, u64 c) { (void)a, (void)b, (void)c; return -ENOSYS; }
#define NONE_4(f) long f(u64 a, u64 b, u64 c, u64 d) { (void)a, (void)b, (void)c, (void)d; return -ENOSYS; }
#define NONE_5(f) \
    long f(u64 a, u64 b, u64 c, u64 d, u64 e) { (void)a, (void)b, (void)c, (void)d, (void)e; return -ENOSYS; }
#undef HYPERCALL
#define HYPERCALL(name, nargs) __attribute__((weak)) NONE_##nargs(do_##name)
#define do_multicall do_multicall_elsewhere
#define do_grant_table_op do_grant_table_op_elsewhere
#define do_event_channel_op do_event_channel_op_elsewhere
#include "abi/hypercalls.def"
#undef do_multicall
#undef do_grant_table_op
#undef do_event_channel_op

/* ---- one input ---- */

static void call(u32 nr, u64 a, u64 b, u64 c)
{
    u64 args[6] = { a, b, c };
    unsigned patience = 64;

    do {
        restarted = false;
        hypercall_dispatch(nr, args);
        memcpy(args, again, sizeof(args));
        nr = (u32)again[6];
    } while (restarted && patience--);
    fake_current->mc.active = false;
}

/* Frames that a domain shares with Serai are its to scribble on. */
static void scribble(struct domain *d)
{
    u8 which = byte();
    u16 at = (u16)(word(2) % (PAGE_SIZE - 16)), n = byte() % 16;
    u8 *page = (u8 *)d->shared;
    mfn_t mfn;

    if (which % 4 && !grant_get_frame(d, which / 8 % 2, which & 4, &mfn))
        page = mfn_to_virt(mfn);
    while (n--)
        page[at++] = byte();
}

static void step(void)
{
    struct domain *d = fake_current->domain;
    u8 op = byte();

    switch (op % 8) {
    case 0:
        fake_current = dom[op / 8 % DOMAINS]->vcpu[op / 128];
        break;
    case 1: {
        u16 at = (u16)(word(2) % (MEMORY - 64)), n = byte() % 64;
        while (n--)
            memory[at++] = byte();
        break;
    }
    case 2: case 3:
        call(__HYPERVISOR_event_channel_op, byte() % 16, word(2) % (MEMORY + 16), 0);
        break;
    case 4: case 5: {
        u8 cmd = byte();
        call(__HYPERVISOR_grant_table_op, cmd % 14 | (u64)(cmd >> 7) << 16, word(2) % (MEMORY + 16), byte() % 8);
        break;
    }
    case 6:
        call(__HYPERVISOR_multicall, word(2) % (MEMORY + 16), byte() % 6, 0);
        break;
    case 7:
        if (op & 8)
            fault_in = byte() % 16;
        else if (op & 16)
            changes_in = 1 + byte() % 8, change = byte();
        else if (op & 32)
            preempt_every = byte() % 4;
        else
            scribble(d);
        break;
    }
}

static void judge(const char *when)
{
    for (unsigned d = 0; d < DOMAINS; d++)
        if (event_audit(dom[d]) || grant_audit(dom[d])) {
            fprintf(stderr, "%s: domain %u\n", when, d);
            abort();
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    in = data;
    left = size;
    fake_reset(1);
    memset(memory, 0, sizeof(memory));
    fault_in = changes_in = looks = preempt_every = 0;
    for (unsigned d = 0; d < DOMAINS; d++) {
        dom[d] = fake_domain((domid_t)d, VCPUS);
        dom[d]->max_grant_frames = dom[d]->max_maptrack_frames = 3;
        dom[d]->max_evtchn_port = 4095;
        dom[d]->arch.cpumask = 1;
        if (grant_domain_init(dom[d], 2) || event_domain_init(dom[d]))
            abort();
        for (unsigned v = 0; v < VCPUS; v++)
            if (event_vcpu_init(dom[d]->vcpu[v]))
                abort();
        for (unsigned f = 0; f < FRAMES; f++)
            (void)fake_frame(dom[d]);
    }
    fake_current = dom[1]->vcpu[0];
    for (unsigned n = 0; left && n < 200; n++)
        step();
    judge("before death");
    fake_current = dom[0]->vcpu[0];
    preempt_every = 0;
    for (unsigned d = 0; d < DOMAINS; d++) {
        dom[d]->dying = DOMDYING_dying;
        while (event_domain_close(dom[d])) {}
        while (grant_release_mappings(dom[d])) {}
    }
    judge("after death");
    for (unsigned d = 0; d < DOMAINS; d++) {
        dom[d]->refs = 0;
        event_domain_destroy(dom[d]);
        for (unsigned v = 0; v < VCPUS; v++)
            event_vcpu_destroy(dom[d]->vcpu[v]);
        grant_domain_destroy(dom[d]);
        dom[d]->refs = 1;
    }
    for (unsigned d = 0; d < DOMAINS; d++)
        fake_domain_free(dom[d]);
    if (fake_heap_objects) {
        fprintf(stderr, "%ld objects are left\n", fake_heap_objects);
        abort();
    }
    return 0;
}
