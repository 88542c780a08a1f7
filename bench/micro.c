/*
 * micro: init of the benchmark system and driver of its operations.
 *
 * The counting plugin sees marks only, in order; this program prints for the k-th record of the plugin which operation
 * it was and how many repetitions it covers: "@op k name n ticks". bench/run joins the two.
 * The kernel hands options on in the environment:
 *     bench=all | boot | NAME,NAME...   what to run; boot stops where init starts
 *     rounds=N                          records per operation, after one that warms up
 */
#include <dirent.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
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

static void perform(const struct operation *operations, const char *list, int rounds)
{
    for (const struct operation *op = operations; op->name; op++) {
        for (int round = wanted(list, op->name) ? 0 : rounds + 1; round <= rounds; round++) {
            op->run(op->n);
            printf("@op %d %s %d %llu%s\n", ++records, op->name, op->n, (unsigned long long)measured_ticks,
                   round ? "" : " warm");
        }
    }
}

static void command(char **argv)
{
    extern char **environ;
    int pid = fork();

    if (pid == 0) {
        execve(argv[0], argv, environ);
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

/* Returns whether there is a hypervisor with device nodes for us. */
static int set_up(void)
{
    mkdir("/proc", 0755);
    mkdir("/sys", 0755);
    mkdir("/tmp", 0777);
    MUST(mount("proc", "/proc", "proc", 0, NULL) == 0);
    MUST(mount("sys", "/sys", "sysfs", 0, NULL) == 0);
    mount("dev", "/dev", "devtmpfs", 0, NULL);
    MUST(symlink("busybox", "/bin/sh") == 0);
    loopback_up();
    if (access("/sys/hypervisor/type", R_OK)) {
        return 0;
    }
    command((char *[]){ "/bin/busybox", "modprobe", "xen-evtchn", NULL });
    command((char *[]){ "/bin/busybox", "modprobe", "xen-privcmd", NULL });
    return 1;
}

int main(void)
{
    const char *list = getenv("bench"), *rounds = getenv("rounds");
    int repeat = rounds ? atoi(rounds) : 5;

    MARK(MARK_INIT);
    if (!list || strcmp(list, "boot")) {
        int virtual = set_up();

        perform(memory_operations, list, repeat);
        perform(process_operations, list, repeat);
        if (virtual) {
            perform(xen_operations, list, repeat);
        }
    }
    printf("@end\n");
    fflush(stdout);
    sleep(1);
    reboot(RB_POWER_OFF);
    return 0;
}
