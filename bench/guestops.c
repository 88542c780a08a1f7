/*
 * Operations that exist on a hypervisor only, through the kernel's device nodes for the control domain: a hypercall
 * without effect, an event channel of the domain to itself, and grants of the domain to itself.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xen/xen.h>
#include <xen/grant_table.h>
#include <xen/version.h>
#include <xen/event_channel.h>
#define __user                          /* sys/privcmd.h is the kernel's */
#include <xen/sys/evtchn.h>
#include <xen/sys/gntalloc.h>
#include <xen/sys/gntdev.h>
#include <xen/sys/privcmd.h>

#include "measure.h"

static void hypercall(int n)
{
    int fd = open("/dev/xen/privcmd", O_RDWR);
    privcmd_hypercall_t call = { .op = __HYPERVISOR_xen_version, .arg = { XENVER_version } };

    MUST(fd >= 0);
    measure_start();
    for (int i = 0; i < n; i++) {
        MUST(ioctl(fd, IOCTL_PRIVCMD_HYPERCALL, &call) > 0);
    }
    measure_stop();
    close(fd);
}

/* Send on one end; read the port of the other; acknowledge, which unmasks it. */
static void event_round_trip(int n)
{
    int fd = open("/dev/xen/evtchn", O_RDWR);
    struct ioctl_evtchn_bind_unbound_port unbound = { .remote_domain = 0 };
    struct ioctl_evtchn_bind_interdomain bound = { .remote_domain = 0 };
    struct ioctl_evtchn_notify notify;
    evtchn_port_t port;
    int near, far;

    MUST(fd >= 0);
    near = ioctl(fd, IOCTL_EVTCHN_BIND_UNBOUND_PORT, &unbound);
    MUST(near > 0);
    bound.remote_port = near;
    far = ioctl(fd, IOCTL_EVTCHN_BIND_INTERDOMAIN, &bound);
    MUST(far > 0);
    notify.port = far;
    for (int i = -4; i < n; i++) {
        if (i == 0) {
            measure_start();
        }
        MUST(ioctl(fd, IOCTL_EVTCHN_NOTIFY, &notify) == 0);
        do {                            /* binding makes the far end pending once */
            MUST(read(fd, &port, sizeof(port)) == sizeof(port));
            MUST(write(fd, &port, sizeof(port)) == sizeof(port));
        } while (port != (evtchn_port_t)near);
    }
    measure_stop();
    close(fd);
}

#define GRANTS 32
#define PAGE 4096

/* GRANTS pages of ours that domain 0, we, may map. The file descriptor keeps them. */
static int grant(uint32_t *refs)
{
    char space[sizeof(struct ioctl_gntalloc_alloc_gref) + GRANTS * sizeof(uint32_t)] = "";
    struct ioctl_gntalloc_alloc_gref *alloc = (void *)space;
    int fd = open("/dev/xen/gntalloc", O_RDWR);

    alloc->domid = 0;
    alloc->flags = GNTALLOC_FLAG_WRITABLE;
    alloc->count = GRANTS;
    MUST(fd >= 0 && ioctl(fd, IOCTL_GNTALLOC_ALLOC_GREF, alloc) == 0);
    memcpy(refs, (char *)alloc + offsetof(struct ioctl_gntalloc_alloc_gref, gref_ids), GRANTS * sizeof(uint32_t));
    return fd;
}

/* One repetition: a page of the grants is mapped, touched and unmapped, GRANTS of them at a time. */
static void grant_map(int n)
{
    char space[sizeof(struct ioctl_gntdev_map_grant_ref) + GRANTS * sizeof(struct ioctl_gntdev_grant_ref)] = "";
    struct ioctl_gntdev_map_grant_ref *map = (void *)space;
    uint32_t refs[GRANTS];
    int owner = grant(refs), fd = open("/dev/xen/gntdev", O_RDWR);

    MUST(fd >= 0);
    map->count = GRANTS;
    for (int i = 0; i < GRANTS; i++) {
        map->refs[i] = (struct ioctl_gntdev_grant_ref){ .domid = 0, .ref = refs[i] };
    }
    for (int done = -GRANTS; done < n; done += GRANTS) {
        struct ioctl_gntdev_unmap_grant_ref unmap = { .count = GRANTS };
        char *p;

        if (done == 0) {
            measure_start();
        }
        MUST(ioctl(fd, IOCTL_GNTDEV_MAP_GRANT_REF, map) == 0);
        p = mmap(NULL, GRANTS * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, map->index);
        MUST(p != MAP_FAILED);
        *(volatile char *)p = 1;
        munmap(p, GRANTS * PAGE);
        unmap.index = map->index;
        MUST(ioctl(fd, IOCTL_GNTDEV_UNMAP_GRANT_REF, &unmap) == 0);
    }
    measure_stop();
    close(fd);
    close(owner);
}

static void grant_copy(int n, int bytes)
{
    static char local[GRANTS * PAGE] __attribute__((aligned(PAGE)));
    struct ioctl_gntdev_grant_copy_segment segments[GRANTS] = { 0 };
    struct ioctl_gntdev_grant_copy copy = { .count = GRANTS, .segments = segments };
    uint32_t refs[GRANTS];
    int owner = grant(refs), fd = open("/dev/xen/gntdev", O_RDWR);

    MUST(fd >= 0);
    for (int i = 0; i < GRANTS; i++) {
        segments[i].source.foreign.ref = refs[i];
        segments[i].dest.virt = local + i * PAGE;
        segments[i].len = bytes;
        segments[i].flags = GNTCOPY_source_gref;
    }
    for (int done = -GRANTS; done < n; done += GRANTS) {
        if (done == 0) {
            measure_start();
        }
        MUST(ioctl(fd, IOCTL_GNTDEV_GRANT_COPY, &copy) == 0);
    }
    measure_stop();
    for (int i = 0; i < GRANTS; i++) {
        MUST(segments[i].status == GNTST_okay);
    }
    close(fd);
    close(owner);
}

static void grant_copy_64(int n)
{
    grant_copy(n, 64);
}

static void grant_copy_page(int n)
{
    grant_copy(n, PAGE);
}

const struct operation xen_operations[] = {
    { "hypercall", hypercall, 500 },
    { "evtchn", event_round_trip, 100 },
    { "gntmap", grant_map, 128 },
    { "gntcopy64", grant_copy_64, 512 },
    { "gntcopy", grant_copy_page, 512 },
    { NULL, NULL, 0 },
};
