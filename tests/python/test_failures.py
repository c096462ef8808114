"""Failures that must not cost a record, and what pylog remembers."""

import gc
import logging
import re
import sys
import threading

import pytest
from processes import run
from programs.collecting import Collector
from pylog_probe import _native as native
from waiting import fails_in_pypy, needs_fast_path, needs_nested_records, wait_until

try:
    import tracemalloc
except ImportError:  # PyPy
    tracemalloc = None

needs_tracemalloc = pytest.mark.skipif(not tracemalloc, reason="this Python counts no memory")


MODULES = ["types", "another types", "traceback", "copy", "handlers", "swapped clock", *(f"form {it}" for it in range(5))]


@pytest.mark.parametrize("scene", MODULES)
def test_a_replaced_module_has_the_effect_that_it_has_in_python(scene):
    python, pylog = (run("replaced_modules", who, scene) for who in ("python", "pylog"))
    assert python == pylog


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("replaced", ["LogRecord", "get_ident", "time", "_active", "getpid"])
def test_a_replaced_part_of_the_library_costs_no_record(replaced, when):
    """Before or after the first record, a part is replaced by an object that pylog can't use."""
    run("replaced_library", replaced, when)


@pytest.mark.parametrize("delivery", ["direct", "queued", "all-queued"])
def test_a_drop_in_package_for_logging(delivery):
    """Its loggers can't be remembered, and make no records."""
    stdout, stderr = run("drop_in_package", delivery)
    lines = stdout.splitlines()
    for level in (20, 40):
        assert lines.count(f"pylog_probe._native.calls.alpha {level} level {level} []") == 4
    assert "given 20 to a logger ['exc_info', 'extra', 'stack_info']" in lines
    assert "given 25 at a level ['extra']" in lines
    # The others are those of `log_pair` to loggers by name.
    assert len(lines) == 8 + 5
    assert stderr == ""


@needs_tracemalloc
def test_a_large_message_is_not_kept():
    # Without propagation: pytest keeps each record that arrives at the root logger.
    logger = logging.getLogger("large.message")
    logger.propagate = False
    handler = Collector()
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    text = "x" * 50_000_000
    tracemalloc.start()
    try:
        native.log_to_target("large.message", text)
        assert tracemalloc.get_traced_memory()[0] > 50_000_000
        handler.records.clear()
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] < 1_000_000
    finally:
        tracemalloc.stop()


@needs_tracemalloc
@needs_fast_path
def test_a_record_that_is_kept_takes_little_more_memory_than_pythons_own(arrived):
    own = logging.getLogger("own")

    def measure(log):
        log()
        tracemalloc.start()
        for _ in range(1000):
            log()
        memory = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        return memory

    by_python = measure(lambda: own.info("level 20"))
    by_pylog = measure(lambda: native.call("alpha", logging.INFO))
    assert by_pylog < 1.4 * by_python, (by_pylog, by_python)


def test_an_error_that_is_its_own_source(arrived):
    native.log_endless_error()
    exception = arrived.records[0].exc_info[1]
    depth = 0
    while exception.__cause__ is not None:
        exception, depth = exception.__cause__, depth + 1
    assert str(exception) == "more sources are not logged"
    assert depth > 50
    assert arrived.records[1].error.endswith("(more sources are not logged)")


@fails_in_pypy("a detached thread can't find out whether Python made it")
def test_a_dummy_thread_names_no_thread(arrived):
    """A handler that calls `threading.current_thread()` makes Python create one."""
    arrived.after = lambda record: threading.current_thread()
    for _ in range(3):
        native.call_in_thread("alpha", logging.INFO)
    names = {record.threadName for record in arrived.records}
    arrived.after = lambda record: None
    for thread in threading.enumerate():
        if isinstance(thread, threading._DummyThread):
            del threading._active[thread.ident]
    assert not any("Dummy" in name for name in names), names


def test_the_thread_that_forks_keeps_its_name():
    stdout, _ = run("queued_in_child")
    assert stdout == "MainThread\n"


def test_many_targets_and_files_stay_cheap(arrived):
    """Each gets a callsite. Finding one among many takes a few steps more; this would take minutes."""
    logging.root.setLevel(logging.ERROR)
    for number in range(20_000):
        native.log_to_target(f"made.up{number}", "refused")
    for number in range(20_000):
        native.log_to_target(f"made.up{number}", "refused")
    wait_until(lambda: True)
    assert arrived.records == []


@pytest.mark.skipif("free-threading" in sys.version, reason="no thread waits for another one")
@fails_in_pypy("`ctypes` can't call a function without letting go of the GIL")
def test_calls_that_do_not_return_are_reported(monkeypatch):
    monkeypatch.setenv("PYLOG_WATCHDOG", "1")
    _, stderr = run("watched_calls")
    waiting, evaluating, slow = stderr.splitlines()
    place = r"pylog: for \d s the call at tests/extension/src/"
    assert re.match(place + r'numbered.rs:\d+ in the thread "waiting" waits for the GIL', waiting)
    assert re.match(place + r'threads.rs:\d+ in the thread "value" evaluates its values, and waits', evaluating)
    assert re.match(place + r'python.rs:\d+ in the thread "ThreadId\(1\)" runs a filter', slow)


@needs_nested_records
def test_a_wrong_limit_of_the_watchdog(monkeypatch):
    monkeypatch.setenv("PYLOG_WATCHDOG", "soon")
    _, stderr = run("nesting_on_a_small_stack", "1024", "handler", "direct")
    assert stderr.splitlines()[0] == 'pylog: PYLOG_WATCHDOG is "soon", not a whole number of seconds'
