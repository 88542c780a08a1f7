/*
 * A guest for testing arch/x86/pv on the host: addresses are the test program's own, `current` is a vcpu at the top of
 * a stack of its own (as on the machine, where it is found from the stack pointer), and what the code under test would
 * do to the rest of Serai is recorded. Each test includes the .c files it tests; nothing else is linked.
 * Flags: -DSERAI_HOST -I. -idirafter arch/x86 -mno-red-zone (arch/x86/features.h must not hide the C library's)
 */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <string.h>
#include <ucontext.h>
#include "arch/x86/cpu.h"
#include "core/vcpu.h"
#include "core/mmu.h"
#include "core/reject.h"
#include "lib/print.h"

struct cpu_features cpu_has;
static struct domain test_domain;
static struct vcpu test_vcpu;
static vcpu_info_t test_info;
static struct cpu test_cpu;

/* What was done to the guest. */
static struct { int vector; s64 error_code; u64 address; } injected;

void guest_inject(struct vcpu *v, u8 vector, s64 error_code)
{
    (void)v;
    injected.vector = vector;
    injected.error_code = error_code;
}
void guest_inject_page_fault(struct vcpu *v, u64 addr, u32 error_code)
{
    guest_inject(v, 14, error_code);
    injected.address = addr;
}

/* Guest memory: everything but [hole, hole_end); for a fuzzer only [arena, arena_end), if that is set. */
static u64 hole, hole_end, arena, arena_end;
static bool in_hole(u64 va, u64 n)
{
    if (arena_end && (va < arena || va > arena_end || n > arena_end - va))
        return true;
    return va < hole_end && va + n > hole;
}
int copy_from_guest(void *dst, gva_t src, size_t n)
{
    if (in_hole(src.va, n))
        return -EFAULT;
    memcpy(dst, (void *)src.va, n);
    return 0;
}
int copy_to_guest(gva_t dst, const void *src, size_t n)
{
    if (in_hole(dst.va, n))
        return -EFAULT;
    memcpy((void *)dst.va, src, n);
    return 0;
}

static unsigned nr_rejects;
long reject_at(const char *where, long code, const char *fmt, ...)
{
    nr_rejects++;
    (void)where;
    (void)fmt;
    return code;
}

/* Run fn() on a stack of the machine's shape, with current = &test_vcpu. */
static void (*on_stack_fn)(void);
static ucontext_t on_stack_back;
static void on_stack_entry(void) { on_stack_fn(); }
static void __unused run_as_vcpu(void (*fn)(void))
{
    static char stack[STACK_SIZE * 8] __aligned(STACK_SIZE * 8);
    char *top = stack + STACK_SIZE; /* the first aligned slice; deep calls of the host are fine below it */
    struct cpu_info *info = (struct cpu_info *)top - 1;
    ucontext_t uc;

    info->vcpu = &test_vcpu;
    info->cpu = &test_cpu;
    test_vcpu.domain = &test_domain;
    test_vcpu.info = &test_info;
    on_stack_fn = fn;
    getcontext(&uc);
    uc.uc_stack.ss_sp = stack;
    uc.uc_stack.ss_size = STACK_SIZE - sizeof(struct cpu_info);
    uc.uc_link = &on_stack_back;
    makecontext(&uc, on_stack_entry, 0);
    swapcontext(&on_stack_back, &uc);
}
