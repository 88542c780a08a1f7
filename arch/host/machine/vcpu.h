/* The fake machine's part of struct vcpu. */
#pragma once
#include "lib/types.h"
#include "abi/xen.h"

struct arch_vcpu {
    bool kernel_mode;
    mfn_t kernel_l4, user_l4;
    unsigned kicks;             /* vcpu_kick() calls */
};
