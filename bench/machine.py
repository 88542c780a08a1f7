"""One benchmark boot in QEMU, on bare metal or on a hypervisor, and the counters that came out of it.

Under instruction counting a TSC tick is an instruction, time is virtual, and two runs see the same; several CPUs take
turns there and the counters are the whole machine's. ERMS is off because TCG counts every iteration of REP, SMAP
because QEMU's IRET reads its frame as a user would.
"""
import subprocess
import sys
import threading
from dataclasses import dataclass

COUNTERS = ("user", "kernel", "hypervisor", "cr3", "cr4", "invlpg", "hypercall", "return")
QEMU = ["qemu-system-x86_64", "-cpu", "max,-smap,-erms", "-display", "none", "-vga", "none", "-monitor", "none",
        "-serial", "stdio", "-net", "none", "-no-reboot"]
# the clock: the host's would end some waits earlier than others
COUNTED = ["-accel", "tcg", "-icount", "shift=0,sleep=off", "-rtc", "base=2026-01-01,clock=vm"]
PLAIN = ["-accel", "tcg,thread=multi"]
KERNEL_OPTIONS = "norandmaps nokaslr transparent_hugepage=never loglevel=4"
DOM0_MB = 768
# Xen at its best options; bootscrub would fill its idle time with clearing memory
HYPERVISOR_OPTIONS = {"xen": "spec-ctrl=eager-fpu bootscrub=0", "serai": ""}
PHASES = ("hypervisor", "kernel", "init")       # counted from power-on: the first instruction of each
# operations in which somebody waits for time to pass, or for another domain that does: not every tick is an instruction
IDLE = ("sleep",)


class BootFailed(Exception):
    pass


@dataclass
class Boot:
    """What is booted. options are the kernel's; image is the hypervisor's file in the folder (default: side)."""
    side: str
    options: str = "bench=all rounds=5"
    kernel: str = "vmlinux"
    initrd: str = "initrd.gz"
    init: str = "/bench/micro"
    name: str = ""
    cpus: int = 1
    dom0_mb: int = DOM0_MB
    others_mb: int = 256                        # for the hypervisor and the guests
    counted: bool = True
    image: str = ""
    seconds: int = 1800

    def out(self, folder):
        return f"{folder}/{self.name or self.side}"


def command(b, folder):
    line = f"{KERNEL_OPTIONS} rdinit={b.init} {b.options}"
    if b.side == "native":                      # QEMU's loader wants the boot protocol
        rest = ["-m", str(b.dom0_mb), "-kernel", f"{folder}/vmlinuz", "-initrd", f"{folder}/{b.initrd}",
                "-append", f"console=ttyS0 {line}"]
    else:
        module = f"{folder}/{b.kernel} console=hvc0 {line}".replace(",", ",,")  # QEMU's comma inside a module is two
        rest = ["-m", str(b.dom0_mb + b.others_mb), "-kernel", f"{folder}/{b.image or b.side}",
                "-initrd", f"{module},{folder}/{b.initrd}",
                "-append", f"console=com1 com1=115200 dom0_mem={b.dom0_mb}M {HYPERVISOR_OPTIONS[b.side]}"]
    if b.counted:
        out = b.out(folder)
        rest += COUNTED + ["-plugin", f"file={folder}/count.so,out={out}.counts,profile={out}.profile"]
    else:
        rest += PLAIN
    return QEMU + ["-smp", str(b.cpus)] + rest


def talk(cmd, log, seconds):
    """Run to the program's @end, or to the time limit. Returns the lines that begin with an @."""
    lines = []
    with open(log, "w") as keep, subprocess.Popen(cmd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                                  stderr=subprocess.STDOUT, text=True, errors="replace") as qemu:
        watchdog = threading.Timer(seconds, qemu.kill)
        watchdog.start()
        try:
            for text in qemu.stdout:
                keep.write(text)
                at = text.find("@")
                if at >= 0:
                    lines.append(text[at:].split())
                if text.startswith("@end") or "Kernel panic" in text:
                    break
        finally:
            watchdog.cancel()
            qemu.kill()
    if not lines or lines[-1] != ["@end"]:
        raise BootFailed(f"no end of the benchmark; see {log}")
    return [line for line in lines if line[0] in ("@op", "@parallel", "@lock")]


def read_counts(path):
    """({phase: counters since power-on}, {record number: counters})"""
    phases, records = {}, {}
    with open(path) as f:
        for line in f:
            mark, index, *numbers = line.split()
            counters = dict(zip(COUNTERS, map(int, numbers)))
            if mark == "op":
                records[int(index)] = counters
            else:
                phases.setdefault(mark, counters)       # a guest's init has the mark, too, later
    return phases, records


def median(rounds):
    rounds.sort(key=lambda r: r["user"] + r["kernel"] + r["hypervisor"])
    return rounds[len(rounds) // 2]


def cross_check(said, records, b):
    """The plugin's sum against the guest's own TSC: two witnesses. Only where nobody sleeps does every tick execute."""
    for index, (_, _k, op, _n, ticks, *_warm) in enumerate(said, 1):
        counted = sum(records[index][c] for c in ("user", "kernel", "hypervisor"))
        if op not in IDLE and abs(counted - int(ticks)) > 0.01 * counted + 100:
            print(f"bench: {b.side} {op}: {counted} instructions counted, but {ticks} TSC ticks", file=sys.stderr)


def boot(b, folder):
    """{operation: counters per repetition}, {phase: counters}. Leaves NAME.log, .counts and .profile in the folder."""
    out = b.out(folder)
    said = [line for line in talk(command(b, folder), f"{out}.log", b.seconds) if line[0] == "@op"]
    phases, records = read_counts(f"{out}.counts")
    if len(said) != len(records):
        raise BootFailed(f"{len(records)} records for {len(said)} operations; see {out}.log")
    if b.init == "/bench/micro" and b.cpus == 1:
        cross_check(said, records, b)
    by_op = {}
    for index, (_, _k, op, n, _ticks, *warm) in enumerate(said, 1):
        if not warm:
            by_op.setdefault(op, []).append({c: v / int(n) for c, v in records[index].items()})
    return {op: median(list(r)) for op, r in by_op.items()}, phases


def boot_plain(b, folder):
    """[words of each @parallel and @lock line]: a boot in which CPUs run at once and nothing is counted"""
    return talk(command(b, folder), f"{b.out(folder)}.log", b.seconds)
