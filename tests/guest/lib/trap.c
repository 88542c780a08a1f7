/* Traps: all lead to trap(), which hands them to a handler, or to the TRY that expects one, or ends the test. */
#include "pv.h"

void (*handler[260])(struct regs *);
struct jump try_jump;
struct fault *volatile catching;
u64 user_l4;
extern char kernel_stack_top[];
/*
 * The handler of page faults masks events, as Linux's does: faults then come by a shorter way. A test whose header says
 * "Faults: both ways" runs with and without.
 */
static bool faults_masked;
void trap(struct regs *r);
void traps_init(void);

void trap(struct regs *r)
{
    if (handler[r->vector]) {
        handler[r->vector](r);
        return;
    }
    struct fault *f = catching;
    if (f) {
        f->vector = r->vector;
        f->error = r->error;
        f->cr2 = vi->arch.cr2;
        f->masked = vi->evtchn_upcall_mask;
        f->regs = *r;
        catching = NULL;
        if (faults_masked && r->vector == 14)   /* as before, what the way back would do */
            vi->evtchn_upcall_mask = r->cs >> 32 & 1;
        jump_to(&try_jump);
    }
    fatal("unexpected trap %lu error %#lx at %#lx cs %#lx flags %#lx rsp %#lx cr2 %#lx rax %#lx", r->vector, r->error,
          r->rip, r->cs, r->rflags, r->rsp, (u64)vi->arch.cr2, r->rax);
}

void trap_set(unsigned vector, unsigned flags, u64 cs, u64 address)
{
    struct trap_info t[2] = { { .vector = (u8)vector, .flags = (u8)flags, .cs = (u16)cs, .address = address }, { 0 } };
    REQUIRE_OK(hc(__HYPERVISOR_set_trap_table, t));
}

void traps_init(void)
{
    static struct trap_info t[34];
    static u64 stubs[32];
    faults_masked = cmdline_after("faults=masked");
    /* Stubs are found by walking: each is aligned to 16. */
    unsigned n = 0;
    for (unsigned v = 0; v < 32; v++)
        stubs[v] = (u64)trap_stubs + v * 16;
    for (unsigned v = 0; v < 32; v++)
        if (v != 2)
            t[n++] = (struct trap_info){ .vector = (u8)v, .cs = FLAT_KERNEL_CS, .address = stubs[v],
                                         .flags = v == 3 || v == 4 ? 3 : v == 14 && faults_masked ? 4 : 0 };
    t[n++] = (struct trap_info){ .vector = 0x80, .flags = 3, .cs = FLAT_KERNEL_CS, .address = (u64)entry_int80 };
    long rc = hc(__HYPERVISOR_set_trap_table, t);
    rc |= hc(__HYPERVISOR_set_callbacks, entry_event, entry_failsafe, entry_syscall);
    rc |= hc(__HYPERVISOR_stack_switch, FLAT_KERNEL_SS, kernel_stack_top);
    if (rc)
        fatal("trap table and callbacks: %ld", rc);
}

void user_init(void)
{
    u64 *l4 = page_alloc();
    u64 *ours = mfn_va(our_l4());
    l4[511] = ours[511];
    REQUIRE_OK(set_flags(l4, READ_PAGE));
    user_l4 = va_mfn(l4);
    REQUIRE_OK(mmuext1(MMUEXT_PIN_L4_TABLE, user_l4));
    REQUIRE_OK(mmuext1(MMUEXT_NEW_USER_BASEPTR, user_l4));
}

void user_run_regs(struct fault *f, struct regs *r, u64 flags)
{
    TRY(*f, iret_to(r, flags));
}

void user_run(struct fault *f, const void *rip)
{
    struct regs r = { .rip = (u64)rip, .cs = FLAT_USER_CS, .ss = FLAT_USER_SS, .rflags = 0x202,
                      .rsp = (u64)user_stack_top };
    /* Selectors with ring 3 tell the iret hypercall that user mode is meant. */
    user_run_regs(f, &r, 0);
}
