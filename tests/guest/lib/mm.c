/* Memory of the test kernel: a pool of pages in .bss, our own page tables, windows on other domains' frames. */
#include "pv.h"

static char pool[NR_POOL_PAGES][4096] __attribute__((aligned(4096)));
static unsigned pool_used;

void *page_alloc(void)
{
    if (pool_used == NR_POOL_PAGES)
        fatal("out of test pages");
    return pool[pool_used++];
}

u64 our_l4(void) { return p2m[va_pfn((void *)si->pt_base)]; }

u64 *walk_in(u64 l4_mfn, u64 va, unsigned level)
{
    u64 mfn = l4_mfn;
    for (unsigned l = 4; ; l--) {
        u64 *e = (u64 *)mfn_va(mfn) + (va >> (12 + 9 * (l - 1)) & 511);
        if (l == level)
            return e;
        if (!(*e & P))
            return NULL;
        mfn = PTE_MFN(*e);
    }
}

u64 *walk(u64 va, unsigned level) { return walk_in(our_l4(), va, level); }

u64 entry_ma(u64 *e) { return va_mfn(e) << 12 | ((u64)e & 0xfff); }

long set_va(const void *va, u64 pte)
{
    return hc(__HYPERVISOR_update_va_mapping, va, pte, UVMF_INVLPG | UVMF_LOCAL);
}

void *map_frame(u64 mfn, u64 dom, u64 flags, long *err)
{
    void *va = page_alloc();
    long rc = mmu1_dom(entry_ma(walk((u64)va, 1)), mfn << 12 | flags, dom);
    if (err)
        *err = rc;
    mmuext1(MMUEXT_INVLPG_LOCAL, (u64)va);
    if (rc) {
        pool_used--;
        return NULL;
    }
    return va;
}

/* Back to the page's own frame; the page is not given back to the pool. */
long unmap_frame(void *va) { return set_flags(va, KERNEL_PAGE); }

grant_entry_v1_t *grant_table(void)
{
    static xen_pfn_t frame;
    struct gnttab_setup_table s = { .dom = DOMID_SELF, .nr_frames = 1 };
    long err;
    set_xen_guest_handle(s.frame_list, &frame);
    OK("grant table", hc(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, &s, 1) | s.status);
    grant_entry_v1_t *table = map_frame(frame, DOMID_SELF, KERNEL_PAGE, &err);
    OK("grant table mapped", err);
    return table;
}

u64 *table_alloc(void)
{
    u64 *t = page_alloc();
    REQUIRE_OK(set_flags(t, READ_PAGE));
    return t;
}
