"""A handler that fails leaves nothing behind: Python's collector frees each exception, frame, record and value, as it does
after a record of Python's own logger.
"""

import collections
import gc
import io
import logging
import logging.handlers
import queue
import sys
import weakref

import pytest
from pylog_probe import _native as native
from waiting import fails_in_pypy

NAME = f"{native.__name__}.failing"


class Value:
    """A value that a record carries."""


class FailsToFlush(io.StringIO):
    def flush(self):
        raise OSError("no space left on device")


class FailsToWrite(io.StringIO):
    def write(self, text):
        raise OSError("no space left on device")


class FailsToPut(queue.Queue):
    def put_nowait(self, record):
        raise queue.Full


class FailsToPrepare(logging.handlers.QueueHandler):
    def prepare(self, record):
        raise ValueError("prepare")


class FailsToFormat(logging.Formatter):
    def format(self, record):
        raise ValueError("format")


def closed():
    stream = io.StringIO()
    stream.close()
    return logging.StreamHandler(stream)


def with_formatter(formatter):
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(formatter)
    return handler


def rotating(path):
    handler = logging.handlers.RotatingFileHandler(path / "log", maxBytes=1)
    handler.rotator = lambda source, target: 1 / 0
    return handler


def full_disk(path):
    # Without buffered text, which would fail again when the file is closed.
    handler = logging.FileHandler("/dev/full")
    handler.stream = io.TextIOWrapper(open("/dev/full", "wb", buffering=0), write_through=True)
    return handler


STEPS = {
    "format": lambda path: with_formatter(logging.Formatter("%(missing)s")),
    "format by Python": lambda path: with_formatter(FailsToFormat()),
    "write": lambda path: logging.StreamHandler(FailsToWrite()),
    "write to a closed stream": lambda path: closed(),
    "write to an ASCII file": lambda path: logging.FileHandler(path / "log", encoding="ascii"),
    "write to a full disk": full_disk,
    "flush": lambda path: logging.StreamHandler(FailsToFlush()),
    "put": lambda path: logging.handlers.QueueHandler(FailsToPut()),
    "prepare": lambda path: FailsToPrepare(queue.Queue()),
    "rollover": rotating,
}


def objects():
    gc.collect()
    return collections.Counter(type(it).__name__ for it in gc.get_objects())


@pytest.fixture
def log(monkeypatch):
    """Logs the value by pylog or by Python's logger. What it writes to stderr is thrown away."""
    monkeypatch.setattr(sys, "stderr", open("/dev/null", "w"))
    logger = logging.getLogger(NAME)
    logger.propagate = False
    logger.setLevel(logging.INFO)

    def by_pylog(value):
        native.log_objects(NAME, "é", value)

    def by_python(value):
        logger.info("é", extra={"value": value})

    yield {"pylog": by_pylog, "python": by_python}
    logger.handlers.clear()


@fails_in_pypy("objects are dropped later")
@pytest.mark.skipif(sys.platform == "win32", reason="no /dev/full")
@pytest.mark.parametrize("by", ["pylog", "python"])
@pytest.mark.parametrize("step", STEPS)
def test_a_failing_step_leaves_nothing_behind(log, step, by, tmp_path):
    handler = STEPS[step](tmp_path)
    # Without the handlers of pytest, which keep each record.
    logging.getLogger(NAME).handlers = [handler]
    for _ in range(100):
        log[by](None)
    before = objects()
    references = []
    for _ in range(100):
        value = Value()
        references.append(weakref.ref(value))
        log[by](value)
        del value
    after = objects()
    assert [reference() for reference in references if reference()] == []
    left = {name: count for name, count in (after - before).items() if count >= 50 and name not in ("ReferenceType", "weakref")}
    assert left == {}
    logging.getLogger(NAME).removeHandler(handler)


def outline(report):
    """The lines of a report without the stack, the marks below the lines, and the frames between `emit` and what has failed."""
    traceback, stack = report.split("Call stack:\n")
    marked = traceback.splitlines()
    lines = [line for line in marked if not set(line.strip()) <= set("~^")]
    kept, is_inner = [], False
    for line in lines:
        if line.startswith("  File "):
            is_inner = ".rs" in line or "/logging/" in line and "in emit" not in line
        elif not line.startswith("    "):
            is_inner = False
        if not is_inner:
            kept.append(line)
    return kept, stack.partition("Message: ")[2]


@pytest.mark.skipif(sys.platform == "win32", reason="no /dev/full")
@pytest.mark.parametrize("step", [step for step in STEPS if step != "rollover"])
def test_a_report_is_the_one_that_python_writes(log, monkeypatch, step, tmp_path):
    outlines = []
    for by in ("pylog", "python"):
        logging.getLogger(NAME).handlers = [STEPS[step](tmp_path)]
        for _ in range(60):
            monkeypatch.setattr(sys, "stderr", io.StringIO())
            log[by](None)
        outlines.append(outline(sys.stderr.getvalue()))
    assert outlines[0] == outlines[1]
    assert len(outlines[0][0]) >= 5
