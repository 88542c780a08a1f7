/*
 * Operations that exist on a hypervisor only, through the kernel's device nodes for the control domain: a hypercall
 * without effect, and an event channel of the domain to itself.
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <xen/xen.h>
#include <xen/version.h>
#include <xen/event_channel.h>
#define __user                          /* sys/privcmd.h is the kernel's */
#include <xen/sys/evtchn.h>
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

const struct operation xen_operations[] = {
    { "hypercall", hypercall, 500 },
    { "evtchn", event_round_trip, 100 },
    { NULL, NULL, 0 },
};
