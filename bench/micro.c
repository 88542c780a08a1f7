/*
 * micro: init of the benchmark system and driver of its operations.
 *
 * The counting plugin sees marks only, in order; for every record of the plugin this program prints which operation it
 * was and how many repetitions it covers: "@op k name n ticks". bench/run joins the two by their order, because several
 * programs and domains may print (k is this program's count).
 * As init it takes its options from the environment, where the kernel hands them on:
 *     bench=all | none | boot | NAME,NAME...   what to run; boot stops where init starts
 *     rounds=N                          records per operation, after one that warms up
 *     parallel=SECONDS                  do that list as "micro parallel" does, rounds times
 *     role=guest address=IP server=IP   a guest with block and network front ends: operations of io.c; stays when done
 * In a running system (bench/stack/host) it is called with arguments:
 *     micro ops LIST ROUNDS             operations, as init would run them
 *     micro run NAME COMMAND...         one record around a command
 *     micro serve                       what a guest's network operations talk to
 *     micro parallel LIST SECONDS       operations, one by one, each in one process per CPU at once (parallel.c)
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"

uint64_t measured_ticks;

static int records;

static int wanted(const char *list, const char *name)
{
    size_t length = strlen(name);

    if (!list || !strcmp(list, "all")) {
        return 1;
    }
    for (const char *at = list; (at = strstr(at, name)); at += length) {
        if ((at == list || at[-1] == ',') && (at[length] == ',' || !at[length])) {
            return 1;
        }
    }
    return 0;
}

static const struct operation *const everything[] = { memory_operations, process_operations, xen_operations };
#define LISTS (sizeof(everything) / sizeof(everything[0]))

static void report(const char *name, int n, int warm)
{
    printf("@op %d %s %d %llu%s\n", ++records, name, n, (unsigned long long)measured_ticks, warm ? " warm" : "");
    fflush(stdout);
}

static void perform(const struct operation *operations, const char *list, int rounds)
{
    for (const struct operation *op = operations; op->name; op++) {
        for (int round = wanted(list, op->name) ? 0 : rounds + 1; round <= rounds; round++) {
            op->run(op->n);
            report(op->name, op->n, !round);
        }
    }
}

static void command(char **argv)
{
    int pid = fork();

    if (pid == 0) {
        execvp(argv[0], argv);
        _exit(127);
    }
    MUST(pid > 0);
    reap(pid);
}

static void loopback_up(void)
{
    struct ifreq request = { .ifr_name = "lo" };
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    MUST(fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &request) == 0);
    request.ifr_flags |= IFF_UP | IFF_RUNNING;
    MUST(ioctl(fd, SIOCSIFFLAGS, &request) == 0);
    close(fd);
}

static void mount_all(void)
{
    mkdir("/proc", 0755);
    mkdir("/sys", 0755);
    mkdir("/tmp", 0777);
    MUST(mount("proc", "/proc", "proc", 0, NULL) == 0);
    MUST(mount("sys", "/sys", "sysfs", 0, NULL) == 0);
    mount("dev", "/dev", "devtmpfs", 0, NULL);
    MUST(symlink("busybox", "/bin/sh") == 0);
    loopback_up();
}

static void load(const char *module)
{
    command((char *[]){ "/bin/busybox", "modprobe", (char *)module, NULL });
}

/* Device nodes of the control domain, if there is a hypervisor. Returns whether. */
static int hypervisor_set_up(void)
{
    if (access("/sys/hypervisor/type", R_OK)) {
        return 0;
    }
    load("xen-evtchn");
    load("xen-privcmd");
    load("xen-gntdev");
    load("xen-gntalloc");
    return 1;
}

static void wait_for(const char *path, const char *content)
{
    char text[32] = "";

    for (int tries = 0; tries < 200; tries++) {
        int fd = open(path, O_RDONLY);

        if (fd >= 0 && (!content || (read(fd, text, sizeof(text) - 1) > 0 && strstr(text, content)))) {
            close(fd);
            return;
        }
        if (fd >= 0) {
            close(fd);
        }
        usleep(50000);
    }
    fprintf(stderr, "%s: %s did not come\n", path, content ? content : "it");
    exit(1);
}

static void guest_set_up(void)
{
    load("xen-blkfront");
    load("xen-netfront");
    wait_for("/dev/xvda", NULL);
    if (getenv("address")) {
        command((char *[]){ "/bin/busybox", "ip", "addr", "add", getenv("address"), "peer", getenv("server"),
                            "dev", "eth0", NULL });
        command((char *[]){ "/bin/busybox", "ip", "link", "set", "eth0", "up", NULL });
        wait_for("/sys/class/net/eth0/operstate", "up");
    }
}

/* Where other CPUs exist, operations and all their processes stay on one: what moving costs is the scheduler's mood. */
void pin(int cpu)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    MUST(sched_setaffinity(0, sizeof(set), &set) == 0);
}

static int run_ops(const char *list, int rounds)
{
    pin(0);
    for (unsigned i = 0; i < LISTS; i++) {
        perform(everything[i], list, rounds);
    }
    return 0;
}

static int run_command(const char *name, char **argv)
{
    measure_start();
    command(argv);
    measure_stop();
    report(name, 1, getenv("warm") && *getenv("warm"));
    return 0;
}

/* Operations per second, of all processes together: "@parallel name processes rate" */
static int run_parallels(const char *list, double seconds)
{
    int cpus = sysconf(_SC_NPROCESSORS_ONLN);

    for (unsigned i = 0; i < LISTS; i++) {
        for (const struct operation *op = everything[i]; op->name; op++) {
            if (wanted(list, op->name)) {
                printf("@parallel %s %d %.1f\n", op->name, cpus, run_parallel(op, cpus, seconds));
                fflush(stdout);
            }
        }
    }
    return 0;
}

static int with_arguments(int argc, char **argv)
{
    if (!strcmp(argv[1], "ops") && argc == 4) {
        return run_ops(argv[2], atoi(argv[3]));
    }
    if (!strcmp(argv[1], "run") && argc > 3) {
        return run_command(argv[2], argv + 3);
    }
    if (!strcmp(argv[1], "serve")) {
        serve();
    }
    if (!strcmp(argv[1], "parallel") && argc == 4) {
        return run_parallels(argv[2], atof(argv[3]));
    }
    return 2;
}

int main(int argc, char **argv)
{
    const char *list = getenv("bench"), *rounds = getenv("rounds"), *role = getenv("role");
    const char *seconds = getenv("parallel");
    int repeat = rounds ? atoi(rounds) : 5, guest = role && !strcmp(role, "guest");

    if (argc > 1 && getpid() != 1) {
        return with_arguments(argc, argv);
    }
    MARK(MARK_INIT);
    if (guest) {
        mount_all();
        guest_set_up();
        perform(io_operations, list, repeat);
    } else if (seconds) {
        mount_all();
        for (int round = 0; round < repeat; round++) {
            run_parallels(list, atof(seconds));
        }
    } else if (!list || strcmp(list, "boot")) {
        int virtual = (mount_all(), hypervisor_set_up());

        pin(0);
        perform(memory_operations, list, repeat);
        perform(process_operations, list, repeat);
        if (virtual) {
            perform(xen_operations, list, repeat);
        }
    }
    printf("@end\n");
    fflush(stdout);
    while (guest) {
        sleep(1000);
    }
    sleep(1);
    reboot(RB_POWER_OFF);
    return 0;
}
