/*
 * A page becomes a page table while another domain can still write to it. A child grants the page; domain 0 maps it
 * for the CPU and for devices at once, and lets two vcpus undo the two halves at the same moment, while a third writes
 * through its translation as long as it can. Who undoes the first half waits for that third CPU's flush; who undoes
 * the second has no entry to take away, and gives the page back at once. Then the child, whose vcpu waits for nothing
 * else, pins it as a page table: no write may arrive in it any more. (Hypervisors lost pages here between "no entry
 * is left" and "no translation is left".)
 *
 * QEMU: -smp 4
 */
#include "dom.h"

#define REF 8
#define MARKS (GTF_reading | GTF_writing)
void traps_init(void);

/* ---- the child: words of the mailbox are 0: round begun, 1: round done, 2: stop, 3: pins ---- */

static u64 retype(u64 a, u64 b, u64 c)
{
    grant_entry_v1_t *table = grant_table();
    volatile u64 *page = page_alloc();
    u64 mfn = va_mfn((void *)page), changed = 0, seen = 0;
    (void)a, (void)b, (void)c;
    REQUIRE_OK(set_flags((void *)page, READ_PAGE));
    table[REF] = (grant_entry_v1_t){ .domid = 0, .frame = (u32)mfn };
    barrier();
    table[REF].flags = GTF_permit_access;
    child_mb->word[1] = 1;
    while (!((volatile u64 *)child_mb->word)[2]) {
        u64 round = ((volatile u64 *)child_mb->word)[0];
        if (round == seen) {
            yield_cpu();
            continue;
        }
        seen = round;
        while (((volatile grant_entry_v1_t *)table)[REF].flags & MARKS)
            ;
        if (!mmuext1(MMUEXT_PIN_L1_TABLE, mfn)) {
            u64 is = page[0];
            for (unsigned i = 0; i < 20000 && page[0] == is; i++)
                ;
            changed += page[0] != is;
            ((volatile u64 *)child_mb->word)[3]++;
            mmuext1(MMUEXT_UNPIN_TABLE, mfn);
        }
        child_mb->word[1] = seen + 1;
    }
    return changed;
}

/* ---- domain 0 ---- */

static volatile u64 mapped, left, go, halves, wrong;
static volatile bool stop;
static struct gnttab_map_grant_ref m;
static char *va;

/* Even numbers: as a page table, entries that are not present. Until there is no translation left. */
extern char write_in[], write_out[];
__asm__(".pushsection .text\n"
        "write_in: add $2, %rsi\n"
        ".rept 30\n mov %rsi, (%rdi)\n .endr\n"
        "jmp write_in\n"
        "write_out: ret\n.popsection");

static void no_translation(struct regs *r)
{
    if (r->rip < (u64)write_in || r->rip >= (u64)write_out)
        fatal("page fault at %#lx", r->rip);
    r->rip = (u64)write_out;
}

static void writer(void)
{
    traps_init();
    for (u64 seen = 0; !stop;) {
        if (mapped == seen) {
            yield_cpu();
            continue;
        }
        seen = mapped;
        __asm__ volatile("call write_in" : : "D"(va), "S"(seen << 32) : "memory", "rax", "rcx", "rdx");
        left = seen;
    }
}

static void other_half(void)
{
    for (u64 seen = 0; !stop;) {
        if (go == seen)
            continue;
        seen = go;
        for (unsigned i = 0; i < seen * 37 % 300; i++)
            relax();
        struct gnttab_unmap_grant_ref u = { .dev_bus_addr = m.dev_bus_addr, .handle = m.handle };
        wrong += !!(hc(__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, &u, 1) | u.status);
        halves = seen;
    }
}

static bool await(volatile u64 *word, u64 value)
{
    u64 end = now() + 5000000000;
    while (*word != value && now() < end)
        yield_cpu();
    return *word == value;
}

void test(void)
{
    static struct dom d;
    volatile u64 *word;
    u64 end, r = 0;
    dom_create(&d);
    word = d.mb->word;
    va = page_alloc();
    REQUIRE_OK(set_va(va, 0));
    dom_start_call(&d, retype, 0, 0, 0);
    REQUIRE(await(&word[1], 1));
    handler[14] = no_translation;
    OK("start", vcpu_start(1, other_half));
    OK("start", vcpu_start(2, writer));
    for (end = now() + 2000000000; now() < end;) {
        m = (struct gnttab_map_grant_ref){ .host_addr = (u64)va, .flags = GNTMAP_host_map | GNTMAP_device_map,
                                           .ref = REF, .dom = d.id };
        REQUIRE_OK(hc(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, &m, 1) | m.status);
        u64 was = *(volatile u64 *)va;
        mapped = ++r;
        while (*(volatile u64 *)va == was)
            ;
        word[0] = r;
        go = r;
        struct gnttab_unmap_grant_ref u = { .host_addr = (u64)va, .handle = m.handle };
        wrong += !!(hc(__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, &u, 1) | u.status);
        REQUIRE(await(&halves, r) && await(&left, r) && await(&word[1], r + 1));
    }
    stop = true;
    word[2] = 1;
    REQUIRE(dom_wait(&d, 5000000000UL));
    say("  %lu rounds, %lu page tables", r, word[3]);
    EXPECT_EQ("unmappings that failed", wrong, 0);
    EXPECT_EQ("page tables that changed", d.mb->ret, 0);
    EXPECT_EQ("each round had its page table", word[3], r);
    dom_destroy(&d);
}
