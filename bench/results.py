"""Results on disk: one CSV per full run, named by date and commit, one line per side and operation."""
import csv
import datetime
import pathlib
import subprocess

from machine import COUNTERS

HERE = pathlib.Path(__file__).resolve().parent
RESULTS = HERE / "results"
FIELDS = ["date", "commit", "side", "operation", *COUNTERS]


def commit():
    def git(*args):
        return subprocess.run(["git", "-C", str(HERE), *args], capture_output=True, text=True).stdout.strip()
    dirty = git("status", "--porcelain", "--untracked-files=no", "--", ":/arch", ":/core", ":/lib", ":/abi")
    return (git("rev-parse", "--short", "HEAD") or "unknown") + ("+" if dirty else "")


def write(path, sides):
    """sides: {side: {operation: counters}}"""
    date, rev = datetime.datetime.now().strftime("%Y-%m-%d %H:%M"), commit()
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="") as f:
        out = csv.writer(f)
        out.writerow(FIELDS)
        for side, records in sides.items():
            for op, counters in records.items():
                out.writerow([date, rev, side, op, *(f"{counters[c]:.10g}" for c in COUNTERS)])


def write_lines(path, fields, lines):
    """lines: dictionaries with these fields"""
    with open(path, "w", newline="") as f:
        out = csv.DictWriter(f, fields)
        out.writeheader()
        out.writerows(lines)


def of_part(path, has):
    """path, if has(path), that is, its run has that part; else the newest run that has: its table is not lost."""
    having = sorted(p for p in RESULTS.glob("*.csv") if p.name.count(".") == 1 and has(p))
    return path if path in having or not having else having[-1]


def write_top(path, top):
    """top: {operation: [(symbol, instructions per repetition)]}; where Serai's instructions went"""
    with open(path, "w", newline="") as f:
        out = csv.writer(f)
        out.writerow(["operation", "symbol", "instructions"])
        out.writerows([op, symbol, f"{n:.1f}"] for op, rows in top.items() for symbol, n in rows)


def read_top(path):
    top = {}
    with open(path, newline="") as f:
        for line in csv.DictReader(f):
            top.setdefault(line["operation"], []).append((line["symbol"], float(line["instructions"])))
    return top


def read(path):
    """({side: {operation: counters}}, "date, commit")"""
    sides, stamp = {}, ""
    with open(path, newline="") as f:
        for line in csv.DictReader(f):
            sides.setdefault(line["side"], {})[line["operation"]] = {c: float(line[c]) for c in COUNTERS}
            stamp = f'{line["date"]}, commit {line["commit"]}'
    return sides, stamp


def new_path():
    return RESULTS / f"{datetime.datetime.now():%Y%m%d-%H%M}-{commit().rstrip('+')}.csv"


def latest():
    found = sorted(p for p in RESULTS.glob("*.csv") if p.name.count(".") == 1)    # not .top.csv
    return found[-1] if found else None
