"""The CD image boots through GRUB, on a machine with a BIOS and on one with UEFI.

GRUB loads the hypervisor by multiboot 2, with the same command line and order of modules as elsewhere. On UEFI there is
no BIOS memory map and no legacy place to find ACPI's tables: both come in multiboot tags.
"""
import os
import subprocess

import pytest

from machine import HYPERVISOR, TOP, Machine

OVMF = "/usr/share/OVMF/OVMF_CODE.fd"
STEPS = "about+xenfs+poweroff"


@pytest.fixture(scope="module")
def iso(tmp_path_factory):
    path = tmp_path_factory.mktemp("iso") / "serai.iso"
    subprocess.run([TOP / "tools/iso", path], cwd=TOP, check=True,
                   env=dict(os.environ, HYPERVISOR=HYPERVISOR, KARGS="steps=" + STEPS))
    return path


@pytest.mark.parametrize("machine, firmware", [("pc", None), ("q35", OVMF)], ids=["bios", "uefi"])
def test_cd(iso, machine, firmware):
    with Machine(smp=2, mem=1536, machine=machine, iso=iso, firmware=firmware) as m:
        m.init(300)
        m.step("about")
        m.step("xenfs")
        m.expect("@@BEGIN poweroff")
        m.wait_exit()
