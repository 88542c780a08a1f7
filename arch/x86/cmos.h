/* The CMOS real-time clock. Theory in cmos.c. */
#pragma once
#include "lib/types.h"

/* Seconds since 1970 (UTC) as the clock shows, 0 with a message if it shows nonsense. Needs now_ns(); <= 10 ms. */
u64 cmos_seconds(void);
