/* Which pages may be descriptor tables: the test's business. */
#pragma once
#include "lib/types.h"

bool descriptor_page_valid(mfn_t mfn);
