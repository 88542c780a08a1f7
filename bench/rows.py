"""The table's rows: what is computed from which operations, and what issue and promise demand of it.

An operation's record holds instructions per repetition: user, kernel, hypervisor. A row is either an operation or a
difference of operations, which isolates one path (an exception without the system call that ends its handler).
Limits are instructions inside the hypervisor: "at most" and "aim". Rows without limits of their own fall under the
general promise, a quarter of what the same run measured for Xen.
"""
from dataclasses import dataclass
from typing import Callable, Optional


@dataclass
class Row:
    label: str
    needs: tuple                        # operations it is computed from
    inside: Callable                    # of a function: operation -> instructions inside the hypervisor
    total: Optional[Callable] = None    # the same for all instructions; None: the row is about the inside only
    at_most: Optional[float] = None
    aim: Optional[float] = None


def whole(label, op, at_most=None, aim=None):
    return Row(label, (op,), lambda f: f(op), lambda f: f(op), at_most, aim)


def part(label, needs, formula, at_most, aim):
    return Row(label, needs, formula, None, at_most, aim)


ROWS = [
    whole("null system call", "null", 200, 150),
    part("exception bounce and iret", ("protfault", "null"), lambda f: f("protfault") - f("null"), 260, 200),
    part("trivial hypercall", ("hypercall", "null"), lambda f: f("hypercall") - f("null"), 80, 60),
    part("PTE update, batched, each", ("mprotect256", "mprotect1"),
         lambda f: (f("mprotect256") - f("mprotect1")) / 255, 150, 100),
    part("one-entry PTE update", ("anon", "protfault", "null"),
         lambda f: f("anon") - f("protfault") + f("null"), 300, 220),
    part("direct PTE write (emulated)", ("unmap",), lambda f: f("unmap"), 450, 300),
    whole("read 1 byte", "read"),
    whole("open+close", "open"),
    whole("signal delivery", "signal"),
    whole("protection fault to handler", "protfault"),
    whole("anonymous page fault", "anon", 550, 420),
    whole("map a page-cache page", "mapcached"),
    whole("copy-on-write fault", "cow", 1100, 800),
    whole("unmap, per page", "unmap"),
    whole("mprotect 1 page", "mprotect1"),
    whole("mprotect 256 pages", "mprotect256"),
    whole("mmap+munmap 1 MiB populated", "mmap1m"),
    whole("fork+exit", "fork", 90e3, 60e3),
    whole("fork+exec+exit", "exec", 160e3, 110e3),
    whole("sh -c", "sh", 0.5e6, 0.35e6),
    whole("context switch, 2 procs, 0K", "ctx2", 1300, 900),
    whole("context switch, 8 procs, 16K", "ctx8"),
    whole("AF_UNIX round trip", "unix"),
    whole("TCP loopback round trip", "tcp"),
    whole("sleep and wake", "sleep", 4000, 2500),
    whole("timer tick (250 Hz)", "tick", 900, 600),
    whole("compile 1500 lines", "compile", 0.5e6, 0.4e6),
    whole("shell script", "script", 10.5e6, 8e6),
    whole("event channel round trip", "evtchn", 1100, 800),
    whole("grant: map and unmap a page", "gntmap"),
    whole("grant: copy 64 bytes", "gntcopy64"),
    whole("grant: copy a page", "gntcopy"),
    whole("boot to init", "boot"),
    part("kernel decompression", ("boot", "bootplain"), lambda f: f("boot") - f("bootplain"), 2.5e9, 2e9),
]


# Two domains on one CPU, and the life of a domain: measured in a system of their own (bench/stack), no native side.
STACK_ROWS = [
    whole("disk: read 4 KiB, each request", "blkread"),
    whole("disk: write 4 KiB, each request", "blkwrite"),
    whole("disk: read, per MiB", "blkread1m"),
    whole("disk: write, per MiB", "blkwrite1m"),
    whole("network: TCP round trip guest-domain 0", "netecho"),
    whole("network: guest to domain 0, per MiB", "netsend"),
    whole("network: domain 0 to guest, per MiB", "netrecv"),
    whole("create a Debian guest (128 MiB, paused)", "create"),
    whole("destroy it", "destroypaused"),
    whole("create a tiny guest (4 MiB, paused)", "createtiny"),
    whole("destroy it", "destroytiny"),
    whole("save a running Debian guest", "save"),
    whole("restore it", "restore"),
    whole("destroy it, running", "destroy"),
]

# From power-on: (label, the phase that ends it, the phase that begins it)
PHASE_ROWS = [
    ("firmware and loader", "hypervisor", None),
    ("hypervisor, until domain 0's first instruction", "kernel", "hypervisor"),
    ("domain 0's kernel, until its init", "init", "kernel"),
]


def value(row, records, what):
    """A row's figure from {operation: record}, or None where the side has no such operation."""
    formula = row.inside if what == "inside" else row.total
    if not formula or any(op not in records for op in row.needs):
        return None

    def of(op):
        r = records[op]
        if what == "inside":
            return r["hypervisor"]
        # a tick's user instructions are the spinning that waits for it
        return r["kernel"] + r["hypervisor"] + (0 if op == "tick" else r["user"])
    return formula(of)


def limit(row, xen):
    """(at most, whether it is the issue's own figure)"""
    if row.at_most is not None:
        return row.at_most, True
    inside = value(row, xen, "inside")
    return (inside / 4 if inside is not None else None), False
