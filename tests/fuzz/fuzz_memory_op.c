/*
 * memory_op of a guest and of a privileged domain, on the machine of tests/unit/test_memory_op.c, with argument blocks
 * and lists in a small memory that the fuzzer fills; a fetch may fault.
 * Links: core/call/memory.c core/call/reservation.c core/call/exchange.c core/call/memmap.c core/call/resource.c
 * Links: core/heap.c core/frame.c core/slab.c core/lock.c
 * Links: arch/host/fake_machine.c arch/host/fake_domain.c arch/host/fake_guest.c arch/host/fake_log.c
 */
#include "core/guest.h"
#define copy_from_guest test_copy_from_guest
#define copy_to_guest test_copy_to_guest
#define main unit_main
int test_copy_from_guest(void *dst, gva_t src, size_t bytes);
int test_copy_to_guest(gva_t dst, const void *src, size_t bytes);
#include "tests/unit/test_memory_op.c"
#undef copy_from_guest
#undef copy_to_guest
#undef main

#define MEMORY 4096u
static u8 memory[MEMORY];
static unsigned fault_in;

static bool outside(gva_t a, size_t n) { return a.va > MEMORY || n > MEMORY - a.va || (fault_in && !--fault_in); }
int copy_from_guest(void *dst, gva_t src, size_t n)
{
    if (outside(src, n))
        return -EFAULT;
    memcpy(dst, memory + src.va, n);
    return 0;
}
int copy_to_guest(gva_t dst, const void *src, size_t n)
{
    if (outside(dst, n))
        return -EFAULT;
    memcpy(memory + dst.va, src, n);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static shared_info_t shared[2];

    start(NULL);
    guest.shared = &shared[0];
    dom0.shared = &shared[1];
    memset(memory, 0, sizeof(memory));
    while (size >= 4) {
        unsigned n = data[3] % 64, at = data[2] * 16;
        fake_current = data[0] & 0x80 ? &dom0_vcpu : &guest_vcpu;
        fault_in = data[0] >> 5 & 3 ? 0 : data[0] % 8;
        size -= 4;
        if (n > size)
            n = (unsigned)size;
        if (at + n <= MEMORY)
            memcpy(memory + at, data + 4, n);
        u64 cmd = data[1] % 32, arg = at;
        data += 4 + n;
        size -= n;
        for (unsigned patience = 32; patience--; cmd = fake_next_args[0], arg = fake_next_args[1])
            if (do_memory_op(cmd, arg) != -ERESTART)
                break;
    }
    while (dom0.page_head && frame_release(dom0.page_head)) {}
    domain_claim(&guest, 0);
    domain_claim(&dom0, 0);
    zfree(dom0.map);
    end(NULL);
    return 0;
}
