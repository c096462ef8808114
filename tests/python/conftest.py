"""Python's logging is global: every test gets it as the process started with it, and gives it back."""

import copy
import logging
import sys

import pytest

# Those are run by the tests, each in an interpreter of its own.
collect_ignore = ["programs"]


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
        for dictionary, saved in zip((logging._levelToName, logging._nameToLevel), self.names):
            dictionary.clear()
            dictionary.update(saved)
        for name, value in self.module.items():
            setattr(logging, name, value)
        sys.unraisablehook = self.unraisablehook
        logging.disable(self.disable)


@pytest.fixture(autouse=True)
def logging_state():
    state = LoggingState()
    yield
    state.restore()


@pytest.fixture
def records():
    """Every record that is made, whatever becomes of it."""
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
    arrived = []

    class Arrive(logging.Handler):
        def emit(self, record):
            arrived.append(record)

    logging.getLogger().addHandler(Arrive())
    if request.param == "made by Python":
        # Not the stock factory any more.
        logging.setLogRecordFactory(lambda *args, **kwargs: logging.LogRecord(*args, **kwargs))
    return arrived


@pytest.fixture
def unraisable():
    """What was given to sys.unraisablehook."""
    seen = []
    sys.unraisablehook = lambda arguments: seen.append((arguments.exc_value, arguments.object))
    return seen


@pytest.fixture
def report(capsys):
    """Prints a figure into the test run's own output."""

    def report(text):
        with capsys.disabled():
            print(f"\n  {text}", end="", flush=True)

    return report
