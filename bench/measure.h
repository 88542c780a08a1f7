/*
 * What the benchmark's operations (ops.c, procs.c, guestops.c) and its driver (micro.c) know of each other.
 *
 * An operation prepares, calls measure_start(), performs n repetitions, calls measure_stop() and cleans up. Nothing is
 * printed in between: a console costs more than most operations.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "marker.h"

struct operation {
    const char *name;                   /* one word, the key of its row */
    void (*run)(int n);
    int n;                              /* repetitions that one record covers */
};

extern const struct operation memory_operations[], process_operations[], xen_operations[], io_operations[];

extern uint64_t measured_ticks;         /* TSC ticks between the last start and stop */

static inline uint64_t ticks(void)
{
    uint32_t lo, hi;

    __asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi) :: "memory");
    return (uint64_t)hi << 32 | lo;
}

static inline void measure_start(void)
{
    MARK(MARK_START);
    measured_ticks = ticks();
}

static inline void measure_stop(void)
{
    measured_ticks = ticks() - measured_ticks;
    MARK(MARK_STOP);
}

/*
 * A benchmark that measures failures is worse than none: every call's result is looked at, and the first failure ends.
 */
#define MUST(expression) do {                                                                                       \
        if (!(expression)) {                                                                                        \
            perror(#expression);                                                                                    \
            exit(1);                                                                                                \
        }                                                                                                           \
    } while (0)

/* Answer io_operations of a guest, for ever. */
void serve(void);

/* Send back each byte that comes, until a zero does; measure n bytes on their way there and back, and send the zero. */
void echo_bytes(int fd);
void round_trips(int n, int fd);

/* From here on this process and its children run on one CPU. */
void pin(int cpu);
/* op in so many processes at once, each on a CPU of its own, for some time: repetitions per second, of all together */
double run_parallel(const struct operation *op, int processes, double seconds);

/* pid of a child that runs body(argument) and exits */
int spawn(void (*body)(void *), void *argument);
void reap(int pid);

#endif
