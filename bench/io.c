/*
 * Operations between two domains: this program as a guest's init reads and writes its disk, which domain 0's block back
 * end keeps in memory, and talks to the same program as a server in domain 0. One CPU runs both, so that a record
 * counts everything: both kernels, both programs and the hypervisor in between.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "measure.h"

#define DISK "/dev/xvda"
#define MEBIBYTE (1 << 20)
#define PORT 7777

static char buffer[MEBIBYTE] __attribute__((aligned(4096)));

/* ---- disk ---- */

static void transfer(int n, size_t size, int flags)
{
    int fd = open(DISK, flags | O_DIRECT);

    MUST(fd >= 0);
    for (int i = -1; i < n; i++) {
        off_t at = (off_t)(i & 7) * size;

        if (i == 0) {
            measure_start();
        }
        MUST((flags == O_RDONLY ? pread(fd, buffer, size, at) : pwrite(fd, buffer, size, at)) == (ssize_t)size);
    }
    measure_stop();
    close(fd);
}

static void read_block(int n)
{
    transfer(n, 4096, O_RDONLY);
}

static void write_block(int n)
{
    transfer(n, 4096, O_WRONLY);
}

static void read_mebibytes(int n)
{
    transfer(n, MEBIBYTE, O_RDONLY);
}

static void write_mebibytes(int n)
{
    transfer(n, MEBIBYTE, O_WRONLY);
}

/* ---- network: a byte to the server says what is wanted, and how much ---- */

enum { ECHO = 1, TAKE, GIVE };

struct order {
    char what;
    char mebibytes;
};

static struct sockaddr_in server_address(void)
{
    const char *ip = getenv("server");

    return (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(PORT),
                                 .sin_addr.s_addr = inet_addr(ip ? ip : "127.0.0.1") };
}

static int connected(struct order order)
{
    struct sockaddr_in to = server_address();
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

    MUST(fd >= 0 && connect(fd, (void *)&to, sizeof(to)) == 0);
    MUST(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) == 0);
    MUST(write(fd, &order, sizeof(order)) == sizeof(order));
    return fd;
}

static void send_all(int fd, size_t bytes)
{
    while (bytes) {
        ssize_t done = write(fd, buffer, bytes < 65536 ? bytes : 65536);

        MUST(done > 0);
        bytes -= done;
    }
}

static void receive_all(int fd, size_t bytes)
{
    while (bytes) {
        ssize_t done = read(fd, buffer, bytes < 65536 ? bytes : 65536);

        MUST(done > 0);
        bytes -= done;
    }
}

static void net_echo(int n)
{
    int fd = connected((struct order){ ECHO, 0 });

    round_trips(n, fd);
    close(fd);
}

/* The first mebibyte opens TCP's window; the byte that comes back says that all has arrived. */
static void net_send(int n)
{
    int fd = connected((struct order){ TAKE, n });

    send_all(fd, MEBIBYTE);
    receive_all(fd, 1);
    measure_start();
    send_all(fd, (size_t)n * MEBIBYTE);
    receive_all(fd, 1);
    measure_stop();
    close(fd);
}

static void net_receive(int n)
{
    int fd = connected((struct order){ GIVE, n });

    receive_all(fd, MEBIBYTE);
    measure_start();
    send_all(fd, 1);
    receive_all(fd, (size_t)n * MEBIBYTE);
    measure_stop();
    close(fd);
}

static void answer(int fd)
{
    struct order order;

    MUST(read(fd, &order, sizeof(order)) == sizeof(order));
    switch (order.what) {
    case ECHO:
        echo_bytes(fd);
        break;
    case TAKE:
        receive_all(fd, MEBIBYTE);
        send_all(fd, 1);
        receive_all(fd, (size_t)order.mebibytes * MEBIBYTE);
        send_all(fd, 1);
        break;
    case GIVE:
        send_all(fd, MEBIBYTE);
        receive_all(fd, 1);
        send_all(fd, (size_t)order.mebibytes * MEBIBYTE);
        break;
    }
}

void serve(void)
{
    struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(PORT) };
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;

    MUST(listener >= 0 && bind(listener, (void *)&here, sizeof(here)) == 0 && listen(listener, 4) == 0);
    for (;;) {
        int fd = accept(listener, NULL, NULL);

        MUST(fd >= 0);
        MUST(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) == 0);
        answer(fd);
        close(fd);
    }
}

const struct operation io_operations[] = {
    { "blkread", read_block, 64 },
    { "blkwrite", write_block, 64 },
    { "blkread1m", read_mebibytes, 8 },
    { "blkwrite1m", write_mebibytes, 8 },
    { "netecho", net_echo, 50 },
    { "netsend", net_send, 8 },
    { "netrecv", net_receive, 8 },
    { NULL, NULL, 0 },
};
