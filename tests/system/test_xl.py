"""xl beyond the reference scenario: many small guests, tools used badly, and whether everything is given back.

Domain 0 is the Debian of 'make run'; the guest is tests/system/guest/tiny.c, which starts in no time and comes on a
second disk, as a tar archive. One boot serves all tests here: each leaves no domain behind. MANY in the environment is
how many domains are to live at once (make check-many: 128).
"""
import os
import re
import subprocess
import tarfile

import pytest

from machine import TOP
from test_debian import GUEST_ESCAPE, Debian

SOURCES = TOP / "tests/system/guest"
MANY = int(os.environ.get("MANY", "4"))
CONFIG = 'name="t"\ntype="pv"\nkernel="/root/tiny"\nmemory=8\nvcpus=1\non_crash="preserve"\n'
CFLAGS = """-std=gnu11 -O1 -ffreestanding -fno-pie -no-pie -mcmodel=kernel -mno-red-zone -mgeneral-regs-only
            -fno-strict-aliasing -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables
            -Wall -Wextra -Werror -Wno-missing-field-initializers
            -nostdlib -static -Wl,--build-id=none -Wl,--no-warn-rwx-segments""".split()


@pytest.fixture(scope="module")
def host(debian, tmp_path_factory):
    folder = tmp_path_factory.mktemp("xl")
    subprocess.run(["gcc", *CFLAGS, "-I", TOP, SOURCES / "tiny.c", SOURCES / "entry.S", "-T",
                    TOP / "tests/guest/lib/link.lds", "-o", folder / "tiny"], check=True)
    (folder / "t.cfg").write_text(CONFIG)
    with tarfile.open(folder / "disk.tar", "w") as tar:
        for name in ("tiny", "t.cfg"):
            tar.add(folder / name, name)
    with open(folder / "disk.tar", "ab") as disk:       # a disk has whole sectors, and QEMU wants more than a few
        disk.truncate(1 << 20)
    with Debian(HVARGS="guest_loglvl=all",
                QEMUARGS=f"-drive file={folder}/disk.tar,format=raw,if=virtio -serial null") as m:
        m.login("dom0", 300)
        m.shell("systemctl is-system-running --wait", 180)
        m.shell("tar -C /root -xf /dev/vdb && ls -l /root/tiny")
        yield m


@pytest.fixture(autouse=True)
def nothing_left(host):
    """What a failed test left must not fail the next."""
    yield
    host.shell("for d in $(xl list | awk 'NR > 2 { print $2 }'); do xl destroy $d; done; true", 60)


def free_memory(host):
    return int(re.search(r"\d+", host.shell("xl info | grep free_memory"))[0])


def create(host, name="t", **settings):
    extra = " ".join(f"'{key}={value}'" for key, value in {"name": f'"{name}"', **settings}.items())
    host.shell(f"xl create -q /root/t.cfg {extra}", 60)


def fails(host, command, timeout=60):
    """The command fails, by itself; what it said, and what the hypervisor said."""
    host.shell("xl dmesg -c > /dev/null")
    said = host.shell(f"{command} 2>&1; [ $? != 0 ]", timeout)
    return said, host.shell("xl dmesg")


def sound(host):
    assert " 0 defects" in host.shell("xl dmesg -c > /dev/null; xl debug-keys o; xl dmesg")


def test_console_answers(host):
    create(host)
    host.qemu.sendline("xl console t")
    host.expect("tiny: up", 30)
    host.qemu.send("hello")
    host.expect("hello", 30)
    host.qemu.send(GUEST_ESCAPE)
    host.expect(r"root@dom0:~# ", 30)
    host.shell("xl destroy t")


def test_life(host):
    create(host, vcpus=2)
    host.shell("xl pause t")
    assert re.search(r"^t +\d+ +8 +\d+\s+-[b-]p---", host.shell("xl list"), re.M)
    host.shell("xl unpause t && xl vcpu-pin t 0 0 0 && xl vcpu-pin t 1 all 1")
    assert re.search(r"^t +\d+ +0 .* 0 / 0\s*$", host.shell("xl vcpu-list t"), re.M)
    host.shell("xl sched-credit2 -d t -w 512 && xl sched-credit2 -d t -c 30")
    assert re.search(r"^t +\d+ +512 +30\s*$", host.shell("xl sched-credit2 -d t"), re.M)
    host.shell("xl mem-max t 16 && xl rename t u && xl domid u")
    host.shell("xl dump-core u /root/core && head -c 4 /root/core | grep -q ELF && rm /root/core", 60)
    host.shell("xl destroy u")
    assert fails(host, "xl destroy u")


def test_device_of_its_own(host):
    """The second serial port is a guest's: its ports and its line, unless a driver in domain 0 uses that."""
    before = free_memory(host)
    create(host, extra='"uart"', ioports='["2f8-2ff"]', irqs="[3]")
    host.qemu.sendline("xl console t")
    host.expect("tiny: up", 30)
    host.expect("tiny: interrupt", 30)
    host.qemu.send("x")
    host.expect("tiny: interrupt", 30)
    host.qemu.send(GUEST_ESCAPE)
    host.expect(r"root@dom0:~# ", 30)
    assert "bound by domain" in host.shell("xl dmesg -c > /dev/null; : < /dev/ttyS1; xl dmesg")
    host.shell("xl destroy t")
    assert "bound by" not in host.shell("xl dmesg -c > /dev/null; : < /dev/ttyS1; xl dmesg")
    _, why = fails(host, "xl create -q /root/t.cfg 'irqs=[0]'")
    assert "line 0 is not domain 0's to map" in why
    assert free_memory(host) == before
    sound(host)


def test_cpu_pools(host):
    """Two CPUs, one of them for a guest alone. What xl cannot do in between it says, as on Xen."""
    host.shell("""printf 'name="side"\\ncpus=["1"]\\n' > /root/pool.cfg""")
    said, _ = fails(host, "xl cpupool-create /root/pool.cfg")
    assert "not free" in said
    host.shell("xl cpupool-cpu-remove Pool-0 1 && xl cpupool-create /root/pool.cfg")
    create(host, vcpus=2, pool='"side"', extra='"burn"')
    host.shell("sleep 1")
    assert set(re.findall(r"^t +\d+ +\d+ +(\d+|-) ", host.shell("xl vcpu-list t"), re.M)) <= {"1", "-"}
    assert re.search(r"^side +1 +credit2 +y +1\s*$", host.shell("xl cpupool-list"), re.M)
    _, why = fails(host, "xl cpupool-migrate Domain-0 side")
    assert "stays in CPU pool 0" in why
    assert "is the last one" in host.shell("xl dmesg -c > /dev/null; xl cpupool-cpu-remove side 1; xl dmesg")
    host.shell("xl cpupool-migrate t Pool-0")
    assert not re.search(r"^t +\d+ +\d+ +1 ", host.shell("xl vcpu-list t"), re.M)
    host.shell("xl cpupool-destroy side && xl cpupool-cpu-add Pool-0 1 && xl destroy t")
    assert re.search(r"^Pool-0 +0,1\s*$", host.shell("xl cpupool-list -c"), re.M)


def test_crash_is_kept_and_dumped(host):
    create(host, extra='"crash"')
    host.shell("sleep 1")
    assert re.search(r"^t +\d+ +8 +1\s+-*s?c-", host.shell("xl list"), re.M)
    assert "crashed" in host.shell("xl dmesg")
    host.shell("xl dump-core t /root/core && rm /root/core && xl destroy t", 60)


def test_refusals_have_reasons(host):
    _, why = fails(host, "xl create -q /root/t.cfg memory=90000")
    assert re.search(r"cannot claim \d+ pages: it has 0, its maximum is \d+, \d+ are free", why)
    _, why = fails(host, "xl create -q /root/t.cfg vcpus=200")
    assert "200 vcpus: 1 to 128" in why
    said, _ = fails(host, "xl create -q /root/t.cfg 'kernel=\"/etc/passwd\"'")
    assert "no loader found" in said
    said, _ = fails(host, "xl create -q /root/t.cfg 'type=\"hvm\"'")
    assert "neither hap nor shadow" in said
    _, why = fails(host, "xl create -q /root/t.cfg 'iomem=[\"fee00,1\"]'")
    assert "not domain 0's to give" in why
    assert not re.search(r"^\(null\)|^t ", host.shell("xl list"), re.M)


def answering(host):
    """How many guests send back what they are sent: that is an event each way. xenconsoled keeps what nobody read."""
    return int(host.shell("n=0; for d in $(xl list | awk 'NR > 2 { print $2 }'); do "
                          "t=$(xenstore-read /local/domain/$d/console/tty); echo hello > $t; "
                          "timeout 10 grep -qm 1 hello < $t && n=$((n+1)); done; echo $n", 60 + 3 * MANY).split()[-1])


def guests(host):
    return int(host.shell("xl list | tail -n +3 | wc -l").split()[-1])


def test_many_at_once(host):
    before = free_memory(host)
    host.shell(f'n=0; for i in $(seq {MANY}); do xl create -q /root/t.cfg "name=\\"m$i\\"" && n=$((n+1)); done; '
               f"[ $n = {MANY} ]", 60 + 10 * MANY)
    assert guests(host) == answering(host) == MANY
    host.shell("for d in $(xl list | awk 'NR > 2 { print $2 }'); do xl destroy $d; done", 60 + 5 * MANY)
    assert guests(host) == 0 and free_memory(host) == before
    sound(host)


@pytest.fixture
def saved(host):
    """The size of /root/save, a guest that was saved; another goes on and must answer at the end."""
    create(host, "other")
    if "save" not in host.shell("ls /root"):
        create(host)
        host.shell("sleep 1; xl save t /root/save", 60)
    assert guests(host) == 1
    yield int(host.shell("stat -c %s /root/save").split()[-1])
    assert guests(host) == answering(host) == 1
    host.shell("xl destroy other; rm -f /root/cut /root/pipe")
    sound(host)


def test_restored_guest_answers(host, saved):
    host.shell("xl restore /root/save", 60)
    assert guests(host) == answering(host) == 2
    host.shell("xl save -c t /root/cut", 60)        # and stays
    assert guests(host) == answering(host) == 2
    host.shell("xl destroy t")


def test_truncated_saves(host, saved):
    before = free_memory(host)
    for size in (100, saved // 2, saved - 200):
        said, _ = fails(host, f"head -c {size} /root/save > /root/cut; xl restore /root/cut")
        assert "error" in said
        assert guests(host) == 1 and free_memory(host) == before
    said, _ = fails(host, "head -c 100000 /dev/urandom > /root/cut; xl restore /root/cut")
    assert said


def test_tools_die_while_restoring(host, saved):
    """The tool waits for the second half of a guest, which is then made to look as if it would never come."""
    before = free_memory(host)
    half = f"rm -f /root/pipe; mkfifo /root/pipe; (head -c {saved // 2} /root/save; sleep 6) > /root/pipe & "
    said, _ = fails(host, half + "(sleep 3; pkill -9 -f libxl-save-helpe[r]) & xl restore /root/pipe")
    assert "error" in said
    host.shell("wait; true", 30)
    assert guests(host) == 1 and free_memory(host) == before
    host.shell(half + "xl restore /root/pipe & sleep 3; kill -9 $!; pkill -9 -f libxl-save-helpe[r]; wait; true", 30)
    host.shell("for d in $(xl list | awk '$1 != \"other\" && NR > 2 { print $2 }'); do xl destroy $d; done", 60)
    assert guests(host) == 1 and free_memory(host) == before


def test_live_migration(host):
    """To this very machine: a script runs the other end. The guest answers afterwards."""
    before = free_memory(host)
    host.shell("""printf '#!/bin/sh\\nshift\\nexec sh -c "$*"\\n' > /root/here; chmod 755 /root/here""")
    create(host)
    host.shell("sleep 1; xl migrate -s /root/here t localhost", 120)
    assert guests(host) == answering(host) == 1
    assert re.search(r"^t +\d+ +8 ", host.shell("xl list"), re.M)
    said, _ = fails(host, "xl migrate -s 'sh -c false' t localhost", 60)    # nobody at the other end
    assert "migration receiver" in said and guests(host) == answering(host) == 1
    host.shell("xl destroy t")
    assert free_memory(host) == before
    sound(host)


def test_guest_dies_while_saved(host, saved):
    before = free_memory(host)
    create(host)
    said, _ = fails(host, "rm -f /root/pipe; mkfifo /root/pipe; (head -c 100000 > /dev/null; sleep 4) < /root/pipe & "
                          "(sleep 2; xl destroy t) & xl save t /root/pipe")
    assert "error" in said
    host.shell("wait; true", 30)
    assert guests(host) == 1 and free_memory(host) == before


def test_everything_comes_back(host):
    before = free_memory(host)
    host.shell("for i in $(seq 10); do xl create -q /root/t.cfg memory=64 && xl destroy t || break; done; [ $i = 10 ]",
               180)
    for delay in ("0.05", "0.1", "0.2", "0.4"):         # killed at one stage or another
        host.shell(f"xl create -q /root/t.cfg memory=64 & p=$!; sleep {delay}; kill -9 $p; wait $p; sleep 1; true")
        host.shell("for d in $(xl list | awk 'NR>2{print $2}'); do xl destroy $d; done; true")
    create(host, extra='"balloon"')
    host.shell("sleep 1; xl destroy t")
    assert free_memory(host) == before
    sound(host)


def test_console_daemon_dies(host):
    create(host)
    host.shell("pkill -9 xenconsoled; sleep 1; /usr/lib/xen-4.17/bin/xenconsoled", 30)
    create(host, "u")
    host.shell("xl destroy t; xl destroy u")
    sound(host)


def test_trace(host):
    host.shell("timeout -s INT 8 xentrace -D -e all -T 3 /root/trace")
    host.shell("xenalyze --summary /root/trace > /root/summary", 120)
    summary = host.shell("cat /root/summary; rm /root/trace")
    assert "|-- Domain 0 --|" in summary and "hypercall" in summary and "running:" in summary
