"""The serial line as a program uses it: it does not always read, and it pastes more than a typist would.

A reader that stops makes QEMU's port stop taking bytes, as a terminal with flow control does. What is said meanwhile
must wait for it, and a console that had to drop something must be well again afterwards.
"""
import re
import time

import pytest

from machine import TIME_SCALE, Machine

AWAY = 5        # seconds in which nobody reads: much longer than a port is waited for


@pytest.fixture
def shell():
    with Machine(smp=2, steps="about") as m:
        m.init()
        m.expect("@@DONE", 60)
        m.expect("# ", 30)
        yield m


@pytest.mark.fast
def test_reader_goes_away(shell):
    """What fits the buffer is all there. What does not is lost, and nothing after it."""
    shell.qemu.sendline("seq 10000 20000; echo @@AL''L")
    time.sleep(AWAY * TIME_SCALE)
    shell.expect("@@ALL", 60)
    said = re.findall(rb"^(\d{5})\r*$", shell.qemu.before, re.M)
    assert [int(n) for n in said] == list(range(10000, 20001))
    shell.qemu.sendline("seq 100000 200000; echo @@MO''RE")
    time.sleep(2 * AWAY * TIME_SCALE)
    shell.qemu.sendline("")
    shell.expect("# ", 120)
    assert "still here" in shell.shell("echo still here", prompt="# ")


@pytest.mark.fast
def test_paste(shell):
    lines = [f"line {n} of a configuration that is pasted in one go" for n in range(60)]
    shell.qemu.sendline("cat > /tmp/pasted << 'E'\n" + "\n".join(lines) + "\nE")
    assert shell.shell("grep -c '^line [0-9]* of a configuration that is pasted in one go$' /tmp/pasted",
                       prompt="# ").split()[-1] == "60"
