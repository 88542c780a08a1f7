/*
 * The command line: any string. Parsed twice it must say the same, and leave numbers within what options.def allows
 * (checked by the parser's own table through what it reports).
 * Links: core/options.c lib/string.c
 */
#include <stdlib.h>
#include <string.h>
#include "core/options.h"
#include "lib/print.h"

void log_line(enum log_level level, bool guest, const char *fmt, ...) { (void)level, (void)guest, (void)fmt; }
void log_always(const char *fmt, ...) { (void)fmt; }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *line = malloc(size + 1);

    if (size > 256) {           /* looking for what an unknown word may mean costs its length squared */
        free(line);
        return 0;
    }
    memcpy(line, data, size);
    line[size] = '\0';
    unsigned first = options_parse(line);
    struct options was = opt;
    if (options_parse(line) != first || was.console != opt.console || was.conring_size != opt.conring_size)
        abort();
#define FLAG(name, field, value, help)
#define NUMBER(name, field, low, high, value, help) \
    if (opt.field != (value) && (opt.field < (low) || opt.field > (high))) \
        abort();
#define SIZE NUMBER
#define CUSTOM(name, syntax, parser, value, help)
#define INERT(name, syntax, why)
#include "core/options.def"
    (void)options_nearest(line);
    free(line);
    return 0;
}
