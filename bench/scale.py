"""Scale: do operations cost the same on a machine of more CPUs, more memory and more domains, and who waits for locks?

Each configuration is one boot. Several CPUs are counted under instruction counting as well (QEMU lets them take turns),
so that figures repeat; everything runs on CPU 0, the others idle. Contention needs CPUs that run at once: plain
emulation with a build that counts lock acquisitions (make PERFC=1), where the host's scheduler has its say and figures
do not repeat.
"""
import csv
import sys
import time

import machine
import results
import table

OPS = ("null", "mprotect256", "anon", "ctx2", "fork", "evtchn")
MICRO = dict(options="bench={ops} rounds={rounds}")
HOST = dict(options="ops={ops} domains={domains} rounds={rounds}", initrd="stack.gz", init="/bench/host",
            others_mb=1280)
# (axis, value shown, what differs from machine.Boot's defaults)
CONFIGURATIONS = (
    ("CPUs", "1", MICRO),
    ("CPUs", "2", MICRO | dict(cpus=2)),
    ("CPUs", "4", MICRO | dict(cpus=4)),
    ("CPUs", "8", MICRO | dict(cpus=8)),
    ("memory", "1 GiB", MICRO),
    ("memory", "4 GiB", MICRO | dict(dom0_mb=3840)),
    ("memory", "16 GiB", MICRO | dict(dom0_mb=3840, others_mb=12544)),  # whatever domain 0 gets, the host must have
    ("domains", "1", HOST | dict(domains=0)),
    ("domains", "16", HOST | dict(domains=15)),
    ("domains", "128", HOST | dict(domains=127)),
)
PARALLEL = ("fork", "mmap1m", "ctx2", "evtchn")
PARALLEL_CPUS = 4
FIELDS = ["side", "axis", "value", "operation", *machine.COUNTERS]


def configured(settings, side, name, rounds, **more):
    settings = {**settings, **more}
    options = settings.pop("options").format(ops=",".join(OPS), domains=settings.pop("domains", 0), rounds=rounds)
    return machine.Boot(side, options, name=name, **settings)


def measure(folder, sides, rounds):
    """{"costs": [line of FIELDS, as a dictionary], "locks": {operation: {class: (taken, waited for)}}}"""
    lines, same = [], {}
    for side in sides:
        for axis, value, settings in CONFIGURATIONS:
            started = time.time()
            key = (side, repr(settings))
            if key not in same:
                same[key], _ = machine.boot(configured(settings, side, f"{side}-scale", rounds), folder)
                print(f"bench: {side}: {axis} {value} in {time.time() - started:.0f} s", file=sys.stderr)
            lines += [{"side": side, "axis": axis, "value": value, "operation": op, **counters}
                      for op, counters in same[key].items()]
    counted = "serai" in sides and (folder / "serai-perfc").exists()
    return {"costs": lines, "locks": locks(folder) if counted else {}}


def locks(folder):
    """One operation in as many processes as there are CPUs, all at once: {operation: {class: (taken, waited for)}}"""
    b = machine.Boot("serai", f"parallel={','.join(PARALLEL)}", initrd="stack.gz", init="/bench/host",
                     name="serai-locks", image="serai-perfc", cpus=PARALLEL_CPUS, counted=False)
    found = {}
    for words in machine.boot_plain(b, folder):
        if words[0] == "@lock" and len(words) == 5:     # xenperf shows no values where there were none
            _, op, lock_class, taken, waited = words
            found.setdefault(op, {})[lock_class] = (int(taken), int(waited))
    return found


# ---- showing ----

def cost_table(lines, side, what):
    """Operation by configuration; what: a function of a line. Last column: an axis' largest against its first."""
    columns = list(dict.fromkeys((line["axis"], line["value"]) for line in lines if line["side"] == side))
    names = [value if axis == "memory" else f"{value} {axis if value != '1' else axis[:-1]}" for axis, value in columns]
    out = [["operation", *names, "worst growth"]]
    for op in OPS:
        found = {(line["axis"], line["value"]): what(line) for line in lines
                 if line["side"] == side and line["operation"] == op}
        if not found:
            continue
        first = {axis: found[(axis, value)] for axis, value in reversed(columns) if (axis, value) in found}
        growth = max(found[key] / first[key[0]] for key in found)
        out.append([op] + [table.short(found.get(key)) for key in columns] + [f"{(growth - 1) * 100:.1f} %"])
    return out


def inside(line):
    return line["hypervisor"]


def total(line):
    return line["user"] + line["kernel"] + line["hypervisor"]


def lock_table(found):
    """Classes by operation: waited for, of how many taken. Classes that nobody waited for anywhere are left out."""
    classes = dict.fromkeys(c for by_class in found.values() for c, (_taken, waited) in by_class.items() if waited)
    out = [["lock class"] + list(found)]
    for c in classes:
        cells = [found[op].get(c, (0, 0)) for op in found]
        out.append([c] + [f"{waited} of {table.short(taken)} ({waited / taken * 100 if taken else 0:.2f} %)"
                          for taken, waited in cells])
    return out


def tables(scaling):
    """[(title, lines of cells)]"""
    out = []
    for side, name in (("serai", "Serai"), ("xen", "Xen")):
        if any(line["side"] == side for line in scaling["costs"]):
            out.append((f"Instructions inside {name}", cost_table(scaling["costs"], side, inside)))
    if any(line["side"] == "serai" for line in scaling["costs"]):
        out.append(("All instructions, on Serai", cost_table(scaling["costs"], "serai", total)))
    if scaling["locks"]:
        out.append((f"Locks waited for, {PARALLEL_CPUS} processes on {PARALLEL_CPUS} CPUs at once",
                    lock_table(scaling["locks"])))
    return out


def show(scaling):
    return "\n\n".join(f"{title}:\n{table.aligned(lines)}" for title, lines in tables(scaling))


# ---- keeping ----

def write(path, scaling):
    """PATH.scale.csv and PATH.locks.csv beside the results' PATH.csv"""
    results.write_lines(path.with_suffix(".scale.csv"), FIELDS,
                        ({k: v if isinstance(v, str) else f"{v:.10g}" for k, v in line.items()}
                         for line in scaling["costs"]))
    fields = ["operation", "class", "taken", "waited"]
    results.write_lines(path.with_suffix(".locks.csv"), fields,
                        (dict(zip(fields, (op, c, *counts))) for op, by_class in scaling["locks"].items()
                         for c, counts in by_class.items()))


def read(path):
    scaling = {"costs": [], "locks": {}}
    if path.with_suffix(".scale.csv").exists():
        with open(path.with_suffix(".scale.csv"), newline="") as f:
            scaling["costs"] = [{k: float(v) if k in machine.COUNTERS else v for k, v in line.items()}
                                for line in csv.DictReader(f)]
    if path.with_suffix(".locks.csv").exists():
        with open(path.with_suffix(".locks.csv"), newline="") as f:
            for line in csv.DictReader(f):
                by_class = scaling["locks"].setdefault(line["operation"], {})
                by_class[line["class"]] = (int(line["taken"]), int(line["waited"]))
    return scaling
