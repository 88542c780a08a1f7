/* Debug keys: one letter typed at Serai's console or sent by `xl debug-keys`. The table is core/keys.def. */
#pragma once
#include "lib/types.h"

/* Do what key c stands for; takes the locks the report needs. 0, or -EINVAL for a letter without meaning. */
long key_press(char c);
