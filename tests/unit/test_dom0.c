/*
 * Domain 0 before its first instruction: how much memory dom0_mem= means, where things go in the initial region, and
 * that the page tables map it so, on a heap that gives its memory in pieces.
 * Could go wrong: a region that fits but for its own page tables; one more table than was reckoned, where a heap in
 * pieces moves the borders.
 * Links: core/build/dom0_size.c core/build/dom0_layout.c core/build/image.c core/build/why.c
 * Links: arch/host/fake_machine.c arch/host/fake_heap.c arch/host/fake_log.c
 */
#include "arch/host/fake.h"
#include <string.h>
#include <sys/mman.h>
#include "core/build/dom0.h"
#include "core/build/dom0_size.h"
#include <machine/pte.h>

#define FRAMES 65536u           /* 256 MiB */

static mfn_t next_mfn;
static unsigned largest;        /* order the heap still has */
static u64 limit;

bool frame_release(mfn_t mfn) { (void)mfn; return true; }

bool guest_range_ok(u64 va, u64 bytes)
{
    u64 end = va + bytes;
    return end >= va && (end <= 0x800000000000 || va >= 0xffff880000000000);
}

mfn_t domain_alloc_pages(struct domain *d, unsigned order, unsigned addr_bits, gfn_t gfn)
{
    (void)d, (void)addr_bits, (void)gfn;
    mfn_t mfn = round_up(next_mfn, 1UL << order);
    if (order > largest || mfn + (1UL << order) > limit)
        return MFN_NONE;
    next_mfn = mfn + (1UL << order) + (u64)rand() % 3;
    memset(mfn_to_virt(mfn), 0, PAGE_SIZE << order);
    return mfn;
}

/* ---- sizes ---- */

static struct dom0_mem_option asked;

static u64 pages(u64 available) { return dom0_size(&asked, available, GiB(4) >> PAGE_SHIFT).pages; }
#define MIB(n) (MiB(n) >> PAGE_SHIFT)

static void sizes(void **state)
{
    (void)state;
    asked = (struct dom0_mem_option){ 0 };
    assert_int_equal(pages(MIB(4096)), MIB(4096 - 256));
    assert_int_equal(pages(MIB(512)), MIB(512 - 64));
    assert_int_equal(pages(MIB(65536)), MIB(65536 - 512));
    assert_int_equal(pages(MIB(32)), 0);
    asked.size = (struct memory_amount){ .given = true, .bytes = MiB(1024) };
    assert_int_equal(pages(MIB(4096)), MIB(1024));
    struct dom0_size s = dom0_size(&asked, MIB(512), 0);
    assert_true(s.cut && s.pages == MIB(512) && s.wanted == MIB(1024));
    s = dom0_size(&(struct dom0_mem_option){ .min = { .given = true, .bytes = MiB(1024) } }, MIB(512), MIB(600));
    assert_true(s.cut && s.pages == MIB(512) && s.wanted == MIB(1024));
    s = dom0_size(&(struct dom0_mem_option){ .size = { .given = true, .percent = 100 } }, MIB(512), MIB(600));
    assert_true(s.cut && s.pages == MIB(512) && s.wanted == MIB(600));
    s = dom0_size(&(struct dom0_mem_option){ .size = { .given = true, .negative = true, .bytes = MiB(600) } },
                  MIB(512), MIB(600));
    assert_true(!s.cut && s.pages == 0);
    asked.max = (struct memory_amount){ .given = true, .bytes = MiB(768) };
    assert_int_equal(pages(MIB(4096)), MIB(768));
    asked.max.bytes = MiB(2048);
    assert_int_equal(dom0_size(&asked, MIB(4096), 0).max_pages, MIB(2048));
    asked.min = (struct memory_amount){ .given = true, .bytes = MiB(1536) };
    assert_int_equal(pages(MIB(4096)), MIB(1536));
    asked = (struct dom0_mem_option){ .size = { .given = true, .negative = true, .bytes = MiB(512) } };
    assert_int_equal(pages(MIB(4096)), MIB(3584));
    assert_int_equal(pages(MIB(256)), 0);
    asked.size = (struct memory_amount){ .given = true, .percent = 50, .bytes = MiB(100) };
    assert_in_range(pages(MIB(4096)), MIB(2100), MIB(2148));
    asked = (struct dom0_mem_option){ .max = { .given = true, .bytes = MiB(512) } };
    assert_int_equal(pages(MIB(4096)), MIB(512));
}

/* ---- layout and tables ---- */

static struct kernel linux_kernel(void)
{
    struct kernel k = { .virt_base = 0xffffffff80000000, .own_p2m = true, .p2m_base = 0x8000000000,
        .initrd_unmapped = true };
    k.elf.paddr_start = 0x1000000;
    k.elf.paddr_end = 0x4a00000;
    return k;
}

/* The figures measured with Debian's kernel. */
static void layout_of_linux(void **state)
{
    struct kernel k = linux_kernel();
    struct dom0_layout l;
    struct why why;
    (void)state;
    assert_true(dom0_layout(&l, &k, MiB(20), 0x50000, &why));
    assert_int_equal(l.start_info, 0xffffffff84a00000);
    assert_int_equal(l.tables, 0xffffffff84a01000);
    assert_int_equal(l.nr_tables, 0x29);
    assert_int_equal(l.end, 0xffffffff84c00000);
    assert_int_equal(l.initrd, 0);
    assert_int_equal(l.p2m, 0x8000000000);
    assert_int_equal(l.p2m_pages, 0x280);
    assert_int_equal(l.p2m_tables, 4);
}

static void layout_refusals(void **state)
{
    struct kernel k = linux_kernel();
    struct dom0_layout l;
    struct why why;
    (void)state;
    k.initrd_unmapped = false;
    assert_false(dom0_layout(&l, &k, GiB(3), 0x50000, &why));   /* does not fit at the top */
    k = linux_kernel();
    k.p2m_base = 0xffff800000000000;
    assert_false(dom0_layout(&l, &k, 0, 0x50000, &why));        /* Serai's */
    k.p2m_base = 0xffffffff80000000;
    assert_false(dom0_layout(&l, &k, 0, 0x50000, &why));        /* on top of the kernel */
}

static u64 look_up(const struct image *im, u64 va)
{
    u64 *table = image_page(im, im->l4_pfn);
    for (unsigned level = 4; level; level--) {
        u64 entry = table[pt_index(va, level)];
        if (!(entry & PTE_PRESENT))
            return 0;
        assert_true(entry & PTE_USER);
        if (level == 1)
            return entry;
        table = mfn_to_virt(pte_mfn(entry));
    }
    return 0;
}

static void tables_map_the_region(void **state)
{
    struct kernel k = linux_kernel();
    struct dom0_layout l;
    struct why why;
    struct image im;
    (void)state;
    for (unsigned order = 0; order <= 12; order += 4) {
        largest = order;
        next_mfn = 1;
        limit = FRAMES;
        assert_true(dom0_layout(&l, &k, 0, 0x2000, &why));
        assert_true(image_init(&im, NULL));
        u64 region = (l.end - l.virt_base) >> PAGE_SHIFT;
        u64 got = image_grow(&im, region);
        if (order == 0) {       /* more pieces than records: less memory, not a crash */
            assert_true(got < region && im.nr_extents == IMAGE_MAX_EXTENTS);
            image_finish(&im);
            continue;
        }
        assert_int_equal(got, region);
        image_tables_begin(&im, (l.tables - l.virt_base) >> PAGE_SHIFT, l.nr_tables);
        for (u64 va = l.virt_base; va < l.end; va += PAGE_SIZE)
            image_map(&im, va, (va - l.virt_base) >> PAGE_SHIFT, va != l.tables);
        assert_int_equal(im.next_table, im.end_table);
        for (u64 pfn = 0; pfn < region; pfn++) {
            u64 entry = look_up(&im, l.virt_base + (pfn << PAGE_SHIFT));
            assert_int_equal(pte_mfn(entry), image_mfn(&im, pfn));
            assert_int_equal(fake_m2p[pte_mfn(entry)], pfn);
        }
        assert_false(look_up(&im, l.tables) & PTE_RW);
        assert_int_equal(look_up(&im, l.end), 0);
        image_finish(&im);
    }
}

static void copies_cross_pieces(void **state)
{
    struct image im;
    static u8 data[50000];
    (void)state;
    largest = 1;
    next_mfn = 1;
    limit = FRAMES;
    for (unsigned i = 0; i < sizeof(data); i++)
        data[i] = (u8)(i * 7);
    assert_true(image_init(&im, NULL));
    assert_int_equal(image_grow(&im, 20), 20);
    image_copy(&im, 5000, data, sizeof(data));
    for (u64 i = 0; i < sizeof(data); i++)
        assert_int_equal(((u8 *)image_page(&im, (5000 + i) >> PAGE_SHIFT))[(5000 + i) % PAGE_SIZE], data[i]);
    limit = next_mfn + 5;
    assert_in_range(image_grow(&im, 100), 1, 5);        /* the heap runs dry: what there was is there */
    image_finish(&im);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes), cmocka_unit_test(layout_of_linux), cmocka_unit_test(layout_refusals),
        cmocka_unit_test(tables_map_the_region), cmocka_unit_test(copies_cross_pieces),
    };
    fake_ram_frames = FRAMES;
    fake_ram = mmap(NULL, (u64)FRAMES << PAGE_SHIFT, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (fake_ram == MAP_FAILED)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
