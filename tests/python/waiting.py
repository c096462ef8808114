"""Waits for other threads, with a limit that is only there against hangs."""

import contextlib
import sys
import threading
import time

LIMIT = 60  # seconds

# Without a GIL threads run at the same time, whatever the switch interval is.
HAS_GIL = getattr(sys, "_is_gil_enabled", lambda: True)()


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
