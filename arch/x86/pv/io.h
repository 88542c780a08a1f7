/* Port I/O of guests. Theory in io.c. */
#pragma once
#include "lib/types.h"

struct vcpu;

/* May code at current's privilege (guest kernel or user) use `bytes` ports from `port`? Else it gets #GP. */
bool guest_io_permitted(struct vcpu *v, u16 port, unsigned bytes);

/* in/out of 1, 2 or 4 bytes. Denied ports read as all ones and ignore writes. Takes: leaf (machine's registers). */
u32 guest_io_read(struct vcpu *v, u16 port, unsigned bytes);
void guest_io_write(struct vcpu *v, u16 port, unsigned bytes, u32 val);
