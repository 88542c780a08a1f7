/* The text screen that the boot loader left: Serai's until domain 0 starts. Theory in screen.c. */
#pragma once
#include "core/build/bootinfo.h"

/* Clear it and use it from now on. False: the machine has none, or not in text mode. */
bool screen_init(const struct boot_info *boot);
