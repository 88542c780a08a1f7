"""Two builds of the same sources, in directories of different names and at different times, are the same file."""
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

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
