"""Logs until SIGTERM, on which it ends with the status 7.

Run: python tests/python/programs/service.py python|pylog direct|queued
"""

import logging
import signal
import sys

from pylog_probe import _native as native


class Slow(logging.NullHandler):
    """Python code, so that most signals arrive while it runs."""

    def handle(self, record):
        for _ in range(2000):
            pass


by, delivery = sys.argv[1:]
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(7))
logging.basicConfig(level=logging.INFO, handlers=[Slow()])
if delivery == "queued":
    native.set_queue(100)
log = native.log_message if by == "pylog" else logging.getLogger("service").info
print("ready", flush=True)
while True:
    log("working")
