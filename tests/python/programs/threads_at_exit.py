"""Ends while its threads log, attached, detached, and from threads of Rust.

Run: python tests/python/programs/threads_at_exit.py DELIVERY

DELIVERY is one of `deliveries.DELIVERIES`.
"""

import logging
import sys
import threading

from deliveries import DELIVERIES
from pylog_probe import _native as native


class Counter(logging.NullHandler):
    count = 0

    def handle(self, record):
        self.count += 1
        if self.count == 100:
            are_logging.set()


def log():
    while True:
        native.call_in_thread("alpha", logging.INFO)
        native.call("alpha", logging.INFO, True)
        native.log_to_target("dependency", "of a dependency")


are_logging = threading.Event()
DELIVERIES[sys.argv[1]]()
logging.basicConfig(level=logging.INFO, handlers=[Counter()])
for _ in range(4):
    threading.Thread(target=log, daemon=True).start()
are_logging.wait()
