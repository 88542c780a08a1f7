/*
 * What a save file says about a vcpu: the context, and the extended state. Tools bring it, and it may be anybody's.
 * What is taken must be what a guest may have: the flags, addresses within its own space, a debug register 7 that names
 * no breakpoint of the hypervisor's; and XRSTOR must take the image, which the CPU at hand decides.
 */
#include "tests/unit/x86/guest.h"
#include <machine/uaccess.h>
#include "arch/x86/mm/paging.h"
#include "arch/x86/pv/callback.c"
#include "arch/x86/pv/debugreg.c"
#include "arch/x86/pv/fpu.c"
#undef EFLAGS_IF
#include "arch/x86/context.c"

/* ---- the rest of Serai ---- */
struct cpu cpus[MAX_CPUS];
unsigned nr_cpus = 1;
static struct vcpu saved;          /* does not run */
static u8 xsave[3 * PAGE_SIZE] __aligned(PAGE_SIZE);

bool guest_range_ok(u64 va, u64 bytes) { return uaccess_ok(va, bytes); }
bool preempt_check(void) { return false; }
long hypercall_continue(unsigned nr, unsigned nargs, ...) { (void)nr, (void)nargs; return 0; }
void *zalloc_pages(struct domain *d, unsigned order) { (void)d, (void)order; return xsave; }
void zfree_pages(void *p, unsigned order) { (void)p, (void)order; }
long gdt_set(struct vcpu *v, const u64 *frames, u32 n) { (void)v, (void)frames; return n > 7168 ? -EINVAL : 0; }
long ldt_set(struct vcpu *v, u64 base, u64 n) { (void)v, (void)base; return n > 8192 ? -EINVAL : 0; }
void descriptor_drop(struct vcpu *v) { (void)v; }
static long base(u64 *where, mfn_t mfn)
{
    if (mfn & 1)
        return -EINVAL;
    *where = mfn;               /* read back, and then written again */
    return 0;
}
long mmu_set_base(struct vcpu *v, mfn_t mfn) { return base(&v->arch.kernel_l4, mfn); }
long mmu_set_user_base(struct vcpu *v, mfn_t mfn) { return base(&v->arch.user_l4, mfn); }
u64 paging_idle_cr3(void) { return 0; }
void paging_show_m2p(u64 *l4, bool shown) { (void)l4; (void)shown; }
void ptwr_init(struct vcpu *v) { (void)v; }
void cpu_raise(unsigned cpu, u32 pending) { (void)cpu, (void)pending; }
void vcpu_raise(struct vcpu *v, u32 pending) { (void)v, (void)pending; }
void arch_vcpu_touched(struct vcpu *v) { (void)v; }
void arch_vm_assist_changed(struct domain *d) { (void)d; }
void isolate_refresh(struct vcpu *v) { (void)v; }
void guest_nmi_welcome(struct vcpu *v) { (void)v; }
void address_space_leave(struct domain *d) { (void)d; }
long cpu_policy_domain_init(struct domain *d) { (void)d; return 0; }
void cpu_policy_domain_destroy(struct domain *d) { (void)d; }
void pirq_domain_destroy(struct domain *d) { (void)d; }
void machine_wallclock_publish(struct domain *d) { (void)d; }

/* ---- judging ---- */

/* The CPU loads it, and gets its own back. */
static void __attribute__((noinline)) load(void)
{
    static u8 own[4 * PAGE_SIZE] __aligned(64);
    u32 a = ~0u, d = ~0u;

    __asm__ volatile("xsave64 %0\n\txrstor64 %1\n\txrstor64 %0" : "+m"(own) : "m"(xsave), "a"(a), "d"(d) : "memory");
}

static void judge_state(void)
{
    const struct xsave_area *a = (void *)xsave;

    if ((saved.arch.xcr0 & ~guest_xcr0) || (saved.arch.xcr0_accum & ~guest_xcr0) ||
        (a->mxcsr & ~mxcsr_mask) || (a->xstate_bv & ~(guest_xcr0 | XSTATE_SSE)) || a->xcomp_bv)
        abort();
    load();
}

static void expect_address(u64 a)
{
    if (!va_canonical(a))
        abort();
}

static void judge_context(void)
{
    const struct cpu_user_regs *r = &saved.arch.regs;

    if ((r->rflags & EFLAGS_FORBIDDEN) || !(r->rflags & EFLAGS_IF) || (r->cs & 3) != 3 || (r->ss & 3) != 3 ||
        (saved.arch.kernel_ss & 3) != 3 || saved.arch.iopl > 3 || r->entry_vector)
        abort();
    expect_address(saved.arch.fs_base);
    expect_address(saved.arch.gs_base_kernel);
    expect_address(saved.arch.gs_base_user);
    expect_address(saved.arch.event_callback);
    expect_address(saved.arch.failsafe_callback);
    expect_address(saved.arch.syscall_callback);
    for (unsigned i = 0; i < 256; i++) {
        expect_address(saved.arch.trap[i].address);
        if (saved.arch.trap[i].address && (saved.arch.trap[i].cs & 3) != 3)
            abort();
    }
    for (unsigned i = 0; i < 4; i++)
        if (!guest_range_ok(saved.arch.dr[i], 8))
            abort();
    if (saved.arch.dr7 & (DR7_GENERAL_DETECT | ~(DR7_WRITABLE | DR7_RESET)))
        abort();
    judge_state();
}

static void set_up(void)
{
    struct xsave_area probe __aligned(64) = { 0 };

    cpu_has.xsave = true;
    guest_xcr0 = find_guest_xcr0();
    __asm__ volatile("fxsave64 %0" : "+m"(probe));
    mxcsr_mask = probe.mxcsr_mask ? probe.mxcsr_mask : MXCSR_MASK_DEFAULT;
    reset_area.fcw = FCW_RESET;
    reset_area.mxcsr = MXCSR_RESET;
    reset_area.xstate_bv = XSTATE_X87 | XSTATE_SSE;
}

/* Places in the context and what they become, three bytes each; what is not named is as a fresh vcpu has it. */
static void context(const u8 *p, size_t n)
{
    static vcpu_guest_context_t c, got;
    u8 *at = (u8 *)&c;

    memset(&c, 0, sizeof(c));
    c.flags = VGCF_in_kernel | VGCF_i387_valid;
    memcpy(&c.fpu_ctxt, &reset_area, FPU_LEGACY_BYTES);
    for (; n >= 4; p += 4, n -= 4) {
        u32 offset = ((u32)p[0] | (u32)p[1] << 8) % sizeof(c);
        at[offset] = p[2];
        if (offset % 8 == 0 && offset + 8 <= sizeof(c) && (p[3] & 1))
            *(u64 *)(at + offset) = p[3] & 2 ? (u64)p[2] << 40 | 0x800000000000 : (u64)(s64)(s8)p[2] << 39;
    }
    if (arch_vcpu_set_context(&saved, &c))
        return;
    judge_context();
    arch_vcpu_get_context(&saved, &got);
    if (arch_vcpu_set_context(&saved, &got))
        abort();                /* what is read can be written back */
    judge_context();
}

static void extended(const u8 *p, size_t n)
{
    static u8 image[4096];
    u64 head[2] = { guest_xcr0, guest_xcr0 };
    u32 size = EXT_HEADER + fpu_area_size(guest_xcr0);
    u8 *exact;

    if (n < 2)
        return;
    if (p[0] & 1) {             /* as it comes */
        exact = malloc(n);
        memcpy(exact, p, n);
        if (!fpu_ext_set(&saved, exact, (u32)n))
            judge_state();
        free(exact);
        return;
    }
    memset(image, 0, sizeof(image));
    memcpy(image, head, EXT_HEADER);
    memcpy(image + EXT_HEADER, &reset_area, sizeof(reset_area));
    for (; n >= 3; p += 3, n -= 3)
        image[((u32)p[0] | (u32)p[1] << 8) / 2 % size] ^= p[2];
    exact = malloc(size);
    memcpy(exact, image, size);
    if (!fpu_ext_set(&saved, exact, size)) {
        judge_state();
        fpu_ext_get(&saved, image);
        if (fpu_ext_set(&saved, image, fpu_ext_size(&saved)))
            abort();
        judge_state();
    }
    free(exact);
}

static const uint8_t *input;
static size_t input_bytes;

static void one_input(void)
{
    memset(&saved.arch, 0, sizeof(saved.arch));
    saved.domain = &test_domain;
    saved.info = &test_info;
    saved.arch.xsave = (void *)xsave;
    saved.initialised = false;
    fpu_reset(&saved);
    (*input & 1 ? context : extended)(input + 1, input_bytes - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    if (!mxcsr_mask)
        set_up();
    input = data, input_bytes = size;
    run_as_vcpu(one_input);
    return 0;
}
