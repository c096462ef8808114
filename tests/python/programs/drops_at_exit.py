"""Ends with a full queue: what was dropped is reported all the same.

The handler takes no record before the program has reached its end.

Run: python tests/python/programs/drops_at_exit.py
"""

import atexit
import logging
import threading

from pylog_probe import _native as native


class Late(logging.StreamHandler):
    def emit(self, record):
        is_ending.wait()
        super().emit(record)


is_ending = threading.Event()
logging.basicConfig(level=logging.INFO, handlers=[Late()], format="%(message)s")
native.set_queue(5)
# Called before what pylog does at exit, which was registered earlier.
atexit.register(is_ending.set)
native.flood(1, 100)
