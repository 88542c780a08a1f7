/* Delivering exceptions to a guest's handlers (arch/x86/pv/inject.c). */
#pragma once
#include "lib/types.h"

struct vcpu;

/* Build the frame for exception `vector` on v's kernel stack; error_code -1: the vector has none. v is current. */
void guest_inject(struct vcpu *v, u8 vector, s64 error_code);
/* The same for a page fault at `addr`, which becomes the guest's CR2. */
void guest_inject_page_fault(struct vcpu *v, u64 addr, u32 error_code);
/* The state could not be resumed: hand it to the guest's failsafe handler. */
void guest_inject_failsafe(struct vcpu *v);
/* Where v's NMI handler is; 0: v takes no NMIs. */
u64 guest_nmi_handler(const struct vcpu *v);
/* Enter v's NMI handler, which exists. */
void guest_inject_nmi(struct vcpu *v);
/* v can take an NMI from now on, as far as the caller knows: one that waited comes on the way back to it. */
void guest_nmi_welcome(struct vcpu *v);
