/*
 * Operations of several processes, and those in which time passes: fork, exec, pipes, sockets, sleeping, compiling.
 * Everything runs on one vCPU; a round trip therefore contains two context switches.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "measure.h"

int spawn(void (*body)(void *), void *argument)
{
    int pid = fork();

    MUST(pid >= 0);
    if (pid == 0) {
        body(argument);
        _exit(0);
    }
    return pid;
}

void reap(int pid)
{
    int status;

    MUST(waitpid(pid, &status, 0) == pid);
    if (!WIFEXITED(status) || WEXITSTATUS(status)) {
        fprintf(stderr, "a child failed, status %x\n", status);
        exit(1);
    }
}

static void nothing(void *unused)
{
    (void)unused;
}

static void become(void *argv)
{
    execv(((char **)argv)[0], argv);
    _exit(127);
}

static void fork_exit(int n)
{
    measure_start();
    for (int i = 0; i < n; i++) {
        reap(spawn(nothing, NULL));
    }
    measure_stop();
}

static void run_program(int n, char **argv)
{
    measure_start();
    for (int i = 0; i < n; i++) {
        reap(spawn(become, argv));
    }
    measure_stop();
}

static void fork_exec(int n)
{
    run_program(n, (char *[]){ "/bench/quit", NULL });
}

/* The shell has a second command to come, so that it forks for the first. */
static void shell(int n)
{
    run_program(n, (char *[]){ "/bin/sh", "-c", "/bench/quit; :", NULL });
}

static void shell_script(int n)
{
    run_program(n, (char *[]){ "/bin/sh", "/bench/work.sh", NULL });
}

static void write_source(int lines)
{
    FILE *f = fopen("/tmp/gen.c", "w");

    MUST(f != NULL);
    for (int i = 0; i < lines / 5; i++) {
        fprintf(f, "static int f%d(int a, int *b)\n{\n    int i, s = a * %d;\n    for (i = 0; i < %d; i++) "
                   "s += b[i & 7] ^ (a << (i & 3));\n    return s; }\n", i, i + 3, i % 17 + 1);
    }
    fclose(f);
}

static void compile(int n)
{
    write_source(1500);
    run_program(n, (char *[]){ "/usr/bin/tcc", "-c", "/tmp/gen.c", "-o", "/tmp/gen.o", NULL });
    MUST(unlink("/tmp/gen.o") == 0);
}

/* A ring of processes hands a token on; each sums an array of its own first, as lmbench's lat_ctx does. */
struct ring {
    int from, to, size;
};

static int use_array(const int *array, int size)
{
    int sum = 0;

    for (int i = 0; i < size / 4; i++) {
        sum += ((const volatile int *)array)[i];
    }
    return sum;
}

static void pass_on(void *ring)
{
    const struct ring *r = ring;
    int *array = calloc(1, r->size + 4);
    char c;

    while (read(r->from, &c, 1) == 1 && c) {
        use_array(array, r->size);
        MUST(write(r->to, &c, 1) == 1);
    }
    MUST(write(r->to, &c, 1) == 1);     /* the token 0 ends one after the other */
}

static void context_switch(int n, int procs, int size)
{
    int pipes[8][2], pid[8], *array = calloc(1, size + 4);
    char c = 1;

    for (int i = 0; i < procs; i++) {
        MUST(pipe(pipes[i]) == 0);
    }
    for (int i = 1; i < procs; i++) {
        pid[i] = spawn(pass_on, &(struct ring){ pipes[i - 1][0], pipes[i][1], size });
    }
    for (int i = -4; i < n / procs; i++) {
        if (i == 0) {
            measure_start();
        }
        MUST(write(pipes[0][1], &c, 1) == 1 && read(pipes[procs - 1][0], &c, 1) == 1);
        use_array(array, size);
    }
    measure_stop();
    c = 0;
    MUST(write(pipes[0][1], &c, 1) == 1 && read(pipes[procs - 1][0], &c, 1) == 1);
    for (int i = 1; i < procs; i++) {
        reap(pid[i]);
    }
    for (int i = 0; i < procs; i++) {
        close(pipes[i][0]);
        close(pipes[i][1]);
    }
    free(array);
}

static void switch_2(int n)
{
    context_switch(n, 2, 0);
}

static void switch_8(int n)
{
    context_switch(n, 8, 16384);
}

void echo_bytes(int fd)
{
    char c;

    while (read(fd, &c, 1) == 1 && c) {
        MUST(write(fd, &c, 1) == 1);
    }
}

static void echo(void *fd)
{
    echo_bytes(*(int *)fd);
}

void round_trips(int n, int fd)
{
    char c = 1;

    for (int i = -4; i < n; i++) {
        if (i == 0) {
            measure_start();
        }
        MUST(write(fd, &c, 1) == 1 && read(fd, &c, 1) == 1);
    }
    measure_stop();
    c = 0;
    MUST(write(fd, &c, 1) == 1);
}

static void unix_socket(int n)
{
    int pair[2], pid;

    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    pid = spawn(echo, &pair[1]);
    round_trips(n, pair[0]);
    reap(pid);
    close(pair[0]);
    close(pair[1]);
}

static void tcp_loopback(int n)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof(to);
    int listener = socket(AF_INET, SOCK_STREAM, 0), near = socket(AF_INET, SOCK_STREAM, 0), far, one = 1, pid;

    MUST(listener >= 0 && near >= 0);
    MUST(bind(listener, (void *)&to, sizeof(to)) == 0 && listen(listener, 1) == 0);
    MUST(getsockname(listener, (void *)&to, &length) == 0);
    MUST(connect(near, (void *)&to, sizeof(to)) == 0);
    far = accept(listener, NULL, NULL);
    MUST(far >= 0);
    MUST(setsockopt(near, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) == 0);
    MUST(setsockopt(far, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) == 0);
    pid = spawn(echo, &far);
    round_trips(n, near);
    reap(pid);
    close(near);
    close(far);
    close(listener);
}

static void sleep_wake(int n)
{
    const struct timespec pause = { 0, 200000 };

    nanosleep(&pause, NULL);
    measure_start();
    for (int i = 0; i < n; i++) {
        MUST(nanosleep(&pause, NULL) == 0);
    }
    measure_stop();
}

/* n ticks of 250 Hz go by while we spin: what is not user's is theirs. One TSC tick is 1 ns here. */
static void timer_tick(int n)
{
    uint64_t end;

    usleep(20000);
    end = ticks() + n * 4000000ull;
    measure_start();
    while (ticks() < end) {
    }
    measure_stop();
}

const struct operation process_operations[] = {
    { "fork", fork_exit, 5 },
    { "exec", fork_exec, 5 },
    { "sh", shell, 2 },
    { "ctx2", switch_2, 200 },
    { "ctx8", switch_8, 160 },
    { "unix", unix_socket, 100 },
    { "tcp", tcp_loopback, 100 },
    { "sleep", sleep_wake, 50 },
    { "tick", timer_tick, 16 },
    { "compile", compile, 1 },
    { "script", shell_script, 1 },
    { NULL, NULL, 0 },
};
