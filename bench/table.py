"""The tables: costs against limits, and the operations that cost more than instructions."""
import rows


def short(x):
    if x is None:
        return "-"
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e5)):
        if abs(x) >= size:
            return f"{x / (1e3 if unit == 'k' else size):.4g} {unit}"
    return f"{x:.0f}"


def ratio(a, b):
    return "-" if a is None or not b else f"{a / b:.2f}"


def verdict(inside, at_most, aim):
    if inside is None or not at_most:
        return "-"
    if aim is not None and inside <= aim:
        return "aim"
    return "ok" if inside <= at_most else f"{inside / at_most:.2f} x"


def floor(totals, in_xen, in_serai):
    """What the guest's own part costs: the limit of a hypervisor without instructions."""
    for total, inside in ((totals[2], in_serai), (totals[1], in_xen)):
        if total is not None and inside is not None:
            return total - inside
    return None


HEADER = ["operation", "native", "Xen", "Serai", "Xen/nat", "Serai/nat", "floor", "in Xen", "in Serai", "S/X",
          "at most", "aim", "verdict"]


def phases(sides):
    """Power-on to init with the packed kernel: lines of cells, a phase's instructions and those of the hypervisor."""
    lines = [["phase of booting", "native", "Xen", "Serai", "in Xen", "in Serai", "S/X"]]
    for label, end, begin in rows.PHASE_ROWS:
        totals, insides = [], []
        for side in ("native", "xen", "serai"):
            found = sides.get(side, {})
            after, before = found.get(f"phase-{end}"), found.get(f"phase-{begin}")
            if side == "native" and begin == "hypervisor":
                after = before = None           # what unpacks the kernel there lies before its first address
            if side == "native" and end == "hypervisor":
                after = found.get("phase-kernel")
            if not after or (begin and not before):
                totals.append(None)
                insides.append(None)
                continue
            difference = {c: after[c] - (before[c] if begin else 0) for c in after}
            totals.append(difference["user"] + difference["kernel"] + difference["hypervisor"])
            insides.append(difference["hypervisor"])
        if any(t is not None for t in totals):
            lines.append([label, *map(short, totals), *map(short, insides[1:]), ratio(insides[2], insides[1])])
    return lines


def stack(sides):
    """I/O and life of domains: lines of cells with the split into user, kernels (of all domains) and hypervisor."""
    lines = [["operation", "Xen", "Serai", "S/X", "user X", "user S", "kernels X", "kernels S", "in Xen", "in Serai",
              "S/X inside", "quarter", "verdict"]]
    xen, serai = (sides.get(s, {}) for s in ("xen", "serai"))
    for row in rows.STACK_ROWS:
        pair = [side.get(row.needs[0]) for side in (xen, serai)]
        if not any(pair):
            continue
        totals = [p and p["user"] + p["kernel"] + p["hypervisor"] for p in pair]
        parts = [short(p and p[c]) for c in ("user", "kernel") for p in pair]
        inside = [p and p["hypervisor"] for p in pair]
        quarter = inside[0] / 4 if inside[0] is not None else None
        lines.append([row.label, *map(short, totals), ratio(*totals[::-1]), *parts, *map(short, inside),
                      ratio(*inside[::-1]), short(quarter), verdict(inside[1], quarter, None)])
    return lines


def costs(sides, only=(), before=None):
    """Lines of cells, the header first; with operations in only, the rows that Serai was measured for.

    before: Serai's operations in an earlier run, shown in a column of their own.
    """
    native, xen, serai = (sides.get(s, {}) for s in ("native", "xen", "serai"))
    lines = [HEADER + (["before"] if before else [])]
    for row in rows.ROWS:
        totals = [rows.value(row, s, "total") for s in (native, xen, serai)]
        in_xen, in_serai = (rows.value(row, s, "inside") for s in (xen, serai))
        if in_serai is None and (in_xen is None or only):
            continue
        at_most, own = rows.limit(row, xen)
        lines.append([row.label, *map(short, totals), ratio(totals[1], totals[0]), ratio(totals[2], totals[0]),
                      ratio(floor(totals, in_xen, in_serai), totals[0]), short(in_xen), short(in_serai),
                      ratio(in_serai, in_xen), short(at_most) + ("" if own or at_most is None else " q"),
                      short(row.aim), verdict(in_serai, at_most, row.aim)])
        if before:
            lines[-1].append(short(rows.value(row, before, "inside")))
    return lines


STACK_OPS = {row.needs[0] for row in rows.STACK_ROWS}
EVENTS = (("cr3", "CR3"), ("cr4", "CR4"), ("invlpg", "INVLPG"), ("hypercall", "hypercalls"), ("return", "returns"))


def flushes(records, op):
    """Writes of CR3 and CR4: with CR3's, and those that toggle global pages, the TLB goes. None if not measured."""
    return records[op]["cr3"] + records[op]["cr4"] if op in records else None


def more_flushes(sides):
    """Operations in which Serai flushes more than Xen (by more than a twentieth of a flush)."""
    found = []
    for op in sides.get("serai", {}):
        xen, serai = (flushes(sides.get(s, {}), op) for s in ("xen", "serai"))
        if xen is not None and not op.startswith(("boot", "phase-")) and serai > xen + 0.05:
            found.append(f"{op} ({serai:.4g}, Xen {xen:.4g})")
    return found


def events(sides):
    """Costly instructions per repetition, as native / Xen / Serai."""
    lines = [["operation"] + [title for _, title in EVENTS]]
    for op in sides.get("serai", {}):
        if op.startswith("phase-") or op in ("boot", "bootplain") or op in STACK_OPS:
            continue
        cells = [op]
        for counter, _ in EVENTS:
            values = [sides.get(s, {}).get(op) for s in ("native", "xen", "serai")]
            cells.append(" / ".join("-" if v is None else f"{v[counter]:.4g}" for v in values))
        lines.append(cells)
    return lines


def aligned(lines):
    widths = [max(len(line[c]) for line in lines) for c in range(len(lines[0]))]
    return "\n".join("  ".join(cell.ljust(w) if c == 0 else cell.rjust(w)
                               for c, (cell, w) in enumerate(zip(line, widths))) for line in lines)


def markdown(lines):
    out = ["| " + " | ".join(line) + " |" for line in lines]
    aligned_right = "---:|" if len(lines[0]) > 2 else "---|"
    out.insert(1, "|---|" + aligned_right * (len(lines[0]) - 1))
    return "\n".join(out)
