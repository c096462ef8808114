"""Ends with the status 7 when it is interrupted (Ctrl-C), while threads log and a handler is running.

Run: python tests/python/programs/interrupt.py
"""

import logging
import signal
import sys
import threading
import time

from pylog_probe import _native as native


class Slow(logging.NullHandler):
    def handle(self, record):
        is_handling.set()
        time.sleep(0.001)


# Shells start programs in the background with this signal ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
is_handling = threading.Event()
logging.basicConfig(level=logging.INFO, handlers=[Slow()])
native.set_queue(100)
native.log_forever(2)
try:
    is_handling.wait()
    print("ready", flush=True)
    while True:
        time.sleep(0.001)
except KeyboardInterrupt:
    sys.exit(7)
