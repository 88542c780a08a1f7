/*
 * CPU features: found once on the boot CPU, switched on the same on every CPU (SDM vol. 2 CPUID, vol. 3 2.5).
 *
 * Invariant: CR0, CR4, EFER and PAT are Serai's choice and equal on all CPUs; no guest changes them but for TS
 * (pv/fpu.c) and TSD (pv/control.c). Imprecise on purpose: CPUs are taken to be alike; one that lacks what the boot CPU
 * has faults here.
 *
 * Alternatives: STAC and CLAC are three bytes of NOP in the image and become themselves on CPUs with SMAP, once, before
 * the text is mapped read-only (paging_init() comes later). Detours: where PCIDs make a second way worth while, the
 * first instruction of the usual way becomes a jump to it.
 */
#include "arch/x86/features.h"
#include "arch/x86/asm.h"
#include "arch/x86/cpu.h"
#include "arch/x86/entry/isolate.h"
#include "arch/x86/power.h"
#include "core/options.h"
#include "lib/print.h"
#include "lib/string.h"

struct cpu_features cpu_has __ro_after_init;
u64 cr3_keep_tlb __ro_after_init;
struct cpu cpus[MAX_CPUS];

#define MSR_PLATFORM_INFO 0xce              /* from Nehalem on */
/*
 * AMD families 0xf (from revision F) to 0x11: firmware may let HLT on all cores of a package end in C1E, where the
 * local APIC's timer stands still (BKDG of family 10h, MSRC001_0055; erratum 400).
 */
#define MSR_INT_PENDING 0xc0010055
#define INT_PENDING_C1E (3UL << 27)

/* The order of memory types the ABI's guests are told: WB WT UC- UC WC WP UC UC. */
#define ABI_PAT 0x0000050100070406UL

/* QEMU without KVM. Its version cannot be asked for. */
static bool is_emulated(void)
{
    struct cpuid hv = cpuid(1, 0).c >> 31 & 1 ? cpuid(0x40000000, 0) : (struct cpuid){ 0 };

    return hv.b == 0x54474354 && hv.c == 0x43544743 && hv.d == 0x47435447;     /* TCGTCGTCGTCG */
}

/*
 * The emulator (7.2) takes CR4.OSXSAVE for reserved where leaf 0xd tells of none of XSAVE's extensions (Opteron_G4,
 * Opteron_G5, any model with +xsave alone), and tries the instruction for ever.
 */
static bool xsave_works(u32 extensions)
{
    if (extensions || !is_emulated())
        return true;
    log_info("XSAVE and AVX stay off: QEMU's emulated CPU hangs when XSAVE is enabled without XSAVEOPT");
    return false;
}

/*
 * The emulator reads the frame of an IRET as supervisor whatever the ring (7.2 does, 10 no longer): with SMAP on,
 * every IRET of a guest kernel, which runs in ring 3, faults. So all versions go without unless the owner says smap on
 * the command line.
 */
static bool smap_wanted(void)
{
    if (!opt.smap || option_text("smap"))
        return opt.smap;
    if (!is_emulated())
        return true;
    log_info("SMAP stays off: QEMU's emulated CPU applies it to guest kernels (smap on the command line overrides)");
    return false;
}

/*
 * What every 64-bit CPU has, so that Serai, its guests and their programs use it without asking; a virtual machine may
 * be told to hide it. The local APIC is not here: firmware hides it, too (apic_init()); nor are long mode and CMOV,
 * which boot/head.S looks for.
 */
static void require_baseline(u32 l1d, u32 e1d)
{
    const struct { bool has; const char *name; } list[] = {
        { l1d & 1, " FPU" }, { l1d >> 4 & 1, " TSC" }, { l1d >> 5 & 1, " MSR" }, { l1d >> 8 & 1, " CMPXCHG8B" },
        { l1d >> 24 & 1, " FXSR" }, { l1d >> 25 & 1, " SSE" }, { l1d >> 26 & 1, " SSE2" },
        { e1d >> 11 & 1, " SYSCALL" },
    };
    char text[64] = "";
    size_t n = 0;

    for (unsigned i = 0; i < ARRAY_SIZE(list); i++)
        if (!list[i].has)
            n += (size_t)snprintf(text + n, sizeof(text) - n, "%s", list[i].name);
    if (n)
        cannot_start("use a CPU model that has them (virtual machines: qemu64, EPYC, host and their like)",
                     "this CPU does not show features that every 64-bit CPU has:%s", text);
}

void features_detect(void)
{
    struct cpuid l0 = cpuid(0, 0), l1 = cpuid(1, 0), l7 = l0.a >= 7 ? cpuid(7, 0) : (struct cpuid){ 0 };
    struct cpuid ext = cpuid(0x80000000, 0), e1 = cpuid(0x80000001, 0);
    struct cpuid e7 = ext.a >= 0x80000007 ? cpuid(0x80000007, 0) : (struct cpuid){ 0 };
    struct cpuid e8 = ext.a >= 0x80000008 ? cpuid(0x80000008, 0) : (struct cpuid){ 0 };
    struct cpuid d1 = l0.a >= 0xd ? cpuid(0xd, 1) : (struct cpuid){ 0 };
    u32 family = (l1.a >> 8 & 15) + ((l1.a >> 8 & 15) == 15 ? l1.a >> 20 & 0xff : 0);

    require_baseline(l1.d, e1.d);
    cpu_has.intel = l0.b == 0x756e6547;
    cpu_has.amd = l0.b == 0x68747541 || l0.b == 0x6f677948;     /* Auth.., Hygo..: a Zen by another name */
    cpu_has.nx = e1.d >> 20 & 1;
    cpu_has.gb_pages = e1.d >> 26 & 1;
    cpu_has.rdtscp = e1.d >> 27 & 1;
    cpu_has.invariant_tsc = e7.d >> 8 & 1;
    cpu_has.phys_bits = e8.a & 0xff ? e8.a & 0xff : 36;
    cpu_has.de = l1.d >> 2 & 1;
    cpu_has.mce = l1.d >> 7 & 1;
    cpu_has.pge = l1.d >> 13 & 1;
    cpu_has.pat = l1.d >> 16 & 1;
    cpu_has.pcid = (l1.c >> 17 & 1) && cpu_has.pge && opt.pcid;
    cr3_keep_tlb = cpu_has.pcid ? CR3_KEEP_TLB : 0;
    cpu_has.x2apic = l1.c >> 21 & 1;
    cpu_has.tsc_deadline = l1.c >> 24 & 1;
    cpu_has.xsave = (l1.c >> 26 & 1) && l0.a >= 0xd && xsave_works(d1.a);
    cpu_has.fsgsbase = l7.b & 1;
    cpu_has.smep = l7.b >> 7 & 1;
    cpu_has.invpcid = l7.b >> 10 & 1;
    cpu_has.smap = (l7.b >> 20 & 1) && smap_wanted();
    cpu_has.umip = l7.c >> 2 & 1;
    cpu_has.xsaveopt = cpu_has.xsave && (d1.a & 1);
    cpu_has.c1e = cpu_has.amd && family >= 0xf && family <= 0x11;
}

void features_no_c1e(void *unused)
{
    u64 v;

    (void)unused;
    if (cpu_has.c1e && rdmsr_safe(MSR_INT_PENDING, &v) && (v & INT_PENDING_C1E) &&
        !wrmsr_safe(MSR_INT_PENDING, v & ~INT_PENDING_C1E))
        log_warn("CPU %u: C1E cannot be switched off; timers may stand still while all CPUs idle", smp_cpu());
}

void features_probe(void)
{
    u64 platform;

    if (cpu_has.intel && rdmsr_safe(MSR_PLATFORM_INFO, &platform))
        cpu_has.cpuid_faulting = platform >> 31 & 1;
}

void features_report(void)
{
    const struct { bool has; const char *name; } list[] = {
        { cpu_has.nx, " NX" }, { cpu_has.smep, " SMEP" }, { cpu_has.smap, " SMAP" }, { cpu_has.umip, " UMIP" },
        { cpu_has.fsgsbase, " FSGSBASE" }, { cpu_has.xsave, " XSAVE" }, { cpu_has.pcid, " PCID" },
        { cpu_has.invpcid, " INVPCID" }, { cpu_has.gb_pages, " 1-GiB-pages" }, { cpu_has.x2apic, " x2APIC" },
    };
    char text[128] = "";
    size_t n = 0;

    for (unsigned i = 0; i < ARRAY_SIZE(list); i++)
        if (list[i].has)
            n += (size_t)snprintf(text + n, sizeof(text) - n, "%s", list[i].name);
    log_info("CPU features in use:%s; %u address bits", n ? text : " none", cpu_has.phys_bits);
}

void features_enable(void)
{
    u64 cr4 = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT;

    if (cpu_has.de)
        cr4 |= CR4_DE;
    if (cpu_has.mce)
        cr4 |= CR4_MCE;
    if (cpu_has.pge)
        cr4 |= CR4_PGE;
    if (cpu_has.fsgsbase)
        cr4 |= CR4_FSGSBASE;
    if (cpu_has.xsave)
        cr4 |= CR4_OSXSAVE;
    if (cpu_has.smep)
        cr4 |= CR4_SMEP;
    if (cpu_has.smap)
        cr4 |= CR4_SMAP;
    if (cpu_has.umip)
        cr4 |= CR4_UMIP;
    if (cpu_has.pcid)
        cr4 |= CR4_PCIDE;   /* CR3's low bits are 0 here, as this needs */
    write_cr4(cr4);
    write_cr0(CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_PG);
    wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE | (cpu_has.nx ? EFER_NXE : 0));
    if (cpu_has.pat)
        wrmsr(MSR_PAT, ABI_PAT);
    write_dr7(0x400);
}

/* Nothing else would notice: what these protect from is a defect of Serai's that nobody knows yet. */
void features_check(void *unused)
{
    u64 want = (cpu_has.smep ? CR4_SMEP : 0) | (cpu_has.smap ? CR4_SMAP : 0) | (cpu_has.umip ? CR4_UMIP : 0);

    (void)unused;
    if (!(read_cr0() & CR0_WP) || want & ~read_cr4() || (cpu_has.nx && !(rdmsr(MSR_EFER) & EFER_NXE)))
        panic("CPU %u has a protection that is not on (CR0 %#lx, CR4 %#lx, EFER %#lx)", smp_cpu(), read_cr0(),
              read_cr4(), rdmsr(MSR_EFER));
}

struct alternative {
    s32 at;
    u32 bytes;          /* three bytes of code */
};

struct detour {
    s32 at, to;
};

/* jmp rel32 over the first instruction, which has at least its five bytes. */
static void detour(const struct detour *d)
{
    u8 *at = (u8 *)&d->at + d->at, *to = (u8 *)&d->to + d->to;
    s32 distance = (s32)(to - (at + 5));

    at[0] = 0xe9;
    memcpy(at + 1, &distance, 4);
}

void alternatives_patch(void)
{
    extern const struct alternative __alternatives_start[], __alternatives_end[];
    extern const struct detour __detours_start[], __detours_end[];

    for (const struct detour *d = __detours_start; cpu_has.pcid && d < __detours_end; d++)
        detour(d);
    if (!cpu_has.smap)
        return;
    for (const struct alternative *a = __alternatives_start; a < __alternatives_end; a++)
        memcpy((char *)&a->at + a->at, &a->bytes, 3);
}
