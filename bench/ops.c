/*
 * Operations of one process: system calls, signals, faults and mappings. Sizes and counts are such that one record is
 * some ten thousand to some million instructions: long against the marks, short against the 4 ms between timer ticks.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "measure.h"

#define PAGE 4096

static void null_call(int n)
{
    measure_start();
    for (int i = 0; i < n; i++) {
        syscall(SYS_getppid);
    }
    measure_stop();
}

static void read_byte(int n)
{
    int fd = open("/dev/zero", O_RDONLY);
    char c;

    MUST(fd >= 0);
    measure_start();
    for (int i = 0; i < n; i++) {
        MUST(read(fd, &c, 1) == 1);
    }
    measure_stop();
    close(fd);
}

static void open_close(int n)
{
    measure_start();
    for (int i = 0; i < n; i++) {
        int fd = open("/bin/busybox", O_RDONLY);

        MUST(fd >= 0);
        close(fd);
    }
    measure_stop();
}

static volatile int faults_left;
static char *protected_page;

static void on_signal(int signal)
{
    (void)signal;
    if (faults_left-- == 1 && protected_page) {
        mprotect(protected_page, PAGE, PROT_READ | PROT_WRITE);
    }
}

static void signal_delivery(int n)
{
    pid_t self = getpid();

    signal(SIGUSR1, on_signal);
    faults_left = n + 1;
    measure_start();
    for (int i = 0; i < n; i++) {
        kill(self, SIGUSR1);
    }
    measure_stop();
    MUST(faults_left == 1);
}

/* The handler returns to the faulting store, which faults again, until the n-th unprotects the page. */
static void protection_fault(int n)
{
    char *p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    MUST(p != MAP_FAILED);
    signal(SIGSEGV, on_signal);
    faults_left = n;
    protected_page = p;
    measure_start();
    *(volatile char *)p = 1;
    measure_stop();
    MUST(faults_left == 0);
    protected_page = NULL;
    signal(SIGSEGV, SIG_DFL);
    munmap(p, PAGE);
}

static char *pages(int n, int flags)
{
    char *p = mmap(NULL, (size_t)n * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

    MUST(p != MAP_FAILED);
    return p;
}

static void touch(char *p, int n)
{
    for (int i = 0; i < n; i++) {
        *(volatile char *)(p + (size_t)i * PAGE) = 1;
    }
}

static void anonymous_fault(int n)
{
    char *p = pages(n, 0);

    measure_start();
    touch(p, n);
    measure_stop();
    munmap(p, (size_t)n * PAGE);
}

static void map_cached(int n)
{
    int fd = open("/tmp/pages", O_RDWR | O_CREAT, 0600);
    volatile char *p, sum = 0;

    MUST(fd >= 0);
    p = pages(1, 0);
    for (int i = 0; i < n; i++) {
        MUST(write(fd, (const void *)p, PAGE) == PAGE);
    }
    munmap((void *)p, PAGE);
    p = mmap(NULL, (size_t)n * PAGE, PROT_READ, MAP_SHARED, fd, 0);
    MUST(p != MAP_FAILED);
    measure_start();
    for (int i = 0; i < n; i++) {
        sum += p[(size_t)i * PAGE];
    }
    measure_stop();
    munmap((void *)p, (size_t)n * PAGE);
    close(fd);
    unlink("/tmp/pages");
}

static void wait_for_end(void *fd)
{
    char c;

    while (read(*(int *)fd, &c, 1) > 0) {
    }
}

/* The child holds the pages shared until the pipe's other end is closed; the parent's stores copy them. */
static void copy_on_write(int n)
{
    char *p = pages(n, 0);
    int end[2], pid;

    touch(p, n);
    MUST(pipe2(end, O_CLOEXEC) == 0);
    pid = fork();
    MUST(pid >= 0);
    if (pid == 0) {
        close(end[1]);
        wait_for_end(&end[0]);
        _exit(0);
    }
    usleep(1000);
    measure_start();
    touch(p, n);
    measure_stop();
    close(end[1]);
    reap(pid);
    close(end[0]);
    munmap(p, (size_t)n * PAGE);
}

static void unmap(int n)
{
    char *p = pages(n, 0);

    touch(p, n);
    measure_start();
    munmap(p, (size_t)n * PAGE);
    measure_stop();
}

static void protect(int n, int size)
{
    char *p = pages(size, 0);

    touch(p, size);
    measure_start();
    for (int i = 0; i < n; i++) {
        MUST(mprotect(p, (size_t)size * PAGE, i & 1 ? PROT_READ | PROT_WRITE : PROT_READ) == 0);
    }
    measure_stop();
    munmap(p, (size_t)size * PAGE);
}

static void protect_1(int n)
{
    protect(n, 1);
}

static void protect_256(int n)
{
    protect(n, 256);
}

static void map_mebibyte(int n)
{
    measure_start();
    for (int i = 0; i < n; i++) {
        munmap(pages(256, MAP_POPULATE), 256 * PAGE);
    }
    measure_stop();
}

const struct operation memory_operations[] = {
    { "null", null_call, 1000 },
    { "read", read_byte, 1000 },
    { "open", open_close, 200 },
    { "signal", signal_delivery, 200 },
    { "protfault", protection_fault, 200 },
    { "anon", anonymous_fault, 512 },
    { "mapcached", map_cached, 512 },
    { "cow", copy_on_write, 256 },
    { "unmap", unmap, 512 },
    { "mprotect1", protect_1, 200 },
    { "mprotect256", protect_256, 10 },
    { "mmap1m", map_mebibyte, 2 },
    { NULL, NULL, 0 },
};
