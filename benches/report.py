"""Draws results.svg and writes the tables in the README and in the guide, all from results.json.

    python report.py [RESULTS.json]

If a file with results is given, only prints these as a table.

The chart shows the times of the peers as multiples of the time of pylog.
"""

import json
import pathlib
import sys
from xml.sax.saxutils import escape

HERE = pathlib.Path(__file__).parent
README = HERE.parent / "README.md"
GUIDE = HERE.parent / "runtime" / "docs" / "cost.md"
# The tables are written between these marks.
MARKS = "<!-- figures: cargo xtask bench -->\n", "<!-- /figures -->\n"
PEERS = ["pylog", "queued", "bridge", "pyo3-log", "python", "log", "tracing", "nothing"]
# The rows in the README. The guide has all of them.
SHORT = {
    "off (log: by its own maximum)": "a call that is off (`log`: by its own maximum)",
    "off by Python's level": "a call that is off by Python's level (`log` lets it pass)",
    "NullHandler, arguments 1": "a call to a `NullHandler`, one argument",
    "NullHandler, detached, a busy Python thread": "the same in a detached thread, beside a busy Python thread",
    "StreamHandler on /dev/null": "a call to a `StreamHandler` on /dev/null",
    "cargo build of 2,000 calls, release": "`cargo build` of 2,000 calls, release",
    "code a call, release": "code of a call, release",
}
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


def table(rows, peers):
    """Yields the lines of a Markdown table."""
    yield "| | " + " | ".join(NAMES.get(peer, peer) for peer in peers) + " |"
    yield "|---" * (len(peers) + 1) + "|"
    for row in rows:
        cells = []
        for peer in peers:
            value, ratio = row["values"].get(peer), row["ratio"].get(peer)
            if value is None:
                cells.append("")
            else:
                digits = 0 if value >= 100 else 1
                compared = f" ({ratio:.2f})" if ratio is not None and peer != "pylog" else ""
                cells.append(f"{value:,.{digits}f}{compared}")
        yield f"| {row['row']}, {row['unit']} | " + " | ".join(cells) + " |"


def write_table(page, rows, peers):
    begin, end = MARKS
    before, rest = page.read_text().split(begin)
    after = rest.split(end)[1]
    page.write_text(before + begin + "\n".join(table(rows, peers)) + "\n" + end + after)


def main():
    if len(sys.argv) > 1:
        results = json.loads(pathlib.Path(sys.argv[1]).read_text())
        print("", *table(results["rows"], PEERS), sep="\n")
        return
    results = json.loads((HERE / "results.json").read_text())
    rows = {row["row"]: row for row in results["rows"]}
    write_table(GUIDE, results["rows"], PEERS)
    short = [rows[name] | {"row": title} for name, title in SHORT.items()]
    write_table(README, short, [peer for peer in PEERS if peer != "nothing"])
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
