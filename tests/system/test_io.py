"""Domain 0 drives the machine's devices itself: data arrives whole, and by interrupt.

A disk's first half is filled with random bytes by the host; domain 0 sums it, writes each byte plus one to the second
half, drops its caches and sums that too. Both sums must be the host's. For the network domain 0 gets a lease, fetches a
file from the host by HTTP and sends it back over a plain connection. Done for the cards with MSI-X (virtio) and for
those with pin interrupts or MSI (AHCI, e1000), on both chip sets.
"""
import re

import pytest

from machine import Machine
from server import md5


def check_disk(m, dev, path):
    output = m.step("disk", 120)
    with open(path, "rb") as f:
        data = f.read()
    half = len(data) // 2
    assert f"host-sum={md5(data[:half])}" in output
    assert f"guest-sum={md5(data[half:])}" in output
    assert data[half:] == data[:half].translate(bytes((b + 1) & 255 for b in range(256)))
    driver = {"vd": r"virtio\d", "sd": r"ahci|ata", "nv": r"nvme\dq"}[dev[:2]]
    counts = [int(n) for line in output.splitlines() if re.search(driver, line)
              for n in re.findall(r"\s(\d+)(?=\s)", line.split(":", 1)[1])]
    assert sum(counts) > 0, f"no interrupt was counted for {dev}"


def check_net(m, server):
    output = m.step("net", 120)
    assert "lease=10.0.2.15" in output
    assert f"net-sum={md5(server.data)}" in output
    assert server.came_back()


@pytest.mark.fast
def test_virtio(disk, server):
    path = disk(32)
    with Machine(smp=2, drives=["virtio:" + path], net="virtio-net-pci",
                 steps=f"disk=vda+net={server.port}+poweroff") as m:
        m.init()
        check_disk(m, "vda", path)
        check_net(m, server)
        m.wait_exit()


@pytest.mark.parametrize("machine", ["pc", "q35"])
def test_ahci_and_e1000(disk, server, machine):
    path = disk(32)
    with Machine(machine=machine, drives=["sata:" + path], net="e1000",
                 steps=f"disk=sda+net={server.port}+poweroff") as m:
        m.init()
        check_disk(m, "sda", path)
        check_net(m, server)
        m.wait_exit()


def test_virtio_on_q35(disk, server):
    """q35 reaches its PCI configuration space through MMCFG. NVMe's MSI-X table is in the middle of its registers."""
    path, nvme = disk(32), disk(8)
    with Machine(machine="q35", smp=2, drives=["virtio:" + path, "nvme:" + nvme], net="virtio-net-pci",
                 steps=f"disk=vda+disk=nvme0n1+net={server.port}+poweroff") as m:
        m.init()
        check_disk(m, "vda", path)
        check_disk(m, "nvme0n1", nvme)
        check_net(m, server)
        m.wait_exit()
