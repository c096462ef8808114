"""A signal handler runs while Rust code logs in a loop, although no Python code runs for a record.

Run: python tests/python/programs/signal_between_records.py
"""

import io
import logging
import signal

from pylog_probe import _native as native

RECORD = ("soak::target", logging.INFO, "a record")

stream = io.StringIO()
logging.basicConfig(level=logging.INFO, stream=stream)
handled = []
signal.signal(signal.SIGALRM, lambda number, frame: handled.append(stream.tell()))
# Python makes and handles the first records.
native.log_numbered([RECORD] * 50)
signal.setitimer(signal.ITIMER_REAL, 0.01)
native.log_numbered([RECORD] * 200_000)
assert handled[0] < stream.tell(), "handled after the loop"
