/*
 * What a kernel finds at its entry: registers, start info, page tables, the frame lists, features, versions. The
 * interface is public header xen.h (section start-of-day) and what Debian's Xen was seen to do.
 */
#include "pv.h"

static void registers(void)
{
    EXPECT_EQ("rsi is start_info", boot_regs.rsi, si);
    u64 *r = (u64 *)&boot_regs;
    for (unsigned i = 0; i < 15; i++)
        if (&r[i] != &boot_regs.rsi)
            check(__FILE__, __LINE__, "general register at entry", (long)r[i], 0);
    EXPECT_EQ("cs", boot_regs.cs, 0xe033);
    EXPECT_EQ("ss", boot_regs.ss, 0xe02b);
    EXPECT_EQ("rflags", boot_regs.rflags & ~0x44UL, 0x202);
    for (unsigned i = 0; i < 4; i++)
        EXPECT_EQ("data selectors are null", boot_segs[i], 0);
    EXPECT_EQ("stack is page-aligned at its top", boot_regs.rsp & 0xfff, 0);
    u32 lo, hi;
    for (u32 msr = 0xc0000100; msr <= 0xc0000102; msr++) {
        __asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
        EXPECT_EQ("segment base", lo | hi, 0);
    }
}

static void machine_registers(void)
{
    static struct { u16 fcw, fsw; u8 ftw; u8 rest[19]; u32 mxcsr; u8 more[484]; } fx __attribute__((aligned(16)));
    u64 v;
    __asm__ volatile("mov %%cr0, %0" : "=r"(v));
    EXPECT_EQ("cr0", v, 0x80050033);
    __asm__ volatile("mov %%cr2, %0" : "=r"(v));
    EXPECT_EQ("cr2", v, 0);
    __asm__ volatile("mov %%cr4, %0" : "=r"(v));
    EXPECT_EQ("cr4", v, 0x660);
    __asm__ volatile("mov %%dr6, %0" : "=r"(v));
    EXPECT_EQ("dr6", v, 0xffff0ff0);
    __asm__ volatile("mov %%dr7, %0" : "=r"(v));
    EXPECT_EQ("dr7", v, 0x400);
    __asm__ volatile("fxsave %0" : "=m"(fx));
    EXPECT_EQ("x87 control", fx.fcw, 0x37f);
    EXPECT_EQ("x87 status and tags", fx.fsw | fx.ftw, 0);
    EXPECT_EQ("mxcsr", fx.mxcsr, 0x1f80);
    struct fault f;
    u32 lo = 3, hi = 0;
    TRY(f, __asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0)));     /* #UD without XSAVE */
    EXPECT_EQ("xcr0: x87 and SSE", lo | (u64)hi << 32, 3);
}

static void start_info_fields(void)
{
    EXPECT_EQ("magic", memcmp(si->magic, "xen-3.0-x86_64p", 16), 0);
    EXPECT_EQ("nr_pages", si->nr_pages, 32 << 8);
    EXPECT_EQ("flags: privileged, initial domain", si->flags & 0xff & ~SIF_MOD_START_PFN,
              SIF_PRIVILEGED | SIF_INITDOMAIN);
    EXPECT_EQ("store", si->store_mfn | si->store_evtchn, 0);
    EXPECT_EQ("console info offset", si->console.dom0.info_off, si->console.dom0.info_size ? 0x490 : 0);
    EXPECT_EQ("no module", si->mod_start | si->mod_len, 0);
    EXPECT(si->pt_base > (u64)si && si->nr_pt_frames >= 4);
    EXPECT_EQ("stack follows tables", boot_regs.rsp, si->pt_base + (si->nr_pt_frames << 12) + 4096);
    EXPECT_EQ("p2m follows the kernel", si->mfn_list, (u64)_end);
    EXPECT_EQ("no frames outside the region hold it", si->nr_p2m_frames, 0);
    EXPECT_EQ("shared info page-aligned", si->shared_info & 0xfff, 0);
    EXPECT_EQ("events masked", vi->evtchn_upcall_mask, 1);
    EXPECT_EQ("pending", vi->evtchn_upcall_pending, 0);
    EXPECT(shared->wc_version % 2 == 0 && shared->wc_sec != 0);
}

static void frames(void)
{
    unsigned wrong = 0;
    for (u64 i = 0; i < si->nr_pages; i++)
        if (M2P[p2m[i]] != i)
            wrong++;
    EXPECT_EQ("m2p[p2m[i]] == i", wrong, 0);
}

static void tables(void)
{
    u64 tables_end = si->pt_base + (si->nr_pt_frames << 12);
    unsigned wrong = 0, pages = 0;
    for (u64 va = VIRT_BASE; ; va += 4096) {
        u64 *e = walk(va, 2);
        if (!e || !(*e & P) || !(*(e = walk(va, 1)) & P))
            break;
        bool ro = va >= si->pt_base && va < tables_end;
        if (PTE_MFN(*e) != p2m[pages] && va != (u64)shared)
            wrong++;
        if ( !(*e & US) || !!(*e & RW) == ro)
            wrong++;
        pages++;
        if (va == -4096UL)
            break;
    }
    EXPECT_EQ("mapping of the initial region", wrong, 0);
    EXPECT_EQ("the region ends at 4 MiB", pages & 1023, 0);
    EXPECT_EQ("first_p2m_pfn: behind the region", si->first_p2m_pfn, pages);
    EXPECT((u64)pages << 12 >= boot_regs.rsp - VIRT_BASE + 512 * 1024);
    u64 *l4 = (u64 *)si->pt_base;
    EXPECT(l4[511] & P);
    EXPECT(l4[256] & P);
    EXPECT_EQ("user half is empty", l4[0], 0);
    EXPECT_EQ("L4 is pinned: unpinning works", mmuext1(MMUEXT_UNPIN_TABLE, our_l4()), 0);
    EXPECT_EQ("and pinning again", mmuext1(MMUEXT_PIN_L4_TABLE, our_l4()), 0);
    EXPECT_FAULT("write to the M2P", 14, 7 & ~4, M2P[p2m[0]] = 1);
    EXPECT_FAULT("write to a page table beyond its entries' rules", 14, 3, *(volatile u8 *)si->pt_base = 1);
}

static void versions(void)
{
    EXPECT_EQ("version", hc(__HYPERVISOR_xen_version, XENVER_version), 4 << 16 | 17);
    xen_extraversion_t extra;
    EXPECT_EQ("extraversion", hc(__HYPERVISOR_xen_version, XENVER_extraversion, extra), 0);
    EXPECT_EQ("extraversion begins with a dot", extra[0], '.');
    xen_capabilities_info_t caps;
    EXPECT_EQ("capabilities", hc(__HYPERVISOR_xen_version, XENVER_capabilities, caps), 0);
    EXPECT_EQ("capabilities say x86_64", memcmp(caps, "xen-3.0-x86_64 ", 15), 0);
    xen_platform_parameters_t pp;
    EXPECT_EQ("platform", hc(__HYPERVISOR_xen_version, XENVER_platform_parameters, &pp), 0);
    EXPECT_EQ("virt_start", pp.virt_start, 0xffff800000000000);
    EXPECT_EQ("page size", hc(__HYPERVISOR_xen_version, XENVER_pagesize), 4096);
    xen_domain_handle_t handle;
    EXPECT_EQ("handle", hc(__HYPERVISOR_xen_version, XENVER_guest_handle, handle), 0);
    u8 any = 0;
    for (unsigned i = 0; i < sizeof(handle); i++)
        any |= handle[i];
    EXPECT_EQ("domain 0's handle is zero", any, 0);
    EXPECT_EQ("build id: its length without a buffer", hc(__HYPERVISOR_xen_version, XENVER_build_id), 20);
    struct xen_feature_info f = { 0 };
    EXPECT_EQ("features", hc(__HYPERVISOR_xen_version, XENVER_get_features, &f), 0);
    EXPECT_EQ("submap 0", f.submap, 0x228f0);
    EXPECT_EQ("unknown version query", hc(__HYPERVISOR_xen_version, 99, &f), -ENOSYS);
    EXPECT_EQ("version into bad memory", hc(__HYPERVISOR_xen_version, XENVER_capabilities, 0x1000), -EFAULT);
}

void test(void)
{
    registers();
    machine_registers();
    start_info_fields();
    frames();
    tables();
    versions();
}
