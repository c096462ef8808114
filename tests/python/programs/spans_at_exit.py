"""Ends while threads log in spans.

Run: python tests/python/programs/spans_at_exit.py direct|queued|all-queued
"""

import logging
import sys
import threading

import pylog_tracing as native


class Counter(logging.NullHandler):
    count = 0

    def handle(self, record):
        self.count += 1
        if self.count == 1000:
            are_logging.set()


are_logging = threading.Event()
logging.basicConfig(level=logging.INFO, handlers=[Counter()])
if sys.argv[1] != "direct":
    native.set_queue(100_000, every_thread=sys.argv[1] == "all-queued")
threading.Thread(target=native.span_in_threads, args=(4, 1_000_000_000), daemon=True).start()
are_logging.wait()
