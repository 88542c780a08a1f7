"""A whole Debian is domain 0, and another one its guest: what a user of 'make run' does, by hand, on the console.

The system boots from the virtio disk to its login prompt, root logs in, the system is healthy. A file of 200 MB is
written and reads back the same after the caches are dropped; a TCP transfer reaches the host. apt installs a package
that came over the network, and removes it. Debian's own service has started the toolstack, so xl lists domains and
creates the ready-made guest, whose login prompt appears on its console. reboot brings the machine back, poweroff ends
it. 'make run' itself (tools/run) is what starts it.
"""
import os
import re
import subprocess
from pathlib import Path

from machine import TOP, Machine
from server import Server, md5

GUEST_ESCAPE = "\x1d"       # CTRL-], which leaves xl's console


class Debian(Machine):
    """The machine of tools/run, with the same waiting and logging as any other."""

    def __init__(self, **env):
        super().__init__()
        self.program, self.args = str(TOP / "tools/run"), []
        self.env = dict(os.environ, SNAPSHOT="1", TERM="dumb", **env)


def hello_deb():
    """Debian's package "hello", through this machine's own apt sources; kept in build/debs."""
    path = subprocess.run([TOP / "tools/debs", "fetch", TOP / "build/debs", "hello"], cwd=TOP, check=True,
                          stdout=subprocess.PIPE, text=True).stdout.strip()
    return Path(path).read_bytes()


def test_debian(debian, server):
    with Debian() as m:
        m.login("dom0", 300)
        assert m.shell("cat /sys/hypervisor/type").strip().startswith("xen")
        assert "running" in m.shell("systemctl is-system-running --wait", 180)

        m.shell("dd if=/dev/urandom of=/big bs=1M count=200 conv=fsync status=none && md5sum < /big > /sum", 300)
        m.shell("echo 3 > /proc/sys/vm/drop_caches; [ \"$(md5sum < /big)\" = \"$(cat /sum)\" ] && rm /big", 300)
        assert md5(server.data) in m.shell(f"wget -qO /got http://10.0.2.2:{server.port}/file && md5sum /got", 120)
        m.shell(f"nc -N 10.0.2.2 {server.port + 1} < /got", 120)
        assert server.came_back()

        assert "Virtio network device" in m.shell("lspci")
        package = Server(hello_deb())
        m.shell(f"wget -qO /root/hello.deb http://10.0.2.2:{package.port}/file", 60)
        package.close()
        m.shell("apt-get -q -y install /root/hello.deb", 180)
        assert "Hello, world!" in m.shell("hello")
        m.shell("apt-get -q -y purge hello && ! hello && test -z \"$(dpkg --audit)\"", 180)

        assert re.search(r"Domain-0 +0 ", m.shell("xl list"))
        m.qemu.sendline("reboot")
        m.login("dom0", 300)
        m.qemu.sendline("poweroff")
        m.wait_exit(120)


def test_guest(debian):
    with Debian() as m:
        m.login("dom0", 300)
        m.shell("systemctl is-system-running --wait", 180)
        m.qemu.sendline("xl create -c /etc/xen/debian.cfg")
        m.login("debian", 400)
        assert m.shell("cat /sys/hypervisor/type").strip().startswith("xen")
        assert "running" in m.shell("systemctl is-system-running --wait", 180)
        m.shell("dd if=/dev/urandom of=/f bs=1M count=16 conv=fsync status=none && md5sum < /f > /s", 120)
        m.shell("echo 3 > /proc/sys/vm/drop_caches; [ \"$(md5sum < /f)\" = \"$(cat /s)\" ]", 120)
        m.shell("ping -c 2 -W 20 10.0.2.2", 120)
        m.qemu.send(GUEST_ESCAPE)
        m.expect(r"root@dom0:~# ", 30)
        assert re.search(r"debian +1 +256 ", m.shell("xl list"))
        m.shell("xl shutdown -w debian", 180)
        m.shell("for _ in $(seq 60); do xl domid debian 2> /dev/null || break; sleep 1; done", 120)
        assert "debian" not in m.shell("xl list")
        m.qemu.sendline("poweroff")
        m.wait_exit(120)
