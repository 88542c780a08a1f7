/*
 * Formatted output. Levels are named by who is at fault: error = the machine or Serai, warn = the
 * owner's configuration, info = progress, debug = details. guest_* lines are about a guest's doing and
 * filtered by guest_loglvl. A line whose level allows it (loglvl=) goes to the serial line with the "(XEN) " prefix
 * that users of Xen filter on and to the console ring (readable by `xl dmesg`); the ring also keeps our own up to info.
 */
#pragma once
#include <stdarg.h>
#include "lib/types.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* As C has them, without floating point; never more than size bytes, NUL included. The length it would have taken. */
int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap) __printf(3, 0);
int snprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);

/* One line per call (a newline is appended if missing). */
void log_line(enum log_level level, bool guest, const char *fmt, ...) __printf(3, 4);
#define log_error(...) log_line(LOG_ERROR, false, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN, false, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, false, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, false, __VA_ARGS__)
#define guest_warn(...) log_line(LOG_WARN, true, __VA_ARGS__)
#define guest_debug(...) log_line(LOG_DEBUG, true, __VA_ARGS__)
/* Always printed, whatever the levels are (banner, debug keys, panic). */
void log_always(const char *fmt, ...) __printf(1, 2);

/* Only for defects of Serai itself: prints "Panic on CPU n:", registers and stack, and stops the machine. */
void panic(const char *fmt, ...) __printf(1, 2) __noreturn;

#define ASSERT_ALWAYS(c) \
    do { if (unlikely(!(c))) panic("assertion '%s' failed at %s:%d", #c, __FILE__, __LINE__); } while (0)
#ifdef SERAI_DEBUG
#define ASSERT(c) ASSERT_ALWAYS(c)
#else
#define ASSERT(c) ((void)sizeof(c))
#endif
