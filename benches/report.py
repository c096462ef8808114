"""Draws the charts and writes the tables in the README and in the guide, all from results.json.

    python report.py [RESULTS.json]

If a file with results is given, only prints these as a table.

The charts show the times of the peers as multiples of the time of pylog.
"""

import json
import pathlib
import re
import sys
from xml.sax.saxutils import escape

HERE = pathlib.Path(__file__).parent
README = HERE.parent / "README.md"
GUIDE = HERE.parent / "runtime" / "docs" / "cost.md"
COMPARISON = HERE.parent / "runtime" / "docs" / "comparison.md"
# The tables are written between these marks.
MARKS = "<!-- figures: cargo xtask bench -->\n", "<!-- /figures -->\n"
# The rows in the README. The guide has all of them.
SHORT = {
    "off by Python's level": "a call that is off by Python's level",
    "NullHandler, arguments 1": "a call that is on, one argument, a handler that does nothing",
    "NullHandler, detached, a busy Python thread": "the same in a detached thread, every 100 µs beside a busy Python thread",
    "size of a minimal extension": "size of a minimal extension",
}
# The tables in the guide: the columns, and the beginnings of the titles of the rows. More columns don't fit the screen
# of a phone.
AS_PYTHON = ["pylog", "pyo3-log", "python"]
AS_LOG = ["pylog", "log", "tracing", "nothing"]
ON = ["NullHandler, arguments", "NullHandler, 1 argument", "NullHandler, a busy", "NullHandler, detached"]
HANDLERS = ["StreamHandler", "FileHandler", "RotatingFileHandler", "TimedRotatingFileHandler", "QueueHandler"]
TABLES = {
    "Calls that are off": (AS_PYTHON, ["off by Python's level"]),
    "Calls that are off, beside `log` and `tracing`": (
        AS_LOG, ["off (", "off, with the loop", "off, two threads", "statically off", "first call of a callsite"],
    ),
    "Calls that are on": (AS_PYTHON, ON),
    "Other handlers": (AS_PYTHON, HANDLERS),
    "Threads that Rust has spawned": (["pylog", "queued", "pyo3-log"], ["1 thread of", "4 threads", "16 threads"]),
    "pylog’s bridge and queue": (
        ["pylog", "queued", "bridge"],
        ["off (", "off by", "off, with the loop", *ON, *HANDLERS, "delivery of a queued record"],
    ),
    "Events of `tracing`": (["pylog", "bridge", "tracing", "nothing"], ["event of tracing"]),
    "Size and import": (AS_PYTHON + ["nothing"], ["size", "import", "first record", "second record", "cold"]),
    "Build and code": (AS_LOG, ["cargo build", "code", "static a call"]),
    "Changes of levels": (["pylog", "python"], ["setLevel"]),
}
# The charts, and the headings of their rows. Both fit beside each other on a page, and each on the screen of a phone.
CHARTS = {
    "calls.svg": {
        "NullHandler, arguments 0": "NullHandler, no arguments",
        "NullHandler, arguments 1": "NullHandler, one argument",
        "NullHandler, arguments 5": "NullHandler, five arguments",
    },
    "handlers.svg": {
        "NullHandler, detached": "NullHandler, from a detached thread",
        "StreamHandler on /dev/null": "StreamHandler with a date, to /dev/null",
        "FileHandler": "FileHandler with a date",
    },
}
NAMES = {"queued": "pylog, queued", "bridge": "pylog’s bridge", "python": "Python"}
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
                compared = ""
                if ratio is not None and peer != "pylog":
                    compared = f" ({ratio:.{3 if 0 < ratio < 0.01 else 2}f})"
                cells.append(f"{value:,.{digits}f}{compared}")
        yield f"| {row['row']}, {row['unit']} | " + " | ".join(cells) + " |"


def table_of(title, rows):
    """Returns the rows and the peers of a table in the guide. A row with one of the peers alone says nothing there."""
    peers, beginnings = TABLES[title]
    chosen = [row for beginning in beginnings for row in rows if row["row"].startswith(beginning)]
    wanted = set(peers) - {"pylog"}
    return [row for row in chosen if wanted & row["values"].keys() or row["values"].keys() == {"pylog"}], peers


def tables(rows):
    """Yields the lines of the tables in the guide."""
    left = {(row["row"], peer) for row in rows for peer in row["values"]}
    for title in TABLES:
        chosen, peers = table_of(title, rows)
        left -= {(row["row"], peer) for row in chosen for peer in peers}
        # The names of classes may break between their words.
        broken = [row | {"row": re.sub("(?<=[a-z])(?=[A-Z])", "<wbr>", row["row"])} for row in chosen]
        yield from [f"**{title}**", "", *table(broken, peers), ""]
    assert not left, f"figures without a table: {left}"


def write(page, lines):
    begin, end = MARKS
    before, rest = page.read_text().split(begin)
    after = rest.split(end)[1]
    page.write_text(before + begin + "\n".join(lines) + "\n" + end + after)


def text(x, y, content, **attributes):
    attributes = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f'<text class="text" x="{x}" y="{y}"{attributes}>{escape(content)}</text>'


def style():
    """Returns the colours, for the browser's light and dark mode."""
    def rules(index):
        return " ".join(f".{name} {{ fill: {colours[index]} }}" for name, colours in COLOURS.items())

    return f"<style>\n{rules(0)}\n@media (prefers-color-scheme: dark) {{ {rules(1)} }}\n</style>"


def chart(headings, rows, platform):
    """Returns the text of a chart."""
    longest = max(ratio for chart in CHARTS.values() for name in chart for ratio in rows[name]["ratio"].values())
    title = "The time of a call that is on (pylog = 1)"
    y = MARGIN + LINE
    parts = [text(MARGIN, y, title, font_size=16, font_weight="bold")]
    y += LINE
    parts.append(text(MARGIN, y, platform))
    for name, heading in headings.items():
        y += GAP + LINE
        parts.append(text(MARGIN, y, heading, font_weight="bold"))
        y += LINE - BAR + 3
        for peer, ratio in rows[name]["ratio"].items():
            width = round(ratio / longest * (RIGHT - LEFT), 1)
            baseline = y + BAR - 3
            parts.append(text(LEFT - 6, baseline, NAMES.get(peer, peer), text_anchor="end"))
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
        print("", *tables(results["rows"]), sep="\n")
        return
    results = json.loads((HERE / "results.json").read_text())
    rows = {row["row"]: row for row in results["rows"]}
    write(GUIDE, tables(results["rows"]))
    write(README, table([rows[name] | {"row": title} for name, title in SHORT.items()], AS_PYTHON))
    write(COMPARISON, table(*table_of("Size and import", results["rows"])))
    for file, headings in CHARTS.items():
        drawn = chart(headings, rows, f"CPython {results['python']}, {results['machine']}")
        (HERE / file).write_text(drawn)


if __name__ == "__main__":
    main()
