"""The plot: cost of each operation relative to native Linux, Xen and Serai side by side, as an SVG anybody can open."""
import rows

WIDTH, LEFT, TOP, BAR, GAP, LONGEST = 860, 230, 64, 9, 9, 6.0
COLOURS = {"xen": "#b0b7c3", "serai": "#1f5fa8"}


def text(x, y, words, anchor="start", size=12):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">{words}</text>'


def bars(row, sides, y, scale):
    native = rows.value(row, sides.get("native", {}), "total")
    out = [text(LEFT - 8, y + BAR + 4, row.label, "end")]
    for n, side in enumerate(("xen", "serai")):
        cost = rows.value(row, sides.get(side, {}), "total")
        if cost is None:
            continue
        relative = cost / native
        top = y + n * BAR
        out.append(f'<rect x="{LEFT}" y="{top}" width="{min(relative, LONGEST) * scale:.1f}" height="{BAR - 1}" '
                   f'fill="{COLOURS[side]}"/>')
        out.append(text(LEFT + min(relative, LONGEST) * scale + 4, top + BAR - 1, f"{relative:.2f}", size=9))
    return out


def svg(sides):
    """The document; sides as results.read() returns them."""
    shown = [r for r in rows.ROWS if r.total and rows.value(r, sides.get("native", {}), "total")]
    height = TOP + len(shown) * (2 * BAR + GAP) + 20
    scale = (WIDTH - LEFT - 50) / LONGEST
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="sans-serif">',
           '<rect width="100%" height="100%" fill="white"/>',
           text(LEFT, 20, "Instructions per operation, relative to native Linux (1.0; shorter is better)", size=14)]
    for n, (side, name) in enumerate((("xen", "Xen 4.17"), ("serai", "Serai"))):
        out.append(f'<rect x="{LEFT + n * 100}" y="32" width="12" height="12" fill="{COLOURS[side]}"/>')
        out.append(text(LEFT + n * 100 + 17, 43, name))
    for n in range(int(LONGEST) + 1):
        x = LEFT + n * scale
        out.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 6}" y2="{height - 16}" '
                   f'stroke="{"#c03030" if n == 1 else "#e4e4e4"}"/>')
        out.append(text(x, height - 4, f"{n}", "middle", 10))
    for n, row in enumerate(shown):
        out += bars(row, sides, TOP + n * (2 * BAR + GAP), scale)
    return "\n".join(out + ["</svg>", ""])
