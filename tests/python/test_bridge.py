"""Calls of the `log` crate arrive as calls of pylog's macros do."""

import logging
import math
import os
import threading

from freeing import IS_PYPY
import pytest
from processes import run
from pylog_probe import _native

PREFIX = "pylog_probe._native"
USUAL = set(logging.makeLogRecord({}).__dict__) | {"not_a_number", "message"}


@pytest.fixture
def all_on():
    logging.getLogger().setLevel(1)


def names_of(records):
    return [record.name for record in records]


def test_where_a_record_comes_from(both_records, all_on):
    for _ in range(2):
        line = _native.log_line()
    record = both_records[-1]
    assert record.name == f"{PREFIX}.logged"
    assert (record.levelname, record.levelno) == ("INFO", 20)
    assert record.pathname.endswith("extension/src/logged.rs")
    assert (record.filename, record.module) == ("logged.rs", "logged")
    assert record.lineno == line
    # The `log` crate doesn't say in which function a call is.
    assert record.funcName == "pylog_test_extension::logged"
    assert (record.msg, record.args) == ("here", ())
    assert (record.threadName, record.process) == (threading.current_thread().name, os.getpid())


@pytest.mark.parametrize("levelno, name", [(5, "TRACE"), (10, "DEBUG"), (20, "INFO"), (30, "WARNING"), (40, "ERROR")])
def test_levels(records, all_on, levelno, name):
    for _ in range(3):
        _native.call("logged", levelno)
    assert [(record.levelno, record.levelname) for record in records] == [(levelno, name)] * 3


def test_a_target_names_the_logger(records, all_on):
    for target in ["a::b::c", "a.b", "pylog_test_extension", "pylog_test_extension::x", "other"] * 2:
        _native.log_to_target(target, target)
    expected = ["a.b.c", "a.b", PREFIX, f"{PREFIX}.x", "other"]
    assert names_of(records) == expected * 2


def test_key_values_keep_their_types(both_records, all_on):
    for _ in range(2):
        _native.log_key_values()
    expected = {
        "small": 7,
        "negative": -7,
        "big": 2**64 - 1,
        "huge": 2**128 - 1,
        "least": -(2**127),
        "float": 0.5,
        "yes": True,
        "character": "ß",
        "text": "näh",
        "nothing": None,
        "something": 3,
        "failure": "reading: opening: no such file",
        "debug": "[1, 2]",
        "display": "1.25",
        # Keys that a record has already get an underscore.
        "name_": "reserved",
        "message_": "reserved",
        "taskName_": "reserved",
        "name__": "taken",
    }
    for record in both_records:
        found = {key: value for key, value in record.__dict__.items() if key not in USUAL}
        assert found == expected
        assert {key: type(value) for key, value in found.items()} == {
            key: type(value) for key, value in expected.items()
        }
        assert math.isnan(record.not_a_number)
        assert (record.name, record.getMessage()) == (f"{PREFIX}.logged", "with values")


def test_values_that_fail_to_be_displayed(both_records, all_on, unraisable):
    _native.log_broken()
    for record in both_records:
        assert (record.display, record.debug, record.after, record.msg) == ("half", "half", 1, "half")
    assert len(both_records) == 2 and unraisable == []


def test_calls_on_one_line_keep_their_messages(both_records, all_on):
    for _ in range(3):
        _native.log_twice_on_one_line()
    assert [record.msg for record in both_records] == ["one", "two", "3"] * 3


def test_tracing_arrives(records, all_on):
    for _ in range(2):
        _native.trace_event()
    assert [(record.name, record.levelname, record.getMessage()) for record in records] == [
        (f"{PREFIX}.logged", "WARNING", "an event answer=42"),
        ("traced.elsewhere", "INFO", "elsewhere"),
    ] * 2
    assert records[0].filename == "logged.rs"


def test_a_thread_that_python_does_not_know(records, all_on):
    for _ in range(2):
        _native.call_in_thread("logged", 20, "worker")
    assert [record.threadName for record in records] == ["worker"] * 2
    assert not any(isinstance(thread, threading._DummyThread) for thread in threading.enumerate())


def test_an_exception_of_a_handler_does_not_reach_the_caller(unraisable, all_on):
    class Broken(logging.Handler):
        def handle(self, record):
            raise LookupError("broken")

    logger = logging.getLogger("broken")
    logger.addHandler(Broken())
    _native.log_to_target("broken", "message")
    ((error, place),) = unraisable
    assert isinstance(error, LookupError)
    # PyPy drops the object.
    assert IS_PYPY or "logged.rs:" in place


class TestMaxLevel:
    """`log::max_level()` is as low as Python allows, and never lower."""

    @pytest.fixture(autouse=True)
    def narrowed(self):
        self.settle()
        assert _native.log_max_level() == "WARN"
        yield

    @staticmethod
    def settle():
        """A refused call lowers the maximum."""
        _native.call("logged", 5)
        _native.call("logged", 5)

    def test_a_lower_level_raises_it_at_once(self):
        logging.getLogger("somewhere").setLevel(logging.DEBUG)
        assert _native.log_max_level() == "TRACE"
        self.settle()
        assert _native.log_max_level() == "DEBUG"
        logging.getLogger("somewhere").setLevel(logging.NOTSET)
        self.settle()
        assert _native.log_max_level() == "WARN"

    @pytest.mark.parametrize(
        "level, expected",
        [(1, "TRACE"), (5, "TRACE"), (6, "DEBUG"), (15, "INFO"), (40, "ERROR"), (41, "OFF"), (99, "OFF")],
    )
    def test_levels_between(self, level, expected):
        logging.getLogger().setLevel(level)
        self.settle()
        assert _native.log_max_level() == expected

    def test_logging_disable(self):
        logging.getLogger().setLevel(logging.DEBUG)
        logging.disable(logging.INFO)
        self.settle()
        assert _native.log_max_level() == "WARN"
        logging.disable(logging.NOTSET)
        _native.call("logged", 10)
        self.settle()
        assert _native.log_max_level() == "DEBUG"

    def test_a_logger_class_that_overrides_is_enabled_for(self, records):
        class Talkative(logging.Logger):
            def isEnabledFor(self, level):
                return True

        logging.setLoggerClass(Talkative)
        # Python tells nobody of a new logger class, but of a new level.
        logging.getLogger().setLevel(logging.WARNING)
        self.settle()
        assert _native.log_max_level() == "TRACE"
        _native.log_to_target("talkative::unheard_of", "heard")
        assert names_of(records) == ["talkative.unheard_of"]
        logging.setLoggerClass(logging.Logger)
        self.settle()
        # The logger of that class still exists.
        assert _native.log_max_level() == "TRACE"

    def test_a_class_that_sets_its_own_level(self, records):
        class Verbose(logging.Logger):
            def __init__(self, name):
                super().__init__(name, logging.DEBUG)

        logging.setLoggerClass(Verbose)
        logging.getLogger().setLevel(logging.WARNING)
        self.settle()
        _native.log_to_target("verbose::unheard_of", "heard")
        assert names_of(records) == ["verbose.unheard_of"]

    def test_a_disabled_logger_does_not_hide_what_it_may_accept_later(self, records):
        logger = logging.getLogger(f"{PREFIX}.calls.logged")
        logger.disabled = True
        logging.getLogger().setLevel(logging.WARNING)
        self.settle()
        logger.level = logging.DEBUG  # Python has cached no answer either.
        logger.disabled = False
        _native.call("logged", 10)
        assert len(records) == 1

    def test_the_class_of_a_manager(self, records):
        class Verbose(logging.Logger):
            def __init__(self, name):
                super().__init__(name, logging.DEBUG)

        manager = logging.root.manager
        manager.setLoggerClass(Verbose)
        try:
            logging.getLogger().setLevel(logging.WARNING)
            self.settle()
            _native.log_to_target("managed::unheard_of", "heard")
        finally:
            manager.loggerClass = None
        assert names_of(records) == ["managed.unheard_of"]

    def test_a_class_whose_level_is_a_property(self, records):
        class Constant(logging.Logger):
            level = property(lambda self: logging.DEBUG, lambda self, level: None)

        logging.setLoggerClass(Constant)
        logging.getLogger().setLevel(logging.WARNING)
        self.settle()
        _native.log_to_target("constant::unheard_of", "heard")
        assert names_of(records) == ["constant.unheard_of"]

    def test_a_level_beyond_all_others(self, unraisable):
        logging.getLogger().setLevel(10**30)
        self.settle()
        assert _native.log_max_level() == "OFF"
        assert unraisable == []

    def test_log_enabled_lowers_it_too(self):
        logging.getLogger().setLevel(logging.ERROR)
        assert _native.log_max_level() == "TRACE"
        assert not _native.enabled("logged", 10)
        assert _native.log_max_level() == "ERROR"

    @pytest.fixture
    def uncapped(self):
        yield
        _native.set_log_max_level("TRACE")
        logging.getLogger().setLevel(logging.WARNING)

    def test_a_maximum_that_the_program_sets_is_a_cap(self, records, uncapped):
        """Real projects have `set_max_level(Off)` as a switch of their own."""
        _native.set_log_max_level("OFF")
        for level in (logging.DEBUG, logging.ERROR, logging.DEBUG):
            logging.getLogger().setLevel(level)
            self.settle()
            assert _native.log_max_level() == "OFF"
        _native.call("logged", logging.ERROR)
        assert records == []
        _native.set_log_max_level("TRACE")
        _native.call("logged", logging.ERROR)
        assert len(records) == 1

    def test_the_program_sets_another_cap(self, uncapped):
        for cap in ("OFF", "INFO", "ERROR"):
            _native.set_log_max_level(cap)
            logging.getLogger().setLevel(logging.DEBUG)
            self.settle()
            assert _native.log_max_level() == cap
        # Without a cap again.
        _native.set_log_max_level("TRACE")
        for level, expected in ((logging.DEBUG, "DEBUG"), (logging.INFO, "INFO")):
            logging.getLogger().setLevel(level)
            self.settle()
            assert _native.log_max_level() == expected

    def test_python_is_stricter_than_the_cap(self, uncapped):
        logging.getLogger().setLevel(logging.DEBUG)
        self.settle()
        _native.set_log_max_level("INFO")
        logging.getLogger().setLevel(logging.ERROR)
        assert _native.log_max_level() == "INFO"
        assert not _native.enabled("logged", 20)
        assert _native.log_max_level() == "ERROR"
        logging.getLogger().setLevel(logging.DEBUG)
        self.settle()
        assert _native.log_max_level() == "INFO"

    def test_reset_in_another_thread_loses_no_record(self, records):
        """A maximum that pylog is about to set in one thread must not look in another as if the program had
        set it."""
        logger = logging.getLogger("raced")
        stop = threading.Event()

        def reset():
            while not stop.is_set():
                _native.reset_detached(100)

        thread = threading.Thread(target=reset)
        thread.start()
        try:
            for _ in range(2_000):
                logger.setLevel(logging.WARNING)
                self.settle()
                logger.setLevel(logging.DEBUG)
                before = len(records)
                _native.log_to_target("raced", "heard")
                assert len(records) == before + 1
        finally:
            stop.set()
            thread.join()


def test_log_enabled_asks_python():
    logger = logging.getLogger(f"{PREFIX}.calls.logged")
    logger.setLevel(logging.DEBUG)
    for _ in range(3):
        assert _native.enabled("logged", 10) and not _native.enabled("logged", 5)
    logger.disabled = True
    assert not _native.enabled("logged", 10)
    logger.disabled = False
    assert _native.enabled("logged", 10)


def test_a_second_install_does_not_fail_the_import():
    assert run("second_install") == ("imported\n", "")
