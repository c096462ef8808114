"""A record from Rust is the one that Python's own `Logger.log` makes, whatever part of Python has been
replaced, and whenever."""

import asyncio
import contextlib
import copy
import functools
import logging
import multiprocessing
import os
import sys
import threading
import time
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from patches import class_of
from programs.collecting import UnlockedCollector
from pylog_probe import _native
from waiting import needs_fast_path

SITE = "alpha"
NAME = "pylog_probe._native.calls.alpha"
POSITION = {"pathname", "filename", "module", "lineno", "funcName"}
TIMES = {"created", "msecs", "relativeCreated"}
CLOCK = "time_ns" if sys.version_info >= (3, 13) else "time"


class Subclass(logging.LogRecord):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.extra_of_subclass = 1


def factory_function(*args, **kwargs):
    record = logging.LogRecord(*args, **kwargs)
    record.extra_of_function = 2
    return record


# Whether the call that is under way is one of Rust.
calls_rust = False


def walking_factory(*args, **kwargs):
    """Notes whether the frames lead to the call."""
    record = logging.LogRecord(*args, **kwargs)
    frame = sys._getframe(1)
    while frame.f_code.co_filename in (logging.__file__, __file__) and frame.f_code.co_name != "both":
        frame = frame.f_back
    record.leads_there = frame.f_code.co_filename.endswith(".rs") == calls_rust
    return record


class OwnLogger(logging.Logger):
    def makeRecord(self, *args, **kwargs):
        record = super().makeRecord(*args, **kwargs)
        record.extra_of_logger = 3
        return record


def patched_make_record(self, *args, _original=logging.Logger.makeRecord, **kwargs):
    record = _original(self, *args, **kwargs)
    record.extra_of_patch = 4
    return record


def patched_log(self, level, msg, args, extra=None, *, _original=logging.Logger._log, **kwargs):
    _original(self, level, msg, args, extra={**(extra or {}), "extra_of_log": 6}, **kwargs)


class OwnLog(logging.Logger):
    _log = patched_log


def patched_init(self, *args, _original=logging.LogRecord.__init__, **kwargs):
    _original(self, *args, **kwargs)
    self.extra_of_init = 5


def patched_setattr(self, name, value):
    object.__setattr__(self, name, value.upper() if name == "msg" else value)


class OwnThread(threading.Thread):
    @property
    def name(self):
        return "of a subclass"


SOMEBODY = OwnThread()


class Os:
    """A module in the place of another."""

    path = os.path

    @staticmethod
    def getpid():
        return 98


@contextlib.contextmanager
def another_ident():
    """That of another thread. It is alive, or Python would make a `_DummyThread` for it."""
    ends = threading.Event()
    other = threading.Thread(target=ends.wait)
    other.start()
    try:
        with mock.patch.object(threading, "get_ident", lambda: other.ident):
            yield
    finally:
        ends.set()
        other.join()


@contextlib.contextmanager
def another_builtin():
    # Without the entry, Python would make a `_DummyThread`.
    with mock.patch.dict(threading._active, {threading.get_native_id(): SOMEBODY}):
        with mock.patch.object(threading, "get_ident", threading.get_native_id):
            yield


def frozen(value):
    return mock.patch.object(time, CLOCK, lambda: value)


# The changes: a name, and a function that makes a context manager for it.
CHANGES = {
    "subclass as factory": lambda: mock.patch.object(logging, "_logRecordFactory", Subclass),
    "function as factory": lambda: mock.patch.object(logging, "_logRecordFactory", factory_function),
    "frames walked": lambda: mock.patch.object(logging, "_logRecordFactory", walking_factory),
    "LogRecord replaced": lambda: mock.patch.object(logging, "LogRecord", Subclass),
    "logger class": lambda: class_of(logging.getLogger(NAME), OwnLogger),
    "makeRecord of the class": lambda: mock.patch.object(
        logging.Logger, "makeRecord", patched_make_record
    ),
    "makeRecord of the instance": lambda: mock.patch.object(
        logging.getLogger(NAME),
        "makeRecord",
        lambda *args, **kwargs: patched_make_record(logging.getLogger(NAME), *args, **kwargs),
    ),
    "_log of a class of its own": lambda: class_of(logging.getLogger(NAME), OwnLog),
    "_log of the class": lambda: mock.patch.object(logging.Logger, "_log", patched_log),
    "_log of the instance": lambda: mock.patch.object(
        logging.getLogger(NAME), "_log", functools.partial(patched_log, logging.getLogger(NAME))
    ),
    "__init__": lambda: mock.patch.object(logging.LogRecord, "__init__", patched_init),
    "__setattr__": lambda: mock.patch.object(
        logging.LogRecord, "__setattr__", patched_setattr, create=True
    ),
    "a class attribute": lambda: mock.patch.object(logging.LogRecord, "more", 7, create=True),
    "getLevelName": lambda: mock.patch.object(logging, "getLevelName", lambda level: f"<{level}>"),
    "a level's name": lambda: mock.patch.dict(logging._levelToName, {20: "NOTE", 30: "CAUTION"}),
    "a level without a name": lambda: mock.patch.dict(
        logging._levelToName, {k: v for k, v in logging._levelToName.items() if k != 30}, clear=True
    ),
    "no threads": lambda: mock.patch.object(logging, "logThreads", False),
    "no processes": lambda: mock.patch.object(logging, "logProcesses", False),
    "no multiprocessing": lambda: mock.patch.object(logging, "logMultiprocessing", False),
    "no tasks": lambda: mock.patch.object(logging, "logAsyncioTasks", False, create=True),
    "multiprocessing not imported": lambda: mock.patch.dict(sys.modules, {"multiprocessing": None}),
    "asyncio not imported": lambda: mock.patch.dict(sys.modules, {"asyncio": None}),
    "another process name": lambda: mock.patch.object(
        multiprocessing.current_process(), "_name", "Renamed"
    ),
    "another thread name": lambda: mock.patch.object(threading.current_thread(), "_name", "Other"),
    "a thread without a name": lambda: mock.patch.object(
        threading.Thread, "name", property(lambda self: "nobody")
    ),
    "a thread of another class": lambda: class_of(threading.current_thread(), OwnThread),
    "another current_thread": lambda: mock.patch.object(
        threading, "current_thread", lambda: SOMEBODY
    ),
    "another get_ident": another_ident,
    "another builtin for get_ident": another_builtin,
    "a level named None": lambda: mock.patch.dict(logging._levelToName, {30: None}),
    "another getpid": lambda: mock.patch.object(os, "getpid", lambda: 99),
    "another os": lambda: mock.patch.object(logging, "os", Os()),
    "another sys": lambda: mock.patch.object(logging, "sys", mock.Mock(wraps=sys, modules={})),
    "other modules": lambda: mock.patch.object(sys, "modules", {**sys.modules, "asyncio": None}),
    "other threads": lambda: mock.patch.object(
        threading, "_active", {**threading._active, threading.get_ident(): SOMEBODY}
    ),
    "another start": lambda: mock.patch.object(logging, "_startTime", logging._startTime - 10**6),
    "another logger name": lambda: mock.patch.object(logging.getLogger(NAME), "name", "renamed"),
}

# pylog takes the state at the first record for the one that Python started with.
logging.getLogger(NAME).warning("before")
_native.call(SITE, 30)

WHERE = ["here", "python thread", "task", "loop without a task"]
CLOCKS = st.one_of(
    st.none(),
    st.integers(0, 2**62),
    # Times close to a second, where rounding decides.
    st.integers(0, 2**32).flatmap(
        lambda s: st.integers(0, 2000).map(lambda n: s * 10**9 + 999_999_000 + n)
    ),
)


@contextlib.contextmanager
def collected():
    """Gives the records that arrive at the logger within the block."""
    logger, collector = logging.getLogger(NAME), UnlockedCollector()
    handlers = mock.patch.object(logger, "handlers", [collector])
    with handlers, mock.patch.object(logger, "propagate", False):
        yield collector.records


def both(level):
    """Returns a record of Python's, two that Rust makes, and another of Python's."""
    global calls_rust
    logger = logging.getLogger(NAME)
    with collected() as made:
        logger.log(level, f"level {level}")
        # The first call may have to check what was changed; the second uses what it found.
        calls_rust = True
        _native.call(SITE, level)
        _native.call(SITE, level)
        calls_rust = False
        logger.log(level, f"level {level}")
    assert len(made) == 4
    return made


def run(where, function):
    """Calls the function in a thread, a task or a callback. Returns its result."""
    if where == "here":
        return function()
    if where == "python thread":
        results = []
        thread = threading.Thread(target=lambda: results.append(function()))
        thread.start()
        thread.join()
        return results[0]

    async def task():
        if where == "task":
            return function()
        loop, future = asyncio.get_running_loop(), asyncio.get_running_loop().create_future()

        def callback():
            try:
                future.set_result(function())
            except BaseException as error:
                future.set_exception(error)

        loop.call_soon(callback)
        return await future

    return asyncio.run(task())


def check(records, is_frozen):
    before, *ours, after = records
    for record in ours:
        assert type(record) is type(before)
        assert list(record.__dict__) == list(before.__dict__)
        for name, value in record.__dict__.items():
            own = getattr(before, name)
            assert type(value) is type(own), name
            if name in TIMES and not is_frozen:
                if name != "msecs":
                    assert own <= value <= getattr(after, name), name
            elif name not in POSITION:
                assert value == own, name


@pytest.mark.own_interpreter
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    changes=st.lists(st.sampled_from(sorted(CHANGES)), unique=True, max_size=4),
    level=st.sampled_from([20, 30, 40]),
    where=st.sampled_from(WHERE),
    clock=CLOCKS,
    call_before=st.booleans(),
)
def test_the_same_attributes_types_and_values(changes, level, where, clock, call_before):
    logging.getLogger(NAME).setLevel(1)

    def compare():
        with contextlib.ExitStack() as stack:
            for change in changes:
                stack.enter_context(CHANGES[change]())
            if clock is not None:
                now = clock if CLOCK == "time_ns" else clock / 1e9
                stack.enter_context(frozen(now))
            return both(level)

    if call_before:
        # The callsite then has a prototype from before the changes.
        check(run(where, lambda: both(level)), False)
    check(run(where, compare), clock is not None)
    # And now one may be left from the time of the changes.
    check(run(where, lambda: both(level)), False)


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("change", CHANGES)
def test_each_change_is_obeyed(change, where):
    logging.getLogger(NAME).setLevel(1)

    def compare():
        check(both(30), False)
        with CHANGES[change]():
            check(both(30), False)
        check(both(30), False)

    run(where, compare)


@pytest.mark.parametrize("where", WHERE)
def test_the_frames_lead_to_the_call(where):
    logging.getLogger(NAME).setLevel(1)
    with CHANGES["frames walked"]():
        assert all(record.leads_there for record in run(where, lambda: both(30)))


def test_modules_replaced(monkeypatch):
    logging.getLogger(NAME).setLevel(1)

    async def task():
        check(both(20), False)
        modules = sys.modules
        monkeypatch.setattr(sys, "modules", {**modules, "asyncio": None})
        # Any change in `logging` has pylog check everything again.
        monkeypatch.setattr(logging, "somebodys", 1, raising=False)
        check(both(20), False)
        sys.modules = modules
        check(both(20), False)

    asyncio.run(task())


@needs_fast_path
def test_no_python_code_runs_to_make_a_record_if_nothing_was_changed():
    logger = logging.getLogger(NAME)
    logger.setLevel(1)
    # As QueueHandler does. It adds an attribute to the class.
    copy.copy(logging.makeLogRecord({}))
    assert "__slotnames__" in vars(logging.LogRecord)
    for level in (20, 25, 30):
        logging.addLevelName(25, "NOTICE")
        _native.call(SITE, level)
        called = []
        sys.setprofile(lambda frame, event, _: event == "call" and called.append(frame.f_code.co_name))
        try:
            _native.call(SITE, level)
        finally:
            sys.setprofile(None)
        assert "handle" in called
        assert not {"__init__", "makeRecord", "getLevelName"} & set(called), called


def test_a_thread_of_rust():
    logger = logging.getLogger(NAME)
    logger.setLevel(1)
    for name in ("first", "second", None):
        with collected() as made:
            logger.log(20, "level 20")
            _native.call_in_thread(SITE, 20, *([name] if name else []))
        own, ours = made
        assert list(ours.__dict__) == list(own.__dict__)
        assert ours.threadName == name if name else ours.threadName.startswith("ThreadId(")
        assert type(ours.thread) is int and ours.thread != own.thread
        for attribute, value in own.__dict__.items():
            if attribute not in POSITION | TIMES | {"thread", "threadName"}:
                assert getattr(ours, attribute) == value, attribute


def in_child(queue):
    logging.getLogger(NAME).setLevel(1)
    _, _, ours, own = both(20)
    queue.put({name: (getattr(ours, name), getattr(own, name)) for name in ("process", "processName")})


def test_in_a_child_process():
    logging.getLogger(NAME).setLevel(1)
    both(20)  # So that the callsite has a prototype from the parent process.
    for method in ("fork", "spawn", "forkserver"):
        context = multiprocessing.get_context(method)
        queue = context.SimpleQueue()
        child = context.Process(target=in_child, args=(queue,), name="child")
        child.start()
        seen = queue.get()
        child.join()
        for ours, own in seen.values():
            assert ours == own, method
        assert seen["process"][0] == child.pid
        assert seen["processName"][0] == "child"
