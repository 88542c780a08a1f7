"""What all system tests share: markers, a check that the pieces are there, files that live as long as a test."""
import os
import subprocess

import pytest

from machine import HYPERVISOR, IMAGE, TINY, TOP
from server import Server


def pytest_configure(config):
    config.addinivalue_line("markers", "fast: belongs to the two-minute selection (make check-fast)")


def pytest_sessionstart(session):
    if session.config.option.collectonly:
        return
    subprocess.run([TOP / "tools/tiny/build", TINY], cwd=TOP, check=True)
    if not os.path.exists(HYPERVISOR):
        pytest.exit(f"{HYPERVISOR} is not there: run make first, or set HYPERVISOR", 3)


@pytest.fixture
def disk(tmp_path):
    """disk(mb): a disk image whose first half is random and second half zero; returns its path."""
    def make(mb):
        path = tmp_path / f"disk{mb}.img"
        with open(path, "wb") as f:
            f.write(os.urandom(mb // 2 << 20))
            f.truncate(mb << 20)
        return str(path)
    return make


@pytest.fixture
def server():
    """8 MB of noise behind a port of the host."""
    s = Server(os.urandom(8 << 20))
    yield s
    s.close()


@pytest.fixture(scope="session")
def debian():
    """The Debian image that make run uses; built when it is not there."""
    subprocess.run([TOP / "tools/image/build", IMAGE], cwd=TOP, check=True)
    return IMAGE
