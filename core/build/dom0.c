/*
 * Building domain 0.
 *
 * From the boot loader's modules to a vcpu that can run: unpack the kernel, decide sizes, allocate memory, copy, write
 * page tables, start info and the list of frames, have the page tables validated like any guest's, set vcpu 0's
 * registers. What the kernel finds at its entry is the interface of public header xen.h and what Debian's kernel was
 * seen to rely on; no shortcut is taken for being domain 0: from here on it is a guest with more permissions.
 *
 * Pseudo-physical memory, in order: the initial region (dom0_layout.c); the initrd, if the kernel takes it by frame
 * number; the list of frames and its page tables, if it lies outside the region; everything else.
 *
 * Whatever is wrong is the owner's to mend: one message with what was found, what was needed and what to do, then the
 * machine halts. It never reboots by itself here, or the message would be gone.
 */
#include "abi/xen.h"
#include "arch/arch.h"
#include "core/build/bootinfo.h"
#include "core/build/dom0.h"
#include "core/build/dom0_size.h"
#include "core/heap.h"
#include "core/mmu.h"
#include "core/options.h"
#include "core/sched.h"
#include "core/vcpu.h"
#include "lib/print.h"
#include "lib/string.h"

/* Power-management data domain 0 may hand up: idle and performance states (platform.h, XEN_PROCESSOR_PM_*). */
#define PM_BITS (XEN_PROCESSOR_PM_CX | XEN_PROCESSOR_PM_PX)
/* Left to Serai whatever dom0_mem= says: records made while domain 0 starts. */
#define MARGIN_PAGES (MiB(16) >> PAGE_SHIFT)

static void __noreturn give_up(const char *what, const char *todo)
{
    log_always("Domain 0 cannot be built: %s.", what);
    log_always("What to do: %s.", todo);
    log_always("Halted.");
    machine_end(MACHINE_HALT);
}

/* ---- sizes ---- */

/* Whole pages inside a module: what can be given to the heap when it is no longer needed; the first one. */
static u64 module_pages(const struct boot_module *m, mfn_t *first)
{
    mfn_t end = (m->start + m->bytes) >> PAGE_SHIFT;
    *first = DIV_ROUND_UP(m->start, PAGE_SIZE);
    while (*first < end && !mfn_is_ram(*first))     /* the lowest memory stays the firmware's */
        ++*first;
    return end > *first ? end - *first : 0;
}

static const u8 *module_data(const struct boot_module *m)
{
    return (const u8 *)mfn_to_virt(m->start >> PAGE_SHIFT) + (m->start & (PAGE_SIZE - 1));
}

static void free_module(const struct boot_module *m)
{
    mfn_t first;
    u64 pages = module_pages(m, &first);
    if (pages)
        heap_add(first, first + pages);
}

static struct dom0_size choose_size(const struct boot_info *boot, const struct kernel *k)
{
    u64 freed = k->buffer_pages;
    mfn_t first;
    for (unsigned i = 0; i < boot->nr_modules; i++)
        freed += module_pages(&boot->module[i], &first);
    u64 available = heap_free_pages() + freed;
    u64 total = heap_total_pages() + freed - k->buffer_pages;
    struct dom0_size s = dom0_size(&opt.dom0_mem, available - min(available, MARGIN_PAGES), total);
    u64 asked = opt.dom0_mem.size.given && !opt.dom0_mem.size.negative ? opt.dom0_mem.size.bytes : 0;
    if (asked >> PAGE_SHIFT > total) {
        char what[120];
        snprintf(what, sizeof(what), "dom0_mem= asks for %lu MiB, the machine has %lu MiB", asked >> 20,
                 total >> (20 - PAGE_SHIFT));
        give_up(what, "give a smaller dom0_mem=, or the machine more memory");
    }
    if (s.cut)
        log_warn("dom0_mem: %lu MiB were asked for, only %lu MiB are available: domain 0 gets these",
                 s.wanted >> (20 - PAGE_SHIFT), s.pages >> (20 - PAGE_SHIFT));
    return s;
}

static void check_size(const struct dom0_layout *l, const struct dom0_size *s, u64 initrd_bytes)
{
    u64 initrd = l->initrd ? 0 : DIV_ROUND_UP(initrd_bytes, PAGE_SIZE);
    u64 list = l->p2m_tables ? l->p2m_pages + l->p2m_tables : 0;
    u64 needed = ((l->end - l->virt_base) >> PAGE_SHIFT) + initrd + list;
    if (needed <= s->pages)
        return;
    char what[160];
    snprintf(what, sizeof(what), "it gets %lu MiB, but kernel, initrd and first page tables alone need %lu MiB",
             s->pages >> (20 - PAGE_SHIFT), (needed >> (20 - PAGE_SHIFT)) + 1);
    give_up(what, "give a larger dom0_mem=, or the machine more memory");
}

static unsigned vcpu_count(void)
{
    unsigned n = nr_cpus;
    if (opt.dom0_vcpus_max) {
        n = max(n, opt.dom0_vcpus_min);
        n = min(n, opt.dom0_vcpus_max);
    }
    return min(n, (unsigned)DOMAIN_MAX_VCPUS);
}

/* ---- the domain ---- */

static struct domain *create(const struct dom0_size *s)
{
    struct domain_config config = {
        .max_vcpus = vcpu_count(), .max_evtchn_port = ~0u, .max_grant_frames = opt.gnttab_max_frames,
        .max_maptrack_frames = opt.gnttab_max_maptrack_frames, .grant_max_version = 2, .privileged = true,
    };
    long err = 0;
    struct domain *d = domain_create(0, &config, &err);
    if (!d)
        give_up("its records could not be made", "give the machine more memory");
    d->max_pages = min(s->max_pages, 0xffffffffUL);     /* no limit: the largest number tools expect */
    machine_dom0_resources(d);
    for (unsigned i = 0; i < config.max_vcpus; i++) {
        struct vcpu *v = vcpu_create(d, i, &err);
        if (!v)
            give_up("a virtual CPU could not be made", "give a smaller dom0_max_vcpus=, or the machine more memory");
        if (opt.dom0_vcpus_pin)
            sched_set_affinity(v, BIT(i % nr_cpus), BIT(i % nr_cpus));
    }
    return d;
}

static void grow(struct image *im, u64 pages)
{
    if (image_grow(im, pages) != pages)
        give_up("the heap ran out while its memory was allocated",
                "give a smaller dom0_mem=, or the machine more memory");
}

/* ---- contents ---- */

static u64 region_pfn(const struct dom0_layout *l, u64 va)
{
    return (va - l->virt_base) >> PAGE_SHIFT;
}

static void load_kernel(const struct image *im, const struct kernel *k)
{
    for (unsigned i = 0; i < k->elf.nr_segments; i++) {
        const struct elf_segment *s = &k->elf.segment[i];
        log_info("  %#lx: %lu KiB from the file, %lu KiB in memory", s->paddr - k->paddr_offset + k->virt_base,
                 s->filesz >> 10, s->memsz >> 10);
        image_copy(im, s->paddr - k->paddr_offset, s->data, s->filesz);
    }
    if (k->hypercall_page)
        arch_hypercall_page(image_page(im, (k->hypercall_page - k->virt_base) >> PAGE_SHIFT));
}

/* Map the region, its page tables read-only. */
static void map_region(struct image *im, const struct dom0_layout *l)
{
    image_tables_begin(im, region_pfn(l, l->tables), l->nr_tables);
    for (u64 va = l->virt_base; va < l->end; va += PAGE_SIZE)
        image_map(im, va, region_pfn(l, va), va < l->tables || va >= l->stack);
}

/* The list of frames, pfns first.. on, written extent by extent through the pages it lies in. */
static void write_list(const struct image *im, u64 first, u64 nr_pages)
{
    u64 *page = NULL;
    u64 pfn = 0;
    for (unsigned i = 0; i < im->nr_extents; i++) {
        const struct extent *e = &im->extent[i];
        for (u64 n = 0; n < e->pages && pfn < nr_pages; n++, pfn++) {
            u64 slot = pfn % (PAGE_SIZE / sizeof(u64));
            if (!slot)
                page = image_page(im, first + pfn / (PAGE_SIZE / sizeof(u64)));
            page[slot] = e->mfn + n;
        }
    }
}

static u32 fill_framebuffer(dom0_vga_console_info_t *vga, const struct boot_info *boot)
{
    const struct boot_framebuffer *fb = &boot->fb;
    vga->video_type = boot->efi_system_table ? XEN_VGATYPE_EFI_LFB : XEN_VGATYPE_VESA_LFB;
    vga->u.vesa_lfb.width = (u16)fb->width;
    vga->u.vesa_lfb.height = (u16)fb->height;
    vga->u.vesa_lfb.bytes_per_line = (u16)fb->pitch;
    vga->u.vesa_lfb.bits_per_pixel = fb->bits_per_pixel;
    vga->u.vesa_lfb.lfb_base = (u32)fb->base;
    vga->u.vesa_lfb.ext_lfb_base = (u32)(fb->base >> 32);
    vga->u.vesa_lfb.lfb_size = (u32)DIV_ROUND_UP((u64)fb->pitch * fb->height, KiB(64));
    vga->u.vesa_lfb.red_pos = fb->red_pos;
    vga->u.vesa_lfb.red_size = fb->red_size;
    vga->u.vesa_lfb.green_pos = fb->green_pos;
    vga->u.vesa_lfb.green_size = fb->green_size;
    vga->u.vesa_lfb.blue_pos = fb->blue_pos;
    vga->u.vesa_lfb.blue_size = fb->blue_size;
    return sizeof(*vga);
}

/* What the screen shows, behind start info in the same page; its size, 0: no screen. */
static u32 fill_video(dom0_vga_console_info_t *vga, const struct boot_info *boot)
{
    switch (boot->video) {
    case BOOT_VIDEO_TEXT:
        vga->video_type = XEN_VGATYPE_TEXT_MODE_3;
        vga->u.text_mode_3.font_height = 16;
        vga->u.text_mode_3.rows = boot->text_rows;
        vga->u.text_mode_3.columns = boot->text_columns;
        return sizeof(*vga);
    case BOOT_VIDEO_FRAMEBUFFER:
        return fill_framebuffer(vga, boot);
    default:
        return 0;
    }
}

static void fill_cmdline(struct start_info *si, const char *text)
{
    int n = snprintf((char *)si->cmd_line, MAX_GUEST_CMDLINE, "%s%s%s", text, *text && *opt.dom0_extra ? " " : "",
                     opt.dom0_extra);
    if (n >= MAX_GUEST_CMDLINE)
        log_warn("Domain 0's command line of %d characters is cut after %d", n, MAX_GUEST_CMDLINE - 1);
}

_Static_assert(sizeof(struct start_info) == 0x490, "xen.h: start_info, 64-bit; the VGA information follows it");

/* start_info but for the initrd and the list of frames. */
static struct start_info *fill_start_info(struct image *im, const struct dom0_layout *l, const struct boot_info *boot)
{
    struct start_info *si = image_page(im, region_pfn(l, l->start_info));
    strlcpy(si->magic, "xen-3.0-x86_64p", sizeof(si->magic));
    si->nr_pages = im->pages;
    si->shared_info = virt_to_mfn(im->d->shared) << PAGE_SHIFT;
    si->flags = SIF_PRIVILEGED | SIF_INITDOMAIN | ((PM_BITS << 8) & SIF_PM_MASK);
    si->pt_base = l->tables;
    si->nr_pt_frames = l->nr_tables;
    si->mfn_list = l->p2m;
    si->console.dom0.info_off = sizeof(*si);
    si->console.dom0.info_size = fill_video((dom0_vga_console_info_t *)(si + 1), boot);
    fill_cmdline(si, boot->module[0].cmdline);
    return si;
}

/* ---- steps ---- */

/* Everything up to the initrd: afterwards the modules and the unpacked kernel are not needed any more. Initrd's pfn. */
static u64 load(struct image *im, const struct dom0_layout *l, struct kernel *k, const struct boot_info *boot)
{
    const struct boot_module *initrd = boot->nr_modules > 1 ? &boot->module[1] : NULL;
    u64 pfn = 0;
    grow(im, (l->end - l->virt_base) >> PAGE_SHIFT);
    load_kernel(im, k);
    kernel_close(k);
    if (initrd && initrd->bytes) {
        pfn = l->initrd ? region_pfn(l, l->initrd) : im->pages;
        if (!l->initrd)
            grow(im, DIV_ROUND_UP(initrd->bytes, PAGE_SIZE));
        image_copy(im, pfn << PAGE_SHIFT, module_data(initrd), initrd->bytes);
    }
    for (unsigned i = 0; i < boot->nr_modules; i++)
        free_module(&boot->module[i]);
    return pfn;
}

/* The rest of the memory; region and list mapped; list written. */
static void complete(struct image *im, const struct dom0_layout *l, u64 nr_pages)
{
    u64 list = l->p2m_tables ? im->pages : region_pfn(l, l->p2m);
    grow(im, nr_pages - im->pages);
    map_region(im, l);
    if (l->p2m_tables) {
        image_tables_continue(im, list + l->p2m_pages, l->p2m_tables);
        for (u64 i = 0; i < l->p2m_pages; i++)
            image_map(im, l->p2m + (i << PAGE_SHIFT), list + i, true);
    }
    write_list(im, list, nr_pages);
}

/* Have the top-level table validated, pin it as the interface promises, and point vcpu 0 at the entry. */
static void start_vcpu(struct image *im, const struct dom0_layout *l, const struct kernel *k)
{
    static vcpu_guest_context_t context;    /* 5 KiB: too much for the stack */
    struct domain *d = im->d;
    mfn_t l4 = image_mfn(im, im->l4_pfn);
    long rc;

    do
        rc = frame_get_typed(d, l4, TYPE_L4);
    while (rc == -ERESTART);
    if (rc)
        panic("domain 0's first page tables were refused");
    spin_lock(&d->mmu_lock);
    mfn_frame(l4)->type |= TYPE_PINNED;
    spin_unlock(&d->mmu_lock);

    context.flags = VGCF_in_kernel | VGCF_online;
    context.user_regs.rip = k->entry;
    context.user_regs.rsp = context.kernel_sp = l->stack + PAGE_SIZE;
    context.user_regs.rsi = l->start_info;
    context.user_regs.cs = FLAT_KERNEL_CS;
    context.user_regs.ss = FLAT_KERNEL_SS;
    context.user_regs.rflags = 0x202;       /* interrupts on: events are masked in vcpu_info instead */
    context.kernel_ss = FLAT_KERNEL_SS;
    context.ctrlreg[3] = l4 << PAGE_SHIFT;
    long err;
    while ((err = arch_vcpu_set_context(d->vcpu[0], &context)) == -ERESTART)
        machine_poll();
    if (err)
        panic("domain 0's first context was refused: %ld", err);
}

static void report(const struct domain *d, const struct dom0_layout *l, const struct kernel *k)
{
    log_info("  entry %#lx, start info %#lx, %lu page tables at %#lx, stack %#lx, frames listed at %#lx", k->entry,
             l->start_info, l->nr_tables, l->tables, l->stack, l->p2m);
    log_always("Domain 0: %u vCPU%s, %lu MiB; %lu MiB are left for others", d->max_vcpus, d->max_vcpus == 1 ? "" : "s",
               d->tot_pages >> (20 - PAGE_SHIFT), heap_free_pages() >> (20 - PAGE_SHIFT));
}

static void open_kernel(const struct boot_info *boot, struct kernel *k)
{
    const struct boot_module *m = &boot->module[0];
    struct why why;
    if (!boot->nr_modules || !m->bytes)
        give_up("the boot loader handed over no kernel",
                "name it as the first module (GRUB: a module2 line; QEMU: -initrd \"vmlinuz options,initrd\")");
    if (!kernel_open(k, module_data(m), m->bytes, &why))
        give_up(why.text, why.todo ?: "name a Linux kernel with Xen support, complete and undamaged, as the first "
                "module");
    if (boot->nr_modules > 1 && !boot->module[1].bytes)
        log_warn("Module 1, domain 0's initrd, is empty");
    if (boot->nr_modules > 2)
        log_warn("%u modules: the first is domain 0's kernel, the second its initrd, others have no use here",
                 boot->nr_modules);
    log_always("Building domain 0: %s %s kernel of %lu KiB, initrd of %lu KiB", k->elf.notes.guest_os,
               k->elf.notes.guest_version, m->bytes >> 10, boot->nr_modules > 1 ? boot->module[1].bytes >> 10 : 0);
}

void build_dom0(const struct boot_info *boot)
{
    static struct kernel kernel;
    struct dom0_layout layout;
    struct image image;
    struct why why;
    u64 initrd_bytes = boot->nr_modules > 1 ? boot->module[1].bytes : 0;

    open_kernel(boot, &kernel);
    struct dom0_size size = choose_size(boot, &kernel);
    if (!dom0_layout(&layout, &kernel, initrd_bytes, size.pages, &why))
        give_up(why.text, "use another kernel or a smaller initrd");
    check_size(&layout, &size, initrd_bytes);

    struct domain *d = create(&size);
    if (!image_init(&image, d))
        give_up("no memory for the builder's records", "give the machine more memory");
    u64 initrd_pfn = load(&image, &layout, &kernel, boot);
    u64 loaded = image.pages;
    complete(&image, &layout, size.pages);
    struct start_info *si = fill_start_info(&image, &layout, boot);
    si->first_p2m_pfn = loaded;     /* where the list is if it lies outside the region, else of no pages */
    if (layout.p2m_tables)
        si->nr_p2m_frames = layout.p2m_pages + layout.p2m_tables;
    if (initrd_bytes) {
        si->mod_len = initrd_bytes;
        si->mod_start = layout.initrd ? layout.initrd : initrd_pfn;
        si->flags |= layout.initrd ? 0 : SIF_MOD_START_PFN;
    }
    machine_wallclock_publish(d);
    start_vcpu(&image, &layout, &kernel);
    image_finish(&image);
    report(d, &layout, &kernel);

    struct vcpu *v = d->vcpu[0];
    __atomic_fetch_and(&v->pause_flags, ~VPF_DOWN, __ATOMIC_SEQ_CST);
    d->ctl_paused = 0;
    domain_unpause(d);
    vcpu_wake(v);
}
