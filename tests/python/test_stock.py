"""What pylog expects of Python's `logging`: each row of its table is noticed when it changes, and what doesn't matter costs
nothing.
"""

import contextlib
import importlib
import io
import logging
import logging.handlers
import os
import sys
import threading
import time
import types
from unittest import mock

import pytest
from pylog_probe import _native as native
from waiting import needs_handling

pytestmark = needs_handling


def rows():
    return {path: (expected, is_as_expected) for path, expected, is_as_expected, _ in native.stock_rows()}


def snapshot():
    return native.stock_rows()[0][3]


ROWS = rows()


def test_this_python_is_known():
    """Below are the functions whose code isn't known. A new release of CPython needs new fingerprints."""
    assert [name for name, _, is_known in native.stock_functions() if not is_known] == []
    assert native.explain() == []


def parent_of(path):
    """The object that has the last name of a path as an attribute or a key."""
    parts = path.split(".")
    for length in range(len(parts) - 1, 0, -1):
        with contextlib.suppress(ImportError):
            owner = importlib.import_module(".".join(parts[:length]))
            break
    for name in parts[length:-1]:
        owner = getattr(owner, name)
    return owner, parts[-1]


def other_than(value):
    """An object of the same kind that does something else, even if it uses the same names."""
    if isinstance(value, property):
        return property(other_than(value.fget))
    if isinstance(value, types.FunctionType):
        constants = (*value.__code__.co_consts, "another constant")
        copy = types.FunctionType(
            value.__code__.replace(co_consts=constants), value.__globals__, value.__name__, value.__defaults__
        )
        copy.__kwdefaults__, copy.__qualname__ = value.__kwdefaults__, value.__qualname__
        copy.__doc__ = value.__doc__
        return copy
    if isinstance(value, type):
        return type(value.__name__, (value,), {"__getattribute__": lambda self, name: super(value, self).__getattribute__(name)})
    if isinstance(value, types.ModuleType):
        return mock.Mock(wraps=value)
    if isinstance(value, (set, frozenset)):
        return type(value)([*value, "another"])
    if isinstance(value, dict):
        return dict(value)
    if isinstance(value, str):
        return value + " "
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    if isinstance(value, tuple):
        return (*value, "another")
    if isinstance(value, logging.Formatter):
        return logging.Formatter()
    return lambda *args: value(*args)


@contextlib.contextmanager
def changed(path):
    """Changes the object of a row for a while."""
    if path.startswith("sys.modules["):
        name = path.split('"')[1]
        with mock.patch.dict(sys.modules, {name: types.ModuleType(name)}):
            yield
    elif path.startswith("os.environ["):
        with mock.patch.dict(os.environ, {"TZ": "Asia/Tokyo"}):
            yield
    elif path.endswith("[LogRecord]"):
        owner, name = parent_of(path.removesuffix("[LogRecord]"))
        if not hasattr(owner, name):
            pytest.skip("`copy` of this Python knows its classes by sets")
        with mock.patch.dict(getattr(owner, name), {logging.LogRecord: lambda record: record}):
            yield
    else:
        owner, name = parent_of(path)
        missing = not hasattr(owner, name)
        value = getattr(owner, name, None)
        with mock.patch.object(owner, name, other_than(value) if not missing else 1, create=True):
            yield


@pytest.mark.parametrize("path", ROWS)
def test_a_change_of_each_row_is_noticed(path):
    """Generated from the table: a row that isn't compared, or not watched, turns its case red."""
    expected, is_as_expected = rows()[path]
    assert is_as_expected
    before = snapshot()
    with changed(path):
        assert snapshot() != before
        # A setting may have any value.
        assert rows()[path][1] == (expected == "Setting")
        # The methods of another class may be unknown.
        assert expected == "Setting" or native.explain() != []
    assert rows()[path][1]


@pytest.mark.parametrize(
    "change",
    [
        lambda i: setattr(sys, "ps1", i),
        lambda i: setattr(time, "x", i),
        lambda i: os.environ.__setitem__("PYLOG_TEST", str(i)),
        lambda i: setattr(logging, "x", i),
        lambda i: setattr(threading, "x", i),
        lambda i: sys.modules.__setitem__("pylog_test", types.ModuleType("x")),
    ],
    ids=["sys", "time", "environment", "logging", "threading", "modules"],
)
def test_a_change_that_does_not_matter_costs_nothing(change):
    before = snapshot()
    for i in range(10):
        change(i)
        assert snapshot() == before
    for module in (time, logging, threading):
        vars(module).pop("x", None)
    sys.modules.pop("pylog_test", None)


def stream_emit(self, record):
    try:
        msg = self.format(record)
        stream = self.stream
        stream.write(self.terminator + msg)
        self.flush()
    except RecursionError:
        raise
    except Exception:
        self.handleError(record)


def get_message(self):
    msg = str(self.msg)
    if self.args:
        msg = msg % self.args
    return msg + msg


def format_message(self, record):
    return self._style.format(record)[::-1]


@pytest.mark.own_interpreter
@pytest.mark.parametrize(
    "path, function",
    [
        ("logging.StreamHandler.emit", stream_emit),
        ("logging.LogRecord.getMessage", get_message),
        ("logging.Formatter.formatMessage", format_message),
    ],
)
@pytest.mark.parametrize("when", ["before the first record", "after 100 records"])
def test_a_function_with_the_same_names_that_does_something_else(path, function, when):
    owner, name = parent_of(path)
    stream = io.StringIO()
    logger = logging.getLogger(f"{native.__name__}.same_names")
    logger.handlers = [logging.StreamHandler(stream)]
    logger.propagate = False
    logger.setLevel(logging.INFO)
    target = "::".join(logger.name.split("."))

    def log(times):
        native.log_numbered([(target, logging.INFO, "abc")] * times)

    if when != "before the first record":
        log(100)
    code = function.__code__.replace(co_filename=logging.__file__)
    other = types.FunctionType(code, vars(logging), name)
    other.__qualname__ = getattr(owner, name).__qualname__
    with mock.patch.object(owner, name, other):
        stream.seek(0)
        stream.truncate()
        log(100)
        by_pylog = stream.getvalue()
        stream.seek(0)
        stream.truncate()
        for _ in range(100):
            logger.info("abc")
        assert by_pylog == stream.getvalue()
    logger.handlers = []


@pytest.mark.own_interpreter
def test_a_class_that_has_changed_too_often_ends_what_rests_on_it_alone():
    native.stock_rows()
    for i in range(1100):
        threading.Thread.pylog_test = i
        native.stock_rows()
    del threading.Thread.pylog_test
    reasons = native.explain()
    if sys.version_info >= (3, 13):
        assert all("threading" in reason for reason in reasons) and reasons
    else:
        assert reasons == []
    assert rows()["logging.StreamHandler.emit"][1]
