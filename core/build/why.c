/* One sentence about what is wrong with an image. */
#include "core/build/why.h"
#include "lib/print.h"

bool because(struct why *why, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why->text, sizeof(why->text), fmt, ap);
    va_end(ap);
    why->todo = NULL;
    return false;
}
