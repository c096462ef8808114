"""A handler logs what it handles, without end: Python's `RecursionError` has to end it.

Run: python tests/python/programs/nested_logging.py
"""

import logging
import sys
import threading

from collecting import Collector
from pylog_probe import _native as native


def by_rust():
    native.call("alpha", logging.INFO)


def by_python():
    logging.getLogger("pylog_probe._native.calls.alpha").info("")


def log_in_thread(log):
    """Returns how many records a thread's first call led to, and what was raised."""
    raised = []
    # A function written in Python couldn't be called where the limit has been reached.
    threading.excepthook = sys.unraisablehook = raised.append
    collector.records.clear()
    collector.after = lambda record: log()
    thread = threading.Thread(target=log)
    thread.start()
    thread.join()
    return len(collector.records), [args.exc_type for args in raised]


collector = Collector()
logging.basicConfig(level=logging.INFO, handlers=[collector])
for log in (by_python, by_rust, by_rust, by_rust):
    depth, raised = log_in_thread(log)
    # Each record takes at least the frames of `emit` and of what logs the next.
    assert 1 < depth < sys.getrecursionlimit(), (log, depth)
    assert raised == [RecursionError], (log, raised)
# The process goes on, and so does logging.
collector.after = lambda record: None
collector.records.clear()
by_rust()
assert len(collector.records) == 1
