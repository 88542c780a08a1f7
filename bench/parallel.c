/*
 * One operation in several processes at once, each on a CPU of its own, for a fixed time by this system's clock.
 *
 * Everybody is warm and waits at a gate before the time begins. Each process finishes the run it is in when the time is
 * up and divides what it did by the time it took, so that long operations are not cut; the sum is the system's rate.
 * /tmp is each one's own, for the operations that write files there.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <time.h>
#include <unistd.h>

#include "measure.h"

#define MOST 64

struct worker {
    const struct operation *op;
    int cpu;
    const int *ready, *gate;            /* pipes: each worker writes that it is warm; closed when the time begins */
    double seconds, *rate;
};

static double now(void)
{
    struct timespec t;

    MUST(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void work(void *argument)
{
    struct worker *w = argument;
    double from, passed;
    long runs = 0;
    char c = 0;

    close(w->gate[1]);
    pin(w->cpu);
    MUST(unshare(CLONE_NEWNS) == 0 && mount("tmp", "/tmp", "tmpfs", 0, NULL) == 0);
    w->op->run(w->op->n);
    MUST(write(w->ready[1], &c, 1) == 1 && read(w->gate[0], &c, 1) == 0);
    from = now();
    do {
        w->op->run(w->op->n);
        runs++;
        passed = now() - from;
    } while (passed < w->seconds);
    *w->rate = runs * w->op->n / passed;
}

double run_parallel(const struct operation *op, int processes, double seconds)
{
    double *rates = mmap(NULL, MOST * sizeof(*rates), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int ready[2], gate[2], pid[MOST], cpus = sysconf(_SC_NPROCESSORS_ONLN);
    double sum = 0;
    char c;

    MUST(rates != MAP_FAILED && processes > 0 && processes <= MOST);
    MUST(pipe(ready) == 0 && pipe(gate) == 0);
    for (int i = 0; i < processes; i++) {
        pid[i] = spawn(work, &(struct worker){ op, i % cpus, ready, gate, seconds, &rates[i] });
    }
    for (int i = 0; i < processes; i++) {
        MUST(read(ready[0], &c, 1) == 1);
    }
    close(gate[1]);
    for (int i = 0; i < processes; i++) {
        reap(pid[i]);
        sum += rates[i];
    }
    close(gate[0]);
    close(ready[0]);
    close(ready[1]);
    munmap(rates, MOST * sizeof(*rates));
    return sum;
}
