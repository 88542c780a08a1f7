/* Delivering exceptions to a guest's handlers (arch/x86/pv/inject.c). */
#pragma once
#include "lib/types.h"

struct vcpu;

/* Build the frame for exception `vector` on v's kernel stack; error_code -1: the vector has none. v is current. */
void guest_inject(struct vcpu *v, u8 vector, s64 error_code);
/* The same for a page fault at `addr`, which becomes the guest's CR2. */
void guest_inject_page_fault(struct vcpu *v, u64 addr, u32 error_code);
void guest_inject_failsafe(struct vcpu *v);
