"""Domain 0 boots, on any machine.

Debian's stock kernel is handed to the hypervisor as Debian shipped it, with an initramfs that needs no disk. It must
reach its init with every CPU of the machine, see Xen below it, fork, fill its memory, keep time, and power the machine
off. Then the same on the shapes a machine can have: few and many CPUs, little and much memory, old and new processors,
the two chip sets of QEMU.
"""
import re

import pytest

from machine import Machine

STEPS = "about+xenfs+cpus+fork=200+memory=32+time+poweroff"


def boot(cpus, steps=STEPS, **shape):
    with Machine(smp=cpus, steps=steps, **shape) as m:
        _, seen = m.init()
        assert seen == cpus
        for step in steps.split("+")[:-1]:
            output = m.step(step.split("=")[0], 120)
            assert {"about": "hypervisor=xen version=4.17", "xenfs": "control_d"}.get(step, "") in output
        m.expect("@@BEGIN poweroff")
        m.wait_exit()
        assert re.findall(r"\(XEN\) d\d+v\d+ .*", m.text()) == [], "nothing alarms a user in a normal boot"


def test_one_cpu():
    boot(1)


def test_four_cpus():
    boot(4, mem=2048)


def test_two_cpus():
    boot(2)


def test_eight_cpus():
    """More than the host may have: the emulator takes turns, so fewer steps."""
    boot(8, steps="about+cpus+poweroff", mem=2048)


@pytest.mark.parametrize("cpu", ["qemu64", "EPYC,-smap", "Skylake-Client-v4,-smap", "max"])
def test_processor(cpu):
    """The last one has SMAP, which the emulator applies to guest kernels: it must be left off there."""
    boot(2, cpu=cpu)


def test_q35():
    boot(2, machine="q35")


@pytest.mark.parametrize("mem, dom0_mem", [(512, "384M"), (8192, "6G")])
def test_memory(mem, dom0_mem):
    """Also: what domain 0 was promised is what it has, less what its kernel keeps for itself; and what the hypervisor
    keeps is within the promise of docs/memory.md."""
    with Machine(mem=mem, dom0_mem=dom0_mem, steps="about+memory=64+poweroff") as m:
        m.init()
        have = int(re.search(r"mem_kB=(\d+)", m.step("about")).group(1)) // 1024
        asked = int(dom0_mem[:-1]) * (1024 if dom0_mem.endswith("G") else 1)
        assert 0.65 * asked - 64 < have <= asked
        got, left = map(int, re.search(r"Domain 0: \d+ vCPUs?, (\d+) MiB; (\d+) MiB are left", m.text()).groups())
        assert 0 < mem - got - left < 0.012 * mem + 16
        m.step("memory")
        m.wait_exit()


def test_all_memory():
    """Without dom0_mem domain 0 gets what the hypervisor does not keep: most of the machine."""
    with Machine(mem=2048, dom0_mem="", steps="about+poweroff") as m:
        m.init()
        assert int(re.search(r"mem_kB=(\d+)", m.step("about")).group(1)) > 1400 << 10
        m.wait_exit()


def test_no_serial_port(disk):
    """Nobody to talk to is no reason not to start: what domain 0 has written to its disk proves that it ran."""
    path = disk(2)
    with Machine(smp=2, drives=["virtio:" + path], serial=False, steps="disk=vda+poweroff") as m:
        m.wait_exit(180)
        with open(path, "rb") as f:
            data = f.read()
        half = len(data) // 2
        assert data[half:] == data[:half].translate(bytes((b + 1) & 255 for b in range(256)))


def test_max_vcpus():
    with Machine(smp=4, hvargs="dom0_max_vcpus=2", steps="poweroff") as m:
        assert m.init()[1] == 2
        m.wait_exit()
