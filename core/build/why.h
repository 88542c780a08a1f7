/* Why an image cannot be used: one sentence that its owner can act on, made where the defect is found. */
#pragma once
#include "lib/types.h"

struct why {
    char text[240];
    const char *todo;       /* what helps, where the caller cannot know; because() clears it */
};

/* Fill in the reason; always false, so that a checker can `return because(why, "...")`. */
bool because(struct why *why, const char *fmt, ...) __printf(2, 3);
