"""Logs the same records by pylog and by Python's own logger, in every kind of thread.

The programs `with_*.py` use it: "Run: python tests/python/programs/with_X.py DELIVERY THREAD", where DELIVERY is
one of `deliveries.DELIVERIES` and THREAD one of `THREADS`.
"""

import contextlib
import logging
import sys
import threading

from deliveries import DELIVERIES
from pylog_probe import _native as native

# This thread; this thread without the GIL; a thread of `threading`, with and without the GIL; a thread that
# Rust has spawned.
THREADS = ["attached", "detached", "python", "python detached", "rust"]

PREFIX = f"{native.__name__}.numbered."

# The callsites, and their loggers.
LOGGERS = {site: PREFIX + site for site in ("one", "two.deep", "bridge")}


def log_by_python(thread, calls):
    def log():
        for site, level, message in calls:
            extra = {"length": len(message)} if level == logging.ERROR and site in LOGGERS else None
            logging.getLogger(LOGGERS.get(site, site)).log(level, message, extra=extra)

    in_thread(log) if thread in ("python", "python detached", "rust") else log()


def log_by_pylog(thread, calls):
    def log(detached):
        native.log_numbered(calls, detached)
        assert native.flush()

    if thread == "rust":
        worker = native.Worker("worker")
        worker.start(calls)
        worker.wait()
        assert native.flush()
    elif thread in ("python", "python detached"):
        in_thread(lambda: log(thread == "python detached"))
    else:
        log(thread == "detached")


def in_thread(function):
    thread = threading.Thread(target=function, name="worker")
    thread.start()
    thread.join()


def calls_of(site):
    """An INFO, a WARNING and an ERROR."""
    return [(site, level, f"{level} of {site}") for level in (20, 30, 40)]


def arguments():
    """Sets the delivery of the command line, and returns the kind of thread."""
    delivery, thread = sys.argv[1:3]
    DELIVERIES[delivery]()
    assert thread in THREADS, thread
    return thread


def compare(switched_on, observe, is_affected):
    """Compares what `observe(log)` returns with pylog and with Python's own logger. A package is switched on
    before the first record of a callsite and after it, and off again.

    `log(calls)` makes the calls; `is_affected(seen)` tells whether the package was on.
    """
    thread = arguments()
    phases = [
        ("one", False),
        ("one", True),
        ("two.deep", True),
        ("two.deep", False),
        ("one", False),
        ("bridge", True),
        ("bridge", False),
        ("one", True),
    ]
    for number, (site, is_on) in enumerate(phases):
        with switched_on() if is_on else contextlib.nullcontext():
            actual, expected = (
                observe(lambda calls: log(thread, calls), calls_of(site))
                for log in (log_by_pylog, log_by_python)
            )
        assert actual == expected, f"phase {number}, {site}\npylog:  {actual}\npython: {expected}"
        assert is_affected(expected) == is_on, f"phase {number}, {site}: {expected}"
