/* The CMOS real-time clock. Theory in cmos.c. */
#pragma once
#include "lib/types.h"

/* Seconds since 1970 (UTC) as the clock shows, 0 with a message if it shows nonsense. Needs now_ns(); <= 10 ms. */
u64 cmos_seconds(void);

/* ---- pure, for tests ---- */
/* Gregorian date, month and day from 1, year >= 1970, to seconds since 1970. */
u64 date_to_seconds(unsigned year, unsigned month, unsigned day, unsigned hour, unsigned minute, unsigned second);
