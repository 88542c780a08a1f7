"""Throughput: what the same work in one process per CPU gets done per second, in plain TCG on 1, 2 and 4 CPUs.

The only part that measures time (the guest's own clock): emulated CPUs are threads of the host here, run at once, and
are as fast as the host lets them. So its figures do not repeat, nothing is asserted on them, and of several rounds the
best is shown: what else the host does can only take away. With more emulated CPUs than the host has, they share.
"""
import csv
import os
import sys
import time

import machine
import results
import table

OPS = ("null", "anon", "fork", "sh", "ctx2", "compile")
LABELS = {"null": "null system call", "anon": "anonymous page fault", "fork": "fork+exit", "sh": "sh -c",
          "ctx2": "context switch, 2 procs", "compile": "compile 1500 lines"}
CPUS = (1, 2, 4)
SECONDS = 0.5
FIELDS = ("side", "cpus", "operation", "round", "per second", "host's CPUs", "host's load")


def measure(folder, sides, rounds):
    """[line of FIELDS, as a dictionary]; one boot per side and number of CPUs"""
    lines = []
    for cpus in CPUS:
        for side in sides:
            started, load = time.time(), os.getloadavg()[0]
            b = machine.Boot(side, f"parallel={SECONDS} rounds={rounds} bench={','.join(OPS)}", cpus=cpus,
                             name=f"{side}-throughput", counted=False, seconds=300)
            seen = {}
            for _, op, _processes, rate in machine.boot_plain(b, folder):
                seen[op] = seen.get(op, 0) + 1
                lines.append(dict(zip(FIELDS, (side, cpus, op, seen[op], float(rate), os.cpu_count(), load))))
            print(f"bench: {side}: throughput of {cpus} CPUs in {time.time() - started:.0f} s", file=sys.stderr)
    return lines


def best(lines):
    """{(side, CPUs, operation): operations per second, of the best round}"""
    found = {}
    for line in lines:
        key = (line["side"], line["cpus"], line["operation"])
        found[key] = max(found.get(key, 0), line["per second"])
    return found


def tables(lines):
    """[(title, lines of cells)]"""
    if not lines:
        return []
    rates = best(lines)
    out = [["operation", "CPUs", "native", "Xen", "Serai", "native, x 1 CPU", "Xen, x 1 CPU", "Serai, x 1 CPU",
            "Xen/nat", "Serai/nat", "Serai/Xen"]]
    for op in OPS:
        for cpus in CPUS:
            native, xen, serai = (rates.get((side, cpus, op)) for side in ("native", "xen", "serai"))
            growth = [table.ratio(rates.get((side, cpus, op)), rates.get((side, 1, op))) for side in
                      ("native", "xen", "serai")]
            out.append([LABELS[op], str(cpus), *map(table.short, (native, xen, serai)), *growth,
                        table.ratio(xen, native), table.ratio(serai, native), table.ratio(serai, xen)])
    cores, loads = lines[0]["host's CPUs"], [line["host's load"] for line in lines]
    rounds = max(line["round"] for line in lines)
    return [(f"Operations per second, all processes together, the best of {rounds} rounds of {SECONDS} s; the host has "
             f"{cores} CPUs and had a load of {min(loads):.1f} to {max(loads):.1f} when the boots began", out)]


def show(lines):
    return "\n\n".join(f"{title}:\n{table.aligned(cells)}" for title, cells in tables(lines))


def write(path, lines):
    """PATH.throughput.csv beside the results' PATH.csv"""
    results.write_lines(path.with_suffix(".throughput.csv"), FIELDS, lines)


def read(path):
    kept = path.with_suffix(".throughput.csv")
    if not kept.exists():
        return []
    kinds = (str, int, str, int, float, int, float)
    with open(kept, newline="") as f:
        return [{name: kind(line[name]) for name, kind in zip(FIELDS, kinds)} for line in csv.DictReader(f)]
