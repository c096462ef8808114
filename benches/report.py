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
    "FileHandler": "a call to a `FileHandler`",
    "cargo build of 2,000 calls, release": "`cargo build` of 2,000 calls, release",
    "code a call, release": "code of a call, release",
    "size of a minimal extension": "size of a minimal extension",
}
CHART = {
    "NullHandler, arguments 0": "NullHandler, no arguments",
    "NullHandler, arguments 1": "NullHandler, one argument",
    "NullHandler, arguments 5": "NullHandler, five arguments",
    "NullHandler, detached": "NullHandler, from a detached thread",
    "StreamHandler on /dev/null": "StreamHandler with a date, to /dev/null",
    "FileHandler": "FileHandler with a date",
}
NAMES = {"queued": "pylog, queued", "bridge": "log through pylog’s bridge", "python": "Python’s own logger"}
# The chart is as narrow as the screen of a phone, so its names are shorter.
SHORT_NAMES = {"queued": "pylog, queued", "bridge": "pylog’s bridge", "python": "Python"}
WIDTH, MARGIN, LINE, BAR, GAP = 400, 10, 20, 15, 10
# The bars begin at LEFT, and the longest ends at RIGHT. The space to the right of it is for its figures.
LEFT, RIGHT = 120, 272
# The class of an element, and its colour on a light and on a dark background.
COLOURS = {
    "background": ("#ffffff", "#0d1117"),
    "text": ("#1f2328", "#e6edf3"),
    "pylog": ("#2563eb", "#3b82f6"),
    "queued": ("#1e3a8a", "#93c5fd"),
    "bridge": ("#60a5fa", "#1d4ed8"),
    "pyo3-log": ("#f59e0b", "#f59e0b"),
    "python": ("#9ca3af", "#6b7280"),
}


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


def text(x, y, content, **attributes):
    attributes = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f'<text class="text" x="{x}" y="{y}"{attributes}>{escape(content)}</text>'


def style():
    """Returns the colours, for the browser's light and dark mode."""
    def rules(index):
        return " ".join(f".{name} {{ fill: {colours[index]} }}" for name, colours in COLOURS.items())

    return f"<style>\n{rules(0)}\n@media (prefers-color-scheme: dark) {{ {rules(1)} }}\n</style>"


def chart(rows, platform):
    """Returns the text of results.svg."""
    longest = max(ratio for name in CHART for ratio in rows[name]["ratio"].values())
    title = "The time of a call that is on (pylog = 1)"
    y = MARGIN + LINE
    parts = [text(MARGIN, y, title, font_size=16, font_weight="bold")]
    y += LINE
    parts.append(text(MARGIN, y, platform))
    for name, heading in CHART.items():
        y += GAP + LINE
        parts.append(text(MARGIN, y, heading, font_weight="bold"))
        y += LINE - BAR + 3
        for peer, ratio in rows[name]["ratio"].items():
            width = round(ratio / longest * (RIGHT - LEFT), 1)
            baseline = y + BAR - 3
            parts.append(text(LEFT - 6, baseline, SHORT_NAMES.get(peer, peer), text_anchor="end"))
            parts.append(f'<rect class="{peer}" x="{LEFT}" y="{y}" width="{width}" height="{BAR}"/>')
            figures = f"{ratio:.2f} ({rows[name]['values'][peer]:,.0f} ns)"
            parts.append(text(LEFT + width + 6, baseline, figures))
            y += LINE
    height = y + MARGIN
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
            f'height="{height}" font-family="sans-serif" font-size="14">',
            style(),
            f'<rect class="background" width="{WIDTH}" height="{height}"/>',
            *parts,
            "</svg>\n",
        ]
    )


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
    (HERE / "results.svg").write_text(chart(rows, f"CPython {results['python']}, {results['machine']}"))


if __name__ == "__main__":
    main()
