"""The Debian package puts the hypervisor where Debian's own GRUB scripts find it, and the disk then boots by itself.

A copy of the Debian disk is booted the usual way, fetches the package, installs it with dpkg and GRUB with
grub-install. Nothing of GRUB's configuration is written by hand. Then the machine starts anew with nothing but
that disk: its BIOS loads its GRUB, whose first choice must be the hypervisor with Debian as domain 0.
"""
import os
import shutil
import subprocess

from machine import HYPERVISOR, TOP, Machine
from server import Server, md5


def test_package(debian, tmp_path):
    disk, version = tmp_path / "disk.img", "0.0+test"
    subprocess.run(["cp", "--sparse=always", debian / "dom0.img", disk], check=True)
    subprocess.run(["tools/deb", version], cwd=TOP, check=True, env=dict(os.environ, HYPERVISOR=HYPERVISOR))
    package = shutil.move(TOP / f"build/serai_{version}_amd64.deb", tmp_path)
    with open(package, "rb") as f:
        server = Server(f.read())
    shape = dict(smp=2, mem=2048, drives=[f"virtio:{disk}"])

    with Machine(dom0_mem="1024M", kernel=debian / "vmlinuz", initrd=debian / "initrd.img", net="virtio-net-pci",
                 kargs="root=LABEL=dom0-root ro net.ifnames=0", **shape) as m:
        m.login("dom0", 300)
        m.shell(f"wget -q -O /tmp/serai.deb http://10.0.2.2:{server.port}/file", 60)
        assert md5(server.data) in m.shell("md5sum /tmp/serai.deb")
        m.shell("grub-install /dev/vda", 120)
        m.shell("touch /boot/grub/grub.cfg && dpkg -i /tmp/serai.deb", 180)
        m.shell(f"grep -q xen-serai-{version}.gz /boot/grub/grub.cfg")
        m.qemu.sendline("poweroff")
        m.wait_exit(120)
    server.close()

    with Machine(hypervisor=None, **shape) as m:
        m.login("dom0", 300)
        m.shell("grep -qx xen /sys/hypervisor/type")
        assert "dom0_mem=1024M" in m.shell("xl info xen_commandline", 60)
        m.qemu.sendline("poweroff")
        m.wait_exit(120)
