"""Python's logging is global to the process: each test finds it as it was at first, and it is restored."""

import copy
import logging
import os
import signal
import subprocess
import sys

import pytest
from programs.collecting import Collector
from pylog_probe import _native as native

# The tests run these programs, each in an interpreter of its own.
collect_ignore = ["programs"]


OWN_INTERPRETER = "PYLOG_TESTS_OWN_INTERPRETER"


def pytest_configure(config):
    # A shell has what it runs in the background ignore SIGINT, and each process of a test inherits that.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line(
        "markers",
        "own_interpreter: runs in an interpreter of its own. CPython reports only the first thousand changes of a class: "
        "a test that patches the classes of logging often would leave the tests after it with none.",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    if not pyfuncitem.get_closest_marker("own_interpreter") or OWN_INTERPRETER in os.environ:
        return None
    arguments = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", "--color=no"]
    seed = pyfuncitem.config.getoption("hypothesis_seed", None)
    if seed is not None:
        arguments.append(f"--hypothesis-seed={seed}")
    process = subprocess.run(
        [*arguments, f"{pyfuncitem.path}::{pyfuncitem.nodeid.partition('::')[2]}"],
        env={**os.environ, OWN_INTERPRETER: "1"},
        capture_output=True,
        text=True,
    )
    if process.returncode != 0:
        pytest.fail(process.stdout + process.stderr, pytrace=False)
    return True


class LoggingState:
    """Everything about logging that a test may change."""

    LISTS = ("handlers", "filters")
    OTHERS = ("level", "propagate", "disabled", "parent")

    def __init__(self):
        manager = logging.root.manager
        self.loggers = dict(manager.loggerDict)
        self.attributes = {
            logger: {name: copy.copy(getattr(logger, name)) for name in self.LISTS}
            | {name: getattr(logger, name) for name in self.OTHERS}
            for logger in [logging.root, *self.loggers.values()]
            if isinstance(logger, logging.Logger)
        }
        self.own_names = {logger: set(vars(logger)) for logger in self.attributes}
        self.disable = manager.disable
        self.names = dict(logging._levelToName), dict(logging._nameToLevel)
        self.module = {
            name: getattr(logging, name)
            for name in ("_loggerClass", "_logRecordFactory", "lastResort", "raiseExceptions")
        }
        self.unraisablehook = sys.unraisablehook

    def restore(self):
        manager = logging.root.manager
        manager.loggerDict.clear()
        manager.loggerDict.update(self.loggers)
        for logger, attributes in self.attributes.items():
            for name, value in attributes.items():
                setattr(logger, name, value)
            # `monkeypatch` sets a method of the class in the logger itself when it puts it back.
            for name in set(vars(logger)) - self.own_names[logger]:
                delattr(logger, name)
        for dictionary, saved in zip((logging._levelToName, logging._nameToLevel), self.names):
            dictionary.clear()
            dictionary.update(saved)
        for name, value in self.module.items():
            setattr(logging, name, value)
        sys.unraisablehook = self.unraisablehook
        logging.disable(self.disable)


@pytest.fixture(autouse=True)
def logging_state():
    # A record of this test would go behind those that an earlier one has left in the queue.
    native.flush()
    state = LoggingState()
    yield
    state.restore()


@pytest.fixture
def records():
    """Every record that is made, whether a handler gets it or not."""
    made = []
    factory = logging.getLogRecordFactory()

    def collect(*args, **kwargs):
        record = factory(*args, **kwargs)
        made.append(record)
        return record

    logging.setLogRecordFactory(collect)
    return made


@pytest.fixture(params=["made by Python", "made by pylog"])
def both_records(request):
    """Every record that arrives at the root logger, made in the one way or in the other."""
    collector = Collector()
    logging.getLogger().addHandler(collector)
    if request.param == "made by Python":
        # With another factory than the stock one, pylog has Python make the record.
        logging.setLogRecordFactory(lambda *args, **kwargs: logging.LogRecord(*args, **kwargs))
    return collector.records


@pytest.fixture
def arrived():
    """A handler of the root logger that keeps the records at level INFO and above."""
    handler = Collector()
    logging.root.addHandler(handler)
    logging.root.setLevel(logging.INFO)
    yield handler
    logging.root.setLevel(logging.WARNING)


@pytest.fixture
def unraisable():
    """The exceptions and objects that `sys.unraisablehook` was called with."""
    seen = []
    sys.unraisablehook = lambda arguments: seen.append((arguments.exc_value, arguments.object))
    return seen


@pytest.fixture
def interruptible():
    """Ctrl-C raises `KeyboardInterrupt`, also where this process was started with SIGINT ignored."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)


@pytest.fixture
def report(capsys):
    """Prints a line into the output of pytest."""

    def report(text):
        with capsys.disabled():
            print(f"\n  {text}", end="", flush=True)

    return report
