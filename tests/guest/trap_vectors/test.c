/* Every exception a ring-3 kernel can raise, with its vector and error code. */
#include "pv.h"

void test(void)
{
    char *page = page_alloc();
    EXPECT_FAULT("divide by zero", 0, 0, __asm__ volatile("xor %%edx, %%edx; xor %%ecx, %%ecx; div %%ecx" ::: "rax",
                                                          "rcx", "rdx"));
    EXPECT_FAULT("int3", 3, 0, __asm__ volatile("int3"));
    EXPECT_FAULT("ud2", 6, 0, __asm__ volatile("ud2"));
    EXPECT_FAULT("#BP by its long form", 3, 0, __asm__ volatile("int $3"));
    EXPECT_FAULT("#OF by int 4", 4, 0, __asm__ volatile("int $4"));
    EXPECT_FAULT("not present read", 14, 0, (void)*(volatile char *)0x1000);
    EXPECT_FAULT("not present write", 14, 2, *(volatile char *)0x1000 = 1);
    EXPECT_FAULT("not present fetch", 14, 0x10, ((void (*)(void))0x1000)());
    REQUIRE_OK(set_flags(page, READ_PAGE));
    EXPECT_FAULT("write to read-only", 14, 3, *(volatile char *)page = 1);
    EXPECT_FAULT("non-canonical read", 13, 0, (void)*(volatile char *)0x8000000000000000UL);
    EXPECT_FAULT("non-canonical jump", 13, 0, ((void (*)(void))0x8000000000000000UL)());
    /* #SS on a CPU, #GP in QEMU's */
    struct fault f;
    TRY(f,
        __asm__ volatile("mov %%rsp, %%rbx; movabs $0x8000000000000000, %%rax; mov %%rax, %%rbp; push 0(%%rbp)"
                         ::: "rax", "rbx"));
    EXPECT(f.vector == 12 || f.vector == 13);
    EXPECT_FAULT("bad data selector", 13, 0x1230, __asm__ volatile("mov %0, %%ds" : : "r"(0x1233)));
    EXPECT_FAULT("system selector of the hypervisor", 13, 0xe040, __asm__ volatile("mov %0, %%ds" : : "r"(0xe040)));
    EXPECT_FAULT("ring-0 code of the hypervisor", 13, 0xe008, __asm__ volatile("mov %0, %%ds" : : "r"(0xe008)));
    EXPECT_FAULT("far return to ring 0", 13, 0xe008, __asm__ volatile("push $0xe008; push $0; lretq"));
    EXPECT_FAULT("lldt", 13, 0, __asm__ volatile("lldt %w0" : : "r"(0)));
    EXPECT_FAULT("ltr", 13, 0, __asm__ volatile("ltr %w0" : : "r"(0xe040)));
    EXPECT_FAULT("lgdt", 13, 0, __asm__ volatile("lgdt (%0)" : : "r"(page)));
    EXPECT_FAULT("hlt", 13, 0, __asm__ volatile("hlt"));
    EXPECT_FAULT("mov to cr8", 13, 0, __asm__ volatile("mov %0, %%cr8" : : "r"(0UL)));
    EXPECT_FAULT("swapgs", 13, 0, __asm__ volatile("swapgs"));
    EXPECT_FAULT("sysret", 13, 0, __asm__ volatile("lea 1f(%%rip), %%rcx; sysretq; 1:" ::: "rcx"));
    EXPECT_FAULT("invlpg", 13, 0, __asm__ volatile("invlpg (%0)" : : "r"(page)));
    EXPECT_FAULT("stack limit: none", NO_FAULT, 0, (void)page);
    EXPECT_FAULT("alignment check is off without AC", NO_FAULT, 0, (void)*(volatile u32 *)(page + 1));
    /* #AC and #XM are not tried: QEMU's emulated CPU raises neither. */
}
