"""A kernel comes packed in many ways: as the plain ELF file, or in a bzImage by any method Linux offers.

The stock kernel's payload (xz) is packed again; the hypervisor has done its part when the kernel says its first line.
"""
import pytest

import kernels
from machine import Machine


@pytest.mark.parametrize("how", ["elf", "gzip", "zstd", "lz4", "bzimage-uncompressed"])
def test_payload(tmp_path, how):
    data = {"elf": kernels.elf, "bzimage-uncompressed": lambda: kernels.repacked(kernels.elf())}.get(
        how, lambda: kernels.packed(how))()
    path = tmp_path / how
    path.write_bytes(data)
    with Machine(kernel=path) as m:
        m.expect("Linux version 6", 60)
