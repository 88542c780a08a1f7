/* The fake machine's part of struct domain: what core/ itself looks at. */
#pragma once
#include "lib/types.h"

#define MAX_PIRQS 256

struct arch_domain {
    u64 cpumask;
};
