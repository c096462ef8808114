"""Each case runs twice, with Python's own logger and with pylog, and must see the same: what a program has replaced before a
record, and what the code of a program does in the middle of one.
"""

import asyncio
import collections
import io
import itertools
import logging
import logging.handlers
import posixpath
import queue
import sys
import tempfile
import threading
from unittest import mock

import pytest
from pylog_probe import _native as native

OWN, PYLOG = "twins.own", "pylog_probe._native.calls.alpha"
CASES = []


class Twin:
    """A logger, its records, and the function that logs to it."""

    def __init__(self, name):
        self.logger = logging.getLogger(name)
        self.logger.setLevel(logging.INFO)
        self.logger.propagate = False
        self.records = []
        self.is_own = name == OWN

    def add(self, handler):
        self.logger.addHandler(handler)
        return handler

    def collect(self):
        handler = self.add(logging.Handler())
        handler.emit = self.records.append
        return handler

    def log(self, count=1):
        """Logs from one line, so that the records of pylog have one callsite, too."""
        for _ in range(count):
            if self.is_own:
                self.logger.info("level %d", logging.INFO)
            else:
                native.call("alpha", logging.INFO)


def case(function):
    CASES.append(function)
    return function


@pytest.mark.parametrize("observe", CASES, ids=lambda it: it.__name__)
def test_both_see_the_same(observe):
    expected, actual = (observe(Twin(name)) for name in (OWN, PYLOG))
    assert actual == expected


@case
def a_patched_basename(twin, name="basename", patch=lambda path: "patched.py"):
    """Also the records before the first prototype are made with it."""
    twin.collect()
    stock, seen = getattr(posixpath, name), []
    for function in (patch, stock, patch, stock):
        setattr(posixpath, name, function)
        twin.log(30)
        record = twin.records[-1]
        seen.append((record.filename == "patched.py", record.module))
    return [is_patched for is_patched, _ in seen], [module in ("patched", "a") for _, module in seen]


@case
def a_patched_splitext(twin):
    return a_patched_basename(twin, "splitext", lambda path: ("a", "b"))


@case
def a_level_that_gets_a_name_while_a_record_is_made(twin):
    twin.collect()
    seen = []

    class Thread(threading.Thread):
        remaining = -1

        @property
        def name(self):
            self.remaining -= 1
            if self.remaining == 0:
                logging.addLevelName(logging.INFO, "NEW")
            return "a name"

        @name.setter
        def name(self, name):
            pass

        def run(self):
            for remaining in range(1, 30):
                # With another object there is another prototype.
                logging._startTime = type(logging._startTime)(str(logging._startTime))
                self.remaining = remaining
                twin.log(remaining + 5)
                seen.append([record.levelname for record in twin.records[-3:]])
                logging.addLevelName(logging.INFO, "INFO")
                twin.log(15)

    thread = Thread()
    thread.start()
    thread.join()
    return seen


@case
def a_log_method_of_another_logger(twin):
    other = Twin(f"{twin.logger.name}.other")
    twin.collect(), other.collect()
    twin.log(30)
    with mock.patch.object(twin.logger, "_log", other.logger._log):
        twin.log()
    return len(twin.records), len(other.records)


@case
def a_mapping_of_level_names(twin):
    class Names(dict):
        count = itertools.count()

        def get(self, *args):
            return f"{next(self.count)} {super().get(*args)}"

    twin.collect()
    with mock.patch.object(logging, "_levelToName", Names(logging._levelToName)):
        twin.log(30)
    return [record.levelname for record in twin.records]


@case
def a_mapping_of_threads(twin):
    class Threads(dict):
        def __getitem__(self, ident):
            return collections.namedtuple("Fancy", ["name"])("fancy")

    twin.collect()
    with mock.patch.object(threading, "_active", Threads(threading._active)):
        twin.log(30)
    return [record.threadName for record in twin.records]


@case
def a_switch_that_becomes_true(twin):
    twin.collect()
    switch = []
    with mock.patch.object(logging, "logThreads", switch):
        twin.log(30)
        switch.append(1)
        twin.log()
    return [record.threadName for record in twin.records]


@case
def a_patched_current_task(twin):
    class Task:
        def get_name(self):
            return "fake"

    twin.collect()
    with mock.patch.object(asyncio, "current_task", Task):
        twin.log(30)
    return [getattr(record, "taskName", None) for record in twin.records]


@case
def a_parent_that_its_own_handler_replaces(twin):
    parent, grandparent = logging.getLogger(f"{twin.logger.name} parent"), logging.getLogger("twins.grandparent")
    called = []

    class Handler(logging.Handler):
        def handle(self, record):
            called.append(self.name)
            if self.name == "changes":
                parent.__dict__ = {**parent.__dict__, "propagate": False}

    for logger, name in ((parent, "changes"), (grandparent, "grandparent")):
        handler = Handler()
        handler.name = name
        logger.addHandler(handler)
    stock = twin.logger.parent
    twin.logger.parent, twin.logger.propagate, parent.parent = parent, True, grandparent
    try:
        twin.log(30)
        parent.propagate = True
        twin.log(2)
    finally:
        twin.logger.parent, twin.logger.propagate = stock, False
        grandparent.handlers.clear()
    return called


@case
def a_value_that_changes_the_record_in_a_brace_style(twin):
    class User:
        def __format__(self, spec):
            twin.records[-1].levelname = "CHANGED"
            return "user"

    def keep(record):
        twin.records.append(record)
        record.user = User()

    twin.collect().emit = keep
    stream = io.StringIO()
    handler = twin.add(logging.StreamHandler(stream))
    handler.setFormatter(logging.Formatter("{user} {levelname} {message}", style="{"))
    twin.log(50)
    return stream.getvalue()


class Stream:
    """Notes what is looked up and called."""

    def __init__(self, handler):
        self.handler, self.events = handler, []

    def __getattr__(self, name):
        self.events.append(name)
        if name == "write":
            self.handler.terminator = " end\n"
        return self.events.append if name == "write" else lambda: None


@case
def the_order_of_what_a_stream_sees(twin):
    seen = []
    for formatter in (None, logging.Formatter("%(message)s"), logging.Formatter("{message}", style="{")):
        handler = twin.add(logging.StreamHandler(io.StringIO()))
        handler.setFormatter(formatter)
        twin.log(30)
        stream = handler.stream = Stream(handler)
        twin.log(3)
        seen += stream.events
        twin.logger.removeHandler(handler)
    return seen


@case
def a_stream_without_a_method_and_a_formatter_without_a_text(twin):
    class Formatter(logging.Formatter):
        def format(self, record):
            return None

    handler = twin.add(logging.StreamHandler(io.StringIO()))
    errors = []
    handler.handleError = lambda record: errors.append(repr(sys.exc_info()[1]))
    twin.log(30)
    handler.setFormatter(Formatter())
    for handler.stream in (None, io.StringIO(), object()):
        twin.log(2)
    return errors


@case
def an_exit_where_a_file_is_asked_for_its_position(twin):
    class File(io.StringIO):
        exits = False

        def tell(self):
            if self.exits:
                self.exits = False
                raise SystemExit
            return super().tell()

    with tempfile.NamedTemporaryFile() as opened:
        handler = twin.add(logging.handlers.RotatingFileHandler(opened.name, maxBytes=1_000_000, delay=True))
        file = handler.stream = File()
        twin.log(30)
        file.exits = True
        length = len(file.getvalue())
        with pytest.raises(SystemExit):
            twin.log()
            for _ in range(100_000):
                pass
        return len(file.getvalue()) - length


@case
def the_traceback_of_a_formatter_of_a_queue(twin):
    class Formatter(logging.Formatter):
        fails = False

        def format(self, record):
            if self.fails:
                raise ValueError
            return super().format(record)

    seen = []

    def note(record):
        traceback = sys.exc_info()[2]
        seen.append((traceback.tb_frame.f_code.co_filename, traceback.tb_lineno))

    handler = twin.add(logging.handlers.QueueHandler(queue.SimpleQueue()))
    handler.handleError, handler.formatter = note, Formatter()
    twin.log(50)
    handler.formatter.fails = True
    twin.log(2)
    return seen


class Pairs(logging.LoggerAdapter):
    """Its `process` returns what a test says."""

    def process(self, message, kwargs):
        return self.processed(message, kwargs)


class Tenants(logging.Logger):
    def _log(self, *args, tenant=None, **kwargs):
        super()._log(*args, extra={"tenant": tenant}, **kwargs)


@pytest.mark.parametrize(
    "processed",
    [
        lambda message, kwargs: (it for it in (message, kwargs)),
        lambda message, kwargs: (message, kwargs, 1),
        lambda message, kwargs: {0: message, 1: kwargs},
        lambda message, kwargs: (message, {**kwargs, "tenant": "acme"}),
        lambda message, kwargs: (message, {**kwargs, "unknown": 1}),
    ],
)
@pytest.mark.parametrize("class_of_logger", [logging.Logger, Tenants])
def test_what_an_adapter_may_return(class_of_logger, processed, monkeypatch):
    logger = class_of_logger("adapted", logging.INFO)
    records, errors = [], []
    handler = logging.Handler()
    handler.emit = records.append
    logger.addHandler(handler)
    adapter = Pairs(logger, {})
    adapter.processed = processed
    monkeypatch.setattr(sys, "unraisablehook", lambda it: errors.append(type(it.exc_value)))

    def observe(log):
        records.clear(), errors.clear()
        try:
            log()
        except Exception as error:
            errors.append(type(error))
        return [(record.msg, getattr(record, "tenant", None)) for record in records], list(errors)

    expected = observe(lambda: adapter.info("message"))
    # It logs twice, attached and detached.
    messages, errors_of_pylog = observe(lambda: native.log_to(adapter, logging.INFO, "message"))
    assert [messages[:1], errors_of_pylog[:1]] == [expected[0], expected[1]]
    assert len(messages) + len(errors_of_pylog) == 2
