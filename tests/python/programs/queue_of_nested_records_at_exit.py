"""Ends with records in the queue, and a handler that logs for each of them and flushes.

Run: python tests/python/programs/queue_of_nested_records_at_exit.py
"""

import atexit
import logging
import sys
import threading

from pylog_probe import _native as native


class Nesting(logging.StreamHandler):
    def emit(self, record):
        if record.levelno == logging.INFO:
            native.log_at("nested", logging.WARNING, record.getMessage())
            native.flush(10)  # Returns at once, since it would wait for itself.
        super().emit(record)


def log_at_exit():
    # The finalizing thread delivers these: the drain thread doesn't get the GIL any more.
    sys.setswitchinterval(1000)
    for number in range(100):
        native.log_at("outer", logging.INFO, f"record {number}")


logging.basicConfig(level=logging.INFO, handlers=[Nesting()], format="%(name)s %(threadName)s %(message)s")
native.set_queue(1000, every_thread=True)
atexit.register(log_at_exit)
