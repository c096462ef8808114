"""Logs until SIGTERM, on which it ends with the status 7.

Run: python tests/python/programs/service.py python|pylog|loop direct|queued

`loop` logs a thousand records by a function in Rust, and no Python code runs for any of them.
"""

import logging
import os
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
handler = logging.FileHandler(os.devnull) if by == "loop" else Slow()
logging.basicConfig(level=logging.INFO, handlers=[handler])
if delivery == "queued":
    native.set_queue(100)
log = {
    "python": logging.getLogger("service").info,
    "pylog": native.log_message,
    "loop": lambda message: native.log_numbered([("service", logging.INFO, message)] * 1000),
}[by]
print("ready", flush=True)
while True:
    log("working")
