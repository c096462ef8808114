"""Draws results.svg and writes the table in the README, both from results.json.

The chart shows the times of the peers as multiples of the time of pylog.
"""

import json
import pathlib
from xml.sax.saxutils import escape

HERE = pathlib.Path(__file__).parent
README = HERE.parent / "README.md"
# The table is written between these marks in the README.
MARKS = "<!-- figures: cargo xtask bench -->\n", "<!-- /figures -->\n"
PEERS = ["pylog", "queued", "bridge", "pyo3-log", "python", "log", "tracing", "nothing"]
CHART = {
    "NullHandler, arguments 0": "NullHandler, no arguments",
    "NullHandler, arguments 1": "NullHandler, one argument",
    "NullHandler, arguments 5": "NullHandler, five arguments",
    "NullHandler, detached": "NullHandler, from a detached thread",
    "StreamHandler on /dev/null": "StreamHandler with a date, to /dev/null",
    "FileHandler": "FileHandler with a date",
}
COLOURS = {"pylog": "#2563eb", "queued": "#1e3a8a", "bridge": "#60a5fa", "pyo3-log": "#f59e0b", "python": "#9ca3af"}
NAMES = {"queued": "pylog, queued", "bridge": "log through pylog’s bridge", "python": "Python’s own logger"}
LEFT, BAR, GAP, SCALE, WIDTH = 280, 14, 16, 110, 860


def text(x, y, content, anchor="start", weight="normal"):
    return (
        f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-weight="{weight}">'
        f"{escape(content)}</text>"
    )


def table(results):
    """Yields the lines of a Markdown table with all rows."""
    yield "| | " + " | ".join(NAMES.get(peer, peer) for peer in PEERS) + " |"
    yield "|---" * (len(PEERS) + 1) + "|"
    for row in results["rows"]:
        cells = []
        for peer in PEERS:
            value, ratio = row["values"].get(peer), row["ratio"].get(peer)
            if value is None:
                cells.append("")
            else:
                digits = 0 if value >= 100 else 1
                compared = f" ({ratio:.2f})" if ratio is not None and peer != "pylog" else ""
                cells.append(f"{value:,.{digits}f}{compared}")
        yield f"| {row['row']}, {row['unit']} | " + " | ".join(cells) + " |"


def write_table(results):
    begin, end = MARKS
    before, rest = README.read_text().split(begin)
    after = rest.split(end)[1]
    README.write_text(before + begin + "\n".join(table(results)) + "\n" + end + after)


def main():
    results = json.loads((HERE / "results.json").read_text())
    write_table(results)
    rows = {row["row"]: row for row in results["rows"]}
    parts, y = [text(10, 24, f"A call that is on, CPython {results['python']}: time, pylog = 1", weight="bold")], 44
    for name, title in CHART.items():
        row = rows[name]
        parts.append(text(LEFT - 12, y + BAR * len(row["values"]) / 2 + 5, title, "end"))
        for peer, value in row["values"].items():
            ratio = row["ratio"][peer]
            width = round(ratio * SCALE, 1)
            label = f"{NAMES.get(peer, peer)}: {ratio:.2f} ({value:,.0f} ns)"
            parts.append(
                f'<rect x="{LEFT}" y="{y}" width="{width}" height="{BAR - 2}" fill="{COLOURS[peer]}"/>'
            )
            parts.append(text(LEFT + width + 6, y + BAR - 3, label))
            y += BAR
        y += GAP
    background = f'<rect width="{WIDTH}" height="{y}" fill="white"/>'
    (HERE / "results.svg").write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y}" '
        f'font-family="sans-serif" font-size="12" fill="#111">\n'
        + "\n".join([background, *parts])
        + "\n</svg>\n"
    )


if __name__ == "__main__":
    main()
