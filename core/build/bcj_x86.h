/* The x86 filter of xz ("BCJ"), backwards: targets of calls and jumps become relative again. */
#pragma once
#include "lib/types.h"

/* Undo the filter in place on a whole block, whose first byte counts as at address `start`. Any bytes are valid. */
void bcj_x86_undo(u8 *data, u64 bytes, u32 start);
