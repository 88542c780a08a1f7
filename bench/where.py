"""Where a hypervisor's instructions went: the plugin's profile joined with the operations' names and with symbols.

A profile has, per record, every address inside the hypervisor and how often it was executed.
"""
import bisect
import collections
import subprocess


def operations(folder, name):
    """[(record, operation, repetitions)] of a boot by its files' name, without those that warm up"""
    found, record = [], 0
    with open(folder / f"{name}.log", errors="replace") as f:
        for line in f:
            word = line[max(line.find("@"), 0):].split()
            if word[:1] == ["@op"]:
                record += 1
                if len(word) == 5:
                    found.append((record, word[2], int(word[3])))
    return found


def histogram(folder, side, op):
    """{address: executions per repetition}, the mean of the rounds"""
    boot = op == "boot"
    rounds = {0: 1} if boot else {index: n for index, name, n in operations(folder, side) if name == op}
    counts = collections.Counter()
    with open(folder / f"{side}{'-boot' if boot else ''}.profile") as f:
        for line in f:
            index, address, count = line.split()
            if int(index) in rounds:
                counts[int(address, 16)] += int(count)
    repetitions = sum(rounds.values())
    return {a: c / repetitions for a, c in counts.items()}


class Symbols:
    def __init__(self, image):
        out = subprocess.run(["nm", "-n", image], capture_output=True, text=True, check=True).stdout
        rows = [line.split() for line in out.splitlines()]
        named = [(int(r[0], 16), r[1], r[2]) for r in rows if len(r) == 3]
        self.table = [(address, name) for address, kind, name in named if kind in "tTwW"]
        self.end = named[-1][0]             # code behind it was made at run time, as system call stubs are
        self.starts = [start for start, _ in self.table]

    def name(self, address):
        if address > self.end:
            return f"(made at run time: {address & ~0xfff:#x})"
        at = bisect.bisect_right(self.starts, address) - 1
        return self.table[at][1] if at >= 0 else f"{address:#x}"


def by_symbol(counts, image):
    symbols, sums = Symbols(image), collections.Counter()
    for address, count in counts.items():
        sums[symbols.name(address)] += count
    return sums


def by_line(counts, image):
    addresses = list(counts)
    said = subprocess.run(["addr2line", "-e", image], input="\n".join(f"{a:#x}" for a in addresses),
                          capture_output=True, text=True, check=True).stdout.splitlines()
    sums = collections.Counter()
    for address, place in zip(addresses, said):
        sums[place.split(" ")[0].removeprefix("./")] += counts[address]
    return sums


def top(folder, side, image, count):
    """{operation: [(symbol, instructions per repetition)]}, the largest first"""
    names = dict.fromkeys(name for _, name, _ in operations(folder, side))
    return {op: by_symbol(histogram(folder, side, op), image).most_common(count) for op in names}
