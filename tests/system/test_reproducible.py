"""
The file: two builds of the same sources, in directories of different names and at different times, are the same;
nothing in it is to be loaded both writable and executable.
"""
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from machine import HYPERVISOR

TOP = Path(__file__).resolve().parents[2]
SOURCES = ["abi", "arch", "core", "lib", "tools", "Makefile"]


def build(directory, jobs):
    directory.mkdir(parents=True)
    for name in SOURCES:
        if (TOP / name).is_dir():
            shutil.copytree(TOP / name, directory / name)
        else:
            shutil.copy(TOP / name, directory / name)
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "HYPERVISOR", "BUILD")}
    subprocess.run(["make", f"-j{jobs}", "-s"], cwd=directory, env=env, check=True, timeout=600,
                   stdout=subprocess.DEVNULL)
    return hashlib.sha256((directory / "build/serai.elf").read_bytes()).hexdigest()


def test_builds_are_identical(tmp_path):
    assert build(tmp_path / "a", 1) == build(tmp_path / "another/with-a-longer-name", 4)


def test_no_segment_is_writable_and_executable():
    table = subprocess.run(["readelf", "-lW", HYPERVISOR], check=True, capture_output=True, text=True).stdout
    rights = [line[len("  LOAD"):].split()[5:-1] for line in table.splitlines() if line.startswith("  LOAD")]
    assert len(rights) > 1
    assert not [r for r in rights if "W" in "".join(r) and "E" in "".join(r)], table
