"""One benchmark boot in QEMU, on bare metal or on a hypervisor, and the counters that came out of it.

One vCPU under instruction counting: a TSC tick is an instruction, time is virtual, and two runs see the same. ERMS is
off because TCG counts every iteration of REP, SMAP because QEMU's IRET reads its frame as a user would.
"""
import subprocess
import sys
import threading

COUNTERS = ("user", "kernel", "hypervisor", "cr3", "cr4", "invlpg", "hypercall", "return")
QEMU = ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "max,-smap,-erms", "-icount", "shift=0,sleep=off", "-smp", "1",
        "-display", "none", "-vga", "none", "-monitor", "none", "-serial", "stdio", "-net", "none", "-no-reboot",
        "-rtc", "base=2026-01-01,clock=vm"]     # a clock of the host's would end some waits earlier than others
KERNEL_OPTIONS = "norandmaps nokaslr transparent_hugepage=never rdinit=/bench/micro loglevel=4"
DOM0_MB = 768
# Xen at its best options; bootscrub would fill its idle time with clearing memory
HYPERVISOR_OPTIONS = {"xen": "spec-ctrl=eager-fpu bootscrub=0", "serai": ""}


class BootFailed(Exception):
    pass


def command(side, folder, kernel, options, out):
    line = f"{KERNEL_OPTIONS} {options}"
    plugin = f"file={folder}/count.so,out={out}.counts,profile={out}.profile"
    if side == "native":
        rest = ["-m", str(DOM0_MB), "-kernel", kernel, "-initrd", f"{folder}/initrd.gz",
                "-append", f"console=ttyS0 {line}"]
    else:
        module = f"{kernel} console=hvc0 {line}".replace(",", ",,")      # QEMU's comma inside a module is two
        rest = ["-m", str(DOM0_MB + 256), "-kernel", f"{folder}/{side}", "-initrd", f"{module},{folder}/initrd.gz",
                "-append", f"console=com1 com1=115200 dom0_mem={DOM0_MB}M {HYPERVISOR_OPTIONS[side]}"]
    return QEMU + rest + ["-plugin", plugin]


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
    return [line for line in lines if line[0] == "@op"]


def read_counts(path):
    """(counters at init, {record number: counters})"""
    init, records = None, {}
    with open(path) as f:
        for line in f:
            mark, index, *numbers = line.split()
            counters = dict(zip(COUNTERS, map(int, numbers)))
            if mark == "init":
                init = counters
            else:
                records[int(index)] = counters
    return init, records


def median(rounds):
    rounds.sort(key=lambda r: r["user"] + r["kernel"] + r["hypervisor"])
    return rounds[len(rounds) // 2]


def cross_check(said, records, side):
    """The plugin's sum against the guest's own TSC: two witnesses. Only where nobody sleeps does every tick execute."""
    for _, index, op, _n, ticks, *_warm in said:
        counted = sum(records[int(index)][c] for c in ("user", "kernel", "hypervisor"))
        if op != "sleep" and abs(counted - int(ticks)) > 0.01 * counted + 100:
            print(f"bench: {side} {op}: {counted} instructions counted, but {ticks} TSC ticks", file=sys.stderr)


def boot(side, folder, ops="all", rounds=5, kernel="vmlinux", name=None, seconds=900):
    """{operation: counters per repetition}; the operation "init" is the way to the first user instruction.

    Leaves NAME.log, NAME.counts and NAME.profile in the folder.
    """
    out = f"{folder}/{name or side}"
    if side == "native":
        kernel = "vmlinuz"                  # QEMU's loader wants the boot protocol
    said = talk(command(side, folder, f"{folder}/{kernel}", f"bench={ops} rounds={rounds}", out), f"{out}.log", seconds)
    init, records = read_counts(f"{out}.counts")
    if len(said) != len(records):
        raise BootFailed(f"{len(records)} records for {len(said)} operations; see {out}.log")
    cross_check(said, records, side)
    by_op = {}
    for _, index, op, n, _ticks, *warm in said:
        if not warm:
            by_op.setdefault(op, []).append({c: v / int(n) for c, v in records[int(index)].items()})
    return {"init": init, **{op: median(list(r)) for op, r in by_op.items()}}
