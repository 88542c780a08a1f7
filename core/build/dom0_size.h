/* How much memory domain 0 gets: dom0_mem= against what there is. Pure arithmetic, in pages. */
#pragma once
#include "core/options.h"

struct dom0_size {
    u64 pages;                  /* to begin with */
    u64 max_pages;              /* may balloon up to; ~0: no limit given */
    u64 wanted;                 /* what the option comes to */
    bool cut;                   /* pages are fewer than that: there are no more */
};

/* `available`: pages that could be given to domain 0; `total`: pages of RAM, which percentages refer to. */
struct dom0_size dom0_size(const struct dom0_mem_option *asked, u64 available, u64 total);
