"""Signals arrive while the program waits for its queue at the end. For each record the handler writes a dot to stdout; for
the WARNING that records were dropped, it writes their number.

Run: python tests/python/programs/interrupted_at_the_end.py DELIVERY "by the drain thread"|"by the main thread"
"""

import logging
import os
import signal
import sys
import threading
import time

from deliveries import DELIVERIES
from pylog_probe import _native as native

_, delivery, when = sys.argv
MAIN = threading.get_ident()


class Slow(logging.Handler):
    def emit(self, record):
        os.write(1, b" %d" % record.dropped if hasattr(record, "dropped") else b".")
        is_main = threading.get_ident() == MAIN
        # More than one signal: the first can arrive before pylog waits.
        if threading._SHUTTING_DOWN and (is_main or when == "by the drain thread"):
            os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)


def interrupt(number, frame):
    sys.exit("interrupted")


if when == "by the main thread":
    signal.signal(signal.SIGINT, interrupt)
logging.basicConfig(level=logging.INFO, handlers=[Slow()])
DELIVERIES[delivery]()
native.flood(1, 2000)
