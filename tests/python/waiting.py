"""Waits for other threads, with a limit that is only there against hangs."""

import contextlib
import logging
import sys
import threading
import time

import pytest
from freeing import IS_PYPY
from pylog_probe import _native as native

LIMIT = 60  # seconds

# Without a GIL threads run at the same time, whatever the switch interval is.
HAS_GIL = getattr(sys, "_is_gil_enabled", lambda: True)()


def fails_in_pypy(reason):
    return pytest.mark.skipif(IS_PYPY, reason=f"PyPy: {reason}")


# In PyPy, too, Python makes each record.
needs_fast_path = pytest.mark.skipif(
    IS_PYPY or not native.has_fast_path(), reason="Python makes each record: see `cargo xtask test --no-fast-path`"
)

# Whether pylog does the work of handlers: where Python reports changes.
HANDLES = sys.version_info >= (3, 12) and "free-threading" not in sys.version and native.has_fast_path()
needs_handling = pytest.mark.skipif(not HANDLES, reason="Python's code does the work of handlers")

# The process ends with SIGABRT if the thread was detached by Rust code, whether or not that logs.
needs_detached_threads_at_exit = pytest.mark.skipif(
    not HAS_GIL and sys.version_info < (3, 14),
    reason="CPython 3.13t ends a thread that comes back from `Python::detach` at the end of the interpreter",
)


def _handles_nested_records():
    logger = logging.Logger("nesting")
    arrived = []

    class Handler(logging.Handler):
        def emit(self, record):
            arrived.append(record.msg)
            if record.msg == "outer":
                logger.info("inner")

    logger.addHandler(Handler())
    logger.info("outer")
    return arrived == ["outer", "inner"]


# 3.13.4 and 3.13.5 ignore what a handler logs, whatever the logger.
needs_nested_records = pytest.mark.skipif(
    not _handles_nested_records(), reason="this Python's `Logger.handle` ignores what a handler logs"
)


def wait_until(condition):
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end, "it didn't come to that"
        time.sleep(0.001)


@contextlib.contextmanager
def blocked(collector):
    """Within this block the handler keeps no record. Gives an event that tells that one is waiting."""
    is_waiting, is_over = threading.Event(), threading.Event()

    def wait(record):
        is_waiting.set()
        is_over.wait(LIMIT)

    collector.before = wait
    try:
        yield is_waiting
    finally:
        collector.before = lambda record: None
        is_over.set()
