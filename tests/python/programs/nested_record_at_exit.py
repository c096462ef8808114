"""A handler logs while another thread finalizes the interpreter, which waits for the handler.

Run: python tests/python/programs/nested_record_at_exit.py
"""

import atexit
import logging
import threading
import time

from pylog_probe import _native as native

started = threading.Event()


class Slow(logging.StreamHandler):
    def emit(self, record):
        if record.name == "outer":
            started.set()
            time.sleep(0.3)
            native.log_at("nested", logging.WARNING, "by the handler")
        super().emit(record)


def log_at_exit():
    native.log_at("outer", logging.WARNING, "at exit")
    # The drain thread handles it: the finalizing thread would do so later.
    assert started.wait(60)


logging.basicConfig(handlers=[Slow()], format="%(name)s %(message)s")
native.set_queue(1000, every_thread=True)
atexit.register(log_at_exit)
