"""The record is what Python would have made, and no error on its way reaches the caller."""

import gc
import io
import logging
import os
import signal
import sys
import threading
import time
import weakref
from unittest import mock

from freeing import IS_PYPY, free
import pylog_oldest
import pytest
from programs.collecting import Collector
from pylog_probe import _native
from waiting import fails_in_pypy, needs_nested_records, wait_until

ALPHA = "pylog_probe._native.calls.alpha"
PYTHON = "pylog_probe._native.python"
CRATE = "pylog_test_extension"


@pytest.fixture
def root():
    logging.root.setLevel(logging.INFO)
    return logging.root


@pytest.fixture
def handler(root):
    """A handler that keeps its records."""
    handler = Collector()
    root.addHandler(handler)
    yield handler
    root.removeHandler(handler)


def test_attributes(root, records):
    before = time.time()
    _native.call("alpha", logging.WARNING)
    after = time.time()
    (record,) = records
    source = os.path.join("tests", "extension", "src", "calls.rs")
    assert type(record) is logging.LogRecord
    assert record.__dict__.items() >= {
        "name": ALPHA,
        "msg": "level 30",
        "args": (),
        "levelname": "WARNING",
        "levelno": 30,
        "filename": "calls.rs",
        "module": "calls",
        "exc_info": None,
        "exc_text": None,
        "stack_info": None,
        "funcName": f"{CRATE}::calls::alpha::call",
        "thread": threading.get_ident(),
        "threadName": "MainThread",
        "processName": "MainProcess",
        "process": os.getpid(),
    }.items()
    # The part before is where the extension was built.
    # rustc's own path.
    assert record.pathname.replace("\\", "/").endswith("extension/src/calls.rs")
    assert before <= record.created <= after
    lines = open(os.path.join(os.path.dirname(__file__), "..", "..", source)).read().splitlines()
    assert lines[record.lineno - 1].strip() == "calls!();"
    # The same attributes as those of Python's own record, in the same order.
    own = logging.getLogger("own").makeRecord("own", 20, "path", 1, "msg", (), None, "func", None)
    # (A handler of pytest's adds `message`.)
    assert [name for name in record.__dict__ if name != "message"] == list(own.__dict__)


def test_functions(root, records):
    _native.log_from_everywhere()
    everywhere = f"{CRATE}::python::log_from_everywhere"
    assert {record.msg: record.funcName for record in records} == {
        "function": everywhere,
        "closure": everywhere,
        "generic": f"{everywhere}::generic",
        "inherent": f"{everywhere}::Type<N>::inherent",
        "method": f"<{everywhere}::Type<N> as {everywhere}::Trait>::method",
        "async": f"{everywhere}::asynchronous",
    }


def test_a_thread_of_rust_has_its_rust_name_and_leaves_no_dummy(root, records):
    before = threading.enumerate()
    _native.call_in_thread("alpha", logging.INFO, "worker-1")
    _native.call_in_thread("alpha", logging.INFO)
    named, unnamed = records
    assert named.threadName == "worker-1"
    assert unnamed.threadName.startswith("ThreadId(")
    assert named.thread != threading.get_ident()
    assert threading.enumerate() == before


def test_a_thread_of_python_keeps_its_name(root, records):
    for detached in (False, True):
        thread = threading.Thread(
            target=_native.call, args=("alpha", logging.INFO, detached), name="python-thread"
        )
        thread.start()
        thread.join()
    assert [record.threadName for record in records] == ["python-thread"] * 2


@fails_in_pypy("objects are dropped later")
def test_a_class_of_threads_is_not_kept(root, records):
    def run(log):
        class Thread(threading.Thread):
            pass

        thread = Thread(target=lambda: [log() for _ in range(3)])
        thread.start()
        thread.join()
        return weakref.ref(Thread)

    by_rust = run(lambda: _native.call("alpha", logging.INFO))
    by_python = run(lambda: logging.getLogger(ALPHA).info(""))
    gc.collect()
    free()
    assert len(records) == 6
    # Free-threaded Python keeps classes itself.
    assert (by_rust() is None) == (by_python() is None)


def test_the_switches_of_logging_are_obeyed(root, records, monkeypatch):
    for switch in ("logThreads", "logProcesses", "logMultiprocessing"):
        monkeypatch.setattr(logging, switch, False)
    _native.call_in_thread("alpha", logging.INFO, "worker")
    (record,) = records
    unset = (record.thread, record.threadName, record.process, record.processName)
    assert unset == (None, None, None, None)


def test_make_record_and_handle_are_looked_up_at_each_call(root, monkeypatch):
    _native.call("alpha", logging.INFO)
    seen = []
    make_record, handle = logging.Logger.makeRecord, logging.Logger.handle

    def patched_make_record(self, *args, **kwargs):
        record = make_record(self, *args, **kwargs)
        record.trace_id = 7
        return record

    def patched_handle(self, record):
        seen.append(record.trace_id)
        handle(self, record)

    monkeypatch.setattr(logging.Logger, "makeRecord", patched_make_record)
    monkeypatch.setattr(logging.Logger, "handle", patched_handle)
    _native.call("alpha", logging.INFO)
    assert seen == [7]


def test_a_record_factory_set_late(root):
    _native.call("alpha", logging.INFO)
    made = []

    class Record(logging.LogRecord):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            made.append(self.getMessage())

    logging.setLogRecordFactory(Record)
    _native.call("alpha", logging.INFO)
    assert made == ["level 20"]


def test_filters_and_formatters_see_an_ordinary_record(root):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(module)s: %(message)s"))
    handler.addFilter(lambda record: "secret" not in record.getMessage())
    root.addHandler(handler)
    try:
        _native.log_message("a secret")
        _native.log_message("100% {of} %s")
    finally:
        root.removeHandler(handler)
    assert stream.getvalue() == f"INFO {PYTHON} python: 100% {{of}} %s\n"


@pytest.mark.parametrize(
    "message",
    ["", "\0", "a\0b", "🦀 ünïcode \U0010ffff", "%d %s %%", "x" * 10_000_000],
    ids=["empty", "nul", "inner nul", "unicode", "percent", "10 MB"],
)
def test_messages(root, records, message):
    _native.log_message(message)
    (record,) = records
    assert type(record.msg) is str and record.args == ()
    assert record.getMessage() == message


@pytest.mark.parametrize(
    "target, name",
    [
        ("net::http", "net.http"),
        ("net.http", "net.http"),
        ("a\0b", "a\0b"),
        ("ünï::cöde", "ünï.cöde"),
        ("", "root"),
        ("::", "."),
        ("a::::b", "a..b"),
        ("root", "root"),
        (CRATE, "pylog_probe._native"),
        (f"{CRATE}::x", "pylog_probe._native.x"),
        (f"{CRATE}x", f"{CRATE}x"),
    ],
)
def test_targets_known_at_run_time(root, records, unraisable, target, name):
    """Any name that Python accepts; targets that are literals are checked at compile time."""
    _native.log_at(target, logging.INFO, "message")
    assert [record.name for record in records] == [name]
    assert records[0].name == logging.getLogger(name).name
    assert unraisable == []


@pytest.mark.parametrize("levelno", [0, -1, -(2**31), -(2**28) - 1])
def test_levels_below_one_never_pass(root, records, unraisable, levelno):
    root.setLevel(1)
    for _ in range(2):
        _native.call("alpha", levelno)
        assert not logging.getLogger(ALPHA).isEnabledFor(levelno)
    assert records == unraisable == []


def test_the_greatest_level(root, records):
    for _ in range(2):
        _native.call("alpha", 2**31 - 1)
    assert [record.levelno for record in records] == [2**31 - 1] * 2
    logging.disable(2**31 - 1)
    _native.call("alpha", 2**31 - 1)
    assert len(records) == 2


@fails_in_pypy("objects are dropped later")
def test_a_call_keeps_no_object_when_it_has_returned():
    logger = logging.Logger("of no manager")
    logger.addHandler(logging.NullHandler())
    reference = weakref.ref(logger)
    _native.log_to(logger, logging.INFO, "message")
    del logger
    assert reference() is None


def test_a_logger_object(root, records):
    logger = logging.getLogger("an.object")
    _native.log_to(logger, logging.INFO, "message")
    _native.log_to(logger, logging.DEBUG, "message")
    assert [(record.name, record.msg) for record in records] == [
        ("an.object", "message"),
        ("an.object", "message, detached"),
    ]


def test_logger_adapters_nested(root, records):
    class Prefix(logging.LoggerAdapter):
        def process(self, msg, kwargs):
            msg, kwargs = super().process(msg, kwargs)
            return f"[{self.extra['request']}] {msg}", kwargs

    inner = logging.LoggerAdapter(logging.getLogger("adapted"), {"user": 3})
    for adapter in (inner, Prefix(logging.getLogger("adapted"), {"request": 7})):
        _native.log_to(adapter, logging.INFO, "message")
    assert records[0].user == 3 and records[0].msg == "message"
    assert records[2].request == 7 and records[2].msg == "[7] message"
    # A call through both gives what Python's own gives.
    both = Prefix(inner, {"request": 8})
    _native.log_to(both, logging.INFO, "message")
    both.info("message")
    ours, _, pythons = records[-3:]
    assert (ours.msg, ours.user) == (pythons.msg, pythons.user)
    assert hasattr(ours, "request") == hasattr(pythons, "request")


def test_logger_adapters_decide_as_in_python(root, records, unraisable):
    class Eager(logging.LoggerAdapter):
        def isEnabledFor(self, level):
            return True

    class Transparent(logging.LoggerAdapter):
        def process(self, msg, kwargs):
            return [f"[prefix] {msg}", kwargs]

        def __getattr__(self, name):
            return getattr(self.logger, name)

    logger = logging.getLogger("adapted.quiet")
    logger.setLevel(logging.WARNING)
    for adapter in (Eager(logger, {}), Eager(Eager(logger, {}), {})):
        _native.log_to(adapter, logging.INFO, "message")
        adapter.info("message")
    assert records == []
    _native.log_to(Transparent(logger, {}), logging.WARNING, "message")
    assert records[0].msg == "[prefix] message"
    assert unraisable == []


def test_an_object_that_is_no_logger(root, unraisable):
    _native.log_to(object(), logging.INFO, "message")
    assert [type(error) for error, _ in unraisable] == [AttributeError] * 2


class Custom(Exception):
    pass


@pytest.mark.parametrize("error", [ValueError("x"), Custom("x"), MemoryError()])
def test_an_exception_of_a_handler_goes_to_the_unraisable_hook(handler, unraisable, error):
    def action(record):
        raise error

    handler.after = action
    for detached in (False, True):
        _native.call("alpha", logging.INFO, detached)
    assert [seen for seen, _ in unraisable] == [error, error]
    place = unraisable[0][1]
    # PyPy drops the object.
    assert IS_PYPY or place.startswith("pylog call at ") and "calls.rs:" in place


def test_exceptions_of_a_filter_a_factory_and_is_enabled_for(root, unraisable):
    error = LookupError("x")

    def fail(*args, **kwargs):
        raise error

    # With monkeypatch the bound method would stay on the logger as an attribute.
    with mock.patch.object(logging.getLogger(ALPHA), "filter", fail):
        _native.call("alpha", logging.INFO)
    with mock.patch.object(logging, "_logRecordFactory", fail):
        _native.call("alpha", logging.INFO)
    with mock.patch.object(logging.getLogger(ALPHA), "isEnabledFor", fail):
        root.setLevel(logging.INFO)
        _native.call("alpha", logging.INFO)
    assert [seen for seen, _ in unraisable] == [error] * 3


@pytest.mark.parametrize("module", [_native, pylog_oldest])
def test_an_exception_in_flight_survives(handler, unraisable, module):
    in_flight = KeyError("in flight")
    for action in (lambda record: None, lambda record: 1 / 0):
        handler.after = action
        with pytest.raises(KeyError) as caught:
            module.log_while_raising(in_flight, "alpha", logging.INFO)
        assert caught.value is in_flight
        assert caught.value.__context__ is None
    assert len(handler.records) == 2
    assert [type(error) for error, _ in unraisable] == [ZeroDivisionError]


def panic_of(module):
    try:
        module.log_with_display("raises a panic")
    except BaseException as error:
        return error


@pytest.mark.parametrize("module", [_native, pylog_oldest])
def test_a_panic_that_is_an_exception(handler, unraisable, capfd, module):
    """PyO3 resumes a panic when it meets the exception that stands for one."""
    panic = panic_of(module)
    assert type(panic).__name__ == "PanicException"
    # In flight: the message survives.
    with pytest.raises(type(panic), match="as if from another extension"):
        module.log_while_raising(panic, "alpha", logging.INFO)
    assert handler.records[-1].msg == "level 20"

    # Raised by a handler, it goes to the hook like other exceptions.
    def action(record):
        raise panic

    handler.after = action
    module.call("alpha", logging.INFO)
    assert [str(error) for error, _ in unraisable] == ["as if from another extension"]
    handler.after = lambda record: None
    module.call("alpha", logging.INFO)


def test_keyboard_interrupt_in_a_handler_reaches_the_main_thread(handler, unraisable, interruptible):
    def action(record):
        raise KeyboardInterrupt

    handler.after = action
    with pytest.raises(KeyboardInterrupt):
        _native.call_in_thread("alpha", logging.INFO)
        wait_until(lambda: False)
    assert unraisable == []


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="Windows has no such signal")
def test_an_exception_of_a_signal_handler_during_a_call_is_not_lost(handler, unraisable):
    """Python runs the signal handler within the logging handler, which then raises the exception."""
    previous = signal.signal(signal.SIGALRM, lambda *_: 1 / 0)
    try:
        handler.after = lambda record: os.kill(os.getpid(), signal.SIGALRM)
        with pytest.raises(ZeroDivisionError):
            _native.call("alpha", logging.INFO)
            wait_until(lambda: False)
    finally:
        signal.signal(signal.SIGALRM, previous)
    assert unraisable == []


@pytest.mark.parametrize("kind", ["ordinary", "logs", "attaches"])
def test_a_display_that_logs_or_attaches(handler, kind):
    _native.log_with_display(kind)
    messages = [record.msg for record in handler.records if record.msg != "nested"]
    assert messages == [f"displayed {kind}"] * 2
    assert len(handler.records) == (4 if kind == "logs" else 2)


def test_a_display_that_fails_logs_what_it_wrote(handler):
    _native.log_with_display("fails")
    assert [record.msg for record in handler.records] == ["displayed half"] * 2


def test_a_display_that_panics_panics_in_the_caller_and_logging_goes_on(handler, capfd):
    with pytest.raises(BaseException, match="while displaying"):
        _native.log_with_display("panics")
    _native.log_with_display("ordinary")
    assert [record.msg for record in handler.records] == ["displayed ordinary"] * 2


@pytest.mark.parametrize("log", ["by Rust", "by Python"])
def test_a_handler_that_logs_gets_the_records_that_pythons_own_logger_would_handle(log):
    """CPython 3.13.5 ignores the record inside, and its level must not be taken for an answer that holds later."""

    def logged(call):
        handler = Collector()
        handler.before = lambda record: record.msg == "outer" and call()
        logging.root.handlers = [handler]
        logging.root.setLevel(logging.INFO)
        own.info("outer") if log == "by Python" else _native.log_to_target("outer", "outer")
        call()
        return [record.levelname for record in handler.records]

    own = logging.getLogger("own")
    assert logged(lambda: _native.call("alpha", logging.INFO)) == logged(lambda: own.info("text"))


@fails_in_pypy("objects are dropped later")
@needs_nested_records
def test_logging_in_drop_in_a_handler_and_in_the_collector(handler):
    depth = []

    def action(record):
        if record.msg == "dropped" and len(depth) < 3:
            depth.append(_native.Noisy())
            depth[-1] = None

    handler.after = action
    _native.Noisy()
    assert [record.msg for record in handler.records] == ["dropped"] * 4

    import gc

    class Cycle:
        pass

    for _ in range(10):
        cycle = Cycle()
        cycle.own, cycle.noisy = cycle, _native.Noisy()
    del cycle
    gc.collect()
    assert len(handler.records) == 14


def test_a_drop_that_logs_while_an_exception_propagates(handler):
    def raising():
        noisy = _native.Noisy()
        local = [noisy]
        del noisy
        raise KeyError(local.pop().__class__.__name__)

    handler.after = lambda record: 1 / 0
    sys.unraisablehook = lambda _: None
    with pytest.raises(KeyError, match="Noisy"):
        raising()


@fails_in_pypy("objects are dropped later, and log then")
def test_a_logging_module_without_some_of_its_attributes(root, records, unraisable, monkeypatch):
    with monkeypatch.context() as patch:
        patch.delattr(logging, "getLogger")
        _native.log_at("never::seen", logging.INFO, "message")
    with monkeypatch.context() as patch:
        patch.setattr(logging, "getLogger", None)
        _native.log_at("never::seen", logging.INFO, "message")
    assert [type(error) for error, _ in unraisable] == [AttributeError, TypeError]
    assert records == []
    with monkeypatch.context() as patch:
        patch.delattr(logging.root, "_cache")
        _native.call("beta.deep.er", logging.INFO)
    logging.root.setLevel(logging.INFO)
    _native.call("alpha", logging.INFO)
    assert records[-1].msg == "level 20"


KNOWN = logging.getLogger("pylog_probe._native.known")


@pytest.mark.parametrize("name", ["name", "disabled", "_log", "makeRecord", "handle", "filter", "callHandlers"])
@pytest.mark.parametrize("by", ["attribute", "dict"])
def test_a_logger_that_changes_after_many_records(arrived, monkeypatch, name, by):
    KNOWN.setLevel(logging.INFO)
    seen = []

    def outcome():
        # PyPy drops objects of earlier tests later, and some of them log then.
        names = [record.name for record in arrived.records if record.msg == "known"]
        count = len(seen)
        del arrived.records[:], seen[:]
        return names, count

    def log():
        outcome()
        _native.log_at(KNOWN.name if name != "name" else "pylog_probe._native.known", logging.INFO, "known")
        by_rust = outcome()
        KNOWN.info("known")
        assert by_rust == outcome()
        return by_rust

    stock = getattr(KNOWN, name)
    if callable(stock):
        # A call of `_log` is one of `makeRecord` for Rust, too, so what is counted is the outermost.
        other = lambda *args, **kwargs: seen.append(name) or stock(*args, **kwargs)
    else:
        other = {"name": "renamed", "disabled": True}[name]
    before = None
    for _ in range(3):
        for _ in range(20):
            plain = log()
        assert before in (None, plain)
        before = plain
        if by == "attribute":
            setattr(KNOWN, name, other)
        else:
            vars(KNOWN)[name] = other
        assert log() != plain and log() != plain
        if callable(stock):
            delattr(KNOWN, name)
        else:
            setattr(KNOWN, name, stock)
