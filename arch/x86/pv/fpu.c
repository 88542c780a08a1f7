/*
 * FPU, SSE and AVX state.
 *
 * Every switch between vcpus saves all components and loads all components ("eagerly"): lazy switching saved nothing
 * on modern CPUs, was a side channel, and is wrong under some emulators. Serai's own code uses no FPU register, so
 * nothing is saved on entry, only when the vcpu changes.
 *
 * Invariant: while a vcpu runs, no register holds another vcpu's data, even in components it has not enabled. A guest
 * could enable one later, so save and restore always work with the full XCR0 and only then is XCR0 set to what the
 * guest chose. Guests that enable everything (all modern ones) therefore pay no XSETBV.
 *
 * The area is in the standard (not compacted) format: it is the interface's format, too. Contents that tools supply
 * are checked completely when set, so that XRSTOR cannot fault. TS is virtual: set, the guest's next FPU instruction
 * raises its #NM, but the registers are its own all the time.
 */
#include "arch/x86/pv/fpu.h"
#include "arch/x86/asm.h"
#include "arch/x86/cpu.h"
#include "core/heap.h"
#include "core/reject.h"
#include "core/vcpu.h"
#include "lib/string.h"

#define FPU_AREA_MIN 576u       /* legacy region and XSAVE header */
#define FCW_RESET 0x037f
#define MXCSR_RESET 0x1f80u
#define MXCSR_MASK_DEFAULT 0xffbfu
#define EXT_HEADER 16u          /* xcr0 and xcr0_accum before the area, in get/setvcpuextstate */

/* The legacy region of FXSAVE and XSAVE (SDM vol. 1, 10.5.1), then the header (13.4.2). */
struct xsave_area {
    u16 fcw, fsw;
    u8 ftw, reserved0;
    u16 fop;
    u64 fip, fdp;
    u32 mxcsr, mxcsr_mask;
    u8 st_xmm[480];
    u64 xstate_bv, xcomp_bv, reserved[6];
};
_Static_assert(sizeof(struct xsave_area) == FPU_AREA_MIN, "SDM vol. 1, 13.4: header at 512, 64 bytes");

static u32 mxcsr_mask __ro_after_init;
static u64 guest_xcr0 __ro_after_init;
static struct xsave_area reset_area __aligned(64);

/* MPX, PKRU, CET and AMX state stay off: their control is not part of what a PV guest gets. */
static u64 find_guest_xcr0(void)
{
    struct cpuid c;
    u64 x;

    if (!cpu_has.xsave)
        return 0;
    c = cpuid(0xd, 0);
    x = (c.a | (u64)c.d << 32) & (XSTATE_X87 | XSTATE_SSE | XSTATE_YMM | XSTATE_AVX512);
    return (x & XSTATE_AVX512) == XSTATE_AVX512 ? x : x & ~XSTATE_AVX512;
}

/* Right at any time of boot: CPUID policies may be built before the FPU is set up. */
u64 fpu_guest_xcr0(void) { return guest_xcr0 ? guest_xcr0 : find_guest_xcr0(); }

u32 fpu_area_size(u64 xcr0)
{
    u32 size = FPU_AREA_MIN;

    for (u64 rest = xcr0 & ~(XSTATE_X87 | XSTATE_SSE); rest; rest &= rest - 1) {
        struct cpuid c = cpuid(0xd, lowest_bit(rest));
        size = max(size, c.a + c.b); /* size and offset of the component */
    }
    return size;
}

static inline void area_save(void *area)
{
    if (cpu_has.xsaveopt)
        __asm__ volatile("xsaveopt64 (%0)" : : "r"(area), "a"(~0u), "d"(~0u) : "memory");
    else if (cpu_has.xsave)
        __asm__ volatile("xsave64 (%0)" : : "r"(area), "a"(~0u), "d"(~0u) : "memory");
    else
        __asm__ volatile("fxsave64 (%0)" : : "r"(area) : "memory");
}

static inline void area_restore(const void *area)
{
    /*
     * AMD CPUs leave the last instruction and operand pointers alone unless an exception is pending: another guest's
     * would stay. A load of anything of ours overwrites them; pending exceptions would make that load fault.
     */
    if (cpu_has.amd) {
        u32 zero = 0;
        __asm__ volatile("fnclex\n\temms\n\tfildl %0" : : "m"(zero));
    }
    if (cpu_has.xsave)
        __asm__ volatile("xrstor64 (%0)" : : "r"(area), "a"(~0u), "d"(~0u) : "memory");
    else
        __asm__ volatile("fxrstor64 (%0)" : : "r"(area) : "memory");
}

static inline void clts(void) { __asm__ volatile("clts" : : : "memory"); }
static inline void stts(void) { write_cr0(read_cr0() | CR0_TS); }

void fpu_cpu_init(void)
{
    struct xsave_area probe __aligned(64) = { 0 };

    clts();
    if (!mxcsr_mask) {
        guest_xcr0 = find_guest_xcr0();
        __asm__ volatile("fxsave64 %0" : "+m"(probe));
        mxcsr_mask = probe.mxcsr_mask ? probe.mxcsr_mask : MXCSR_MASK_DEFAULT;
        reset_area.fcw = FCW_RESET;
        reset_area.mxcsr = MXCSR_RESET;
        reset_area.xstate_bv = XSTATE_X87 | XSTATE_SSE;
    }
    if (cpu_has.xsave)
        write_xcr0(guest_xcr0);
    area_restore(&reset_area);
}

/* ---- switching ---- */

void fpu_save(struct vcpu *v)
{
    if (v->arch.ts_set)
        clts();
    if (cpu_has.xsave && v->arch.xcr0 != guest_xcr0)
        write_xcr0(guest_xcr0);
    area_save(v->arch.xsave);
}

void fpu_restore(struct vcpu *v)
{
    area_restore(v->arch.xsave);
    fpu_resume(v);
}

/* Expects XCR0 full and TS clear, as fpu_save() and fpu_cpu_init() leave them. */
void fpu_resume(struct vcpu *v)
{
    if (cpu_has.xsave && v->arch.xcr0 != guest_xcr0)
        write_xcr0(v->arch.xcr0);
    if (v->arch.ts_set)
        stts();
}

void fpu_ts_set(struct vcpu *v, bool set)
{
    if (v->arch.ts_set == set)
        return;
    v->arch.ts_set = set;
    if (set)
        stts();
    else
        clts();
}

bool fpu_device_not_available(struct vcpu *v)
{
    if (!v->arch.ts_set)
        return false;
    fpu_ts_set(v, false);
    return true;
}

/* Would XSETBV take it? SDM vol. 1, 13.3: x87 always; AVX needs SSE; the AVX-512 three together and with AVX. */
static bool xcr0_possible(u64 xcr0)
{
    if (!cpu_has.xsave || (xcr0 & ~guest_xcr0) || !(xcr0 & XSTATE_X87) ||
        ((xcr0 & XSTATE_YMM) && !(xcr0 & XSTATE_SSE)))
        return false;
    return !(xcr0 & XSTATE_AVX512) || ((xcr0 & XSTATE_AVX512) == XSTATE_AVX512 && (xcr0 & XSTATE_YMM));
}

long fpu_set_xcr0(struct vcpu *v, u64 xcr0)
{
    if (!xcr0_possible(xcr0))
        return reject(-EINVAL, "XCR0 value %#lx, possible %#lx", xcr0, guest_xcr0);
    v->arch.xcr0 = xcr0;
    v->arch.xcr0_accum |= xcr0;
    write_xcr0(xcr0);
    return 0;
}

/* ---- life of an area ---- */

static unsigned area_order(void)
{
    return order_of(DIV_ROUND_UP((u64)fpu_area_size(fpu_guest_xcr0()), PAGE_SIZE));
}

void fpu_reset(struct vcpu *v)
{
    memset(v->arch.xsave, 0, PAGE_SIZE << area_order());
    memcpy(v->arch.xsave, &reset_area, sizeof(reset_area));
    v->arch.xcr0 = v->arch.xcr0_accum = cpu_has.xsave ? XSTATE_X87 | XSTATE_SSE : 0;
    v->arch.ts_set = false;
}

long fpu_vcpu_init(struct vcpu *v)
{
    /* Whole pages: XSAVE wants 64-byte alignment, and areas are 576 to 2696 bytes. */
    v->arch.xsave = zalloc_pages(v->domain, area_order());
    if (!v->arch.xsave)
        return reject(-ENOMEM, "no memory for the FPU state of vcpu %u", v->id);
    fpu_reset(v);
    return 0;
}

void fpu_vcpu_destroy(struct vcpu *v)
{
    if (v->arch.xsave)
        zfree_pages(v->arch.xsave, area_order());
    v->arch.xsave = NULL;
}

/* ---- for tools ---- */

void fpu_get_legacy(struct vcpu *v, void *image)
{
    const struct xsave_area *a = v->arch.xsave;
    struct xsave_area out = reset_area;

    /* A component whose header bit is clear is in its reset state, whatever the memory says (SDM vol. 1, 13.8). */
    if (!cpu_has.xsave || (a->xstate_bv & XSTATE_X87)) {
        memcpy(&out, a, offsetof(struct xsave_area, mxcsr));
        memcpy(out.st_xmm, a->st_xmm, 128);
    }
    if (!cpu_has.xsave || (a->xstate_bv & XSTATE_SSE))
        memcpy(out.st_xmm + 128, a->st_xmm + 128, 256);
    out.mxcsr = a->mxcsr;
    out.mxcsr_mask = mxcsr_mask;
    memcpy(image, &out, FPU_LEGACY_BYTES);
}

long fpu_set_legacy(struct vcpu *v, const void *image)
{
    struct xsave_area *a = v->arch.xsave;
    struct xsave_area in;

    memcpy(&in, image, FPU_LEGACY_BYTES);
    if (in.mxcsr & ~mxcsr_mask)
        return reject(-EINVAL, "MXCSR %#x has reserved bits, possible %#x", in.mxcsr, mxcsr_mask);
    memcpy(a, &in, FPU_LEGACY_BYTES);
    /* A tool that changes a register of a vcpu that has run (a cancelled suspend) does not mean to clear the others. */
    a->xstate_bv = (v->initialised ? a->xstate_bv : 0) | XSTATE_X87 | XSTATE_SSE;
    return 0;
}

u32 fpu_ext_size(const struct vcpu *v)
{
    if (!cpu_has.xsave || !v->arch.xcr0_accum)
        return 0;
    return EXT_HEADER + fpu_area_size(v->arch.xcr0_accum);
}

void fpu_ext_get(struct vcpu *v, void *buf)
{
    u64 head[2] = { v->arch.xcr0, v->arch.xcr0_accum };
    u32 size = fpu_area_size(v->arch.xcr0_accum);
    struct xsave_area *out = (void *)((u8 *)buf + EXT_HEADER);

    memcpy(buf, head, EXT_HEADER);
    memcpy(out, v->arch.xsave, size);
    fpu_get_legacy(v, out);
    out->xstate_bv |= XSTATE_X87 | XSTATE_SSE;
    out->xstate_bv &= v->arch.xcr0_accum | XSTATE_SSE;
    out->xcomp_bv = 0;
}

long fpu_ext_set(struct vcpu *v, const void *buf, u32 size)
{
    struct xsave_area in;
    u64 head[2], possible = fpu_guest_xcr0();

    if (!cpu_has.xsave)
        return reject(-EOPNOTSUPP, "this machine has no XSAVE");
    if (size < EXT_HEADER + sizeof(in))
        return reject(-EINVAL, "extended state of %u bytes, at least %lu", size, EXT_HEADER + sizeof(in));
    memcpy(head, buf, EXT_HEADER);
    memcpy(&in, (const u8 *)buf + EXT_HEADER, sizeof(in));
    if (!xcr0_possible(head[0]) || (head[0] & ~head[1]) || (head[1] & ~possible))
        return reject(-EINVAL, "XCR0 %#lx of %#lx ever used, possible here %#lx", head[0], head[1], possible);
    if (size != EXT_HEADER + fpu_area_size(head[1]))
        return reject(-EINVAL, "extended state of %u bytes, %u expected", size, EXT_HEADER + fpu_area_size(head[1]));
    if ((in.xstate_bv & ~(head[1] | XSTATE_SSE)) || in.xcomp_bv || (in.mxcsr & ~mxcsr_mask))
        return reject(-EINVAL, "bad header: components %#lx, compaction %#lx, MXCSR %#x", in.xstate_bv, in.xcomp_bv,
                      in.mxcsr);
    for (unsigned i = 0; i < ARRAY_SIZE(in.reserved); i++)
        if (in.reserved[i])
            return reject(-EINVAL, "reserved word %u of the XSAVE header is not zero", i);
    memset(v->arch.xsave, 0, PAGE_SIZE << area_order());
    memcpy(v->arch.xsave, (const u8 *)buf + EXT_HEADER, size - EXT_HEADER);
    v->arch.xcr0 = head[0];
    v->arch.xcr0_accum = head[1];
    return 0;
}
