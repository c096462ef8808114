"""Ends while another thread is in a handler, whose record must be written all the same.

The handler doesn't take its lock, for which `logging.shutdown` would wait.

Run: python tests/python/programs/handler_at_exit.py direct|queued
"""

import atexit
import logging
import sys
import threading
import time

from pylog_probe import _native as native


class Late(logging.StreamHandler):
    def handle(self, record):
        is_handling.set()
        is_ending.wait()
        # The main thread now ends the interpreter, unless it waits for this one.
        time.sleep(0.2)
        self.emit(record)


is_handling, is_ending = threading.Event(), threading.Event()
logging.basicConfig(level=logging.INFO, handlers=[Late()], format="%(message)s")
native.set_queue(1000 if sys.argv[1] == "queued" else None)
threading.Thread(target=native.log_in_stages, args=(1,), daemon=True).start()
is_handling.wait()
# Called before what pylog does at exit, which was registered earlier.
atexit.register(is_ending.set)
